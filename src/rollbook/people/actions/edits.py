"""Edit a record by hand, so that syncs leave the cell alone, and let go of it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import polars as pl
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rollbook.audit.actions import record
from rollbook.changes.actions import commit_plan, propose_plan, undo_plan
from rollbook.changes.layouts import CELL_TYPES, after, before
from rollbook.changes.models import ChangePlan
from rollbook.changes.plan import touched_cells
from rollbook.changes.state import move_areas
from rollbook.changes.store import read_plan_file
from rollbook.changes.types import CommitReceipt, PlanTable, TableChanges
from rollbook.people.layouts import CLASSES, SCHOOL_ENROLLMENTS, STAFF, STUDENTS
from rollbook.people.models import LocalEdit, SchoolEnrollment
from rollbook.people.queries.edits import (
    RecordNotFound,
    get_record,
    require_editable,
    source_of_edit,
    visible_edits,
)
from rollbook.people.rules import cleaned
from rollbook.people.types import RecordToEdit
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

KIND: Final = "edit"


class EditIsWrong(ValueError):
    """Say which values cannot be kept, and why: correct them and save again."""

    def __init__(self, says: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{column}: {why}" for column, why in says.items()))
        self.says = dict(says)


class EditNotFound(LookupError):
    """Say that there is no such edit any more, or none that this person may release."""


class NotAnEdit(ValueError):
    """Say that this plan is not an edit by hand: undo it where it was committed."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Hold what came of an edit: its plan, None where nothing differed, and the columns."""

    plan_uuid: UUID | None
    columns: tuple[str, ...]


def edit_student(
    scope: Scope, student_uuid: UUID, changes: Mapping[str, str], *, by: Actor, now: datetime
) -> Edited:
    """Change cells of one student; syncs leave them alone from now on.

    Shape:  `changes` are texts by column (see people.rules.EDITABLE); a blank clears a cell. Cells
            that are so already are not edited. The grade is that of today's school enrollments too.
    Raises: RecordNotFound, EditIsWrong.
    """
    return _edit(scope, STUDENTS, student_uuid, changes, by=by, now=now)


def edit_staff(
    scope: Scope, staff_uuid: UUID, changes: Mapping[str, str], *, by: Actor, now: datetime
) -> Edited:
    """Change cells of one staff member, as `edit_student` does.

    Raises: RecordNotFound, EditIsWrong.
    """
    return _edit(scope, STAFF, staff_uuid, changes, by=by, now=now)


def edit_class(
    scope: Scope, class_uuid: UUID, changes: Mapping[str, str], *, by: Actor, now: datetime
) -> Edited:
    """Change the title of one class, as `edit_student` does.

    Raises: RecordNotFound, EditIsWrong.
    """
    return _edit(scope, CLASSES, class_uuid, changes, by=by, now=now)


@transaction.atomic
def _edit(
    scope: Scope,
    table: PlanTable,
    uuid: UUID,
    changes: Mapping[str, str],
    *,
    by: Actor,
    now: datetime,
) -> Edited:
    found = get_record(scope, table.name, uuid)
    today = timezone.localdate(now)
    values = _differing(found, changes, today)
    if not values:
        return Edited(None, ())
    plan = propose_plan(
        title="Edited by hand: " + ", ".join(name.replace("_", " ") for name in values),
        kind=KIND,
        changes=_changes(table, found, values, today),
        areas=_areas(found.source),
        organization_id=found.organization_id,
        by=by,
        now=now,
    )
    commit_plan(plan.uuid, digest=plan.digest, by=by, now=now)
    _mark(found, values, by=by, now=now)
    record(
        action="edit_record",
        subject_kind=table.name,
        subject_uuid=uuid,
        organization_id=found.organization_id,
        detail={"columns": sorted(values), "plan": str(plan.uuid)},
        by=by,
        now=now,
    )
    return Edited(plan.uuid, tuple(values))


def _areas(source: str) -> list[str]:
    """Return what an edit touches: plans of the roster of that source are to be made again."""
    return [f"roster:{source}"] if source else []


def _differing(found: RecordToEdit, changes: Mapping[str, str], today: date) -> dict[str, str]:
    """Return the cells that are not so already, cleaned.

    Raises: EditIsWrong with all that is wrong.
    """
    read = {c: cleaned(found.table, c, typed, today=today) for c, typed in changes.items()}
    if wrong := {column: says for column, (_value, says) in read.items() if says}:
        raise EditIsWrong(wrong)
    return {c: value for c, (value, _says) in read.items() if value != found.cells[c]}


def _changes(
    table: PlanTable, found: RecordToEdit, values: Mapping[str, str], today: date
) -> list[TableChanges]:
    cells = {column: (found.cells[column], value) for column, value in values.items()}
    changes = [TableChanges(table, _frame(table, [found.id], cells))]
    if table is STUDENTS and "grade" in values:
        changes += _grades_of_stays(found.id, values["grade"], today)
    return changes


