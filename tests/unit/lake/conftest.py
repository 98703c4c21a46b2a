"""A lake of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.lake.tables import Lake
from tests.spec.lake.text_tables import TABLES


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.create(TABLES)
    return lake
