"""The shape in which the command line and the API tell what was found."""

from __future__ import annotations

from typing import Any, Final

from rollbook.roster.types import BundleResult

_SHOWN: Final = ("code", "file", "line", "column", "value", "says", "fix", "weight")


def verdict_json(result: BundleResult) -> dict[str, Any]:
    """Return a result as plain values, for JSON.

    Shape: `findings` are the examples that the report kept, `counts` count them all: by code,
           by file (rows, errors, warnings), records still in by file, and rows left out by file.
           Values may be personal data: this is for the one who sent the file, and no log.
    """
    return {
        "verdict": str(result.report.verdict),
        "findings": [
            {"severity": str(finding.severity)} | {name: getattr(finding, name) for name in _SHOWN}
            for finding in result.report
        ],
        "counts": {
            "codes": dict(result.counts.by_code),
            "files": {
                file: {"rows": count.rows, "errors": count.errors, "warnings": count.warnings}
                for file, count in result.counts.by_file.items()
            },
            "records": dict(result.counts.records),
            "excluded": {
                file: exclusion.frame.height for file, exclusion in result.excluded.items()
            },
        },
    }
