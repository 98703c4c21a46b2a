"""Answer queries in plain Python, slowly and obviously: the yardstick for every other engine.

It reads the same Delta version by the Delta library itself, as a list of dicts, and then does
what `query` says, step by step, with loops. Nothing here is shared with the compiler but the
check that the query means something.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key
from typing import Any, cast

import polars as pl
from deltalake import DeltaTable

from rollbook.lake.columns import POLARS_TYPES, identity
from rollbook.lake.engine import STREAM_ROWS
from rollbook.lake.query import (
    AllOf,
    AnyOf,
    Condition,
    Latest,
    Lookup,
    Measure,
    MeasureKind,
    Not,
    Predicate,
    Query,
    Sort,
    Within,
)
from rollbook.lake.shape import output_columns, values_of
from rollbook.lake.tables import Lake

Row = dict[str, Any]


class ReferenceEngine:
    """Answer queries by loops over dicts. For tests and for settling a dispute; not for size."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def run(self, query: Query) -> pl.DataFrame:
        """Answer `query` at once. See `Engine.run`."""
        columns = output_columns(query, self._lake.tables)
        rows = [[row[name] for name in columns] for row in self._answer(query)]
        schema = {name: POLARS_TYPES[kind] for name, kind in columns.items()}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def stream(self, query: Query) -> Iterator[pl.DataFrame]:
        """Answer `query` in frames. See `Engine.stream`."""
        whole = self.run(query)
        yield from whole.iter_slices(STREAM_ROWS) if whole.height else [whole]

    def _answer(self, query: Query) -> list[Row]:
        rows = self._stored(query.table, query.version)
        for lookup in query.lookups:
            rows = self._looked_up(rows, lookup)
        rows = [row for row in rows if _holds(query.where, row) is True]
        for within in query.within:
            rows = self._within(rows, within)
        key = identity(self._lake.tables[query.table])
        if query.latest is not None:
            rows = _latest(rows, query.latest, key)
        if query.has_groups:
            rows = _groups(rows, query)
            rows = [row for row in rows if _holds(query.having, row) is True]
        if query.is_ordered:
            rows = _sorted(rows, query.order_by, query.group_by if query.has_groups else key)
        return rows if query.limit is None else rows[: query.limit]

    def _stored(self, name: str, version: int | None) -> list[Row]:
        table = self._lake.table(name)
        delta = cast(Any, DeltaTable(self._lake.folder(table), version=version))
        rows = cast(list[Row], delta.to_pyarrow_table().to_pylist())
        return [{column: row.get(column) for column in table.columns} for row in rows]

    def _looked_up(self, rows: list[Row], lookup: Lookup) -> list[Row]:
        others: dict[tuple[Any, ...], Row] = {}
        for row in self._stored(lookup.table, lookup.version):
            others[tuple(row[name] for name in lookup.on)] = row
        answer: list[Row] = []
        for row in rows:
            found = others.get(tuple(row[name] for name in lookup.on), {})
            added = {lookup.prefix + name: found.get(name) for name in lookup.columns}
            answer.append({**row, **added})
        return answer

    def _within(self, rows: list[Row], within: Within) -> list[Row]:
        theirs = within.of_columns or within.columns
        found = {tuple(row[name] for name in theirs) for row in self._answer(within.of)}
        answer: list[Row] = []
        for row in rows:
            mine = tuple(row[name] for name in within.columns)
            if None not in mine and mine in found:
                answer.append(row)
        return answer


def _holds(predicate: Predicate | None, row: Row) -> bool | None:
    """Decide a predicate for one row: true, false, or None when it is unknown."""
    match predicate:
        case None:
            return True
        case Condition():
            return _condition_holds(predicate, row[predicate.column])
        case Not(part):
            held = _holds(part, row)
            return None if held is None else not held
        case AllOf(parts):
            found = [_holds(part, row) for part in parts]
            return False if False in found else None if None in found else True
        case AnyOf(parts):
            found = [_holds(part, row) for part in parts]
            return True if True in found else None if None in found else False


def _condition_holds(condition: Condition, cell: Any) -> bool | None:
    if condition.op == "is_null":
        return cell is None
    if condition.op == "not_null":
        return cell is not None
    if cell is None:
        return None
    if condition.op == "in":
        return cell in values_of(condition)
    if condition.op == "not_in":
        return cell not in values_of(condition)
    return COMPARISONS[condition.op](cell, condition.value)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda cell, value: cell == value,
    "ne": lambda cell, value: cell != value,
    "lt": lambda cell, value: cell < value,
    "le": lambda cell, value: cell <= value,
    "gt": lambda cell, value: cell > value,
    "ge": lambda cell, value: cell >= value,
    "starts_with": lambda cell, value: cell.startswith(value),
}


def _latest(rows: list[Row], latest: Latest, key: Sequence[str]) -> list[Row]:
    first: dict[tuple[Any, ...], Row] = {}
    for row in _sorted(rows, latest.by, key):
        first.setdefault(tuple(row[name] for name in latest.per), row)
    return list(first.values())


def _groups(rows: list[Row], query: Query) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {} if query.group_by else {(): []}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in query.group_by), []).append(row)
    answer: list[Row] = []
    for values, members in groups.items():
        named = dict(zip(query.group_by, values, strict=True))
        answer.append(named | {m.name: _measure(m, members) for m in query.measures})
    return answer


def _measure(measure: Measure, rows: list[Row]) -> Any:
    rows = [row for row in rows if _holds(measure.where, row) is True]
    if measure.column is None:
        return len(rows)
    return MEASURES[measure.kind](
        [row[measure.column] for row in rows if row[measure.column] is not None]
    )


def _sum(values: list[Any]) -> Any:
    if not values:
        return None
    return math.fsum(values) if isinstance(values[0], float) else sum(values)


def _mean(values: list[Any]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _standard_deviation(values: list[Any]) -> float | None:
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _standard_error(values: list[Any]) -> float | None:
    deviation = _standard_deviation(values)
    return None if deviation is None else deviation / math.sqrt(len(values))


MEASURES: dict[MeasureKind, Callable[[list[Any]], Any]] = {
    "count": len,
    "sum": _sum,
    "mean": _mean,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "distinct_count": lambda values: len(set(values)),
    "standard_deviation": _standard_deviation,
    "standard_error": _standard_error,
}


def _sorted(rows: list[Row], sorts: Sequence[Sort], ties: Sequence[str]) -> list[Row]:
    every = [*sorts, *(Sort(name) for name in ties)]

    def compare(one: Row, other: Row) -> int:
        for sort in every:
            order = _compare(one[sort.column], other[sort.column], descending=sort.descending)
            if order:
                return order
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def _compare(one: Any, other: Any, *, descending: bool) -> int:
    if one is None or other is None:
        # Nulls go last, whichever way the values run.
        return (one is None) - (other is None)
    order = (one > other) - (one < other)
    return -order if descending else order
