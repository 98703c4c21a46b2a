"""Workers that are killed, or meet, leave no half of a group and no half of a run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
URL = os.environ.get("DATABASE_URL", "")
WORKS = ("import", "files")


def ran(script: str, argument: str, home: Path, url: str) -> tuple[dict[str, Any], str]:
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
        [sys.executable, str(Path(__file__).with_name(script)), argument],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def kills(work: str, home: Path, url: str = "") -> dict[str, int]:
    return ran("group_kills.py", work, home, url)[0]


def crossed(seen: dict[str, int]) -> bool:
    """Tell whether both sides of the moment of commit were reached, or no test could fail."""
    return seen["old"] >= 4 and seen["new"] >= 1


def meet(home: Path, url: str = "") -> None:
    """Let three workers write the same groups and files: all is done once, nothing is mixed."""
    became, says = ran("group_meet.py", "3", home, url)
    assert became.pop("a") in (["ELA", ["1000000001"]], ["Math", ["1000000002"]])
    assert became == {
        "jobs": {"done": 12},
        "imports": {"1": 8},
        "told": [["3 groups accepted for 0101.", True], ["4 groups accepted for 0101.", True]],
        "without changes": 0,
        "groups": 7,
        "created": 7,
        "bytes": 1,
        "files": 4,
        "places": 209,
        "whole": True,
    }
    # Who was overtaken tries again. No two waited for each other, or read half a paper.
    assert set(re.findall(r"failed: \S*?(\w+) ", says)) <= {"StateMovedOn"}


def test_workers_meet_on_sqlite(tmp_path: Path) -> None:
    meet(tmp_path / "home")


@pytest.mark.parametrize("work", WORKS)
def test_on_sqlite(tmp_path: Path, work: str) -> None:
    assert crossed(kills(work, tmp_path / "home"))


if URL.startswith("postgres"):

    @pytest.mark.parametrize("work", WORKS)
    def test_on_postgresql(tmp_path: Path, work: str, own_database: str) -> None:
        assert crossed(kills(work, tmp_path / "home", own_database))

    def test_workers_meet_on_postgresql(tmp_path: Path, own_database: str) -> None:
        meet(tmp_path / "home", own_database)
