"""The embedded engine is locked down, and safe from many threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import polars as pl
import pytest

from rollbook.lake.embedded import EmbeddedEngine
from rollbook.lake.engine import STREAM_ROWS
from rollbook.lake.query import Condition, Measure, Query
from rollbook.lake.tables import Lake
from tests.spec.lake.text_tables import NOTES, SCORES, rows_of


@pytest.fixture
def engine(lake: Lake) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(lake, threads=2, memory="512MB")
    yield engine
    engine.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/rollbook-escaped.csv'",
        "ATTACH '/tmp/rollbook-escaped.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_parquet('https://example.com/a.parquet')",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '1TB'",
        "RESET lock_configuration",
        "SELECT * FROM rows_of_python",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
    ],
)
def test_no_statement_leaves_the_lake(engine: EmbeddedEngine, statement: str) -> None:
    rows_of_python = pl.DataFrame({"a": [1]})
    with pytest.raises(duckdb.Error):
        engine._duckdb.cursor().execute(statement)
    assert rows_of_python.height == 1
    assert not Path("/tmp/rollbook-escaped.csv").exists()


def test_a_folder_beside_the_lake_with_a_longer_name_is_outside(
    engine: EmbeddedEngine, lake: Lake
) -> None:
    beside = lake.root.with_name("lake-beside")
    beside.mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(beside / "a.parquet")
    for path in (beside / "a.parquet", lake.root / ".." / "lake-beside" / "a.parquet"):
        with pytest.raises(duckdb.PermissionException):
            engine._duckdb.cursor().execute(f"SELECT * FROM read_parquet('{path}')")


def test_threads_ask_side_by_side_while_versions_move(engine: EmbeddedEngine, lake: Lake) -> None:
    def ask(number: int) -> tuple[int, int]:
        listed = Condition("student", "in", range(number * 1000, number * 1000 + 500))
        question = Query(table="scores", where=listed, measures=(Measure("n", "count"),), version=1)
        return number, int(engine.run(question).item())

    rows = rows_of(SCORES, "|id|student|\n" + "\n".join(f"|i{n}|{n * 250}|" for n in range(40)))
    lake.upsert(SCORES, rows, transaction="one")
    lake.retract(SCORES, where_column="student", values=[0], transaction="two")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, [*range(10)] * 4))
    assert found == [(number, 2) for number in range(10)] * 4


def test_a_new_version_is_seen_at_once(engine: EmbeddedEngine, lake: Lake) -> None:
    question = Query(table="scores", measures=(Measure("n", "count"),))
    assert engine.run(question).item() == 0
    lake.upsert(SCORES, rows_of(SCORES, "|id|\n|a|"), transaction="one")
    assert engine.run(question).item() == 1


def test_a_long_answer_comes_in_bounded_frames(engine: EmbeddedEngine, lake: Lake) -> None:
    count = STREAM_ROWS * 2 + 5
    rows = pl.DataFrame({"id": range(count), "says": ["x"] * count})
    lake.upsert(NOTES, rows, transaction="one")
    frames = list(engine.stream(Query(table="notes", select=("id",))))
    assert sorted(pl.concat(frames)["id"]) == list(range(count))
    assert max(frame.height for frame in frames) <= STREAM_ROWS
    assert {tuple(frame.schema.items()) for frame in frames} == {(("id", pl.Int64()),)}


def test_a_stream_left_early_lets_go(engine: EmbeddedEngine, lake: Lake) -> None:
    lake.upsert(NOTES, pl.DataFrame({"id": [1], "says": ["x"]}), transaction="one")
    stream = engine.stream(Query(table="notes"))
    assert isinstance(stream, Iterator)
    assert next(stream).height == 1
    del stream
    assert engine.run(Query(table="notes")).height == 1


def test_no_rows_stream_as_one_empty_frame(engine: EmbeddedEngine) -> None:
    [frame] = engine.stream(Query(table="notes"))
    assert frame.schema == pl.Schema({"id": pl.Int64, "says": pl.String})
    assert frame.height == 0
