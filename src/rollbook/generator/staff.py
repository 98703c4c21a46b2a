"""Make up teachers, principals and administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.names import FEMALE_NAMES, LAST_NAMES, MALE_NAMES
from rollbook.generator.places import District
from rollbook.generator.randomness import stream
from rollbook.generator.timetable import Timetable
from rollbook.generator.users import with_staff_accounts

_FIRST_NAMES: Final = FEMALE_NAMES + MALE_NAMES
# Posts that every district office, and every school, has.
_OFFICE: Final = ("districtAdministrator", "districtAdministrator", "systemAdministrator")
_SCHOOL_POSTS: Final = ("principal", "siteAdministrator", "counselor")


@dataclass(frozen=True)
class Staff:
    """Hold a district's staff.

    Shape: `people` has user_id, org_id, role and the account columns; `teacher_ids` maps a
           timetable's teacher to a user_id.
    """

    people: pl.DataFrame
    teacher_ids: pl.DataFrame


def make_staff(timetable: Timetable, district: District, *, seed: int) -> Staff:
    """Make up the staff of a district: its office, its schools' heads, its teachers."""
    org_of = {school.number: school.sourced_id for school in district.schools}
    posts = [(district.sourced_id, role, None) for role in _OFFICE]
    posts += [
        (school.sourced_id, role, None) for school in district.schools for role in _SCHOOL_POSTS
    ]
    posts += [
        (org_of[school], "teacher", teacher)
        for teacher, school in timetable.teachers.select("teacher", "school").iter_rows()
    ]
    frame = pl.DataFrame(
        posts,
        schema={"org_id": pl.String, "role": pl.String, "teacher": pl.UInt32},
        orient="row",
    ).with_row_index("staff_number", offset=1)
    people = with_staff_accounts(_named(frame, district, seed), district)
    teachers = people.filter(pl.col("teacher").is_not_null()).select("teacher", "user_id")
    return Staff(people, teachers)


def _named(frame: pl.DataFrame, district: District, seed: int) -> pl.DataFrame:
    random = stream(seed, "staff", district.number)
    first = np.array(_FIRST_NAMES)[random.integers(0, len(_FIRST_NAMES), frame.height)]
    last = np.array(LAST_NAMES)[random.integers(0, len(LAST_NAMES), frame.height)]
    return frame.with_columns(first_name=pl.Series(first), last_name=pl.Series(last))


def with_counselors(students: pl.DataFrame, staff: Staff, district: District) -> pl.DataFrame:
    """Add `counselor_id` to students with a `schoolSourcedId`: after elementary school, theirs."""
    guided = [school.sourced_id for school in district.schools if school.level != "elementary"]
    counselors = staff.people.filter(
        pl.col("role") == "counselor", pl.col("org_id").is_in(guided)
    ).select(counselor_id="user_id", schoolSourcedId="org_id")
    return students.join(counselors, on="schoolSourcedId", how="left", maintain_order="left")


def replacement(staff: Staff, district: District, *, seed: int) -> Staff:
    """Return the staff after one teacher left and another took over the classes."""
    random = stream(seed, "replacement", district.number)
    number = max(staff.people["staff_number"].to_list()) + 1
    leaver = staff.people.filter(pl.col("role") == "teacher").head(1)
    arrival = leaver.select("org_id", "role", "teacher").with_columns(
        staff_number=pl.lit(number, pl.UInt32),
        first_name=pl.lit(_FIRST_NAMES[int(random.integers(0, len(_FIRST_NAMES)))]),
        last_name=pl.lit(LAST_NAMES[int(random.integers(0, len(LAST_NAMES)))]),
    )
    left = staff.people.join(leaver, on="staff_number", how="anti", maintain_order="left")
    people = pl.concat([left, with_staff_accounts(arrival, district).select(left.columns)])
    teachers = people.filter(pl.col("teacher").is_not_null()).select("teacher", "user_id")
    return Staff(people, teachers)
