"""Turn a query into an Ibis expression that any Ibis backend can run.

The expression reads unbound tables. `Compiled.sources` says which lake table and version stands
behind each name; `Compiled.sets` holds long value lists, which the engine gives the backend as
little tables, because a list of 100,000 ids is a join, not a text.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from rollbook.lake.columns import POLARS_TYPES, identity
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
from rollbook.lake.shape import Columns, Tables, output_columns, row_columns, values_of
from rollbook.lake.types import ColumnType

# Ibis ships no types: its expressions are `Any` here and nowhere else.
ibis: Any = importlib.import_module("ibis")
Expr = Any

IBIS_TYPES: Final[dict[ColumnType, str]] = {
    "text": "string",
    "int64": "int64",
    "int32": "int32",
    "int16": "int16",
    "float64": "float64",
    "bool": "boolean",
    "timestamp": "timestamp('UTC')",
    "date": "date",
}

# From here on a list of values travels as a table.
LONG_LIST: Final = 200
RANK: Final = "__rank"


COMPARISONS: Final[dict[str, Callable[[Expr, Expr], Expr]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "starts_with": lambda column, start: column.startswith(start),
}


def _deviation(column: Expr, where: Expr) -> Expr:
    return column.cast("float64").std(how="sample", where=where)


def _error(column: Expr, where: Expr) -> Expr:
    # No value gives 0 / 0, which backends answer unlike each other: make it null first.
    count = column.count(where=where).cast("float64")
    return _deviation(column, where) / count.nullif(0.0).sqrt()


MEASURES: Final[dict[MeasureKind, Callable[[Expr, Expr], Expr]]] = {
    "count": lambda column, where: column.count(where=where),
    "sum": lambda column, where: column.sum(where=where),
    "mean": lambda column, where: column.mean(where=where),
    "min": lambda column, where: column.min(where=where),
    "max": lambda column, where: column.max(where=where),
    "distinct_count": lambda column, where: column.nunique(where=where),
    "standard_deviation": _deviation,
    "standard_error": _error,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Name a version of a lake table; None is the newest."""

    table: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """Hold an expression, and what must stand behind the table names in it."""

    expression: Expr
    columns: Columns
    sources: dict[str, Source]
    sets: dict[str, pl.DataFrame]


def compile_query(query: Query, tables: Tables) -> Compiled:
    """Turn `query` into an expression.

    Raises: QueryIsWrong when the question has no meaning.
    """
    columns = output_columns(query, tables)
    compilation = _Compilation(tables)
    expression = compilation.answer(query)
    return Compiled(expression, columns, compilation.sources, compilation.sets)


