"""Plan what a group file changes: for each group that it names, full replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from rollbook.changes.layouts import after, before
from rollbook.changes.plan import canonical
from rollbook.changes.types import ChangeAction, PlanTable, TableChanges
from rollbook.groups.layouts import GROUP_MEMBERS, GROUP_USERS, STUDENT_GROUPS
from rollbook.groups.plan.current import CurrentGroups
from rollbook.groups.plan.differences import differences_between
from rollbook.groups.plan.keys import KEY, named_groups, with_name_key
from rollbook.groups.types import GroupDifference, GroupOrigin

TakeIds = Callable[[PlanTable, int], int]

# These groups follow the roster: a file that rewrote one would be undone the next night.
_FOLLOWS: Final = (GroupOrigin.CLASS.value, GroupOrigin.RULE.value)


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """Hold what a group file would do.

    Shape: `changes` and `differences` leave out groups that follow the roster. `unknown` has `line`
           and `student_ssid` of rows whose student is nobody here; `following` has `line`, `name`
           and KEY of groups that a file may not write; `emptied` has `line`, `name` and `count` of
           groups that lose every student.
    """

    changes: tuple[TableChanges, ...]
    differences: tuple[GroupDifference, ...]
    unknown: pl.DataFrame
    following: pl.DataFrame
    emptied: pl.DataFrame


def plan_group_file(rows: pl.DataFrame, current: CurrentGroups, *, take_ids: TakeIds) -> GroupPlan:
    """Work out what must change for the groups that `rows` name to be as they list them.

    Shape:  `rows` as in `GroupFileReading`; `take_ids(table, count)` gives the first of a block of
            ids. Nothing changes where everything is so already. The order of rows never matters.
    Source: certification-and-groups 2.4, without stub students and moved schools
    """
    keyed = with_name_key(rows).with_columns(pl.col("school_year").cast(pl.Int64()))
    named = _met(named_groups(keyed, current.subjects), current)
    follows = named["origin"].is_in(_FOLLOWS).fill_null(False)
    following = named.filter(follows).select("line", "name", *KEY)
    named = _with_ids(named.filter(~follows), STUDENT_GROUPS, take_ids)
    listed = keyed.lazy().join(
        named.lazy().select(*KEY, "id", "school_id", "district_id"), on=KEY, how="inner"
    )
    members, unknown = _listed_students(listed, current)
    users = _listed_users(listed)
    joining, leaving = _against(members, current.members, named, "student_id")
    coming, going = _against(users, current.users, named, "login")
    differences = differences_between(
        named, current.members, joining=joining, leaving=leaving, coming=coming, going=going
    )
    counts = current.members.group_by("group_id").len("count")
    filled = members.select("group_id").unique()
    emptied = named.join(filled, left_on="id", right_on="group_id", how="anti")
    return GroupPlan(
        changes=(
            canonical(TableChanges(STUDENT_GROUPS, _group_rows(named))),
            canonical(_moves(GROUP_MEMBERS, joining, leaving, take_ids)),
            canonical(_moves(GROUP_USERS, coming, going, take_ids)),
        ),
        differences=differences,
        unknown=unknown,
        following=following,
        emptied=emptied.join(counts, left_on="id", right_on="group_id").select(
            "line", "name", "count"
        ),
    )


def _met(named: pl.DataFrame, current: CurrentGroups) -> pl.DataFrame:
    """Join named groups with their schools, and with the groups that are there."""
    # SQLite tells É from é, so two names may be one here: the live one, then the older, is meant.
    there = (
        with_name_key(current.groups, "name")
        .sort(["is_active", "id"], descending=[True, False])
        .unique(["school_id", "name_key", "school_year"], keep="first", maintain_order=True)
        .rename({"name": "name_before", "subject": "subject_before"})
    )
    return named.join(current.schools, on="school_natural_id", how="inner").join(
        there, on=["school_id", "name_key", "school_year"], how="left", maintain_order="left"
    )


def _with_ids(named: pl.DataFrame, table: PlanTable, take_ids: TakeIds) -> pl.DataFrame:
    """Give the groups that are new their ids, in order."""
    is_new = pl.col("id").is_null()
    count = named["id"].null_count()
    first = take_ids(table, count) if count else 0
    numbered = first + is_new.cast(pl.Int64()).cum_sum() - 1
    return named.with_columns(
        is_new.alias("is_new"), pl.when(is_new).then(numbered).otherwise("id").alias("id")
    )


def _listed_students(
    listed: pl.LazyFrame, current: CurrentGroups
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return who is to be in which group, once, and the rows that name nobody of that district."""
    found = (
        listed.filter(pl.col("student_ssid").is_not_null())
        .select("line", "student_ssid", "school_id", "district_id", pl.col("id").alias("group_id"))
        .join(
            current.students.lazy(),
            left_on=["student_ssid", "district_id"],
            right_on=["ssid", "district_id"],
            how="left",
        )
        .collect()
    )
    is_known = pl.col("student_id").is_not_null()
    members = found.lazy().filter(is_known).group_by("group_id", "student_id")
    return (
        members.agg(pl.col("line").min(), pl.col("school_id").first()).collect(),
        found.filter(~is_known).select("line", "student_ssid").sort("line"),
    )


