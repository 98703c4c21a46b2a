"""Pull a roster from a OneRoster 1.1 or 1.2 server over REST."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from rollbook.remote.failures import RemoteFailed
from rollbook.remote.http import Answer, HttpClient
from rollbook.remote.patience import PATIENT, Patience
from rollbook.roster.sources.calling import (
    Steps,
    allows_private,
    brief,
    failures_told,
    number_in,
    object_in,
    server_found,
)
from rollbook.roster.sources.connecting import ConnectionReport, Pulled, SettingField, SourceFailed
from rollbook.roster.sources.oneroster_pages import Collection, Keep, Record, read_collection
from rollbook.roster.sources.oneroster_rows import roles_of, rows_of
from rollbook.roster.sources.packing import RosterTables, records_in, text_of
from rollbook.roster.types import SourceFormat, SourceKind

_PATHS: Final = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
_SCOPES: Final = ("roster-core.readonly", "roster.readonly", "roster-demographics.readonly")
_SCOPE_PLACES: Final = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/",
}
# The collections in the order in which one refers to another, and what servers wrap them in.
_COLLECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "academicSessions": ("academicSessions", "academicSession"),
    "orgs": ("orgs", "org"),
    "courses": ("courses", "course"),
    "classes": ("classes", "class"),
    "users": ("users", "user"),
    "enrollments": ("enrollments", "enrollment"),
    "demographics": ("demographics", "demographic"),
}
# A server that does not give these has said so; the rest of the roster can do without.
_OPTIONAL: Final = frozenset({"demographics"})
_NOT_GIVEN: Final = frozenset({403, 404, 501})
# Clocks differ, and a record may be stamped before it can be seen.
_LOOK_BACK: Final = timedelta(minutes=15)
_LARGEST_PAGE: Final = 10_000


class OneRosterRest:
    """Pull from OneRoster REST: everything, or what changed since the last time.

    Shape: a pull after the first asks for what was modified since the one before, and writes a
           delta; every `full_every_days`, or when the server cannot filter, it asks for
           everything, because many servers do not say what they removed.
    Source: OneRoster 1.1 and 1.2 REST bindings; rostering reference 1.3.
    """

    kind = SourceKind.ONEROSTER_REST
    fields = (
        SettingField("base_url", "Address of the OneRoster server", "url"),
        SettingField(
            "version",
            "OneRoster version",
            "choice",
            default="1.2",
            choices=(("1.2", "1.2"), ("1.1", "1.1")),
        ),
        SettingField("token_url", "Address where Rollbook signs in", "url"),
        SettingField("client_id", "Client id"),
        SettingField("client_secret", "Client secret", "secret"),
        SettingField(
            "scopes",
            "Scopes",
            is_required=False,
            help="Leave empty to ask for the rostering scopes of the version.",
        ),
        SettingField(
            "sign_in",
            "How the id and secret are sent",
            "choice",
            is_required=False,
            default="basic",
            choices=(("basic", "In a header (usual)"), ("body", "In the form")),
        ),
        SettingField("page_size", "Records per page", "number", False, "1000"),
        SettingField("full_every_days", "Days between full pulls", "number", False, "7"),
    )

    def __init__(self, *, patience: Patience = PATIENT, trust: ssl.SSLContext | None = None):
        self._patience = patience
        self._trust = trust

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, now: datetime
    ) -> ConnectionReport:
        """Find the server, sign in, and read one small page of organizations and of users."""
        del now
        steps = Steps()
        with self._client(settings, brief(self._patience)) as client:
            service = _Service(client, settings, secrets)
            private = allows_private(settings)
            for what, url in (
                ("Find the server", service.base),
                ("Find the sign-in", service.desk),
            ):
                steps.take(what, lambda url=url: server_found(url, allow_private=private))
            steps.take("Sign in", service.signed_in)
            steps.take("Read organizations", lambda: service.seen("orgs", "organizations"))
            steps.take("Read people", lambda: service.seen("users", "people"))
        return steps.report

    def pull(
        self,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        into: Path,
        cursor: Mapping[str, str],
        now: datetime,
    ) -> Pulled | None:
        """Pull what changed, or everything, as a OneRoster zip.

        Shape:  `cursor` holds `since`, from when changes are asked for the next time, and
                `full_at`, when everything was pulled.
        Raises: SourceFailed.
        """
        days = number_in(settings, "full_every_days", 7, most=365)
        with failures_told(), self._client(settings, self._patience) as client:
            service = _Service(client, settings, secrets)
            tables = None
            since = _since(cursor, now=now, full_every=timedelta(days=days))
            if since:
                tables = service.changes(since)
            is_delta = tables is not None
            tables = tables if tables is not None else service.everything()
        if not tables.counts():
            if is_delta:
                return None
            raise SourceFailed("nothing_there", "The server has no records for Rollbook.")
        path = into / "oneroster.zip"
        tables.write(path, mode="delta" if is_delta else "bulk", system="OneRoster REST")
        full_at = cursor["full_at"] if is_delta else now.isoformat()
        since = _moment(now - _LOOK_BACK)
        return Pulled(
            path,
            path.name,
            SourceFormat.ONEROSTER_CSV,
            {"since": since, "full_at": full_at},
            tables.counts(),
        )

    def _client(self, settings: Mapping[str, str], patience: Patience) -> HttpClient:
        return HttpClient(
            allow_private=allows_private(settings), patience=patience, trust=self._trust
        )


class _FilterIsIgnored(Exception):
    """Say that the server sent records that were not asked for."""


class _Service:
    """Speak to one server as one client of it."""

    def __init__(
        self, client: HttpClient, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> None:
        self._client = client
        self.base, self.version = _base_of(settings)
        self.desk = settings.get("token_url", "")
        self._limit = number_in(settings, "page_size", 1000, most=_LARGEST_PAGE)
        self._login = _Login.of(settings, secrets, self.version)
        self._token = ""

    def signed_in(self) -> str:
        """Ask for a token, and say so."""
        self._bearer(True)
        return "The server accepts the client id and secret."

    def seen(self, file: str, word: str) -> str:
        """Read one small page, and say how many there are."""
        answer = self._ask(f"{self.base}/{file}", {"limit": "10", "offset": "0"})
        records = records_in(answer.json(), *_COLLECTIONS[file])
        total = answer.headers.get("x-total-count", "")
        if not records:
            raise SourceFailed("nothing_there", f"The server shows no {word} to Rollbook.")
        return f"{total if total.isdecimal() else f'At least {len(records)}'} {word} seen."

    def everything(self) -> RosterTables:
        """Read all collections in full."""
        return self._read({}, "")

    def changes(self, since: str) -> RosterTables | None:
        """Read what was modified since a moment; None when the server cannot tell."""
        try:
            return self._read({"filter": f"dateLastModified>'{since}'"}, since)
        except _FilterIsIgnored:
            return None
        except RemoteFailed as failed:
            if failed.status in {400, 422}:
                return None
            raise

    def _read(self, params: Mapping[str, str], since: str) -> RosterTables:
        tables = RosterTables(self.version)
        for file, wrappers in _COLLECTIONS.items():
            kept = [RosterTables(self.version)]
            try:
                collection = Collection(
                    self._ask, f"{self.base}/{file}", wrappers, self._limit, params
                )
                read_collection(collection, begin=self._keeper(file, kept, since))
            except RemoteFailed as failed:
                if file not in _OPTIONAL or failed.status not in _NOT_GIVEN:
                    raise
                continue
            tables.take_over(kept[0])
        return tables

    def _keeper(self, file: str, kept: list[RosterTables], since: str) -> Callable[[], Keep]:
        def begin() -> Keep:
            fresh = kept[0] = RosterTables(self.version)

            def keep(page: list[Record]) -> None:
                if since and any(_is_older(record, since) for record in page):
                    raise _FilterIsIgnored
                is_delta = bool(since)
                fresh.add(file, rows_of(self.version, file, page, is_delta=is_delta))
                if file == "users" and self.version == "1.2":
                    fresh.add("roles", roles_of(page, is_delta=is_delta))

            return keep

        return begin

    def _ask(self, url: str, params: Mapping[str, str]) -> Answer:
        return self._client.get(url, params=params, authorize=self._bearer)

    def _bearer(self, fresh: bool) -> str:
        """Return the token; a new one where the old one is no longer taken."""
        if fresh or not self._token:
            answer = self._client.post_form(
                self.desk, self._login.form, headers=self._login.headers, may_repeat=True
            )
            self._token = text_of(object_in(answer).get("access_token"))
            if not self._token.isascii() or not self._token.isprintable() or not self._token:
                raise RemoteFailed("lies", "The sign-in answers without a token.")
        return f"Bearer {self._token}"


@dataclass(frozen=True)
class _Login:
    """Hold what is sent to ask for a token. Source: RFC 6749, 4.4."""

    form: Mapping[str, str]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, settings: Mapping[str, str], secrets: Mapping[str, str], version: str) -> _Login:
        """Make it as the server wants it."""
        client, secret = settings.get("client_id", ""), secrets.get("client_secret", "")
        usual = " ".join(_SCOPE_PLACES[version] + scope for scope in _SCOPES)
        scopes = " ".join(settings.get("scopes", "").replace(",", " ").split()) or usual
        form = {"grant_type": "client_credentials", "scope": scopes}
        if settings.get("sign_in") == "body":
            return cls({**form, "client_id": client, "client_secret": secret}, {})
        pair = f"{client}:{secret}".encode()
        return cls(form, {"authorization": "Basic " + base64.b64encode(pair).decode()})


def _base_of(settings: Mapping[str, str]) -> tuple[str, str]:
    """Return where the collections are, and the version that is spoken there."""
    base = settings.get("base_url", "").strip().rstrip("/")
    version = settings.get("version") if settings.get("version") in _PATHS else "1.2"
    path = urlsplit(base).path
    for known, mark in (("1.1", "/v1p1"), ("1.2", "/v1p2")):
        if path.endswith(mark):
            return base, known
    return base + _PATHS[version or "1.2"], version or "1.2"


def _since(cursor: Mapping[str, str], *, now: datetime, full_every: timedelta) -> str:
    """Return from when changes are to be asked for; blank when everything is."""
    try:
        full_at = datetime.fromisoformat(cursor.get("full_at", ""))
        is_fresh = now - full_at < full_every
    except (ValueError, TypeError):
        return ""
    return cursor.get("since", "") if is_fresh else ""


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _is_older(record: Record, since: str) -> bool:
    """Tell whether a record was not modified since; to the second, for spellings differ."""
    changed = text_of(record.get("dateLastModified"))
    return len(changed) >= 19 and changed.endswith("Z") and changed[:19] < since[:19]
