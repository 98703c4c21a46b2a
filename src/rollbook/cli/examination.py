"""What `rollbook doctor` asks, and how the answers are found."""

from __future__ import annotations

import platform
import shutil
import socket
import sqlite3
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal
from urllib.parse import urlparse
from zoneinfo import available_timezones

from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from rollbook.audit.queries import verify_chain
from rollbook.jobs.queries import queue_health
from rollbook.results.layouts import LAKE_TABLES
from rollbook.results.queries.store import lake
from rollbook.shared.scope import Scope

State = Literal["ok", "warning", "broken"]
# A roster of a large district, its plan, and the lake's next version need about this much together.
LEAST_FREE_BYTES = 5 * 1024**3
LONGEST_WAIT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold one answer of the doctor."""

    asks: str
    state: State
    says: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the answer as plain values."""
        return asdict(self)


def examine(scope: Scope, *, now: datetime) -> list[Answer]:
    """Ask everything a support person would ask; a question that fails is an answer too."""
    questions: tuple[tuple[str, Callable[[Scope, datetime], Iterator[Answer]]], ...] = (
        ("Versions", _versions),
        ("Home folder", _home),
        ("Disk space", _disk),
        ("Database", _database),
        ("Tables", _tables),
        ("Lake", _lake),
        ("Queue", _queue),
        ("Audit log", _audit),
        ("Mail", _mail),
        ("Settings", _settings),
    )
    answers: list[Answer] = []
    for asks, question in questions:
        try:
            answers.extend(question(scope, now))
        except Exception as error:  # a doctor that stops at the first trouble helps nobody
            answers.append(
                Answer(asks, "broken", f"the question itself failed: {type(error).__name__}")
            )
    return answers


def _versions(scope: Scope, now: datetime) -> Iterator[Answer]:
    parts = ", ".join(
        f"{name} {version(name)}"
        for name in ("rollbook", "django", "polars", "duckdb", "deltalake")
    )
    yield Answer(
        "Versions",
        "ok",
        f"Python {platform.python_version()} on {sys.platform}, {parts}, {ssl.OPENSSL_VERSION}",
    )
    found = settings.TIME_ZONE in available_timezones()
    yield Answer(
        "Time zone",
        "ok" if found else "broken",
        f"{settings.TIME_ZONE}; it is {now:%Y-%m-%d %H:%M} UTC",
        "" if found else "Set ROLLBOOK_TIME_ZONE to a name such as America/Los_Angeles.",
    )


def _home(scope: Scope, now: datetime) -> Iterator[Answer]:
    probe = settings.HOME / "run" / "doctor.probe"
    probe.parent.mkdir(parents=True, exist_ok=True)
    probe.write_text("probe")
    probe.unlink()
    key = settings.HOME / "secret_key"
    open_to_others = key.exists() and key.stat().st_mode & 0o077
    yield Answer("Home folder", "ok", f"{settings.HOME} can be written")
    yield Answer(
        "Signing key",
        "warning" if open_to_others else "ok",
        "others on this machine can read it" if open_to_others else "only this user can read it",
        f"Run: chmod 600 {key}" if open_to_others else "",
    )


def _disk(scope: Scope, now: datetime) -> Iterator[Answer]:
    free = shutil.disk_usage(settings.HOME).free
    low = free < LEAST_FREE_BYTES
    yield Answer(
        "Disk space",
        "warning" if low else "ok",
        f"{free / 1024**3:,.1f} GiB free",
        "Free at least 5 GiB: a commit that runs out of space is undone, and waits." if low else "",
    )


def _database(scope: Scope, now: datetime) -> Iterator[Answer]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            modes = {}
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
                cursor.execute(f"PRAGMA {pragma}")
                modes[pragma] = str(cursor.fetchone()[0])
            right = (
                modes["journal_mode"] == "wal"
                and modes["synchronous"] == "2"
                and modes["foreign_keys"] == "1"
            )
            yield Answer(
                "Database", "ok" if right else "broken", f"SQLite {sqlite3.sqlite_version}, {modes}"
            )
            cursor.execute("PRAGMA quick_check")
            check = str(cursor.fetchone()[0])
            yield Answer(
                "Database file",
                "ok" if check == "ok" else "broken",
                check,
                "" if check == "ok" else "Stop Rollbook and restore the latest backup.",
            )
        else:
            cursor.execute("select version()")
            yield Answer("Database", "ok", str(cursor.fetchone()[0]).split(" on ")[0])


