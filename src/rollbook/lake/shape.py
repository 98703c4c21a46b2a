"""What columns a query's answer has, and whether the query means anything at all."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import date, datetime

from rollbook.lake.columns import identity
from rollbook.lake.query import (
    AllOf,
    AnyOf,
    Condition,
    Lookup,
    Measure,
    Not,
    Predicate,
    Query,
    Sort,
    Value,
    Within,
)
from rollbook.lake.types import ColumnType, LakeTable

Columns = dict[str, ColumnType]
Tables = Mapping[str, LakeTable]

NUMBERS: frozenset[ColumnType] = frozenset({"int16", "int32", "int64", "float64"})
INTEGERS: frozenset[ColumnType] = frozenset({"int16", "int32", "int64"})
LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**63 - 1
# Names that begin so are the compiler's own.
RESERVED = "__"


class QueryIsWrong(ValueError):
    """A question has no meaning: it names a column that is not there, or compares unlike things."""


def output_columns(query: Query, tables: Tables) -> Columns:
    """Return the columns of the answer to `query`, in order, with their types.

    Raises: QueryIsWrong when the question has no meaning.
    """
    rows = row_columns(query, tables)
    _require_predicate(query.where, rows)
    for within in query.within:
        _require_within(within, rows, tables)
    _require_latest(query, rows)
    answer = _answer_columns(query, rows)
    if query.having is not None and not query.has_groups:
        raise QueryIsWrong("having is about groups; use where for rows.")
    _require_predicate(query.having, answer)
    _require_sorts(query.order_by, answer if query.has_groups else rows)
    if query.limit is not None and query.limit < 0:
        raise QueryIsWrong("limit is below 0.")
    return answer


def row_columns(query: Query, tables: Tables) -> Columns:
    """Return the columns of a row before it is summed up: the table's, then looked-up ones."""
    table = _table(query.table, tables)
    columns = dict(table.columns)
    for lookup in query.lookups:
        for name, kind in _added_columns(lookup, columns, tables).items():
            if name in columns:
                raise QueryIsWrong(f"lookup in {lookup.table}: {name} is already a column.")
            columns[name] = kind
    return columns


def _table(name: str, tables: Tables) -> LakeTable:
    if name not in tables:
        raise QueryIsWrong(f"there is no table {name}.")
    return tables[name]


def _added_columns(lookup: Lookup, rows: Columns, tables: Tables) -> Columns:
    other = _table(lookup.table, tables)
    _require_columns(lookup.on, rows)
    _require_columns((*lookup.on, *lookup.columns), other.columns)
    unlike = [name for name in lookup.on if not _comparable(rows[name], other.columns[name])]
    if unlike:
        raise QueryIsWrong(f"lookup in {lookup.table}: {unlike} have other types there.")
    if not set(identity(other)) <= set(lookup.on):
        raise QueryIsWrong(f"lookup in {lookup.table} must be on {list(identity(other))}.")
    return {lookup.prefix + name: other.columns[name] for name in lookup.columns}


def _answer_columns(query: Query, rows: Columns) -> Columns:
    if not query.has_groups:
        _require_columns(query.select, rows)
        _require_distinct(query.select)
        return {name: rows[name] for name in query.select or tuple(rows)}
    if query.select:
        raise QueryIsWrong("a query has either select, or group_by and measures.")
    _require_columns(query.group_by, rows)
    _require_distinct((*query.group_by, *(measure.name for measure in query.measures)))
    columns: Columns = {name: rows[name] for name in query.group_by}
    for measure in query.measures:
        columns[measure.name] = _measure_type(measure, rows)
    return columns


