"""What all profiles of a run choose from, put in order once: rows are numbers, words are clean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from rollbook.extracts.rules.addresses import is_address, plain_address
from rollbook.extracts.rules.rendering import cleaned, folded
from rollbook.extracts.types import AskedProfile, ExtractWorld

HOMEROOM: Final = "homeroom"
Ranges = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class World:
    """Hold what a run chooses from.

    Shape: `schools`: school_id, uuid, natural_id, natural_key, school_number, school_name,
           is_active, tracks_primary.
           `places`, by row number `place`: student_id, school_id, grade, is_enrolled, ssid,
           ssid_rank (UInt32), grade_rank, is_many (more than one place), has_id, is_able (enrolled,
           with an SSID, at a school with an id).
           `classes`, by row number `class_row`: class_id, school_id, school_year, course_id, kind,
           is_running, is_over, owner_id, crew (ids of the teachers as text, null for none), key and
           order (as offers have them) and the naming fields.
           `taken`: place, class_row, is_primary, by place. `crews`: class_row, class_id, staff_id.
           `staff`: staff_id, uuid, teacher_last, teacher_first, teacher_id, shown, address,
           is_valid, is_active.
           `place_ranges` and `taken_ranges`: where a school's rows stand, as start and length.
    """

    on: date
    schools: pl.DataFrame
    places: pl.DataFrame
    place_ranges: Ranges
    classes: pl.DataFrame
    courses: pl.DataFrame
    crews: pl.DataFrame
    taken: pl.DataFrame
    taken_ranges: Ranges
    staff: pl.DataFrame
    data: ExtractWorld

    def places_of(self, school_ids: Sequence[int]) -> pl.DataFrame:
        """Return the places at some schools."""
        return _sliced(self.places, self.place_ranges, school_ids)

    def taken_of(self, school_ids: Sequence[int]) -> pl.DataFrame:
        """Return who takes which class at some schools."""
        return _sliced(self.taken, self.taken_ranges, school_ids)


def prepare_world(profiles: Sequence[AskedProfile], data: ExtractWorld) -> World:
    """Put in order what the profiles of a run choose from, once for all of them.

    Shape: only schools that a profile names; the order of the rows given does not matter.
    """
    schools = _schools(profiles, data.schools)
    places = _places(data.students, schools)
    staff = _staff(data.staff)
    taught = _taught(data.taught, staff)
    classes = _classes(data, schools, taught, staff)
    taken = _taken(data.taken, classes, places)
    rows = classes.select("class_id", "class_row")
    return World(
        on=data.on,
        schools=schools,
        places=places,
        place_ranges=_ranges(places),
        classes=classes,
        courses=data.courses.sort("id"),
        crews=taught.join(rows, on="class_id").select("class_row", "class_id", "staff_id"),
        taken=taken.drop("school_id"),
        taken_ranges=_ranges(taken),
        staff=staff,
        data=data,
    )


def _sliced(frame: pl.DataFrame, ranges: Ranges, school_ids: Sequence[int]) -> pl.DataFrame:
    found = [ranges[school] for school in sorted(school_ids) if school in ranges]
    if len(found) == len(ranges):
        return frame
    parts = [frame.slice(start, length) for start, length in found]
    return pl.concat(parts, rechunk=True) if parts else frame.clear()


def _ranges(frame: pl.DataFrame) -> Ranges:
    """Say where each school's rows stand in a frame sorted by school."""
    counted = frame.group_by("school_id", maintain_order=True).len()
    ends = counted["len"].cum_sum()
    starts = (ends - counted["len"]).to_list()
    return {
        school: (start, length)
        for school, start, length in zip(counted["school_id"], starts, counted["len"], strict=True)
    }


def _schools(profiles: Sequence[AskedProfile], schools: pl.DataFrame) -> pl.DataFrame:
    asked = sorted({uuid for profile in profiles for uuid in profile.settings.schools})
    natural = cleaned(pl.col("natural_id").fill_null("")).str.strip_chars()
    return schools.filter(pl.col("uuid").is_in(asked)).sort("id").select(
        pl.col("id").alias("school_id"),
        "uuid",
        natural.alias("natural_id"),
        folded(natural).alias("natural_key"),
        cleaned(pl.col("number").fill_null("")).alias("school_number"),
        cleaned(pl.col("name").fill_null("")).alias("school_name"),
        "is_active",
        "tracks_primary",
    )  # fmt: skip


