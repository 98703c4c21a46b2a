"""Which sections a sharing choice matches, and the roster that is left when only they are used.

A section is a class of the roster. A choice names sections (by hand, by school, or by rules); what
only hangs on sections that it does not name is as if it had not come.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from rollbook.roster.plan.draft import live
from rollbook.roster.rules import identity
from rollbook.roster.rules.sharing import (
    NOTHING_SHARED,
    SHARED_WITHOUT_WHOLE,
    Condition,
    MatchField,
    MatchOperator,
    Sharing,
    SharingMode,
    SharingRule,
)
from rollbook.roster.types import Mode, RosterFrames
from rollbook.shared.findings import Finding

# Who runs a school is needed whatever classes are shared.
ADMINISTRATIVE_ROLES: Final = frozenset(
    {
        "administrator",
        "counselor",
        "districtAdministrator",
        "principal",
        "siteAdministrator",
        "systemAdministrator",
    }
)
_TEXTS: Final = pl.List(pl.String())
_DROPPED: Final = ("courses", "classes", "enrollments", "users", "roles", "demographics")


def section_attributes(frames: RosterFrames) -> pl.DataFrame:
    """Work out what a rule can look at: one row per live section, one list per field.

    Shape: `sourced_id`, `school_sourced_id`, `course_sourced_id`, then a list of texts named as
           each MatchField, in the order of classes; an empty list where nothing is said. Subjects
           and grades are the section's own, else its course's. A teacher is there by full name,
           e-mail, local number and sourcedId; a school by name, number and sourcedId.
    """
    sections = live(frames.classes)
    courses = live(frames.courses).unique("sourced_id", keep="first", maintain_order=True)
    schools = live(frames.orgs).unique("sourced_id", keep="first", maintain_order=True)
    rows = sections.join(
        courses.select(
            course_sourced_id="sourced_id",
            course_title="title",
            course_code="course_code",
            course_subjects="subjects",
            course_grades="grades",
        ),
        on="course_sourced_id",
        how="left",
        maintain_order="left",
    ).join(
        schools.select(
            school_sourced_id="sourced_id", school_name="name", school_number="identifier"
        ),
        on="school_sourced_id",
        how="left",
        maintain_order="left",
    )
    rows = _with_terms(rows, frames)
    rows = _with_teachers(rows, frames)
    return rows.select(
        "sourced_id",
        "school_sourced_id",
        "course_sourced_id",
        **{
            field.value: expression.list.drop_nulls()
            .list.eval(pl.element().filter(pl.element().str.strip_chars() != ""))
            .fill_null(pl.lit([], dtype=_TEXTS))
            for field, expression in _ATTRIBUTES.items()
        },
    )


def _listed(*columns: str) -> pl.Expr:
    return pl.concat_list([pl.col(column).cast(pl.String) for column in columns])


def _own_or_course(own: str, course: str) -> pl.Expr:
    said = pl.col(own).list.len().fill_null(0) > 0
    return pl.when(said).then(pl.col(own)).otherwise(pl.col(course))


_ATTRIBUTES: Final = {
    MatchField.COURSE_NAME: _listed("course_title"),
    MatchField.COURSE_NUMBER: _listed("course_code"),
    MatchField.SECTION_NAME: _listed("title"),
    MatchField.SECTION_NUMBER: _listed("class_code"),
    MatchField.SUBJECT: _own_or_course("subjects", "course_subjects"),
    MatchField.GRADE: _own_or_course("grades", "course_grades"),
    MatchField.PERIOD: pl.col("periods"),
    MatchField.TERM_NAME: pl.col("term_titles"),
    MatchField.TEACHER: pl.col("teachers"),
    MatchField.SCHOOL: _listed("school_name", "school_number", "school_sourced_id"),
    MatchField.SECTION_TYPE: _listed("class_type"),
}


def _with_terms(sections: pl.DataFrame, frames: RosterFrames) -> pl.DataFrame:
    """Add the titles of each section's terms, in the section's order."""
    titles = live(frames.sessions).select(term="sourced_id", title="title").unique("term")
    terms = (
        sections.select("sourced_id", term="term_sourced_ids")
        .explode("term", empty_as_null=True)
        .join(titles, on="term", how="inner", maintain_order="left")
        .group_by("sourced_id", maintain_order=True)
        .agg(term_titles=pl.col("title"))
    )
    return sections.join(terms, on="sourced_id", how="left", maintain_order="left")


def _with_teachers(sections: pl.DataFrame, frames: RosterFrames) -> pl.DataFrame:
    """Add every name, e-mail and number of each section's teachers."""
    full_name = pl.concat_str(["given_name", "family_name"], separator=" ", ignore_nulls=True)
    people = live(frames.users).select(
        user_sourced_id="sourced_id",
        names=pl.concat_list([full_name, "email", "identifier", "sourced_id"]),
    )
    taught = (
        live(frames.enrollments)
        .filter(pl.col("role") == "teacher")
        .select("class_sourced_id", "user_sourced_id")
        .unique(maintain_order=True)
        .join(people, on="user_sourced_id", how="inner", maintain_order="left")
        .select(sourced_id="class_sourced_id", name="names")
        .explode("name", empty_as_null=True)
        .group_by("sourced_id")
        .agg(teachers=pl.col("name").unique().sort())
    )
    return sections.join(taught, on="sourced_id", how="left", maintain_order="left")


