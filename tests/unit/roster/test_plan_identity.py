"""Rungs of the ladder beyond the source's own name: former names, retired ids, local numbers."""

from __future__ import annotations

from typing import Any

import pytest

from rollbook.roster.plan.draft import RosterPlan
from rollbook.roster.types import RosterFrames
from tests.factories.rosters import (
    SOURCE,
    Installation,
    actions,
    birth,
    frames,
    loaded,
    org,
    role,
    small,
    user,
    year,
)

OTHER = "oneroster:other"


def said(plan: RosterPlan) -> list[tuple[str, int | None]]:
    return [(found.code, found.line) for found in plan.findings]


def one(key: str, at: str = "north", **more: Any) -> RosterFrames:
    """Make a whole roster of one student."""
    return frames(
        orgs=[org("dst", "district", None), org("north"), org("south")],
        sessions=[year()],
        users=[user(key, **{"family_name": "Of ann"} | more)],
        roles=[role(key, at)],
        demographics=[birth(key)],
    )


def merged(here: Installation, gone: str, keep: str) -> None:
    """Merge one student into another, as the plan of a merge does."""
    students = here.state["students"]
    kept = here.id_of("students", keep)
    is_gone = students["sourced_id"] == gone
    rows = students.to_dicts()
    for row, goes in zip(rows, is_gone, strict=True):
        if goes:
            row |= {"is_active": False, "merged_into_id": kept}
    here.state["students"] = students.clear().vstack(type(students)(rows, schema=students.schema))
    here.add("student aliases", student_id=kept, source=SOURCE, sourced_id=gone, reason="merge")


def test_a_former_name_leads_to_the_student_and_the_record_keeps_its_newer_one() -> None:
    here = loaded(one("ann"))
    ann = here.id_of("students", "ann")
    here.add("student aliases", student_id=ann, source=SOURCE, sourced_id="old-ann")
    plan = here.load(one("old-ann", username="ann"))
    assert (said(plan), "students" in actions(plan)) == ([], False)
    assert actions(plan) == {"school enrollments": {"update": 1}}
    assert here.id_of("students", "ann") == ann
    assert actions(here.plan(one("old-ann", username="ann"))) == {}


def test_an_alias_that_was_ended_leads_nowhere() -> None:
    here = loaded(one("ann"))
    ann = here.id_of("students", "ann")
    here.add(
        "student aliases", student_id=ann, source=SOURCE, sourced_id="old-ann", is_active=False
    )
    assert actions(here.plan(one("old-ann")))["students"] == {"add": 1, "archive": 1}


def test_a_merged_record_resolves_to_the_one_that_stayed() -> None:
    here = loaded()
    merged(here, "ben", "ann")
    only_ben = one("ben", family_name="Of ben")
    plan = here.load(only_ben)
    assert said(plan) == []
    assert actions(plan)["students"] == {"update": 1}
    ann = here.row("students", "ann")
    assert (ann["last_name"], ann["is_active"]) == ("Of ben", True)
    assert here.row("students", "ben")["is_active"] is False
    stays = here.row("school enrollments", "ben-at-north:2027")
    assert stays["student_id"] == ann["id"]
    assert actions(here.plan(only_ben)) == {}


def test_of_two_rows_of_merged_records_the_kept_one_speaks_and_nothing_flips() -> None:
    here = loaded()
    merged(here, "ben", "ann")
    plan = here.load(small())
    assert said(plan) == [("ROS-621", 3)]
    assert here.row("students", "ann")["last_name"] == "Of ann"
    assert here.row("students", "ben")["is_active"] is False
    assert actions(here.plan(small())) == {}
    active = here.state["school enrollments"].filter("is_active")
    assert active["student_id"].to_list() == [here.id_of("students", "ann")]


def test_two_former_names_of_one_student_leave_both_rows_out_and_nobody_gone() -> None:
    here = loaded(one("ann"))
    ann = here.id_of("students", "ann")
    for key in ("a1", "a2"):
        here.add("student aliases", student_id=ann, source=SOURCE, sourced_id=key)
    both = small(
        users=[user("a1"), user("a2")], roles=[role("a1", "north"), role("a2", "north")],
        courses=[], classes=[], enrollments=[], demographics=[],
    )  # fmt: skip
    plan = here.plan(both)
    assert said(plan) == [("ROS-620", 2), ("ROS-620", 3)]
    assert not {"students", "school enrollments"} & actions(plan).keys()


