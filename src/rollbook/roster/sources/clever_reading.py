"""Ask Clever's Data API, page by page, as the district that the token stands for."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rollbook.remote.failures import RemoteFailed
from rollbook.remote.http import Answer, HttpClient
from rollbook.roster.sources.calling import number_in, object_in
from rollbook.roster.sources.connecting import SourceFailed
from rollbook.roster.sources.packing import records_in, text_of

BASE: Final = "https://api.clever.com/v3.1"
TOKENS: Final = "https://clever.com/oauth/tokens"

_LARGEST_PAGE: Final = 10_000  # Clever answers 413 beyond
_SMALLEST_PAGE: Final = 50
_GONE: Final = (
    "The district no longer lets Rollbook in: its token is gone. Ask whether it disconnected "
    "Rollbook in Clever. Nobody was removed here."
)

Record = Mapping[str, Any]


class CleverService:
    """Speak to Clever for one district."""

    def __init__(
        self, client: HttpClient, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> None:
        self._client = client
        self.base = (settings.get("base_url") or BASE).rstrip("/")
        self.desk = settings.get("token_url") or TOKENS
        self._limit = number_in(settings, "page_size", 1000, most=_LARGEST_PAGE)
        self._district = settings.get("district_id", "").strip()
        self._given = secrets.get("token", "").strip()
        self._pair = f"{settings.get('client_id', '')}:{secrets.get('client_secret', '')}"
        self._token = self._given

    def district(self) -> Record:
        """Return the district, which must not be in the middle of a sync.

        Raises: SourceFailed moving; RemoteFailed.
        """
        found = [
            _inner(record) for record in records_in(self._ask("/districts", {}).json(), "data")
        ]
        chosen = [one for one in found if self._district in {"", text_of(one.get("id"))}]
        if len(chosen) != 1 or not text_of(chosen[0].get("id")):
            raise SourceFailed("not_found", "Clever does not show this district to Rollbook.")
        if chosen[0].get("state") == "running":
            says = "Clever is taking in new data from the district just now. Try again later."
            raise SourceFailed("moving", says)
        return chosen[0]

    def pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[list[Record]]:
        """Return the pages of a collection.

        Shape:  a page that is full is never taken for the last one; nor is one that links to a
                next one, however short.
        Raises: SourceFailed lies, when the server goes in circles; RemoteFailed.
        """
        seen: set[str] = set()
        after: dict[str, str] = {}
        limit = self._limit
        while True:
            limit, answer = self._page(path, {**(params or {}), **after}, limit)
            page = [_inner(record) for record in records_in(answer, "data")]
            ids = [text_of(record.get("id")) for record in page]
            if ids and (seen.issuperset(ids) or not ids[-1]):
                raise SourceFailed("lies", "Clever sends the same page again and again.")
            if not page:
                return
            yield page
            seen.update(ids)
            if len(page) < limit and _ends(answer):
                return
            after = {"starting_after": ids[-1]}

    def count(self, path: str, params: Mapping[str, str]) -> str:
        """Say how many there are at least, after reading one small page."""
        page = records_in(self._ask(path, {**params, "limit": "100"}).json(), "data")
        return f"{len(page)} or more" if len(page) == 100 else str(len(page))

    def has_events_after(self, event: str) -> bool | None:
        """Tell whether anything happened after an event; None when Clever does not know it."""
        try:
            answer = self._ask("/events", {"starting_after": event, "limit": "1"})
        except RemoteFailed as failed:
            if failed.status in {400, 403, 404, 501}:
                return None
            raise
        return bool(records_in(answer.json(), "data"))

    def latest_event(self) -> str:
        """Return the id of the latest event; blank for a district that does not offer events."""
        try:
            answer = self._ask("/events", {"ending_before": "last", "limit": "1"})
        except RemoteFailed as failed:
            if failed.status in {400, 403, 404, 501}:
                return ""
            raise
        found = records_in(answer.json(), "data")
        return text_of(_inner(found[-1]).get("id")) if found else ""

    def signed_in(self) -> str:
        """Find the district's token, and say so."""
        if not self._given:
            self._bearer(True)
        return "Rollbook has a token for the district."

    def _page(self, path: str, params: Mapping[str, str], limit: int) -> tuple[int, dict[str, Any]]:
        """Ask for a page; for a smaller one, while the server finds it too large."""
        while True:
            try:
                return limit, object_in(self._ask(path, {**params, "limit": str(limit)}))
            except RemoteFailed as failed:
                if failed.status != 413 or limit <= _SMALLEST_PAGE:
                    raise
            limit = max(_SMALLEST_PAGE, limit // 2)

    def _ask(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            return self._client.get(self.base + path, params=params, authorize=self._bearer)
        except RemoteFailed as failed:
            if failed.status == 401:
                raise SourceFailed("refused", _GONE, pauses=True) from None
            raise

    def _bearer(self, fresh: bool) -> str:
        if (fresh or not self._token) and not self._given:
            self._token = self._found_token()
        return f"Bearer {self._token}"

    def _found_token(self) -> str:
        """Ask for the tokens of all districts that are connected, and choose ours."""
        pair = base64.b64encode(self._pair.encode()).decode()
        try:
            answer = self._client.get(
                self.desk,
                params={"owner_type": "district"},
                headers={"authorization": f"Basic {pair}"},
            )
        except RemoteFailed as failed:
            if failed.status == 401:
                says = "Clever does not accept the client id and secret."
                raise SourceFailed("refused", says) from None
            raise
        owned = [
            (_owner(record), text_of(record.get("access_token")))
            for record in records_in(answer.json(), "data")
        ]
        tokens = [token for owner, token in owned if self._district in {"", owner} and token]
        if not tokens:
            raise SourceFailed("refused", _GONE, pauses=True)
        if len(tokens) > 1:
            says = "Several districts are connected. Say which one: fill in its Clever id."
            raise SourceFailed("refused", says)
        if not tokens[0].isascii() or not tokens[0].isprintable():
            raise SourceFailed("lies", "Clever's token is not one.")
        return tokens[0]


def _inner(record: Record) -> Record:
    """Return what a record of Clever wraps."""
    inner = record.get("data")
    return inner if isinstance(inner, dict) and "id" not in record else record


def _owner(record: Record) -> str:
    owner = record.get("owner")
    return text_of(owner.get("id")) if isinstance(owner, dict) else ""


def _ends(answer: Mapping[str, Any]) -> bool:
    """Tell whether a page names the next one to be none."""
    links = answer.get("links")
    if not isinstance(links, list):
        return False
    return not any(isinstance(link, dict) and link.get("rel") == "next" for link in links)
