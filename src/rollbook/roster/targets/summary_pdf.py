"""Set the one-page summary of a preflight as PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rollbook.files.pdf import render_pdf
from rollbook.roster.rules.summary import PreflightSummary, summary_sections

_TEMPLATE: Final = """#let values = json(bytes(sys.inputs.values))
#set document(title: values.title)
#set page(paper: "us-letter", margin: 2cm)
#set text(size: 10pt, lang: "en")
#show heading: set block(above: 1.4em, below: 0.7em)
= #values.title
#for part in values.parts [
  == #part.title
  #list(..part.lines.map(line => text(line)))
]
"""


def summary_pdf(summary: PreflightSummary, *, at: datetime) -> bytes:
    """Set a summary as one tagged PDF, dated `at`."""
    parts = [
        {"title": title, "lines": lines} for title, lines in summary_sections(summary) if lines
    ]
    return render_pdf(_TEMPLATE, {"title": summary.file_name, "parts": parts}, at=at)
