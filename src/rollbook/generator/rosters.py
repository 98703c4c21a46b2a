"""Write a district's roster as the tables of a OneRoster 1.2 bundle."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.generator.calendars import course_spans, session_id, terms
from rollbook.generator.courses import COURSES
from rollbook.generator.oneroster import Tables, shaped
from rollbook.generator.places import District
from rollbook.generator.staff import Staff, with_counselors
from rollbook.generator.timetable import Timetable

_SEXES: Final = {"Male": "male", "Female": "female", "Nonbinary": "other"}


def make_roster(
    students: pl.DataFrame,
    staff: Staff,
    timetable: Timetable,
    district: District,
    *,
    school_year: int,
) -> Tables:
    """Write one district as OneRoster tables.

    Shape: file name to a frame with exactly the columns of that file, all text. `students` are in
           the order that the timetable's seats refer to.
    """
    placed = students.join(_schools(district), on="school", maintain_order="left_right")
    people = with_counselors(placed, staff, district)
    classes = _described(timetable.classes, district, school_year)
    return {
        "academicSessions": _sessions(district, school_year),
        "orgs": _orgs(district),
        "courses": _courses(district, school_year),
        "classes": shaped("classes", classes),
        "users": pl.concat([_student_users(people), _staff_users(staff.people)]),
        "roles": pl.concat([_student_roles(people), _staff_roles(staff.people)]),
        "enrollments": _enrollments(people, timetable.seats, classes, staff.teacher_ids),
        "demographics": _demographics(people),
    }


def _sessions(district: District, school_year: int) -> pl.DataFrame:
    rows = [
        {
            "sourcedId": session_id(district, term.code, school_year),
            "title": term.title,
            "type": term.kind,
            "startDate": term.starts_on.isoformat(),
            "endDate": term.ends_before.isoformat(),
            "parentSourcedId": session_id(district, term.parent, school_year)
            if term.parent
            else None,
            "schoolYear": str(school_year),
        }
        for term in terms(school_year)
    ]
    return shaped("academicSessions", pl.DataFrame(rows, infer_schema_length=None))


def _orgs(district: District) -> pl.DataFrame:
    rows = [(district.sourced_id, district.name, "district", district.identifier, None)]
    rows += [
        (school.sourced_id, school.name, "school", school.identifier, district.sourced_id)
        for school in district.schools
    ]
    columns = ["sourcedId", "name", "type", "identifier", "parentSourcedId"]
    return shaped("orgs", pl.DataFrame(rows, dict.fromkeys(columns, pl.String), orient="row"))


def _courses(district: District, school_year: int) -> pl.DataFrame:
    rows = [
        {
            "sourcedId": f"{district.key}-crs-{course.code}",
            "schoolYearSourcedId": session_id(district, "sy", school_year),
            "title": course.title,
            "courseCode": course.code,
            "grades": ",".join(course.grades),
            "orgSourcedId": district.sourced_id,
            "subjects": course.subject,
            "subjectCodes": course.subject_code,
        }
        for course in COURSES
    ]
    return shaped("courses", pl.DataFrame(rows))


def _schools(district: District) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "school": [school.number for school in district.schools],
            "schoolSourcedId": [school.sourced_id for school in district.schools],
        }
    )


def _course_facts(district: District, school_year: int) -> pl.DataFrame:
    def sessions(taught: str) -> str:
        codes = ("s1", "s2") if taught == "year" else (taught,)
        return ",".join(session_id(district, code, school_year) for code in codes)

    return pl.DataFrame(
        {
            "course": list(range(len(COURSES))),
            "courseSourcedId": [f"{district.key}-crs-{course.code}" for course in COURSES],
            "course_title": [course.title for course in COURSES],
            "course_code": [course.code for course in COURSES],
            "grades": [",".join(course.grades) for course in COURSES],
            "classType": ["homeroom" if c.is_homeroom else "scheduled" for c in COURSES],
            "termSourcedIds": [sessions(course.terms) for course in COURSES],
            "terms": [course.terms for course in COURSES],
            "subjects": [course.subject for course in COURSES],
            "subjectCodes": [course.subject_code for course in COURSES],
        }
    ).join(course_spans(school_year), on="terms", maintain_order="left_right")


def _described(classes: pl.DataFrame, district: District, school_year: int) -> pl.DataFrame:
    """Add to classes what OneRoster says about them, and the dates between which they are held."""
    section = pl.col("section").cast(pl.String)
    number = pl.col("class_number").cast(pl.String).str.zfill(5)
    return (
        classes.join(_course_facts(district, school_year), on="course", maintain_order="left_right")
        .join(_schools(district), on="school", maintain_order="left_right")
        .with_columns(
            sourcedId=pl.format(f"{district.key}-cls-{{}}", number),
            title=pl.format("{} - {}", "course_title", section),
            classCode=pl.format("{}-{}", "course_code", section.str.zfill(2)),
            location=pl.format("Room {}", pl.col("teacher") + 1),
            periods=pl.when(pl.col("period") > 0).then(pl.col("period").cast(pl.String)),
        )
    )


def _student_users(people: pl.DataFrame) -> pl.DataFrame:
    return shaped(
        "users",
        people.select(
            sourcedId="user_id",
            enabledUser=pl.lit("true"),
            username="username",
            userIds=pl.concat_str(pl.lit("{SSID:"), "ssid", pl.lit("}")),
            givenName="first_name",
            familyName="last_name",
            middleName=pl.when(pl.col("middle_name") != "").then(pl.col("middle_name")),
            identifier="local_id",
            email="email",
            grades="grade_code",
            agentSourcedIds="counselor_id",
            userMasterIdentifier="ssid",
            preferredGivenName="preferred_name",
            primaryOrgSourcedId="schoolSourcedId",
        ),
    )


def _staff_users(staff: pl.DataFrame) -> pl.DataFrame:
    return shaped(
        "users",
        staff.select(
            sourcedId="user_id",
            enabledUser=pl.lit("true"),
            username="username",
            givenName="first_name",
            familyName="last_name",
            identifier="identifier",
            email="email",
            primaryOrgSourcedId="org_id",
        ),
    )


def _student_roles(people: pl.DataFrame) -> pl.DataFrame:
    return shaped(
        "roles",
        people.select(
            sourcedId=pl.format("{}-role", "user_id"),
            userSourcedId="user_id",
            roleType=pl.lit("primary"),
            role=pl.lit("student"),
            beginDate="begins_on",
            orgSourcedId="schoolSourcedId",
        ),
    )


def _staff_roles(staff: pl.DataFrame) -> pl.DataFrame:
    return shaped(
        "roles",
        staff.select(
            sourcedId=pl.format("{}-role", "user_id"),
            userSourcedId="user_id",
            roleType=pl.lit("primary"),
            role="role",
            orgSourcedId="org_id",
        ),
    )


def _enrollments(
    people: pl.DataFrame, seats: pl.DataFrame, classes: pl.DataFrame, teacher_ids: pl.DataFrame
) -> pl.DataFrame:
    held = classes.select(
        "class_number",
        "teacher",
        "schoolSourcedId",
        "starts_on",
        classSourcedId="sourcedId",
        endDate="ends_before",
    )
    who = people.select("user_id", "begins_on").with_columns(student=pl.int_range(pl.len()))
    pupils = (
        seats.join(who, on="student", maintain_order="left_right")
        .join(held, on="class_number", maintain_order="left_right")
        .with_columns(
            role=pl.lit("student"),
            primary=pl.lit(None, pl.String),
            beginDate=pl.max_horizontal("starts_on", "begins_on", "since"),
        )
    )
    teachers = held.join(teacher_ids, on="teacher", maintain_order="left_right").with_columns(
        role=pl.lit("teacher"), primary=pl.lit("true"), beginDate=pl.col("starts_on")
    )
    return pl.concat([_enrollment_rows(pupils), _enrollment_rows(teachers)])


def _enrollment_rows(seats: pl.DataFrame) -> pl.DataFrame:
    return shaped(
        "enrollments",
        seats.with_columns(
            sourcedId=pl.format("{}-{}", "user_id", "class_number"), userSourcedId="user_id"
        ),
    )


def _demographics(people: pl.DataFrame) -> pl.DataFrame:
    def said(flag: pl.Expr) -> pl.Expr:
        return pl.when(flag).then(pl.lit("true")).otherwise(pl.lit("false"))

    return shaped(
        "demographics",
        people.select(
            sourcedId="user_id",
            birthDate="birth_date",
            sex=pl.col("sex").replace_strict(_SEXES),
            americanIndianOrAlaskaNative=said(pl.col("american_indian")),
            # OneRoster knows no Filipino: there, these students are Asian.
            asian=said(pl.col("asian") | pl.col("filipino")),
            blackOrAfricanAmerican=said(pl.col("black")),
            nativeHawaiianOrOtherPacificIslander=said(pl.col("pacific_islander")),
            white=said(pl.col("white")),
            demographicRaceTwoOrMoreRaces=said(pl.col("two_or_more_races")),
            hispanicOrLatinoEthnicity=said(pl.col("hispanic")),
        ),
    )
