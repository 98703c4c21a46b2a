"""Writes of people that do not come from a roster."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from rollbook.changes.actions import commit_plan, propose_plan, reserve_ids
from rollbook.changes.types import TableChanges
from rollbook.people.layouts import STUDENTS
from rollbook.shared.actor import Actor


@dataclass(frozen=True, slots=True)
class UnknownStudent:
    """Hold what a result says about a student whom no roster has named."""

    ssid: str
    district_id: int
    first_name: str
    last_name: str
    birth_date: date | None
    grade: str


def add_students_from_results(
    students: Sequence[UnknownStudent], *, by: Actor, now: datetime
) -> Mapping[str, int]:
    """Add students whom results name and no roster does, by a plan that can be undone.

    Shape: the new ids by state id. The student is in no school until a roster says so.
    """
    if not students:
        return {}
    first = reserve_ids(STUDENTS, len(students), by=by, now=now)
    rows = [_row(student, first + place) for place, student in enumerate(students)]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    plan = propose_plan(
        title=f"Students first seen in results: {len(students)}",
        kind="results",
        changes=[TableChanges(table=STUDENTS, frame=frame)],
        areas=[],
        organization_id=students[0].district_id,
        holds=[],
        by=by,
        now=now,
    )
    commit_plan(plan.uuid, digest=plan.digest, by=by, now=now)
    return {student.ssid: first + place for place, student in enumerate(students)}


_CELLS = {
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "integer": pl.Int64(),
    "uuid": pl.String(),
}
_SCHEMA = pl.Schema(
    {
        "id": pl.Int64(),
        "action": pl.String(),
        "school_id": pl.Int64(),
        "line": pl.UInt32(),
        "file": pl.String(),
        "why": pl.String(),
        **{
            f"{side}.{column}": _CELLS[kind]
            for column, kind in STUDENTS.columns.items()
            for side in ("before", "after")
        },
    }
)


def _row(student: UnknownStudent, student_id: int) -> list[object]:
    said = {
        "uuid": str(uuid.uuid4()),
        "district_id": student.district_id,
        "is_active": True,
        "ssid": student.ssid,
        "first_name": student.first_name,
        "last_name": student.last_name,
        "birth_date": student.birth_date,
        "grade": student.grade,
    }
    head: list[object] = [student_id, "add", None, None, None, "first seen in a result"]
    for column, kind in STUDENTS.columns.items():
        head += [None, said.get(column, "" if kind == "text" else None)]
    return head
