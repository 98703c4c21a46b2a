"""Mail addresses that hear of a scheduled extract, as people type them."""

from __future__ import annotations

import pytest

from rollbook.extracts.rules.mails import bad_mails, split_mails


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ()),
        (" \n, ;", ()),
        ("ann@example.org", ("ann@example.org",)),
        ("ann@example.org, bo@example.org", ("ann@example.org", "bo@example.org")),
        ("ann@example.org;bo@example.org\r\ncy@example.org",
         ("ann@example.org", "bo@example.org", "cy@example.org")),
        ("bo@example.org\nann@example.org", ("bo@example.org", "ann@example.org")),
        ("Ann@Example.org, ann@example.org", ("ann@example.org",)),
        # A blank parts nothing: the two are told to be no address, rather than guessed at.
        ("ann@example.org bo@example.org", ("ann@example.org bo@example.org",)),
    ],
)  # fmt: skip
def test_addresses_are_parted_by_commas_semicolons_and_lines(
    typed: str, read: tuple[str, ...]
) -> None:
    assert split_mails(typed) == read


def test_what_is_no_address_is_told_in_the_order_in_which_it_was_typed() -> None:
    mails = ("zed", "ann@example.org", "a b@example.org", "@example.org", "bo@example.org")
    assert bad_mails(mails) == ("zed", "a b@example.org", "@example.org")


def test_no_addresses_are_no_bad_ones() -> None:
    assert bad_mails(()) == ()
