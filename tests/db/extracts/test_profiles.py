"""Who saves, shares, changes, orders, copies and deletes profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rollbook.audit.models import AuditEntry
from rollbook.extracts.actions.profiles import (
    MayNotChangeProfile,
    ProfileIsWrong,
    copy_profile,
    copy_to_year,
    delete_profile,
    move_profile,
    restore_profile,
    save_profile,
    schedule_profiles,
)
from rollbook.extracts.queries.profiles import (
    ProfileNotFound,
    get_profile,
    prior_profiles,
    profile_list,
)
from rollbook.extracts.types import ProfileKind, ProfileSettings
from rollbook.groups.models import StudentGroup
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, scope_with
from tests.factories.extracts import (
    YEAR,
    SchoolDay,
    school_day,
    section,
    settings_for,
    teacher,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def day() -> SchoolDay:
    return school_day()


@pytest.fixture
def people(day: SchoolDay) -> dict[str, Scope]:
    """Return who works with group files: two at a school, one for the district, one elsewhere."""
    places = day.places
    return {
        "owner": scope_with("test_coordinator", places.north_high, "owner@example.org"),
        "colleague": scope_with("test_coordinator", places.north_high, "colleague@example.org"),
        "district": scope_with("district_admin", places.north, "district@example.org"),
        "middle": scope_with("test_coordinator", places.north_middle, "middle@example.org"),
        "south": scope_with("district_admin", places.south, "south@example.org"),
        "teacher": scope_with("teacher", places.north_high, "teacher@example.org"),
    }


def saved(scope: Scope, place: Organization, settings: ProfileSettings, **more: Any) -> Any:
    fields: dict[str, Any] = {"name": "English", "is_shared": False, "in_schedule": False} | more
    return save_profile(
        scope, organization_uuid=place.uuid, settings=settings, by=BY, now=NOW, **fields
    )


def test_a_profile_comes_back_as_it_was_saved(day: SchoolDay, people: dict[str, Scope]) -> None:
    high = day.places.north_high
    settings = settings_for(high, departments=("English",), teachers=(str(day.teacher.uuid),) * 40)
    uuid = saved(people["owner"], high, settings, name="  My   English ", in_schedule=True)
    found = get_profile(people["owner"], uuid)
    assert (found.name, found.settings, found.in_schedule) == ("My English", settings, True)
    assert (found.owner_id, found.may_change) == (people["owner"].account_id, True)
    entry = AuditEntry.objects.get(action="save_profile")
    assert entry.detail["schools"] == 1


def test_who_sees_and_changes_whose_profile(day: SchoolDay, people: dict[str, Scope]) -> None:
    high = day.places.north_high
    own = saved(people["owner"], high, settings_for(high))
    seen = {name: len(profile_list(scope)) for name, scope in people.items()}
    assert seen == {
        "owner": 1, "colleague": 0, "district": 1, "middle": 0, "south": 0, "teacher": 0
    }  # fmt: skip
    saved(people["owner"], high, settings_for(high), uuid=own, is_shared=True)
    rows = {name: profile_list(scope) for name, scope in people.items()}
    may_change = {name: [row.may_change for row in found] for name, found in rows.items()}
    assert may_change == {
        "owner": [True], "colleague": [False], "district": [True], "middle": [], "south": [],
        "teacher": [],
    }  # fmt: skip
    with pytest.raises(MayNotChangeProfile):
        delete_profile(people["colleague"], own, by=BY, now=NOW)
    for stranger in ("middle", "south", "teacher"):
        with pytest.raises(ProfileNotFound):
            delete_profile(people[stranger], own, by=BY, now=NOW)
    delete_profile(people["district"], own, by=BY, now=NOW)
    assert profile_list(people["owner"]) == []
    with pytest.raises(ProfileNotFound):
        restore_profile(people["south"], own, by=BY, now=NOW)
    assert profile_list(people["owner"]) == []
    restore_profile(people["owner"], own, by=BY, now=NOW)
    assert [row.uuid for row in profile_list(people["owner"])] == [own]


def test_an_owner_is_named_to_whoever_may_see_the_account(
    day: SchoolDay, people: dict[str, Scope]
) -> None:
    high = day.places.north_high
    saved(people["owner"], high, settings_for(high), is_shared=True)
    assert profile_list(people["colleague"])[0].owner_name == ""
    assert profile_list(people["district"])[0].owner_name == "owner@example.org"


@pytest.mark.parametrize(
    ("field", "change", "more"),
    [
        ("name", {}, {"name": " "}),
        ("name", {}, {"name": "x" * 121}),
        ("name", {}, {"name": "TAKEN"}),
        ("schools", {"schools": ()}, {}),
        ("schools", {"schools": ("no uuid",)}, {}),
        ("pattern", {"pattern": "{teecher} {n}"}, {}),
        ("school_year", {"school_year": 20027}, {}),
        ("primary_only", {"kind": ProfileKind.COUNSELOR, "primary_only": True}, {}),
    ],
)
def test_what_is_wrong_is_said_by_field(
    day: SchoolDay, field: str, change: dict[str, Any], more: dict[str, Any]
) -> None:
    high = day.places.north_high
    saved(EVERYTHING, high, settings_for(high), name="Taken")
    with pytest.raises(ProfileIsWrong) as wrong:
        saved(EVERYTHING, high, replace(settings_for(high), **change), **more)
    assert list(wrong.value.faults) == [field]


def test_schools_are_in_reach_and_of_the_organization(
    day: SchoolDay, people: dict[str, Scope]
) -> None:
    places = day.places
    both = settings_for(places.north_high, places.south_high)
    with pytest.raises(ProfileIsWrong) as wrong:
        saved(people["district"], places.north, both)
    assert list(wrong.value.faults) == ["schools"]
    with pytest.raises(ProfileIsWrong) as wrong:
        saved(EVERYTHING, places.north, both)
    assert list(wrong.value.faults) == ["organization"]
    with pytest.raises(OrganizationNotFound):
        saved(people["owner"], places.north, settings_for(places.north_high))


def test_the_order_decides_and_can_be_changed(day: SchoolDay) -> None:
    high = day.places.north_high
    uuids = [saved(EVERYTHING, high, settings_for(high), name=name) for name in "abc"]
    move_profile(EVERYTHING, uuids[2], position=1, by=BY, now=NOW)
    assert [row.name for row in profile_list(EVERYTHING)] == ["c", "a", "b"]
    move_profile(EVERYTHING, uuids[2], position=99, by=BY, now=NOW)
    assert [row.name for row in profile_list(EVERYTHING)] == ["a", "b", "c"]
    assert [row.name for row in profile_list(EVERYTHING, "B")] == ["b"]


def test_a_copy_is_the_copiers_own(day: SchoolDay, people: dict[str, Scope]) -> None:
    high = day.places.north_high
    uuid = saved(people["owner"], high, settings_for(high), is_shared=True, in_schedule=True)
    copy = get_profile(people["colleague"], copy_profile(people["colleague"], uuid, by=BY, now=NOW))
    assert (copy.name, copy.is_shared, copy.in_schedule, copy.may_change) == (
        "English (2)", False, False, True
    )  # fmt: skip
    assert copy.owner_id == people["colleague"].account_id


def test_a_copy_for_the_next_year_keeps_what_there_still_is(day: SchoolDay) -> None:
    high, north = day.places.north_high, day.places.north
    gone = teacher(north, "Gone", is_active=False)
    old = StudentGroup.objects.create(name="A", school=high, school_year=YEAR - 1, origin="hand")
    lost = StudentGroup.objects.create(name="B", school=high, school_year=YEAR - 1, origin="hand")
    new = StudentGroup.objects.create(
        name="A", school=high, school_year=YEAR, origin="hand", copied_from=old
    )
    section(high, "Algebra", department="Mathematics")
    settings = settings_for(
        high,
        school_year=YEAR - 1,
        departments=("English", "Latin"),
        courses=("OLD1",),
        teachers=(str(day.teacher.uuid), str(gone.uuid)),
        groups=(str(old.uuid), str(lost.uuid)),
        additional_staff=(str(gone.uuid),),
    )
    uuid = saved(EVERYTHING, high, settings, in_schedule=True)
    assert [row.uuid for row in prior_profiles(EVERYTHING, YEAR)] == [uuid]
    copied = copy_to_year(EVERYTHING, uuid, school_year=YEAR, by=BY, now=NOW)
    assert copied.missing == {
        "departments": 1, "courses": 1, "teachers": 1, "groups": 1, "additional_staff": 1
    }  # fmt: skip
    found = get_profile(EVERYTHING, copied.uuid)
    assert found.settings == replace(
        settings,
        school_year=YEAR,
        departments=("English",),
        courses=("OLD1",),  # all gone: kept, so that nobody comes rather than everybody
        teachers=(str(day.teacher.uuid),),
        groups=(str(new.uuid),),
        additional_staff=(),
    )
    assert (found.name, found.in_schedule) == ("English", False)


def test_profiles_go_into_the_schedule_and_out(day: SchoolDay, people: dict[str, Scope]) -> None:
    high = day.places.north_high
    uuid = saved(people["owner"], high, settings_for(high), is_shared=True)
    assert schedule_profiles(people["owner"], [uuid], in_schedule=True, by=BY, now=NOW) == 1
    assert schedule_profiles(people["owner"], [uuid], in_schedule=True, by=BY, now=NOW) == 0
    with pytest.raises(MayNotChangeProfile):
        schedule_profiles(people["colleague"], [uuid], in_schedule=False, by=BY, now=NOW)


def test_a_list_takes_as_many_statements_however_long(
    day: SchoolDay, people: dict[str, Scope], django_assert_num_queries: Any
) -> None:
    high = day.places.north_high
    names = iter("abc")
    for count in (1, 2):
        for _ in range(count):
            saved(people["owner"], high, settings_for(high), name=next(names), is_shared=True)
        with django_assert_num_queries(3):
            profile_list(people["colleague"])
