"""What a program may be given, for how long, and when its end is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rollbook.access import rules
from rollbook.shared.scope import Permission, Reach, Scope

ON = date(2026, 9, 15)
P = Permission
SENDS = (P.GROUP_READ, P.GROUP_WRITE)


def reader(*held: Permission, place: int = 1) -> Scope:
    return Scope(None, "test", ON, dict.fromkeys(held, Reach(frozenset({place}))))


@pytest.mark.parametrize(
    ("scope", "asked", "says"),
    [
        (reader(P.ACCOUNT_WRITE, *SENDS), SENDS, None),
        (reader(P.ACCOUNT_WRITE, P.GROUP_READ), SENDS, "more than you hold"),
        (reader(*SENDS), SENDS, "do not let programs in"),
        (reader(P.ACCOUNT_WRITE, *SENDS, place=2), SENDS, "do not let programs in"),
        (reader(P.ACCOUNT_WRITE, P.ROSTER_READ), (P.ROSTER_READ,), "nothing else"),
        (reader(P.ACCOUNT_WRITE, *SENDS), (), "Choose what it may do"),
    ],
)
def test_nobody_gives_a_program_what_they_do_not_hold(
    scope: Scope, asked: tuple[Permission, ...], says: str | None
) -> None:
    told = rules.why_not_give(scope, asked, organization_id=1)
    assert told is None if says is None else says in (told or "")


@pytest.mark.parametrize(
    ("days", "may"), [(-1, False), (0, False), (1, True), (365, True), (366, False)]
)
def test_a_secret_holds_for_1_to_365_days(days: int, may: bool) -> None:
    assert (rules.why_not_until(ON + timedelta(days=days), today=ON) is None) == may


def test_each_reminder_comes_once_and_none_is_lost_for_a_night_without_a_worker() -> None:
    told, reminded = {}, None
    for days_left in (20, 15, 14, 13, 8, 7, 6, 4, 3, 2, 1, 0, -1):
        due = rules.reminder_due(days_left, reminded)
        if due is not None:
            told[days_left] = reminded = due
    assert told == {14: 14, 7: 7, 3: 3, 1: 1}
    assert [rules.reminder_due(days, None) for days in (12, 5, 2)] == [14, 7, 3]
