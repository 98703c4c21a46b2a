"""What the other side says, and when it is asked again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollbook.extracts.rules.answers import meaning_of, plain_words, rows_flagged
from rollbook.extracts.rules.trying import next_look, next_try

SECONDS = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("message", "rows"),
    [
        ("", []),
        ("2 groups accepted for 0101.", []),
        ("Row: 0 Failure: Invalid headers.", []),
        ("Row: 3 Failure: a", [(3, 4, "a")]),
        ("Row: 3 Failure: a\nRow: 12 Failure: b c", [(3, 4, "a"), (12, 13, "b c")]),
        ("Row: 3 Failure: a Row: 4 Failure: b", [(3, 4, "a"), (4, 5, "b")]),
        (
            "Row: 3 Failure: a\nRow: 0 Failure: With 7 additional validation failures",
            [(3, 4, "a")],
        ),
    ],
)
def test_rows_are_read_out_of_a_message(message: str, rows: list[tuple[int, int, str]]) -> None:
    assert [(f.row, f.line, f.says) for f in rows_flagged(message)] == rows


def test_words_for_letters_hold_no_cells() -> None:
    cells = "Row: 2 Failure: 1000000001"
    assert plain_words("BAD_DATA", cells, is_refused=True) == meaning_of("BAD_DATA")
    assert plain_words("NEW", cells, is_refused=True) == meaning_of("NEW")
    assert plain_words("PROCESSED", "ours", is_refused=True) == "ours"
    assert plain_words("", "ours", is_refused=False) == "ours"


@pytest.mark.parametrize(
    ("tries", "asked", "seconds"),
    [(1, None, 30), (2, None, 60), (4, None, 240), (7, None, 1800), (999, None, 1800),
     (1, 90.0, 90), (1, 0.0, 1), (1, 86400.0, 3600)],
)  # fmt: skip
def test_tries_grow_rarer_and_the_other_side_is_heard(
    tries: int, asked: float | None, seconds: int
) -> None:
    assert next_try(tries, asked) == seconds * SECONDS


@pytest.mark.parametrize(("waited", "seconds"), [(0, 5), (40, 10), (3600, 900), (80000, 900)])
def test_looks_grow_rarer(waited: int, seconds: int) -> None:
    assert next_look(waited * SECONDS) == seconds * SECONDS
