"""What a lake promises about its versions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rollbook.lake import tables as lake_tables
from rollbook.lake.embedded import EmbeddedEngine
from rollbook.lake.query import Measure, Query, Sort
from rollbook.lake.reference import ReferenceEngine
from rollbook.lake.tables import Lake, Publication, TableIsUnknown
from tests.spec.lake.text_tables import NOTES, SCORES, TABLES, rows_of

TWO = rows_of(SCORES, "|id|score|\n|a|1|\n|b|2|")


def ids(lake: Lake, version: int | None = None) -> dict[str, int]:
    rows = lake.scan(SCORES, version=version).select("id", "score").collect()
    return dict(sorted(rows.iter_rows()))


def test_create_again_changes_nothing(lake: Lake) -> None:
    lake.upsert(SCORES, TWO, transaction="one")
    lake.create(TABLES)
    assert lake.version(SCORES) == 1
    assert ids(lake) == {"a": 1, "b": 2}


def test_new_table_is_at_version_0_and_empty(lake: Lake) -> None:
    assert lake.version(SCORES) == 0
    assert lake.files(SCORES) == []
    assert_frame_equal(lake.scan(SCORES).collect(), TWO.clear())


def test_upsert_adds_and_replaces_by_key(lake: Lake) -> None:
    first = lake.upsert(SCORES, TWO, transaction="one")
    second = lake.upsert(SCORES, rows_of(SCORES, "|id|score|\n|b|20|\n|c|30|"), transaction="two")
    assert first == Publication(1, 2, was_already_there=False)
    assert second == Publication(2, 2, was_already_there=False)
    assert ids(lake) == {"a": 1, "b": 20, "c": 30}
    assert ids(lake, version=1) == {"a": 1, "b": 2}
    assert lake.versions(SCORES) == [0, 1, 2]
    assert lake.row_count(SCORES) == 3


def test_every_value_comes_back_as_it_went_in(lake: Lake) -> None:
    rows = rows_of(
        SCORES,
        """
        | id | year | subject    | student | taken_at            | born_on    | score | iep |
        | é  | 2026 | a b/c%d'=ö | 1       | 2026-04-14T10:31:00 | 2014-02-28 | -5    | yes |
        | -1 | 2027 | ELA        | -       | -                   | -          | -     | -   |
        """,
    )
    lake.upsert(SCORES, rows, transaction="one")
    assert_frame_equal(lake.scan(SCORES).collect(), rows, check_row_order=False)
    question = Query(table="scores", order_by=(Sort("year"),))
    engine = EmbeddedEngine(lake)
    assert_frame_equal(engine.run(question), rows)
    assert_frame_equal(ReferenceEngine(lake).run(question), rows)
    lake.retract(SCORES, where_column="id", values=["é"], transaction="two")
    assert_frame_equal(engine.run(question), rows[1:])


def test_the_same_transaction_is_a_recorded_no_op(lake: Lake) -> None:
    lake.upsert(SCORES, TWO, transaction="one")
    lake.upsert(SCORES, TWO.with_columns(score=pl.lit(9, pl.Int32)), transaction="two")
    again = lake.upsert(SCORES, TWO[:1], transaction="one")
    assert again == Publication(1, 2, was_already_there=True)
    assert lake.version(SCORES) == 2
    assert ids(lake) == {"a": 9, "b": 9}
    assert lake.has_applied(SCORES, "one")
    assert not lake.has_applied(SCORES, "three")


def test_a_transaction_stays_known_after_a_checkpoint(lake: Lake) -> None:
    lake.upsert(SCORES, TWO, transaction="first")
    for number in range(120):
        lake.upsert(SCORES, TWO.clear(), transaction=f"t{number}")
    assert list((lake.folder(SCORES) / "_delta_log").glob("*.checkpoint.parquet"))
    assert lake.upsert(SCORES, TWO, transaction="first").was_already_there
    assert ids(lake, version=1) == {"a": 1, "b": 2}


def test_a_key_is_one_row_per_partition(lake: Lake) -> None:
    lake.upsert(SCORES, TWO, transaction="one")
    other = rows_of(SCORES, "|id|subject|score|\n|a|Math|7|")
    lake.upsert(SCORES, other, transaction="two")
    assert lake.row_count(SCORES) == 3


def test_only_files_that_hold_a_corrected_key_are_written_again(lake: Lake) -> None:
    lake.upsert(SCORES, rows_of(SCORES, "|id|score|\n|a|1|\n|c|3|"), transaction="one")
    lake.upsert(SCORES, rows_of(SCORES, "|id|score|\n|b|2|\n|d|4|"), transaction="two")
    before = {file.path for file in lake.files(SCORES)}
    lake.upsert(SCORES, rows_of(SCORES, "|id|score|\n|d|40|"), transaction="three")
    after = {file.path for file in lake.files(SCORES)}
    assert len(before) == 2
    assert len(before & after) == 1
    assert ids(lake) == {"a": 1, "b": 2, "c": 3, "d": 40}


def test_retract_removes_by_any_column(lake: Lake) -> None:
    rows = rows_of(SCORES, "|id|score|school|\n|a|1|7|\n|b|2|8|\n|c|3|-|")
    lake.upsert(SCORES, rows, transaction="one")
    gone = lake.retract(SCORES, where_column="school", values=[7, 99], transaction="two")
    assert gone == Publication(2, 1, was_already_there=False)
    again = lake.retract(SCORES, where_column="school", values=[8], transaction="two")
    assert again == Publication(2, 1, was_already_there=True)
    assert ids(lake) == {"b": 2, "c": 3}


def test_retract_of_nothing_is_recorded(lake: Lake) -> None:
    assert lake.retract(SCORES, where_column="id", values=["x"], transaction="one") == Publication(
        1, 0, was_already_there=False
    )
    assert lake.has_applied(SCORES, "one")


def test_a_table_without_partitions(lake: Lake) -> None:
    lake.upsert(NOTES, pl.DataFrame({"id": [1, 2], "says": ["x", None]}), transaction="one")
    lake.upsert(NOTES, pl.DataFrame({"id": [2], "says": ["y"]}), transaction="two")
    assert lake.scan(NOTES).sort("id").collect().rows() == [(1, "x"), (2, "y")]
    assert EmbeddedEngine(lake).run(Query(table="notes", limit=9)).rows() == [(1, "x"), (2, "y")]


def test_long_tables_are_cut_into_files(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rollbook.lake.parquet.FILE_ROWS", 3)
    rows = pl.DataFrame({"id": range(10), "says": ["x"] * 10})
    lake.upsert(NOTES, rows, transaction="one")
    assert sorted(file.row_count for file in lake.files(NOTES)) == [1, 3, 3, 3]
    lake.upsert(NOTES, rows[4:5].with_columns(says=pl.lit("y")), transaction="two")
    assert lake.scan(NOTES).filter(says="y").collect()["id"].to_list() == [4]
    assert lake.row_count(NOTES) == 10


def test_compact_joins_files_and_keeps_rows_and_versions(lake: Lake) -> None:
    for number in range(5):
        rows = rows_of(SCORES, f"|id|score|\n|i{number}|{number}|")
        lake.upsert(SCORES, rows, transaction=str(number))
    before = ids(lake)
    assert lake.compact(SCORES) == 6
    assert len(lake.files(SCORES)) == 1
    assert ids(lake) == before
    assert ids(lake, version=2) == {"i0": 0, "i1": 1}
    assert lake.compact(SCORES) is None


def test_vacuum_keeps_what_is_kept_and_removes_the_rest(lake: Lake) -> None:
    for number in range(3):
        rows = TWO.with_columns(score=pl.lit(number, pl.Int32))
        lake.upsert(SCORES, rows, transaction=str(number))
    orphan = lake.files(SCORES)[0].path.with_name("orphan.parquet")
    orphan.write_bytes(b"left by a crash")
    removed = lake.vacuum(SCORES, keep_versions=[1], retention_hours=0)
    assert len(removed) == 2
    assert not orphan.exists()
    assert ids(lake, version=1) == {"a": 0, "b": 0}
    assert ids(lake) == {"a": 2, "b": 2}
    with pytest.raises(FileNotFoundError):
        ids(lake, version=2)


def test_vacuum_leaves_young_files_alone(lake: Lake) -> None:
    lake.upsert(SCORES, TWO, transaction="one")
    lake.upsert(SCORES, TWO, transaction="two")
    assert lake.vacuum(SCORES, keep_versions=[]) == []
    assert ids(lake, version=1) == {"a": 1, "b": 2}


def test_a_table_may_gain_a_column(lake: Lake) -> None:
    lake.upsert(SCORES, TWO, transaction="one")
    wider = replace(SCORES, columns={**SCORES.columns, "lexile": "int32"})
    lake.create([wider])
    engine = EmbeddedEngine(lake)
    total = Query(table="scores", measures=(Measure("n", "count", "lexile"),))
    assert engine.run(total).rows() == [(0,)]
    assert ReferenceEngine(lake).run(total).rows() == [(0,)]
    new = rows_of(wider, "|id|lexile|\n|b|800|\n|z|900|")
    lake.upsert(wider, new, transaction="two")
    found = engine.run(Query(table="scores", select=("id", "lexile"), order_by=(Sort("id"),)))
    assert found.rows() == [("a", None), ("b", 800), ("z", 900)]


def test_writers_take_turns(tmp_path: Path) -> None:
    def write(number: int) -> Publication:
        mine = Lake(tmp_path / "lake")
        mine.create([SCORES])
        rows = rows_of(SCORES, f"|id|score|\n|shared|{number}|\n|own{number}|{number}|")
        return mine.upsert(SCORES, rows, transaction=f"t{number % 8}")

    with ThreadPoolExecutor(4) as pool:
        published = list(pool.map(write, range(16)))
    lake = Lake(tmp_path / "lake")
    assert sorted(p.version for p in published if not p.was_already_there) == [*range(1, 9)]
    assert lake.row_count(SCORES) == 9


def test_reading_goes_on_while_a_writer_works(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.upsert(SCORES, TWO, transaction="one")
    seen: list[dict[str, int]] = []
    write = lake_tables.write_files

    def look_and_write(*args: object, **named: object) -> object:
        actions = list(write(*args, **named))  # type: ignore[arg-type]
        seen.append(ids(lake))
        return actions

    monkeypatch.setattr(lake_tables, "write_files", look_and_write)
    lake.upsert(SCORES, TWO.with_columns(score=pl.lit(9, pl.Int32)), transaction="two")
    assert seen == [{"a": 1, "b": 2}]


def test_the_log_tells_no_text_but_keys(lake: Lake) -> None:
    lake.upsert(NOTES, pl.DataFrame({"id": [1], "says": ["my secret"]}), transaction="one")
    log = (lake.folder(NOTES) / "_delta_log" / f"{1:020}.json").read_text()
    assert '\\"id\\": 1' in log
    assert "secret" not in log


def test_an_unknown_table_is_named(lake: Lake) -> None:
    with pytest.raises(TableIsUnknown, match="nothing"):
        lake.table("nothing")
    assert lake.table("scores") is SCORES
