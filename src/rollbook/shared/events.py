"""Facts that one folder announces and `config/reactions.py` connects to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class Event:
    """Be a fact that has happened. Subclasses name it in the past tense and hold ids only."""


EventT = TypeVar("EventT", bound=Event)
_reactions: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def on(kind: type[EventT], reaction: Callable[[EventT], None]) -> None:
    """Run `reaction` whenever an event of this kind is announced."""
    if reaction not in _reactions[kind]:
        _reactions[kind].append(reaction)


def announce(event: Event) -> None:
    """Run the reactions to `event`. Call it after the transaction has committed."""
    for reaction in _reactions[type(event)]:
        reaction(event)


def clear() -> None:
    """Forget all reactions."""
    _reactions.clear()
