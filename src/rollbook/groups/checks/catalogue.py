"""Everything that can be wrong with a student-group file, each once, in order of code."""

from __future__ import annotations

from typing import Final

from rollbook.groups.types import MOST_STUDENTS
from rollbook.shared.findings import Check, Severity

_SOURCE: Final = "certification-and-groups 2.3"
_FATAL: Final = Severity.FATAL
_WARNING: Final = Severity.WARNING
_INFO: Final = Severity.INFO
_TEMPLATE: Final = "Put the columns of the template on line 1, in its order."


def _check(
    code: str, name: str, says: str, fix: str, why: str, *, to: Severity = Severity.ERROR
) -> Check:
    return Check(code, name, to, says, fix, why, _SOURCE)


# --- The file ----------------------------------------------------------------------------

NOTHING: Final = _check(
    "GRP-101",
    "no rows",
    "{file} has no rows that name a group.",
    "Export the groups again, and look into the file before you send it.",
    "An empty file never means that every group is gone.",
    to=_FATAL,
)
COLUMNS_MISSING: Final = _check(
    "GRP-102",
    "columns are missing",
    "The header lacks the columns {missing}.",
    _TEMPLATE,
    "What stands in a cell can be told only by its column's name; and a file without students or "
    "users would take them out of every group.",
    to=_FATAL,
)
COLUMN_TWICE: Final = _check(
    "GRP-103",
    "column occurs twice",
    'The header has "{value}" more than once.',
    "Remove or rename one of the two columns.",
    "Rollbook will not choose which of the two counts; the state's system takes the later one.",
    to=_FATAL,
)
OTHER_ORDER: Final = _check(
    "GRP-104",
    "columns in another order",
    "{file} has its columns in another order than the template; Rollbook reads them by name.",
    _TEMPLATE,
    "The state's system refuses the whole file.",
    to=_WARNING,
)
OTHER_NAMES: Final = _check(
    "GRP-105",
    "column names written otherwise",
    'The header has "{value}" for {column}.',
    _TEMPLATE,
    "The state's system takes capital letters, but no blanks around a name.",
    to=_INFO,
)
MORE_COLUMNS: Final = _check(
    "GRP-106",
    "columns that are not read",
    "{file} has more columns than a group file: {value}. Rollbook leaves them out.",
    "Remove them, if they are there by mistake.",
    "A misspelled column would be lost without a word.",
    to=_INFO,
)
OTHER_SEPARATOR: Final = _check(
    "GRP-107",
    "cells are not separated by commas",
    "{file} has {value} between its cells; Rollbook reads them.",
    "Save the file as CSV with commas: spreadsheets take the separator from the region.",
    "The state's system refuses the whole file.",
    to=_WARNING,
)
OTHER_ENCODING: Final = _check(
    "GRP-108",
    "not UTF-8",
    'This is not UTF-8. Rollbook reads the file as Windows-1252, and here "{value}".',
    "Check how the names of groups are written, or save the file as CSV UTF-8.",
    "The state's system puts a mark in place of each letter that it cannot read.",
    to=_WARNING,
)
OLD_LINE_ENDS: Final = _check(
    "GRP-109",
    "lines end as on an old Macintosh",
    "The lines of {file} end with a carriage return alone; Rollbook reads them.",
    "Save the file with Windows (CRLF) or Unix (LF) line ends.",
    "Some programs take such a file for a single line.",
    to=_INFO,
)
MIXED_LINE_ENDS: Final = _check(
    "GRP-110",
    "several kinds of line ends",
    "{file} has {value}.",
    "Save the file with one kind of line end, and check that no rows are missing.",
    "Files joined by hand look like this; the state's system loads them wrongly.",
    to=_WARNING,
)
ROWS_OF_COMMAS: Final = _check(
    "GRP-111",
    "rows of commas alone",
    "Rollbook leaves {value} out, from here on.",
    "Delete the empty rows below the table before you save it as CSV.",
    "Spreadsheets leave them behind, and the state's system refuses the whole file.",
    to=_INFO,
)
PADDED_CELLS: Final = _check(
    "GRP-112",
    "blanks around cells",
    'Blanks stand around {column} "{value}", {more}. Rollbook takes them off.',
    "Take the blanks off in the source system.",
    "The state's system takes a padded name for another group and a padded year for none.",
    to=_WARNING,
)
UNSEEN: Final = _check(
    "GRP-113",
    "characters that nobody sees",
    'Characters that nobody sees stand in {column} "{value}", {more}. Rollbook takes them out.',
    "Remove them in the source system; copying from web pages brings them along.",
    "Two names that look alike are then two groups, and an SSID with one names nobody.",
    to=_WARNING,
)

