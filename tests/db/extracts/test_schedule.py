"""The scheduled process: saved with care, run within its place, told to whoever asked to hear."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollbook.extracts.actions.schedule import ScheduleIsWrong, save_schedule
from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractFile, ExtractSchedule
from rollbook.extracts.queries.schedule import schedule_of
from rollbook.extracts.rules.mails import split_mails
from rollbook.extracts.types import DeliveryStatus, ScheduleSettings, TargetKind
from rollbook.jobs.actions import queue_due_schedules, run_until_empty
from rollbook.jobs.models import Job
from rollbook.messages.models import Mail, Message
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.people.models import Staff, Student
from tests.db.extracts.given import saved
from tests.factories.accounts import BY, EVERYTHING, NOW, scope_with
from tests.factories.extracts import YEAR, SchoolDay, school_day, settings_for

pytestmark = pytest.mark.django_db
FRIDAY = ScheduleSettings(
    days="5",
    time_of_day="22:30",
    time_zone="America/Los_Angeles",
    is_on=True,
    mails=("coordinator@example.org", "office@example.org"),
)
DUE = datetime(2026, 9, 19, 5, 30, tzinfo=UTC)  # Friday night in Los Angeles


@pytest.fixture
def day() -> SchoolDay:
    return school_day()


def schedule(place: Organization, **changes: Any) -> datetime:
    settings = replace(FRIDAY, **changes)
    return save_schedule(EVERYTHING, place.uuid, settings, by=BY, now=NOW)


def target(place: Organization, name: str = "Own groups", **more: Any) -> DeliveryTarget:
    fields: dict[str, Any] = {"kind": TargetKind.ROLLBOOK, "created_by": "test"} | more
    return DeliveryTarget.objects.create(organization=place, name=name, created_at=NOW, **fields)


def run(when: datetime = DUE, *, limit: int = 1) -> Job:
    """Let the clock pass a schedule, and a worker run it."""
    assert queue_due_schedules(now=when) == 1
    run_until_empty(now=when, limit=limit)
    return Job.objects.filter(name="extracts.run_schedule").latest("pk")


def test_a_schedule_comes_back_as_it_was_saved(day: SchoolDay) -> None:
    north = day.places.north
    assert schedule_of(EVERYTHING, north.uuid).settings.is_on is False
    to = target(north)
    saved(north, settings_for(day.places.north_high), in_schedule=True)
    saved(north, settings_for(day.places.north_high), name="Other")
    assert schedule(north, targets=(str(to.uuid),)) == DUE
    view = schedule_of(EVERYTHING, north.uuid)
    assert view.settings == replace(FRIDAY, targets=(str(to.uuid),))
    assert (view.profile_count, view.next_run_at, view.last_processed_at) == (1, DUE, None)
    schedule(north, is_on=False)
    assert schedule_of(EVERYTHING, north.uuid).next_run_at is None
    assert ExtractSchedule.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("days", {"days": ""}),
        ("days", {"days": "8"}),
        ("time_of_day", {"time_of_day": "half past ten"}),
        ("time_zone", {"time_zone": "America/Nowhere"}),
        ("mails", {"mails": ()}),
        ("mails", {"mails": ("nobody",)}),
        ("targets", {"targets": ("no uuid",)}),
    ],
)
def test_what_is_wrong_is_said_by_field(
    day: SchoolDay, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(ScheduleIsWrong) as wrong:
        schedule(day.places.north, **changes)
    assert list(wrong.value.faults) == [field]
    assert ExtractSchedule.objects.count() == 0


def test_targets_are_the_places_own(day: SchoolDay) -> None:
    for other in (target(day.places.south), target(day.places.north, "Closed", is_active=False)):
        with pytest.raises(ScheduleIsWrong):
            schedule(day.places.north, targets=(str(other.uuid),))


def test_a_schedule_is_for_whoever_writes_groups_there(day: SchoolDay) -> None:
    south = scope_with("district_admin", day.places.south, "south@example.org")
    with pytest.raises(OrganizationNotFound):
        save_schedule(south, day.places.north.uuid, FRIDAY, by=BY, now=NOW)
    with pytest.raises(OrganizationNotFound):
        schedule_of(south, day.places.north.uuid)


def test_addresses_come_in_lines_and_with_commas() -> None:
    text = "A@example.org, b@example.org;\r\n c@example.org\n\na@example.org,"
    assert split_mails(text) == ("a@example.org", "b@example.org", "c@example.org")


def test_a_run_writes_sends_and_tells(day: SchoolDay) -> None:
    north, high = day.places.north, day.places.north_high
    scope_with("district_admin", north, "admin@example.org")
    scope_with("district_admin", day.places.south, "south@example.org")
    to = target(north)
    saved(north, settings_for(high), name="In", in_schedule=True)
    saved(north, settings_for(high), name="Out")
    saved(north, settings_for(high, school_year=YEAR - 1), name="Old", in_schedule=True)
    schedule(north, targets=(str(to.uuid),))
    assert run().status == "done"
    (file,) = ExtractFile.objects.all()
    assert (file.is_scheduled, file.row_count, str(file.extracted_on)) == (True, 3, "2026-09-18")
    (sent,) = Delivery.objects.all()
    assert (sent.file, sent.target, sent.status) == (file, to, DeliveryStatus.WAITING)
    mails = Mail.objects.order_by("pk")
    assert [mail.recipient for mail in mails] == ["coordinator@example.org", "office@example.org"]
    assert mails[0].subject == "Group files were written: North District"
    assert "1 groups, 2 students, 3 rows" in mails[0].body
    assert "/2027/groups/files/" in mails[0].body
    (told,) = Message.objects.all()
    assert told.account.email == "admin@example.org"
    for text in (mails[0].body, told.body):
        assert not any(s.ssid in text or s.last_name in text for s in day.students)
    processed_at = schedule_of(EVERYTHING, north.uuid).last_processed_at
    assert processed_at is not None
    assert processed_at - DUE < timedelta(seconds=10)


def test_a_run_that_is_repeated_tells_and_writes_once(day: SchoolDay) -> None:
    north = day.places.north
    saved(north, settings_for(day.places.north_high), in_schedule=True)
    schedule(north)
    first = run()
    Job.objects.filter(pk=first.pk).update(status="queued", run_after=DUE, finished_at=None)
    run_until_empty(now=DUE, limit=10)
    assert (ExtractFile.objects.count(), Mail.objects.count()) == (1, 2)


def test_a_run_stays_within_its_place(day: SchoolDay) -> None:
    """A school that moved to another district since is not written."""
    north, south_high = day.places.north, day.places.south_high
    saved(day.places.state, settings_for(south_high), in_schedule=True, name="State")
    uuid = saved(north, settings_for(day.places.north_high), in_schedule=True)
    profile = ExtractFile._meta.get_field("profile").related_model.objects.get(uuid=uuid)
    profile.settings["schools"].append(str(south_high.uuid))
    profile.save()
    schedule(north)
    run()
    (file,) = ExtractFile.objects.all()
    assert (file.student_count, [w["code"] for w in file.warnings]) == (2, ["school_closed"])


def test_nobody_waits_in_vain(day: SchoolDay) -> None:
    """A run without profiles, and one with an empty file, say so in the subject."""
    north = day.places.north
    schedule(north)
    run()
    assert Mail.objects.latest("pk").subject == "No group files were written: North District"
    saved(north, settings_for(day.places.north_high, departments=("Latin",)), in_schedule=True)
    run(DUE + timedelta(days=7), limit=10)
    assert "EMPTY" in Mail.objects.latest("pk").subject


def test_a_failing_run_tells_too(day: SchoolDay, monkeypatch: pytest.MonkeyPatch) -> None:
    north = day.places.north
    saved(north, settings_for(day.places.north_high), in_schedule=True)
    schedule(north)

    def breaks(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rollbook.extracts.actions.files.extract", breaks)
    job = run()
    assert (job.status, Mail.objects.count()) == ("queued", 0)
    later = DUE
    for _ in range(5):
        later += timedelta(minutes=5)
        run_until_empty(now=later, limit=1)
    job.refresh_from_db()
    assert job.status == "failed"
    subjects = {mail.subject for mail in Mail.objects.all()}
    assert subjects == {"The scheduled group files were not written: North District"}
    assert ExtractFile.objects.count() == 0


def test_a_schedule_that_was_switched_off_does_not_run(day: SchoolDay) -> None:
    north = day.places.north
    schedule(north)
    assert queue_due_schedules(now=DUE) == 1
    schedule(north, is_on=False)
    run_until_empty(now=DUE, limit=1)
    job = Job.objects.get(name="extracts.run_schedule")
    assert (job.status, Mail.objects.count()) == ("failed", 0)


def test_a_mail_holds_counts_and_no_name_that_somebody_typed(day: SchoolDay) -> None:
    for name in ("Caseload of Robin Lake", "Robin Lake again"):
        settings = settings_for(day.places.north_high)
        saved(day.places.north, settings, name=name, in_schedule=True)
    schedule(day.places.north)
    run()
    warned = [w["code"] for file in ExtractFile.objects.all() for w in file.warnings]
    assert "overlap" in warned
    told = [f"{m.subject} {m.body}" for m in Mail.objects.all()]
    told += [f"{m.title} {m.body}" for m in Message.objects.all()]
    assert len(told) >= 2
    people = ("Robin", "Lake", *Student.objects.values_list("last_name", flat=True))
    addresses = Staff.objects.values_list("email", flat=True)
    assert not [text for text in told for word in (*people, *addresses) if word in text]
