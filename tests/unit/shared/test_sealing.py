"""Secrets are sealed with the first key, and opened with any."""

from __future__ import annotations

import pytest

from rollbook.shared.sealing import SealIsBroken, seal, unseal

SECRETS = {"password": "correct horse", "private_key": "-----BEGIN\nÄ\n"}


def test_what_is_sealed_can_be_opened() -> None:
    assert unseal(seal(SECRETS, ["key"]), ["key"]) == SECRETS


def test_nothing_of_a_secret_can_be_read_and_no_two_seals_are_equal() -> None:
    first, second = seal(SECRETS, ["key"]), seal(SECRETS, ["key"])
    assert first != second
    assert "correct" not in first


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = seal(SECRETS, ["old"])
    assert unseal(old, ["new", "old"]) == SECRETS
    with pytest.raises(SealIsBroken):
        unseal(seal(SECRETS, ["new", "old"]), ["old"])


def test_blank_text_seals_nothing() -> None:
    assert unseal("", ["key"]) == {}


@pytest.mark.parametrize("change", [lambda t: t[:-4], lambda t: t + "AAAA", lambda t: "x" + t])
def test_changed_text_does_not_open(change: object) -> None:
    with pytest.raises(SealIsBroken):
        unseal(change(seal(SECRETS, ["key"])), ["key"])  # type: ignore[operator]


@pytest.mark.parametrize("text", ["s1.", "s1.AA", "s1.§", "plain", '{"password": "x"}'])
def test_text_that_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(SealIsBroken):
        unseal(text, ["key"])


def test_every_changed_letter_is_noticed() -> None:
    text = seal({"a": "b"}, ["key"])
    for place in range(3, len(text) - 1):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(SealIsBroken):
            unseal(text[:place] + other + text[place + 1 :], ["key"])


@pytest.mark.parametrize("keys", [[], [""]])
def test_sealing_needs_a_key(keys: list[str]) -> None:
    with pytest.raises(ValueError):
        seal(SECRETS, keys)
