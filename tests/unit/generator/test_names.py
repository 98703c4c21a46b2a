from __future__ import annotations

import pytest

from rollbook.generator.names import FEMALE_NAMES, LAST_NAMES, MALE_NAMES, slug


def test_there_are_enough_names_and_none_twice() -> None:
    assert len(set(FEMALE_NAMES) | set(MALE_NAMES)) >= 300
    assert len(set(LAST_NAMES)) == len(LAST_NAMES) >= 500


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("Núñez", "nunez"), ("O'Brien", "obrien"), ("Simon-Fenner", "simonfenner"), ("Zoë", "zoe")],
)
def test_a_slug_is_plain_lower_case(name: str, spelled: str) -> None:
    assert slug(name) == spelled
