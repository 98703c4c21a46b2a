"""Say what a roster source holds in the words of OneRoster CSV: the way in, walked back.

What was read and is held comes back cell by cell. Not held, and so left empty or out: passwords,
sms, phone, agents besides a counselor, pronouns, preferred middle and family names, the primary
organization and userIds besides the state's id; a student's grades after the first; family
members; the roles of students at places that are no schools; where somebody was born or lives;
user profiles, resources and all of the gradebook; metadata columns; departments, whose courses and
classes are told at the place that holds them. A student's role that lasts the school year says no
dates, `enabledUser` is always true, staff without `primary` are told as false, and the state's id
stands in userMasterIdentifier (in 1.1 in userIds).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.types import HeldRoster

_TYPES: Final[Mapping[str, str]] = {"state": "state", "district": "district", "school": "school"}
_SEXES: Final[Mapping[str, str]] = {"Male": "male", "Female": "female", "Nonbinary": "other"}
_FLAGS: Final[Mapping[str, str]] = {
    "americanIndianOrAlaskaNative": "american_indian",
    "asian": "asian",
    "blackOrAfricanAmerican": "black",
    "nativeHawaiianOrOtherPacificIslander": "pacific_islander",
    "white": "white",
    "demographicRaceTwoOrMoreRaces": "two_or_more_races",
    "hispanicOrLatinoEthnicity": "hispanic",
}
_NAMES: Final[Mapping[str, str]] = {
    "username": "username",
    "givenName": "first_name",
    "familyName": "last_name",
    "middleName": "middle_name",
    "identifier": "local_id",
    "email": "email",
}
# Version 1.1 has one word for everybody who runs something; 1.2 says where.
_TO_1_1: Final[Mapping[str, str]] = {
    **{role: role for role in ("administrator", "aide", "proctor", "student", "teacher")},
    **dict.fromkeys(
        ("districtAdministrator", "principal", "siteAdministrator", "systemAdministrator"),
        "administrator",
    ),
}
_ADMINISTRATORS: Final[Mapping[str, str]] = {
    "school": "siteAdministrator",
    "district": "districtAdministrator",
}


def roster_files(held: HeldRoster, *, version: str) -> dict[str, pl.DataFrame]:
    """Return the files of a package that say what is held, as text.

    Shape:  by a file's name without `.csv`; its exact columns in order, one row per record, empty
            cells null. Files without rows are there too. Names of people only where `held` has any.
    Source: docs/decisions/0004-change-plans.md; 1EdTech OneRoster CSV binding 1.1 and 1.2.1.
    """
    files = {
        "orgs": _orgs(held),
        "academicSessions": _sessions(held),
        "courses": _courses(held),
        "classes": _classes(held),
    }
    roles = _roles(held, version)
    users = _users(held, roles, version)
    files["users"] = users
    files["roles"] = roles
    files["enrollments"] = _enrollments(held, users)
    files["demographics"] = _demographics(held, users)
    layouts = LAYOUTS[version]
    return {
        file: _laid_out(frame, layouts[file].header)
        for file, frame in files.items()
        if file in layouts
    }


def _laid_out(frame: pl.DataFrame, header: tuple[str, ...]) -> pl.DataFrame:
    """Return exactly the columns of a file, as text."""
    return frame.select(
        pl.col(name).cast(pl.String).replace("", None)
        if name in frame.columns
        else pl.lit(None, pl.String).alias(name)
        for name in header
    )


def _orgs(held: HeldRoster) -> pl.DataFrame:
    told = held.organizations
    names = told.select("id", above="key")
    rows = told.join(names, left_on="parent_id", right_on="id", how="left", maintain_order="left")
    said, came = pl.col("received_parent"), pl.col("received_type") != ""
    stands = came & ((said == "") | said.is_in(told["key"].implode()))
    return rows.select(
        "name",
        sourcedId="key",
        type=pl.when(came).then("received_type").otherwise(
            pl.col("kind").replace_strict(_TYPES, default="local", return_dtype=pl.String)
        ),
        identifier="natural_id",
        parentSourcedId=pl.when(stands).then(said).otherwise("above"),
    )  # fmt: skip


def _sessions(held: HeldRoster) -> pl.DataFrame:
    told = held.sessions
    names = told.select("id", parentSourcedId="sourced_id")
    rows = told.join(names, left_on="parent_id", right_on="id", how="left", maintain_order="left")
    # The calendar's end has no day after, so it ends the session itself.
    never = pl.col("ends_before") == date.max
    latest = pl.when(never).then("ends_before").otherwise(pl.col("ends_before").dt.offset_by("-1d"))
    return rows.select(
        "title",
        "parentSourcedId",
        sourcedId="sourced_id",
        type=pl.when(pl.col("received_type") != "").then("received_type").otherwise("kind"),
        startDate=_day("starts_on"),
        endDate=latest.dt.to_string("%Y-%m-%d"),
        schoolYear=pl.col("school_year").cast(pl.String),
    )


def _courses(held: HeldRoster) -> pl.DataFrame:
    year = pl.col("school_year_sourced_id")
    return _placed(held, held.courses, "organization_id", "orgSourcedId").select(
        "title",
        "orgSourcedId",
        "grades",
        "subjects",
        sourcedId="sourced_id",
        schoolYearSourcedId=pl.when(year.is_in(held.sessions["sourced_id"].implode())).then(year),
        courseCode="course_code",
        subjectCodes="subject_codes",
    )


def _classes(held: HeldRoster) -> pl.DataFrame:
    courses = held.courses.select("id", courseSourcedId="sourced_id")
    return (
        _placed(held, held.classes, "school_id", "schoolSourcedId")
        .join(courses, left_on="course_id", right_on="id", how="left", maintain_order="left")
        .select(
            "title",
            "grades",
            "courseSourcedId",
            "location",
            "schoolSourcedId",
            "subjects",
            "periods",
            sourcedId="sourced_id",
            classCode="class_code",
            classType="kind",
            termSourcedIds="term_sourced_ids",
            subjectCodes="subject_codes",
        )
    )


def _roles(held: HeldRoster, version: str) -> pl.DataFrame:
    """Return where everybody belongs, and as what."""
    first, end = _year_dates(held)
    columns = ("sourcedId", "person_id", "is_staff", "is_primary", "role", "at", "begins", "ends")
    attending = held.school_enrollments.with_columns(
        # A school enrollment is a role in one year, and its name ends with the year.
        sourcedId=pl.col("sourced_id").str.replace(r":\d{4}$", ""),
        person_id="student_id",
        is_staff=pl.lit(value=False),
        role=pl.lit("student"),
        at="school_id",
        # A role without dates lasts the school year.
        begins=pl.when(pl.col("begins_on").ne_missing(first)).then("begins_on"),
        ends=pl.when(pl.col("ends_before").ne_missing(end)).then("ends_before"),
    ).select(columns)
    working = held.staff_assignments.with_columns(
        sourcedId="sourced_id",
        person_id="staff_id",
        is_staff=pl.lit(value=True),
        at="organization_id",
        begins="begins_on",
        ends="ends_before",
    ).select(columns)
    placed = _placed(held, pl.concat([attending, working]), "at", "orgSourcedId", "inner")
    kinds = held.organizations.select("id", place="kind")
    return (
        placed.join(kinds, left_on="at", right_on="id", how="left", maintain_order="left")
        .join(_names(held), on=["person_id", "is_staff"], maintain_order="left")
        .with_columns(
            role=_role(version),
            roleType=pl.when("is_primary").then(pl.lit("primary")).otherwise(pl.lit("secondary")),
            beginDate=_day("begins"),
            endDate=_day("ends"),
        )
    )


def _role(version: str) -> pl.Expr:
    """Return a role in the words of a version."""
    role = pl.col("role")
    if version == "1.1":
        return role.replace_strict(_TO_1_1, default="aide", return_dtype=pl.String)
    somewhere = pl.col("place").replace_strict(
        _ADMINISTRATORS, default="systemAdministrator", return_dtype=pl.String
    )
    return pl.when(role == "administrator").then(somewhere).otherwise(role)


def _names(held: HeldRoster) -> pl.DataFrame:
    """Pair people with the name that the source has for them."""
    return pl.concat(
        [
            frame.select(person_id="id", is_staff=pl.lit(is_staff, pl.Boolean), userSourcedId="key")
            for frame, is_staff in ((held.students, False), (held.staff, True))
        ]
    )


def _year_dates(held: HeldRoster) -> tuple[date | None, date | None]:
    """Return the first day of the school year of the roles, and the day after its last."""
    year = held.school_enrollments["school_year"].max()
    if year is None:
        return None, None
    of_year = held.sessions.filter(
        (pl.col("kind") == "schoolYear") & (pl.col("school_year") == year)
    )
    first, end = of_year.select(pl.col("starts_on").min(), pl.col("ends_before").max()).row(0)
    return first, end


def _users(held: HeldRoster, roles: pl.DataFrame, version: str) -> pl.DataFrame:
    """Return everybody who belongs somewhere; who is both student and staff is one."""
    places = roles.group_by("userSourcedId", maintain_order=True).agg(
        pl.col("role").first(),
        orgSourcedIds=pl.col("orgSourcedId")
        .sort_by(~pl.col("is_primary"), maintain_order=True)
        .unique(maintain_order=True)
        .str.join(","),
    )
    students = held.students.select(
        sourcedId="key",
        **_NAMES,
        **_state_id(version),
        preferredGivenName="preferred_first_name",
        grades="grade",
        agentSourcedIds=pl.when(pl.col("counselor").is_in(held.staff["key"].implode())).then(
            "counselor"
        ),
    )
    staff = held.staff.select(sourcedId="key", **_NAMES)
    rows = pl.concat([students, staff], how="diagonal").unique(
        "sourcedId", keep="first", maintain_order=True
    )
    return rows.join(
        places, left_on="sourcedId", right_on="userSourcedId", maintain_order="left"
    ).with_columns(enabledUser=pl.lit("true"))


def _state_id(version: str) -> dict[str, pl.Expr]:
    if version != "1.1":
        return {"userMasterIdentifier": pl.col("ssid")}
    fits = pl.col("ssid").str.contains(r"^[^{},]+$")
    return {
        "userIds": pl.when(fits).then(pl.format("{}SSID:{}{}", pl.lit("{"), "ssid", pl.lit("}")))
    }


def _enrollments(held: HeldRoster, users: pl.DataFrame) -> pl.DataFrame:
    places = held.classes.select("id", "school_id", classSourcedId="sourced_id")
    told = held.enrollments.with_columns(
        person_id=pl.coalesce("student_id", "staff_id"), is_staff=pl.col("student_id").is_null()
    )
    rows = (
        told.join(places, left_on="class_taught_id", right_on="id", maintain_order="left")
        .join(_names(held), on=["person_id", "is_staff"], maintain_order="left")
        .join(users, left_on="userSourcedId", right_on="sourcedId", how="semi")
    )
    is_teaching = pl.col("is_primary") | pl.col("is_staff")
    return _placed(held, rows, "school_id", "schoolSourcedId").select(
        "classSourcedId",
        "schoolSourcedId",
        "userSourcedId",
        "role",
        sourcedId="sourced_id",
        primary=pl.when(is_teaching).then(_flag("is_primary")),
        beginDate=_day("begins_on"),
        endDate=_day("ends_before"),
    )


def _demographics(held: HeldRoster, users: pl.DataFrame) -> pl.DataFrame:
    said = held.students.join(users, left_on="key", right_on="sourcedId", how="semi").select(
        sourcedId="key",
        birthDate=_day("birth_date"),
        sex=pl.col("sex").replace_strict(_SEXES, default=None, return_dtype=pl.String),
        **{theirs: _flag(ours) for theirs, ours in _FLAGS.items()},
    )
    return said.filter(pl.any_horizontal(pl.all().exclude("sourcedId").is_not_null()))


def _placed(
    held: HeldRoster, rows: pl.DataFrame, by: str, to: str, how: str = "left"
) -> pl.DataFrame:
    """Add column `to`: what the source calls the organization whose id is in `by`."""
    names = held.organizations.select("id", **{to: pl.col("key")})
    return rows.join(
        names,
        left_on=by,
        right_on="id",
        how="inner" if how == "inner" else "left",
        maintain_order="left",
        coalesce=False,
    )


def _day(column: str) -> pl.Expr:
    return pl.col(column).dt.to_string("%Y-%m-%d")


def _flag(column: str) -> pl.Expr:
    return pl.col(column).replace_strict({True: "true", False: "false"}, return_dtype=pl.String)
