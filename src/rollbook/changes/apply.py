"""Write a plan's rows into their tables, one statement per table and kind of change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import polars as pl
from django.db import IntegrityError, connection

from rollbook.changes.layouts import after, before, changed_columns
from rollbook.changes.plan import added_rows
from rollbook.changes.state import StateMovedOn
from rollbook.changes.tables import differ, insert_rows, quoted, staged
from rollbook.changes.types import CellType, ChangeAction, TableChanges

_WHOLE: Final = (ChangeAction.ADD.value, ChangeAction.DELETE.value)


class PlanDoesNotFit(Exception):
    """Say that the database's own rules refuse the plan's rows: make the plan again."""


@contextmanager
def refusing_misfits() -> Iterator[None]:
    """Turn the database's refusal into a `PlanDoesNotFit` that names no value."""
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        # The database's own words would hold the row's values: students' names and numbers.
        raise PlanDoesNotFit(constraint or "a constraint of the database") from None


def check_references_now() -> None:
    """Have PostgreSQL check references before the outermost transaction ends.

    SQLite has no such statement: it checks at the commit of the outermost transaction.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def write_changes(changes: Sequence[TableChanges]) -> None:
    """Write all changes; call it inside a transaction.

    Raises: StateMovedOn where a record no longer holds what the plan says it held before.
    """
    for change in reversed(changes):
        _delete(change)
    for change in changes:
        _update(change)
        _add(change)


def _add(changes: TableChanges) -> None:
    rows = added_rows(changes)
    if rows.height:
        insert_rows(changes.table.db_table, rows, {"id": "integer", **changes.table.columns})


def _delete(changes: TableChanges) -> None:
    doomed = changes.frame.filter(pl.col("action") == ChangeAction.DELETE.value)
    if not doomed.height:
        return
    columns = changed_columns(changes)
    kinds = _kinds(changes, columns)
    with staged(doomed.select("id", *map(before, columns)), kinds) as stage:
        clashes = [differ(f"t.{quoted(c)}", f"s.{quoted(before(c))}") for c in columns]
        _refuse_if_any(changes, stage, clashes)
        _execute(
            f"DELETE FROM {quoted(changes.table.db_table)} WHERE id IN (SELECT id FROM {stage})"
        )


def _update(changes: TableChanges) -> None:
    edits = changes.frame.filter(~pl.col("action").is_in(_WHOLE))
    columns = [c for c in changed_columns(changes) if _is_touched(edits, c)]
    if not columns:
        return
    names = [name(c) for c in columns for name in (before, after)]
    with staged(edits.select("id", *names), _kinds(changes, columns)) as stage:
        clashes = [
            f"({_touched(c)} AND {differ(f't.{quoted(c)}', f's.{quoted(before(c))}')})"
            for c in columns
        ]
        _refuse_if_any(changes, stage, clashes)
        cells = ", ".join(
            f"{quoted(c)} = CASE WHEN {_touched(c)}"
            f" THEN s.{quoted(after(c))} ELSE t.{quoted(c)} END"
            for c in columns
        )
        _execute(
            f"UPDATE {quoted(changes.table.db_table)} AS t SET {cells}"
            f" FROM {stage} AS s WHERE t.id = s.id"
        )


def _refuse_if_any(changes: TableChanges, stage: str, clashes: Sequence[str]) -> None:
    """Refuse where a staged row has no record, or one whose cells are not those from before."""
    wrong = " OR ".join(["t.id IS NULL", *clashes])
    found = _execute(
        f"SELECT 1 FROM {stage} AS s LEFT JOIN {quoted(changes.table.db_table)} AS t ON t.id = s.id"
        f" WHERE {wrong} LIMIT 1"
    )
    if found:
        raise StateMovedOn


def _execute(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if statement.startswith("SELECT") else []


def _touched(column: str) -> str:
    return differ(f"s.{quoted(before(column))}", f"s.{quoted(after(column))}")


def _is_touched(edits: pl.DataFrame, column: str) -> bool:
    return bool(edits.select(pl.col(before(column)).ne_missing(pl.col(after(column))).any()).item())


def _kinds(changes: TableChanges, columns: Sequence[str]) -> Mapping[str, CellType]:
    cells = {name(c): changes.table.columns[c] for c in columns for name in (before, after)}
    return {"id": "integer", **cells}
