"""One worker with a real database file: progress is seen, and a signal lets the job at hand finish.

    python tests/faults/worker_world.py

Prints what a reader beside the worker saw, as JSON. The database is the one the environment names.
"""

from __future__ import annotations

import json
import os
import signal
import time
from threading import Event, Thread
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from rollbook.jobs import heartbeat  # noqa: E402
from rollbook.jobs.actions import enqueue, run_worker  # noqa: E402
from rollbook.jobs.models import Job  # noqa: E402
from rollbook.jobs.types import JobContext, job  # noqa: E402
from rollbook.shared.actor import Actor  # noqa: E402

heartbeat.LOOKS_EVERY_SECONDS = 0.05
seen: dict[str, Any] = {}


def look(name: str) -> None:
    """Note the progress that somebody beside the worker sees."""

    def see() -> None:
        found = Job.objects.get(name=name)
        seen[name] = [found.status, found.progress_done, found.progress_total, found.progress_says]
        connection.close()

    reader = Thread(target=see)
    reader.start()
    reader.join()


@job(name="testing.slow", scope_rule="tests")
def slow(context: JobContext) -> None:
    """Say how far it is, and look from outside until that shows."""
    context.progress(3, 7, "rows")
    ends = time.monotonic() + 20
    while time.monotonic() < ends and seen.get("testing.slow", [0, 0])[1] != 3:
        time.sleep(0.05)
        look("testing.slow")


@job(name="testing.locked", scope_rule="tests", in_transaction=True)
def locked(context: JobContext) -> None:
    """Hold the write lock while there is progress to write; be told to stop meanwhile."""
    Job.objects.filter(name="testing.slow").update(progress_says="touched")
    context.progress(1, 1, "held")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.7)
    look("testing.locked")


@job(name="testing.never", scope_rule="tests")
def never(context: JobContext) -> None:
    """Be left for the next worker."""


def main() -> None:
    call_command("migrate", verbosity=0)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    for name in ("testing.slow", "testing.locked", "testing.never"):
        enqueue(name, by=Actor.command("test"), now=timezone.now())
    started = time.monotonic()
    run_worker(stop, poll_seconds=0.05)
    ended = {found.name: found.status for found in Job.objects.all()}
    took_long = time.monotonic() - started > 25
    print(json.dumps({"seen": seen, "ended": ended, "took_long": took_long}))


if __name__ == "__main__":
    main()
