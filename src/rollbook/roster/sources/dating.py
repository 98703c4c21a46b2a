"""Write the dates of a vendor's files as the standard does: in one order a file, and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import polars as pl

from rollbook.roster.checks.conversions import DATES_CONTRADICT, DAY_FIRST
from rollbook.roster.rules.spellings import (
    DateColumn,
    DateOrder,
    date_column,
    is_only_day_first,
    iso_days,
)
from rollbook.roster.sources.converting import LINE, Conversion
from rollbook.roster.sources.packages import Received

_HEADER_LINE: Final = 1
# A date that can be read day first alone: its column in the file, its line and what it says.
_Witness = tuple[str, int, str]


def with_days(
    conversion: Conversion, files: Mapping[str, Received], dates: Mapping[str, tuple[str, ...]]
) -> dict[str, Received]:
    """Write the dates of these columns as YYYY-MM-DD, month first unless they cannot be.

    A file whose dates decide nothing follows the others, where those can only be day first. Dates
    of one file in two orders are fatal.
    Shape: `dates` names the columns of dates by file.
    """
    there = {
        name: [column for column in columns if column in files[name].rows.columns]
        for name, columns in dates.items()
        if name in files
    }
    found = {name: _order(files[name], columns) for name, columns in there.items() if columns}
    witnesses = {
        name: witness
        for name, column in found.items()
        if (column.is_contradictory or column.order is DateOrder.DMY)
        and (witness := _witness(files[name], there[name]))
    }
    made = dict(files)
    for name, column in found.items():
        day_first = _judge(conversion, name, column, found, witnesses)
        made[name] = _written(files[name], there[name], day_first=day_first)
    return made


def _order(file: Received, columns: list[str]) -> DateColumn:
    return date_column(pl.concat([file.rows[column] for column in columns]))


def _witness(file: Received, columns: list[str]) -> _Witness | None:
    for column in columns:
        rows = file.rows.filter(is_only_day_first(file.rows[column]).fill_null(value=False))
        if rows.height:
            return (file.spelled[column], int(rows[LINE][0]), str(rows[column][0]))
    return None


def _judge(
    conversion: Conversion,
    name: str,
    column: DateColumn,
    found: Mapping[str, DateColumn],
    witnesses: Mapping[str, _Witness],
) -> bool:
    """Tell whether a file is read day first, and say so."""
    file = f"{name}.csv"
    if column.is_contradictory:
        said, line, value = witnesses[name]
        conversion.say(DATES_CONTRADICT, file=file, line=line, column=said, value=value)
        return False
    if column.order is DateOrder.DMY:
        said, line, value = witnesses[name]
        place = f"line {line}"
        conversion.say(DAY_FIRST, file=file, line=line, column=said, value=value, place=place)
        return True
    decided = {each.order for each in found.values()} & {DateOrder.MDY, DateOrder.DMY}
    if column.is_ambiguous and decided == {DateOrder.DMY}:
        other, (_, line, value) = next(iter(witnesses.items()))
        place = f"{other}.csv line {line}"
        conversion.say(DAY_FIRST, file=file, line=_HEADER_LINE, value=value, place=place)
        return True
    return False


def _written(file: Received, columns: list[str], *, day_first: bool) -> Received:
    order = DateOrder.DMY if day_first else DateOrder.MDY
    days = [iso_days(file.rows[column], order).alias(column) for column in columns]
    return replace(file, rows=file.rows.with_columns(days))
