"""Any question about any small tables: both engines give the same answer."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rollbook.lake.columns import frame_types
from rollbook.lake.embedded import EmbeddedEngine
from rollbook.lake.query import (
    AllOf,
    AnyOf,
    Condition,
    Latest,
    Lookup,
    Measure,
    Not,
    Predicate,
    Query,
    Sort,
    Within,
)
from rollbook.lake.reference import ReferenceEngine
from rollbook.lake.shape import NUMBERS, Columns, output_columns, row_columns
from rollbook.lake.tables import Lake
from rollbook.lake.types import ColumnType, LakeTable
from tests.spec.lake.text_tables import PARTS, SCORES

TABLES = {"scores": SCORES, "parts": PARTS}
WHOLE_KEY = ("year", "subject", "id")

# Few different values, so that rows meet: ties, equal groups, halves, odd texts, both zeros.
VALUES: dict[ColumnType, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(["", "a", "A", "aé", "a'", 'a"', "%", "_a", "a\\", "\U0001f600", "ｱ"]),
    "int64": st.sampled_from([0, 1, 2, -1, 2**40]),
    "int32": st.sampled_from([0, 1, 2400, 2401, -5]),
    "int16": st.sampled_from([1, 2, 3, 4]),
    "float64": st.sampled_from([0.0, 0.5, 1.5, 2.5, -0.5, 0.1, 1e6]),
    "bool": st.booleans(),
    "timestamp": st.integers(0, 3).map(
        lambda n: datetime(2026, 4, 14, 23, 59, 59, 999_998, UTC) + timedelta(microseconds=n)
    ),
    "date": st.integers(0, 3).map(lambda n: date(2016, 2, 28) + timedelta(days=n)),
}
PARTITION: dict[str, st.SearchStrategy[Any]] = {
    "year": st.sampled_from([2026, 2027]),
    "subject": st.sampled_from(["ELA", "a b/c%d'="]),
}


def rows(table: LakeTable) -> st.SearchStrategy[pl.DataFrame]:
    named = {*table.key, *table.partition_by}
    columns = {
        name: PARTITION[name]
        if name in PARTITION
        else VALUES[kind]
        if name in named
        else st.none() | VALUES[kind]
        for name, kind in table.columns.items()
    }
    lists = st.lists(
        st.fixed_dictionaries(columns),
        max_size=12,
        unique_by=lambda row: tuple(row[name] for name in sorted(named)),
    )
    return lists.map(lambda found: pl.DataFrame(found, schema=frame_types(table)))


@st.composite
def conditions(draw: st.DrawFn, columns: Columns) -> Condition:
    name = draw(st.sampled_from(sorted(columns)))
    kind = columns[name]
    values = VALUES[kind]
    ops = ["eq", "ne", "in", "not_in", "is_null", "not_null", "lt", "le", "gt", "ge"]
    op: Any = draw(st.sampled_from([*ops, "starts_with"] if kind == "text" else ops))
    if op in {"is_null", "not_null"}:
        return Condition(name, op)
    if op in {"in", "not_in"}:
        listed = draw(st.lists(values, max_size=4))
        # Long lists travel another way: make one long now and then.
        filler = [10_000 + n for n in range(300)] if kind == "int64" and draw(st.booleans()) else []
        return Condition(name, op, tuple(listed + filler))
    return Condition(name, op, draw(values))


def predicates(columns: Columns) -> st.SearchStrategy[Predicate]:
    return st.recursive(
        conditions(columns),
        lambda parts: st.one_of(
            parts.map(Not),
            st.lists(parts, max_size=3).map(tuple).map(AllOf),
            st.lists(parts, max_size=3).map(tuple).map(AnyOf),
        ),
        max_leaves=4,
    )


def sorts(columns: Columns) -> st.SearchStrategy[tuple[Sort, ...]]:
    one = st.builds(Sort, st.sampled_from(sorted(columns)), st.booleans())
    return st.lists(one, max_size=2, unique_by=lambda sort: sort.column).map(tuple)


@st.composite
def measures(draw: st.DrawFn, columns: Columns, name: str) -> Measure:
    where = draw(st.none() | predicates(columns))
    kinds: dict[str, list[str]] = {
        kind: [c for c, t in columns.items() if _has_measure(kind, t)]
        for kind in (
            "count", "sum", "mean", "standard_deviation", "standard_error", "min", "max",
            "distinct_count",
        )
    }  # fmt: skip
    kind: Any = draw(st.sampled_from(sorted(k for k, found in kinds.items() if found)))
    column = draw(st.sampled_from(sorted(kinds[kind])))
    if kind == "count" and draw(st.booleans()):
        return Measure(name, kind, None, where)
    return Measure(name, kind, column, where)


def _has_measure(kind: str, column: ColumnType) -> bool:
    if kind in {"count", "distinct_count"}:
        return True
    return column != "bool" if kind in {"min", "max"} else column in NUMBERS


@st.composite
def queries(draw: st.DrawFn, *, deep: bool = True) -> Query:
    table = draw(st.sampled_from(["scores", "parts"]))
    lookups: tuple[Lookup, ...] = ()
    if table == "parts" and draw(st.booleans()):
        lookups = (Lookup("scores", WHOLE_KEY, ("score", "iep", "school"), prefix="of_"),)
    columns = row_columns(Query(table=table, lookups=lookups), TABLES)
    names = sorted(columns)
    within: tuple[Within, ...] = ()
    if deep and draw(st.booleans()):
        chosen = draw(st.sampled_from([WHOLE_KEY, ("subject",), ("id",)]))
        inner = draw(queries(deep=False))
        keyed = Query(
            table=inner.table, where=inner.where, latest=inner.latest, select=chosen,
            lookups=inner.lookups,
            **({"order_by": (Sort("id"),), "limit": 3} if draw(st.booleans()) else {}),
        )  # fmt: skip
        within = (Within(chosen, keyed),)
    where = draw(st.none() | predicates(columns))
    per = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(tuple)
    latest = draw(st.none() | st.builds(Latest, per, sorts(columns)))
    found = Query(table=table, lookups=lookups, where=where, within=within, latest=latest)
    return draw(shaped(found, columns))


@st.composite
def shaped(draw: st.DrawFn, rows: Query, columns: Columns) -> Query:
    names = sorted(columns)
    parts: dict[str, Any] = {"limit": draw(st.none() | st.integers(0, 4))}
    if draw(st.booleans()):
        some = st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple)
        parts["group_by"] = draw(some)
        parts["measures"] = tuple(
            draw(measures(columns, f"m{n}")) for n in range(draw(st.integers(1, 3)))
        )
        answer = output_columns(_with(rows, parts), TABLES)
        # Floats may differ in the last digit: compare and sort by exact columns only.
        exact: Columns = {n: kind for n, kind in answer.items() if kind != "float64"}
        if exact and draw(st.booleans()):
            parts["having"] = draw(predicates(exact))
        parts["order_by"] = draw(sorts(exact)) if exact else ()
    else:
        parts["select"] = draw(st.lists(st.sampled_from(names), max_size=3, unique=True).map(tuple))
        parts["order_by"] = draw(sorts(columns))
    return _with(rows, parts)


def _with(rows: Query, parts: dict[str, Any]) -> Query:
    return Query(
        table=rows.table, lookups=rows.lookups, where=rows.where, within=rows.within,
        latest=rows.latest, **parts,
    )  # fmt: skip


@settings(max_examples=30)
@given(st.data())
def test_engines_agree_on_any_question(data: st.DataObject) -> None:
    # tests/faults looks at durability; here it would only wait for other people's writes.
    with tempfile.TemporaryDirectory() as folder, patch("os.fsync"):
        lake = Lake(Path(folder))
        lake.create([SCORES, PARTS])
        # Two writes, so that the second corrects some rows of the first.
        for number in range(2):
            lake.upsert(SCORES, data.draw(rows(SCORES)), transaction=str(number))
            lake.upsert(PARTS, data.draw(rows(PARTS)), transaction=str(number))
        embedded, reference = EmbeddedEngine(lake, threads=2), ReferenceEngine(lake)
        for query in data.draw(st.lists(queries(), min_size=8, max_size=8)):
            expected, found = reference.run(query), embedded.run(query)
            if not query.is_ordered:
                expected, found = expected.sort(expected.columns), found.sort(found.columns)
            assert_frame_equal(found, expected, rel_tol=1e-9, abs_tol=1e-9)
        embedded.close()
