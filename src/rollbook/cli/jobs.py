"""Background work from the command line: how it does, run it, schedule it."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

import click

from rollbook.cli.terminal import FORMAT, operator, print_json, print_table

JOB = click.argument("job", type=click.UUID)


@click.group()
def jobs() -> None:
    """See background work, run it, try it again, schedule it."""


@jobs.command("list")
@click.option("--status", type=click.Choice(["queued", "running", "done", "failed", "cancelled"]))
@FORMAT
def list_jobs(status: str | None, output: str) -> None:
    """List the latest 500 jobs, the latest first."""
    who = operator()
    from rollbook.jobs.queries import jobs_of  # after Django has started
    from rollbook.jobs.types import JobStatus
    from rollbook.shared.page import PageRequest

    found = jobs_of(
        who.scope, PageRequest(size=500), status=JobStatus(status) if status else None
    ).items
    if output == "json":
        print_json(
            [
                {
                    "job": str(job.uuid),
                    "name": job.name,
                    "status": job.status.value,
                    "tries": job.attempt_count,
                    "error": job.error,
                    "created_at": job.created_at,
                    "finished_at": job.finished_at,
                }
                for job in found
            ]
        )
        return
    rows = [(job.uuid, job.name, job.status.value, job.attempt_count, job.error) for job in found]
    print_table("Jobs", ["job", "name", "state", "tries", "trouble"], rows)


@jobs.command()
def run() -> None:
    """Run the jobs that are due, one after another, and stop.

    Exit status: 0 when none has failed, 1 when any has.
    """
    who = operator()
    from rollbook.jobs.actions import run_until_empty  # after Django has started
    from rollbook.jobs.queries import queue_health

    count = run_until_empty(now=who.now)
    failed = queue_health(who.scope, now=who.now).counts.get("failed", 0)
    click.echo(f"{count:,} {'job' if count == 1 else 'jobs'} ran.")
    if failed:
        raise click.ClickException(
            f"{failed:,} failed in all. See `rollbook jobs list --status failed`."
        )


@jobs.command()
@JOB
def retry(job: UUID) -> None:
    """Queue a failed or cancelled job again."""
    who = operator()
    from rollbook.jobs.actions import retry_job  # after Django has started

    row = retry_job(who.scope, job=job, by=who.by, now=who.now)
    click.echo(f"{row.uuid}: {row.name} is queued again.")


@jobs.command()
@JOB
def cancel(job: UUID) -> None:
    """Keep a job from running, or from counting as done if it is running."""
    who = operator()
    from rollbook.jobs.actions import cancel_job  # after Django has started

    row = cancel_job(who.scope, job=job, by=who.by, now=who.now)
    click.echo(f"{row.uuid}: {row.name} was cancelled.")


@jobs.command()
@FORMAT
def schedules(output: str) -> None:
    """List what runs by itself."""
    who = operator()
    from rollbook.jobs.queries import schedules as listed  # after Django has started

    found = listed(who.scope)
    if output == "json":
        print_json(
            [
                {
                    "name": row.name,
                    "job": row.job_name,
                    "days": row.days,
                    "at": f"{row.time_of_day:%H:%M}",
                    "time_zone": row.time_zone,
                    "is_on": row.is_on,
                    "next_run_at": row.next_run_at,
                }
                for row in found
            ]
        )
        return
    rows = [
        (
            row.name,
            row.days,
            f"{row.time_of_day:%H:%M} {row.time_zone}",
            "on" if row.is_on else "off",
        )
        for row in found
    ]
    print_table("What runs by itself", ["name", "days (1 is Monday)", "at", "state"], rows)


@jobs.command()
@click.argument("name")
@click.option("--job", help="The job that runs, when it is not called NAME.")
@click.option(
    "--at",
    "clock",
    required=True,
    type=click.DateTime(formats=["%H:%M"]),
    help="Time of day, such as 02:30.",
)
@click.option("--days", default="1234567", show_default=True, help="Days of the week; 1 is Monday.")
@click.option("--time-zone", help="By default the agency's own.")
@click.option("--off", is_flag=True, help="Keep the schedule and do not run it.")
def schedule(
    *, name: str, job: str | None, clock: datetime, days: str, time_zone: str | None, off: bool
) -> None:
    """Run a job by itself on some days of the week, under NAME."""
    who = operator()
    from django.conf import settings  # after Django has started

    from rollbook.jobs.actions import set_schedule

    if not re.fullmatch("[1-7]+", days):
        raise click.BadParameter("Use digits from 1 (Monday) to 7 (Sunday).", param_hint="--days")
    if time_zone is not None and time_zone not in available_timezones():
        raise click.BadParameter(
            "Use a name such as America/Los_Angeles.", param_hint="--time-zone"
        )
    first = set_schedule(
        name=name,
        job_name=job or name,
        time_of_day=clock.time(),
        time_zone=time_zone or settings.TIME_ZONE,
        days=days,
        is_on=not off,
        by=who.by,
        now=who.now,
    )
    click.echo(f"{name}: off." if off else f"{name}: runs first at {first:%Y-%m-%d %H:%M} UTC.")
