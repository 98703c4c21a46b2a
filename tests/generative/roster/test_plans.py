"""Laws of roster plans: whatever two rosters are, planning leads from the one to the other."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rollbook.changes.plan import apply, inverse
from rollbook.roster.plan.draft import ROSTER_TABLES
from rollbook.roster.types import FRAME_SCHEMAS, Mode, RosterFrames, Vocabulary
from tests.factories.rosters import (
    Installation,
    State,
    actions,
    birth,
    course,
    frames,
    org,
    role,
    seat,
    section,
    user,
    year,
)

laws = settings(max_examples=15)  # three plans each, of a tenth of a second
dice = st.randoms(use_true_random=False)
SCHOOLS, CLASSES, PEOPLE = ("north", "south"), ("k1", "k2"), ("p1", "p2", "p3", "p4")
texts = st.sampled_from(["", "A", "B", "Zoë"])
days = st.none() | st.dates(date(2026, 8, 1), date(2026, 8, 5))


def some(keys: tuple[str, ...], cells: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), cells)


@st.composite
def rosters(draw: st.DrawFn) -> RosterFrames:
    """Draw a whole roster without a defect: every name in it names something in it."""
    people = draw(some(PEOPLE, st.tuples(texts, st.sampled_from(["03", "04"]), st.booleans())))
    at = {key: draw(st.sampled_from(SCHOOLS)) for key in sorted(people)}
    kinds = {key: "student" if kind else "teacher" for key, (_, _, kind) in people.items()}
    classes = draw(some(CLASSES, st.tuples(texts, st.sampled_from(SCHOOLS))))
    chairs = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(CLASSES))
    seats = {
        (who, where): begins
        for (who, where), begins in draw(st.dictionaries(chairs, days)).items()
        if who in people and where in classes
    }
    described = draw(some(PEOPLE, st.tuples(days, st.booleans())))
    return frames(
        orgs=[org("dst", "district", None), *(org(s, name=draw(texts)) for s in SCHOOLS)],
        sessions=[year(title=draw(texts))],
        users=[
            user(key, given_name=name, grades=[grade]) for key, (name, grade, _) in people.items()
        ],
        roles=[role(key, at[key], kinds[key]) for key in people],
        courses=[course(title=draw(texts))],
        classes=[section(key, where, title=title) for key, (title, where) in classes.items()],
        enrollments=[
            seat(who, where, kinds[who], begins_on=begins) for (who, where), begins in seats.items()
        ],
        demographics=[
            birth(key, born, white=white)
            for key, (born, white) in described.items()
            if kinds.get(key) == "student"
        ],
    )


def holding(roster: RosterFrames) -> Installation:
    here = Installation()
    here.load(roster)
    return here


def by_name(state: State) -> dict[str, pl.DataFrame]:
    """Show what a state says without its ids: references as the sourcedIds they lead to."""
    names = {
        name: frame.select("id", key="sourced_id").rename({"id": "_id"})
        for name, frame in state.items()
    }
    shown: dict[str, pl.DataFrame] = {}
    for table in ROSTER_TABLES:
        frame = state[table.name].filter("is_active")
        for column, target in {**table.references, "class_taught_id": "classes"}.items():
            if column in frame.columns:
                frame = (
                    frame.join(names[target], left_on=column, right_on="_id", how="left")
                    .drop(column)
                    .rename({"key": column})
                )
        shown[table.name] = frame.drop("id", "uuid", strict=False).sort("sourced_id")
    return shown


def same(left: dict[str, pl.DataFrame], right: dict[str, pl.DataFrame]) -> None:
    for name, frame in left.items():
        assert_frame_equal(frame, right[name], check_column_order=False)


@laws
@given(rosters(), rosters())
def test_planning_leads_from_any_roster_to_any_other(a: RosterFrames, b: RosterFrames) -> None:
    here = holding(a)
    here.load(b)
    expected = by_name(holding(b).state)
    # What no file of the later roster says of a student stays as it was.
    unsaid = ["birth_date", "white"]
    told = set(b.demographics["sourced_id"])
    shown = by_name(here.state)
    for found in (shown, expected):
        students = found["students"]
        is_told = pl.col("sourced_id").is_in(list(told))
        found["students"] = students.with_columns(
            pl.when(is_told).then(pl.col(c)).alias(c) for c in unsaid
        )
    same(shown, expected)


@laws
@given(rosters(), rosters())
def test_a_roster_that_is_there_changes_nothing(a: RosterFrames, b: RosterFrames) -> None:
    here = holding(a)
    here.load(b)
    assert actions(here.plan(b)) == {}


@laws
@given(rosters(), rosters())
def test_the_inverse_of_a_plan_restores_what_was_there(a: RosterFrames, b: RosterFrames) -> None:
    here = holding(a)
    plan = here.plan(b)
    restored = apply(inverse(plan.changes), apply(plan.changes, here.state))
    for name, frame in here.state.items():
        assert_frame_equal(restored[name].sort("id"), frame.sort("id"))


@laws
@given(rosters(), rosters(), dice)
def test_the_order_of_rows_never_matters(
    a: RosterFrames, b: RosterFrames, dice: random.Random
) -> None:
    here, there = holding(a), holding(a)
    here.load(b)
    there.load(each_frame(b, lambda frame: shuffled(frame, dice)))
    same(by_name(here.state), by_name(there.state))


@laws
@given(rosters(), rosters())
def test_nobody_is_removed_by_files_that_did_not_come(a: RosterFrames, b: RosterFrames) -> None:
    here = holding(a)
    for name in FRAME_SCHEMAS:
        rows = list(getattr(b, name).drop("_line").iter_rows(named=True))
        plan = here.plan(frames(**{name: rows}, modes={FILE[name]: Mode.DELTA}))
        gone = {table for table, found in actions(plan).items() if "archive" in found}
        assert gone == set(), name


@laws
@given(rosters(), st.sets(st.sampled_from(PEOPLE)))
def test_records_left_out_by_the_checks_are_never_removed(
    a: RosterFrames, left_out: set[str]
) -> None:
    here = holding(a)
    keys = sorted(left_out)
    kept = {
        "users": keys,
        "roles": a.roles.filter(pl.col("user_sourced_id").is_in(keys))["sourced_id"],
        "enrollments": a.enrollments.filter(pl.col("user_sourced_id").is_in(keys))["sourced_id"],
    }
    rest = replace(
        a,
        users=a.users.filter(~pl.col("sourced_id").is_in(keys)),
        roles=a.roles.filter(~pl.col("user_sourced_id").is_in(keys)),
        enrollments=a.enrollments.filter(~pl.col("user_sourced_id").is_in(keys)),
        demographics=a.demographics.filter(~pl.col("sourced_id").is_in(keys)),
    )
    assert actions(here.plan(rest, kept=kept)) == {}


@laws
@given(rosters(), rosters())
def test_nobody_leaves_for_want_of_a_column(a: RosterFrames, b: RosterFrames) -> None:
    """A layout without teachers lets none go, nor out of a class that stays."""
    here = holding(a)
    taught = b.roles.filter(pl.col("role") == "teacher")["user_sourced_id"]
    silent = replace(
        b,
        users=b.users.filter(~pl.col("sourced_id").is_in(taught.implode())),
        roles=b.roles.filter(pl.col("role") == "student"),
        enrollments=b.enrollments.filter(pl.col("role") == "student"),
        vocabulary=Vocabulary(roles=frozenset({"student"}), kinds=frozenset({"school"})),
    )
    gone = {
        change.table.name: set(change.frame.filter(pl.col("action") == "archive")["id"])
        for change in here.plan(silent).changes
    }
    assert not gone.get("staff", set()) | gone.get("staff assignments", set())
    left = here.state["enrollments"].filter(
        pl.col("id").is_in(sorted(gone.get("enrollments", ()))), pl.col("role") == "teacher"
    )
    assert set(left["class_taught_id"]) <= gone.get("classes", set())
    districts = here.state["organizations"].filter(pl.col("kind") == "district")["id"]
    assert not gone.get("organizations", set()) & set(districts)


FILE = {name: name for name in FRAME_SCHEMAS} | {"sessions": "academicSessions"}


def each_frame(
    roster: RosterFrames, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> RosterFrames:
    return replace(roster, **{name: change(getattr(roster, name)) for name in FRAME_SCHEMAS})


def shuffled(frame: pl.DataFrame, dice: random.Random) -> pl.DataFrame:
    order = list(range(frame.height))
    dice.shuffle(order)
    return frame[order] if order else frame


def test_the_states_drawn_hold_every_kind_of_record() -> None:
    """Otherwise the laws above would be about nothing."""
    full = holding(
        frames(
            orgs=[org("dst", "district", None), *map(org, SCHOOLS)],
            sessions=[year()],
            users=[user("p1"), user("p2")],
            roles=[role("p1", "north"), role("p2", "north", "teacher")],
            courses=[course()],
            classes=[section("k1")],
            enrollments=[seat("p1", "k1"), seat("p2", "k1", "teacher")],
        )
    )
    assert all(frame.height for frame in by_name(full.state).values())
