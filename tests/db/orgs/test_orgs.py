from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.orgs import queries
from rollbook.orgs.actions import (
    NaturalIdIsTaken,
    OrganizationsStandInACircle,
    ParentCannotHold,
    add_organization,
    rebuild_links,
)
from rollbook.orgs.models import AcademicSession, Organization, OrganizationLink
from rollbook.orgs.types import OrganizationKind as Kind
from rollbook.shared.scope import Permission, Reach, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, reader_of
from tests.factories.places import SmallState, organization, small_state

pytestmark = pytest.mark.django_db
READ, WRITE = Permission.ORGANIZATION_READ, Permission.ORGANIZATION_WRITE


@pytest.fixture
def state() -> SmallState:
    return small_state()


def links() -> set[tuple[str, str, int]]:
    return set(OrganizationLink.objects.values_list("ancestor__name", "descendant__name", "depth"))


def test_the_closure_holds_every_pair_of_one_above_the_other() -> None:
    state = organization("state", "S")
    district = organization("district", "D", state)
    organization("school", "X", district)
    organization("school", "Y", state)
    assert rebuild_links() == len(links())
    assert links() == {
        ("S", "S", 0), ("D", "D", 0), ("X", "X", 0), ("Y", "Y", 0),
        ("S", "D", 1), ("S", "X", 2), ("D", "X", 1), ("S", "Y", 1),
    }  # fmt: skip


def test_moving_a_school_moves_its_pairs(state: SmallState) -> None:
    Organization.objects.filter(pk=state.north_high.pk).update(parent=state.south)
    rebuild_links()
    above = {(a, depth) for a, d, depth in links() if d == "North High"}
    assert above == {("North High", 0), ("South District", 1), ("Golden State", 2)}


def test_a_circle_is_refused_and_the_old_closure_stays(state: SmallState) -> None:
    before = links()
    Organization.objects.filter(pk=state.state.pk).update(parent=state.north)
    with pytest.raises(OrganizationsStandInACircle):
        rebuild_links()
    assert links() == before


def test_rebuilding_takes_as_many_statements_for_three_schools_as_for_one(
    state: SmallState,
) -> None:
    with CaptureQueriesContext(connection) as before:
        rebuild_links()
    for name in "ABC":
        organization("school", name, state.north)
    with CaptureQueriesContext(connection) as after:
        rebuild_links()
    assert len(after) == len(before)


def test_a_reader_sees_the_organizations_within_reach_and_no_others(state: SmallState) -> None:
    reader = reader_of(state.north, state.north_high, permission=READ)
    assert [row.name for row in queries.organizations_in(reader, READ)] == [
        "North District",
        "North High",
    ]
    assert [row.name for row in queries.schools_in(reader, READ)] == ["North High"]
    assert [row.name for row in queries.organizations_in(reader, READ, kinds=[Kind.DISTRICT])] == [
        "North District"
    ]
    assert queries.schools_in(reader, WRITE) == []
    assert queries.schools_in(Scope.nobody(on=ON), READ) == []


def test_archived_organizations_are_left_out_and_under_narrows(state: SmallState) -> None:
    Organization.objects.filter(pk=state.south_high.pk).update(is_active=False)
    assert [row.name for row in queries.schools_in(EVERYTHING, READ, under=state.south.pk)] == [
        "South Middle"
    ]


def test_the_tree_lists_each_after_its_parent(state: SmallState) -> None:
    shown = [(row.depth, row.organization.name) for row in queries.organization_tree(EVERYTHING)]
    assert shown == [
        (0, "Golden State"),
        (1, "North District"), (2, "North High"), (2, "North Middle"),
        (1, "South District"), (2, "South High"), (2, "South Middle"),
    ]  # fmt: skip
    reader = reader_of(state.north_high, state.south, state.south_high, permission=READ)
    shown = [(row.depth, row.organization.name) for row in queries.organization_tree(reader)]
    assert shown == [(0, "North High"), (0, "South District"), (1, "South High")]


def test_lists_take_one_query_whatever_their_length(state: SmallState) -> None:
    one = reader_of(state.north_high, permission=READ)
    three = reader_of(state.north_high, state.south_high, state.south_middle, permission=READ)
    for scope in (one, three):
        with CaptureQueriesContext(connection) as captured:
            queries.organization_tree(scope)
        assert len(captured) == 1


