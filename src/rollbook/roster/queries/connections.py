"""What a source's connector needs to speak to it: read for a connector, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.conf import settings

from rollbook.orgs.models import Organization
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.sources import SourceNotFound
from rollbook.roster.sources import connectors
from rollbook.roster.sources.connecting import Connector, SourceFailed
from rollbook.roster.sources.setting_values import base_of
from rollbook.roster.types import SourceKind
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.sealing import SealIsBroken, unseal

FOLDER_FIELD: Final = "path"


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
    if settings.SANDBOX and source.kind != SourceKind.FOLDER.value:
        # Open to everybody, for whom it calls nobody.
        raise SourceFailed("refused", "This is a sandbox: it calls no other system.")
    kept = {f.name: str(source.settings.get(f.name, "")) for f in connector.fields}
    return Connection(
        connector=connector,
        settings={f.name: kept[f.name] for f in connector.fields if not f.is_secret}
        | _of_installation(source, kept.get(FOLDER_FIELD, "")),
        secrets=kept_secrets(scope, source),
    )


def own_folders(scope: Scope, district: Organization) -> list[Path]:
    """Return the folders of this server in which a reader may let a district's source watch.

    Shape: all of the installation's for its operator; for anybody else those in them that are
           named by the district's state code, so that no district reads another's files; none
           where another district goes by the same code.
    """
    bases: list[Path] = list(settings.ROSTER_FOLDERS)
    if scope.over(Permission.ROSTER_WRITE).everything:
        return bases
    code = district.natural_id
    others = Organization.objects.filter(kind=district.kind, natural_id=code)
    if not code.isalnum() or others.exclude(pk=district.pk).exists():
        return []
    return [base / code for base in bases]


def _of_installation(source: Source, path: str) -> dict[str, str]:
    """Return what a connector must know and no form may say.

    Raises: SourceFailed for a folder outside those that may be read; a link may be new there.
    """
    told = {"format": source.format, "allow_private": ""}
    if settings.ALLOW_PRIVATE_ADDRESSES:
        told["allow_private"] = "yes"
    if source.kind == SourceKind.FOLDER.value:
        base = base_of(path, settings.ROSTER_FOLDERS)
        if base is None:
            raise SourceFailed(
                "not_found", "This folder is not one from which this installation may read."
            )
        # Kept in full when it was saved, without a link: one that is there now is somebody else's
        # doing, and may lead to what another district sends.
        if Path(path).resolve() != Path(path):
            raise SourceFailed("refused", "This folder has become a link. Save the source again.")
        told["root"] = str(base)
    return told


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
