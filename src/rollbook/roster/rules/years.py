"""Which school year a roster is of."""

from __future__ import annotations

from datetime import date

import polars as pl


def school_year_of(sessions: pl.DataFrame, *, starting: date) -> int:
    """Decide which school year a roster is of: the one that holds `starting`, else the latest.

    Shape:  `sessions` as in RosterFrames; without any, the year follows from the date alone.
    """
    years = sessions.filter(pl.col("status").is_null() | (pl.col("status") == "active"))
    current = years.filter(
        (pl.col("type") == "schoolYear")
        & (pl.col("starts_on") <= starting)
        & (pl.col("ends_on") >= starting)
    )
    for candidates in (current, years.filter(pl.col("type") == "schoolYear"), years):
        if candidates.height:
            return int(candidates["school_year"].max())  # type: ignore[arg-type] # never empty here
    return starting.year + 1 if starting.month >= 7 else starting.year
