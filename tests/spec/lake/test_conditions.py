"""Which rows a condition keeps. `-` is null."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rollbook.lake.query import AllOf, AnyOf, Condition, Not, Predicate, Query, Sort
from tests.spec.lake.conftest import Spec

ROWS = """
    | id | student | score | error | iep | school | born_on    | taken_at            |
    | a  | 1       | 2400  | 0.5   | yes | 7      | 2014-02-28 | 2026-04-14T10:31:00 |
    | b  | 2       | 2500  | 1.5   | no  | 7      | 2014-03-01 | 2026-04-14T10:31:01 |
    | c  | 3       | -     | -     | -   | -      | -          | -                   |
    | A% | 4       | 2500  | 2.5   | yes | 8      | 2016-02-29 | 2026-12-31T23:59:59 |
    | '' | 5       | -32   | -0.5  | no  | 8      | 2014-03-01 | 2026-04-14T10:31:00 |
    | aé | 6       | 0     | 0     | no  | 9      | 1999-12-31 | 1970-01-01T00:00:00 |
"""

NOON = datetime(2026, 4, 14, 10, 31, tzinfo=UTC)

CASES: list[tuple[Predicate, str]] = [
    (Condition("score", "eq", 2500), "b A%"),
    (Condition("score", "ne", 2500), "a '' aé"),
    (Condition("score", "lt", 0), "''"),
    (Condition("score", "le", 0), "'' aé"),
    (Condition("score", "gt", 2400), "b A%"),
    (Condition("score", "ge", 2400), "a b A%"),
    (Condition("score", "eq", 2**40), ""),
    (Condition("score", "lt", 2**62), "a b A% '' aé"),
    (Condition("score", "is_null"), "c"),
    (Condition("score", "not_null"), "a b A% '' aé"),
    (Condition("score", "in", (2500, 0)), "b A% aé"),
    (Condition("score", "not_in", (2500, 0)), "a ''"),
    (Condition("score", "in", ()), ""),
    (Condition("score", "not_in", ()), "a b A% '' aé"),
    (Not(Condition("score", "in", ())), "a b A% '' aé"),
    (Not(Condition("score", "not_in", ())), ""),
    (Condition("score", "in", range(2401, 2900)), "b A%"),
    (Condition("score", "not_in", range(2401, 2900)), "a '' aé"),
    (Condition("id", "in", frozenset(f"x{n}" for n in range(500)) | {"a"}), "a"),
    (Condition("score", "in", [*range(500), 2**50]), "aé"),
    (
        AnyOf((Condition("score", "in", range(2401, 2900)), Condition("id", "eq", "c"))),
        "b c A%",
    ),
    (Not(Condition("score", "in", range(2401, 2900))), "a '' aé"),
    (Not(Condition("score", "eq", 2500)), "a '' aé"),
    (Not(Not(Condition("score", "eq", 2500))), "b A%"),
    (Not(Condition("score", "is_null")), "a b A% '' aé"),
    (Condition("error", "eq", 0), "aé"),
    (Condition("error", "gt", 1), "b A%"),
    (Condition("error", "in", (0.5, 2.5, 99)), "a A%"),
    (Condition("iep", "eq", True), "a A%"),
    (Condition("iep", "ne", True), "b '' aé"),
    (Condition("iep", "in", (True, False)), "a b A% '' aé"),
    (Condition("born_on", "lt", date(2014, 3, 1)), "a aé"),
    (Condition("born_on", "in", (date(2016, 2, 29),)), "A%"),
    (Condition("taken_at", "eq", NOON), "a ''"),
    (Condition("taken_at", "gt", NOON), "b A%"),
    (Condition("taken_at", "in", (NOON,)), "a ''"),
    (Condition("taken_at", "ge", datetime.fromisoformat("2026-04-14T03:31:01-07:00")), "b A%"),
    (Condition("id", "starts_with", "a"), "a aé"),
    (Condition("id", "starts_with", "A%"), "A%"),
    (Condition("id", "starts_with", "%"), ""),
    (Condition("id", "starts_with", ""), "a b c A% '' aé"),
    (Condition("id", "eq", ""), "''"),
    (Condition("id", "gt", "a"), "b c aé"),
    (Condition("id", "eq", "a' OR 1=1 --"), ""),
    (Condition("id", "eq", "\\' OR 1=1 --"), ""),
    (Condition("year", "eq", 2027), "a b c A% '' aé"),
    (Condition("subject", "ne", "ELA"), ""),
    (AllOf(()), "a b c A% '' aé"),
    (AnyOf(()), ""),
    (AllOf((Condition("iep", "eq", True), Condition("school", "eq", 8))), "A%"),
    (AnyOf((Condition("iep", "eq", True), Condition("school", "eq", 8))), "a A% ''"),
    # Unknown and false is false, so its Not is true; unknown and true stays unknown.
    (Not(AllOf((Condition("score", "eq", 1), Condition("id", "eq", "b")))), "a b c A% '' aé"),
    (Not(AllOf((Condition("score", "eq", 1), Condition("id", "eq", "c")))), "a b A% '' aé"),
    # Unknown or true is true; unknown or false stays unknown.
    (AnyOf((Condition("score", "eq", 1), Condition("id", "eq", "c"))), "c"),
    (Not(AnyOf((Condition("score", "eq", 1), Condition("id", "eq", "b")))), "a A% '' aé"),
]


@pytest.mark.parametrize(("where", "kept"), CASES)
def test_condition_keeps(spec: Spec, where: Predicate, kept: str) -> None:
    query = Query(
        table="scores", where=where, select=("id",), order_by=(Sort("student"),), limit=100
    )
    spec.given(ROWS).expect(query, "|id|\n" + "\n".join(f"|{id_}|" for id_ in kept.split()))
