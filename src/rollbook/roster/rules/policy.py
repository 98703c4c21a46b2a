"""What a preflight does with errors, with absences, and with what is large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from rollbook.changes.plan import only_additions_and_updates
from rollbook.changes.types import HoldReason, TableChanges
from rollbook.roster.rules.holds import exclusion_holds
from rollbook.roster.rules.sharing import NOT_IN_ONE
from rollbook.roster.rules.thresholds import Thresholds
from rollbook.roster.types import BundleCounts, Exclusion
from rollbook.shared.findings import Check, Finding, FindingReport, Severity


class ErrorPolicy(StrEnum):
    """Name what one bad record does to the rest."""

    BLOCK_ON_ANY_ERROR = "block_on_any_error"
    EXCLUDE_BAD_RECORDS = "exclude_bad_records"


class SecondSchoolPolicy(StrEnum):
    """Name what is done with a student who comes at a second school, unless a person says so."""

    ASK = "ask"
    ADD = "add"
    MOVE = "move"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """Say how one source's rosters are judged.

    Shape: `is_additive` never archives; `commits_itself` lets a plan without a hold go in alone,
           which only a scheduled run does. `second_person_from` is the number of leaving students
           from which two people must approve, None never. `requires_one_section` makes a finding
           of students whom sharing leaves in no section or in several.
    Units: `largest_excluded_percent` is 0–100 of the records of one file.
    """

    errors: ErrorPolicy = ErrorPolicy.EXCLUDE_BAD_RECORDS
    largest_excluded_percent: float = 2.0
    is_additive: bool = False
    commits_itself: bool = False
    second_school: SecondSchoolPolicy = SecondSchoolPolicy.ADD
    second_person_from: int | None = 500
    requires_one_section: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)

    def as_json(self) -> dict[str, Any]:
        """Return the policy as plain values, for a JSON column."""
        return asdict(self)


def policy_from(plain: Mapping[str, Any]) -> IntakePolicy:
    """Read what `IntakePolicy.as_json` wrote; what it does not say is as the default has it.

    Raises: ValueError or TypeError where a value is of no policy.
    """
    known = {f.name for f in fields(IntakePolicy)}
    said = {name: value for name, value in plain.items() if name in known}
    if "errors" in said:
        said["errors"] = ErrorPolicy(said["errors"])
    if "second_school" in said:
        said["second_school"] = SecondSchoolPolicy(said["second_school"])
    if "thresholds" in said:
        names = {f.name for f in fields(Thresholds)}
        said["thresholds"] = Thresholds(
            **{name: value for name, value in said["thresholds"].items() if name in names}
        )
    return IntakePolicy(**said)


BLOCKED: Final = Check(
    code="ROS-611",
    name="blocked-by-any-error",
    severity=Severity.ERROR,
    says="{count} errors were found, and this source takes a roster only without any.",
    fix="Correct what is listed and send the roster again, or let the source leave such rows out.",
    why="The source is set to block on any error, so that no roster comes in by halves.",
    source="reference: rostering 6.3, severity and policy",
)
NOT_ARCHIVED: Final = Check(
    code="ROS-612",
    name="archiving-is-off",
    severity=Severity.INFO,
    says="{count} {table} would be archived; this source only adds and changes, so they stay.",
    fix="Let this source archive, or archive them by hand, if they did leave.",
    why="An additive source may hold a part of the district only.",
    source="reference: rostering 6.3, severity and policy",
)
CHECKS: Final = (BLOCKED, NOT_ARCHIVED)


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """Say what a source's policy makes of what was found.

    Shape: with `blocks` nothing may be planned; `findings` belong at the end of the report.
    """

    blocks: bool = False
    holds: tuple[HoldReason, ...] = ()
    findings: tuple[Finding, ...] = ()


def verdict_of_policy(
    policy: IntakePolicy,
    report: FindingReport,
    counts: BundleCounts,
    excluded: Mapping[str, Exclusion],
) -> PolicyVerdict:
    """Decide whether errors block a roster, or how many bad records let it wait.

    Shape: ask after the checks, and once more when planning has found errors of its own.
    """
    errors = report.by_severity.get(Severity.ERROR, 0) + report.by_severity.get(Severity.FATAL, 0)
    if policy.errors is ErrorPolicy.BLOCK_ON_ANY_ERROR and errors:
        return PolicyVerdict(blocks=True, findings=(BLOCKED.finding(file="", count=f"{errors:,}"),))
    holds = exclusion_holds(counts, excluded, largest_percent=policy.largest_excluded_percent)
    return PolicyVerdict(holds=(*holds, *_section_holds(report)))


def _section_holds(report: FindingReport) -> list[HoldReason]:
    """Let a roster wait of which students are not in exactly one section, where that is asked."""
    lost = sum(finding.weight for finding in report if finding.code == NOT_IN_ONE.code)
    says = f"{lost:,} students are not in exactly one section, which this source requires."
    return [HoldReason(code="not-one-section", says=says, count=lost)] if lost else []


def without_archives(
    changes: Sequence[TableChanges],
) -> tuple[tuple[TableChanges, ...], tuple[Finding, ...]]:
    """Leave out of a plan what archives, for a source that only adds and changes.

    Shape: the changes that remain, without tables that do not change, and one finding per table of
           which records would have been archived.
    """
    kept = {change.table.name: change for change in only_additions_and_updates(changes)}
    findings = [
        NOT_ARCHIVED.finding(
            file="",
            count=f"{lost:,}",
            table=change.table.name,
            weight=lost,
        )
        for change in changes
        if (lost := change.frame.filter(change.frame["action"] == "archive").height)
    ]
    return tuple(c for c in kept.values() if c.frame.height), tuple(findings)
