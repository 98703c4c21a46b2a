"""Who is who: the rungs of the matching ladder, and what keeps a record off it."""

from __future__ import annotations

from typing import Final

import polars as pl

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
OUT_OF_REACH: Final = Check(
    code="ROS-607",
    name="roster-out-of-reach",
    severity=Severity.FATAL,
    says="{file}: this roster is of a district, or reaches into one, that your role does not cover.",
    fix="Send the roster of your own district, or ask its administrator to send this one.",
    why="Nobody changes who is enrolled in a district that is not theirs.",
    source="docs/decisions/0003-scope-in-every-read.md",
)
CHECKS: Final = (
    OUT_OF_REACH,
    IDENTITY_CONFLICT,
    SAME_ID_TWICE,
    STUDENT_NEEDS_SCHOOL,
    OTHER_DISTRICT,
    NOBODY_REMOVED,
    TEXT_IS_TOO_LONG,
)


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
