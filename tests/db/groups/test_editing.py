"""Groups made and edited by hand."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.groups.actions import (
    ClassNotFound,
    GroupFollowsRoster,
    GroupIsWrong,
    MayNotChangeGroup,
    add_students,
    add_users,
    create_group,
    create_groups_from_classes,
    refresh_class_groups,
    remove_students,
    remove_users,
    rename_group,
    set_school_year,
    set_subject,
)
from rollbook.groups.models import StudentGroup
from rollbook.groups.queries import GroupNotFound, classes_to_choose, students_to_add, users_of
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.people.models import Class, SchoolEnrollment, Student
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Scope
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


@pytest.fixture
def coordinator(places: SmallState) -> Scope:
    return scope_with("test_coordinator", places.north, "coordinator@example.org")


def made(scope: Scope, places: SmallState, name: str = "Chess", **more: Any) -> uuid.UUID:
    wanted = {"subject": "", "school_year": YEAR, "school_uuid": places.north_high.uuid} | more
    return create_group(scope, name=name, **wanted, **AS)


def test_a_group_is_made_with_students_and_users(places: SmallState, coordinator: Scope) -> None:
    one, other = student(places.north_high, "Abe"), student(places.north_middle, "Bea")
    group = made(
        coordinator, places, "  Chess ", subject="ELA",
        student_uuids=[one.uuid, other.uuid], logins=["Pat@Example.org", "pat@example.org"],
    )  # fmt: skip
    kept = group_with(group)
    assert (kept.name, kept.subject, kept.origin, kept.school_id) == (
        "Chess", "ELA", "hand", places.north_high.pk
    )  # fmt: skip
    assert (members(group), users(group)) == (["Abe", "Bea"], ["pat@example.org"])
    assert told(group) == [("created", None, "")]
    entry = AuditEntry.objects.get(action="create_group")
    assert (entry.subject_uuid, entry.detail) == (str(group), {"students": 2})


def test_a_name_is_taken_whatever_its_case(places: SmallState, coordinator: Scope) -> None:
    made(coordinator, places, "École")
    with pytest.raises(GroupIsWrong):
        made(coordinator, places, "éCOLE")
    made(coordinator, places, "École", school_year=YEAR + 1)
    made(coordinator, places, "École", school_uuid=places.north_middle.uuid)


def test_who_may_not_write_groups_there_makes_none(places: SmallState) -> None:
    for role, place in (("school_admin", places.north_high), ("test_coordinator", places.south)):
        with pytest.raises(OrganizationNotFound):
            made(scope_with(role, place, f"{role}@example.org"), places)
    with pytest.raises(OrganizationNotFound):
        made(EVERYTHING, places, school_uuid=places.north.uuid)
    assert not StudentGroup.objects.exists()


def test_only_students_in_sight_and_of_the_district_join(
    places: SmallState, coordinator: Scope
) -> None:
    here, abroad = student(places.north_high, "Abe"), student(places.south_high, "Sue")
    gone = student(places.north_high, "Gus", year=YEAR - 1)
    SchoolEnrollment.objects.filter(student=gone).update(ends_before="2026-06-10")
    group = made(coordinator, places)
    for wrong in (abroad.uuid, gone.uuid, uuid.uuid4()):
        with pytest.raises(GroupIsWrong, match="1 of these students"):
            add_students(coordinator, group, student_uuids=[here.uuid, wrong], **AS)
    with pytest.raises(GroupIsWrong):  # in the operator's sight, not of the district
        add_students(EVERYTHING, group, student_uuids=[abroad.uuid], **AS)
    of_school = scope_with("test_coordinator", places.north_high, "high@example.org")
    with pytest.raises(GroupIsWrong):
        middle = student(places.north_middle, "Bea")
        add_students(of_school, group, student_uuids=[middle.uuid], **AS)
    assert members(group) == []


def test_students_come_and_go_with_their_history(places: SmallState, coordinator: Scope) -> None:
    one, other = student(places.north_high, "Abe"), student(places.north_high, "Bea")
    group = made(coordinator, places, student_uuids=[one.uuid])
    assert add_students(coordinator, group, student_uuids=[one.uuid, other.uuid], **AS) == 1
    assert remove_students(coordinator, group, student_uuids=[one.uuid], **AS) == 1
    assert remove_students(coordinator, group, student_uuids=[one.uuid], **AS) == 0
    assert members(group) == ["Bea"]
    assert told(group)[1:] == [("student_added", other.pk, ""), ("student_removed", one.pk, "")]


def test_200_students_fit_and_no_more(places: SmallState, coordinator: Scope) -> None:
    many = Student.objects.bulk_create(
        Student(district=places.north, local_id=str(n)) for n in range(201)
    )
    SchoolEnrollment.objects.bulk_create(
        SchoolEnrollment(student=one, school=places.north_high, school_year=YEAR) for one in many
    )
    uuids = [one.uuid for one in many]
    group = made(coordinator, places, student_uuids=uuids[:200])
    with pytest.raises(GroupIsWrong, match="201"):
        add_students(coordinator, group, student_uuids=uuids[200:], **AS)
    with pytest.raises(GroupIsWrong, match="201"):
        made(coordinator, places, "Everybody", student_uuids=uuids)
    assert add_students(coordinator, group, student_uuids=uuids[:1], **AS) == 0


def test_users_come_and_go(places: SmallState, coordinator: Scope) -> None:
    pat = account("pat@example.org", first_name="Pat", last_name="Lee")
    grant(pat, "teacher", places.north_high)
    account("sam@example.org")
    group = made(coordinator, places)
    assert add_users(coordinator, group, logins=["PAT@example.org", "sam@example.org"], **AS) == 2
    assert add_users(coordinator, group, logins=["nobody@example.org"], **AS) == 1
    assert remove_users(coordinator, group, logins=["Nobody@example.org"], **AS) == 1
    with pytest.raises(GroupIsWrong):
        add_users(coordinator, group, logins=["nobody"], **AS)
    assert [(u.login, u.name, u.has_account, u.may_read) for u in users_of(EVERYTHING, group)] == [
        ("pat@example.org", "Pat Lee", True, True),
        ("sam@example.org", "sam@example.org", True, False),
    ]
    # A coordinator reads no accounts: addresses are known, names are not.
    assert [(u.name, u.may_read) for u in users_of(coordinator, group)] == [("", True), ("", False)]
    assert [event[0] for event in told(group)] == [
        "created", "user_added", "user_added", "user_added", "user_removed"
    ]  # fmt: skip
    assert group_with(group).pk in scope_now(pat).group_ids


def test_name_subject_and_year_change(places: SmallState, coordinator: Scope) -> None:
    group = made(coordinator, places)
    made(coordinator, places, "Taken")
    rename_group(coordinator, group, name="Chess club", **AS)
    rename_group(coordinator, group, name="CHESS club", **AS)  # its own name is not in its way
    with pytest.raises(GroupIsWrong):
        rename_group(coordinator, group, name="taken", **AS)
    set_subject(coordinator, group, subject="Math", **AS)
    set_school_year(coordinator, group, school_year=YEAR + 1, **AS)
    kept = group_with(group)
    assert (kept.name, kept.subject, kept.school_year) == ("CHESS club", "Math", YEAR + 1)
    assert [event[0] for event in told(group)] == [
        "created", "renamed", "renamed", "subject", "renamed"
    ]  # fmt: skip


def test_who_may_look_may_not_change_and_others_find_nothing(places: SmallState) -> None:
    group = made(EVERYTHING, places)
    admin = scope_with("school_admin", places.north_high, "admin@example.org")
    stranger = scope_with("test_coordinator", places.south, "south@example.org")
    for scope, refusal in ((admin, MayNotChangeGroup), (stranger, GroupNotFound)):
        for act, more in (
            (rename_group, {"name": "X"}),
            (set_subject, {"subject": "ELA"}),
            (set_school_year, {"school_year": 2030}),
            (add_students, {"student_uuids": []}),
            (remove_students, {"student_uuids": []}),
            (add_users, {"logins": []}),
            (remove_users, {"logins": []}),
        ):
            with pytest.raises(refusal):
                act(scope, group, **more, **AS)
    assert told(group) == [("created", None, "")]


def test_what_follows_a_class_is_not_edited(places: SmallState, coordinator: Scope) -> None:
    kim = student(places.north_high, "Abe")
    of_class = taught(places.north_high, "Art", [kim], teacher="art@example.org")
    Class.objects.update(source="sis", sourced_id="c1")
    refresh_class_groups(source="sis", **AS)
    group = StudentGroup.objects.get(class_taught=of_class).uuid
    for act, more in (
        (add_students, {"student_uuids": [kim.uuid]}),
        (remove_students, {"student_uuids": [kim.uuid]}),
        (add_users, {"logins": ["x@example.org"]}),
        (remove_users, {"logins": ["art@example.org"]}),
        (set_school_year, {"school_year": 2030}),
    ):
        with pytest.raises(GroupFollowsRoster):
            act(coordinator, group, **more, **AS)
    rename_group(coordinator, group, name="My art", **AS)
    refresh_class_groups(source="sis", **AS)
    assert group_with(group).name == "My art"


def test_groups_are_made_from_classes(places: SmallState, coordinator: Scope) -> None:
    kims = [student(places.north_high, name) for name in ("Abe", "Bea")]
    art = taught(places.north_high, "Art", kims, teacher="Art@example.org")
    music = taught(places.north_high, "Art", kims[:1])
    abroad = taught(places.south_high, "Art", [])
    made(coordinator, places, "ART")
    choices = classes_to_choose(coordinator, places.north_high.uuid, YEAR)
    assert [(c.uuid, c.student_count) for c in choices] == [(art.uuid, 2), (music.uuid, 1)]
    with pytest.raises(ClassNotFound):
        create_groups_from_classes(coordinator, [art.uuid, abroad.uuid], subject="", **AS)
    first, second = create_groups_from_classes(
        coordinator, [art.uuid, music.uuid], subject="ELA", **AS
    )
    assert [(group_with(g).name, members(g), users(g)) for g in (first, second)] == [
        ("Art 2", ["Abe", "Bea"], ["art@example.org"]),
        ("Art 3", ["Abe"], []),
    ]
    assert group_with(first).class_taught is None
    assert told(first) == [("created", None, "")]


def test_students_to_add_are_those_who_may_join(places: SmallState, coordinator: Scope) -> None:
    one = student(places.north_high, "Abe")
    for school, name in ((places.north_middle, "Bea"), (places.south_high, "Sue")):
        student(school, name)
    group = made(coordinator, places, student_uuids=[one.uuid])
    page = students_to_add(coordinator, group, "", PageRequest())
    assert [row.last_name for row in page.items] == ["Bea"]
    assert students_to_add(coordinator, group, "Z", PageRequest()).total_count == 0
    of_group = students_to_add(coordinator, None, "", PageRequest(), from_group=group)
    assert [row.last_name for row in of_group.items] == ["Abe"]


def test_adding_three_students_takes_as_many_queries_as_one(
    places: SmallState, coordinator: Scope
) -> None:
    spent = []
    for names in (["a"], ["b", "c", "d"]):
        group = made(coordinator, places, names[0])
        uuids = [student(places.north_high, name).uuid for name in names]
        with CaptureQueriesContext(connection) as queries:
            add_students(coordinator, group, student_uuids=uuids, **AS)
        spent.append(len(queries))
    assert spent[0] == spent[1]
