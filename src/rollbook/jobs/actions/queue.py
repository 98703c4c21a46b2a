"""Queue, retry and cancel jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rollbook.audit import actions as audit
from rollbook.jobs.models import Job
from rollbook.jobs.queries import get_job, row_of
from rollbook.jobs.register import find_kind
from rollbook.jobs.types import JobRow, JobStatus
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


class JobCannotBeRetried(Exception):
    """Say that a job has not failed and was not cancelled."""


class JobCannotBeCancelled(Exception):
    """Say that a job is already over."""


def enqueue(
    name: str,
    *,
    arguments: Mapping[str, Any] | None = None,
    dedupe_key: str = "",
    run_after: datetime | None = None,
    by: Actor,
    now: datetime,
    account_id: int | None = None,
) -> Job:
    """Queue a job in the caller's transaction: it exists only if that commits.

    Shape:  `arguments` are ids, never data. A name and a `dedupe_key` are queued once, for good:
            asking again returns the job that there is, whatever became of it. `account_id` is whose
            job it is, by default the actor's.
    Raises: UnknownJob.
    """
    kind = find_kind(name)
    asked = Job(
        name=name,
        arguments=dict(arguments or {}),
        dedupe_key=dedupe_key,
        run_after=run_after or now,
        attempt_limit=kind.attempt_limit,
        requested_by=by.label[:80],
        account_id=by.account_id if account_id is None else account_id,
        created_at=now,
    )
    if not dedupe_key:
        asked.save(force_insert=True)
        return asked
    # One statement that does nothing when the key is taken, so that two senders cannot race.
    Job.objects.bulk_create([asked], ignore_conflicts=True)
    return Job.objects.get(name=name, dedupe_key=dedupe_key)


def retry_job(scope: Scope, *, job: UUID | str, by: Actor, now: datetime) -> JobRow:
    """Queue a failed or cancelled job again, with all its attempts before it.

    Raises: JobNotFound; JobCannotBeRetried.
    """
    get_job(scope, job)
    with transaction.atomic():
        found = Job.objects.select_for_update().get(uuid=job)
        if found.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
            raise JobCannotBeRetried("This job has not failed. Wait until it is over.")
        found.status = JobStatus.QUEUED
        found.attempt_count = 0
        found.error = ""
        found.run_after = now
        found.finished_at = None
        found.save()
        _audit("retry_job", found, by=by, now=now)
    return row_of(found)


def cancel_job(scope: Scope, *, job: UUID | str, by: Actor, now: datetime) -> JobRow:
    """Keep a job from running, or from counting as done if it is running.

    A running job that commits together with its acknowledgement leaves no effect behind.
    Raises: JobNotFound; JobCannotBeCancelled.
    """
    get_job(scope, job)
    with transaction.atomic():
        found = Job.objects.select_for_update().get(uuid=job)
        if found.status not in {JobStatus.QUEUED, JobStatus.RUNNING}:
            raise JobCannotBeCancelled("This job is over already.")
        found.status = JobStatus.CANCELLED
        found.finished_at = now
        found.worker = ""
        found.leased_until = None
        found.save()
        _audit("cancel_job", found, by=by, now=now)
    return row_of(found)


def _audit(action: str, job: Job, *, by: Actor, now: datetime) -> None:
    audit.record(
        action=action,
        subject_kind="job",
        subject_uuid=str(job.uuid),
        detail={"name": job.name},
        by=by,
        now=now,
    )
