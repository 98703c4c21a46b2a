"""A question read from JSON: what is wrong is said all at once; the examples can be asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rollbook.reports.layouts import DIMENSIONS
from rollbook.reports.types import Question, QuestionIsWrong, question_from

GOOD: dict[str, Any] = {"grades": ["05"], "school_years": [2026]}


def reasons(value: object) -> tuple[str, ...]:
    with pytest.raises(QuestionIsWrong) as refusal:
        question_from(value)
    return refusal.value.reasons


def test_a_short_question_has_defaults() -> None:
    assert question_from(GOOD) == Question(grades=("05",), school_years=(2026,))


def test_everything_wrong_is_said_at_once() -> None:
    said = reasons(
        {"report": "longitudinal", "grade": "05", "grades": ["13th"], "filters": {"Gender": ["X"]}}
    )
    assert [text.split(":")[0].split(" ")[0] for text in said] == [
        '"grade"', "report", "grades", "school_years", "filters",
    ]  # fmt: skip
    assert "Choose yearly, claim, composite." in said[1]


def test_a_grade_and_a_year_must_be_chosen() -> None:
    assert reasons({}) == (
        "grades: choose at least one grade.",
        "school_years: choose at least one school year.",
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"include": {"state": False}}, "organizations: name a district or a school"),
        ({"assessment_type": "ica", "include": {"state": True}}, "include: the state has results"),
        ({"assessment_type": "iab", "report": "claim", "organizations": ["1"]}, "report: blocks"),
        ({"validity": ["SD"]}, 'validity: "SD" is not one of Valid, IN.'),
        ({"filters": {"StudentEnrolledGrade": ["05"]}}, 'filters: "StudentEnrolledGrade" is not'),
        ({"name": "a/b"}, "name: leave out"),
        ({"suppress": "no"}, "suppress: true or false"),
        ({"school_years": ["2026"]}, 'school_years: "2026" is not a school year'),
        ({"include": {"all": True}}, 'include: "all" is not part of a question'),
    ],
)
def test_each_refusal(change: dict[str, Any], says: str) -> None:
    [text] = reasons(GOOD | change)
    assert text.startswith(says)


def test_the_examples_of_the_reference_can_be_asked(repository: Path) -> None:
    page = (repository / "docs/reference/questions.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        assert isinstance(question_from(json.loads(example)), Question)


def test_every_part_and_dimension_is_in_the_reference(repository: Path) -> None:
    page = (repository / "docs/reference/questions.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\w+)`", page, flags=re.MULTILINE))
    assert documented == {*Question.__dataclass_fields__, *DIMENSIONS}
