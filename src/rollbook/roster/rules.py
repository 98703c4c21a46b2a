"""Decisions of rostering: who is who, which school year, when a plan must wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from rollbook.changes.types import HoldReason, TableChanges
from rollbook.roster.types import Mode
from rollbook.shared.findings import Check, Finding, Severity

# userIds types that districts use for the state's id, folded to lower case without punctuation.
STATE_ID_TYPES: Final = frozenset(
    {"ssid", "stateid", "statestudentid", "stateidentifier", "calpads", "sis_state"}
)

STUDENT_ROLES: Final = frozenset({"student"})
FAMILY_ROLES: Final = frozenset({"guardian", "parent", "relative"})

IDENTITY_CONFLICT: Final = Check(
    code="ROS-601",
    name="identity-conflict",
    severity=Severity.ERROR,
    says=(
        '{file} line {line}, {column}: "{value}" already belongs to another student, '
        "with another name and birth date."
    ),
    fix=(
        "Correct the state id in the student information system, "
        "or ask the other school to release the student."
    ),
    why="Results follow the state id; two children under one id would read each other's results.",
    source="reference: rostering 6.3, matching ladder",
)
SAME_ID_TWICE: Final = Check(
    code="ROS-602",
    name="state-id-claimed-twice",
    severity=Severity.ERROR,
    says='{file} line {line}, {column}: "{value}" is given to two students of this file.',
    fix="Give each student their own state id in the student information system; send it again.",
    why="Neither record can be trusted, so both are left out.",
    source="reference: rostering 6.3, matching ladder",
)
STUDENT_NEEDS_SCHOOL: Final = Check(
    code="ROS-603",
    name="student-without-school",
    severity=Severity.ERROR,
    says="{file} line {line}: this student has no role at any school that Rollbook knows.",
    fix="Add a student role at the school to roles.csv (orgSourcedIds in OneRoster 1.1).",
    why="Who may see a student follows from the student's school.",
)
OTHER_DISTRICT: Final = Check(
    code="ROS-604",
    name="student-of-another-district",
    severity=Severity.ERROR,
    says='{file} line {line}, {column}: "{value}" is enrolled in another district.',
    fix="Ask the other district to release the student; until then the record stays as it is.",
    why="One district must not take a child's record and results from another by a file.",
    source="reference: rostering 6.3, transfers",
)
NOBODY_REMOVED: Final = Check(
    code="ROS-605",
    name="unreadable-rows-remove-nobody",
    severity=Severity.WARNING,
    says="{file}: some rows could not be read, so no record is taken for gone by this file.",
    fix="Correct the unreadable rows and send the file again; then removals are planned too.",
    why="A row that nobody can read may be anybody's.",
    source="reference: rostering 6.3, preflight policy",
)
TEXT_IS_TOO_LONG: Final = Check(
    code="ROS-606",
    name="text-is-too-long",
    severity=Severity.ERROR,
    says="{file} line {line}: a cell has more than {limit} characters; the record is left out.",
    fix="Shorten the cell in the source system and export again.",
    why="No name, title or id of a school is that long; a page and an index must hold it.",
)
CHECKS: Final = (
    IDENTITY_CONFLICT,
    SAME_ID_TWICE,
    STUDENT_NEEDS_SCHOOL,
    OTHER_DISTRICT,
    NOBODY_REMOVED,
    TEXT_IS_TOO_LONG,
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Say when a plan waits for a person.

    Units: shares are 0–1 of what the school (or the district) has now; a threshold below its
           minimum count never trips, so that small schools do not wait for three children.
    Source: reference, rostering 6.3, item 5.
    """

    archive_share: float = 0.10
    archive_count: int = 25
    archive_minimum: int = 5
    update_share: float = 0.75
    create_share: float = 0.50
    minimum: int = 50


DEFAULT_THRESHOLDS: Final = Thresholds()


def school_year_of(sessions: pl.DataFrame, *, starting: date) -> int:
    """Decide which school year a roster is of: the one that holds `starting`, else the latest.

    Shape:  `sessions` as in RosterFrames; without any, the year follows from the date alone.
    """
    years = sessions.filter(pl.col("status").is_null() | (pl.col("status") == "active"))
    current = years.filter(
        (pl.col("type") == "schoolYear")
        & (pl.col("starts_on") <= starting)
        & (pl.col("ends_on") >= starting)
    )
    for candidates in (current, years.filter(pl.col("type") == "schoolYear"), years):
        if candidates.height:
            return int(candidates["school_year"].max())  # type: ignore[arg-type] # never empty here
    return starting.year + 1 if starting.month >= 7 else starting.year


