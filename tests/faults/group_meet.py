"""Let several workers check files of the same groups, and write files of a class, at once.

    python group_meet.py WORKERS

Prints what became of it as JSON. The database is the one that the environment names.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from kills import child, ended, whole  # sets Django up

from django.core.management import call_command  # isort: skip
from django.utils import timezone  # isort: skip

from group_kills import FIRST, SECOND, send

from rollbook.extracts.actions.files import ask_for_files
from rollbook.extracts.models import BlockPlace, ExtractFile
from rollbook.extracts.types import ProfileKind
from rollbook.groups.models import GroupEvent, GroupImport, StudentGroup
from rollbook.groups.queries.papers import kept_differences
from rollbook.jobs.actions import run_until_empty
from rollbook.jobs.models import Job
from tests.factories.accounts import BY, EVERYTHING
from tests.factories.profiles import five_rosters

HOME = Path(os.environ["ROLLBOOK_HOME"])
ROUNDS = 4


def ask() -> None:
    rosters = five_rosters()
    rosters.join(ProfileKind.SECONDARY_CLASSES, *range(3, 210))
    profile = rosters.profiles[ProfileKind.SECONDARY_CLASSES]
    for number in range(ROUNDS):
        send(*FIRST, f"Only {number},0101,2027,All,,pat@example.org")
        send(*SECOND, f"Only {number},0101,2027,All,,kim@example.org")
        ask_for_files(EVERYTHING, [profile], is_consolidated=True, by=BY, now=timezone.now())


def work() -> None:
    # Who was in the way of others comes back later than a test waits: the queue's clock goes ahead.
    for hours in (0, 0, 1, 2, 3):
        run_until_empty(str(os.getpid()), now=timezone.now() + timedelta(hours=hours))


def became() -> dict[str, object]:
    imports = GroupImport.objects.all()
    of_a = StudentGroup.objects.get(name="A", origin="file")
    return {
        "jobs": dict(Counter(Job.objects.values_list("status", flat=True))),
        "imports": dict(Counter(imports.values_list("status", flat=True))),
        # What each import says of itself fits what its papers say.
        "told": sorted({(i.message, len(kept_differences(i)) > 0) for i in imports}),
        "without changes": sum(
            all(each.action == "unchanged" for each in kept_differences(i))
            for i in imports.filter(status=1)
        ),
        "a": [of_a.subject, sorted(of_a.members.values_list("student__ssid", flat=True))],
        "groups": StudentGroup.objects.filter(origin="file").count(),
        "created": GroupEvent.objects.filter(kind="created").count(),
        "bytes": ExtractFile.objects.values("sha256").distinct().count(),
        "files": ExtractFile.objects.count(),
        "places": BlockPlace.objects.count(),
        "whole": whole(),
    }


if __name__ == "__main__":
    assert ended(child(lambda: call_command("migrate", verbosity=0))) == 0
    (HOME / "secret_key").write_text("a key for this test alone")
    assert ended(child(ask)) == 0
    workers = [child(work) for _ in range(int(sys.argv[1]))]
    assert [ended(worker) for worker in workers] == [0] * len(workers)
    answer = HOME.with_name("became")
    assert ended(child(lambda: answer.write_text(json.dumps(became())))) == 0
    print(answer.read_text())
