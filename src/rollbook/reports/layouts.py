"""What a report may be broken down by, and the columns of a report's file, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OVERALL: Final = "Overall"
NOT_STATED: Final = "Not stated"
REPORTS: Final = ("yearly", "claim", "composite")
ETHNICITY: Final = "Ethnicity"

Stored = str | bool


@dataclass(frozen=True, slots=True)
class Dimension:
    """Name one way to break results down.

    Shape: `values` pairs what the lake stores with what a reader reads, in order; "Not stated"
           always follows. An open dimension has whatever values occur and no empty rows.
           `is_partition` says that nobody has two values. `flags` pairs columns with values.
    """

    name: str
    code: str  # the name in the state's files
    column: str = ""
    values: tuple[tuple[Stored, str], ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    is_open: bool = False
    may_filter: bool = True

    @property
    def is_partition(self) -> bool:
        """Tell whether every student has just one value."""
        return not self.flags

    @property
    def shown_values(self) -> tuple[str, ...]:
        """Return the values that readers see, "Not stated" last."""
        pairs = self.flags or self.values
        return (*(shown for _, shown in pairs), NOT_STATED)


_YES_NO: Final = ((True, "Yes"), (False, "No"))


def _same(*words: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, word) for word in words)


# Source: reference, results-reporting 3.3
DIMENSIONS: Final[dict[str, Dimension]] = {
    dimension.name: dimension
    for dimension in (
        Dimension("Gender", "Sex", "sex", _same("Male", "Female", "Nonbinary")),
        Dimension(
            ETHNICITY,
            "Ethnicity",
            flags=(
                ("hispanic", "HispanicOrLatinoEthnicity"),
                ("american_indian", "AmericanIndianOrAlaskaNative"),
                ("asian", "Asian"),
                ("black", "BlackOrAfricanAmerican"),
                ("white", "White"),
                ("pacific_islander", "NativeHawaiianOrOtherPacificIslander"),
                ("two_or_more_races", "DemographicRaceTwoOrMoreRaces"),
                ("filipino", "Filipino"),
            ),
        ),
        Dimension("LEP", "EnglishLearner", "limited_english", _YES_NO),
        Dimension(
            "ELAS",
            "EnglishLanguageAcquisitionStatus",
            "english_acquisition",
            _same("EO", "EL", "IFEP", "RFEP", "TBD", "ADEL"),
        ),
        Dimension("Language", "LanguageCode", "language_code", is_open=True),
        Dimension("Section504", "Section504Status", "section_504", _YES_NO),
        Dimension("IEP", "IDEAIndicator", "iep", _YES_NO),
        Dimension("MigrantStatus", "MigrantStatus", "migrant", _YES_NO),
        Dimension(
            "MilitaryConnectedCode",
            "MilitaryConnectedCode",
            "military_connected",
            _same("NotMilitaryConnected", "ActiveDuty", "NationalGuardOrReserve"),
        ),
        Dimension(
            "EconomicDisadvantage", "EconomicDisadvantageStatus", "economic_disadvantage", _YES_NO
        ),
        Dimension(
            "StudentEnrolledGrade",
            "GradeLevelWhenAssessed",
            "enrolled_grade",
            is_open=True,
            may_filter=False,
        ),
    )
}

# Two names for the same students: who knows one count knows the other.
SAME_STUDENTS: Final = ((("LEP", "Yes"), (("ELAS", "EL"), ("ELAS", "ADEL"))),)

# What an assessment's results are grouped by, and the measures that each group has.
LEVEL_COUNT: Final = 6
ASSESSMENT: Final = ("school_year", "subject", "assessment_id", "assessment_grade")
PLACE_COLUMNS: Final = {"state": None, "district": "district_id", "school": "school_id"}

VALIDITIES: Final = {"sum": ("Valid", "IN"), "ica": ("SD", "NS"), "iab": ("SD", "NS")}
COMPLETENESS: Final = ("Complete", "Partial")

# Source: reference, results-reporting 3.9. That system's column ScaleScoreStandardDeviation holds
# the standard error of the mean, so it is called so here.
CSV_HEAD: Final[tuple[str, ...]] = (
    "OrganizationName",
    "OrganizationId",
    "AssessmentName",
    "AssessmentType",
    "Subject",
    "TestGrade",
    "SchoolYear",
)
CSV_COUNTS: Final = (
    "Subgroup",
    "SubgroupValue",
    "StudentsTested",
    "StudentsScored",
    "ScaleScore",
    "ScaleScoreStandardError",
)
GROUPED: Final = ("BelowStandard", "AtOrAboveStandard")
