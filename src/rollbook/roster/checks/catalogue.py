"""Every check of a roster, in order of code, and the page that explains them."""

from __future__ import annotations

from typing import Final

from rollbook.roster.checks.cell_checks import CELL_CHECKS
from rollbook.roster.checks.headers import HEADER_CHECKS
from rollbook.roster.checks.ledger import RosterCheck
from rollbook.roster.checks.package import PACKAGE_CHECKS
from rollbook.roster.checks.references import REFERENCE_CHECKS
from rollbook.roster.checks.repairs import CELL_REPAIRS
from rollbook.roster.checks.rules import RULE_CHECKS
from rollbook.roster.checks.sense_checks import SENSE_CHECKS
from rollbook.roster.types import Profile

_PARTS: Final = (
    ("Package and manifest", PACKAGE_CHECKS),
    ("Headers", HEADER_CHECKS),
    ("Cells", CELL_CHECKS),
    ("What the lenient profile repairs", CELL_REPAIRS),
    ("References", REFERENCE_CHECKS),
    ("Rules across records", RULE_CHECKS),
    ("What makes no sense", SENSE_CHECKS),
)

CHECKS: Final[tuple[RosterCheck, ...]] = tuple(check for _, part in _PARTS for check in part)

_INTRODUCTION: Final = """# Roster checks

Every finding about a roster has one of these codes. *Strict* says how a conformance run takes
it, *lenient* how Rollbook takes what districts really send. An **error** leaves the record out,
and whatever depends on it; a **warning** keeps it; **info** is only worth knowing; after a
**fatal** finding nothing of the package is used. A repair happens in the lenient profile only,
is counted, and can be switched off by its code: then the check behind it speaks.

Findings about the bytes themselves (zip, encoding, quotes) have codes that start with FIL.
"""


def reference_page() -> str:
    """Print the checks as a page of the reference, in Markdown."""
    parts = [_INTRODUCTION]
    for title, checks in _PARTS:
        parts.append(f"## {title}\n")
        parts.extend(_entry(check) for check in checks)
    return "\n".join(parts)


def _entry(check: RosterCheck) -> str:
    strict = "not made" if check.is_repair else str(check.severity_in(Profile.STRICT))
    lenient = str(check.severity_in(Profile.LENIENT))
    lines = [
        f"### {check.code} {check.name}\n",
        f"Strict: {strict} · lenient: {lenient}\n",
        f"> {_plain(check.says)}\n",
        f"{check.why}\n",
        f"What to do: {_plain(check.fix)}\n",
    ]
    if check.source:
        lines.append(f"Source: {check.source}\n")
    return "\n".join(lines)


def _plain(sentence: str) -> str:
    """Show the holes of a sentence as ‹names›."""
    held = sentence.replace("{{", "\0").replace("}}", "\1")
    return held.replace("{", "‹").replace("}", "›").replace("\0", "{").replace("\1", "}")
