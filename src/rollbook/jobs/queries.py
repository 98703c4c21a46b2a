"""Read the queue."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from rollbook.jobs.models import Job, Schedule
from rollbook.jobs.types import JobRow, JobStatus, QueueHealth, ScheduleRow
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope


class JobNotFound(Exception):
    """Say that the reader sees no such job, whether or not there is one."""


class QueueOutOfSight(Exception):
    """Say that the reader may not see how the queue does."""


def jobs_of(
    scope: Scope,
    page: PageRequest | None = None,
    *,
    status: JobStatus | None = None,
    name: str = "",
) -> Page[JobRow]:
    """List the reader's own jobs, latest first; all jobs for a reader of the system."""
    page = page or PageRequest()
    found = _seen(scope)
    if status is not None:
        found = found.filter(status=status)
    if name:
        found = found.filter(name=name)
    shown = found.order_by("-created_at", "-id")[page.offset : page.offset + page.size]
    rows = [row_of(job) for job in shown]
    return Page(rows, number=page.number, size=page.size, total_count=found.count())


def get_job(scope: Scope, uuid: UUID | str) -> JobRow:
    """Return one job of the reader's own; any job for a reader of the system.

    Raises: JobNotFound when there is none or it is somebody else's: one answer.
    """
    found = _seen(scope).filter(uuid=uuid).first()
    if found is None:
        raise JobNotFound("No such job, or not one of yours.")
    return row_of(found)


def queue_health(scope: Scope, *, now: datetime) -> QueueHealth:
    """Say how many jobs stand where, and whether any wait too long.

    Raises: QueueOutOfSight without SYSTEM_READ.
    """
    if not scope.may(Permission.SYSTEM_READ):
        raise QueueOutOfSight("Only who runs the system sees the queue.")
    counted = Job.objects.values_list("status").annotate(Count("id"))
    due = Job.objects.filter(status=JobStatus.QUEUED, run_after__lte=now)
    oldest = due.order_by("run_after").values_list("run_after", flat=True).first()
    lost = Job.objects.filter(status=JobStatus.RUNNING, leased_until__lt=now)
    late = Schedule.objects.filter(is_on=True, next_run_at__lte=now)
    return QueueHealth(
        counts={status.value: 0 for status in JobStatus} | dict(counted),
        due_count=due.count(),
        oldest_wait_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        lost_count=lost.count(),
        late_schedule_count=late.count(),
    )


def schedules(scope: Scope) -> list[ScheduleRow]:
    """List what runs by itself, by name.

    Raises: QueueOutOfSight without SYSTEM_READ.
    """
    if not scope.may(Permission.SYSTEM_READ):
        raise QueueOutOfSight("Only who runs the system sees what runs by itself.")
    return [
        ScheduleRow(
            name=schedule.name,
            job_name=schedule.job_name,
            days=schedule.days,
            time_of_day=schedule.time_of_day,
            time_zone=schedule.time_zone,
            is_on=schedule.is_on,
            next_run_at=schedule.next_run_at,
            latest_run_at=schedule.latest_run_at,
        )
        for schedule in Schedule.objects.order_by("name")
    ]


def _seen(scope: Scope) -> QuerySet[Job]:
    if scope.may(Permission.SYSTEM_READ):
        return Job.objects.all()
    # Jobs that nobody asked for have no account; neither has a reader who is not signed in.
    own = Q(pk__in=[]) if scope.account_id is None else Q(account_id=scope.account_id)
    return Job.objects.filter(own)


def row_of(job: Job) -> JobRow:
    """Turn a record that is already in scope into the value that pages show."""
    return JobRow(
        uuid=job.uuid,
        name=job.name,
        status=JobStatus(job.status),
        attempt_count=job.attempt_count,
        progress_done=job.progress_done,
        progress_total=job.progress_total,
        progress_says=job.progress_says,
        error=job.error,
        outcome=job.outcome,
        requested_by=job.requested_by,
        created_at=job.created_at,
        run_after=job.run_after,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )
