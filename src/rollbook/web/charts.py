"""Charts drawn on the server: one bar per achievement level, with its numbers beside it."""

from __future__ import annotations

from dataclasses import dataclass

from rollbook.results.types import Distribution, LevelShare
from rollbook.shared.rounding import round_half_up

WIDTH = 100
# A segment narrower than this holds no number; the legend below always does.
LEAST_LABELLED_PERCENT = 7


@dataclass(frozen=True, slots=True)
class Segment:
    """Hold one level's part of a bar, in percent of the bar."""

    share: LevelShare
    x: float
    width: float
    middle: float
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold a distribution ready to be drawn. Mean and error are rounded for people."""

    distribution: Distribution
    segments: tuple[Segment, ...]
    mean: int | None
    error: float | None


def with_bar(distribution: Distribution) -> Bar:
    """Lay the levels of a distribution out as one bar, lowest level first."""
    segments: list[Segment] = []
    at = 0.0
    for share in distribution.levels:
        width = (
            WIDTH * share.count / distribution.scored_count if distribution.scored_count else 0.0
        )
        segments.append(
            Segment(
                share,
                round(at, 2),
                round(width, 2),
                round(at + width / 2, 2),
                share.percent >= LEAST_LABELLED_PERCENT,
            )
        )
        at += width
    mean, error = distribution.mean, distribution.standard_error
    return Bar(
        distribution=distribution,
        segments=tuple(segments),
        mean=None if mean is None else int(round_half_up(mean, 0)),
        error=None if error is None else float(round_half_up(error, 1)),
    )
