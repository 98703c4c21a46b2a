"""ROS-201 to ROS-212: what can be wrong with a file's header, and its columns put in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import polars as pl

from rollbook.files.checks import CSV_DUPLICATE_COLUMN, CSV_UNNAMED_COLUMN, CSV_WITHOUT_ROWS
from rollbook.files.csv import CsvTable
from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.layouts import FileLayout
from rollbook.shared.findings import Severity

_BINDING: Final = "OneRoster CSV binding, header row"
_ERROR, _WARNING = Severity.ERROR, Severity.WARNING


def _header_check(  # noqa: PLR0917 # a table of checks reads best by position
    code: str, name: str, says: str, fix: str, why: str, lenient: Severity | None = _WARNING
) -> RosterCheck:
    return RosterCheck(code, name, _ERROR, says, fix, why, _BINDING, lenient)


OTHER_SEPARATOR: Final = _header_check(
    "ROS-201",
    "Cells separated by something else than commas",
    "The cells of {file} are separated by {separator}, not by commas, so it cannot be used.",
    "Export the file with commas between the cells.",
    "Spreadsheets in many countries write semicolons; names and lists hold commas of their own.",
    None,
)
NO_ROWS: Final = _header_check(
    "ROS-202",
    "File without records",
    "{file} has a header and no rows. A lenient reading takes it as if it had not come.",
    "Send the rows, or declare the file absent and leave it out.",
    "A bulk file without rows would mean that everything is gone.",
)
REQUIRED_COLUMN: Final = _header_check(
    "ROS-203",
    "Required column is missing",
    "The header lacks {column}, which every row needs, so no row can be used: {count}.",
    "Add the column {column}.",
    "Without it no record of the file can be told apart or placed.",
    None,
)
OPTIONAL_COLUMN: Final = _header_check(
    "ROS-204",
    "Optional column is missing",
    "The header lacks {column}. A lenient reading takes it as empty.",
    "Add the column {column}; its cells may be empty.",
    "The standard wants every column of the file, also the ones that may be empty.",
)
COLUMN_ORDER: Final = _header_check(
    "ROS-205",
    "Columns in another order",
    "The columns are not in the standard's order: {value} comes too early or too late.",
    "Put the columns in this order: {wanted}.",
    "Readers that go by position put the values under the wrong names.",
)
COLUMN_CASE: Final = _header_check(
    "ROS-206",
    "Column name in another spelling",
    '"{value}" is read as {column}.',
    "Write {column}.",
    "Names are case sensitive, and spreadsheets leave spaces and invisible characters in them.",
)
UNKNOWN_COLUMN: Final = _header_check(
    "ROS-207",
    "Column that the standard does not know",
    '"{value}" is no column of {file}. Rollbook does not read it.',
    "Name it metadata.{value} and put it after the others, or remove it.",
    "Only columns named metadata.* may be added.",
)
METADATA_FIRST: Final = _header_check(
    "ROS-208",
    "Added column before the standard's",
    '"{value}" stands before a column of the standard.',
    "Move metadata columns after all the others.",
    "Added columns must come after the standard's.",
)
REPEATED_COLUMN: Final = RosterCheck(
    code="ROS-209",
    name="Column repeated word for word",
    severity=_WARNING,
    says='The header has "{value}" more than once, with the same cells. Rollbook reads it once.',
    fix="Remove one of the two columns.",
    why="Exports that join tables repeat columns; a true copy says nothing new.",
    is_repair=True,
)

HEADER_CHECKS: Final = (
    OTHER_SEPARATOR,
    NO_ROWS,
    REQUIRED_COLUMN,
    OPTIONAL_COLUMN,
    COLUMN_ORDER,
    COLUMN_CASE,
    UNKNOWN_COLUMN,
    METADATA_FIRST,
    REPEATED_COLUMN,
)

_METADATA: Final = re.compile(r"metadata\.\s*\S.*")
_UNSEEN: Final = re.compile(r"[^0-9a-z.]")  # also byte order marks and zero-width spaces


def judge_header(table: CsvTable, layout: FileLayout, ledger: Ledger) -> pl.DataFrame | None:
    """Find what is wrong with a header, and return the file with the layout's columns in order.

    Shape: `_line`, then every column of the layout; a missing one is null. None when the file
           cannot be used.
    """
    if (separator := _other_separator(table.header)) is not None:
        ledger.add(OTHER_SEPARATOR, file=layout.name, line=1, separator=separator)
        return None
    is_clear = _note_doubles(table, layout, ledger)
    places = _places(table, layout, ledger)
    _note_strangers(table, layout, places, ledger)
    _note_order(table, layout, places, ledger)
    is_whole = _note_missing(table, layout, places, ledger)
    frame = table.frame
    if not is_whole or not is_clear or frame.is_empty():
        has_none = frame.is_empty() and not table.left_out
        if has_none and table.header and not table.findings.is_fatal:
            ledger.add(NO_ROWS, file=layout.name, line=1)
        return None
    missing = pl.lit(None, pl.String)
    return frame.select(
        "_line",
        *(
            (pl.nth(places[name] + 1) if name in places else missing).alias(name)
            for name in layout.header
        ),
    )


# Which cells of people each optional column of users fills, where the layout may lack it.
_CELLS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "middleName": ("students.middle_name", "staff.middle_name"),
    "identifier": ("students.local_id", "staff.local_id"),
    "email": ("students.email", "staff.email"),
    "preferredGivenName": ("students.preferred_first_name",),
    "agentSourcedIds": ("students.counselor",),
}


def unsaid_cells(table: CsvTable, layout: FileLayout) -> frozenset[str]:
    """Name the cells of people for which a file of users has no column, as `students.email`."""
    if layout.name != "users" or not table.header:
        return frozenset()
    said = {_folded(name) for name in table.header}
    missing = [cells for name, cells in _CELLS_OF.items() if _folded(name) not in said]
    return frozenset(cell for cells in missing for cell in cells)


def _other_separator(header: tuple[str, ...]) -> str | None:
    if len(header) != 1 or "sourcedid" not in header[0].lower():
        return None
    signs = {";": "semicolons", "\t": "tabs", "|": "bars"}
    return next((word for sign, word in signs.items() if sign in header[0]), None)


def _folded(name: str) -> str:
    return _UNSEEN.sub("", name.lower())


def _places(table: CsvTable, layout: FileLayout, ledger: Ledger) -> dict[str, int]:
    """Find where each column of the layout stands, by its name or by one that looks like it."""
    places = {name: table.header.index(name) for name in layout.header if name in table.header}
    by_folded = {_folded(name): name for name in layout.header if name not in places}
    for place, said in enumerate(table.header):
        name = by_folded.get(_folded(said))
        if name is None or name in places or said in layout.header:
            continue
        places[name] = place
        ledger.add(COLUMN_CASE, file=layout.name, line=1, column=name, value=said)
    return places


def _note_doubles(table: CsvTable, layout: FileLayout, ledger: Ledger) -> bool:
    """Say of a column that occurs twice whether the two agree; False when one that counts does not.

    Nobody can tell which of two different cells is the record's, so then none of them is used.
    """
    names = table.frame.columns[1:]
    is_clear = True
    for finding in table.findings:
        if finding.code != CSV_DUPLICATE_COLUMN.code:
            continue
        copies = [names[at] for at, said in enumerate(table.header) if said == finding.value]
        first = table.frame[copies[0]]
        is_copy = all(first.equals(table.frame[name], null_equal=True) for name in copies[1:])
        if is_copy and ledger.looks_for(REPEATED_COLUMN):
            where = {"line": 1, "column": finding.value, "value": finding.value}
            ledger.add(REPEATED_COLUMN, file=layout.name, **where)  # type: ignore[arg-type] # their types hide in a mapping
        else:
            ledger.take(finding, file=layout.name)
            is_clear = is_clear and (is_copy or layout.find(str(finding.value)) is None)
    return is_clear


def _note_strangers(
    table: CsvTable, layout: FileLayout, places: dict[str, int], ledger: Ledger
) -> None:
    latest = max(places.values(), default=-1)
    taken = set(places.values())
    for place, said in enumerate(table.header):
        if place in taken or said in layout.header or not said.strip():
            continue
        where = {"line": 1, "column": said, "value": said}
        if not _METADATA.fullmatch(said):
            ledger.add(UNKNOWN_COLUMN, file=layout.name, **where)  # type: ignore[arg-type] # their types hide in a mapping
        elif place < latest:
            ledger.add(METADATA_FIRST, file=layout.name, **where)  # type: ignore[arg-type] # their types hide in a mapping


def _note_order(
    table: CsvTable, layout: FileLayout, places: dict[str, int], ledger: Ledger
) -> None:
    wanted = [name for name in layout.header if name in places]
    found = sorted(wanted, key=lambda name: places[name])
    if wanted == found:
        return
    first = next(said for said, name in zip(found, wanted, strict=True) if said != name)
    ledger.add(
        COLUMN_ORDER,
        file=layout.name,
        line=1,
        column=first,
        value=first,
        wanted=", ".join(layout.header),
    )


def _note_missing(
    table: CsvTable, layout: FileLayout, places: dict[str, int], ledger: Ledger
) -> bool:
    """Note the columns that are missing; tell whether the file can be used without them."""
    is_whole = bool(table.header)
    for column in layout.columns:
        if column.name in places or not table.header:
            continue
        check = REQUIRED_COLUMN if column.required else OPTIONAL_COLUMN
        height = table.frame.height
        weight = max(1, height) if column.required else 1
        ledger.add(check, file=layout.name, line=1, column=column.name, weight=weight, count=height)
        is_whole = is_whole and not column.required
    return is_whole


# These findings of reading are said again above, with what they mean for a roster.
SAID_HERE: Final = frozenset({CSV_DUPLICATE_COLUMN.code, CSV_WITHOUT_ROWS.code})
# What reading only warns of, and the standard forbids.
STRICTER: Final = frozenset({CSV_UNNAMED_COLUMN.code})
