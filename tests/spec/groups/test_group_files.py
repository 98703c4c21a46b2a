"""Group files as little text tables: what the state's system says, and how Rollbook reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.groups.checks.catalogue import CHECKS
from rollbook.groups.checks.reading import read_group_file
from rollbook.groups.checks.state import state_verdict
from tests.spec.groups.given import WORLD, cases, file_of, told_by_state, told_by_us

CASES = cases(Path(__file__).with_name("files.txt"))
NAMES = [case[0] for case in CASES]
# Found when the changes of a file are worked out, so no reading of a file finds them.
OF_PLANS = "GRP-23"


@pytest.mark.parametrize(("recipe", "state"), [(case[1], case[2]) for case in CASES], ids=NAMES)
def test_the_state_system_says(recipe: str, state: list[str]) -> None:
    assert told_by_state(state_verdict(file_of(recipe), WORLD)) == state


@pytest.mark.parametrize(("recipe", "ours"), [(case[1], case[3]) for case in CASES], ids=NAMES)
def test_rollbook_reads(recipe: str, ours: str) -> None:
    assert told_by_us(read_group_file(file_of(recipe), name="f.csv", world=WORLD)) == ours


def test_every_check_has_a_line_in_the_table() -> None:
    told = " ".join(case[3] for case in CASES)
    missing = [check.code for check in CHECKS if check.code not in told]
    assert [code for code in missing if not code.startswith(OF_PLANS)] == []


def test_every_check_has_a_code_of_its_own_and_says_what_to_do() -> None:
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    assert [check.code for check in CHECKS if not check.fix.endswith(".")] == []


def test_names_of_cases_are_told_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
