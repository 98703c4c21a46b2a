"""Hold what scores are made from: where each grade stands, and how exactly each test measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rollbook.generator.catalogue import THETA_SCALES, Assessment
from rollbook.generator.courses import GRADE_CODES
from rollbook.generator.randomness import Floats, Ints

# Scale score means and spreads by grade, near those of recent statewide results.
_GRADES: Final = (3, 4, 5, 6, 7, 8, 11)
_MEANS: Final = {
    "ELA": (2422, 2464, 2500, 2520, 2545, 2558, 2590),
    "Math": (2430, 2467, 2488, 2506, 2519, 2530, 2558),
}
_SPREADS: Final = {
    "ELA": (88, 93, 96, 97, 99, 101, 110),
    "Math": (80, 84, 91, 102, 107, 113, 118),
}
_SCIENCE: Final = {5: (203, 23), 8: (404, 23), 11: (604, 23)}
# A test given earlier in the year finds less learned, in scale score points.
_EARLINESS: Final = {"SUM": 0.0, "ICA": -12.0, "IAB": -18.0}
# The smallest standard error of each kind of test.
_ERRORS: Final = {
    ("ELA", "SUM"): 23.0,
    ("ELA", "ICA"): 26.0,
    ("ELA", "IAB"): 44.0,
    ("Math", "SUM"): 20.0,
    ("Math", "ICA"): 23.0,
    ("Math", "IAB"): 40.0,
    ("CAST", "SUM"): 5.5,
    ("ELPAC", "SUM"): 13.0,
}
SUBJECTS: Final = ("ELA", "Math", "CAST", "ELPAC")
KINDS: Final = ("SUM", "ICA", "IAB")


@dataclass(frozen=True)
class Tests:
    """Hold the facts of a year's assessments as arrays, by assessment number."""

    subject: Ints
    kind: Ints
    grade: Ints
    cuts: Ints  # three columns
    lowest: Ints
    highest: Ints
    error: Floats
    earliness: Floats


def tests_as_arrays(assessments: Sequence[Assessment]) -> Tests:
    """Lay out a year's assessments for arithmetic."""
    return Tests(
        subject=np.array([SUBJECTS.index(one.subject) for one in assessments]),
        kind=np.array([KINDS.index(one.kind) for one in assessments]),
        grade=np.array([GRADE_CODES.index(one.grade) for one in assessments]),
        cuts=np.array([one.cuts for one in assessments]),
        lowest=np.array([one.lowest for one in assessments]),
        highest=np.array([one.highest for one in assessments]),
        error=np.array([_ERRORS[one.subject, one.kind] for one in assessments]),
        earliness=np.array([_EARLINESS[one.kind] for one in assessments]),
    )


def expected(subject: str, enrolled: Ints, tested: Ints, ability: Floats) -> Floats:
    """Return the scale score that students of a grade and an ability are worth in spring.

    Units: `ability` in standard deviations of the grade; grades count from 0 (kindergarten).
    """
    if subject == "CAST":
        means = np.array([_SCIENCE.get(grade, (0, 1)) for grade in range(13)], dtype=np.float64)
        return means[tested, 0] + means[tested, 1] * ability
    means = np.interp(enrolled, _GRADES, _MEANS[subject])
    spreads = np.interp(enrolled, _GRADES, _SPREADS[subject])
    return means + spreads * ability


def thetas(subject: Ints, scores: Floats) -> Floats:
    """Return scale scores as theta; only ELA and Math have one, others give 0."""
    slopes = np.array([THETA_SCALES.get(code, (1.0, 0.0))[0] for code in SUBJECTS])
    intercepts = np.array([THETA_SCALES.get(code, (1.0, 0.0))[1] for code in SUBJECTS])
    known = np.array([code in THETA_SCALES for code in SUBJECTS])
    return np.where(known[subject], (scores - intercepts[subject]) / slopes[subject], 0.0)


def level_of(scores: Floats, cuts: Ints) -> Ints:
    """Return the performance level, 1 to 4, of each score by its three cuts."""
    return 1 + (scores[:, None] >= cuts).sum(axis=1)


def near_level(scores: Floats, errors: Floats, cut: Ints) -> Ints:
    """Return 1 below, 2 near, 3 above the standard: 1.5 standard errors make the band.

    Source: Smarter Balanced scoring specification.
    """
    below = np.round(scores + 1.5 * errors) < cut
    above = np.round(scores - 1.5 * errors) >= cut
    return np.where(below, 1, np.where(above, 3, 2))


def rounded_within(scores: Floats, lowest: Ints | int, highest: Ints | int) -> Floats:
    """Round scores as they are reported: whole, and inside the range of the test."""
    return np.rint(np.minimum(np.maximum(scores, lowest), highest)).astype(np.float64)
