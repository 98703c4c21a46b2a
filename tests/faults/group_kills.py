"""Check a group file, or write group files, by the queue, and kill the worker after each step.

    python group_kills.py import|files

Kills a run after each step, the first time and the latest time that it is taken. After each kill a
later worker finishes the job. Prints how many kills left the old state and how many the new; ends
with an error for any other. The environment names the database; on PostgreSQL it is made again from
a copy called `<its name>_fresh`, which this script makes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from kills import child, ended, whole  # sets Django up

from django.core.management import call_command  # isort: skip
from django.db import connection, connections  # isort: skip
from django.utils import timezone  # isort: skip

import psycopg

from rollbook.audit.models import AuditEntry
from rollbook.changes.models import ChangePlan
from rollbook.extracts.actions.files import ask_for_files
from rollbook.extracts.models import BlockPlace, ExtractFile
from rollbook.extracts.queries.files import file_path, groups_path, left_out_path
from rollbook.extracts.types import ProfileKind
from rollbook.groups.actions.imports import receive_import
from rollbook.groups.models import GroupEvent, GroupImport, StudentGroup
from rollbook.groups.types import ImportOrigin
from rollbook.jobs.actions import run_until_empty
from rollbook.jobs.models import Job
from tests.factories.accounts import BY, EVERYTHING
from tests.factories.group_files import bytes_of
from tests.factories.profiles import five_rosters

HOME = Path(os.environ["ROLLBOOK_HOME"])
FRESH = HOME.with_name("fresh")
LATER = timedelta(hours=2)  # a killed worker's lease is over by then
FIRST = ("A,0101,2027,ELA,1000000001,pat@example.org", "B,0101,2027,All,1000000002,")
# One group new, one with another subject and other people, one as it was.
SECOND = (
    "A,0101,2027,Math,1000000002,kim@example.org",
    "B,0101,2027,All,1000000002,",
    *(f"C,0101,2027,All,10000{number:05},lee@example.org" for number in range(1, 31)),
)


def send(*rows: str) -> None:
    receive_import(
        EVERYTHING,
        bytes_of(*rows),
        file_name="groups.csv",
        content_type="text/csv",
        origin=ImportOrigin.API,
        is_strict=True,
        by=BY,
        now=timezone.now(),
    )


def ask_for_import() -> None:
    """Have one file in already, and another waiting in the queue."""
    rosters = five_rosters()
    rosters.join(ProfileKind.SECONDARY_CLASSES, *range(3, 31))
    send(*FIRST)
    run_until_empty(now=timezone.now())
    send(*SECOND)


def ask_for_five_files() -> None:
    """Ask for a file of each kind, one of them with more students than a group may have."""
    rosters = five_rosters()
    rosters.join(ProfileKind.SECONDARY_CLASSES, *range(3, 210))
    profiles = [rosters.profiles[kind] for kind in ProfileKind]
    ask_for_files(EVERYTHING, profiles, is_consolidated=False, by=BY, now=timezone.now())


def work() -> None:
    run_until_empty("killed", now=timezone.now())


def finish() -> None:
    run_until_empty("later", now=timezone.now() + LATER)


def groups() -> tuple[object, ...]:
    """Read everything that an import writes and a reader sees."""
    return (
        sorted(
            (
                group.name,
                group.subject,
                group.is_active,
                tuple(sorted(group.members.values_list("student__ssid", flat=True))),
                tuple(sorted(group.users.values_list("login", flat=True))),
            )
            for group in StudentGroup.objects.filter(origin="file")
        ),
        sorted(GroupEvent.objects.values_list("group__name", "kind", "login")),
        sorted(GroupImport.objects.values_list("status", "message", "plan__status")),
        ChangePlan.objects.count(),
        AuditEntry.objects.filter(action="changes.commit").count(),
    )


def files() -> tuple[object, ...]:
    """Read everything that a run of profiles keeps, the bytes too."""
    return (
        sorted((file.sha256, *_kept(file)) for file in ExtractFile.objects.all()),
        sorted(BlockPlace.objects.values_list("base", "student__ssid", "block")),
        AuditEntry.objects.filter(action="make_extract_file").count(),
    )


def _kept(file: ExtractFile) -> tuple[bool, ...]:
    content = file_path(file).read_bytes()
    is_whole = hashlib.sha256(content).hexdigest() == file.sha256
    return is_whole, groups_path(file).exists(), left_out_path(file).exists()


def is_done() -> bool:
    return not Job.objects.exclude(status="done").exists()


def on_server(*statements: str) -> None:
    name = connection.settings_dict
    with psycopg.connect(
        host=name["HOST"], user=name["USER"], dbname="postgres", autocommit=True
    ) as server:
        for statement in statements:
            server.execute(statement)


def keep_fresh() -> None:
    """Keep a copy of the installation as it is."""
    connections.close_all()
    shutil.rmtree(FRESH, ignore_errors=True)
    shutil.copytree(HOME, FRESH)
    if connection.vendor == "postgresql":
        name = connection.settings_dict["NAME"]
        on_server(
            f"DROP DATABASE IF EXISTS {name}_fresh", f"CREATE DATABASE {name}_fresh TEMPLATE {name}"
        )


def make_fresh() -> None:
    """Put that copy back."""
    connections.close_all()  # they would go on reading the files of before
    shutil.rmtree(HOME)
    shutil.copytree(FRESH, HOME)
    if connection.vendor == "postgresql":
        name = connection.settings_dict["NAME"]
        on_server(
            f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {name}_fresh"
        )


def step_of(name: str) -> tuple[Any, str, Callable[..., Any]]:
    module, _, step = name.rpartition(".")
    place = import_module(f"rollbook.{module}")
    return place, step, getattr(place, step)


def count_steps(steps: Sequence[str]) -> None:
    """Work, and write down how often each step was taken."""
    taken: Counter[str] = Counter()
    for name in steps:
        place, step, real = step_of(name)

        def counted(*a: Any, name: str = name, real: Callable[..., Any] = real, **more: Any) -> Any:
            taken[name] += 1
            return real(*a, **more)

        setattr(place, step, counted)
    work()
    HOME.with_name("taken").write_text(json.dumps(taken))


def work_until(name: str, turn: int) -> None:
    """Work, and be killed after this turn of a step."""
    place, step, real = step_of(name)
    left = iter(range(turn - 1, -1, -1))

    def killed(*arguments: Any, **more: Any) -> Any:
        outcome = real(*arguments, **more)
        if not next(left):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    setattr(place, step, killed)
    work()


def kills(steps: Sequence[str], state: Callable[[], object]) -> dict[str, int]:
    """Kill the work after each step; say what the kills left."""
    old = state()
    assert ended(child(lambda: count_steps(steps))) == 0
    new, taken = state(), json.loads(HOME.with_name("taken").read_text())
    assert (new != old, is_done(), set(taken)) == (True, True, set(steps))
    seen = {"old": 0, "new": 0}
    for name in steps:
        for turn in sorted({1, taken[name]}):
            make_fresh()
            at = (name, turn)
            assert ended(child(partial(work_until, name, turn))) == -signal.SIGKILL, at
            left = state()
            assert whole()
            assert left in (old, new), (at, old, left, new)
            assert ended(child(finish)) == 0
            assert (state(), whole(), is_done()) == (new, True, True), (at, state(), new)
            seen["old" if left == old else "new"] += 1
    return seen


IMPORT = (
    "groups.actions.imports.keep_papers",
    "changes.actions.propose_plan",
    "changes.actions.commit_plan",
    "groups.actions.settling.write_events",
    "groups.actions.imports._settle",
)
FILES = (
    "extracts.actions.files.keep_blocks",
    "extracts.actions.keeping._keep_bytes",
    "extracts.actions.files._kept",
    "extracts.jobs.make",
)
WORKS = {
    "import": (ask_for_import, IMPORT, groups),
    "files": (ask_for_five_files, FILES, files),
}

if __name__ == "__main__":
    asks, steps, state = WORKS[sys.argv[1]]
    assert ended(child(lambda: call_command("migrate", verbosity=0))) == 0
    (HOME / "secret_key").write_text("a key for this test alone")
    assert ended(child(asks)) == 0
    keep_fresh()
    print(json.dumps(kills(steps, state)))
