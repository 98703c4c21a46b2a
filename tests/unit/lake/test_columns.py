"""Only rows that fit a table get in, and what does not fit is named without its values."""

from __future__ import annotations

import polars as pl
import pytest

from rollbook.lake.columns import FrameDoesNotFit, fit
from tests.spec.lake.text_tables import NOTES, SCORES, rows_of

GOOD = rows_of(SCORES, "|id|score|error|\n|a|1|0.5|\n|b|2|-|")


def test_columns_may_come_in_any_order_and_in_wider_types() -> None:
    mixed = GOOD.select(reversed(GOOD.columns)).with_columns(pl.col("score").cast(pl.Int64))
    assert fit(SCORES, mixed).equals(GOOD)


def test_minus_zero_becomes_zero() -> None:
    fitted = fit(SCORES, GOOD.with_columns(error=pl.lit(-0.0)))
    assert str(fitted["error"][0]) == "0.0"


def test_no_rows_fit() -> None:
    assert fit(SCORES, GOOD.clear()).height == 0


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (GOOD.drop("iep"), r"scores: columns missing: \['iep'\]; columns unknown: none\."),
        (
            GOOD.with_columns(x=pl.lit(1)),
            r"scores: columns missing: none; columns unknown: \['x'\]\.",
        ),
        (
            GOOD.with_columns(score=pl.lit("secret")),
            r"scores: columns \['score'\] do not fit their types \(\w+\)\.",
        ),
        (
            GOOD.with_columns(score=pl.lit(2**40)),
            r"scores: columns \['score'\] do not fit their types \(\w+\)\.",
        ),
        (
            GOOD.with_columns(subject=pl.lit(None, pl.String)),
            r"scores: columns \['subject'\] name a row and may not be null\.",
        ),
        (
            GOOD.with_columns(id=pl.lit("same")),
            r"scores: 1 of 2 rows repeat the \['year', 'subject', 'id'\] of another\.",
        ),
        (
            GOOD.with_columns(error=pl.lit(float("nan"))),
            r"scores: columns \['error'\] hold numbers that are not finite\.",
        ),
        (
            GOOD.with_columns(error=pl.lit(float("-inf"))),
            r"scores: columns \['error'\] hold numbers that are not finite\.",
        ),
    ],
)
def test_what_does_not_fit_is_refused(frame: pl.DataFrame, says: str) -> None:
    with pytest.raises(FrameDoesNotFit) as refused:
        fit(SCORES, frame)
    assert refused.match(f"^{says}$")
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_same_key_in_two_partitions_is_two_rows() -> None:
    rows = rows_of(SCORES, "|id|subject|\n|a|ELA|\n|a|Math|")
    assert fit(SCORES, rows).equals(rows)


def test_a_table_without_floats_or_partitions() -> None:
    rows = pl.DataFrame({"says": ["x"], "id": [1]})
    assert fit(NOTES, rows).rows() == [(1, "x")]
