"""Entry points of group extracts for the queue."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.utils import timezone

from rollbook.access.models import Account
from rollbook.access.queries import scope_of
from rollbook.extracts.actions.deliveries import deliver, give_up_delivery
from rollbook.extracts.actions.files import ProfilesCannotJoin, deliver_files
from rollbook.extracts.actions.files import make_files as make
from rollbook.extracts.actions.schedule import (
    RUN_JOB,
    NothingIsScheduled,
    tell_of_failed_run,
)
from rollbook.extracts.actions.schedule import run_schedule as run
from rollbook.extracts.actions.targets import remind_of_keys
from rollbook.extracts.queries.deliveries import DeliveryNotFound
from rollbook.extracts.queries.profiles import ProfileNotFound
from rollbook.jobs.types import JobContext, NotWorthRetrying, job
from rollbook.messages.actions import tell
from rollbook.orgs.queries import current_school_year, places_within
from rollbook.shared.actor import Actor, ActorKind
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
        give_up(uuid, may_not=True, by=context.actor, now=context.now)
        raise NotWorthRetrying("Whoever asked may not deliver this file any more.") from None
    except Exception:
        if context.is_final_attempt:
            give_up(uuid, may_not=False, by=context.actor, now=context.now)
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


@job(
    name="extracts.make_files",
    scope_rule=(
        "Profiles and students that whoever asked may use and write groups of today; returns "
        "public ids of files, to who asked for them."
    ),
)
def make_files(context: JobContext) -> dict[str, Any]:
    """Write the files of some profiles, send them where that was asked, tell who asked."""
    scope = _scope(context)
    by = Actor(ActorKind.JOB, scope.label, context.account_id)  # the list names who asked
    try:
        files = make(
            scope,
            list(context.arguments["profiles"]),
            is_consolidated=bool(context.arguments["is_consolidated"]),
            run=UUID(context.job_uuid),
            progress=context.progress,
            by=by,
            now=context.now,
        )
    except (ProfileNotFound, ProfilesCannotJoin):
        raise NotWorthRetrying("A profile was put away, or is out of reach.") from None
    targets = list(context.arguments.get("targets", ()))
    deliver_files(scope, files, targets, by=by, now=context.now)
    if context.account_id is not None:
        tell(
            [context.account_id],
            kind="extract_files",
            title="Your group files are written",
            body="Read their warnings before you send them.",
            link=f"/{int(current_school_year(scope.on))}/groups/files/",
            dedupe_key=f"extract_files:{context.job_uuid}",
            by=context.actor,
            now=context.now,
        )
    return {"files": [str(file) for file in files]}


@job(
    name=RUN_JOB,
    scope_rule=(
        "One organization and all below it; returns public ids of files, to the operator. Mails "
        "hold counts and go to the addresses of the schedule."
    ),
)
def run_schedule(context: JobContext) -> dict[str, Any]:
    """Write an organization's scheduled profiles; tell aloud when that fails."""
    place = int(context.arguments["organization"])
    everything = Scope.of_installation(context.actor.label, on=timezone.localdate(context.now))
    scope = everything.narrowed_to(places_within(everything, place))
    key = context.job_uuid
    try:
        done = run(
            scope,
            place,
            run=UUID(key),
            progress=context.progress,
            by=context.actor,
            now=context.now,
        )
    except NothingIsScheduled:
        raise NotWorthRetrying("This schedule was switched off.") from None
    except Exception:
        if context.is_final_attempt:
            tell_of_failed_run(place, key=f"{key}:failed", by=context.actor, now=context.now)
        raise
    return {
        "files": [str(file) for file in done.file_uuids],
        "deliveries": len(done.delivery_uuids),
    }


def give_up(uuid: UUID, *, may_not: bool, by: Actor, now: datetime) -> None:
    """Let nobody wait for a delivery whose job will not run again."""
    scope = Scope.of_installation(by.label, on=now.date())
    with suppress(DeliveryNotFound):
        give_up_delivery(scope, uuid, may_not=may_not, by=by, now=now)


def _scope(context: JobContext) -> Scope:
    """Return what the person who asked may see today; the operator's own jobs see everything."""
    on = timezone.localdate(context.now)
    if context.account_id is None:
        return Scope.of_installation(context.actor.label, on=on)
    account = Account.objects.filter(pk=context.account_id).first()
    return Scope.nobody(on=on) if account is None else scope_of(account, on=on)
