"""The life of one plan: found, locked, ended, and its receipt read back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from rollbook.audit.actions import record
from rollbook.audit.models import AuditEntry
from rollbook.changes.models import ChangePlan
from rollbook.changes.store import read_plan_file
from rollbook.changes.types import (
    Approvals,
    CommitReceipt,
    Conflict,
    ConflictReason,
    PlanStatus,
)
from rollbook.shared.actor import Actor, ActorKind

PROPOSED = "changes.propose"
ENDORSED = "changes.endorse"
COMMITTED = "changes.commit"
UNDONE = "changes.undo"
CONFLICTS_SHOWN = 1_000


def lock_plan(plan_uuid: UUID) -> ChangePlan:
    """Return a plan that nobody else can decide on before this transaction ends."""
    return ChangePlan.objects.select_for_update(no_key=True).get(uuid=plan_uuid)


def end_plan(plan: ChangePlan, status: PlanStatus, *, by: Actor, now: datetime) -> None:
    """Write how a plan ended, who decided it, and when."""
    plan.status = status.value
    plan.decided_by = by.label
    plan.decided_at = now
    if status is PlanStatus.COMMITTED:
        plan.committed_at = now
    plan.save(update_fields=["status", "decided_by", "decided_at", "committed_at"])


def record_plan(
    plan: ChangePlan, action: str, *, by: Actor, now: datetime, detail: Mapping[str, Any]
) -> AuditEntry:
    """Write the audit entry of something done with a plan."""
    return record(
        action=action,
        subject_kind="change plan",
        subject_uuid=plan.uuid,
        by=by,
        now=now,
        organization_id=plan.organization_id,
        detail={"kind": plan.kind, "digest": plan.digest, **detail},
    )


def approvals_of(plan: ChangePlan) -> Approvals:
    """Return who stands behind a plan so far; the log knows whether a person sent it."""
    if not plan.needs_second_person:
        return Approvals()
    sent_by_person = AuditEntry.objects.filter(
        subject_uuid=str(plan.uuid), action=PROPOSED, actor_kind=ActorKind.PERSON.value
    ).exists()
    return Approvals(
        needs_second_person=True,
        proposer=plan.proposed_by if sent_by_person else "",
        endorser=plan.endorsed_by,
        endorsed_at=plan.endorsed_at,
    )


def was_partial(plan: ChangePlan) -> bool:
    """Tell whether a committed plan left out what archives and deletes."""
    return bool(_commit_entry(plan).detail["only_additions_and_updates"])


def receipt_of(plan: ChangePlan) -> CommitReceipt:
    """Read a committed plan's receipt back: from the audit entry that its commit wrote."""
    entry = _commit_entry(plan)
    return CommitReceipt(
        plan_uuid=plan.uuid,
        digest=plan.digest,
        committed_at=entry.at,
        by=entry.actor_label,
        counts=entry.detail["counts"],
        audit_sequence=entry.sequence,
        audit_hash=entry.hash,
        conflict_count=plan.conflict_count,
        conflicts=_conflicts(plan),
    )


def _commit_entry(plan: ChangePlan) -> AuditEntry:
    action = UNDONE if plan.undo_of_id else COMMITTED
    return AuditEntry.objects.get(subject_uuid=str(plan.uuid), action=action)


def _conflicts(plan: ChangePlan) -> tuple[Conflict, ...]:
    if not plan.conflict_count:
        return ()
    rows = read_plan_file(plan).conflicts.head(CONFLICTS_SHOWN).iter_rows()
    return tuple(
        Conflict(table, id, column, ConflictReason(reason)) for table, id, column, reason in rows
    )
