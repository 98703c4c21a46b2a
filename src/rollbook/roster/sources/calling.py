"""What connectors to servers share: settings read, failures told, a connection tried in steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from rollbook.remote.addresses import addresses_of
from rollbook.remote.failures import RemoteFailed
from rollbook.remote.http import Answer, origin_of
from rollbook.remote.patience import BRIEF, Patience
from rollbook.roster.sources.connecting import ConnectionReport, SourceFailed

ALLOW_PRIVATE = "allow_private"  # the caller's, never a form's


def allows_private(settings: Mapping[str, str]) -> bool:
    """Tell whether the installation lets its sources stand in its own network."""
    return settings.get(ALLOW_PRIVATE, "") == "yes"


def number_in(settings: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """Read a whole number of at least 1 from the settings; the default where there is none."""
    text = settings.get(name, "").strip()
    return min(max(1, int(text)), most) if text.isdecimal() and text.isascii() else default


def brief(patience: Patience) -> Patience:
    """Return the patience of somebody who sits in front of the screen."""
    return replace(BRIEF, scale=patience.scale, max_bytes=patience.max_bytes)


@contextmanager
def failures_told() -> Generator[None]:
    """Tell what a remote system does to us as what the source does."""
    try:
        yield
    except RemoteFailed as failed:
        raise SourceFailed(failed.code, failed.says) from None


def object_in(answer: Answer) -> dict[str, Any]:
    """Return the JSON object that a server answered.

    Raises: RemoteFailed lies.
    """
    found = answer.json()
    if not isinstance(found, dict):
        raise RemoteFailed("lies", "The server's answer is not the data that it should be.")
    return found


class Steps:
    """Try a connection step by step, up to the first that does not work."""

    def __init__(self) -> None:
        self._taken: list[tuple[str, bool, str]] = []
        self._goes_on = True

    def take(self, what: str, step: Callable[[], str]) -> None:
        """Take one step, unless one before it failed; `step` returns what was seen."""
        if not self._goes_on:
            return
        try:
            self._taken.append((what, True, step()))
        except (RemoteFailed, SourceFailed) as failed:
            self._goes_on = False
            self._taken.append((what, False, failed.says))

    @property
    def report(self) -> ConnectionReport:
        """Return how it went."""
        return ConnectionReport(tuple(self._taken))


def server_found(url: str, *, allow_private: bool) -> str:
    """Look a server up, and say its name.

    Raises: RemoteFailed.
    """
    try:
        _, host, port = origin_of(url)
    except ValueError:
        host, port = "", 0
    if not host:
        raise RemoteFailed("refused", "That is not the address of a web server.")
    addresses_of(host, port, allow_private=allow_private)
    return f"{host} is known."
