"""The columns of a group file, and the tables of groups that change plans may write, as data."""

from __future__ import annotations

from typing import Final

from rollbook.changes.types import PlanTable

# Source: results-reporting 5.1
GROUP_FILE: Final[tuple[str, ...]] = (
    "group_name",
    "school_natural_id",
    "school_year",
    "subject_code",
    "student_ssid",
    "group_user_login",
)

STUDENT_GROUPS: Final = PlanTable(
    name="groups",
    db_table="rollbook_studentgroup",
    columns={
        "uuid": "uuid",
        "name": "text",
        "school_id": "integer",
        "school_year": "integer",
        "subject": "text",
        "origin": "text",
        "class_taught_id": "integer",
        "owner_id": "integer",
        "copied_from_id": "integer",
        "rule": "text",
        "is_active": "boolean",
    },
    label_columns=("name",),
)
GROUP_MEMBERS: Final = PlanTable(
    name="group members",
    db_table="rollbook_groupmember",
    columns={"group_id": "integer", "student_id": "integer"},
    references={"group_id": "groups", "student_id": "students"},
)
GROUP_USERS: Final = PlanTable(
    name="group users",
    db_table="rollbook_groupuser",
    columns={"group_id": "integer", "login": "text"},
    references={"group_id": "groups"},
    personal_data=frozenset({"login"}),
    label_columns=("login",),
)
