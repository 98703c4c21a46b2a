"""What a person calls the records of a plan, and how many of them a school has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db.models import Count, F, Model

from rollbook.people.models import (
    Class,
    Enrollment,
    SchoolEnrollment,
    Staff,
    StaffAssignment,
    Student,
)
from rollbook.people.queries.roster import MayNotReadRoster
from rollbook.shared.scope import Permission, Scope

_PERSON: Final = ("last_name", "first_name")
_CALLED: Final[Mapping[str, tuple[type[Model], tuple[str, ...]]]] = {
    "students": (Student, _PERSON),
    "staff": (Staff, _PERSON),
    "classes": (Class, ("title",)),
    "school enrollments": (SchoolEnrollment, ("student__last_name", "student__first_name")),
    "staff assignments": (StaffAssignment, ("staff__last_name", "staff__first_name")),
    "enrollments": (
        Enrollment,
        (
            "student__last_name", "student__first_name",
            "staff__last_name", "staff__first_name", "class_taught__title",
        ),
    ),
}  # fmt: skip


def names_of(scope: Scope, table: str, ids: Collection[int]) -> dict[int, str]:
    """Return what people call records of a plan table: a name, a title, who is where.

    Shape:  by id, without records that are not there; nothing for a table that no person is in.
            The caller has a plan before it that this reader may see.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    if table not in _CALLED or not ids:
        return {}
    model, names = _CALLED[table]
    rows = model._default_manager.filter(pk__in=list(ids)).values("pk", *names)
    return {row["pk"]: ", ".join(str(row[n]) for n in names if row[n]) for row in rows}


_SIZES: Final[Mapping[str, tuple[type[Model], str, str]]] = {
    "staff": (StaffAssignment, "organization_id", "staff_id"),
    "classes": (Class, "school_id", "pk"),
    "enrollments": (Enrollment, "class_taught__school_id", "pk"),
}


def sizes_by_school(scope: Scope, *, source: str) -> dict[str, dict[int, int]]:
    """Return how many staff, classes and enrollments of one source each school has.

    Shape:  by plan-table name and school, active records only.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    return {
        table: _counted(model, source, place, of) for table, (model, place, of) in _SIZES.items()
    }


def _counted(model: type[Model], source: str, place: str, of: str) -> dict[int, int]:
    rows: Iterable[dict[str, Any]] = (
        model._default_manager.filter(source=source, is_active=True)
        .values(at=F(place))
        .annotate(count=Count(of, distinct=True))
    )
    return {row["at"]: row["count"] for row in rows}
