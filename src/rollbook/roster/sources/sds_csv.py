"""Read the files of Microsoft School Data Sync as a OneRoster bundle.

Source: Microsoft, School Data Sync, CSV format 2.1 and its default list of values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from rollbook.roster.checks.conversions import FILE_MISSING
from rollbook.roster.rules.spellings import FLAGS, folded
from rollbook.roster.sources.converting import FILE, LINE, Conversion, text
from rollbook.roster.sources.dating import with_days
from rollbook.roster.sources.packages import PackageFile, Received, read_package
from rollbook.roster.sources.people_of_files import (
    add_demographics,
    add_roles,
    first_rows,
    grade_of,
    one_of,
)
from rollbook.roster.sources.words import note_unknown_words
from rollbook.roster.types import OneRosterBundle

LAYOUT: Final = "School Data Sync"


def _words(names: str) -> tuple[str, ...]:
    return tuple(names.split())


FILES: Final = (
    PackageFile(
        "orgs",
        _words("sourcedId name type"),
        _words("parentSourcedId"),
        ("orgs",),
        is_needed=True,
    ),
    PackageFile(
        "users",
        _words("sourcedId username"),
        _words("givenName familyName password activeDirectoryMatchId email phone sms"),
        ("users", "roles", "demographics"),
        is_needed=True,
    ),
    PackageFile(
        "roles",
        _words("userSourcedId orgSourcedId role"),
        _words("sessionSourcedId grade isPrimary roleStartDate roleEndDate"),
        ("roles",),
        is_needed=True,
    ),
    PackageFile(
        "classes",
        _words("sourcedId orgSourcedId title"),
        _words("code sessionSourcedIds courseSourcedId"),
        ("classes", "courses"),
    ),
    PackageFile("enrollments", _words("classSourcedId userSourcedId role"), (), ("enrollments",)),
    PackageFile(
        "academicSessions",
        _words("sourcedId title type schoolYear startDate endDate"),
        _words("parentSourcedId"),
        ("academicSessions",),
    ),
    PackageFile(
        "courses",
        _words("sourcedId orgSourcedId title"),
        _words("code schoolYearSourcedId subject grade"),
        ("courses",),
    ),
    PackageFile(
        "demographics",
        _words("userSourcedId"),
        _words("sex birthDate birthCity birthState birthCountry ethnicityCodes raceCodes"),
        ("demographics",),
    ),
    PackageFile(
        "relationships",
        _words("userSourcedId relationshipUserSourcedId relationshipRole"),
        (),
        ("users",),
    ),
    PackageFile("userFlags", _words("userSourcedId flag"), (), ()),
)

# Their words for places, roles and seats, and OneRoster's.
_ORG_TYPES: Final = {
    **dict.fromkeys(
        _words("district region division municipality localauthority academictrust"), "district"
    ),
    **dict.fromkeys(_words("departmentofeducation ministryofeducation state province"), "state"),
    **dict.fromkeys(
        _words("school college university campus adulteducation researchcenter"), "school"
    ),
    **dict.fromkeys(_words("department program"), "department"),
    "local": "local",
    "national": "national",
}
_STAFF_ROLES: Final = {
    **dict.fromkeys(
        _words("teacher faculty professor lecturer instructor adjunct substitute coach"),
        "teacher",
    ),
    **dict.fromkeys(
        _words(
            "aide paraprofessional teacherassistant specialservices nurse officestaff staff chair"
            " researcher affiliate occupationaltherapist physicaltherapist speechtherapist"
            " visiontherapist other"
        ),
        "aide",
    ),
    **dict.fromkeys(_words("advisor counselor"), "counselor"),
    **dict.fromkeys(_words("itadmin administrator"), "siteAdministrator"),
    "principal": "principal",
    "proctor": "proctor",
    "student": "student",
    **dict.fromkeys(_words("guardian parent relative"), "guardian"),
}
# Who is in a class and is no student teaches it, in OneRoster's words.
_SEATS: Final = {
    word: {"aide": "teacher"}.get(role, role)
    for word, role in _STAFF_ROLES.items()
    if role in ("student", "teacher", "proctor", "aide")
}
_SEX_AND_RACE: Final = {
    "sex": "sex",
    "birthDate": "birthDate",
    "race": "raceCodes",
    "hispanic": "ethnicityCodes",
}
_ETHNICITIES: Final = {
    **dict.fromkeys(
        ("hispanicorlatinoethnicity", "hispanicorlatino", "hispanic or latino", "hispanic"), "true"
    ),
    **dict.fromkeys(
        ("nothispanicorlatino", "not hispanic or latino", "not hispanic", "nonhispanic"), "false"
    ),
}
_DATES: Final = {
    "roles": ("roleStartDate", "roleEndDate"),
    "academicSessions": ("startDate", "endDate"),
    "demographics": ("birthDate",),
}
_YEAR_SESSION: Final = "school-year"


def read_sds(path: Path, *, name: str, encoding: str, allow_line_breaks: bool) -> OneRosterBundle:
    """Read a zip of School Data Sync files as a bundle of OneRoster 1.2.

    Shape:  every record keeps its sourcedId; a class without a course gets one of its own.
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
        _add_orgs(conversion, files["orgs"])
        _add_users(conversion, files["users"], files["roles"])
        _add_roles(conversion, files["roles"])
        for file, add in _OPTIONAL.items():
            if file in files:
                add(conversion, files[file])
    return conversion.bundle()


