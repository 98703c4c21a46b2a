"""What can be wrong with a file before anyone asks what it means."""

from __future__ import annotations

from typing import Final

from rollbook.shared.findings import Check, Severity

_ZIP: Final = "PKWARE APPNOTE 6.3.10; reliability reference, “XML, ZIP, formula”"
_CSV: Final = "RFC 4180; reliability reference, “Hostile and mangled CSV”"
_XML: Final = "XML 1.0, fifth edition; reliability reference, “XML, ZIP, formula”"

_FATAL: Final = Severity.FATAL
_ERROR: Final = Severity.ERROR
_WARNING: Final = Severity.WARNING

_UNSAFE_NAME: Final = "A name like this can write outside the folder a package is unpacked into."
_REZIP: Final = "Make the zip again from the files themselves, with the system's own zip program."


def _zip(code: str, name: str, says: str, fix: str, why: str, *, to: Severity = _FATAL) -> Check:
    return Check(code, name, to, says, fix, why, _ZIP)


def _csv(code: str, name: str, says: str, fix: str, why: str, *, to: Severity = _FATAL) -> Check:
    return Check(code, name, to, says, fix, why, _CSV)


def _xml(code: str, name: str, says: str, fix: str, why: str, *, to: Severity = _FATAL) -> Check:
    return Check(code, name, to, says, fix, why, _XML)


# --- ZIP ---------------------------------------------------------------------------------

