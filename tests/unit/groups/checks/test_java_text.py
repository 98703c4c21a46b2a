from __future__ import annotations

import pytest

from rollbook.groups.checks.java_text import (
    is_blank,
    is_without_name,
    whole_number,
    without_case,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2024", 2024),
        ("+2024", 2024),
        ("-5", -5),
        ("0002024", 2024),
        ("0" * 5000 + "7", 7),
        ("-0", 0),
        ("٢٠٢٤", 2024),
        ("\uff12\uff10\uff12\uff14", 2024),
        ("2147483647", 2147483647),
        ("-2147483648", -2147483648),
        ("2147483648", None),
        ("-2147483649", None),
        ("9" * 5000, None),
        ("", None),
        ("+", None),
        (" 2024", None),
        ("2024\n", None),
        ("2_024", None),
        ("2024.0", None),
        ("--5", None),
        (
            "\U0001d7d0\U0001d7ce\U0001d7d0\U0001d7d2",
            None,
        ),  # digits that are two Java characters each
        ("²", None),
    ],
)
def test_a_year_is_read_as_java_reads_it(text: str, number: int | None) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("group_name", "GROUP_NAME"),
        ("ñ", "Ñ"),
        ("I", "\u0131"),
        ("i", "\u0130"),
        ("k", "\u212a"),  # the sign of the kelvin
        ("s", "\u017f"),
        ("\u03c3", "\u03c2"),
        ("ß", "\u1e9e"),
    ],
)
def test_texts_that_differ_in_case_alone(one: str, other: str) -> None:
    assert without_case(one) == without_case(other)


@pytest.mark.parametrize(("one", "other"), [("ß", "ss"), ("𐐀", "𐐨"), ("e", "é"), ("a ", "a")])
def test_texts_that_differ_in_more(one: str, other: str) -> None:
    assert without_case(one) != without_case(other)


def test_a_space_that_keeps_words_together_is_not_white() -> None:
    assert [is_blank(text) for text in ("", " \t\u2003\x1c", "\u00a0", "\u2007", "\x00")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_name_of_control_characters_is_none() -> None:
    assert [is_without_name(text) for text in ("", " \x00\x1f", "\u2003", "a")] == [
        True,
        True,
        False,
        False,
    ]
