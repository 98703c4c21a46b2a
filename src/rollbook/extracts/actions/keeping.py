"""Keep what a run made: bytes under their digest, records, the memory of blocks."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import polars as pl
from django.db import connection

from rollbook.audit.actions import record
from rollbook.changes.tables import insert_rows, staged
from rollbook.extracts.models import BlockPlace, ExtractFile, ExtractProfile
from rollbook.extracts.plan.rows import group_starts
from rollbook.extracts.plan.writing import file_bytes
from rollbook.extracts.queries.files import file_path
from rollbook.extracts.types import ExtractWarning
from rollbook.orgs.models import Organization
from rollbook.shared.actor import Actor

_BLOCK = ("school_id", "school_year", "base", "student_id", "block")
_BASE = ["school_id", "school_year", "base"]
_BLOCK_KINDS = {
    "id": "integer",
    "school_id": "integer",
    "school_year": "integer",
    "base": "text",
    "student_id": "integer",
    "block": "integer",
}


def keep_file(
    organization_id: int,
    rows: pl.DataFrame,
    *,
    name: str,
    school_year: int,
    on: date,
    run: UUID | None = None,
    profile: ExtractProfile | None = None,
    profiles: Sequence[str] = (),
    is_scheduled: bool = False,
    warnings: Sequence[ExtractWarning] = (),
    left_out_count: int = 0,
    by: Actor,
    now: datetime,
) -> ExtractFile:
    """Keep rows as a file: its bytes under their digest, and the record; part of a transaction.

    Shape: `rows` has the six columns of a group file in the order of the file.
    """
    content = file_bytes(rows)
    said = rows.filter(pl.col("student_ssid") != "")["student_ssid"]
    file = ExtractFile(
        organization_id=organization_id,
        profile=profile,
        profiles=list(profiles),
        run=run or uuid.uuid4(),
        name=name,
        school_year=school_year,
        extracted_on=on,
        sha256=hashlib.sha256(content).hexdigest(),
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest().upper(),
        byte_count=len(content),
        row_count=rows.height,
        group_count=rows.select(group_starts().sum()).item(),
        student_count=said.n_unique(),
        left_out_count=left_out_count,
        warnings=[asdict(warning) for warning in warnings],
        is_scheduled=is_scheduled,
        made_by=by.label[:80],
        account_id=by.account_id,
        made_at=now,
    )
    _keep_bytes(file_path(file), content)
    file.save()
    record(
        action="make_extract_file",
        subject_kind="extract_file",
        subject_uuid=file.uuid,
        organization_id=organization_id,
        detail={
            "sha256": file.sha256,
            "rows": file.row_count,
            "groups": file.group_count,
            "students": file.student_count,
            "left_out": file.left_out_count,
            "profiles": len(file.profiles),
            "is_scheduled": is_scheduled,
        },
        by=by,
        now=now,
    )
    return file


def take_turns(organizations: set[int]) -> None:
    """Let one run at a time move the blocks of an organization."""
    held = Organization.objects.filter(pk__in=organizations).order_by("pk")
    list(held.select_for_update(no_key=True).values_list("pk", flat=True))


def keep_blocks(before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Remember where everybody is now, for each group of this run instead of what was."""
    same = list(_BLOCK)
    after = after.select(same)
    was = before.join(after.select(_BASE).unique(), on=_BASE, how="semi")
    gone = was.join(after, on=same, how="anti")
    fresh = after.join(was, on=same, how="anti")
    if gone.height:
        _forget_blocks(gone)
    if fresh.height:
        insert_rows(BlockPlace._meta.db_table, fresh, _BLOCK_KINDS)


def _forget_blocks(gone: pl.DataFrame) -> None:
    numbered = gone.with_row_index("id").with_columns(pl.col("id").cast(pl.Int64))
    with staged(numbered, _BLOCK_KINDS) as name, connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM rollbook_blockplace WHERE id IN (SELECT b.id"
            f" FROM {name} s JOIN rollbook_blockplace b ON b.school_id = s.school_id"
            " AND b.school_year = s.school_year AND b.base = s.base"
            " AND b.student_id = s.student_id)"
        )


def _keep_bytes(path: Path, content: bytes) -> None:
    if path.exists():
        return  # its name is the digest of what is in it
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_suffix(f".{uuid.uuid4().hex}")
    waiting.write_bytes(content)
    os.replace(waiting, path)
