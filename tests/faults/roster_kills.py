"""Load a roster as the command does in children of one warm process, and kill each at a write.

    python roster_kills.py BUNDLE POINTS

Counts the writes of one load, then kills a load at each of POINTS writes spread over all of them.
Prints how many kills left the old state and how many the new; ends with an error for any other.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from kills import child, ended, whole  # sets Django up

from django.core.management import call_command  # isort: skip
from django.db import connections  # isort: skip

from rollbook.audit.models import AuditEntry
from rollbook.changes.models import ChangePlan
from rollbook.cli.main import main
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.people.models import Enrollment, SchoolEnrollment, Student

BUNDLE, POINTS = Path(sys.argv[1]), int(sys.argv[2])
HOME = Path(os.environ["ROLLBOOK_HOME"])
FRESH = HOME.with_name("fresh")
CALLS = ("pwrite64", "fdatasync")


def load() -> None:
    try:
        main(["roster", "load", str(BUNDLE), "--commit", "--format", "json"])
    except SystemExit as error:
        assert error.code in (0, None), error.code


def state() -> tuple[int, ...]:
    """Read everything that a load writes and a reader sees."""
    tables = Student, SchoolEnrollment, Enrollment, Organization, OrganizationLink
    committed = ChangePlan.objects.filter(status="committed").count()
    audited = AuditEntry.objects.filter(action="changes.commit").count()
    return (*(table.objects.count() for table in tables), committed, audited)


def make_fresh() -> None:
    """Put back the installation into which nothing was loaded."""
    connections.close_all()  # they would go on reading the files of before
    shutil.rmtree(HOME)
    shutil.copytree(FRESH, HOME)


def traced(call: str, *options: str) -> int:
    """Load in a child under strace, which sees the thread that speaks to the database."""
    pid = child(load, waits=True)
    os.waitpid(pid, os.WUNTRACED)
    command = ["strace", "-qq", "-e", f"trace={call}", *options, "-p", str(pid)]
    tracer = subprocess.Popen(command)
    while f"TracerPid:\t{tracer.pid}\n" not in Path(f"/proc/{pid}/status").read_text():
        time.sleep(0.001)
    os.kill(pid, signal.SIGCONT)
    code = ended(pid)
    tracer.wait()
    return code


def kills(call: str, points: int) -> dict[str, int]:
    """Kill a load at points spread over all its calls; say what each kill left."""
    make_fresh()
    old, log = state(), HOME.with_name("calls")
    assert traced(call, "-o", str(log)) == 0
    new, calls = state(), len(log.read_text().splitlines())
    seen = {"old": 0, "new": 0}
    for point in sorted({1 + calls * n // points for n in range(points)}):
        make_fresh()
        inject = f"inject={call}:signal=SIGKILL:when={point}"
        code = traced(call, "-o", "/dev/null", "-e", inject)
        assert code in (0, -signal.SIGKILL), code
        left = state()
        assert whole()
        assert left in (old, new), (call, point, old, left, new)
        assert ended(child(load)) == 0
        assert (state(), whole()) == (new, True), (call, point, "after loading again")
        seen["old" if left == old else "new"] += 1
    return seen


if __name__ == "__main__":
    assert ended(child(lambda: call_command("migrate", verbosity=0))) == 0
    (HOME / "secret_key").write_text("a key for this test alone")
    shutil.copytree(HOME, FRESH)
    print(json.dumps({call: kills(call, POINTS) for call in CALLS}))
