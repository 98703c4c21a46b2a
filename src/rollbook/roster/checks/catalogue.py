"""Every check of a roster, in order of code."""

from __future__ import annotations

from typing import Final

from rollbook.roster.checks.cell_checks import CELL_CHECKS
from rollbook.roster.checks.damage import DAMAGE_CHECKS
from rollbook.roster.checks.headers import HEADER_CHECKS
from rollbook.roster.checks.ledger import RosterCheck
from rollbook.roster.checks.package import PACKAGE_CHECKS
from rollbook.roster.checks.references import REFERENCE_CHECKS
from rollbook.roster.checks.repairs import CELL_REPAIRS
from rollbook.roster.checks.rules import RULE_CHECKS
from rollbook.roster.checks.sense_checks import SENSE_CHECKS

CHECKS: Final[tuple[RosterCheck, ...]] = (
    *PACKAGE_CHECKS,
    *HEADER_CHECKS,
    *CELL_CHECKS,
    *DAMAGE_CHECKS,
    *CELL_REPAIRS,
    *REFERENCE_CHECKS,
    *RULE_CHECKS,
    *SENSE_CHECKS,
)
