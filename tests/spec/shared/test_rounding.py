"""Rounding, as tables."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.shared.rounding import percents_to_100, round_half_up


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (2.5, 0, "3"),
        (-0.5, 0, "-1"),
        (-2.5, 0, "-3"),
        (-0.4, 0, "0"),
        (2.4999999, 0, "2"),
        (2499.5, 0, "2500"),
        (2.675, 2, "2.68"),
        (1.005, 2, "1.01"),
        (0.125, 2, "0.13"),
        (7, 1, "7.0"),
        (1e-7, 3, "0.000"),
        (1e22, 0, "10000000000000000000000"),
        (Decimal("66.665"), 2, "66.67"),
        (150, -2, "2E+2"),
    ],
)
def test_half_goes_away_from_zero(value: float | Decimal, places: int, rounded: str) -> None:
    assert str(round_half_up(value, places)) == rounded


@pytest.mark.parametrize(
    ("counts", "percents"),
    [
        ([], []),
        ([0, 0], [0, 0]),
        ([5], [100]),
        ([1, 1, 1], [34, 33, 33]),
        ([2, 1], [67, 33]),
        ([1, 1, 1, 1, 1, 1], [17, 17, 17, 17, 16, 16]),
        ([1, 1, 1, 1, 1, 1, 1, 1], [13, 13, 13, 13, 12, 12, 12, 12]),
        ([0, 3, 0, 4], [0, 43, 0, 57]),
        ([1, 199], [1, 99]),
        ([1, 999, 0], [0, 100, 0]),
        ([10, 20, 30, 40], [10, 20, 30, 40]),
    ],
)
def test_percents_add_up(counts: list[int], percents: list[int]) -> None:
    assert percents_to_100(counts) == percents


@given(st.lists(st.integers(0, 10_000_000), max_size=12))
def test_percents_are_shares_rounded_up_or_down(counts: list[int]) -> None:
    percents, whole = percents_to_100(counts), sum(counts)
    assert sum(percents) == (100 if whole else 0)
    for count, percent in zip(counts, percents, strict=True):
        assert abs(percent * whole - 100 * count) < max(whole, 1)
        assert count or not percent