def condition_expression(condition: Condition) -> pl.Expr:
    """Say over `section_attributes` whether one condition holds.

    Shape: true or false, never null. Any item of a list may match; case and space at the ends do
           not matter. A blank value asks for a section of which the field says nothing; `contains`
           with a blank value matches none.
    """
    wanted = condition.value.strip().lower()
    items = pl.col(condition.field.value)
    folded = pl.element().str.strip_chars().str.to_lowercase()
    if condition.operator is MatchOperator.CONTAINS:
        if not wanted:
            return pl.lit(value=False)
        return items.list.eval(folded.str.contains(wanted, literal=True)).list.any()
    found = (
        items.list.eval(folded == wanted).list.any() if wanted else items.list.len() == pl.lit(0)
    )
    return ~found if condition.operator is MatchOperator.IS_NOT else found


def rule_expression(rule: SharingRule) -> pl.Expr:
    """Say over `section_attributes` whether a rule holds: all its conditions, at least one."""
    if not rule.conditions:
        return pl.lit(value=False)
    return pl.all_horizontal([condition_expression(condition) for condition in rule.conditions])


def sharing_expression(sharing: Sharing) -> pl.Expr:
    """Say over `section_attributes` whether a section is shared."""
    if sharing.mode is SharingMode.DISTRICT:
        return pl.lit(value=True)
    if sharing.mode is SharingMode.SCHOOLS:
        return pl.col("school_sourced_id").is_in(list(sharing.school_ids)).fill_null(value=False)
    if sharing.mode is SharingMode.SECTIONS:
        return pl.col("sourced_id").is_in(list(sharing.section_ids))
    if not sharing.rules:
        return pl.lit(value=False)
    return pl.any_horizontal([rule_expression(rule) for rule in sharing.rules])


def shared_sections(attributes: pl.DataFrame, sharing: Sharing) -> pl.DataFrame:
    """Return the sections that are shared: the rows of `section_attributes` that match."""
    return attributes.filter(sharing_expression(sharing))


def shared_frames(frames: RosterFrames, sharing: Sharing) -> RosterFrames:
    """Leave out of a roster what is not shared, as if it had not come.

    Shape:  the default returns `frames` themselves. By schools: those schools, the organizations
            that are no schools, the classes there, and whoever has a role there. By sections or
            rules: the classes that match, their courses, their enrollments, and the students and
            staff in them, with their roles at the schools of those classes (all their roles where
            none of them is there). Administrative roles stay in either case; relatives stay with
            their students; terms, and by sections or rules organizations, all stay.
            Rows marked for deletion stay: a deletion brings nobody in.
            Where classes, enrollments or courses came only as changes, no rule can see the whole;
            then what is left counts as changes too, so that nobody is taken for gone.
    Source: reference, rostering 3.2 and 6.3.
    """
    if sharing.mode is SharingMode.DISTRICT:
        return frames
    shared = shared_sections(section_attributes(frames), sharing)["sourced_id"]
    enrollments = _among(frames.enrollments, "class_sourced_id", shared)
    classes = _among(frames.classes, "sourced_id", shared)
    courses = _among(frames.courses, "sourced_id", classes["course_sourced_id"])
    orgs = frames.orgs
    if sharing.mode is SharingMode.SCHOOLS:
        orgs = orgs.filter(
            _is_gone()
            | (pl.col("type") != "school")
            | pl.col("sourced_id").is_in(sharing.school_ids)
        )
        roles = _roles_at(frames, sharing)
    else:
        roles = _roles_of_members(frames, live(enrollments), classes)
    users = _people_of(frames, roles)
    named = users["sourced_id"]
    return replace(
        frames,
        orgs=orgs,
        courses=courses,
        classes=classes,
        enrollments=_among(enrollments, "user_sourced_id", named),
        users=users,
        roles=_among(roles, "user_sourced_id", named),
        demographics=_among(frames.demographics, "sourced_id", named),
        modes=_modes(frames),
    )


def is_whole(frames: RosterFrames) -> bool:
    """Tell whether rules can see the whole roster: classes, courses, enrollments in full."""
    return all(frames.modes.get(file) is Mode.BULK for file in ("classes", "enrollments"))


