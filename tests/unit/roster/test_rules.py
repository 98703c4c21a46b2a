"""Which school year a roster is of, which id is the state's, and when a plan waits."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from rollbook.changes.types import TableChanges
from rollbook.people.layouts import SCHOOL_ENROLLMENTS, STUDENTS
from rollbook.roster.rules import holds, identity
from rollbook.roster.rules.years import school_year_of
from rollbook.roster.types import SESSIONS, USERS
from tests.factories.rosters import loaded, role, small, user, year

SCHOOL = 7
NAMES = {SCHOOL: "Elm Street", 8: "Ash Lane"}


def sessions(*rows: Any) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SESSIONS)


@pytest.mark.parametrize(
    ("years", "starting", "expected"),
    [
        ([2027], date(2026, 9, 1), 2027),
        ([2027, 2028], date(2026, 9, 1), 2027),
        ([2027, 2028], date(2027, 9, 1), 2028),
        ([2027, 2028], date(2027, 7, 1), 2028),
        ([2026], date(2026, 9, 1), 2026),
        ([], date(2026, 6, 30), 2026),
        ([], date(2026, 7, 1), 2027),
    ],
)
def test_a_rosters_school_year(years: list[int], starting: date, expected: int) -> None:
    assert school_year_of(sessions(*map(year, years)), starting=starting) == expected


def test_a_deleted_school_year_does_not_count() -> None:
    years = sessions(year(2027), year(2028, status="tobedeleted"))
    assert school_year_of(years, starting=date(2027, 9, 1)) == 2027


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"user_master_identifier": " 900 "}, "900"),
        ({"user_ids": ["{SSID:900}"]}, "900"),
        ({"user_ids": ["{sis:1}", "{StateID : 900}"]}, "900"),
        ({"user_ids": ["{State Student ID:900}"]}, "900"),
        ({"user_ids": ["{state_id:900}"]}, "900"),
        ({"user_ids": ["{CALPADS:900}"], "user_master_identifier": "901"}, "901"),
        ({"user_ids": ["{SIS:900}", "{LDAP:ann}"]}, ""),
        ({"user_ids": []}, ""),
        ({}, ""),
    ],
)
def test_a_users_state_id(cells: dict[str, Any], expected: str) -> None:
    assert identity.state_id(pl.DataFrame([cells], schema=USERS)).to_list() == [expected]


def leaving(count: int, school: int = SCHOOL, action: str = "archive") -> TableChanges:
    frame = pl.DataFrame({"id": range(count), "action": action, "school_id": school})
    return TableChanges(SCHOOL_ENROLLMENTS, frame)


def students(count: int, action: str) -> TableChanges:
    return TableChanges(STUDENTS, pl.DataFrame({"id": range(count), "action": action}))


def codes(*changes: TableChanges, is_first_load: bool = False, **sizes: int) -> list[str]:
    found = holds.hold_reasons(
        {change.table.name: change for change in changes},
        students_by_school={SCHOOL: 0} | {int(k[1:]): v for k, v in sizes.items()},
        school_names=NAMES,
        modes={},
        is_first_load=is_first_load,
    )
    return [reason.code for reason in found]


@pytest.mark.parametrize(
    ("count", "size", "waits"),
    [
        (4, 20, False),  # more than a tenth, but too few to ask anybody
        (5, 20, True),
        (5, 50, False),  # a tenth, and no more
        (6, 50, True),
        (25, 1_000, False),
        (26, 1_000, True),
        (3, 3, True),  # the school would stand empty
        (1, 1, True),
    ],
)
def test_a_school_that_loses_many_students_waits(count: int, size: int, waits: bool) -> None:
    assert codes(leaving(count), s7=size) == (["students-leave"] if waits else [])


def test_the_reason_names_the_school_and_the_numbers() -> None:
    (reason,) = holds.hold_reasons(
        {"school enrollments": leaving(30)},
        students_by_school={SCHOOL: 1_200},
        school_names=NAMES,
        modes={},
        is_first_load=False,
    )
    assert (reason.organization_id, reason.count, reason.of) == (SCHOOL, 30, 1_200)
    assert reason.says == "Elm Street would lose 30 of 1,200 students (2 %; limit 10 % or 25)."


def test_each_school_has_a_reason_of_its_own_by_name() -> None:
    both = pl.concat([leaving(10).frame, leaving(10, school=8).frame])
    found = holds.hold_reasons(
        {"school enrollments": TableChanges(SCHOOL_ENROLLMENTS, both)},
        students_by_school={SCHOOL: 20, 8: 20},
        school_names=NAMES,
        modes={},
        is_first_load=False,
    )
    assert [reason.organization_id for reason in found] == [8, SCHOOL]


@pytest.mark.parametrize(
    ("action", "count", "size", "expected"),
    [
        ("update", 75, 100, []),
        ("update", 76, 100, ["many-update"]),
        ("add", 50, 100, []),
        ("add", 51, 100, ["many-add"]),
        ("add", 49, 49, []),  # a small district: nobody is asked
        ("update", 49, 49, []),
    ],
)
def test_a_district_that_changes_much_waits(
    action: str, count: int, size: int, expected: list[str]
) -> None:
    assert codes(students(count, action), s7=size) == expected


def test_a_first_load_never_waits() -> None:
    assert codes(leaving(50), students(99, "add"), is_first_load=True, s7=50) == []


def test_nothing_leaves_nothing_waits() -> None:
    assert codes(s7=50) == []


@pytest.mark.parametrize("keeps_its_id", [True, False])
def test_a_school_whose_students_all_move_away_waits(keeps_its_id: bool) -> None:
    here = loaded()
    moved = [
        role(who, "south", sourced_id=f"{who}-at-north" if keeps_its_id else None)
        for who in ("ann", "ben")
    ]
    north = here.id_of("organizations", "north")
    plan = here.plan(small(roles=[*moved, role("tea", "north", "teacher")]))
    (reason,) = holds.hold_reasons(
        plan.by_table,
        students_by_school={north: 2},
        school_names={north: "North"},
        modes={},
        is_first_load=False,
    )
    assert (reason.organization_id, reason.count) == (north, 2)


def test_families_and_unknown_users_count_for_nothing() -> None:
    here = loaded()
    plan = here.plan(small(users=[user("ann"), user("ben"), user("tea", grades=None), user("odd")]))
    assert plan.changes == ()
