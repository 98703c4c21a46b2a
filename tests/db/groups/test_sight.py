"""Why a person sees a student, and who does: the same answer as `Scope` gives."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.access.models import Account
from rollbook.access.queries import AccountNotFound, scope_of
from rollbook.access.rules import ROLES
from rollbook.groups.actions import create_group
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.queries import (
    groups_of_login,
    may_ask_onlookers,
    onlookers_of,
    why_sees,
)
from rollbook.groups.types import SightReason
from rollbook.orgs.actions import rebuild_links
from rollbook.orgs.models import Organization
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.queries.students import StudentNotFound, students_in
from rollbook.shared.scope import Permission, Scope
from tests.db.groups.given import YEAR, scope_now, student
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account, grant, scope_with
from tests.factories.places import SmallState, organization, small_state

pytestmark = pytest.mark.django_db
AS = {"by": BY, "now": NOW}


def _scope(holder: Account) -> Scope:
    return scope_of(holder, on=ON, groups=groups_of_login(holder.email, ON))


def _random_world(chance: random.Random, *, states: int) -> tuple[list[Account], list[Student]]:
    """Fill places with accounts, grants, students, groups, some of them over, wrong or archived."""
    places = small_state()
    if states == 2:
        other = organization("state", "Silver State", natural_id="99")
        far = organization("district", "Far District", other, natural_id="98")
        organization("school", "Far High", far, natural_id="9801")
        rebuild_links()
    spots = list(Organization.objects.order_by("pk"))
    schools = [spot for spot in spots if spot.kind == "school"]
    holders = [
        account(f"Person{n}@Example.org" if n % 3 == 0 else f"person{n}@example.org")
        for n in range(14)
    ]
    for holder in holders:
        if chance.random() < 0.1:
            holder.is_active = False
            holder.save()
        for _ in range(chance.randrange(3)):
            role = chance.choice(ROLES)
            fits = [spot for spot in spots if spot.kind in {level.value for level in role.levels}]
            since = ON - timedelta(days=chance.choice([-5, 3, 30]), seconds=0)
            until = chance.choice([None, None, ON, ON + timedelta(days=9)])
            if fits and (until is None or since < until):
                grant(holder, role.code, chance.choice(fits), starts_on=since, ends_before=until)
    children = [student(chance.choice(schools), f"Child{n}") for n in range(10)]
    for child in chance.sample(children, 3):
        SchoolEnrollment.objects.filter(student=child).update(
            ends_before=chance.choice([ON, ON + timedelta(days=1)])
        )
    SchoolEnrollment.objects.create(
        student=children[0], school=places.south_high, school_year=YEAR, begins_on=date(2026, 9, 1)
    )
    for n in range(12):
        own = chance.random() < 0.15
        group = StudentGroup.objects.create(
            name=f"Group {n}",
            school=chance.choice(schools),
            school_year=chance.choice([YEAR, YEAR, YEAR, YEAR - 1]),
            subject=chance.choice(["", "ELA"]),
            origin="own" if own else "hand",
            owner=chance.choice(holders) if own else None,
            is_active=chance.random() < 0.85,
        )
        for child in chance.sample(children, 3):
            GroupMember.objects.create(group=group, student=child)
        for login in chance.sample([h.email.lower() for h in holders] + ["nobody@x.org"], 3):
            GroupUser.objects.create(group=group, login=login)
    return holders, children


@pytest.mark.parametrize("states", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_it_agrees_with_the_scope_of_every_account(seed: int, states: int) -> None:
    holders, children = _random_world(random.Random(seed), states=states)
    scopes = {holder.uuid: _scope(holder) for holder in holders}
    for child in children:
        told = {seen.account_uuid: seen for seen in onlookers_of(EVERYTHING, child.uuid)}
        sees = {
            uuid
            for uuid, scope in scopes.items()
            if students_in(scope).filter(pk=child.pk).exists()
        }
        assert set(told) == sees
        for uuid, seen in told.items():
            by_group = {reason.group_uuid for reason in seen.reasons if reason.kind == "group"}
            wanted = StudentGroup.objects.filter(
                pk__in=scopes[uuid].group_ids, members__student=child
            )
            assert by_group == set(wanted.values_list("uuid", flat=True))
            alone = Scope(
                account_id=1, label="", on=ON, reach={
                    Permission.INDIVIDUAL_PII_READ: scopes[uuid].over(
                        Permission.INDIVIDUAL_PII_READ
                    )
                },
            )  # fmt: skip
            by_role = any(reason.kind != "group" for reason in seen.reasons)
            assert by_role == students_in(alone).filter(pk=child.pk).exists()
            assert why_sees(EVERYTHING, uuid, child.uuid) == seen.reasons
    blind = next(uuid for uuid in scopes if uuid not in sees)
    assert why_sees(EVERYTHING, blind, children[-1].uuid) == ()


@pytest.fixture
def places() -> SmallState:
    return small_state()


def test_reasons_are_told_in_words(places: SmallState) -> None:
    kim = student(places.north_high, "Abe")
    pat = account("pat@example.org", first_name="Pat", last_name="Lee")
    grant(pat, "teacher", places.north_high)
    group = create_group(
        EVERYTHING, school_uuid=places.north_high.uuid, school_year=YEAR, name="Period 1",
        subject="ELA", student_uuids=[kim.uuid], logins=["pat@example.org"], **AS,
    )  # fmt: skip
    for role, place in (("district_admin", places.north), ("state_admin", places.state)):
        scope_with(role, place, f"{role}@example.org")
    told = {seen.email: seen.reasons for seen in onlookers_of(EVERYTHING, kim.uuid)}
    assert told == {
        "pat@example.org": (SightReason("group", "Period 1", "Teacher", "ELA", group),),
        "district_admin@example.org": (SightReason("school", "North District", "District Admin"),),
        "state_admin@example.org": (SightReason("state", "Golden State", "State Admin"),),
    }
    assert why_sees(scope_now(pat), pat.uuid, kim.uuid) == told["pat@example.org"]


def test_a_teacher_asks_about_herself_alone(places: SmallState) -> None:
    kim, other = student(places.north_high, "Abe"), student(places.north_high, "Bea")
    pat, sam = account("pat@example.org"), account("sam@example.org")
    for holder in (pat, sam):
        grant(holder, "teacher", places.north_high)
    create_group(
        EVERYTHING, school_uuid=places.north_high.uuid, school_year=YEAR, name="Period 1",
        subject="", student_uuids=[kim.uuid], logins=[pat.email, sam.email], **AS,
    )  # fmt: skip
    scope = scope_now(pat)
    assert len(why_sees(scope, pat.uuid, kim.uuid)) == 1
    assert not may_ask_onlookers(scope, kim.uuid)
    for ask in (
        lambda: why_sees(scope, sam.uuid, kim.uuid),
        lambda: why_sees(scope, pat.uuid, other.uuid),
        lambda: onlookers_of(scope, kim.uuid),
    ):
        with pytest.raises(StudentNotFound):
            ask()


def test_a_school_admin_learns_of_others_without_their_names(places: SmallState) -> None:
    kim, abroad = student(places.north_high, "Abe"), student(places.south_high, "Sue")
    scope_with("district_admin", places.north, "district@example.org")
    pat = account("pat@example.org", first_name="Pat", last_name="Lee")
    grant(pat, "teacher", places.north_high)
    south = account("south@example.org")
    grant(south, "teacher", places.south_high)
    create_group(
        EVERYTHING, school_uuid=places.north_high.uuid, school_year=YEAR, name="Period 1",
        subject="", student_uuids=[kim.uuid], logins=[pat.email], **AS,
    )  # fmt: skip
    admin = scope_with("school_admin", places.north_high, "admin@example.org")
    told = sorted(
        (seen.name, seen.email, seen.reasons[0].role) for seen in onlookers_of(admin, kim.uuid)
    )
    assert told == [
        ("", "", "District Admin"),
        ("Pat Lee", "pat@example.org", "Teacher"),
        ("admin@example.org", "admin@example.org", "School Admin"),
    ]
    with pytest.raises(StudentNotFound):
        onlookers_of(admin, abroad.uuid)
    with pytest.raises(AccountNotFound):
        why_sees(admin, south.uuid, kim.uuid)
    coordinator = scope_with("test_coordinator", places.north_high, "coordinator@example.org")
    with pytest.raises(StudentNotFound):  # sees the student, and no accounts
        onlookers_of(coordinator, kim.uuid)


def test_who_is_enrolled_nowhere_is_asked_about_by_the_district_or_the_state(
    places: SmallState,
) -> None:
    kim = student(places.north_high, "Abe")
    SchoolEnrollment.objects.update(is_active=False)
    assert may_ask_onlookers(scope_with("state_admin", places.state, "s@example.org"), kim.uuid)
    assert not may_ask_onlookers(
        scope_with("district_admin", places.north, "d@example.org"), kim.uuid
    )  # who does not see the student does not ask


def test_a_merged_record_is_asked_about_as_the_one_that_stayed(places: SmallState) -> None:
    kim, gone = student(places.north_high, "Abe"), student(places.north_high, "Abe")
    Student.objects.filter(pk=gone.pk).update(merged_into=kim, is_active=False)
    SchoolEnrollment.objects.filter(student=gone).delete()
    admin = account("admin@example.org")
    grant(admin, "school_admin", places.north_high)
    assert [seen.account_uuid for seen in onlookers_of(EVERYTHING, gone.uuid)] == [admin.uuid]


def test_three_onlookers_take_as_many_queries_as_one(places: SmallState) -> None:
    kim, spent = student(places.north_high, "Abe"), []
    for names in (["a"], ["b", "c"]):
        for name in names:
            holder = account(f"{name}@example.org")
            grant(holder, "teacher", places.north_high)
            create_group(
                EVERYTHING, school_uuid=places.north_high.uuid, school_year=YEAR, name=name,
                subject="", student_uuids=[kim.uuid], logins=[holder.email], **AS,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            onlookers_of(EVERYTHING, kim.uuid)
        spent.append(len(queries))
    assert spent[0] == spent[1]