def sharing_findings(came: RosterFrames, used: RosterFrames, sharing: Sharing) -> list[Finding]:
    """Say what is odd about a choice: it matches nothing, or cannot see everything.

    Shape: `used` is what `shared_frames` leaves of `came`; nothing is odd about the default.
    """
    if sharing.mode is SharingMode.DISTRICT:
        return []
    found: list[Finding] = []
    if not is_whole(came):
        found.append(SHARED_WITHOUT_WHOLE.finding(file="classes.csv"))
    sections = live(came.classes).height
    if sections and live(used.classes).is_empty():
        found.append(NOTHING_SHARED.finding(file="classes.csv", count=f"{sections:,}"))
    return found


def _modes(frames: RosterFrames) -> dict[str, Mode]:
    modes = dict(frames.modes)
    if not is_whole(frames):
        changed = {name for name in _DROPPED if modes.get(name) is Mode.BULK}
        modes |= dict.fromkeys(changed | {"orgs"} & modes.keys(), Mode.DELTA)
    return modes


def _is_gone() -> pl.Expr:
    return (pl.col("status") == "tobedeleted").fill_null(value=False)


def _among(frame: pl.DataFrame, column: str, ids: pl.Series) -> pl.DataFrame:
    """Keep the rows whose `column` is among some ids, and those that only say what is deleted."""
    if frame.is_empty():
        return frame
    return frame.filter(_is_gone() | pl.col(column).is_in(ids.unique().implode()))


def _roles_at(frames: RosterFrames, sharing: Sharing) -> pl.DataFrame:
    """Keep the roles at shared schools, relatives' roles, and administrators' above schools."""
    schools = frames.orgs.filter(pl.col("type") == "school")["sourced_id"]
    above = ~pl.col("org_sourced_id").is_in(schools.unique().implode())
    is_person_of_school = pl.col("role").is_in(identity.STUDENT_ROLES | {"teacher", "aide"})
    return frames.roles.filter(
        _is_gone()
        | pl.col("org_sourced_id").is_in(sharing.school_ids)
        | (above & ~is_person_of_school)
        | pl.col("role").is_in(identity.FAMILY_ROLES)
    )


def _roles_of_members(
    frames: RosterFrames, members: pl.DataFrame, classes: pl.DataFrame
) -> pl.DataFrame:
    """Keep the roles of who is in a shared section, of administrators, and of relatives."""
    places = (
        members.join(
            classes.select(class_sourced_id="sourced_id", place="school_sourced_id"),
            on="class_sourced_id",
        )
        .select("user_sourced_id", "place")
        .unique()
    )
    is_open = pl.col("role").is_in(ADMINISTRATIVE_ROLES | identity.FAMILY_ROLES) | _is_gone()
    here = frames.roles.join(
        places,
        left_on=["user_sourced_id", "org_sourced_id"],
        right_on=["user_sourced_id", "place"],
        how="semi",
    )["user_sourced_id"]
    marked = frames.roles.join(
        places.with_columns(is_here=pl.lit(value=True)),
        left_on=["user_sourced_id", "org_sourced_id"],
        right_on=["user_sourced_id", "place"],
        how="left",
        maintain_order="left",
    ).with_columns(
        is_member=pl.col("user_sourced_id").is_in(places["user_sourced_id"].unique().implode()),
        is_placed=pl.col("user_sourced_id").is_in(here.unique().implode()),
    )
    kept = marked.filter(
        is_open | pl.col("is_here").fill_null(value=False)
        | (pl.col("is_member") & ~pl.col("is_placed"))
    )  # fmt: skip
    return kept.select(frames.roles.columns)


def _people_of(frames: RosterFrames, roles: pl.DataFrame) -> pl.DataFrame:
    """Keep who holds a role that stays; relatives only with a student who stays."""
    family = pl.col("role").is_in(identity.FAMILY_ROLES)
    holders = live(roles).filter(~family)["user_sourced_id"].unique()
    users = frames.users
    is_holder = pl.col("sourced_id").is_in(holders.implode())
    students = users.filter(is_holder)
    agents = students["agent_sourced_ids"].explode(empty_as_null=True).drop_nulls().unique()
    has_student = pl.col("agent_sourced_ids").list.set_intersection(
        pl.lit(holders.implode())
    ).list.len().fill_null(0) > 0  # fmt: skip
    relatives = live(roles).filter(family)["user_sourced_id"].unique()
    is_relative = pl.col("sourced_id").is_in(relatives.implode())
    return users.filter(
        _is_gone()
        | is_holder
        | (is_relative & (pl.col("sourced_id").is_in(agents.implode()) | has_student))
    )