ZIP_EMPTY: Final = _zip(
    "FIL-101",
    "package is empty",
    "{file} has 0 bytes.",
    "Export it again and check that it has a size before sending.",
    "An upload that stopped at once must never look like a roster without students.",
)
ZIP_NOT_A_ZIP: Final = _zip(
    "FIL-102",
    "not a zip",
    "{file} is not a zip file.",
    "Send a .zip file; renaming another kind of file does not make one.",
    "Only a zip can hold the files of a package.",
)
ZIP_DAMAGED: Final = _zip(
    "FIL-103",
    "zip is damaged",
    "{file} is damaged: {what}.",
    "Send it again; if that does not help, make the zip again.",
    "A package cut short in transfer may lack whole files.",
)
ZIP_WITHOUT_FILES: Final = _zip(
    "FIL-104",
    "zip holds no files",
    "{file} holds no files.",
    "Put the files into the zip and send it again.",
    "An empty package says nothing, least of all that everyone left.",
)
ZIP_TOO_MANY_ENTRIES: Final = _zip(
    "FIL-105",
    "too many files in the zip",
    "{file} says that it holds {found} files; Rollbook reads at most {most}.",
    "Send only the files of this package.",
    "Unpacking a zip of countless files exhausts the server.",
)
ZIP_TOO_LARGE: Final = _zip(
    "FIL-106",
    "zip unpacks to too much",
    "{file} unpacks to more than {most} bytes.",
    "Send the package in parts, or send only the files asked for.",
    "A small zip can unpack to more than a disk holds.",
)
ZIP_RATIO: Final = _zip(
    "FIL-107",
    "zip is packed too tightly",
    "{value} in {file} unpacks to more than {most} times its packed size.",
    "Check what is in {value}: rosters and results pack 5 to 30 times.",
    "Packing this tight is how a zip bomb is made.",
)
ZIP_NESTED: Final = _zip(
    "FIL-108",
    "zip inside the zip",
    "{value} in {file} is itself a package.",
    "Put its files into {file} directly, at the top.",
    "Rollbook does not unpack a package inside a package: each may hold another.",
    to=_ERROR,
)
ZIP_NOT_A_FILE: Final = _zip(
    "FIL-109",
    "zip holds something that is not a file",
    "{value} in {file} is a link or a device, not a file.",
    _REZIP,
    "A link can point at files of the server.",
)
ZIP_CLIMBS: Final = _zip(
    "FIL-110",
    "name climbs out of the zip",
    '{file} holds a file named "{value}", which climbs out of its folder.',
    _REZIP,
    _UNSAFE_NAME,
)
ZIP_BACKSLASH: Final = _zip(
    "FIL-111",
    "name has a backslash",
    '{file} holds a file named "{value}", which has a backslash.',
    _REZIP,
    _UNSAFE_NAME,
)
ZIP_DRIVE: Final = _zip(
    "FIL-112",
    "name has a drive letter",
    '{file} holds a file named "{value}", which names a drive.',
    _REZIP,
    _UNSAFE_NAME,
)
ZIP_CONTROL_CHARACTER: Final = _zip(
    "FIL-113",
    "name has a control character",
    '{file} holds a file named "{value}", which has a control character.',
    _REZIP,
    "Programs disagree on where such a name ends, so two of them see two names.",
)
ZIP_ABSOLUTE: Final = _zip(
    "FIL-114",
    "name is an absolute path",
    '{file} holds a file named "{value}", which is an absolute path.',
    _REZIP,
    _UNSAFE_NAME,
)
ZIP_DUPLICATE: Final = _zip(
    "FIL-115",
    "name occurs twice",
    "{file} holds {value} twice.",
    "Keep one {value}, then make the zip again.",
    "Programs disagree on which of the two counts.",
)
ZIP_CASE_DUPLICATE: Final = _zip(
    "FIL-116",
    "names differ only in case",
    "{file} holds {value} and {other}, which differ only in case.",
    "Keep one of the two, then make the zip again.",
    "On many disks one of them overwrites the other.",
)
ZIP_OVERLAP: Final = _zip(
    "FIL-117",
    "entries overlap",
    "{value} in {file} shares its bytes with another entry.",
    _REZIP,
    "Overlapping entries are how a zip of 10 MB unpacks to terabytes.",
)
ZIP_ENCRYPTED: Final = _zip(
    "FIL-118",
    "entry is encrypted",
    "{value} in {file} is encrypted.",
    "Send the zip without a password; the connection is encrypted already.",
    "Rollbook cannot check what it cannot read.",
)
ZIP_SIZE_LIE: Final = _zip(
    "FIL-119",
    "entry is not as long as the zip says",
    "{value} in {file} is not as long as the zip says ({most} bytes).",
    _REZIP,
    "Who trusts a written size runs out of memory, or loses the end of a file.",
)
ZIP_CHECKSUM: Final = _zip(
    "FIL-120",
    "entry does not match its checksum",
    "{value} in {file} does not match its checksum.",
    "Send the zip again: it was changed on its way.",
    "One changed byte can be another student's id.",
)
ZIP_METHOD: Final = _zip(
    "FIL-121",
    "entry is packed in an uncommon way",
    "{value} in {file} is packed with method {method}; Rollbook reads 0 (stored) and 8 (deflate).",
    _REZIP,
    "Each further method is further code that reads hostile bytes.",
)
ZIP_LONG_NAME: Final = _zip(
    "FIL-122",
    "name is too long",
    '{file} holds a file named "{value}"; names may have {most} characters.',
    "Shorten the name, then make the zip again.",
    "No disk stores such a name.",
)
ZIP_TWO_NAMES: Final = _zip(
    "FIL-123",
    "entry has two names",
    '{file} lists "{value}" but stores it as "{other}".',
    _REZIP,
    "Programs disagree on which of the two names counts.",
)

# --- CSV ---------------------------------------------------------------------------------

