"""What a profile may choose: schools, departments, courses, teachers, groups and the like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from rollbook.extracts.queries.reading import blocks_of, extract_data, known_uuids, number_of
from rollbook.extracts.types import Choice
from rollbook.groups.models import StudentGroup
from rollbook.groups.types import GroupOrigin
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.orgs.queries import within
from rollbook.orgs.types import OrganizationKind
from rollbook.people.models import Class, Enrollment, SchoolEnrollment, Staff, Student
from rollbook.shared.grades import Grade
from rollbook.shared.scope import Permission, Scope

__all__ = [
    "blocks_of",
    "counselor_choices",
    "course_choices",
    "department_choices",
    "extract_data",
    "grade_choices",
    "group_choices",
    "known_uuids",
    "number_of",
    "school_choices",
    "schools_chosen",
    "staff_choices",
    "subject_area_choices",
    "teacher_choices",
]


def schools_chosen(scope: Scope, schools: Iterable[str]) -> QuerySet[Organization]:
    """Return the schools with these public ids at which the reader writes groups."""
    return Organization.objects.filter(
        within(scope.over(Permission.GROUP_WRITE), "pk"),
        kind=OrganizationKind.SCHOOL,
        uuid__in=known_uuids(schools),
    )


def school_choices(
    scope: Scope,
    *,
    organization_uuid: UUID | str | None = None,
    active_only: bool = True,
    words: str = "",
) -> list[Choice]:
    """List the schools at which the reader writes groups, by name.

    Shape: with an organization, those at or under it; `note` is the school's number.
    """
    found = Organization.objects.filter(
        within(scope.over(Permission.GROUP_WRITE), "pk"), kind=OrganizationKind.SCHOOL
    )
    if organization_uuid is not None:
        above = OrganizationLink.objects.filter(
            ancestor__uuid__in=known_uuids([str(organization_uuid)]), descendant=OuterRef("pk")
        )
        found = found.filter(Exists(above))
    if active_only:
        found = found.filter(is_active=True)
    choices = (
        Choice(str(school.uuid), school.name, number_of(school))
        for school in found.order_by("name", "pk")
    )
    return _with_words(choices, words)


def department_choices(
    scope: Scope, schools: Sequence[str], school_year: int, *, words: str = ""
) -> list[Choice]:
    """List the departments whose courses are taught at some schools in a year."""
    found = {row["course__department"].strip() for row in _courses(scope, schools, school_year)}
    return _with_words((Choice(name, name) for name in sorted(found) if name), words)


def subject_area_choices(
    scope: Scope, schools: Sequence[str], school_year: int, *, words: str = ""
) -> list[Choice]:
    """List the subjects of the courses that are taught at some schools in a year."""
    found = {
        word: word.strip()
        for row in _courses(scope, schools, school_year)
        for word in _subjects(row).values()
    }
    return _with_words((Choice(name, name) for name in sorted(set(found.values()))), words)


def course_choices(
    scope: Scope,
    schools: Sequence[str],
    school_year: int,
    *,
    departments: Sequence[str] = (),
    subject_areas: Sequence[str] = (),
    words: str = "",
) -> list[Choice]:
    """List the courses taught at some schools, of some departments and subjects; by code."""
    found: dict[str, str] = {}
    for row in _narrowed(_courses(scope, schools, school_year), departments, subject_areas):
        code = row["course__course_code"].strip()
        if code:
            found.setdefault(code, row["course__title"])
    return _with_words((Choice(code, found[code], code) for code in sorted(found)), words)


def teacher_choices(
    scope: Scope,
    schools: Sequence[str],
    school_year: int,
    *,
    departments: Sequence[str] = (),
    subject_areas: Sequence[str] = (),
    courses: Sequence[str] = (),
    words: str = "",
) -> list[Choice]:
    """List who teaches at some schools today, narrowed by what is chosen of courses; by name.

    Shape: `note` is the address, blank where none is known: such a teacher gets no group.
    """
    classes = _classes(scope, schools, school_year).filter(is_active=True)
    if departments or subject_areas or courses:
        codes = {code.strip().lower() for code in courses}
        rows = _narrowed(_courses(scope, schools, school_year), departments, subject_areas)
        chosen = {
            row["course_id"]
            for row in rows
            if not codes or row["course__course_code"].strip().lower() in codes
        }
        classes = classes.filter(course_id__in=chosen)
    return _with_words(_named(_staff_of(scope, classes, role="teacher")), words)


def counselor_choices(
    scope: Scope, schools: Sequence[str], school_year: int, *, words: str = ""
) -> list[Choice]:
    """List who counsels students of some schools, as the roster says or by classes; by name."""
    stays = SchoolEnrollment.objects.filter(
        school__in=schools_chosen(scope, schools), school_year=school_year, is_active=True
    )
    said = Student.objects.filter(pk__in=stays.values("student_id"), is_active=True)
    pairs = set(said.exclude(counselor="").values_list("source", "counselor").distinct())
    by_name = Staff.objects.filter(
        sourced_id__in={counselor for _source, counselor in pairs}, is_active=True
    )
    named = {staff.pk for staff in by_name if (staff.source, staff.sourced_id) in pairs}
    by_class = _staff_of(scope, _classes(scope, schools, school_year), role="counselor")
    found = Staff.objects.filter(Q(pk__in=named) | Q(pk__in=by_class.values("pk")))
    return _with_words(_named(found), words)


def grade_choices(
    scope: Scope, schools: Sequence[str], school_year: int, *, words: str = ""
) -> list[Choice]:
    """List the grades in which students are enrolled at some schools, in teaching order."""
    stays = SchoolEnrollment.objects.filter(
        school__in=schools_chosen(scope, schools), school_year=school_year, is_active=True
    )
    found = set(stays.values_list("grade", flat=True).distinct())
    known = (Choice(grade.value, grade.label) for grade in Grade if grade.value in found)
    return _with_words(known, words)


def group_choices(
    scope: Scope, schools: Sequence[str], school_year: int, *, words: str = ""
) -> list[Choice]:
    """List the groups of some schools in a year, but those that follow a class; by name."""
    found = StudentGroup.objects.filter(
        school__in=schools_chosen(scope, schools),
        school_year=school_year,
        is_active=True,
        owner=None,
    ).exclude(origin=GroupOrigin.CLASS)
    rows = found.order_by("name", "pk").values_list("uuid", "name", "school__name")
    return _with_words((Choice(str(uuid), name, school) for uuid, name, school in rows), words)


def staff_choices(scope: Scope, schools: Sequence[str], *, words: str = "") -> list[Choice]:
    """List the active staff with an address of the districts of some schools; by name."""
    above = OrganizationLink.objects.filter(
        descendant__in=schools_chosen(scope, schools), ancestor=OuterRef("district_id")
    )
    found = Staff.objects.filter(Exists(above), is_active=True).exclude(email="")
    return _with_words(_named(found), words)


def _classes(scope: Scope, schools: Sequence[str], school_year: int) -> QuerySet[Class]:
    return Class.objects.filter(school__in=schools_chosen(scope, schools), school_year=school_year)


def _courses(scope: Scope, schools: Sequence[str], school_year: int) -> list[dict[str, Any]]:
    found = _classes(scope, schools, school_year).filter(is_active=True)
    return list(
        found.order_by("course__course_code", "course_id")
        .values(
            "course_id",
            "course__course_code",
            "course__title",
            "course__department",
            "course__subjects",
        )
        .distinct()
    )


def _subjects(row: dict[str, Any]) -> dict[str, str]:
    """Return the subjects of a course as they are compared, and as they are written."""
    words = (word.strip() for word in row["course__subjects"].split(","))
    return {word.lower(): word for word in words if word}


def _narrowed(
    rows: Iterable[dict[str, Any]], departments: Sequence[str], subject_areas: Sequence[str]
) -> Iterator[dict[str, Any]]:
    places = {word.strip().lower() for word in departments}
    subjects = {word.strip().lower() for word in subject_areas}
    for row in rows:
        is_there = not places or row["course__department"].strip().lower() in places
        if is_there and (not subjects or subjects & _subjects(row).keys()):
            yield row


def _staff_of(scope: Scope, classes: QuerySet[Class], *, role: str) -> QuerySet[Staff]:
    seats = Enrollment.objects.filter(
        Q(begins_on=None) | Q(begins_on__lte=scope.on),
        Q(ends_before=None) | Q(ends_before__gt=scope.on),
        class_taught__in=classes,
        staff=OuterRef("pk"),
        role__iexact=role,
        is_active=True,
    )
    return Staff.objects.filter(Exists(seats))


def _named(found: QuerySet[Staff]) -> Iterator[Choice]:
    ordered = found.order_by("last_name", "first_name", "pk")
    for uuid, last, first, email in ordered.values_list("uuid", "last_name", "first_name", "email"):
        yield Choice(str(uuid), f"{last}, {first}".strip(", "), email.strip().lower())


def _with_words(choices: Iterable[Choice], words: str) -> list[Choice]:
    """Keep the choices that hold every word, however written."""
    asked = words.casefold().split()
    return [
        choice
        for choice in choices
        if all(word in f"{choice.label} {choice.note}".casefold() for word in asked)
    ]
