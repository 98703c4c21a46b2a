"""Entry points of group extracts for the queue."""

from __future__ import annotations

from contextlib import suppress
from datetime import time
from uuid import UUID

from rollbook.access.models import Account
from rollbook.access.queries import scope_of
from rollbook.extracts.actions.deliveries import deliver, give_up_delivery
from rollbook.extracts.actions.targets import remind_of_keys
from rollbook.extracts.queries.deliveries import DeliveryNotFound
from rollbook.jobs.types import JobContext, NotWorthRetrying, job
from rollbook.shared.scope import Scope

# After the night's rosters, before anybody reads mail.
_REMINDS_AT = time(5, 10)


@job(
    name="extracts.deliver",
    scope_rule=(
        "One file to one target of its own place, as far as whoever asked writes groups there "
        "today; returns the delivery's status, to who asked for it."
    ),
)
def take_delivery_on(context: JobContext) -> dict[str, str]:
    """Take the next step of a delivery; the action queues the one after it."""
    uuid = UUID(str(context.arguments["delivery"]))
    scope = _scope(context)
    try:
        return {"status": deliver(scope, uuid, by=context.actor, now=context.now).value}
    except DeliveryNotFound:
        _give_up(uuid, context, may_not=True)
        raise NotWorthRetrying("Whoever asked may not deliver this file any more.") from None
    except Exception:
        if context.is_final_attempt:
            _give_up(uuid, context, may_not=False)
        raise


@job(
    name="extracts.remind_of_keys",
    scope_rule=(
        "Whole installation; each reminder names one target, to who may write groups at its place."
    ),
    nightly_at=_REMINDS_AT,
)
def remind(context: JobContext) -> dict[str, int]:
    """Remind people of keys that end soon."""
    scope = Scope.of_installation(context.actor.label, on=context.now.date())
    return {"reminded": remind_of_keys(scope, by=context.actor, now=context.now)}


def _give_up(uuid: UUID, context: JobContext, *, may_not: bool) -> None:
    """Let nobody wait for a delivery whose job will not run again."""
    scope = Scope.of_installation(context.actor.label, on=context.now.date())
    with suppress(DeliveryNotFound):
        give_up_delivery(scope, uuid, may_not=may_not, by=context.actor, now=context.now)


def _scope(context: JobContext) -> Scope:
    """Return what the person who asked may see today; the operator's own jobs see everything."""
    on = context.now.date()
    if context.account_id is None:
        return Scope.of_installation(context.actor.label, on=on)
    account = Account.objects.filter(pk=context.account_id).first()
    return Scope.nobody(on=on) if account is None else scope_of(account, on=on)
