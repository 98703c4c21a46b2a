from __future__ import annotations

import pytest

from rollbook.groups.checks.reading import read_group_file
from rollbook.groups.checks.state import state_verdict
from rollbook.groups.checks.statuses import failed_status
from rollbook.groups.types import ImportStatus
from tests.spec.groups.given import WORLD, file_of


@pytest.mark.parametrize(
    ("recipe", "by_state", "by_us"),
    [
        ("H / G,S1,2024,,1,", ImportStatus.ACCEPTED, ImportStatus.ACCEPTED),
        ("H", ImportStatus.BAD_FORMAT, ImportStatus.BAD_FORMAT),
        ("a,b / 1,2", ImportStatus.BAD_FORMAT, ImportStatus.BAD_FORMAT),
        ('"H', ImportStatus.BAD_FORMAT, ImportStatus.BAD_FORMAT),
        ("H / G,S9,2024,,1,", ImportStatus.UNKNOWN_SCHOOL, ImportStatus.UNKNOWN_SCHOOL),
        ("H / G,S9,2031,,1,", ImportStatus.UNKNOWN_SCHOOL, ImportStatus.UNKNOWN_SCHOOL),
        ("H / G,S1,2031,,1,", ImportStatus.BAD_DATA, ImportStatus.BAD_DATA),
        ("H / G,S1, 2024,,1,", ImportStatus.BAD_DATA, ImportStatus.ACCEPTED),
    ],
)
def test_what_is_worst_decides_the_status(
    recipe: str, by_state: ImportStatus, by_us: ImportStatus
) -> None:
    content = file_of(recipe)
    assert failed_status(state_verdict(content, WORLD)) == by_state
    assert failed_status(read_group_file(content, name="f.csv", world=WORLD)) == by_us
