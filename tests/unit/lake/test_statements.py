"""Which questions share one statement."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rollbook.lake.compiler import LONG_LIST
from rollbook.lake.query import Condition, Operator, Query
from rollbook.lake.statements import Statements, ValuesAreMany, content_of
from rollbook.lake.tables import Lake
from rollbook.lake.types import LakeTable

TABLE = LakeTable(name="scores", columns={"id": "int64", "at": "timestamp"}, key=("id",))
HOUR = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))


def asking(value: Any, op: Operator = "eq") -> Query:
    return Query(table="scores", where=Condition("id", op, value))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(tmp_path)
    made.create([TABLE])
    return made


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), (1, "1"), (HOUR, HOUR.replace(fold=1)), (1, 2)]
)
def test_questions_of_unlike_values_are_unlike(one: object, other: object) -> None:
    assert content_of(asking(one)) != content_of(asking(other))


@pytest.mark.parametrize("values", [[2, 1], {1, 2}, {1: "", 2: ""}])
def test_the_order_and_the_kind_of_a_list_do_not_matter(values: object) -> None:
    assert content_of(asking(values, "in")) == content_of(asking(frozenset([1, 2]), "in"))


def test_a_long_list_is_not_remembered(lake: Lake) -> None:
    long = asking(range(LONG_LIST), "in")
    with pytest.raises(ValuesAreMany):
        content_of(long)
    statements = Statements(lake)
    assert statements.of(long).sets["set_0"].height == LONG_LIST
    assert statements.of(long) is not statements.of(long)


def test_a_question_is_written_once_until_its_table_changes(lake: Lake) -> None:
    statements = Statements(lake)
    first = statements.of(asking(1))
    assert statements.of(asking(1)) is first
    grown = LakeTable(name="scores", columns={**TABLE.columns, "more": "text"}, key=("id",))
    lake.create([grown])
    assert list(statements.of(asking(1)).columns) == ["id", "at", "more"]
