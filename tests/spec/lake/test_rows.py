"""Which rows, in which order, with which columns. `-` is null."""

from __future__ import annotations

from rollbook.lake.query import Condition, Latest, Lookup, Measure, Query, Sort, Within
from tests.spec.lake.conftest import Spec

ROWS = """
    | id | year | subject | student | school | taken_at            | score | iep |
    | a  | 2026 | ELA     | 1       | 7      | 2026-04-01T00:00:00 | 2400  | yes |
    | b  | 2026 | ELA     | 1       | 7      | 2026-05-01T00:00:00 | 2410  | yes |
    | c  | 2027 | ELA     | 1       | 8      | 2027-04-01T00:00:00 | 2500  | no  |
    | d  | 2027 | ELA     | 2       | 8      | -                   | 2450  | -   |
    | e  | 2027 | ELA     | 2       | 8      | -                   | 2300  | -   |
    | f  | 2027 | Math    | 2       | 8      | 2027-01-01T00:00:00 | -     | no  |
    | g  | 2027 | Math    | -       | 9      | 2027-01-02T00:00:00 | 2600  | -   |
    | h  | 2027 | Math    | -       | 9      | 2027-01-02T00:00:00 | 2601  | -   |
"""

PARTS = """
    | id | year | subject | code | residual |
    | a  | 2026 | ELA     | 1-IT | 0.5      |
    | a  | 2026 | ELA     | 2-W  | -0.5     |
    | c  | 2027 | ELA     | 1-IT | 1.5      |
    | f  | 2027 | Math    | 1    | -        |
    | a  | 2027 | Math    | 1    | 9.5      |
"""

WHOLE_KEY = ("year", "subject", "id")
NEWEST_FIRST = Sort("taken_at", descending=True)


def test_rows_are_unordered_unless_asked(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(table="scores", where=Condition("student", "eq", 1), select=("score", "id")),
        """
        | score | id |
        | 2400  | a  |
        | 2410  | b  |
        | 2500  | c  |
        """,
    )


def test_nulls_sort_last_both_ways_and_ties_go_by_key(spec: Spec) -> None:
    ascending = Query(table="scores", select=("id",), order_by=(Sort("taken_at"),))
    descending = Query(table="scores", select=("id",), order_by=(NEWEST_FIRST,))
    spec.given(ROWS).expect(ascending, "|id|\n|a|\n|b|\n|f|\n|g|\n|h|\n|c|\n|d|\n|e|")
    spec.expect(descending, "|id|\n|c|\n|g|\n|h|\n|f|\n|b|\n|a|\n|d|\n|e|")


def test_limit_alone_orders_by_partition_and_key(spec: Spec) -> None:
    spec.given(ROWS).expect(Query(table="scores", select=("id",), limit=2), "|id|\n|a|\n|b|")
    spec.expect(Query(table="scores", select=("id",), limit=0), "|id|")


def test_order_may_be_by_a_column_that_is_not_shown(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(table="scores", select=("id",), order_by=(Sort("score"),), limit=3),
        "|id|\n|e|\n|a|\n|b|",
    )


def test_latest_keeps_one_row_per_group_and_null_is_a_group(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(
            table="scores",
            latest=Latest(("student", "year"), (NEWEST_FIRST,)),
            select=("id", "student"),
            order_by=(Sort("id"),),
        ),
        """
        | id | student |
        | b  | 1       |
        | c  | 1       |
        | f  | 2       |
        | g  | -       |
        """,
    )


def test_latest_passes_over_rows_that_where_left_out(spec: Spec) -> None:
    spec.given(ROWS).expect(
        Query(
            table="scores",
            where=Condition("score", "lt", 2410),
            latest=Latest(("student",), (NEWEST_FIRST,)),
            select=("id",),
            limit=10,
        ),
        "|id|\n|a|\n|e|",
    )


def test_filter_after_latest_is_a_query_within_another(spec: Spec) -> None:
    newest = Query(table="scores", latest=Latest(("student",), (NEWEST_FIRST,)), select=WHOLE_KEY)
    spec.given(ROWS).expect(
        Query(
            table="scores",
            where=Condition("score", "not_null"),
            within=(Within(WHOLE_KEY, newest),),
            select=("id",),
            limit=10,
        ),
        "|id|\n|c|\n|g|",
    )


