"""The operational database as one file, and back, without stopping who uses it.

SQLite is copied with its own online backup, PostgreSQL with pg_dump. Passwords go to PostgreSQL's
tools by the environment: a command line can be read by everybody on the machine.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from dj_database_url import parse


class ToolFailed(Exception):
    """Say that one of PostgreSQL's own tools is missing or gave up."""


def copy_database(scratch: Path) -> Path:
    """Copy the database as it is at this moment into one file.

    Raises: ToolFailed.
    """
    from django.conf import settings  # after Django has started

    database = settings.DATABASES["default"]
    copy = scratch / "database"
    if database["ENGINE"].endswith("sqlite3"):
        source, target = sqlite3.connect(database["NAME"]), sqlite3.connect(copy)
        with closing(source), closing(target):
            source.backup(target)
        return copy
    _run("pg_dump", ["--format=custom", "--no-owner", "--file", str(copy)], database)
    return copy


def load_dump(dump: Path, url: str) -> None:
    """Put a dump into the empty PostgreSQL database at `url`, whole or not at all.

    Raises: ToolFailed.
    """
    options = ["--exit-on-error", "--single-transaction", "--no-owner"]
    database = dict(parse(url))
    _run("pg_restore", [*options, "--dbname", str(database["NAME"]), str(dump)], database)


def is_sqlite(path: Path) -> bool:
    """Tell whether a copy is a SQLite database, by its first bytes."""
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def _run(tool: str, options: list[str], database: dict[str, object]) -> None:
    named = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    given = {name: str(database.get(key) or "") for name, key in named.items()}
    environment = {**os.environ, **{name: value for name, value in given.items() if value}}
    try:
        ended = subprocess.run([tool, *options], env=environment, check=False).returncode
    except FileNotFoundError as error:
        raise ToolFailed(
            f"{tool} is not installed here. Install PostgreSQL's client tools, of the server's "
            "version or later."
        ) from error
    if ended:
        raise ToolFailed(f"{tool} gave up (exit status {ended}). See what it says above.")
