"""The rules of results, and their typed columns."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.results.checks import catalog, values
from rollbook.results.checks.languages import LANGUAGES
from rollbook.results.checks.masks import Rule
from rollbook.results.layouts import RESULTS_CSV_REQUIRED, STUDENT_DATE_COLUMNS
from rollbook.shared.findings import Check, Severity

# Blank cells in these refuse a result, when the file has the column at all.
NAMES_REQUIRED: Final = ("LastOrSurname", "FirstName", "Birthdate", "Sex")

# XML without these is told of: receivers of the format require them unless told otherwise.
NAMES_EXPECTED: Final = ("IDEAIndicator", "EconomicDisadvantageStatus")

# What Excel makes of a long number, of a column too narrow for one, and of a formula around it.
_DAMAGED: Final = r"^(?:\d(?:[.,]\d+)?[Ee]\+\d+|\d[.,]\d+[Ee]\d+|#{3,}|=.*|\d+\.0+)$"
IDENTIFIERS: Final = ("SchoolIdentifier", "StudentIdentifier", "OpportunityIdentifier")

LONGEST: Final[dict[str, int]] = {
    "SchoolIdentifier": 40,
    "StudentIdentifier": 40,
    "LastOrSurname": 60,
    "FirstName": 60,
    "AssessmentIdentifier": 250,
    "AssessmentName": 250,
    "Subject": 10,
    "OpportunityIdentifier": 128,
    "SessionIdentifier": 128,
}

YES_OR_NO: Final[dict[str, str]] = {
    "HispanicOrLatinoEthnicity": "hispanic",
    "AmericanIndianOrAlaskaNative": "american_indian",
    "Asian": "asian",
    "BlackOrAfricanAmerican": "black",
    "NativeHawaiianOrOtherPacificIslander": "pacific_islander",
    "White": "white",
    "DemographicRaceTwoOrMoreRaces": "two_or_more_races",
    "Filipino": "filipino",
    "IDEAIndicator": "iep",
    "LEPStatus": "limited_english",
    "Section504Status": "section_504",
    "EconomicDisadvantageStatus": "economic_disadvantage",
    "MigrantStatus": "migrant",
}
# Column, typed column, codes, check.
CODED: Final[tuple[tuple[str, str, dict[str, str], Check], ...]] = (
    ("GradeLevelWhenAssessed", "enrolled_grade", values.GRADES, catalog.UNKNOWN_GRADE),
    ("Sex", "sex", values.SEXES, catalog.UNKNOWN_SEX),
    (
        "EnglishLanguageAcquisitionStatus",
        "english_acquisition",
        values.ACQUISITION_STATUSES,
        catalog.UNKNOWN_ACQUISITION,
    ),
    (
        "MilitaryConnectedStudentIndicator",
        "military_connected",
        values.MILITARY_CONNECTIONS,
        catalog.UNKNOWN_MILITARY,
    ),
    ("LanguageCode", "language_code", LANGUAGES, catalog.UNKNOWN_LANGUAGE),
    ("Completeness", "completeness", values.COMPLETENESS, catalog.UNKNOWN_COMPLETENESS),
    (
        "AdministrationCondition",
        "administration_condition",
        values.CONDITIONS,
        catalog.UNKNOWN_CONDITION,
    ),
)

# The last weeks of a testing window reach into July, which is already the next school year.
_LATE_MONTH: Final = 7
_FIRST_MONTH: Final = 7
_YEARS: Final = (1990, 2100)


def typed_results(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the typed columns to raw results that have their facts."""
    typed = frame.with_columns(
        *(values.coded(raw, codes).alias(name) for raw, name, codes, _ in CODED),
        *(values.yes_or_no(raw).alias(name) for raw, name in YES_OR_NO.items()),
        *_scores(),
        _said_year().alias("_said_year"),
        values.moments(frame, "DateCompleted").alias("completed_at"),
        values.moments(frame, "StatusDate").alias("status_at"),
        values.days(frame, "Birthdate").alias("birth_on"),
        *(values.days(frame, raw).alias(f"_{raw}") for raw in STUDENT_DATE_COLUMNS),
    )
    return typed.with_columns(
        _year_of("completed_at").alias("_completed_year"),
        pl.col("completeness").fill_null(
            pl.when(~values.is_filled("Completeness")).then(pl.lit("Complete"))
        ),
        pl.col("administration_condition").fill_null(
            pl.when(~values.is_filled("AdministrationCondition")).then(
                pl.when(pl.col("assessment_type") == "sum")
                .then(pl.lit("Valid"))
                .otherwise(pl.lit("SD"))
            )
        ),
    ).with_columns(_school_year().alias("school_year"))


def _scores() -> list[pl.Expr]:
    level = values.rounded(values.score("PerformanceLevel"))
    scale_score = values.rounded(values.score("ScaleScore"))
    return [
        scale_score.cast(pl.Int32, strict=False).alias("scale_score"),
        values.number("StandardError").alias("standard_error"),
        level.cast(pl.Int16, strict=False).alias("performance_level"),
    ]


def _said_year() -> pl.Expr:
    said = pl.col("SchoolYear")
    year = pl.when(said.str.len_bytes() == 4).then(said.cast(pl.Int16, strict=False))
    return pl.when(year.is_between(*_YEARS)).then(year)


def _year_of(column: str) -> pl.Expr:
    year, month = pl.col(column).dt.year(), pl.col(column).dt.month()
    return (year + (month >= _FIRST_MONTH).cast(pl.Int32)).cast(pl.Int16)


