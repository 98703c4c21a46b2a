"""Tell a sender which results were refused, as the documented list of errors."""

from __future__ import annotations

from typing import Final

from rollbook.shared.findings import Finding, FindingReport, Severity

# The words that senders of results already know; other checks speak for themselves.
_DOCUMENTED: Final[dict[str, str]] = {
    "RES-201": "value is required",
    "RES-202": "unknown grade code [{value}]",
    "RES-203": "unknown gender name [{value}]",
    "RES-204": "unknown yes/no value [{value}]",
    "RES-205": "unable to parse date [{value}]",
    "RES-206": "unknown elas code [{value}]",
    "RES-207": "unknown military connected code [{value}]",
    "RES-208": "unknown language code [{value}]",
    "RES-209": "unknown completeness code [{value}]",
    "RES-210": "unknown administration condition code [{value}]",
}


def documented_errors(report: FindingReport) -> list[dict[str, str]]:
    """Return the errors in the shape that the import API documents.

    Shape:  [{"elementName", "value", "error"}], in the order found; warnings are not in it.
    Source: RDW import API, "message".
    """
    return [
        {
            "elementName": finding.column or "",
            "value": finding.value or "",
            "error": _error_text(finding),
        }
        for finding in report
        if finding.severity in (Severity.ERROR, Severity.FATAL)
    ]


def _error_text(finding: Finding) -> str:
    template = _DOCUMENTED.get(finding.code)
    return template.format(value=finding.value or "") if template else finding.says
