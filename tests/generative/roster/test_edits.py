"""Laws of edits by hand: they survive any sync, and what is released is the source's again."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.changes.plan import apply
from rollbook.roster.plan.draft import RosterPlan
from rollbook.roster.plan.edits import EDITS
from rollbook.roster.plan.roster import plan_roster
from rollbook.roster.types import RosterFrames
from tests.factories.rosters import STARTING, Installation
from tests.generative.roster.test_plans import rosters

laws = settings(max_examples=8)  # up to four plans each
COLUMNS = {
    "students": ("first_name", "last_name", "email", "grade"),
    "staff": ("first_name", "email"),
    "classes": ("title",),
}
values = st.sampled_from(["", "A", "Edited", "12"])


def edited(here: Installation, data: st.DataObject) -> pl.DataFrame:
    """Edit any cells that are there; write them, and mark them."""
    rows: list[tuple[str, int, str, str]] = []
    for table, columns in COLUMNS.items():
        for id in here.state[table]["id"].to_list():
            chosen = data.draw(st.dictionaries(st.sampled_from(columns), values))
            for column, value in chosen.items():
                here.state[table] = here.state[table].with_columns(
                    pl.when(pl.col("id") == id).then(pl.lit(value)).otherwise(column).alias(column)
                )
                rows.append((table, id, column, value))
    return pl.DataFrame(rows, schema=EDITS, orient="row")


def planned(here: Installation, roster: RosterFrames, edits: pl.DataFrame) -> RosterPlan:
    return plan_roster(
        replace(here.current(), edits=edits), roster, kept={}, starting=STARTING,
        reserve_ids=here.reserve, new_uuids=lambda n: [f"u{next(here.ids)}" for _ in range(n)],
    )  # fmt: skip


def cell(here: Installation, table: str, id: int, column: str) -> object:
    return here.state[table].filter(pl.col("id") == id)[column].item()


@laws
@given(rosters(), rosters(), st.data())
def test_edits_survive_any_sync(old: RosterFrames, new: RosterFrames, data: st.DataObject) -> None:
    here = Installation()
    here.load(old)
    edits = edited(here, data)
    for roster in (new, old):
        here.state = apply(planned(here, roster, edits).changes, here.state)
        for table, id, column, value in edits.iter_rows():
            assert cell(here, table, id, column) == value
    assert planned(here, old, edits).changes == ()


@laws
@given(rosters(), rosters(), st.data())
def test_what_is_released_is_the_sources_again(
    old: RosterFrames, new: RosterFrames, data: st.DataObject
) -> None:
    here = Installation()
    here.load(old)
    edits = edited(here, data)
    kept = planned(here, new, edits)
    here.state = apply(kept.changes, here.state)
    released = planned(here, new, pl.DataFrame(schema=EDITS))
    here.state = apply(released.changes, here.state)
    for table, id, column, upstream in kept.upstream.iter_rows():
        assert cell(here, table, id, column) == upstream
    assert planned(here, new, pl.DataFrame(schema=EDITS)).changes == ()


@laws
@given(rosters(), st.data())
def test_what_the_source_says_is_told_of_every_edit_that_it_names(
    roster: RosterFrames, data: st.DataObject
) -> None:
    here = Installation()
    here.load(roster)
    before = dict(here.state)
    edits = edited(here, data)
    told = planned(here, roster, edits).upstream
    keys = ["table", "record_id", "column"]
    assert told.select(keys).sort(keys).equals(edits.select(keys).sort(keys))
    for table, id, column, upstream in told.iter_rows():
        assert before[table].filter(pl.col("id") == id)[column].item() == upstream
