"""A student whom two rosters list: who writes the record, and what becomes of the second school."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from rollbook.roster.plan.draft import ANSWERS, RosterPlan, SchoolQuestion, TransferAsk
from rollbook.roster.rules.policy import SecondSchoolPolicy
from rollbook.roster.types import Mode, RosterFrames
from tests.factories.rosters import (
    SOURCE,
    Installation,
    actions,
    birth,
    cells,
    course,
    frames,
    org,
    role,
    seat,
    section,
    small,
    user,
    year,
)

OTHER = "oneroster:oth"
ASK, ADD = SecondSchoolPolicy.ASK, SecondSchoolPolicy.ADD
MOVE, CANCEL = SecondSchoolPolicy.MOVE, SecondSchoolPolicy.CANCEL


def said(plan: RosterPlan) -> list[tuple[str, int | None]]:
    return [(found.code, found.line) for found in plan.findings]


def first() -> RosterFrames:
    """The roster of the first district: ann, with a state id, at north."""
    return small(
        users=[user("ann", user_master_identifier="900"), user("ben"), user("tea", grades=None)]
    )


def second(**more: Any) -> RosterFrames:
    """The roster of the other district: the same child under another name, at west."""
    listed = {"family_name": "OF-ANN", "user_master_identifier": "900", "grades": ["04"]}
    rows: dict[str, Any] = {
        "orgs": [org("oth", "district", None), org("west", parent="oth")],
        "sessions": [year()],
        "users": [user("a-9", **listed), user("cat")],
        "roles": [role("a-9", "west"), role("cat", "west")],
        "courses": [course(org_sourced_id="oth")],
        "classes": [section("k", "west")],
        "enrollments": [
            seat("a-9", "k", school_sourced_id="west"), seat("cat", "k", school_sourced_id="west")
        ],
        "demographics": [birth("cat")],
    }  # fmt: skip
    return frames(**rows | more)


def without_ann() -> RosterFrames:
    return second(users=[user("cat")], roles=[role("cat", "west")],
                  enrollments=[seat("cat", "k", school_sourced_id="west")])  # fmt: skip


def both() -> Installation:
    here = Installation()
    here.load(first())
    return here


def at(here: Installation) -> list[tuple[str, bool]]:
    """Return where ann is enrolled, by source, and whether it is so now."""
    ann = here.state["students"].filter(ssid="900")["id"].item()
    stays = here.state["school enrollments"].filter(student_id=ann)
    return sorted(stays.select("source", "is_active").rows())


def answered(here: Installation, answer: str, *, turned: bool = False) -> pl.DataFrame:
    ann = here.state["students"].filter(ssid="900")["id"].item()
    places = [
        here.row("organizations", "north")["id"],
        here.row("organizations", "west", OTHER)["id"],
    ]
    start, end = places[::-1] if turned else places
    return pl.DataFrame([(ann, start, end, 2027, answer)], schema=ANSWERS, orient="row")


def waiting() -> Installation:
    """Return an installation where ann's second school waits for an answer."""
    here = both()
    here.load(second(), source=OTHER, second_school=ASK)
    return here


def test_two_sources_that_list_one_student_never_turn_the_record_around() -> None:
    here = both()
    before = here.row("students", "ann")
    plan = here.load(second(), source=OTHER)
    assert said(plan) == [("ROS-625", 2)]
    assert actions(plan)["student aliases"] == {"add": 1}
    assert actions(plan)["students"] == {"add": 1}
    assert here.row("students", "ann") == before
    assert at(here) == [(SOURCE, True), (OTHER, True)]
    for _night in range(2):
        assert actions(here.plan(first())) == {}
        assert actions(here.plan(second(), source=OTHER)) == {}


def test_the_source_that_still_lists_a_student_takes_the_record_over() -> None:
    here = both()
    here.load(second(), source=OTHER)
    gone = here.load(small(users=[user("ben")], roles=[role("ben", "north")], enrollments=[],
                           demographics=[]))  # fmt: skip
    assert "students" not in actions(gone)
    assert at(here) == [(SOURCE, False), (OTHER, True)]
    taken = here.load(second(), source=OTHER)
    (change,) = cells(taken.by_table["students"])
    assert change["source"] == (SOURCE, OTHER)
    assert actions(here.plan(second(), source=OTHER)) == {}
    back = here.load(first())
    assert said(back) == [("ROS-625", 2)]
    assert here.row("students", "a-9", OTHER)["ssid"] == "900"
    assert actions(here.plan(first())) == {}


def test_asking_leaves_the_second_school_out_until_somebody_answers() -> None:
    here = both()
    plan = here.load(second(), source=OTHER, second_school=ASK)
    assert said(plan) == [("ROS-623", 2)]
    ann, north = here.id_of("students", "ann"), here.id_of("organizations", "north")
    west = here.row("organizations", "west", OTHER)["id"]
    assert plan.questions == (SchoolQuestion(ann, north, west, 2027),)
    assert at(here) == [(SOURCE, True)]
    assert "student aliases" not in actions(plan)
    assert actions(plan)["enrollments"] == {"add": 1}
    assert actions(here.plan(second(), source=OTHER, second_school=ASK)) == {}


def test_add_lets_both_schools_stay() -> None:
    here = waiting()
    yes = answered(here, "add")
    plan = here.load(second(), source=OTHER, second_school=ASK, answers=yes)
    assert (said(plan), plan.questions) == ([("ROS-625", 2)], ())
    assert actions(plan)["enrollments"] == {"add": 1}
    assert at(here) == [(SOURCE, True), (OTHER, True)]
    assert actions(here.plan(first(), second_school=ASK, answers=yes)) == {}
    assert actions(here.plan(second(), source=OTHER, second_school=ASK, answers=yes)) == {}