def _school_year() -> pl.Expr:
    """Return the year the test was completed in, or the year that ended as it was in July."""
    return (
        pl.when(_is_late()).then(pl.col("_said_year")).otherwise(pl.col("_completed_year"))
    ).fill_null(pl.col("_said_year"))


def _is_late() -> pl.Expr:
    is_year_before = pl.col("_said_year") == pl.col("_completed_year") - 1
    return is_year_before & (pl.col("completed_at").dt.month() == _LATE_MONTH)


def result_rules(required: tuple[str, ...] = NAMES_REQUIRED) -> list[Rule]:
    """List every rule of one result by itself."""
    return [*_value_rules(required), *_score_rules(), *_agreement_rules()]


def _value_rules(required: tuple[str, ...]) -> list[Rule]:
    filled = values.is_filled
    blank = dict.fromkeys((*RESULTS_CSV_REQUIRED, *required))
    unstated = pl.col("Section504Status").str.to_lowercase() == values.UNSTATED_504
    dates = {
        "DateCompleted": "completed_at",
        "StatusDate": "status_at",
        "Birthdate": "birth_on",
        **{raw: f"_{raw}" for raw in STUDENT_DATE_COLUMNS},
    }
    demo = pl.col("IsDemo").str.to_lowercase().is_in(["1", "true", "yes"])
    return [
        Rule(catalog.DEMO_STUDENT, "IsDemo", demo),
        *(Rule(catalog.BLANK, raw, pl.col(raw) == "") for raw in blank),
        *(
            Rule(catalog.NOT_SAID, raw, pl.col("_lines").is_not_null() & ~filled(raw))
            for raw in NAMES_EXPECTED
        ),
        *(
            Rule(
                catalog.DAMAGED_ID,
                raw,
                pl.col("_lines").is_null() & pl.col(raw).str.contains(_DAMAGED),
            )
            for raw in IDENTIFIERS
        ),
        *(Rule(check, raw, filled(raw) & pl.col(name).is_null()) for raw, name, _, check in CODED),
        Rule(
            catalog.UNKNOWN_GRADE,
            "AssessmentGrade",
            filled("AssessmentGrade") & pl.col("assessment_grade").is_null(),
        ),
        *(
            Rule(
                catalog.NOT_YES_OR_NO,
                raw,
                filled(raw)
                & pl.col(name).is_null()
                & (~unstated if raw == "Section504Status" else pl.lit(True)),
            )
            for raw, name in YES_OR_NO.items()
        ),
        *(
            Rule(catalog.NOT_A_DATE, raw, filled(raw) & pl.col(name).is_null())
            for raw, name in dates.items()
        ),
        Rule(
            catalog.NOT_A_YEAR,
            "SchoolYear",
            filled("SchoolYear") & pl.col("_said_year").is_null(),
        ),
        Rule(
            catalog.UNKNOWN_TYPE,
            "AssessmentSubType",
            filled("AssessmentSubType") & pl.col("assessment_type").is_null(),
        ),
        Rule(
            catalog.UNKNOWN_STATUS,
            "Status",
            filled("Status") & ~pl.col("Status").str.to_lowercase().is_in(list(values.STATUSES)),
        ),
        *(
            Rule(
                catalog.TOO_LONG,
                raw,
                # A long name of a known subject stands for its short code.
                pl.col("subject" if raw == "Subject" else raw).str.len_chars() > longest,
                words={"longest": f"_longest_{longest}"},
            )
            for raw, longest in LONGEST.items()
        ),
    ]


def with_lengths(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the longest lengths as columns, for the sentences that quote them."""
    return frame.with_columns(
        pl.lit(longest).alias(f"_longest_{longest}") for longest in set(LONGEST.values())
    )


def _score_rules() -> list[Rule]:
    scale_score, level = values.score("ScaleScore"), values.score("PerformanceLevel")
    return [
        *(
            Rule(catalog.NOT_A_NUMBER, raw, values.is_not_a_number(raw))
            for raw in ("ScaleScore", "StandardError", "PerformanceLevel")
        ),
        Rule(
            catalog.OUT_OF_RANGE,
            "ScaleScore",
            ~values.rounded(scale_score).is_between(pl.col("_low"), pl.col("_high")),
            words={"low": "_low", "high": "_high"},
        ),
        Rule(
            catalog.UNKNOWN_LEVEL,
            "PerformanceLevel",
            ~level.is_between(1, pl.col("_level_count")) | (level != level.floor()),
            words={"high": "_level_count"},
        ),
        Rule(catalog.NEGATIVE_ERROR, "StandardError", values.number("StandardError") < 0),
    ]


def _agreement_rules() -> list[Rule]:
    differs = (pl.col("_said_year") != pl.col("_completed_year")) & ~_is_late()
    # Test delivery systems name a school year by its start: worth a word, not a warning.
    is_start = pl.col("_said_year") == pl.col("_completed_year") - 1
    year = {"year": "_completed_year"}
    return [
        Rule(catalog.OTHER_YEAR, "SchoolYear", differs & ~is_start, year),
        Rule(catalog.OTHER_YEAR, "SchoolYear", differs & is_start, year, severity=Severity.INFO),
        Rule(
            catalog.OTHER_GRADE,
            "GradeLevelWhenAssessed",
            (pl.col("assessment_type") == "sum")
            & (pl.col("enrolled_grade") != pl.col("assessment_grade")),
            words={"grade": "assessment_grade"},
        ),
    ]