@dataclass
class _Compilation:
    """Collect the tables that one expression needs while it is built."""

    tables: Tables
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    sets: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])

    def answer(self, query: Query) -> Expr:
        columns = output_columns(query, self.tables)
        rows = self._rows(query)
        answer = self._groups(query, rows) if query.has_groups else rows
        if query.having is not None:
            answer = answer.filter(self._predicate(query.having, answer, columns))
        ties = query.group_by if query.has_groups else identity(self.tables[query.table])
        order = _order(answer, query.order_by, ties) if query.is_ordered else []
        if order:
            answer = answer.order_by(order)
        if query.limit is not None:
            answer = answer.limit(query.limit)
        return answer.select(*columns)

    def _rows(self, query: Query) -> Expr:
        rows = self._source(query.table, query.version)
        for lookup in query.lookups:
            rows = self._looked_up(rows, lookup)
        columns = row_columns(query, self.tables)
        if query.where is not None:
            rows = rows.filter(self._predicate(query.where, rows, columns))
        for within in query.within:
            rows = self._within(rows, within)
        if query.latest is not None:
            rows = _latest(rows, query.latest, identity(self.tables[query.table]))
        return rows

    def _source(self, name: str, version: int | None) -> Expr:
        source = Source(name, version)
        label = f"{name}_newest" if version is None else f"{name}_{version}"
        self.sources[label] = source
        columns = self.tables[name].columns
        return ibis.table({n: IBIS_TYPES[kind] for n, kind in columns.items()}, name=label)

    def _looked_up(self, rows: Expr, lookup: Lookup) -> Expr:
        other = self._source(lookup.table, lookup.version).view()
        pairs = [rows[name] == other[name] for name in lookup.on]
        added = {lookup.prefix + name: other[name] for name in lookup.columns}
        return rows.left_join(other, pairs).select(rows, **added)

    def _within(self, rows: Expr, within: Within) -> Expr:
        theirs = within.of_columns or within.columns
        found = self.answer(within.of).select(*dict.fromkeys(theirs)).distinct().view()
        pairs = [rows[a] == found[b] for a, b in zip(within.columns, theirs, strict=True)]
        return rows.semi_join(found, pairs)

    def _groups(self, query: Query, rows: Expr) -> Expr:
        columns = row_columns(query, self.tables)
        measures = [
            self._measure(measure, rows, columns).name(measure.name) for measure in query.measures
        ]
        if not measures:
            return rows.select(*query.group_by).distinct()
        return rows.aggregate(measures, by=list(query.group_by))

    def _measure(self, measure: Measure, rows: Expr, columns: Columns) -> Expr:
        where = None
        if measure.where is not None:
            where = self._predicate(measure.where, rows, columns)
        if measure.column is None:
            return rows.count(where=where)
        return MEASURES[measure.kind](rows[measure.column], where)

    def _predicate(self, predicate: Predicate, rows: Expr, columns: Columns) -> Expr:
        match predicate:
            case Condition():
                return self._condition(predicate, rows[predicate.column], columns)
            case Not(part):
                return ~self._predicate(part, rows, columns)
            case AllOf(parts):
                whole = ibis.literal(True)
                for part in parts:
                    whole = whole & self._predicate(part, rows, columns)
                return whole
            case AnyOf(parts):
                whole = ibis.literal(False)
                for part in parts:
                    whole = whole | self._predicate(part, rows, columns)
                return whole

    def _condition(self, condition: Condition, column: Expr, columns: Columns) -> Expr:
        match condition.op:
            case "is_null":
                return column.isnull()
            case "not_null":
                return column.notnull()
            case "in":
                return self._found(condition, column, columns)
            case "not_in":
                return ~self._found(condition, column, columns)
            case op:
                [value] = values_of(condition)
                return COMPARISONS[op](column, ibis.literal(value))

    def _found(self, condition: Condition, column: Expr, columns: Columns) -> Expr:
        values = values_of(condition)
        if not values:
            # Unknown for null, false for the rest: a plain false would turn true under Not.
            return ibis.ifelse(column.isnull(), ibis.null("boolean"), ibis.literal(False))
        if len(values) < LONG_LIST:
            return column.isin(values)
        kind = columns[condition.column]
        label = f"set_{len(self.sets)}"
        unique = pl.Series("value", values, dtype=POLARS_TYPES[kind], strict=False).unique()
        self.sets[label] = unique.drop_nulls().to_frame()
        return column.isin(ibis.table({"value": IBIS_TYPES[kind]}, name=label).value)


def _latest(rows: Expr, latest: Latest, ties: Sequence[str]) -> Expr:
    window = ibis.window(
        group_by=[rows[name] for name in latest.per], order_by=_order(rows, latest.by, ties)
    )
    ranked = rows.mutate(**{RANK: ibis.row_number().over(window)})
    return ranked.filter(ranked[RANK] == 0).drop(RANK)


def _order(rows: Expr, sorts: Sequence[Sort], ties: Sequence[str]) -> list[Expr]:
    first = [
        rows[sort.column].desc(nulls_first=False)
        if sort.descending
        else rows[sort.column].asc(nulls_first=False)
        for sort in sorts
    ]
    named = {sort.column for sort in sorts}
    return first + [rows[name].asc(nulls_first=False) for name in ties if name not in named]
