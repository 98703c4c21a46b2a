"""ROS-701 to ROS-725: what can be wrong with a file of another layout before it is a roster."""

from __future__ import annotations

from typing import Final

from rollbook.shared.findings import Check, Severity

_FATAL, _ERROR = Severity.FATAL, Severity.ERROR
_WARNING, _INFO = Severity.WARNING, Severity.INFO
_EXCEL: Final = "reliability reference, “Hostile and mangled CSV”; rostering 6.3"
_LAYOUT: Final = "Clever SFTP CSV 2.1.1; Microsoft School Data Sync CSV 2.1"


def _check(  # noqa: PLR0917 # a table of checks reads best by position
    code: str, name: str, to: Severity, says: str, fix: str, why: str, source: str = ""
) -> Check:
    return Check(code, name, to, says, fix, why, source)


FILE_MISSING: Final = _check(
    "ROS-701",
    "File of the layout is missing",
    _FATAL,
    "{value} is not in the package, and a {layout} roster needs it.",
    "Add {value} to the package and send it again.",
    "A file that was lost on its way must not look like one without records.",
    _LAYOUT,
)
COLUMN_MISSING: Final = _check(
    "ROS-702",
    "Column of the layout is missing",
    _FATAL,
    "{file} lacks the column {column}, which every row needs.",
    "Add the column {column} to {file}; spreadsheets rename and drop headers.",
    "Without it no record of the file can be told apart or placed.",
    _LAYOUT,
)
COLUMN_SPELLED: Final = _check(
    "ROS-703",
    "Column of the layout in another spelling",
    _WARNING,
    '"{value}" is read as {column}.',
    "Write {column}.",
    "Header names are exact in this layout; other systems refuse the file.",
    _LAYOUT,
)
NOT_READ: Final = _check(
    "ROS-704",
    "File or column that is not read",
    _INFO,
    '"{value}" is no part of a {layout} roster. Rollbook does not read it.',
    "Nothing need be done; a misspelled name looks like this, too.",
    "What is not read is said, so that nothing is lost in silence.",
)
REPEATED_PERSON: Final = _check(
    "ROS-705",
    "Rows of one person that disagree",
    _WARNING,
    '{column} of "{value}" differs from that on line {first}, which counts.',
    "Correct the rows, so that all rows of one person agree.",
    "One person may have several rows; the first of them says who it is.",
)
FILE_TWICE: Final = _check(
    "ROS-706",
    "File of the layout is there twice",
    _FATAL,
    '"{value}" is a second {file}.',
    "Keep one {file} in the package.",
    "Nobody can tell which of the two counts.",
    _LAYOUT,
)
NO_MAPPING: Final = _check(
    "ROS-707",
    "Nobody has said which column is what",
    _FATAL,
    "{file} is no layout that Rollbook knows, and there is no mapping for its columns yet.",
    "Open the roster and say which column is what; the next file like it needs no more.",
    "What a column means is never guessed without a person who looks at it.",
    "reference, rostering 6.3, “Ad hoc CSV”",
)
MAPPED_COLUMN_GONE: Final = _check(
    "ROS-708",
    "Mapped column is not in the file",
    _FATAL,
    'The mapping reads {label} from "{value}", and {file} has no such column.',
    "Map the file anew, or put the column back.",
    "Without it every record would lose what the column said.",
)
NEEDED_FIELD_UNFED: Final = _check(
    "ROS-709",
    "Nothing feeds a needed field",
    _FATAL,
    "No column and no default gives {label}.",
    "Choose the column that holds it.",
    "A student cannot be told apart, named or placed without it.",
)
SCIENTIFIC: Final = _check(
    "ROS-710",
    "Id in scientific notation",
    _ERROR,
    '{column} is "{value}": a spreadsheet has rounded this id.',
    "Export again with the column formatted as text. The lost digits are not in this file.",
    "Rounded ids of different students become one.",
    _EXCEL,
)
LOST_ZEROS: Final = _check(
    "ROS-711",
    "Ids that seem to have lost leading zeros",
    _WARNING,
    '{column} has {count} ids shorter than the {length} digits of most, as "{value}".',
    "Compare them with the source system; export the column as text.",
    "Spreadsheets cut leading zeros, and the ids then belong to nobody, or to somebody else.",
    _EXCEL,
)
HASHES: Final = _check(
    "ROS-712",
    "Cell of hash signs",
    _ERROR,
    '{column} is "{value}": a spreadsheet column was too narrow when the file was made.',
    "Widen the column and export again.",
    "The value is not in the file.",
    _EXCEL,
)
BECAME_A_DATE: Final = _check(
    "ROS-713",
    "Value that a spreadsheet took for a date",
    _ERROR,
    '{column} is "{value}": a spreadsheet has turned the value into a date.',
    "Format the column as text, restore the values and export again.",
    "What stood there before cannot be told from the date.",
    _EXCEL,
)
FORMULA_TEXT: Final = _check(
    "ROS-714",
    'Value written as ="…"',
    _WARNING,
    "{column} is {value}. Rollbook reads what is between the quotes.",
    "Export the column as plain text.",
    "Some systems write ids so to keep a spreadsheet from cutting zeros.",
    _EXCEL,
)
APOSTROPHE: Final = _check(
    "ROS-715",
    "Id that begins with an apostrophe",
    _WARNING,
    '{column} is "{value}". Rollbook reads it without the apostrophe.',
    "Export the column without apostrophes.",
    "In a spreadsheet the sign marks text; as part of an id it names nobody.",
    _EXCEL,
)
DATES_AMBIGUOUS: Final = _check(
    "ROS-716",
    "Dates that can be read in two ways",
    _FATAL,
    'Is "{value}" in {column} written month first or day first? No date in the column decides.',
    "Say which it is in the mapping, or write dates as YYYY-MM-DD.",
    "The order is decided by the whole column, and never guessed.",
    _EXCEL,
)
DATES_CONTRADICT: Final = _check(
    "ROS-717",
    "Dates in two orders",
    _FATAL,
    'Some dates in {column} can only be month first and some only day first, as "{value}".',
    "Write all dates of the column in one order, best as YYYY-MM-DD.",
    "Where two orders are mixed, many dates can be read in both.",
    _EXCEL,
)
OTHER_SEPARATOR: Final = _check(
    "ROS-718",
    "Cells separated by another sign",
    _INFO,
    "The cells of {file} are taken to be separated by {value}.",
    "Nothing need be done if the columns look right.",
    "The sign is told from the header, so it is said.",
)
NO_TERM: Final = _check(
    "ROS-719",
    "Classes without a term",
    _WARNING,
    "No row of {file} says in which term its class is, so classes last the school year.",
    "Add the term and its dates, or say the school year in the mapping.",
    "When the term is over, its classes end; a class without one stays until the year is over.",
)
CLASS_IN_TWO_PLACES: Final = _check(
    "ROS-720",
    "Rows of one class that disagree",
    _WARNING,
    '{column} of class "{value}" differs from that on line {first}, which counts.',
    "Correct the rows, or give each class an id of its own.",
    "The first row of a class says what it is.",
)
DAMAGED_CELL: Final = _check(
    "ROS-721",
    "Damaged cell is left out",
    _WARNING,
    '{column} is "{value}", which a spreadsheet has damaged. Rollbook leaves the cell empty.',
    "Format the column as text, restore the values and export again.",
    "The record is good without it; the value is not in the file.",
    _EXCEL,
)

