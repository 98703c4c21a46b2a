"""Lists of groups, their students and their history, as far as a reader may see them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.groups.actions import (
    add_students,
    add_users,
    archive_groups,
    create_group,
    create_rule_group,
)
from rollbook.groups.models import GroupMember, StudentGroup
from rollbook.groups.queries import (
    GroupNotFound,
    find_groups,
    get_group,
    history_of,
    may_write,
    members_of,
)
from rollbook.groups.queries.history import A_STUDENT
from rollbook.groups.types import GroupFilter, GroupOrigin, GroupRule
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Scope
from tests.db.groups.given import YEAR, group_with, scope_now, student
from tests.factories.accounts import BY, EVERYTHING, NOW, account, grant, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
AS = {"by": BY, "now": NOW}


@pytest.fixture
def places() -> SmallState:
    return small_state()


def made(places: SmallState, name: str, **more: Any) -> UUID:
    wanted = {"school_uuid": places.north_high.uuid, "school_year": YEAR, "subject": ""} | more
    return create_group(EVERYTHING, name=name, **wanted, **AS)


def found(scope: Scope = EVERYTHING, **wanted: Any) -> list[str]:
    return [row.name for row in find_groups(scope, GroupFilter(**wanted), PageRequest()).items]


def test_each_filter_keeps_what_it_asks_for(places: SmallState) -> None:
    kim = student(places.north_high, "Abe")
    made(places, "Plain Chess")
    made(places, "Math chess", subject="Math", student_uuids=[kim.uuid])
    made(places, "Used", logins=["pat@example.org"], student_uuids=[kim.uuid])
    made(places, "Middle", school_uuid=places.north_middle.uuid)
    made(places, "Next", school_year=YEAR + 1)
    archive_groups(EVERYTHING, [made(places, "Gone")], **AS)
    create_rule_group(
        EVERYTHING, school_uuid=places.north_high.uuid, school_year=YEAR, name="Ruled", subject="",
        rule=GroupRule(), **AS,
    )  # fmt: skip
    everything = ["Math chess", "Next", "Plain Chess", "Ruled", "Used", "Middle"]
    assert found() == everything
    assert found(school=places.north_middle.uuid) == ["Middle"]
    assert found(school_year=YEAR + 1) == ["Next"]
    assert found(subject="Math") == ["Math chess"]
    assert found(subject="") == [name for name in everything if name != "Math chess"]
    assert found(origin=GroupOrigin.RULE) == ["Ruled"]
    assert found(archived=True) == ["Gone"]
    assert found(words="CHESS pl") == ["Plain Chess"]
    assert found(without_students=True) == ["Next", "Plain Chess", "Middle"]
    assert found(without_users=True) == [name for name in everything if name != "Used"]
    assert found(too_large=True) == []
    assert found(mine=True) == []
    assert found(words="chess", without_students=True, subject="") == ["Plain Chess"]


def test_a_group_with_201_students_is_found_as_too_large(places: SmallState) -> None:
    many = Student.objects.bulk_create(
        Student(district=places.north, local_id=str(n)) for n in range(201)
    )
    for size in (200, 201):
        group = group_with(made(places, f"With {size}"))
        GroupMember.objects.bulk_create(GroupMember(group=group, student=s) for s in many[:size])
    assert found(too_large=True) == ["With 201"]


def test_pages_count_all(places: SmallState) -> None:
    for number in range(5):
        made(places, f"Group {number}")
    page = find_groups(EVERYTHING, GroupFilter(), PageRequest(number=2, size=2))
    assert ([row.name for row in page.items], page.total_count) == (["Group 2", "Group 3"], 5)


def test_readers_find_groups_where_they_read_students_or_write_groups(places: SmallState) -> None:
    made(places, "High")
    made(places, "Middle", school_uuid=places.north_middle.uuid)
    made(places, "South", school_uuid=places.south_high.uuid)
    pat = account("pat@example.org")
    grant(pat, "teacher", places.north_high)
    assigned = made(places, "Hers", logins=["pat@example.org"])
    assert found(scope_now(pat)) == ["Hers"]
    assert found(scope_now(pat), mine=True) == ["Hers"]
    for role, place, names, writes in (
        ("school_admin", places.north_high, ["Hers", "High"], False),
        ("district_admin", places.north, ["Hers", "High", "Middle"], True),
        ("integrator", places.south, ["South"], True),
        ("reviewer", places.north, [], False),
    ):
        scope = scope_with(role, place, f"{role}@example.org")
        rows = find_groups(scope, GroupFilter(), PageRequest()).items
        assert [row.name for row in rows] == names
        assert {may_write(scope, row) for row in rows} <= {writes}
    assert not may_write(scope_now(pat), get_group(scope_now(pat), assigned))


def test_former_years_are_read_by_todays_rights_and_grant_nothing(places: SmallState) -> None:
    pat = account("pat@example.org")
    grant(pat, "teacher", places.north_high)
    old = made(places, "Old", school_year=YEAR, logins=["pat@example.org"])
    StudentGroup.objects.filter(uuid=old).update(school_year=YEAR - 1)
    admin = scope_with("school_admin", places.north_high, "admin@example.org")
    assert found(admin, school_year=YEAR - 1) == ["Old"]
    assert (scope_now(pat).group_ids, found(scope_now(pat))) == (frozenset(), [])


def test_members_are_named_to_who_sees_them(places: SmallState) -> None:
    here, shared = student(places.north_high, "Abe"), student(places.north_middle, "Bea")
    group = made(places, "Both", student_uuids=[here.uuid, shared.uuid])
    admin = scope_with("school_admin", places.north_high, "admin@example.org")
    integrator = scope_with("integrator", places.north, "integrator@example.org")
    for scope, names in ((EVERYTHING, ["Abe", "Bea"]), (admin, ["Abe"]), (integrator, [])):
        page = members_of(scope, group, PageRequest())
        assert [row.last_name for row in page.items] == names
        assert (page.total_count, get_group(scope, group).student_count) == (len(names), 2)
    assert members_of(EVERYTHING, group, PageRequest(), "be").total_count == 1
    with pytest.raises(GroupNotFound):
        members_of(scope_with("teacher", places.north_high, "t@example.org"), group, PageRequest())


def test_history_is_told_the_latest_first_and_names_whom_one_sees(places: SmallState) -> None:
    here, shared = student(places.north_high, "Abe"), student(places.north_middle, "Bea")
    group = made(places, "Both")
    add_students(EVERYTHING, group, student_uuids=[here.uuid], **AS)
    add_students(EVERYTHING, group, student_uuids=[shared.uuid], **AS)
    add_users(EVERYTHING, group, logins=["pat@example.org"], **AS)
    admin = scope_with("school_admin", places.north_high, "admin@example.org")
    for scope, name in ((EVERYTHING, "Bea, Kim"), (admin, A_STUDENT)):
        rows = history_of(scope, group, PageRequest()).items
        assert [(row.kind.value, row.who) for row in rows] == [
            ("user_added", "pat@example.org"),
            ("student_added", name),
            ("student_added", "Abe, Kim"),
            ("created", ""),
        ]
        assert {(row.by, row.at) for row in rows} == {("test", NOW)}
    page = history_of(EVERYTHING, group, PageRequest(number=2, size=3))
    assert ([row.kind.value for row in page.items], page.total_count) == (["created"], 4)


def test_history_calls_a_merged_record_by_the_one_that_stayed(places: SmallState) -> None:
    kept, gone = student(places.north_high, "Kept"), student(places.north_high, "Gone")
    group = made(places, "Chess")
    add_students(EVERYTHING, group, student_uuids=[gone.uuid], **AS)
    Student.objects.filter(pk=gone.pk).update(merged_into=kept, is_active=False)
    SchoolEnrollment.objects.filter(student=gone).delete()
    admin = scope_with("school_admin", places.north_high, "admin@example.org")
    assert history_of(admin, group, PageRequest()).items[0].who == "Kept, Kim"


def test_lists_take_as_many_queries_for_three_groups_as_for_one(places: SmallState) -> None:
    spent = []
    for names in (["a"], ["b", "c"]):
        for name in names:
            uuids = [student(places.north_high, name).uuid]
            made(places, name, student_uuids=uuids, logins=[f"{name}@example.org"])
        with CaptureQueriesContext(connection) as queries:
            find_groups(EVERYTHING, GroupFilter(), PageRequest())
            history_of(EVERYTHING, get_group(EVERYTHING, group_uuid("a")).uuid, PageRequest())
        spent.append(len(queries))
    assert spent[0] == spent[1]


def group_uuid(name: str) -> UUID:
    return StudentGroup.objects.get(name=name).uuid
