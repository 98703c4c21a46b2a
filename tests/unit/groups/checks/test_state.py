from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.groups.checks.state import state_answer, state_verdict
from rollbook.groups.types import GroupFileWorld, StateMessage
from tests.spec.groups.given import HEADER, file_of, told_by_state

SAMPLES = Path(__file__).parents[5] / "shared" / "samples" / "rdw" / "groups"
ANYTHING = GroupFileWorld()


def _said(recipe: str, world: GroupFileWorld = ANYTHING) -> list[str]:
    return told_by_state(state_verdict(file_of(recipe), world))


def test_a_hundred_schools_are_named_and_the_others_counted() -> None:
    told = _said("H / 103*G,S{n},2024,,{n},")
    assert told[:2] == ["accepted", "2: 1 group accepted for S1."]
    assert told[100:] == ["101: 1 group accepted for S100.", "0: With 3 additional schools"]


def test_a_hundred_failures_are_told_and_the_others_counted() -> None:
    told = _said("H / 103*G{n},,2024,,,")
    assert (len(told), told[100]) == (102, "100: Record does not contain a school")
    assert told[101] == "0: With 3 additional validation failures"


def test_a_hundred_failures_are_not_counted_on() -> None:
    assert len(_said("H / 100*G{n},,2024,,,")) == 101


def test_equal_failures_are_told_once_but_for_missing_values() -> None:
    world = GroupFileWorld(subjects=("ELA",), years=frozenset({2024}))
    assert _said("H / G,S,2030,Art,, / G,S,2030,ART,, / G,S,2031,Art,,", world) == [
        "refused",
        "1: Invalid school year: 2030",
        "1: Invalid subject: Art",
        "2: Invalid subject: ART",
        "3: Invalid school year: 2031",
    ]


def test_school_name_and_year_are_run_together() -> None:
    # A1 of 2024 and A of 12024 are one group to it.
    assert _said("H / A1,S,2024,,, / A,S,12024,,,") == ["accepted", "2: 1 group accepted for S."]


def test_a_school_begins_with_no_groups_behind_it() -> None:
    # S1 with 2X and S12 with X are one key to it, but only within a school.
    two = ["2: 1 group accepted for S1.", "2: 1 group accepted for S12."]
    assert _said("H / 2X,S1,2024,,, / X,S12,2024,,,") == ["accepted", *two]
    three = ["3: 2 groups accepted for S1.", "3: 1 group accepted for S12."]
    assert _said("H / 2X,S1,2024,,, / Y,S1,2024,,, / X,S12,2024,,,") == ["accepted", *three]


def test_students_of_a_school_out_of_order_are_not_counted() -> None:
    assert _said("H / G,S1,2024,,, / G,S2,2024,,, / 201*K,S1,2024,,{n},") == [
        "refused",
        "3: School [S1] is out-of-order: sort CSV by school, group, year",
    ]


def test_a_group_of_the_school_before_keeps_its_count() -> None:
    assert _said("H / 201*G,S1,2024,,{n}, / K,S2,2024,,1, / L,S3,2024,,1,") == [
        "refused",
        "201: School [S2] Group [G] contains 201 students.  "
        "Maximum students allowed per group is 200",
    ]


def test_a_subject_is_forgotten_with_its_group() -> None:
    assert _said("H / G,S,2024,ELA,, / K,S,2024,Math,, / L,S,2024,,, / L,S,2024,ela,,") == [
        "accepted",
        "4: 3 groups accepted for S.",
    ]


def test_a_key_that_is_spelled_otherwise_is_out_of_order_only_as_first_spelled() -> None:
    assert _said("H / G,S,2024,,, / g,S,2024,,, / K,S,2024,,, / g,S,2024,,,")[0] == "accepted"
    assert _said("H / G,S,2024,,, / g,S,2024,,, / K,S,2024,,, / G,S,2024,,,")[0] == "refused"


def test_a_missing_student_column_is_missed_by_the_first_student_who_counts() -> None:
    without = "group_name,school_natural_id,school_year,subject_code,note,group_user_login"
    world = GroupFileWorld(school_ids=frozenset({"S"}))
    bad = "1: School [S9] can not be found"
    assert _said(f"{without} / G,S9,2024,,1,", world)[2:] == [bad]
    assert _said(f"{without} / G,S9,2024,,1, / G,S,2024,,1,", world)[2:] == [
        "0: File does not appear to be a valid CSV with a header row"
    ]


def test_a_fault_of_reading_comes_before_or_after_a_short_record_as_it_stands() -> None:
    short, broken = "G", '"G"x,S'
    not_csv = "0: File does not appear to be a valid CSV with a header row"
    assert _said(f"H / {short} / {broken}") == ["refused", not_csv]
    assert _said(f"H / G,S,2024,,, / {broken} / {short}")[1].startswith("0: Error reading file [")


def test_the_answer_is_written_as_the_service_keeps_it() -> None:
    good = state_verdict(file_of("H / G,S1,2024,,, / G,S2,2024,,,"), ANYTHING)
    assert state_answer(good) == "1 group accepted for S1.\n1 group accepted for S2."
    bad = state_verdict(file_of("H / ,S1,x,,,"), ANYTHING)
    assert state_answer(bad) == (
        "Row: 1 Failure: Record does not contain a group name\n"
        "Row: 1 Failure: Record does not contain a school year"
    )


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(f"{HEADER}\nG,S1,2024,,1,\n")
    verdict = state_verdict(path, ANYTHING)
    assert verdict.messages == (StateMessage(1, "1 group accepted for S1."),)


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs the shared samples beside the checkout")
@pytest.mark.parametrize(
    ("school", "says"),
    [
        ("19647336108641", (True, "1 group accepted for 19647336108641.", 56)),
        ("1964733610", (False, "School [19647336108641] can not be found", 1)),
    ],
)
def test_a_real_file_of_an_old_macintosh_needs_shared_samples(
    school: str, says: tuple[bool, str, int]
) -> None:
    world = GroupFileWorld(school_ids=frozenset({school}), years=frozenset({2018}))
    verdict = state_verdict(SAMPLES / "kenastondone7.csv", world)
    (message,) = verdict.messages
    assert (verdict.accepted, message.says, message.row) == says
