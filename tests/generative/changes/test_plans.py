"""Laws of plans on frames alone."""

from __future__ import annotations

import hashlib
import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rollbook.changes.layouts import CONFLICTS, from_bytes, to_bytes
from rollbook.changes.plan import apply, canonical, diff, inverse, touched_cells, without_conflicts
from rollbook.changes.types import PlanContent, TableChanges
from rollbook.people.layouts import STAFF
from tests.generative.changes.given import State, changes, states

frames = states(district_id=1, school_id=2)
dice = st.randoms(use_true_random=False)
laws = settings(max_examples=40)


def same(left: State, right: State) -> None:
    assert left.keys() == right.keys()
    for name, frame in left.items():
        assert_frame_equal(frame, right[name])


def shuffled(frame: pl.DataFrame, dice: random.Random) -> pl.DataFrame:
    order = list(range(frame.height))
    dice.shuffle(order)
    return frame[order] if order else frame


def in_pieces(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame[1::2], frame[0::2]], rechunk=False)


def content(plan: list[TableChanges]) -> PlanContent:
    return PlanContent("roster", {"a": 1}, tuple(plan), CONFLICTS.to_frame())


@laws
@given(frames, frames)
def test_applying_the_difference_gives_the_other_state(a: State, b: State) -> None:
    same(apply(changes(a, b), a), b)


@laws
@given(frames, frames)
def test_applying_the_inverse_gives_the_first_state_back(a: State, b: State) -> None:
    plan = changes(a, b)
    same(apply(inverse(plan), apply(plan, a)), a)


@laws
@given(frames)
def test_nothing_changes_between_equal_states(a: State) -> None:
    assert [plan.frame.height for plan in changes(a, a)] == [0, 0]


@laws
@given(frames, frames)
def test_the_inverse_of_the_inverse_is_the_plan(a: State, b: State) -> None:
    plan = changes(a, b)
    for before, after in zip(plan, inverse(inverse(plan)), strict=True):
        assert_frame_equal(before.frame, after.frame)


@laws
@given(frames, frames, dice)
def test_the_order_of_rows_never_matters(a: State, b: State, dice: random.Random) -> None:
    mixed = changes(*({n: shuffled(f, dice) for n, f in state.items()} for state in (a, b)))
    assert to_bytes(content(changes(a, b))) == to_bytes(content(mixed))


@laws
@given(frames, frames, dice)
def test_equal_plans_have_equal_bytes_however_they_were_made(
    a: State, b: State, dice: random.Random
) -> None:
    plan = changes(a, b)
    # Other chunks, another order: the same plan.
    other = [canonical(TableChanges(p.table, in_pieces(shuffled(p.frame, dice)))) for p in plan]
    digests = {hashlib.sha256(to_bytes(content(p))).hexdigest() for p in (plan, other)}
    assert len(digests) == 1


@laws
@given(frames, frames)
def test_a_file_reads_back_as_the_plan(a: State, b: State) -> None:
    plan = content(changes(a, b))
    read = from_bytes(to_bytes(plan))
    assert (read.kind, read.areas) == (plan.kind, plan.areas)
    for before, after in zip(plan.changes, read.changes, strict=True):
        assert before.table == after.table
        assert_frame_equal(before.frame, after.frame)


@laws
@given(frames, frames)
def test_new_records_found_by_their_keys_get_ids_by_their_keys(a: State, b: State) -> None:
    old, new = a["staff"], b["staff"].drop("id")
    frame = diff(STAFF, old, new, key_columns=["uuid"], take_ids=lambda count: 100, absent="delete")
    result = apply([TableChanges(STAFF, frame)], {"staff": old})["staff"]
    assert_frame_equal(result.drop("id").sort("uuid"), new.sort("uuid"))
    kept = result.join(old, on="uuid", how="semi").select("id", "uuid").sort("uuid")
    assert_frame_equal(kept, old.join(new, on="uuid", how="semi").select("id", "uuid").sort("uuid"))
    fresh = result.filter(pl.col("id") >= 100).sort("uuid")["id"].to_list()
    assert fresh == list(range(100, 100 + len(fresh)))


@laws
@given(frames, frames)
def test_what_fits_and_what_conflicts_are_all_of_the_plan(a: State, b: State) -> None:
    """Whatever the current state is, every touched cell is kept or is listed, never both."""
    plan = diff_of_staff(a, b)
    kept, conflicts = without_conflicts(plan, b["staff"])
    cells = set(touched_cells([kept]).rows())
    listed = set(conflicts.select("table", "id", "column").rows())
    whole = {(table, key) for table, key, column in listed if not column}
    edited_deletions = set(plan.frame.filter(action="delete")["id"].to_list()) & {
        r[1] for r in listed
    }
    for cell in touched_cells([plan]).rows():
        refused = cell in listed or cell[:2] in whole or cell[1] in edited_deletions
        assert (cell in cells) != refused


def diff_of_staff(a: State, b: State) -> TableChanges:
    return TableChanges(STAFF, diff(STAFF, a["staff"], b["staff"], absent="delete"))