CSV_EMPTY: Final = _csv(
    "FIL-201",
    "file is empty",
    "{file} has 0 bytes.",
    "Export it again; a file without records still has its header row.",
    "An empty file never means that everyone left.",
)
CSV_TOO_LARGE: Final = _csv(
    "FIL-202",
    "file is too large",
    "{file} has more than {most} bytes.",
    "Send it in parts.",
    "A file is read into memory whole.",
)
CSV_NUL: Final = _csv(
    "FIL-203",
    "NUL character",
    "This line has a NUL character, which no text has.",
    "Export the file again as CSV UTF-8. A UTF-16 file must start with its byte order mark.",
    "Databases cannot store it, and its presence means that the file is not text.",
)
CSV_NOT_UTF_8: Final = _csv(
    "FIL-204",
    "not UTF-8",
    "A byte here ({byte}) is not UTF-8. In Windows-1252 the cell reads “{value}”.",
    "Export the file as CSV UTF-8. For a roster that stays Windows-1252 there is "
    "`rollbook roster load --encoding windows-1252`.",
    "Guessing the encoding changes people's names.",
)
CSV_UTF_16: Final = _csv(
    "FIL-205",
    "UTF-16 instead of UTF-8",
    "{file} is UTF-16. Rollbook reads it, other systems do not.",
    "Export the file as CSV UTF-8.",
    "Standards for rosters and results ask for UTF-8.",
    to=_WARNING,
)
CSV_NOT_AS_DECLARED: Final = _csv(
    "FIL-206",
    "not in the declared encoding",
    "A byte here ({byte}) is not {encoding}, the encoding declared for {file}.",
    "Declare the encoding the file was written in, or export it as CSV UTF-8.",
    "Reading past it would change people's names.",
)
CSV_WITHOUT_HEADER: Final = _csv(
    "FIL-207",
    "first line is blank",
    "The first line of {file} is blank; the header row belongs there.",
    "Put the column names on line 1.",
    "Cells have meaning only under their column's name.",
)
CSV_TOO_MANY_COLUMNS: Final = _csv(
    "FIL-208",
    "too many columns",
    "The header of {file} has more than {most} columns.",
    "Send only the columns asked for.",
    "No roster or result file is that wide; a damaged one may be.",
)
CSV_DAMAGED_HEADER: Final = _csv(
    "FIL-209",
    "header row is damaged",
    "The header row of {file} cannot be read: {what}.",
    "Write the column names on line 1, with commas between them.",
    "Cells have meaning only under their column's name.",
)
CSV_DUPLICATE_COLUMN: Final = _csv(
    "FIL-210",
    "column occurs twice",
    'The header has "{value}" more than once.',
    "Remove or rename one of the two columns.",
    "Rollbook will not choose which of the two counts.",
    to=_ERROR,
)
CSV_UNNAMED_COLUMN: Final = _csv(
    "FIL-211",
    "column has no name",
    "Column {number} has no name in the header.",
    "Name the column or remove it.",
    "Spreadsheets add such columns when a cell far right was touched.",
    to=_WARNING,
)
CSV_UNCLOSED_QUOTE: Final = _csv(
    "FIL-212",
    "quote is never closed",
    'A cell on this line opens with a quote (") that is never closed.',
    'Close the quote; write a quote inside a cell twice (""). Then send the file again.',
    "Everything after an open quote reads as one cell, so no row after it can be trusted.",
)
CSV_BARE_CR: Final = _csv(
    "FIL-213",
    "carriage return without line feed",
    "This line ends with a carriage return alone.",
    "Save the file with Windows (CRLF) or Unix (LF) line ends.",
    "Programs disagree on whether a line ends there.",
)
CSV_LONG_FIELD: Final = _csv(
    "FIL-214",
    "cell is too long",
    "A cell on this line has more than {most} bytes.",
    "Shorten the cell, or look for a missing comma or quote.",
    "No field of a roster or result is that long; a damaged one may be.",
)
CSV_LONG_LINE: Final = _csv(
    "FIL-215",
    "line is too long",
    "This line has more than {most} bytes.",
    "Look for missing line ends.",
    "No record is that long; a damaged one may be.",
)
CSV_TOO_MANY_CELLS: Final = _csv(
    "FIL-216",
    "too many cells",
    "{file} has more than {most} cells.",
    "Send it in parts.",
    "Each cell takes 16 bytes of memory, however short it is.",
)
CSV_NOT_CSV: Final = _csv(
    "FIL-217",
    "too many rows with stray quotes",
    "{found} rows have quotes in places where CSV has none; reading stopped here.",
    "Export the file again as CSV, with quotes inside a cell written twice.",
    "A file like this was written by other rules, and would be misread.",
)
CSV_RAGGED_ROW: Final = _csv(
    "FIL-218",
    "row is not as wide as its header",
    "This row has {found} cells; the header has {expected}.",
    "Give the row one cell per column; a cell with a comma needs quotes around it.",
    "Cells past a missing or extra comma stand under the wrong column.",
    to=_ERROR,
)
CSV_STRAY_QUOTE: Final = _csv(
    "FIL-219",
    "quote in the middle of a cell",
    'A cell on this row has a quote (") in the middle.',
    'Put quotes around the whole cell and write the quote inside twice: "5\'10"" tall".',
    "Programs disagree on where such a cell ends.",
    to=_ERROR,
)
CSV_LINE_BREAK: Final = _csv(
    "FIL-220",
    "line break inside a cell",
    "A cell on this row has a line break inside.",
    "Put the cell's text on one line.",
    "Systems that read files line by line cut such a row in two.",
    to=_ERROR,
)
CSV_BLANK_LINE: Final = _csv(
    "FIL-221",
    "blank line",
    "This line is blank; Rollbook skips it.",
    "Remove the line.",
    "Some systems stop at a blank line.",
    to=_WARNING,
)
CSV_MIXED_LINE_ENDS: Final = _csv(
    "FIL-222",
    "two kinds of line ends",
    "{file} has {crlf} lines that end with CRLF and {lf} that end with LF.",
    "Save the file with one kind of line end.",
    "Files joined by hand look like this; check that nothing is missing.",
    to=_WARNING,
)
CSV_WITHOUT_ROWS: Final = _csv(
    "FIL-223",
    "no rows under the header",
    "{file} has a header and no rows.",
    "Send the rows, or leave the file out.",
    "A file without rows never means that everyone left.",
    to=_WARNING,
)

