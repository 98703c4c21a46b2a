"""Read again, one by one, the rows that do not fit their header or have quotes at odd places."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import polars as pl

from rollbook.files.checks import CSV_RAGGED_ROW, CSV_STRAY_QUOTE
from rollbook.files.csv import CsvTable
from rollbook.files.csv_separators import COMMA
from rollbook.groups.checks.bytes_in import Body
from rollbook.groups.checks.catalogue import BLANK_CELLS, FEWER_CELLS, MORE_CELLS, ODD_QUOTES
from rollbook.groups.checks.ledger import LINE, Ledger
from rollbook.groups.checks.state_records import FileBreaks, records_of
from rollbook.groups.layouts import GROUP_FILE
from rollbook.shared.findings import Check

Cells: TypeAlias = list[str | None]

TEXT_SCHEMA = pl.Schema({LINE: pl.UInt32()} | dict.fromkeys(GROUP_FILE, pl.String()))
_COUNTED = pl.Schema({LINE: pl.UInt32(), "found": pl.UInt32()})


@dataclass
class LooseRows:
    """Hold the rows of a table that were left out of it, and what becomes of them.

    Shape: `places` says where the six columns are; `told` maps the code of a check to lines and
           how many cells they have; `longer` are lines with nothing but blank cells too many.
    """

    table: CsvTable
    places: list[int]
    body: Body
    separator: str
    ledger: Ledger
    lost: list[tuple[int, Cells]] = field(default_factory=list[tuple[int, Cells]])
    longer: list[int] = field(default_factory=list[int])
    told: dict[str, list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list[tuple[int, int]])
    )

    @property
    def width(self) -> int:
        """Say how many columns the header has."""
        return len(self.table.header)

    def mended_into(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with those that can be meant in one way only; tell of all."""
        if not self.table.left_out:
            return rows
        mended: list[tuple[int, Cells]] = []
        lines = self.body.content.split(b"\n")
        for code, places in self.table.left_out.items():
            for place in places.to_list():
                line = place + self.body.lines_before
                record = self._judged(code, line, _record_at(lines, place - 1, self.separator))
                if record is not None:
                    mended.append((line, self._six(record)))
        self._tell()
        return pl.concat([rows, _frame(mended)]).sort(LINE) if mended else rows

    def broken(self) -> pl.DataFrame:
        """Return the rows that cannot be taken apart, as well as they can be read."""
        return _frame(sorted(self.lost, key=lambda row: row[0]))

    def _judged(self, code: str, line: int, found: _Found) -> list[str] | None:
        """Return the cells of a row that can be used; None when it is lost."""
        if code == CSV_STRAY_QUOTE.code:
            if found.as_the_state is None:
                return self._lose(line, found.record, CSV_STRAY_QUOTE)
            found = replace(found, record=found.as_the_state)
            self.told[ODD_QUOTES.code].append((line, len(found.record)))
        elif code != CSV_RAGGED_ROW.code:
            return self._lose(line, found.record)  # told where the file was read
        record = found.record
        if any(cell.strip() for cell in record[self.width :]):
            return self._lose(line, record, MORE_CELLS)
        if len(record) > self.width:
            self.longer.append(line)
        is_short = len(record) <= max(self.places) and len(record) < self.width
        if is_short and any(cell.strip() for cell in record):
            self.told[FEWER_CELLS.code].append((line, len(record)))
        return record

    def _lose(self, line: int, record: list[str], check: Check | None = None) -> None:
        self.lost.append((line, self._six(record)))
        if check is not None:
            self.told[check.code].append((line, len(record)))

    def _six(self, record: list[str]) -> Cells:
        return [record[place] if place < len(record) else None for place in self.places]

    def _tell(self) -> None:
        if longer := sorted(self.longer):
            value = f"{len(longer):,} row" + "s" * (len(longer) > 1)
            self.ledger.add(BLANK_CELLS, line=longer[0], value=value, weight=len(longer))
            self.ledger.repaired("long_rows", len(longer))
        self.ledger.repaired("short_rows", len(self.told[FEWER_CELLS.code]))
        for check in (CSV_STRAY_QUOTE, MORE_CELLS, FEWER_CELLS, ODD_QUOTES):
            told = pl.DataFrame(sorted(self.told[check.code]), _COUNTED, orient="row")
            self.ledger.add_rows(check, told, expected=self.width)


@dataclass(frozen=True, slots=True)
class _Found:
    """Hold the cells of a row as well as they can be told, and as the state's system has them."""

    record: list[str]
    as_the_state: list[str] | None


def _record_at(lines: list[bytes], place: int, separator: str) -> _Found:
    line = lines[place].decode().removesuffix("\r")
    if '"' not in line:
        record = line.split(separator)
        return _Found(record, record)
    rest = (lines[at].decode() + "\n" for at in range(place, len(lines)))
    try:
        record = next(csv.reader(rest, delimiter=separator))
    except (csv.Error, StopIteration):
        record = line.split(separator)
    return _Found(record, _read_as_the_state(line, separator))


def _read_as_the_state(line: str, separator: str) -> list[str] | None:
    """Cut one line as the state's system would if it had commas; None when that breaks."""
    swap = str.maketrans(f"{separator}{COMMA}", f"{COMMA}{separator}")
    try:
        record = next(records_of(line.translate(swap)), None)
    except FileBreaks:
        return None
    return record and [cell.translate(swap) for cell in record]


def _frame(rows: Sequence[tuple[int, Cells]]) -> pl.DataFrame:
    return pl.DataFrame([(line, *cells) for line, cells in rows], TEXT_SCHEMA, orient="row")
