"""Read a sheet of an XLSX workbook as text, within declared limits."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from rollbook.files.checks import CSV_DUPLICATE_COLUMN, CSV_TOO_MANY_COLUMNS, CSV_UNNAMED_COLUMN
from rollbook.files.csv import CsvTable
from rollbook.files.limits import DEFAULT, MIB, Limits
from rollbook.files.zip import EntryCannotBeRead, open_zip
from rollbook.shared.findings import Check, FindingReport, Severity

_LAYOUT: Final = "ECMA-376, Office Open XML"
# A workbook is read into memory whole, cell by cell, so it is held tighter than a CSV file.
XLSX_LIMITS: Final = replace(
    DEFAULT, max_bytes=200 * MIB, max_unpacked_bytes=1024 * MIB, max_cells=30_000_000
)

XLSX_DAMAGED: Final = Check(
    "FIL-401",
    "workbook cannot be read",
    Severity.FATAL,
    "{file} is no XLSX workbook that Rollbook can read: {what}.",
    "Save it again as an Excel workbook (.xlsx) without a password, or as CSV UTF-8.",
    "Only what can be read whole is used.",
    _LAYOUT,
)
XLSX_TOO_LARGE: Final = Check(
    "FIL-402",
    "workbook is too large",
    Severity.FATAL,
    "{file} is larger than Rollbook reads: {what}.",
    "Save the sheet as CSV UTF-8 and send that.",
    "A workbook takes far more memory than the same rows as CSV.",
    _LAYOUT,
)
XLSX_EMPTY: Final = Check(
    "FIL-403",
    "workbook has no filled sheet",
    Severity.FATAL,
    "{file} has no sheet with a header row.",
    "Put the column names on the first filled line of a sheet.",
    "An empty workbook never means that everyone left.",
    _LAYOUT,
)
XLSX_NO_SHEET: Final = Check(
    "FIL-404",
    "sheet is not in the workbook",
    Severity.FATAL,
    '{file} has no sheet "{value}".',
    "Name the sheet so again, or choose another one.",
    "Another sheet may hold other people.",
    _LAYOUT,
)
XLSX_OTHER_SHEETS: Final = Check(
    "FIL-405",
    "workbook has further sheets",
    Severity.INFO,
    'Rollbook reads the sheet "{value}" of {file} and no other.',
    "Choose another sheet if this is not the one.",
    "What is not read is said.",
    _LAYOUT,
)
XLSX_CHECKS: Final = (
    XLSX_DAMAGED,
    XLSX_TOO_LARGE,
    XLSX_EMPTY,
    XLSX_NO_SHEET,
    XLSX_OTHER_SHEETS,
)
# Where a row or a cell says that it is: r="7", r="BC7". All that is looked at is bounded: no text
# makes it slow.
_REFERENCE: Final = re.compile(rb"""\br\s{0,9}=\s{0,9}["']([A-Za-z]{0,7})([0-9]{1,10})["']""")
# The same where something is in the cell: one that ends right there is a format.
_FILLED: Final = re.compile(
    _REFERENCE.pattern + rb"""(?![^<>"']{0,20}(?:"[^"]{0,20}"[^<>"']{0,20}){0,5}/>)"""
)
# As nearly every program writes it, found in a third of the time; not where one of these occurs.
_PLAIN: Final = re.compile(rb"""r="([A-Za-z]{0,7})([0-9]{1,10})\"""")
_ODD: Final = (b"r='", b"r ", b"r\t", b"r\n", b"r\r", b"r= ", b"r=\t", b"r=\n", b"r=\r")
_LOOKED_AT: Final = 16 * MIB
_LONGEST_REFERENCE: Final = 64
# The library would open these as well, whatever they are called.
_OTHER_KINDS: Final = frozenset({"xl/workbook.bin", "content.xml"})


class _Refused(Exception):
    """Carry the finding that ends the reading."""

    def __init__(self, check: Check, *, value: str | None = None, what: str = "") -> None:
        super().__init__(check.code)
        self.check = check
        self.value = value
        self.what = what


def read_xlsx(
    source: bytes | Path, *, name: str, sheet: str = "", limits: Limits = XLSX_LIMITS
) -> CsvTable:
    """Read a sheet as text; what cannot be read becomes a finding.

    Shape:  as `read_csv` gives it: `_line` is the line that a spreadsheet shows, the header is
            the first line with cells. Whole numbers have no point, days are YYYY-MM-DD. Lines
            without cells are left out. Without a `sheet` the first visible one with cells.
    Raises: OSError when a path cannot be read.
    """
    findings = FindingReport()
    try:
        rows, first_line = _rows(source, name, sheet, limits, findings)
        table = _table(name, rows, first_line, findings, limits)
    except _Refused as refused:
        findings.add(refused.check.finding(file=name, value=refused.value, what=refused.what))
        table = CsvTable(name, (), pl.DataFrame(schema={"_line": pl.UInt32}), findings)
    if findings.is_fatal:
        return replace(table, frame=table.frame.clear(), encoding="xlsx")
    return replace(table, encoding="xlsx")


def sheets_of(source: bytes | Path, *, limits: Limits = XLSX_LIMITS) -> tuple[str, ...]:
    """Return the names of the visible sheets of a workbook that can be read, in its order.

    Raises: OSError when a path cannot be read.
    """
    try:
        book = _book(source, "", limits, FindingReport())
    except _Refused:
        return ()
    return tuple(_visible(book)) if book is not None else ()


def _rows(
    source: bytes | Path, name: str, sheet: str, limits: Limits, findings: FindingReport
) -> tuple[list[list[Any]], int]:
    book = _book(source, name, limits, findings)
    if book is None:
        return [], 1
    try:
        chosen = _sheet(book, name, sheet, limits, findings)
        start = chosen.start or (0, 0)
        return chosen.to_python(skip_empty_area=True), start[0] + 1
    except (CalamineError, ValueError, OSError) as error:
        raise _Refused(XLSX_DAMAGED, what="its parts do not fit together") from error


def _book(
    source: bytes | Path, name: str, limits: Limits, findings: FindingReport
) -> CalamineWorkbook | None:
    """Open a workbook; None after a finding about its parts."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size > limits.max_bytes:
        raise _Refused(XLSX_TOO_LARGE, what=f"more than {limits.max_bytes} bytes")
    content = source.read_bytes() if isinstance(source, Path) else source
    if not _is_safe(content, name, limits, findings):
        return None
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError as error:
        raise _Refused(XLSX_DAMAGED, what="it is locked by a password") from error
    except (CalamineError, ValueError, OSError) as error:
        raise _Refused(XLSX_DAMAGED, what="its parts do not fit together") from error


def _is_safe(content: bytes, name: str, limits: Limits, findings: FindingReport) -> bool:
    """Unpack every part once, counting, before a library that does not count does."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _Refused(XLSX_DAMAGED, what="it is an old .xls workbook, or locked by a password")
    contents = open_zip(content, name=name, limits=limits)
    findings.merge(contents.findings)
    if contents.findings.is_fatal:
        return False
    if any(entry.name.lower() in _OTHER_KINDS for entry in contents.entries):
        raise _Refused(XLSX_DAMAGED, what="it is a workbook of another kind")
    try:
        for entry in contents.entries:
            if not entry.is_folder:
                _refuse_too_far(contents.read(entry.name), limits)
    except EntryCannotBeRead as refused:
        findings.add(refused.finding)
        return False
    return True


def _refuse_too_far(part: bytes, limits: Limits) -> None:
    """Refuse a part whose cells lie so far apart that all between them would fill the memory.

    The library makes room for the whole rectangle before it can be asked how large that is: two
    cells in opposite corners of a sheet are enough to end the process.
    """
    reference = _REFERENCE if any(odd in part for odd in _ODD) else _PLAIN
    if _area(part, reference) > limits.max_cells and _area(part, _FILLED) > limits.max_cells:
        raise _Refused(XLSX_TOO_LARGE, what=f"more than {limits.max_cells} cells")


def _area(part: bytes, reference: re.Pattern[bytes]) -> int:
    """Return how many cells the rectangle has that holds all references of a part."""
    columns, rows = set[bytes](), set[bytes]()
    for start in range(0, len(part), _LOOKED_AT):
        end = start + _LOOKED_AT + _LONGEST_REFERENCE
        found = reference.findall(part, start, end)
        columns.update(column for column, _ in found)
        rows.update(row for _, row in found)
    if not rows:
        return 0
    numbers = [int(row) for row in rows]
    height = max(numbers) - min(numbers) + 1
    return height * (max(map(_column_number, columns)) or 1)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheet(
    book: CalamineWorkbook, name: str, wanted: str, limits: Limits, findings: FindingReport
) -> CalamineSheet:
    if wanted and wanted not in book.sheet_names:
        raise _Refused(XLSX_NO_SHEET, value=wanted)
    visible = _visible(book)
    for candidate in [wanted] if wanted else visible:
        sheet = book.get_sheet_by_name(candidate)
        if sheet.height * sheet.width > limits.max_cells:
            raise _Refused(XLSX_TOO_LARGE, what=f"more than {limits.max_cells} cells")
        if sheet.height:
            if len(visible) > 1 and not wanted:
                findings.add(XLSX_OTHER_SHEETS.finding(file=name, value=candidate))
            return sheet
    raise _Refused(XLSX_EMPTY)


def _visible(book: CalamineWorkbook) -> list[str]:
    return [
        meta.name
        for meta in book.sheets_metadata
        if "Visible" in str(meta.visible) and "WorkSheet" in str(meta.typ)
    ]


def _table(
    name: str, rows: list[list[Any]], first_line: int, findings: FindingReport, limits: Limits
) -> CsvTable:
    if not rows:
        if findings.is_fatal:
            return CsvTable(name, (), pl.DataFrame(schema={"_line": pl.UInt32}), findings)
        raise _Refused(XLSX_EMPTY)
    header = tuple(_text(cell) or "" for cell in rows[0])
    if len(header) > limits.max_columns:
        findings.add(CSV_TOO_MANY_COLUMNS.finding(file=name, line=1, most=limits.max_columns))
        return CsvTable(name, (), pl.DataFrame(schema={"_line": pl.UInt32}), findings)
    names = _names(name, header, first_line, findings)
    lines = pl.int_range(first_line + 1, first_line + len(rows), dtype=pl.UInt32, eager=True).alias(
        "_line"
    )
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(header)
    texts = [_column(label, cells) for label, cells in zip(names, columns, strict=True)]
    frame = pl.DataFrame([lines, *texts])
    # By place: a header may look like a pattern of names.
    cells = pl.nth(range(1, len(names) + 1))
    filled = frame.filter(~pl.all_horizontal(cells.is_null())) if names else frame
    return CsvTable(name, header, filled, findings)


def _names(name: str, header: tuple[str, ...], line: int, findings: FindingReport) -> list[str]:
    """Return a different name for each column, as `read_csv` does."""
    names: list[str] = []
    for number, said in enumerate(header, start=1):
        if not said.strip():
            findings.add(CSV_UNNAMED_COLUMN.finding(file=name, line=line, number=number))
        elif header.index(said) + 1 < number:
            findings.add(
                CSV_DUPLICATE_COLUMN.finding(file=name, line=line, column=said, value=said)
            )
        wanted = said if said.strip() else f"column_{number}"
        copy, chosen = 1, wanted
        while chosen in names or chosen == "_line":
            copy += 1
            chosen = f"{wanted}__{copy}"
        names.append(chosen)
    return names


def _column(name: str, cells: Sequence[Any]) -> pl.Series:
    if set(map(type, cells)) <= {str}:
        return pl.Series("", cells, dtype=pl.String).replace("", None).alias(name)
    return pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)


def _text(cell: Any) -> str | None:  # noqa: PLR0911 # one return for each kind of cell
    if isinstance(cell, str):
        return cell or None
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        is_day = cell.time() == time(0)
        return cell.date().isoformat() if is_day else cell.isoformat(sep=" ")
    if isinstance(cell, date | time | timedelta | int):
        return cell.isoformat() if isinstance(cell, date | time) else str(cell)
    return str(cell)
