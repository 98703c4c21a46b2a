"""Measure the commit of a large plan beside bare inserts of the same rows.

    python bench/commit_plan.py [students]

Uses DATABASE_URL, or SQLite in a temporary folder. Each student has a school enrollment and eleven
class enrollments: 100,000 students make 1.3 million rows. The floor is the same rows written by the
database's own fastest way, in one transaction, with nothing else done: no plan, no audit.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime

os.environ.setdefault("ROLLBOOK_HOME", tempfile.mkdtemp(prefix="rollbook-bench-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")

import django

django.setup()

import polars as pl
from django.core.management import call_command
from django.db import connection, transaction

from rollbook.changes.actions import commit_plan, propose_plan, reserve_ids, undo_plan
from rollbook.changes.plan import added_rows
from rollbook.changes.store import read_plan_file
from rollbook.changes.types import PlanTable, TableChanges
from rollbook.orgs.models import Organization
from rollbook.people.layouts import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    SCHOOL_ENROLLMENTS,
    STUDENTS,
)
from rollbook.shared.actor import Actor

NOW = datetime(2026, 8, 10, 8, 0, tzinfo=UTC)
BY = Actor.command("bench")
PER_STUDENT = 11
CLASS_SIZE = 25


def additions(table: PlanTable, count: int, **cells: pl.Expr) -> TableChanges:
    first = reserve_ids(table, count, by=BY, now=NOW)
    frame = pl.DataFrame({"n": range(count)}).select(
        id=pl.col("n") + first,
        action=pl.lit("add"),
        **{f"after.{name}": cell for name, cell in cells.items()},
    )
    return TableChanges(table, frame)


def first_id(changes: TableChanges) -> int:
    return changes.frame["id"][0]


def uuids(count: int) -> pl.Series:
    return pl.Series([str(uuid.uuid4()) for _ in range(count)])


def roster(students: int) -> list[TableChanges]:
    district = Organization.objects.create(kind="district", name="Poplar Unified")
    school = Organization.objects.create(kind="school", name="Elm Street", parent=district)
    sourced = {
        "source": pl.lit("bench"),
        "sourced_id": pl.format("{}-{}", pl.lit(uuid.uuid4().hex[:8]), pl.col("n")),
        "is_active": pl.lit(True),
    }
    dated = {"begins_on": pl.lit(date(2026, 8, 12)), "ends_before": pl.lit(date(2027, 6, 5))}
    people = additions(
        STUDENTS,
        students,
        **sourced,
        uuid=pl.lit(uuids(students)),
        district_id=pl.lit(district.pk),
        ssid=pl.format("{}", pl.col("n") + uuid.uuid4().int % 10**12),
        local_id=pl.format("{}", pl.col("n") * 7919 % 1_000_003),
        first_name=pl.format("First{}", pl.col("n") % 997),
        last_name=pl.format("Last{}", pl.col("n") * 7919 % 10_007),
        grade=pl.lit("03"),
        birth_date=pl.lit(date(2017, 1, 1)) + pl.duration(days=pl.col("n") % 365),
        hispanic=pl.col("n") % 2 == 0,
    )
    places = additions(
        SCHOOL_ENROLLMENTS,
        students,
        **sourced,
        **dated,
        student_id=pl.col("n") + first_id(people),
        school_id=pl.lit(school.pk),
        school_year=pl.lit(2027),
        grade=pl.lit("03"),
        is_primary=pl.lit(True),
    )
    sections = max(1, students * PER_STUDENT // CLASS_SIZE)
    courses = additions(
        COURSES, 50, **sourced, organization_id=pl.lit(district.pk), title=pl.lit("C")
    )
    classes = additions(
        CLASSES,
        sections,
        **sourced,
        **dated,
        uuid=pl.lit(uuids(sections)),
        school_id=pl.lit(school.pk),
        course_id=pl.col("n") % 50 + first_id(courses),
        title=pl.format("Section {}", pl.col("n")),
        kind=pl.lit("scheduled"),
        school_year=pl.lit(2027),
    )
    enrollments = additions(
        ENROLLMENTS,
        students * PER_STUDENT,
        **sourced,
        **dated,
        class_taught_id=pl.col("n") // CLASS_SIZE % sections + first_id(classes),
        student_id=pl.col("n") % students + first_id(people),
        role=pl.lit("student"),
        is_primary=pl.lit(False),
    )
    return [people, places, courses, classes, enrollments]


def timed(what: str, rows: int, work: Callable[[], object]) -> object:
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    print(f"{what:<44}{rows:>10,} rows{seconds:>8.2f} s{rows / seconds:>10,.0f} rows/s", flush=True)
    return result


def propose(changes: list[TableChanges]):
    return propose_plan(
        title="bench",
        kind="bench",
        changes=changes,
        areas=["bench"],
        organization_id=None,
        by=BY,
        now=NOW,
    )


def ready(changes: TableChanges) -> tuple[str, list[str], object]:
    """Turn rows into what the database's driver takes, outside the measured time."""
    rows = added_rows(changes)
    if connection.vendor == "postgresql":
        return changes.table.db_table, rows.columns, rows.write_csv(include_header=False).encode()
    plain = rows.with_columns(
        pl.col(name).str.replace_all("-", "") if kind == "uuid" else pl.col(name).cast(pl.String())
        for name, kind in changes.table.columns.items()
        if kind in ("uuid", "date")
    )
    return changes.table.db_table, rows.columns, plain.rows()


def bare(tables: list[tuple[str, list[str], object]]) -> None:
    """Write the same rows with the driver's fastest statement, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns, rows in tables:
            names = ", ".join(columns)
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy:
                    copy.write(rows)
            else:
                marks = ", ".join("?" for _ in columns)
                insert = f"INSERT INTO {table} ({names}) VALUES ({marks})"
                connection.connection.executemany(insert, rows)


def main(students: int) -> None:
    call_command("migrate", verbosity=0)
    print(f"{connection.vendor}, {students:,} students")
    changes = roster(students)
    rows = sum(change.frame.height for change in changes)
    plan = timed("propose: file, digest, fsync", rows, lambda: propose(changes))
    timed("commit", rows, lambda: commit_plan(plan.uuid, digest=plan.digest, by=BY, now=NOW))
    timed(
        "commit again: the same receipt",
        rows,
        lambda: commit_plan(plan.uuid, digest=plan.digest, by=BY, now=NOW),
    )

    ids = changes[0].frame["id"]
    edits = TableChanges(
        STUDENTS,
        pl.DataFrame({"id": ids}).with_columns(
            pl.lit("update").alias("action"),
            pl.lit("03").alias("before.grade"),
            pl.lit("04").alias("after.grade"),
        ),
    )
    update = propose([edits])
    timed(
        "commit of one edited cell per student",
        students,
        lambda: commit_plan(update.uuid, digest=update.digest, by=BY, now=NOW),
    )
    timed("undo of those edits", students, lambda: undo_plan(update.uuid, by=BY, now=NOW))
    timed("undo of the first commit", rows, lambda: undo_plan(plan.uuid, by=BY, now=NOW))

    tables = [ready(change) for change in read_plan_file(plan).changes]
    timed("floor: bare inserts of the same rows", rows, lambda: bare(tables))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
