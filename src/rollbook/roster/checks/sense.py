"""Look for what is legal and makes no sense: sessions and organizations, then people."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from rollbook.roster.checks import sense_checks as checks
from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.checks.sense_classes import check_classes
from rollbook.roster.checks.tables import JudgedBundle, JudgedTable
from rollbook.roster.layouts import Kind

# Spreadsheets take a cell that starts with one of these for a formula.
_FORMULA: Final = r"^[=+\-@]"
_SHIFTED: Final = r"[0-9@]"
_NAMES: Final = ("givenName", "familyName", "middleName")
# Telephone numbers start with + by right.
_NOT_PROSE: Final = frozenset({"sms", "phone", "password"})

# How old a student of a grade usually is when the year starts; far younger or older is a doubt.
_USUAL_AGE: Final = {
    **{f"{grade:02d}": grade + 5 for grade in range(1, 14)},
    "KG": 5,
    "TK": 4,
    "PK": 4,
    "PR": 3,
    "IT": 1,
}
_YOUNGER, _OLDER = 2, 5
_YEAR_STARTS: Final = (9, 1)


def check_sense(bundle: JudgedBundle, ledger: Ledger) -> None:
    """Warn of what no rule forbids and nobody means."""
    sessions, orgs = bundle.get("academicSessions"), bundle.get("orgs")
    if sessions is not None:
        _check_sessions(sessions, ledger)
        _check_cycle(checks.SESSION_CYCLE, sessions, ledger)
    if orgs is not None:
        _check_cycle(checks.ORG_CYCLE, orgs, ledger)
    for table in bundle.tables.values():
        _check_formulas(table, ledger)
    students = _students(bundle)
    if bundle.get("users") is not None:
        _check_users(bundle, students, ledger)
        _check_ages(bundle, ledger)
    check_classes(bundle, students, ledger)


def _check_sessions(sessions: JudgedTable, ledger: Ledger) -> None:
    rows = sessions.current("sourcedId", "startDate", "endDate", "_at_parentSourcedId")
    start, end = pl.col("startDate"), pl.col("endDate")
    backwards = rows.filter(end < start).select("_line", value=end, start=start)
    ledger.add_rows(
        checks.SESSION_BACKWARDS, sessions.name, backwards, column="endDate", condemn=False
    )
    at = rows["_at_parentSourcedId"]
    rows = rows.with_columns(
        parent=sessions.at(at, "sourcedId"),
        parent_start=sessions.at(at, "startDate"),
        parent_end=sessions.at(at, "endDate"),
    )
    outside = (start < pl.col("parent_start")) | (end > pl.col("parent_end"))
    found = rows.filter(outside & (start <= end)).select(
        "_line", "parent", "parent_start", "parent_end", value="sourcedId", start=start, end=end
    )
    ledger.add_rows(checks.SESSION_OUTSIDE, sessions.name, found, column="parentSourcedId")


def _check_cycle(check: RosterCheck, table: JudgedTable, ledger: Ledger) -> None:
    """Follow the parents of all rows at once, twice as far at each turn; who is left is caught."""
    parent = table.column("_at_parentSourcedId")
    if not parent.null_count() < parent.len():
        return
    reached, steps = parent, 1
    while steps < parent.len() and reached.null_count() < reached.len():
        reached, steps = reached.gather(reached), steps * 2
    caught = reached.drop_nulls().unique()
    rows = table.current("sourcedId").filter(pl.col("row").is_in(caught.implode()))
    found = rows.select("_line", value="sourcedId")
    ledger.add_rows(check, table.name, found, column="parentSourcedId")


def _check_formulas(table: JudgedTable, ledger: Ledger) -> None:
    names = [
        column.name
        for column in table.layout.columns
        if column.kind is Kind.TEXT and not column.is_list and column.name not in _NOT_PROSE
    ]
    names = [name for name in names if table.frame[name].null_count() < table.frame.height]
    if not names:
        return
    starts = pl.col(names).str.contains(_FORMULA)
    risky = table.frame.select(starts.any()).row(0, named=True)
    for name in names:
        if risky[name]:
            rows = table.current(name).filter(pl.col(name).str.contains(_FORMULA))
            found = rows.select("_line", value=name)
            ledger.add_rows(checks.FORMULA, table.name, found, column=name)


def _students(bundle: JudgedBundle) -> pl.Series:
    """Return the row numbers of the users who are students, sorted."""
    users, roles = bundle.get("users"), bundle.get("roles")
    if users is not None and users.layout.find("role") is not None:
        rows = users.current("role").filter(pl.col("role") == "student")["row"]
    elif roles is not None:
        rows = roles.current("role", "_at_userSourcedId")
        rows = rows.filter(pl.col("role") == "student")["_at_userSourcedId"]
    else:
        rows = pl.Series("row", [], dtype=pl.UInt32)
    return rows.drop_nulls().unique().sort()


def _check_users(bundle: JudgedBundle, students: pl.Series, ledger: Ledger) -> None:
    users = bundle.tables["users"]
    rows = users.current("sourcedId", "username", "email", "identifier", *_NAMES)
    is_student = pl.col("row").is_in(students.implode())
    _check_shared(checks.USERNAME_SHARED, rows, "username", [], ledger)
    _check_shared(checks.EMAIL_SHARED, rows, "email", [], ledger)
    kinds = rows.with_columns(is_student=is_student)
    _check_shared(checks.IDENTIFIER_SHARED, kinds, "identifier", ["is_student"], ledger)
    for name in _NAMES:
        cell = pl.col(name)
        odd = rows.filter(cell.str.contains(_SHIFTED) & ~cell.str.contains(_FORMULA))
        ledger.add_rows(checks.NAME_SHIFTED, "users", odd.select("_line", value=name), column=name)
    if bundle.version != "1.1" and bundle.is_whole("users", "roles"):
        held = bundle.tables["roles"].column("_at_userSourcedId").drop_nulls()
        without = rows.filter(~pl.col("row").is_in(held.implode()))
        found = without.select("_line", value="sourcedId")
        ledger.add_rows(checks.USER_WITHOUT_ROLE, "users", found, column="sourcedId")


def _check_shared(
    check: RosterCheck, rows: pl.DataFrame, column: str, kind: list[str], ledger: Ledger
) -> None:
    """Warn of every user after the first who has the same value, whatever its case and spaces."""
    folded = rows.select(
        "_line", *kind, value=column, key=pl.col(column).str.to_lowercase().str.replace_all(" ", "")
    ).drop_nulls("key")
    keys = [*kind, "key"]
    if folded.select(keys).n_unique() == folded.height:
        return
    shared = folded.with_columns(
        count=pl.len().over(keys), first=pl.col("_line").min().over(keys)
    ).filter((pl.col("count") > 1) & (pl.col("_line") > pl.col("first")))
    found = shared.select("_line", "value", "count", "first")
    ledger.add_rows(check, "users", found, column=column)


def _check_ages(bundle: JudgedBundle, ledger: Ledger) -> None:
    demographics, sessions = bundle.get("demographics"), bundle.get("academicSessions")
    if demographics is None or sessions is None:
        return
    year = sessions.current("schoolYear")["schoolYear"].max()
    if not isinstance(year, int):
        return
    rows = demographics.current("birthDate", "_at_sourcedId").drop_nulls("birthDate")
    grades = bundle.tables["users"].at(rows["_at_sourcedId"], "grades").list.first()
    starts = date(year - 1, *_YEAR_STARTS)
    age = (pl.lit(starts) - pl.col("birthDate")).dt.total_days() / 365.25
    usual = pl.col("grade").replace_strict(_USUAL_AGE, default=None, return_dtype=pl.Int32)
    rows = rows.with_columns(grade=grades).drop_nulls("grade")
    odd = rows.filter((age < usual - _YOUNGER) | (age > usual + _OLDER))
    found = odd.select(
        "_line", "grade", value="birthDate", age=age.floor().cast(pl.Int32), year=pl.lit(year)
    )
    ledger.add_rows(checks.AGE_FOR_GRADE, "demographics", found, column="birthDate")
