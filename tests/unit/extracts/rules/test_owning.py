"""Who may use and change a profile, and when somebody is reminded of a key."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rollbook.extracts.rules.owning import may_change_profile, may_use_profile
from rollbook.extracts.rules.reminding import days_left, reminder_due

# owner, reader, admin, shared: may use, may change
TABLE = [
    (1, 1, False, False, True, True),
    (1, 1, False, True, True, True),
    (1, 2, False, False, False, False),
    (1, 2, False, True, True, False),
    (1, 2, True, False, True, True),
    (None, 2, False, False, False, False),
    (None, None, False, False, False, False),
    (None, None, True, False, True, True),
]


@pytest.mark.parametrize("row", TABLE)
def test_admins_change_any_profile_others_their_own_and_teams_use_what_is_shared(
    row: tuple[int | None, int | None, bool, bool, bool, bool],
) -> None:
    owner, reader, is_admin, is_shared, use, change = row
    assert use is may_use_profile(
        owner_id=owner, is_shared=is_shared, reader_id=reader, is_admin=is_admin
    )
    assert change is may_change_profile(owner_id=owner, reader_id=reader, is_admin=is_admin)


ENDS = date(2027, 3, 31)


@pytest.mark.parametrize(
    ("left", "reminded", "due"),
    [
        (15, None, None), (14, None, 14), (14, 14, None), (13, None, 14), (8, 14, None),
        (7, 14, 7), (7, None, 7), (5, 7, None), (3, 7, 3), (2, 14, 3), (2, 3, None), (1, 3, 1),
        (0, 3, 1), (0, 1, None), (-1, None, None),
    ],
)  # fmt: skip
def test_a_reminder_is_due(left: int, reminded: int | None, due: int | None) -> None:
    today = ENDS - timedelta(days=left)
    assert days_left(ENDS, today) == left
    assert reminder_due(ENDS, today, reminded) == due


def test_a_key_without_an_end_needs_no_reminder() -> None:
    assert reminder_due(None, ENDS, None) is None


def test_a_key_is_reminded_of_four_times() -> None:
    reminded: int | None = None
    told: list[int] = []
    for left in range(30, -5, -1):
        due = reminder_due(ENDS, ENDS - timedelta(days=left), reminded)
        if due is not None:
            told.append(left)
            reminded = due
    assert told == [14, 7, 3, 1]
