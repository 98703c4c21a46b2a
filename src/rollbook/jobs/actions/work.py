"""Run jobs: lease one, run its function, acknowledge."""

from __future__ import annotations

import logging
import os
import random
import socket
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Event, get_ident
from typing import Any
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Q

from rollbook.jobs.actions.schedule import queue_due_schedules, set_nightly_schedules
from rollbook.jobs.heartbeat import Heartbeat
from rollbook.jobs.models import Job
from rollbook.jobs.register import UnknownJob, find_kind
from rollbook.jobs.rules import LEASE, backoff
from rollbook.jobs.types import JobContext, JobFailed, JobStatus, NotWorthRetrying
from rollbook.shared.actor import Actor
from rollbook.shared.events import announce

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Say that another worker has this job now, or that somebody cancelled it."""


def run_worker(stop: Event, *, worker: str = "", poll_seconds: float = 1.0) -> None:
    """Run jobs and schedules until `stop` is set; the job at hand is finished first."""
    name = worker or f"{socket.gethostname()}:{os.getpid()}:{get_ident()}"
    is_scheduled = False
    while not stop.is_set():
        close_old_connections()
        try:
            now = _database_moment()
            if not is_scheduled:
                set_nightly_schedules(by=Actor.job("worker"), now=now)
                is_scheduled = True
            queue_due_schedules(now=now)
            ran = run_next(name, now=now)
        except DatabaseError as error:
            # The database is away or busy. The lease runs out and the job runs again.
            logger.warning("worker %s waits for the database: %s", name, type(error).__name__)
            ran = None
            connection.close()
        if ran is None:
            stop.wait(poll_seconds)


def run_next(worker: str, *, now: datetime) -> UUID | None:
    """Run the job that has been due longest; return its public id, or None if none is due."""
    job = _lease(worker, now=now)
    if job is None:
        return None
    with Heartbeat(job, now=now) as heart:
        try:
            _run(job, heart)
        except LeaseLost:
            logger.warning("job %s %s was taken over or cancelled", job.name, job.uuid)
        except Exception as error:  # a job may fail in any way; the queue goes on
            _record_failure(job, error, heart)
    return job.uuid


def run_until_empty(worker: str = "at once", *, now: datetime, limit: int = 10_000) -> int:
    """Run what is due, one after another, as a command without a worker does; return how many."""
    count = 0
    while count < limit and run_next(worker, now=now):
        count += 1
    return count


def _lease(worker: str, *, now: datetime) -> Job | None:
    due = Job.objects.filter(
        Q(status=JobStatus.QUEUED, run_after__lte=now)
        | Q(status=JobStatus.RUNNING, leased_until__lt=now)
    )
    while due.exists():  # a plain read first: an idle worker takes no lock
        with transaction.atomic():
            in_order = due.order_by("run_after", "id").select_for_update(skip_locked=True)
            job = in_order.first()
            if job is None:
                return None
            if job.attempt_count < job.attempt_limit:
                return _leased(job, worker, now=now)
            # Its worker was lost in the final attempt: a job that kills workers stops here.
            _fail(job, "The worker was lost in every attempt.", now=now)
    return None


def _leased(job: Job, worker: str, *, now: datetime) -> Job:
    job.status = JobStatus.RUNNING
    job.worker = worker[:80]
    job.attempt_count += 1
    job.leased_until = now + LEASE
    job.started_at = now
    job.save(update_fields=["status", "worker", "attempt_count", "leased_until", "started_at"])
    return job


def _run(job: Job, heart: Heartbeat) -> None:
    kind = find_kind(job.name)
    context = JobContext(
        now=heart.moment(),
        job_uuid=str(job.uuid),
        actor=Actor.job(job.name),
        progress=heart.progress,
        arguments=job.arguments,
        account_id=job.account_id,
        attempt=job.attempt_count,
        attempt_limit=job.attempt_limit,
    )
    if kind.is_in_transaction:
        with transaction.atomic():
            _acknowledge(job, kind.run(context), heart)
    else:
        _acknowledge(job, kind.run(context), heart)


def _acknowledge(job: Job, outcome: Mapping[str, Any] | None, heart: Heartbeat) -> None:
    """Mark the job done if it is still ours; else raise, which takes its effect back."""
    acknowledged = _still_ours(job).update(
        status=JobStatus.DONE,
        outcome=dict(outcome or {}),
        error="",
        leased_until=None,
        finished_at=heart.moment(),
        **heart.noted(),
    )
    if not acknowledged:
        raise LeaseLost


def _still_ours(job: Job) -> Any:
    return Job.objects.filter(
        pk=job.pk, worker=job.worker, attempt_count=job.attempt_count, status=JobStatus.RUNNING
    )


def _record_failure(job: Job, error: Exception, heart: Heartbeat) -> None:
    """Queue the job again after a while, or give up. An error's words may hold data: left out."""
    named = f"{type(error).__module__}.{type(error).__name__}"
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("job %s %s failed: %s\n%s", job.name, job.uuid, named, where)
    is_hopeless = isinstance(error, NotWorthRetrying | UnknownJob)
    says = str(error) if is_hopeless else f"{named} (request id {job.uuid}/{job.attempt_count})"
    now = heart.moment()
    with transaction.atomic():
        ours = _still_ours(job).select_for_update().first()
        if ours is None:
            return
        if is_hopeless or ours.attempt_count >= ours.attempt_limit:
            _fail(ours, says, now=now)
            return
        ours.status = JobStatus.QUEUED
        ours.error = says[:500]
        ours.leased_until = None
        ours.run_after = now + backoff(ours.attempt_count, share=random.random())
        ours.save()


def _fail(job: Job, says: str, *, now: datetime) -> None:
    job.status = JobStatus.FAILED
    job.error = says[:500]
    job.leased_until = None
    job.finished_at = now
    job.save()
    failed = JobFailed(str(job.uuid), job.name, job.account_id, now, job.arguments)
    transaction.on_commit(lambda: announce(failed), robust=True)


def _database_moment() -> datetime:
    """Ask the database for the time: leases of workers on several machines need one clock."""
    asks = (
        "SELECT extract(epoch FROM clock_timestamp())"
        if connection.vendor == "postgresql"
        else "SELECT (julianday('now') - 2440587.5) * 86400.0"
    )
    with connection.cursor() as cursor:
        cursor.execute(asks)
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(cursor.fetchone()[0]))
