"""The rules of item responses, and their typed columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from rollbook.assessments.types import Assessment
from rollbook.results.checks import catalog, values
from rollbook.results.checks.masks import Rule

KEY: Final = ("_row", "ItemIdentifier")

# The transmission format's bounds: -1 stands for an item that has no score yet.
LOWEST_SCORE: Final = -1
HIGHEST_SCORE: Final = 20

LISTED: Final = pl.Schema({"AssessmentIdentifier": pl.String(), "ItemIdentifier": pl.String()})


def listed_items(assessments: Iterable[Assessment]) -> pl.DataFrame:
    """List the items of assessments that have any."""
    rows = [(assessment.id, item.id) for assessment in assessments for item in assessment.items]
    return pl.DataFrame(rows, schema=LISTED, orient="row")


def typed_items(frame: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Add the typed columns to raw item responses.

    Shape: `_is_unlisted` marks an item that is not in its assessment although that lists items.
    """
    unlisted = pl.lit(False)
    if listed.height:
        with_items = listed.get_column("AssessmentIdentifier").unique()
        known = listed.with_columns(pl.lit(True).alias("_is_listed"))
        frame = frame.join(
            known, on=["AssessmentIdentifier", "ItemIdentifier"], how="left", maintain_order="left"
        )
        has_items = pl.col("AssessmentIdentifier").is_in(with_items.to_list())
        unlisted = has_items & pl.col("_is_listed").is_null()
    position = values.number("Position")
    return frame.with_columns(
        position.cast(pl.Int16, strict=False).alias("position"),
        values.number("Score").alias("score"),
        values.number("MaxPoints").alias("max_points"),
        pl.when(values.is_filled("ScoreStatus")).then("ScoreStatus").alias("score_status"),
        pl.when(values.is_filled("Response")).then("Response").alias("response"),
        unlisted.alias("_is_unlisted"),
    )


def item_rules() -> list[Rule]:
    """List every rule of one item response."""
    return [
        Rule(catalog.BLANK, "ItemIdentifier", ~values.is_filled("ItemIdentifier")),
        *(
            Rule(catalog.NOT_A_NUMBER, raw, values.is_not_a_number(raw))
            for raw in ("Position", "Score", "MaxPoints")
        ),
        Rule(
            catalog.ITEM_SCORE,
            "Score",
            ~pl.col("score").is_between(LOWEST_SCORE, HIGHEST_SCORE),
        ),
        Rule(catalog.UNKNOWN_ITEM, "ItemIdentifier", pl.col("_is_unlisted")),
    ]
