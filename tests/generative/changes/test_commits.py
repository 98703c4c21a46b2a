"""Laws of plans on a real database."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rollbook.changes.actions import (
    PlanDoesNotFit,
    StateMovedOn,
    UndoHasNothingLeft,
    commit_plan,
    propose_plan,
    undo_plan,
)
from rollbook.changes.layouts import after, before
from rollbook.changes.models import ChangePlan
from rollbook.changes.plan import apply
from rollbook.changes.types import TableChanges
from rollbook.orgs.models import Organization
from rollbook.people.layouts import STAFF
from rollbook.people.models import Staff
from tests.db.changes.given import AREA, BY, LATER, NOW
from tests.generative.changes.given import (
    Row,
    State,
    changes,
    ids,
    rolled_back,
    staff_cells,
    states,
    store,
    stored,
)
from tests.generative.changes.test_plans import same

pytestmark = pytest.mark.django_db
DISTRICT, SCHOOL = 91, 92
frames = states(district_id=DISTRICT, school_id=SCHOOL)
# The fixture only makes two organizations that every example may share.
laws = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def places(db: None) -> None:
    district = Organization.objects.create(pk=DISTRICT, kind="district", name="D")
    Organization.objects.create(pk=SCHOOL, kind="school", name="S", parent=district)


def proposed(plan: list[TableChanges]) -> ChangePlan:
    return propose_plan(
        title="t", kind="k", changes=plan, areas=[AREA], organization_id=None, by=BY, now=NOW
    )


def committed(plan: list[TableChanges]) -> ChangePlan:
    row = proposed(plan)
    commit_plan(row.uuid, digest=row.digest, by=BY, now=LATER)
    return row


def differ(a: State, b: State) -> bool:
    return any(not a[name].equals(b[name]) for name in a)


@laws
@given(frames, frames)
def test_the_database_agrees_with_the_plan_on_frames(a: State, b: State) -> None:
    assume(differ(a, b))
    with rolled_back():
        store(a)
        same(stored(), a)
        committed(changes(a, b))
        same(stored(), b)


@laws
@given(frames, frames)
def test_undoing_a_commit_gives_the_first_state_back(a: State, b: State) -> None:
    assume(differ(a, b))
    with rolled_back():
        store(a)
        plan = committed(changes(a, b))
        assert undo_plan(plan.uuid, by=BY, now=LATER).conflicts == ()
        same(stored(), a)


@laws
@given(frames, frames)
def test_committing_twice_is_committing_once(a: State, b: State) -> None:
    assume(differ(a, b))
    with rolled_back():
        store(a)
        plan = proposed(changes(a, b))
        receipts = [commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER) for _ in range(2)]
        assert receipts[0] == receipts[1]
        same(stored(), b)


@laws
@given(frames, frames, frames)
def test_a_plan_never_merges_with_what_somebody_else_did(a: State, b: State, c: State) -> None:
    """Whatever moved under a plan: it writes exactly what it showed, or nothing."""
    assume(differ(a, b))
    with rolled_back():
        store(c)
        plan = proposed(changes(a, b))
        try:
            commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
        except StateMovedOn:
            same(stored(), c)
        except PlanDoesNotFit:  # an addition met an id that is taken
            same(stored(), c)
        else:
            same(stored(), apply(changes(a, b), c))


@laws
@given(frames, frames, st.dictionaries(ids, staff_cells))
def test_an_undo_takes_back_exactly_the_cells_that_nobody_touched(
    a: State, b: State, edits: dict[int, Row]
) -> None:
    a, b = ({**state, "staff assignments": state["staff assignments"].clear()} for state in (a, b))
    assume(differ(a, b))
    with rolled_back():
        store(a)
        plan = changes(a, b)
        row = committed(plan)
        for key, cells in edits.items():
            Staff.objects.filter(pk=key).update(**cells)
        now = {r["id"]: r for r in stored()["staff"].iter_rows(named=True)}
        expected = oracle(now, plan[0].frame.to_dicts())
        try:
            undo_plan(row.uuid, by=BY, now=LATER)
        except UndoHasNothingLeft:
            assert expected == now
        frame = pl.DataFrame(list(expected.values()), schema=stored()["staff"].schema)
        assert_frame_equal(stored()["staff"], frame.sort("id"))


def oracle(now: dict[int, Row], plan: list[dict[str, Any]]) -> dict[int, Row]:
    """Say row by row and cell by cell, slowly, what an undo leaves."""
    left = {key: dict(cells) for key, cells in now.items()}
    for change in plan:
        key = change["id"]
        was, wrote = ({c: change.get(n(c)) for c in STAFF.columns} for n in (before, after))
        if change["action"] == "add":
            if now.get(key) == {"id": key, **wrote}:
                del left[key]
        elif change["action"] == "delete":
            left.setdefault(key, {"id": key, **was})
        elif key in left:
            for column in STAFF.columns:
                if was[column] != wrote[column] and now[key][column] == wrote[column]:
                    left[key][column] = was[column]
    return left
