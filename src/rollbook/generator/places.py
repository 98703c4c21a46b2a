"""Lay out the made-up districts and their schools."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from rollbook.generator.names import DISTRICT_WORDS, PLACE_WORDS
from rollbook.generator.randomness import stream

LEVELS: Final = ("elementary", "middle", "high")
# Pupils at which a district opens another school of the level.
FULL_SCHOOL: Final = {"elementary": 700, "middle": 950, "high": 2000}
# Kindergarten to 5, 6 to 8, 9 to 12 of thirteen grades.
_SHARE_OF_LEVEL: Final = {"elementary": 6 / 13, "middle": 3 / 13, "high": 4 / 13}
_KIND_OF_SCHOOL: Final = {
    "elementary": "Elementary School",
    "middle": "Middle School",
    "high": "High School",
}
# California has 58 counties: codes from 99 down belong to nobody.
_COUNTY: Final = 99


@dataclass(frozen=True, slots=True)
class School:
    """Describe one school. `number` is its place among all schools of the state, from 0."""

    number: int
    sourced_id: str
    identifier: str  # 14 digits, like a county-district-school code
    name: str
    level: str


@dataclass(frozen=True, slots=True)
class District:
    """Describe one district and its schools, elementary schools first."""

    number: int
    key: str  # the name its files go by
    sourced_id: str
    identifier: str
    name: str
    students: int
    schools: tuple[School, ...]

    def of_level(self, level: str) -> tuple[School, ...]:
        """Return the schools of one level."""
        return tuple(school for school in self.schools if school.level == level)


class TooFewStudents(ValueError):
    """Say that the students asked for do not fill the districts asked for."""


# Room for the nine known students, and for a class in every grade.
FEWEST_STUDENTS = 40


def lay_out_districts(*, students: int, districts: int, seed: int) -> tuple[District, ...]:
    """Divide `students` over `districts` and give each the schools that it needs.

    Shape:  the first is the Sample District; sizes vary as real ones do and sum to `students`.
    Raises: TooFewStudents: ask for more students or for fewer districts.
    """
    if districts < 1 or students < districts * FEWEST_STUDENTS:
        raise TooFewStudents(
            f"{students} students do not fill {districts} districts. "
            f"Ask for at least {FEWEST_STUDENTS} students a district and at least 1 district."
        )
    laid_out: list[District] = []
    first_school = 0
    for number, size in enumerate(_sizes(students, districts, seed)):
        district = _district(number, size, first_school)
        first_school += len(district.schools)
        laid_out.append(district)
    return tuple(laid_out)


def _sizes(students: int, districts: int, seed: int) -> list[int]:
    weights = stream(seed, "district sizes").lognormal(0.0, 0.6, districts)
    weights[0] = 1.0
    spare = students - districts * FEWEST_STUDENTS
    sizes = FEWEST_STUDENTS + np.floor(spare * weights / weights.sum()).astype(int)
    sizes[0] += students - int(sizes.sum())
    return [int(size) for size in sizes]


def _district(number: int, size: int, first_school: int) -> District:
    key = "sample" if number == 0 else f"d{number + 1:03d}"
    code = f"{_COUNTY}{number + 1:05d}"
    schools: list[School] = []
    for level in LEVELS:
        count = max(1, math.ceil(size * _SHARE_OF_LEVEL[level] / FULL_SCHOOL[level]))
        for place in range(count):
            index = len(schools)
            schools.append(
                School(
                    number=first_school + index,
                    sourced_id=f"{key}-org-{index + 1:03d}",
                    identifier=f"{code}{LEVELS.index(level) + 1}{place + 1:06d}",
                    name=_school_name(number, level, place),
                    level=level,
                )
            )
    return District(
        number=number,
        key=key,
        sourced_id=f"{key}-org-000",
        identifier=f"{code}0000000",
        name=_district_name(number),
        students=size,
        schools=tuple(schools),
    )


def _district_name(number: int) -> str:
    if number == 0:
        return "Sample District"
    word = PLACE_WORDS[number % len(PLACE_WORDS)]
    turn = number // len(PLACE_WORDS)
    name = f"{word} {DISTRICT_WORDS[(number + turn) % len(DISTRICT_WORDS)]}"
    again = turn // len(DISTRICT_WORDS)
    return f"{name} Unified School District" + (f" No. {again + 1}" if again else "")


def _school_name(district: int, level: str, place: int) -> str:
    kind = _KIND_OF_SCHOOL[level]
    if district == 0 and place == 0:
        return f"Sample {kind}"
    offset = 17 * LEVELS.index(level) + 7 * district + place
    word = PLACE_WORDS[offset % len(PLACE_WORDS)]
    again = place // len(PLACE_WORDS)
    first = "Sample " if district == 0 else ""
    return f"{first}{word}{f' {again + 1}' if again else ''} {kind}"
