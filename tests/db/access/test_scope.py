from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.access import queries
from rollbook.access.rules import DistrictAdmin, SchoolAdmin, StateAdmin, Teacher
from rollbook.access.types import HeldGrant
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import row_of
from rollbook.orgs.types import OrganizationKind
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import EVERYTHING, ON, account, grant, scope_with
from tests.factories.places import SmallState, organization, small_state

pytestmark = pytest.mark.django_db
P = Permission


@pytest.fixture
def state() -> SmallState:
    return small_state()


def ids(*places: Organization) -> frozenset[int]:
    return frozenset(place.pk for place in places)


def test_a_grant_reaches_the_organization_and_all_below_it(state: SmallState) -> None:
    scope = scope_with("district_admin", state.north)
    north = ids(state.north, state.north_high, state.north_middle)
    assert set(scope.reach) == DistrictAdmin.permissions
    assert {reach.organization_ids for reach in scope.reach.values()} == {north}
    assert not any(reach.everything for reach in scope.reach.values())
    assert scope.label.startswith("account ") and "@" not in scope.label


def test_each_permission_holds_only_where_its_own_role_was_given(state: SmallState) -> None:
    holder = account()
    grant(holder, "school_admin", state.north_high)
    grant(holder, "teacher", state.south_high)
    groups = {5: state.south_high.pk, 6: state.north_middle.pk}
    scope = queries.scope_of(holder, on=ON, groups=groups)
    assert scope.over(P.INDIVIDUAL_PII_READ).organization_ids == ids(state.north_high)
    assert scope.over(P.GROUP_PII_READ).organization_ids == ids(state.north_high, state.south_high)
    assert not scope.may(P.ROSTER_WRITE)
    assert scope.group_ids == {5}


def test_no_grant_sees_nothing(state: SmallState) -> None:
    scope = queries.scope_of(account(), on=ON)
    assert dict(scope.reach) == {}
    assert not any(scope.may(permission) for permission in Permission)


@pytest.mark.parametrize(
    ("starts_in", "ends_in", "holds"),
    [(0, None, True), (1, None, False), (-9, 0, False), (-9, 1, True), (-9, -1, False)],
)
def test_a_grant_holds_from_its_first_day_until_before_its_end(
    state: SmallState, starts_in: int, ends_in: int | None, holds: bool
) -> None:
    holder = account()
    ends = None if ends_in is None else ON + timedelta(days=ends_in)
    grant(
        holder,
        "teacher",
        state.north_high,
        starts_on=ON + timedelta(days=starts_in),
        ends_before=ends,
    )
    assert queries.scope_of(holder, on=ON).may(P.GROUP_READ) is holds
    assert bool(queries.grants_held(holder, on=ON)) is holds


def test_a_disabled_account_sees_nothing(state: SmallState) -> None:
    holder = account(is_active=False)
    grant(holder, "state_admin", state.state)
    assert queries.scope_of(holder, on=ON) == Scope.nobody(on=ON)


def test_a_state_grant_reaches_everything_only_where_one_state_is_served(state: SmallState) -> None:
    everything = scope_with("state_admin", state.state)
    assert everything.over(P.SYSTEM_READ).everything
    assert set(everything.reach) == StateAdmin.permissions
    organization("state", "Another State")
    narrower = scope_with("state_admin", state.state, "other@example.org")
    assert not narrower.over(P.ROSTER_READ).everything
    assert len(narrower.over(P.ROSTER_READ).organization_ids) == 7


def test_a_role_this_version_does_not_know_allows_nothing(state: SmallState) -> None:
    assert dict(scope_with("superuser", state.state).reach) == {}


def test_a_sandbox_account_lacks_what_the_sandbox_withholds(state: SmallState) -> None:
    visitor = account("sandbox-1@sandbox.invalid", is_sandbox=True)
    grant(visitor, "district_admin", state.north)
    scope = queries.scope_of(visitor, on=ON)
    assert DistrictAdmin.permissions - set(scope.reach) == {
        P.ACCOUNT_READ, P.ACCOUNT_WRITE, P.ORGANIZATION_WRITE,
    }  # fmt: skip


