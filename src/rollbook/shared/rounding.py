"""The one rounding rule: half goes away from zero, and percents that add up to 100."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal


def round_half_up(value: float | int | Decimal, places: int = 0) -> Decimal:
    """Round to `places` decimals as people do on paper: a half goes away from zero.

    Shape: the value is taken as it prints, so 2.675 rounds to 2.68 although the nearest binary
           number lies below it. The answer has exactly `places` decimals, and is never -0.
    """
    number = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return rounded.copy_abs() if rounded.is_zero() else rounded


def percents_to_100(counts: Sequence[int]) -> list[int]:
    """Share 100 percent among `counts` in whole numbers that add up to exactly 100.

    Shape: each percent is its exact share rounded down or up; those with the largest remainder
           are rounded up, the earlier first where remainders are equal. All 0 when nothing is
           counted. A count of 0 always gets 0.
    """
    whole = sum(counts)
    if whole == 0:
        return [0] * len(counts)
    percents = [100 * count // whole for count in counts]
    remainders = [100 * count % whole for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda place: -remainders[place])
    for place in by_remainder[: 100 - sum(percents)]:
        percents[place] += 1
    return percents
