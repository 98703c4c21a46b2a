"""Frames in and out of database tables, set by set, on SQLite and on PostgreSQL.

The only place of this service that knows the two databases apart.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import polars as pl
from django.db import connection

from rollbook.changes.layouts import CELL_TYPES, row_schema
from rollbook.changes.types import CellType, PlanTable

CHUNK: Final = 50_000
# From so many rows on, a table that has at most a fifth as many is filled rather than added to.
_FILLED_FROM: Final = 100_000
_FILLED_SHARE: Final = 5
_STAGE_TYPES: Final[Mapping[str, Mapping[CellType, str]]] = {
    "sqlite": {
        "text": "text", "integer": "integer", "boolean": "integer", "date": "text", "uuid": "text"
    },
    "postgresql": {
        "text": "text", "integer": "bigint", "boolean": "boolean", "date": "date", "uuid": "uuid"
    },
}  # fmt: skip


def quoted(name: str) -> str:
    """Quote a table's or column's name for SQL."""
    return connection.ops.quote_name(name)


def differ(left: str, right: str) -> str:
    """Return SQL that is true where two values differ, null being a value like any other."""
    operator = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    return f"{left} {operator} {right}"


def read_rows(table: PlanTable, ids: Sequence[int]) -> pl.DataFrame:
    """Read the rows of a plan table under these ids.

    Shape: `id`, then the table's columns; rows that do not exist are missing; in order of id.
    """
    statement = f"SELECT {_selected(table)} FROM {quoted(table.db_table)} WHERE id {_among()}"
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for start in range(0, len(ids), CHUNK):
            cursor.execute(statement, [_as_parameter(ids[start : start + CHUNK])])
            rows += cursor.fetchall()
    return _framed(table, rows)


def read_table(table: PlanTable, *, where: str = "", values: Sequence[object] = ()) -> pl.DataFrame:
    """Read a plan table whole, or the rows for which an SQL condition holds.

    Shape: as `read_rows`; `where` comes from our own code, its values from anywhere.
    """
    statement = f"SELECT {_selected(table)} FROM {quoted(table.db_table)}"
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} WHERE {where}" if where else statement, list(values))
        rows = cursor.fetchall()
    return _framed(table, rows)


# A name alone would make the driver turn every cell of these kinds into a Python object.
_AS_STORED: Final[Mapping[CellType, str]] = {"date": "text", "boolean": "integer"}


def _selected(table: PlanTable) -> str:
    """Return the columns of a table for SQL, in the cheapest form that the database has."""
    names = ["id", *table.columns]
    if connection.vendor != "sqlite":
        return ", ".join(quoted(name) for name in names)
    kinds: list[CellType] = ["integer", *table.columns.values()]
    return ", ".join(
        f"CAST({quoted(name)} AS {_AS_STORED[kind]})" if kind in _AS_STORED else quoted(name)
        for name, kind in zip(names, kinds, strict=True)
    )


def _framed(table: PlanTable, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    names = ["id", *table.columns]
    columns_read = list(zip(*rows, strict=True)) or [()] * len(names)
    kinds: list[CellType] = ["integer", *table.columns.values()]
    series = [
        _series(name, values, kind)
        for name, values, kind in zip(names, columns_read, kinds, strict=True)
    ]
    return pl.DataFrame(series, schema=row_schema(table)).sort("id")


def _series(name: str, values: Sequence[Any], kind: CellType) -> pl.Series:
    """Turn the cells of one column, as the database gave them, into their own type."""
    if connection.vendor == "sqlite":
        if kind == "date":
            return pl.Series(name, values, dtype=pl.String).str.to_date("%Y-%m-%d")
        if kind == "boolean":
            return pl.Series(name, values, dtype=pl.Int8).cast(pl.Boolean)
        if kind == "uuid":
            return _with_hyphens(pl.Series(name, values, dtype=pl.String))
    elif kind == "uuid":
        return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
    return pl.Series(name, values, dtype=CELL_TYPES[kind])


def _with_hyphens(plain: pl.Series) -> pl.Series:
    """Write 32 digits as a uuid is written."""
    return plain.str.replace(r"^(.{8})(.{4})(.{4})(.{4})(.{12})$", "$1-$2-$3-$4-$5")


def ids_found(db_table: str, column: str, ids: Sequence[int]) -> set[int]:
    """Return those of `ids` that occur in a column of a table."""
    name = quoted(column)
    statement = f"SELECT DISTINCT {name} FROM {quoted(db_table)} WHERE {name} {_among()}"
    found: set[int] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(ids), CHUNK):
            cursor.execute(statement, [_as_parameter(ids[start : start + CHUNK])])
            found.update(value for (value,) in cursor.fetchall())
    return found


def insert_rows(db_table: str, frame: pl.DataFrame, kinds: Mapping[str, CellType]) -> None:
    """Insert all rows of a frame, whose columns are the table's.

    Shape: one COPY on PostgreSQL, one prepared statement run over all rows on SQLite.
    """
    names = ", ".join(quoted(name) for name in frame.columns)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {quoted(db_table)} ({names}) FROM STDIN (FORMAT csv)") as copy:
                for piece in frame.iter_slices(CHUNK):
                    written = io.BytesIO()
                    piece.write_csv(written, include_header=False)
                    copy.write(written.getvalue())
            return
        marks = ", ".join("?" for _ in frame.columns)
        statement = f"INSERT INTO {quoted(db_table)} ({names}) VALUES ({marks})"
        with indexed_afterwards(db_table, frame.height):
            connection.connection.executemany(statement, _rows_for_sqlite(frame, kinds))


@contextmanager
def indexed_afterwards(db_table: str, rows: int) -> Iterator[None]:
    """Build a table's indexes once, at the end, where it is filled rather than added to.

    Part of the caller's transaction: who reads meanwhile sees the table as it was, indexes and
    all. What the indexes forbid is refused when they are built. SQLite only: in PostgreSQL an
    index that goes would make readers wait.
    """
    indexes: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        if rows >= _FILLED_FROM and connection.vendor == "sqlite":
            cursor.execute(f"SELECT COUNT(*) FROM {quoted(db_table)}")
            if cursor.fetchone()[0] * _FILLED_SHARE <= rows:
                cursor.execute(
                    "SELECT name, sql FROM sqlite_master"
                    " WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL ORDER BY name",
                    [db_table],
                )
                indexes = cursor.fetchall()
        for name, _sql in indexes:
            cursor.execute(f"DROP INDEX {quoted(name)}")
        yield
        for _name, sql in indexes:
            cursor.execute(sql)


@contextmanager
def staged(frame: pl.DataFrame, kinds: Mapping[str, CellType]) -> Iterator[str]:
    """Hold a frame with an `id` in a temporary table; yield the table's quoted name."""
    name = f"stage_{uuid.uuid4().hex}"
    types = _STAGE_TYPES[connection.vendor]
    columns = ", ".join(f"{quoted(column)} {types[kinds[column]]}" for column in frame.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {quoted(name)} ({columns}, PRIMARY KEY (id))")
        insert_rows(name, frame, kinds)
        if connection.vendor == "postgresql":
            cursor.execute(f"ANALYZE {quoted(name)}")
        yield quoted(name)
        cursor.execute(f"DROP TABLE {quoted(name)}")


def take_from_sequence(db_table: str, at_least: int, count: int) -> int:
    """Take `count` ids that neither the ORM nor another caller will get; return the first.

    Shape: the first is `at_least` or above, and above every id that the table ever gave.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {quoted(db_table)}")
        first = max(at_least, cursor.fetchone()[0] + 1)
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [db_table])
            (sequence,) = cursor.fetchone()
            cursor.execute("SELECT nextval(%s::regclass)", [sequence])
            # An insert may take the next value before the sequence has moved: leave it room.
            first = max(first, cursor.fetchone()[0] + 1_000)
            cursor.execute("SELECT setval(%s::regclass, %s)", [sequence, first + count - 1])
            return first
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [db_table])
        found = cursor.fetchone()
        first = max(first, (found[0] if found else 0) + 1)
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [db_table])
        cursor.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [db_table, first + count - 1]
        )
        return first


def _among() -> str:
    if connection.vendor == "postgresql":
        return "= ANY(%s)"
    return "IN (SELECT value FROM json_each(%s))"


def _as_parameter(ids: Sequence[int]) -> object:
    if connection.vendor == "postgresql":
        return list(ids)
    return "[" + ",".join(str(int(value)) for value in ids) + "]"


def _rows_for_sqlite(
    frame: pl.DataFrame, kinds: Mapping[str, CellType]
) -> Iterator[tuple[Any, ...]]:
    ready = frame.with_columns(
        pl.col(name).str.replace_all("-", "", literal=True)
        if kinds[name] == "uuid"
        else pl.col(name).dt.to_string("%Y-%m-%d")
        for name in frame.columns
        if kinds[name] in ("uuid", "date")
    )
    for piece in ready.iter_slices(CHUNK):
        yield from zip(*(series.to_list() for series in piece), strict=True)
