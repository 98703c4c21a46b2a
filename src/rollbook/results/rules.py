"""Decisions about results: which school and student they belong to, what an unknown test is."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.assessments.types import Assessment
from rollbook.shared.findings import Check, Severity

UNKNOWN_SCHOOL: Final = Check(
    code="RES-501",
    name="unknown-school",
    severity=Severity.ERROR,
    says='{file} line {line}, {column}: no school here has the id "{value}".',
    fix=(
        "Load the roster that names this school, or correct the id (a spreadsheet may have taken "
        "its leading zeros), then send the file again."
    ),
    why="A result without a school would be seen by nobody, or by the wrong people.",
    source="reference: results-reporting 6.3, UNKNOWN_SCHOOL",
)
UNKNOWN_ASSESSMENT: Final = Check(
    code="RES-502",
    name="unknown-assessment",
    severity=Severity.WARNING,
    says='{file}, {column}: no package has described the assessment "{value}".',
    fix="Load its assessment package to see its name and items; its results are shown meanwhile.",
    why="Cut scores and items come from the package; levels come from the result itself.",
    source="reference: results-reporting 6.3; docs/decisions/0008",
)
UNKNOWN_STUDENT: Final = Check(
    code="RES-503",
    name="unknown-student",
    severity=Severity.INFO,
    says=(
        '{file} line {line}, {column}: no roster has named the student "{value}"; '
        "the student was added from the result."
    ),
    fix="Nothing to do now. When the roster brings this state id, both become one record.",
    why="Results must not be lost because a roster is late.",
    source="reference: results-reporting 6.3",
)
AMBIGUOUS_STUDENT: Final = Check(
    code="RES-504",
    name="ambiguous-student",
    severity=Severity.ERROR,
    says='{file} line {line}, {column}: "{value}" fits more than one student of this district.',
    fix="Send the state student id (SSID) instead of a local id.",
    why="A result under the wrong child's name harms two children.",
)
OTHERS_RESULT: Final = Check(
    code="RES-505",
    name="result-of-another-school",
    severity=Severity.ERROR,
    says='{file} line {line}, {column}: "{value}" is a result of a school you do not send for.',
    fix="Send it through somebody who may send results for that school.",
    why="A sender must not replace or remove the results of other schools.",
    source="docs/decisions/0003-scope-in-every-read.md",
)
OLDER_THAN_KEPT: Final = Check(
    code="RES-506",
    name="older-than-kept",
    severity=Severity.INFO,
    says=(
        '{file} line {line}, {column}: "{value}" is kept already with a later status date; '
        "this version was left out."
    ),
    fix="Nothing: the later version counts.",
    why="Files do not always arrive in the order in which they were written.",
    source='reference: results-reporting 6.3, NO_UPDATE "Prior date"',
)
UNCHANGED: Final = Check(
    code="RES-507",
    name="unchanged",
    severity=Severity.INFO,
    says=(
        "{file} and any files after it: {count} results are kept already just as they came; "
        "nothing was changed."
    ),
    fix="Nothing.",
    why="Test delivery systems send results again when nothing about them has changed.",
    source='reference: results-reporting 6.3, NO_UPDATE "Duplicate"',
)
CHECKS: Final = (
    UNKNOWN_SCHOOL,
    UNKNOWN_ASSESSMENT,
    UNKNOWN_STUDENT,
    AMBIGUOUS_STUDENT,
    OTHERS_RESULT,
    OLDER_THAN_KEPT,
    UNCHANGED,
)

# What names a result.
KEY: Final = ["assessment_id", "opportunity_id"]

PLACES: Final = pl.Schema(
    {
        "school_id": pl.Int64(),
        "natural_id": pl.String(),
        "sourced_id": pl.String(),
        "district_id": pl.Int64(),
    }
)


def with_schools(results: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Add `school_id` and `district_id` to results; null where no school has the identifier.

    Shape: `places` as PLACES; a natural id that two schools share names neither; the sourcedId
           is tried when no natural id fits.
    """
    by_natural = places.filter(pl.col("natural_id") != "").unique("natural_id", keep="none")
    by_sourced = places.filter(pl.col("sourced_id") != "").unique("sourced_id", keep="none")
    joined = results.join(
        by_natural.select("school_id", "district_id", school_identifier="natural_id"),
        on="school_identifier",
        how="left",
        maintain_order="left",
    ).join(
        by_sourced.select(
            school_identifier="sourced_id", school_2="school_id", district_2="district_id"
        ),
        on="school_identifier",
        how="left",
        maintain_order="left",
    )
    return joined.with_columns(
        school_id=pl.coalesce("school_id", "school_2"),
        district_id=pl.coalesce("district_id", "district_2", "school_id", "school_2"),
    ).drop("school_2", "district_2")


def with_students(results: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Add `student_id` and `is_ambiguous` to results that have a district.

    Shape:  by state id first; else by local id or sourcedId within the district, if just one
            student there has it; null where nobody fits.
    Source: reference, rostering 6.3, matching ladder
    """
    by_ssid = keys.filter(pl.col("ssid") != "").select(student_identifier="ssid", by_ssid="id")
    here = [
        keys.filter(pl.col(column) != "").select(
            student_identifier=column, district_id="district_id", candidate="id"
        )
        for column in ("local_id", "sourced_id")
    ]
    local = (
        pl.concat(here)
        .group_by("student_identifier", "district_id")
        .agg(
            by_local=pl.col("candidate").unique().first(),
            candidate_count=pl.col("candidate").n_unique(),
        )
    )
    joined = results.join(by_ssid, on="student_identifier", how="left", maintain_order="left").join(
        local, on=["student_identifier", "district_id"], how="left", maintain_order="left"
    )
    several = pl.col("by_ssid").is_null() & (pl.col("candidate_count").fill_null(0) > 1)
    return joined.with_columns(
        is_ambiguous=several,
        student_id=pl.coalesce("by_ssid", pl.when(~several).then("by_local")),
    ).drop("by_ssid", "by_local", "candidate_count")


def older(results: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Return the results whose status date is before that of the version that is kept.

    Source: reference, results-reporting 6.3, "Create / update / delete"
    """
    dates = kept.select(*KEY, kept_at="status_at")
    joined = results.join(dates, on=KEY, how="inner", maintain_order="left")
    return joined.filter(pl.col("status_at") < pl.col("kept_at")).drop("kept_at")


def differing(incoming: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Return the keys of the results of which some row is in one frame and not in the other.

    Shape: both frames have the same columns in the same order, the key among them.
    """
    sides = [
        frame.select(*KEY, row=frame.hash_rows(), side=pl.lit(side, pl.Int32))
        for frame, side in ((incoming, 1), (kept, -1))
    ]
    by_row = pl.concat(sides).group_by(*KEY, "row").agg(pl.col("side").sum())
    return by_row.filter(pl.col("side") != 0).select(KEY).unique()


def provisional(results: pl.DataFrame) -> list[Assessment]:
    """Describe the assessments of these results as far as the results themselves do."""
    first = results.unique("assessment_id", keep="first", maintain_order=True)
    return [
        Assessment(
            id=row["assessment_id"],
            name=row["assessment_id"],
            subject=row["subject"],
            grade=row["assessment_grade"] or "",
            type=row["assessment_type"],
            label=row.get("assessment_name") or row["assessment_id"],
            school_year=row["school_year"],
        )
        for row in first.iter_rows(named=True)
    ]
