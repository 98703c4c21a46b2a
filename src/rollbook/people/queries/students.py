"""Which students a reader sees, and what lists and pages show of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.types import SchoolSpell, StudentRow
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Reach, Scope


class StudentNotFound(LookupError):
    """Say that there is no such student, or none that this reader may see."""


def enrolled_now(scope: Scope) -> QuerySet[SchoolEnrollment]:
    """Return the school enrollments that hold on the scope's day.

    Shape: unordered; one row per student and school; not limited to what the reader sees.
    """
    return SchoolEnrollment.objects.filter(
        Q(begins_on__isnull=True) | Q(begins_on__lte=scope.on),
        Q(ends_before__isnull=True) | Q(ends_before__gt=scope.on),
        is_active=True,
    )


def students_in(scope: Scope) -> QuerySet[Student]:
    """Return the students this reader may see by name.

    Shape:  unordered. A student is seen by who may read individual results at a school the
            student is enrolled in on the scope's day, and by the users of an assigned group.
    Source: reference, results-reporting 1.3; docs/decisions/0003-scope-in-every-read.md
    """
    reach = scope.over(Permission.INDIVIDUAL_PII_READ)
    if reach.everything:
        return Student.objects.all()
    seen = Q(pk__in=[])
    if reach:
        here = enrolled_now(scope).filter(_at(reach, "school_id"), student=OuterRef("pk"))
        seen |= Q(Exists(here))
    if scope.group_ids and scope.may(Permission.GROUP_PII_READ):
        seen |= Q(
            group_memberships__group_id__in=scope.group_ids,
            group_memberships__group__is_active=True,
        )
        return Student.objects.filter(seen).distinct()
    return Student.objects.filter(seen)


def _at(reach: Reach, column: str) -> Q:
    return Q() if reach.everything else Q(**{f"{column}__in": reach.organization_ids})


def student_page(
    scope: Scope,
    *,
    school_id: int | None = None,
    grade: str = "",
    text: str = "",
    page: PageRequest,
) -> Page[StudentRow]:
    """Return one page of the students this reader sees, by last name.

    Shape: `text` matches the start of a last or first name, or a whole SSID or local id.
    """
    found = students_in(scope).filter(is_active=True)
    if school_id is not None or grade:
        wanted = enrolled_now(scope).filter(student=OuterRef("pk"))
        wanted = wanted.filter(school_id=school_id) if school_id is not None else wanted
        wanted = wanted.filter(grade=grade) if grade else wanted
        found = found.filter(Exists(wanted))
    return listed_students(scope, found, text, page)


def listed_students(
    scope: Scope, found: QuerySet[Student], text: str, page: PageRequest
) -> Page[StudentRow]:
    """Return one page of students that are already in scope, by last name.

    Shape: `text` matches the start of a last or first name, or a whole SSID or local id.
    """
    if text:
        found = found.filter(
            Q(last_name__istartswith=text)
            | Q(first_name__istartswith=text)
            | Q(ssid=text)
            | Q(local_id=text)
        )
    total = found.count()
    ordered = _with_school(scope, found).order_by("last_name", "first_name", "pk")
    rows = [_row(values) for values in ordered[page.offset : page.offset + page.size]]
    return Page(items=rows, number=page.number, size=page.size, total_count=total)


def _with_school(scope: Scope, found: QuerySet[Student]) -> QuerySet[Student, dict[str, Any]]:
    now = enrolled_now(scope).filter(student=OuterRef("pk")).order_by("-is_primary", "pk")
    return found.annotate(
        now_school_id=Subquery(now.values("school_id")[:1]),
        now_school_name=Subquery(now.values("school__name")[:1]),
    ).values(
        "id", "uuid", "ssid", "local_id", "first_name", "last_name", "grade", "is_active",
        "now_school_id", "now_school_name",
    )  # fmt: skip


def _row(values: dict[str, Any]) -> StudentRow:
    school_id, school_name = values.pop("now_school_id"), values.pop("now_school_name")
    return StudentRow(**values, school_id=school_id, school_name=school_name or "")


def get_student(scope: Scope, uuid: UUID) -> StudentRow:
    """Return one student this reader may see.

    Raises: StudentNotFound; the page says the same whether the student exists or not.
    """
    values = _with_school(scope, students_in(scope).filter(uuid=uuid)).first()
    if values is None:
        raise StudentNotFound
    return _row(values)


def find_student_by_ssid(scope: Scope, ssid: str) -> StudentRow | None:
    """Return the student with this state id, if this reader may see that student."""
    values = (
        _with_school(scope, students_in(scope).filter(ssid=ssid.strip())).first()
        if ssid.strip()
        else None
    )
    return _row(values) if values else None


def students_by_id(
    scope: Scope, ids: Iterable[int], *, also: frozenset[int] = frozenset()
) -> dict[int, StudentRow]:
    """Return students by id for a page that has already decided which results it may show.

    Shape: those of `ids` that this reader sees, and those of `also`: students whose results the
           results domain found visible because they were taken at the reader's school.
    """
    wanted = set(ids)
    seen = students_in(scope).filter(pk__in=wanted).values("pk")
    found = Student.objects.filter(Q(pk__in=seen) | Q(pk__in=wanted & also))
    return {values["id"]: _row(values) for values in _with_school(scope, found)}


def school_spells(scope: Scope, student_uuid: UUID) -> list[SchoolSpell]:
    """Return where a student this reader sees was enrolled, latest first."""
    student = get_student(scope, student_uuid)
    rows = (
        SchoolEnrollment.objects.filter(student_id=student.id)
        .order_by("-school_year", "-begins_on", "pk")
        .values("school__name", "school_year", "grade", "begins_on", "ends_before", "is_active")
    )
    return [SchoolSpell(school_name=row.pop("school__name"), **row) for row in rows]


def find_student_id(scope: Scope, *, uuid: UUID | None = None, ssid: str = "") -> int | None:
    """Return a student's internal id for a caller that asks then whether results are seen.

    Shape: None for a reader without any right; an id alone tells nothing about anybody.
    """
    if not scope.reach or (uuid is None and not ssid):
        return None
    found = (
        Student.objects.filter(uuid=uuid) if uuid is not None else Student.objects.filter(ssid=ssid)
    )
    return found.values_list("pk", flat=True).first()