# --- One row -----------------------------------------------------------------------------

REQUIRED: Final = _check(
    "GRP-201",
    "required cell is blank",
    "{column} is blank.",
    "Fill in {column}: each row has a group name, a school and a school year.",
    "School, name and year together say which group it is.",
)
YEAR_NOT_NUMBER: Final = _check(
    "GRP-202",
    "school year is not a number",
    'school_year is "{value}".',
    "Write the year in which the school year ends: 2027 for 2026-27.",
    "School, name and year together say which group it is.",
)
YEAR_UNKNOWN: Final = _check(
    "GRP-203",
    "school year is not known",
    'There is no school year "{value}" here.',
    "Use one of {known}.",
    "A group of a year that nobody opened shows no results.",
)
SCHOOL_UNKNOWN: Final = _check(
    "GRP-204",
    "school cannot be found",
    'School "{value}" can not be found{hint}.',
    "Use the id of a school whose groups you may write.",
    "Whoever may not write a school's groups learns no more about it than about one that is not.",
)
SUBJECT_UNKNOWN: Final = _check(
    "GRP-205",
    "subject is not known",
    'subject_code is "{value}".',
    "Use one of {known}, or leave the cell blank.",
    "A subject that is not known would open the results of every subject.",
)
TOO_LONG: Final = _check(
    "GRP-206",
    "value is too long",
    '{column} "{value}" has more than {most} characters.',
    "Shorten it, or look for a missing comma or quote.",
    "The state's system has no room for more.",
)
NO_ADDRESS: Final = _check(
    "GRP-207",
    "login is not an e-mail address",
    'group_user_login is "{value}".',
    "Write the address with which the person signs in, one in each row.",
    "Nobody signs in with it, so nobody would see this group.",
)
LOST_NUMBER: Final = _check(
    "GRP-208",
    "number that a spreadsheet lost",
    '{column} is "{value}", which a spreadsheet made of a longer number.',
    "Export the file again and do not save it in a spreadsheet; make the column text if you must.",
    "Nobody can tell which number it was; several students become one.",
)
MORE_CELLS: Final = _check(
    "GRP-209",
    "more cells than columns",
    "This row has {found} cells; line 1 has {expected} columns.",
    "Put quotes around a name that has a comma.",
    "Cells past an extra comma stand under the wrong column.",
)
FEWER_CELLS: Final = _check(
    "GRP-210",
    "fewer cells than columns",
    "This row has {found} cells; line 1 has {expected} columns. Rollbook takes the others as "
    "blank.",
    "Check that the file was sent to its end; give the row its commas.",
    "The state's system refuses the whole file when it asks for a cell that is not there.",
    to=_WARNING,
)
BLANK_CELLS: Final = _check(
    "GRP-211",
    "blank cells after the last column",
    "Rollbook reads around blank cells after the last column in {value}, from here on.",
    "Remove the commas at the end of the rows.",
    "Spreadsheets leave them behind when a cell far right was touched.",
    to=_INFO,
)
SSID_UNKNOWN: Final = _check(
    "GRP-212",
    "student is not known",
    'No student here has the SSID "{value}"; nobody is added to the group by this row.',
    "Check the SSID, or load the student's enrollment first.",
    "The state's system would make a student up who has nothing but this number.",
    to=_WARNING,
)
LOGIN_UNKNOWN: Final = _check(
    "GRP-213",
    "address is not known",
    'Nobody signs in with "{value}" yet; {more}.',
    "Check the address, or add an account with it.",
    "An address that is misspelled shows its owner nothing, and says nothing.",
    to=_WARNING,
)
REPEATED: Final = _check(
    "GRP-214",
    "row occurs twice",
    "This row is the same as one before it; Rollbook leaves it out.",
    "Remove it from the file.",
    "The state's system counts it toward its limit of students, or refuses the file.",
    to=_WARNING,
)
DECLARES: Final = _check(
    "GRP-215",
    "row without student or user",
    'This row has neither student nor user: it only declares the group "{value}".',
    "Nothing, if that is what you mean.",
    "A column that was left empty by mistake looks the same.",
    to=_INFO,
)
ODD_QUOTES: Final = _check(
    "GRP-216",
    "quotes at an odd place",
    "A cell of this row has quotes at an odd place; Rollbook reads them as part of the text.",
    'Put quotes around the whole cell and write the quote inside twice: "Room ""B"" 2".',
    "Programs disagree on what such a cell says; the state's system reads it as Rollbook does.",
    to=_WARNING,
)

