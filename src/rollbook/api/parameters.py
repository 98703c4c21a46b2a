"""What stands behind the question mark, read within limits: anything else is told by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from django.http import QueryDict
from django.utils.dateparse import parse_datetime, parse_duration
from django.utils.timezone import is_naive, make_aware

from rollbook.api.errors import Refused
from rollbook.groups.types import ImportStatus

Value = TypeVar("Value")

# Answers to a list, unless asked for more or fewer, and how many at most.
USUAL_COUNT: Final = 100
MOST_COUNT: Final = 1_000
MOST_OFFSET: Final = 10_000_000
MOST_PROPERTIES: Final = 100
LONGEST_PROPERTY: Final = 1_000
LONGEST: Final = {"filename": 255, "batch": 200, "digest": 64, "creator": 255}


def text_of(sent: QueryDict, name: str) -> str:
    """Return a parameter as text without spaces around it; blank where it was not sent."""
    text = sent.get(name, "").strip()
    if len(text) > LONGEST.get(name, LONGEST_PROPERTY) or "\x00" in text:
        raise wrong(name)
    return text


def limit_of(sent: QueryDict) -> int:
    """Return how many answers are asked for, from 1 to 1,000."""
    return _number(sent, "limit", USUAL_COUNT, least=1, most=MOST_COUNT)


def offset_of(sent: QueryDict) -> int:
    """Return how many answers come before those that are asked for."""
    return _number(sent, "offset", 0, least=0, most=MOST_OFFSET)


def status_of(sent: QueryDict) -> ImportStatus | None:
    """Return a status by its name or its number; None where none was sent."""
    text = text_of(sent, "status").upper()
    if not text:
        return None
    if text in ImportStatus.__members__:
        return ImportStatus[text]
    return _tried("status", lambda: ImportStatus(int(text)))


def moment_of(sent: QueryDict, name: str, *, now: datetime) -> datetime | None:
    """Return a moment, or one told from now, such as -PT1H for an hour ago; None for none."""
    text = text_of(sent, name)
    if not text:
        return None
    duration = _tried(name, lambda: parse_duration(text))
    if duration is not None:
        return _tried(name, lambda: now + duration)
    moment = _tried(name, lambda: parse_datetime(text))
    if moment is None:
        raise wrong(name)
    return make_aware(moment) if is_naive(moment) else moment


def properties_of(*sent: QueryDict) -> dict[str, str]:
    """Return every parameter that is kept beside a file, in the query or in the form's fields.

    Shape: a parameter sent several times is joined by commas; a token is never kept.
    """
    joined: dict[str, list[str]] = {}
    for each in sent:
        for name, values in each.lists():
            joined.setdefault(name, []).extend(values)
    joined.pop("access_token", None)
    kept = {name: ",".join(values) for name, values in joined.items()}
    too_long = [n for n, text in kept.items() if max(len(n), len(text)) > LONGEST_PROPERTY]
    if len(kept) > MOST_PROPERTIES or too_long or "\x00" in "".join([*kept, *kept.values()]):
        raise Refused(
            "illegal_argument",
            f"No more than {MOST_PROPERTIES} parameters of {LONGEST_PROPERTY:,} characters.",
        )
    return kept


def wrong(name: str) -> Refused:
    """Say that a parameter cannot be used; what it was is not repeated."""
    return Refused("illegal_argument", f"The parameter {name} cannot be used as it was sent.")


def _number(sent: QueryDict, name: str, usual: int, *, least: int, most: int) -> int:
    text = text_of(sent, name)
    if not text:
        return usual
    number = _tried(name, lambda: int(text[:20]))
    if not least <= number <= most:
        raise wrong(name)
    return number


def _tried(name: str, read: Callable[[], Value]) -> Value:
    try:
        return read()
    except (ValueError, OverflowError) as error:
        raise wrong(name) from error
