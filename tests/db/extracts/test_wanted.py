"""What a target should hold beside what it was sent: orphans, drift, and files that empty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import polars as pl
import pytest

from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.actions.files import make_files
from rollbook.extracts.actions.orphans import NothingToEmpty, empty_orphans
from rollbook.extracts.actions.profiles import save_profile
from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractProfile
from rollbook.extracts.plan.writing import file_bytes
from rollbook.extracts.queries.files import file_path
from rollbook.extracts.queries.targets import TargetNotFound
from rollbook.extracts.queries.wanted import rows_after, sent_rows, wanted_of
from rollbook.extracts.types import GroupChange, TargetKind
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.models import GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.groups.types import GroupOrigin
from rollbook.orgs.models import Organization
from rollbook.people.models import Enrollment
from rollbook.shared.scope import Permission
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, reader_of
from tests.factories.deliveries import ROOM_1, ROOM_2, group_rows, kept_file, saved_target, stepped
from tests.factories.extracts import SchoolDay, school_day, seat, settings_for, teacher

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def day() -> SchoolDay:
    return school_day()


@pytest.fixture
def target(day: SchoolDay) -> DeliveryTarget:
    return saved_target(day.places.north, TargetKind.ROLLBOOK, name="Ourselves")


def _profile(place: Organization, *schools: Organization, **more: Any) -> UUID:
    return save_profile(
        EVERYTHING,
        organization_uuid=place.uuid,
        name="Classes",
        settings=settings_for(*schools),
        is_shared=True,
        in_schedule=True,
        by=BY,
        now=NOW,
        **more,
    )


def _sent(profile: UUID, target: DeliveryTarget, *, now: Any = NOW) -> Delivery:
    """Make the file of a profile and bring it to a target."""
    files = make_files(EVERYTHING, [profile], is_consolidated=True, on=ON, by=BY, now=now)
    uuid = ask_delivery(EVERYTHING, files[0], target.uuid, by=BY, now=now)
    _status, delivery = stepped(uuid, now=now)
    target.refresh_from_db()
    return delivery


def _names(changes: Any) -> list[str]:
    return [change.name for change in changes]


def _groups() -> list[tuple[str, int, int]]:
    return [
        (
            group.name,
            GroupMember.objects.filter(group=group).count(),
            GroupUser.objects.filter(group=group).count(),
        )
        for group in StudentGroup.objects.filter(origin=GroupOrigin.FILE).order_by("name")
    ]


def test_nothing_sent_yet_means_that_all_is_missing(day: SchoolDay, target: DeliveryTarget) -> None:
    _profile(day.places.north, day.places.north_high)
    wanted = wanted_of(EVERYTHING, target.uuid, on=ON)
    assert (wanted.sent_at, len(wanted.missing), wanted.orphans, wanted.drift) == (None, 1, [], [])


def test_a_file_delivered_to_ourselves_makes_the_groups(
    day: SchoolDay, target: DeliveryTarget
) -> None:
    profile = _profile(day.places.north, day.places.north_high)
    delivery = _sent(profile, target)
    assert (delivery.status, delivery.remote_status) == ("done", "PROCESSED")
    made = GroupImport.objects.get()
    assert (made.origin, made.batch) == ("extract", f"rollbook-{delivery.uuid}")
    assert [(students, users) for _, students, users in _groups()] == [(2, 1)]
    wanted = wanted_of(EVERYTHING, target.uuid, on=ON)
    assert (wanted.missing, wanted.drift, wanted.orphans, wanted.to_delete) == ([], [], [], [])
    assert wanted.sent_at == NOW


def test_a_repeated_try_makes_no_second_import(day: SchoolDay, target: DeliveryTarget) -> None:
    delivery = _sent(_profile(day.places.north, day.places.north_high), target)
    Delivery.objects.update(status="waiting", finished_at=None, remote_id="")
    status, again = stepped(delivery.uuid, now=NOW + HOUR)
    assert (status, again.remote_id) == ("done", delivery.remote_id)
    assert GroupImport.objects.count() == 1


def test_the_same_file_again_puts_back_what_was_changed_by_hand(
    day: SchoolDay, target: DeliveryTarget
) -> None:
    profile = _profile(day.places.north, day.places.north_high)
    _sent(profile, target)
    before = _groups()
    GroupMember.objects.filter(group__origin=GroupOrigin.FILE).first().delete()
    assert _groups() != before
    assert _sent(profile, target, now=NOW + HOUR).remote_status == "PROCESSED"
    assert (_groups(), GroupImport.objects.count()) == (before, 2)


def test_drift_orphans_and_who_sees_nobody_are_told(day: SchoolDay, target: DeliveryTarget) -> None:
    profile = _profile(day.places.north, day.places.north_high)
    _sent(profile, target)
    Enrollment.objects.filter(student=day.students[0]).update(ends_before=ON)
    wanted = wanted_of(EVERYTHING, target.uuid, on=ON)
    assert [(d.students_added, d.students_removed) for d in wanted.drift] == [(0, 1)]
    ExtractProfile.objects.update(is_active=False)
    wanted = wanted_of(EVERYTHING, target.uuid, on=ON)
    assert (len(wanted.orphans), len(wanted.to_delete), list(wanted.blind)) == (
        1,
        1,
        ["moss@example.org"],
    )


def test_orphans_are_emptied_and_stay_to_be_deleted_by_hand(
    day: SchoolDay, target: DeliveryTarget
) -> None:
    profile = _profile(day.places.north, day.places.north_high)
    _sent(profile, target)
    with pytest.raises(NothingToEmpty):
        empty_orphans(EVERYTHING, target.uuid, by=BY, now=NOW)
    ExtractProfile.objects.update(is_active=False)
    uuid = empty_orphans(EVERYTHING, target.uuid, by=BY, now=NOW + HOUR)
    file = Delivery.objects.get(uuid=uuid).file
    assert file_path(file).read_bytes().count(b"\n") == 2
    assert (file.group_count, file.student_count) == (1, 0)
    assert stepped(uuid, now=NOW + HOUR)[0] == "done"
    assert [(students, users) for _, students, users in _groups()] == [(0, 0)]
    wanted = wanted_of(EVERYTHING, target.uuid, on=ON)
    assert (wanted.orphans, len(wanted.to_delete)) == ([], 1)


def test_a_file_of_what_is_there_in_truth_is_compared_instead(
    day: SchoolDay, target: DeliveryTarget
) -> None:
    delivery = _sent(_profile(day.places.north, day.places.north_high), target)
    there = sent_rows(target)
    held = file_bytes(pl.concat([there, group_rows(*ROOM_1)]))
    shuffled = b"\xef\xbb\xbf" + held.replace(b"\n", b"\r\n")
    wanted = wanted_of(EVERYTHING, target.uuid, on=ON, held=shuffled)
    assert (_names(wanted.orphans), wanted.missing, wanted.drift) == (["Room 1"], [], [])
    assert (wanted.sent_at, delivery.status) == (None, "done")


def test_groups_of_another_year_are_no_orphans(day: SchoolDay, target: DeliveryTarget) -> None:
    last_year = group_rows(*ROOM_1).with_columns(school_year=pl.lit("2026"))
    assert wanted_of(EVERYTHING, target.uuid, on=ON, held=file_bytes(last_year)).orphans == []


def test_all_scheduled_profiles_of_the_place_count(day: SchoolDay, target: DeliveryTarget) -> None:
    _sent(_profile(day.places.north, day.places.north_high), target)
    _profile(day.places.south, day.places.south_high)
    assert wanted_of(EVERYTHING, target.uuid, on=ON).missing == []
    kim = teacher(day.places.north, "Vale")
    seat(day.english, kim)
    [drift] = wanted_of(EVERYTHING, target.uuid, on=ON).drift
    assert isinstance(drift, GroupChange)
    assert (drift.users_added, drift.students_added) == (1, 0)


def test_what_was_sent_by_hand_is_no_orphan(day: SchoolDay, target: DeliveryTarget) -> None:
    profile = _profile(day.places.north, day.places.north_high)
    ExtractProfile.objects.filter(uuid=profile).update(in_schedule=False)
    _sent(profile, target)
    assert wanted_of(EVERYTHING, target.uuid, on=ON).orphans == []
    ExtractProfile.objects.filter(uuid=profile).update(is_active=False)
    assert len(wanted_of(EVERYTHING, target.uuid, on=ON).orphans) == 1


def test_who_does_not_write_groups_there_learns_nothing(
    day: SchoolDay, target: DeliveryTarget
) -> None:
    for place, permission in (
        (day.places.south, Permission.GROUP_WRITE),
        (day.places.north, Permission.GROUP_READ),
    ):
        scope = reader_of(place, permission=permission)
        with pytest.raises(TargetNotFound):
            wanted_of(scope, target.uuid, on=ON)
        with pytest.raises(TargetNotFound):
            empty_orphans(scope, target.uuid, by=BY, now=NOW)


def test_only_named_groups_are_replaced() -> None:
    before = group_rows(*ROOM_1, *ROOM_2)
    after = rows_after(before, group_rows(("room 1", "1000000003", "")))
    assert sorted(after.select("group_name", "student_ssid").rows()) == [
        ("Room 2", ""),
        ("Room 2", "1000000002"),
        ("room 1", "1000000003"),
    ]
    assert rows_after(after, group_rows()).equals(after)
    assert tuple(after.columns) == GROUP_FILE


def test_a_file_of_another_place_does_not_count(day: SchoolDay, target: DeliveryTarget) -> None:
    with pytest.raises(TargetNotFound):
        ask_delivery(EVERYTHING, kept_file(day.places.south).uuid, target.uuid, by=BY, now=NOW)
