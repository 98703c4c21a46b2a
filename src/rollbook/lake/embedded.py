"""Answer queries with DuckDB, inside this process."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl

from rollbook.lake.columns import POLARS_TYPES, SQL_TYPES
from rollbook.lake.engine import STREAM_ROWS
from rollbook.lake.query import Query
from rollbook.lake.shape import Columns
from rollbook.lake.statements import Statement, Statements
from rollbook.lake.tables import Lake
from rollbook.lake.types import ColumnType, LakeTable

# How many versions' file lists one engine remembers.
REMEMBERED_VERSIONS = 256


class EmbeddedEngine:
    """Answer queries with one locked-down DuckDB, safely from many threads.

    DuckDB reads only the lake's own folder, can load no extension and reach no network, and its
    settings cannot be changed by any statement. Each query has its own cursor: what one registers,
    no other sees.
    """

    def __init__(self, lake: Lake, *, threads: int | None = None, memory: str = "2GB") -> None:
        self._lake = lake
        spill = Path(tempfile.mkdtemp(prefix="rollbook-spill-"))
        self._forget_spill = weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
        self._duckdb = _locked_down(lake.root, spill, threads, memory)
        self._statements = Statements(lake)
        self._files = lru_cache(REMEMBERED_VERSIONS)(self._files_of_version)

    def run(self, query: Query) -> pl.DataFrame:
        """Answer `query` at once. See `Engine.run`."""
        statement = self._statements.of(query)
        with self._asked(statement) as answer:
            return _shaped(pl.DataFrame(answer.to_arrow_table()), statement.columns)

    def stream(self, query: Query) -> Iterator[pl.DataFrame]:
        """Answer `query` in frames. See `Engine.stream`."""
        statement = self._statements.of(query)
        with self._asked(statement) as answer:
            sent = False
            for batch in answer.to_arrow_reader(STREAM_ROWS):
                if batch.num_rows or not sent:
                    sent = True
                    yield _shaped(pl.DataFrame(batch), statement.columns)
            if not sent:
                yield _shaped(pl.DataFrame(), statement.columns)

    def close(self) -> None:
        """Let go of memory and of the spill folder."""
        self._duckdb.close()
        self._forget_spill()

    @contextmanager
    def _asked(self, statement: Statement) -> Generator[Any]:
        with self._duckdb.cursor() as cursor:
            for label, values in statement.sets.items():
                cursor.register(label, cast(Any, values).to_arrow())
            yield cursor.execute(self._with_files(statement))

    def _with_files(self, statement: Statement) -> str:
        """Spell out each lake table of a statement as the files behind it."""
        sql = statement.sql
        sources: list[str] = []
        for label, source in statement.sources.items():
            table = self._lake.table(source.table)
            version = self._lake.version(table) if source.version is None else source.version
            sources.append(f'"{label}" AS NOT MATERIALIZED ({self._files(table.name, version)})')
        ours = ", ".join(sources)
        return (
            f"WITH {ours}, {sql.removeprefix('WITH ')}"
            if sql.startswith("WITH ")
            else (f"WITH {ours} {sql}")
        )

    def _files_of_version(self, name: str, version: int) -> str:
        """Write the statement that reads one version: its files never change."""
        table = self._lake.table(name)
        paths = [str(file.path) for file in self._lake.files(table, version)]
        if not paths:
            nothing = ", ".join(_null(column, kind) for column, kind in table.columns.items())
            return f"SELECT {nothing} WHERE false"
        counts = self._columns_in(paths) | dict.fromkeys(table.partition_by, len(paths))
        chosen = ", ".join(
            f'"{column}"' if column in counts else _null(column, kind)
            for column, kind in table.columns.items()
        )
        # Files written before the table gained a column lack it. Matching files by name means
        # opening each one, so it is done only then.
        by_name = any(counts.get(column, len(paths)) < len(paths) for column in table.columns)
        return f"SELECT {chosen} FROM {_read_parquet(table, paths, by_name=by_name)}"

    def _columns_in(self, paths: list[str]) -> dict[str, int]:
        """Count in how many of the files each column is."""
        found = self._duckdb.cursor().execute(
            "SELECT name, count(*) FROM parquet_schema($1) WHERE type IS NOT NULL GROUP BY name",
            [paths],
        )
        return dict(found.fetchall())


def _locked_down(
    root: Path, spill: Path, threads: int | None, memory: str
) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        "memory_limit": memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
        "preserve_insertion_order": False,
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{_quoted(f'{root}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _read_parquet(table: LakeTable, paths: list[str], *, by_name: bool) -> str:
    files = ", ".join(map(_quoted, paths))
    options = f"union_by_name = {by_name}, hive_partitioning = {bool(table.partition_by)}"
    if table.partition_by:
        types = ", ".join(f'"{n}": {SQL_TYPES[table.columns[n]]}' for n in table.partition_by)
        options += f", hive_types_autocast = false, hive_types = {{{types}}}"
    return f"read_parquet([{files}], {options})"


def _null(column: str, kind: ColumnType) -> str:
    return f'CAST(NULL AS {SQL_TYPES[kind]}) AS "{column}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _shaped(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Give the answer the types that every engine gives, whatever DuckDB chose."""
    if not frame.width:
        return pl.DataFrame(schema={name: POLARS_TYPES[kind] for name, kind in columns.items()})
    return frame.select(
        cast(Any, pl.col(name).cast(POLARS_TYPES[kind])) for name, kind in columns.items()
    )
