"""What a source's connector needs to speak to it: read for a connector, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from rollbook.roster.models.sources import Source
from rollbook.roster.queries.sources import SourceNotFound
from rollbook.roster.sources import connectors
from rollbook.roster.sources.connecting import Connector, SourceFailed
from rollbook.roster.sources.setting_values import lies_in
from rollbook.roster.types import SourceKind
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.sealing import SealIsBroken, unseal


@dataclass(frozen=True, slots=True)
class Connection:
    """Hold a connector and what it must know; secrets stay out of its printed form."""

    connector: Connector
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


def connection_of(scope: Scope, source: Source) -> Connection:
    """Return what is needed to speak to a source for whose district the reader sends rosters.

    Raises: SourceNotFound for any other; SourceFailed when it cannot be spoken to at all.
    """
    if not scope.over(Permission.ROSTER_WRITE).includes(source.organization_id):
        raise SourceNotFound("No such source, or not one that you may see.")
    connector = connectors.CONNECTORS.get(SourceKind(source.kind))
    if connector is None:
        raise SourceFailed("not_found", "Files of this source are sent by hand.")
    known = {f.name: str(source.settings.get(f.name, "")) for f in connector.fields}
    if source.kind == SourceKind.FOLDER.value:
        _require_open_folder(connector, known)
    secrets = kept_secrets(scope, source)
    return Connection(
        connector=connector,
        settings={f.name: known[f.name] for f in connector.fields if not f.is_secret},
        secrets=secrets,
    )


def kept_secrets(scope: Scope, source: Source) -> dict[str, str]:
    """Return the secrets of a source for whose district the reader sends rosters.

    Raises: SourceNotFound for any other; SourceFailed when this installation's key has changed.
    """
    if not scope.over(Permission.ROSTER_WRITE).includes(source.organization_id):
        raise SourceNotFound("No such source, or not one that you may see.")
    if not source.sealed_secrets:
        return {}
    try:
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return unseal(source.sealed_secrets, keys)
    except SealIsBroken:
        raise SourceFailed(
            "refused",
            "The secrets of this source were sealed with another key of this installation. "
            "Type them again.",
        ) from None


def _require_open_folder(connector: Connector, known: Mapping[str, str]) -> None:
    """Refuse a folder outside those that may be read; a link may have been put there since."""
    for setting in connector.fields:
        path = known.get(setting.name, "")
        if setting.type == "path" and not lies_in(Path(path), settings.ROSTER_FOLDERS):
            raise SourceFailed(
                "not_found", "This folder is not one from which this installation may read."
            )
