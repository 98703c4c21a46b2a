"""States of two real tables, as Hypothesis draws them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction
from hypothesis import strategies as st

from rollbook.changes.layouts import row_schema
from rollbook.changes.plan import diff
from rollbook.changes.tables import insert_rows, read_table
from rollbook.changes.types import PlanTable, TableChanges
from rollbook.people.layouts import STAFF, STAFF_ASSIGNMENTS

TABLES = (STAFF, STAFF_ASSIGNMENTS)
State = dict[str, pl.DataFrame]
Row = dict[str, Any]

texts = st.sampled_from(
    ["", "a", "b", 'quo"te', "com,ma", "li\r\nne", "\\N", "\\.", " ", "Zoë", "null"]
)
dates = st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1))
ids = st.integers(1, 4)
staff_cells = st.fixed_dictionaries(
    {
        "first_name": texts,
        "last_name": texts,
        "is_active": st.booleans(),
    }
)


def staff(district_id: int) -> st.SearchStrategy[pl.DataFrame]:
    def framed(drawn: Mapping[int, Row]) -> pl.DataFrame:
        rows = [
            {
                **_blank(STAFF),
                "id": key,
                "uuid": str(uuid.UUID(int=key)),
                "district_id": district_id,
                **cells,
            }
            for key, cells in drawn.items()
        ]
        return pl.DataFrame(rows, schema=row_schema(STAFF))

    return st.dictionaries(ids, staff_cells).map(framed)


@st.composite
def states(draw: st.DrawFn, district_id: int, school_id: int) -> State:
    people = draw(staff(district_id))
    known = people["id"].to_list()
    drawn = draw(
        st.dictionaries(
            ids, st.tuples(st.sampled_from(known), st.sampled_from(["teacher", "aide"]), dates)
        )
        if known
        else st.just({})
    )
    places = [
        {
            **_blank(STAFF_ASSIGNMENTS),
            "id": key,
            "staff_id": staff_id,
            "organization_id": school_id,
            "role": role,
            "begins_on": begins_on,
            "is_primary": True,
            "is_active": True,
        }
        for key, (staff_id, role, begins_on) in drawn.items()
    ]
    frame = pl.DataFrame(places, schema=row_schema(STAFF_ASSIGNMENTS))
    return {STAFF.name: people.sort("id"), STAFF_ASSIGNMENTS.name: frame.sort("id")}


def _blank(table: PlanTable) -> Row:
    return {name: "" if kind == "text" else None for name, kind in table.columns.items()}


def changes(a: State, b: State) -> list[TableChanges]:
    return [TableChanges(t, diff(t, a[t.name], b[t.name], absent="delete")) for t in TABLES]


def store(state: State) -> None:
    for table in TABLES:
        insert_rows(table.db_table, state[table.name], {"id": "integer", **table.columns})


def stored() -> State:
    return {table.name: read_table(table).sort("id") for table in TABLES}


@contextmanager
def rolled_back() -> Iterator[None]:
    """Leave the database as it was, for the next example."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
