# ruff: noqa: E402 (Django starts before anything that needs it is imported)
"""Commit small plans in children of one warm process, and kill each child at its k-th call.

    python kills.py CALL [CALL ...]

Prints, for each system call, how many times a commit was killed at it before one survived. Ends
with an error where a kill left anything but the old state or the new. strace counts the calls.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import django

django.setup()

import polars as pl
from django.core.management import call_command
from django.db import connection, connections

from rollbook.audit.models import AuditEntry
from rollbook.changes.actions import commit_plan, propose_plan, reserve_ids
from rollbook.changes.models import ChangePlan, StateVersion
from rollbook.changes.types import TableChanges
from rollbook.orgs.models import Organization
from rollbook.people.layouts import STAFF, STAFF_ASSIGNMENTS
from rollbook.people.models import Staff, StaffAssignment
from rollbook.shared.actor import Actor

NOW = datetime(2026, 8, 10, 8, 0, tzinfo=UTC)
BY = Actor.command("faults")
MOST = 400


def propose() -> None:
    """Plan one edited record and three new ones that refer to each other."""
    district = Organization.objects.create(kind="district", name="Poplar Unified")
    known = Staff.objects.create(district=district, first_name="old")
    first = reserve_ids(STAFF, 3, by=BY, now=NOW)
    place = reserve_ids(STAFF_ASSIGNMENTS, 3, by=BY, now=NOW)
    people = pl.DataFrame(
        {
            "id": [known.pk, first, first + 1, first + 2],
            "action": ["update", "add", "add", "add"],
            "before.first_name": ["old", None, None, None],
            "after.first_name": ["new", "a", "b", "c"],
            "after.district_id": [None, *[district.pk] * 3],
            "after.is_active": [None, True, True, True],
        }
    )
    places = pl.DataFrame(
        {
            "id": range(place, place + 3),
            "action": "add",
            "after.staff_id": range(first, first + 3),
            "after.organization_id": district.pk,
            "after.role": "teacher",
            "after.is_primary": True,
            "after.is_active": True,
        }
    )
    changes = [TableChanges(STAFF, people), TableChanges(STAFF_ASSIGNMENTS, places)]
    propose_plan(
        title="t", kind="k", changes=changes, areas=["a"], organization_id=None, by=BY, now=NOW
    )


def commit() -> None:
    plan = ChangePlan.objects.latest("id")
    commit_plan(UUID(str(plan.uuid)), digest=plan.digest, by=BY, now=NOW)


def state() -> tuple[object, ...]:
    """Read everything that a commit writes."""
    return (
        Staff.objects.filter(first_name="new").count(),
        Staff.objects.filter(first_name__in="abc").count(),
        StaffAssignment.objects.count(),
        ChangePlan.objects.filter(status="committed").count(),
        sum(StateVersion.objects.values_list("version", flat=True)),
        AuditEntry.objects.filter(action="changes.commit").count(),
    )


def whole() -> bool:
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        sound = cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sound and not cursor.execute("PRAGMA foreign_key_check").fetchall()


def child(work: Callable[[], None], *, waits: bool = False) -> int:
    """Fork a child that does the work. Only children use Polars: its threads survive no fork."""
    connections.close_all()
    if pid := os.fork():
        return pid
    try:
        if waits:
            os.kill(os.getpid(), signal.SIGSTOP)
        work()
        connections.close_all()
        os._exit(0)
    except BaseException as error:
        os.write(2, repr(error).encode())
        os._exit(1)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(call: str, turn: int) -> bool:
    """Commit, and kill the child at this turn of the call; tell whether it came to that."""
    pid = child(commit, waits=True)
    os.waitpid(pid, os.WUNTRACED)
    inject = f"inject={call}:signal=SIGKILL:when={turn}"
    tracer = subprocess.Popen(
        ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject, "-p", str(pid)]
    )
    status = Path(f"/proc/{pid}/status")
    while f"TracerPid:\t{tracer.pid}\n" not in status.read_text():
        time.sleep(0.001)
    os.kill(pid, signal.SIGCONT)
    code = ended(pid)
    tracer.wait()
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def kills(call: str) -> dict[str, int]:
    seen = {"old": 0, "new": 0}
    for turn in range(1, MOST):
        assert ended(child(propose)) == 0
        old = state()
        new = tuple(a + b for a, b in zip(old, (1, 3, 3, 1, 1, 1), strict=True))
        killed = killed_at(call, turn)
        left = state()
        assert whole()
        assert left in ((old, new) if killed else (new,)), (call, turn, old, left)
        assert ended(child(commit)) == 0
        assert state() == new, (call, turn, "after committing again")
        if not killed:
            return seen
        seen["old" if left == old else "new"] += 1
    raise AssertionError(f"still killed after {MOST} turns of {call}")


if __name__ == "__main__":
    prepared = child(lambda: call_command("migrate", verbosity=0))
    assert ended(prepared) == 0
    print(json.dumps({call: kills(call) for call in sys.argv[1:]}))
