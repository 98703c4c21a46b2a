"""Codes and logins of cards."""

from __future__ import annotations

import math
import random
import re

import pytest

from rollbook.roster.rules.cards import (
    ALPHABET,
    CODE_LENGTH,
    hashed,
    is_code,
    new_code,
    new_login,
    plain_code,
)

KEY, SALT = b"key", b"0123456789abcdef"


def choose(seed: int = 1):
    return random.Random(seed).choice


def test_a_code_has_40_bits_and_no_letter_twice_in_the_alphabet() -> None:
    assert math.log2(len(set(ALPHABET)) ** CODE_LENGTH) >= 40
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert not set(ALPHABET) & set("AEIOULS012568")


def test_a_code_reads_in_three_groups() -> None:
    assert re.fullmatch(rf"([{ALPHABET}]{{3}}-){{2}}[{ALPHABET}]{{3}}", new_code(choose()))


@pytest.mark.parametrize("typed", ["bkt-4mr-x7p", "BKT4MRX7P", " bkt 4mr x7p ", "BKT–4MR–X7P"])
def test_case_spaces_and_hyphens_do_not_count(typed: str) -> None:
    assert plain_code(typed) == "BKT4MRX7P"
    assert is_code(typed, hashed("BKT-4MR-X7P", key=KEY, salt=SALT), key=KEY)


@pytest.mark.parametrize("typed", ["", "BKT-4MR-X7Q", "BKT-4MR", "BKT-4MR-X7P-B", "é"])
def test_any_other_code_is_not_it(typed: str) -> None:
    assert not is_code(typed, hashed("BKT-4MR-X7P", key=KEY, salt=SALT), key=KEY)


def test_a_code_is_kept_only_with_the_key_and_its_own_salt() -> None:
    kept = hashed("BKT-4MR-X7P", key=KEY, salt=SALT)
    assert "BKT" not in kept
    other = hashed("BKT-4MR-X7P", key=KEY, salt=b"another salt....")
    assert kept.rpartition("$")[2] != other.rpartition("$")[2]
    assert not is_code("BKT-4MR-X7P", kept, key=b"stolen database, no key")


@pytest.mark.parametrize(
    ("local_id", "taken", "login"),
    [
        ("12345", set[str](), "12345"),
        (" AB-1 ", set[str](), "ab-1"),
        ("12345", {"12345"}, None),
        ("", set[str](), None),
        ("x", set[str](), None),
        ("Zoë Q", set[str](), None),
        ("<b>", set[str](), None),
    ],
)
def test_a_login_is_the_local_id_or_else_random(
    local_id: str, taken: set[str], login: str | None
) -> None:
    made = new_login(local_id, taken, choose())
    assert made == login if login else re.fullmatch(r"k-[a-z0-9]{6}", made)


def test_a_random_login_that_is_taken_is_not_given_again() -> None:
    first = new_login("", set(), choose())
    assert new_login("", {first}, choose()) != first
