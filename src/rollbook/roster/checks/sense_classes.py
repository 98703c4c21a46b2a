"""Look for what makes no sense in classes and enrollments."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.roster.checks import sense_checks as checks
from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.checks.tables import JudgedBundle, JudgedTable

# A class that holds this share of at least so many students is taken for a mistake.
_EVERYONE_SHARE: Final = 0.9
_EVERYONE_FROM: Final = 100
_AT_CLASS, _AT_USER = "_at_classSourcedId", "_at_userSourcedId"
_FOREVER: Final = pl.date(9999, 12, 31)
_ALWAYS: Final = pl.date(1, 1, 1)


def check_classes(bundle: JudgedBundle, students: pl.Series, ledger: Ledger) -> None:
    """Warn of enrollments and classes that contradict themselves or are empty."""
    enrollments, classes = bundle.get("enrollments"), bundle.get("classes")
    if enrollments is None:
        return
    rows = enrollments.current(
        _AT_CLASS, _AT_USER, "_at_schoolSourcedId", "role", "primary", "beginDate", "endDate",
        is_coded=True,
    )  # fmt: skip
    _check_rows(enrollments, rows, ledger)
    _check_twice(bundle, enrollments, rows, ledger)
    if classes is not None:
        _check_schools(enrollments, classes, rows, ledger)
        _check_primary_teachers(classes, rows, ledger)
        if bundle.is_whole("classes", "enrollments"):
            _check_empty(enrollments, classes, ledger)
            _check_everyone(classes, rows, ledger)
    if bundle.is_whole("users", "enrollments"):
        _check_students(enrollments, bundle.tables["users"], students, ledger)


def _check_rows(enrollments: JudgedTable, rows: pl.DataFrame, ledger: Ledger) -> None:
    begin, end = pl.col("beginDate"), pl.col("endDate")
    backwards = rows.filter(end < begin).select("_line", value=end, start=begin)
    ledger.add_rows(checks.ENROLLMENT_BACKWARDS, enrollments.name, backwards, column="endDate")
    odd = rows.filter(pl.col("primary") & (pl.col("role") != "teacher"))
    found = odd.select("_line", value=pl.col("role").cast(pl.String))
    ledger.add_rows(checks.PRIMARY_STUDENT, enrollments.name, found, column="primary")


def _check_schools(
    enrollments: JudgedTable, classes: JudgedTable, rows: pl.DataFrame, ledger: Ledger
) -> None:
    theirs = classes.at(rows[_AT_CLASS], "_at_schoolSourcedId")
    differs = (theirs != rows["_at_schoolSourcedId"]).fill_null(False)
    if not differs.any():
        return
    wrong = rows.filter(differs)
    found = wrong.select(
        "_line",
        value=enrollments.at(wrong["row"], "schoolSourcedId"),
        of_class=enrollments.at(wrong["row"], "classSourcedId"),
        other=classes.at(wrong[_AT_CLASS], "schoolSourcedId"),
    )
    ledger.add_rows(checks.OTHER_SCHOOL, "enrollments", found, column="schoolSourcedId")


def _check_primary_teachers(classes: JudgedTable, rows: pl.DataFrame, ledger: Ledger) -> None:
    primary = rows.filter(pl.col("primary") & (pl.col("role") == "teacher")).drop_nulls(_AT_CLASS)
    several = primary.group_by(_AT_CLASS).agg(pl.col("_line").max(), count=pl.len())
    several = several.filter(pl.col("count") > 1).sort("_line")
    found = several.select("_line", "count", value=classes.at(several[_AT_CLASS], "sourcedId"))
    ledger.add_rows(checks.TWO_PRIMARY_TEACHERS, "enrollments", found, column="primary")


def _check_twice(
    bundle: JudgedBundle, enrollments: JudgedTable, rows: pl.DataFrame, ledger: Ledger
) -> None:
    """Warn of a user who is in a class twice at once; who left and came back is fine."""
    pair = pl.col(_AT_CLASS).cast(pl.UInt64) * (2**32) + pl.col(_AT_USER)
    keyed = rows.select(pair.alias("pair"))["pair"]
    if keyed.n_unique() == keyed.len():
        return
    again = rows.filter(keyed.is_duplicated() & keyed.is_not_null())
    key = [_AT_CLASS, _AT_USER, "role"]
    begin = pl.col("beginDate").fill_null(_ALWAYS)
    before = pl.col("endDate").fill_null(_FOREVER).cum_max().shift(1).over(key)
    at_once = again.sort(*key, begin, "_line").with_columns(count=pl.len().over(key), before=before)
    at_once = at_once.filter(begin < pl.col("before")).sort("_line")
    found = at_once.select(
        "_line",
        pl.col("role").cast(pl.String),
        "count",
        value=enrollments.at(at_once["row"], "userSourcedId"),
        of_class=enrollments.at(at_once["row"], "classSourcedId"),
    )
    ledger.add_rows(checks.TWICE_IN_CLASS, "enrollments", found, column="userSourcedId")


def _present(enrollments: JudgedTable, reference: str, role: str) -> pl.Series:
    """Return whom any enrollment names, also one that is left out: that has its own finding."""
    named = enrollments.column(reference).filter(enrollments.frame["role"] == role)
    return named.drop_nulls().unique()


def _check_empty(enrollments: JudgedTable, classes: JudgedTable, ledger: Ledger) -> None:
    for role, check in (
        ("teacher", checks.CLASS_WITHOUT_TEACHER),
        ("student", checks.CLASS_WITHOUT_STUDENTS),
    ):
        _note_without(check, classes, _present(enrollments, _AT_CLASS, role), ledger)


def _note_without(
    check: RosterCheck, table: JudgedTable, present: pl.Series, ledger: Ledger
) -> None:
    """Warn of the records whose row numbers are not among those present."""
    all_rows = table.current("sourcedId")
    without = all_rows.filter(~pl.col("row").is_in(present.implode()))
    ledger.add_rows(
        check, table.name, without.select("_line", value="sourcedId"), column="sourcedId"
    )


def _check_everyone(classes: JudgedTable, rows: pl.DataFrame, ledger: Ledger) -> None:
    students = rows.filter(pl.col("role") == "student")
    total = students[_AT_USER].n_unique()
    if total < _EVERYONE_FROM:
        return
    sizes = students.group_by(_AT_CLASS).agg(count=pl.col(_AT_USER).n_unique())
    large = sizes.filter(pl.col("count") > total * _EVERYONE_SHARE).drop_nulls()
    found = pl.DataFrame(
        {
            "_line": classes.at(large[_AT_CLASS], "_line"),
            "value": classes.at(large[_AT_CLASS], "sourcedId"),
            "count": large["count"],
        }
    )
    ledger.add_rows(checks.EVERYTHING_IN_ONE, "classes", found, column="sourcedId", total=total)


def _check_students(
    enrollments: JudgedTable, users: JudgedTable, students: pl.Series, ledger: Ledger
) -> None:
    present = _present(enrollments, _AT_USER, "student")
    without = students.filter(~students.is_in(present.implode()))
    found = users.current("sourcedId").filter(pl.col("row").is_in(without.implode()))
    found = found.select("_line", value="sourcedId")
    ledger.add_rows(checks.STUDENT_WITHOUT_CLASS, "users", found, column="sourcedId")
