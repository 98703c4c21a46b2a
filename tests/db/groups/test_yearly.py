"""Archive, restore and copy to a later year."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.groups.actions import (
    GroupFollowsRoster,
    GroupIsWrong,
    MayNotChangeGroup,
    archive_groups,
    copy_groups,
    create_group,
    create_rule_group,
    refresh_class_groups,
    restore_groups,
)
from rollbook.groups.models import GroupEvent, StudentGroup
from rollbook.groups.queries import GroupNotFound, find_groups, get_group, years_of_groups
from rollbook.groups.types import GroupFilter, GroupRule
from rollbook.people.models import Class, SchoolEnrollment
from rollbook.people.queries.students import students_in
from rollbook.shared.page import PageRequest
from tests.db.groups.given import (
    YEAR,
    group_with,
    members,
    scope_now,
    student,
    taught,
    told,
    users,
)
from tests.factories.accounts import BY, EVERYTHING, NOW, account, grant, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
AS = {"by": BY, "now": NOW}


@pytest.fixture
def places() -> SmallState:
    return small_state()


def made(places: SmallState, name: str, **more: Any) -> UUID:
    wanted = {"school_uuid": places.north_high.uuid, "school_year": YEAR, "subject": "ELA"} | more
    return create_group(EVERYTHING, name=name, **wanted, **AS)


def copies(**wanted: Any) -> list[StudentGroup]:
    return list(StudentGroup.objects.filter(school_year=YEAR + 1, **wanted).order_by("name"))


def test_an_archived_group_grants_nothing_until_it_comes_back(places: SmallState) -> None:
    pat = account("pat@example.org")
    grant(pat, "teacher", places.north_high)
    kim = student(places.north_high, "Abe")
    group = made(places, "Chess", student_uuids=[kim.uuid], logins=["pat@example.org"])
    assert set(students_in(scope_now(pat))) == {kim}
    assert archive_groups(EVERYTHING, [group], **AS) == 1
    assert archive_groups(EVERYTHING, [group], **AS) == 0
    assert set(students_in(scope_now(pat))) == set()
    with pytest.raises(GroupNotFound):
        get_group(EVERYTHING, group)
    archived = find_groups(EVERYTHING, GroupFilter(archived=True), PageRequest()).items
    assert [row.uuid for row in archived] == [group]
    assert restore_groups(EVERYTHING, [group], **AS) == 1
    assert set(students_in(scope_now(pat))) == {kim}
    assert [event[0] for event in told(group)] == ["created", "archived", "restored"]


def test_it_is_all_or_none(places: SmallState) -> None:
    here, there = made(places, "Here"), made(places, "There", school_uuid=places.south_high.uuid)
    north = scope_with("test_coordinator", places.north, "north@example.org")
    reader = scope_with("school_admin", places.north_high, "reader@example.org")
    for scope, groups, refusal in (
        (north, [here, there], GroupNotFound),
        (reader, [here], MayNotChangeGroup),
        (north, [], GroupNotFound),
    ):
        with pytest.raises(refusal):
            archive_groups(scope, groups, **AS)
        with pytest.raises(refusal):
            copy_groups(scope, groups, school_year=YEAR + 1, with_students=True, **AS)
    assert StudentGroup.objects.filter(is_active=True).count() == 2


def test_a_class_archives_its_group_and_nobody_else(places: SmallState) -> None:
    taught(places.north_high, "Art", [])
    Class.objects.update(source="sis", sourced_id="c1")
    refresh_class_groups(source="sis", **AS)
    with pytest.raises(GroupFollowsRoster):
        archive_groups(EVERYTHING, [StudentGroup.objects.get().uuid], **AS)


def test_a_copy_keeps_users_and_the_students_who_stay(places: SmallState) -> None:
    stays, moves, leaves = (student(places.north_high, name) for name in ("Abe", "Bea", "Cal"))
    group = made(
        places, "Chess", student_uuids=[stays.uuid, moves.uuid, leaves.uuid],
        logins=["pat@example.org"],
    )  # fmt: skip
    SchoolEnrollment.objects.filter(student=moves).update(school=places.north_middle)
    SchoolEnrollment.objects.filter(student=leaves).update(school=places.south_high)
    made(places, "CHESS", school_year=YEAR + 1)
    ask = {"school_year": YEAR + 1, **AS}
    assert copy_groups(EVERYTHING, [group], with_students=True, **ask) == 1
    assert copy_groups(EVERYTHING, [group], with_students=True, **ask) == 0  # it has its copy
    (copy,) = copies(copied_from__uuid=group)
    assert (copy.name, copy.subject, copy.origin) == ("Chess 2", "ELA", "hand")
    assert (members(copy.uuid), users(copy.uuid)) == (["Abe", "Bea"], ["pat@example.org"])
    event = GroupEvent.objects.get(group=copy)
    assert (event.kind, event.detail) == (
        "copied", {"from": "Chess", "school_year": YEAR, "students": 2, "users": 1}
    )  # fmt: skip
    assert years_of_groups(EVERYTHING) == [YEAR + 1, YEAR]
    with pytest.raises(GroupIsWrong):
        copy_groups(EVERYTHING, [copy.uuid], with_students=True, **ask)


def test_a_copy_without_students_is_empty(places: SmallState) -> None:
    group = made(places, "Chess", student_uuids=[student(places.north_high, "Abe").uuid])
    copy_groups(EVERYTHING, [group], school_year=YEAR + 1, with_students=False, **AS)
    assert members(copies()[0].uuid) == []


def test_a_rule_goes_on_and_a_class_does_not(places: SmallState) -> None:
    abe = student(places.north_high, "Abe")
    rule = create_rule_group(
        EVERYTHING, school_uuid=places.north_high.uuid, school_year=YEAR, name="Rule", subject="",
        rule=GroupRule(grades=("09",)), **AS,
    )  # fmt: skip
    taught(places.north_high, "Art", [abe])
    Class.objects.update(source="sis", sourced_id="c1")
    refresh_class_groups(source="sis", **AS)
    of_class = StudentGroup.objects.get(origin="class").uuid
    copy_groups(EVERYTHING, [rule, of_class], school_year=YEAR + 1, with_students=True, **AS)
    assert [(g.name, g.origin, members(g.uuid)) for g in copies()] == [
        ("Art", "hand", ["Abe"]), ("Rule", "rule", [])
    ]  # fmt: skip
    assert copies()[1].rule == group_with(rule).rule


def test_copying_three_groups_takes_as_many_queries_as_one(places: SmallState) -> None:
    kim, spent = student(places.north_high, "Abe"), []
    for names in (["a"], ["b", "c", "d"]):
        groups = [
            made(places, name, student_uuids=[kim.uuid], logins=["p@example.org"]) for name in names
        ]
        with CaptureQueriesContext(connection) as queries:
            copy_groups(EVERYTHING, groups, school_year=YEAR + 1, with_students=True, **AS)
        spent.append(len(queries))
    assert spent[0] == spent[1]