def test_move_ends_the_first_school_in_the_same_row_and_holds_against_the_first_roster() -> None:
    here = waiting()
    yes = answered(here, "move")
    plan = here.load(second(), source=OTHER, second_school=ASK, answers=yes)
    assert actions(plan)["school enrollments"] == {"move": 1}
    assert at(here) == [(OTHER, True)]
    night = here.load(first(), second_school=ASK, answers=yes)
    assert said(night) == [("ROS-624", 2)]
    assert at(here) == [(OTHER, True)]
    assert actions(here.plan(first(), second_school=ASK, answers=yes)) == {}


def test_cancel_keeps_the_student_at_the_first_school() -> None:
    here = waiting()
    no = answered(here, "cancel")
    plan = here.plan(second(), source=OTHER, second_school=ASK, answers=no)
    assert (said(plan), actions(plan)) == ([("ROS-624", 2)], {})


def test_a_policy_that_moves_is_noted_as_its_answer_so_that_it_moves_once() -> None:
    here = both()
    plan = here.load(second(), source=OTHER, second_school=MOVE)
    assert [question.answer for question in plan.questions] == ["move"]
    noted = answered(here, "move")
    assert at(here) == [(OTHER, True)]
    assert "school enrollments" not in actions(
        here.plan(first(), second_school=MOVE, answers=noted)
    )


def test_a_policy_that_cancels_asks_nobody() -> None:
    here = both()
    plan = here.load(second(), source=OTHER, second_school=CANCEL)
    assert (said(plan), plan.questions) == ([("ROS-624", 2)], ())
    assert at(here) == [(SOURCE, True)]


def test_a_school_that_let_go_asks_nothing() -> None:
    here = both()
    here.load(small(users=[user("ben")], roles=[role("ben", "north")], enrollments=[],
                    demographics=[]))  # fmt: skip
    plan = here.load(second(), source=OTHER, second_school=ASK)
    assert said(plan) == []
    assert at(here) == [(SOURCE, False), (OTHER, True)]


def test_two_roles_in_one_file_are_the_senders_own_word() -> None:
    here = both()
    two = small(roles=[role("ann", "north"), role("ann", "south", role_type="secondary"),
                       role("ben", "north"), role("tea", "north", "teacher")])  # fmt: skip
    plan = here.plan(two, second_school=ASK)
    assert (said(plan), actions(plan)) == ([], {"school enrollments": {"add": 1}})


@pytest.mark.parametrize(
    ("more", "expected"),
    [([], [("ROS-623", 2)]), ([role("ann", "north", status="tobedeleted")], [])],
)
def test_a_delta_that_adds_a_school_asks_unless_it_takes_the_other_away(
    more: list[Any], expected: list[Any]
) -> None:
    here = both()
    delta = frames(mode=Mode.DELTA, roles=[role("ann", "south", status="active"), *more])
    plan = here.plan(delta, second_school=ASK)
    assert said(plan) == expected


def test_a_student_of_another_district_is_asked_for_and_tells_nothing() -> None:
    here = both()
    here.load(without_ann(), source=OTHER)
    mine = frozenset({here.row("organizations", "oth", OTHER)["id"]})
    before = here.state
    plan = here.load(second(), source=OTHER, may_take_from=mine)
    assert said(plan) == [("ROS-604", 2)]
    (district,) = mine
    assert plan.asks == (
        TransferAsk(here.id_of("students", "ann"), district, 2, "900", "Robin", "OF-ANN"),
    )
    assert plan.changes == ()
    assert all(here.state[name] is before[name] for name in before)


def test_a_released_student_moves_and_the_other_roster_must_ask_to_have_them_back() -> None:
    here = both()
    here.load(without_ann(), source=OTHER)
    ann = here.id_of("students", "ann")
    mine, theirs = (
        frozenset({here.row("organizations", key, source)["id"]})
        for key, source in (("oth", OTHER), ("dst", SOURCE))
    )
    plan = here.load(second(), source=OTHER, may_take_from=mine, released=frozenset({ann}))
    assert said(plan) == []
    assert actions(plan)["students"] == {"move": 1}
    assert actions(plan)["school enrollments"] == {"move": 1}
    assert here.row("students", "a-9", OTHER)["id"] == ann
    assert actions(here.plan(second(), source=OTHER, may_take_from=mine)) == {}
    night = here.load(first(), may_take_from=theirs)
    assert [code for code, _ in said(night)] == ["ROS-604"]
    assert "students" not in actions(night)
    assert at(here) == [(OTHER, True)]


def test_who_was_let_in_once_stays_when_a_district_sends_alone() -> None:
    here = both()
    here.load(second(), source=OTHER)
    mine = frozenset({here.row("organizations", "oth", OTHER)["id"]})
    plan = here.plan(second(), source=OTHER, may_take_from=mine)
    assert (said(plan), actions(plan)) == ([], {})


def test_a_record_that_was_archived_is_taken_over_by_who_lists_the_student() -> None:
    here = both()
    students = here.state["students"]
    is_ann = pl.col("ssid") == "900"
    here.state["students"] = students.with_columns(is_active=pl.col("is_active") & ~is_ann)
    plan = here.load(second(), source=OTHER)
    assert actions(plan)["students"] == {"add": 1, "reactivate": 1}
    assert here.row("students", "a-9", OTHER)["ssid"] == "900"
