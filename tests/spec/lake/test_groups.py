"""How rows are summed up into groups. `-` is null."""

from __future__ import annotations

from rollbook.lake.query import AllOf, Condition, Measure, Query, Sort
from tests.spec.lake.conftest import Spec

ROWS = """
    | id | year | subject | student | school | score | level | error | iep |
    | a  | 2026 | ELA     | 1       | 7      | 2400  | 1     | 0.5   | yes |
    | b  | 2026 | ELA     | 2       | 7      | 2401  | 2     | 1.5   | no  |
    | c  | 2027 | ELA     | 1       | 8      | 2500  | 4     | -     | yes |
    | d  | 2027 | Math    | 3       | 8      | -     | -     | 3.25  | -   |
    | e  | 2027 | Math    | 4       | -      | 2700  | 4     | -1.5  | no  |
    | f  | 2027 | Math    | 4       | -      | 2703  | 3     | 2.5   | -   |
"""

EVERY_KIND = (
    Measure("rows", "count"),
    Measure("scored", "count", "score"),
    Measure("total", "sum", "score"),
    Measure("mean", "mean", "score"),
    Measure("sd", "standard_deviation", "score"),
    Measure("se", "standard_error", "score"),
    Measure("least", "min", "score"),
    Measure("most", "max", "score"),
    Measure("students", "distinct_count", "student"),
)


def test_every_measure_by_school_with_null_as_one_more_value(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(table="scores", group_by=("school",), measures=EVERY_KIND),
        """
        | school | rows | scored | total | mean   | sd           | se  | least | most | students |
        | 7      | 2    | 2      | 4801  | 2400.5 | 0.7071067812 | 0.5 | 2400  | 2401 | 2        |
        | 8      | 2    | 1      | 2500  | 2500   | -            | -   | 2500  | 2500 | 2        |
        | -      | 2    | 2      | 5403  | 2701.5 | 2.1213203436 | 1.5 | 2700  | 2703 | 1        |
        """,
    )


def test_measures_without_groups_give_one_row(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(table="scores", measures=EVERY_KIND[:5]),
        """
        | rows | scored | total | mean   | sd                 |
        | 6    | 5      | 12704 | 2540.8 | 152.2225344684551  |
        """,
    )


def test_no_rows_at_all_still_give_one_row_without_groups(spec: Spec) -> None:
    spec.given("").expect(
        Query(table="scores", measures=EVERY_KIND),
        """
        | rows | scored | total | mean | sd | se | least | most | students |
        | 0    | 0      | -     | -    | -  | -  | -     | -    | 0        |
        """,
    )


def test_no_rows_at_all_give_no_groups(spec: Spec) -> None:
    spec.given("").expect(
        Query(table="scores", group_by=("school", "iep"), measures=EVERY_KIND[:2]),
        "| school | iep | rows | scored |",
    )


def test_a_group_without_values_has_null_measures(spec: Spec) -> None:
    nothing = Condition("score", "gt", 9000)
    spec.given(ROWS).expect(
        Query(
            table="scores",
            where=Condition("school", "eq", 7),
            group_by=("subject",),
            measures=tuple(
                Measure(kind, kind, "score", where=nothing)
                for kind in ("count", "sum", "mean", "standard_error", "min", "distinct_count")
            ),
        ),
        """
        | subject | count | sum | mean | standard_error | min | distinct_count |
        | ELA     | 0     | -   | -    | -              | -   | 0              |
        """,
    )


def test_each_measure_may_count_its_own_rows(spec: Spec) -> None:
    level = {
        f"level_{k}": Measure(f"level_{k}", "count", where=Condition("level", "eq", k))
        for k in (1, 2, 3, 4)
    }
    spec.given(ROWS).expect(
        Query(
            table="scores",
            group_by=("subject",),
            measures=(
                *level.values(),
                Measure("iep_mean", "mean", "score", where=Condition("iep", "eq", True)),
                Measure("others", "count", where=Condition("iep", "ne", True)),
                Measure("low_or_x", "count", where=Condition("score", "in", range(2400, 2700))),
            ),
        ),
        """
        | subject | level_1 | level_2 | level_3 | level_4 | iep_mean | others | low_or_x |
        | ELA     | 1       | 1       | 0       | 1       | 2450     | 1      | 3        |
        | Math    | 0       | 0       | 1       | 1       | -        | 1      | 0        |
        """,
    )


def test_floats_are_summed_as_floats(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(
            table="scores",
            group_by=("year", "subject"),
            measures=(
                Measure("total", "sum", "error"),
                Measure("mean", "mean", "error"),
                Measure("least", "min", "error"),
                Measure("se", "standard_error", "error"),
            ),
        ),
        """
        | year | subject | total | mean               | least | se                 |
        | 2026 | ELA     | 2.0   | 1.0                | 0.5   | 0.5                |
        | 2027 | ELA     | -     | -                  | -     | -                  |
        | 2027 | Math    | 4.25  | 1.4166666666666667 | -1.5  | 1.4743171677461777 |
        """,
    )


def test_groups_without_measures_are_the_distinct_values(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(table="scores", group_by=("iep", "subject")),
        """
        | iep | subject |
        | no  | ELA     |
        | no  | Math    |
        | yes | ELA     |
        | -   | Math    |
        """,
    )


def test_groups_are_ordered_then_limited_and_ties_go_by_group(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(
            table="scores",
            group_by=("student",),
            measures=(Measure("n", "count"), Measure("best", "max", "score")),
            order_by=(Sort("n", descending=True),),
            limit=3,
        ),
        """
        | student | n | best |
        | 1       | 2 | 2500 |
        | 4       | 2 | 2703 |
        | 2       | 1 | 2401 |
        """,
    )


def test_having_keeps_groups_by_their_measures(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(
            table="scores",
            group_by=("student",),
            measures=(Measure("n", "count"), Measure("best", "max", "score")),
            having=AllOf((Condition("n", "ge", 1), Condition("best", "lt", 2600))),
        ),
        """
        | student | n | best |
        | 1       | 2 | 2500 |
        | 2       | 1 | 2401 |
        """,
    )


def test_least_and_most_of_text_and_dates(spec: Spec) -> None:
    spec.given("""
        | id | school | born_on    | taken_at            |
        | Z  | 1      | 2014-01-02 | 2026-01-01T00:00:00 |
        | a  | 1      | -          | 2025-12-31T23:59:59 |
        | é  | 1      | 2013-05-06 | -                   |
    """).expect(
        Query(
            table="scores",
            group_by=("school",),
            measures=(
                Measure("first_id", "min", "id"),
                Measure("last_id", "max", "id"),
                Measure("oldest", "min", "born_on"),
                Measure("newest_at", "max", "taken_at"),
            ),
        ),
        """
        | school | first_id | last_id | oldest     | newest_at           |
        | 1      | Z        | é       | 2013-05-06 | 2026-01-01T00:00:00 |
        """,
    )
