"""The tables of people that change plans may write, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rollbook.changes.types import CellType, PlanTable

_SOURCED: Final[Mapping[str, CellType]] = {
    "source": "text",
    "sourced_id": "text",
    "is_active": "boolean",
}
_DATED: Final[Mapping[str, CellType]] = {"begins_on": "date", "ends_before": "date"}

# What a roster says about a student's person; unknown stays null.
DEMOGRAPHICS: Final[Mapping[str, CellType]] = {
    "birth_date": "date",
    "sex": "text",
    "hispanic": "boolean",
    "american_indian": "boolean",
    "asian": "boolean",
    "black": "boolean",
    "pacific_islander": "boolean",
    "white": "boolean",
    "two_or_more_races": "boolean",
    "filipino": "boolean",
    "iep": "boolean",
    "limited_english": "boolean",
    "english_acquisition": "text",
    "section_504": "boolean",
    "economic_disadvantage": "boolean",
    "migrant": "boolean",
    "military_connected": "text",
    "language_code": "text",
}
_NAMES: Final[Mapping[str, CellType]] = {
    "local_id": "text",
    "first_name": "text",
    "middle_name": "text",
    "last_name": "text",
    "username": "text",
    "email": "text",
}

STUDENTS: Final = PlanTable(
    name="students",
    db_table="rollbook_student",
    columns={
        "uuid": "uuid",
        "district_id": "integer",
        **_SOURCED,
        "ssid": "text",
        **_NAMES,
        "preferred_first_name": "text",
        "grade": "text",
        **DEMOGRAPHICS,
        "counselor": "text",
        "merged_into_id": "integer",
    },
    references={"district_id": "organizations", "merged_into_id": "students"},
    personal_data=frozenset(
        {"sourced_id", "ssid", "grade", "preferred_first_name", "counselor", *_NAMES, *DEMOGRAPHICS}
    ),
)
# Not a table of a roster: its rows follow from matching, merging and changing ids.
STUDENT_ALIASES: Final = PlanTable(
    name="student aliases",
    db_table="rollbook_studentalias",
    columns={
        "student_id": "integer",
        "source": "text",
        "sourced_id": "text",
        "ssid": "text",
        "reason": "text",
        "is_active": "boolean",
    },
    references={"student_id": "students"},
    personal_data=frozenset({"sourced_id", "ssid"}),
)
STAFF: Final = PlanTable(
    name="staff",
    db_table="rollbook_staff",
    columns={"uuid": "uuid", "district_id": "integer", **_SOURCED, **_NAMES},
    references={"district_id": "organizations"},
    personal_data=frozenset({"sourced_id", *_NAMES}),
)
STAFF_ASSIGNMENTS: Final = PlanTable(
    name="staff assignments",
    db_table="rollbook_staffassignment",
    columns={
        "staff_id": "integer",
        "organization_id": "integer",
        "role": "text",
        "is_primary": "boolean",
        **_DATED,
        **_SOURCED,
    },
    references={"staff_id": "staff", "organization_id": "organizations"},
)
SCHOOL_ENROLLMENTS: Final = PlanTable(
    name="school enrollments",
    db_table="rollbook_schoolenrollment",
    columns={
        "student_id": "integer",
        "school_id": "integer",
        "school_year": "integer",
        "grade": "text",
        "is_primary": "boolean",
        **_DATED,
        **_SOURCED,
    },
    references={"student_id": "students", "school_id": "organizations"},
)
COURSES: Final = PlanTable(
    name="courses",
    db_table="rollbook_course",
    columns={
        "uuid": "uuid",
        "organization_id": "integer",
        "school_year_sourced_id": "text",
        "title": "text",
        "course_code": "text",
        "grades": "text",
        "subjects": "text",
        "subject_codes": "text",
        "department": "text",
        **_SOURCED,
    },
    references={"organization_id": "organizations"},
)
CLASSES: Final = PlanTable(
    name="classes",
    db_table="rollbook_class",
    columns={
        "uuid": "uuid",
        "school_id": "integer",
        "course_id": "integer",
        "title": "text",
        "class_code": "text",
        "kind": "text",
        "location": "text",
        "periods": "text",
        "grades": "text",
        "subjects": "text",
        "subject_codes": "text",
        "school_year": "integer",
        **_DATED,
        "term_sourced_ids": "text",
        **_SOURCED,
    },
    references={"school_id": "organizations", "course_id": "courses"},
)
ENROLLMENTS: Final = PlanTable(
    name="enrollments",
    db_table="rollbook_enrollment",
    columns={
        "class_taught_id": "integer",
        "student_id": "integer",
        "staff_id": "integer",
        "role": "text",
        "is_primary": "boolean",
        **_DATED,
        **_SOURCED,
    },
    references={"class_taught_id": "classes", "student_id": "students", "staff_id": "staff"},
)

PLAN_TABLES: Final = (
    STUDENTS,
    STAFF,
    STAFF_ASSIGNMENTS,
    SCHOOL_ENROLLMENTS,
    COURSES,
    CLASSES,
    ENROLLMENTS,
)
