"""Decide who sits which assessment, where and when."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.catalogue import Assessment
from rollbook.generator.courses import GRADE_CODES
from rollbook.generator.known_students import KNOWN_STUDENTS
from rollbook.generator.places import District
from rollbook.generator.randomness import chance, stream
from rollbook.generator.windows import moments, window_days

GROUP_SIZE: Final = 30
# Who sits what: the share of schools' grades that give a test, and of students who then take it.
_GIVEN: Final = {"SUM": 1.0, "ICA": 0.35, "IAB": 0.32}
_GIVEN_IN_SAMPLE: Final = {"SUM": 1.0, "ICA": 0.8, "IAB": 0.6}
_GIVEN_EARLY: Final = 0.5  # of the blocks, by November
_TAKEN: Final = {"SUM": 0.965, "ICA": 0.9, "IAB": 0.92}
_TAKEN_IN_11: Final = 0.93
# Ninth and tenth graders practise on the tests of grade 11; fewer others on the grade below.
_PRACTICE: Final = {9: 0.3, 10: 0.4}
_BELOW: Final = 0.04
# High-school science is taken once: in grade 10 or in grade 11.
SCIENCE_IN_10: Final = 0.3


def tested_students(
    population: pl.DataFrame, district: District, *, year: int, school_year: int
) -> pl.DataFrame:
    """Pick the students who went to a district's schools in `year`, with what was true then.

    Shape: in the population's order; adds `student` (row in the population), `grade_then`,
           `grade_code`, `school`, `group` (30 students of a grade) and the status of English.
    """
    then = pl.col("grade") - (school_year - year)
    level = pl.when(then < 6).then(pl.lit("elementary"))
    level = level.when(then < 9).then(pl.lit("middle")).otherwise(pl.lit("high"))
    here = pl.col("entered_in") <= year
    places = {
        name: pl.when(here).then(pl.col(name)).otherwise(pl.col(f"earlier_{name}"))
        for name in ("elementary", "middle", "high")
    }
    school = pl.when(level == "elementary").then(places["elementary"])
    school = school.when(level == "middle").then(places["middle"]).otherwise(places["high"])
    learner = pl.col("is_learner") & (pl.col("reclassified_in") > year)
    numbers = [one.number for one in district.schools]
    return (
        population.with_row_index("student")
        .with_columns(grade_then=then, is_transfer=~here)
        .filter((pl.col("grade_then") >= 0) & ~pl.col("is_newcomer"))
        .with_columns(
            school=school,
            learner_then=learner,
            acquisition=pl.when(learner)
            .then(pl.lit("EL"))
            .when("is_learner")
            .then(pl.lit("RFEP"))
            .when("is_fluent")
            .then(pl.lit("IFEP"))
            .otherwise(pl.lit("EO")),
        )
        .filter(pl.col("school").is_in(numbers))
        .with_columns(
            grade_code=pl.col("grade_then").replace_strict(
                list(range(13)), list(GRADE_CODES), return_dtype=pl.String
            ),
            group=pl.int_range(pl.len()).over("school", "grade_then") // GROUP_SIZE,
            is_known=pl.col("ssid").is_in([known.ssid for known in KNOWN_STUDENTS]),
        )
    )


def make_sittings(
    students: pl.DataFrame,
    assessments: tuple[Assessment, ...],
    district: District,
    *,
    year: int,
    running: bool,
    seed: int,
) -> pl.DataFrame:
    """Decide which student sits which assessment of a year, and when.

    Shape: one row per sitting: `row` (in `students`), `assessment` (number), `moment`, `session`,
           `nonstandard`; by assessment, then student. A running year has only blocks.
    """
    random = stream(seed, "sittings", district.number, year)
    facts = _facts(assessments)
    plan = _plan(facts, students, district, random, running=running)
    who = students.select(
        "school", "grade_then", "group", "learner_then", "is_known", row=pl.int_range(pl.len())
    ).with_columns(science_in_10=_chooses_early_science(students, seed))
    pairs = plan.join(who, on=["school", "grade_then"], maintain_order="left_right").sort(
        "assessment", "row"
    )
    pairs = pairs.filter(_is_due())
    taken = pairs["is_known"].to_numpy() | chance(random, pairs["taken"].to_numpy(), pairs.height)
    return _timed(pairs.filter(pl.Series(taken)), random, year=year, running=running)


def _facts(assessments: tuple[Assessment, ...]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "assessment": [one.number for one in assessments],
            "subject": [one.subject for one in assessments],
            "kind": [one.kind for one in assessments],
            "tested_grade": [GRADE_CODES.index(one.grade) for one in assessments],
        }
    )


def _plan(
    facts: pl.DataFrame,
    students: pl.DataFrame,
    district: District,
    random: np.random.Generator,
    *,
    running: bool,
) -> pl.DataFrame:
    """Decide which school gives which assessment to which of its grades."""
    grades = students.select("school", "grade_then").unique().sort("school", "grade_then")
    plan = grades.join(facts, how="cross", maintain_order="left_right")
    gap = pl.col("tested_grade") - pl.col("grade_then")
    interim = pl.col("kind") != "SUM"
    science_11 = (pl.col("subject") == "CAST") & (pl.col("tested_grade") == 11)
    practice = pl.when(interim & (pl.col("tested_grade") == 11)).then(
        pl.col("grade_then").replace_strict(_PRACTICE, default=0.0, return_dtype=pl.Float64)
    )
    share = (
        pl.when(gap == 0)
        .then(1.0)
        .when(science_11 & (gap == 1))
        .then(1.0)
        .when(interim & (gap == -1) & (pl.col("kind") == "IAB"))
        .then(_BELOW)
        .otherwise(pl.coalesce(practice, 0.0))
    )
    given = pl.col("kind").replace_strict(
        _GIVEN_IN_SAMPLE if district.number == 0 else _GIVEN, return_dtype=pl.Float64
    )
    if running:
        given = pl.when(pl.col("kind") == "IAB").then(given * _GIVEN_EARLY).otherwise(0.0)
    plan = plan.with_columns(share=share * given).filter(pl.col("share") > 0)
    kept = plan.filter(pl.Series(chance(random, plan["share"].to_numpy(), plan.height)))
    taken = pl.col("kind").replace_strict(_TAKEN, return_dtype=pl.Float64)
    return kept.with_columns(
        taken=pl.when((pl.col("tested_grade") == 11) & ~interim)
        .then(_TAKEN_IN_11)
        .otherwise(taken),
        first_day=pl.Series(random.integers(0, 1000, kept.height)),
        nonstandard=pl.Series(chance(random, 0.08, kept.height)) & interim,
    )


def _chooses_early_science(students: pl.DataFrame, seed: int) -> pl.Series:
    """Tell who takes high-school science in grade 10: the same answer whatever the year."""
    share = stream(seed, "science").random(10_000)
    numbers = students["local_id"].to_numpy() % len(share)
    return pl.Series((share[numbers] < SCIENCE_IN_10) | students["is_known"].to_numpy())


def _is_due() -> pl.Expr:
    elpac = pl.col("subject") == "ELPAC"
    science_11 = (pl.col("subject") == "CAST") & (pl.col("tested_grade") == 11)
    in_10 = pl.col("grade_then") == 10
    return (~elpac | pl.col("learner_then")) & (~science_11 | (pl.col("science_in_10") == in_10))


def _timed(
    pairs: pl.DataFrame, random: np.random.Generator, *, year: int, running: bool
) -> pl.DataFrame:
    window = np.select(
        [
            (pairs["kind"] != "SUM").to_numpy(),
            pairs["subject"].is_in(["CAST", "ELPAC"]).to_numpy(),
        ],
        [pairs["kind"].to_numpy(), pairs["subject"].to_numpy()],
        "SMARTER",
    )
    place = pairs["first_day"].to_numpy() + pairs["group"].to_numpy() % 4
    late = np.where(chance(random, 0.05, pairs.height), random.integers(1, 5, pairs.height), 0)
    minutes = random.integers(0, 7 * 60, pairs.height)
    when = np.zeros(pairs.height, "datetime64[m]")
    for kind in sorted({str(one) for one in window}):
        chosen = window == kind
        days = window_days(kind, year, running=running)
        when[chosen] = moments(days, (place + late)[chosen], minutes[chosen])
    return pairs.select(
        "row",
        "assessment",
        "nonstandard",
        moment=pl.Series(when.astype("datetime64[ms]")),
        session=pl.format(
            "{}-{}-{}",
            pl.col("school").cast(pl.String).str.zfill(4),
            pl.col("assessment").cast(pl.String).str.zfill(3),
            pl.col("group").cast(pl.String).str.zfill(2),
        ),
    )
