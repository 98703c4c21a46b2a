"""Entry points of rostering for the queue."""

from __future__ import annotations

from uuid import UUID

from rollbook.access.models import Account
from rollbook.access.queries import scope_of
from rollbook.jobs.types import JobContext, job
from rollbook.roster.actions.preflight import check_intake as check
from rollbook.roster.actions.receiving import MayNotSendRoster
from rollbook.roster.types import IntakeStatus
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


def _scope(context: JobContext) -> Scope:
    """Return what the person who asked may see today; the operator's own jobs see everything."""
    on = context.now.date()
    if context.account_id is None:
        return Scope.of_installation(context.actor.label, on=on)
    account = Account.objects.filter(pk=context.account_id).first()
    return Scope.nobody(on=on) if account is None else scope_of(account, on=on)
