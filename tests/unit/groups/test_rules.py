"""Names, addresses, sizes and rules of groups."""

from __future__ import annotations

import pytest

from rollbook.groups.rules import (
    ClassFacts,
    GroupIsWrong,
    asks_for_classes,
    class_fits,
    clean_logins,
    clean_name,
    clean_rule,
    clean_subject,
    free_name,
    refuse_taken,
    refuse_too_many,
    without_class_number,
)
from rollbook.groups.types import GroupRule

ALGEBRA = ClassFacts(
    uuid="aa11", course_code="ALG1", subjects="Mathematics, Algebra I", teachers=frozenset({"t1"})
)


def test_a_name_is_trimmed() -> None:
    assert clean_name("  Period 3 \t") == "Period 3"


@pytest.mark.parametrize("name", ["", " \t ", "a" * 256, "two\nlines", "null\x00", "bom\ufeff x"])
def test_a_name_has_signs_that_one_sees_and_255_at_most(name: str) -> None:
    with pytest.raises(GroupIsWrong):
        clean_name(name)


def test_a_name_of_255_signs_is_kept() -> None:
    assert clean_name("a" * 255) == "a" * 255


def test_a_name_that_differs_in_case_is_taken() -> None:
    with pytest.raises(GroupIsWrong, match="ÉCOLE"):
        refuse_taken("ÉCOLE", ["école"])
    refuse_taken("École", ["Ecole"])


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("Art", set(), "Art"),
        ("Art", {"art"}, "Art 2"),
        ("Art", {"art", "art 2"}, "Art 3"),
        ("a" * 300, {"a" * 255}, "a" * 253 + " 2"),
    ],
)
def test_a_free_name_counts_on(name: str, taken: set[str], free: str) -> None:
    assert free_name(name, taken) == free


def test_a_copy_of_a_class_group_loses_the_number_of_the_class() -> None:
    assert without_class_number("Reading k1 (class 12)") == "Reading k1"
    assert without_class_number("Reading (class of 12)") == "Reading (class of 12)"


def test_all_subjects_is_blank() -> None:
    assert [clean_subject(said) for said in ("", " All ", "all", " ELA ")] == ["", "", "", "ELA"]
    with pytest.raises(GroupIsWrong):
        clean_subject("Mathematics!")


def test_addresses_are_folded_and_kept_once() -> None:
    assert clean_logins([" Pat@Example.org", "pat@example.org", ""]) == ("pat@example.org",)


@pytest.mark.parametrize(
    "login", ["pat", "pat@example", "p at@example.org", "a@b.org;c@d.org", "@x.y"]
)
def test_what_is_no_address_is_refused(login: str) -> None:
    with pytest.raises(GroupIsWrong):
        clean_logins([login])


def test_200_students_fit() -> None:
    refuse_too_many(200)
    with pytest.raises(GroupIsWrong, match="201"):
        refuse_too_many(201)


def test_a_rule_is_trimmed_and_knows_its_grades() -> None:
    assert clean_rule(GroupRule(grades=(" 05", "05"), subjects=("",))) == GroupRule(grades=("05",))
    with pytest.raises(GroupIsWrong, match="5th"):
        clean_rule(GroupRule(grades=("5th",)))


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (GroupRule(), True),
        (GroupRule(course_codes=("alg1", "X")), True),
        (GroupRule(course_codes=("ALG2",)), False),
        (GroupRule(class_uuids=("AA11",)), True),
        (GroupRule(teachers=("t1", "t2")), True),
        (GroupRule(teachers=("t2",)), False),
        (GroupRule(course_codes=("ALG1",), teachers=("t2",)), False),
        (GroupRule(subjects=("mathematics",)), True),
        (GroupRule(subjects=("algebra i",)), True),
        (GroupRule(subjects=("math",)), False),
        (GroupRule(subjects=("Art",)), False),
    ],
)
def test_one_class_meets_all_that_a_rule_asks(rule: GroupRule, fits: bool) -> None:
    assert class_fits(rule, ALGEBRA) is fits


def test_grades_ask_nothing_of_a_class() -> None:
    assert not asks_for_classes(GroupRule(grades=("05",)))
    assert asks_for_classes(GroupRule(teachers=("t1",)))
