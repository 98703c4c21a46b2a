"""What group files are made from: a small school day, and a district of any size."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction

from rollbook.changes.layouts import row_schema
from rollbook.changes.tables import insert_rows
from rollbook.changes.types import PlanTable
from rollbook.extracts.types import ProfileKind, ProfileSettings
from rollbook.orgs.actions import rebuild_links
from rollbook.orgs.models import Organization
from rollbook.people.layouts import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    SCHOOL_ENROLLMENTS,
    STAFF,
    STUDENTS,
)
from rollbook.people.models import Class, Course, Enrollment, SchoolEnrollment, Staff, Student
from tests.factories.places import SmallState, organization, small_state

YEAR = 2027
BEGINS_ON = date(2026, 8, 10)


def student(school: Organization, ssid: str, *, grade: str = "09", **more: Any) -> Student:
    """Make a student who is enrolled at a school this year."""
    stay = {name: more.pop(name) for name in ("begins_on", "ends_before") if name in more}
    made = Student.objects.create(
        district=school.parent, ssid=ssid, first_name="Robin", last_name=f"Of {ssid}", **more
    )
    dates = {"begins_on": BEGINS_ON} | stay
    SchoolEnrollment.objects.create(
        student=made, school=school, school_year=YEAR, grade=grade, **dates
    )
    return made


def teacher(district: Organization, last_name: str, **more: Any) -> Staff:
    """Make a member of staff with an address."""
    fields = {"email": f"{last_name.lower()}@example.org", "first_name": "Kim"} | more
    return Staff.objects.create(district=district, last_name=last_name, **fields)


def section(school: Organization, title: str = "English 9", **more: Any) -> Class:
    """Make a class of a course with that title, for the whole year."""
    about = {name: more.pop(name) for name in ("department", "subjects") if name in more}
    course, _is_new = Course.objects.get_or_create(
        organization=school.parent,
        title=title,
        defaults={"course_code": title.upper().replace(" ", ""), **about},
    )
    fields = {"class_code": f"{title}-1", "periods": "1", "begins_on": BEGINS_ON} | more
    fields.setdefault("ends_before", date(2027, 6, 10))
    return Class.objects.create(
        school=school, course=course, title=title, kind="scheduled", school_year=YEAR, **fields
    )


def seat(where: Class, who: Student | Staff, **more: Any) -> Enrollment:
    """Put a student or a teacher into a class."""
    is_student = isinstance(who, Student)
    fields: dict[str, Any] = {
        "student" if is_student else "staff": who,
        "role": "student" if is_student else "teacher",
        "begins_on": BEGINS_ON,
    }
    return Enrollment.objects.create(class_taught=where, **fields | more)


@dataclass(frozen=True)
class SchoolDay:
    """Hold the small state with one class of two students at North High, and one at South High."""

    places: SmallState
    english: Class
    teacher: Staff
    students: list[Student] = field(default_factory=list)
    south_student: Student | None = None


def school_day() -> SchoolDay:
    """Make the school day."""
    places = small_state()
    english = section(
        places.north_high, department="English", subjects="English", class_code="E9-1"
    )
    kim = teacher(places.north, "Moss", local_id="T1")
    students = [student(places.north_high, f"100000000{n}") for n in (1, 2)]
    for who in (kim, *students):
        seat(english, who)
    south = section(places.south_high, "South English", department="English")
    other = student(places.south_high, "2000000001")
    for who in (teacher(places.south, "Reed"), other):
        seat(south, who)
    return SchoolDay(places, english, kim, students, other)


def settings_for(*schools: Organization, **more: Any) -> ProfileSettings:
    """Ask for all classes of some schools."""
    fields: dict[str, Any] = {
        "kind": ProfileKind.SECONDARY_CLASSES,
        "school_year": YEAR,
        "pattern": PATTERN,
    }
    return ProfileSettings(schools=tuple(str(s.uuid) for s in schools), **fields | more)


PATTERN = ""  # the default of the kind, see rules/naming


@transaction.atomic  # a million rows one by one would each be a transaction of its own
def large_district(
    *, students: int, schools: int = 300, per_student: int = 6, class_size: int = 30
) -> tuple[Organization, list[Organization]]:
    """Fill an empty installation with one district, set by set.

    Shape: each student is enrolled at a school and in `per_student` classes there, one an hour; a
           teacher has one class an hour.
    """
    district = organization("district", "Large District", natural_id="19647330000000")
    places = [
        organization("school", f"School {n:03}", district, natural_id=f"1964733{n:07}")
        for n in range(schools)
    ]
    rebuild_links()
    first = places[0].pk
    who = pl.DataFrame({"n": range(students)}).with_columns(school=pl.col("n") % schools + first)
    _insert(
        STUDENTS,
        who.select(
            id=pl.col("n") + 1,
            uuid=_uuids(students),
            district_id=pl.lit(district.pk),
            ssid=pl.format("{}", pl.col("n") + 10**9),
            first_name=pl.lit("Robin"),
            last_name=pl.format("Of {}", "n"),
            source=pl.lit("bench"),
            sourced_id=pl.format("stu-{}", "n"),
        ),
    )
    _insert(
        SCHOOL_ENROLLMENTS,
        who.select(
            id=pl.col("n") + 1,
            student_id=pl.col("n") + 1,
            school_id="school",
            school_year=pl.lit(YEAR),
            grade=pl.format("{}", (pl.col("n") // schools) % 4 + 9).str.zfill(2),
            is_primary=pl.lit(value=True),
            begins_on=pl.lit(BEGINS_ON),
        ),
    )
    seats = who.select(
        student_id=pl.col("n") + 1,
        place=pl.col("school") - first,
        seat=pl.col("n") // schools,
    ).join(pl.DataFrame({"hour": range(per_student)}), how="cross")
    blocks = -(-students // schools // class_size)
    seats = seats.with_columns(
        class_id=(pl.col("place") * per_student + pl.col("hour")) * blocks
        + (pl.col("seat") // class_size).clip(upper_bound=blocks - 1)
        + 1
    )
    classes = seats.select("class_id", "place", "hour").unique().sort("class_id")
    # One class an hour: of two in the same hour nobody could tell the groups apart.
    classes = classes.with_columns(
        teacher=pl.col("place") * blocks + (pl.col("class_id") - 1) % blocks + 1
    )
    _insert_classes(district, first, classes, schools)
    _insert_seats(seats, classes)
    return district, places


def _insert_classes(
    district: Organization, first: int, classes: pl.DataFrame, schools: int
) -> None:
    teachers = classes["teacher"].max()
    _insert(
        STAFF,
        pl.DataFrame({"n": range(teachers)}).select(
            id=pl.col("n") + 1,
            uuid=_uuids(teachers),
            district_id=pl.lit(district.pk),
            first_name=pl.lit("Kim"),
            last_name=pl.format("Teacher {}", "n"),
            email=pl.format("teacher{}@example.org", "n"),
        ),
    )
    _insert(
        COURSES,
        pl.DataFrame({"n": range(60)}).select(
            id=pl.col("n") + 1,
            uuid=_uuids(60),
            organization_id=pl.lit(district.pk),
            title=pl.format("Course {}", "n"),
            course_code=pl.format("C{}", "n"),
            department=pl.format("Department {}", pl.col("n") % 8),
            subjects=pl.lit("English"),
        ),
    )
    _insert(
        CLASSES,
        classes.select(
            id="class_id",
            uuid=_uuids(classes.height),
            school_id=pl.col("place") + first,
            course_id=pl.col("class_id") % 60 + 1,
            title=pl.format("Course {}", pl.col("class_id") % 60),
            class_code=pl.format("{}", "class_id"),
            kind=pl.lit("scheduled"),
            periods=pl.format("{}", pl.col("hour") + 1),
            school_year=pl.lit(YEAR),
            begins_on=pl.lit(BEGINS_ON),
            ends_before=pl.lit(date(2027, 6, 10)),
        ),
    )


def _insert_seats(seats: pl.DataFrame, classes: pl.DataFrame) -> None:
    _insert(
        ENROLLMENTS,
        seats.with_row_index("n", offset=1).select(
            id=pl.col("n").cast(pl.Int64),
            class_taught_id="class_id",
            student_id="student_id",
            role=pl.lit("student"),
            begins_on=pl.lit(BEGINS_ON),
        ),
    )
    _insert(
        ENROLLMENTS,
        classes.with_row_index("n").select(
            id=pl.col("n").cast(pl.Int64) + seats.height + 1,
            class_taught_id="class_id",
            staff_id="teacher",
            role=pl.lit("teacher"),
            is_primary=pl.lit(value=True),
            begins_on=pl.lit(BEGINS_ON),
        ),
    )


def _insert(table: PlanTable, frame: pl.DataFrame) -> None:
    """Insert rows with every column that the frame does not name at its default."""
    schema = row_schema(table)
    blank = {"integer": None, "date": None, "text": "", "boolean": None, "uuid": None}
    columns = [
        pl.col(name).cast(kind)
        if name in frame.columns
        else pl.lit(
            True if name == "is_active" else _default(table, name, blank), dtype=kind
        ).alias(name)
        for name, kind in schema.items()
    ]
    insert_rows(table.db_table, frame.select(columns), {"id": "integer", **table.columns})


def _default(table: PlanTable, name: str, blank: dict[str, Any]) -> Any:
    return False if name == "is_primary" else blank[table.columns[name]]


def _uuids(count: int) -> pl.Series:
    return pl.Series([str(uuid.uuid4()) for _ in range(count)], dtype=pl.String)
