"""Schools with a roster, and what makes them ready."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from rollbook.changes.models import ChangePlan
from rollbook.orgs.models import Organization
from rollbook.people.models import Class, Course, Enrollment, SchoolEnrollment, Student
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source, SyncRun
from tests.factories.accounts import NOW

YEAR = 2027
_numbers = count(1)


def student(school: Organization, **more: Any) -> Student:
    """Enroll a new student at a school."""
    number = next(_numbers)
    assert school.parent is not None
    made = Student.objects.create(
        district=school.parent,
        **{
            "first_name": f"Robin{number}",
            "last_name": f"Lake{number}",
            "local_id": f"L{number}",
            "grade": "03",
            **more,
        },
    )
    SchoolEnrollment.objects.create(student=made, school=school, school_year=YEAR, grade="03")
    return made


def section(school: Organization, title: str = "Room 12", **more: Any) -> Class:
    """Make a class at a school."""
    course, _is_new = Course.objects.get_or_create(organization=school.parent, title="Homeroom")
    return Class.objects.create(
        school=school,
        course=course,
        title=title,
        **{"kind": "homeroom", "school_year": YEAR, **more},
    )


def seat(who: Student, where: Class, **more: Any) -> Enrollment:
    """Put a student into a class."""
    return Enrollment.objects.create(class_taught=where, student=who, role="student", **more)


def classroom(school: Organization, size: int, title: str = "Room 12") -> Class:
    """Make a class of new students."""
    made = section(school, title)
    for _ in range(size):
        seat(student(school), made)
    return made


def intake(
    district: Organization | None,
    *,
    status: str = "planned",
    verdict: str = "ok",
    plan_status: str = "committed",
) -> Intake:
    """Say that a roster came in, and what became of its plan."""
    place = None if district is None else district.pk
    plan = ChangePlan.objects.create(
        title="Roster", kind="roster", organization_id=place, status=plan_status,
        file_name="x", digest="x", proposed_by="test", proposed_at=NOW,
    )  # fmt: skip
    return Intake.objects.create(
        organization=district, source="sis", file_name="r.zip", sha256="x", byte_count=1,
        profile="lenient", status=status, verdict=verdict, plan=plan, received_by="test",
        received_at=NOW,
    )  # fmt: skip


def run(district: Organization, outcome: str = "committed") -> SyncRun:
    """Say that a source of a district ran."""
    source = Source.objects.create(
        organization=district, name=f"Source {next(_numbers)}", kind="clever_api",
        format="clever_csv", created_by="test", created_at=NOW,
    )  # fmt: skip
    return SyncRun.objects.create(source=source, outcome=outcome, started_by="test", started_at=NOW)


WINDOW = {"opens_on": date(2026, 11, 16), "ends_before": date(2026, 12, 5)}
