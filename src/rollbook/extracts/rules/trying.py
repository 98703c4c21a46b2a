"""When a delivery is tried again, asked about again, and given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

# From when somebody asked: whoever waits for a file must hear of it the day after.
GIVES_UP_AFTER: Final = timedelta(days=1)
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=30)
LONGEST_ASKED_WAIT: Final = timedelta(hours=1)  # reliability reference, backoff policy
FIRST_LOOK: Final = timedelta(seconds=5)
LONGEST_LOOK: Final = timedelta(minutes=15)


def next_try(tries: int, asked_seconds: float | None) -> timedelta:
    """Return how long to wait after so many tries that failed for now.

    Units: `asked_seconds` is what the other side asked for; it is heard, up to an hour.
    """
    if asked_seconds is not None:
        return min(timedelta(seconds=max(asked_seconds, 1)), LONGEST_ASKED_WAIT)
    return min(FIRST_WAIT * 2 ** min(max(tries - 1, 0), 10), LONGEST_WAIT)


def next_look(waited: timedelta) -> timedelta:
    """Return how long to wait before asking again what became of a file, the longer the rarer."""
    return min(max(waited / 4, FIRST_LOOK), LONGEST_LOOK)
