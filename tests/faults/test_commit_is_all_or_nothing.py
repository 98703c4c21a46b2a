"""Kill a commit at each of its writes: what is left is the old state or the new, never between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
URL = os.environ.get("DATABASE_URL", "")
KILLS = Path(__file__).with_name("kills.py")

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def kills(home: Path, url: str, *calls: str) -> dict[str, dict[str, int]]:
    environment = {
        **os.environ,
        "ROLLBOOK_HOME": str(home),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "rollbook.config.settings",
        "POLARS_MAX_THREADS": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, str(KILLS), *calls],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


@needs_strace
def test_on_sqlite_needs_strace(tmp_path: Path) -> None:
    seen = kills(tmp_path, "", "pwrite64", "fdatasync")
    # Both sides of the moment of commit were reached: otherwise this test could not fail.
    assert seen["pwrite64"]["old"] >= 10
    assert seen["fdatasync"]["old"] >= 1
    assert sum(found["new"] for found in seen.values()) >= 1


if URL.startswith("postgres"):

    @needs_strace
    def test_on_postgresql_needs_strace(tmp_path: Path, own_database: str) -> None:
        seen = kills(tmp_path, own_database, "sendto")
        assert seen["sendto"]["old"] >= 10
        assert seen["sendto"]["new"] >= 1
