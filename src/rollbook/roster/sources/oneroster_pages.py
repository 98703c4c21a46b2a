"""Read a whole OneRoster collection, page by page, and notice when it moves or repeats itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

from rollbook.remote.failures import RemoteFailed
from rollbook.remote.http import Answer, origin_of
from rollbook.roster.sources.connecting import SourceFailed
from rollbook.roster.sources.packing import records_in

Record = dict[str, Any]
Ask = Callable[[str, Mapping[str, str]], Answer]
Keep = Callable[[list[Record]], None]

_NEXT: Final = re.compile(r"<([^<>]*)>\s*;[^,<]*\brel\s*=\s*\"?next\"?", re.IGNORECASE)
_SMALLEST: Final = 50
_REPEATS_ALLOWED: Final = 1000  # records read twice and more before a server counts as circling
_MOVING: Final = "The server's data kept changing while Rollbook read it. Try again later."
_REPEATS: Final = "The server sends the same page again, whatever page it is asked for."


@dataclass(frozen=True)
class Collection:
    """Name one collection of one server, and how to ask for a page of it."""

    ask: Ask
    url: str
    wrappers: tuple[str, ...]
    limit: int
    params: Mapping[str, str]

    def first_page(self) -> tuple[Collection, Answer]:
        """Ask for the first page; for a smaller one, while the server finds it too large."""
        smaller = self
        while True:
            try:
                return smaller, smaller.at(0)
            except RemoteFailed as failed:
                if failed.status != 413 or smaller.limit <= _SMALLEST:
                    raise
            smaller = replace(smaller, limit=smaller.limit // 2)

    def at(self, offset: int) -> Answer:
        """Ask for the page that begins at an offset."""
        page = {"limit": str(self.limit), "offset": str(offset)}
        return self.ask(self.url, {**self.params, **page})

    def records(self, answer: Answer) -> list[Record]:
        """Return the records of a page."""
        return records_in(answer.json(), *self.wrappers)


@dataclass
class _Moved(Exception):
    """Say how a collection looked different from one page to the next."""

    how: str
    repeated: frozenset[str] = frozenset()
    numbers: tuple[int, int] = (0, 0)


@dataclass
class _Reading:
    """Follow one reading of a collection.

    Shape: `read` counts records as sent; `seen` are their ids and `repeated` those that came on
           more than one page.
    """

    total: int | None = None
    read: int = 0
    seen: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)

    def count(self, page: list[Record], answer: Answer) -> None:
        total = _total_of(answer)
        if self.total is not None and total is not None and total != self.total:
            raise _Moved("total")
        self.total = total if total is not None else self.total
        ids = {id_of(record) for record in page}
        self.repeated |= ids & self.seen
        self.seen |= ids
        self.read += len(page)
        if self.read > 2 * len(self.seen) + _REPEATS_ALLOWED:
            raise SourceFailed("lies", _REPEATS)


def read_collection(collection: Collection, *, begin: Callable[[], Keep]) -> None:
    """Read every record of a collection, twice at most: it may move while it is read.

    Shape:  `begin` is called before each reading and returns what keeps a page; what the reading
            before kept is then to be forgotten. Ids that repeat in the same way in both readings
            are the server's own, and for the checks to speak of.
    Raises: SourceFailed moving, when both readings moved; lies; RemoteFailed.
    """
    first: _Moved | None = None
    for _ in range(2):
        keep = begin()
        accepted = first.repeated if first else frozenset[str]()
        try:
            for page in _pages(collection, accepted):
                keep(page)
        except _Moved as moved:
            if first and moved.how == first.how == "count" and moved.numbers == first.numbers:
                raise SourceFailed("lies", _other_number(*moved.numbers)) from None
            first = moved
        else:
            return
    raise SourceFailed("moving", _MOVING)


def id_of(record: Record) -> str:
    """Return a record's sourcedId as text."""
    return str(record.get("sourcedId", ""))


def _pages(collection: Collection, accepted: frozenset[str]) -> Iterator[list[Record]]:
    collection, answer = collection.first_page()
    page = collection.records(answer)
    reading = _Reading()
    reading.count(page, answer)
    yield page
    if reading.total is None and not _leads_by_token(answer):
        yield from _overlapping(collection, page, reading)
    elif "link" in answer.headers:
        yield from _linked(collection, answer, page, reading)
    else:
        yield from _counted(collection, page, reading)
    if reading.repeated and frozenset(reading.repeated) != accepted:
        raise _Moved("repeated", frozenset(reading.repeated))
    if reading.total is not None and reading.read != reading.total:
        raise _Moved("count", numbers=(reading.total, reading.read))


def _linked(
    collection: Collection, answer: Answer, page: list[Record], reading: _Reading
) -> Iterator[list[Record]]:
    """Follow the server's own links from page to page, as long as they stay on the server."""
    visited = {answer.url}
    while page and (target := _next_link(answer)):
        if origin_of(target) != origin_of(answer.url):
            raise SourceFailed("lies", "The server links its next page to another server.")
        if target in visited:
            raise SourceFailed("lies", _REPEATS)
        visited.add(target)
        before, answer = page, collection.ask(target, {})
        page = collection.records(answer)
        _refuse_repeated(page, before)
        reading.count(page, answer)
        yield page


def _counted(
    collection: Collection, page: list[Record], reading: _Reading
) -> Iterator[list[Record]]:
    """Ask for page after page until there are as many records as the server says it has."""
    while page and reading.read < (reading.total or 0):
        answer = collection.at(reading.read)
        before, page = page, collection.records(answer)
        _refuse_repeated(page, before)
        reading.count(page, answer)
        yield page


def _overlapping(
    collection: Collection, page: list[Record], reading: _Reading
) -> Iterator[list[Record]]:
    """Ask a server that does not say how many there are.

    Each page begins with the last record of the one before, which shows that nothing moved in
    between. A page shorter than the first one is the last: the server's own limit may be lower.
    """
    size = len(page)
    overlap = 1 if size > 1 else 0
    while page:
        answer = collection.at(reading.read - overlap)
        before, page = page, collection.records(answer)
        if not overlap and page == before:
            return
        _refuse_repeated(page, before)
        if overlap and (not page or id_of(page[0]) != id_of(before[-1])):
            raise _Moved("shift")
        fresh = page[overlap:]
        reading.count(fresh, answer)
        yield fresh
        if len(page) < size or not fresh:
            return


def _refuse_repeated(page: list[Record], before: list[Record]) -> None:
    if page and page == before:
        raise SourceFailed("lies", _REPEATS)


def _next_link(answer: Answer) -> str:
    found = _NEXT.search(answer.headers.get("link", ""))
    return urljoin(answer.url, found[1]) if found else ""


def _leads_by_token(answer: Answer) -> bool:
    """Tell whether the server's next page has an address that cannot be made from a number."""
    target = _next_link(answer)
    return bool(target) and "offset" not in parse_qs(urlsplit(target).query)


def _total_of(answer: Answer) -> int | None:
    text = answer.headers.get("x-total-count", "").strip()
    return int(text[:12]) if text.isdecimal() and text.isascii() else None


def _other_number(said: int, sent: int) -> str:
    return f"The server says that it has {said:,} records here, and sends {sent:,}."
