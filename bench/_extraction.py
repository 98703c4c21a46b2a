"""Measure the extraction of student groups beside a bare Polars write of the same rows.

    python bench/_extraction.py [students]

A district of 200 schools: each student takes six classes, so 200,000 students make 1.2 million rows
of who takes what. Fifty profiles, written into one file, twice: each for schools of its own, and
each for the whole district with filters of its own, which is the harder case. The floor is the same
rows written as CSV by Polars, with nothing else done. Needs neither a database nor an installation.
"""

from __future__ import annotations

import io
import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from rollbook.extracts.plan.extraction import extract
from rollbook.extracts.plan.writing import file_bytes
from rollbook.extracts.types import (
    AskedProfile,
    Extraction,
    ExtractWorld,
    ProfileKind,
    ProfileSettings,
)

SCHOOLS = 200
CLASSES_EACH = 6
CLASS_SIZE = 25
COURSES = 100
DEPARTMENTS = 20
PROFILES = 50
YEAR = 2027


def district(students: int) -> ExtractWorld:
    """Make a district by arithmetic: whole schools of students, each in classes of the school."""
    size = students // SCHOOLS
    of_school = size * CLASSES_EACH // CLASS_SIZE
    classes, teachers = SCHOOLS * of_school, SCHOOLS * of_school // 5
    student = np.arange(SCHOOLS * size)
    school = student // size
    taken = pl.DataFrame({
        "class_id": np.concatenate([
            school * of_school + (student % size * CLASSES_EACH + n * 7) % of_school
            for n in range(CLASSES_EACH)
        ]),
        "student_id": np.tile(student, CLASSES_EACH),
        "is_primary": np.repeat([True] + [False] * (CLASSES_EACH - 1), len(student)),
    })  # fmt: skip
    number = pl.col("id")
    return ExtractWorld(
        on=date(2026, 11, 20),
        schools=_numbered(SCHOOLS).select(
            "id", uuid=pl.format("school-{}", number), natural_id=pl.format("{}", number + 10**13),
            number=pl.format("{}", number + 100), name=pl.format("School {}", number),
            is_active=pl.lit(True), tracks_primary=pl.lit(True),
        ),
        students=pl.DataFrame({"id": student, "school_id": school}).select(
            "id", ssid=pl.format("{}", (pl.col("id") * 7919) % 10**10 + 10**9),
            grade=pl.format("{}", pl.col("id") % 4 + 9), school_id="school_id",
            is_enrolled=pl.col("id") % 50 != 0,
        ),
        classes=_numbered(classes).select(
            "id", uuid=pl.format("class-{}", number), school_id=number // of_school,
            school_year=pl.lit(YEAR, dtype=pl.Int32), course_id=number % COURSES,
            title=pl.format("Class {}", number), section=pl.format("{}", number),
            periods=pl.format("{}", number % 7),
            kind=pl.when(number % 7 == 0).then(pl.lit("homeroom")).otherwise(pl.lit("scheduled")),
            begins_on=pl.lit(date(2026, 8, 12)), ends_before=pl.lit(date(2027, 6, 5)),
            is_active=pl.lit(True),
        ),
        courses=_numbered(COURSES).select(
            "id", code=pl.format("C{}", number), title=pl.format("Course {}", number),
            subjects=pl.lit("ELA,Reading"), department=pl.format("D{}", number % DEPARTMENTS),
        ),
        taught=_numbered(classes).select(
            class_id="id", staff_id=number // 5, is_primary=pl.lit(True)
        ),
        taken=taken,
        staff=_numbered(teachers).select(
            "id", uuid=pl.format("staff-{}", number), local_id=pl.format("T{}", number),
            first_name=pl.format("First{}", number % 97), last_name=pl.format("Last{}", number),
            email=pl.format("t{}@example.org", number), is_active=pl.lit(True),
        ),
        caseloads=pl.DataFrame({"student_id": student, "staff_id": school * 20 + student % 3}),
        groups=_numbered(SCHOOLS * 5).select(
            "id", uuid=pl.format("group-{}", number), school_id=number // 5,
            school_year=pl.lit(YEAR, dtype=pl.Int32), name=pl.format("Group {}", number),
            subject=pl.lit(""),
        ),
        group_members=pl.DataFrame({"group_id": school * 5 + student % 5, "student_id": student}),
        group_users=_numbered(SCHOOLS * 5).select(
            group_id="id", login=pl.format("t{}@example.org", number)
        ),
        blocks=pl.DataFrame(schema={
            "school_id": pl.Int64, "school_year": pl.Int32, "base": pl.String,
            "student_id": pl.Int64, "block": pl.Int32,
        }),
    )  # fmt: skip


def _numbered(count: int) -> pl.DataFrame:
    return pl.DataFrame({"id": range(count)}, schema={"id": pl.Int64})


def profiles_of_schools() -> list[AskedProfile]:
    """Return fifty profiles of every type, each for four schools of its own."""
    kinds = [ProfileKind.SECONDARY_CLASSES] * 6 + list(ProfileKind)[1:]
    each = SCHOOLS // PROFILES
    return [
        _profile(n, kinds[n % len(kinds)], range(n * each, n * each + each))
        for n in range(PROFILES)
    ]  # fmt: skip


def profiles_of_departments() -> list[AskedProfile]:
    """Return fifty profiles of classes, each for one or two courses in all schools."""
    return [
        _profile(n, ProfileKind.SECONDARY_CLASSES, range(SCHOOLS),
                 courses=(f"C{2 * n}", f"C{2 * n + 1}"))
        for n in range(PROFILES)
    ]  # fmt: skip


def _profile(n: int, kind: ProfileKind, schools: Sequence[int], **more: Any) -> AskedProfile:
    settings = ProfileSettings(
        kind=kind,
        schools=tuple(f"school-{school}" for school in schools),
        school_year=YEAR,
        **more,
    )
    return AskedProfile(f"profile-{n}", f"Profile {n}", settings)


def timed(what: str, rows: Callable[[Any], int], work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    print(f"{what:<52}{rows(result):>10,} rows{seconds:>8.2f} s", flush=True)
    return result


def bare_write(extraction: Extraction) -> bytes:
    out = io.BytesIO()
    extraction.rows.drop("profile").write_csv(out)
    return out.getvalue()


def measure_extraction(students: int) -> None:
    """Print what extraction takes, beside the floor, and the most memory that was held."""
    data = district(students)
    print(f"{students:,} students, {data.taken.height:,} classes taken, {PROFILES} profiles")
    for what, profiles in (
        ("each for four schools", profiles_of_schools()),
        ("each for the whole district", profiles_of_departments()),
    ):
        done = timed(
            f"extract, {what}", lambda e: e.rows.height, lambda p=profiles: extract(p, data)
        )
        height = done.rows.height
        timed("  written by file_bytes", lambda _b, n=height: n, lambda e=done: file_bytes(e.rows))
        timed("  floor: bare Polars write", lambda _b, n=height: n, lambda e=done: bare_write(e))
        print(f"  {done.groups.height:,} groups, {done.left_out.height:,} left out")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory held: {most:,.0f} MB, the district itself included")


if __name__ == "__main__":
    measure_extraction(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
