"""Decisions about plans: which may still be committed or undone, who may approve.

When a plan is too large to go on alone, the rules of the domain that proposes it say.
"""

from __future__ import annotations

from collections.abc import Sequence

from rollbook.changes.types import HoldReason, PlanStatus
from rollbook.shared.scope import Permission, Scope

OPEN = frozenset({PlanStatus.PROPOSED, PlanStatus.HELD})


class PlanIsFinished(Exception):
    """Say that the plan was committed, discarded or undone, so it can't go on: make a new one."""

    def __init__(self, status: PlanStatus) -> None:
        super().__init__(status.value)
        self.status = status


class PlanIsNotCommitted(Exception):
    """Say that the plan was not committed yet, so there is nothing to undo: discard it."""


class MayNotCommit(Exception):
    """Say that this person may not approve changes here: somebody who may has to commit."""


def first_status(holds: Sequence[HoldReason]) -> PlanStatus:
    """Return the status that a new plan starts with."""
    return PlanStatus.HELD if holds else PlanStatus.PROPOSED


def require_open(status: PlanStatus) -> None:
    """Let a plan pass that may still be committed or discarded.

    Raises: PlanIsFinished otherwise.
    """
    if status not in OPEN:
        raise PlanIsFinished(status)


def require_undoable(status: PlanStatus) -> None:
    """Let a plan pass that was committed and not undone.

    Raises: PlanIsFinished for one that is undone or discarded, PlanIsNotCommitted for an open one.
    """
    if status in OPEN:
        raise PlanIsNotCommitted
    if status is not PlanStatus.COMMITTED:
        raise PlanIsFinished(status)


def may_see(scope: Scope, organization_id: int | None, permission: Permission) -> bool:
    """Tell whether a reader holds a permission where a plan belongs.

    Shape: a plan of no organization belongs to the whole installation.
    """
    reach = scope.over(permission)
    return reach.everything or (organization_id is not None and reach.includes(organization_id))


def require_approver(scope: Scope | None, organization_id: int | None) -> None:
    """Let pass who may approve changes here; no scope means that the caller has asked already.

    Raises: MayNotCommit.
    """
    if scope is not None and not may_see(scope, organization_id, Permission.ROSTER_APPROVE):
        raise MayNotCommit