# --- XML ---------------------------------------------------------------------------------

XML_EMPTY: Final = _xml(
    "FIL-301",
    "document is empty",
    "{file} has 0 bytes.",
    "Export it again and check that it has a size before sending.",
    "An upload that stopped at once must not pass for a document without results.",
)
XML_TOO_LARGE: Final = _xml(
    "FIL-302",
    "document is too large",
    "{file} has more than {most} bytes.",
    "Send it in parts.",
    "A document is read into memory whole.",
)
XML_DOCTYPE: Final = _xml(
    "FIL-303",
    "document type declaration",
    "{file} has a DOCTYPE, which Rollbook does not read.",
    "Remove the <!DOCTYPE …> declaration.",
    "Declarations can grow a document without bound and fetch files of the server.",
)
XML_ENCODING: Final = _xml(
    "FIL-304",
    "encoding is not read",
    "{file} is written in {value}; Rollbook reads UTF-8, UTF-16, ISO-8859-1 and US-ASCII.",
    "Export the document as UTF-8.",
    "Uncommon encodings hide from checks what the parser then sees.",
)
XML_NOT_WELL_FORMED: Final = _xml(
    "FIL-305",
    "not well-formed XML",
    "At column {at}: {what}.",
    "Correct the document at this place, or export it again.",
    "A parser that repairs a document reads something that nobody wrote.",
)
XML_TRUNCATED: Final = _xml(
    "FIL-306",
    "document ends too early",
    "{file} ends at line {line}, column {at}, inside {value}.",
    "Send the document again: its end is missing.",
    "The records that are missing would look like students without results.",
)
XML_TOO_DEEP: Final = _xml(
    "FIL-307",
    "elements nest too deep",
    "Elements nest more than {most} deep here.",
    "Check what wrote this document.",
    "Deep nesting exhausts the reader's memory.",
)
XML_TOO_MANY_ATTRIBUTES: Final = _xml(
    "FIL-308",
    "too many attributes",
    "An element here has more than {most} attributes.",
    "Check what wrote this document.",
    "No result document is like this; an attack may be.",
)
XML_LONG_TEXT: Final = _xml(
    "FIL-309",
    "text is too long",
    "A text here has more than {most} bytes.",
    "Check what wrote this document.",
    "No result document is like this; an attack may be.",
)
XML_TOO_MANY_ELEMENTS: Final = _xml(
    "FIL-310",
    "too many elements",
    "{file} has more than {most} elements.",
    "Send it in parts.",
    "Each element takes memory, however short it is.",
)
XML_TWO_ENCODINGS: Final = _xml(
    "FIL-311",
    "two encodings",
    "{file} declares {value}, and its bytes are {other}.",
    "Export the document again, as UTF-8.",
    "Two programs would read two different documents.",
)
XML_INCLUSION: Final = _xml(
    "FIL-313",
    "document asks for other files",
    "{file} asks to include or apply another file ({value}).",
    "Send one document that holds everything.",
    "An inclusion can fetch files of the server or of others.",
)


CHECKS: Final[tuple[Check, ...]] = tuple(
    value
    for name, value in sorted(globals().items())
    if isinstance(value, Check) and name.isupper()
)