def test_a_scope_takes_three_queries_for_one_grant_and_for_three(state: SmallState) -> None:
    holder = account()
    grant(holder, "teacher", state.north_high)
    with CaptureQueriesContext(connection) as one:
        queries.scope_of(holder, on=ON)
    grant(holder, "school_admin", state.north_middle)
    grant(holder, "district_admin", state.south)
    with CaptureQueriesContext(connection) as three:
        queries.scope_of(holder, on=ON)
    assert (len(one), len(three)) == (3, 3)
    held = queries.grants_held(holder, on=ON)
    with CaptureQueriesContext(connection) as given:
        queries.scope_of(holder, on=ON, grants=held)
    assert len(given) == 2
    assert HeldGrant("teacher", state.north_high.pk, OrganizationKind.SCHOOL) in held


def test_an_administrator_sees_accounts_and_grants_within_reach_only(state: SmallState) -> None:
    admin = scope_with("district_admin", state.north)
    both = account("both@example.org", last_name="Both")
    grant(both, "teacher", state.north_high)
    grant(both, "teacher", state.south_high)
    away = account("away@example.org", last_name="Away")
    grant(away, "teacher", state.south_high)
    idle = account("idle@example.org", last_name="Idle")
    shown = queries.accounts_in(admin)
    assert [row.email for row in shown.items] == ["admin@example.org", "both@example.org"]
    assert [held.organization.name for held in shown.items[1].grants] == ["North High"]
    assert [held.organization.name for held in queries.grants_of(admin, both.uuid)] == [
        "North High"
    ]
    assert queries.grants_of(admin, away.uuid) == []
    for uuid in (away.uuid, idle.uuid, uuid4()):
        with pytest.raises(queries.AccountNotFound, match="No such account"):
            queries.get_account(admin, uuid)
    assert queries.accounts_in(EVERYTHING).total_count == 4
    assert queries.accounts_in(Scope.nobody(on=ON)).total_count == 0


def test_somebody_sees_all_grants_of_their_own(state: SmallState) -> None:
    scope = scope_with("teacher", state.north_high, "pat@example.org")
    own = queries.Account.objects.get(email="pat@example.org")
    assert [held.role_name for held in queries.grants_of(scope, own.uuid)] == ["Teacher"]
    assert queries.grants_of(Scope.nobody(on=ON), own.uuid) == []


def test_accounts_are_searched_and_paged(state: SmallState) -> None:
    for number in range(3):
        grant(account(f"t{number}@example.org", first_name="Tess"), "teacher", state.north_high)
    found = queries.accounts_in(EVERYTHING, PageRequest(number=2, size=2), search="tess EXAMPLE")
    assert [row.email for row in found.items] == ["t2@example.org"]
    assert (found.total_count, found.page_count) == (3, 2)
    assert queries.accounts_in(EVERYTHING, search="nobody").total_count == 0


def test_lists_of_accounts_take_as_many_queries_for_three_as_for_one(state: SmallState) -> None:
    counts = []
    for number in range(3):
        holder = account(f"t{number}@example.org")
        grant(holder, "teacher", state.north_high)
        grant(holder, "teacher", state.north_middle)
        with CaptureQueriesContext(connection) as captured:
            queries.accounts_in(EVERYTHING)
        counts.append(len(captured))
    assert counts == [3, 3, 3]


def test_may_grant_asks_for_the_role_at_the_place(state: SmallState) -> None:
    admin = scope_with("school_admin", state.north_high)
    assert queries.may_grant(admin, Teacher, row_of(state.north_high))
    assert queries.may_grant(admin, SchoolAdmin, row_of(state.north_high))
    assert not queries.may_grant(admin, Teacher, row_of(state.north_middle))
    assert not queries.may_grant(admin, DistrictAdmin, row_of(state.north))


def test_group_ids_come_from_active_groups_of_this_year(state: SmallState) -> None:
    from rollbook.groups.models import GroupUser, StudentGroup
    from rollbook.groups.queries import groups_of_login

    def group(name: str, school_year: int = 2027, is_active: bool = True) -> StudentGroup:
        made = StudentGroup.objects.create(
            name=name, school=state.north_high, school_year=school_year, origin="hand",
            is_active=is_active,
        )  # fmt: skip
        GroupUser.objects.create(group=made, login="pat@example.org")
        return made

    now = group("now")
    group("last year", 2026)
    group("archived", is_active=False)
    assert set(groups_of_login("Pat@Example.org", date(2026, 9, 15))) == {now.pk}
    assert groups_of_login("other@example.org", date(2026, 9, 15)) == {}