COLUMN_TWICE: Final = _check(
    "ROS-722",
    "Column that is read is there twice",
    _FATAL,
    'The header has "{value}" more than once.',
    "Remove or rename one of the two columns.",
    "Rollbook will not choose which of the two counts.",
)
NO_ROWS_CAME: Final = _check(
    "ROS-723",
    "File without rows",
    _FATAL,
    "{file} has a header and no rows.",
    "Send the rows; leave a file out that is not needed.",
    "A file without rows never means that everyone left.",
)
UNKNOWN_WORD: Final = _check(
    "ROS-724",
    "Word that is left out",
    _WARNING,
    '{column} is "{value}", which is no word that Rollbook knows there. It leaves the cell empty.',
    "Use one of the words of the layout, or empty the cell.",
    "The record is good without it; what is left out is said, so that nothing is lost in silence.",
    _LAYOUT,
)
DAY_FIRST: Final = _check(
    "ROS-725",
    "Dates read day first",
    _WARNING,
    'The dates of {file} are read day first, though the layout writes months first: "{value}" '
    "({place}) can be read in no other order.",
    "Write dates month first, or best as YYYY-MM-DD.",
    "The order is decided by all the dates of a file, and said where it is not the layout's.",
    _LAYOUT,
)

CONVERSION_CHECKS: Final = (
    FILE_MISSING,
    COLUMN_MISSING,
    COLUMN_SPELLED,
    NOT_READ,
    REPEATED_PERSON,
    FILE_TWICE,
    NO_MAPPING,
    MAPPED_COLUMN_GONE,
    NEEDED_FIELD_UNFED,
    SCIENTIFIC,
    LOST_ZEROS,
    HASHES,
    BECAME_A_DATE,
    FORMULA_TEXT,
    APOSTROPHE,
    DATES_AMBIGUOUS,
    DATES_CONTRADICT,
    OTHER_SEPARATOR,
    NO_TERM,
    CLASS_IN_TWO_PLACES,
    DAMAGED_CELL,
    COLUMN_TWICE,
    NO_ROWS_CAME,
    UNKNOWN_WORD,
    DAY_FIRST,
)
