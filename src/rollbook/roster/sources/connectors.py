"""Every kind of source that Rollbook can speak to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rollbook.roster.sources.connecting import Connector
from rollbook.roster.types import SourceKind

CONNECTORS: Final[Mapping[SourceKind, Connector]] = {}
