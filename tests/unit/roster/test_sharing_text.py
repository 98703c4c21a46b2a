"""Rules as people write them, and as Clever's page says them."""

from __future__ import annotations

import pytest

from rollbook.roster.rules.sharing import (
    Condition,
    MatchField,
    MatchOperator,
    RuleIsUnclear,
    Sharing,
    SharingMode,
    SharingRule,
    read_rule,
    read_rules,
    rule_text,
    sharing_from,
)

HOMEROOM = Condition(MatchField.COURSE_NAME, MatchOperator.CONTAINS, "Homeroom")
FALL = Condition(MatchField.TERM_NAME, MatchOperator.IS, "Fall")
TWO = Sharing(
    SharingMode.RULES,
    rules=(
        SharingRule((HOMEROOM, FALL)),
        SharingRule((Condition(MatchField.SCHOOL, MatchOperator.IS_NOT, "Elm and Oak"),)),
    ),
)
TEXT = (
    'Match all sections where Course name contains "Homeroom" and Term name is "Fall"\n'
    'Match all sections where School is not "Elm and Oak"'
)


def test_rules_are_said_in_the_words_of_the_page_they_go_to() -> None:
    assert rule_text(TWO) == TEXT


def test_what_was_said_is_read_again() -> None:
    assert read_rules(TEXT.splitlines()) == TWO
    assert sharing_from(TWO.as_json()) == TWO


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("course_name contains Homeroom and term_name is Fall", (HOMEROOM, FALL)),
        ("Course Name CONTAINS Homeroom", (HOMEROOM,)),
        ('term-name  is "Fall" ', (FALL,)),
        ("period is not ", (Condition(MatchField.PERIOD, MatchOperator.IS_NOT, ""),)),
    ],
)
def test_a_person_writes_it_in_many_ways(text: str, rule: tuple[Condition, ...]) -> None:
    assert read_rule(text).conditions == rule


@pytest.mark.parametrize("text", ["", "Homeroom", "color is blue", "course_name like x", " and "])
def test_what_is_no_rule_is_said_to_be_none(text: str) -> None:
    with pytest.raises(RuleIsUnclear):
        read_rule(text)


def test_no_rules_at_all_and_too_many_are_refused() -> None:
    with pytest.raises(RuleIsUnclear):
        read_rules(["", "  "])
    with pytest.raises(RuleIsUnclear):
        read_rules([f"period is {number}" for number in range(41)])
    with pytest.raises(RuleIsUnclear):
        read_rules([" and ".join(["period is 1"] * 9)])


def test_the_other_modes_are_said_too() -> None:
    assert rule_text(Sharing()) == "Share all sections of the district."
    schools = Sharing(SharingMode.SCHOOLS, school_ids=("n", "s"))
    assert rule_text(schools) == "Share all sections of these schools: n, s"
    sections = Sharing(SharingMode.SECTIONS, section_ids=("k1",))
    assert rule_text(sections) == "Share these sections: k1"
