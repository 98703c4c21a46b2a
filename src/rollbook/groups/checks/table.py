"""Find the six columns of a group file, whatever their order, and every row under them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from rollbook.files.checks import (
    CSV_DUPLICATE_COLUMN,
    CSV_RAGGED_ROW,
    CSV_UNNAMED_COLUMN,
    CSV_WITHOUT_ROWS,
)
from rollbook.files.csv import CsvTable
from rollbook.files.csv_separators import COMMA, SEPARATORS, read_separated, told_separator
from rollbook.files.csv_signs import Sign
from rollbook.groups.checks.bytes_in import Body, body_of
from rollbook.groups.checks.catalogue import (
    BLANK_CELLS,
    COLUMN_TWICE,
    COLUMNS_MISSING,
    FEWER_CELLS,
    MORE_CELLS,
    MORE_COLUMNS,
    NOTHING,
    OTHER_NAMES,
    OTHER_ORDER,
    OTHER_SEPARATOR,
    PADDED_CELLS,
    ROWS_OF_COMMAS,
)
from rollbook.groups.checks.ledger import LINE, Ledger
from rollbook.groups.layouts import GROUP_FILE
from rollbook.shared.findings import Severity

TEXT_SCHEMA = pl.Schema({LINE: pl.UInt32()} | dict.fromkeys(GROUP_FILE, pl.String()))
_COUNTED = pl.Schema({LINE: pl.UInt32(), "found": pl.UInt32()})
# What is told here with words of group files.
_TOLD_HERE = frozenset(
    check.code
    for check in (CSV_DUPLICATE_COLUMN, CSV_RAGGED_ROW, CSV_UNNAMED_COLUMN, CSV_WITHOUT_ROWS)
)


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Hold the rows of a group file as text, trimmed, empty cells null, before they are judged.

    Shape: `rows` and `broken` have `line` and the six columns; `broken` are rows that could not
           be taken apart. `signs` are the kinds of damage that the bytes hint at.
    """

    rows: pl.DataFrame
    broken: pl.DataFrame
    signs: frozenset[Sign]


def read_table(content: bytes, ledger: Ledger) -> GroupTable | None:
    """Read the rows of a group file; None when it cannot be read, which is told."""
    body = body_of(content, ledger)
    if body is None:
        return None
    if not body.content:
        ledger.add(NOTHING)
        return None
    separator = told_separator(body.content)
    table = read_separated(body.content, name=ledger.file, separator=separator)
    ledger.take_over(table.findings, lines_before=body.lines_before, without=_TOLD_HERE)
    if table.findings.is_fatal:
        return None
    if separator != COMMA:
        ledger.add(OTHER_SEPARATOR, value=SEPARATORS[separator])
        ledger.repaired("separator")
    places = _places(table.header, body.lines_before + 1, ledger)
    if places is None:
        return None
    loose = _LooseRows(table, places, body, separator, ledger)
    columns = table.frame.columns
    named = zip(GROUP_FILE, places, strict=True)
    rows = table.frame.select(
        (pl.col("_line") + body.lines_before).cast(pl.UInt32).alias(LINE),
        *(table.frame[columns[place + 1]].alias(name) for name, place in named),
    )
    rows = loose.mended_into(rows)
    rows = _without_rows_of_commas(_trimmed(rows, ledger), ledger)
    broken = _trimmed(loose.broken(), Ledger(ledger.file))
    if not rows.height and not broken.height:
        ledger.add(NOTHING)
        return None
    return GroupTable(rows, broken, table.signs)


def _places(header: tuple[str, ...], line: int, ledger: Ledger) -> list[int] | None:
    """Return where each of the six columns is; None where one is not there just once."""
    names = [cell.strip().lower() for cell in header]
    missing = [name for name in GROUP_FILE if name not in names]
    if missing:
        ledger.add(COLUMNS_MISSING, line=line, missing=", ".join(missing))
        return None
    twice = [name for name in GROUP_FILE if names.count(name) > 1]
    for name in twice:
        ledger.add(COLUMN_TWICE, line=line, value=name)
    if twice:
        return None
    places = [names.index(name) for name in GROUP_FILE]
    _tell_of_header(header, places, line, ledger)
    return places


def _tell_of_header(header: tuple[str, ...], places: list[int], line: int, ledger: Ledger) -> None:
    if places != list(range(len(GROUP_FILE))):
        ledger.add(OTHER_ORDER, line=line)
        ledger.repaired("header")
    for name, place in zip(GROUP_FILE, places, strict=True):
        cell = header[place]
        if cell != name:
            heavily = Severity.WARNING if cell.strip() != cell else None
            ledger.add(OTHER_NAMES, line=line, column=name, value=cell, severity=heavily)
            ledger.repaired("header")
    others = [
        cell.strip() or f"column {place + 1}"
        for place, cell in enumerate(header)
        if place not in places
    ]
    if others:
        ledger.add(MORE_COLUMNS, line=line, value=", ".join(others), weight=len(others))


