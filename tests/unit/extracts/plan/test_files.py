"""Bytes of a group file, how two files differ, and what another system should hold."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from rollbook.extracts.plan.comparing import compare_files
from rollbook.extracts.plan.wanted import emptying_rows, wanted_state
from rollbook.extracts.plan.writing import file_bytes, rows_of
from rollbook.extracts.types import GroupChange
from rollbook.groups.checks.state import state_verdict
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import GroupFileWorld

HEADER = b"group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"


def rows(text: str) -> pl.DataFrame:
    """Read lines such as `Smith 1,0001,2027,ELA,S1,`."""
    return rows_of(HEADER + text.strip().encode())


def test_bytes_are_plain_and_quoted_only_where_needed() -> None:
    frame = pl.DataFrame(
        [
            ("Smith", "0001", "2027", "All", "", "a@example.org"),
            ("Smith, J", "0001", "2027", "All", "S1", ""),
            ('"Smith"', "0001", "2027", "All", "S1", None),
            ("#1 Zoë", "0001", "2027", "All", "S1", ""),
        ],
        schema=list(GROUP_FILE),
        orient="row",
    )
    assert file_bytes(frame) == HEADER + (
        "Smith,0001,2027,All,,a@example.org\n"
        '"Smith, J",0001,2027,All,S1,\n'
        '"""Smith""",0001,2027,All,S1,\n'
        '"#1 Zoë",0001,2027,All,S1,\n'
    ).encode()  # fmt: skip
    assert rows_of(file_bytes(frame)).equals(frame.fill_null(""))


def test_a_file_without_rows_has_its_header_and_comes_back() -> None:
    empty = pl.DataFrame(schema=dict.fromkeys(GROUP_FILE, pl.String))
    assert file_bytes(empty) == HEADER
    assert rows_of(HEADER).equals(empty)
    assert compare_files(empty, empty) == []


BEFORE = """
Smith 1,0001,2027,ELA,S1,
Smith 1,0001,2027,ELA,S2,
Smith 1,0001,2027,ELA,,a@example.org
Jones 1,0001,2027,All,S3,
Jones 1,0001,2027,All,,b@example.org
Same 1,0002,2027,All,S4,
Gone 1,0002,2027,All,S5,
Gone 1,0002,2027,All,,c@example.org
Hollow 1,0002,2027,All,,d@example.org
"""
AFTER = """
SMITH 1,0001,2027,Math,,b@example.org
SMITH 1,0001,2027,Math,S2,
SMITH 1,0001,2027,Math,S9,
Jones 1,0001,2027,All,,b@example.org
Jones 1,0001,2027,All,S3,
Same 1,0002,2027,All,S4,
Smith 1,0001,2028,All,S1,
New 1,0002,2027,ELA,,e@example.org
"""


def test_two_files_are_compared_group_by_group() -> None:
    assert compare_files(rows(BEFORE), rows(AFTER)) == [
        GroupChange("0001", "Jones 1", 2027, "unchanged", subject_before="All",
                    subject_after="All"),
        GroupChange("0001", "SMITH 1", 2027, "changed", 1, 1, 1, 1, "ELA", "Math"),
        GroupChange("0001", "Smith 1", 2028, "added", 1, 0, 0, 0, "", "All"),
        GroupChange("0002", "Gone 1", 2027, "removed", 0, 1, 0, 1, "All", ""),
        GroupChange("0002", "Hollow 1", 2027, "removed", 0, 0, 0, 1, "All", ""),
        GroupChange("0002", "New 1", 2027, "added", 0, 0, 1, 0, "", "ELA"),
        GroupChange("0002", "Same 1", 2027, "unchanged", subject_before="All",
                    subject_after="All"),
    ]  # fmt: skip


def test_a_subject_alone_is_a_change_and_a_row_twice_is_none() -> None:
    one = "Smith 1,0001,2027,ELA,S1,"
    told = compare_files(rows(one), rows(one.replace("ELA", "Math") + "\n" + one))
    assert [(c.action, c.students_added, c.students_removed) for c in told] == [("changed", 0, 0)]
    assert [c.action for c in compare_files(rows(one), rows(f"{one}\n{one}"))] == ["unchanged"]


def test_what_the_other_side_should_hold() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    wanted = wanted_state(rows(AFTER), rows(BEFORE), at)
    assert wanted.sent_at == at
    assert [each.name for each in wanted.orphans] == ["Gone 1"]
    assert [each.name for each in wanted.to_delete] == ["Gone 1", "Hollow 1"]
    assert [each.name for each in wanted.drift] == ["SMITH 1"]
    assert [(each.name, each.school_year) for each in wanted.missing] == [
        ("Smith 1", 2028), ("New 1", 2027)
    ]  # fmt: skip
    # Of the old file two lost their group and one saw nobody; of the new one one has no student.
    assert wanted.blind == ["a@example.org", "c@example.org", "d@example.org", "e@example.org"]


def test_nothing_was_ever_sent() -> None:
    nothing = rows("")
    wanted = wanted_state(rows(AFTER), nothing, None)
    assert len(wanted.missing) == 5
    assert (wanted.orphans, wanted.drift, wanted.to_delete) == ([], [], [])
    assert wanted_state(nothing, nothing, None).blind == []


def test_an_orphan_is_emptied_and_then_only_waits_to_be_deleted() -> None:
    sent = rows(BEFORE)
    wanted = wanted_state(rows(AFTER), sent, None)
    emptied = emptying_rows(wanted.to_delete)
    assert file_bytes(emptied) == HEADER + (b"Gone 1,0002,2027,All,,\nHollow 1,0002,2027,All,,\n")
    assert state_verdict(file_bytes(emptied), GroupFileWorld(subjects=("ELA",))).accepted
    names = emptied["group_name"].implode()
    kept = sent.filter(~pl.col("group_name").is_in(names))
    later = wanted_state(rows(AFTER), pl.concat([kept, emptied]), None)
    assert later.orphans == []
    assert [each.name for each in later.to_delete] == ["Gone 1", "Hollow 1"]


def test_no_orphans_need_no_rows() -> None:
    assert file_bytes(emptying_rows([])) == HEADER
