"""A district, a school, and plans about them."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import polars as pl

from rollbook.changes.actions import propose_plan, reserve_ids
from rollbook.changes.layouts import row_schema
from rollbook.changes.models import ChangePlan
from rollbook.changes.plan import diff
from rollbook.changes.types import PlanTable, TableChanges
from rollbook.orgs.models import Organization
from rollbook.people.layouts import SCHOOL_ENROLLMENTS, STUDENTS
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Reach, Scope

NOW = datetime(2026, 8, 10, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 8, 11, 9, 30, tzinfo=UTC)
BY = Actor.command("test")
AREA = "roster:1"


def school() -> Organization:
    district = Organization.objects.create(kind="district", name="Poplar Unified")
    return Organization.objects.create(kind="school", name="Elm Street", parent=district)


def students(where: Organization, count: int, **values: Any) -> list[Student]:
    made = []
    for number in range(count):
        cells = {"first_name": f"F{number}", "last_name": f"L{number}", "grade": "03", **values}
        student = Student.objects.create(district=where.parent, local_id=f"{number}", **cells)
        SchoolEnrollment.objects.create(
            student=student, school=where, school_year=2027, grade="03", begins_on=date(2026, 8, 12)
        )
        made.append(student)
    return made


def rows(table: PlanTable, model: type[Any]) -> pl.DataFrame:
    """Read a table through the ORM, the other way round from the code under test."""
    names = list(row_schema(table))
    found = [
        tuple(str(v) if isinstance(v, uuid.UUID) else v for v in values)
        for values in model.objects.order_by("id").values_list(*names)
    ]
    return pl.DataFrame(found, schema=row_schema(table), orient="row")


def additions(where: Organization, count: int) -> list[TableChanges]:
    """Plan new students, each enrolled at the school."""
    first = reserve_ids(STUDENTS, count, by=BY, now=NOW)
    enrolled = reserve_ids(SCHOOL_ENROLLMENTS, count, by=BY, now=NOW)
    ids = list(range(first, first + count))
    people = pl.DataFrame(
        {
            "id": ids,
            "action": "add",
            "school_id": where.pk,
            "line": range(2, count + 2),
            "file": "users.csv",
            "why": "new in the file",
            "after.district_id": where.parent_id,
            "after.first_name": [f"New{n}" for n in range(count)],
            "after.last_name": [f"Comer, {n}" for n in range(count)],
            "after.local_id": [f"N{n}" for n in range(count)],
            "after.birth_date": date(2018, 3, 4),
            "after.iep": [None if n % 2 else True for n in range(count)],
            "after.is_active": True,
        }
    )
    places = pl.DataFrame(
        {
            "id": range(enrolled, enrolled + count),
            "action": "add",
            "school_id": where.pk,
            "after.student_id": ids,
            "after.school_id": where.pk,
            "after.school_year": 2027,
            "after.grade": "03",
            "after.is_primary": True,
            "after.is_active": True,
        }
    )
    return [TableChanges(STUDENTS, people), TableChanges(SCHOOL_ENROLLMENTS, places)]


def edits(**cells: Any) -> list[TableChanges]:
    """Plan the same new values for all students there are."""
    current = rows(STUDENTS, Student)
    incoming = current.select("id").with_columns(pl.lit(v).alias(c) for c, v in cells.items())
    return [TableChanges(STUDENTS, diff(STUDENTS, current, incoming))]


def plan(changes: list[TableChanges], **more: Any) -> ChangePlan:
    values: dict[str, Any] = {
        "title": "Roster",
        "kind": "roster",
        "areas": [AREA],
        "organization_id": None,
        "by": BY,
        "now": NOW,
        **more,
    }
    return propose_plan(changes=changes, **values)


def scope(*permissions: Permission, organization_id: int) -> Scope:
    reach = {permission: Reach(frozenset({organization_id})) for permission in permissions}
    return Scope(account_id=1, label="reader", on=date(2026, 8, 10), reach=MappingProxyType(reach))
