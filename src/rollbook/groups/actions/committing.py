"""Decide on a group file whose plan waits, and take one back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rollbook.audit.actions import record
from rollbook.changes import actions as changes
from rollbook.changes.models import ChangePlan
from rollbook.changes.store import read_plan_file
from rollbook.changes.types import PlanStatus
from rollbook.groups.actions.settling import carry_out, lock_import, put_away, take_back
from rollbook.groups.models import GroupImport
from rollbook.groups.queries.imports import import_record
from rollbook.groups.types import ImportStatus
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


class MayNotWriteGroups(PermissionError):
    """Say that a file changes groups of a school where this person may not."""


class NothingToDecide(ValueError):
    """Say that a group file has no plan: it was refused, changes nothing, or is still checked."""


def commit_import(
    scope: Scope, import_uuid: UUID, *, digest: str, by: Actor, now: datetime
) -> GroupImport:
    """Carry out what a group file changes, whole, with the history of its groups.

    Shape:  `digest` is that of the plan that was reviewed. Committing again changes nothing.
    Raises: ImportNotFound, MayNotWriteGroups, NothingToDecide, and what
            `changes.actions.commit_plan` raises: StateMovedOn and PlanDoesNotFit ask for another
            check, DigestDiffers for another look.
    """

    def commit(held: GroupImport) -> None:
        if held.status == ImportStatus.ACCEPTED.value:
            carry_out(held, digest, by=by, now=now)
        elif held.plan is None or held.plan.status != PlanStatus.COMMITTED.value:
            raise NothingToDecide

    return _decided("commit_import", scope, import_uuid, commit, by=by, now=now)


def discard_import(scope: Scope, import_uuid: UUID, *, by: Actor, now: datetime) -> GroupImport:
    """Put a group file away whose plan waits; nothing changes.

    Raises: ImportNotFound, MayNotWriteGroups, NothingToDecide, PlanIsFinished.
    """
    return _decided(
        "discard_import",
        scope,
        import_uuid,
        lambda held: put_away(held, by=by, now=now),
        by=by,
        now=now,
    )


def undo_import(scope: Scope, import_uuid: UUID, *, by: Actor, now: datetime) -> GroupImport:
    """Take a group file back, except where later changes touched the same.

    Raises: ImportNotFound, MayNotWriteGroups, NothingToDecide, and what
            `changes.actions.undo_plan` raises.
    """
    return _decided(
        "undo_import",
        scope,
        import_uuid,
        lambda held: take_back(held, by=by, now=now),
        by=by,
        now=now,
    )


def _decided(
    action: str,
    scope: Scope,
    import_uuid: UUID,
    decide: Callable[[GroupImport], None],
    *,
    by: Actor,
    now: datetime,
) -> GroupImport:
    found = import_record(scope, import_uuid)
    if found.plan is None:
        raise NothingToDecide
    _require_right(scope, found.plan)
    with transaction.atomic():
        held = lock_import(found)
        if held.plan is None or held.plan.pk != found.plan.pk:
            raise changes.StateMovedOn
        before = held.status
        decide(held)
        if held.status == before:
            return held
        held.save()
        record(
            action=action,
            subject_kind="group_import",
            subject_uuid=str(held.uuid),
            organization_id=held.organization_id,
            detail={"counts": held.plan.counts},
            by=by,
            now=now,
        )
    return held


def _require_right(scope: Scope, plan: ChangePlan) -> None:
    """Let pass who may write groups at every school that the plan touches.

    Raises: MayNotWriteGroups.
    """
    reach = scope.over(Permission.GROUP_WRITE)
    if reach.everything:
        return
    for change in read_plan_file(plan).changes:
        schools = change.frame["school_id"].drop_nulls().unique().to_list()
        if not all(reach.includes(school) for school in schools):
            raise MayNotWriteGroups
