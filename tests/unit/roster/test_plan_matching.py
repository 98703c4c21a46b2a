"""Who is who: the matching ladder, and what is left out when it cannot tell."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rollbook.roster.plan.draft import RosterPlan
from rollbook.roster.rules import identity
from tests.factories.rosters import (
    Installation,
    actions,
    birth,
    cells,
    frames,
    loaded,
    org,
    role,
    small,
    user,
)

BORN = date(2018, 3, 5)


def said(plan: RosterPlan) -> list[tuple[str, int | None, str | None]]:
    return [(found.code, found.line, found.value) for found in plan.findings]


def with_ssids(**ssids: str) -> Any:
    return small(
        users=[
            user("ann", user_master_identifier=ssids.get("ann")),
            user("ben", user_master_identifier=ssids.get("ben")),
            user("tea", grades=None),
        ]
    )


def holding(ssid: str, **cells: Any) -> Installation:
    """Return an installation that knows one student, from results or another district."""
    here = Installation()
    elsewhere = here.add("organizations", kind="district", name="Elsewhere")
    here.add("students", district_id=elsewhere, ssid=ssid, **cells)
    return here


@pytest.mark.parametrize(
    "known",
    [
        {"last_name": "Of ann", "birth_date": date(2010, 1, 1)},
        {"last_name": "OF ANN", "birth_date": None},
        {"last_name": "Other", "birth_date": BORN},
        {"last_name": "", "birth_date": None},
        {"last_name": "Of ann", "birth_date": BORN, "source": "oneroster:other", "sourced_id": "x"},
    ],
)  # fmt: skip
def test_a_state_id_with_an_agreeing_name_or_birth_date_is_the_same_student(
    known: dict[str, Any],
) -> None:
    here = holding("900", **known)
    (student,) = here.state["students"]["id"]
    plan = here.load(with_ssids(ann="900"))
    assert said(plan) == []
    assert here.id_of("students", "ann") == student
    assert here.state["students"].height == 2
    assert actions(plan)["students"] == {"add": 1, "move": 1}
    assert actions(here.plan(with_ssids(ann="900"))) == {}


@pytest.mark.parametrize(
    "known",
    [
        {"last_name": "Other", "birth_date": date(2010, 1, 1)},
        {"last_name": "Other", "birth_date": None},
    ],
)
def test_a_state_id_of_another_child_is_a_conflict(known: dict[str, Any]) -> None:
    here = holding("900", **known)
    before = here.state["students"]
    plan = here.load(with_ssids(ann="900"))
    assert said(plan) == [(identity.IDENTITY_CONFLICT.code, 2, "900")]
    assert actions(plan)["students"] == {"add": 1}
    assert here.state["students"].filter(ssid="900").equals(before)
    assert here.state["school enrollments"].height == 1
    assert here.state["enrollments"].height == 2


def test_conflicts_are_told_as_ros_601() -> None:
    (found,) = holding("900", last_name="Other").plan(with_ssids(ann="900")).findings
    assert (found.code, str(found.severity)) == ("ROS-601", "error")
    assert found.says == (
        'users.csv line 2, userMasterIdentifier: "900" already belongs to another student, '
        "with another name and birth date."
    )


def test_without_demographics_the_name_alone_decides() -> None:
    rows = {"users": [user("ann", user_master_identifier="900")], "roles": [role("ann", "north")]}
    places = [org("dst", "district", None), org("north")]
    for name, expected in (("Of ann", []), ("Other", [("ROS-601", 2, "900")])):
        here = holding("900", last_name=name, birth_date=BORN)
        assert said(here.plan(frames(orgs=places, **rows))) == expected


def test_a_known_student_may_be_given_a_state_id_that_nobody_has() -> None:
    plan = loaded().plan(with_ssids(ann="900"))
    assert (said(plan), cells(plan.by_table["students"])) == ([], [{"ssid": ("", "900")}])


def test_a_known_student_cannot_take_the_state_id_of_another_known_one() -> None:
    here = loaded(with_ssids(ann="900"))
    plan = here.plan(with_ssids(ben="900"))
    assert said(plan) == [("ROS-601", 3, "900")]


def test_two_students_who_exchange_state_ids_are_both_left_as_they_are() -> None:
    here = loaded(with_ssids(ann="900", ben="901"))
    plan = here.plan(with_ssids(ann="901", ben="900"))
    assert said(plan) == [("ROS-601", 2, "901"), ("ROS-601", 3, "900")]
    assert actions(plan) == {}


def test_a_new_student_cannot_become_one_who_is_in_the_same_file() -> None:
    """A twin given the sibling's state id by mistake: same last name, same birth date."""
    here = loaded(with_ssids(ann="900"))
    twins = small(
        users=[
            user("ann"),
            user("ben"),
            user("tea", grades=None),
            user("twin", family_name="Of ann", user_master_identifier="900"),
        ],
        roles=[
            role("ann", "north"), role("ben", "north"), role("twin", "north"),
            role("tea", "north", "teacher"),
        ],
    )  # fmt: skip
    plan = here.plan(twins)
    assert said(plan) == [("ROS-601", 5, "900")]


