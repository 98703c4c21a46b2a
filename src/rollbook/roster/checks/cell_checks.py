"""ROS-220 to ROS-259: what can be wrong with a cell, and the typed records that remain."""

from __future__ import annotations

from typing import Final

from rollbook.roster.checks.ledger import RosterCheck
from rollbook.shared.findings import Severity

_BINDING: Final = "OneRoster CSV binding"
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

REQUIRED: Final = RosterCheck(
    code="ROS-220",
    name="Required value is missing",
    severity=_ERROR,
    says="{column} is empty, and every row needs it.",
    fix="Fill {column} in the source system and export again.",
    why="A record without it cannot be told apart or placed.",
    source=_BINDING,
)
STATUS_IN_BULK: Final = RosterCheck(
    code="ROS-221",
    name="Status is filled in a bulk file",
    severity=_ERROR,
    lenient=_WARNING,
    says='status is "{value}", but the file is bulk. Rollbook heeds it only for tobedeleted.',
    fix="Leave status empty in bulk files, or declare the file delta.",
    why="A bulk file is the whole current set, so a status has nothing to say.",
    source=_BINDING,
)
MOMENT_IN_BULK: Final = RosterCheck(
    code="ROS-222",
    name="dateLastModified is filled in a bulk file",
    severity=_ERROR,
    lenient=_WARNING,
    says='dateLastModified is "{value}", but the file is bulk.',
    fix="Leave dateLastModified empty in bulk files, or declare the file delta.",
    why="A bulk file is the whole current set, so the time of a change has nothing to say.",
    source=_BINDING,
)
STATUS_IN_DELTA: Final = RosterCheck(
    code="ROS-223",
    name="Status is missing in a delta file",
    severity=_ERROR,
    lenient=_WARNING,
    says="status is empty, and a delta file needs it. A lenient reading takes the row as active.",
    fix="Write active or tobedeleted.",
    why="A delta row must say whether it creates, replaces or removes.",
    source=_BINDING,
)
MOMENT_IN_DELTA: Final = RosterCheck(
    code="ROS-224",
    name="dateLastModified is missing in a delta file",
    severity=_ERROR,
    lenient=_WARNING,
    says="dateLastModified is empty, and a delta file needs it.",
    fix="Write when the record changed, as 2026-08-15T12:00:00.000Z.",
    why="Changes are applied in the order of their times.",
    source=_BINDING,
)
NOT_A_GUID: Final = RosterCheck(
    code="ROS-226",
    name="Id has characters that ids may not have",
    severity=_ERROR,
    lenient=_WARNING,
    says='"{value}" is not an id: an id has 1 to 255 of A–Z a–z 0–9 . - _ / @.',
    fix="Use only those characters, with no spaces.",
    why="Other systems drop or change other characters, and the id then names nobody.",
    source=_BINDING,
)
LONG_GUID: Final = RosterCheck(
    code="ROS-227",
    name="Id is too long",
    severity=_ERROR,
    says='"{value}" is longer than the 255 characters that an id may have.',
    fix="Shorten the id.",
    why="Longer ids are cut by other systems, and two of them become one.",
    source=_BINDING,
)
DUPLICATE_ID: Final = RosterCheck(
    code="ROS-228",
    name="Two records with one id",
    severity=_ERROR,
    says='"{value}" is the sourcedId of {count} rows, first on line {first}.',
    fix="Give every record its own sourcedId, or remove the rows that are out of date.",
    why="Nobody can tell which of the rows is right, so none of them is used.",
    source=_BINDING,
)
REPEATED_ROW: Final = RosterCheck(
    code="ROS-229",
    name="Row repeated word for word",
    severity=_WARNING,
    says='"{value}" repeats line {first} word for word. Rollbook reads it once.',
    fix="Remove the repeated row.",
    why="Exports that join tables repeat rows; a true copy says nothing new.",
    is_repair=True,
)
NOT_A_WORD: Final = RosterCheck(
    code="ROS-230",
    name="Word outside the vocabulary",
    severity=_ERROR,
    says='"{value}" is not a word that {column} may hold. Use {words}.',
    fix="Use one of: {words}.",
    why="Only these words mean the same everywhere; they are case sensitive.",
    source=_BINDING,
)
NOT_A_BOOLEAN: Final = RosterCheck(
    code="ROS-233",
    name="Neither true nor false",
    severity=_ERROR,
    says='"{value}" is neither true nor false.',
    fix="Write true or false, in lower case.",
    why="The standard knows only these two spellings.",
    source=_BINDING,
)
NOT_A_DATE: Final = RosterCheck(
    code="ROS-235",
    name="Not a date",
    severity=_ERROR,
    says='"{value}" is not a day of the calendar written YYYY-MM-DD.',
    fix="Write dates as YYYY-MM-DD.",
    why="Dates in local style read differently in different places.",
    source=_BINDING,
)
NOT_A_MOMENT: Final = RosterCheck(
    code="ROS-239",
    name="Not a moment in UTC",
    severity=_ERROR,
    says='"{value}" is not a moment in UTC with three decimals.',
    fix="Write it as 2026-08-15T12:00:00.000Z.",
    why="Changes are put in order by these moments.",
    source=_BINDING,
)
NOT_A_YEAR: Final = RosterCheck(
    code="ROS-241",
    name="Not a school year",
    severity=_ERROR,
    says='"{value}" is not a school year of four digits.',
    fix="Write the year in which the school year ends: 2027 for 2026–27.",
    why="A range or a short year can be read in two ways.",
    source=_BINDING,
)
NOT_A_WHOLE_NUMBER: Final = RosterCheck(
    code="ROS-243",
    name="Not a whole number",
    severity=_ERROR,
    says='"{value}" is not a whole number.',
    fix="Write digits only, with no leading zero.",
    why="It is counted with.",
    source=_BINDING,
)
NOT_A_NUMBER: Final = RosterCheck(
    code="ROS-244",
    name="Not a number",
    severity=_ERROR,
    says='"{value}" is not a number.',
    fix="Write digits with a decimal point, without thousands separators.",
    why="It is calculated with.",
    source=_BINDING,
)
LOOSE_LIST: Final = RosterCheck(
    code="ROS-245",
    name="List with spaces or empty items",
    severity=_ERROR,
    says='"{value}" is a list with spaces or empty items beside its commas.',
    fix="Separate the items by a comma alone.",
    why="A space becomes part of the next item, which then names nothing.",
    source=_BINDING,
)
NOT_A_USER_ID: Final = RosterCheck(
    code="ROS-250",
    name="User ids in another form",
    severity=_WARNING,
    says='"{value}" is not written {{Type:Id}}.',
    fix="Write {{LDAP:12}}, and separate several by commas.",
    why="Without its type nobody knows which system the id belongs to.",
    source=_BINDING,
)
NOT_A_GRADE: Final = RosterCheck(
    code="ROS-251",
    name="Unknown grade",
    severity=_WARNING,
    says='"{value}" is not a grade Rollbook knows. Use PK, KG, or 01 to 12.',
    fix="Use PK, KG, or 01 to 12.",
    why="The standard points at CEDS' grades without enforcing them; reports by grade need them.",
    source="CEDS element 000100",
)
NOT_A_SCORE_RANGE: Final = RosterCheck(
    code="ROS-254",
    name="Score scale values in another form",
    severity=_ERROR,
    says='"{value}" is not a list of {{left:right}}.',
    fix="Write {{A:94-100}}, and separate several by commas.",
    why="A scale maps what is written to what it means; both sides are needed.",
    source="OneRoster 1.2 scoreScales",
)
CELL_CHECKS: Final = (
    REQUIRED,
    STATUS_IN_BULK,
    MOMENT_IN_BULK,
    STATUS_IN_DELTA,
    MOMENT_IN_DELTA,
    NOT_A_GUID,
    LONG_GUID,
    DUPLICATE_ID,
    REPEATED_ROW,
    NOT_A_WORD,
    NOT_A_BOOLEAN,
    NOT_A_DATE,
    NOT_A_MOMENT,
    NOT_A_YEAR,
    NOT_A_WHOLE_NUMBER,
    NOT_A_NUMBER,
    LOOSE_LIST,
    NOT_A_USER_ID,
    NOT_A_GRADE,
    NOT_A_SCORE_RANGE,
)
