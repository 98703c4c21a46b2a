"""Jobs under fire: killed workers, repeated deliveries, and a worker that is told to stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

JOBS, WORKERS, SEED = 120, 10, 20261122


def _environment(home: Path) -> dict[str, str]:
    """Name a database that other processes can open: on SQLite tests have theirs in memory."""
    environment = {
        **os.environ,
        "ROLLBOOK_HOME": str(home),
        "ROLLBOOK_LOG_LEVEL": "ERROR",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    environment.pop("DATABASE_URL", None)
    if connection.vendor == "postgresql":
        of = connection.settings_dict
        host = quote(of["HOST"], safe="")
        environment["DATABASE_URL"] = (
            f"postgresql://{of['USER']}:{quote(of['PASSWORD'])}@{host}:{of['PORT']}/{of['NAME']}"
        )
    return environment


def _run(repository: Path, home: Path, script: str, *arguments: int) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, f"tests/faults/{script}", *map(str, arguments)],
        cwd=repository,
        env=_environment(home),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""  # nobody saw "database is locked", or anything else
    return json.loads(ran.stdout)


@pytest.mark.django_db(transaction=True)
def test_killed_workers_and_repeated_deliveries_leave_one_effect_each(
    tmp_path: Path, repository: Path
) -> None:
    became = _run(repository, tmp_path, "queue_world.py", JOBS, WORKERS, SEED)
    assert became["database"] == connection.vendor
    assert (became["jobs"], became["done"], became["effects"], became["doubled"]) == (
        JOBS, JOBS, JOBS, 0,
    )  # fmt: skip
    assert became["ends"].pop("killed") > 0
    assert set(became["ends"]) == {"finished"}


@pytest.mark.django_db(transaction=True)
def test_progress_shows_while_a_job_runs_and_a_signal_lets_it_finish(
    tmp_path: Path, repository: Path
) -> None:
    became = _run(repository, tmp_path, "worker_world.py")
    assert became["seen"]["testing.slow"] == ["running", 3, 7, "rows"]
    assert became["seen"]["testing.locked"][0] == "running"  # its end shows with its effect
    assert became["ended"] == {
        "testing.slow": "done",
        "testing.locked": "done",
        "testing.never": "queued",
    }
    assert not became["took_long"]
