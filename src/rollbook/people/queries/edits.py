"""Records as somebody may edit them, and the edits that syncs leave alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import polars as pl
from django.db.models import Model, Q, QuerySet

from rollbook.people.models import Class, LocalEdit, Staff, Student
from rollbook.people.queries.roster import MayNotReadRoster
from rollbook.people.queries.students import students_in
from rollbook.people.rules import EDITABLE
from rollbook.people.types import EditRow, RecordToEdit
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Reach, Scope


class RecordNotFound(LookupError):
    """Say that there is no such record, or none that this person may edit: one answer."""


# Where each plan table's records are, in which organization, and what people call them by.
_KEPT: Final[Mapping[str, tuple[type[Model], str, tuple[str, ...]]]] = {
    "students": (Student, "district_id", ("last_name", "first_name")),
    "staff": (Staff, "district_id", ("last_name", "first_name")),
    "classes": (Class, "school_id", ("title",)),
}


def get_record(scope: Scope, table: str, uuid: UUID) -> RecordToEdit:
    """Return one student, staff member or class that this person may edit.

    Shape:  a student is edited by who may write the district's roster and sees the student by name.
    Raises: RecordNotFound.
    """
    if table not in _KEPT:
        raise RecordNotFound
    _model, place, names = _KEPT[table]
    found = _records(scope, table, Permission.ROSTER_WRITE).filter(uuid=uuid)
    values = found.values("id", "source", place, *EDITABLE[table], *names).first()
    if values is None:
        raise RecordNotFound
    edits = LocalEdit.objects.filter(table=table, record_id=values["id"], is_active=True)
    return RecordToEdit(
        table=table,
        id=values["id"],
        uuid=uuid,
        organization_id=values[place],
        source=values["source"],
        label=_label(values, names),
        cells={column: _text(values[column]) for column in EDITABLE[table]},
        edited={edit.column: edit.pk for edit in edits},
    )


def require_editable(scope: Scope, table: str, ids: Collection[int]) -> None:
    """Let pass who may edit these records as they are now: one may have gone to another district.

    Raises: RecordNotFound.
    """
    if table in _KEPT:
        found = _records(scope, table, Permission.ROSTER_WRITE).filter(pk__in=list(ids))
        if found.count() != len(set(ids)):
            raise RecordNotFound


def find_record_uuid(scope: Scope, ssid: str) -> UUID | None:
    """Return the public id of the student with this state id whom this person may edit."""
    found = _records(scope, "students", Permission.ROSTER_WRITE).filter(ssid=ssid.strip())
    return found.values_list("uuid", flat=True).first() if ssid.strip() else None


def local_edits(scope: Scope) -> pl.DataFrame:
    """Return the cells that no sync may write over, of records of whatever source.

    Shape:  `table`, `record_id`, `column`, `value`, in that order.
    Raises: MayNotReadRoster.
    """
    if not scope.may(Permission.ROSTER_READ):
        raise MayNotReadRoster
    columns = ("table", "record_id", "column", "value")
    rows = LocalEdit.objects.filter(is_active=True).order_by(*columns).values_list(*columns)
    schema = {name: pl.Int64() if name == "record_id" else pl.String() for name in columns}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def visible_edits(
    scope: Scope,
    *,
    permission: Permission = Permission.ROSTER_READ,
    district_id: int | None = None,
) -> QuerySet[LocalEdit]:
    """Return the edits that syncs leave alone, of records over which a permission holds."""
    return LocalEdit.objects.filter(_seen(scope, permission, district_id), is_active=True)


def edit_page(
    scope: Scope,
    *,
    only_overridden: bool = False,
    district_id: int | None = None,
    page: PageRequest | None = None,
) -> Page[EditRow]:
    """Return one page of the edits that syncs leave alone, the latest first.

    Shape: those of districts whose roster this reader may read; with `only_overridden` those whose
           source says something else.
    """
    wanted = page or PageRequest()
    found = visible_edits(scope, district_id=district_id)
    if only_overridden:
        found = found.filter(is_overridden=True)
    ordered = found.order_by("-edited_at", "-pk")
    part = list(ordered[wanted.offset : wanted.offset + wanted.size])
    named = _named(part)
    items = [_row(edit, named.get((edit.table, edit.record_id))) for edit in part]
    return Page(items, wanted.number, wanted.size, found.count())


def source_of_edit(scope: Scope, edit: LocalEdit) -> str:
    """Return the roster source of the record that an edit is of, blank where there is none."""
    del scope  # whose edit it may be was asked when it was found
    model = _KEPT[edit.table][0]
    found = model._default_manager.filter(pk=edit.record_id).values_list("source", flat=True)
    return found.first() or ""


def _within(reach: Reach, place: str) -> Q:
    return Q() if reach.everything else Q(**{f"{place}__in": reach.organization_ids})


def _records(scope: Scope, table: str, permission: Permission) -> QuerySet[Any]:
    """Return the records over which a permission holds; of students those seen by name."""
    model, place, _names = _KEPT[table]
    found = model._default_manager.filter(_within(scope.over(permission), place))
    return found.filter(pk__in=students_in(scope).values("pk")) if model is Student else found


def _seen(scope: Scope, permission: Permission, district_id: int | None) -> Q:
    """Return the condition that an edit is of a record that this reader may see."""
    seen = Q(pk__in=[])
    for table, (_model, place, _names) in _KEPT.items():
        records = _records(scope, table, permission)
        if district_id is not None:
            at = "school__links_up__ancestor_id" if place == "school_id" else place
            records = records.filter(**{at: district_id})
        seen |= Q(table=table, record_id__in=records.values("pk"))
    return seen


def _named(edits: Iterable[LocalEdit]) -> dict[tuple[str, int], tuple[UUID, str]]:
    """Find the public id and the name of each edited record, with one query per table."""
    listed = list(edits)
    found: dict[tuple[str, int], tuple[UUID, str]] = {}
    for table, (model, _place, names) in _KEPT.items():
        ids = {edit.record_id for edit in listed if edit.table == table}
        rows = model._default_manager.filter(pk__in=ids).values("pk", "uuid", *names)
        found |= {(table, row["pk"]): (row["uuid"], _label(row, names)) for row in rows}
    return found


def _row(edit: LocalEdit, named: tuple[UUID, str] | None) -> EditRow:
    uuid, label = named or (None, "")
    return EditRow(
        id=edit.pk,
        table=edit.table,
        record_uuid=uuid,
        label=label,
        column=edit.column,
        value=edit.value,
        upstream=edit.upstream,
        is_overridden=edit.is_overridden,
        edited_by=edit.edited_by,
        edited_at=edit.edited_at,
    )


def _label(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return ", ".join(str(values[name]) for name in names if values[name])


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")
