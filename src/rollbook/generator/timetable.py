"""Put students into classes and give the classes teachers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.courses import COURSES, schedule
from rollbook.generator.places import District
from rollbook.generator.randomness import stream

CLASS_SIZE: Final = {"elementary": 24, "middle": 30, "high": 31}
CLASSES_PER_TEACHER: Final = 5


@dataclass(frozen=True)
class Timetable:
    """Hold who is in which class.

    Shape: `classes` has one row a class: class_number, school, course, section, teacher, period;
           `seats` one row a student and class: student (row of the district's frame), class_number,
           since (the day, when it is later than the class's first and the student's own);
           `teachers` one row a teacher: teacher, school.
    """

    classes: pl.DataFrame
    seats: pl.DataFrame
    teachers: pl.DataFrame


def make_timetable(students: pl.DataFrame, district: District, *, seed: int) -> Timetable:
    """Put the students of one district into classes, of about the same size within a course.

    Shape: `students` has the columns `grade` and `school`, in the order that seats refer to.
    """
    random = stream(seed, "timetable", district.number)
    wishes = _wishes(students, random)
    placed = _sections(wishes)
    keys = ["school", "course", "section"]
    classes = placed.select(keys).unique().sort(keys).with_row_index("class_number", offset=1)
    seats = placed.join(classes, on=keys).select(
        "student", "class_number", since=pl.lit(None, pl.String)
    )
    classes, teachers = _staffed(classes)
    return Timetable(classes, seats.sort("student", "class_number"), teachers)


def _wishes(students: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """List every student with every course taken; one shuffled place serves a whole day at 5."""
    count = students.height
    order = {course.code: index for index, course in enumerate(COURSES)}
    plans = pl.DataFrame(
        [
            (grade, track, order[code])
            for grade in range(13)
            for track in range(3)
            for code in schedule(grade, track=track)
        ],
        schema={"grade": pl.Int64, "track": pl.Int64, "course": pl.Int64},
        orient="row",
    )
    track = random.choice(3, count, p=[0.5, 0.27, 0.23])
    wishes = (
        students.select("grade", "school")
        .with_columns(
            student=pl.int_range(count, dtype=pl.Int64),
            track=pl.Series(track).cast(pl.Int64),
            day=pl.Series(random.random(count)),
        )
        .join(plans, on=["grade", "track"], maintain_order="left_right")
    )
    slot = pl.Series(random.random(wishes.height))
    return wishes.with_columns(place=pl.when(pl.col("grade") < 6).then("day").otherwise(slot))


def _sections(wishes: pl.DataFrame) -> pl.DataFrame:
    sizes = pl.DataFrame(
        {
            "course": list(range(len(COURSES))),
            "size": [CLASS_SIZE[course.level] for course in COURSES],
        }
    )
    group = ["school", "course"]
    rank = pl.int_range(pl.len()).over(group)
    sections = ((pl.len().over(group) + pl.col("size") - 1) // pl.col("size")).cast(pl.Int64)
    return (
        wishes.join(sizes, on="course", maintain_order="left_right")
        .sort("school", "course", "place", "student")
        .with_columns(section=(rank * sections // pl.len().over(group)).cast(pl.Int64) + 1)
    )


def _staffed(classes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give each class a teacher: all day at elementary school, by department after it."""
    facts = pl.DataFrame(
        {
            "course": list(range(len(COURSES))),
            "department": [course.department for course in COURSES],
            "all_day": [course.level == "elementary" for course in COURSES],
        }
    )
    placed = classes.join(facts, on="course", maintain_order="left_right").with_columns(
        turn=pl.int_range(pl.len()).over("school", "department")
    )
    placed = placed.with_columns(
        post=pl.when("all_day")
        .then(pl.col("section"))
        .otherwise(pl.col("turn") // CLASSES_PER_TEACHER)
    )
    keys = ["school", "department", "post"]
    teachers = placed.select(keys).unique().sort(keys).with_row_index("teacher")
    period = pl.int_range(pl.len()).over("teacher") + 1
    staffed = placed.join(teachers, on=keys, maintain_order="left_right").with_columns(
        period=pl.when("all_day").then(0).otherwise(period)
    )
    return (
        staffed.select("class_number", "school", "course", "section", "teacher", "period"),
        teachers.select("teacher", "school", "department"),
    )