def state_id(users: pl.DataFrame) -> pl.Series:
    """Return each user's state id: userMasterIdentifier, else one among userIds, else blank."""
    types = "|".join(sorted(STATE_ID_TYPES))
    pattern = rf"(?i)^\{{(?:{types})\s*:\s*([^}}]*)\}}$"
    found = users.select(
        pl.col("user_ids")
        .list.eval(
            pl.element()
            .str.replace_all(r"(?i)^\{state[ _-]*(student)?[ _-]*id", "{stateid")
            .str.extract(pattern, 1)
        )
        .list.drop_nulls()
        .list.first()
        .alias("listed"),
        pl.col("user_master_identifier"),
    )
    return found.select(
        pl.coalesce("user_master_identifier", "listed", pl.lit("")).str.strip_chars().alias("ssid")
    )["ssid"]


def identity_findings(claims: pl.DataFrame, check: Check) -> list[Finding]:
    """Make one finding per row of `claims` (line, ssid)."""
    return [
        check.finding(file="users.csv", line=line, column="userMasterIdentifier", value=ssid)
        for line, ssid in claims.select("_line", "ssid").iter_rows()
    ]


def hold_reasons(
    changes: Mapping[str, TableChanges],
    *,
    students_by_school: Mapping[int, int],
    school_names: Mapping[int, str],
    modes: Mapping[str, Mode],
    is_first_load: bool,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[HoldReason]:
    """Say why a plan must wait for a person; an empty list lets it go on.

    Shape:  one reason per school and kind, schools by name, then those of the whole district.
    """
    if is_first_load:
        return []
    leaving = _leaving(changes.get("school enrollments"))
    reasons = [
        _leaving_reason(school, count, students_by_school.get(school, 0), school_names, thresholds)
        for school, count in sorted(leaving.items(), key=lambda pair: school_names.get(pair[0], ""))
        if _is_too_many(count, students_by_school.get(school, 0), thresholds)
    ]
    students = changes.get("students")
    total = sum(students_by_school.values())
    if students is not None and total >= thresholds.minimum:
        for action, share in (
            ("update", thresholds.update_share),
            ("add", thresholds.create_share),
        ):
            count = students.frame.filter(pl.col("action") == action).height
            if count > share * total:
                reasons.append(_whole_reason(action, count, total, share))
    return reasons


def _leaving(stays: TableChanges | None) -> dict[int, int]:
    """Count the students who would leave each school: archived there, or moved to another."""
    if stays is None or stays.frame.is_empty():
        return {}
    gone = [stays.frame.filter(pl.col("action") == "archive")["school_id"]]
    if "before.school_id" in stays.frame.columns:
        gone.append(stays.frame.filter(pl.col("action") == "move")["before.school_id"])
    counts = pl.concat([schools.alias("school") for schools in gone]).value_counts()
    return {int(school): int(count) for school, count in counts.iter_rows() if school is not None}


def _is_too_many(count: int, of: int, thresholds: Thresholds) -> bool:
    if count >= of > 0:
        return True  # a school that would stand empty always waits
    if count < thresholds.archive_minimum:
        return False
    return count > thresholds.archive_count or count > thresholds.archive_share * of


def _leaving_reason(
    school: int, count: int, of: int, names: Mapping[int, str], thresholds: Thresholds
) -> HoldReason:
    percent = round(100 * count / of) if of else 100
    return HoldReason(
        code="students-leave",
        says=(
            f"{names.get(school, 'A school')} would lose {count:,} of {of:,} students "
            f"({percent} %; limit {round(thresholds.archive_share * 100)} % "
            f"or {thresholds.archive_count})."
        ),
        organization_id=school,
        count=count,
        of=of,
    )


def _whole_reason(action: str, count: int, of: int, share: float) -> HoldReason:
    verb = {"update": "changed", "add": "added"}[action]
    return HoldReason(
        code=f"many-{action}",
        says=(
            f"{count:,} students would be {verb}; there are {of:,} now "
            f"(limit {round(share * 100)} %)."
        ),
        count=count,
        of=of,
    )
