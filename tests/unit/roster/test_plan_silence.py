"""Nobody and nothing leaves because a layout has no column for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rollbook.roster.plan.draft import RosterPlan
from rollbook.roster.rules.reading import Reading
from rollbook.roster.types import RosterFrames, Vocabulary
from tests.factories.rosters import (
    Installation,
    actions,
    cells,
    frames,
    loaded,
    org,
    role,
    seat,
    small,
    user,
    without,
    year,
)
from tests.unit.roster.sources.given import CLEVER, checked, flat, suggested, zipped

HEADER = "Local ID,Last,First,Grade,District Number,School Number"
WHO = "1,Soto,Eli,3,9,101"
CLASS, TEACHER = ",Class,Period", ",Teacher ID,Teacher"
TAUGHT = ',Math,1,t1,"Park, Cara"'
STAFF = "School_id,Staff_id,First_name,Last_name\nS1,9,Bo,Lee\n"


def read(folder: Path, text: str) -> RosterFrames:
    """Read a flat file as its headers suggest."""
    path = flat(folder, text + "\n")
    made = checked(path, Reading(mapping=suggested(path)))[1].frames
    assert made is not None
    return made


def clever(folder: Path, **more: str) -> RosterFrames:
    made = checked(zipped(folder, CLEVER | {f"{n}.csv": t for n, t in more.items()}))[1].frames
    assert made is not None
    return made


def gone(plan: RosterPlan) -> dict[str, int]:
    return {table: n["archive"] for table, n in actions(plan).items() if "archive" in n}


@pytest.mark.parametrize(
    ("header", "row", "leaves"),
    [
        # The seat of the class that did not come goes with its class, the people stay.
        (CLASS, ",Art,2", {"courses": 1, "classes": 1, "enrollments": 2}),
        ("", "", {}),
    ],
)
def test_a_flat_file_without_teachers_lets_no_teacher_leave(
    tmp_path: Path, header: str, row: str, leaves: dict[str, int]
) -> None:
    here = Installation()
    here.load(read(tmp_path, f"{HEADER}{CLASS}{TEACHER}\n{WHO}{TAUGHT}"))
    later = read(tmp_path, f"{HEADER}{header}\n{WHO}{row}")
    assert gone(here.plan(later)) == leaves


def test_a_class_known_by_its_id_keeps_the_teacher_that_no_column_names(tmp_path: Path) -> None:
    here = Installation()
    section = ",Class ID,Class"
    here.load(read(tmp_path, f'{HEADER}{section}{TEACHER}\n{WHO},c1,Math,t1,"Park, Cara"'))
    assert actions(here.plan(read(tmp_path, f"{HEADER}{section}\n{WHO},c1,Math"))) == {}


def test_a_column_of_teachers_without_a_cell_names_nobody(tmp_path: Path) -> None:
    here = Installation()
    here.load(read(tmp_path, f"{HEADER}{CLASS}{TEACHER}\n{WHO}{TAUGHT}"))
    plan = here.plan(read(tmp_path, f"{HEADER}{TEACHER}\n{WHO},,"))
    assert gone(plan) == {}


def test_a_teacher_who_is_not_named_where_others_are_leaves(tmp_path: Path) -> None:
    here = Installation()
    here.load(read(tmp_path, f"{HEADER}{CLASS}{TEACHER}\n{WHO}{TAUGHT}"))
    plan = here.plan(read(tmp_path, f'{HEADER}{CLASS}{TEACHER}\n{WHO},Math,1,t2,"Lee, Bo"'))
    assert gone(plan) == {"staff": 1, "staff assignments": 1, "classes": 1, "enrollments": 2}


@pytest.mark.parametrize("empty", [None, "School_id,Staff_id,First_name,Last_name\n"])
def test_clevers_files_without_staff_let_no_staff_leave(tmp_path: Path, empty: str | None) -> None:
    here = Installation()
    here.load(clever(tmp_path, staff=STAFF))
    later = clever(tmp_path) if empty is None else clever(tmp_path, staff=empty)
    assert actions(here.plan(later)) == {}


def test_clevers_staff_who_are_no_longer_listed_leave(tmp_path: Path) -> None:
    here = Installation()
    here.load(clever(tmp_path, staff=STAFF))
    plan = here.plan(clever(tmp_path, staff=STAFF.replace("S1,9,Bo,Lee", "S1,8,Al,Ng")))
    assert gone(plan) == {"staff": 1, "staff assignments": 1}


def test_a_teacher_with_a_role_beyond_the_layout_stays_without_the_class() -> None:
    principal = role("tea", "south", "principal", role_type="secondary")
    here = loaded(small(roles=[*small_roles(), principal]))
    rows = without(small(), users="tea", roles="tea-at-north", enrollments="tea-in-cls")
    said = replace(frames(**rows), vocabulary=Vocabulary(frozenset({"student", "teacher"})))
    assert gone(here.plan(said)) == {"staff assignments": 1, "enrollments": 1}


def small_roles() -> list[object]:
    return [role("ann", "north"), role("ben", "north"), role("tea", "north", "teacher")]


def test_a_district_that_no_column_names_stays_and_keeps_its_schools(tmp_path: Path) -> None:
    here = Installation()
    here.load(read(tmp_path, f"{HEADER}\n{WHO}"))
    bare = HEADER.replace("District Number,", ""), WHO.replace(",9,", ",")
    assert actions(here.plan(read(tmp_path, "\n".join(bare)))) == {}


def test_a_school_known_by_name_keeps_it_where_only_its_number_comes(tmp_path: Path) -> None:
    here = Installation()
    here.load(read(tmp_path, f"{HEADER},School Name\n{WHO},North High"))
    plan = here.plan(read(tmp_path, f"{HEADER}\n{WHO}\n2,Ito,Ana,4,9,102"))
    assert [(found.code, found.says) for found in plan.findings] == [
        ("ROS-608", 'orgs.csv line 4: no name came for "102", so it is called by its number.')
    ]
    assert actions(plan)["organizations"] == {"add": 1}
    here.load(read(tmp_path, f"{HEADER},School Name\n{WHO},North High School"))
    assert here.row("organizations", "school-101")["name"] == "North High School"


def test_a_school_made_by_hand_keeps_the_name_it_was_given() -> None:
    here = Installation()
    here.add("organizations", kind="school", natural_id="101", name="North High")
    numbered = Vocabulary(numbered=frozenset({"school-101"}))
    came = frames(
        orgs=[org("school-101", name="101", identifier="101", parent_sourced_id=None)],
        sessions=[year()],
        users=[user("ann")],
        roles=[role("ann", "school-101")],
        enrollments=[seat("ann", "cls")],
    )
    changes = here.plan(replace(came, vocabulary=numbered)).by_table["organizations"]
    assert "name" not in cells(changes)[0]


def test_a_cell_for_which_no_column_came_stays(tmp_path: Path) -> None:
    here = Installation()
    here.load(read(tmp_path, f"{HEADER},Email,Middle Name\n{WHO},ann@example.org,Lee"))
    assert actions(here.plan(read(tmp_path, f"{HEADER}\n{WHO}"))) == {}
    blanked = here.plan(read(tmp_path, f"{HEADER},Email,Middle Name\n{WHO},ann@example.org,"))
    assert actions(blanked) == {}  # a column without a single cell says nothing either


def test_a_column_that_a_onerosters_header_lacks_blanks_nothing() -> None:
    here = loaded(small(users=[user("ann", email="ann@example.org"), user("ben"), user("tea")]))
    silent = replace(
        small(users=[user("ann"), user("ben"), user("tea")]),
        vocabulary=Vocabulary(unsaid=frozenset({"students.email", "staff.email"})),
    )
    assert actions(here.plan(silent)) == {}
    said = small(users=[user("ann"), user("ben"), user("tea")])
    assert actions(here.plan(said)) == {"students": {"update": 1}}
