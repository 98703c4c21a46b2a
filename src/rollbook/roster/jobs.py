"""Entry points of rostering for the queue."""

from __future__ import annotations

from datetime import time
from typing import Any
from uuid import UUID

from django.utils import timezone

from rollbook.access.models import Account
from rollbook.access.queries import scope_of
from rollbook.jobs.types import JobContext, NotWorthRetrying, job
from rollbook.roster.actions.digest import send_roster_digests
from rollbook.roster.actions.looks import look_at_sources
from rollbook.roster.actions.preflight import check_intake as check
from rollbook.roster.actions.receiving import MayNotSendRoster
from rollbook.roster.actions.runs import SourceIsRunning
from rollbook.roster.actions.runs import run_source as run
from rollbook.roster.queries.sources import MayNotChangeSource, SourceNotFound
from rollbook.roster.rules.digest import DIGEST_AT
from rollbook.roster.rules.running import is_worth_retrying
from rollbook.roster.types import IntakeStatus, RunOutcome
from rollbook.shared.scope import Scope


@job(
    name="roster.check_intake",
    scope_rule="Sees what the person who sent the roster may see; returns the intake's status.",
)
def check_intake(context: JobContext) -> dict[str, str]:
    """Check a roster that came in, and propose what it would change."""
    try:
        intake = check(
            UUID(str(context.arguments["intake_uuid"])),
            scope=_scope(context),
            progress=context.progress,
            by=context.actor,
            now=context.now,
        )
    except MayNotSendRoster:  # on record with the intake: trying again changes nothing
        return {"status": IntakeStatus.REFUSED.value}
    return {"status": intake.status}


class SourceIsAway(Exception):
    """Say that a source could not be read now and may be soon: the queue tries again."""


@job(
    name="roster.run_source",
    scope_rule=(
        "One source, within its own district; returns the outcome and counts of records, "
        "to who asked for the run."
    ),
)
def run_source(context: JobContext) -> dict[str, Any]:
    """Run one source, again after a while where that may help."""
    is_scheduled = bool(context.arguments.get("is_scheduled", True))
    try:
        done = run(
            _scope(context),
            UUID(str(context.arguments["source"])),
            is_scheduled=is_scheduled,
            is_repeat=context.attempt > 1,
            is_final_attempt=context.is_final_attempt,
            progress=context.progress,
            by=context.actor,
            now=context.now,
        )
    except SourceIsRunning:
        return {"outcome": RunOutcome.RUNNING.value}
    except (SourceNotFound, MayNotChangeSource):
        raise NotWorthRetrying("This source was put away, or is out of reach.") from None
    is_passing = is_worth_retrying(RunOutcome(done.outcome), done.code)
    if is_passing and not context.is_final_attempt:
        raise SourceIsAway(done.code)
    return {"run": str(done.uuid), "outcome": done.outcome, "counts": done.counts}


@job(
    name="roster.look_at_sources",
    scope_rule="Whole installation; queues runs and sees nothing of them.",
    in_transaction=True,
    nightly_at=time(3, 40),  # looks queue each other; this begins them again, should one be lost
)
def look(context: JobContext) -> dict[str, int]:
    """Queue the runs of the sources that are looked at every few minutes."""
    return {"runs": look_at_sources(by=context.actor, now=context.now)}


@job(
    name="roster.send_digests",
    scope_rule=(
        "Whole installation; each letter holds counts of one district and goes to who may "
        "approve its rosters."
    ),
    in_transaction=True,
    nightly_at=DIGEST_AT,
)
def send_digests(context: JobContext) -> dict[str, int]:
    """Tell each district what its sources did in the last day."""
    scope = Scope.of_installation(context.actor.label, on=timezone.localdate(context.now))
    return {"letters": send_roster_digests(scope, by=context.actor, now=context.now)}


def _scope(context: JobContext) -> Scope:
    """Return what the person who asked may see today; the operator's own jobs see everything."""
    on = timezone.localdate(context.now)
    if context.account_id is None:
        return Scope.of_installation(context.actor.label, on=on)
    account = Account.objects.filter(pk=context.account_id).first()
    return Scope.nobody(on=on) if account is None else scope_of(account, on=on)
