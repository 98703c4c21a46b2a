"""What a cell of each kind must look like, as Polars expressions."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.roster.layouts import Column, Kind
from rollbook.shared.grades import GRADE_CODES

# Source: OneRoster CSV binding, "GUID": the characters and the length of a sourcedId.
GUID: Final = r"^[0-9A-Za-z./@_-]{1,255}$"
MAX_GUID_LENGTH: Final = 255
EXTENSION: Final = r"^ext:[a-zA-Z0-9.\-_]+$"
_YEAR: Final = r"^[1-9]\d{3}$"
# There is no year 0, and most libraries cannot hold one.
_NO_YEAR: Final = "0000"
_INTEGER: Final = r"^-?(0|[1-9]\d*)$"
_FLOAT: Final = r"^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DATETIME: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
_USER_ID: Final = r"\{[^{}:,]+:[^{}]+\}"
_USER_IDS: Final = rf"^{_USER_ID}(,{_USER_ID})*$"
_SCORE_RANGES: Final = r"^\{[^{}:,]+:[^{}:,]+\}(,\{[^{}:,]+:[^{}:,]+\})*$"
# An item that is empty, or that begins or ends with a space.
_LOOSE_LIST: Final = r"^[,\s]|,[,\s]|\s,|[,\s]$"
_DATE_LENGTH: Final = 10

# What a column's values become. Kinds that are not here stay text.
TYPES: Final[dict[Kind, pl.DataType]] = {
    Kind.DATE: pl.Date(),
    Kind.DATETIME: pl.Datetime("ms", "UTC"),
    Kind.YEAR: pl.Int16(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.INTEGER: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
}


def typed(column: Column, cell: pl.Expr) -> pl.Expr:  # noqa: PLR0911 # one return for each kind
    """Turn a cell into its value; what does not fit becomes null.

    Shape: lists of text are split at their commas; kinds without a type stay as they are.
    """
    if column.is_list:
        return cell.str.split(",")
    match column.kind:
        case Kind.DATE:
            day = cell.str.to_date("%Y-%m-%d", strict=False, cache=True)
            fits = (cell.str.len_bytes() == _DATE_LENGTH) & ~cell.str.starts_with(_NO_YEAR)
            return pl.when(fits).then(day)
        case Kind.DATETIME:
            moment = cell.str.to_datetime(
                "%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms", time_zone="UTC", strict=False
            )
            fits = cell.str.contains(_DATETIME) & ~cell.str.starts_with(_NO_YEAR)
            return pl.when(fits).then(moment)
        case Kind.YEAR:
            return pl.when(cell.str.contains(_YEAR)).then(cell.cast(pl.Int16, strict=False))
        case Kind.BOOLEAN:
            return pl.when(cell == "true").then(True).when(cell == "false").then(False)
        case Kind.INTEGER:
            return pl.when(cell.str.contains(_INTEGER)).then(cell.cast(pl.Int64, strict=False))
        case Kind.FLOAT:
            number = cell.cast(pl.Float64, strict=False)
            return pl.when(cell.str.contains(_FLOAT) & number.is_finite()).then(number)
        case _:
            return cell


def misfits(column: Column, cell: pl.Expr) -> pl.Expr | None:  # noqa: PLR0911 # one return for each kind
    """Tell which cells do not fit their kind; None when anything fits.

    Shape: an empty cell always fits. References are judged where they are resolved, because a
           reference that resolves needs no second look.
    """
    if column.refers_to is not None and column.name != "sourcedId":
        return None
    match column.kind:
        case Kind.TEXT:
            return None
        case Kind.GUID:
            return ~cell.str.contains(GUID)
        case Kind.ENUM if column.is_list:
            return ~_items_fit(cell, enum_item(column))
        case Kind.ENUM:
            return ~enum_item(column, cell)
        case Kind.GRADE:
            fits = cell.is_in(GRADE_CODES)
            return ~(fits | _items_fit(cell, pl.element().is_in(GRADE_CODES)))
        case Kind.USER_ID:
            return ~cell.str.contains(_USER_IDS)
        case Kind.SCORE_RANGE:
            return ~cell.str.contains(_SCORE_RANGES)
        case _:
            return typed(column, cell).is_null() & cell.is_not_null()


def loose_list(cell: pl.Expr) -> pl.Expr:
    """Tell which list cells have an empty item, or a space beside a comma."""
    return cell.str.contains(_LOOSE_LIST)


def enum_item(column: Column, cell: pl.Expr | None = None) -> pl.Expr:
    """Tell whether a cell, or an item, is a word of the column's vocabulary."""
    word = pl.element() if cell is None else cell
    fits = word.is_in(column.vocabulary)
    return fits | word.str.contains(EXTENSION) if column.is_extensible else fits


def _items_fit(cell: pl.Expr, fits: pl.Expr) -> pl.Expr:
    return cell.str.split(",").list.eval(fits).list.all()