def _tables(scope: Scope, now: datetime) -> Iterator[Answer]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    yield Answer(
        "Tables",
        "broken" if waiting else "ok",
        f"{len(waiting)} migrations wait" if waiting else "as this version needs them",
        "Run `rollbook migrate`." if waiting else "",
    )


def _lake(scope: Scope, now: datetime) -> Iterator[Answer]:
    missing: list[str] = []
    parts: list[str] = []
    for table in LAKE_TABLES:
        parts.append(
            f"{table.name} {lake().row_count(table):,} rows at version {lake().version(table)}"
        )
        missing += [file.path.name for file in lake().files(table) if not file.path.exists()]
    yield Answer(
        "Lake",
        "broken" if missing else "ok",
        "; ".join(parts),
        f"{len(missing)} files are missing: restore the latest backup." if missing else "",
    )


def _queue(scope: Scope, now: datetime) -> Iterator[Answer]:
    health = queue_health(scope, now=now)
    failed = health.counts.get("failed", 0)
    troubles = [
        f"{failed} jobs failed" if failed else "",
        f"{health.lost_count} lost their worker" if health.lost_count else "",
        f"{health.late_schedule_count} schedules are late" if health.late_schedule_count else "",
        f"the oldest job has waited {health.oldest_wait_seconds / 60:.0f} minutes"
        if health.oldest_wait_seconds > LONGEST_WAIT_SECONDS
        else "",
    ]
    says = ", ".join(trouble for trouble in troubles if trouble)
    yield Answer(
        "Queue",
        "warning" if says else "ok",
        says or f"{health.due_count} jobs are due",
        "Start a worker (`rollbook worker`) and look at the failed jobs." if says else "",
    )


def _audit(scope: Scope, now: datetime) -> Iterator[Answer]:
    breaks = verify_chain(scope)
    yield Answer(
        "Audit log",
        "broken" if breaks else "ok",
        f"the chain is broken in {len(breaks)} places" if breaks else "the chain is whole",
        "Keep a copy of the database as it is and tell whoever answers for security."
        if breaks
        else "",
    )


def _mail(scope: Scope, now: datetime) -> Iterator[Answer]:
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        socket.create_connection((settings.EMAIL_HOST, settings.EMAIL_PORT), timeout=3).close()
    except OSError:
        yield Answer(
            "Mail",
            "warning",
            f"no server answers at {place}",
            "Set ROLLBOOK_SMTP_HOST and ROLLBOOK_SMTP_PORT.",
        )
    else:
        yield Answer("Mail", "ok", f"a server answers at {place}")


def _settings(scope: Scope, now: datetime) -> Iterator[Answer]:
    host = urlparse(settings.BASE_URL).hostname or ""
    public = host not in {"localhost", "127.0.0.1", "::1"}
    if public and not settings.BASE_URL.startswith("https://"):
        yield Answer(
            "Settings",
            "broken",
            "pages of a public host are not encrypted",
            "Set ROLLBOOK_BASE_URL to the https:// address.",
        )
    if public and settings.DEBUG:
        yield Answer(
            "Settings", "broken", "ROLLBOOK_DEBUG is on", "Unset it: error pages would show data."
        )
    if public and settings.SANDBOX:
        yield Answer(
            "Sandbox",
            "broken",
            "anybody may enter as any role",
            "Unset ROLLBOOK_SANDBOX where real students are.",
        )
    warnings = [str(check.id) for check in run_checks(include_deployment_checks=public)]
    yield Answer(
        "Settings",
        "warning" if warnings else "ok",
        f"Django warns: {', '.join(warnings)}" if warnings else "nothing to say",
    )