def _listed_users(listed: pl.LazyFrame) -> pl.DataFrame:
    """Return who is to read which group, once."""
    return (
        listed.filter(pl.col("group_user_login").is_not_null())
        .select(
            pl.col("id").alias("group_id"),
            pl.col("group_user_login").str.to_lowercase().alias("login"),
            "line",
            "school_id",
        )
        .group_by("group_id", "login")
        .agg(pl.col("line").min(), pl.col("school_id").first())
        .collect()
    )


def _against(
    wanted: pl.DataFrame, there: pl.DataFrame, named: pl.DataFrame, column: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what is wanted and not there, and what is there and not wanted, of named groups."""
    keys = ["group_id", column]
    known = named.select(pl.col("id").alias("group_id"), "school_id")
    held = there.join(known, on="group_id", how="inner")
    return (
        wanted.join(held, on=keys, how="anti").sort(keys),
        held.join(wanted, on=keys, how="anti").sort("id"),
    )


def _moves(
    table: PlanTable, added: pl.DataFrame, removed: pl.DataFrame, take_ids: TakeIds
) -> TableChanges:
    """Write memberships that begin and end as rows of a plan."""
    first = take_ids(table, added.height) if added.height else 0
    numbers = pl.int_range(first, first + added.height, dtype=pl.Int64(), eager=True)
    begins = added.select(
        numbers.alias("id"),
        pl.lit(ChangeAction.ADD.value).alias("action"),
        "school_id",
        pl.col("line").cast(pl.UInt32()),
        *(pl.col(name).alias(after(name)) for name in table.columns),
    )
    ends = removed.select(
        "id",
        pl.lit(ChangeAction.DELETE.value).alias("action"),
        "school_id",
        *(pl.col(name).alias(before(name)) for name in table.columns),
    )
    return TableChanges(table, pl.concat([begins, ends], how="diagonal"))


def _group_rows(named: pl.DataFrame) -> pl.DataFrame:
    """Write groups that are new, come back, change their subject or their origin."""
    is_new, back = pl.col("is_new"), ~pl.col("is_active")
    action = (
        pl.when(is_new)
        .then(pl.lit(ChangeAction.ADD.value))
        .when(back)
        .then(pl.lit(ChangeAction.REACTIVATE.value))
        .otherwise(pl.lit(ChangeAction.UPDATE.value))
    )
    only_new = {"name": "name", "school_id": "school_id", "school_year": "school_year"}
    return named.select(
        "id",
        action.alias("action"),
        "school_id",
        pl.col("line").cast(pl.UInt32()),
        *(
            pl.when(is_new).then(pl.col(source)).alias(after(column))
            for column, source in only_new.items()
        ),
        pl.col("subject_before").alias(before("subject")),
        pl.col("subject").alias(after("subject")),
        pl.col("origin").alias(before("origin")),
        pl.lit(GroupOrigin.FILE.value).alias(after("origin")),
        pl.col("is_active").alias(before("is_active")),
        pl.lit(True).alias(after("is_active")),
    )
