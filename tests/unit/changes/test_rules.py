from __future__ import annotations

from datetime import date

import pytest

from rollbook.changes.rules import (
    MayNotCommit,
    PlanIsFinished,
    PlanIsNotCommitted,
    Thresholds,
    first_status,
    hold_reasons,
    require_approver,
    require_open,
    require_undoable,
)
from rollbook.changes.types import HoldReason, PlanStatus
from rollbook.shared.scope import Permission, Reach, Scope


def codes(
    school: int | None, size: int, limits: Thresholds | None = None, **actions: int
) -> list[str]:
    found = hold_reasons({"students": {school: actions}}, {"students": {school: size}}, limits)
    return [reason.code for reason in found]


@pytest.mark.parametrize(
    ("school", "size", "actions", "expected"),
    [
        (None, 1_000, {"archive": 100}, []),  # 10 percent is not more than 10 percent
        (None, 1_000, {"archive": 101}, ["archive_share"]),
        (None, 1_000, {"archive": 60, "delete": 41}, ["archive_share"]),
        (7, 20, {"archive": 4}, []),  # 20 percent, but fewer than 5 rows
        (7, 20, {"archive": 5}, ["archive_share"]),
        (7, 1_000, {"archive": 25}, []),
        (7, 1_000, {"archive": 26}, ["archive_count"]),
        (None, 1_000, {"archive": 26}, []),  # the count is a school's limit
        (7, 3, {"archive": 3}, ["empties"]),
        (7, 3, {"archive": 3, "add": 1}, []),
        (None, 100, {"update": 75}, []),
        (None, 100, {"update": 50, "move": 26}, ["update_share"]),
        (7, 10, {"update": 10}, []),
        (None, 100, {"add": 50}, []),
        (None, 100, {"add": 30, "reactivate": 21}, ["add_share"]),
        (7, 0, {"add": 500}, []),  # a new school is being filled
        (None, 100, {}, []),
    ],
)
def test_thresholds(
    school: int | None, size: int, actions: dict[str, int], expected: list[str]
) -> None:
    assert codes(school, size, **actions) == expected


def test_a_threshold_of_none_is_off() -> None:
    off = Thresholds(
        archive_percent=None,
        archive_count=None,
        update_percent=None,
        add_percent=None,
        hold_emptied_schools=False,
    )
    assert codes(7, 10, off, archive=10, update=100, add=100) == []


def test_reasons_come_whole_first_then_by_school_and_say_what_to_do() -> None:
    counts = {"students": {9: {"archive": 9}, None: {"archive": 20}, 3: {"archive": 11}}}
    sizes = {"students": {9: 90, None: 150, 3: 60}}
    assert hold_reasons(counts, sizes) == [
        HoldReason(
            "archive_share",
            "Would end 20 of 150 students, more than 10 percent: a person has to approve it.",
            None,
            20,
            150,
        ),
        HoldReason(
            "archive_share",
            "Would end 11 of 60 students at one school, more than 10 percent:"
            " a person has to approve it.",
            3,
            11,
            60,
        ),
    ]


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
