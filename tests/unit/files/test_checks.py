"""The list of file checks, as the reference page prints it."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from rollbook.files.checks import CHECKS, Check


def test_every_code_is_its_own() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS) == 58
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_check_speaks_in_the_house_style(check: Check) -> None:
    assert re.fullmatch(r"FIL-[123]\d\d", check.code)
    assert check.fix.endswith(".")
    assert check.why.endswith(".")
    for text in (check.says, check.fix, check.why):
        assert not re.search(r"\b(invalid|illegal|successfully|please)\b", text, re.IGNORECASE)
    assert all(
        name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(check.says)
    )
