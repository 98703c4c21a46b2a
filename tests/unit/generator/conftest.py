from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from rollbook.generator.generate import GeneratedState, write_state

Read = Callable[[Path, str], pl.DataFrame]


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> GeneratedState:
    """Write one small state for every test that only reads."""
    folder = tmp_path_factory.mktemp("state")
    return write_state(folder, students=700, districts=2, seed=7, xml=20)


@pytest.fixture(scope="session")
def read() -> Read:
    """Read one CSV of a zip, all text; an absent file is an empty frame."""

    def read_csv(path: Path, name: str) -> pl.DataFrame:
        with zipfile.ZipFile(path) as archive:
            if name not in archive.namelist():
                return pl.DataFrame()
            return pl.read_csv(archive.read(name), infer_schema_length=0)

    return read_csv


@pytest.fixture(scope="session")
def results(state: GeneratedState, read: Read) -> pl.DataFrame:
    """Read every results.csv of the state."""
    return pl.concat([read(path, "results.csv") for path in state.results])
