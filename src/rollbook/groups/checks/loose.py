"""Read again, one by one, the rows that do not fit their header or have quotes at odd places."""

from __future__ import annotations

import csv
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
    found = _judged(_found(table, body, separator), places, width)
    longer = found.filter(~pl.col("is_lost") & (pl.col("found") > width))
    if longer.height:
        value = f"{longer.height:,} row" + "s" * (longer.height > 1)
        ledger.add(BLANK_CELLS, line=longer[LINE][0], value=value, weight=longer.height)
        ledger.repaired("long_rows", longer.height)
    for check in (*_LOST, *_MENDED):
        told = found.filter(pl.col("check") == check.code).select(LINE, "found")
        ledger.add_rows(check, told, expected=width)
        ledger.repaired("short_rows", told.height if check is FEWER_CELLS else 0)
    six = (
        pl.col("cells").list.get(place, null_on_oob=True).alias(name)
        for name, place in zip(GROUP_FILE, places, strict=True)
    )
    rows = found.select("is_lost", LINE, *six)
    is_lost = rows["is_lost"]
    return LooseRows(rows.filter(~is_lost).drop("is_lost"), rows.filter(is_lost).drop("is_lost"))


def _judged(found: pl.DataFrame, places: list[int], width: int) -> pl.DataFrame:
    """Say which rows have cells that no column is for, and which lack cells of the six columns."""
    texts = pl.col("cells").list.join("").str.strip_chars()
    over = pl.col("cells").list.slice(width).list.join("").str.strip_chars() != ""
    is_more = ~pl.col("is_lost") & over
    is_fewer = pl.col("cells").list.len() <= max(places)
    return found.sort(LINE).with_columns(
        check=pl.when(is_more)
        .then(pl.lit(MORE_CELLS.code))
        .when(~pl.col("is_lost") & is_fewer & (texts != ""))
        .then(pl.lit(FEWER_CELLS.code))
        .otherwise("check"),
        is_lost=pl.col("is_lost") | is_more,
        found=pl.col("cells").list.len(),
    )


def _found(table: CsvTable, body: Body, separator: str) -> pl.DataFrame:
    """Return the cells of every row that was left out: at once where no quotes are, else singly."""
    lines = body.content.split(b"\n")
    plain: list[tuple[int, str]] = []
    rows: list[tuple[int, str | None, bool, list[str]]] = []
    for code, places in table.left_out.items():
        numbers: list[int] = places.to_list()
        for place in numbers:
            line, text = place + body.lines_before, lines[place - 1]
            if code == CSV_RAGGED_ROW.code and b'"' not in text:
                plain.append((line, text.decode().removesuffix("\r")))
            else:
                rows.append((line, *_read_singly(lines, place - 1, code, separator)))
    at_once = pl.DataFrame(plain, {LINE: pl.UInt32, "text": pl.String}, orient="row").select(
        LINE,
        check=pl.lit(None, pl.String),
        is_lost=pl.lit(value=False),
        cells=pl.col("text").str.split(separator),
    )
    return pl.concat([at_once, pl.DataFrame(rows, _FOUND, orient="row")])


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
