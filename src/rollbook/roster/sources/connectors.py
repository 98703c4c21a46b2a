"""Every kind of source that Rollbook can speak to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rollbook.roster.sources.clever_api import CleverApi
from rollbook.roster.sources.connecting import Connector
from rollbook.roster.sources.folder import WatchedFolder
from rollbook.roster.sources.oneroster_rest import OneRosterRest
from rollbook.roster.sources.sftp import SftpFolder
from rollbook.roster.types import SourceKind

# An upload is sent by a person, and so has none.
CONNECTORS: Final[Mapping[SourceKind, Connector]] = MappingProxyType(
    {
        SourceKind.FOLDER: WatchedFolder(),
        SourceKind.SFTP: SftpFolder(),
        SourceKind.ONEROSTER_REST: OneRosterRest(),
        SourceKind.CLEVER_API: CleverApi(),
    }
)