def test_a_retired_state_id_leads_to_the_student_who_keeps_the_newer_one() -> None:
    here = loaded(one("ann", user_master_identifier="901"))
    ann = here.id_of("students", "ann")
    here.add("student aliases", student_id=ann, ssid="900", reason="id_change")
    plan = here.plan(one("ann", user_master_identifier="900"))
    assert (said(plan), actions(plan)) == ([("ROS-622", 2)], {})
    renamed = here.load(one("ann-2", user_master_identifier="900"))
    assert said(renamed) == [("ROS-622", 2)]
    assert (here.id_of("students", "ann-2"), here.row("students", "ann-2")["ssid"]) == (ann, "901")


def test_a_retired_state_id_of_another_child_is_a_conflict() -> None:
    here = loaded(one("ann", user_master_identifier="901"))
    here.add("student aliases", student_id=here.id_of("students", "ann"), ssid="900")
    plan = here.plan(small(users=[user("zed", user_master_identifier="900")],
                           roles=[role("zed", "north")], demographics=[]))  # fmt: skip
    assert ("ROS-601", 2) in said(plan)


def test_a_blank_state_id_wipes_none() -> None:
    here = loaded(one("ann", user_master_identifier="901"))
    assert actions(here.plan(one("ann"))) == {}


def known_by_number(**cells: Any) -> Installation:
    """Return an installation whose district knows a student by number, from nowhere."""
    here = loaded(small(users=[user("ben")], roles=[role("ben", "north")], enrollments=[],
                        demographics=[]))  # fmt: skip
    here.add(
        "students",
        **{"district_id": here.id_of("organizations", "dst"), "local_id": "77"}
        | {"last_name": "O'Neil-Day"} | cells,
    )  # fmt: skip
    return here


def numbered(**more: Any) -> RosterFrames:
    listed = {"family_name": "ONEIL DAY", "identifier": "77"} | more
    return small(
        users=[user("ann", **listed), user("ben")],
        roles=[role("ann", "north"), role("ben", "north")],
        enrollments=[], demographics=[],
    )  # fmt: skip


def test_a_local_number_of_the_district_with_an_agreeing_name_is_the_same_student() -> None:
    here = known_by_number(ssid="900")
    plan = here.load(numbered())
    assert (said(plan), actions(plan)["students"]) == ([], {"update": 1})
    ann = here.row("students", "ann")
    assert (ann["ssid"], here.state["students"].height) == ("900", 2)
    assert actions(here.plan(numbered())) == {}


@pytest.mark.parametrize(
    ("known", "came"),
    [
        ({"last_name": "Other"}, {}),
        ({}, {"identifier": "78"}),
        ({"ssid": "900"}, {"user_master_identifier": "901"}),
        ({"merged_into_id": 1}, {}),
    ],
)
def test_a_local_number_alone_is_nobody(known: dict[str, Any], came: dict[str, Any]) -> None:
    here = known_by_number(**known)
    assert actions(here.plan(numbered(**came)))["students"] == {"add": 1}


def test_a_local_number_of_two_students_is_neither() -> None:
    here = known_by_number()
    here.add("students", district_id=here.id_of("organizations", "dst"), local_id="77",
             last_name="ONeil Day")  # fmt: skip
    assert actions(here.plan(numbered()))["students"] == {"add": 1}


def test_a_local_number_of_a_student_at_another_school_is_nobody() -> None:
    here = known_by_number(source=OTHER, sourced_id="x")
    known = here.row("students", "x", OTHER)["id"]
    here.add("school enrollments", student_id=known, school_year=2027, source=OTHER,
             sourced_id="r", school_id=here.id_of("organizations", "south"))  # fmt: skip
    assert actions(here.plan(numbered()))["students"] == {"add": 1}


def test_name_and_birth_date_alone_never_merge() -> None:
    here = loaded(one("ann"))
    plan = here.plan(small(users=[user("ann"), user("ann-again", family_name="Of ann")],
                           roles=[role("ann", "north"), role("ann-again", "north")],
                           demographics=[birth("ann"), birth("ann-again")]))  # fmt: skip
    assert actions(plan)["students"] == {"add": 1}


def test_a_student_back_within_a_month_has_moved() -> None:
    here = loaded(one("ann"))
    here.load(small(users=[user("ben")], roles=[role("ben", "north")], enrollments=[],
                    demographics=[]))  # fmt: skip
    assert here.row("students", "ann")["is_active"] is False
    plan = here.load(one("ann", "south"))
    assert actions(plan)["students"]["reactivate"] == 1
    assert actions(plan)["school enrollments"] == {"archive": 1, "move": 1}
    assert here.row("school enrollments", "ann-at-south:2027")["is_active"] is True
