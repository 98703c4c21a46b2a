"""What sharing choices match, and what is left of a roster."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from rollbook.roster.plan.sharing import (
    section_attributes,
    shared_frames,
    shared_sections,
    sharing_findings,
)
from rollbook.roster.rules.sharing import (
    Condition,
    MatchField,
    MatchOperator,
    Sharing,
    SharingMode,
    SharingRule,
)
from rollbook.roster.types import Mode, RosterFrames
from tests.factories.rosters import birth, course, frames, org, role, seat, section, user, year


def school_day() -> RosterFrames:
    """Two schools; Ann in a homeroom and in art, Ben in art only, Cyd in a homeroom elsewhere."""
    return frames(
        orgs=[org("dst", "district", None), org("north"), org("south")],
        sessions=[year(), year(sourced_id="fall", title="Fall", type="term")],
        users=[
            user("ann", agent_sourced_ids=["mum"]),
            user("ben", agent_sourced_ids=["dad"]),
            user("cyd"),
            user("tea", given_name="Toni", family_name="Diaz", email="Toni@x.org"),
            user("sub"),
            user("boss"),
            user("mum", agent_sourced_ids=["ann"]),
            user("dad"),
        ],
        roles=[
            role("ann", "north"),
            role("ben", "north"),
            role("cyd", "south"),
            role("tea", "north", "teacher"),
            role("sub", "south", "teacher"),
            role("boss", "dst", "administrator"),
            role("mum", "north", "parent"),
            role("dad", "north", "parent"),
        ],
        courses=[
            course("hr", title="Homeroom 3", course_code="HR3", subjects=["Homeroom"]),
            course("art", title="Art", subjects=["Arts"], grades=["03"]),
        ],
        classes=[
            section("h1", "north", course_sourced_id="hr", title="Rm 1", class_type="homeroom",
                    periods=["1", "2"], term_sourced_ids=["fall"]),
            section("a1", "north", course_sourced_id="art", title="Art A", periods=["3"],
                    class_code="ART-7"),
            section("h2", "south", course_sourced_id="hr", title="Rm 2", class_type="homeroom"),
        ],
        enrollments=[
            seat("ann", "h1"), seat("ann", "a1"), seat("ben", "a1"), seat("cyd", "h2"),
            seat("tea", "h1", "teacher"), seat("sub", "h2", "teacher"),
        ],
        demographics=[birth("ann"), birth("ben")],
    )  # fmt: skip


def where(field: MatchField, operator: MatchOperator, value: str) -> Sharing:
    return by_rules([(field, operator, value)])


def by_rules(*rules: list[tuple[MatchField, MatchOperator, str]]) -> Sharing:
    return Sharing(
        SharingMode.RULES,
        rules=tuple(SharingRule(tuple(Condition(*one) for one in rule)) for rule in rules),
    )


def matched(sharing: Sharing) -> list[str]:
    return shared_sections(section_attributes(school_day()), sharing)["sourced_id"].to_list()


F, IS, NOT, HAS = MatchField, MatchOperator.IS, MatchOperator.IS_NOT, MatchOperator.CONTAINS


@pytest.mark.parametrize(
    ("field", "operator", "value", "found"),
    [
        (F.COURSE_NAME, HAS, " homeROOM ", ["h1", "h2"]),
        (F.COURSE_NAME, IS, "Homeroom", []),
        (F.COURSE_NUMBER, IS, "hr3", ["h1", "h2"]),
        (F.SECTION_NAME, IS, "rm 1", ["h1"]),
        (F.SECTION_NUMBER, HAS, "art", ["a1"]),
        (F.SUBJECT, IS, "arts", ["a1"]),
        (F.SUBJECT, NOT, "arts", ["h1", "h2"]),
        (F.GRADE, IS, "03", ["a1"]),
        (F.PERIOD, IS, "2", ["h1"]),
        (F.PERIOD, IS, "", ["h2"]),
        (F.PERIOD, NOT, "", ["h1", "a1"]),
        (F.PERIOD, HAS, "", []),
        (F.TERM_NAME, IS, "fall", ["h1"]),
        (F.TEACHER, IS, "toni diaz", ["h1"]),
        (F.TEACHER, IS, "toni@X.org", ["h1"]),
        (F.TEACHER, IS, "tea", ["h1"]),
        (F.SCHOOL, IS, "SOUTH", ["h2"]),
        (F.SECTION_TYPE, IS, "homeroom", ["h1", "h2"]),
        (F.COURSE_NAME, HAS, "(", []),
    ],
)
def test_a_condition_matches(
    field: MatchField, operator: MatchOperator, value: str, found: list[str]
) -> None:
    assert matched(where(field, operator, value)) == found


def test_any_rule_matches_and_all_conditions_of_it() -> None:
    rules = by_rules(
        [(F.SUBJECT, IS, "Homeroom"), (F.SCHOOL, IS, "north")], [(F.COURSE_NAME, IS, "Art")]
    )
    assert matched(rules) == ["h1", "a1"]


def test_no_rule_and_a_rule_without_conditions_match_nothing() -> None:
    assert (matched(by_rules()), matched(by_rules([]))) == ([], [])


def left(sharing: Sharing, came: RosterFrames | None = None) -> dict[str, list[str]]:
    """Return the names that are left in each table."""
    roster = shared_frames(came or school_day(), sharing)
    return {
        "orgs": roster.orgs["sourced_id"].to_list(),
        "users": roster.users["sourced_id"].to_list(),
        "roles": roster.roles["user_sourced_id"].to_list(),
        "courses": roster.courses["sourced_id"].to_list(),
        "classes": roster.classes["sourced_id"].to_list(),
        "seats": roster.enrollments["user_sourced_id"].to_list(),
        "born": roster.demographics["sourced_id"].to_list(),
    }


def test_the_default_shares_the_very_same_frames() -> None:
    came = school_day()
    assert shared_frames(came, Sharing()) is came


def test_rules_leave_the_people_of_the_sections_that_match() -> None:
    assert left(where(F.SUBJECT, IS, "homeroom")) == {
        "orgs": ["dst", "north", "south"],
        "users": ["ann", "cyd", "tea", "sub", "boss", "mum"],
        "roles": ["ann", "cyd", "tea", "sub", "boss", "mum"],
        "courses": ["hr"],
        "classes": ["h1", "h2"],
        "seats": ["ann", "cyd", "tea", "sub"],
        "born": ["ann"],
    }


def test_sections_by_hand_are_those_sections() -> None:
    found = left(Sharing(SharingMode.SECTIONS, section_ids=("a1",)))
    assert (found["classes"], found["users"]) == (["a1"], ["ann", "ben", "boss", "mum", "dad"])


def test_schools_share_all_that_is_there() -> None:
    assert left(Sharing(SharingMode.SCHOOLS, school_ids=("south",))) == {
        "orgs": ["dst", "south"],
        "users": ["cyd", "sub", "boss"],
        "roles": ["cyd", "sub", "boss"],
        "courses": ["hr"],
        "classes": ["h2"],
        "seats": ["cyd", "sub"],
        "born": [],
    }


def test_a_student_of_two_schools_is_shared_where_the_section_is() -> None:
    came = school_day()
    second = came.roles.head(1).with_columns(org_sourced_id=pl.lit("south"))
    both = replace(came, roles=pl.concat([came.roles, second]))
    kept = shared_frames(both, where(F.SECTION_NAME, IS, "rm 1")).roles
    assert kept.filter(pl.col("user_sourced_id") == "ann")["org_sourced_id"].to_list() == ["north"]


def test_a_role_elsewhere_stays_when_there_is_none_at_the_school_of_the_section() -> None:
    came = school_day()
    moved = came.roles.with_columns(org_sourced_id=pl.lit("dst"))
    kept = shared_frames(replace(came, roles=moved), where(F.SECTION_NAME, IS, "rm 1"))
    assert "ann" in kept.users["sourced_id"]


def test_changes_only_never_take_somebody_for_gone() -> None:
    came = school_day()
    part = replace(came, modes={**came.modes, "enrollments": Mode.DELTA})
    kept = shared_frames(part, where(F.SUBJECT, IS, "homeroom"))
    assert {kept.modes[name] for name in ("users", "roles", "classes", "orgs")} == {Mode.DELTA}


def test_a_deletion_passes() -> None:
    came = school_day()
    gone = came.users.with_columns(
        status=pl.when(pl.col("sourced_id") == "ben").then(pl.lit("tobedeleted"))
    )
    kept = shared_frames(replace(came, users=gone), where(F.SUBJECT, IS, "homeroom"))
    assert "ben" in kept.users["sourced_id"]


def odd(sharing: Sharing, came: RosterFrames | None = None) -> list[str]:
    roster = came or school_day()
    return [one.code for one in sharing_findings(roster, shared_frames(roster, sharing), sharing)]


def test_what_is_odd_about_a_choice_is_said() -> None:
    part = replace(school_day(), modes={"classes": Mode.DELTA, "enrollments": Mode.BULK})
    assert odd(where(F.SUBJECT, IS, "homeroom")) == []
    assert odd(where(F.SUBJECT, IS, "sewing")) == ["ROS-803"]
    assert odd(where(F.SUBJECT, IS, "homeroom"), part) == ["ROS-802"]
    assert odd(Sharing(), part) == []
