"""How long to wait, and when to stop."""

from __future__ import annotations

import pytest

from rollbook.remote.failures import PassingFailure, RemoteFailed
from rollbook.remote.patience import Course, Patience, asked_wait, full_jitter

WALL = 1_790_000_000.0  # Mon, 21 Sep 2026 14:13:20 GMT


@pytest.mark.parametrize(
    ("after", "reset", "seconds"),
    [
        ("30", None, 30.0),
        ("0", None, 0.0),
        (" 5 ", None, 5.0),
        ("Mon, 21 Sep 2026 15:13:20 GMT", None, 3600.0),
        ("Mon, 21 Sep 2026 08:14:20 -0700", None, 3660.0),
        ("Mon, 21 Sep 2020 14:33:20 GMT", None, 0.0),
        ("soon", None, None),
        ("-5", None, None),
        ("٣", None, None),
        (None, "1790000040", 40.0),
        (None, "1780000000", 0.0),
        (None, "later", None),
        (None, None, None),
        ("30", "1790000040", 30.0),
    ],
)
def test_what_a_server_asks_for(
    after: str | None, reset: str | None, seconds: float | None
) -> None:
    assert asked_wait(retry_after=after, rate_limit_reset=reset, wall=WALL) == seconds


def test_jitter_is_full_and_doubles_up_to_a_cap() -> None:
    tops = [max(full_jitter(Patience(), tries) for _ in range(4000)) for tries in range(1, 9)]
    lows = [min(full_jitter(Patience(), tries) for _ in range(4000)) for tries in range(1, 9)]
    assert [
        round(top / most, 1) for top, most in zip(tops, (1, 2, 4, 8, 16, 32, 60, 60), strict=True)
    ] == ([1.0] * 8)
    assert all(low < 1 for low in lows)


def test_only_what_may_pass_is_tried_again() -> None:
    course = Course(Patience())
    assert course.next_wait(RemoteFailed("refused", "no")) is False
    assert course.next_wait(ValueError()) is False
    assert course.next_wait(PassingFailure("busy", "slow down", wait=7)) == 7


def test_a_server_is_waited_for_an_hour_in_all_and_no_longer() -> None:
    course = Course(Patience())
    asked = PassingFailure("busy", "slow down", wait=1800)
    assert [course.next_wait(asked) for _ in range(3)] == [1800, 1800, False]
    assert Course(Patience()).next_wait(PassingFailure("busy", "no", wait=3601)) is False


def test_a_call_ends_after_its_time() -> None:
    assert Course(Patience(call_seconds=0)).next_wait(PassingFailure("away", "gone")) is False
