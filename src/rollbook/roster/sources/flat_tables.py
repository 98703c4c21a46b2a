"""Turn rows under import fields into tables: who stands on a row, where, in which class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from rollbook.roster.rules.import_fields import IMPORT_FIELDS
from rollbook.roster.sources.converting import FILE, LINE, Conversion, slug
from rollbook.roster.sources.people_of_files import (
    STAFF_PREFIX,
    add_demographics,
    add_roles,
    first_rows,
)
from rollbook.roster.sources.terms import with_terms
from rollbook.roster.types import Vocabulary

_ALL: Final = tuple(field.name for field in IMPORT_FIELDS)
_STUDENT_FACTS: Final = (
    "first_name", "last_name", "middle_name", "grade", "birth_date", "sex", "ssid",
)  # fmt: skip
_STUDENT_COLUMNS: Final = {
    "sourcedId": "local_id",
    "username": "username",
    "givenName": "first_name",
    "familyName": "last_name",
    "middleName": "middle_name",
    "preferredGivenName": "preferred_name",
    "identifier": "local_id",
    "email": "email",
    "grades": "grade",
    "userMasterIdentifier": "ssid",
    "primaryOrgSourcedId": "school_number",
}
_STAFF_COLUMNS: Final = {
    "staff:sourcedId": "teacher_id",
    "staff:identifier": "teacher_id",
    "staff:givenName": "teacher_first_name",
    "staff:familyName": "teacher_last_name",
    "staff:email": "teacher_email",
    "staff:username": "teacher_email",
}


def identified(rows: pl.DataFrame) -> pl.DataFrame:
    """Add every import field that did not come, names taken apart, and the ids of all records.

    Shape: `student_key`, `school_key`, `district_key`, `teacher_key`, `course_key`, `class_key`;
           null where the row names none.
    """
    empty = [pl.lit(None, pl.String).alias(name) for name in _ALL if name not in rows.columns]
    rows = _named(rows.with_columns(empty))
    names = pl.concat_str(
        ["teacher_last_name", "teacher_first_name"], separator="-", ignore_nulls=True
    )
    rows = rows.with_columns(
        class_label=pl.coalesce("class_name", "course_name", "course_number", "class_id"),
        student_key=pl.coalesce("local_id", "ssid"),
        at=_slugs(rows, pl.coalesce("school_number", "school_name")),
        district=_slugs(rows, pl.coalesce("district_number", "district_name")),
        by=_slugs(
            rows, pl.coalesce("teacher_id", "teacher_email", pl.when(names != "").then(names))
        ),
    ).with_columns(
        school_key=pl.lit("school-") + pl.col("at"),
        district_key=pl.lit("district-") + pl.col("district"),
        teacher_key=pl.lit(STAFF_PREFIX) + pl.col("by"),
    )
    is_class = pl.any_horizontal(pl.col("class_label", "teacher_key", "period").is_not_null())
    course = pl.coalesce("course_number", "course_name", "class_name", pl.lit("class"))
    # The slug of a teacher's key is the key: what it is made of is one already.
    parts = [
        _slugs(rows, pl.col("class_label")),
        _slugs(rows, pl.col("period")),
        pl.col("teacher_key"),
        _slugs(rows, pl.col("term_name")),
    ]
    made = pl.concat_str([pl.lit("class"), "at", *parts], separator="-", ignore_nulls=True)
    by_id = pl.concat_str(
        [pl.lit("class"), pl.col("at"), _slugs(rows, pl.col("class_id"))], separator="-"
    )
    return rows.with_columns(
        class_key=pl.when(pl.col("class_id").is_not_null()).then(by_id).when(is_class).then(made),
        course_key=pl.when(is_class).then(
            pl.concat_str([pl.lit("course"), pl.col("at"), _slugs(rows, course)], separator="-")
        ),
    ).drop("at", "district", "by")


def _slugs(rows: pl.DataFrame, cell: pl.Expr) -> pl.Series:
    """Make the ids of names: of each different name once."""
    said = rows.select(said=cell)
    different = said.unique().drop_nulls()
    if different.height * 2 > said.height:
        return said.select(slug(pl.col("said"))).to_series()
    made = different.with_columns(made=slug(pl.col("said")))
    return said.join(made, on="said", how="left", maintain_order="left")["made"]


def add_tables(conversion: Conversion, rows: pl.DataFrame, said: Mapping[str, str]) -> None:
    """Add the records that the rows name; `said` are the uploaded headers by import field."""
    conversion.vocabulary = _vocabulary(rows)
    _add_places(conversion, rows, said)
    _add_students(conversion, rows, said)
    is_taught = rows["class_key"].is_not_null()
    taught = rows if is_taught.all() else rows.filter(is_taught)
    if taught.height:
        _add_classes(conversion, taught, said)
        _add_teachers(conversion, taught, said)


# Which cell of a person each import field fills. A grade has a default, names are needed.
_CELLS_OF: Final[Mapping[str, str]] = {
    "ssid": "students.ssid",
    "local_id": "students.local_id",
    "middle_name": "students.middle_name",
    "preferred_name": "students.preferred_first_name",
    "birth_date": "students.birth_date",
    "sex": "students.sex",
    "hispanic": "students.hispanic",
    "email": "students.email",
    "username": "students.username",
    "teacher_email": "staff.email",
    "counselor": "students.counselor",
}


def _vocabulary(rows: pl.DataFrame) -> Vocabulary:
    """Say whom and what these rows can name: a column that is not there, or empty, names nobody."""
    roles, kinds = {"student"}, {"school"}
    if rows["teacher_key"].null_count() < rows.height:
        roles.add("teacher")
    if rows["district_key"].null_count() < rows.height:
        kinds.add("district")
    numbered: set[str] = set()
    for key, name in (("school_key", "school_name"), ("district_key", "district_name")):
        unnamed = set(rows.filter(pl.col(name).is_null())[key].drop_nulls().unique())
        numbered |= unnamed - set(rows.drop_nulls(name)[key].drop_nulls().unique())
    unsaid = {
        cell
        for name, cell in _CELLS_OF.items()
        if name not in rows.columns or rows[name].null_count() == rows.height
    }
    return Vocabulary(frozenset(roles), frozenset(kinds), frozenset(numbered), frozenset(unsaid))


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """Take names written in one cell apart: `Last, First Middle`, else at the last space."""
    for whole, first, last in (
        ("full_name", "first_name", "last_name"),
        ("teacher_name", "teacher_first_name", "teacher_last_name"),
    ):
        different = rows.select(whole).unique().drop_nulls()
        if different.is_empty():
            continue
        cell = pl.col(whole)
        has_comma = cell.str.contains(",", literal=True)
        before = cell.str.extract(r"^([^,]+?)\s*,", 1)
        after = cell.str.extract(r",\s*(.+)$", 1).str.strip_chars()
        words = cell.str.extract(r"^(.*\S)\s+\S+$", 1)
        latest = cell.str.extract(r"(\S+)$", 1)
        apart = different.with_columns(
            said_first=pl.when(has_comma).then(after).otherwise(words),
            said_last=pl.when(has_comma).then(before).otherwise(latest),
        )
        rows = (
            rows.join(apart, on=whole, how="left", maintain_order="left")
            .with_columns(
                pl.coalesce(first, "said_first").alias(first),
                pl.coalesce(last, "said_last").alias(last),
            )
            .drop("said_first", "said_last")
        )
    return rows


def _told(said: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """Keep what the file has of the columns that a table is made of."""
    return {ours: said[field] for ours, field in columns.items() if field in said}


def _add_places(conversion: Conversion, rows: pl.DataFrame, said: Mapping[str, str]) -> None:
    districts = _once(rows, "district_key", "district_name")
    conversion.add(
        "orgs",
        districts.select(
            FILE,
            LINE,
            sourcedId="district_key",
            name=pl.coalesce("district_name", "district_number"),
            type=pl.lit("district"),
            identifier="district_number",
        ),
        {},
    )
    schools = _once(rows, "school_key", "school_name")
    conversion.add(
        "orgs",
        schools.select(
            FILE,
            LINE,
            sourcedId="school_key",
            name=pl.coalesce("school_name", "school_number"),
            type=pl.lit("school"),
            identifier="school_number",
            parentSourcedId="district_key",
        ),
        _told(
            said,
            {"sourcedId": "school_number", "name": "school_name", "identifier": "school_number"},
        ),
    )


def _once(rows: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """Return the first row of each place, with the first name that any row gives it."""
    first = rows.drop_nulls(key).unique(key, keep="first", maintain_order=True)
    named = rows.drop_nulls([key, name]).unique(key, keep="first", maintain_order=True)
    return first.drop(name).join(named.select(key, name), on=key, how="left", maintain_order="left")


def _add_students(conversion: Conversion, rows: pl.DataFrame, said: Mapping[str, str]) -> None:
    facts = {name: said.get(name, name) for name in _STUDENT_FACTS if name in said}
    first = first_rows(conversion, "users", rows, "student_key", facts)
    columns = dict(_STUDENT_COLUMNS)
    if "local_id" not in said:
        columns["sourcedId"] = "ssid"
    if "school_number" not in said:
        columns["primaryOrgSourcedId"] = "school_name"
    if "full_name" in said:
        columns |= {
            ours: "full_name"
            for ours, field in columns.items()
            if field in ("first_name", "last_name") and field not in said
        }
    conversion.add(
        "users",
        first.select(
            FILE,
            LINE,
            sourcedId="student_key",
            enabledUser=pl.lit("true"),
            username=pl.coalesce("username", "email", "student_key"),
            givenName="first_name",
            familyName="last_name",
            middleName="middle_name",
            preferredGivenName="preferred_name",
            identifier="local_id",
            email="email",
            grades="grade",
            userMasterIdentifier="ssid",
            primaryOrgSourcedId="school_key",
        ),
        _told(said, columns),
    )
    attending = rows.select(
        FILE,
        LINE,
        userSourcedId="student_key",
        orgSourcedId="school_key",
        role=pl.lit("student"),
        beginDate="enrolled_on",
        endDate="left_on",
    )
    told = {"userSourcedId": columns["sourcedId"], "orgSourcedId": columns["primaryOrgSourcedId"]}
    told |= {"beginDate": "enrolled_on", "endDate": "left_on"}
    add_roles(conversion, attending, {conversion.name: _told(said, told)})
    theirs = {"birthDate": "birth_date", "sex": "sex", "hispanic": "hispanic"}
    came = {ours: field for ours, field in theirs.items() if field in said}
    add_demographics(
        conversion,
        first.select(FILE, LINE, pl.col("student_key").alias("sourcedId"), **came),
        _told(said, {"sourcedId": columns["sourcedId"], **came}),
    )


def _add_classes(conversion: Conversion, rows: pl.DataFrame, said: Mapping[str, str]) -> None:
    rows = with_terms(
        conversion,
        rows.with_columns(term="term_name", starts="term_starts_on", ends="term_ends_on"),
    )
    facts = {name: said[name] for name in ("class_name", "course_name", "period") if name in said}
    first = first_rows(conversion, "classes", rows, "class_key", facts, is_class=True)
    teacher = pl.concat_str(
        ["teacher_last_name", "teacher_first_name"], separator=", ", ignore_nulls=True
    )
    title = pl.coalesce("class_label", pl.when(teacher != "").then(teacher), "class_key")
    is_homeroom = title.str.contains("(?i)home ?room") | pl.col("class_label").is_null()
    conversion.add(
        "courses",
        first.unique("course_key", keep="first", maintain_order=True).select(
            FILE,
            LINE,
            sourcedId="course_key",
            schoolYearSourcedId="yearSourcedId",
            title=pl.coalesce("course_name", title),
            courseCode="course_number",
            orgSourcedId="school_key",
            subjects=pl.col("subject").str.replace_all(",", " "),
        ),
        _told(
            said,
            {"sourcedId": "course_number", "title": "course_name", "courseCode": "course_number"},
        ),
    )
    conversion.add(
        "classes",
        first.select(
            FILE,
            LINE,
            "termSourcedIds",
            sourcedId="class_key",
            title=title,
            courseSourcedId="course_key",
            classCode="class_id",
            classType=pl.when(is_homeroom).then(pl.lit("homeroom")).otherwise(pl.lit("scheduled")),
            schoolSourcedId="school_key",
            subjects=pl.col("subject").str.replace_all(",", " "),
            periods="period",
        ),
        _told(
            said,
            {"sourcedId": _named_by(said), "title": "class_name", "classCode": "class_id",
             "schoolSourcedId": "school_number", "periods": "period", "subjects": "subject",
             "courseSourcedId": "course_number", "termSourcedIds": "term_name"},
        ),
    )  # fmt: skip
    seats = rows.drop_nulls("student_key").unique(
        ["class_key", "student_key"], keep="first", maintain_order=True
    )
    conversion.add(
        "enrollments",
        seats.select(
            FILE,
            LINE,
            sourcedId=pl.concat_str(["class_key", "student_key"], separator="-"),
            classSourcedId="class_key",
            schoolSourcedId="school_key",
            userSourcedId="student_key",
            role=pl.lit("student"),
        ),
        _told(said, {"classSourcedId": _named_by(said), "userSourcedId": "local_id"}),
    )


def _named_by(said: Mapping[str, str]) -> str:
    """Return the import field that tells classes apart, of those that the file has."""
    return next((name for name in ("class_id", "class_name", "course_name") if name in said), "")


def _add_teachers(conversion: Conversion, rows: pl.DataFrame, said: Mapping[str, str]) -> None:
    known = rows.drop_nulls("teacher_key")
    once = known.unique("teacher_key", keep="first", maintain_order=True)
    conversion.add(
        "users",
        once.select(
            FILE,
            LINE,
            sourcedId="teacher_key",
            enabledUser=pl.lit("true"),
            username=pl.coalesce("teacher_email", "teacher_key"),
            givenName="teacher_first_name",
            familyName="teacher_last_name",
            identifier="teacher_id",
            email="teacher_email",
            primaryOrgSourcedId="school_key",
        ),
        _told(said, _STAFF_COLUMNS),
    )
    add_roles(
        conversion,
        known.select(
            FILE,
            LINE,
            userSourcedId="teacher_key",
            orgSourcedId="school_key",
            role=pl.lit("teacher"),
        ),
        {},
    )
    seats = known.unique(["class_key", "teacher_key"], keep="first", maintain_order=True)
    is_first = pl.int_range(pl.len()).over("class_key") == 0
    conversion.add(
        "enrollments",
        seats.select(
            FILE,
            LINE,
            sourcedId=pl.concat_str(["class_key", "teacher_key"], separator="-"),
            classSourcedId="class_key",
            schoolSourcedId="school_key",
            userSourcedId="teacher_key",
            role=pl.lit("teacher"),
            primary=pl.when(is_first).then(pl.lit("true")).otherwise(pl.lit("false")),
        ),
        {},
    )