def test_a_student_whom_the_source_names_anew_keeps_the_record() -> None:
    here = loaded(with_ssids(ann="900"))
    ann = here.id_of("students", "ann")
    renamed = small(
        users=[user("ann-2", family_name="Of ann", user_master_identifier="900"), user("ben"),
               user("tea", grades=None)],
        roles=[role("ann-2", "north"), role("ben", "north"), role("tea", "north", "teacher")],
        enrollments=[],
        demographics=[birth("ann-2"), birth("ben")],
    )  # fmt: skip
    plan = here.load(renamed)
    assert cells(plan.by_table["students"]) == [
        {"sourced_id": ("ann", "ann-2"), "username": ("ann", "ann-2")}
    ]
    assert here.id_of("students", "ann-2") == ann


def test_one_state_id_given_to_two_students_leaves_both_out() -> None:
    plan = Installation().plan(with_ssids(ann="900", ben="900"))
    assert said(plan) == [("ROS-602", 2, "900"), ("ROS-602", 3, "900")]
    assert "students" not in actions(plan)


def test_known_students_left_out_for_their_state_id_stay_as_they_are() -> None:
    here = loaded(with_ssids(ann="900", ben="901"))
    plan = here.plan(with_ssids(ann="901", ben="901"))
    assert {code for code, _, _ in said(plan)} == {"ROS-602"}
    assert actions(plan) == {}


def test_a_student_of_no_school_is_told_as_ros_603() -> None:
    at_district = small(
        roles=[role("ann", "dst"), role("ben", "north"), role("tea", "north", "teacher")]
    )
    plan = Installation().plan(at_district)
    assert [(f.code, f.line) for f in plan.findings] == [("ROS-603", 2)]
    assert actions(plan)["students"] == {"add": 1}


def test_a_known_student_of_no_school_is_not_read_as_gone() -> None:
    at_district = small(
        roles=[role("ann", "dst"), role("ben", "north"), role("tea", "north", "teacher")]
    )
    plan = loaded().plan(at_district)
    assert [(f.code, f.line) for f in plan.findings] == [("ROS-603", 2)]
    assert actions(plan) == {}


def test_a_known_user_without_any_role_is_not_read_as_gone() -> None:
    plan = loaded().plan(small(roles=[role("ben", "north"), role("tea", "north", "teacher")]))
    assert "students" not in actions(plan)


def test_a_student_who_became_a_teacher_leaves_as_a_student() -> None:
    roles = [role("ann", "north", "aide"), role("ben", "north"), role("tea", "north", "teacher")]
    plan = loaded().plan(small(roles=roles, enrollments=[]))
    assert actions(plan)["students"] == {"archive": 1}
    assert actions(plan)["staff"] == {"add": 1}


@pytest.mark.parametrize("kind", ["guardian", "parent", "relative"])
def test_families_are_neither_students_nor_staff(kind: str) -> None:
    more = small(
        users=[user("ann"), user("ben"), user("tea", grades=None), user("mum", grades=None)],
        roles=[role("ann", "north"), role("ben", "north"), role("tea", "north", "teacher"),
               role("mum", "north", kind)],
    )  # fmt: skip
    assert actions(loaded().plan(more)) == {}


def test_a_student_of_a_district_that_is_not_the_senders_is_told_as_ros_604() -> None:
    here = holding("900", last_name="Of ann")
    before = here.state["students"]
    plan = here.load(with_ssids(ann="900"), may_take_from=frozenset({1}))
    assert said(plan) == [("ROS-604", 2, "900")]
    assert here.state["students"].filter(ssid="900").equals(before)
    elsewhere = frozenset(before["district_id"])
    assert said(here.plan(with_ssids(ann="900"), may_take_from=elsewhere)) == []


@pytest.mark.parametrize("name", ["users", "roles"])
def test_rows_that_nobody_could_read_remove_nobody_as_ros_605(name: str) -> None:
    here = loaded()
    rows = small(users=[user("ann")], roles=[role("ann", "north")], enrollments=[])
    assert "archive" in actions(here.plan(rows))["students"]
    plan = here.plan(rows, uncertain=[name])
    assert [found.code for found in plan.findings] == ["ROS-605"]
    assert not {"students", "staff"} & actions(plan).keys()


def test_a_text_that_no_page_can_hold_leaves_the_record_out_and_takes_nobody_away() -> None:
    here = loaded()
    rows = small(
        users=[user("ann", given_name="A" * 2001)], roles=[role("ann", "north")], enrollments=[]
    )
    plan = here.plan(rows)
    assert "ROS-606" in [found.code for found in plan.findings]
    assert not {"students", "staff"} & actions(plan).keys()
