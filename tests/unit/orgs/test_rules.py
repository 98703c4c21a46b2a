from __future__ import annotations

import pytest

from rollbook.orgs.rules import may_stand_under, says_why_not_under
from rollbook.orgs.types import OrganizationKind as Kind

ALLOWED = {
    Kind.STATE: set(),
    Kind.DISTRICT_GROUP: {Kind.STATE},
    Kind.DISTRICT: {Kind.STATE, Kind.DISTRICT_GROUP},
    Kind.SCHOOL_GROUP: {Kind.STATE, Kind.DISTRICT_GROUP, Kind.DISTRICT},
    Kind.SCHOOL: {Kind.STATE, Kind.DISTRICT_GROUP, Kind.DISTRICT, Kind.SCHOOL_GROUP},
}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_stands_under_the_kinds_above_it(kind: Kind) -> None:
    assert {parent for parent in Kind if may_stand_under(kind, parent)} == ALLOWED[kind]
    assert may_stand_under(kind, None)


def test_a_refused_parent_is_told_with_what_would_do() -> None:
    assert says_why_not_under(Kind.DISTRICT, Kind.SCHOOL) == (
        "A district cannot stand under a school. "
        "It may stand under a state or a group of districts."
    )
    assert says_why_not_under(Kind.STATE, Kind.STATE).endswith("nothing: it is the top.")
