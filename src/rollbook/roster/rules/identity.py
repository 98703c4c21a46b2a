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
    says=(
        "{file}: this roster is of a district, or reaches into one, that your role does not cover."
    ),
    fix="Send the roster of your own district, or ask its administrator to send this one.",
    why="Nobody changes who is enrolled in a district that is not theirs.",
    source="docs/decisions/0003-scope-in-every-read.md",
)
NAMED_BY_NUMBER: Final = Check(
    code="ROS-608",
    name="place-named-by-its-number",
    severity=Severity.WARNING,
    says='{file} line {line}: no name came for "{value}", so it is called by its number.',
    fix="Map the column that holds the name, or send the name once; it stays from then on.",
    why="People look for schools by name. A school that has one here keeps it.",
)
STILL_NAMED: Final = Check(
    code="ROS-609",
    name="missing-records-still-named",
    severity=Severity.WARNING,
    says=(
        "{file}: rows that are left out name records which did not come, so nobody takes those "
        "for gone. Records: {count}. Times named: {rows}."
    ),
    fix="Send the file whole. If the records are gone, take them out of the other files too.",
    why="A row that names a record says that it is there: the file that lacks it has a hole.",
    source="reference: rostering 6.3, preflight policy",
)
CLAIMED_TWICE: Final = Check(
    code="ROS-620",
    name="student-claimed-twice",
    severity=Severity.ERROR,
    says="{file} line {line}: another row of this file is the same student; both are left out.",
    fix="Keep one row for the student in the student information system, then send it again.",
    why="Nobody can say which of the two rows is right; a wrong guess mixes two children.",
    source="reference: rostering 6.3, matching ladder",
)
MERGED_STILL_SENT: Final = Check(
    code="ROS-621",
    name="merged-record-still-sent",
    severity=Severity.INFO,
    says="{file} line {line}: this record was merged here into another row of this file.",
    fix="Merge the two records in the student information system too; nothing is lost until then.",
    why="The row that stayed says who the student is; the other one still says where.",
)
RETIRED_STATE_ID: Final = Check(
    code="ROS-622",
    name="retired-state-id",
    severity=Severity.WARNING,
    says='{file} line {line}, {column}: "{value}" was retired; the student keeps the newer id.',
    fix="Write the new state id into the student information system.",
    why="A swapped state id must not come back by a file that has not heard of the swap.",
    source="reference: rostering 6.2, SSID swap",
)
SECOND_SCHOOL_ASKED: Final = Check(
    code="ROS-623",
    name="second-school-needs-an-answer",
    severity=Severity.WARNING,
    says="{file} line {line}: this student is still at another school; a person must say more.",
    fix="Answer under Rosters, Decisions: add the second school, move the student, or cancel.",
    why="Whether a child attends two schools or has moved is not for a file to guess.",
    source="reference: rostering 6.3, transfers",
)
SECOND_SCHOOL_LEFT_OUT: Final = Check(
    code="ROS-624",
    name="second-school-left-out",
    severity=Severity.INFO,
    says="{file} line {line}: this student stays at the other school, as was decided.",
    fix="Take the student off one of the two rosters, or change the answer under Rosters.",
    why="An answer holds for the school year, so that no nightly file turns it around.",
)
SECOND_SCHOOL_ADDED: Final = Check(
    code="ROS-625",
    name="second-school-added",
    severity=Severity.INFO,
    says="{file} line {line}: this student is at another school as well; both stay.",
    fix="Nothing, if the student attends both. Else take the student off one of the rosters.",
    why="Two schools see the student's results while both list the student.",
)
CHECKS: Final = (
    OUT_OF_REACH,
    IDENTITY_CONFLICT,
    SAME_ID_TWICE,
    STUDENT_NEEDS_SCHOOL,
    OTHER_DISTRICT,
    NOBODY_REMOVED,
    TEXT_IS_TOO_LONG,
    NAMED_BY_NUMBER,
    STILL_NAMED,
    CLAIMED_TWICE,
    MERGED_STILL_SENT,
    RETIRED_STATE_ID,
    SECOND_SCHOOL_ASKED,
    SECOND_SCHOOL_LEFT_OUT,
    SECOND_SCHOOL_ADDED,
)

# Accents that NFKD sets apart, spaces, every hyphen and every apostrophe.
_SILENT: Final = r"[\p{M}\s\p{Pd}'’‘\x{2BC}`\x{B4}]"


def folded(name: pl.Expr) -> pl.Expr:
    """Bring names that people take for the same into one form: Zoë O'Neil-Day, zoe oneil day.

    Source: reference, rostering 6.3, item 7
    """
    return name.str.normalize("NFKD").str.replace_all(_SILENT, "").str.to_lowercase()


def agrees(last_name: str, born: str, holder_last: str, holder_born: str) -> pl.Expr:
    """Tell, by the names of four columns, whether a row may be the student who has its id.

    Shape: never null. The last name or the birth date must agree; a record that has no name yet,
           as a result may have made it, agrees with anybody.
    """
    same_name = folded(pl.col(last_name)) == folded(pl.col(holder_last))
    same_day = pl.col(born) == pl.col(holder_born)
    return (same_name | same_day | (pl.col(holder_last) == "")).fill_null(value=False)


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
