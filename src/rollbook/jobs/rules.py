"""When a job runs next: after a failure, and by the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# How long a worker may be silent before another may take its job over. Heartbeats come three times
# as often, so that a job whose worker died runs again within 60 s.
LEASE: Final = timedelta(seconds=45)
HEARTBEAT: Final = timedelta(seconds=15)

# Full jitter, base 1 s, cap 60 s.
BACKOFF_FIRST: Final = 1.0
BACKOFF_LONGEST: Final = 60.0


def backoff(attempt: int, *, share: float) -> timedelta:
    """Return how long to wait after the attempt with this number, counted from 1.

    Units: `share` is a random number from 0 to 1, drawn by the caller.
    """
    longest = min(BACKOFF_LONGEST, BACKOFF_FIRST * 2 ** (attempt - 1))
    return timedelta(seconds=longest * share)


def next_run(days: str, time_of_day: time, time_zone: str, *, after: datetime) -> datetime:
    """Return the first moment after `after` at which a schedule is due.

    A time that clocks skip (02:30 on the night they go forward) runs at the moment they jump to;
    a time they show twice runs the first time only. So every chosen day has exactly one run.
    Shape:  `days` are ISO weekdays, "1" Monday to "7" Sunday. In UTC.
    Raises: ValueError when no day is chosen or one is not a weekday.
    """
    if not days or not set(days) <= set("1234567"):
        raise ValueError(f'"{days}" names no days. Use digits from 1 (Monday) to 7 (Sunday).')
    zone = ZoneInfo(time_zone)
    # A day before, because a skipped midnight runs on the next calendar day.
    start = after.astimezone(zone).date() - timedelta(days=1)
    candidates = (start + timedelta(days=ahead) for ahead in range(10))
    return next(
        moment
        for day in candidates
        if str(day.isoweekday()) in days
        and (moment := moment_of(day, time_of_day, zone)) > after.astimezone(UTC)
    )


def moment_of(day: date, time_of_day: time, zone: ZoneInfo) -> datetime:
    """Return the one moment, in UTC, that a local time of a day stands for."""
    first = datetime.combine(day, time_of_day.replace(tzinfo=None, fold=0), tzinfo=zone)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == first.replace(tzinfo=None):
        return moment
    return _jump(first.replace(fold=1).astimezone(UTC), moment, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Find the second between two moments at which the zone's clocks jump."""
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        moved = (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() != offset
        low, high = (low, middle) if moved else (middle, high)
    return (before + timedelta(seconds=high)).replace(microsecond=0)
