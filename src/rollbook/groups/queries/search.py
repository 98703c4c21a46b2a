"""Find groups, and classes to make groups from."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from rollbook.groups.models import GroupUser, StudentGroup
from rollbook.groups.queries.groups import groups_in, of_people, rows_of, with_counts
from rollbook.groups.types import MOST_STUDENTS, ClassChoice, GroupFilter, GroupOrigin, GroupRow
from rollbook.orgs.queries import within
from rollbook.people.models import Class, Enrollment
from rollbook.people.queries.classes import class_list_rows
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope


def find_groups(scope: Scope, wanted: GroupFilter, page: PageRequest) -> Page[GroupRow]:
    """List the groups this reader may open and asked for, by school, name and year, latest first.

    Shape: groups of former years are listed with the rights of today; they grant nothing.
    """
    found = _asked(scope, groups_in(scope, archived_too=True), wanted)
    total = found.count()
    ordered = found.order_by("school__name", Lower("name"), "-school_year", "pk")
    rows = rows_of(scope, ordered[page.offset : page.offset + page.size])
    return Page(rows, number=page.number, size=page.size, total_count=total)


def _asked(
    scope: Scope, found: QuerySet[StudentGroup], wanted: GroupFilter
) -> QuerySet[StudentGroup]:
    asked = Q(is_active=not wanted.archived)
    if wanted.mine:
        # Without an account `owner` is asked for a number that no account has.
        asked &= Q(pk__in=scope.group_ids) | Q(owner_id=scope.account_id or 0)
    elif wanted.origin is not GroupOrigin.OWN:
        asked &= Q(owner__isnull=True)
    exact = {
        "school__uuid": wanted.school,
        "school_year": wanted.school_year,
        "subject": wanted.subject,
        "origin": wanted.origin.value if wanted.origin else None,
    }
    asked &= Q(**{name: value for name, value in exact.items() if value is not None})
    for word in wanted.words.split():
        asked &= Q(name__icontains=word)
    return _by_size(found.filter(asked), wanted)


def _by_size(found: QuerySet[StudentGroup], wanted: GroupFilter) -> QuerySet[StudentGroup]:
    if wanted.without_users:
        used = of_people(GroupUser.objects.filter(group=OuterRef("pk")))
        found = found.filter(~Exists(used))
    if wanted.without_students:
        found = found.filter(members__isnull=True)
    return with_counts(found).filter(student_count__gt=MOST_STUDENTS) if wanted.too_large else found


def years_of_groups(scope: Scope) -> list[int]:
    """List the school years of which this reader may open groups, the latest first."""
    years = groups_in(scope, archived_too=True).order_by("-school_year").distinct()
    return list(years.values_list("school_year", flat=True))


def classes_to_choose(scope: Scope, school_uuid: UUID, school_year: int) -> list[ClassChoice]:
    """List the classes of a school from which this reader may make groups, by title.

    Shape: empty where the reader may not write groups.
    """
    writes = within(scope.over(Permission.GROUP_WRITE), "school_id")
    found = Class.objects.filter(
        writes, school__uuid=school_uuid, school_year=school_year, is_active=True
    )
    listed = class_list_rows(scope).filter(class_taught__in=found.values("pk"))
    teachers, counts = _teachers_by_class(listed), dict(_students_by_class(listed))
    cells = ("pk", "uuid", "title", "class_code", "periods")
    return [
        ClassChoice(
            uuid=uuid,
            title=title,
            class_code=code,
            periods=periods,
            teachers="; ".join(teachers.get(pk, ())),
            student_count=counts.get(pk, 0),
        )
        for pk, uuid, title, code, periods in found.order_by(
            "title", "class_code", "pk"
        ).values_list(*cells)
    ]


def _teachers_by_class(listed: QuerySet[Enrollment]) -> dict[int, list[str]]:
    taught = listed.filter(role="teacher", staff__isnull=False).order_by("staff__last_name", "pk")
    found: dict[int, list[str]] = {}
    for class_id, *name in taught.values_list(
        "class_taught_id", "staff__last_name", "staff__first_name"
    ):
        found.setdefault(class_id, []).append(", ".join(part for part in name if part))
    return found


def _students_by_class(listed: QuerySet[Enrollment]) -> QuerySet[Enrollment, tuple[int, int]]:
    found = listed.filter(student__isnull=False).order_by().values("class_taught_id")
    return found.annotate(n=Count("student_id", distinct=True)).values_list("class_taught_id", "n")
