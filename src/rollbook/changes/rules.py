"""Decisions about plans: which are held, which may still be committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rollbook.changes.types import ChangeAction, HoldReason, PlanStatus
from rollbook.shared.scope import Permission, Scope

BySchool = Mapping[str, Mapping[int | None, Mapping[str, int]]]  # table -> school -> action -> rows
Sizes = Mapping[
    str, Mapping[int | None, int]
]  # table -> school -> active records; None: all of them

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


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Say how much a plan may change before a person has to look.

    Units: percents of the active records before, above which a plan is held; a percentage of fewer
           than its minimum of rows holds nothing, so that small schools do not trip it.
           `archive_count` rows at one school hold whatever the percentage. None switches one off.
    Source: the defaults of Clever's holds (10 and 75 percent); docs/decisions/0004-change-plans.md
    """

    archive_percent: float | None = 10
    archive_minimum: int = 5
    archive_count: int | None = 25
    update_percent: float | None = 75
    update_minimum: int = 20
    add_percent: float | None = 50
    add_minimum: int = 20
    hold_emptied_schools: bool = True


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


def hold_reasons(
    counts: BySchool, sizes: Sizes, thresholds: Thresholds | None = None
) -> list[HoldReason]:
    """Say why a plan of these counts needs a person's approval.

    Shape: by table, the whole first and then school by school in order of id; empty when the plan
           is small. A table or school without records before holds nothing: it is being filled.
    """
    limits = thresholds or Thresholds()
    return [
        reason
        for table, schools in counts.items()
        for school in sorted(schools, key=lambda s: (s is not None, s or 0))
        for reason in _reasons(
            table, school, schools[school], sizes.get(table, {}).get(school, 0), limits
        )
    ]


def _reasons(
    table: str, school: int | None, actions: Mapping[str, int], size: int, limits: Thresholds
) -> Iterator[HoldReason]:
    if size <= 0:
        return
    where = _Where(table, school, size)
    archived = _sum(actions, ChangeAction.ARCHIVE, ChangeAction.DELETE)
    updated = _sum(actions, ChangeAction.UPDATE, ChangeAction.MOVE)
    added = _sum(actions, ChangeAction.ADD, ChangeAction.REACTIVATE)
    many = limits.archive_count
    if limits.hold_emptied_schools and archived >= size and not added:
        yield where.reason("empties", "end", archived, "leaving none")
    elif _over(archived, size, limits.archive_percent, limits.archive_minimum):
        yield where.reason("archive_share", "end", archived, _percent(limits.archive_percent))
    elif school is not None and many is not None and archived > many:
        yield where.reason("archive_count", "end", archived, f"more than {many}")
    if _over(updated, size, limits.update_percent, limits.update_minimum):
        yield where.reason("update_share", "change", updated, _percent(limits.update_percent))
    if _over(added, size, limits.add_percent, limits.add_minimum):
        yield where.reason("add_share", "add", added, _percent(limits.add_percent))


@dataclass(frozen=True, slots=True)
class _Where:
    table: str
    school: int | None
    size: int

    def reason(self, code: str, verb: str, count: int, limit: str) -> HoldReason:
        at = "" if self.school is None else " at one school"
        of = f"to {self.size:,}" if verb == "add" else f"of {self.size:,}"
        says = f"Would {verb} {count:,} {of} {self.table}{at}, {limit}: a person has to approve it."
        return HoldReason(code, says, self.school, count, self.size)


def _percent(limit: float | None) -> str:
    return f"more than {limit:g} percent"


def _sum(actions: Mapping[str, int], *wanted: ChangeAction) -> int:
    return sum(actions.get(action.value, 0) for action in wanted)


def _over(rows: int, size: int, percent: float | None, minimum: int) -> bool:
    return percent is not None and rows >= minimum and rows * 100 > size * percent
