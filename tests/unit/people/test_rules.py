"""Which cells may be edited by hand, and what they take."""

from __future__ import annotations

from datetime import date

import pytest

from rollbook.people.layouts import CLASSES, STAFF, STUDENTS
from rollbook.people.rules import EDITABLE, LONGEST, cleaned

TODAY = date(2026, 9, 15)


@pytest.mark.parametrize(
    ("column", "typed", "kept"),
    [
        ("first_name", "  Ann ", "Ann"),
        ("first_name", "", ""),
        ("first_name", "Zoe\u0301", "Zoé"),
        ("preferred_first_name", "Bo", "Bo"),
        ("grade", "06", "06"),
        ("grade", "", ""),
        ("birth_date", "2018-03-05", "2018-03-05"),
        ("birth_date", "2026-09-15", "2026-09-15"),
        ("birth_date", " ", ""),
        ("local_id", "00012", "00012"),
        ("email", "ann@example.org", "ann@example.org"),
        ("last_name", "x" * LONGEST, "x" * LONGEST),
    ],
)
def test_a_value_that_is_kept(column: str, typed: str, kept: str) -> None:
    assert cleaned("students", column, typed, today=TODAY) == (kept, "")


@pytest.mark.parametrize(
    ("column", "typed", "says"),
    [
        ("last_name", " ", "Type a value; this one is never blank."),
        ("grade", "13th", '"13th" is not a grade. Use PK, KG, or 01 to 12.'),
        ("birth_date", "03/05/2018", '"03/05/2018" is not a date. Use year-month-day, such as '
         "2015-08-31."),
        ("birth_date", "2026-09-16", "Type a day between 1900 and today."),
        ("birth_date", "1899-12-31", "Type a day between 1900 and today."),
        ("email", "ann at home", "Type an address such as name@example.org."),
        ("first_name", "A\tB", "Type it in one line, without control characters."),
        ("first_name", "x" * (LONGEST + 1), "Use 2,000 characters or fewer."),
        ("ssid", "900", "ssid cannot be edited here."),
        ("is_active", "no", "is_active cannot be edited here."),
    ],
)  # fmt: skip
def test_a_value_that_is_not_kept(column: str, typed: str, says: str) -> None:
    assert cleaned("students", column, typed, today=TODAY) == ("", says)


def test_only_columns_of_their_tables_are_edited() -> None:
    tables = {table.name: table for table in (STUDENTS, STAFF, CLASSES)}
    assert set(EDITABLE) == set(tables)
    for name, columns in EDITABLE.items():
        kinds = {tables[name].columns[column] for column in columns}
        assert kinds <= {"text", "date"}
    assert cleaned("courses", "title", "Art", today=TODAY)[0] == ""
