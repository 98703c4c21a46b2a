"""Say on which school days each kind of test is given."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np

from rollbook.generator.randomness import Ints

_WINDOWS: Final = {
    # kind: (years back, month, day) of the first and the last day, of a year that is over
    "SMARTER": ((0, 4, 7), (0, 5, 22)),
    "CAST": ((0, 4, 20), (0, 5, 29)),
    "ELPAC": ((0, 2, 2), (0, 4, 3)),
    "ICA": ((0, 1, 12), (0, 2, 27)),
    "IAB": ((1, 9, 14), (0, 3, 20)),
}
# A year still running has only had blocks, and until then.
AUTUMN_BLOCKS: Final = ((1, 9, 14), (1, 11, 13))


def window_days(kind: str, school_year: int, *, running: bool = False) -> np.ndarray:
    """List the days on which a kind of test is given: weekdays, as `datetime64[D]`."""
    ends = AUTUMN_BLOCKS if running else _WINDOWS[kind]
    first, last = (date(school_year - back, month, day) for back, month, day in ends)
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    return days[np.is_busday(days)]


def moments(days: np.ndarray, places: Ints, minutes: Ints) -> np.ndarray:
    """Return the moment at a place in a list of days, in UTC; places wrap around.

    Shape: `minutes` count from 15:00 UTC, which is morning in California.
    """
    return days[places % len(days)].astype("datetime64[m]") + 15 * 60 + minutes
