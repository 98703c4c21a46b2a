"""The courses, classes and class enrollments that a roster wants."""

from __future__ import annotations

import polars as pl

from rollbook.orgs.layouts import ORGANIZATIONS
from rollbook.people import layouts as people
from rollbook.roster.plan.draft import Draft, joined, keep, linked, live, text
from rollbook.roster.plan.places import sessions_of
from rollbook.roster.types import Mode


def want_courses(draft: Draft) -> None:
    """Add the rows of courses that the roster wants."""
    rows = linked(
        draft,
        live(draft.incoming.courses),
        ORGANIZATIONS,
        by="org_sourced_id",
        to="organization_id",
    ).select(
        "sourced_id", "organization_id", "title",
        joined("grades"), joined("subjects"), joined("subject_codes"),
        line="_line", course_code=text("course_code"),
        school_year_sourced_id=text("school_year_sourced_id"),
        org_sourced_id="org_sourced_id",
    )  # fmt: skip
    rows = _with_departments(draft, rows).drop("org_sourced_id")
    if draft.incoming.modes.get("courses", Mode.ABSENT) is Mode.ABSENT:
        keep(draft, people.COURSES, _courses_of_classes(draft), "classes.csv")
    else:
        keep(draft, people.COURSES, rows, "courses.csv")


def _with_departments(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the name of the department that a course is of, where the file lists departments.

    Shape: a file without organizations says nothing of them, so they stay as they are.
    """
    if draft.incoming.modes.get("orgs", Mode.ABSENT) is not Mode.BULK:
        return rows
    departments = (
        live(draft.incoming.orgs)
        .filter(pl.col("type") == "department")
        .select(org_sourced_id="sourced_id", department="name")
    )
    return rows.join(
        departments, on="org_sourced_id", how="left", maintain_order="left"
    ).with_columns(department=text("department"))


def _courses_of_classes(draft: Draft) -> pl.DataFrame:
    """Make a course for each that only classes name: a roster without courses still has classes."""
    known = draft.current.frames["courses"].filter(pl.col("source") == draft.current.source)
    named = live(draft.incoming.classes).filter(
        ~pl.col("course_sourced_id").is_in(known["sourced_id"].implode())
    )
    placed = linked(draft, named, ORGANIZATIONS, by="school_sourced_id", to="organization_id")
    return placed.unique("course_sourced_id", keep="first", maintain_order=True).select(
        "organization_id", "title",
        joined("grades"), joined("subjects"), joined("subject_codes"),
        sourced_id="course_sourced_id",
        line="_line",
        course_code=pl.lit(""),
        school_year_sourced_id=pl.lit(""),
    )  # fmt: skip


def want_classes(draft: Draft) -> None:
    """Add the rows of classes, dated from their first to their last term."""
    incoming = live(draft.incoming.classes)
    terms = sessions_of(draft).drop("kind")
    spans = (
        incoming.select("sourced_id", term="term_sourced_ids")
        .explode("term")
        .join(terms.rename({"sourced_id": "term"}), on="term", how="inner")
        .group_by("sourced_id")
        .agg(
            begins_on=pl.col("starts_on").min(),
            ends_before=pl.col("ends_before").max(),
            school_year=pl.col("school_year").max(),
        )
    )
    placed = linked(draft, incoming, ORGANIZATIONS, by="school_sourced_id", to="school_id")
    placed = linked(draft, placed, people.COURSES, by="course_sourced_id", to="course_id")
    rows = placed.join(spans, on="sourced_id", how="left", maintain_order="left").select(
        "sourced_id", "school_id", "course_id", "title", "begins_on", "ends_before",
        joined("periods"), joined("grades"), joined("subjects"), joined("subject_codes"),
        joined("term_sourced_ids"),
        line="_line",
        class_code=text("class_code"),
        kind="class_type",
        location=text("location"),
        school_year=pl.col("school_year").fill_null(draft.school_year),
    )  # fmt: skip
    keep(draft, people.CLASSES, rows, "classes.csv")


def want_enrollments(draft: Draft) -> None:
    """Add the rows that say who is in which class."""
    incoming = live(draft.incoming.enrollments)
    placed = linked(draft, incoming, people.CLASSES, by="class_sourced_id", to="class_taught_id")
    placed = linked(
        draft, placed, people.STUDENTS, by="user_sourced_id", to="student_id", how="left"
    )
    placed = linked(draft, placed, people.STAFF, by="user_sourced_id", to="staff_id", how="left")
    is_student = pl.col("role") == "student"
    rows = placed.select(
        "sourced_id", "class_taught_id", "role", "begins_on", "ends_before",
        line="_line",
        student_id=pl.when(is_student).then("student_id"),
        staff_id=pl.when(~is_student).then("staff_id"),
        is_primary=pl.col("is_primary").fill_null(value=False),
    ).filter(pl.col("student_id").is_not_null() | pl.col("staff_id").is_not_null())  # fmt: skip
    keep(draft, people.ENROLLMENTS, rows, "enrollments.csv")
