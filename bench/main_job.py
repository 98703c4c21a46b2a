"""Measure the main job, stage by stage, beside floors measured in the same run.

    python bench/main_job.py [--students N] [--districts N] [--years N]

Makes a state, then checks, plans and commits its roster and publishes its results, as a user would,
and opens the first pages. Uses DATABASE_URL, or SQLite in a temporary folder. Floors: reading the
same bytes with Polars; inserting the same rows with the database's fastest statement and nothing
else; for publishing, Polars reading the files and writing the same rows as Parquet.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

HOME = Path(tempfile.mkdtemp(prefix="rollbook-bench-"))
os.environ["ROLLBOOK_HOME"] = str(HOME)
(HOME / "static").mkdir()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
sys.path.insert(0, str(Path(__file__).parent))

import django

django.setup()

import polars as pl
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from commit_plan import bare, ready
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from rollbook.access.actions import add_account, grant_role
from rollbook.assessments.actions import load_packages
from rollbook.changes.store import read_plan_file
from rollbook.changes.types import TableChanges
from rollbook.cli.first_steps import make_state
from rollbook.generator.generate import write_state
from rollbook.jobs.actions import run_until_empty
from rollbook.orgs.models import Organization
from rollbook.orgs.types import OrganizationRow
from rollbook.people.models import Class, SchoolEnrollment
from rollbook.results.actions.publish import publish_results
from rollbook.results.layouts import LAKE_TABLES, RESULTS
from rollbook.results.queries.store import lake
from rollbook.roster.actions.commit import commit_intake
from rollbook.roster.actions.preflight import preflight_intake
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope

NOW = datetime(2026, 9, 15, 18, tzinfo=UTC)
BY = Actor.command("bench")
EVERYTHING = Scope.of_installation("bench", on=NOW.date())


def timed(what: str, rows: int, work: Callable[[], Any], *, unit: str = "rows") -> Any:
    """Run one stage and print its rate."""
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = f"{rows / seconds:>12,.0f} {unit}/s"
    print(f"{what:<46}{rows:>11,}{seconds:>9.2f} s{rate}{peak:>8,.0f} MB", flush=True)
    return result


def csv_files(path: Path) -> dict[str, bytes]:
    """Read the CSV files of a zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".csv")}


def polars_read(paths: list[Path]) -> list[pl.DataFrame]:
    """Unzip and parse the same bytes, as text, with Polars and nothing else."""
    return [
        pl.read_csv(io.BytesIO(content), infer_schema=False)
        for path in paths
        for content in csv_files(path).values()
    ]


def polars_publish(paths: list[Path]) -> None:
    """Read the files and write what was published once more, as plain Parquet."""
    polars_read(paths)
    for table in LAKE_TABLES:
        lake().scan(table).sink_parquet(HOME / f"{table.name}.parquet")


def rosters(state: Path) -> list[Path]:
    found = sorted((state / "rosters").glob("*.zip"))
    return [path for path in found if not path.stem.endswith("-next")]


def take_in(bundles: list[Path]) -> None:
    """Check, plan and commit each roster, as `rollbook roster load --commit` does."""
    for bundle in bundles:
        rows = sum(frame.height for frame in polars_read([bundle]))
        check = partial(check_file, bundle, profile=Profile.STRICT)
        timed("check, without an installation", rows, check)
        timed("  floor: Polars reads the same bytes", rows, partial(polars_read, [bundle]))
        load = partial(preflight, bundle)
        intake = timed("preflight: keep, check, plan, propose", rows, load)
        assert intake.plan is not None
        digest, changes = intake.plan.digest, read_plan_file(intake.plan).changes
        count = sum(change.frame.height for change in changes)
        commit = partial(commit_intake, EVERYTHING, intake.uuid, digest=digest, by=BY, now=NOW)
        timed("commit", count, commit)
        floor_of_commit(changes, count)
        again = timed("preflight of what is there already", rows, load)
        assert again.status == "unchanged", again.status
    groups = partial(run_until_empty, now=datetime.now(tz=UTC))
    timed("class groups", Class.objects.count(), groups, unit="classes")


