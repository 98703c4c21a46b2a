"""Carry a plan out, whole, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rollbook.changes import rules
from rollbook.changes.apply import check_references_now, refusing_misfits, write_changes
from rollbook.changes.life import (
    COMMITTED,
    ENDORSED,
    approvals_of,
    end_plan,
    lock_plan,
    receipt_of,
    record_plan,
)
from rollbook.changes.models import ChangePlan
from rollbook.changes.plan import counts_of, only_additions_and_updates
from rollbook.changes.state import StateMovedOn, is_current, lock_areas, move_areas
from rollbook.changes.store import DigestDiffers, read_plan_file
from rollbook.changes.types import CommitReceipt, PlanCommitted, PlanStatus, TableChanges
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


class PlanIsHeld(Exception):
    """Say that the plan waits: read its reasons, then commit with the number of rows it changes."""


class ApprovedCountDiffers(Exception):
    """Say that the number approved is not the number of rows that would change: look again."""

    def __init__(self, row_count: int) -> None:
        super().__init__(f"{row_count} rows would change")
        self.row_count = row_count


def commit_plan(
    plan_uuid: UUID,
    *,
    digest: str,
    approved_count: int | None = None,
    only_additions_and_updates: bool = False,
    scope: Scope | None = None,
    by: Actor,
    now: datetime,
) -> CommitReceipt:
    """Write all rows of a plan in one transaction, with its audit entry and receipt.

    Shape:  `digest` is that of the plan that was reviewed; `approved_count` is the number of rows
            to be written, typed by whoever lets a held plan pass. Committing again changes nothing
            and returns the same receipt. With `scope`, its right to approve is checked.
    Raises: MayNotCommit, DigestDiffers, PlanIsFinished; PlanIsHeld and ApprovedCountDiffers where
            a held plan lacks its approval; NeedsSecondPerson where another has to commit, or to
            approve first: with additions and updates alone, one person is enough. StateMovedOn
            where the records changed since the plan was made; PlanDoesNotFit where the database
            refuses. Nothing is written then.
    """
    plan = ChangePlan.objects.get(uuid=plan_uuid)
    rules.require_approver(scope, plan.organization_id)
    if digest != plan.digest:
        raise DigestDiffers
    if plan.status == PlanStatus.COMMITTED:
        return receipt_of(plan)
    # Read and decided before the transaction opens: nobody waits for that.
    changes = _wanted(plan, only_additions_and_updates)
    with refusing_misfits(), transaction.atomic():
        plan = lock_plan(plan_uuid)
        if plan.status == PlanStatus.COMMITTED:
            return receipt_of(plan)
        rules.require_open(PlanStatus(plan.status))
        _require_approval(plan, approved_count, sum(c.frame.height for c in changes))
        if not only_additions_and_updates:
            rules.require_second_person(approvals_of(plan), by)
        lock_areas(plan.areas)
        write_changes(changes)
        move_areas(plan.areas)
        end_plan(plan, PlanStatus.COMMITTED, by=by, now=now)
        detail = {
            "counts": counts_of(changes),
            "only_additions_and_updates": only_additions_and_updates,
            "approved_count": approved_count,
        }
        record_plan(plan, COMMITTED, by=by, now=now, detail=detail)
        check_references_now()
    event = PlanCommitted(plan.uuid, plan.kind)
    transaction.on_commit(lambda: events.announce(event))
    return receipt_of(plan)


def _wanted(plan: ChangePlan, partly: bool) -> Sequence[TableChanges]:
    changes = read_plan_file(plan).changes
    return only_additions_and_updates(changes) if partly else changes


def _require_approval(plan: ChangePlan, approved_count: int | None, row_count: int) -> None:
    if approved_count is not None and approved_count != row_count:
        raise ApprovedCountDiffers(row_count)
    if plan.status == PlanStatus.HELD and approved_count is None:
        raise PlanIsHeld


@transaction.atomic
def endorse_plan(
    plan_uuid: UUID,
    *,
    digest: str,
    approved_count: int | None,
    scope: Scope | None = None,
    by: Actor,
    now: datetime,
) -> ChangePlan:
    """Approve a plan as the first of two people; the second commits it.

    Shape:  `digest` and `approved_count` as in `commit_plan`, for the plan as a whole. Nothing is
            written yet. Approving again by the same person changes nothing.
    Raises: MayNotCommit, DigestDiffers, PlanIsFinished, ApprovedCountDiffers, StateMovedOn;
            NeedsNoEndorsement where one person is enough or the first has been found,
            NeedsSecondPerson where this one sent the plan: another has to commit it.
    """
    plan = lock_plan(plan_uuid)
    rules.require_approver(scope, plan.organization_id)
    if digest != plan.digest:
        raise DigestDiffers
    rules.require_open(PlanStatus(plan.status))
    if plan.endorsed_by and plan.endorsed_by == by.label:
        return plan
    rules.require_first_person(approvals_of(plan), by)
    row_count = sum(sum(actions.values()) for actions in plan.counts.values())
    if approved_count != row_count:
        raise ApprovedCountDiffers(row_count)
    if not is_current(plan):
        raise StateMovedOn
    plan.endorsed_by, plan.endorsed_at = by.label, now
    plan.save(update_fields=["endorsed_by", "endorsed_at"])
    record_plan(plan, ENDORSED, by=by, now=now, detail={"approved_count": approved_count})
    return plan
