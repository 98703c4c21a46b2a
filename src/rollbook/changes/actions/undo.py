"""Take a committed plan back, cell by cell, where nobody has changed the cells since."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import polars as pl
from django.db import transaction

from rollbook.changes import rules
from rollbook.changes.apply import check_references_now, refusing_misfits, write_changes
from rollbook.changes.layouts import CONFLICTS
from rollbook.changes.life import UNDONE, end_plan, lock_plan, receipt_of, record_plan, was_partial
from rollbook.changes.models import ChangePlan
from rollbook.changes.plan import (
    counts_of,
    inverse,
    only_additions_and_updates,
    without_conflicts,
    without_dangling,
    without_deletions,
    without_records,
)
from rollbook.changes.referrers import ids_of, pointing_at_nothing, still_referred_to
from rollbook.changes.state import lock_areas, move_areas, versions_of
from rollbook.changes.store import read_plan_file, write_plan_file
from rollbook.changes.tables import read_rows
from rollbook.changes.types import (
    ChangeAction,
    CommitReceipt,
    PlanContent,
    PlanStatus,
    PlanUndone,
    TableChanges,
)
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope

_NOBODYS: Final[Mapping[str, Collection[int]]] = {}


class UndoHasNothingLeft(Exception):
    """Say that every cell the plan wrote was changed since: there is nothing to take back."""


class UndoCannotBeUndone(Exception):
    """Say that this plan is itself an undo: make the change again instead."""


def undo_plan(
    plan_uuid: uuid.UUID,
    *,
    scope: Scope | None = None,
    leaving: Mapping[str, Collection[int]] = _NOBODYS,
    by: Actor,
    now: datetime,
) -> CommitReceipt:
    """Take a committed plan back, except where later changes touched the same cells.

    Shape:  the receipt is that of a new plan, of kind undo, whose file holds what was really taken
            back and, in `conflicts`, every cell left alone and why. A record that the plan added
            goes if it is as the plan wrote it and nothing that stays points at it. Records in
            `leaving`, ids by the name of their table, are somebody else's by now and stay.
    Raises: MayNotCommit, PlanIsNotCommitted, PlanIsFinished where the plan was undone or discarded,
            UndoCannotBeUndone, UndoHasNothingLeft; DigestDiffers where the plan's file was altered.
    """
    plan = ChangePlan.objects.get(uuid=plan_uuid)
    rules.require_approver(scope, plan.organization_id)
    with refusing_misfits(), transaction.atomic():
        plan = lock_plan(plan_uuid)
        rules.require_undoable(PlanStatus(plan.status))
        if plan.undo_of_id is not None:
            raise UndoCannotBeUndone
        versions = versions_of(plan.areas)
        lock_areas(versions)
        changes, conflicts = _fitting(_applied(plan), leaving)
        if not changes:
            raise UndoHasNothingLeft
        write_changes(changes)
        move_areas(plan.areas)
        undo = _written_down(
            plan, PlanContent("undo", versions, tuple(changes), conflicts), by=by, now=now
        )
        end_plan(plan, PlanStatus.UNDONE, by=by, now=now)
        detail = {"counts": undo.counts, "undo_of": str(plan.uuid), "conflicts": conflicts.height}
        record_plan(undo, UNDONE, by=by, now=now, detail=detail)
        check_references_now()
    event = PlanUndone(plan.uuid, undo.uuid, plan.kind)
    transaction.on_commit(lambda: events.announce(event))
    return receipt_of(undo)


def _applied(plan: ChangePlan) -> Sequence[TableChanges]:
    changes = read_plan_file(plan).changes
    return only_additions_and_updates(changes) if was_partial(plan) else changes


def _fitting(
    applied: Sequence[TableChanges], leaving: Mapping[str, Collection[int]]
) -> tuple[list[TableChanges], pl.DataFrame]:
    """Return the inverse of what was applied, as far as it still fits, and what does not."""
    fitting: list[TableChanges] = []
    conflicts = [CONFLICTS.to_frame()]
    returning: dict[str, set[int]] = {}
    for whole in inverse(applied):
        change, others = without_records(whole, leaving.get(whole.table.name, ()))
        kept, edited = without_conflicts(
            change, read_rows(change.table, change.frame["id"].to_list())
        )
        returning[change.table.db_table] = ids_of(kept, ChangeAction.ADD)
        kept, dangling = without_dangling(kept, pointing_at_nothing(kept, returning))
        fitting.append(kept)
        conflicts += [others, edited, dangling]
    stays = still_referred_to(fitting)
    result: list[TableChanges] = []
    for change in fitting:
        kept, referred = without_deletions(change, stays[change.table.db_table])
        result.append(kept)
        conflicts.append(referred)
    found = pl.concat(conflicts).sort("table", "id", "column", "reason")
    return [change for change in result if change.frame.height], found


def _written_down(
    plan: ChangePlan, content: PlanContent, *, by: Actor, now: datetime
) -> ChangePlan:
    undo_uuid = uuid.uuid4()
    name, digest = write_plan_file(undo_uuid, content)
    return ChangePlan.objects.create(
        uuid=undo_uuid,
        title=f"Undo: {plan.title}"[:200],
        kind=content.kind,
        organization_id=plan.organization_id,
        status=PlanStatus.COMMITTED.value,
        file_name=name,
        digest=digest,
        areas=dict(content.areas),
        counts=counts_of(content.changes),
        undo_of=plan,
        proposed_by=by.label,
        proposed_at=now,
        decided_by=by.label,
        decided_at=now,
        committed_at=now,
        conflict_count=content.conflicts.height,
    )
