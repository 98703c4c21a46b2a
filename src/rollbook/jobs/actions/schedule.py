"""Queue jobs by the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from django.conf import settings
from django.db import transaction

from rollbook.audit import actions as audit
from rollbook.jobs import rules
from rollbook.jobs.actions.queue import enqueue
from rollbook.jobs.models import Schedule
from rollbook.jobs.register import all_kinds, find_kind
from rollbook.shared.actor import Actor


def set_schedule(
    *,
    name: str,
    job_name: str,
    time_of_day: time,
    time_zone: str,
    days: str = "1234567",
    arguments: Mapping[str, Any] | None = None,
    is_on: bool = True,
    by: Actor,
    now: datetime,
) -> datetime:
    """Run a job by itself on some days of the week; return when it runs first.

    Raises: UnknownJob; ValueError when `days` names no days; ZoneInfoNotFoundError.
    """
    find_kind(job_name)
    next_run_at = rules.next_run(days, time_of_day, time_zone, after=now)
    with transaction.atomic():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "job_name": job_name,
                "arguments": dict(arguments or {}),
                "days": days,
                "time_of_day": time_of_day,
                "time_zone": time_zone,
                "is_on": is_on,
                "next_run_at": next_run_at,
            },
        )
        audit.record(
            action="set_schedule",
            subject_kind="schedule",
            subject_uuid="",
            detail={"job": job_name, "days": days, "is_on": is_on},
            by=by,
            now=now,
        )
    return next_run_at


def set_nightly_schedules(*, by: Actor, now: datetime) -> int:
    """Schedule every job that runs each night, where nobody has scheduled it yet; count them.

    Part of a worker's start. What somebody changed or switched off stays as it is.
    """
    known = set(Schedule.objects.values_list("name", flat=True))
    missing = [
        (kind.name, kind.nightly_at)
        for kind in all_kinds().values()
        if kind.nightly_at is not None and kind.name not in known
    ]
    for name, nightly_at in missing:
        set_schedule(
            name=name,
            job_name=name,
            time_of_day=nightly_at,
            time_zone=settings.TIME_ZONE,
            by=by,
            now=now,
        )
    return len(missing)


def queue_due_schedules(*, now: datetime) -> int:
    """Queue the job of every schedule that is due, once; return how many were due.

    Runs that were missed while no worker ran become one run. The key of a run is its moment, so
    that two workers, or a clock that was set back, cannot queue it twice.
    """
    due = Schedule.objects.filter(is_on=True, next_run_at__lte=now)
    if not due.exists():  # a plain read first: an idle worker takes no lock
        return 0
    with transaction.atomic():
        schedules = list(due.select_for_update(skip_locked=True))
        for schedule in schedules:
            _queue(schedule, now=now)
    return len(schedules)


def _queue(schedule: Schedule, *, now: datetime) -> None:
    moment = schedule.next_run_at.astimezone(UTC)
    enqueue(
        schedule.job_name,
        arguments=schedule.arguments,
        dedupe_key=f"schedule:{schedule.name}:{moment.isoformat()}",
        by=Actor.job(f"schedule {schedule.name}"),
        now=now,
    )
    schedule.latest_run_at = moment
    schedule.next_run_at = rules.next_run(
        schedule.days, schedule.time_of_day, schedule.time_zone, after=max(now, moment)
    )
    schedule.save(update_fields=["latest_run_at", "next_run_at"])
