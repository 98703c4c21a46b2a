from __future__ import annotations

from datetime import date

import pytest

from rollbook.changes.rules import (
    MayNotCommit,
    PlanIsFinished,
    PlanIsNotCommitted,
    first_status,
    require_approver,
    require_open,
    require_undoable,
)
from rollbook.changes.types import HoldReason, PlanStatus
from rollbook.shared.scope import Permission, Reach, Scope


def test_a_plan_with_reasons_is_held() -> None:
    assert first_status([]) is PlanStatus.PROPOSED
    assert first_status([HoldReason("x", "y")]) is PlanStatus.HELD


def test_which_plans_may_go_on() -> None:
    for status in (PlanStatus.PROPOSED, PlanStatus.HELD):
        require_open(status)
        with pytest.raises(PlanIsNotCommitted):
            require_undoable(status)
    for status in (PlanStatus.COMMITTED, PlanStatus.DISCARDED, PlanStatus.UNDONE):
        with pytest.raises(PlanIsFinished):
            require_open(status)
    require_undoable(PlanStatus.COMMITTED)
    for status in (PlanStatus.DISCARDED, PlanStatus.UNDONE):
        with pytest.raises(PlanIsFinished):
            require_undoable(status)


def test_who_may_approve() -> None:
    def approver(reach: Reach) -> Scope:
        return Scope(1, "a", date(2026, 8, 10), {Permission.ROSTER_APPROVE: reach})

    require_approver(None, 7)  # the caller has asked
    require_approver(approver(Reach(frozenset({7}))), 7)
    require_approver(approver(Reach(everything=True)), None)
    for scope, place in (
        (approver(Reach(frozenset({8}))), 7),
        (approver(Reach(frozenset({7}))), None),
        (Scope.nobody(on=date(2026, 8, 10)), 7),
    ):
        with pytest.raises(MayNotCommit):
            require_approver(scope, place)
