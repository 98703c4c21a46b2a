"""Rows of reports for tests, counted from made-up students by plain loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rollbook.reports.layouts import NOT_STATED, OVERALL
from rollbook.reports.types import Place, Row

# Each value with its share of the students.
GENDERS = {"Male": 0.49, "Female": 0.47, "Nonbinary": 0.03, NOT_STATED: 0.01}
ACQUISITION = {"EO": 0.6, "EL": 0.15, "IFEP": 0.08, "RFEP": 0.15, NOT_STATED: 0.02}
RACES = {"Asian": 0.1, "White": 0.5, "Filipino": 0.04}
STATE = Place("state", 1, "Golden State")
DISTRICT = Place("district", 2, "North District", "01", parent_id=1)
ROW = Row(
    place=STATE,
    subject="ELA",
    grade="05",
    school_year=2026,
    assessment_id="SUM-ELA-05",
    assessment_name="Grade 5 ELA",
    subgroup=OVERALL,
    value=OVERALL,
    tested=0,
    scored=0,
    mean=None,
    standard_error=None,
    levels=(0, 0, 0, 0),
)


@dataclass(frozen=True)
class Pupil:
    """Hold one made-up student; `level` 0 is unscored."""

    school: int
    gender: str
    elas: str
    races: tuple[str, ...]
    level: int


Test = Callable[[Pupil], bool]


def schools(count: int) -> list[Place]:
    """Make schools of the district."""
    return [Place("school", 10 + n, f"School {n}", f"010{n}", parent_id=2) for n in range(count)]


def pupils(seed: int, school_count: int, sizes: Sequence[int]) -> list[Pupil]:
    """Draw a small, skewed district."""
    random = np.random.default_rng(seed)
    drawn: list[Pupil] = []
    for school in range(school_count):
        weights = random.dirichlet((3, 2, 2, 1, 0.3))
        for _ in range(sizes[school]):
            drawn.append(
                Pupil(
                    school=10 + school,
                    gender=str(random.choice(list(GENDERS), p=list(GENDERS.values()))),
                    elas=str(random.choice(list(ACQUISITION), p=list(ACQUISITION.values()))),
                    races=tuple(race for race, share in RACES.items() if random.random() < share),
                    level=int(random.choice([1, 2, 3, 4, 0], p=weights)),
                )
            )  # fmt: skip
    return drawn


VALUES: dict[str, dict[str, Test]] = {
    OVERALL: {OVERALL: lambda pupil: True},
    "Gender": {
        value: lambda pupil, value=value: pupil.gender == value
        for value in ("Male", "Female", "Nonbinary", NOT_STATED)
    },
    "ELAS": {
        value: lambda pupil, value=value: pupil.elas == value
        for value in ("EO", "EL", "IFEP", "RFEP", NOT_STATED)
    },
    "LEP": {
        "Yes": lambda pupil: pupil.elas == "EL",
        "No": lambda pupil: pupil.elas != "EL",
    },
    "Ethnicity": {
        **{
            value: lambda pupil, value=value: value in pupil.races
            for value in ("Asian", "White", "Filipino")
        },
        NOT_STATED: lambda pupil: not pupil.races,
    },
}


def counted(drawn: Sequence[Pupil], places: Sequence[Place], subgroups: Sequence[str]) -> list[Row]:
    """Count pupils into rows: every place, Overall first, then the subgroups."""
    rows: list[Row] = []
    for place in places:
        here = [pupil for pupil in drawn if place.level != "school" or pupil.school == place.id]
        for subgroup in (OVERALL, *subgroups):
            for value, fits in VALUES[subgroup].items():
                levels = [pupil.level for pupil in here if fits(pupil)]
                counts = tuple(levels.count(level) for level in (1, 2, 3, 4))
                rows.append(
                    replace(
                        ROW, place=place, subgroup=subgroup, value=value, tested=len(levels),
                        scored=sum(counts), levels=counts,
                        mean=2500.0 if sum(counts) else None,
                    )
                )  # fmt: skip
    return rows
