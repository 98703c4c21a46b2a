"""The columns of results: in the lake, and in the CSV files that come in."""

from __future__ import annotations

from typing import Final

from rollbook.lake.types import ColumnType, LakeTable

# Who a student was on the day of the test. Unknown stays unknown (null), never "no".
DEMOGRAPHIC_COLUMNS: Final[dict[str, ColumnType]] = {
    "sex": "text",  # Male, Female, Nonbinary
    "hispanic": "bool",
    "american_indian": "bool",
    "asian": "bool",
    "black": "bool",
    "pacific_islander": "bool",
    "white": "bool",
    "two_or_more_races": "bool",
    "filipino": "bool",
    "iep": "bool",
    "limited_english": "bool",
    "english_acquisition": "text",  # EO, EL, IFEP, RFEP, TBD, ADEL
    "section_504": "bool",
    "economic_disadvantage": "bool",
    "migrant": "bool",
    "military_connected": "text",  # NotMilitaryConnected, ActiveDuty, NationalGuardOrReserve
    "language_code": "text",  # ISO 639-2
}

# Shared by the three tables, so that each can be filtered by scope without a join.
_PLACE: Final[dict[str, ColumnType]] = {
    "school_year": "int16",  # the year the test was taken in
    "subject": "text",  # ELA, Math, CAST, ELPAC or a custom subject's code
    "assessment_type": "text",  # sum, ica, iab
    "assessment_id": "text",  # the assessment's natural id
    "opportunity_id": "text",  # unique within the assessment
    "student_id": "int64",  # people.Student.id; no name and no SSID is in the lake
    "school_id": "int64",  # orgs.Organization.id of the school where it was taken
    "district_id": "int64",
}

RESULTS: Final = LakeTable(
    name="results",
    columns={
        **_PLACE,
        "assessment_grade": "text",
        "enrolled_grade": "text",
        "completed_at": "timestamp",
        "session_id": "text",
        "status": "text",
        "status_at": "timestamp",
        "completeness": "text",  # Complete, Partial
        "administration_condition": "text",  # Valid, IN (summative); SD, NS (interim)
        "scale_score": "int32",
        "standard_error": "float64",
        "performance_level": "int16",
        **DEMOGRAPHIC_COLUMNS,
        "accommodations": "text",  # codes joined by |
        "intake_id": "text",
    },
    key=("assessment_id", "opportunity_id"),
    partition_by=("school_year", "subject"),
)

SUBSCORES: Final = LakeTable(
    name="subscores",
    columns={
        **_PLACE,
        "score_type": "text",  # claim, alternate, target, trait
        "code": "text",
        "scale_score": "int32",
        "standard_error": "float64",
        "performance_level": "int16",
        "raw_score": "float64",
        "condition_code": "text",
        "student_residual": "float64",  # targets: relative to the student's own overall theta
        "standard_met_residual": "float64",  # targets: relative to the standard-met theta
        "intake_id": "text",
    },
    key=("assessment_id", "opportunity_id", "score_type", "code"),
    partition_by=("school_year", "subject"),
)

ITEM_RESPONSES: Final = LakeTable(
    name="item_responses",
    columns={
        **_PLACE,
        "item_id": "text",
        "position": "int16",
        "score": "float64",
        "max_points": "float64",
        "score_status": "text",
        "response": "text",
        "intake_id": "text",
    },
    key=("assessment_id", "opportunity_id", "item_id"),
    partition_by=("school_year", "subject"),
)

LAKE_TABLES: Final = (RESULTS, SUBSCORES, ITEM_RESPONSES)

