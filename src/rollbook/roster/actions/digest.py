"""Write each district's daily letter about its sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.utils import timezone

from rollbook.access.queries import holders_of
from rollbook.changes.types import PlanStatus
from rollbook.messages.actions import queue_mail
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import current_school_year
from rollbook.roster.models.sources import Source, SyncRun
from rollbook.roster.queries.sources import runs_between
from rollbook.roster.rules.digest import (
    DigestRun,
    DigestSource,
    digest_body,
    digest_subject,
    digest_window,
)
from rollbook.roster.types import RunOutcome
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

_OPEN = (PlanStatus.PROPOSED.value, PlanStatus.HELD.value)
# A source that is looked at every few minutes has many runs a day: the letter tells the last.
MOST_RUNS = 5


def send_roster_digests(scope: Scope, *, by: Actor, now: datetime) -> int:
    """Write to whoever may approve the rosters of a district what its sources did; count letters.

    Shape: nobody hears of a day on which no source ran; asking twice for one day writes once.
    """
    since, until = digest_window(now, settings.TIME_ZONE)
    runs = runs_between(scope, since=since, until=until)
    count = 0
    for district, told in groupby(runs, key=lambda run: run.source.organization):
        count += _write(district, list(told), day=f"{until:%Y-%m-%d}", by=by, now=now)
    return count


def _write(
    district: Organization, runs: Sequence[SyncRun], *, day: str, by: Actor, now: datetime
) -> int:
    today = timezone.localdate(now)
    pages = f"{settings.BASE_URL}/{int(current_school_year(today))}/rosters/"
    sources = [
        _source(source, list(told), pages)
        for source, told in groupby(runs, key=lambda run: run.source)
    ]
    holders = holders_of(Permission.ROSTER_APPROVE, district.pk, on=today)
    for account, address in holders.items():
        queue_mail(
            address,
            subject=digest_subject(sources),
            body=digest_body(district.name, sources),
            dedupe_key=f"roster_digest:{district.uuid}:{day}:{account}",
            by=by,
            now=now,
        )
    return len(holders)


def _source(source: Source, runs: Sequence[SyncRun], pages: str) -> DigestSource:
    quiet = {RunOutcome.NOTHING_NEW.value, RunOutcome.UNCHANGED.value}
    eventful = [run for run in runs[:-1] if run.outcome not in quiet]
    return DigestSource(
        name=source.name,
        link=f"{pages}sources/{source.uuid}/",
        runs=[_run(run, pages) for run in [*eventful, runs[-1]][-MOST_RUNS:]],
    )


def _run(run: SyncRun, pages: str) -> DigestRun:
    plan = run.intake.plan if run.intake else None
    return DigestRun(
        outcome=RunOutcome(run.outcome),
        says=run.says,
        counts=plan.counts if plan else {},
        is_waiting=plan is not None and plan.status in _OPEN,
        link=f"{pages}{run.intake.uuid}/" if run.intake else "",
    )
