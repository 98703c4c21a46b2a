from __future__ import annotations

from itertools import pairwise

import pytest

from rollbook.assessments.checks.subjects import check_subject
from rollbook.assessments.layouts import ELA, ELPAC, MATH, SHIPPED_SUBJECTS, shipped_subject
from rollbook.assessments.types import Subject, type_code
from rollbook.shared.grades import GRADE_CODES


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("MATH", "Math"),
        ("Math", "Math"),
        ("mathematics", "Math"),
        (" ela ", "ELA"),
        ("ELA/Literacy", "ELA"),
        ("Science", "CAST"),
        ("elpac", "ELPAC"),
    ],
)
def test_a_subject_is_found_by_any_of_its_names(name: str, code: str) -> None:
    found = shipped_subject(name)
    assert found is not None
    assert found.code == code


def test_an_unknown_subject_is_none() -> None:
    assert shipped_subject("Art") is None


@pytest.mark.parametrize(
    ("name", "code"),
    [("SUM", "sum"), ("Summative", "sum"), ("ICA", "ica"), (" iab ", "iab"), ("interim", None)],
)
def test_types_by_any_of_their_names(name: str, code: str | None) -> None:
    assert type_code(name) == code


def test_each_subject_has_each_type_in_the_same_order() -> None:
    codes = {subject.code: [kind.code for kind in subject.types] for subject in SHIPPED_SUBJECTS}
    assert list(codes) == ["ELA", "Math", "CAST", "ELPAC"]
    assert list(codes.values()) == [["sum", "ica", "iab"]] * 4


@pytest.mark.parametrize("subject", SHIPPED_SUBJECTS, ids=lambda subject: subject.code)
def test_shipped_subjects_pass_the_checks_that_other_subjects_must(subject: Subject) -> None:
    assert check_subject(subject, file="shipped", line_of=lambda tag, code: None) == []


@pytest.mark.parametrize("subject", SHIPPED_SUBJECTS, ids=lambda subject: subject.code)
def test_cut_scores_rise_inside_their_range(subject: Subject) -> None:
    assert set(subject.cut_scores) == set(subject.score_ranges)
    assert set(subject.cut_scores) <= set(GRADE_CODES)
    overall = subject.types[0].overall
    for grade, cuts in subject.cut_scores.items():
        low, high = subject.score_ranges[grade]
        assert [a < b for a, b in pairwise((low, *cuts, high))] == [True] * 4
        assert overall.min_score is not None
        assert overall.max_score is not None
        assert overall.min_score <= low < high <= overall.max_score


def test_scorable_claims_come_in_display_order() -> None:
    assert [claim.code for claim in ELA.scorable_claims] == ["SOCK_R", "2-W", "SOCK_LS", "4-CR"]
    assert [claim.code for claim in MATH.scorable_claims] == ["1", "SOCK_2", "3"]
    assert [claim.name for claim in ELPAC.scorable_claims] == [
        "Listening",
        "Speaking",
        "Reading",
        "Writing",
    ]


@pytest.mark.parametrize(
    ("score", "level"), [(2114, 1), (2366, 1), (2367, 2), (2431, 2), (2432, 3), (2490, 4)]
)
def test_a_score_has_the_level_of_its_grade(score: int, level: int) -> None:
    assert ELA.level_of("03", score) == level


def test_a_grade_without_cut_scores_has_no_level() -> None:
    assert ELA.level_of("09", 2500) is None


@pytest.mark.parametrize(
    ("difficulty", "word"),
    [(-2.0, "Easy"), (-1.93882, "Moderate"), (-0.5, "Moderate"), (-0.43906, "Difficult")],
)
def test_item_difficulty_in_words(difficulty: float, word: str) -> None:
    assert ELA.difficulty_word("03", difficulty) == word


def test_elpac_has_composites_and_no_standard() -> None:
    kind = ELPAC.find_type("SUM")
    assert kind is not None
    assert kind.alternate is not None
    assert (kind.alternate.name, kind.overall.standard_cutoff) == ("Composite", None)
    assert [one.name for one in ELPAC.alternates] == ["Oral Language", "Written Language"]