# --- A whole group -----------------------------------------------------------------------

SUBJECT_CHANGES: Final = _check(
    "GRP-221",
    "subject changes within a group",
    'Group "{group}" of school {school} has the subjects "{first}" and "{value}".',
    "Give all its rows one subject, or put the rows of one subject under another name.",
    "A group has one subject: it decides which results its users see.",
)
TOO_MANY: Final = _check(
    "GRP-222",
    "too many students in a group",
    'Group "{value}" of school {school} has {found} students; a group has at most '
    f"{MOST_STUDENTS}.",
    "Divide it into groups with names of their own.",
    "The state's system takes no more, and a teacher who sees so many sees more than her own.",
)
CROSSED: Final = _check(
    "GRP-223",
    "students repeated for each user",
    'Group "{value}" of school {school} has {found} rows with a student for {students} students.',
    "Write students and users in rows of their own: the state's system then takes the group.",
    f"It counts rows, not students, and takes at most {MOST_STUDENTS}.",
    to=_INFO,
)
CASE_TWINS: Final = _check(
    "GRP-224",
    "names that differ only in case",
    'Group "{value}" of school {school} is called "{first}" above; Rollbook takes both for one.',
    "Write the name in one way.",
    "The state's database takes both for one group, whatever its check of the file says.",
    to=_WARNING,
)
NO_STUDENTS: Final = _check(
    "GRP-225",
    "group without students",
    'No row of group "{value}" of school {school} has a student: the group will have none, and '
    "those who are in it now will be taken out.",
    "Add the students, or leave the group out of the file if nothing about it changes.",
    "A file replaces whatever a group held before.",
    to=_WARNING,
)
NO_USERS: Final = _check(
    "GRP-226",
    "group without users",
    'No row of group "{value}" of school {school} has a user: nobody will see its students through '
    "it.",
    "Add the addresses of those who teach the group.",
    "A file replaces whatever a group held before.",
    to=_INFO,
)

# --- What a file meets here, found when its changes are worked out ---------------------------

GROUP_FOLLOWS_ROSTER: Final = _check(
    "GRP-231",
    "group follows the roster",
    'Group "{value}" follows the roster: a file cannot change who is in it.',
    "Give the group of the file another name, or take its rows out.",
    "The next roster would undo what the file did, and nobody would know which of the two counts.",
)
GROUP_LOSES_STUDENTS: Final = _check(
    "GRP-232",
    "group loses all its students",
    'Group "{value}" has {count} students now and will have none.',
    "Add its students to the file, or leave the group out of it.",
    "A file replaces whatever a group held before.",
    to=_WARNING,
)

CHECKS: Final[tuple[Check, ...]] = tuple(
    sorted(
        (check for check in list(globals().values()) if isinstance(check, Check)),
        key=lambda check: check.code,
    )
)
