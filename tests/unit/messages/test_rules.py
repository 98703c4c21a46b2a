from __future__ import annotations

import pytest

from rollbook.messages.rules import is_refused_for_good, message_id


@pytest.mark.parametrize(
    ("code", "is_final"),
    [(0, False), (250, False), (421, False), (451, False), (530, False), (535, False),
     (550, True), (552, False), (554, True), (599, True)],
)  # fmt: skip
def test_only_a_final_reply_ends_the_attempts(code: int, is_final: bool) -> None:
    assert is_refused_for_good(code) is is_final


def test_every_attempt_carries_the_same_message_id() -> None:
    assert message_id("1234", "rollbook.example") == "<1234@rollbook.example>"
