"""The students and staff that a roster wants, and where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from rollbook.changes.types import PlanTable
from rollbook.orgs.layouts import ORGANIZATIONS
from rollbook.people import layouts as people
from rollbook.roster.plan.draft import Draft, keep, linked, live, text
from rollbook.roster.plan.ladder import Climbed, climb
from rollbook.roster.plan.places import district_of, sessions_of
from rollbook.roster.plan.second_school import settled_schools
from rollbook.roster.rules import identity
from rollbook.roster.types import Mode

SEXES: Final[Mapping[str, str]] = {"male": "Male", "female": "Female", "other": "Nonbinary"}


def _roles(draft: Draft) -> pl.DataFrame:
    """Return the live roles with the organization's id, kind and district."""
    kinds = pl.concat(
        [
            draft.wanted["organizations"].select("id", "kind"),
            draft.current.frames["organizations"].select("id", "kind"),
        ]
    ).unique("id", keep="first")
    roles = live(draft.incoming.roles).with_columns(
        role_key=pl.coalesce(
            "sourced_id",
            pl.concat_str(["user_sourced_id", pl.lit("@"), "org_sourced_id", pl.lit("/"), "role"]),
        )
    )
    return (
        linked(draft, roles, ORGANIZATIONS, by="org_sourced_id", to="organization_id")
        .join(
            kinds.rename({"id": "organization_id", "kind": "organization_kind"}),
            on="organization_id",
        )
        .join(
            district_of(draft).rename({"sourced_id": "org_sourced_id"}),
            on="org_sourced_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(district_id=pl.coalesce("district_id", "organization_id"))
    )


def _people_of(draft: Draft, roles: pl.DataFrame, table: PlanTable) -> pl.DataFrame:
    """Return the live users who hold one of `roles`, with the district of their first one.

    Shape: where the file does not list all roles, also users known from before without a new role.
    """
    first = roles.sort(pl.col("role_type") != "primary", "org_sourced_id").unique(
        "user_sourced_id", keep="first", maintain_order=True
    )
    homes = first.select(sourced_id="user_sourced_id", district_id="district_id")
    if draft.incoming.modes.get("roles", Mode.ABSENT) is not Mode.BULK:
        known = draft.current.frames[table.name].filter(pl.col("source") == draft.current.source)
        homes = pl.concat([homes, known.select("sourced_id", "district_id")]).unique(
            "sourced_id", keep="first", maintain_order=True
        )
    return live(draft.incoming.users).join(
        homes, on="sourced_id", how="inner", maintain_order="left"
    )


_NAMES: Final[Mapping[str, pl.Expr]] = {
    "local_id": text("identifier"),
    "first_name": text("given_name"),
    "middle_name": text("middle_name"),
    "last_name": text("family_name"),
    "username": text("username"),
    "email": text("email"),
}


def want_students(draft: Draft) -> None:
    """Add the rows of students that the roster wants, matched to the students that are known."""
    roles = _roles(draft)
    attending = roles.filter(pl.col("role").is_in(identity.STUDENT_ROLES))
    users = _people_of(
        draft, attending.filter(pl.col("organization_kind") == "school"), people.STUDENTS
    )
    rows = users.with_columns(ssid=identity.state_id(users)).select(
        "_line", "sourced_id", "district_id", "ssid",
        **_NAMES,
        preferred_first_name=text("preferred_given_name"),
        grade=pl.col("grades").list.first().fill_null(""),
    ).rename({"_line": "line"})  # fmt: skip
    rows = _with_counselors(draft, _with_demographics(draft, rows))
    climbed = climb(draft, rows)
    keep(draft, people.STUDENTS, climbed.rows, "users.csv")
    _let_names_stay(draft, climbed)
    placed = users["sourced_id"].implode()
    lost = live(draft.incoming.users).filter(
        pl.col("sourced_id").is_in(attending["user_sourced_id"].implode())
        & ~pl.col("sourced_id").is_in(placed)
    )
    draft.findings.extend(
        identity.STUDENT_NEEDS_SCHOOL.finding(file="users.csv", line=line)
        for line in lost["_line"].to_list()
    )
    draft.left_out |= set(lost["sourced_id"])


def _let_names_stay(draft: Draft, climbed: Climbed) -> None:
    """Leave a record its name where a former one came, and remember whom every name means."""
    wanted = draft.wanted["students"]
    draft.wanted["students"] = wanted.with_columns(
        source=pl.coalesce("stays_source", "source"),
        sourced_id=pl.coalesce("stays_key", "sourced_id"),
    ).drop("stays_source", "stays_key")
    named = wanted.select("sourced_id", "id")
    draft.ids["students"] = pl.concat([named, climbed.pairs.select(named.columns)])


_DEMOGRAPHICS: Final[Mapping[str, str]] = {
    "birth_date": "born_on",
    "american_indian": "american_indian_or_alaska_native",
    "asian": "asian",
    "black": "black_or_african_american",
    "pacific_islander": "native_hawaiian_or_other_pacific_islander",
    "white": "white",
    "two_or_more_races": "demographic_race_two_or_more_races",
    "hispanic": "hispanic_or_latino_ethnicity",
}


def _with_demographics(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what demographics.csv says; without that file these columns stay as they are."""
    if draft.incoming.modes.get("demographics", Mode.ABSENT) is Mode.ABSENT:
        return rows
    said = live(draft.incoming.demographics).select(
        "sourced_id",
        sex=pl.col("sex").replace_strict(SEXES, default="", return_dtype=pl.String),
        has_demographics=pl.lit(value=True),
        **{ours: pl.col(theirs) for ours, theirs in _DEMOGRAPHICS.items()},
    )
    return rows.join(said, on="sourced_id", how="left", maintain_order="left").with_columns(
        sex=text("sex"), has_demographics=pl.col("has_demographics").fill_null(value=False)
    )


# As what a staff member among a student's agents counsels: 1.1 has no word of its own for it.
_COUNSELING: Final = ("counselor", "administrator", "aide")


def _with_counselors(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the first of each student's agents who is staff and no family: who counsels the student.

    Source: OneRoster users.agentSourcedIds.
    """
    roles = live(draft.incoming.roles).select("role", sourced_id="user_sourced_id")
    family = roles.filter(pl.col("role").is_in(identity.FAMILY_ROLES))["sourced_id"]
    known = draft.current.frames["staff assignments"].join(
        draft.current.frames["staff"].select(sourced_id="sourced_id", staff_id="id"), on="staff_id"
    )
    counsel = pl.concat([roles, known.select("role", "sourced_id")]).filter(
        pl.col("role").is_in(_COUNSELING) & ~pl.col("sourced_id").is_in(family.implode())
    )["sourced_id"]
    agents = live(draft.incoming.users).select("sourced_id", counselor="agent_sourced_ids")
    first = (
        agents.explode("counselor", empty_as_null=True)
        .filter(pl.col("counselor").is_in(counsel.implode()))
        .unique("sourced_id", keep="first", maintain_order=True)
    )
    return rows.join(first, on="sourced_id", how="left", maintain_order="left").with_columns(
        counselor=text("counselor")
    )


def want_staff(draft: Draft) -> None:
    """Add the rows of staff that the roster wants: everybody who is neither student nor family."""
    others = _roles(draft).filter(
        ~pl.col("role").is_in(identity.STUDENT_ROLES | identity.FAMILY_ROLES)
    )
    rows = _people_of(draft, others, people.STAFF).select(
        "_line", "sourced_id", "district_id", **_NAMES
    )
    keep(draft, people.STAFF, rows.rename({"_line": "line"}), "users.csv")


def want_assignments(draft: Draft) -> None:
    """Add the rows that say where staff work."""
    others = _roles(draft).filter(
        ~pl.col("role").is_in(identity.STUDENT_ROLES | identity.FAMILY_ROLES)
    )
    rows = linked(draft, others, people.STAFF, by="user_sourced_id", to="staff_id").select(
        line="_line",
        sourced_id="role_key",
        staff_id="staff_id",
        organization_id="organization_id",
        role="role",
        is_primary=pl.col("role_type") == "primary",
        begins_on="begins_on",
        ends_before="ends_before",
    )
    keep(draft, people.STAFF_ASSIGNMENTS, rows, "roles.csv")


def want_school_enrollments(draft: Draft) -> None:
    """Add the rows that say which school a student belongs to this year."""
    attending = _roles(draft).filter(
        pl.col("role").is_in(identity.STUDENT_ROLES) & (pl.col("organization_kind") == "school")
    )
    first, end = _year_dates(draft)
    rows = (
        linked(draft, attending, people.STUDENTS, by="user_sourced_id", to="student_id")
        .filter(~pl.col("user_sourced_id").is_in(list(draft.left_out)))
        .join(_grades(draft), on="student_id", how="inner", maintain_order="left")
        .select(
            line="_line",
            sourced_id=pl.concat_str(["role_key", pl.lit(f":{draft.school_year}")]),
            student_id="student_id",
            school_id="organization_id",
            school_year=pl.lit(draft.school_year, dtype=pl.Int64),
            grade="grade",
            is_primary=pl.col("role_type") == "primary",
            begins_on=pl.coalesce("begins_on", pl.lit(first)),
            ends_before=pl.coalesce("ends_before", pl.lit(end)),
        )
    )
    rows = settled_schools(draft, rows)
    rows = pl.concat([rows, _regraded(draft, rows)], how="diagonal")
    keep(draft, people.SCHOOL_ENROLLMENTS, rows, "roles.csv")


def _grades(draft: Draft) -> pl.DataFrame:
    """Pair students with their grades: as the file says, else as known."""
    frames = draft.wanted["students"], draft.current.frames["students"]
    return pl.concat([frame.select(student_id="id", grade="grade") for frame in frames]).unique(
        "student_id", keep="first", maintain_order=True
    )


def _regraded(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Carry a new grade to the school enrollments of students whose roles did not come with it."""
    if draft.incoming.modes.get("roles", Mode.ABSENT) is Mode.BULK:
        return pl.DataFrame(schema={"line": pl.UInt32()})
    known = draft.current.frames["school enrollments"].filter(
        (pl.col("source") == draft.current.source)
        & pl.col("is_active")
        & (pl.col("school_year") == draft.school_year)
        & ~pl.col("sourced_id").is_in(rows["sourced_id"].implode())
    )
    if not draft.incoming.roles["sourced_id"].is_not_null().any():
        # In 1.1 a user lists all schools: those that are not listed any more are given up.
        known = known.filter(~pl.col("student_id").is_in(rows["student_id"].implode()))
    grades = draft.wanted["students"].select(student_id="id", new_grade="grade", line="line")
    return known.join(grades, on="student_id").select("line", *_REGRADED[:-1], grade="new_grade")


_REGRADED: Final = (
    "sourced_id",
    "student_id",
    "school_id",
    "school_year",
    "is_primary",
    "begins_on",
    "ends_before",
    "grade",
)


def _year_dates(draft: Draft) -> tuple[date | None, date | None]:
    years = sessions_of(draft).filter(
        (pl.col("kind") == "schoolYear") & (pl.col("school_year") == draft.school_year)
    )
    if years.is_empty():
        return None, None
    first, end = years.select(pl.col("starts_on").min(), pl.col("ends_before").max()).row(0)
    return first, end