# The CSV door. A zip holds results.csv and, if there are any, scores.csv and items.csv; results.csv
# may also come alone. Column names follow the Test Results Transmission format's attribute names.
RESULTS_CSV: Final = (
    "SchoolYear",
    "SchoolIdentifier",
    "StudentIdentifier",
    "LastOrSurname",
    "FirstName",
    "Birthdate",
    "Sex",
    "GradeLevelWhenAssessed",
    "AssessmentIdentifier",
    "AssessmentName",
    "Subject",
    "AssessmentSubType",  # SUM, ICA, IAB
    "AssessmentGrade",
    "OpportunityIdentifier",
    "SessionIdentifier",
    "DateCompleted",  # 2026-04-14T10:31:00Z
    "Status",
    "StatusDate",
    "Completeness",
    "AdministrationCondition",
    "ScaleScore",
    "StandardError",
    "PerformanceLevel",
    "HispanicOrLatinoEthnicity",  # Yes, No or blank
    "AmericanIndianOrAlaskaNative",
    "Asian",
    "BlackOrAfricanAmerican",
    "NativeHawaiianOrOtherPacificIslander",
    "White",
    "DemographicRaceTwoOrMoreRaces",
    "Filipino",
    "IDEAIndicator",
    "LEPStatus",
    "EnglishLanguageAcquisitionStatus",
    "Section504Status",
    "EconomicDisadvantageStatus",
    "MigrantStatus",
    "MilitaryConnectedStudentIndicator",
    "LanguageCode",
    "AssignedAccommodationList",  # codes joined by |
)
RESULTS_CSV_REQUIRED: Final = (
    "SchoolYear",
    "SchoolIdentifier",
    "StudentIdentifier",
    "GradeLevelWhenAssessed",
    "AssessmentIdentifier",
    "Subject",
    "AssessmentSubType",
    "AssessmentGrade",
    "OpportunityIdentifier",
    "DateCompleted",
)

SCORES_CSV: Final = (
    "AssessmentIdentifier",
    "OpportunityIdentifier",
    "ScoreType",  # Claim, Alternate, Target, Trait
    "Code",
    "ScaleScore",
    "StandardError",
    "PerformanceLevel",
    "RawScore",
    "ConditionCode",
    "StudentRelativeResidualScore",
    "StandardMetRelativeResidualScore",
)

ITEMS_CSV: Final = (
    "AssessmentIdentifier",
    "OpportunityIdentifier",
    "ItemIdentifier",
    "Position",
    "Score",
    "MaxPoints",
    "ScoreStatus",
    "Response",
)

# Dates about the student that the transmission format carries. They are checked, and CSV may carry
# them too; the roster owns their values, so the lake does not keep them.
STUDENT_DATE_COLUMNS: Final = (
    "FirstEntryDateIntoUSSchool",
    "LimitedEnglishProficiencyEntryDate",
    "LEPExitDate",
    "EnglishLanguageAcquisitionStatusStartDate",
)

# The raw frames in which XML and CSV meet: every cell is text, exactly as it came, trimmed.
RAW_RESULT_COLUMNS: Final = (*RESULTS_CSV, *STUDENT_DATE_COLUMNS, "IsDemo")
RAW_SUBSCORE_COLUMNS: Final = SCORES_CSV
RAW_ITEM_COLUMNS: Final = ITEMS_CSV

# What XML calls the columns that CSV names otherwise; findings use the name of the door used.
XML_NAMES: Final[dict[str, str]] = {
    "SchoolYear": "academicYear",
    "SchoolIdentifier": "ResponsibleInstitutionIdentifier",
    "AssessmentIdentifier": "name",
    "Subject": "subject",
    "AssessmentSubType": "assessmentType",
    "AssessmentGrade": "grade",
    "OpportunityIdentifier": "oppId",
    "SessionIdentifier": "sessionId",
    "DateCompleted": "dateCompleted",
    "Status": "status",
    "StatusDate": "statusDate",
    "Completeness": "completeness",
    "AdministrationCondition": "administrationCondition",
    "StandardError": "standardError",
    "IsDemo": "isDemo",
}

SCORES_CSV_REQUIRED: Final = ("AssessmentIdentifier", "OpportunityIdentifier", "ScoreType", "Code")
ITEMS_CSV_REQUIRED: Final = ("AssessmentIdentifier", "OpportunityIdentifier", "ItemIdentifier")

# What the checks hand on: the lake's columns without internal ids and intake, and the natural keys
# by which a later step finds the school and the student.
_NATURAL_PLACE: Final[dict[str, ColumnType]] = {
    "school_year": "int16",
    "subject": "text",
    "assessment_type": "text",
    "assessment_id": "text",
    "opportunity_id": "text",
    "student_identifier": "text",
    "school_identifier": "text",
}


def _without_ids(table: LakeTable) -> dict[str, ColumnType]:
    left: dict[str, ColumnType] = {
        name: kind
        for name, kind in table.columns.items()
        if name not in _PLACE and name != "intake_id"
    }
    return {**_NATURAL_PLACE, **left}


CHECKED_RESULTS: Final[dict[str, ColumnType]] = {
    **_without_ids(RESULTS),
    "last_name": "text",
    "first_name": "text",
    "birth_on": "date",
    "file": "text",
    "line": "int64",
}
CHECKED_SUBSCORES: Final = _without_ids(SUBSCORES)
CHECKED_ITEMS: Final = _without_ids(ITEM_RESPONSES)
