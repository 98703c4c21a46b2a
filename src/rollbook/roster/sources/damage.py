"""Find what spreadsheets do to cells: rounded ids, lost zeros, dates that were none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from rollbook.roster.checks.conversions import (
    APOSTROPHE,
    BECAME_A_DATE,
    DAMAGED_CELL,
    FORMULA_TEXT,
    HASHES,
    LOST_ZEROS,
    SCIENTIFIC,
)
from rollbook.roster.rules.import_fields import FIELDS, FieldKind
from rollbook.roster.sources.converting import FILE, LINE, Conversion
from rollbook.shared.findings import Check

_SCIENTIFIC: Final = r"^\d(\.\d+)?[Ee]\+?\d{1,3}$"
_HASHES: Final = r"^#{2,}$"
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE: Final = rf"^(?:\d{{1,2}}-{_MONTH}|{_MONTH}-\d{{2}})$"
_FORMULA: Final = r'^="([^"]*)"$'
_APOSTROPHE: Final = r"^['’](.+)$"
# Without one of these signs in it no cell of a column is damaged so: quick to look for.
_SIGNS: Final = {
    SCIENTIFIC.code: ["E", "e"],
    HASHES.code: ["##"],
    BECAME_A_DATE.code: ["-"],
    FORMULA_TEXT.code: ['="'],
    APOSTROPHE.code: ["'", "’"],
}
# Ids of one length are taken to have lost zeros when shorter ones are fewer than this share.
_MOST_SHORT_SHARE: Final = 0.2
_FEWEST_IDS: Final = 20
# A zero at the front is one digit in ten; more than this many lost at once is another kind of id.
_MOST_ZEROS: Final = 3
# The tables that a row of the file may belong to: when it cannot be read, it may be anybody's.
ROW_TABLES: Final = ("users", "roles", "demographics", "classes", "enrollments")
# Ids by which a row's student, school, class and teacher are told apart.
_TELLS_APART: Final = frozenset(
    {"ssid", "local_id", "school_number", "class_id", "teacher_id", "district_number"}
)
_KINDS: Final = (FieldKind.ID, FieldKind.GRADE)


def without_damage(
    conversion: Conversion, rows: pl.DataFrame, columns: Mapping[str, str]
) -> pl.DataFrame:
    """Repair what can be repaired, and leave out what cannot be told apart any more.

    Shape: a row is left out where an id is damaged by which its records are known; only its
           student is where that is the state id and there is a sound local one. Other damaged
           cells are emptied with a warning. `columns` are uploaded headers by import field.
    """
    for name, column in columns.items():
        rows = _unwrapped(conversion, rows, name, column)
        for check, pattern in _patterns(name):
            if not rows[name].str.contains_any(_SIGNS[check.code]).any():
                continue
            is_bad = rows[name].str.contains(pattern).fill_null(value=False)
            if is_bad.any():
                rows = _left_out(conversion, rows, is_bad, (check, name, column))
        _note_lost_zeros(conversion, rows, name, column)
    return rows


def _left_out(
    conversion: Conversion, rows: pl.DataFrame, is_bad: pl.Series, what: tuple[Check, str, str]
) -> pl.DataFrame:
    check, name, column = what
    emptied = rows.with_columns(pl.when(~is_bad).then(pl.col(name)).alias(name))
    bad = rows.filter(is_bad).with_columns(value=pl.col(name))
    if name not in _TELLS_APART:
        told = bad.select(FILE, LINE, "value")
        conversion.note_rows(DAMAGED_CELL, "users", told, column=column)
        return emptied
    if name == "ssid" and "local_id" in rows.columns:
        known = bad.filter(pl.col("local_id").is_not_null())
        told = known.select(FILE, LINE, "value", sourcedId="local_id")
        conversion.note_rows(check, "users", told, column=column)
        bad = bad.filter(pl.col("local_id").is_null())
    if bad.is_empty():
        return emptied
    conversion.leave_rows_out(check, bad, *ROW_TABLES, column=column)
    return emptied.join(bad.select(LINE), on=LINE, how="anti", maintain_order="left")


def _patterns(name: str) -> list[tuple[Check, str]]:
    kind = FIELDS[name].kind
    patterns = [(HASHES, _HASHES)]
    if kind in _KINDS:
        patterns.append((BECAME_A_DATE, _DATE))
    if kind is FieldKind.ID:
        patterns.append((SCIENTIFIC, _SCIENTIFIC))
    return patterns


def _unwrapped(conversion: Conversion, rows: pl.DataFrame, name: str, column: str) -> pl.DataFrame:
    """Read ="00123" and '00123 as 00123."""
    shapes = [(FORMULA_TEXT, _FORMULA)]
    if FIELDS[name].kind is FieldKind.ID:
        shapes.append((APOSTROPHE, _APOSTROPHE))
    for check, pattern in shapes:
        if not rows[name].str.contains_any(_SIGNS[check.code]).any():
            continue
        inside = rows[name].str.extract(pattern, 1)
        if inside.null_count() == rows.height:
            continue
        odd = rows.filter(inside.is_not_null()).select(FILE, LINE, value=pl.col(name))
        conversion.note_rows(check, "users", odd, column=column)
        filled = pl.Series(name, inside).replace("", None)
        cells = pl.when(inside.is_not_null()).then(filled).otherwise(pl.col(name))
        rows = rows.with_columns(cells.alias(name))
    return rows


def _note_lost_zeros(conversion: Conversion, rows: pl.DataFrame, name: str, column: str) -> None:
    """Look at the lengths of all the different ids of a column."""
    if FIELDS[name].kind is not FieldKind.ID:
        return
    ids = (
        rows.select(FILE, LINE, value=pl.col(name))
        .drop_nulls("value")
        .unique("value", keep="first")
    )
    if ids.height < _FEWEST_IDS or not ids["value"].str.contains(r"^\d+$").all():
        return
    if ids["value"].str.starts_with("0").any():
        return
    lengths = ids["value"].str.len_chars()
    longest = int(lengths.max() or 0)  # pyright: ignore[reportArgumentType] # lengths are numbers
    short = ids.filter(lengths < longest)
    share = short.height / ids.height
    too_short = bool((lengths < longest - _MOST_ZEROS).any())
    if not short.height or share > _MOST_SHORT_SHARE or too_short:
        return
    first = short.sort(LINE).head(1).with_columns(count=pl.lit(short.height))
    conversion.note_rows(LOST_ZEROS, "users", first, column=column, length=longest)
