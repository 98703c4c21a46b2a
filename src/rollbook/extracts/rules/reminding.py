"""When somebody is reminded that a key ends."""

from __future__ import annotations

from datetime import date

from rollbook.extracts.types import REMIND_DAYS


def days_left(expires_on: date, today: date) -> int:
    """Count the days for which a key still works, today not counted; negative when it ended."""
    return (expires_on - today).days


def reminder_due(expires_on: date | None, today: date, reminded: int | None) -> int | None:
    """Return which reminder is due, to be kept as the latest one, or None.

    Shape: one of 14, 7, 3 and 1. `reminded` is the latest that went out for this key, None if none
           did; days that were missed give one reminder, not several. None once the key has ended.
    """
    left = days_left(expires_on, today) if expires_on is not None else -1
    if left < 0:
        return None
    reached = [days for days in REMIND_DAYS if left <= days]
    if not reached or (reminded is not None and reminded <= min(reached)):
        return None
    return min(reached)
