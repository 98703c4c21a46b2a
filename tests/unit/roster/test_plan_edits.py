"""Cells that were edited here stay as they are, whatever a roster says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from rollbook.roster.plan.draft import RosterPlan
from rollbook.roster.plan.edits import EDITS, as_text
from rollbook.roster.plan.roster import plan_roster
from rollbook.roster.types import RosterFrames
from tests.factories.rosters import (
    STARTING,
    Installation,
    actions,
    birth,
    cells,
    loaded,
    role,
    small,
    user,
)


def edited(here: Installation, *edits: tuple[str, str, str, str]) -> pl.DataFrame:
    """Edit cells of an installation by hand: (table, sourcedId, column, value)."""
    rows = []
    for table, key, column, value in edits:
        id = here.id_of(table, key)
        frame = here.state[table]
        new = pl.lit(value)
        new = new.str.to_date() if frame.schema[column] == pl.Date() else new
        here.state[table] = frame.with_columns(
            pl.when(pl.col("id") == id).then(new).otherwise(column).alias(column)
        )
        rows.append((table, id, column, value))
    return pl.DataFrame(rows, schema=EDITS, orient="row")


def plan(here: Installation, edits: pl.DataFrame, roster: RosterFrames, **more: Any) -> RosterPlan:
    return plan_roster(
        replace(here.current(), edits=edits), roster, kept={}, starting=STARTING,
        reserve_ids=here.reserve, new_uuids=lambda n: [f"u{i}" for i in range(n)], **more,
    )  # fmt: skip


def told(found: RosterPlan) -> list[tuple[str, str, str]]:
    return sorted(found.upstream.select("table", "column", "upstream").rows())


def test_a_sync_leaves_an_edited_cell_alone() -> None:
    here = loaded()
    edits = edited(here, ("students", "ann", "first_name", "Annabel"))
    found = plan(here, edits, small())
    assert (actions(found), told(found)) == ({}, [("students", "first_name", "Robin")])
    assert found.upstream["record_id"].to_list() == [here.id_of("students", "ann")]


def test_other_cells_of_the_same_record_are_written() -> None:
    here = loaded()
    edits = edited(here, ("students", "ann", "first_name", "Annabel"))
    roster = small(users=[user("ann", family_name="Oak"), user("ben"), user("tea", grades=None)])
    found = plan(here, edits, roster)
    assert cells(found.by_table["students"]) == [{"last_name": ("Of ann", "Oak")}]


def test_without_the_edit_the_sources_value_comes_back() -> None:
    here = loaded()
    edited(here, ("students", "ann", "first_name", "Annabel"))
    found = plan(here, pl.DataFrame(schema=EDITS), small())
    assert cells(found.by_table["students"]) == [{"first_name": ("Annabel", "Robin")}]
    assert told(found) == []


def test_an_edited_grade_holds_for_the_school_enrollment_too() -> None:
    here = loaded()
    edits = edited(
        here,
        ("students", "ann", "grade", "04"),
        ("school enrollments", "ann-at-north:2027", "grade", "04"),
    ).filter(pl.col("table") == "students")
    assert actions(plan(here, edits, small())) == {}
    places = [role("ann", "north"), role("ann", "south", role_type="secondary")]
    both = small(roles=[*places, role("ben", "north"), role("tea", "north", "teacher")])
    stays = plan(here, edits, both).by_table["school enrollments"].frame
    assert stays.filter(pl.col("action") == "add")["after.grade"].to_list() == ["04"]


def test_dates_and_titles_stay_too() -> None:
    here = loaded()
    edits = edited(
        here,
        ("students", "ben", "birth_date", "2017-01-02"),
        ("classes", "cls", "title", "Reading, blue group"),
        ("staff", "tea", "email", "tea@example.org"),
    )
    found = plan(here, edits, small())
    assert actions(found) == {}
    assert told(found) == [
        ("classes", "title", "cls"),
        ("staff", "email", ""),
        ("students", "birth_date", "2018-03-05"),
    ]


def test_a_source_that_came_round_says_the_same() -> None:
    here = loaded()
    edits = edited(here, ("students", "ann", "first_name", "Annabel"))
    users = [user("ann", given_name="Annabel"), user("ben"), user("tea", grades=None)]
    assert told(plan(here, edits, small(users=users))) == [("students", "first_name", "Annabel")]


def test_who_leaves_leaves_with_the_edit() -> None:
    here = loaded()
    edits = edited(here, ("students", "ann", "first_name", "Annabel"))
    gone = small(
        users=[user("ben"), user("tea", grades=None)],
        roles=[role("ben", "north"), role("tea", "north", "teacher")],
        demographics=[birth("ben")],
        enrollments=[],
    )
    students = plan(here, edits, gone).by_table["students"]
    assert students.frame["action"].to_list() == ["archive"]
    assert plan(here, edits, gone).upstream.is_empty()


def test_who_comes_back_keeps_the_edit() -> None:
    here = loaded()
    edits = edited(here, ("students", "ann", "first_name", "Annabel"))
    state = here.state["students"]
    here.state["students"] = state.with_columns(is_active=pl.col("sourced_id") != "ann")
    students = plan(here, edits, small()).by_table["students"]
    assert cells(students) == [{"is_active": (False, True)}]


def test_cells_are_written_as_text() -> None:
    frame = pl.DataFrame({"d": [date(2018, 3, 5), None], "b": [True, None], "t": ["x", None]})
    shown = frame.select(as_text("d", "date"), as_text("b", "boolean"), as_text("t", "text"))
    assert shown.rows() == [("2018-03-05", "yes", "x"), ("", "", "")]
