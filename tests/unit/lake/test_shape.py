"""A question without meaning is refused before any engine sees it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from rollbook.lake.query import (
    AllOf,
    AnyOf,
    Condition,
    Latest,
    Lookup,
    Measure,
    Not,
    Query,
    Sort,
    Within,
)
from rollbook.lake.shape import QueryIsWrong, output_columns
from tests.spec.lake.text_tables import TABLES

BY_NAME = {table.name: table for table in TABLES}
WHOLE_KEY = ("year", "subject", "id")
PART_KEY = (*WHOLE_KEY, "code")
COUNT = (Measure("n", "count"),)


def scores(**parts: Any) -> Query:
    return Query(table="scores", **parts)


def where(column: str, op: Any, value: Any = None) -> Query:
    return scores(where=Condition(column, op, value))


WRONG = {
    "there is no table nothing.": Query(table="nothing"),
    "there is no column x, y.": scores(select=("x", "y")),
    "there is no column z.": scores(group_by=("z",)),
    "a column comes twice in ['id', 'id'].": scores(select=("id", "id")),
    "a column comes twice in ['id', 'n', 'n'].": scores(group_by=("id",), measures=COUNT * 2),
    "a column's name may not be empty or begin with __.": scores(
        measures=(Measure("__rank", "count"),)
    ),
    "a query has either select, or group_by and measures.": scores(select=("id",), measures=COUNT),
    "having is about groups; use where for rows.": scores(having=Condition("id", "eq", "a")),
    "limit is below 0.": scores(limit=-1),
    "latest: per names no column.": scores(latest=Latest((), (Sort("id"),))),
    "there is no column taken.": scores(latest=Latest(("id",), (Sort("taken"),))),
    "there is no column score.": scores(measures=COUNT, order_by=(Sort("score"),)),
    "measure m: mean needs a column.": scores(measures=(Measure("m", "mean"),)),
    "measure m: no mean of text.": scores(measures=(Measure("m", "mean", "id"),)),
    "measure m: no max of bool.": scores(measures=(Measure("m", "max", "iep"),)),
    "measure m: no sum of timestamp.": scores(measures=(Measure("m", "sum", "taken_at"),)),
    "there is no column nope.": scores(
        measures=(Measure("m", "count", where=Not(Condition("nope", "is_null"))),)
    ),
    "id: eq takes one value.": where("id", "eq"),
    "id: lt takes one value.": where("id", "lt", ("a",)),
    "id: in takes a collection.": where("id", "in", "abc"),
    "id: is_null takes no value.": where("id", "is_null", "x"),
    "id: a int does not compare with text.": where("id", "eq", 1),
    "id: a str does not compare with text.": where("id", "eq", "a\0b"),
    "id: a NoneType does not compare with text.": where("id", "in", ["a", None]),
    "score: a str does not compare with int32.": where("score", "eq", "1"),
    "score: a bool does not compare with int32.": where("score", "eq", True),
    "score: a float does not compare with int32.": where("score", "eq", 1.5),
    "score: a int does not compare with int32.": where("score", "eq", 2**63),
    "error: a float does not compare with float64.": where("error", "lt", float("nan")),
    "iep: a int does not compare with bool.": where("iep", "eq", 1),
    "born_on: a datetime does not compare with date.": where(
        "born_on", "eq", datetime(2026, 1, 1, tzinfo=UTC)
    ),
    "taken_at: a date does not compare with timestamp.": where("taken_at", "eq", date(2026, 1, 1)),
    "taken_at: a datetime does not compare with timestamp.": where(
        "taken_at",
        "eq",
        datetime(2026, 1, 1),  # noqa: DTZ001
    ),
    "score: starts_with needs text, not int32.": where("score", "starts_with", "2"),
    "there is no column deep.": scores(where=AllOf((AnyOf((Not(Condition("deep", "is_null")),)),))),
    "within: columns and of_columns must pair up.": scores(
        within=(Within(("id",), scores(select=WHOLE_KEY), WHOLE_KEY),)
    ),
    "within: id and year have unlike types.": scores(
        within=(Within(("id",), scores(select=("year",)), ("year",)),)
    ),
    "there is no column level.": scores(within=(Within(("level",), scores(select=("id",))),)),
    "lookup in parts must be on ['year', 'subject', 'id', 'code'].": scores(
        lookups=(Lookup("notes", (), ()),) * 0 + (Lookup("parts", WHOLE_KEY, ("residual",)),)
    ),
    "lookup in scores: score is already a column.": scores(
        lookups=(Lookup("scores", WHOLE_KEY, ("score",)),)
    ),
    "lookup in notes: ['id'] have other types there.": scores(
        lookups=(Lookup("notes", ("id",), ("says",)),)
    ),
}


@pytest.mark.parametrize("says", WRONG)
def test_question_without_meaning_is_refused(says: str) -> None:
    with pytest.raises(QueryIsWrong) as refused:
        output_columns(WRONG[says], BY_NAME)
    assert str(refused.value) == says


def test_answer_of_rows_has_every_column_or_the_chosen_ones() -> None:
    assert output_columns(scores(), BY_NAME) == BY_NAME["scores"].columns
    chosen = output_columns(scores(select=("score", "id")), BY_NAME)
    assert list(chosen.items()) == [("score", "int32"), ("id", "text")]


def test_answer_of_groups_has_groups_then_measures() -> None:
    question = Query(
        table="parts",
        lookups=(Lookup("scores", WHOLE_KEY, ("score", "born_on"), prefix="of_"),),
        group_by=("of_born_on",),
        measures=(
            Measure("n", "count"),
            Measure("total", "sum", "of_score"),
            Measure("mean", "mean", "of_score"),
            Measure("least", "min", "of_score"),
            Measure("codes", "distinct_count", "code"),
            Measure("residuals", "sum", "residual"),
        ),
    )
    assert list(output_columns(question, BY_NAME).items()) == [
        ("of_born_on", "date"),
        ("n", "int64"),
        ("total", "int64"),
        ("mean", "float64"),
        ("least", "int32"),
        ("codes", "int64"),
        ("residuals", "float64"),
    ]
