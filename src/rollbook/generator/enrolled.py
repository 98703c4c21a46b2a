"""Say who is enrolled in a district this school year, and since when."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from rollbook.generator.calendars import terms
from rollbook.generator.courses import GRADE_CODES
from rollbook.generator.places import District
from rollbook.generator.randomness import chance, stream
from rollbook.generator.users import with_student_accounts

LATE_SHARE = 0.03  # came in the first weeks rather than on the first day
PREFERS_SHARE = 0.02  # goes by the middle name


def enrolled_students(
    population: pl.DataFrame, district: District, *, school_year: int, seed: int
) -> pl.DataFrame:
    """Pick a district's students of this year and add what its student system knows of them.

    Shape: in the population's order; adds school, grade_code, begins_on, preferred_name and the
           account columns. Newcomers are left out.
    """
    mine = population.filter((pl.col("district") == district.number) & ~pl.col("is_newcomer"))
    random = stream(seed, "enrolled", district.number)
    first_day = terms(school_year)[0].starts_on
    days = np.where(chance(random, LATE_SHARE, mine.height), random.integers(1, 60, mine.height), 0)
    starts = pl.Series(np.datetime64(first_day) + days).cast(pl.Date).dt.to_string("%Y-%m-%d")
    prefers = pl.Series(chance(random, PREFERS_SHARE, mine.height))
    return with_school(mine, district).with_columns(
        begins_on=starts,
        preferred_name=pl.when(prefers & (pl.col("middle_name") != "")).then(pl.col("middle_name")),
    )


def newcomers(population: pl.DataFrame, district: District, *, school_year: int) -> pl.DataFrame:
    """Pick the students who come to a district two weeks later."""
    mine = population.filter((pl.col("district") == district.number) & pl.col("is_newcomer"))
    return with_school(mine, district).with_columns(
        begins_on=pl.lit(later_day(school_year).isoformat()), preferred_name=pl.lit(None, pl.String)
    )


def later_day(school_year: int) -> date:
    """Return the day from which the second bundle of the Sample District holds."""
    return terms(school_year)[0].starts_on + timedelta(days=105)


def with_school(students: pl.DataFrame, district: District) -> pl.DataFrame:
    """Add the school and the grade code of this year, and the account."""
    school = (
        pl.when(pl.col("grade") < 6)
        .then("elementary")
        .when(pl.col("grade") < 9)
        .then("middle")
        .otherwise("high")
    )
    codes = pl.Series(GRADE_CODES)
    return with_student_accounts(students, district).with_columns(
        school=school, grade_code=codes.gather(students["grade"])
    )
