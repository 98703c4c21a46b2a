"""Read again, one by one, the rows that do not fit their header or have quotes at odd places."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from rollbook.files.checks import CSV_RAGGED_ROW, CSV_STRAY_QUOTE
from rollbook.files.csv import CsvTable
from rollbook.files.csv_separators import COMMA
from rollbook.groups.checks.bytes_in import Body
from rollbook.groups.checks.catalogue import BLANK_CELLS, FEWER_CELLS, MORE_CELLS, ODD_QUOTES
from rollbook.groups.checks.ledger import LINE, Ledger
from rollbook.groups.checks.state_records import FileBreaks, records_of
from rollbook.groups.layouts import GROUP_FILE

TEXT_SCHEMA = pl.Schema({LINE: pl.UInt32()} | dict.fromkeys(GROUP_FILE, pl.String()))
# What becomes of a row: `check` is what is told of it; the cells as well as they can be told.
_FOUND = pl.Schema(
    {LINE: pl.UInt32(), "check": pl.String(), "is_lost": pl.Boolean(), "cells": pl.List(pl.String)}
)
_PIECE = 50_000
_LOST = (CSV_STRAY_QUOTE, MORE_CELLS)
_MENDED = (FEWER_CELLS, ODD_QUOTES)


@dataclass(frozen=True, slots=True)
class LooseRows:
    """Hold the rows of a table that were left out of it: those that can be used, and the others.

    Shape: both have `line` and the six columns as they stand.
    """

    mended: pl.DataFrame
    lost: pl.DataFrame


def read_loose(
    table: CsvTable, places: list[int], body: Body, separator: str, ledger: Ledger
) -> LooseRows:
    """Read the rows that were left out of a table, and tell what is wrong with them.

    Shape: `places` says where the six columns are.
    """
    if not table.left_out:
        return LooseRows(TEXT_SCHEMA.to_frame(), TEXT_SCHEMA.to_frame())
    width = len(table.header)
    pieces = _found(table, body, separator)
    found = pl.concat([_judged(piece, places, width) for piece in pieces])
    found = found if found[LINE].is_sorted() else found.sort(LINE)
    longer = found.filter(~pl.col("is_lost") & (pl.col("found") > width))
    if longer.height:
        value = f"{longer.height:,} row" + "s" * (longer.height > 1)
        ledger.add(BLANK_CELLS, line=longer[LINE][0], value=value, weight=longer.height)
        ledger.repaired("long_rows", longer.height)
    for check in (*_LOST, *_MENDED):
        told = found.filter(pl.col("check") == check.code).select(LINE, "found")
        ledger.add_rows(check, told, expected=width)
        ledger.repaired("short_rows", told.height if check is FEWER_CELLS else 0)
    lost = found.filter("is_lost")
    mended = found.filter(~pl.col("is_lost")) if lost.height else found
    return LooseRows(mended.select(LINE, *GROUP_FILE), lost.select(LINE, *GROUP_FILE))


def _judged(found: pl.DataFrame, places: list[int], width: int) -> pl.DataFrame:
    """Say which rows have cells that no column is for, and which lack cells of the six columns.

    Shape: `found` counts the cells of a row; the six columns have theirs, null where they lack.
    """
    texts = pl.col("cells").list.join("").str.strip_chars()
    over = pl.col("cells").list.slice(width).list.join("").str.strip_chars() != ""
    is_more = ~pl.col("is_lost") & over
    is_fewer = pl.col("cells").list.len() <= max(places)
    six = (
        pl.col("cells").list.get(place, null_on_oob=True).alias(name)
        for name, place in zip(GROUP_FILE, places, strict=True)
    )
    return found.select(
        LINE,
        *six,
        check=pl.when(is_more)
        .then(pl.lit(MORE_CELLS.code))
        .when(~pl.col("is_lost") & is_fewer & (texts != ""))
        .then(pl.lit(FEWER_CELLS.code))
        .otherwise("check"),
        is_lost=pl.col("is_lost") | is_more,
        found=pl.col("cells").list.len(),
    )


def _found(table: CsvTable, body: Body, separator: str) -> Iterator[pl.DataFrame]:
    """Yield the cells of rows that were left out: many at once without quotes, the others singly.

    Cells of rows are a list each, which takes room: so they come in pieces.
    """
    texts = pl.Series([body.content]).cast(pl.String).str.split("\n").explode()
    ragged = table.left_out.get(CSV_RAGGED_ROW.code, pl.Series(dtype=pl.UInt32))
    plain = pl.DataFrame({"place": ragged, "text": texts.gather(ragged - 1)})
    plain = plain.filter(~pl.col("text").str.contains('"', literal=True))
    del texts
    for piece in plain.iter_slices(_PIECE):
        yield piece.select(
            (pl.col("place") + body.lines_before).cast(pl.UInt32).alias(LINE),
            check=pl.lit(None, pl.String),
            is_lost=pl.lit(value=False),
            cells=pl.col("text").str.strip_suffix("\r").str.split(separator),
        )
    at_once = plain["place"].implode()
    singly = [
        (place, code)
        for code, places in table.left_out.items()
        for place in places.filter(~places.is_in(at_once)).to_list()
    ]
    lines = body.content.split(b"\n") if singly else []
    rows = [
        (place + body.lines_before, *_read_singly(lines, place - 1, code, separator))
        for place, code in singly
    ]
    yield pl.DataFrame(rows, _FOUND, orient="row")


def _read_singly(
    lines: list[bytes], place: int, code: str, separator: str
) -> tuple[str | None, bool, list[str]]:
    """Return what is told of a row with quotes, whether it is lost, and its cells."""
    line = lines[place].decode().removesuffix("\r")
    rest = (lines[at].decode() + "\n" for at in range(place, len(lines)))
    try:
        record = next(csv.reader(rest, delimiter=separator))
    except (csv.Error, StopIteration):
        record = line.split(separator)
    if code == CSV_STRAY_QUOTE.code:
        read = _read_as_the_state(line, separator)
        return (code, True, record) if read is None else (ODD_QUOTES.code, False, read)
    return None, code != CSV_RAGGED_ROW.code, record  # a line break was told where it was read


def _read_as_the_state(line: str, separator: str) -> list[str] | None:
    """Cut one line as the state's system would if it had commas; None when that breaks."""
    swap = str.maketrans(f"{separator}{COMMA}", f"{COMMA}{separator}")
    try:
        record = next(records_of(line.translate(swap)), None)
    except FileBreaks:
        return None
    return record and [cell.translate(swap) for cell in record]
