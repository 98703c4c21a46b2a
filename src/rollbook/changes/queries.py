"""Read plans: which are open, what one of them would change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final
from uuid import UUID

import polars as pl
from django.db.models import Q, QuerySet

from rollbook.changes.layouts import after, before, changed_columns
from rollbook.changes.life import approvals_of, receipt_of
from rollbook.changes.models import ChangePlan
from rollbook.changes.plan import counts_by_school
from rollbook.changes.rules import OPEN, may_see
from rollbook.changes.state import is_current, versions_of
from rollbook.changes.store import read_plan_file
from rollbook.changes.tables import read_rows
from rollbook.changes.types import (
    Approvals,
    Cell,
    ChangeAction,
    CommitReceipt,
    Conflict,
    ConflictReason,
    HoldReason,
    PlanRow,
    PlanStatus,
    PlanSummary,
    TableChanges,
)
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope

__all__ = [
    "NoSuchPlan",
    "approvals",
    "get_plan",
    "get_receipt",
    "is_current",
    "open_plans",
    "plan_conflicts",
    "plan_counts_by_school",
    "plan_labels",
    "plan_rows",
    "plans",
    "summary_of",
    "versions_of",
]

# What a person recognizes a record by, where the table does not say.
_LABELS: Final = ("last_name", "first_name", "title", "name", "login", "local_id", "sourced_id")


class NoSuchPlan(Exception):
    """Say that there is no such plan, or none that this reader may see: both look the same."""


def open_plans(scope: Scope) -> list[PlanSummary]:
    """List the plans that wait to be committed or discarded, the latest first."""
    waiting = _visible(scope).filter(status__in=[status.value for status in OPEN])
    return [summary_of(plan) for plan in waiting]


def plans(
    scope: Scope, *, kind: str | None = None, page: PageRequest | None = None
) -> Page[PlanSummary]:
    """List all plans, the latest first: the history of what was changed in bulk."""
    wanted = page or PageRequest()
    found = _visible(scope) if kind is None else _visible(scope).filter(kind=kind)
    part = found[wanted.offset : wanted.offset + wanted.size]
    return Page([summary_of(plan) for plan in part], wanted.number, wanted.size, found.count())


def get_plan(scope: Scope, plan_uuid: UUID) -> PlanSummary:
    """Return one plan's life, without its rows.

    Raises: NoSuchPlan.
    """
    return summary_of(_get(scope, plan_uuid))


def approvals(scope: Scope, plan_uuid: UUID) -> Approvals:
    """Return who stands behind a plan so far, and whether it takes two.

    Raises: NoSuchPlan.
    """
    return approvals_of(_get(scope, plan_uuid))


def get_receipt(scope: Scope, plan_uuid: UUID) -> CommitReceipt:
    """Return the receipt of a plan that was committed, even if it has been undone since.

    Raises: NoSuchPlan, also where the plan was never committed.
    """
    plan = _get(scope, plan_uuid)
    if plan.committed_at is None:
        raise NoSuchPlan
    return receipt_of(plan)


def plan_rows(
    scope: Scope,
    plan_uuid: UUID,
    *,
    table: str,
    school_id: int | None = None,
    action: ChangeAction | None = None,
    page: PageRequest | None = None,
) -> Page[PlanRow]:
    """List the records of one table that a plan changes, with every cell before and after.

    Shape:  in order of id; no rows for a table that the plan does not change.
    Raises: NoSuchPlan.
    """
    wanted = page or PageRequest()
    changes = _table(read_plan_file(_get(scope, plan_uuid)).changes, table)
    if changes is None:
        return Page([], wanted.number, wanted.size, 0)
    frame = changes.frame
    if school_id is not None:
        frame = frame.filter(pl.col("school_id") == school_id)
    if action is not None:
        frame = frame.filter(pl.col("action") == action.value)
    part = TableChanges(changes.table, frame.slice(wanted.offset, wanted.size))
    return Page(_rows(part), wanted.number, wanted.size, frame.height)


def plan_counts_by_school(
    scope: Scope, plan_uuid: UUID
) -> Mapping[str, Mapping[int | None, Mapping[str, int]]]:
    """Count a plan's rows by table, school and action; under school None for all schools.

    Raises: NoSuchPlan.
    """
    return counts_by_school(read_plan_file(_get(scope, plan_uuid)).changes)


def plan_labels(
    scope: Scope, plan_uuid: UUID, table: str, ids: Collection[int]
) -> Mapping[int, str]:
    """Return what people recognize records by that a plan adds or changes.

    Shape:  by id, without those of which the plan says nothing.
    Raises: NoSuchPlan.
    """
    changes = _table(read_plan_file(_get(scope, plan_uuid)).changes, table)
    if changes is None or not ids:
        return {}
    frame = changes.frame.filter(pl.col("id").is_in(list(ids)))
    return _labels(TableChanges(changes.table, frame))[0] if frame.height else {}


def plan_conflicts(
    scope: Scope, plan_uuid: UUID, *, page: PageRequest | None = None
) -> Page[Conflict]:
    """List what an undo left alone, and why, each record by what a person recognizes it by.

    Raises: NoSuchPlan.
    """
    wanted = page or PageRequest()
    undo = _get(scope, plan_uuid)
    conflicts = read_plan_file(undo).conflicts
    part = conflicts.slice(wanted.offset, wanted.size)
    labels = _conflict_labels(undo, part)
    items = [
        Conflict(where, id, column, ConflictReason(why), labels.get((where, id), ""))
        for where, id, column, why in part.iter_rows()
    ]
    return Page(items, wanted.number, wanted.size, conflicts.height)


def _conflict_labels(undo: ChangePlan, conflicts: pl.DataFrame) -> dict[tuple[str, int], str]:
    """Name the records that an undo left alone, by the rows of the plan that it undid."""
    if undo.undo_of is None or conflicts.is_empty():
        return {}
    found: dict[tuple[str, int], str] = {}
    for change in read_plan_file(undo.undo_of).changes:
        ids = conflicts.filter(pl.col("table") == change.table.name)["id"].unique()
        rows = change.frame.filter(pl.col("id").is_in(ids.implode()))
        if rows.height:
            labels = _labels(TableChanges(change.table, rows))[0]
            found |= {(change.table.name, id): label for id, label in labels.items()}
    return found


def _visible(scope: Scope) -> QuerySet[ChangePlan]:
    reach = scope.over(Permission.ROSTER_READ)
    where = Q() if reach.everything else Q(organization_id__in=reach.organization_ids)
    return (
        ChangePlan.objects.select_related("undo_of").filter(where).order_by("-proposed_at", "-id")
    )


def _get(scope: Scope, plan_uuid: UUID) -> ChangePlan:
    plan = ChangePlan.objects.select_related("undo_of").filter(uuid=plan_uuid).first()
    if plan is None or not may_see(scope, plan.organization_id, Permission.ROSTER_READ):
        raise NoSuchPlan
    return plan


def summary_of(plan: ChangePlan) -> PlanSummary:
    """Turn a plan that is already in scope into the value that pages show."""
    return PlanSummary(
        uuid=plan.uuid,
        title=plan.title,
        kind=plan.kind,
        status=PlanStatus(plan.status),
        organization_id=plan.organization_id,
        digest=plan.digest,
        counts=plan.counts,
        holds=tuple(HoldReason(**reason) for reason in plan.hold_reasons),
        proposed_by=plan.proposed_by,
        proposed_at=plan.proposed_at,
        decided_by=plan.decided_by,
        decided_at=plan.decided_at,
        committed_at=plan.committed_at,
        undo_of=None if plan.undo_of is None else plan.undo_of.uuid,
        conflict_count=plan.conflict_count,
    )


def _table(changes: tuple[TableChanges, ...], name: str) -> TableChanges | None:
    return next((change for change in changes if change.table.name == name), None)


def _rows(changes: TableChanges) -> list[PlanRow]:
    labels, uuids = _labels(changes)
    columns = changed_columns(changes)
    return [
        PlanRow(
            table=changes.table.name,
            id=row["id"],
            action=ChangeAction(row["action"]),
            school_id=row["school_id"],
            label=labels.get(row["id"], ""),
            cells=tuple(_cells(row, columns)),
            why=row["why"],
            file=row["file"],
            line=row["line"],
            uuid=uuids.get(row["id"], ""),
        )
        for row in changes.frame.iter_rows(named=True)
    ]


def _cells(row: Mapping[str, object], columns: list[str]) -> list[Cell]:
    pairs = ((column, _text(row[before(column)]), _text(row[after(column)])) for column in columns)
    return [Cell(column, old, new) for column, old, new in pairs if old != new]


def _text(value: object) -> str | None:
    """Write a value as the plan's reader sees it; an empty text reads as empty."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def _labels(changes: TableChanges) -> tuple[dict[int, str], dict[int, str]]:
    """Name each record by its row in the database, or by what the plan adds or takes away.

    Shape: labels by id, and the public ids of the records that are there and have one.
    """
    names = changes.table.label_columns or [c for c in _LABELS if c in changes.table.columns]
    known = read_rows(changes.table, changes.frame["id"].to_list())
    labels = {row["id"]: _joined(row, names) for row in known.iter_rows(named=True)}
    for row in changes.frame.iter_rows(named=True):
        cells = {name: row.get(after(name)) or row.get(before(name)) for name in names}
        labels.setdefault(row["id"], _joined(cells, names))
    has_uuid = "uuid" in changes.table.columns
    uuids = dict(known.select("id", "uuid").iter_rows()) if has_uuid else {}
    return labels, uuids


def _joined(row: Mapping[str, object], names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(str(row[name]) for name in names if row.get(name))
