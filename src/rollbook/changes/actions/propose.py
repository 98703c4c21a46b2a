"""Write a plan down, or put it away."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from rollbook.changes import rules
from rollbook.changes.layouts import CONFLICTS
from rollbook.changes.life import PROPOSED, end_plan, lock_plan, record_plan
from rollbook.changes.models import ChangePlan, IdBlock
from rollbook.changes.plan import canonical, counts_of, with_defaults
from rollbook.changes.state import versions_of
from rollbook.changes.store import write_plan_file
from rollbook.changes.tables import take_from_sequence
from rollbook.changes.types import HoldReason, PlanContent, PlanStatus, PlanTable, TableChanges
from rollbook.shared.actor import Actor

MOST_TITLE = 200  # characters: a title may hold the name of a file, which others choose


class PlanIsEmpty(Exception):
    """Say that the plan changes nothing, so there is nothing to commit."""


def propose_plan(
    *,
    title: str,
    kind: str,
    changes: Sequence[TableChanges],
    areas: Sequence[str] | Mapping[str, int],
    organization_id: int | None,
    holds: Sequence[HoldReason] = (),
    needs_second_person: bool = False,
    by: Actor,
    now: datetime,
) -> ChangePlan:
    """Write a plan's file and make it ready to commit, or hold it.

    Shape:  `changes` in the order in which the tables are to be written. `areas` are what the plan
            was worked out from: with the versions that `changes.state.versions_of` gave before the
            rows were read, or by name alone, which means as they are now. Additions may leave text
            (empty) and uuids (fresh) open. A plan that needs a second person waits, as a held one.
    Raises: PlanIsEmpty where nothing would change: there is nothing to review.
    """
    kept = [canonical(with_defaults(change, _fresh_uuid)) for change in changes]
    kept = [change for change in kept if change.frame.height]
    if not kept:
        raise PlanIsEmpty
    versions = dict(areas) if isinstance(areas, Mapping) else versions_of(areas)
    plan_uuid = uuid.uuid4()
    content = PlanContent(kind, versions, tuple(kept), CONFLICTS.to_frame())
    name, digest = write_plan_file(plan_uuid, content)
    counts = counts_of(kept)
    with transaction.atomic():
        plan = ChangePlan.objects.create(
            uuid=plan_uuid,
            title=title[:MOST_TITLE],
            kind=kind,
            organization_id=organization_id,
            status=rules.first_status(holds, needs_second_person=needs_second_person).value,
            file_name=name,
            digest=digest,
            areas=versions,
            counts=counts,
            hold_reasons=[asdict(hold) for hold in holds],
            needs_second_person=needs_second_person,
            proposed_by=by.label,
            proposed_at=now,
        )
        detail = {"counts": counts, "holds": [hold.code for hold in holds]}
        record_plan(plan, PROPOSED, by=by, now=now, detail=detail)
    return plan


@transaction.atomic
def discard_plan(plan_uuid: uuid.UUID, *, by: Actor, now: datetime) -> ChangePlan:
    """Put a plan away without committing it. Its file stays, for whoever asks later.

    Raises: PlanIsFinished where it was committed or undone. Discarding twice is discarding once.
    """
    plan = lock_plan(plan_uuid)
    if plan.status == PlanStatus.DISCARDED:
        return plan
    rules.require_open(PlanStatus(plan.status))
    end_plan(plan, PlanStatus.DISCARDED, by=by, now=now)
    record_plan(plan, "changes.discard", by=by, now=now, detail={})
    return plan


@transaction.atomic
def reserve_ids(table: PlanTable, count: int, *, by: Actor, now: datetime) -> int:
    """Reserve `count` ids of a table for additions; return the first.

    Shape: never handed out again, neither here nor by the database itself, even if the plan that
           they were meant for is never committed.
    """
    del by, now  # who asks is written down with the plan, if there ever is one
    IdBlock.objects.bulk_create([IdBlock(table=table.db_table)], ignore_conflicts=True)
    block = IdBlock.objects.select_for_update().get(table=table.db_table)
    first = take_from_sequence(table.db_table, block.next_id, count)
    block.next_id = first + count
    block.save(update_fields=["next_id"])
    return first


def _fresh_uuid() -> str:
    return str(uuid.uuid4())
