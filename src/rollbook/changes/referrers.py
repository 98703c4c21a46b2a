"""Which records of the whole database point at the records that a plan would delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl
from django.apps import apps
from django.db import connection

from rollbook.changes.layouts import after
from rollbook.changes.plan import touched
from rollbook.changes.tables import ids_found, quoted, staged
from rollbook.changes.types import ChangeAction, TableChanges

IdsByTable = Mapping[str, set[int]]  # database table -> ids


def still_referred_to(changes: Sequence[TableChanges]) -> dict[str, set[int]]:
    """Find the deletions that would leave a record pointing at nothing.

    Shape: database table -> ids. A record that is made to point elsewhere does not count, nor one
           that is deleted as well, unless it turns out to stay; so this goes on until nothing more
           stays.
    """
    tables = {change.table.db_table: change for change in changes}
    doomed = {c.table.db_table: ids_of(c, ChangeAction.DELETE) for c in changes}
    stays: dict[str, set[int]] = {table: set() for table in doomed}
    while found := [pair for pair in _referred_to(doomed, tables) if pair[1]]:
        for table, ids in found:
            stays[table] |= ids
            doomed[table] = doomed[table] - ids
    return stays


def pointing_at_nothing(changes: TableChanges, returning: IdsByTable) -> dict[str, set[int]]:
    """Find the values that changes would write and that name no record any more.

    Shape: column -> the missing ids. `returning` are records about to be brought back.
    """
    missing: dict[str, set[int]] = {}
    for column, target in _targets(changes.table.db_table).items():
        if after(column) in changes.frame.columns:
            wanted = changes.frame[after(column)].drop_nulls().unique().to_list()
            missing[column] = (
                set(wanted) - ids_found(target, "id", wanted) - returning.get(target, set())
            )
    return missing


def ids_of(changes: TableChanges, action: ChangeAction) -> set[int]:
    """Return the ids of the rows with this action."""
    return set(changes.frame.filter(pl.col("action") == action.value)["id"].to_list())


def _referred_to(
    doomed: IdsByTable, tables: Mapping[str, TableChanges]
) -> Iterator[tuple[str, set[int]]]:
    for table, ids in doomed.items():
        for referrer, column in _referrers(table) if ids else ():
            leaving = doomed.get(referrer, set()) | _edited(tables.get(referrer), column)
            yield table, _kept_by(referrer, column, ids, leaving)


def _edited(changes: TableChanges | None, column: str) -> set[int]:
    """Return the records that stay and whose cell in this column is written."""
    if changes is None or after(column) not in changes.frame.columns:
        return set()
    stays = pl.col("action") != ChangeAction.DELETE.value
    return set(changes.frame.filter(stays & touched(column))["id"].to_list())


def _kept_by(referrer: str, column: str, ids: set[int], leaving: set[int]) -> set[int]:
    """Return those of `ids` that a row of the referrer points at, other than those leaving."""
    with (
        staged(_frame(ids), {"id": "integer"}) as stage,
        staged(_frame(leaving), {"id": "integer"}) as going,
    ):
        return _ids(
            f"SELECT DISTINCT r.{quoted(column)} FROM {quoted(referrer)} AS r"
            f" JOIN {stage} AS s ON s.id = r.{quoted(column)}"
            f" LEFT JOIN {going} AS g ON g.id = r.id WHERE g.id IS NULL"
        )


def _ids(statement: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {value for (value,) in cursor.fetchall()}


def _frame(ids: Iterable[int]) -> pl.DataFrame:
    return pl.DataFrame({"id": sorted(ids)}, schema={"id": pl.Int64()})


def _referrers(db_table: str) -> list[tuple[str, str]]:
    """Return every (table, column) of the installation that points at a table."""
    return [
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if field.related_model is not None and field.related_model._meta.db_table == db_table
    ]


def _targets(db_table: str) -> dict[str, str]:
    """Return the table that each referring column of a table points at."""
    return {
        field.column: field.related_model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table == db_table
        for field in model._meta.local_concrete_fields
        if field.related_model is not None
    }
