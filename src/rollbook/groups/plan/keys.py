"""Which groups a file names, and which of its rows belong to which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

KEY: Final = ("school_natural_id", "name_key", "school_year")


def with_name_key(rows: pl.DataFrame, name: str = "group_name") -> pl.DataFrame:
    """Add `name_key`, by which names that differ in case alone are one."""
    return rows.with_columns(pl.col(name).str.to_lowercase().alias("name_key"))


def named_groups(rows: pl.DataFrame, subjects: Sequence[str]) -> pl.DataFrame:
    """List the groups that rows name.

    Shape: `rows` have the columns of a group file, `line` and `name_key`. One row per group:
           KEY, `name` as it stands first, `line` of that, `subject` as the system spells it, blank
           for all subjects. By school, year and name: the order of rows means nothing.
    """
    ordered = rows if rows["line"].is_sorted() else rows.sort("line")
    # Rows of a group mostly stand together: what a run of them says, its first one says.
    said = (*KEY, "subject_code")
    starts = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in said)
    found = (
        ordered.lazy()
        .filter(starts)
        .group_by(KEY)
        .agg(
            pl.col("group_name").first().alias("name"),
            pl.col("line").first(),
            pl.col("subject_code").drop_nulls().first().alias("subject"),
        )
        .sort("school_natural_id", "school_year", "name_key")
        .collect()
    )
    return found.with_columns(_spelled(pl.col("subject"), subjects).alias("subject"))


def _spelled(told: pl.Expr, subjects: Sequence[str]) -> pl.Expr:
    """Write a subject as the system does; `All` and nothing at all are stored as blank."""
    asked = told.fill_null("").str.strip_chars()
    known = {"all": "", **{subject.lower(): subject for subject in subjects}}
    return asked.str.to_lowercase().replace_strict(
        list(known), list(known.values()), default=asked, return_dtype=pl.String()
    )
