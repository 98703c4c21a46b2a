"""How many sections a student is in, why it is not one, and what would make it one."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from rollbook.roster.plan.sections import (
    CAUSE_WORDS,
    Cause,
    SectionTally,
    cause_groups,
    one_section_findings,
    section_counts,
    tally,
    world_of,
)
from rollbook.roster.plan.solver import Targets, propose_rules
from rollbook.roster.rules.sharing import Sharing, SharingMode, read_rules, rule_text
from rollbook.roster.types import RosterFrames
from tests.factories.rosters import Row, course, frames, org, role, seat, section, user, year

COURSES = [
    course("hr", title="Homeroom"),
    course("adv", title="Advisory"),
    course("math", title="Math"),
    course("art", title="Art"),
]


def a_district(classes: list[Row], seats: list[Row], **more: Any) -> RosterFrames:
    people = sorted({row["user_sourced_id"] for row in seats} | {"ann"})
    rows: dict[str, Any] = {
        "orgs": [org("dst", "district", None), org("north"), org("south")],
        "sessions": [
            year(),
            year(sourced_id="fall", title="Fall"),
            year(sourced_id="spring", title="Spring"),
        ],
        "users": [user(key) for key in people],
        "roles": [role(key, "north") for key in people],
        "courses": COURSES,
        "classes": classes,
        "enrollments": seats,
    }
    return frames(**rows | more)


def kind(key: str, of: str, at: str = "north", **more: Any) -> Row:
    return section(key, at, course_sourced_id=of, **more)


@pytest.mark.parametrize(
    ("classes", "cause"),
    [
        ([], Cause.NO_SECTION),
        ([kind("a", "art")], Cause.NO_MATCH),
        ([kind("a", "hr")], Cause.ONE),
        ([kind("a", "hr"), kind("b", "hr", "south")], Cause.TWO_SCHOOLS),
        (
            [
                kind("a", "math", term_sourced_ids=["fall"]),
                kind("b", "math", term_sourced_ids=["spring"]),
            ],
            Cause.TWO_TERMS,
        ),
        ([kind("a", "hr", periods=["1"]), kind("b", "hr", periods=["1"])], Cause.CO_TAUGHT),
        ([kind("a", "hr", periods=["1"]), kind("b", "hr", periods=["2"])], Cause.SAME_COURSE),
        ([kind("a", "hr"), kind("b", "hr")], Cause.SAME_COURSE),
        ([kind("a", "hr"), kind("b", "adv")], Cause.TWO_HOMEROOMS),
        ([kind("a", "hr"), kind("b", "math")], Cause.HOMEROOM_AND_MORE),
        ([kind("a", "math"), kind("b", "math"), kind("c", "hr")], Cause.HOMEROOM_AND_MORE),
        ([kind("a", "math", class_type="homeroom"), kind("b", "adv")], Cause.TWO_HOMEROOMS),
    ],
)
def test_a_cause_is_told(classes: list[Row], cause: Cause) -> None:
    came = a_district(classes, [seat("ann", one["sourced_id"]) for one in classes])
    rules = read_rules([f"course_name is {name}" for name in ("Homeroom", "Advisory", "Math")])
    found = section_counts(world_of(came), rules)
    assert found["cause"].to_list() == [cause]
    assert found["count"].to_list() == [sum(one["course_sourced_id"] != "art" for one in classes)]


def test_two_plain_courses_are_several_courses() -> None:
    came = a_district([kind("a", "math"), kind("b", "art")], [seat("ann", "a"), seat("ann", "b")])
    assert section_counts(world_of(came), Sharing())["cause"].to_list() == [Cause.SEVERAL_COURSES]


def test_every_cause_has_its_words() -> None:
    assert set(CAUSE_WORDS) == set(Cause)


def test_an_enrollment_that_ended_does_not_count() -> None:
    moved = [
        seat("ann", "a", ends_before=date(2026, 10, 1)),
        seat("ann", "b", begins_on=date(2026, 10, 1)),
    ]
    came = a_district([kind("a", "hr"), kind("b", "hr")], moved)
    assert section_counts(world_of(came), Sharing())["count"].to_list() == [2]
    later = world_of(came, on=date(2026, 10, 1))
    assert section_counts(later, Sharing())["count"].to_list() == [1]


def test_only_active_students_with_a_school_are_asked_about() -> None:
    came = a_district(
        [kind("a", "hr")],
        [seat("ann", "a"), seat("ben", "a"), seat("cyd", "a"), seat("tea", "a", "teacher")],
        users=[user("ann"), user("ben", is_enabled=False), user("cyd"), user("tea")],
        roles=[
            role("ann", "north"),
            role("ben", "north"),
            role("cyd", "dst"),
            role("tea", "north", "teacher"),
        ],
    )
    assert world_of(came).students["sourced_id"].to_list() == ["ann"]


def test_by_schools_the_students_of_other_schools_are_not_asked_about() -> None:
    came = a_district([kind("a", "hr")], [seat("ann", "a")])
    other = Sharing(SharingMode.SCHOOLS, school_ids=("south",))
    assert tally(section_counts(world_of(came), other)) == SectionTally(0, 0, 0)


def test_groups_count_by_cause_and_school_with_an_example() -> None:
    came = a_district(
        [kind("a", "hr", title="Rm 1"), kind("b", "adv", title="Adv 1")],
        [seat(who, where) for who in ("ben", "cyd") for where in ("a", "b")],
    )
    groups = cause_groups(section_counts(world_of(came), Sharing()))
    assert groups.to_dicts() == [
        {
            "cause": "two_homerooms",
            "school_sourced_id": "north",
            "school": "NORTH",
            "students": 2,
            "examples": ["Advisory · Adv 1", "Homeroom · Rm 1"],
        },
        {
            "cause": "no_section",
            "school_sourced_id": "north",
            "school": "NORTH",
            "students": 1,
            "examples": [],
        },
    ]


def test_findings_count_students_and_name_none() -> None:
    came = a_district([kind("a", "hr")], [seat("ben", "a")])
    (found,) = one_section_findings(came, read_rules(["course_name is Homeroom"]))
    assert (found.code, found.weight) == ("ROS-801", 1)
    assert found.says == (
        "enrollments.csv: 1 students of NORTH are not in exactly one section. In no section at all."
    )
    assert one_section_findings(came, Sharing(SharingMode.SCHOOLS, school_ids=("south",))) == []


def a_real_school() -> RosterFrames:
    """Forty students with a homeroom, and math in two terms; one has no homeroom, one has two."""
    people = [f"p{number:02}" for number in range(40)]
    classes = [
        *(kind(f"h{room}", "hr", title=f"Rm {room}", periods=["1"]) for room in range(2)),
        kind("m1", "math", title="Math A", term_sourced_ids=["fall"], periods=["2"]),
        kind("m2", "math", title="Math A", term_sourced_ids=["spring"], periods=["2"]),
    ]
    seats = [seat(who, f"h{number % 2}") for number, who in enumerate(people) if who != "p07"]
    seats += [seat(who, term) for who in people for term in ("m1", "m2") if who != "p09"]
    seats += [seat("p08", "h1"), seat("ann", "h0")]
    return a_district(classes, seats)


def test_the_smallest_rule_is_proposed_with_its_leftovers() -> None:
    proposal = propose_rules(world_of(a_real_school()), least_gain=5)
    assert rule_text(proposal.sharing) == (
        'Match all sections where Course name contains "Homeroom"'
    )
    assert proposal.tally == SectionTally(none=1, one=39, more=1)
    assert [fix.says for fix in proposal.fixes] == [
        "End 1 enrollment of 1 student of NORTH, so that each keeps one of "
        "“Homeroom · Rm 0”, “Homeroom · Rm 1”.",
        "Enroll 1 student of NORTH in one section that matches, "
        "like “Homeroom · Rm 0”, “Homeroom · Rm 1”.",
    ]
    assert proposal.by_school.to_dicts() == [
        {"school_sourced_id": "north", "school": "NORTH", "none": 1, "one": 39, "more": 1}
    ]


def test_a_rule_is_narrowed_to_a_term_where_that_is_needed() -> None:
    came = a_real_school()
    no_homerooms = pl.col("sourced_id").str.starts_with("m")
    math_only = a_district(
        came.classes.filter(no_homerooms).drop("_line").to_dicts(),
        [seat(who, term) for who in ("ann", "ben", "cyd", "dee", "eve") for term in ("m1", "m2")],
    )
    proposal = propose_rules(world_of(math_only))
    assert proposal.tally == SectionTally(none=0, one=5, more=0)
    assert rule_text(proposal.sharing) == 'Match all sections where Term name is "Fall"'


def test_only_the_students_asked_about_are_covered() -> None:
    world = world_of(a_real_school())
    assert propose_rules(world, targets=Targets(grades=frozenset({"12"}))).tally.total == 0
    assert propose_rules(world, targets=Targets(grades=frozenset({"03"}))).tally.total == 41
    south = Targets(school_ids=frozenset({"south"}))
    assert propose_rules(world, targets=south).sharing.rules == ()


def test_each_school_gets_its_own_rule_where_no_rule_fits_both() -> None:
    people = {"north": [f"n{i}" for i in range(6)], "south": [f"s{i}" for i in range(6)]}
    seats = [seat(who, key) for who in people["north"] for key in ("nh", "na")]
    seats += [seat(who, key) for who in people["south"] for key in ("sh", "sm", "sa")]
    came = a_district(
        [
            kind("nh", "hr", periods=["1"]),
            kind("na", "art", periods=["1"]),
            kind("sh", "art", "south", periods=["1"]),
            kind("sm", "hr", "south", periods=["1"]),
            kind("sa", "hr", "south", periods=["1"]),
        ],
        seats,
        users=[user(who) for school in people.values() for who in school],
        roles=[role(who, school) for school, listed in people.items() for who in listed],
    )
    proposal = propose_rules(world_of(came))
    assert (proposal.tally, len(proposal.sharing.rules)) == (SectionTally(0, 12, 0), 1)
