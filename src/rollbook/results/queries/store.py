"""The lake of this installation and the engine that reads it."""

from __future__ import annotations

import functools
from pathlib import Path

from django.conf import settings

from rollbook.lake.embedded import EmbeddedEngine
from rollbook.lake.engine import Engine
from rollbook.lake.tables import Lake
from rollbook.results.layouts import LAKE_TABLES


@functools.cache
def _opened(root: Path) -> tuple[Lake, EmbeddedEngine]:
    lake = Lake(root)
    lake.create(LAKE_TABLES)
    return lake, EmbeddedEngine(lake)


def lake() -> Lake:
    """Return the lake of this installation, its tables made."""
    return _opened(Path(settings.LAKE_ROOT))[0]


def engine() -> Engine:
    """Return the engine that answers questions about that lake."""
    return _opened(Path(settings.LAKE_ROOT))[1]
