"""Keep the findings of an intake beside its files, and read them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rollbook.shared.findings import FindingReport


def keep_findings(path: Path, report: FindingReport) -> None:
    """Write the findings that a report kept by name, one JSON object per line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for finding in report:
            file.write(json.dumps(finding.as_dict(), ensure_ascii=False) + "\n")


def kept_findings(path: Path, *, limit: int) -> list[dict[str, Any]]:
    """Read the first `limit` findings that were kept.

    Shape: dictionaries as `Finding.as_dict` makes them, in the order they were found; none when
           nothing was kept.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line, _ in zip(file, range(limit), strict=False)]
