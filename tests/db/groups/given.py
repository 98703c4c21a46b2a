"""Students, enrollments and classes for tests of groups."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from rollbook.access.models import Account
from rollbook.access.queries import scope_of
from rollbook.groups.models import GroupEvent, StudentGroup
from rollbook.groups.queries import groups_of_login
from rollbook.orgs.models import Organization
from rollbook.people.models import Class, Course, Enrollment, SchoolEnrollment, Staff, Student
from rollbook.shared.scope import Scope
from tests.factories.accounts import ON

YEAR = 2027


def student(school: Organization, name: str, *, grade: str = "09", year: int = YEAR) -> Student:
    """Make a student enrolled at a school today."""
    assert school.parent is not None
    made = Student.objects.create(
        district=school.parent, last_name=name, first_name="Kim", local_id=name, grade=grade
    )
    SchoolEnrollment.objects.create(student=made, school=school, school_year=year, grade=grade)
    return made


def taught(
    school: Organization,
    title: str,
    students: Iterable[Student],
    *,
    code: str = "",
    subjects: str = "",
    teacher: str = "",
) -> Class:
    """Make a class with its students and, if an address is given, its teacher."""
    course = Course.objects.create(
        organization=school, title=title, course_code=code, subjects=subjects
    )
    made = Class.objects.create(
        school=school, course=course, title=title, kind="scheduled", school_year=YEAR
    )
    for one in students:
        Enrollment.objects.create(class_taught=made, student=one, role="student")
    if teacher:
        staff, _ = Staff.objects.get_or_create(district=school.parent, email=teacher)
        Enrollment.objects.create(class_taught=made, staff=staff, role="teacher")
    return made


def scope_now(account: Account) -> Scope:
    """Return the scope of an account as a request would have it, assigned groups included."""
    return scope_of(account, on=ON, groups=groups_of_login(account.email, ON))


def group_with(uuid: UUID) -> StudentGroup:
    return StudentGroup.objects.get(uuid=uuid)


def members(uuid: UUID) -> list[str]:
    found = StudentGroup.objects.filter(uuid=uuid, members__isnull=False)
    return sorted(found.values_list("members__student__last_name", flat=True))


def users(uuid: UUID) -> list[str]:
    found = StudentGroup.objects.filter(uuid=uuid, users__isnull=False)
    return sorted(found.values_list("users__login", flat=True))


def told(uuid: UUID) -> list[tuple[str, int | None, str]]:
    """Return the history of a group, oldest first: what, to which student, to whom."""
    events = GroupEvent.objects.filter(group__uuid=uuid).order_by("pk")
    return list(events.values_list("kind", "student_number", "login"))
