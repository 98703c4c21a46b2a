from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest

from rollbook.jobs import actions, register, types
from rollbook.jobs.models import Job, Schedule
from rollbook.jobs.types import JobContext, job
from tests.factories.accounts import BY

pytestmark = pytest.mark.django_db
# 8 March 2026, 01:00 in New York: in an hour the clocks go forward.
START = datetime(2026, 3, 8, 6, tzinfo=UTC)


def nightly(context: JobContext) -> None:
    """Do nothing, every night."""


@pytest.fixture(autouse=True)
def one_job() -> Iterator[None]:
    """Register the job of these tests, and forget it afterwards."""
    job(name="testing.nightly", scope_rule="tests")(nightly)
    yield
    del types._kinds["testing.nightly"]


def schedule(days: str = "1234567") -> datetime:
    return actions.set_schedule(
        name="nightly", job_name="testing.nightly", time_of_day=time(2, 30),
        time_zone="America/New_York", days=days, arguments={"n": 1}, by=BY, now=START,
    )  # fmt: skip


def test_a_skipped_time_is_queued_when_the_clocks_jump() -> None:
    assert schedule() == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert actions.queue_due_schedules(now=START + timedelta(minutes=59)) == 0
    assert actions.queue_due_schedules(now=START + timedelta(minutes=60)) == 1
    queued = Job.objects.get()
    assert (queued.name, queued.arguments, queued.dedupe_key, queued.requested_by) == (
        "testing.nightly", {"n": 1}, "schedule:nightly:2026-03-08T07:00:00+00:00",
        "schedule nightly",
    )  # fmt: skip
    assert Schedule.objects.get().next_run_at == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)


def test_a_whole_year_has_one_run_a_day_though_the_clock_steps() -> None:
    """Look three times every 8 hours for a year, with the clock an hour off now and then."""
    schedule()
    for step in range(365 * 72):
        if step % 24 < 3:
            slip = timedelta(hours=1 if step % 3 == 0 else -1) if step % 7 == 0 else timedelta(0)
            moment = START + timedelta(minutes=20 * step) + slip
            if Schedule.objects.filter(next_run_at__lte=moment).exists():
                actions.queue_due_schedules(now=moment)
    days = [queued.dedupe_key[len("schedule:nightly:") :][:10] for queued in Job.objects.all()]
    assert len(days) == len(set(days)) == 365


def test_nights_that_were_missed_become_one_run() -> None:
    schedule()
    actions.queue_due_schedules(now=START + timedelta(days=3, hours=2))
    assert Job.objects.count() == 1
    assert Schedule.objects.get().next_run_at == datetime(2026, 3, 12, 6, 30, tzinfo=UTC)


def test_a_clock_that_is_set_back_queues_nothing_twice() -> None:
    due = schedule()
    assert actions.queue_due_schedules(now=due) == 1
    assert actions.queue_due_schedules(now=due - timedelta(hours=1)) == 0
    Schedule.objects.update(next_run_at=due)  # even a schedule restored from a backup
    assert actions.queue_due_schedules(now=due) == 1
    assert Job.objects.count() == 1


def test_a_schedule_that_is_off_waits() -> None:
    due = schedule()
    Schedule.objects.update(is_on=False)
    assert actions.queue_due_schedules(now=due) == 0


def test_setting_a_schedule_again_replaces_it() -> None:
    schedule()
    assert schedule(days="3") == datetime(2026, 3, 11, 6, 30, tzinfo=UTC)
    assert Schedule.objects.count() == 1


def test_a_schedule_of_nothing_is_refused() -> None:
    with pytest.raises(register.UnknownJob):
        actions.set_schedule(
            name="x", job_name="testing.nothing", time_of_day=time(1), time_zone="UTC", by=BY,
            now=START,
        )  # fmt: skip
    with pytest.raises(ValueError, match="names no days"):
        schedule(days="")
    assert not Schedule.objects.exists()


def test_a_worker_schedules_the_nightly_jobs_that_nobody_has_scheduled() -> None:
    job(name="testing.nightly", scope_rule="tests", nightly_at=time(2))(nightly)
    added = actions.set_nightly_schedules(by=BY, now=START)
    names = set(Schedule.objects.values_list("name", flat=True))
    assert {"access.remove_expired_sessions", "testing.nightly"} <= names
    assert added == len(names)
    Schedule.objects.filter(name="testing.nightly").update(is_on=False, time_of_day=time(5))
    assert actions.set_nightly_schedules(by=BY, now=START) == 0
    kept = Schedule.objects.get(name="testing.nightly")
    assert (kept.is_on, kept.time_of_day) == (False, time(5))
