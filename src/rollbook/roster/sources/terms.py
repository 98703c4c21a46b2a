"""Make academic sessions of the terms that the rows of a file name."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.roster.checks.conversions import NO_TERM
from rollbook.roster.sources.converting import FILE, LINE, Conversion, slug

# A school year is named by the year in which it ends; in July the next one begins.
_FIRST_MONTH: Final = 7
_NO_TERM: Final = "school-year"


def with_terms(conversion: Conversion, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the sessions of `rows` to the bundle, and `termSourcedIds` to the rows.

    Shape: `rows` have `_file`, `_from`, and as text `term`, `starts`, `ends` (YYYY-MM-DD) and
           `school_year`; a row without a term belongs to the school year as a whole.
    """
    dated = rows.with_columns(
        begins=pl.col("starts").str.to_date("%Y-%m-%d", strict=False),
        closes=pl.col("ends").str.to_date("%Y-%m-%d", strict=False),
    ).with_columns(year=_school_year())
    latest = dated["year"].max()
    if latest is None:
        file = str(rows[FILE][0]) if rows.height else conversion.name
        conversion.say(NO_TERM, file=file)
        return dated.with_columns(
            termSourcedIds=pl.lit(_NO_TERM), yearSourcedId=pl.lit(None, pl.String)
        )
    year = pl.col("year").fill_null(pl.lit(latest)).cast(pl.String)
    has_term = pl.col("begins").is_not_null() & pl.col("closes").is_not_null()
    named = slug(pl.coalesce("term", pl.lit("term")))
    dated = dated.with_columns(yearSourcedId=pl.lit("year-") + year).with_columns(
        termSourcedIds=pl.when(has_term)
        .then(
            pl.concat_str(
                [pl.lit("term-"), year, pl.lit("-"), named, pl.lit("-"), pl.col("starts")]
            )
        )
        .otherwise("yearSourcedId")
    )
    _add_sessions(conversion, dated)
    return dated


def _school_year() -> pl.Expr:
    said = pl.col("school_year").str.extract(r"(\d{4})\D*$", 1).cast(pl.Int32, strict=False)
    short = pl.col("school_year").str.extract(r"^(\d{4})\s*[-/–]\s*\d{2}$", 1).cast(pl.Int32) + 1
    begins = pl.col("begins").dt.year() + (pl.col("begins").dt.month() >= _FIRST_MONTH).cast(
        pl.Int32
    )
    return pl.coalesce(short, said, begins)


def _add_sessions(conversion: Conversion, dated: pl.DataFrame) -> None:
    known = dated.drop_nulls("year")
    years = known.group_by("yearSourcedId", maintain_order=True).agg(
        pl.col(FILE, LINE, "year").first(), pl.col("begins").min(), pl.col("closes").max()
    )
    opens = pl.concat_str([(pl.col("year") - 1).cast(pl.String), pl.lit("-07-01")])
    ends = pl.concat_str([pl.col("year").cast(pl.String), pl.lit("-06-30")])
    first = pl.concat_str(
        [(pl.col("year") - 1).cast(pl.String), pl.lit("-"), pl.col("year").cast(pl.String)]
    )
    conversion.add(
        "academicSessions",
        years.select(
            FILE,
            LINE,
            sourcedId="yearSourcedId",
            title=first,
            type=pl.lit("schoolYear"),
            startDate=pl.min_horizontal(pl.col("begins").cast(pl.String), opens),
            endDate=pl.max_horizontal(pl.col("closes").cast(pl.String), ends),
            schoolYear=pl.col("year").cast(pl.String),
        ),
        {},
    )
    terms = known.filter(pl.col("termSourcedIds") != pl.col("yearSourcedId")).unique(
        "termSourcedIds", keep="first", maintain_order=True
    )
    conversion.add(
        "academicSessions",
        terms.select(
            FILE,
            LINE,
            sourcedId="termSourcedIds",
            title=pl.coalesce("term", "termSourcedIds"),
            type=pl.lit("term"),
            startDate="starts",
            endDate="ends",
            parentSourcedId="yearSourcedId",
            schoolYear=pl.col("year").cast(pl.String),
        ),
        {},
    )