def _grades_of_stays(student_id: int, grade: str, today: date) -> list[TableChanges]:
    """Write the grade into the school enrollments that hold today, as a roster would."""
    stays = SchoolEnrollment.objects.filter(
        Q(begins_on__isnull=True) | Q(begins_on__lte=today),
        Q(ends_before__isnull=True) | Q(ends_before__gt=today),
        student_id=student_id,
        is_active=True,
    ).exclude(grade=grade)
    rows = [
        _frame(SCHOOL_ENROLLMENTS, [id], {"grade": (was, grade)}, school)
        for id, was, school in stays.order_by("pk").values_list("pk", "grade", "school_id")
    ]
    return [TableChanges(SCHOOL_ENROLLMENTS, pl.concat(rows))] if rows else []


def _frame(
    table: PlanTable,
    ids: list[int],
    cells: Mapping[str, tuple[str, str]],
    school_id: int | None = None,
) -> pl.DataFrame:
    columns = {
        name(column): _typed(value, table, column)
        for column, pair in cells.items()
        for name, value in zip((before, after), pair, strict=True)
    }
    return pl.DataFrame({"id": ids}).with_columns(
        pl.lit("update").alias("action"),
        pl.lit(school_id, dtype=pl.Int64).alias("school_id"),
        pl.lit("edited here").alias("why"),
        *(pl.lit(v, dtype=kind).alias(name) for name, (v, kind) in columns.items()),
    )


def _typed(text: str, table: PlanTable, column: str) -> tuple[object, pl.DataType]:
    kind = table.columns[column]
    value = (date.fromisoformat(text) if text else None) if kind == "date" else text
    return value, CELL_TYPES[kind]


def _mark(found: RecordToEdit, values: Mapping[str, str], *, by: Actor, now: datetime) -> None:
    """Remember which cells syncs leave alone; an edit of an edited cell takes its place."""
    for column, value in values.items():
        LocalEdit.objects.update_or_create(
            table=found.table,
            record_id=found.id,
            column=column,
            is_active=True,
            defaults={
                "value": value,
                "upstream": "",
                "is_overridden": False,
                "edited_by": by.label,
                "edited_at": now,
            },
        )


@transaction.atomic
def release_edit(scope: Scope, edit_id: int, *, by: Actor, now: datetime) -> None:
    """Let go of an edited cell: the next sync writes what the source says.

    Raises: EditNotFound where it was released already, or is out of reach.
    """
    edit = (
        visible_edits(scope, permission=Permission.ROSTER_WRITE)
        .select_for_update()
        .filter(pk=edit_id)
        .first()
    )
    if edit is None:
        raise EditNotFound
    LocalEdit.objects.filter(pk=edit.pk).update(is_active=False)
    move_areas(_areas(source_of_edit(scope, edit)))
    record(
        action="release_edit",
        subject_kind=edit.table,
        subject_uuid=None,
        detail={"edit": edit.pk, "column": edit.column},
        by=by,
        now=now,
    )


@transaction.atomic
def undo_edit(scope: Scope, plan_uuid: UUID, *, by: Actor, now: datetime) -> CommitReceipt:
    """Take an edit back, and let syncs write its cells again.

    Shape:  as `changes.actions.undo_plan`: a cell that was changed since stays, and stays edited.
    Raises: NotAnEdit, RecordNotFound, and what `changes.actions.undo_plan` raises.
    """
    plan = ChangePlan.objects.filter(uuid=plan_uuid).first()
    reach = scope.over(Permission.ROSTER_WRITE)
    if plan is None or not (reach.everything or reach.includes(plan.organization_id or 0)):
        raise RecordNotFound
    if plan.kind != KIND:
        raise NotAnEdit
    for change in read_plan_file(plan).changes:
        require_editable(scope, change.table.name, change.frame["id"].to_list())
    receipt = undo_plan(plan_uuid, by=by, now=now)
    undone = touched_cells(read_plan_file(ChangePlan.objects.get(undo_of=plan)).changes)
    for table, record_id, column in undone.iter_rows():
        LocalEdit.objects.filter(
            table=table, record_id=record_id, column=column, is_active=True
        ).update(is_active=False)
    return receipt


def note_upstream(upstream: pl.DataFrame, *, by: Actor, now: datetime) -> int:
    """Remember what a source says of the cells that were edited here; return how many differ.

    Shape: `table`, `record_id`, `column`, `upstream`, as `RosterPlan.upstream` has them.
    """
    del by, now  # it is the source that speaks; the run that read it is on record
    if upstream.is_empty():
        return 0
    said = {tuple(row[:3]): row[3] for row in upstream.iter_rows()}
    changed: list[LocalEdit] = []
    count = 0
    for edit in LocalEdit.objects.filter(is_active=True):
        key = (edit.table, edit.record_id, edit.column)
        if key not in said:
            continue
        differs = said[key] != edit.value
        count += differs
        told = said[key] if differs else ""
        if (edit.is_overridden, edit.upstream) != (differs, told):
            edit.is_overridden, edit.upstream = differs, told
            changed.append(edit)
    LocalEdit.objects.bulk_update(changed, ["is_overridden", "upstream"], batch_size=1000)
    return count
