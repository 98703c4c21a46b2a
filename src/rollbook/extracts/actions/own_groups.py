"""Deliver a file to this installation's own groups: in by the door that all group files take."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rollbook.extracts.models import Delivery
from rollbook.extracts.queries.files import file_path
from rollbook.extracts.targets.delivering import Answered
from rollbook.extracts.types import DeliveryStatus
from rollbook.groups.actions.imports import check_import, receive_import
from rollbook.groups.models import GroupImport
from rollbook.groups.types import ImportOrigin, ImportStatus
from rollbook.remote.failures import RemoteFailed
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope

_DONE: Final = (ImportStatus.PROCESSED, ImportStatus.NO_UPDATE)


def into_own_groups(
    scope: Scope, delivery: Delivery, batch: str, *, by: Actor, now: datetime
) -> Answered:
    """Let a file change this installation's groups, as if somebody had uploaded it.

    Shape:  an earlier try of the same delivery that was cut short is gone on with.
    Raises: RemoteFailed when the file is gone.
    """
    # By its door as well: a program that sends files chooses what its batches are called.
    ours = GroupImport.objects.filter(origin=ImportOrigin.EXTRACT.value, batch=batch)
    known = ours.filter(sha256=delivery.file.sha256).first()
    if known is None:
        path = file_path(delivery.file)
        if not path.exists():
            raise RemoteFailed("nothing_there", "The file's bytes are gone. Make the file again.")
        known = receive_import(
            scope,
            path,
            file_name=delivery.file.name,
            content_type="text/csv",
            origin=ImportOrigin.EXTRACT,
            batch=batch,
            organization_id=delivery.file.organization_id,
            by=by,
            now=now,
        )
    if known.status == ImportStatus.ACCEPTED:
        known = check_import(known.uuid, scope=scope, by=by, now=now)
    status = ImportStatus(known.status)
    return Answered(
        DeliveryStatus.DONE if status in _DONE else DeliveryStatus.REFUSED,
        remote_id=str(known.number),
        remote_status=status.name,
        says=known.message,
    )
