"""Measure group files from the database to the bytes on the disk.

    python bench/_extract_files.py [students]

Uses DATABASE_URL, or SQLite in a temporary folder. A district of 300 schools: each student takes
six classes, so 200,000 students make 1.2 million enrollments. Fifty profiles, each for schools of
its own, written into one file. The floor is the same rows written as CSV by Polars, with nothing
else done. The database is filled within one transaction, which takes a few times as long.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

os.environ.setdefault("ROLLBOOK_HOME", tempfile.mkdtemp(prefix="rollbook-bench-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.core.management import call_command

from rollbook.extracts.actions.files import make_files
from rollbook.extracts.actions.profiles import save_profile
from rollbook.extracts.plan.writing import rows_of
from rollbook.extracts.queries.files import file_path, found_file
from rollbook.extracts.queries.profiles import as_asked, profiles_asked
from rollbook.extracts.queries.reading import extract_data
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope
from tests.factories.extracts import large_district, settings_for

ON = date(2026, 9, 15)
NOW = datetime(2026, 9, 15, 18, tzinfo=UTC)
BY = Actor.command("bench")
SCOPE = Scope.of_installation("bench", on=ON)
PROFILES = 50


def timed(says: str, work: Callable[[], object]) -> None:
    """Print how long a piece of work takes, the best of three."""
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    print(f"{says:<44}{best:>8.2f} s", flush=True)


def main() -> None:
    """Fill a database, then read, extract and write."""
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    call_command("migrate", verbosity=0)
    district, schools = large_district(students=students)
    each = len(schools) // PROFILES
    profiles = [
        save_profile(
            SCOPE,
            organization_uuid=district.uuid,
            name=f"Profile {n}",
            settings=settings_for(*schools[n * each : (n + 1) * each]),
            is_shared=True,
            in_schedule=False,
            by=BY,
            now=NOW,
        )
        for n in range(PROFILES)
    ]
    asked = as_asked(profiles_asked(SCOPE, profiles))
    print(f"{students:,} students, {PROFILES} profiles")
    timed("read what profiles choose from", lambda: extract_data(SCOPE, asked, on=ON))
    timed(
        "read, extract, write and keep one file",
        lambda: make_files(SCOPE, profiles, is_consolidated=True, by=BY, now=NOW),
    )
    (made,) = make_files(SCOPE, profiles, is_consolidated=True, by=BY, now=NOW)
    rows = rows_of(file_path(found_file(SCOPE, made)).read_bytes())
    timed(f"floor: Polars writes {rows.height:,} rows", lambda: rows.write_csv(io.BytesIO()))


if __name__ == "__main__":
    main()
