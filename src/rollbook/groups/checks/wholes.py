"""Judge groups as wholes: rows of one school, year and name, however far apart they stand."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from rollbook.groups.checks.catalogue import (
    CASE_TWINS,
    CROSSED,
    DECLARES,
    LOGIN_UNKNOWN,
    NO_STUDENTS,
    NO_USERS,
    REPEATED,
    SSID_UNKNOWN,
    SUBJECT_CHANGES,
    TOO_MANY,
)
from rollbook.groups.checks.ledger import LINE, Ledger
from rollbook.groups.types import MOST_STUDENTS, GroupFileWorld

_KEY = ("school_natural_id", "name_key", "school_year")
_STUDENT, _USER = "student_ssid", "group_user_login"


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold the rows that may go in, and those of groups that may not.

    Shape: both have `line` and the columns of the file, `school_year` as a number.
    """

    rows: pl.DataFrame
    at_fault: pl.DataFrame


def judge_groups(rows: pl.DataFrame, world: GroupFileWorld, ledger: Ledger) -> Judged:
    """Say what is wrong with groups, and make their rows one of each."""
    columns = rows.columns
    rows = _numbered(rows, ledger)
    rows = _without_repeated(rows, ledger)
    faulty = _judge_subjects(rows, ledger) | _judge_sizes(rows, ledger)
    bad = rows["group"].is_in(sorted(faulty))
    at_fault, rows = rows.filter(bad), rows.filter(~bad)
    _tell_of_declarations(rows, ledger)
    rows = _without_unknown_students(rows, world, ledger)
    _tell_of_unknown_logins(rows, world, ledger)
    _tell_of_empty(rows, ledger)
    return Judged(rows.select(columns), at_fault.select(columns))


def _numbered(rows: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """Give each row the number of its group, and names that differ only in case one spelling.

    Rows of a group mostly stand together, so groups are made of runs of rows, not of rows.
    """
    keys = ("group_name", "school_natural_id", "school_year")
    starts = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in keys)
    rows = rows.with_columns(starts.cum_sum().alias("run") - 1)
    runs = rows.group_by("run", maintain_order=True).agg(pl.first(LINE, *keys))
    runs = runs.with_columns(name_key=pl.col("group_name").str.to_lowercase())
    groups = (
        runs.group_by(*_KEY, maintain_order=True)
        .agg(first=pl.first("group_name"))
        .with_row_index("group")
    )
    runs = runs.join(groups, on=_KEY, how="left", maintain_order="left")
    _tell_of_twins(runs, ledger)
    place = rows["run"]
    return rows.drop("run").with_columns(
        runs["first"].gather(place).alias("group_name"), runs["group"].gather(place)
    )


def _tell_of_twins(runs: pl.DataFrame, ledger: Ledger) -> None:
    twins = runs.filter(pl.col("group_name") != pl.col("first"))
    twins = twins.unique(["group", "group_name"], keep="first", maintain_order=True)
    if twins.height:
        told = twins.select(LINE, "first", value="group_name", school="school_natural_id")
        ledger.add_rows(CASE_TWINS, told, column="group_name")
        ledger.repaired("case_twins", twins.height)


