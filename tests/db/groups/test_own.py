"""A person's own groups: a choice among students seen already, which grants nothing."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from rollbook.access.models import Account
from rollbook.access.queries import scope_of
from rollbook.groups.actions import (
    GroupIsWrong,
    NoOwnGroupsYet,
    add_own_students,
    add_students,
    archive_groups,
    archive_own_group,
    assign_sandbox_groups,
    copy_own_group,
    create_group,
    create_own_group,
    delete_own_group,
    remove_own_students,
    remove_users,
    rename_own_group,
    restore_own_group,
    set_own_subject,
)
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.queries import (
    GroupNotFound,
    find_groups,
    get_group,
    group_list,
    group_subjects,
    groups_of_login,
    history_of,
    may_have_own_groups,
    member_ids,
    members_of,
)
from rollbook.groups.types import GroupFilter, GroupOrigin
from rollbook.people.models import Student
from rollbook.people.queries.students import students_in
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Scope
from tests.db.groups.given import YEAR, group_with, members, scope_now, student, told
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account, grant, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
AS = {"by": BY, "now": NOW}
NEXT_YEAR = date(2027, 9, 15)


class Given:
    """A teacher at North High with one assigned group of Abe and Bea; Cal is in none."""

    def __init__(self) -> None:
        self.places: SmallState = small_state()
        self.abe = student(self.places.north_high, "Abe")
        self.bea = student(self.places.north_high, "Bea")
        self.cal = student(self.places.north_high, "Cal")
        self.teacher: Account = account("pat@example.org")
        grant(self.teacher, "teacher", self.places.north_high)
        self.assigned = create_group(
            EVERYTHING, school_uuid=self.places.north_high.uuid, school_year=YEAR, name="Period 1",
            subject="ELA", student_uuids=[self.abe.uuid, self.bea.uuid],
            logins=["pat@example.org"], **AS,
        )  # fmt: skip

    @property
    def scope(self) -> Scope:
        return scope_now(self.teacher)

    def made(self, *students: Student, name: str = "My Group", scope: Scope | None = None) -> UUID:
        return create_own_group(
            scope or self.scope, name=name, subject="", school_year=YEAR,
            student_uuids=[one.uuid for one in students], **AS,
        )  # fmt: skip


@pytest.fixture
def given() -> Given:
    return Given()


def test_a_teacher_groups_students_of_assigned_groups(given: Given) -> None:
    group = given.made(given.abe)
    kept = group_with(group)
    assert (kept.origin, kept.owner_id, kept.school_id) == (
        "own", given.teacher.pk, given.places.north_high.pk
    )  # fmt: skip
    assert [(row.name, row.is_own) for row in group_list(given.scope)] == [
        ("My Group", True), ("Period 1", False)
    ]  # fmt: skip
    assert member_ids(given.scope, get_group(given.scope, group)) == {given.abe.pk}


def test_nobody_is_chosen_whom_the_reader_does_not_see(given: Given) -> None:
    for students in ((given.cal,), (given.abe, given.cal), ()):
        with pytest.raises(GroupIsWrong):
            given.made(*students)
    group = given.made(given.abe)
    with pytest.raises(GroupIsWrong):
        add_own_students(given.scope, group, student_uuids=[given.cal.uuid], **AS)
    assert members(group) == ["Abe"]


def test_without_an_assigned_group_there_is_nothing_to_choose_from(given: Given) -> None:
    remove_users(EVERYTHING, given.assigned, logins=["pat@example.org"], **AS)
    assert not may_have_own_groups(given.scope)
    with pytest.raises(NoOwnGroupsYet):
        given.made(given.abe)
    with pytest.raises(NoOwnGroupsYet):  # an operator is no person
        given.made(given.abe, scope=EVERYTHING)
    admin = scope_with("school_admin", given.places.north_high, "admin@example.org")
    assert given.made(given.cal, scope=admin)


def test_it_grants_nothing(given: Given) -> None:
    """Also when rows are forged: a user of an own group, a member who is out of sight."""
    group = given.made(given.abe)
    GroupUser.objects.create(group=group_with(group), login="pat@example.org")
    GroupUser.objects.create(group=group_with(group), login="eve@example.org")
    GroupMember.objects.create(group=group_with(group), student=given.cal)
    eve = account("eve@example.org")
    grant(eve, "teacher", given.places.north_high)
    assert set(groups_of_login("eve@example.org", ON)) == set()
    assert given.scope.group_ids == {group_with(given.assigned).pk}
    assert set(students_in(given.scope)) == {given.abe, given.bea}
    assert set(students_in(scope_now(eve))) == set()
    row = get_group(given.scope, group)
    assert member_ids(given.scope, row) == {given.abe.pk}
    assert set(group_subjects(given.scope, [given.abe.pk, given.cal.pk])) == {given.abe.pk}


def test_nobody_else_finds_it_whatever_the_role(given: Given) -> None:
    group = given.made(given.abe)
    row = get_group(given.scope, group)
    readers = [EVERYTHING] + [
        scope_with(role, place, f"{role}@example.org")
        for role, place in (
            ("state_admin", given.places.state),
            ("district_admin", given.places.north),
            ("teacher", given.places.north_high),
        )
    ]
    for reader in readers:
        for ask in (
            lambda reader=reader: get_group(reader, group, archived_too=True),
            lambda reader=reader: member_ids(reader, row),
            lambda reader=reader: members_of(reader, group, PageRequest()),
            lambda reader=reader: history_of(reader, group, PageRequest()),
            lambda reader=reader: rename_own_group(reader, group, name="X", **AS),
            lambda reader=reader: archive_own_group(reader, group, **AS),
            lambda reader=reader: archive_groups(reader, [group], **AS),
            lambda reader=reader: add_students(reader, group, student_uuids=[], **AS),
        ):
            with pytest.raises(GroupNotFound):
                ask()
        for wanted in (GroupFilter(), GroupFilter(mine=True), GroupFilter(origin=GroupOrigin.OWN)):
            listed = find_groups(reader, wanted, PageRequest()).items
            assert group not in [found.uuid for found in listed]


def test_who_left_the_assigned_groups_is_not_shown_and_counted(given: Given) -> None:
    group = given.made(given.abe, given.bea)
    GroupMember.objects.filter(group__uuid=given.assigned, student=given.bea).delete()
    page = members_of(given.scope, group, PageRequest())
    row = get_group(given.scope, group)
    assert [one.last_name for one in page.items] == ["Abe"]
    assert (row.student_count, page.total_count) == (2, 1)
    assert member_ids(given.scope, row) == {given.abe.pk}


def test_it_is_renamed_filled_emptied_archived_and_deleted(given: Given) -> None:
    group = given.made(given.abe)
    given.made(given.abe, name="Other")
    rename_own_group(given.scope, group, name="Readers", **AS)
    with pytest.raises(GroupIsWrong):
        rename_own_group(given.scope, group, name="OTHER", **AS)
    with pytest.raises(GroupIsWrong):
        given.made(given.abe, name="readers")
    set_own_subject(given.scope, group, subject="Math", **AS)
    assert add_own_students(given.scope, group, student_uuids=[given.bea.uuid], **AS) == 1
    assert remove_own_students(given.scope, group, student_uuids=[given.abe.uuid], **AS) == 1
    assert members(group) == ["Bea"]
    with pytest.raises(GroupIsWrong):
        delete_own_group(given.scope, group, **AS)
    archive_own_group(given.scope, group, **AS)
    with pytest.raises(GroupNotFound):
        get_group(given.scope, group)
    listed = find_groups(given.scope, GroupFilter(mine=True, archived=True), PageRequest())
    assert [row.uuid for row in listed.items] == [group]
    restore_own_group(given.scope, group, **AS)
    archive_own_group(given.scope, group, **AS)
    assert [event[0] for event in told(group)] == [
        "created", "renamed", "subject", "student_added", "student_removed",
        "archived", "restored", "archived",
    ]  # fmt: skip
    delete_own_group(given.scope, group, **AS)
    assert not StudentGroup.objects.filter(uuid=group).exists()


def test_last_years_stays_and_is_copied_with_whom_one_sees_now(given: Given) -> None:
    group = given.made(given.abe, given.bea)
    StudentGroup.objects.filter(uuid=group).update(school_year=YEAR - 1)
    GroupMember.objects.filter(group__uuid=given.assigned, student=given.bea).delete()
    listed = find_groups(given.scope, GroupFilter(mine=True, school_year=YEAR - 1), PageRequest())
    assert [row.uuid for row in listed.items] == [group]
    copied = copy_own_group(given.scope, group, **AS)
    kept = group_with(copied)
    assert (kept.name, kept.school_year, members(copied)) == ("My Group", YEAR, ["Abe"])
    with pytest.raises(GroupIsWrong):
        copy_own_group(given.scope, copied, **AS)


def test_next_year_it_is_there_and_shows_nobody_until_groups_are_assigned(given: Given) -> None:
    group = given.made(given.abe)
    later = scope_of(
        given.teacher, on=NEXT_YEAR, groups=groups_of_login("pat@example.org", NEXT_YEAR)
    )
    assert member_ids(later, get_group(later, group)) == frozenset()


def test_an_account_goes_with_its_groups(given: Given) -> None:
    group = given.made(given.abe)
    StudentGroup.objects.filter(uuid=group).update(school_year=YEAR - 1)
    copy_own_group(given.scope, group, **AS)
    given.teacher.delete()
    assert list(StudentGroup.objects.values_list("uuid", flat=True)) == [given.assigned]


def test_visitors_of_the_sandbox_are_not_given_other_peoples_groups(given: Given) -> None:
    given.made(given.abe)
    login = "sandbox-1@sandbox.invalid"
    assert assign_sandbox_groups(login, given.places.north.pk, **AS) == 1
    visitor = account(login, is_sandbox=True)
    grant(visitor, "teacher", given.places.north_high)
    own = given.made(given.bea, scope=scope_now(visitor))
    assert members(own) == ["Bea"]