@dataclass
class _LooseRows:
    """Read again, one by one, the rows that do not fit the header or have odd quotes."""

    table: CsvTable
    places: list[int]
    body: Body
    separator: str
    ledger: Ledger
    lost: list[tuple[int, list[str | None]]] = field(
        default_factory=list[tuple[int, list[str | None]]]
    )

    def mended_into(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with those that only have too few cells, or blank ones too many."""
        if not self.table.left_out:
            return rows
        mended: list[tuple[int, list[str | None]]] = []
        longer: list[int] = []
        fewer: list[tuple[int, int]] = []
        more: list[tuple[int, int]] = []
        width = len(self.table.header)
        for code, line, record in self._records():
            cells = [record[place] if place < len(record) else None for place in self.places]
            if code != CSV_RAGGED_ROW.code:
                self.lost.append((line, cells))
            elif any(cell.strip() for cell in record[width:]):
                self.lost.append((line, cells))
                more.append((line, len(record)))
            else:
                mended.append((line, cells))
                longer += [line] * (len(record) > width)
                if None in cells and any(cell.strip() for cell in record):
                    fewer.append((line, len(record)))
        self._tell(sorted(longer), fewer, more)
        return pl.concat([rows, _frame(mended)]).sort(LINE) if mended else rows

    def _tell(
        self, longer: list[int], fewer: list[tuple[int, int]], more: list[tuple[int, int]]
    ) -> None:
        if longer:
            value = _counted(len(longer), "row")
            self.ledger.add(BLANK_CELLS, line=longer[0], value=value, weight=len(longer))
            self.ledger.repaired("long_rows", len(longer))
        self.ledger.repaired("short_rows", len(fewer))
        for check, rows in ((FEWER_CELLS, fewer), (MORE_CELLS, more)):
            told = pl.DataFrame(rows, _COUNTED, orient="row")
            self.ledger.add_rows(check, told, expected=len(self.table.header))

    def broken(self) -> pl.DataFrame:
        """Return the rows that cannot be taken apart, as well as they can be read."""
        return _frame(sorted(self.lost, key=lambda row: row[0]))

    def _records(self) -> Iterator[tuple[str, int, list[str]]]:
        """Yield each row that was left out: why, where, and its cells."""
        lines = self.body.content.split(b"\n")
        for code, places in self.table.left_out.items():
            for line in places.to_list():
                yield code, line + self.body.lines_before, self._record_at(lines, line - 1)

    def _record_at(self, lines: list[bytes], place: int) -> list[str]:
        line = lines[place].decode()
        if '"' not in line:
            return line.rstrip("\r").split(self.separator)
        rest = (lines[at].decode() + "\n" for at in range(place, len(lines)))
        try:
            return next(csv.reader(rest, delimiter=self.separator))
        except (csv.Error, StopIteration):
            return line.split(self.separator)


def _frame(rows: Sequence[tuple[int, list[str | None]]]) -> pl.DataFrame:
    return pl.DataFrame([(line, *cells) for line, cells in rows], TEXT_SCHEMA, orient="row")


def _trimmed(rows: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """Take the blanks off every cell, and say of each column where there were any."""
    cells = pl.col(*GROUP_FILE)
    trimmed = rows.with_columns(cells.str.strip_chars())
    for name in GROUP_FILE:
        padded = rows[name].str.len_bytes() != trimmed[name].str.len_bytes()
        if not padded.any():
            continue
        # A cell of blanks alone is an empty one: that is not worth a word.
        told = rows.filter(padded & (trimmed[name] != "")).select(LINE, value=name)
        if told.height:
            line, value = told.row(0)
            others = told.height - 1
            more = f"and around {others:,} cells below it" if others else "here only"
            ledger.add(
                PADDED_CELLS, line=line, column=name, value=value, more=more, weight=told.height
            )
            ledger.repaired("padded_cells", told.height)
    return trimmed.with_columns(pl.when(cells != "").then(cells))


def _without_rows_of_commas(rows: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    blank = rows.select(pl.all_horizontal(pl.col(*GROUP_FILE).is_null())).to_series()
    count = int(blank.sum())
    if not count:
        return rows
    line = int(rows[LINE].filter(blank)[0])
    ledger.add(ROWS_OF_COMMAS, line=line, value=_counted(count, "row") + " of commas", weight=count)
    ledger.repaired("rows_of_commas", count)
    return rows.filter(~blank)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