def test_within_keeps_parts_of_chosen_rows(spec: Spec) -> None:
    chosen = Query(table="scores", where=Condition("student", "eq", 1), select=WHOLE_KEY)
    spec.given(ROWS, PARTS).expect(
        Query(
            table="parts",
            within=(Within(WHOLE_KEY, chosen),),
            group_by=("code",),
            measures=(Measure("n", "count"), Measure("mean", "mean", "residual")),
        ),
        """
        | code | n | mean |
        | 1-IT | 2 | 1.0  |
        | 2-W  | 1 | -0.5 |
        """,
    )


def test_null_is_within_nothing(spec: Spec) -> None:
    everybody = Query(table="scores", group_by=("student",))
    spec.given(ROWS).expect(
        Query(table="scores", within=(Within(("student",), everybody),), select=("id",), limit=10),
        "|id|\n|a|\n|b|\n|c|\n|d|\n|e|\n|f|",
    )


def test_within_a_cohort_seen_in_every_year(spec: Spec) -> None:
    cohort = Query(
        table="scores",
        where=Condition("subject", "eq", "ELA"),
        group_by=("student",),
        measures=(Measure("years", "distinct_count", "year"),),
        having=Condition("years", "eq", 2),
    )
    spec.given(ROWS).expect(
        Query(
            table="scores",
            within=(Within(("student",), cohort),),
            group_by=("year",),
            measures=(Measure("n", "count"), Measure("mean", "mean", "score")),
        ),
        """
        | year | n | mean |
        | 2026 | 2 | 2405 |
        | 2027 | 1 | 2500 |
        """,
    )


def test_within_pairs_columns_of_other_names(spec: Spec) -> None:
    schools = Query(table="scores", group_by=("school",))
    spec.given("""
        | id | student | school |
        | a  | 7       | 8      |
        | b  | 9       | 7      |
    """).expect(
        Query(
            table="scores",
            within=(Within(("student",), schools, ("school",)),),
            select=("id",),
            limit=10,
        ),
        "|id|\n|a|",
    )


def test_lookup_adds_columns_and_keeps_rows_without_a_match(spec: Spec) -> None:
    spec.given(ROWS, PARTS).expect(
        Query(
            table="parts",
            lookups=(Lookup("scores", WHOLE_KEY, ("school", "iep"), prefix="of_"),),
            select=("id", "code", "of_school", "of_iep"),
            order_by=(Sort("id"), Sort("code"), Sort("residual")),
        ),
        """
        | id | code | of_school | of_iep |
        | a  | 1    | -         | -      |
        | a  | 1-IT | 7         | yes    |
        | a  | 2-W  | 7         | yes    |
        | c  | 1-IT | 8         | no     |
        | f  | 1    | 8         | no     |
        """,
    )


def test_looked_up_columns_filter_and_group(spec: Spec) -> None:
    spec.given(ROWS, PARTS).expect(
        Query(
            table="parts",
            lookups=(Lookup("scores", WHOLE_KEY, ("school", "iep")),),
            where=Condition("school", "not_null"),
            group_by=("iep",),
            measures=(Measure("n", "count"), Measure("total", "sum", "residual")),
        ),
        """
        | iep | n | total |
        | no  | 2 | 1.5   |
        | yes | 2 | 0.0   |
        """,
    )


def test_a_version_is_read_as_it_was(spec: Spec) -> None:
    spec.given("|id|score|\n|a|1|\n|b|2|")
    spec.lake.retract(
        spec.lake.table("scores"), where_column="id", values=["a"], transaction="gone"
    )
    total = (Measure("total", "sum", "score"),)
    spec.expect(Query(table="scores", measures=total), "|total|\n|2|")
    spec.expect(Query(table="scores", measures=total, version=1), "|total|\n|3|")
    spec.expect(Query(table="scores", measures=total, version=0), "|total|\n|-|")


def test_two_versions_of_a_table_in_one_question(spec: Spec) -> None:
    spec.given("|id|score|\n|a|1|\n|b|2|")
    spec.lake.retract(
        spec.lake.table("scores"), where_column="id", values=["a"], transaction="gone"
    )
    still_there = Query(table="scores", select=WHOLE_KEY)
    spec.expect(
        Query(
            table="scores",
            version=1,
            within=(Within(WHOLE_KEY, still_there),),
            lookups=(Lookup("scores", WHOLE_KEY, ("score",), prefix="now_"),),
            select=("id", "now_score"),
        ),
        "|id|now_score|\n|b|2|",
    )
