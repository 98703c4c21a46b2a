"""Which groups stay out when only part of a file goes in."""

from __future__ import annotations

import pytest

from rollbook.groups.plan.tainting import tainted_groups, without_groups
from tests.factories.group_files import faulty_rows, file_rows

GOOD = ("G,S1,2027,,P1,", "G,S2,2027,,P1,", "G,S1,2026,,P1,", "H,S1,2027,,P1,")


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("g,S1,2027,Nonsense,P2,", {("S1", 2027, "g")}),
        ("G,,2027,,P2,", {("S1", 2027, "g"), ("S2", 2027, "g")}),
        ("G,S1,2O27,,P2,", {("S1", 2027, "g"), ("S1", 2026, "g")}),
        ("G,S9,2027,,P2,", set()),
        (",S1,2027,,P2,", {("S1", 2027, "h")}),  # after the last row
    ],
)
def test_what_a_faulty_row_keeps_out(line: str, out: set[tuple[str, int, str]]):
    found = tainted_groups(file_rows(*GOOD), faulty_rows(line))
    named = found.select("school_natural_id", "school_year", "name_key").rows()
    assert set(named) == out


def test_a_row_without_a_name_keeps_the_groups_beside_it_out():
    rows = file_rows(*GOOD).filter(~(file_rows(*GOOD)["line"] == 4))
    found = tainted_groups(rows, faulty_rows(",S1,2027,,P2,", first=4))
    assert sorted(found["name_key"].to_list()) == ["g", "h"]


def test_a_group_stays_out_whole():
    rows = file_rows(*GOOD, "g,S1,2027,,P7,")
    kept, out = without_groups(rows, tainted_groups(rows, faulty_rows("G,S1,2027,No,P2,")))
    assert kept["line"].to_list() == [3, 4, 5]
    assert out["line"].to_list() == [2, 6]


def test_nothing_faulty_keeps_nothing_out():
    rows = file_rows(*GOOD)
    assert tainted_groups(rows, faulty_rows()).height == 0
