"""Answer the items of interim assessments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.catalogue import assessments_of
from rollbook.generator.items import ANSWERS
from rollbook.generator.randomness import Floats, Ints

# Factor that brings a logistic model near a normal one.
_D: Final = 1.7
_UNSCORED_SHARE: Final = 0.002
_SKIPPED_SHARE: Final = 0.01
# Steps of an item with several points lie this far apart.
_STEP: Final = 0.7


@dataclass(frozen=True)
class ItemBank:
    """Hold every item of a year's assessments as arrays.

    Shape: an assessment's items are those from `first[number]`, `count[number]` of them; item `i`
           has its responses at `ANSWERS * i` in `answers`, the best last.
    """

    first: Ints
    count: Ints
    position: Ints
    points: Ints
    slope: Floats
    difficulty: Floats
    item_ids: pl.Series
    answers: pl.Series


@cache
def item_bank() -> ItemBank:
    """Lay out the items of a year's assessments; they are the same every year."""
    assessments = assessments_of(0)
    items = [item for assessment in assessments for item in assessment.items]
    counts = np.array([len(assessment.items) for assessment in assessments])
    return ItemBank(
        first=np.cumsum(counts) - counts,
        count=counts,
        position=np.array([place for one in assessments for place in range(1, len(one.items) + 1)]),
        points=np.array([item.points for item in items]),
        slope=np.array([item.slope for item in items]),
        difficulty=np.array([item.difficulty for item in items]),
        item_ids=pl.Series([item.item_id for item in items]),
        answers=pl.Series([answer for item in items for answer in item.answers]),
    )


def make_responses(exams: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Answer the items of the exams that have any.

    Shape: `exam` (row in `exams`), `item` (number in the bank), `position`, `item_id`, `points`,
           `score`, `status`, `response`; by exam, then position.
    """
    bank = item_bank()
    numbers = exams["assessment"].to_numpy()
    counts = bank.count[numbers]
    exam = np.repeat(np.arange(exams.height), counts)
    offsets = np.arange(len(exam)) - np.repeat(np.cumsum(counts) - counts, counts)
    item = np.repeat(bank.first[numbers], counts) + offsets
    score = _points(exams["theta"].to_numpy()[exam], item, bank, random)
    wrong = random.integers(0, ANSWERS - 1, len(item))
    best = ANSWERS - 1
    most = bank.points[item]
    choice = np.where(most == 1, np.where(score == 1, best, wrong), score * best // most)
    skipped = (random.random(len(item)) < _SKIPPED_SHARE) & (score == 0)
    waiting = (random.random(len(item)) < _UNSCORED_SHARE) & (most > 1)
    return pl.DataFrame(
        {
            "exam": exam,
            "item": item,
            "position": bank.position[item],
            "points": most,
            "score": np.where(waiting, -1, score),
        }
    ).with_columns(
        item_id=bank.item_ids.gather(item),
        status=pl.when(pl.Series(waiting)).then(pl.lit("NOTSCORED")).otherwise(pl.lit("SCORED")),
        response=pl.when(pl.Series(~skipped)).then(bank.answers.gather(item * ANSWERS + choice)),
    )


def _points(theta: Floats, item: Ints, bank: ItemBank, random: np.random.Generator) -> Ints:
    """Draw the points of each answer: every step passed by one draw of luck."""
    slope, difficulty, most = bank.slope[item], bank.difficulty[item], bank.points[item]
    luck = random.random(len(item))
    score = np.zeros(len(item), dtype=np.int64)
    for step in range(1, int(most.max(initial=0)) + 1):
        open_items = np.flatnonzero(most >= step)
        shift = _STEP * (step - (most[open_items] + 1) / 2)
        logit = _D * slope[open_items] * (theta[open_items] - difficulty[open_items] - shift)
        score[open_items] += luck[open_items] < 1 / (1 + np.exp(-logit))
    return score
