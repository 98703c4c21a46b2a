"""A question about lake tables, as an immutable value.

What a query means, in this order (each step sees only what the step before it left):

1. the rows of `table` at `version` (None: the newest);
2. `lookups` add columns from other tables, row by row; no row is lost or doubled;
3. `where` keeps the rows for which it is true;
4. `within` keeps the rows whose columns are found in the answer of another query;
5. `latest` keeps one row per group;
6. `group_by` and `measures` make one row per group, or `select` chooses columns;
7. `having` keeps the groups for which it is true;
8. `order_by`, then 9. `limit`.

**Nulls.** A condition is true, false or unknown. Any comparison with a null cell is unknown: eq,
ne, in, not_in, lt, le, gt, ge and starts_with alike, also `in` of no values. `is_null` and
`not_null` are never unknown. `Not` of unknown is unknown; `AllOf` is false if any part is false,
else unknown if any is unknown; `AnyOf` is true if any part is true, else unknown if any is. Only
true keeps a row. A tuple with a null in it is within nothing. Measures pass over null values;
`group_by` treats null as one more value. Nulls sort last, ascending and descending.

**Order.** An answer with groups is always ordered: by `order_by`, then by `group_by`. An answer of
rows is ordered only if `order_by` or `limit` is given: by `order_by`, then by the table's partition
and key. Text sorts by Unicode code point.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Value = str | int | float | bool | date | datetime

Operator = Literal[
    "eq", "ne", "in", "not_in", "is_null", "not_null", "lt", "le", "gt", "ge", "starts_with"
]

MeasureKind = Literal[
    "count",
    "sum",
    "mean",
    "standard_deviation",
    "standard_error",
    "min",
    "max",
    "distinct_count",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """Compare one column with a value; with a collection of values for `in` and `not_in`."""

    column: str
    op: Operator
    value: Value | Collection[Value] | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Hold when every part holds. No parts: true."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Hold when at least one part holds. No parts: false."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Hold when `part` is false. Unknown stays unknown."""

    part: Predicate


Predicate = Condition | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by one column."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Latest:
    """Keep, for each value of `per`, the first row when ordered by `by`.

    Shape: ties go to the smallest partition and key of the table, so the answer never wavers.
    """

    per: tuple[str, ...]
    by: tuple[Sort, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """Keep rows whose `columns` are found together in the answer of `of`.

    Shape: `of_columns` are the answer's columns in the same order; empty: the same names.
    """

    columns: tuple[str, ...]
    of: Query
    of_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """Add `columns` of another table to each row, null where that table has no such row.

    Shape: `on` are columns of both tables and cover the other's partition and key, so that at
           most one row is found; `prefix` is put before the added names.
    """

    table: str
    on: tuple[str, ...]
    columns: tuple[str, ...]
    prefix: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """Sum up the rows of a group into one value, called `name`.

    Shape: `where` counts only rows for which it is true; null values are passed over.
           `count` without a column counts rows, with one its values. `sum`, `mean`, `min` and `max`
           of no values are null; `standard_deviation` is the sample's, null below two values;
           `standard_error` is that divided by the square root of how many values there are.
    """

    name: str
    kind: MeasureKind
    column: str | None = None
    where: Predicate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Ask one question. See the module's text for what each part means.

    Shape: with `group_by` or `measures` the answer's columns are the groups, then the measures;
           otherwise `select`, or every column. `measures` without groups give exactly one row,
           also for an empty table.
    """

    table: str
    lookups: tuple[Lookup, ...] = ()
    where: Predicate | None = None
    within: tuple[Within, ...] = ()
    latest: Latest | None = None
    group_by: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    select: tuple[str, ...] = ()
    having: Predicate | None = None
    order_by: tuple[Sort, ...] = ()
    limit: int | None = None
    version: int | None = None

    @property
    def has_groups(self) -> bool:
        """Tell whether the answer sums rows up instead of listing them."""
        return bool(self.group_by or self.measures)

    @property
    def is_ordered(self) -> bool:
        """Tell whether the answer's row order is promised."""
        return self.has_groups or bool(self.order_by) or self.limit is not None
