"""What a plan adds, updates, moves and archives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from rollbook.roster.types import FRAME_SCHEMAS, Mode
from tests.factories.rosters import (
    STARTING,
    Installation,
    actions,
    backwards,
    birth,
    cells,
    course,
    frames,
    listed,
    loaded,
    org,
    role,
    seat,
    section,
    small,
    user,
    without,
    year,
)


def test_a_first_roster_is_all_additions() -> None:
    plan = Installation().plan(small())
    assert actions(plan) == {
        "organizations": {"add": 3},
        "academic sessions": {"add": 1},
        "students": {"add": 2},
        "staff": {"add": 1},
        "staff assignments": {"add": 1},
        "school enrollments": {"add": 2},
        "courses": {"add": 1},
        "classes": {"add": 1},
        "enrollments": {"add": 3},
    }
    assert (plan.school_year, plan.findings) == (2027, ())


def test_a_first_roster_is_written_with_its_references() -> None:
    here = loaded()
    ann, north = here.row("students", "ann"), here.id_of("organizations", "north")
    district = here.row("organizations", "dst")
    assert (ann["district_id"], ann["last_name"], ann["grade"], ann["birth_date"]) == (
        district["id"], "Of ann", "03", date(2018, 3, 5)
    )  # fmt: skip
    assert (district["kind"], here.row("organizations", "north")["parent_id"]) == (
        "district",
        district["id"],
    )
    belongs = here.row("school enrollments", "ann-at-north:2027")
    assert [belongs[c] for c in ("student_id", "school_id", "school_year")] == [
        ann["id"], north, 2027
    ]  # fmt: skip
    assert (belongs["begins_on"], belongs["ends_before"]) == (date(2026, 8, 10), date(2027, 6, 11))
    taught = here.row("classes", "cls")
    assert [taught[c] for c in ("school_id", "school_year", "begins_on", "ends_before")] == [
        north, 2027, date(2026, 8, 10), date(2027, 6, 11)
    ]  # fmt: skip
    seats = here.state["enrollments"].select("sourced_id", "student_id", "staff_id").rows()
    assert sorted(seats) == [
        ("ann-in-cls", ann["id"], None),
        ("ben-in-cls", here.id_of("students", "ben"), None),
        ("tea-in-cls", None, here.id_of("staff", "tea")),
    ]


def test_the_same_roster_again_changes_nothing() -> None:
    assert actions(loaded().plan(small())) == {}


def test_the_order_of_rows_changes_nothing() -> None:
    districts = [org("dst", "district", None), org("dst-2", "district", None)]
    two = small(
        orgs=[*districts, org("north"), org("south", parent="dst-2")],
        roles=[
            role("ann", "north", role_type="secondary"),
            role("ann", "south", role_type="secondary"),
            role("ben", "north"),
            role("tea", "north", "teacher"),
        ],
    )
    turned = {name: backwards(getattr(two, name)) for name in FRAME_SCHEMAS}
    assert actions(loaded(two).plan(replace(two, **turned))) == {}


@pytest.mark.parametrize(
    ("said", "column", "before", "after"),
    [
        ({"given_name": "Roberta"}, "first_name", "Robin", "Roberta"),
        ({"family_name": "Oak"}, "last_name", "Of ann", "Oak"),
        ({"middle_name": "Q"}, "middle_name", "", "Q"),
        ({"preferred_given_name": "Rob"}, "preferred_first_name", "", "Rob"),
        ({"grades": ["04"]}, "grade", "03", "04"),
        ({"identifier": "1234"}, "local_id", "", "1234"),
        ({"email": "ann@example.org"}, "email", "", "ann@example.org"),
        ({"username": "ann2"}, "username", "ann", "ann2"),
        ({"user_master_identifier": "900"}, "ssid", "", "900"),
        ({"user_ids": ["{State ID:901}"]}, "ssid", "", "901"),
    ],
)
def test_a_students_cell_is_updated_alone(
    said: dict[str, object], column: str, before: str, after: str
) -> None:
    here = loaded()
    plan = here.plan(small(users=[user("ann", **said), user("ben"), user("tea", grades=None)]))
    students = plan.by_table["students"]
    assert students.frame["action"].to_list() == ["update"]
    assert cells(students) == [{column: (before, after)}]
    # The grade is told of the school enrollment as well; nothing else moves.
    others = {"school enrollments": {"update": 1}} if column == "grade" else {}
    assert actions(plan) == {"students": {"update": 1}} | others
    assert students.frame["school_id"].to_list() == [here.id_of("organizations", "north")]
    assert (students.frame["line"].to_list(), students.frame["file"].to_list()) == (
        [2],
        ["users.csv"],
    )


def test_records_of_every_table_are_updated() -> None:
    plan = loaded().plan(
        small(
            orgs=[org("dst", "district", None), org("north", name="North End"), org("south")],
            sessions=[year(title="The year")],
            courses=[course(title="Writing", grades=["03", "04"])],
            classes=[section("cls", location="Room 7", periods=["1", "2"])],
            roles=[role("ann", "north"), role("ben", "north", role_type="secondary"),
                   role("tea", "north", "principal")],
            enrollments=[seat("ann", "cls", begins_on=date(2026, 9, 1)), seat("ben", "cls"),
                         seat("tea", "cls", "teacher", is_primary=True)],
        )
    )  # fmt: skip
    assert {name: cells(change) for name, change in plan.by_table.items()} == {
        "organizations": [{"name": ("NORTH", "North End")}],
        "academic sessions": [{"title": ("Year", "The year")}],
        "courses": [{"title": ("Reading", "Writing"), "grades": ("", "03,04")}],
        "classes": [{"location": ("", "Room 7"), "periods": ("", "1,2")}],
        "staff assignments": [{"role": ("teacher", "principal")}],
        "school enrollments": [{"is_primary": (True, False)}],
        "enrollments": [{"begins_on": (None, date(2026, 9, 1))}, {"is_primary": (False, True)}],
    }


def test_a_student_who_changes_schools_moves() -> None:
    here = loaded()
    plan = here.plan(
        small(
            roles=[
                role("ann", "south", sourced_id="ann-at-north"),
                role("ben", "north"),
                role("tea", "north", "teacher"),
            ]
        )
    )
    assert actions(plan) == {"school enrollments": {"move": 1}}
    places = {key: here.id_of("organizations", key) for key in ("north", "south")}
    assert cells(plan.by_table["school enrollments"]) == [
        {"school_id": (places["north"], places["south"])}
    ]


def test_a_role_at_another_school_moves_the_student_there_in_one_row() -> None:
    here = loaded()
    places = [here.id_of("organizations", key) for key in ("north", "south")]
    plan = here.load(
        small(roles=[role("ann", "south"), role("ben", "north"), role("tea", "north", "teacher")])
    )
    assert actions(plan) == {"school enrollments": {"move": 1}}
    assert cells(plan.by_table["school enrollments"]) == [
        {
            "school_id": (places[0], places[1]),
            "sourced_id": ("ann-at-north:2027", "ann-at-south:2027"),
        }
    ]
    assert here.row("students", "ann")["is_active"]


def test_a_new_key_for_the_same_stay_is_no_coming_and_going() -> None:
    anew = [role("ann", "north", sourced_id="x"), role("ben", "north", sourced_id="y")]
    plan = loaded().plan(small(roles=[*anew, role("tea", "north", "teacher")]))
    assert actions(plan) == {"school enrollments": {"update": 2}}


def test_a_student_gone_from_a_bulk_file_is_archived_with_all_that_hangs_on_them() -> None:
    here = loaded()
    rows = without(small(), users="ben")
    rows["roles"] = [r for r in rows["roles"] if r["user_sourced_id"] != "ben"]
    rows["enrollments"] = [r for r in rows["enrollments"] if r["user_sourced_id"] != "ben"]
    plan = here.load(frames(**rows))
    assert actions(plan) == {
        "students": {"archive": 1},
        "school enrollments": {"archive": 1},
        "enrollments": {"archive": 1},
    }
    ben = here.row("students", "ben")
    assert (ben["is_active"], ben["last_name"]) == (False, "Of ben")
    assert here.row("enrollments", "ben-in-cls")["ends_before"] == STARTING
    assert actions(here.plan(frames(**rows))) == {}


def test_classes_take_their_enrollments_along() -> None:
    here = loaded()
    users = frames(classes=[], modes={"classes": Mode.BULK})
    plan = here.plan(users)
    assert actions(plan) == {"classes": {"archive": 1}, "enrollments": {"archive": 3}}
    assert set(plan.by_table["enrollments"].frame["why"]) == {
        "leaves with the record it belongs to"
    }


@pytest.mark.parametrize("file", ["users", "classes", "enrollments", "orgs", "courses"])
def test_an_absent_file_leaves_its_records_alone(file: str) -> None:
    rows = {name: listed(small(), name) for name in FRAME_SCHEMAS if name != file}
    assert actions(loaded().plan(frames(**rows))) == {}


def test_absent_sessions_leave_dates_and_years_alone() -> None:
    rows = {name: listed(small(), name) for name in FRAME_SCHEMAS if name != "sessions"}
    assert actions(loaded().plan(frames(**rows))) == {}


def test_absent_roles_leave_everybody_where_they_are() -> None:
    rows = {name: listed(small(), name) for name in FRAME_SCHEMAS if name != "roles"}
    assert actions(loaded().plan(frames(**rows))) == {}


def test_roles_alone_can_move_a_student_who_is_known() -> None:
    plan = loaded().plan(
        frames(roles=[role("ann", "south"), role("ben", "north"), role("tea", "north", "teacher")])
    )
    assert actions(plan) == {"school enrollments": {"move": 1}}


def test_absent_demographics_leave_their_values_alone() -> None:
    here = loaded(small(demographics=[birth("ann", sex="female", white=True), birth("ben")]))
    rows = {name: listed(small(), name) for name in FRAME_SCHEMAS if name != "demographics"}
    assert actions(here.plan(frames(**rows))) == {}
    assert here.row("students", "ann")["sex"] == "Female"


def test_a_student_whom_demographics_do_not_name_keeps_the_values() -> None:
    assert actions(loaded().plan(small(demographics=[birth("ben")]))) == {}


def test_a_student_who_returns_is_the_same_record() -> None:
    here = loaded()
    ben = here.id_of("students", "ben")
    rows = without(small(), users="ben")
    here.load(frames(**rows))
    plan = here.load(small())
    assert actions(plan)["students"] == {"reactivate": 1}
    assert (here.id_of("students", "ben"), here.row("students", "ben")["is_active"]) == (ben, True)
    assert actions(here.plan(small())) == {}


@pytest.mark.parametrize(
    ("kept", "gone"),
    [
        ({"users": ["ben"]}, {"users": "ben"}),
        ({"users": ["tea"]}, {"users": "tea"}),
        ({"classes": ["cls"]}, {"classes": "cls"}),
        ({"roles": ["ben-at-north"]}, {"roles": "ben-at-north"}),
        ({"roles": ["tea-at-north"]}, {"roles": "tea-at-north"}),
        ({"enrollments": ["ben-in-cls"]}, {"enrollments": "ben-in-cls"}),
        ({"orgs": ["south"]}, {"orgs": "south"}),
        ({"courses": ["crs"]}, {"courses": "crs"}),
        ({"sessions": ["year-2027"]}, {"sessions": "year-2027"}),
    ],
)
def test_a_record_left_out_is_never_read_as_a_record_removed(
    kept: dict[str, list[str]], gone: dict[str, str]
) -> None:
    rows = without(small(), **gone)
    for name, hangs_on in (("users", "user_sourced_id"), ("classes", "class_sourced_id")):
        for frame in ("roles", "enrollments"):
            rows[frame] = [r for r in rows[frame] if r.get(hangs_on) != gone.get(name, "nobody")]
    here = loaded()
    assert here.plan(frames(**rows)).changes != ()
    assert actions(here.plan(frames(**rows), kept=kept)) == {}


def test_a_delta_changes_what_it_names_and_nothing_else() -> None:
    here = loaded()
    plan = here.plan(
        frames(
            mode=Mode.DELTA,
            users=[user("ann", status="active", grades=["04"])],
            enrollments=[seat("ben", "cls", status="tobedeleted")],
        )
    )
    assert actions(plan) == {
        "students": {"update": 1},
        "school enrollments": {"update": 1},
        "enrollments": {"archive": 1},
    }


def test_a_delta_moves_a_student_without_naming_the_student() -> None:
    moved = role("ann", "south", sourced_id="ann-at-north", status="active")
    plan = loaded().plan(frames(mode=Mode.DELTA, roles=[moved]))
    assert actions(plan) == {"school enrollments": {"move": 1}}


def test_a_delta_that_deletes_a_student_takes_along_what_hangs_on_them() -> None:
    plan = loaded().plan(frames(mode=Mode.DELTA, users=[user("ben", status="tobedeleted")]))
    assert actions(plan) == {
        "students": {"archive": 1},
        "school enrollments": {"archive": 1},
        "enrollments": {"archive": 1},
    }


def test_a_delta_adds_to_what_is_there() -> None:
    here = loaded()
    plan = here.load(
        frames(
            mode=Mode.DELTA,
            users=[user("cay", status="active")],
            roles=[role("cay", "south", status="active")],
            classes=[section("cls-2", status="active")],
            enrollments=[seat("cay", "cls", status="active")],
        )
    )
    assert actions(plan) == {
        "students": {"add": 1},
        "school enrollments": {"add": 1},
        "classes": {"add": 1},
        "enrollments": {"add": 1},
    }
    taught = here.row("classes", "cls-2")
    assert (taught["begins_on"], taught["school_year"]) == (date(2026, 8, 10), 2027)
    stay = here.row("school enrollments", "cay-at-south:2027")
    assert (stay["begins_on"], stay["ends_before"]) == (date(2026, 8, 10), date(2027, 6, 11))


def test_the_next_school_year_leaves_the_last_years_stays_as_they_are() -> None:
    here = loaded()
    before = here.state["school enrollments"]
    following = small(
        sessions=[year(2028)],
        users=[user("ann", grades=["04"]), user("ben", grades=["04"]), user("tea", grades=None)],
        classes=[section("cls-28", term_sourced_ids=["year-2028"])],
        enrollments=[seat("ann", "cls-28"), seat("tea", "cls-28", "teacher")],
    )
    plan = here.load(following, starting=date(2027, 8, 20))
    assert plan.school_year == 2028
    assert actions(plan)["school enrollments"] == {"add": 2}
    stays = here.state["school enrollments"]
    assert stays.filter(school_year=2027).equals(before)
    assert stays.filter(school_year=2028)["grade"].to_list() == ["04", "04"]
    assert actions(here.plan(following, starting=date(2027, 8, 20))) == {}


def test_version_1_1_has_roles_without_ids_of_their_own() -> None:
    old = small(roles=[role("ann", "north", sourced_id=None), role("ben", "north", sourced_id=None),
                       role("tea", "north", "teacher", sourced_id=None)])  # fmt: skip
    here = loaded(old)
    assert actions(here.plan(old)) == {}
    assert here.state["school enrollments"]["sourced_id"].to_list() == [
        "ann@north/student:2027",
        "ben@north/student:2027",
    ]


def test_a_delta_of_1_1_replaces_the_schools_of_the_student_it_names() -> None:
    old = small(
        roles=[role("ann", "north", sourced_id=None), role("ben", "north", sourced_id=None)]
    )
    plan = loaded(old).plan(
        frames(
            mode=Mode.DELTA,
            users=[user("ann", status="active")],
            roles=[role("ann", "south", sourced_id=None, status="active")],
        )
    )
    assert actions(plan) == {"school enrollments": {"move": 1}}


def test_an_organization_made_by_hand_is_recognized_by_its_natural_id() -> None:
    here = Installation()
    state = here.add("organizations", kind="state", name="Golden State")
    by_hand = here.add("organizations", kind="school", natural_id="0101", parent_id=state)
    plan = here.load(
        small(orgs=[org("dst", "district", None), org("north", identifier="0101"), org("south")])
    )
    assert actions(plan)["organizations"] == {"add": 2, "update": 1}
    assert here.id_of("organizations", "north") == by_hand
    assert here.row("organizations", "dst")["parent_id"] == state


def test_a_record_made_by_hand_later_does_not_take_the_place_of_a_known_one() -> None:
    roster = small(
        orgs=[org("dst", "district", None), org("north", identifier="0101"), org("south")]
    )
    here = loaded(roster)
    here.add("organizations", kind="school", natural_id="0101")
    assert actions(here.plan(roster)) == {}


def test_two_schools_with_one_natural_id_are_not_the_one_made_by_hand() -> None:
    here = Installation()
    here.add("organizations", kind="school", natural_id="0101")
    twice = [org("dst", "district", None), *(org(k, identifier="0101") for k in ("north", "south"))]
    assert actions(here.plan(small(orgs=twice)))["organizations"] == {"add": 3}


def test_plans_say_for_which_districts_they_are() -> None:
    here = Installation()
    assert here.load(small()).district_ids == (here.id_of("organizations", "dst"),)
    users = frames(users=listed(small(), "users"))
    assert here.plan(users).district_ids == (here.id_of("organizations", "dst"),)


def test_a_plan_reads_no_row_of_another_source() -> None:
    here = loaded()
    other = [org("d2", "district", None), org("north", parent="d2"), org("south", parent="d2")]
    plan = here.load(
        small(orgs=other, courses=[course(org_sourced_id="d2")]), source="oneroster:d2"
    )
    assert {name for found in actions(plan).values() for name in found} == {"add"}
    assert actions(here.plan(small())) == {}
    assert here.state["students"].filter(pl.col("is_active")).height == 4


@pytest.mark.parametrize("districts", [1, 2])
def test_a_school_that_names_no_district_is_of_the_only_one(districts: int) -> None:
    here = Installation()
    state = here.add("organizations", kind="state")
    named = [org(key, "district", None) for key in ("dst", "d2")[:districts]]
    here.load(small(orgs=[*named, org("north", parent=None), org("south", parent=None)]))
    home = here.id_of("organizations", "dst") if districts == 1 else state
    assert here.row("organizations", "north")["parent_id"] == home
