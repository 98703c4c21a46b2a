"""A lake of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.lake.tables import Lake
from tests.spec.lake.text_tables import TABLES


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    # tests/faults looks at durability; here it would only wait for other people's writes.
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.create(TABLES)
    return lake
