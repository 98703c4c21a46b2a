"""Turn text into typed values by declared code lists; what does not fit becomes null.

A rule then reads: text that is not blank and became null is wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import polars as pl

from rollbook.shared.grades import GRADE_CODES

GRADES: Final[dict[str, str]] = {
    **{code.lower(): code for code in GRADE_CODES},
    **{str(number): f"{number:02d}" for number in range(1, 10)},
}
SEXES: Final[dict[str, str]] = {"male": "Male", "female": "Female", "nonbinary": "Nonbinary"}
ACQUISITION_STATUSES: Final[dict[str, str]] = {
    code.lower(): code for code in ("EO", "EL", "IFEP", "RFEP", "TBD", "ADEL")
}
# California sends Yes and No: Yes does not say which service, so it is kept as it is.
MILITARY_CONNECTIONS: Final[dict[str, str]] = {
    "notmilitaryconnected": "NotMilitaryConnected",
    "activeduty": "ActiveDuty",
    "nationalguardorreserve": "NationalGuardOrReserve",
    "no": "NotMilitaryConnected",
    "yes": "Yes",
}
COMPLETENESS: Final[dict[str, str]] = {"complete": "Complete", "partial": "Partial"}
CONDITIONS: Final[dict[str, str]] = {"valid": "Valid", "in": "IN", "sd": "SD", "ns": "NS"}
STATUSES: Final[dict[str, str]] = {
    status: status
    for status in (
        "appeal",
        "completed",
        "expired",
        "handscoring",
        "invalidated",
        "paused",
        "pending",
        "reported",
        "reset",
        "scored",
        "submitted",
    )
}
SCORE_TYPES: Final[dict[str, str]] = {
    "claim": "claim",
    "alternate": "alternate",
    "target": "target",
    "trait": "trait",
    "claimoralternate": "claimoralternate",
}
UNSTATED_504: Final = "unknown/cannot provide"

# How a score that was not given is written.
NOT_SCORED: Final = "ns"

EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2100

_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_SECONDS_FRACTION: Final = re.compile(r"\.(\d{1,9})")


def is_filled(column: str) -> pl.Expr:
    """Tell whether a cell has text."""
    return pl.col(column).fill_null("") != ""


def coded(column: str, codes: dict[str, str]) -> pl.Expr:
    """Return the kept code for each way of writing it, null for anything else."""
    lowered = pl.col(column).str.to_lowercase()
    return lowered.replace_strict(codes, default=None, return_dtype=pl.String)


def yes_or_no(column: str) -> pl.Expr:
    """Return true or false, null when neither is said."""
    lowered = pl.col(column).str.to_lowercase()
    return pl.when(lowered == "yes").then(True).when(lowered == "no").then(False)


def number(column: str) -> pl.Expr:
    """Return the number in a cell, null for blank, for NS and for anything that is none."""
    value = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def is_not_a_number(column: str) -> pl.Expr:
    """Tell whether a cell has text that is neither a number nor NS."""
    is_said = is_filled(column) & (pl.col(column).str.to_lowercase() != NOT_SCORED)
    return is_said & number(column).is_null()


def score(column: str) -> pl.Expr:
    """Return a scale score or level as a number; 0 means that there is none."""
    value = number(column)
    return pl.when(value != 0).then(value)


def rounded(value: pl.Expr) -> pl.Expr:
    """Round to a whole number, a half away from zero, as `shared.rounding` does."""
    return value.round(mode="half_away_from_zero")


def moments(frame: pl.DataFrame, column: str) -> pl.Series:
    """Return the moments in a column of text in UTC; a moment without a zone is in UTC.

    Shape: null where the cell is blank or cannot be read.
    """
    usual = frame.get_column(column).str.strip_suffix("Z")
    read = usual.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    parsed = pl.DataFrame({"text": frame.get_column(column), "read": read})
    unread = parsed.filter(pl.col("read").is_null() & (pl.col("text").fill_null("") != ""))
    if unread.height:
        texts = unread.get_column("text").unique().to_list()
        others = {text: moment for text in texts if (moment := parse_moment(text)) is not None}
        slow = pl.col("text").replace_strict(others, default=None, return_dtype=pl.Datetime("us"))
        parsed = parsed.with_columns(pl.coalesce("read", slow).alias("read"))
    year = pl.col("read").dt.year()
    sensible = pl.when(year.is_between(EARLIEST_YEAR, LATEST_YEAR)).then(pl.col("read"))
    return parsed.select(sensible.dt.replace_time_zone("UTC").alias(column)).to_series()


def parse_moment(text: str) -> datetime | None:
    """Read one moment or day in any of the accepted shapes, as UTC without a zone."""
    if _MOMENT.fullmatch(text) is None:
        return None
    # Python reads up to six digits of a second.
    shortened = _SECONDS_FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text)
    try:
        moment = datetime.fromisoformat(shortened)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def days(frame: pl.DataFrame, column: str) -> pl.Series:
    """Return the days in a column of text; a moment counts as its day."""
    return moments(frame, column).dt.date()
