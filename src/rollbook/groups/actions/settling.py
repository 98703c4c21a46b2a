"""Carry a group file's plan out, or take it back, with its status and the groups' history."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl
from django.db import connection

from rollbook.changes import actions as changes
from rollbook.changes.models import ChangePlan
from rollbook.changes.store import read_plan_file
from rollbook.changes.tables import staged
from rollbook.changes.types import CellType, ChangeAction, TableChanges
from rollbook.groups.actions.checking import Judged
from rollbook.groups.layouts import STUDENT_GROUPS
from rollbook.groups.models import GroupEvent, GroupImport, StudentGroup
from rollbook.groups.plan.events import events_of
from rollbook.groups.queries.papers import (
    as_kept,
    findings_path,
    kept_differences,
    kept_reading,
    papers_of,
)
from rollbook.groups.types import GroupDifference, ImportStatus
from rollbook.shared.actor import Actor

_DISCARDED: Final = "Nobody wanted this file: it was put away, and nothing changed."
_UNDONE: Final = "This file was taken back."
_TEXTS: Final = ("school_natural_id", "name", "action", "subject_before", "subject_after")
_DIFFERENCES: Final = pl.Schema(
    {
        field.name: pl.String() if field.name in _TEXTS else pl.Int64()
        for field in fields(GroupDifference)
    }
)
_KINDS: Final[Mapping[str, CellType]] = {
    "id": "integer",
    "group_id": "integer",
    "kind": "text",
    "student_number": "integer",
    "login": "text",
    "detail": "text",
}


def lock_import(found: GroupImport) -> GroupImport:
    """Return the record of a group file as it is now, locked until the transaction ends."""
    held = GroupImport.objects.select_for_update(no_key=True).get(pk=found.pk)
    if held.plan_id is not None:
        held.plan = ChangePlan.objects.get(pk=held.plan_id)
    return held


def carry_out(held: GroupImport, digest: str, *, by: Actor, now: datetime) -> None:
    """Commit the plan of a group file, and write what happened to each group.

    Within the caller's transaction, which holds the record; the caller saves it.
    Raises: what `changes.actions.commit_plan` raises.
    """
    assert held.plan is not None
    changes.commit_plan(held.plan.uuid, digest=digest, by=by, now=now)
    write_events(read_plan_file(held.plan).changes, by=by, now=now)
    held.plan.refresh_from_db()
    held.status = ImportStatus.PROCESSED.value
    held.message = success_of(held)
    held.updated_at = now


def put_away(held: GroupImport, *, by: Actor, now: datetime) -> None:
    """Discard the plan of a group file; the caller saves the record."""
    assert held.plan is not None
    changes.discard_plan(held.plan.uuid, by=by, now=now)
    held.status, held.message = ImportStatus.INVALID.value, _DISCARDED
    held.updated_at = now


def take_back(held: GroupImport, *, by: Actor, now: datetime) -> None:
    """Undo the plan of a group file, as far as nobody wrote the same since.

    The history of a group that the file made goes with the group: it would point at nothing.
    Raises: what `changes.actions.undo_plan` raises.
    """
    assert held.plan is not None
    made = _added_groups(held.plan)
    history = list(GroupEvent.objects.filter(group_id__in=made))
    GroupEvent.objects.filter(group_id__in=made).delete()
    receipt = changes.undo_plan(held.plan.uuid, by=by, now=now)
    stays = set(StudentGroup.objects.filter(pk__in=made).values_list("pk", flat=True))
    GroupEvent.objects.bulk_create(
        [event for event in history if event.group_id in stays], batch_size=2_000
    )
    undo = ChangePlan.objects.get(uuid=receipt.plan_uuid)
    write_events(read_plan_file(undo).changes, by=by, now=now)
    held.status, held.message = ImportStatus.INVALID.value, _UNDONE
    held.updated_at = now


def _added_groups(plan: ChangePlan) -> list[int]:
    for change in read_plan_file(plan).changes:
        if change.table.name == STUDENT_GROUPS.name:
            adds = change.frame.filter(pl.col("action") == ChangeAction.ADD.value)
            return adds["id"].to_list()
    return []


def write_events(changed: Sequence[TableChanges], *, by: Actor, now: datetime) -> None:
    """Write what changes did to groups into their history, in one statement."""
    events = events_of(changed).with_row_index("id")
    if events.is_empty():
        return
    detail = "s.detail" if connection.vendor == "sqlite" else "CAST(s.detail AS jsonb)"
    with staged(events.select(list(_KINDS)), _KINDS) as stage, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rollbook_groupevent"
            ' (group_id, kind, at, "by", student_number, login, detail)'
            f" SELECT s.group_id, s.kind, %s, %s, s.student_number, s.login, {detail}"
            f" FROM {stage} AS s ORDER BY s.id",
            [connection.ops.adapt_datetimefield_value(now), by.label[:80]],
        )


def success_of(found: GroupImport) -> str:
    """Write what became of a group file that was taken, as the state's service writes it."""
    counts = Counter(each.school_natural_id for each in kept_differences(found))
    told = [
        f"{count} group{'' if count == 1 else 's'} accepted for {school}."
        for school, count in sorted(counts.items())
    ]
    reading = kept_reading(found)
    may_leave = found.takes_part or found.is_strict
    if left := reading.faulty.height if may_leave else 0:
        told.append(f"{left} row{'' if left == 1 else 's'} stayed out.")
    if unknown := reading.repairs.get("unknown_ssids", 0):
        told.append(f"{unknown} SSID{'' if unknown == 1 else 's'} that nobody has here stayed out.")
    return "\n".join(told)


def keep_papers(found: GroupImport, judged: Judged) -> None:
    """Write beside the received bytes of a group file what its check found.

    The caller holds the record: papers of two checks would be mixed. Who reads them meanwhile finds
    each whole.
    """
    folder = papers_of(found)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    differences = pl.DataFrame(
        [astuple(each) for each in judged.plan.differences],
        schema=_DIFFERENCES,
        orient="row",
    )
    _put(folder / "rows.parquet", judged.reading.rows.write_parquet)
    _put(folder / "faulty.parquet", judged.reading.faulty.write_parquet)
    _put(folder / "differences.parquet", differences.write_parquet)
    kept = {
        "findings": [as_kept(finding) for finding in judged.reading.findings],
        "finding_count": judged.reading.finding_count,
        "repairs": dict(judged.reading.repairs),
    }
    told = json.dumps(kept, ensure_ascii=False).encode()
    _put(findings_path(found), lambda draft: draft.write_bytes(told))


def _put(path: Path, write: Callable[[Path], object]) -> None:
    draft = path.with_suffix(".part")
    write(draft)
    draft.replace(path)
