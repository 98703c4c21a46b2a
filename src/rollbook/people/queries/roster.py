"""The state that a roster is planned from: whole tables, as frames."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from django.db.models import Count

from rollbook.changes.tables import read_table
from rollbook.orgs.layouts import PLAN_TABLES as ORG_TABLES
from rollbook.people.layouts import PLAN_TABLES, STUDENTS
from rollbook.people.queries.students import enrolled_now
from rollbook.shared.scope import Permission, Scope


class MayNotReadRoster(PermissionError):
    """Say that this reader may not read whole rosters."""


def roster_frames(scope: Scope, *, source: str) -> Mapping[str, pl.DataFrame]:
    """Return what one roster source may touch, table by table.

    Shape:  by plan-table name; all columns and `id`; organizations and students with a state id
            of every source, everything else of this source only.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    frames: dict[str, pl.DataFrame] = {}
    for table in (*ORG_TABLES, *PLAN_TABLES):
        if table.name == "organizations":
            frames[table.name] = read_table(table)
        elif table is STUDENTS:
            frames[table.name] = read_table(
                table, where="source = %s or ssid <> ''", values=[source]
            )
        else:
            frames[table.name] = read_table(table, where="source = %s", values=[source])
    return frames


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
