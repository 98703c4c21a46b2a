"""Find what spreadsheets do to cells: rounded ids, lost zeros, dates that were none."""

from __future__ import annotations

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
# Ids of one length are taken to have lost zeros when shorter ones are fewer than this share.
_MOST_SHORT_SHARE: Final = 0.2
_FEWEST_IDS: Final = 20
# A zero at the front is one digit in ten; more than this many lost at once is another kind of id.
_MOST_ZEROS: Final = 3
# The table whose record a damaged id makes useless, and the column that holds the record's id.
_TABLE_OF: Final = {
    "ssid": "users",
    "local_id": "users",
    "teacher_id": "users",
    "school_number": "orgs",
    "district_number": "orgs",
    "class_id": "classes",
    "course_number": "courses",
}
_KINDS: Final = (FieldKind.ID, FieldKind.GRADE)


def without_damage(
    conversion: Conversion, rows: pl.DataFrame, columns: dict[str, str]
) -> tuple[pl.DataFrame, list[tuple[Check, str, pl.DataFrame]]]:
    """Repair what can be repaired, and find the ids that are lost.

    Shape: the rows, and (check, import field, rows) of damaged ids, to be left out once their
           records have ids; other damaged cells are emptied with a warning.
    """
    lost: list[tuple[Check, str, pl.DataFrame]] = []
    for name, column in columns.items():
        rows = _unwrapped(conversion, rows, name, column)
        for check, pattern in _patterns(name):
            is_bad = rows[name].str.contains(pattern).fill_null(value=False)
            if not is_bad.any():
                continue
            bad = rows.filter(is_bad).select(pl.all(), value=pl.col(name))
            if name in _TABLE_OF:
                lost.append((check, name, bad))
                continue
            conversion.note_rows(
                DAMAGED_CELL, "users", bad.select(FILE, LINE, "value"), column=column
            )
            rows = rows.with_columns(pl.when(~is_bad).then(pl.col(name)).alias(name))
        _note_lost_zeros(conversion, rows, name, column)
    return rows, lost


def table_of(name: str) -> str:
    """Return the table whose record an id of this import field names."""
    return _TABLE_OF[name]


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