def _measure_type(measure: Measure, rows: Columns) -> ColumnType:
    _require_predicate(measure.where, rows)
    if measure.column is None:
        if measure.kind != "count":
            raise QueryIsWrong(f"measure {measure.name}: {measure.kind} needs a column.")
        return "int64"
    _require_columns((measure.column,), rows)
    kind = rows[measure.column]
    result: ColumnType
    match measure.kind:
        case "count" | "distinct_count":
            return "int64"
        case "min" | "max":
            allowed = kind != "bool"
            result = kind
        case "sum":
            allowed = kind in NUMBERS
            result = "int64" if kind in INTEGERS else "float64"
        case _:
            allowed = kind in NUMBERS
            result = "float64"
    if not allowed:
        raise QueryIsWrong(f"measure {measure.name}: no {measure.kind} of {kind}.")
    return result


def _require_within(within: Within, rows: Columns, tables: Tables) -> None:
    found = output_columns(within.of, tables)
    theirs = within.of_columns or within.columns
    _require_columns(within.columns, rows)
    _require_columns(theirs, found)
    if not within.columns or len(within.columns) != len(theirs):
        raise QueryIsWrong("within: columns and of_columns must pair up.")
    for mine, other in zip(within.columns, theirs, strict=True):
        if not _comparable(rows[mine], found[other]):
            raise QueryIsWrong(f"within: {mine} and {other} have unlike types.")


def _require_latest(query: Query, rows: Columns) -> None:
    if query.latest is None:
        return
    if not query.latest.per:
        raise QueryIsWrong("latest: per names no column.")
    _require_columns(query.latest.per, rows)
    _require_sorts(query.latest.by, rows)


def _require_sorts(sorts: Collection[Sort], columns: Columns) -> None:
    _require_columns([sort.column for sort in sorts], columns)


def _require_columns(names: Collection[str], columns: Columns) -> None:
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise QueryIsWrong(f"there is no column {', '.join(unknown)}.")


def _require_distinct(names: Collection[str]) -> None:
    if len(set(names)) < len(names):
        raise QueryIsWrong(f"a column comes twice in {list(names)}.")
    if any(name.startswith(RESERVED) or not name for name in names):
        raise QueryIsWrong(f"a column's name may not be empty or begin with {RESERVED}.")


def _comparable(one: ColumnType, other: ColumnType) -> bool:
    return one == other or (one in INTEGERS and other in INTEGERS)


def _require_predicate(predicate: Predicate | None, columns: Columns) -> None:
    match predicate:
        case None:
            return
        case Condition():
            _require_condition(predicate, columns)
        case Not(part):
            _require_predicate(part, columns)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                _require_predicate(part, columns)


def _require_condition(condition: Condition, columns: Columns) -> None:
    _require_columns((condition.column,), columns)
    kind = columns[condition.column]
    if condition.op == "starts_with" and kind != "text":
        raise QueryIsWrong(f"{condition.column}: starts_with needs text, not {kind}.")
    for value in values_of(condition):
        if not _suits(value, kind):
            raise QueryIsWrong(
                f"{condition.column}: a {type(value).__name__} does not compare with {kind}."
            )


def values_of(condition: Condition) -> list[Value]:
    """Return the values a condition compares with: none, one, or those of its collection."""
    value = condition.value
    if condition.op in {"is_null", "not_null"}:
        if value is not None:
            raise QueryIsWrong(f"{condition.column}: {condition.op} takes no value.")
        return []
    if condition.op in {"in", "not_in"}:
        if isinstance(value, str) or not isinstance(value, Collection):
            raise QueryIsWrong(f"{condition.column}: {condition.op} takes a collection.")
        return list(value)
    if value is None or (isinstance(value, Collection) and not isinstance(value, str)):
        raise QueryIsWrong(f"{condition.column}: {condition.op} takes one value.")
    return [value]


def _suits(value: object, kind: ColumnType) -> bool:
    if isinstance(value, bool) or kind == "bool":
        return isinstance(value, bool) and kind == "bool"
    match kind:
        case "text":
            # DuckDB ends a statement's text at a NUL.
            return isinstance(value, str) and "\0" not in value
        case "timestamp":
            return isinstance(value, datetime) and value.tzinfo is not None
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case "float64":
            return isinstance(value, int | float) and math.isfinite(value)
        case _:
            return isinstance(value, int) and LEAST_INTEGER <= value <= MOST_INTEGER
