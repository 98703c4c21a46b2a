"""Score the sittings of a year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.catalogue import Assessment
from rollbook.generator.composites import composite_cuts
from rollbook.generator.courses import GRADE_CODES
from rollbook.generator.places import District
from rollbook.generator.randomness import Bools, Floats, Ints, chance, stream
from rollbook.generator.scales import (
    KINDS,
    SUBJECTS,
    Tests,
    expected,
    level_of,
    near_level,
    rounded_within,
    tests_as_arrays,
    thetas,
)

_ELPAC: Final = SUBJECTS.index("ELPAC")
_ABILITIES: Final = ("ability_ela", "ability_math", "ability_science")
# A student's good and bad years, and the slow rise of the whole state.
_YEARLY_SPREAD: Final = 0.2
_RISE: Final = 0.012
_BASE_YEAR: Final = 2023
UNSCORED_SHARE: Final = 0.007
PARTIAL_SHARE: Final = 0.015
INVALID_SHARE: Final = 0.006
# Kindergarten and grades 1 and 2 weigh speaking and listening more.
_ORAL_WEIGHT: Final = (0.7, 0.6, 0.55)

_ORAL_CUTS: Final = np.array([composite_cuts(grade)[0] for grade in GRADE_CODES])
_WRITTEN_CUTS: Final = np.array([composite_cuts(grade)[1] for grade in GRADE_CODES])


def score_sittings(
    sittings: pl.DataFrame,
    students: pl.DataFrame,
    assessments: Sequence[Assessment],
    district: District,
    *,
    year: int,
    seed: int,
) -> pl.DataFrame:
    """Give every sitting its score.

    Shape: the sittings with `opportunity`, `score`, `error`, `level` (all null when unscored),
           `theta`, `oral`, `written` (ELPAC only, else 0), `is_scored`, `condition`,
           `completeness`.
    """
    random = stream(seed, "scores", district.number, year)
    tests = tests_as_arrays(assessments)
    numbers = sittings["assessment"].to_numpy()
    rows = sittings["row"].to_numpy()
    true = _true_scores(students, tests, numbers, rows, random, year=year)
    oral, written, overall = _language_scores(students, tests, numbers, rows, random)
    subject = tests.subject[numbers]
    true = np.where(subject == _ELPAC, overall, true)
    observed, errors = _measured(true, tests, numbers, random, exact=subject == _ELPAC)
    known = students["is_known"].to_numpy()[rows]
    scored = known | ~chance(random, UNSCORED_SHARE, len(rows))
    levels = np.where(
        tests.kind[numbers] == KINDS.index("IAB"),
        near_level(observed, errors, tests.cuts[numbers, 1]),
        level_of(observed, tests.cuts[numbers]),
    )
    marks = pl.Series(scored)
    first = (year % 100) * 10_000_000_000 + district.number * 10_000_000 + 1
    return sittings.with_columns(
        opportunity=first + np.arange(len(rows), dtype=np.int64),
        is_scored=marks,
        score=pl.when(marks).then(pl.Series(observed.astype(np.int64))),
        error=pl.when(marks).then(pl.Series(errors)),
        level=pl.when(marks).then(pl.Series(levels.astype(np.int64))),
        theta=pl.Series(thetas(subject, observed)),
        oral=pl.Series(oral),
        written=pl.Series(written),
        **_marks(sittings, tests.kind[numbers] == KINDS.index("SUM"), known, random),
    )


def _true_scores(
    students: pl.DataFrame,
    tests: Tests,
    numbers: Ints,
    rows: Ints,
    random: np.random.Generator,
    *,
    year: int,
) -> Floats:
    true = np.zeros(len(rows))
    enrolled = students["grade_then"].to_numpy()
    for place, column in enumerate(_ABILITIES):
        yearly = random.normal(0.0, _YEARLY_SPREAD, students.height)
        ability = students[column].to_numpy() + yearly + _RISE * (year - _BASE_YEAR)
        chosen = tests.subject[numbers] == place
        who, what = rows[chosen], numbers[chosen]
        scores = expected(SUBJECTS[place], enrolled[who], tests.grade[what], ability[who])
        true[chosen] = scores + tests.earliness[what]
    return true


def _language_scores(
    students: pl.DataFrame,
    tests: Tests,
    numbers: Ints,
    rows: Ints,
    random: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Return oral, written and overall scores; only those of ELPAC sittings mean anything."""
    grade = tests.grade[numbers]
    parts: list[Floats] = []
    for column, cuts in (("ability_oral", _ORAL_CUTS), ("ability_written", _WRITTEN_CUTS)):
        low, _, high = cuts[grade].T
        ability = students[column].to_numpy()[rows] + random.normal(0.0, 0.3, len(rows))
        raw = (low + high) / 2 + 0.62 * (high - low) * ability
        # Domains that were not reached still score the lowest; the highest is far above.
        parts.append(rounded_within(raw, tests.lowest[numbers], tests.highest[numbers]))
    oral, written = parts
    weights = np.array([*_ORAL_WEIGHT, *[0.5] * 10])[grade]
    overall = np.round(weights * oral + (1 - weights) * written)
    is_elpac = tests.subject[numbers] == _ELPAC
    return np.where(is_elpac, oral, 0.0), np.where(is_elpac, written, 0.0), overall


def _measured(
    true: Floats, tests: Tests, numbers: Ints, random: np.random.Generator, *, exact: Bools
) -> tuple[Floats, Floats]:
    """Return what the test says a true score is, and how sure it is of it."""
    lowest, highest = tests.lowest[numbers], tests.highest[numbers]
    middle, reach = (lowest + highest) / 2, (highest - lowest) / 2
    away = np.clip(np.abs(true - middle) / reach, 0.0, 1.5)
    errors = np.round(tests.error[numbers] * (1 + 0.9 * away**2), 1)
    noise = np.where(exact, 0.0, random.normal(0.0, 1.0, len(true)) * errors)
    return rounded_within(true + noise, lowest, highest), errors


def _marks(
    sittings: pl.DataFrame, summative: Bools, known: Bools, random: np.random.Generator
) -> dict[str, pl.Series]:
    count = len(summative)
    invalid = chance(random, INVALID_SHARE, count) & ~known
    partial = chance(random, PARTIAL_SHARE, count) & ~known
    practised = sittings["nonstandard"].to_numpy()
    condition = np.where(
        summative, np.where(invalid, "IN", "Valid"), np.where(practised, "NS", "SD")
    )
    return {
        "condition": pl.Series(condition),
        "completeness": pl.Series(np.where(partial, "Partial", "Complete")),
    }
