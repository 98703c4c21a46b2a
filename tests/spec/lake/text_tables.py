"""Read little text tables, so that a spec shows its rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from rollbook.lake.columns import POLARS_TYPES, frame_types
from rollbook.lake.shape import Columns
from rollbook.lake.types import ColumnType, LakeTable

SCORES = LakeTable(
    name="scores",
    columns={
        "year": "int16",
        "subject": "text",
        "id": "text",
        "student": "int64",
        "school": "int64",
        "taken_at": "timestamp",
        "born_on": "date",
        "score": "int32",
        "level": "int16",
        "error": "float64",
        "iep": "bool",
    },
    key=("id",),
    partition_by=("year", "subject"),
)

PARTS = LakeTable(
    name="parts",
    columns={
        "year": "int16",
        "subject": "text",
        "id": "text",
        "code": "text",
        "residual": "float64",
    },
    key=("id", "code"),
    partition_by=("year", "subject"),
)

NOTES = LakeTable(name="notes", columns={"id": "int64", "says": "text"}, key=("id",))

TABLES = (SCORES, PARTS, NOTES)

# What a column holds when a text table leaves it out.
DEFAULTS: dict[str, Any] = {"year": 2027, "subject": "ELA"}


def rows_of(table: LakeTable, text: str) -> pl.DataFrame:
    """Read a text table into the shape of `table`; `-` is null, a column left out is too."""
    given = parse(text, table.columns)
    rows = [{**dict.fromkeys(table.columns), **DEFAULTS, **row} for row in given]
    chosen = [{name: row[name] for name in table.columns} for row in rows]
    return pl.DataFrame(chosen, schema=frame_types(table))


def answer_of(columns: Columns, text: str) -> pl.DataFrame:
    """Read a text table as the answer with `columns`."""
    schema = {name: POLARS_TYPES[kind] for name, kind in columns.items()}
    rows = parse(text, columns)
    assert not rows or list(rows[0]) == list(columns), "the expected table names its columns"
    return pl.DataFrame(rows, schema=schema)


def parse(text: str, columns: Columns) -> list[dict[str, Any]]:
    """Read lines of cells between bars; the first line names the columns."""
    lines = [line.strip().strip("|") for line in text.strip().splitlines()]
    header, *body = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [
        {name: _value(cell, columns[name]) for name, cell in zip(header, line, strict=True)}
        for line in body
    ]


def _value(cell: str, kind: ColumnType) -> Any:
    return None if cell == "-" else READERS[kind](cell)


READERS: dict[ColumnType, Callable[[str], Any]] = {
    "text": lambda cell: cell.strip("'"),
    "int64": int,
    "int32": int,
    "int16": int,
    "float64": float,
    "bool": lambda cell: {"yes": True, "no": False}[cell],
    "timestamp": lambda cell: datetime.fromisoformat(cell).replace(tzinfo=UTC),
    "date": date.fromisoformat,
}
