"""Words of background work, and the register of the functions it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from rollbook.shared.actor import Actor
from rollbook.shared.events import Event


class JobStatus(StrEnum):
    """Name a step in the life of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # tried as often as it may be; a person must look
    CANCELLED = "cancelled"


class NotWorthRetrying(Exception):
    """Say that a job would fail the same way again. The text is kept and shown: never data."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """Hand a job's function what it may not find by magic.

    Shape: `arguments` are the ids that were queued with the job; `progress(done, total, says)`
           returns at once, whatever the database is busy with; `actor` is the job itself,
           `account_id` the person who asked for it, if any; `attempt` counts from 1.
    """

    now: datetime
    job_uuid: str
    actor: Actor
    progress: Callable[[int, int, str], None]
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    account_id: int | None = None
    attempt: int = 1
    attempt_limit: int = 1

    @property
    def is_final_attempt(self) -> bool:
        """Tell whether the queue gives up when this attempt fails."""
        return self.attempt >= self.attempt_limit


JobFunction: TypeAlias = Callable[[JobContext], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """Describe one function that the queue may run.

    Shape: the name begins with the folder whose `jobs.py` holds the function. Effects of a job that
           `is_in_transaction` commit together with its acknowledgement; such a job is short. Any
           other job keeps its own transactions and may be run again without harm. `scope_rule`
           says, for an auditor, whose data the job sees and who sees what it returns. `nightly_at`
           is when the job runs by itself unless somebody schedules it otherwise.
    """

    name: str
    run: JobFunction
    scope_rule: str
    is_in_transaction: bool
    attempt_limit: int
    nightly_at: time | None = None


@dataclass(frozen=True, slots=True)
class JobFailed(Event):
    """Tell that a job was tried as often as it may be, or that its worker was lost each time."""

    job_uuid: str
    name: str
    account_id: int | None
    at: datetime
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class JobRow:
    """Hold one job as pages show it."""

    uuid: UUID
    name: str
    status: JobStatus
    attempt_count: int
    progress_done: int
    progress_total: int
    progress_says: str
    error: str
    outcome: Mapping[str, Any]
    requested_by: str
    created_at: datetime
    run_after: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """Hold when a job runs by itself, as pages show it; `days` are ISO weekdays, Monday 1."""

    name: str
    job_name: str
    days: str
    time_of_day: time
    time_zone: str
    is_on: bool
    next_run_at: datetime | None
    latest_run_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """Say how the queue does.

    Units: `oldest_wait_seconds` counts from when the job was due, 0 when nothing is due.
    """

    counts: Mapping[str, int]
    due_count: int
    oldest_wait_seconds: float
    lost_count: int
    late_schedule_count: int


_kinds: dict[str, JobKind] = {}


def job(
    *,
    name: str,
    scope_rule: str,
    in_transaction: bool = False,
    attempt_limit: int = 5,
    nightly_at: time | None = None,
) -> Callable[[JobFunction], JobFunction]:
    """Put a function of a domain's `jobs.py` on the register, under `folder.verb_noun`."""

    def register(function: JobFunction) -> JobFunction:
        _kinds[name] = JobKind(
            name, function, scope_rule, in_transaction, attempt_limit, nightly_at
        )
        return function

    return register


def registered() -> Mapping[str, JobKind]:
    """Return the jobs of all modules imported so far, by name."""
    return dict(_kinds)
