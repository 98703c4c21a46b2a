"""Read the files that a district sends to Clever by SFTP as a OneRoster bundle.

Source: Clever, SFTP file formats 2.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

from rollbook.roster.sources.converting import FILE, LINE, Conversion, slug, text
from rollbook.roster.sources.dating import with_days
from rollbook.roster.sources.packages import PackageFile, Received, read_package
from rollbook.roster.sources.people_of_files import (
    STAFF_PREFIX,
    add_demographics,
    add_roles,
    first_rows,
    grade_of,
    joined,
    one_of,
)
from rollbook.roster.sources.terms import with_terms
from rollbook.roster.types import OneRosterBundle, Vocabulary

LAYOUT: Final = "Clever"
_TEACHERS: Final = ("Teacher_id", *(f"Teacher_{number}_id" for number in range(2, 11)))
_PERSONS: Final = ("users", "roles", "demographics")


def _words(names: str) -> tuple[str, ...]:
    return tuple(names.split())


FILES: Final = (
    PackageFile(
        "schools",
        _words("School_id School_name School_number"),
        _words(
            "State_id Low_grade High_grade Principal Principal_email School_address School_city"
            " School_state School_zip School_phone"
        ),
        ("orgs",),
        is_needed=True,
    ),
    PackageFile(
        "students",
        _words("School_id Student_id Last_name First_name"),
        _words(
            "Student_number State_id Middle_name Grade Gender Graduation_year DOB Race"
            " Hispanic_Latino Home_language Ell_status Frl_status IEP_status Student_street"
            " Student_city Student_state Student_zip Student_email Contact_relationship"
            " Contact_type Contact_name Contact_phone Contact_phone_type Contact_email"
            " Contact_sis_id Username Password Unweighted_gpa Weighted_gpa"
        ),
        _PERSONS,
        is_needed=True,
    ),
    PackageFile(
        "teachers",
        _words("School_id Teacher_id First_name Last_name"),
        _words("Teacher_number State_teacher_id Teacher_email Middle_name Title Username Password"),
        ("users", "roles"),
        is_needed=True,
    ),
    PackageFile(
        "sections",
        _words("School_id Section_id Teacher_id"),
        (
            *_TEACHERS[1:],
            *_words(
                "Name Section_number Grade Course_name Course_number Course_description Period"
                " Subject Term_name Term_start Term_end"
            ),
        ),
        ("classes", "courses", "academicSessions", "enrollments"),
        is_needed=True,
    ),
    PackageFile(
        "enrollments",
        _words("School_id Section_id Student_id"),
        (),
        ("enrollments",),
        is_needed=True,
    ),
    PackageFile(
        "staff",
        _words("Staff_id First_name Last_name"),
        _words("School_id Staff_email Department Title Username Password Role"),
        ("users", "roles"),
    ),
    PackageFile(
        "admins",
        _words("Staff_id First_name Last_name"),
        _words("School_id Admin_email Admin_title Username Password Role"),
        ("users", "roles"),
    ),
)
# What all rows of one student should agree in; contacts differ by their nature.
_STUDENT_FACTS: Final = (
    "First_name",
    "Last_name",
    "Middle_name",
    "Grade",
    "Gender",
    "DOB",
    "State_id",
)
_DATES: Final = {"students": ("DOB",), "sections": ("Term_start", "Term_end")}
_STAFF_FACTS: Final = ("First_name", "Last_name", "email")


# Whom a file of persons names.
_ROLE_OF: Final = {
    "students": "student",
    "teachers": "teacher",
    "staff": "aide",
    "admins": "siteAdministrator",
}


def read_clever(
    path: Path, *, name: str, encoding: str, allow_line_breaks: bool
) -> OneRosterBundle:
    """Read a zip of Clever's files as a bundle of OneRoster 1.2.

    Shape:  students keep their Student_id as sourcedId, sections theirs; teachers and staff get
            a prefix, because their numbers may be those of students. A student's first row counts.
    Raises: OSError when the path cannot be read.
    """
    conversion = Conversion(name)
    files = read_package(
        conversion,
        path,
        FILES,
        layout=LAYOUT,
        encoding=encoding,
        allow_line_breaks=allow_line_breaks,
    )
    files = with_days(conversion, files, _DATES)
    if files and not conversion.findings.is_fatal:
        conversion.vocabulary = Vocabulary(roles=_roles_said(files), kinds=frozenset({"school"}))
        _add_schools(conversion, files["schools"])
        _add_students(conversion, files["students"])
        _add_staff(conversion, files)
        _add_sections(conversion, files["sections"])
        _add_enrollments(conversion, files["enrollments"])
    return conversion.bundle()


def _roles_said(files: Mapping[str, Received]) -> frozenset[str]:
    """Return the roles that these files can give: a file that is not there names nobody."""
    came = (name for name, file in files.items() if file.rows.height)
    return frozenset(_ROLE_OF[name] for name in came if name in _ROLE_OF)


def _add_schools(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    identifier = one_of(rows, "State_id", "School_number")
    conversion.add(
        "orgs",
        rows.select(
            FILE,
            LINE,
            sourcedId="School_id",
            name="School_name",
            type=pl.lit("school"),
            identifier=identifier,
        ),
        file.named(sourcedId="School_id", name="School_name", identifier="School_number"),
    )


def _add_students(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    facts = {name: file.spelled.get(name, name) for name in _STUDENT_FACTS}
    first = first_rows(conversion, "users", rows, "Student_id", facts)
    conversion.add(
        "users",
        first.select(
            FILE,
            LINE,
            sourcedId="Student_id",
            enabledUser=pl.lit("true"),
            username=one_of(first, "Username", "Student_email", "Student_id"),
            givenName="First_name",
            familyName="Last_name",
            middleName=text(first, "Middle_name"),
            identifier=text(first, "Student_number"),
            email=text(first, "Student_email"),
            grades=grade_of(text(first, "Grade")),
            userMasterIdentifier=text(first, "State_id"),
            primaryOrgSourcedId="School_id",
        ),
        file.named(
            sourcedId="Student_id", username="Username", givenName="First_name",
            familyName="Last_name", middleName="Middle_name", identifier="Student_number",
            email="Student_email", grades="Grade", userMasterIdentifier="State_id",
            primaryOrgSourcedId="School_id",
        ),
    )  # fmt: skip
    add_roles(
        conversion,
        rows.select(
            FILE,
            LINE,
            userSourcedId="Student_id",
            orgSourcedId="School_id",
            role=pl.lit("student"),
        ),
        {"students.csv": file.named(userSourcedId="Student_id", orgSourcedId="School_id")},
    )
    theirs = {"birthDate": "DOB", "sex": "Gender", "race": "Race", "hispanic": "Hispanic_Latino"}
    came = {ours: name for ours, name in theirs.items() if name in first.columns}
    add_demographics(
        conversion,
        first.select(FILE, LINE, pl.col("Student_id").alias("sourcedId"), **came),
        file.named(sourcedId="Student_id", **came),
    )


def _add_staff(conversion: Conversion, files: dict[str, Received]) -> None:
    """Add teachers, staff and admins: one user each, with a role at every school that is named."""
    sources = (
        ("teachers", "Teacher_id", "Teacher_email"),
        ("staff", "Staff_id", "Staff_email"),
        ("admins", "Staff_id", "Admin_email"),
    )
    read = [
        _staff_rows(files[name].rows, key, email, pl.lit(_ROLE_OF[name]))
        for name, key, email in sources
        if name in files
    ]
    rows = joined(read)
    first = first_rows(conversion, "users", rows, "sourcedId", {n: n for n in _STAFF_FACTS})
    for name, key, email in sources:
        if name not in files:
            continue
        file = files[name]
        mine = first.filter(pl.col(FILE) == f"{name}.csv")
        conversion.add(
            "users",
            mine.select(
                FILE, LINE, "sourcedId", "identifier", "email",
                enabledUser=pl.lit("true"),
                username=one_of(mine, "Username", "email", "sourcedId"),
                givenName="First_name",
                familyName="Last_name",
                middleName=text(mine, "Middle_name"),
            ),
            file.named(
                sourcedId=key, identifier="Teacher_number", email=email, username="Username",
                givenName="First_name", familyName="Last_name", middleName="Middle_name",
            ),
        )  # fmt: skip
    add_roles(
        conversion,
        rows.select(FILE, LINE, "role", userSourcedId="sourcedId", orgSourcedId="School_id"),
        {
            f"{name}.csv": files[name].named(userSourcedId=key, orgSourcedId="School_id")
            for name, key, _ in sources
            if name in files
        },
    )


def _staff_rows(rows: pl.DataFrame, key: str, email: str, role: pl.Expr) -> pl.DataFrame:
    return rows.select(
        FILE, LINE, "First_name", "Last_name",
        text(rows, "Middle_name").alias("Middle_name"),
        text(rows, "Username").alias("Username"),
        text(rows, "School_id").alias("School_id"),
        sourcedId=pl.lit(STAFF_PREFIX) + pl.col(key),
        identifier=one_of(rows, "Teacher_number", key),
        email=text(rows, email),
        role=role,
    )  # fmt: skip


def _add_sections(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    rows = rows.with_columns(
        term=text(rows, "Term_name"),
        starts=text(rows, "Term_start"),
        ends=text(rows, "Term_end"),
        school_year=pl.lit(None, pl.String),
    )
    rows = with_terms(conversion, rows)
    title = one_of(rows, "Course_name", "Name", "Course_number", "Section_id")
    rows = rows.with_columns(
        course_title=title,
        courseSourcedId=pl.concat_str(
            [
                pl.lit("course"),
                "School_id",
                slug(one_of(rows, "Course_number", "Course_name", "Section_id")),
            ],
            separator="-",
        ),
        subject=text(rows, "Subject").str.replace_all(",", " "),
    )
    _add_courses(conversion, rows, file)
    is_homeroom = pl.concat_str(
        [text(rows, "Name"), text(rows, "Course_name"), text(rows, "Subject")], ignore_nulls=True
    ).str.contains("(?i)home ?room")
    conversion.add(
        "classes",
        rows.select(
            FILE,
            LINE,
            "courseSourcedId",
            "termSourcedIds",
            sourcedId="Section_id",
            title=one_of(rows, "Name", "Course_name", "Section_number", "Section_id"),
            grades=grade_of(text(rows, "Grade")),
            classCode=text(rows, "Section_number"),
            classType=pl.when(is_homeroom).then(pl.lit("homeroom")).otherwise(pl.lit("scheduled")),
            schoolSourcedId="School_id",
            subjects="subject",
            periods=text(rows, "Period"),
        ),
        file.named(
            sourcedId="Section_id", title="Name", grades="Grade", classCode="Section_number",
            schoolSourcedId="School_id", subjects="Subject", periods="Period",
            courseSourcedId="Course_number", termSourcedIds="Term_name",
        ),
    )  # fmt: skip
    _add_teaching(conversion, rows, file)


def _add_courses(conversion: Conversion, rows: pl.DataFrame, file: Received) -> None:
    once = rows.unique("courseSourcedId", keep="first", maintain_order=True)
    conversion.add(
        "courses",
        once.select(
            FILE,
            LINE,
            sourcedId="courseSourcedId",
            schoolYearSourcedId="yearSourcedId",
            title="course_title",
            courseCode=text(once, "Course_number"),
            orgSourcedId="School_id",
            subjects="subject",
        ),
        file.named(
            title="Course_name",
            courseCode="Course_number",
            orgSourcedId="School_id",
            subjects="Subject",
            **{"made:sourcedId": "Course_number"},
        ),
    )


def _add_teaching(conversion: Conversion, rows: pl.DataFrame, file: Received) -> None:
    """Add the teachers of sections to enrollments.csv; the first is the primary one."""
    there = [name for name in _TEACHERS if name in rows.columns]
    teaching = (
        rows.unpivot(on=there, index=[FILE, LINE, "Section_id", "School_id"], value_name="teacher")
        .drop_nulls("teacher")
        .unique(["Section_id", "teacher"], keep="first", maintain_order=True)
    )
    who = pl.lit(STAFF_PREFIX) + pl.col("teacher")
    conversion.add(
        "enrollments",
        teaching.select(
            FILE,
            LINE,
            sourcedId=pl.concat_str(["Section_id", pl.lit("-"), who]),
            classSourcedId="Section_id",
            schoolSourcedId="School_id",
            userSourcedId=who,
            role=pl.lit("teacher"),
            primary=pl.when(pl.col("variable") == _TEACHERS[0])
            .then(pl.lit("true"))
            .otherwise(pl.lit("false")),
        ),
        file.named(
            classSourcedId="Section_id",
            schoolSourcedId="School_id",
            userSourcedId="Teacher_id",
            **{"made:sourcedId": "Section_id"},
        ),
    )


def _add_enrollments(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    conversion.add(
        "enrollments",
        rows.select(
            FILE,
            LINE,
            sourcedId=pl.concat_str(["Section_id", "Student_id"], separator="-"),
            classSourcedId="Section_id",
            schoolSourcedId="School_id",
            userSourcedId="Student_id",
            role=pl.lit("student"),
        ),
        file.named(
            classSourcedId="Section_id",
            schoolSourcedId="School_id",
            userSourcedId="Student_id",
            **{"made:sourcedId": "Section_id"},
        ),
    )
