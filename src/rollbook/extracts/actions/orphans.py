"""Empty the groups that a target still shows and that nothing writes any more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.actions.files import keep_file
from rollbook.extracts.plan.wanted import emptying_rows
from rollbook.extracts.queries.targets import target_in
from rollbook.extracts.queries.wanted import wanted_of
from rollbook.orgs.queries import current_school_year
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


class NothingToEmpty(Exception):
    """Say that a target shows no group that nothing writes any more."""


def empty_orphans(scope: Scope, target_uuid: UUID | str, *, by: Actor, now: datetime) -> UUID:
    """Write a file that names each orphan with nobody in it, and ask for its delivery.

    Shape:  the public id of the delivery. The groups stay there, empty, until somebody deletes
            them by hand: no file can.
    Raises: TargetNotFound; NothingToEmpty.
    """
    target = target_in(scope, target_uuid)
    today = timezone.localdate(now)
    orphans = wanted_of(scope, target_uuid, on=today).orphans
    if not orphans:
        raise NothingToEmpty("There is nothing to empty: every group there is still written.")
    with transaction.atomic():
        file = keep_file(
            target.organization_id,
            emptying_rows(orphans),
            name=f"groups-{today.isoformat()}-emptied-{target.uuid.hex[:8]}.csv",
            school_year=int(current_school_year(today)),
            on=today,
            by=by,
            now=now,
        )
        return ask_delivery(scope, file.uuid, target.uuid, by=by, now=now)
