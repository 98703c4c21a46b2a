"""A queue under fire: workers that are killed between effect and acknowledgement.

    python tests/faults/queue_world.py JOBS WORKERS SEED

Queues each job one to five times from several processes at once, runs the workers, kills them at
random after the effect is written and before it is acknowledged, puts new ones in their place, and
prints what became of it as JSON. The database is the one that the environment names.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from rollbook.access.models import Account  # noqa: E402
from rollbook.jobs.actions import enqueue, run_next, work  # noqa: E402
from rollbook.jobs.models import Job  # noqa: E402
from rollbook.jobs.types import JobContext, job  # noqa: E402
from rollbook.messages.models import Message  # noqa: E402
from rollbook.shared.actor import Actor  # noqa: E402

KILLED_SHARE = 0.1
work.LEASE = timedelta(seconds=1)  # so that lost jobs come back while somebody watches
ACCOUNT = 1
TOUCHED = "killed"


@job(name="testing.effect", scope_rule="tests", in_transaction=True, attempt_limit=1000)
def effect(context: JobContext) -> dict[str, Any]:
    """Write one row; now and then be killed before it is acknowledged."""
    Message.objects.create(
        account_id=ACCOUNT, kind="effect", title=str(context.arguments["number"]),
        created_at=context.now,
    )  # fmt: skip
    if random.random() < KILLED_SHARE:
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


def fork(run: Any) -> int:
    connections.close_all()
    child = os.fork()
    if child:
        return child
    try:
        random.seed()
        os._exit(run())
    except DatabaseError as error:
        print(f"somebody saw: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def queue(numbers: list[int]) -> int:
    for number in numbers:
        enqueue(
            "testing.effect", arguments={"number": number}, dedupe_key=str(number),
            by=Actor.command("test"), now=timezone.now(),
        )  # fmt: skip
    return 0


def serve() -> int:
    name = f"worker {os.getpid()}"
    while Job.objects.filter(status__in=["queued", "running"]).exists():
        if run_next(name, now=timezone.now()) is None:
            time.sleep(0.05)
    return 0


def main(job_count: int, worker_count: int, seed: int) -> None:
    chance = random.Random(seed)
    call_command("migrate", verbosity=0)
    Account.objects.create(pk=ACCOUNT, email="effect@example.org")
    asked = [number for number in range(job_count) for _ in range(chance.randint(1, 5))]
    chance.shuffle(asked)
    ends: Counter[str] = Counter()
    senders = [fork(lambda part=part: queue(asked[part::3])) for part in range(3)]
    living = {fork(serve) for _ in range(worker_count)}
    ends.update(_wait(pid) for pid in senders)
    started = time.monotonic()
    while living and time.monotonic() - started < 300:
        pid, status = os.wait()
        living.discard(pid)
        end = _end(status)
        ends[end] += 1
        if end == TOUCHED or Job.objects.filter(status__in=["queued", "running"]).exists():
            living.add(fork(serve))
    effects = Counter(Message.objects.values_list("title", flat=True))
    print(json.dumps({
        "database": connection.vendor,
        "jobs": Job.objects.count(),
        "done": Job.objects.filter(status="done").count(),
        "effects": sum(effects.values()),
        "doubled": sum(count > 1 for count in effects.values()),
        "ends": dict(ends),
        "seconds": round(time.monotonic() - started, 1),
    }))  # fmt: skip


def _wait(pid: int) -> str:
    return _end(os.waitpid(pid, 0)[1])


def _end(status: int) -> str:
    if os.WIFSIGNALED(status):
        return TOUCHED if os.WTERMSIG(status) == signal.SIGKILL else "crashed"
    return "finished" if os.WEXITSTATUS(status) == 0 else "failed"


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