def _without_repeated(rows: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """Leave out each row that says what another said before it."""
    told = pl.struct("group", "subject_code", _STUDENT, _USER)
    if rows.select(told.hash().n_unique()).item() == rows.height:
        return rows
    first = rows.select(told.is_first_distinct()).to_series()
    repeated = rows.filter(~first)
    if repeated.height:
        ledger.add_rows(REPEATED, repeated.select(LINE))
        ledger.repaired("duplicate_rows", repeated.height)
    return rows.filter(first)


def _judge_subjects(rows: pl.DataFrame, ledger: Ledger) -> set[int]:
    """Return the groups that have more than one subject."""
    said = rows.filter(pl.col("subject_code").is_not_null())
    said = said.select(
        LINE, "group", "group_name", "school_natural_id", "subject_code"
    ).with_columns(key=pl.col("subject_code").str.to_lowercase())
    said = said.filter(pl.struct("group", "key").ne_missing(pl.struct("group", "key").shift()))
    said = said.with_columns(first=pl.first("subject_code").over("group"))
    other = said.filter(pl.col("key") != pl.col("first").str.to_lowercase())
    if not other.height:
        return set()
    other = other.unique("group", keep="first", maintain_order=True)
    other = other.join(rows.group_by("group").len("weight"), on="group", maintain_order="left")
    told = other.select(
        LINE,
        "first",
        "weight",
        value="subject_code",
        group="group_name",
        school="school_natural_id",
    )
    ledger.add_rows(SUBJECT_CHANGES, told, column="subject_code")
    return set(other["group"].to_list())


def _judge_sizes(rows: pl.DataFrame, ledger: Ledger) -> set[int]:
    """Return the groups that have too many students."""
    counts = rows.group_by("group").agg(found=pl.count(_STUDENT))
    large = counts.filter(pl.col("found") > MOST_STUDENTS)
    if not large.height:
        return set()
    large = (
        rows.join(large, on="group", maintain_order="left")
        .group_by("group", maintain_order=True)
        .agg(
            pl.first(LINE, "group_name", "school_natural_id", "found"),
            students=pl.col(_STUDENT).drop_nulls().n_unique(),
            weight=pl.len(),
        )
    )
    told = large.select(
        LINE, "weight", "found", "students", value="group_name", school="school_natural_id"
    )
    is_over = pl.col("students") > MOST_STUDENTS
    over = told.filter(is_over).with_columns(found="students").drop("students")
    ledger.add_rows(TOO_MANY, over, column="group_name")
    ledger.add_rows(CROSSED, told.filter(~is_over), column="group_name")
    return set(large.filter(is_over)["group"].to_list())


def _tell_of_declarations(rows: pl.DataFrame, ledger: Ledger) -> None:
    if rows[_STUDENT].null_count() and rows[_USER].null_count():
        bare = rows.filter(pl.col(_STUDENT).is_null() & pl.col(_USER).is_null())
        ledger.add_rows(DECLARES, bare.select(LINE, value="group_name"))


def _without_unknown_students(
    rows: pl.DataFrame, world: GroupFileWorld, ledger: Ledger
) -> pl.DataFrame:
    """Leave students out whom nobody knows; their rows stay, for their users and their group."""
    if world.ssids is None:
        return rows
    known = world.ssids.cast(pl.String).implode()
    unknown = ~rows[_STUDENT].is_in(known).fill_null(value=True)
    if not unknown.any():
        return rows
    told = rows.filter(unknown).select(LINE, value=_STUDENT)
    ledger.add_rows(SSID_UNKNOWN, told, column=_STUDENT)
    ledger.repaired("unknown_ssids", told.height)
    return rows.with_columns(pl.when(~unknown).then(pl.col(_STUDENT)))


def _tell_of_unknown_logins(rows: pl.DataFrame, world: GroupFileWorld, ledger: Ledger) -> None:
    if world.logins is None:
        return
    logins = rows[_USER].drop_nulls().unique()
    known = world.logins.cast(pl.String).implode()
    unknown = logins.filter(~logins.str.to_lowercase().is_in(known))
    if not len(unknown):
        return
    told = (
        rows.filter(pl.col(_USER).is_in(unknown.implode()))
        .group_by(_USER, maintain_order=True)
        .agg(pl.first(LINE), weight=pl.len())
        .rename({_USER: "value"})
    )
    count = pl.col("weight")
    more = (
        pl.when(count == 1)
        .then(pl.lit("1 row has it"))
        .otherwise(pl.format("{} rows have it", count))
    )
    ledger.add_rows(LOGIN_UNKNOWN, told.with_columns(more=more), column=_USER)


def _tell_of_empty(rows: pl.DataFrame, ledger: Ledger) -> None:
    """Say which groups the file leaves without students, or without users."""
    if not (rows[_STUDENT].null_count() or rows[_USER].null_count()):
        return
    groups = rows.group_by("group", maintain_order=True).agg(
        pl.first(LINE, "group_name", "school_natural_id"),
        students=pl.count(_STUDENT),
        users=pl.count(_USER),
    )
    for check, members in ((NO_STUDENTS, "students"), (NO_USERS, "users")):
        told = groups.filter(pl.col(members) == 0).select(
            LINE, value="group_name", school="school_natural_id"
        )
        ledger.add_rows(check, told, column="group_name")
