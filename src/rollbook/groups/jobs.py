"""Work that the queue does for groups."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from rollbook.access.models import Account
from rollbook.access.queries import scope_of, scope_of_program
from rollbook.groups.actions import refresh_class_groups, refresh_rule_groups
from rollbook.groups.actions.imports import check_import as check
from rollbook.groups.models import GroupImport
from rollbook.groups.queries.imports import ImportNotFound
from rollbook.groups.types import ImportStatus
from rollbook.jobs.types import JobContext, NotWorthRetrying, job
from rollbook.orgs.queries import places_within
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


@job(
    name="groups.refresh_class_groups",
    scope_rule="whole installation; writes ids only",
    in_transaction=True,
)
def refresh_groups(context: JobContext) -> dict[str, int]:
    """Keep the groups of one roster source in step with its classes."""
    source = str(context.arguments["source"])
    counts = refresh_class_groups(
        source=source, by=Actor.job("groups.refresh_class_groups"), now=context.now
    )
    return {
        "groups": counts.group_count,
        "members": counts.member_count,
        "users": counts.user_count,
    }


@job(
    name="groups.refresh_rule_groups",
    scope_rule="whole installation; writes ids only",
    in_transaction=True,
)
def refresh_by_rule(context: JobContext) -> dict[str, int]:
    """Work out again who is in the rule groups of this school year."""
    counts = refresh_rule_groups(by=Actor.job("groups.refresh_rule_groups"), now=context.now)
    return {"groups": counts.group_count, "members": counts.member_count}


@job(
    name="groups.check_import",
    scope_rule=(
        "Sees what the person or program that sent the file may write today; returns the status."
    ),
)
def check_import(context: JobContext) -> dict[str, str]:
    """Check a group file that came in, and carry it out where nobody decides on it.

    Shape: an import that was decided on meanwhile stays as it is, so running it twice does no harm.
    """
    found = GroupImport.objects.filter(uuid=UUID(str(context.arguments["import"]))).first()
    if found is None:
        raise NotWorthRetrying("This group file is not on record any more.")
    try:
        done = check(found.uuid, scope=_sender(found, context), by=context.actor, now=context.now)
    except (ImportNotFound, FileNotFoundError):
        raise NotWorthRetrying("The bytes of this group file are not kept any more.") from None
    return {"status": ImportStatus(done.status).name}


def _sender(found: GroupImport, context: JobContext) -> Scope:
    """Return what whoever sent a file may see today; an extract sees the place that it is of."""
    on = timezone.localdate(context.now)
    if found.client_id is not None:
        return scope_of_program(found.client_id, on=on)
    if found.account_id is not None:
        account = Account.objects.filter(pk=found.account_id).first()
        return Scope.nobody(on=on) if account is None else scope_of(account, on=on)
    whole = Scope.of_installation(context.actor.label, on=on)
    if found.organization_id is None:
        return whole
    return whole.narrowed_to(places_within(whole, found.organization_id))
