"""Write audit entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from rollbook.audit.chain import GENESIS, entry_hash
from rollbook.audit.models import AuditEntry
from rollbook.shared.actor import Actor

# Ids, counts, digests and short codes. No spaces, no @: nothing that could be a person's name in
# full or an address.
_CODE: Final = re.compile(r"[A-Za-z0-9_.:+/-]{0,80}")
_LOCK: Final = 0x726F6C6C  # "roll": the one advisory lock under which the chain grows


class DetailMayNamePerson(Exception):
    """Say that an audit entry's detail holds free text: give ids, counts or codes instead."""


@transaction.atomic
def record(
    *,
    action: str,
    subject_kind: str,
    subject_uuid: UUID | str | None,
    by: Actor,
    now: datetime,
    organization_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry to the chain, in the transaction of what it records.

    Shape:  `detail` is numbers, true or false, and short codes, in mappings and lists.
    Raises: DetailMayNamePerson where `detail` holds anything else.
    """
    checked = {} if detail is None else dict(detail)
    _check(checked)
    _wait_for_turn()
    latest = AuditEntry.objects.order_by("-sequence").values_list("sequence", "hash").first()
    sequence, previous = latest or (0, GENESIS)
    entry = AuditEntry(
        sequence=sequence + 1,
        at=now,
        actor_kind=by.kind.value,
        actor_label=by.label,
        account_id=by.account_id,
        action=action,
        subject_kind=subject_kind,
        subject_uuid="" if subject_uuid is None else str(subject_uuid),
        organization_id=organization_id,
        detail=checked,
        previous_hash=previous,
    )
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    return entry


def _wait_for_turn() -> None:
    # SQLite's transactions are IMMEDIATE: only one can be here. PostgreSQL needs to be told, and
    # holds the lock until the transaction ends, so record as late in it as you can.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _check(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not _CODE.fullmatch(key.replace(" ", "_")):
                raise DetailMayNamePerson
            _check(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner)
    elif not (
        value is None
        or isinstance(value, int)
        or (isinstance(value, str) and _CODE.fullmatch(value))
    ):
        raise DetailMayNamePerson
