"""The state that a roster is planned from: whole tables, as frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import polars as pl
from django.db.models import Count, Model

from rollbook.changes.tables import read_table
from rollbook.orgs.layouts import PLAN_TABLES as ORG_TABLES
from rollbook.orgs.models import AcademicSession, Organization
from rollbook.orgs.queries import within
from rollbook.people.layouts import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    PLAN_TABLES,
    SCHOOL_ENROLLMENTS,
    STAFF,
    STAFF_ASSIGNMENTS,
    STUDENT_ALIASES,
    STUDENTS,
)
from rollbook.people.models import (
    Class,
    Course,
    Enrollment,
    SchoolEnrollment,
    Staff,
    StaffAssignment,
    Student,
)
from rollbook.people.queries.students import enrolled_now
from rollbook.shared.scope import Permission, Scope

# A bundle that speaks of more organizations than this is recognized by the first of them.
SPOKEN_OF: Final = 10_000


class MayNotReadRoster(PermissionError):
    """Say that this reader may not read whole rosters."""


def roster_frames(scope: Scope, *, source: str) -> Mapping[str, pl.DataFrame]:
    """Return what one roster source may touch, table by table.

    Shape:  by plan-table name; all columns and `id`; organizations of every source, and students
            of every source who can be recognized; everything else of this source only.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    frames: dict[str, pl.DataFrame] = {}
    for table in (*ORG_TABLES, *PLAN_TABLES):
        if table.name == "organizations":
            frames[table.name] = read_table(table)
        elif table is STUDENTS:
            frames[table.name] = read_table(table, where=_RECOGNIZED, values=[source])
        else:
            frames[table.name] = read_table(table, where="source = %s", values=[source])
    return frames


# By this source's name, by a number, or by a name that somebody remembers.
_RECOGNIZED: Final = (
    "source = %s OR ssid <> '' OR local_id <> ''"
    " OR id IN (SELECT student_id FROM rollbook_studentalias)"
)


def student_aliases(scope: Scope) -> pl.DataFrame:
    """Return every other name of students: former, of second sources, and retired state ids.

    Shape:  the columns of STUDENT_ALIASES and `id`, those no longer in force included.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    return read_table(STUDENT_ALIASES)


def enrollments_elsewhere(scope: Scope, *, source: str) -> pl.DataFrame:
    """Return the active school enrollments that other sources, or people, have written.

    Shape:  the columns of SCHOOL_ENROLLMENTS and `id`; only for matching, never for showing.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    return read_table(SCHOOL_ENROLLMENTS, where="source <> %s AND is_active", values=[source])


def students_by_school(scope: Scope) -> dict[int, int]:
    """Return how many students are enrolled at each school on the scope's day.

    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    rows = (
        enrolled_now(scope).values("school_id").annotate(count=Count("student_id", distinct=True))
    )
    return {row["school_id"]: row["count"] for row in rows}


def is_source_of_others(scope: Scope, source: str) -> bool:
    """Tell whether a roster source has brought places or students of districts out of reach.

    Shape: of the districts for which the sender may send rosters.
    """
    reach = scope.over(Permission.ROSTER_WRITE)
    places = Organization.objects.filter(source=source).exclude(within(reach, "pk"))
    students = Student.objects.filter(source=source).exclude(within(reach, "district_id"))
    return places.exists() or students.exists()


_FILES: Final[Mapping[str, type[Model]]] = {
    "orgs": Organization,
    "academicSessions": AcademicSession,
    "courses": Course,
    "classes": Class,
}


def known_sourced_ids(scope: Scope, *, source: str) -> dict[str, pl.Series]:
    """Return the sourcedIds that one roster source has brought, by OneRoster file.

    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    found = {
        file: list(
            model._default_manager.filter(source=source).values_list("sourced_id", flat=True)
        )
        for file, model in _FILES.items()
    }
    found["users"] = [
        *Student.objects.filter(source=source).values_list("sourced_id", flat=True),
        *Staff.objects.filter(source=source).values_list("sourced_id", flat=True),
    ]
    return {file: pl.Series(ids, dtype=pl.String) for file, ids in found.items()}


def source_of_organizations(scope: Scope, sourced_ids: Collection[str]) -> str | None:
    """Return the roster source that brought most of these organizations, None when none did.

    Shape:  of organizations for which the sender may send rosters: another district may number
            its schools alike, and whoever names its schools is not its source.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    listed = sorted(sourced_ids)[:SPOKEN_OF]
    own = within(scope.over(Permission.ROSTER_WRITE), "pk")
    found = (
        Organization.objects.filter(own, sourced_id__in=listed)
        .exclude(source="")
        .values("source")
        .annotate(times=Count("id"))
        .order_by("-times", "source")
        .first()
    )
    return found["source"] if found else None


_COUNTED: Final = {
    STUDENTS.name: Student,
    STAFF.name: Staff,
    STAFF_ASSIGNMENTS.name: StaffAssignment,
    SCHOOL_ENROLLMENTS.name: SchoolEnrollment,
    COURSES.name: Course,
    CLASSES.name: Class,
    ENROLLMENTS.name: Enrollment,
}


def roster_sizes(scope: Scope, *, source: str) -> dict[str, int]:
    """Return how many records of one roster source are active now, by plan-table name.

    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    return {
        name: model.objects.filter(source=source, is_active=True).count()
        for name, model in _COUNTED.items()
    }
