"""What a group's history says of a plan."""

from __future__ import annotations

from rollbook.changes.plan import inverse
from rollbook.groups.plan.events import events_of
from rollbook.groups.plan.file import plan_group_file
from tests.factories.group_files import current, file_rows, ids_from


def changes(state, *lines: str):
    return plan_group_file(file_rows(*lines), state, take_ids=ids_from()).changes


def told(found) -> list[tuple[object, ...]]:
    return events_of(found).select("kind", "student_number", "login", "detail").rows()


def test_a_new_group_counts_who_came_with_it():
    assert told(changes(current(), "G,S1,2027,,P1,a@example.org", "G,S1,2027,,P2,")) == [
        ("created", None, "", '{"students": 2, "users": 1}')
    ]


def test_each_student_and_user_of_an_old_group_is_told():
    state = current(
        {7: ("G", 11, 2027, "ELA", "file", False)}, members={7: [1]}, users={7: ["a@example.org"]}
    )
    assert told(changes(state, "G,S1,2027,Math,P2,b@example.org")) == [
        ("restored", None, "", "{}"),
        ("subject", None, "", '{"before": "ELA", "after": "Math"}'),
        ("student_removed", 1, "", "{}"),
        ("student_added", 2, "", "{}"),
        ("user_removed", None, "a@example.org", "{}"),
        ("user_added", None, "b@example.org", "{}"),
    ]


def test_an_undo_is_told_the_other_way_round_and_leaves_no_word_of_groups_that_go():
    state = current({7: ("G", 11, 2027, "", "file", True)}, members={7: [1]})
    made = changes(state, "G,S1,2027,,P2,", "New,S1,2027,,P3,")
    assert sorted(told(inverse(made))) == [
        ("student_added", 1, "", "{}"),
        ("student_removed", 2, "", "{}"),
    ]
