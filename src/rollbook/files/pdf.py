"""Make PDF from a Typst template and plain values: tagged, with fonts inside, without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

_PACKAGE = re.compile(r'"\s*@')


class TemplateWantsPackage(ValueError):
    """Say that a template asks for a package, which the compiler would fetch from the network."""


def render_pdf(template: str, values: Mapping[str, Any], *, at: datetime) -> bytes:
    """Set `values` with a Typst template as one tagged PDF.

    The template begins with `#let values = json(bytes(sys.inputs.values))`. Values come as data:
    whatever a name holds is shown as it is, and never read as markup or code. The compiler sees an
    empty folder, so a template reaches no file; one that asks for a package would reach the
    network, so it is refused.

    Shape: `at` is the document's date, so that the same values make the same bytes.
    Raises: TemplateWantsPackage; typst.TypstError when the template itself is wrong.
    """
    if _PACKAGE.search(template):
        raise TemplateWantsPackage
    with TemporaryDirectory(prefix="rollbook-pdf-") as folder:
        # The fonts of the wheel are asked for by name; those of the system only fill in for
        # scripts that the wheel's fonts do not have.
        pdf = typst.compile(
            template.encode(),
            format="pdf",
            root=folder,  # pyright: ignore[reportArgumentType]  # its types say bytes
            package_path=Path(folder) / "packages",
            package_cache_path=Path(folder) / "packages",
            sys_inputs={"values": json.dumps(values, ensure_ascii=False)},
            timestamp=int(at.timestamp()),
            pdf_tags=True,
        )
    assert isinstance(pdf, bytes)
    return pdf
