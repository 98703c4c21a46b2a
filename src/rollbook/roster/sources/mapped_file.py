"""Read any CSV or XLSX by a mapping: each row a student, with a class or without."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from rollbook.files.csv import CsvTable
from rollbook.roster.checks.conversions import (
    DATES_AMBIGUOUS,
    DATES_CONTRADICT,
    MAPPED_COLUMN_GONE,
    NEEDED_FIELD_UNFED,
    NO_MAPPING,
)
from rollbook.roster.rules.import_fields import DATE_FIELDS, FIELDS, IMPORT_FIELDS, folded_header
from rollbook.roster.rules.mapping import WORDS_OF, ColumnMapping
from rollbook.roster.rules.spellings import DateOrder, date_column, folded, iso_days
from rollbook.roster.sources.converting import LINE, Conversion, placed
from rollbook.roster.sources.damage import ROW_TABLES, without_damage
from rollbook.roster.sources.flat_file import read_flat
from rollbook.roster.sources.flat_tables import add_tables, identified
from rollbook.roster.types import OneRosterBundle


def read_mapped(
    path: Path, mapping: ColumnMapping | None, *, name: str, encoding: str
) -> OneRosterBundle:
    """Read a file by a mapping as a bundle of OneRoster 1.2.

    Shape:  a student's sourcedId is the local id, else the state id; schools, classes, courses and
            teachers get ids made of what names them, the same in every file that names them so.
    Raises: OSError when the path cannot be read.
    """
    conversion = Conversion(name)
    table = read_flat(
        path,
        name=name,
        encoding=encoding,
        separator=mapping.separator if mapping else "",
        sheet=mapping.sheet if mapping else "",
    )
    if mapping is None:
        conversion.take_reading(table)
        conversion.say(NO_MAPPING, file=name)
        return conversion.bundle()
    read = columns_read(table, mapping)
    reads = {folded_header(said) for said in mapping.columns.values()}
    conversion.take_reading(table, *ROW_TABLES, reads=reads)
    _judge(conversion, table, mapping, read)
    if not conversion.findings.is_fatal:
        rows = placed(table, read)
        del table  # its cells are in the rows
        _convert(conversion, rows, mapping, read)
    return conversion.bundle()


def columns_read(table: CsvTable, mapping: ColumnMapping) -> dict[str, str]:
    """Find the columns of a mapping in a file: import field to the column's name in its frame."""
    exact = dict(zip(reversed(table.header), reversed(table.frame.columns[1:]), strict=True))
    by_folded = {folded_header(said): column for said, column in exact.items()}
    found: dict[str, str] = {}
    for field in IMPORT_FIELDS:
        if field.name in mapping.columns:
            said = mapping.columns[field.name]
            column = exact.get(said) or by_folded.get(folded_header(said))
            if column is not None:
                found[field.name] = column
    return found


def normalized(
    rows: pl.DataFrame, mapping: ColumnMapping, orders: Mapping[str, DateOrder | None]
) -> pl.DataFrame:
    """Apply value maps, spellings, date orders and defaults to cells under their import fields."""
    for name in rows.columns:
        if name not in FIELDS:
            continue
        if name in DATE_FIELDS:
            rows = rows.with_columns(iso_days(rows[name], orders.get(name)).alias(name))
            continue
        words = dict(WORDS_OF.get(FIELDS[name].kind, {}))
        words |= {said: word for said, word in mapping.values.get(name, {}).items() if word}
        if words:
            said = folded(pl.col(name)).replace_strict(words, default=None)
            rows = rows.with_columns(pl.coalesce(said, name).alias(name))
    for name, value in mapping.defaults.items():
        if value:
            cell = pl.lit(value) if name not in rows.columns else pl.col(name).fill_null(value)
            rows = rows.with_columns(cell.alias(name))
    return rows


def orders_of(
    rows: pl.DataFrame, mapping: ColumnMapping
) -> tuple[dict[str, DateOrder | None], dict[str, str]]:
    """Decide the order of each column of dates: as the mapping says, else by the whole column.

    A column that decides nothing follows the others of its file, where those agree.
    Shape: the orders by import field, and the fields that a person must decide, each with
           "ambiguous" or "contradictory".
    """
    orders: dict[str, DateOrder | None] = {}
    open_questions: dict[str, str] = {}
    for name in DATE_FIELDS:
        if name not in rows.columns:
            continue
        if name in mapping.date_orders:
            orders[name] = DateOrder(mapping.date_orders[name])
            continue
        found = date_column(rows[name])
        orders[name] = found.order
        if found.is_ambiguous or found.is_contradictory:
            open_questions[name] = "ambiguous" if found.is_ambiguous else "contradictory"
    agreed = {order for order in orders.values() if order in (DateOrder.MDY, DateOrder.DMY)}
    for name in [name for name, kind in open_questions.items() if kind == "ambiguous"]:
        if len(agreed) == 1:
            orders[name] = next(iter(agreed))
            del open_questions[name]
    return orders, open_questions


def _judge(
    conversion: Conversion, table: CsvTable, mapping: ColumnMapping, read: Mapping[str, str]
) -> None:
    """Find what keeps the mapping from being used on this file at all."""
    if conversion.findings.is_fatal:
        return
    for names in mapping.missing:
        label = " or ".join(FIELDS[name].label for name in names)
        conversion.say(NEEDED_FIELD_UNFED, file=table.name, label=label)
    for name, said in mapping.columns.items():
        if name not in read:
            label = FIELDS[name].label
            conversion.say(MAPPED_COLUMN_GONE, file=table.name, line=1, value=said, label=label)


def _convert(
    conversion: Conversion, rows: pl.DataFrame, mapping: ColumnMapping, read: dict[str, str]
) -> None:
    said = {name: mapping.columns[name] for name in read}
    rows = without_damage(conversion, rows, said)
    orders, open_questions = orders_of(rows, mapping)
    for name, kind in open_questions.items():
        check = DATES_AMBIGUOUS if kind == "ambiguous" else DATES_CONTRADICT
        value = (
            rows[name].drop_nulls().filter(rows[name].drop_nulls().str.contains(r"^\d{1,2}[-/.]"))
        )
        conversion.say(check, file=conversion.name, line=1, column=said[name], value=value[0])
    if conversion.findings.is_fatal:
        return
    rows = identified(normalized(rows, mapping, orders))
    add_tables(conversion, rows, said)


def preview(
    table: CsvTable, mapping: ColumnMapping, *, most: int = 10
) -> list[tuple[int, dict[str, tuple[str, str]]]]:
    """Show what a mapping makes of the first rows of a file.

    Shape: for each row its line, and by import field what stood there and what is read.
    """
    read = columns_read(table, mapping)
    before = placed(table, read)
    orders, _ = orders_of(before, mapping)
    rows = without_damage(Conversion(table.name), before, {name: name for name in read})
    after = normalized(rows, mapping, orders)
    names = [field.name for field in IMPORT_FIELDS if field.name in after.columns]
    shown: list[tuple[int, dict[str, tuple[str, str]]]] = []
    for old, new in zip(
        before.head(most).iter_rows(named=True), after.head(most).iter_rows(named=True), strict=True
    ):
        cells = {name: (old.get(name) or "", new[name] or "") for name in names}
        shown.append((int(old[LINE]), cells))
    return shown
