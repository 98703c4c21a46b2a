"""Pull a district's roster from Clever's Data API 3."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rollbook.remote.http import HttpClient
from rollbook.remote.patience import PATIENT, Patience
from rollbook.roster.sources.calling import (
    Steps,
    allows_private,
    brief,
    failures_told,
    number_in,
    server_found,
)
from rollbook.roster.sources.clever_reading import BASE, TOKENS, CleverService, Record
from rollbook.roster.sources.clever_rows import CleverRoster
from rollbook.roster.sources.connecting import ConnectionReport, Pulled, SettingField, SourceFailed
from rollbook.roster.sources.packing import RosterTables, text_of
from rollbook.roster.types import SourceFormat, SourceKind

# Clever keeps events for 30 days.
_EVENTS_LAST: Final = timedelta(days=29)
_FEWER: Final = ("teacher", "staff")


class CleverApi:
    """Pull from Clever: everything whenever anything happened.

    Shape: the events since the last pull only say whether to pull. When there is none, there is
           nothing new. When there is one, or the last pull is longer ago than events are kept or
           `full_every_days`, or the district offers no events, the whole district is pulled and
           compared: simple, and never out of step. Contacts of students are not imported.
    Source: Clever Data API 3.1; rostering reference 3.1.
    """

    kind = SourceKind.CLEVER_API
    fields = (
        SettingField("client_id", "Client id", is_required=False),
        SettingField("client_secret", "Client secret", "secret", is_required=False),
        SettingField(
            "token",
            "Token of the district",
            "secret",
            is_required=False,
            help="In place of a client id and secret.",
        ),
        SettingField(
            "district_id",
            "Clever id of the district",
            is_required=False,
            help="Needed when several districts are connected.",
        ),
        SettingField("base_url", "Address of the Data API", "url", False, BASE),
        SettingField("token_url", "Address of the tokens", "url", False, TOKENS),
        SettingField("page_size", "Records per page", "number", False, "1000"),
        SettingField("full_every_days", "Days between full pulls", "number", False, "7"),
    )

    def __init__(self, *, patience: Patience = PATIENT, trust: ssl.SSLContext | None = None):
        self._patience = patience
        self._trust = trust

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, now: datetime
    ) -> ConnectionReport:
        """Find Clever, find the district's token, and read the district and a few records."""
        del now
        steps = Steps()
        with self._client(settings, brief(self._patience)) as client:
            service = CleverService(client, settings, secrets)
            private = allows_private(settings)
            steps.take("Find Clever", lambda: server_found(service.base, allow_private=private))
            steps.take("Sign in", service.signed_in)
            steps.take("Read the district", lambda: f"{text_of(service.district().get('name'))}.")
            steps.take("Read schools", lambda: f"{service.count('/schools', {})} schools seen.")
            steps.take(
                "Read students",
                lambda: f"{service.count('/users', {'role': 'student'})} students seen.",
            )
            steps.take("Read sections", lambda: f"{service.count('/sections', {})} sections seen.")
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
        """Pull the district as a OneRoster 1.2 zip; None when nothing happened since.

        Shape:  `cursor` holds `event`, the latest one before the pull; `full_at`, when it was; and
                `district`, for which district that is true.
        Raises: SourceFailed; with `pauses` when the district's token is gone.
        """
        days = number_in(settings, "full_every_days", 7, most=365)
        with failures_told(), self._client(settings, self._patience) as client:
            service = CleverService(client, settings, secrets)
            district = service.district()
            key = text_of(district.get("id"))
            event = _event(cursor, key, now=now, full_every=timedelta(days=days))
            if event and service.has_events_after(event) is False:
                return None
            # Before the pull: what happens during it is then seen the next time.
            latest = service.latest_event()
            tables = _settled(service, district, now)
        counts = tables.counts()
        if not counts.get("users"):
            raise SourceFailed("nothing_there", "Clever shows nobody of the district to Rollbook.")
        path = into / "clever.zip"
        tables.write(path, mode="bulk", system="Clever")
        found = {"district": key, "event": latest, "full_at": now.isoformat()}
        return Pulled(path, path.name, SourceFormat.ONEROSTER_CSV, found, counts)

    def _client(self, settings: Mapping[str, str], patience: Patience) -> HttpClient:
        return HttpClient(
            allow_private=allows_private(settings), patience=patience, trust=self._trust
        )


def _event(
    cursor: Mapping[str, str], district: str, *, now: datetime, full_every: timedelta
) -> str:
    """Return the event from which to go on; blank when everything is to be pulled."""
    if cursor.get("district") != district:
        return ""
    try:
        age = now - datetime.fromisoformat(cursor.get("full_at", ""))
    except (ValueError, TypeError):
        return ""
    return cursor.get("event", "") if age < min(full_every, _EVENTS_LAST) else ""


def _settled(service: CleverService, district: Record, now: datetime) -> RosterTables:
    """Read the district; once more if it was synced meanwhile."""
    for _ in range(2):
        tables = _everything(service, district, now)
        after = service.district()
        if after.get("last_sync") == district.get("last_sync"):
            return tables
        district = after
    says = "The district's data kept changing while Rollbook read it. Try again later."
    raise SourceFailed("moving", says)


def _everything(service: CleverService, district: Record, now: datetime) -> RosterTables:
    roster = CleverRoster(district, now.date())
    roster.add_schools(_all(service, "/schools"))
    roster.add_terms(_all(service, "/terms"))
    roster.add_courses(_all(service, "/courses"))
    for users in _users(service):
        roster.add_users(users)
    for sections in service.pages("/sections"):
        roster.add_sections(sections)
    return roster.finished()


def _all(service: CleverService, path: str) -> list[Record]:
    return [record for page in service.pages(path) for record in page]


def _users(service: CleverService) -> Iterator[list[Record]]:
    """Return people, each once with all roles: one person may be a student and a teacher."""
    several: dict[str, dict[str, Any]] = {}
    for role in _FEWER:
        for page in service.pages("/users", {"role": role}):
            for user in page:
                _join(several, user)
    for page in service.pages("/users", {"role": "student"}):
        known = [user for user in page if text_of(user.get("id")) in several]
        for user in known:
            _join(several, user)
        yield [user for user in page if text_of(user.get("id")) not in several]
    yield list(several.values())


def _join(several: dict[str, dict[str, Any]], user: Record) -> None:
    kept = several.setdefault(text_of(user.get("id")), dict(user))
    mine, theirs = kept.get("roles"), user.get("roles")
    if isinstance(mine, dict) and isinstance(theirs, dict):
        kept["roles"] = {**mine, **theirs}
