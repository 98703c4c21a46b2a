"""Any file, planned against any state: exactly its groups, and nothing else."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.changes.plan import apply, inverse
from rollbook.groups.plan.current import CurrentGroups
from rollbook.groups.plan.file import plan_group_file
from tests.factories.group_files import (
    PEOPLE,
    PLACES,
    Told,
    current,
    file_rows,
    frames_of,
    ids_from,
    state_after,
    told,
)

NAMES = ("A", "a", "B b", "Ç", "ç")
LOGINS = ("t@example.org", "T@example.org", "u@example.org")
SCHOOL_IDS = [(school, district) for _key, school, district in PLACES]
STUDENTS = {ssid: (who, district) for ssid, who, district in PEOPLE}

lines = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from([key for key, _school, _district in PLACES]),
        st.sampled_from(["2026", "2027"]),
        st.sampled_from(["", "All", "ELA", "math"]),
        st.sampled_from(["", "NOBODY", *STUDENTS]),
        st.sampled_from(["", *LOGINS]),
    ),
    max_size=25,
)


@st.composite
def states(draw: st.DrawFn) -> CurrentGroups:
    """Draw groups under names that the databases tell apart, with students and users."""
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["A", "b B", "C", "ç"]),
                st.sampled_from([school for school, _district in SCHOOL_IDS]),
                st.sampled_from([2026, 2027]),
            ),
            unique=True,
            max_size=8,
        )
    )
    groups: dict[int, tuple[object, ...]] = {
        number: (
            *key,
            draw(st.sampled_from(["", "ELA", "Math"])),
            draw(st.sampled_from(["file", "hand", "class", "rule"])),
            draw(st.booleans()),
        )
        for number, key in enumerate(keys, start=1)
    }
    some = st.lists(st.integers(1, 20), unique=True, max_size=4)
    logins = st.lists(st.sampled_from(["t@example.org", "v@example.org"]), unique=True)
    return current(
        groups,
        members={id: draw(some) for id in groups},
        users={id: draw(logins) for id in groups},
    )


def wanted(rows: list[tuple[str, ...]], state: CurrentGroups) -> Told:
    """Say, row by row and without a frame, what must be there afterwards."""
    before = told(state)
    follows = {
        (school, year, name.lower())
        for _id, name, school, year, _subject, origin, _live in state.groups.iter_rows()
        if origin in ("class", "rule")
    }
    shown = {(school, year, name.lower()): name for school, year, name in before}
    places = {key: (school, district) for key, school, district in PLACES}
    spelled = {"": "", "all": "", "ela": "ELA", "math": "Math"}
    found: dict[tuple[int, int, str], tuple[Any, ...]] = {}
    for name, school_key, year, subject, ssid, login in rows:
        school, district = places[school_key]
        key = (school, int(year), name.lower())
        if key in follows:
            continue
        shown.setdefault(key, name)
        told_subject, students, users = found.setdefault(key, ([], set(), set()))
        if subject:
            told_subject.append(spelled[subject.lower()])
        if ssid in STUDENTS and STUDENTS[ssid][1] == district:
            students.add(STUDENTS[ssid][0])
        if login:
            users.add(login.lower())
    return before | {
        (school, year, shown[school, year, key]): (
            subject[0] if subject else "", True, sorted(students), sorted(users),
        )
        for (school, year, key), (subject, students, users) in found.items()
    }  # fmt: skip


def rows_of(drawn: list[tuple[str, ...]]) -> pl.DataFrame:
    return file_rows(*(",".join(cells) for cells in drawn))


@settings(max_examples=40)
@given(lines, states())
def test_named_groups_become_what_the_file_lists_and_others_stay(
    drawn: list[tuple[str, ...]], state: CurrentGroups
) -> None:
    plan = plan_group_file(rows_of(drawn), state, take_ids=ids_from())
    assert told(state_after(plan, state)) == wanted(drawn, state)


@settings(max_examples=40)
@given(lines, states())
def test_the_second_time_nothing_changes(
    drawn: list[tuple[str, ...]], state: CurrentGroups
) -> None:
    first = plan_group_file(rows_of(drawn), state, take_ids=ids_from())
    again = plan_group_file(rows_of(drawn), state_after(first, state), take_ids=ids_from(1_000_000))
    assert [change.frame.height for change in again.changes] == [0, 0, 0]
    assert {found.action for found in again.differences} <= {"unchanged"}


@settings(max_examples=40)
@given(lines, states())
def test_an_undo_gives_the_state_back(drawn: list[tuple[str, ...]], state: CurrentGroups) -> None:
    plan = plan_group_file(rows_of(drawn), state, take_ids=ids_from())
    changed, frames = frames_of(plan, state)
    back = apply(inverse(changed), apply(changed, frames))
    assert {name: frame.rows() for name, frame in back.items()} == {
        name: frame.sort("id").rows() for name, frame in frames.items()
    }


@settings(max_examples=40)
@given(lines, states(), st.randoms())
def test_the_order_of_rows_never_matters(
    drawn: list[tuple[str, ...]], state: CurrentGroups, random: Any
) -> None:
    rows = rows_of(drawn)
    order = list(range(rows.height))
    random.shuffle(order)
    plans = [plan_group_file(r, state, take_ids=ids_from()) for r in (rows, rows[order])]
    assert plans[0].differences == plans[1].differences
    assert [c.frame.rows() for c in plans[0].changes] == [c.frame.rows() for c in plans[1].changes]
