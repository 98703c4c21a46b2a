"""Pages of the schedule, targets and deliveries: what they say, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractSchedule
from rollbook.extracts.queries.schedule import schedule_of
from rollbook.extracts.types import TargetKind
from rollbook.jobs.models import Job
from tests.faces.conftest import SignIn
from tests.faces.seen import plain
from tests.factories.accounts import BY, EVERYTHING, NOW, ON
from tests.factories.deliveries import kept_file, saved_target
from tests.factories.places import SmallState

YEAR = 2027


@pytest.fixture
def coordinator(state: SmallState, sign_in: SignIn) -> Client:
    return sign_in("test_coordinator", state.north)


def _target(state: SmallState) -> DeliveryTarget:
    return saved_target(state.north, TargetKind.ROLLBOOK)


def _delivery(state: SmallState, status: str, says: str = "") -> Delivery:
    target = _target(state)
    file = kept_file(state.north)
    made = ask_delivery(EVERYTHING, file.uuid, target.uuid, by=BY, now=NOW)
    Delivery.objects.filter(uuid=made).update(status=status, says=says)
    return Delivery.objects.get(uuid=made)


def test_a_schedule_is_kept_and_says_when_it_runs(state: SmallState, coordinator: Client) -> None:
    target = _target(state)
    address = reverse("extract_schedule", args=[YEAR])
    assert "not by itself" in plain(coordinator.get(address))
    form = {
        "place": state.north.uuid,
        "days": ["5"],
        "time_of_day": "22:30",
        "time_zone": "America/Los_Angeles",
        "mails": "one@example.org, two@example.org",
        "targets": [target.uuid],
        "is_on": "1",
        "is_consolidated": "1",
    }
    text = plain(coordinator.post(address, form, follow=True))
    assert "The schedule is kept, and it is on." in text
    assert "North District: next on" in text
    kept = schedule_of(EVERYTHING, state.north.uuid).settings
    assert (kept.days, kept.mails) == ("5", ("one@example.org", "two@example.org"))
    assert (kept.targets, kept.is_consolidated) == ((str(target.uuid),), True)


def test_a_schedule_that_is_wrong_says_what_and_keeps_what_was_typed(
    state: SmallState, coordinator: Client
) -> None:
    form = {"place": state.north.uuid, "days": ["1"], "time_of_day": "late", "mails": "nobody"}
    response = coordinator.post(reverse("extract_schedule", args=[YEAR]), form)
    assert response.status_code == 422
    text = response.content.decode()
    assert "Write a time like 22:30." in text
    assert "nobody</textarea>" in text
    assert not ExtractSchedule.objects.exists()


def test_another_districts_schedule_is_not_there(state: SmallState, coordinator: Client) -> None:
    address = reverse("extract_schedule", args=[YEAR])
    assert coordinator.get(address, {"place": state.south.uuid}).status_code == 404
    assert coordinator.get(address, {"place": "x"}).status_code == 404


def test_a_target_is_added_checked_changed_and_closed(
    state: SmallState, coordinator: Client
) -> None:
    add = reverse("delivery_target_add", args=[YEAR])
    assert "Import service" in plain(coordinator.get(add))
    form = {"kind": "sftp", "place": state.north.uuid, "name": "Data center"}
    refused = coordinator.post(add, form)
    assert refused.status_code == 422
    assert "Nothing was kept yet" in plain(refused)
    form = {"kind": "rollbook", "place": state.north.uuid, "name": "Our own groups"}
    assert "Check its connection now." in plain(coordinator.post(add, form, follow=True))
    target = DeliveryTarget.objects.get()
    do = reverse("delivery_target_do", args=[YEAR, target.uuid])
    assert "The connection works" in plain(coordinator.post(do, {"choice": "check"}))
    change = reverse("delivery_target_change", args=[YEAR, target.uuid])
    assert "The target was changed." in plain(
        coordinator.post(change, {"name": "Groups here"}, follow=True)
    )
    text = plain(coordinator.post(do, {"choice": "close"}, follow=True))
    assert "Nothing goes to Groups here any more." in text
    assert not DeliveryTarget.objects.get().is_active


def test_a_secret_is_never_given_back(state: SmallState, coordinator: Client) -> None:
    settings = {"host": "files.example.org", "port": "22", "username": "district", "folder": "in"}
    secrets = {"password": "ZQ-secret-ZQ"}
    key = {"host_key": "SHA256:" + "a" * 43}
    target = saved_target(state.north, TargetKind.SFTP, settings | key, secrets)
    for name in ("delivery_target", "delivery_target_change"):
        response = coordinator.get(reverse(name, args=[YEAR, target.uuid]))
        assert b"ZQ-secret-ZQ" not in response.content
    bad = {"name": "", "set_password": "ZQ-typed-ZQ"}
    response = coordinator.post(reverse("delivery_target_change", args=[YEAR, target.uuid]), bad)
    assert response.status_code == 422
    assert b"ZQ-typed-ZQ" not in response.content


def test_a_failed_delivery_is_on_the_home_page_and_is_sent_again(
    state: SmallState, coordinator: Client
) -> None:
    delivery = _delivery(state, "failed", "The other side is away.")
    home = plain(coordinator.get(reverse("home", args=[YEAR])))
    assert "1 delivery failed: groups-01.csv to The state." in home
    assert "1 delivery needs somebody" in plain(coordinator.get(reverse("deliveries", args=[YEAR])))
    address = reverse("delivery", args=[YEAR, delivery.uuid])
    text = plain(coordinator.get(address))
    assert "The other side is away." in text
    assert "Send 1 file again" in text
    assert "It will be sent again" in plain(coordinator.post(address, follow=True))
    assert Job.objects.filter(name="extracts.deliver").count() == 2
    assert Delivery.objects.get().status == "waiting"


def test_rows_that_were_not_taken_are_told_with_their_group(
    state: SmallState, coordinator: Client
) -> None:
    delivery = _delivery(state, "refused", "Row: 2 Failure: School [0101] can not be found")
    text = plain(coordinator.get(reverse("delivery", args=[YEAR, delivery.uuid])))
    assert "Room 1" in text
    assert "3 Room 1 0101" in text  # the line as a spreadsheet shows it


def test_a_target_is_compared_with_what_it_holds(state: SmallState, coordinator: Client) -> None:
    target = _target(state)
    address = reverse("delivery_target", args=[YEAR, target.uuid])
    assert "every group there is as it should be" in plain(coordinator.get(f"{address}?compare=1"))
    header = "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
    rows = f"Old,0101,{YEAR},All,,a@example.org\nOld,0101,{YEAR},All,1000000001,\n"
    held = SimpleUploadedFile("held.csv", (header + rows).encode())
    text = plain(coordinator.post(address, {"held": held}))
    assert "Groups that nothing writes any more: 1" in text
    assert "Empty 1 group there" in text
    nothing = coordinator.post(address, {})
    assert nothing.status_code == 422
    assert "Choose the group file" in plain(nothing)


def test_a_key_that_ends_soon_is_on_the_home_page(state: SmallState, coordinator: Client) -> None:
    target = _target(state)
    DeliveryTarget.objects.filter(pk=target.pk).update(key_expires_on=ON + timedelta(days=7))
    response = coordinator.get(reverse("deliveries", args=[YEAR]))
    assert "The key" in plain(response)
    assert "Type in a new key" in plain(coordinator.get(reverse("home", args=[YEAR])))


@pytest.mark.parametrize("name", ["deliveries", "extract_schedule", "delivery_target_add"])
def test_a_teacher_has_no_part_in_it(state: SmallState, sign_in: SignIn, name: str) -> None:
    teacher = sign_in("teacher", state.north_high)
    assert teacher.get(reverse(name, args=[YEAR])).status_code == 403


def test_another_districts_targets_and_deliveries_are_not_there(
    state: SmallState, sign_in: SignIn
) -> None:
    delivery = _delivery(state, "failed")
    other = sign_in("test_coordinator", state.south)
    for address in (
        reverse("delivery", args=[YEAR, delivery.uuid]),
        reverse("delivery_target", args=[YEAR, delivery.target.uuid]),
        reverse("delivery_target_change", args=[YEAR, delivery.target.uuid]),
    ):
        assert other.get(address).status_code == 404
    do = reverse("delivery_target_do", args=[YEAR, delivery.target.uuid])
    assert other.post(do, {"choice": "close"}).status_code == 404
    assert "The state" not in plain(other.get(reverse("deliveries", args=[YEAR])))
