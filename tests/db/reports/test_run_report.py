"""Run a report as different readers: who may ask, and who sees small groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.lake.columns import frame_types
from rollbook.reports.queries import run_report
from rollbook.reports.types import Answer, Include, MayNotAsk, Question
from rollbook.results.layouts import RESULTS
from rollbook.results.queries.store import lake
from rollbook.shared.scope import Permission, Reach, Scope
from tests.factories.accounts import EVERYTHING, ON, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
QUESTION = Question(grades=("05",), school_years=(2026,), values="number")


@pytest.fixture
def state() -> SmallState:
    """Make 20 students of North High, 4 of North Middle, 30 of South High, half at each level."""
    made = small_state()
    rows: list[dict[str, object]] = []
    for school, count in ((made.north_high, 20), (made.north_middle, 4), (made.south_high, 30)):
        for _ in range(count):
            number = len(rows)
            rows.append(
                dict.fromkeys(RESULTS.columns)
                | {
                    "school_year": 2026, "subject": "ELA", "assessment_type": "sum",
                    "assessment_id": "SUM-ELA-05", "opportunity_id": str(number),
                    "student_id": number, "school_id": school.pk, "district_id": school.parent_id,
                    "assessment_grade": "05", "enrolled_grade": "05",
                    "completed_at": datetime(2026, 4, 1, tzinfo=UTC), "completeness": "Complete",
                    "administration_condition": "Valid", "scale_score": 2400 + number,
                    "performance_level": 1 + number % 2,
                }
            )  # fmt: skip
    lake().upsert(RESULTS, pl.DataFrame(rows, schema=frame_types(RESULTS)), transaction="t")
    return made


def counts_of(answer: Answer) -> list[tuple[str, object]]:
    return [(str(row[0]), row[5]) for row in answer.rows()]


def asked(*names: str, **include: bool) -> Question:

    return replace(QUESTION, organizations=names, include=Include(**{"state": False} | include))


def test_a_district_admin_sees_the_schools_of_the_district_whole(state: SmallState) -> None:
    scope = scope_with("district_admin", state.north)
    answer = run_report(scope, asked("01", schools_of_districts=True))
    assert counts_of(answer) == [("North District", 24), ("North High", 20), ("North Middle", 4)]


def test_somebody_who_may_not_see_the_students_sees_no_small_group(state: SmallState) -> None:
    scope = Scope(
        account_id=1,
        label="reviewer",
        on=ON,
        reach={Permission.CUSTOM_AGGREGATE_READ: Reach(everything=True)},
    )
    answer = run_report(scope, asked("01", "02", schools_of_districts=True, state=True))
    assert counts_of(answer) == [
        ("State", 54), ("North District", 24), ("North High", "*"), ("North Middle", "*"),
        ("South District", 30), ("South High", 30), ("South Middle", 0),
    ]  # fmt: skip


def test_the_operator_hides_unless_told_not_to(state: SmallState) -> None:

    question = asked("0102", districts_of_schools=False)
    assert counts_of(run_report(EVERYTHING, question)) == [("North Middle", "*")]
    shown = run_report(EVERYTHING, replace(question, suppress=False))
    assert counts_of(shown) == [("North Middle", 4)]


def test_a_reader_of_all_students_may_ask_for_hiding(state: SmallState) -> None:

    scope = scope_with("state_admin", state.state)
    question = replace(asked("0102", districts_of_schools=False), suppress=True)
    assert counts_of(run_report(scope, question)) == [("North Middle", "*")]


def test_an_organization_out_of_sight_and_one_that_is_not_there_are_refused_alike(
    state: SmallState,
) -> None:
    scope = scope_with("district_admin", state.north)
    for name in ("02", "99", str(state.south.uuid)):
        with pytest.raises(MayNotAsk) as refusal:
            run_report(scope, asked(name))
        assert str(refusal.value) == (
            f"These are not districts or schools that you may ask about: {name}"
        )


def test_a_teacher_may_not_ask(state: SmallState) -> None:
    with pytest.raises(MayNotAsk):
        run_report(scope_with("teacher", state.north_high), asked("0101"))


def test_a_school_admin_gets_the_school_and_a_note_about_the_district(state: SmallState) -> None:
    answer = run_report(scope_with("school_admin", state.north_high), asked("0101"))
    assert counts_of(answer) == [("North High", 20)]
    assert "The district of North High is left out: it is not yours to ask about." in answer.notes


def test_the_answer_names_the_version_and_the_same_in_all_formats(state: SmallState) -> None:
    answer = run_report(scope_with("district_admin", state.north), asked("0101"))
    told = answer.as_json()
    assert (answer.version, told["results_version"]) == (1, 1)
    assert answer.notes[0] == "Read from version 1 of the results."
    [district, school] = told["rows"]
    assert (school["students_tested"], school["scale_score"], school["levels"]) == (
        20, 2410, [10, 10, 0, 0],
    )  # fmt: skip
    lines = answer.as_csv().decode().splitlines()
    assert lines[0] == (
        "OrganizationName,OrganizationId,AssessmentName,AssessmentType,Subject,TestGrade,SchoolYear,"
        "Subgroup,SubgroupValue,StudentsTested,StudentsScored,ScaleScore,ScaleScoreStandardError,"
        "Level1,Level2,Level3,Level4,Attributes"
    )
    assert lines[2] == (
        "North High,0101,SUM-ELA-05,sum,ELA,05,2026,Overall,Overall,20,20,2410,1,10,10,0,0,"
    )
    assert district["organization"] == "North District"


def test_as_many_database_queries_for_three_schools_as_for_one(state: SmallState) -> None:
    counts: list[int] = []
    for names in (("01",), ("01", "02")):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run_report(EVERYTHING, asked(*names, state=True))
        counts.append(len(queries))
    assert counts[1] - counts[0] == 1  # each organization that is named is looked up once
