"""Find the six columns of a group file, whatever their order, and every row under them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from rollbook.files.checks import (
    CSV_DUPLICATE_COLUMN,
    CSV_RAGGED_ROW,
    CSV_STRAY_QUOTE,
    CSV_UNNAMED_COLUMN,
    CSV_WITHOUT_ROWS,
)
from rollbook.files.csv_separators import COMMA, SEPARATORS, read_separated, told_separator
from rollbook.files.csv_signs import Sign
from rollbook.groups.checks.bytes_in import body_of
from rollbook.groups.checks.catalogue import (
    COLUMN_TWICE,
    COLUMNS_MISSING,
    MORE_COLUMNS,
    NOTHING,
    OTHER_NAMES,
    OTHER_ORDER,
    OTHER_SEPARATOR,
    PADDED_CELLS,
    ROWS_OF_COMMAS,
    UNSEEN,
)
from rollbook.groups.checks.ledger import LINE, Ledger
from rollbook.groups.checks.loose import read_loose
from rollbook.groups.layouts import GROUP_FILE
from rollbook.shared.findings import Check, Severity

# Joiners mean something in Persian, in the scripts of India, and in pictures made of several.
_UNSEEN = r"[\p{Cc}\p{Cf}&&[^\t\n\r\x{200C}\x{200D}]]"
# An apostrophe that write_csv put before what a spreadsheet would run.
_GUARDED = r"^'([=+\-@\t\r\n\x00＝＋－＠])"
# What is told here with words of group files.
_TOLD_HERE = frozenset(
    check.code
    for check in (
        CSV_DUPLICATE_COLUMN,
        CSV_RAGGED_ROW,
        CSV_STRAY_QUOTE,
        CSV_UNNAMED_COLUMN,
        CSV_WITHOUT_ROWS,
    )
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
    loose = read_loose(table, places, body, separator, ledger)
    columns = table.frame.columns
    named = zip(GROUP_FILE, places, strict=True)
    rows = table.frame.select(
        (pl.col("_line") + body.lines_before).cast(pl.UInt32).alias(LINE),
        *(table.frame[columns[place + 1]].alias(name) for name, place in named),
    )
    if loose.mended.height:
        rows = pl.concat([rows, loose.mended]).sort(LINE) if rows.height else loose.mended
    if Sign.UNSEEN in table.signs:
        rows = _without_unseen(rows, ledger)
    if b"'" in body.content:
        rows = rows.with_columns(pl.col(*GROUP_FILE).str.replace(_GUARDED, "$1"))
    rows = _without_rows_of_commas(_trimmed(rows, ledger), ledger)
    broken = _trimmed(loose.lost, Ledger(ledger.file))
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


def _without_unseen(rows: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """Take out what nobody sees, and say of each column where there was any."""
    seen = rows.with_columns(pl.col(*GROUP_FILE).str.replace_all(_UNSEEN, ""))
    for name in GROUP_FILE:
        changed = rows[name] != seen[name]
        _tell_of_change(
            rows, changed, name, check=UNSEEN, repair="unseen_characters", ledger=ledger
        )
    return seen


def _trimmed(rows: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """Take the blanks off every cell, and say of each column where there were any."""
    cells = pl.col(*GROUP_FILE)
    trimmed = rows.with_columns(cells.str.strip_chars())
    for name in GROUP_FILE:
        padded = rows[name].str.len_bytes() != trimmed[name].str.len_bytes()
        # A cell of blanks alone is an empty one: that is not worth a word.
        worth = padded & (trimmed[name] != "") if padded.any() else padded
        _tell_of_change(rows, worth, name, check=PADDED_CELLS, repair="padded_cells", ledger=ledger)
    return trimmed.with_columns(pl.when(cells != "").then(cells))


def _tell_of_change(
    rows: pl.DataFrame,
    changed: pl.Series,
    column: str,
    *,
    check: Check,
    repair: str,
    ledger: Ledger,
) -> None:
    told = rows.filter(changed).select(LINE, value=column) if changed.any() else rows.clear()
    if told.height:
        line, value = told.row(0)
        others = told.height - 1
        more = f"and in {others:,} cells below it" if others else "here only"
        ledger.add(check, line=line, column=column, value=value, more=more, weight=told.height)
        ledger.repaired(repair, told.height)


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
