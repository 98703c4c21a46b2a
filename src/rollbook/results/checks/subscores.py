"""The rules of sub-scores, and their typed columns."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.results.checks import catalog, values
from rollbook.results.checks.masks import Rule

KEY: Final = ("_row", "score_type", "Code")
_UNDECIDED: Final = "claimoralternate"
_NUMBERS: Final = (
    "ScaleScore",
    "StandardError",
    "PerformanceLevel",
    "RawScore",
    "StudentRelativeResidualScore",
    "StandardMetRelativeResidualScore",
)


def typed_subscores(frame: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    """Add the typed columns to raw sub-scores that have their result's facts.

    Shape: `codes` lists what each subject reports, as `facts.reported_codes` returns it. XML does
           not say whether a code is a claim or an alternate score: the subject does, and what a
           known subject does not report has the kind null.
    """
    level = values.rounded(values.score("PerformanceLevel"))
    scale_score = values.rounded(values.score("ScaleScore"))
    typed = frame.join(
        codes, on=["subject", "Code"], how="left", maintain_order="left"
    ).with_columns(
        values.coded("ScoreType", values.SCORE_TYPES).alias("_said_type"),
        scale_score.cast(pl.Int32, strict=False).alias("scale_score"),
        values.number("StandardError").alias("standard_error"),
        level.cast(pl.Int16, strict=False).alias("performance_level"),
        values.number("RawScore").alias("raw_score"),
        values.number("StudentRelativeResidualScore").alias("student_residual"),
        values.number("StandardMetRelativeResidualScore").alias("standard_met_residual"),
        pl.when(values.is_filled("ConditionCode"))
        .then(pl.col("ConditionCode"))
        .alias("condition_code"),
    )
    known_kind = pl.when(pl.col("_is_subject_known")).then("_kind")
    decided = known_kind.otherwise(pl.lit("claim"))
    return typed.with_columns(
        pl.when(pl.col("_said_type") == _UNDECIDED)
        .then(decided)
        .otherwise("_said_type")
        .alias("score_type")
    )


def is_unreported() -> pl.Expr:
    """Tell whether a score is one that its known subject does not report."""
    of_subject = pl.col("_said_type").is_in([_UNDECIDED, "claim", "alternate"])
    return of_subject & pl.col("_is_subject_known") & pl.col("_kind").is_null()


def subscore_rules() -> list[Rule]:
    """List every rule of one sub-score."""
    is_reported = ~is_unreported()
    is_claim = is_reported & (pl.col("score_type") == "claim")
    is_alternate = is_reported & (pl.col("score_type") == "alternate")
    level = values.score("PerformanceLevel")
    return [
        Rule(catalog.UNKNOWN_SCORE_TYPE, "ScoreType", pl.col("_said_type").is_null()),
        Rule(catalog.BLANK, "Code", ~values.is_filled("Code")),
        Rule(catalog.UNREPORTED_CODE, "Code", is_unreported() & values.is_filled("Code")),
        *(Rule(catalog.NOT_A_NUMBER, raw, values.is_not_a_number(raw)) for raw in _NUMBERS),
        Rule(
            catalog.UNKNOWN_LEVEL,
            "PerformanceLevel",
            is_claim
            & (~level.is_between(1, pl.col("_claim_level_count")) | (level != level.floor())),
            words={"high": "_claim_level_count"},
        ),
        Rule(
            catalog.UNKNOWN_LEVEL,
            "PerformanceLevel",
            is_alternate
            & (~level.is_between(1, pl.col("_alternate_level_count")) | (level != level.floor())),
            words={"high": "_alternate_level_count"},
        ),
        Rule(
            catalog.OUT_OF_RANGE,
            "ScaleScore",
            is_alternate
            & ~pl.col("scale_score").is_between(
                pl.col("_alternate_low"), pl.col("_alternate_high")
            ),
            words={"low": "_alternate_low", "high": "_alternate_high"},
        ),
        Rule(catalog.NEGATIVE_ERROR, "StandardError", values.number("StandardError") < 0),
    ]
