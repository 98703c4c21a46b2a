"""What may be told of an exception: its kind and its way through the code, never its words."""

from __future__ import annotations

import traceback
from collections.abc import Iterator


def told(error: BaseException | None) -> str:
    """Name an exception, those it came from, and the way through the code to each, in one line.

    Words of an exception may hold data: a database says `Key (ssid)=(1234567890) already exists`.
    """
    return " ".join(f"[{kind_of(each)} at {way_to(each)}]" for each in _chain(error))


def kind_of(error: BaseException) -> str:
    """Return an exception's kind with the module that defines it."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def way_to(error: BaseException) -> str:
    """Return the way through the code to where an exception was raised, outermost first."""
    frames = traceback.walk_tb(error.__traceback__)
    steps = traceback.StackSummary.extract(frames, lookup_lines=False)
    way = " > ".join(f"{step.filename}:{step.lineno} {step.name}" for step in steps)
    return way or "no place"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Return an exception and what it came from, as Python prints it, the latest first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
