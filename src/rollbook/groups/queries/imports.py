"""Group files that came in: which there are, what was found in them, what they would do."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import UUID

import polars as pl
from django.conf import settings
from django.db.models import Q, QuerySet

from rollbook.changes.queries import summary_of
from rollbook.changes.types import PlanStatus, PlanSummary
from rollbook.files.csv_write import write_csv
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.models import GroupImport
from rollbook.groups.plan.tainting import tainted_groups, without_groups
from rollbook.groups.queries.papers import kept_differences, kept_reading
from rollbook.groups.types import (
    GroupDifference,
    GroupFileReading,
    ImportOrigin,
    ImportRow,
    ImportStatus,
)
from rollbook.orgs.queries import within
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope

_WAITS: Final = (PlanStatus.PROPOSED.value, PlanStatus.HELD.value)


class ImportNotFound(LookupError):
    """Say that no such group file came in, or none that this reader may see."""


def imports_in(scope: Scope) -> QuerySet[GroupImport]:
    """Return the group files that this reader may see, unordered.

    Shape: for whoever may write groups anywhere: their own, whatever is in them, and those of the
           districts for which they may write groups as a whole.
    """
    reach = scope.over(Permission.GROUP_WRITE)
    if not reach:
        return GroupImport.objects.none()
    return GroupImport.objects.filter(within(reach, "organization_id") | sent_by(scope))


def sent_by(scope: Scope) -> Q:
    """Return the condition that a person or a program sent a file itself."""
    if scope.account_id is not None:
        return Q(account_id=scope.account_id)
    if scope.program_id is not None:
        return Q(client_id=scope.program_id)
    return Q(pk__in=[])


def import_list(
    scope: Scope,
    page: PageRequest | None = None,
    *,
    only_own: bool = False,
    status: ImportStatus | None = None,
) -> Page[ImportRow]:
    """List the group files that came in, the latest first."""
    wanted = page or PageRequest()
    found = imports_in(scope)
    if only_own:
        found = found.filter(sent_by(scope))
    if status is not None:
        found = found.filter(status=status.value)
    part = found.select_related("plan").order_by("-received_at", "-pk")
    rows = [row_of(each) for each in part[wanted.offset : wanted.offset + wanted.size]]
    return Page(rows, wanted.number, wanted.size, found.count())


def get_import(scope: Scope, uuid: UUID) -> ImportRow:
    """Return one group file's life.

    Raises: ImportNotFound.
    """
    return row_of(import_record(scope, uuid))


def import_by_number(scope: Scope, number: int) -> ImportRow:
    """Return the group file that the import API knows by this number.

    Raises: ImportNotFound.
    """
    found = imports_in(scope).select_related("plan").filter(number=number).first()
    if found is None:
        raise ImportNotFound
    return row_of(found)


def import_record(scope: Scope, uuid: UUID) -> GroupImport:
    """Return the record of a group file.

    Raises: ImportNotFound.
    """
    found = imports_in(scope).select_related("plan").filter(uuid=uuid).first()
    if found is None:
        raise ImportNotFound
    return found


def plan_of_import(scope: Scope, uuid: UUID) -> PlanSummary | None:
    """Return the plan that a group file led to, if any; who sees the file sees its plan's life.

    Raises: ImportNotFound.
    """
    plan = import_record(scope, uuid).plan
    return None if plan is None else summary_of(plan)


def reading_of_import(scope: Scope, uuid: UUID) -> GroupFileReading:
    """Return what the latest check found in a group file; nothing before it was checked.

    Shape:  `rows` are those that go in; `faulty` are those that stay out, groups left out whole
            included. `findings` are of the file and of what it met here.
    Raises: ImportNotFound.
    """
    return kept_reading(import_record(scope, uuid))


def differences_of(
    scope: Scope, uuid: UUID, page: PageRequest | None = None
) -> Page[GroupDifference]:
    """List what a group file does to each group that it names; unchanged groups come last.

    Raises: ImportNotFound.
    """
    wanted = page or PageRequest()
    found = kept_differences(import_record(scope, uuid))
    found.sort(key=lambda each: each.action == "unchanged")
    part = found[wanted.offset : wanted.offset + wanted.size]
    return Page(part, wanted.number, wanted.size, len(found))


def left_out_csv(scope: Scope, uuid: UUID) -> bytes:
    """Write the rows that stay out as a group file, to mend and send again.

    Shape:  groups with a wrong row are there whole, because a file replaces what a group holds; in
            the order in which they came, without the columns that no group file has.
    Raises: ImportNotFound.
    """
    reading = kept_reading(import_record(scope, uuid))
    out = rows_left_out(reading)[1]
    # Others open it in a spreadsheet than who wrote it; our own reading takes the guard off.
    return write_csv(out, columns=GROUP_FILE, formula_safe=True)


def rows_left_out(reading: GroupFileReading) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part a file into rows that may go in and rows that stay out, groups as a whole.

    Shape: those that stay out are text, in order of line.
    """
    kept, tainted = without_groups(reading.rows, tainted_groups(reading.rows, reading.faulty))
    out = pl.concat([reading.faulty, as_text(tainted)]).sort("line", maintain_order=True)
    return kept, out


def as_text(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of a group file with every cell as text, as faulty rows are."""
    return rows.select("line", *(pl.col(name).cast(pl.String()) for name in GROUP_FILE))


def payload_of(scope: Scope, uuid: UUID) -> Path:
    """Return where the bytes of a group file are.

    Raises: ImportNotFound, also where they are not kept any more.
    """
    path = payload_path(import_record(scope, uuid))
    if not path.exists():
        raise ImportNotFound
    return path


def payload_path(found: GroupImport) -> Path:
    """Return where the received bytes of a group file are kept, by their digest."""
    return Path(settings.FILES_ROOT) / "group-imports" / f"{found.sha256}.csv"


def row_of(found: GroupImport) -> ImportRow:
    """Turn a record that is already in scope into the value that pages show."""
    return ImportRow(
        uuid=found.uuid,
        number=found.number,
        origin=ImportOrigin(found.origin),
        status=ImportStatus(found.status),
        digest=found.digest,
        sha256=found.sha256,
        content_type=found.content_type,
        file_name=found.file_name,
        batch=found.batch,
        message=found.message,
        creator=found.creator,
        byte_count=found.byte_count,
        row_count=found.row_count,
        group_count=found.group_count,
        finding_count=found.finding_count,
        waits=found.plan is not None and found.plan.status in _WAITS,
        plan_uuid=None if found.plan is None else found.plan.uuid,
        received_at=found.received_at,
        updated_at=found.updated_at,
    )
