"""What a source has brought so far, school by school, and who of it would leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from rollbook.changes.types import TableChanges
from rollbook.shared.grades import GRADE_CODES

Frames = Mapping[str, pl.DataFrame]
Changes = Mapping[str, TableChanges]

# Why a record leaves that is archived only because what it belongs to is.
LEFT_BEHIND: Final = "leaves with the record it belongs to"
_STAYS: Final = "school enrollments"
_SCHOOLS_AND_STUDENTS: Final = pl.Schema({"school": pl.Int64(), "student": pl.Int64()})


@dataclass(frozen=True)
class Standing:
    """Hold what one source has brought: its active records, counted.

    Shape: `totals` by table; `by_school` by table and school, of staff, classes and enrollments;
           `stays` has `id`, `student_id`, `school_id`, `grade` of the latest school year;
           `school_year` is that year, None where there is nothing yet.
    """

    totals: Mapping[str, int]
    by_school: Mapping[str, Mapping[int, int]]
    stays: pl.DataFrame
    school_year: int | None

    def students_at(self, school: int) -> int:
        """Return how many students the source has at a school."""
        return self.stays.filter(pl.col("school_id") == school)["student_id"].n_unique()


def standing_of(frames: Frames, source: str) -> Standing:
    """Count what one source has brought, of frames as `CurrentRoster` has them.

    Shape: nothing at all where no frames are given.
    """
    active = {
        name: frame.filter((pl.col("source") == source) & pl.col("is_active"))
        for name, frame in frames.items()
        if "source" in frame.columns
    }
    stays = active.get(_STAYS, _no_stays())
    year = stays["school_year"].max()
    latest = stays.filter(pl.col("school_year") == year) if year is not None else stays
    return Standing(
        totals={name: frame.height for name, frame in active.items()},
        by_school=_by_school(active),
        stays=latest.select("id", "student_id", "school_id", "grade"),
        school_year=int(str(year)) if year is not None else None,
    )


def _no_stays() -> pl.DataFrame:
    numbers = ("id", "student_id", "school_id", "school_year")
    return pl.DataFrame(schema={**dict.fromkeys(numbers, pl.Int64()), "grade": pl.String()})


def _by_school(active: Frames) -> dict[str, dict[int, int]]:
    """Count staff, classes and enrollments at each school."""
    found: dict[str, dict[int, int]] = {}
    if "staff assignments" in active:
        places = active["staff assignments"].select(school="organization_id", record="staff_id")
        found["staff"] = _counted(places)
    if "classes" in active:
        classes = active["classes"].select(school="school_id", record="id")
        found["classes"] = _counted(classes)
        if "enrollments" in active:
            seats = active["enrollments"].select("id", record="class_taught_id")
            joined = seats.join(classes, on="record").select("school", record="id")
            found["enrollments"] = _counted(joined)
    return found


def _counted(pairs: pl.DataFrame) -> dict[int, int]:
    counts = pairs.unique().group_by("school").len()
    return {int(school): int(count) for school, count in counts.iter_rows() if school is not None}


def opens_year(changes: Changes, standing: Standing) -> bool:
    """Tell whether a plan begins a school year of which nothing is there yet."""
    stays = changes.get(_STAYS)
    if stays is None or standing.school_year is None:
        return False
    if "after.school_year" not in stays.frame.columns:
        return False
    added = stays.frame.filter(pl.col("action") == "add")["after.school_year"].min()
    return added is not None and int(str(added)) > standing.school_year


def leaving_students(changes: Changes, standing: Standing) -> pl.DataFrame:
    """List who would leave which school: archived there or everywhere, or moved to another.

    Shape: `school`, `student`, one row per pair; where nothing says whose stay it is, the stay's
           own id, turned negative, stands for its student.
    """
    parts = [pl.DataFrame(schema=_SCHOOLS_AND_STUDENTS)]
    stays = changes.get(_STAYS)
    if stays is not None and stays.frame.height:
        parts.append(_ended(stays.frame, "archive", "school_id", standing))
        if "before.school_id" in stays.frame.columns:
            parts.append(_ended(stays.frame, "move", "before.school_id", standing))
    students = changes.get("students")
    if students is not None and "school_id" in students.frame.columns:
        gone = students.frame.filter(pl.col("action") == "archive")
        parts.append(gone.select(school=pl.col("school_id"), student=pl.col("id")))
    typed = [part.cast(_SCHOOLS_AND_STUDENTS) for part in parts]
    return pl.concat(typed).drop_nulls("school").unique(maintain_order=True)


def leaving_by_themselves(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a table that are archived, but not only with what they belong to."""
    gone = frame.filter(pl.col("action") == "archive")
    return gone.filter(pl.col("why") != LEFT_BEHIND) if "why" in gone.columns else gone


def _ended(frame: pl.DataFrame, action: str, school: str, standing: Standing) -> pl.DataFrame:
    rows = frame.filter(pl.col("action") == action).select("id", school=pl.col(school))
    return rows.join(standing.stays.select("id", "student_id"), on="id", how="left").select(
        "school", student=pl.coalesce("student_id", -pl.col("id"))
    )


def graduates_among(leavers: pl.DataFrame, school: int, standing: Standing) -> tuple[str, int]:
    """Return the top grade of a school, and how many of those leaving it are in that grade.

    Shape: `leavers` as of `leaving_students`; a blank grade where the school has but one.
    """
    here = standing.stays.filter(pl.col("school_id") == school)
    grades = [grade for grade in GRADE_CODES if grade in set(here["grade"])]
    if len(grades) < 2:
        return "", 0
    gone = leavers.filter(pl.col("school") == school)["student"]
    among = here.filter(
        pl.col("student_id").is_in(gone.implode()) & (pl.col("grade") == grades[-1])
    )
    return grades[-1], among["student_id"].n_unique()
