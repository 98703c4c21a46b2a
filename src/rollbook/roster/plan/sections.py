"""How many shared sections each student is in, and why it is not one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import polars as pl

from rollbook.roster.plan.draft import live
from rollbook.roster.plan.sharing import section_attributes, sharing_expression
from rollbook.roster.rules import identity
from rollbook.roster.rules.sharing import NOT_IN_ONE, MatchField, Sharing, SharingMode
from rollbook.roster.types import RosterFrames
from rollbook.shared.findings import Finding


class Cause(StrEnum):
    """Name why a student is not in exactly one section; `one` for who is."""

    ONE = "one"
    NO_SECTION = "no_section"
    NO_MATCH = "no_match"
    TWO_SCHOOLS = "two_schools"
    TWO_TERMS = "two_terms"
    CO_TAUGHT = "co_taught"
    SAME_COURSE = "same_course"
    TWO_HOMEROOMS = "two_homerooms"
    HOMEROOM_AND_MORE = "homeroom_and_more"
    SEVERAL_COURSES = "several_courses"


# What a cause is, and what ends it, in a person's words.
CAUSE_WORDS: Final[Mapping[Cause, tuple[str, str]]] = {
    Cause.ONE: ("In exactly one section.", ""),
    Cause.NO_SECTION: (
        "In no section at all.",
        "Enroll these students in a section in the student information system.",
    ),
    Cause.NO_MATCH: (
        "In sections, but none of them matches.",
        "Add a rule that matches one of their sections, or enroll them in one that matches.",
    ),
    Cause.TWO_SCHOOLS: (
        "In matching sections of two schools.",
        "Share the sections of one school, or end the enrollment at the other.",
    ),
    Cause.TWO_TERMS: (
        "In the same course in two terms.",
        "Add the term to the rule, as in: Term name is Fall.",
    ),
    Cause.CO_TAUGHT: (
        "In two sections of one course at the same time: often one class with two teachers.",
        "Make the two sections one section with two teachers.",
    ),
    Cause.SAME_COURSE: (
        "In two sections of one course, like AM and PM.",
        "Add to the rule what tells the two apart, or end one enrollment.",
    ),
    Cause.TWO_HOMEROOMS: (
        "In two homerooms, or a homeroom and an advisory.",
        "Choose one of them in the rule, or end one enrollment.",
    ),
    Cause.HOMEROOM_AND_MORE: (
        "In a homeroom and in another section that matches.",
        "Make the rule narrower, so that only the homeroom matches.",
    ),
    Cause.SEVERAL_COURSES: (
        "In sections of several courses.",
        "Make the rule narrower: choose one course or one period.",
    ),
}

_HOMEROOM: Final = r"(?i)\bhome\s?room|\badvisory|\badvisor|\bhr\b"
MEMBERS: Final = pl.Schema({"student": pl.UInt32(), "section": pl.UInt32()})


@dataclass(frozen=True)
class SectionWorld:
    """Hold the sections of a roster, the students who need one, and who is in which.

    Shape: `sections` is as `section_attributes` with `section` (0, 1, …), `label`,
           `school_name`;
           `students` has `student` (0, 1, …), `sourced_id`, `local_id`, `given_name`,
           `family_name`, `grade`, `school_sourced_id`, `school`: one row a student with a role at
           a school, their primary one; `members` has each pair `student`, `section` once. Both
           are numbered in the order of their sourcedIds, whatever the order of rows.
    """

    sections: pl.DataFrame
    students: pl.DataFrame
    members: pl.DataFrame


@dataclass(frozen=True, slots=True)
class SectionTally:
    """Count students by how many shared sections they are in."""

    none: int
    one: int
    more: int

    @property
    def total(self) -> int:
        """Return how many students there are."""
        return self.none + self.one + self.more


def world_of(frames: RosterFrames, *, on: date | None = None) -> SectionWorld:
    """Find the sections of a roster, its students, and who is in which.

    Shape: enrollments that ended by `on` do not count; without a day all do. Students are active
           ones: live, not switched off, with a live student role at a school.
    """
    sections = _sections(frames)
    students = _students(frames)
    seats = live(frames.enrollments).filter(pl.col("role") == "student")
    if on is not None:
        seats = seats.filter(pl.col("ends_before").is_null() | (pl.col("ends_before") > on))
    members = (
        seats.select("user_sourced_id", "class_sourced_id")
        .join(
            students.select("student", user_sourced_id="sourced_id"),
            on="user_sourced_id",
        )
        .join(sections.select("section", class_sourced_id="sourced_id"), on="class_sourced_id")
        .select("student", "section")
        .unique()
        .sort("student", "section")
    )
    return SectionWorld(sections, students, members)


def _sections(frames: RosterFrames) -> pl.DataFrame:
    course = pl.col(MatchField.COURSE_NAME.value).list.first()
    title = pl.col(MatchField.SECTION_NAME.value).list.first()
    both = pl.concat_str([course, title], separator=" · ", ignore_nulls=True)
    return (
        section_attributes(frames)
        .unique("sourced_id", keep="first", maintain_order=True)
        .join(
            _school_names(frames).rename({"school": "school_name"}),
            on="school_sourced_id",
            how="left",
            maintain_order="left",
        )
        .sort("sourced_id")
        .with_columns(
            label=pl.when(course == title).then(title).otherwise(both),
            school_name=pl.col("school_name").fill_null(""),
        )
        .with_row_index("section")
    )


def _school_names(frames: RosterFrames) -> pl.DataFrame:
    return (
        live(frames.orgs)
        .filter(pl.col("type") == "school")
        .select(school_sourced_id="sourced_id", school="name")
        .unique("school_sourced_id", keep="first", maintain_order=True)
    )


def _students(frames: RosterFrames) -> pl.DataFrame:
    """Return the active students with the school of their first role, the primary one before."""
    homes = (
        live(frames.roles)
        .filter(pl.col("role").is_in(identity.STUDENT_ROLES))
        .join(
            _school_names(frames).rename({"school_sourced_id": "org_sourced_id"}),
            on="org_sourced_id",
        )
        .sort(pl.col("role_type") != "primary", "org_sourced_id")
        .unique("user_sourced_id", keep="first", maintain_order=True)
        .select(
            "school", sourced_id="user_sourced_id", school_sourced_id="org_sourced_id"
        )
    )  # fmt: skip
    return (
        live(frames.users)
        .filter(pl.col("is_enabled").fill_null(value=True))
        .unique("sourced_id", keep="first", maintain_order=True)
        .join(homes, on="sourced_id")
        .sort("sourced_id")
        .with_row_index("student")
        .select(
            "student",
            "sourced_id",
            "given_name",
            "family_name",
            "school_sourced_id",
            local_id=pl.col("identifier").fill_null(""),
            grade=pl.col("grades").list.first().fill_null(""),
            school=pl.col("school").fill_null(""),
        )
    )


def section_counts(world: SectionWorld, sharing: Sharing) -> pl.DataFrame:
    """Count the shared sections of each student, and say why it is not one.

    Shape: `students` of the world with `count`, `cause` (see Cause) and `labels` (of the sections,
           for who is in two or more; of all their sections, for who is in none that matches), in
           the order of students. By schools, only students of those schools.
    """
    shared = world.sections.filter(sharing_expression(sharing)).select("section")
    students = world.students
    if sharing.mode is SharingMode.SCHOOLS:
        students = students.filter(pl.col("school_sourced_id").is_in(list(sharing.school_ids)))
    matched = world.members.join(shared, on="section", how="semi")
    counts = matched.group_by("student").agg(count=pl.len().cast(pl.UInt32))
    counted = students.join(counts, on="student", how="left").with_columns(
        pl.col("count").fill_null(0)
    )
    several = matched.join(counted.filter(pl.col("count") > 1), on="student", how="semi")
    lost = world.members.join(counted.filter(pl.col("count") == 0), on="student", how="semi")
    causes = pl.concat([_causes_of_several(world, several), _causes_of_none(world, lost)])
    otherwise = (
        pl.when(pl.col("count") == 1)
        .then(pl.lit(Cause.ONE.value))
        .otherwise(pl.lit(Cause.NO_SECTION.value))
    )
    return (
        counted.join(causes, on="student", how="left")
        .with_columns(
            cause=pl.coalesce("cause", otherwise),
            labels=pl.col("labels").fill_null(pl.lit([], dtype=pl.List(pl.String()))),
        )
        .sort("student")
    )


def _causes_of_none(world: SectionWorld, members: pl.DataFrame) -> pl.DataFrame:
    return (
        members.join(world.sections.select("section", "label"), on="section")
        .group_by("student")
        .agg(labels=pl.col("label").unique().sort().head(SHOWN_SECTIONS))
        .select("student", "labels", cause=pl.lit(Cause.NO_MATCH.value))
    )


SHOWN_SECTIONS: Final = 4


def _causes_of_several(world: SectionWorld, members: pl.DataFrame) -> pl.DataFrame:
    """Name the cause of each student in two or more sections, the most telling one first."""
    told = members.join(_traits(world.sections), on="section")
    sums = told.group_by("student").agg(
        labels=pl.col("label").sort().head(SHOWN_SECTIONS),
        sections=pl.len(),
        schools=pl.col("school_sourced_id").n_unique(),
        courses=pl.col("course").n_unique(),
        terms=pl.col("term").n_unique(),
        times=pl.struct("term", "period").n_unique(),
        has_times=(pl.col("period") != "").all(),
        homerooms=pl.col("is_homeroom").sum(),
    )
    one_course = pl.col("courses") == 1
    cause = (
        pl.when(pl.col("schools") > 1)
        .then(pl.lit(Cause.TWO_SCHOOLS.value))
        .when(one_course & (pl.col("terms") == pl.col("sections")))
        .then(pl.lit(Cause.TWO_TERMS.value))
        .when(one_course & pl.col("has_times") & (pl.col("times") == 1))
        .then(pl.lit(Cause.CO_TAUGHT.value))
        .when(one_course)
        .then(pl.lit(Cause.SAME_COURSE.value))
        .when(pl.col("homerooms") == pl.col("sections"))
        .then(pl.lit(Cause.TWO_HOMEROOMS.value))
        .when(pl.col("homerooms") > 0)
        .then(pl.lit(Cause.HOMEROOM_AND_MORE.value))
        .otherwise(pl.lit(Cause.SEVERAL_COURSES.value))
    )
    return sums.select("student", "labels", cause=cause)


def _traits(sections: pl.DataFrame) -> pl.DataFrame:
    """Reduce sections to what tells causes apart."""
    names = (MatchField.COURSE_NAME, MatchField.SECTION_NAME, MatchField.SUBJECT)
    named = pl.concat_list([pl.col(name.value) for name in names]).list.join(" ")
    typed = pl.col(MatchField.SECTION_TYPE.value).list.contains("homeroom")
    return sections.select(
        "section",
        "label",
        "school_sourced_id",
        course=pl.coalesce("course_sourced_id", pl.col(MatchField.COURSE_NAME.value).list.first()),
        term=pl.col(MatchField.TERM_NAME.value).list.sort().list.join(","),
        period=pl.col(MatchField.PERIOD.value).list.sort().list.join(","),
        is_homeroom=named.str.contains(_HOMEROOM) | typed.fill_null(value=False),
    )


def tally(counts: pl.DataFrame) -> SectionTally:
    """Count students in none, in one, and in two or more sections."""
    column = counts["count"]
    return SectionTally(int((column == 0).sum()), int((column == 1).sum()), int((column > 1).sum()))


def cause_groups(counts: pl.DataFrame) -> pl.DataFrame:
    """Group the students who are not in exactly one section by cause and school.

    Shape: `cause`, `school_sourced_id`, `school`, `students`, `examples` (labels of sections, of
           the first student), the largest group first; empty when everybody is in exactly one.
    """
    return (
        counts.filter(pl.col("count") != 1)
        .group_by("cause", "school_sourced_id", "school")
        .agg(
            students=pl.len(),
            examples=pl.col("labels").sort_by("student").first(),
        )
        .sort("students", "cause", "school_sourced_id", descending=[True, False, False])
    )


def course_counts(world: SectionWorld) -> pl.DataFrame:
    """Count sections and students by what districts call their courses, the fullest first.

    Shape: `course`, `sections`, `students`.
    """
    named = world.sections.select(
        "section", course=pl.col(MatchField.COURSE_NAME.value).list.first()
    ).drop_nulls()
    students = named.join(world.members, on="section").group_by("course")
    counted = students.agg(students=pl.col("student").n_unique())
    return (
        named.group_by("course")
        .agg(sections=pl.len())
        .join(counted, on="course", how="left")
        .with_columns(pl.col("students").fill_null(0))
        .sort("students", "course", descending=[True, False])
    )


def one_section_findings(
    frames: RosterFrames, sharing: Sharing, *, on: date | None = None
) -> list[Finding]:
    """Say which students a choice leaves in no section or in several, by cause and school.

    Shape: `frames` as they came, before `shared_frames` leaves out who is in none; one finding per
           cause and school, its weight the number of students. No student is named.
    """
    groups = cause_groups(section_counts(world_of(frames, on=on), sharing))
    return [
        NOT_IN_ONE.finding(
            file="enrollments.csv",
            weight=count,
            count=f"{count:,}",
            school=school or "a school without a name",
            cause=CAUSE_WORDS[Cause(cause)][0],
            remedy=CAUSE_WORDS[Cause(cause)][1],
        )
        for cause, school, count in groups.select("cause", "school", "students").iter_rows()
    ]
