"""Make two records of one child one, give a student another id, and take either back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl
from django.db import transaction

from rollbook.audit.actions import record
from rollbook.changes.actions import commit_plan, propose_plan, reserve_ids, undo_plan
from rollbook.changes.layouts import after, before, schema_of
from rollbook.changes.models import ChangePlan
from rollbook.changes.rules import may_see
from rollbook.changes.state import versions_of
from rollbook.changes.store import read_plan_file
from rollbook.changes.tables import read_table
from rollbook.changes.types import CommitReceipt, PlanTable, TableChanges
from rollbook.groups.layouts import GROUP_MEMBERS
from rollbook.people.layouts import (
    ENROLLMENTS,
    SCHOOL_ENROLLMENTS,
    STUDENT_ALIASES,
    STUDENTS,
)
from rollbook.people.models import Student, StudentAlias
from rollbook.roster.actions.commit import RosterChanged
from rollbook.roster.models.questions import DuplicateDecision
from rollbook.roster.queries.duplicates import get_alike, get_pair
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

MERGE, ID_CHANGE = "merge", "id_change"


class MayNotMerge(PermissionError):
    """Say that this person may not approve changes in the districts of both students."""


class KeepTheStateId(ValueError):
    """Say that the record with a state id must stay: results follow the id."""


class AlreadyMerged(ValueError):
    """Say that one of the two was merged already: look at where it went."""


class IdIsTaken(ValueError):
    """Say that another student has this id, or had it once: two children never share one."""


class IdIsTheSame(ValueError):
    """Say that nothing would change: the student has these ids already."""


class NoSuchMerge(LookupError):
    """Say that this plan merged nobody and changed no id, or that it is out of sight."""


def merge_students(
    scope: Scope, keep_uuid: UUID, gone_uuid: UUID, *, by: Actor, now: datetime
) -> CommitReceipt:
    """Make two records one: what hangs on the one that goes comes to the one that stays.

    Shape:  a committed plan of kind "merge", which `split_students` takes back. Both ids of the
            record that goes lead to the other from now on; its results are shown with the other's.
    Raises: PairNotFound, MayNotMerge, AlreadyMerged, KeepTheStateId.
    """
    get_pair(scope, keep_uuid, gone_uuid)
    keep, gone = Student.objects.get(uuid=keep_uuid), Student.objects.get(uuid=gone_uuid)
    _require(scope, keep, gone)
    if keep.merged_into_id is not None or gone.merged_into_id is not None or keep == gone:
        raise AlreadyMerged
    if gone.ssid and not keep.ssid:
        raise KeepTheStateId
    versions = versions_of(_areas(keep, gone))
    changes = [
        _students_merged(keep, gone),
        _aliases_merged(keep, gone, by=by, now=now),
        _taken_over(SCHOOL_ENROLLMENTS, keep, gone, ("school_id", "school_year")),
        _taken_over(ENROLLMENTS, keep, gone, ("class_taught_id", "role")),
        _members(keep, gone),
    ]
    return _committed("Two records of one student", MERGE, changes, versions, keep, by=by, now=now)


def change_student_id(
    scope: Scope,
    student_uuid: UUID,
    *,
    ssid: str | None = None,
    sourced_id: str | None = None,
    by: Actor,
    now: datetime,
) -> CommitReceipt:
    """Give a student another state id or sourcedId; the old one goes on leading to the student.

    Shape:  a committed plan of kind "id_change", which `split_students` takes back.
    Raises: PairNotFound, MayNotMerge, AlreadyMerged, IdIsTheSame, IdIsTaken.
    """
    student = _student(scope, student_uuid)
    wanted: dict[str, str] = {}
    if ssid is not None and ssid.strip() != student.ssid:
        wanted["ssid"] = ssid.strip()
    if sourced_id is not None and sourced_id.strip() != student.sourced_id:
        wanted["sourced_id"] = sourced_id.strip()
    if not wanted or "" in wanted.values():
        raise IdIsTheSame
    _refuse_taken(student, wanted)
    versions = versions_of(_areas(student))
    cells = {name: (getattr(student, name), value) for name, value in wanted.items()}
    changes = [
        _rows(STUDENTS, [_edit(student.pk, "update", cells, why="the id was changed by hand")]),
        _ids_retired(student, wanted, by=by, now=now),
    ]
    return _committed("A student's new id", ID_CHANGE, changes, versions, student, by=by, now=now)


def split_students(scope: Scope, plan_uuid: UUID, *, by: Actor, now: datetime) -> CommitReceipt:
    """Take a merge or a change of id back, except where later changes touched the same cells.

    Raises: NoSuchMerge, MayNotMerge, and what `changes.actions.undo_plan` raises.
    """
    plan = ChangePlan.objects.filter(uuid=plan_uuid, kind__in=[MERGE, ID_CHANGE]).first()
    if plan is None or not may_see(scope, plan.organization_id, Permission.ROSTER_READ):
        raise NoSuchMerge
    touched = read_plan_file(plan).changes[0]
    _require(scope, *Student.objects.filter(pk__in=touched.frame["id"].to_list()))
    receipt = undo_plan(plan.uuid, scope=scope, by=by, now=now)
    _announce(plan.areas)
    return receipt


def decide_two(scope: Scope, one_uuid: UUID, other_uuid: UUID, *, by: Actor, now: datetime) -> None:
    """Remember that two students who look alike are two, so that nobody is asked again.

    Raises: PairNotFound, MayNotMerge.
    """
    get_pair(scope, one_uuid, other_uuid)
    pair = sorted(Student.objects.filter(uuid__in=[one_uuid, other_uuid]), key=lambda s: s.pk)
    _require(scope, *pair)
    with transaction.atomic():
        DuplicateDecision.objects.get_or_create(
            one=pair[0], other=pair[1], defaults={"decided_by": by.label, "decided_at": now}
        )
        record(
            action="decide_two_students",
            subject_kind="student",
            subject_uuid=pair[0].uuid,
            by=by,
            now=now,
            organization_id=pair[0].district_id,
        )


def _student(scope: Scope, uuid: UUID) -> Student:
    student = Student.objects.get(uuid=get_alike(scope, uuid).uuid)
    _require(scope, student)
    if student.merged_into_id is not None:
        raise AlreadyMerged
    return student


def _require(scope: Scope, *students: Student) -> None:
    reach = scope.over(Permission.ROSTER_APPROVE)
    if not all(reach.includes(student.district_id) for student in students):
        raise MayNotMerge


def _refuse_taken(student: Student, wanted: Mapping[str, str]) -> None:
    others = Student.objects.exclude(pk=student.pk)
    names = StudentAlias.objects.filter(is_active=True).exclude(student=student)
    taken = False
    if "ssid" in wanted:
        taken |= others.filter(ssid=wanted["ssid"]).exists()
        taken |= names.filter(ssid=wanted["ssid"]).exists()
    if "sourced_id" in wanted:
        key = {"source": student.source, "sourced_id": wanted["sourced_id"]}
        taken |= others.filter(**key).exists() or names.filter(**key).exists()
    if taken:
        raise IdIsTaken


def _areas(*students: Student) -> list[str]:
    """Return the areas whose open plans must be made again after this change."""
    return ["students", *sorted({f"roster:{student.source}" for student in students})]


def _committed(
    title: str,
    kind: str,
    changes: list[TableChanges],
    versions: Mapping[str, int],
    student: Student,
    *,
    by: Actor,
    now: datetime,
) -> CommitReceipt:
    with transaction.atomic():
        plan = propose_plan(
            title=title,
            kind=kind,
            changes=changes,
            areas=versions,
            organization_id=student.district_id,
            by=by,
            now=now,
        )
        receipt = commit_plan(plan.uuid, digest=plan.digest, by=by, now=now)
    _announce(versions)
    return receipt


def _announce(areas: Mapping[str, int]) -> None:
    for area in areas:
        source = area.removeprefix("roster:")
        if source and source != area:
            events.announce(RosterChanged(source=source))


Row = dict[str, Any]


def _edit(record_id: int, action: str, cells: Mapping[str, tuple[Any, Any]], *, why: str) -> Row:
    row: Row = {"id": record_id, "action": action, "why": why}
    for column, (old, new) in cells.items():
        row |= {before(column): old, after(column): new}
    return row


def _rows(table: PlanTable, rows: list[Row]) -> TableChanges:
    schema = schema_of(table)
    return TableChanges(table, pl.DataFrame(rows, schema=schema, orient="row"))


_MERGED = "found to be the same student"


def _students_merged(keep: Student, gone: Student) -> TableChanges:
    """Archive the record that goes, and lead to the one that stays whoever led to it."""
    rows = [
        _edit(
            gone.pk,
            "archive",
            {"is_active": (gone.is_active, False), "merged_into_id": (None, keep.pk)},
            why=_MERGED,
        )
    ]
    rows += [
        _edit(pk, "update", {"merged_into_id": (gone.pk, keep.pk)}, why=_MERGED)
        for pk in Student.objects.filter(merged_into=gone).values_list("pk", flat=True)
    ]
    if gone.is_active and not keep.is_active:
        rows.append(_edit(keep.pk, "reactivate", {"is_active": (False, True)}, why=_MERGED))
    return _rows(STUDENTS, rows)


def _aliases_merged(keep: Student, gone: Student, *, by: Actor, now: datetime) -> TableChanges:
    known = read_table(STUDENT_ALIASES, where="student_id = %s", values=[gone.pk])
    rows = [
        _edit(pk, "update", {"student_id": (gone.pk, keep.pk)}, why=_MERGED)
        for pk in known["id"].to_list()
    ]
    names: list[Row] = []
    if gone.sourced_id:
        names.append({"source": gone.source, "sourced_id": gone.sourced_id})
    if gone.ssid:
        names.append({"ssid": gone.ssid})
    return _rows(STUDENT_ALIASES, rows + _new_names(keep, names, "merge", by=by, now=now))


def _ids_retired(
    student: Student, wanted: Mapping[str, str], *, by: Actor, now: datetime
) -> TableChanges:
    """Remember the old ids, and forget the new ones as old: somebody may swap back."""
    returning = StudentAlias.objects.filter(student=student, is_active=True)
    rows: list[Row] = []
    names: list[Row] = []
    for name, value in wanted.items():
        key = {name: value} if name == "ssid" else {"source": student.source, name: value}
        rows += [
            _edit(alias.pk, "archive", {"is_active": (True, False)}, why="in use again")
            for alias in returning.filter(**key)
        ]
        old = getattr(student, name)
        if old:
            names.append({name: old} if name == "ssid" else {"source": student.source, name: old})
    return _rows(STUDENT_ALIASES, rows + _new_names(student, names, "id_change", by=by, now=now))


def _new_names(
    student: Student, names: list[Row], reason: str, *, by: Actor, now: datetime
) -> list[Row]:
    """Return rows that make names lead to a student: new ones, or ended ones in force again."""
    rows: list[Row] = []
    for name in names:
        known = StudentAlias.objects.filter(**({"sourced_id": ""} | name)).first()
        if known is None:
            first = reserve_ids(STUDENT_ALIASES, 1, by=by, now=now)
            cells = {"student_id": student.pk, "reason": reason, "is_active": True} | name
            blank = dict.fromkeys(("source", "sourced_id", "ssid"), "")
            values = blank | cells
            rows.append(
                _edit(first, "add", {c: (None, v) for c, v in values.items()}, why="an older id")
            )
        elif not known.is_active or known.student_id != student.pk:
            change = {
                "student_id": (known.student_id, student.pk),
                "is_active": (known.is_active, True),
            }
            rows.append(_edit(known.pk, "reactivate", change, why="an older id"))
    return rows


def _taken_over(
    table: PlanTable, keep: Student, gone: Student, key: tuple[str, ...]
) -> TableChanges:
    """Give the rows of the record that goes to the one that stays; archive what it has already."""
    mine = read_table(table, where="student_id = %s AND is_active", values=[keep.pk])
    theirs = read_table(table, where="student_id = %s", values=[gone.pk])
    has = set(mine.select(key).iter_rows())
    rows: list[Row] = []
    for row in theirs.iter_rows(named=True):
        place = tuple(row[name] for name in key)
        if row["is_active"] and place in has:
            rows.append(_edit(row["id"], "archive", {"is_active": (True, False)}, why=_MERGED))
            continue
        has |= {place} if row["is_active"] else set()
        rows.append(_edit(row["id"], "update", {"student_id": (gone.pk, keep.pk)}, why=_MERGED))
    return _rows(table, rows)


def _members(keep: Student, gone: Student) -> TableChanges:
    mine = read_table(GROUP_MEMBERS, where="student_id = %s", values=[keep.pk])
    theirs = read_table(GROUP_MEMBERS, where="student_id = %s", values=[gone.pk])
    has = set(mine["group_id"])
    rows = [
        _edit(
            pk,
            "delete",
            {"group_id": (group, None), "student_id": (gone.pk, None)},
            why=_MERGED,
        )
        if group in has
        else _edit(pk, "update", {"student_id": (gone.pk, keep.pk)}, why=_MERGED)
        for pk, group in theirs.select("id", "group_id").iter_rows()
    ]
    return _rows(GROUP_MEMBERS, rows)
