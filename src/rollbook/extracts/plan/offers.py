"""What a profile may write, kind by kind: each offer with the criterion that it fails, if any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from rollbook.extracts.plan.world import HOMEROOM, World
from rollbook.extracts.rules.rendering import cleaned
from rollbook.extracts.types import LeftOut, ProfileKind, ProfileSettings, SubjectArea

# A stage is a criterion's place in its enumeration, from 1.
STAGES: Final = {criterion: place for place, criterion in enumerate(LeftOut, start=1)}
PASSES: Final = 0
NOT_ASKED: Final = -1  # no candidate at all: another school, kind or year
WRITTEN: Final = 127


@dataclass(frozen=True, slots=True)
class Offers:
    """Hold what a profile may write before users and other profiles are looked at.

    Shape: `frame`, whose row number is the offer: school_id, stage, key (text: offers of a school
           with one key and one name are one group), `order` (Int64) and the naming fields.
           `rows`: place, offer and perhaps is_primary. `people`: offer, staff_id: who sees it,
           besides additional staff. `logins`: offer, address: the same, of whom only a login is
           known. `things`: offer, a, b: what another profile might write too; `realm` says what
           kind of things they are. `otherwise` is the criterion of a student without any row.
    """

    frame: pl.DataFrame
    rows: pl.DataFrame
    people: pl.DataFrame
    logins: pl.DataFrame
    things: pl.DataFrame
    realm: str
    otherwise: LeftOut


NO_LOGINS: Final = pl.DataFrame(schema={"offer": pl.UInt32, "address": pl.String})


def offers_of(settings: ProfileSettings, world: World, school_ids: Sequence[int]) -> Offers:
    """Find what a profile may write at some schools, with the criterion that each offer fails."""
    return _KINDS[settings.kind](settings, world, school_ids)


def _stage(criterion: LeftOut) -> pl.Expr:
    return pl.lit(STAGES[criterion], dtype=pl.Int8)


def course_stage(settings: ProfileSettings) -> pl.Expr:
    """Return the first filter on courses that a course does not pass, as a stage."""
    subjects = pl.col("subjects").fill_null("").str.to_lowercase().str.split(",")
    words = subjects.list.eval(pl.element().str.strip_chars())
    asked = [word.strip().lower() for word in settings.subject_areas]
    checks = (
        (LeftOut.DEPARTMENT, settings.departments, _is_one_of("department", settings.departments)),
        (LeftOut.SUBJECT_AREA, settings.subject_areas,
         words.list.eval(pl.element().is_in(asked)).list.any()),
        (LeftOut.COURSE, settings.courses, _is_one_of("code", settings.courses)),
    )  # fmt: skip
    stage = pl.lit(PASSES, dtype=pl.Int8)
    for criterion, asked_for, passes in reversed(checks):
        if asked_for:
            stage = pl.when(passes).then(stage).otherwise(_stage(criterion))
    return stage


def _is_one_of(column: str, words: Sequence[str]) -> pl.Expr:
    asked = sorted({word.strip().lower() for word in words})
    return pl.col(column).fill_null("").str.strip_chars().str.to_lowercase().is_in(asked)


def _staff_ids(world: World, uuids: Sequence[str]) -> pl.Series:
    return world.staff.filter(pl.col("uuid").is_in(list(uuids)))["staff_id"]


def _here(settings: ProfileSettings, school_ids: Sequence[int]) -> pl.Expr:
    return pl.col("school_id").is_in(list(school_ids)) & (
        pl.col("school_year") == settings.school_year
    )


def _secondary(settings: ProfileSettings, world: World, school_ids: Sequence[int]) -> Offers:
    stage = _no_teacher(_teacher_stage(settings, world))
    if settings.departments or settings.subject_areas or settings.courses:
        courses = world.courses.select(
            pl.col("id").alias("course_id"), course_stage(settings).alias("by_course")
        )
        joined = world.classes.join(courses, on="course_id", how="left", maintain_order="left")
        missing = LeftOut.DEPARTMENT if settings.departments else (
            LeftOut.SUBJECT_AREA if settings.subject_areas else LeftOut.COURSE
        )  # fmt: skip
        by_course = pl.col("by_course").fill_null(STAGES[missing])
        stage = pl.when(by_course != PASSES).then(by_course).otherwise(stage)
        wanted = by_course == PASSES
    else:
        joined, wanted = world.classes, pl.lit(value=True)
    frame = joined.with_columns(
        pl.when(~_here(settings, school_ids) | (pl.col("kind") == HOMEROOM))
        .then(pl.lit(NOT_ASKED, dtype=pl.Int8))
        .when(~pl.col("is_running"))
        .then(_stage(LeftOut.TERM_ENDED))
        .otherwise(stage)
        .alias("stage"),
        (wanted & (pl.col("crew").is_null() | (_teacher_stage(settings, world) == PASSES))).alias(
            "is_wanted"
        ),
    )
    crews = world.crews.select("staff_id", "class_id", offer="class_row")
    return Offers(
        frame=frame,
        rows=world.taken_of(school_ids).rename({"class_row": "offer"}),
        people=crews.select("offer", "staff_id"),
        logins=NO_LOGINS,
        things=crews.select("offer", a="class_id", b="staff_id"),
        realm="class",
        otherwise=LeftOut.NO_CLASS,
    )


def _teacher_stage(settings: ProfileSettings, world: World) -> pl.Expr:
    if not settings.teachers:
        return pl.lit(PASSES, dtype=pl.Int8)
    chosen = _staff_ids(world, settings.teachers).implode()
    rows = world.crews.filter(pl.col("staff_id").is_in(chosen))["class_row"].unique()
    return (
        pl.when(pl.col("class_row").is_in(rows.implode()))
        .then(pl.lit(PASSES, dtype=pl.Int8))
        .otherwise(_stage(LeftOut.TEACHER))
    )


def _no_teacher(otherwise: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("crew").is_null()).then(_stage(LeftOut.NO_TEACHER)).otherwise(otherwise)


def _teachers(settings: ProfileSettings, world: World, school_ids: Sequence[int]) -> Offers:
    here = world.classes.filter(_here(settings, school_ids))
    with_homerooms = here.filter(pl.col("kind") == HOMEROOM)["school_id"].unique()
    chosen = _staff_ids(world, settings.teachers).implode()
    by_teacher = (
        pl.when(pl.col("staff_id").is_in(chosen))
        .then(pl.lit(PASSES, dtype=pl.Int8))
        .otherwise(_stage(LeftOut.TEACHER))
        if settings.teachers
        else pl.lit(PASSES, dtype=pl.Int8)
    )
    names = world.staff.select("staff_id", "teacher_last", "teacher_first", "teacher_id")
    frame = (
        here.filter(
            (pl.col("kind") == HOMEROOM) | ~pl.col("school_id").is_in(with_homerooms.implode())
        )
        .select("class_row", "class_id", "school_id", "is_running", "crew")
        .join(world.crews.drop("class_id"), on="class_row", how="left")
        .join(names, on="staff_id", how="left")
        .sort("class_row", "staff_id")
        .with_row_index("offer")
        .with_columns(
            pl.when(~pl.col("is_running"))
            .then(_stage(LeftOut.TERM_ENDED))
            .otherwise(_no_teacher(by_teacher))
            .alias("stage"),
            (pl.col("staff_id").is_null() | (by_teacher == PASSES)).alias("is_wanted"),
            pl.col("staff_id").cast(pl.String).fill_null("").alias("key"),
            pl.col("staff_id").alias("order"),
        )
    )
    taught = frame.filter(pl.col("staff_id").is_not_null())
    taken = world.taken_of(school_ids).drop("is_primary")
    return Offers(
        frame=frame,
        rows=taken.join(frame.select("class_row", "offer"), on="class_row").drop("class_row"),
        people=taught.select("offer", "staff_id"),
        logins=NO_LOGINS,
        things=taught.select("offer", a="class_id", b="staff_id"),
        realm="class",
        otherwise=LeftOut.NO_CLASS,
    )


def _grades(settings: ProfileSettings, world: World, school_ids: Sequence[int]) -> Offers:
    places = world.places_of(school_ids).filter("is_enrolled")
    passes = pl.col("grade") != ""
    if settings.grades:
        passes &= pl.col("grade").is_in(list(settings.grades))
    frame = (
        places.select("school_id", "grade", "grade_rank")
        .unique()
        .sort("school_id", "grade")
        .with_row_index("offer")
        .with_columns(
            pl.when(passes)
            .then(pl.lit(PASSES, dtype=pl.Int8))
            .otherwise(_stage(LeftOut.GRADE))
            .alias("stage"),
            pl.col("grade").alias("key"),
            pl.col("offer").cast(pl.Int64).alias("order"),
        )
    )
    rows = places.join(frame, on=["school_id", "grade"]).select("place", "offer")
    return Offers(
        frame=frame,
        rows=rows,
        people=_homeroom_teachers(settings, world, school_ids, rows),
        logins=NO_LOGINS,
        things=frame.select("offer", a="school_id", b="grade_rank"),
        realm="grade",
        otherwise=LeftOut.GRADE,
    )


def _homeroom_teachers(
    settings: ProfileSettings, world: World, school_ids: Sequence[int], rows: pl.DataFrame
) -> pl.DataFrame:
    """Return who has students of a grade in a homeroom; nobody where staff are named instead."""
    nobody = pl.DataFrame(schema={"offer": pl.UInt32, "staff_id": pl.Int64})
    if settings.additional_staff:
        return nobody
    homerooms = world.classes.filter(
        _here(settings, school_ids), pl.col("kind") == HOMEROOM, pl.col("is_running")
    ).select("class_row")
    return (
        world.taken_of(school_ids)
        .join(homerooms, on="class_row")
        .join(rows, on="place")
        .select("class_row", "offer")
        .unique()
        .join(world.crews, on="class_row")
        .select("offer", "staff_id")
        .unique()
    )


def _counselor(settings: ProfileSettings, world: World, school_ids: Sequence[int]) -> Offers:
    places = world.places_of(school_ids).filter("is_enrolled")
    staff = world.staff.filter("is_active")
    cases = (
        places.select("place", "student_id", "school_id")
        .join(world.data.caseloads.unique(), on="student_id")
        .join(staff.select("staff_id"), on="staff_id")
        .select("place", "school_id", "staff_id")
    )
    chosen = _staff_ids(world, settings.counselors).implode()
    passes = pl.col("staff_id").is_in(chosen) if settings.counselors else pl.lit(value=True)
    names = ("teacher_last", "teacher_first")
    frame = (
        cases.select("school_id", "staff_id")
        .unique()
        .join(staff.select("staff_id", *names, "teacher_id"), on="staff_id")
        .sort("school_id", "staff_id")
        .with_row_index("offer")
        .with_columns(
            pl.when(passes)
            .then(pl.lit(PASSES, dtype=pl.Int8))
            .otherwise(_stage(LeftOut.COUNSELOR))
            .alias("stage"),
            pl.col("staff_id").cast(pl.String).alias("key"),
            pl.col("staff_id").alias("order"),
            counselor_last="teacher_last",
            counselor_first="teacher_first",
        )
    )
    return Offers(
        frame=frame,
        rows=cases.join(frame, on=["school_id", "staff_id"]).select("place", "offer"),
        people=frame.select("offer", "staff_id"),
        logins=NO_LOGINS,
        things=frame.select("offer", a="school_id", b="staff_id"),
        realm="counselor",
        otherwise=LeftOut.NO_COUNSELOR,
    )


def _student_group(settings: ProfileSettings, world: World, school_ids: Sequence[int]) -> Offers:
    chosen = world.data.groups.filter(_here(settings, school_ids))
    if settings.groups:
        chosen = chosen.filter(pl.col("uuid").is_in(list(settings.groups)))
    subject = pl.col("subject").fill_null("").str.strip_chars()
    frame = (
        chosen.sort("id")
        .with_row_index("offer")
        .select(
            "offer",
            pl.col("id").alias("group_id"),
            "school_id",
            pl.lit(PASSES, dtype=pl.Int8).alias("stage"),
            pl.col("id").cast(pl.String).alias("key"),
            pl.col("id").alias("order"),
            cleaned(pl.col("name")).alias("group"),
            pl.when(subject == "").then(pl.lit(SubjectArea.ALL.value)).otherwise(subject)
            .alias("own_subject"),
        )
    )  # fmt: skip
    ids = frame.select("group_id", "offer", "school_id")
    places = world.places_of(school_ids).select("place", "student_id", "school_id")
    members = world.data.group_members.unique().join(ids, on="group_id")
    return Offers(
        frame=frame,
        rows=members.join(places, on=["student_id", "school_id"]).select("place", "offer"),
        people=pl.DataFrame(schema={"offer": pl.UInt32, "staff_id": pl.Int64}),
        logins=world.data.group_users.join(ids, on="group_id").select(
            "offer", pl.col("login").alias("address")
        ),
        things=frame.select("offer", a="group_id", b=pl.lit(0, dtype=pl.Int64)),
        realm="group",
        otherwise=LeftOut.NOT_IN_GROUP,
    )


_KINDS: Final = {
    ProfileKind.SECONDARY_CLASSES: _secondary,
    ProfileKind.ELEMENTARY_TEACHERS: _teachers,
    ProfileKind.ELEMENTARY_GRADES: _grades,
    ProfileKind.COUNSELOR: _counselor,
    ProfileKind.STUDENT_GROUP: _student_group,
}
