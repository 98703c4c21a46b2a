"""The tables of groups that change plans may write, as data."""

from __future__ import annotations

from typing import Final

from rollbook.changes.types import PlanTable

GROUP_MEMBERS: Final = PlanTable(
    name="group members",
    db_table="rollbook_groupmember",
    columns={"group_id": "integer", "student_id": "integer"},
    references={"student_id": "students"},
)
