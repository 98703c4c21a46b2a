from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.results.checks import values
from rollbook.results.checks.languages import LANGUAGES
from rollbook.results.checks.run import check_results
from rollbook.results.sources.results_csv import read_results_csv
from tests.factories.result_files import results_csv


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-14T10:31:00Z", datetime(2026, 4, 14, 10, 31, tzinfo=UTC)),
        ("2026-04-14T10:31:00", datetime(2026, 4, 14, 10, 31, tzinfo=UTC)),
        ("2026-04-14T10:31:00.25", datetime(2026, 4, 14, 10, 31, 0, 250000, tzinfo=UTC)),
        ("2026-04-14T10:31:00-07:00", datetime(2026, 4, 14, 17, 31, tzinfo=UTC)),
        ("2026-04-14 10:31", datetime(2026, 4, 14, 10, 31, tzinfo=UTC)),
        ("2026-04-14", datetime(2026, 4, 14, tzinfo=UTC)),
        ("2026-04-31", None),
        ("20260414", None),
        ("2026-4-1", None),
        ("1899-12-30", None),
        ("", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    frame = pl.DataFrame({"at": ["2026-01-01T00:00:00Z", text]})
    assert values.moments(frame, "at").to_list()[1] == moment


EARLIEST = datetime(1900, 1, 1, tzinfo=UTC).replace(tzinfo=None)
LATEST = datetime(2099, 12, 31, tzinfo=UTC).replace(tzinfo=None)


@given(st.datetimes(EARLIEST, LATEST), st.booleans())
def test_every_iso_moment_is_read_as_it_is(moment: datetime, has_zone: bool) -> None:
    text = moment.isoformat() + ("Z" if has_zone else "")
    frame = pl.DataFrame({"at": [text]})
    assert values.moments(frame, "at").to_list() == [moment.replace(tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "score", "level"),
    [
        ("2511.5", 2512, None),
        ("2510.49", 2510, None),
        ("NS", None, None),
        ("ns", None, None),
        ("0", None, None),
        ("", None, None),
    ],
)
def test_scores_and_their_absence(text: str, score: int | None, level: int | None) -> None:
    changes = {"ScaleScore": text, "PerformanceLevel": "NS"}
    result = check_results(read_results_csv("results.csv", results_csv(changes)))
    assert result.report.findings == []
    row = result.results.to_dicts()[0]
    assert (row["scale_score"], row["performance_level"]) == (score, level)


@pytest.mark.parametrize(
    ("column", "text", "name", "value"),
    [
        ("GradeLevelWhenAssessed", "5", "enrolled_grade", "05"),
        ("GradeLevelWhenAssessed", "kg", "enrolled_grade", "KG"),
        ("Sex", "NONBINARY", "sex", "Nonbinary"),
        ("Asian", "yes", "asian", True),
        ("Asian", "", "asian", None),
        ("Section504Status", "Unknown/Cannot Provide", "section_504", None),
        ("MilitaryConnectedStudentIndicator", "No", "military_connected", "NotMilitaryConnected"),
        ("LanguageCode", "01", "language_code", "spa"),
        ("LanguageCode", "SPA", "language_code", "spa"),
        ("LanguageCode", "fra", "language_code", "fre"),
        ("Completeness", "", "completeness", "Complete"),
        ("Completeness", "partial", "completeness", "Partial"),
        ("AdministrationCondition", "", "administration_condition", "Valid"),
        ("AdministrationCondition", "ns", "administration_condition", "NS"),
        ("Subject", "english", "subject", "ELA"),
        ("Status", "RESET", "status", "reset"),
        ("AssessmentGrade", "5", "assessment_grade", "05"),
    ],
)
def test_ways_of_writing_a_value(column: str, text: str, name: str, value: object) -> None:
    result = check_results(read_results_csv("results.csv", results_csv({column: text})))
    assert result.results.get_column(name).to_list() == [value]


@pytest.mark.parametrize(("subtype", "condition"), [("SUM", "Valid"), ("ICA", "SD"), ("IAB", "SD")])
def test_a_blank_condition_depends_on_the_type(subtype: str, condition: str) -> None:
    changes = {"AssessmentSubType": subtype}
    result = check_results(read_results_csv("results.csv", results_csv(changes)))
    assert result.results.get_column("administration_condition").to_list() == [condition]


@pytest.mark.parametrize(
    ("said", "completed", "year"),
    [
        ("2026", "2025-07-01T00:00:00Z", 2026),
        ("2026", "2026-06-30T23:59:59Z", 2026),
        ("2026", "2026-07-14T12:00:00Z", 2026),
        ("2026", "2026-08-01T00:00:00Z", 2027),
        ("2016", "2016-10-12T22:00:00Z", 2017),
        ("2030", "2026-04-14T00:00:00Z", 2026),
    ],
)
def test_the_school_year_is_the_one_the_test_was_taken_in(
    said: str, completed: str, year: int
) -> None:
    changes = {"SchoolYear": said, "DateCompleted": completed}
    result = check_results(read_results_csv("results.csv", results_csv(changes)))
    assert result.results.get_column("school_year").to_list() == [year]


def test_a_reset_is_accepted_and_counted() -> None:
    result = check_results(
        read_results_csv("results.csv", results_csv({"Status": "reset", "ScaleScore": ""}))
    )
    assert (result.counts["accepted"], result.counts["resets"]) == (1, 1)


@given(st.permutations(["1", "2", "3", "4"]))
def test_the_order_of_results_never_matters(order: list[str]) -> None:
    changes = [
        {"OpportunityIdentifier": number, "Sex": "M" if number == "3" else "Male"}
        for number in order
    ]
    result = check_results(read_results_csv("results.csv", results_csv(*changes)))
    assert sorted(result.results.get_column("opportunity_id")) == ["1", "2", "4"]
    assert result.report.counts == {"RES-203": 1}


def test_languages_are_kept_by_their_first_code() -> None:
    kept = set(LANGUAGES.values())
    assert {len(code) for code in kept} == {3}
    assert [code for code in kept if LANGUAGES.get(code) != code] == []
