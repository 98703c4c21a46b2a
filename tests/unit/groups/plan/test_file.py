"""What a group file changes, case by case."""

from __future__ import annotations

from rollbook.groups.plan.file import GroupPlan, plan_group_file
from rollbook.groups.types import GroupDifference
from tests.factories.group_files import current, file_rows, ids_from, state_after, told

ALGEBRA = ("Algebra", 11, 2027, "Math", "file", True)


def planned(state, *lines: str) -> GroupPlan:
    return plan_group_file(file_rows(*lines), state, take_ids=ids_from())


def after(state, *lines: str):
    return told(state_after(planned(state, *lines), state))


def test_a_new_group_comes_with_its_students_and_users():
    state = current()
    plan = planned(
        state, "Algebra,S1,2027,math,P1,T@Example.org", "Algebra,S1,2027,,P2,", "Algebra,S1,2027,,,"
    )
    assert told(state_after(plan, state)) == {
        (11, 2027, "Algebra"): ("Math", True, [1, 2], ["t@example.org"])
    }
    assert plan.differences == (
        GroupDifference("S1", "Algebra", 2027, "add", 0, 2, 0, 1, 0, "", "Math"),
    )


def test_a_named_group_is_replaced_and_others_stay():
    state = current(
        {1: ALGEBRA, 2: ("Biology", 11, 2027, "", "file", True)},
        members={1: [1, 2], 2: [5]},
        users={1: ["a@example.org"], 2: ["b@example.org"]},
    )
    plan = planned(state, "Algebra,S1,2027,Math,P2,c@example.org", "Algebra,S1,2027,,P3,")
    assert told(state_after(plan, state)) == {
        (11, 2027, "Algebra"): ("Math", True, [2, 3], ["c@example.org"]),
        (11, 2027, "Biology"): ("", True, [5], ["b@example.org"]),
    }
    assert plan.differences == (
        GroupDifference("S1", "Algebra", 2027, "update", 2, 1, 1, 1, 1, "Math", "Math"),
    )


def test_what_is_so_already_changes_nothing():
    state = current({1: ALGEBRA}, members={1: [1]}, users={1: ["a@example.org"]})
    plan = planned(state, "Algebra,S1,2027,MATH,P1,A@example.org")
    assert [change.frame.height for change in plan.changes] == [0, 0, 0]
    assert [found.action for found in plan.differences] == ["unchanged"]


def test_an_archived_group_comes_back():
    state = current({1: (*ALGEBRA[:5], False)}, members={1: [1]})
    plan = planned(state, "algebra,S1,2027,Math,P1,")
    assert told(state_after(plan, state)) == {(11, 2027, "Algebra"): ("Math", True, [1], [])}
    assert [(found.name, found.action) for found in plan.differences] == [("Algebra", "restore")]


def test_users_alone_take_the_students_out():
    state = current({1: ALGEBRA}, members={1: [1, 2]})
    plan = planned(state, "Algebra,S1,2027,Math,,a@example.org")
    assert told(state_after(plan, state)) == {
        (11, 2027, "Algebra"): ("Math", True, [], ["a@example.org"])
    }
    assert plan.emptied.rows() == [(2, "Algebra", 2)]


def test_all_and_nothing_mean_all_subjects():
    state = current({1: ALGEBRA})
    assert after(state, "Algebra,S1,2027,All,,")[11, 2027, "Algebra"][0] == ""
    assert after(state, "Algebra,S1,2027,,,")[11, 2027, "Algebra"][0] == ""
    assert after(state, "Algebra,S1,2027,ela,,")[11, 2027, "Algebra"][0] == "ELA"


def test_names_that_differ_in_case_are_one_group():
    state = current()
    assert after(state, "G,S1,2027,,P1,", "h,S1,2027,,P9,", "g,S1,2027,,P2,") == {
        (11, 2027, "G"): ("", True, [1, 2], []),
        (11, 2027, "h"): ("", True, [9], []),
    }


def test_the_same_name_at_another_school_or_year_is_another_group():
    assert sorted(after(current(), "G,S1,2027,,P1,", "G,S2,2027,,P1,", "G,S1,2026,,P1,")) == [
        (11, 2026, "G"), (11, 2027, "G"), (12, 2027, "G"),
    ]  # fmt: skip


def test_a_retired_number_names_the_student_once():
    plan = planned(current(), "G,S1,2027,,P3,", "G,S1,2027,,OLD3,")
    assert told(state_after(plan, current()))[11, 2027, "G"][2] == [3]
    assert plan.unknown.height == 0


def test_unknown_students_and_those_of_another_district_are_told_alike():
    plan = planned(current(), "G,S1,2027,,P1,", "G,S1,2027,,NOBODY,", "G,S1,2027,,Q1,")
    assert told(state_after(plan, current()))[11, 2027, "G"][2] == [1]
    assert plan.unknown.rows() == [(3, "NOBODY"), (4, "Q1")]


def test_groups_that_follow_the_roster_are_told_and_left_alone():
    state = current(
        {1: ("Room 5", 11, 2027, "", "class", True), 2: ("Fives", 11, 2027, "", "rule", True)},
        members={1: [1]},
    )
    plan = planned(state, "Room 5,S1,2027,,P2,", "fives,S1,2027,,P2,")
    assert plan.following.select("line", "name").rows() == [(3, "fives"), (2, "Room 5")]
    assert told(state_after(plan, state)) == told(state)
    assert plan.differences == ()


def test_a_group_made_by_hand_becomes_the_files():
    state = current({1: (*ALGEBRA[:4], "hand", True)}, members={1: [1]})
    plan = planned(state, "Algebra,S1,2027,Math,P1,")
    assert state_after(plan, state).groups["origin"].to_list() == ["file"]
    assert [found.action for found in plan.differences] == ["update"]
