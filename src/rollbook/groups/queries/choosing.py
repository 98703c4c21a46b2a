"""What a rule of a group may ask for at a school: its teachers and its courses."""

from __future__ import annotations

from uuid import UUID

from rollbook.orgs.queries import within
from rollbook.people.models import Class
from rollbook.people.queries.classes import class_list_rows
from rollbook.shared.scope import Permission, Scope


def teachers_to_choose(scope: Scope, school_uuid: UUID, school_year: int) -> list[tuple[str, str]]:
    """List who teaches at a school, as (public id, name), by name.

    Shape: empty where the reader may not write groups.
    """
    rows = class_list_rows(scope).filter(
        within(scope.over(Permission.GROUP_WRITE), "class_taught__school_id"),
        class_taught__school__uuid=school_uuid,
        class_taught__school_year=school_year,
        class_taught__is_active=True,
        role="teacher",
        staff__isnull=False,
    )
    found = rows.values_list("staff__uuid", "staff__last_name", "staff__first_name").distinct()
    named = [(str(uuid), ", ".join(part for part in name if part)) for uuid, *name in found]
    return sorted(named, key=lambda pair: (pair[1].casefold(), pair[0]))


def courses_to_choose(scope: Scope, school_uuid: UUID, school_year: int) -> list[tuple[str, str]]:
    """List the courses that a school teaches, as (code, title), by title.

    Shape: one per code, without courses that have none; empty where the reader may not write
           groups.
    """
    found = Class.objects.filter(
        within(scope.over(Permission.GROUP_WRITE), "school_id"),
        school__uuid=school_uuid,
        school_year=school_year,
        is_active=True,
    ).exclude(course__course_code="")
    rows = found.order_by("course__title").values_list("course__course_code", "course__title")
    return list({code: (code, title) for code, title in rows}.values())