def _add_orgs(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    kind = folded(pl.col("type")).replace_strict(_ORG_TYPES, default=None)
    conversion.add(
        "orgs",
        rows.select(
            FILE,
            LINE,
            "sourcedId",
            "name",
            type=pl.coalesce(kind, "type"),
            parentSourcedId=text(rows, "parentSourcedId"),
        ),
        file.named(
            sourcedId="sourcedId", name="name", type="type", parentSourcedId="parentSourcedId"
        ),
    )


def _add_users(conversion: Conversion, file: Received, roles: Received) -> None:
    """Add the users; the grade of a student is in the first role that says one."""
    facts = {name: name for name in ("givenName", "familyName", "username")}
    rows = first_rows(conversion, "users", file.rows, "sourcedId", facts)
    said = roles.rows.select(FILE, LINE, sourcedId="userSourcedId", grade=text(roles.rows, "grade"))
    grades = said.drop_nulls().unique("sourcedId", keep="first", maintain_order=True)
    conversion.add_places("users", "grades", grades, theirs=roles.spelled.get("grade"))
    rows = rows.join(grades.drop(FILE, LINE), on="sourcedId", how="left", maintain_order="left")
    conversion.add(
        "users",
        rows.select(
            FILE,
            LINE,
            "sourcedId",
            "username",
            enabledUser=pl.lit("true"),
            givenName=text(rows, "givenName"),
            familyName=text(rows, "familyName"),
            email=one_of(rows, "email", "activeDirectoryMatchId"),
            phone=text(rows, "phone"),
            sms=text(rows, "sms"),
            grades=grade_of(pl.col("grade")),
        ),
        {name: name for name in ("sourcedId", "username", "givenName", "familyName", "email")}
        | {"phone": "phone", "sms": "sms", "grades": "grade"},
    )


def _add_roles(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    if "isPrimary" in rows.columns:
        said = file.spelled["isPrimary"]
        note_unknown_words(conversion, "roles", rows, "isPrimary", FLAGS, column=said)
    role = folded(pl.col("role")).replace_strict(_STAFF_ROLES, default=None)
    made = rows.select(
        FILE,
        LINE,
        "userSourcedId",
        "orgSourcedId",
        role=pl.coalesce(role, "role"),
        beginDate=text(rows, "roleStartDate"),
        endDate=text(rows, "roleEndDate"),
        is_primary=folded(text(rows, "isPrimary")).replace_strict(FLAGS, default=None) == "true",
    )
    first = made.sort(~pl.col("is_primary").fill_null(value=False), maintain_order=True)
    add_roles(
        conversion,
        first.drop("is_primary"),
        {
            "roles.csv": file.named(
                userSourcedId="userSourcedId",
                orgSourcedId="orgSourcedId",
                role="role",
                beginDate="roleStartDate",
                endDate="roleEndDate",
            )
        },
    )


def _add_classes(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    own = pl.lit("course-") + pl.col("sourcedId")
    rows = rows.with_columns(course=pl.coalesce(text(rows, "courseSourcedId"), own))
    sessions = text(rows, "sessionSourcedIds").str.replace_all(r"\s*[;,]\s*", ",")
    conversion.add(
        "classes",
        rows.select(
            FILE,
            LINE,
            "sourcedId",
            "title",
            courseSourcedId="course",
            classCode=text(rows, "code"),
            classType=pl.when(pl.col("title").str.contains("(?i)home ?room"))
            .then(pl.lit("homeroom"))
            .otherwise(pl.lit("scheduled")),
            schoolSourcedId="orgSourcedId",
            termSourcedIds=sessions.fill_null(_YEAR_SESSION),
        ),
        file.named(
            sourcedId="sourcedId", title="title", courseSourcedId="courseSourcedId",
            classCode="code", schoolSourcedId="orgSourcedId", termSourcedIds="sessionSourcedIds",
        ),
    )  # fmt: skip
    alone = rows.filter(pl.col("course") == own)
    conversion.add(
        "courses",
        alone.select(FILE, LINE, "title", "orgSourcedId", sourcedId="course"),
        file.named(title="title", orgSourcedId="orgSourcedId", **{"made:sourcedId": "sourcedId"}),
    )


def _add_enrollments(conversion: Conversion, file: Received) -> None:
    """Add the seats; where a class is held is said by its class alone.

    A seat in a class that is nowhere is told by its class, so it is given some place.
    """
    if not conversion.parts.get("classes"):
        conversion.say(FILE_MISSING, file="", value="classes.csv", layout=LAYOUT)
        return
    orgs = pl.concat(conversion.parts["orgs"])["sourcedId"].drop_nulls()
    held = pl.concat(conversion.parts["classes"]).unique("sourcedId", keep="first")
    places = held.select(classSourcedId="sourcedId", schoolSourcedId="schoolSourcedId")
    places = places.filter(pl.col("schoolSourcedId").is_in(orgs.implode()))
    rows = file.rows.join(places, on="classSourcedId", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("schoolSourcedId").fill_null(orgs.first()))
    role = folded(pl.col("role")).replace_strict(_SEATS, default=None)
    conversion.add(
        "enrollments",
        rows.select(
            FILE,
            LINE,
            "classSourcedId",
            "userSourcedId",
            "schoolSourcedId",
            sourcedId=pl.concat_str(["classSourcedId", "userSourcedId", "role"], separator="-"),
            role=pl.coalesce(role, "role"),
        ),
        file.named(
            classSourcedId="classSourcedId",
            userSourcedId="userSourcedId",
            role="role",
            **{"made:sourcedId": "classSourcedId"},
        ),
    )


def _add_sessions(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    names = _words("sourcedId title type startDate endDate schoolYear")
    conversion.add(
        "academicSessions",
        rows.select(FILE, LINE, *names, parentSourcedId=text(rows, "parentSourcedId")),
        {name: file.spelled[name] for name in names},
    )


def _add_courses(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    conversion.add(
        "courses",
        rows.select(
            FILE,
            LINE,
            "sourcedId",
            "orgSourcedId",
            "title",
            courseCode=text(rows, "code"),
            schoolYearSourcedId=text(rows, "schoolYearSourcedId"),
            subjects=text(rows, "subject").str.replace_all(",", " "),
            grades=grade_of(text(rows, "grade")),
        ),
        file.named(
            sourcedId="sourcedId", orgSourcedId="orgSourcedId", title="title", courseCode="code",
            schoolYearSourcedId="schoolYearSourcedId", subjects="subject", grades="grade",
        ),
    )  # fmt: skip


def _add_demographics(conversion: Conversion, file: Received) -> None:
    rows = file.rows
    came = {ours: name for ours, name in _SEX_AND_RACE.items() if name in rows.columns}
    said = rows.select(FILE, LINE, pl.col("userSourcedId").alias("sourcedId"), **came)
    if "hispanic" in came:
        flag = folded(pl.col("hispanic")).replace_strict(_ETHNICITIES, default=None)
        said = said.with_columns(hispanic=pl.coalesce(flag, "hispanic"))
    add_demographics(conversion, said, file.named(sourcedId="userSourcedId", **came))


def _nothing(conversion: Conversion, file: Received) -> None:
    """Read and leave out: Rollbook keeps no contacts and no flags."""
    del conversion, file


_OPTIONAL: Final = {
    "classes": _add_classes,
    "enrollments": _add_enrollments,
    "academicSessions": _add_sessions,
    "courses": _add_courses,
    "demographics": _add_demographics,
    "relationships": _nothing,
    "userFlags": _nothing,
}
