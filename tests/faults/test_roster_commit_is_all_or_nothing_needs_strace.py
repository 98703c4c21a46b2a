"""Kill `rollbook roster load --commit` all along its way: the old state is left, or the new."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.spec.roster.given import spoilt

ROOT = Path(__file__).resolve().parents[2]
KILLS = Path(__file__).with_name("roster_kills.py")
POINTS = 6


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_load_cut_off_anywhere_leaves_the_old_state_or_the_new_needs_strace(
    tmp_path: Path,
) -> None:
    bundle = tmp_path / "roster.zip"
    bundle.write_bytes(spoilt("1.2"))
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **os.environ,
        "ROLLBOOK_HOME": str(home),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "rollbook.config.settings",
        "POLARS_MAX_THREADS": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, str(KILLS), str(bundle), str(POINTS)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    # Both sides of the moment of commit were reached: otherwise this test could not fail.
    assert sum(found["old"] for found in seen.values()) >= POINTS // 2
    assert sum(found["new"] for found in seen.values()) >= 1
