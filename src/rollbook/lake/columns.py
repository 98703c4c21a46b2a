"""What the lake's column types are called elsewhere, and how a frame is made to fit."""

from __future__ import annotations

from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

from rollbook.lake.types import ColumnType, LakeTable

PolarsType = pl.DataType | DataTypeClass

POLARS_TYPES: Final[dict[ColumnType, PolarsType]] = {
    "text": pl.String,
    "int64": pl.Int64,
    "int32": pl.Int32,
    "int16": pl.Int16,
    "float64": pl.Float64,
    "bool": pl.Boolean,
    "timestamp": pl.Datetime("us", "UTC"),
    "date": pl.Date,
}

DELTA_TYPES: Final[dict[ColumnType, str]] = {
    "text": "string",
    "int64": "long",
    "int32": "integer",
    "int16": "short",
    "float64": "double",
    "bool": "boolean",
    "timestamp": "timestamp",
    "date": "date",
}

SQL_TYPES: Final[dict[ColumnType, str]] = {
    "text": "VARCHAR",
    "int64": "BIGINT",
    "int32": "INTEGER",
    "int16": "SMALLINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "date": "DATE",
}


class FrameDoesNotFit(ValueError):
    """Rows do not have the shape of their table. The message names columns, never values."""


def frame_types(table: LakeTable) -> dict[str, PolarsType]:
    """Return the Polars type of every column of `table`, in the table's order."""
    return {name: POLARS_TYPES[kind] for name, kind in table.columns.items()}


def empty_frame(table: LakeTable) -> pl.DataFrame:
    """Return no rows in the shape of `table`."""
    return pl.DataFrame(schema=frame_types(table))


def identity(table: LakeTable) -> tuple[str, ...]:
    """Return the columns that name one row in the whole table: its partition, then its key."""
    return tuple(dict.fromkeys((*table.partition_by, *table.key)))


def fit(table: LakeTable, frame: pl.DataFrame) -> pl.DataFrame:
    """Put the columns of `frame` in the order and types of `table`.

    Shape:  same rows, same order. A value that would not survive its cast is refused.
    Raises: FrameDoesNotFit when columns are missing or unknown, a value does not survive its cast,
            a key is null or comes twice, or a number is not finite.
    """
    _require_same_columns(table, frame)
    fitted = _cast(table, frame)
    _require_keys(table, fitted)
    floats = [name for name, kind in table.columns.items() if kind == "float64"]
    _require_finite(table, fitted, floats)
    # -0.0 and 0.0 are one number but two bit patterns: keep one, so that engines group alike.
    return fitted.with_columns(pl.col(name) + 0.0 for name in floats)


def _require_same_columns(table: LakeTable, frame: pl.DataFrame) -> None:
    missing = [name for name in table.columns if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in table.columns]
    if missing or unknown:
        raise FrameDoesNotFit(
            f"{table.name}: columns missing: {missing or 'none'};"
            f" columns unknown: {unknown or 'none'}."
        )


def _cast(table: LakeTable, frame: pl.DataFrame) -> pl.DataFrame:
    try:
        return frame.select(
            pl.col(name).cast(kind, strict=True) for name, kind in frame_types(table).items()
        )
    except pl.exceptions.PolarsError as error:
        wrong = _columns_that_do_not_cast(table, frame)
        # The cause quotes values, and values may be a student's: name the columns only.
        raise FrameDoesNotFit(
            f"{table.name}: columns {wrong} do not fit their types ({type(error).__name__})."
        ) from None


def _columns_that_do_not_cast(table: LakeTable, frame: pl.DataFrame) -> list[str]:
    wrong: list[str] = []
    for name, kind in frame_types(table).items():
        try:
            frame.get_column(name).cast(kind, strict=True)
        except pl.exceptions.PolarsError:
            wrong.append(name)
    return wrong


def _require_keys(table: LakeTable, frame: pl.DataFrame) -> None:
    columns = identity(table)
    empty = [name for name in columns if frame.get_column(name).null_count()]
    if empty:
        raise FrameDoesNotFit(f"{table.name}: columns {empty} name a row and may not be null.")
    names = frame.select(columns)
    # Rows of different hashes are different rows; comparing whole keys takes far more memory.
    if not frame.height or names.hash_rows().n_unique() == frame.height:
        return
    twice = frame.height - names.n_unique()
    if twice:
        raise FrameDoesNotFit(
            f"{table.name}: {twice} of {frame.height} rows repeat the {list(columns)} of another."
        )


def _require_finite(table: LakeTable, frame: pl.DataFrame, floats: list[str]) -> None:
    if not floats or not frame.height:
        return
    finite = frame.select(pl.col(name).is_finite().all() for name in floats).row(0, named=True)
    wrong = [name for name, every in finite.items() if every is False]
    if wrong:
        raise FrameDoesNotFit(f"{table.name}: columns {wrong} hold numbers that are not finite.")
