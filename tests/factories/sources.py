"""Sources of rosters, and a connector whose answers a test writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from rollbook.orgs.models import Organization
from rollbook.roster.actions.sources import SourceDraft, add_source
from rollbook.roster.models.sources import Source
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.roster.sources import connectors
from rollbook.roster.sources.connecting import (
    ConnectionReport,
    Pulled,
    SettingField,
    SourceFailed,
)
from rollbook.roster.types import SourceFormat, SourceKind
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW

SECRET = "ZQ-secret-that-must-not-leak"
FIELDS = (
    SettingField("url", "Address", "url", default="https://sis.example.org/"),
    SettingField("size", "Rows a page", "number", is_required=False, default="100"),
    SettingField(
        "part", "Which part", "choice", is_required=False, choices=(("a", "All"), ("n", "New"))
    ),
    SettingField("client", "Client id"),
    SettingField("token", "Token", "secret"),
)
SETTINGS = {"url": "https://sis.example.org/api", "client": "rollbook"}


@dataclass
class Scripted:
    """Be a connector that gives the next of its answers, and notes what it was asked.

    Shape: an answer is the bytes of a bundle, None for nothing new, or an exception to raise; the
           last one stays.
    """

    answers: list[bytes | Exception | None] = field(default_factory=list)
    kind: SourceKind = SourceKind.ONEROSTER_REST
    fields: tuple[SettingField, ...] = FIELDS
    asked: list[dict[str, str]] = field(default_factory=list)
    secrets_seen: list[dict[str, str]] = field(default_factory=list)

    def check_connection(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, now: datetime
    ) -> ConnectionReport:
        self.secrets_seen.append(dict(secrets))
        is_known = secrets.get("token") == SECRET
        steps = [("Find the server", True, "It answers.")]
        says = "The token is accepted." if is_known else "Ask for a new token."
        return ConnectionReport((*steps, ("Sign in", is_known, says)))

    def pull(
        self,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        into: Path,
        cursor: Mapping[str, str],
        now: datetime,
    ) -> Pulled | None:
        self.asked.append(dict(cursor))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            return None
        path = into / "pulled.zip"
        path.write_bytes(answer)
        return Pulled(
            path,
            "sis.zip",
            SourceFormat.ONEROSTER_CSV,
            cursor={"number": str(len(self.asked))},
            counts={"users": 3},
        )


def scripted(
    monkeypatch: pytest.MonkeyPatch, *answers: bytes | Exception | None, **more: object
) -> Scripted:
    """Put a scripted connector in the place of the one for OneRoster REST."""
    made = Scripted(list(answers), **more)  # type: ignore[arg-type]
    known = {**connectors.CONNECTORS, made.kind: made}
    monkeypatch.setattr(connectors, "CONNECTORS", known)
    return made


def draft(name: str = "Our SIS", *, policy: IntakePolicy | None = None, **more: str) -> SourceDraft:
    """Describe a source as its form would; `more` are settings and secrets."""
    return SourceDraft(
        name=name,
        kind=SourceKind.ONEROSTER_REST,
        format=SourceFormat.ONEROSTER_CSV,
        values={**SETTINGS, "token": SECRET, **more},
        policy=policy or IntakePolicy(),
    )


def saved_source(
    district: Organization,
    name: str = "Our SIS",
    *,
    scope: Scope = EVERYTHING,
    policy: IntakePolicy | None = None,
    **more: str,
) -> Source:
    """Add a source to a district; a connector must have been scripted."""
    made = draft(name, policy=policy, **more)
    return add_source(scope, district.uuid, made, by=BY, now=NOW)


def away() -> SourceFailed:
    """Return the failure of a server that does not answer."""
    return SourceFailed("away", "The server does not answer.")
