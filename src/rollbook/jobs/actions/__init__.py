"""Queue, run, retry and cancel jobs, by hand and by the calendar."""

from rollbook.jobs.actions.queue import (
    JobCannotBeCancelled,
    JobCannotBeRetried,
    cancel_job,
    enqueue,
    retry_job,
)
from rollbook.jobs.actions.schedule import (
    queue_due_schedules,
    set_nightly_schedules,
    set_schedule,
)
from rollbook.jobs.actions.work import run_next, run_until_empty, run_worker

__all__ = [
    "JobCannotBeCancelled",
    "JobCannotBeRetried",
    "cancel_job",
    "enqueue",
    "queue_due_schedules",
    "retry_job",
    "run_next",
    "run_until_empty",
    "run_worker",
    "set_nightly_schedules",
    "set_schedule",
]
