"""Each job is delivered one to five times and its workers are killed: its effect happens once."""

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

JOBS, WORKERS, SEED = 150, 10, 20261122


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


@pytest.mark.django_db(transaction=True)
def test_killed_workers_and_repeated_deliveries_leave_one_effect_each(
    tmp_path: Path, repository: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "tests/faults/queue_world.py", *map(str, (JOBS, WORKERS, SEED))],
        cwd=repository,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""  # nobody saw "database is locked", or anything else
    became: dict[str, Any] = json.loads(ran.stdout)
    assert became["database"] == connection.vendor
    assert (became["jobs"], became["done"], became["effects"], became["doubled"]) == (
        JOBS, JOBS, JOBS, 0,
    )  # fmt: skip
    assert became["ends"].pop("killed") > 0
    assert set(became["ends"]) == {"finished"}
