"""Decisions about plans: which may still be committed or undone, who may approve.

When a plan is too large to go on alone, the rules of the domain that proposes it say.
"""

from __future__ import annotations

from collections.abc import Sequence

from rollbook.changes.types import Approvals, HoldReason, PlanStatus
from rollbook.shared.actor import Actor, ActorKind
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


class NeedsSecondPerson(Exception):
    """Say that two people must stand behind this plan, and this one does already: ask another."""


class NeedsNoEndorsement(Exception):
    """Say that nobody has to approve this plan first: commit it, or have another commit it."""


# Who can stand behind a plan. A job and a program that posts files decide nothing.
_PEOPLE = frozenset({ActorKind.PERSON, ActorKind.COMMAND})


def first_status(holds: Sequence[HoldReason], *, needs_second_person: bool = False) -> PlanStatus:
    """Return the status that a new plan starts with."""
    return PlanStatus.HELD if holds or needs_second_person else PlanStatus.PROPOSED


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


def may_commit(approvals: Approvals, label: str) -> bool:
    """Tell whether, as to the number of people, this one may be the one who commits a plan.

    Shape: a plan that needs two people is committed by one who neither sent nor approved it,
           after another, by sending or by approving it, has stood up for it.
    """
    behind = {approvals.proposer, approvals.endorser} - {""}
    return not approvals.needs_second_person or (bool(behind) and label not in behind)


def may_endorse(approvals: Approvals, label: str) -> bool:
    """Tell whether a plan lacks the first of two people, and this one may be it."""
    behind = {approvals.proposer, approvals.endorser} - {""}
    return approvals.needs_second_person and not behind and bool(label)


def require_second_person(approvals: Approvals, by: Actor) -> None:
    """Let pass who may commit a plan as the second of two people, or any plan that needs one.

    Raises: NeedsSecondPerson.
    """
    if approvals.needs_second_person and by.kind not in _PEOPLE:
        raise NeedsSecondPerson
    if not may_commit(approvals, by.label):
        raise NeedsSecondPerson


def require_first_person(approvals: Approvals, by: Actor) -> None:
    """Let pass who may approve, as the first of two people, a plan that nobody stands behind yet.

    Raises: NeedsNoEndorsement, NeedsSecondPerson.
    """
    if not approvals.needs_second_person:
        raise NeedsNoEndorsement
    if by.kind not in _PEOPLE or by.label in {approvals.proposer, approvals.endorser}:
        raise NeedsSecondPerson
    if not may_endorse(approvals, by.label):
        raise NeedsNoEndorsement
