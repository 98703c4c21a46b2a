"""Commit the plan of a roster, and undo it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rollbook.changes import actions as changes
from rollbook.changes.types import CommitReceipt
from rollbook.orgs.actions import rebuild_links
from rollbook.roster.models import Intake
from rollbook.roster.queries import get_intake
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


@dataclass(frozen=True, slots=True)
class RosterChanged(events.Event):
    """Say that the roster of one source was committed or undone."""

    source: str


class MayNotCommitRoster(PermissionError):
    """Say that this person may not approve changes to this district's roster."""


class NothingToCommit(ValueError):
    """Say that this intake has no plan: it was refused, or it changes nothing."""


def commit_intake(
    scope: Scope,
    intake_uuid: UUID,
    *,
    digest: str,
    approved_count: int | None = None,
    only_additions_and_updates: bool = False,
    by: Actor,
    now: datetime,
) -> CommitReceipt:
    """Carry out the plan of an intake, whole, and tell the rest of the house.

    Raises: MayNotCommitRoster, NothingToCommit, and what `changes.actions.commit_plan` raises.
    """
    intake = _intake_to_decide(scope, intake_uuid)
    assert intake.plan is not None
    with transaction.atomic():
        receipt = changes.commit_plan(
            intake.plan.uuid,
            digest=digest,
            approved_count=approved_count,
            only_additions_and_updates=only_additions_and_updates,
            by=by,
            now=now,
        )
        rebuild_links()
    events.announce(RosterChanged(source=intake.source))
    return receipt


def undo_intake(scope: Scope, intake_uuid: UUID, *, by: Actor, now: datetime) -> CommitReceipt:
    """Take a committed roster back, except where later changes touched the same cells.

    Raises: MayNotCommitRoster, NothingToCommit, and what `changes.actions.undo_plan` raises.
    """
    intake = _intake_to_decide(scope, intake_uuid)
    assert intake.plan is not None
    with transaction.atomic():
        receipt = changes.undo_plan(intake.plan.uuid, by=by, now=now)
        rebuild_links()
    events.announce(RosterChanged(source=intake.source))
    return receipt


def discard_intake(scope: Scope, intake_uuid: UUID, *, by: Actor, now: datetime) -> None:
    """Put the plan of an intake away; nothing changes.

    Raises: MayNotCommitRoster, NothingToCommit, and what `changes.actions.discard_plan` raises.
    """
    intake = _intake_to_decide(scope, intake_uuid)
    assert intake.plan is not None
    changes.discard_plan(intake.plan.uuid, by=by, now=now)


def _intake_to_decide(scope: Scope, intake_uuid: UUID) -> Intake:
    intake = get_intake(scope, intake_uuid)
    reach = scope.over(Permission.ROSTER_APPROVE)
    district = intake.organization_id
    allowed = reach.everything if district is None else reach.includes(district)
    if not allowed:
        raise MayNotCommitRoster
    if intake.plan is None:
        raise NothingToCommit
    return intake