def preflight(bundle: Path) -> Any:
    return preflight_intake(
        EVERYTHING, bundle, file_name=bundle.name, profile=Profile.STRICT, by=BY, now=NOW
    )


def floor_of_commit(changes: Sequence[TableChanges], count: int) -> None:
    """Insert the same rows into tables of the same columns, without index or reference."""
    tables = [ready(change) for change in changes]
    with connection.cursor() as cursor:
        for table, _, _ in tables:
            cursor.execute(f"CREATE TABLE bare_{table} AS SELECT * FROM {table} LIMIT 0")
    renamed = [(f"bare_{table}", columns, rows) for table, columns, rows in tables]
    timed("  floor: bare inserts, no index", count, lambda: bare(renamed))
    with connection.cursor() as cursor:
        for table, _, _ in tables:
            cursor.execute(f"DROP TABLE bare_{table}")


def publish(files: list[Path]) -> None:
    rows = sum(frame.height for frame in polars_read(files))
    send = partial(publish_results, EVERYTHING, by=BY, now=NOW)
    timed(
        "publish: check, match, write", rows, lambda: [send([f], file_name=f.name) for f in files]
    )
    timed("  floor: Polars reads, writes Parquet", rows, lambda: polars_publish(files))


def first_pages(state: OrganizationRow) -> None:
    """Open pages as a browser does; a page is one row here."""
    email = "bench@example.org"
    add_account(EVERYTHING, email=email, by=BY, now=NOW)
    account = get_user_model().objects.get(email=email)
    begins = NOW.date() - timedelta(days=1_000)  # whatever day the clock of this machine says
    grant_role(
        EVERYTHING,
        account=account.uuid,
        role="state_admin",
        organization=state.uuid,
        starts_on=begins,
        by=BY,
        now=NOW,
    )
    TOTP.activate(account, generate_totp_secret())
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(account)
    year = lake().scan(RESULTS).select(pl.col("school_year").max() - 1).collect().item()
    school, grade = (
        lake().scan(RESULTS).filter(school_year=year)
        .group_by("school_id", "enrolled_grade").len().sort("len", "school_id").collect()
        .row(-1)[:2]
    )  # fmt: skip
    student = SchoolEnrollment.objects.filter(school_id=school).first()
    assert student is not None
    uuid = Organization.objects.get(pk=school).uuid
    pages = {
        "home": reverse("home", args=[year]),
        "a grade of the largest school": reverse("school_results", args=[year, uuid, grade]),
        "a student's history": reverse("student_results", args=[year, student.student.uuid]),
    }
    for name, address in pages.items():
        for turn in ("first", "again"):
            answer = timed(f"page: {name}, {turn}", 1, partial(client.get, address), unit="pages")
            assert answer.status_code == 200, (address, answer.status_code, answer.headers)


def main(students: int, districts: int, years: int) -> None:
    call_command("migrate", verbosity=0)
    print(f"{connection.vendor}, {students:,} students; peak memory is this process's, so far")
    out = HOME / "state"
    make = partial(
        write_state, out, students=students, districts=districts, seed=1, years=years, xml=0
    )
    timed(f"generate, years of results: {years}", students, make, unit="students")
    state = make_state(EVERYTHING, name="Sample State", by=BY, now=NOW)
    load_packages(EVERYTHING, sorted((out / "assessments").glob("*.csv")), by=BY, now=NOW)
    take_in(rosters(out))
    publish(sorted((out / "results").glob("*.zip")))
    first_pages(state)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=100_000)
    parser.add_argument("--districts", type=int, default=1)
    parser.add_argument("--years", type=int, default=1, help="of results, before this one")
    asked = parser.parse_args()
    try:
        main(asked.students, asked.districts, asked.years)
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
