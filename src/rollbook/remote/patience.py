"""How long to wait for a remote system, how often to ask it again, and when to stop."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime

from rollbook.remote.failures import PassingFailure


@dataclass(frozen=True, slots=True)
class Patience:
    """Bound what a remote system may cost.

    Units:  seconds, and bytes. `scale` multiplies every wait between tries; tests use 0.
    Source: reliability reference, backoff policy: full jitter, base 1 s, cap 60 s, 8 tries or
            15 minutes, a server's own Retry-After up to 1 hour, a circuit that opens after 5.
    """

    tries: int = 8
    call_seconds: float = 900
    first_wait: float = 1
    longest_wait: float = 60
    longest_asked_wait: float = 3600
    connect_seconds: float = 10
    read_seconds: float = 60
    try_seconds: float = 300
    life_seconds: float = 6 * 3600
    most_failures: int = 5
    max_bytes: int = 64 * 1024 * 1024
    scale: float = 1


PATIENT = Patience()
# Somebody sits in front of the screen and waits.
BRIEF = replace(
    PATIENT, tries=2, call_seconds=20, longest_wait=2, longest_asked_wait=5, try_seconds=15
)


class Course:
    """Follow one call through its tries, and say how long to wait for the next one."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._started = time.monotonic()
        self._asked = 0.0
        self.tries = 0

    def next_wait(self, error: Exception) -> bool | float:
        """Return the seconds until the next try, False when there is to be none.

        Shape: what a server asks for is waited for, up to an hour in all, and is not counted in
               the time that a call may take.
        """
        if not isinstance(error, PassingFailure):
            return False
        patience = self._patience
        if error.wait is not None:
            self._asked += error.wait
            if self._asked > patience.longest_asked_wait:
                return False
            return error.wait * patience.scale
        wait = full_jitter(patience, self.tries)
        passed = time.monotonic() - self._started - self._asked * patience.scale
        return False if passed + wait > patience.call_seconds else wait * patience.scale


def full_jitter(patience: Patience, tries: int) -> float:
    """Return a wait between 0 and what doubles with each try, up to the longest."""
    most = min(patience.longest_wait, patience.first_wait * 2 ** max(0, tries - 1))
    return random.uniform(0, most)


def asked_wait(
    *, retry_after: str | None, rate_limit_reset: str | None, wall: float
) -> float | None:
    """Return the seconds that a server asks to wait, None when it asks for nothing readable.

    Units:  `wall` and X-RateLimit-Reset are seconds since 1970; Retry-After is seconds or a date.
    Source: RFC 9110, 10.2.3; Clever, rate limits.
    """
    if retry_after is not None:
        return _seconds_until(retry_after.strip(), wall)
    if rate_limit_reset is not None and rate_limit_reset.strip().isdigit():
        return max(0.0, float(rate_limit_reset.strip()[:12]) - wall)
    return None


def _seconds_until(text: str, wall: float) -> float | None:
    if text.isdecimal() and text.isascii():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - wall)