def _places(students: pl.DataFrame, schools: pl.DataFrame) -> pl.DataFrame:
    ssid = pl.col("ssid").fill_null("").str.strip_chars()
    is_known = (ssid != "") & ~ssid.str.contains(r"[\s\p{C}]")
    with_id = schools.filter(pl.col("natural_id") != "")["school_id"].implode()
    return (
        students.filter(pl.col("school_id").is_in(schools["school_id"].implode()))
        .sort("school_id", "id", pl.col("is_enrolled").not_(), "grade", "ssid")
        .unique(["school_id", "id"], keep="first", maintain_order=True)
        .select(
            pl.col("id").alias("student_id"),
            "school_id",
            pl.col("grade").fill_null(""),
            "is_enrolled",
            pl.when(is_known).then(ssid).otherwise(pl.lit("")).alias("ssid"),
        )
        .with_columns(
            pl.col("ssid").rank("dense").cast(pl.UInt32).alias("ssid_rank"),
            pl.col("grade").rank("dense").cast(pl.Int64).alias("grade_rank"),
            pl.col("student_id").is_duplicated().alias("is_many"),
            pl.col("school_id").is_in(with_id).alias("has_id"),
        )
        .with_columns(
            (pl.col("is_enrolled") & (pl.col("ssid") != "") & pl.col("has_id")).alias("is_able")
        )
        .with_row_index("place")
    )


def _staff(staff: pl.DataFrame) -> pl.DataFrame:
    last, first = (cleaned(pl.col(name).fill_null("")) for name in ("last_name", "first_name"))
    address = plain_address(pl.col("email"))
    return staff.sort("id").select(
        pl.col("id").alias("staff_id"),
        "uuid",
        last.alias("teacher_last"),
        first.alias("teacher_first"),
        cleaned(pl.col("local_id").fill_null("")).alias("teacher_id"),
        pl.concat_str(last, pl.lit(", "), first).str.strip_chars(", ").alias("shown"),
        address.alias("address"),
        is_address(address).alias("is_valid"),
        "is_active",
    )


def _taught(taught: pl.DataFrame, staff: pl.DataFrame) -> pl.DataFrame:
    """Return who teaches what, the one that a class is named after first; only active staff."""
    working = staff.filter("is_active").select("staff_id")
    return (
        taught.join(working, on="staff_id")
        .group_by("class_id", "staff_id")
        .agg(pl.col("is_primary").any())
        .sort("class_id", pl.col("is_primary").not_(), "staff_id")
    )


def _classes(
    data: ExtractWorld, schools: pl.DataFrame, taught: pl.DataFrame, staff: pl.DataFrame
) -> pl.DataFrame:
    crews = taught.group_by("class_id").agg(
        pl.col("staff_id").first().alias("owner_id"),
        pl.col("staff_id").sort().cast(pl.String).str.join("-").alias("crew"),
    )
    names = staff.select(
        pl.col("staff_id").alias("owner_id"), "teacher_last", "teacher_first", "teacher_id"
    )
    courses = data.courses.select(
        pl.col("id").alias("course_id"),
        cleaned(pl.col("title").fill_null("")).alias("course"),
        cleaned(pl.col("code").fill_null("")).alias("course_code"),
        cleaned(pl.col("department").fill_null("")).alias("department"),
    )
    is_begun = pl.col("begins_on").is_null() | (pl.col("begins_on") <= data.on)
    is_over = pl.col("ends_before").is_not_null() & (pl.col("ends_before") <= data.on)
    return (
        data.classes.filter(
            "is_active", pl.col("school_id").is_in(schools["school_id"].implode())
        )
        .sort("id")
        .select(
            pl.col("id").alias("class_id"), "school_id", "school_year", "course_id", "kind",
            cleaned(pl.col("title").fill_null("")).alias("class"),
            cleaned(pl.col("section").fill_null("")).alias("section"),
            cleaned(pl.col("periods").fill_null("").str.replace_all(r"\s*,\s*", "/"))
            .alias("period"),
            (is_begun & ~is_over).alias("is_running"), is_over.alias("is_over"),
        )
        .join(courses, on="course_id", how="left", maintain_order="left")
        .join(crews, on="class_id", how="left", maintain_order="left")
        .join(names, on="owner_id", how="left", maintain_order="left")
        .with_columns(
            pl.concat_str(pl.col("owner_id"), pl.lit(":"), pl.col("crew")).alias("key"),
            pl.col("class_id").alias("order"),
        )
        .with_row_index("class_row")
    )  # fmt: skip


def _taken(taken: pl.DataFrame, classes: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return who takes which class as numbers of rows, by school and place.

    Shape: place, class_row, is_primary, school_id. A class at a school where the student has no
           place is left out: nobody there may be shown them.
    """
    rows = classes.select("class_id", "class_row", pl.col("school_id").alias("at"))
    known = places.select("student_id", "place", "school_id")
    return (
        taken.join(rows, on="class_id")
        .join(known, on="student_id")
        .filter(pl.col("at") == pl.col("school_id"))
        .select("place", "class_row", "is_primary", "school_id")
        .sort("place")
    )
