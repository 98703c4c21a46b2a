"""Pages of group files that profiles write: who may have them, what they say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from rollbook.extracts.actions.targets import save_target
from rollbook.extracts.models import Delivery
from rollbook.extracts.types import TargetKind
from tests.faces.extracts import at, names, saved, signed_in_as, written
from tests.faces.seen import plain
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.extracts import (
    SchoolDay,
    school_day,
    seat,
    settings_for,
    student,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 15, 18, tzinfo=UTC)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> SchoolDay:
    monkeypatch.setattr(timezone, "now", lambda: AT)
    return school_day()


@pytest.fixture
def owner(day: SchoolDay) -> Client:
    return signed_in_as("owner@example.org", "test_coordinator", day.places.north_high)


def test_files_are_for_whoever_writes_groups_there(day: SchoolDay, owner: Client) -> None:
    places = day.places
    file = written(saved(places.north, settings_for(places.north_high)))
    admin = signed_in_as("admin@example.org", "district_admin", places.north)
    stranger = signed_in_as("south@example.org", "district_admin", places.south)
    routes = ("extract_file", "extract_file_download", "extract_file_left_out")
    assert [admin.get(at(name, file)).status_code for name in routes] == [200] * 3
    for client in (owner, stranger):
        assert names(client.get(at("extract_files"))) == []
        assert [client.get(at(name, file)).status_code for name in routes] == [404] * 3
        assert client.post(at("extract_file", file), {"choice": "send"}).status_code == 404
    reader = signed_in_as("teacher@example.org", "teacher", places.north_high)
    assert [reader.get(at(name, file)).status_code for name in routes] == [403] * 3


def test_a_file_names_who_is_not_in_it_and_why(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    student(high, "1000000003", preferred_first_name="")
    day.students[0].ssid = ""
    day.students[0].save()
    file = written(saved(high, settings_for(high), name="All of them"))
    address = at("extract_file", file)
    shown = plain(owner.get(address, {"view": "left-out"}))
    assert "Has no state student id (1) Is in no class at this school (1)" in shown
    assert "Of 1000000003, Robin 1000000003 North High All of them Is in no class" in shown
    only = plain(owner.get(address, {"view": "left-out", "criterion": "no_ssid"}))
    assert "Of 1000000003" not in only
    assert "Of 1000000001, Robin North High All of them Has no state student id" in only
    csv = owner.get(at("extract_file_left_out", file))
    assert csv.content.decode().splitlines() == [
        "student,ssid,school,profile,reason",
        '"Of 1000000001, Robin",,North High,All of them,Has no state student id',
        '"Of 1000000003, Robin",1000000003,North High,All of them,Is in no class at this school',
    ]


def test_a_role_that_sees_no_students_is_told_counts_alone(day: SchoolDay) -> None:
    high = day.places.north_high
    student(high, "1000000003")
    file = written(saved(high, settings_for(high)))
    integrator = signed_in_as("connects@example.org", "integrator", day.places.north)
    shown = plain(integrator.get(at("extract_file", file), {"view": "left-out"}))
    assert "Is in no class at this school (1)" in shown
    assert "a student whom your role does not name" in shown
    assert "1000000003" not in shown
    assert "Download this list" not in shown
    assert integrator.get(at("extract_file_left_out", file)).status_code == 403


def test_a_file_says_what_is_wrong_with_it(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    file = written(saved(high, settings_for(high, departments=("Latin",))))
    shown = plain(owner.get(at("extract_file", file)))
    assert "No: it is empty" in shown
    assert "This profile writes nothing. See the students left out" in shown
    assert "There is no group in it." in shown


def test_a_consolidated_file_says_of_which_profile_a_warning_is(
    day: SchoolDay, owner: Client
) -> None:
    high = day.places.north_high
    latin = saved(high, settings_for(high, departments=("Latin",)), name="Latin")
    file = written(saved(high, settings_for(high), name="All"), latin)
    shown = plain(owner.get(at("extract_file", file)))
    assert "Latin: This profile writes nothing." in shown
    assert "All: This profile" not in shown


def test_a_file_is_compared_with_an_earlier_one(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    profile = saved(high, settings_for(high))
    first = written(profile)
    assert "This is the first file of these profiles" in plain(
        owner.get(at("extract_file", first), {"view": "changes"})
    )
    seat(day.english, student(high, "1000000003"))
    second = written(profile)
    third = written(profile)
    same = plain(owner.get(at("extract_file", third), {"view": "changes"}))
    assert "0 new · 0 gone · 0 changed · 1 group is the same" in same
    for asked in (
        (second, {}),
        (third, {"earlier": str(first)}),
    ):
        shown = plain(owner.get(at("extract_file", asked[0]), {"view": "changes", **asked[1]}))
        assert "0 new · 0 gone · 1 changed · 0 groups are the same" in shown
        assert "0101 Moss Kim P1 1 0101 changed +1" in shown


def test_groups_of_a_file_are_found_by_words(day: SchoolDay, owner: Client) -> None:
    high = day.places.north_high
    file = written(saved(high, settings_for(high)))
    shown = plain(owner.post(at("extract_file", file), {"words": "moss"}))
    assert "0101 Moss Kim P1 1 0101 All 2 1" in shown
    assert "No group has these words" in plain(
        owner.post(at("extract_file", file), {"words": "latin"})
    )


def test_a_file_is_sent_where_it_may_go(day: SchoolDay, owner: Client) -> None:
    places = day.places
    high = places.north_high
    targets = [
        save_target(
            EVERYTHING, organization_uuid=place.uuid, name=name, kind=TargetKind.ROLLBOOK,
            values={}, by=BY, now=NOW,
        )
        for place, name in (
            (high, "Groups here"), (places.north_middle, "Elsewhere"), (places.north, "Above")
        )
    ]  # fmt: skip
    file = written(saved(high, settings_for(high)))
    admin = signed_in_as("admin@example.org", "district_admin", places.north)
    shown = plain(admin.get(at("extract_file", file)))
    assert "Send 1 file to Groups here" in shown
    assert "Send 1 file to Above" in shown
    assert "Elsewhere" not in shown
    wrong = {"choice": "send", "target": str(targets[1])}
    assert "Choose where the file should go." in plain(
        admin.post(at("extract_file", file), wrong, follow=True)
    )
    assert Delivery.objects.count() == 0
    sent = admin.post(at("extract_file", file), wrong | {"target": str(targets[0])})
    delivery = Delivery.objects.get()
    assert sent["Location"] == at("delivery", delivery.uuid)
    shown = plain(admin.get(at("extract_file", file), {"view": "deliveries"}))
    assert "Groups here Waits to be sent" in shown
