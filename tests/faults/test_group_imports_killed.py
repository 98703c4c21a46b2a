"""A worker that is killed leaves no half of a group and no half of a run: the next one finishes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLS = Path(__file__).with_name("group_kills.py")
URL = os.environ.get("DATABASE_URL", "")
WORKS = ("import", "files")


def kills(work: str, home: Path, url: str = "") -> dict[str, int]:
    home.mkdir()
    environment = {
        **os.environ,
        "ROLLBOOK_HOME": str(home),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "rollbook.config.settings",
        "POLARS_MAX_THREADS": "1",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, str(KILLS), work],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


def crossed(seen: dict[str, int]) -> bool:
    """Tell whether both sides of the moment of commit were reached, or no test could fail."""
    return seen["old"] >= 4 and seen["new"] >= 1


@pytest.mark.parametrize("work", WORKS)
def test_on_sqlite(tmp_path: Path, work: str) -> None:
    assert crossed(kills(work, tmp_path / "home"))


if URL.startswith("postgres"):

    @pytest.mark.parametrize("work", WORKS)
    def test_on_postgresql(tmp_path: Path, work: str, own_database: str) -> None:
        assert crossed(kills(work, tmp_path / "home", own_database))
