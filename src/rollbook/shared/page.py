"""One page of a longer list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Ask for one page. Numbers start at 1."""

    number: int = 1
    size: int = 50

    @property
    def offset(self) -> int:
        """Return how many items come before this page."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Hold one page of a list and how long the list is."""

    items: Sequence[Item]
    number: int
    size: int
    total_count: int

    @property
    def page_count(self) -> int:
        """Return how many pages the whole list has, at least 1."""
        return max(1, -(-self.total_count // self.size))

    @property
    def has_next(self) -> bool:
        """Tell whether another page follows."""
        return self.number < self.page_count

    @property
    def has_previous(self) -> bool:
        """Tell whether a page comes before."""
        return self.number > 1
