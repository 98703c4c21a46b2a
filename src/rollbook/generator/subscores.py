"""Make the scores below the overall one: claims, composites, targets and traits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.blueprints import (
    TRAIT_CATEGORIES,
    summative_targets,
    writing_purposes,
)
from rollbook.generator.catalogue import THETA_SCALES, Assessment
from rollbook.generator.composites import composite_cuts
from rollbook.generator.courses import GRADE_CODES
from rollbook.generator.randomness import Floats, chance
from rollbook.generator.scales import level_of, near_level, rounded_within

CLAIMS: Final = {
    "ELA": ("SOCK_R", "2-W", "SOCK_LS", "4-CR"),
    "Math": ("1", "SOCK_2", "3"),
    "CAST": ("LS", "PS", "ESS"),
    "ELPAC": ("1-L", "1-S", "2-R", "2-W"),
}
_COMPOSITES: Final = ("1", "2")
# How much less surely a claim is measured than the whole.
_CLAIM_ERROR: Final = 1.8
_BLANK_CODES: Final = ("B", "I", "L", "T", "M")
# How far a student's strengths lie from the student's own level, on a residual's scale.
_RESIDUAL_SPREAD: Final = 0.42

SCHEMA: Final = {
    "exam": pl.Int64,
    "order": pl.Int64,
    "type": pl.String,
    "code": pl.String,
    "score": pl.Int64,
    "error": pl.Float64,
    "level": pl.Int64,
    "raw": pl.Int64,
    "condition_code": pl.String,
    "student_residual": pl.Float64,
    "standard_residual": pl.Float64,
}


def make_subscores(
    exams: pl.DataFrame, assessments: Sequence[Assessment], random: np.random.Generator
) -> pl.DataFrame:
    """Make the sub-scores of scored exams.

    Shape: columns of SCHEMA; `exam` is the row in `exams`; by exam, then in reporting order.
    """
    scored = exams.with_columns(exam=pl.int_range(pl.len())).filter("is_scored")
    parts = [pl.DataFrame(schema=SCHEMA)]
    for (number,), group in scored.group_by("assessment", maintain_order=True):
        parts.extend(_parts(group, assessments[int(str(number))], random))
    return pl.concat(parts).sort("exam", "order", maintain_order=True)


def _parts(
    group: pl.DataFrame, assessment: Assessment, random: np.random.Generator
) -> Iterator[pl.DataFrame]:
    if assessment.kind == "IAB":
        return
    if assessment.subject == "ELPAC":
        yield _composites(group, assessment, random)
        yield _domains(group, assessment, random)
        return
    yield _claims(group, assessment, random)
    if assessment.kind == "SUM" and assessment.subject in THETA_SCALES:
        yield _targets(group, assessment, random)
        if assessment.subject == "ELA":
            yield _traits(group, assessment, random)


def _long(
    group: pl.DataFrame, kind: str, codes: Sequence[str], first: int, **values: np.ndarray
) -> pl.DataFrame:
    """Lay out a table of students by codes as one row each; what is not given stays null."""
    count = group.height
    frame = pl.DataFrame(
        {
            "exam": np.repeat(group["exam"].to_numpy(), len(codes)),
            "order": np.tile(np.arange(first, first + len(codes)), count),
            **{name: table.reshape(-1) for name, table in values.items()},
        }
    ).with_columns(
        type=pl.lit(kind),
        code=pl.Series(list(codes)).gather(np.tile(np.arange(len(codes)), count)),
    )
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )


def _claims(
    group: pl.DataFrame, assessment: Assessment, random: np.random.Generator
) -> pl.DataFrame:
    codes = CLAIMS[assessment.subject]
    shape = (group.height, len(codes))
    errors = np.round(group["error"].to_numpy()[:, None] * _CLAIM_ERROR + np.zeros(shape), 1)
    away = random.normal(0.0, 0.75, shape) * errors
    # The parts lie around the whole.
    away -= away.mean(axis=1, keepdims=True)
    wanted = group["score"].to_numpy()[:, None] + away
    scores = rounded_within(wanted, assessment.lowest, assessment.highest)
    levels = near_level(scores, errors, np.full(shape, assessment.cuts[1]))
    if assessment.subject == "CAST":  # domains are reported by level only
        return _long(group, "Claim", codes, 0, level=levels)
    return _long(group, "Claim", codes, 0, score=scores, error=errors, level=levels)


def _composites(
    group: pl.DataFrame, assessment: Assessment, random: np.random.Generator
) -> pl.DataFrame:
    oral_cuts, written_cuts = composite_cuts(assessment.grade)
    scores = np.column_stack([group["oral"].to_numpy(), group["written"].to_numpy()])
    levels = np.column_stack(
        [
            level_of(scores[:, place], np.broadcast_to(np.array(cuts), (group.height, 3)))
            for place, cuts in enumerate((oral_cuts, written_cuts))
        ]
    )
    errors = np.round(random.uniform(15.0, 24.0, scores.shape), 1)
    return _long(group, "Alternate", _COMPOSITES, 0, score=scores, error=errors, level=levels)


def _domains(
    group: pl.DataFrame, assessment: Assessment, random: np.random.Generator
) -> pl.DataFrame:
    """Give the four domains levels 1 to 3, two around each composite."""
    standing: list[Floats] = []
    names = ("oral", "written")
    for name, cuts in zip(names, composite_cuts(assessment.grade), strict=True):
        relative = (group[name].to_numpy() - cuts[0]) / (cuts[2] - cuts[0])
        standing += [relative + random.normal(0.0, 0.25, group.height) for _ in range(2)]
    table = np.column_stack(standing)
    levels = 1 + (table >= 0.1) + (table >= 0.95)
    return _long(group, "Claim", CLAIMS["ELPAC"], len(_COMPOSITES), level=levels)


def _targets(
    group: pl.DataFrame, assessment: Assessment, random: np.random.Generator
) -> pl.DataFrame:
    codes = summative_targets(assessment.subject, assessment.grade)
    slope, intercept = THETA_SCALES[assessment.subject]
    standard = (assessment.cuts[1] - intercept) / slope
    # Some targets are hard for everybody this year.
    lean = random.normal(0.0, 0.06, len(codes))
    own = random.normal(0.0, _RESIDUAL_SPREAD, (group.height, len(codes))) + lean
    own = np.clip(own, -1.5, 1.5)
    above = np.clip(own + 0.28 * (group["theta"].to_numpy()[:, None] - standard), -2.0, 2.0)
    return _long(
        group,
        "Target",
        codes,
        10,
        student_residual=np.round(own, 4),
        standard_residual=np.round(above, 4),
    )


def _traits(
    group: pl.DataFrame, assessment: Assessment, random: np.random.Generator
) -> pl.DataFrame:
    """Score the full write: one purpose a student, three categories."""
    purposes = writing_purposes(assessment.grade)
    chosen = random.integers(0, len(purposes), group.height)
    blank = chance(random, 0.02, group.height)
    _, intercept = THETA_SCALES["ELA"]
    grade = GRADE_CODES.index(assessment.grade)
    ability = (group["score"].to_numpy() - intercept - 12 * (grade - 7)) / 100
    most = np.array([points for _, points in TRAIT_CATEGORIES])
    noisy = ability[:, None] + random.normal(0.0, 0.8, (group.height, len(most)))
    raw = np.clip(np.round(most * (0.5 + 0.2 * noisy)), np.array([1, 0, 1]), most)
    raw = np.where(blank[:, None], 0, raw)
    codes = np.array(
        [[f"SOCK_{purpose}_{name}" for name, _ in TRAIT_CATEGORIES] for purpose in purposes]
    )
    why = np.array(_BLANK_CODES)[random.integers(0, len(_BLANK_CODES), group.height)]
    long = _long(group, "Trait", [name for name, _ in TRAIT_CATEGORIES], 40, raw=raw)
    said = pl.Series(np.repeat(np.where(blank, why, ""), len(most)))
    return long.with_columns(
        code=pl.Series(codes[chosen].reshape(-1)),
        condition_code=pl.when(said != "").then(said),
    )
