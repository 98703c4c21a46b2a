"""Which attempts count and where, on both engines, from results as little text tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from rollbook.lake.columns import frame_types
from rollbook.lake.embedded import EmbeddedEngine
from rollbook.lake.engine import Engine
from rollbook.lake.reference import ReferenceEngine
from rollbook.lake.tables import Lake
from rollbook.lake.types import LakeTable
from rollbook.reports.compiler import compile_question
from rollbook.reports.rules import ReportedTest, assessment_keys, shape_rows
from rollbook.reports.types import Place, Question
from rollbook.results.layouts import RESULTS, SUBSCORES
from tests.spec.lake.text_tables import parse

PLACES = [
    Place("state", 1, "State"),
    Place("district", 2, "North", "02", parent_id=1),
    Place("school", 10, "High", "10", parent_id=2),
    Place("school", 11, "Middle", "11", parent_id=2),
]
QUESTION = Question(grades=("05",), school_years=(2026,))
DEFAULTS: dict[str, Any] = {
    "school_year": 2026,
    "subject": "ELA",
    "assessment_type": "sum",
    "assessment_id": "T",
    "assessment_grade": "05",
    "school_id": 10,
    "district_id": 2,
    "completeness": "Complete",
    "administration_condition": "Valid",
    "completed_at": datetime(2026, 4, 1, tzinfo=UTC),
}


class World:
    """Hold a lake with results, and one engine."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self.lake, self.engine = lake, engine

    def given(self, results: str, subscores: str = "") -> World:
        for table, text in ((RESULTS, results), (SUBSCORES, subscores)):
            if text:
                self.lake.upsert(table, _rows(table, text), transaction=table.name)
        return self

    def answer(self, question: Question = QUESTION) -> list[str]:
        """Return the rows that count anybody, as `place value tested scored mean error levels`."""
        asks = compile_question(question, PLACES)
        answered = [(ask, self.engine.run(ask.query)) for ask in asks]
        keys = assessment_keys(frame for _, frame in answered)
        tests = {key: ReportedTest("Test", 4, 3) for key in keys}
        return [
            " ".join(
                str(part)
                for part in (
                    row.place.name, *([row.score_code] if row.score_code else []), row.value,
                    row.tested, row.scored, _number(row.mean), _number(row.standard_error),
                    "/".join(map(str, row.levels)),
                )
            )
            for row in shape_rows(question, PLACES, answered, tests)
            if row.tested
        ]  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _rows(table: LakeTable, text: str) -> pl.DataFrame:
    given = parse(text, table.columns)
    rows = [{**dict.fromkeys(table.columns), **DEFAULTS, **row} for row in given]
    chosen = [{name: row[name] for name in table.columns} for row in rows]
    return pl.DataFrame(chosen, schema=frame_types(table))


@pytest.fixture(params=["embedded", "reference"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setattr("os.fsync", lambda _: None)
    lake = Lake(tmp_path / "lake")
    lake.create((RESULTS, SUBSCORES))
    if request.param == "reference":
        yield World(lake, ReferenceEngine(lake))
        return
    engine = EmbeddedEngine(lake, threads=2)
    yield World(lake, engine)
    engine.close()


def test_means_levels_and_who_is_scored(world: World) -> None:
    world.given(
        """
        opportunity_id | student_id | school_id | scale_score | performance_level
        a              | 1          | 10        | 2400        | 1
        b              | 2          | 10        | 2500        | 3
        c              | 3          | 11        | 2460        | 2
        d              | 4          | 11        | -           | -
        """
    )
    assert world.answer() == [
        "State Overall 4 3 2453.33 29.06 1/1/1/0",
        "North Overall 4 3 2453.33 29.06 1/1/1/0",
        "High Overall 2 2 2450.00 50.00 1/0/1/0",
        "Middle Overall 2 1 2460.00 - 0/1/0/0",
    ]


def test_a_valid_attempt_counts_before_a_later_one_that_is_not(world: World) -> None:
    world.given(
        """
        opportunity_id | student_id | school_id | scale_score | performance_level | administration_condition | completed_at
        a              | 1          | 10        | 2400        | 1                 | Valid                    | 2026-03-01
        b              | 1          | 10        | 2450        | 2                 | Valid                    | 2026-04-01
        c              | 1          | 11        | 2500        | 3                 | IN                       | 2026-05-01
        """  # noqa: E501 # a table
    )
    both = replace(QUESTION, validity=("Valid", "IN"))
    assert [row for row in world.answer(both) if row[:5] != "State"] == [
        "North Overall 1 1 2450.00 - 0/1/0/0",
        "High Overall 1 1 2450.00 - 0/1/0/0",
    ]


def test_not_stated_is_a_value_and_several_ethnicities_each_count(world: World) -> None:
    world.given(
        """
        opportunity_id | student_id | english_acquisition | asian | white | scale_score | performance_level
        a              | 1          | EO                  | yes   | yes   | 2400        | 1
        b              | 2          | -                   | no    | -     | 2500        | 3
        """  # noqa: E501 # a table
    )
    asked = replace(QUESTION, subgroups=("ELAS", "Ethnicity"))
    assert [row for row in world.answer(asked) if row.startswith("High")] == [
        "High Overall 2 2 2450.00 50.00 1/0/1/0",
        "High EO 1 1 2400.00 - 1/0/0/0",
        "High Not stated 1 1 2500.00 - 0/0/1/0",
        "High Asian 1 1 2400.00 - 1/0/0/0",
        "High White 1 1 2400.00 - 1/0/0/0",
        "High Not stated 1 1 2500.00 - 0/0/1/0",
    ]


def test_a_filter_never_brings_back_an_older_attempt(world: World) -> None:
    world.given(
        """
        opportunity_id | student_id | iep | scale_score | performance_level | completed_at
        a              | 1          | yes | 2400        | 1                 | 2026-03-01
        b              | 1          | no  | 2500        | 3                 | 2026-04-01
        c              | 2          | -   | 2500        | 3                 | 2026-04-01
        """
    )
    for value, expected in (("Yes", []), ("No", ["High Overall 1 1 2500.00 - 0/0/1/0"])):
        asked = replace(QUESTION, filters={"IEP": (value,)})
        assert [row for row in world.answer(asked) if row.startswith("High")] == expected


def test_claims_are_those_of_the_counted_attempt(world: World) -> None:
    world.given(
        """
        opportunity_id | student_id | scale_score | performance_level | completed_at
        a              | 1          | 2400        | 1                 | 2026-03-01
        b              | 1          | 2500        | 3                 | 2026-04-01
        """,
        """
        opportunity_id | student_id | score_type | code | performance_level
        a              | 1          | claim      | 2-W  | 1
        b              | 1          | claim      | 2-W  | 3
        b              | 1          | alternate  | X    | 3
        """,
    )
    asked = replace(QUESTION, report="claim")
    assert [row for row in world.answer(asked) if row.startswith("High")] == [
        "High 2-W Overall 1 1 - - 0/0/1/0"
    ]


def test_an_interim_called_plainly_valid_counts_as_standardized(world: World) -> None:
    world.given(
        """
        opportunity_id | student_id | assessment_type | scale_score | performance_level | administration_condition
        a              | 1          | iab             | 2400        | 1                 | Valid
        b              | 2          | iab             | 2500        | 3                 | SD
        c              | 3          | iab             | 2600        | 3                 | NS
        """  # noqa: E501 # a table
    )
    question = replace(QUESTION, assessment_type="iab", validity=("SD",))
    assert [row.split()[2] for row in world.answer(question)] == ["2", "2", "2"]