def test_an_organization_out_of_sight_is_like_one_that_is_not(state: SmallState) -> None:
    reader = reader_of(state.north, permission=READ)
    assert queries.get_organization(reader, state.north.uuid).name == "North District"
    for uuid in (state.south.uuid, uuid4()):
        with pytest.raises(queries.OrganizationNotFound) as refused:
            queries.get_organization(reader, uuid)
        assert str(refused.value) == "No such organization, or not one that you may see."


def test_a_state_code_finds_one_organization_in_sight(state: SmallState) -> None:
    found = queries.find_by_natural_id(EVERYTHING, "0101")
    assert found is not None
    assert found.id == state.north_high.pk
    reader = reader_of(state.south, permission=READ)
    assert queries.find_by_natural_id(reader, "0101") is None
    assert queries.find_by_natural_id(EVERYTHING, "") is None


def year(place: Organization, school_year: int, starts_on: date, ends_before: date) -> None:
    AcademicSession.objects.create(
        organization=place, kind="schoolYear", title=str(school_year), school_year=school_year,
        starts_on=starts_on, ends_before=ends_before,
    )  # fmt: skip


def test_the_school_year_is_the_one_on_most_calendars(state: SmallState) -> None:
    day = date(2026, 7, 20)
    assert queries.current_school_year(day) == 2027  # by the state's calendar: nobody has one
    for place in (state.north, state.south):
        year(place, 2026, date(2025, 8, 10), date(2026, 8, 9))
    year(state.state, 2027, date(2026, 7, 1), date(2027, 7, 1))
    assert queries.current_school_year(day) == 2026
    assert queries.current_school_year(date(2026, 8, 9)) == 2027


def test_a_districts_terms_apply_to_its_schools(state: SmallState) -> None:
    year(state.north, 2027, date(2026, 8, 10), date(2027, 6, 10))
    year(state.south_high, 2027, date(2026, 8, 20), date(2027, 6, 20))
    reader = reader_of(state.north_high, permission=READ)
    assert [term.organization_id for term in queries.terms_in(reader, 2027)] == [state.north.pk]
    assert len(queries.terms_in(EVERYTHING, 2027)) == 2
    assert queries.terms_in(EVERYTHING, 2026) == []
    assert queries.terms_in(Scope.nobody(on=ON), 2027) == []


def writer(*places: Organization) -> Scope:
    reach = Reach(frozenset(place.pk for place in places))
    return Scope(account_id=1, label="w", on=ON, reach={READ: reach, WRITE: reach})


def test_a_school_added_by_hand_is_linked_and_audited(state: SmallState) -> None:
    added = add_organization(
        writer(state.north), kind=Kind.SCHOOL, name="New School", parent=state.north.uuid,
        natural_id="0103", by=BY, now=NOW,
    )  # fmt: skip
    assert added.parent_id == state.north.pk
    assert {(a, depth) for a, d, depth in links() if d == "New School"} == {
        ("New School", 0), ("North District", 1), ("Golden State", 2),
    }  # fmt: skip
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_uuid, entry.organization_id) == (
        "add_organization", str(added.uuid), added.id,
    )  # fmt: skip


def test_an_organization_that_may_not_be_added_leaves_nothing(state: SmallState) -> None:
    def add(scope: Scope, kind: Kind, parent: Organization | None, natural_id: str = "") -> None:
        add_organization(
            scope, kind=kind, name="New", parent=parent and parent.uuid, natural_id=natural_id,
            by=BY, now=NOW,
        )  # fmt: skip

    with pytest.raises(queries.OrganizationNotFound):
        add(writer(state.north), Kind.SCHOOL, state.south)
    with pytest.raises(queries.OrganizationNotFound):
        add(reader_of(state.north, permission=READ), Kind.SCHOOL, state.north)
    with pytest.raises(queries.OrganizationNotFound):
        add(writer(state.north), Kind.STATE, None)
    with pytest.raises(ParentCannotHold, match="A district cannot stand under a school"):
        add(writer(state.north_high), Kind.DISTRICT, state.north_high)
    with pytest.raises(NaturalIdIsTaken, match='"0201"'):
        add(writer(state.north), Kind.SCHOOL, state.north, "0201")
    assert not Organization.objects.filter(name="New").exists()
    assert not AuditEntry.objects.exists()
