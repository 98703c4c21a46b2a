"""Reads of deliveries: which files went where, what became of them, which wait for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from rollbook.extracts.models import Delivery
from rollbook.extracts.plan.writing import rows_of
from rollbook.extracts.queries.files import FileNotFound, file_path, found_file
from rollbook.extracts.queries.reading import known_uuids
from rollbook.extracts.rules.answers import FlaggedRow, plain_words, rows_flagged
from rollbook.extracts.types import DeliveryRow, DeliveryStatus
from rollbook.orgs.queries import within
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope

OVER: Final = (DeliveryStatus.REFUSED, DeliveryStatus.FAILED)


class DeliveryNotFound(LookupError):
    """Say that there is no such delivery, or none that this reader may see."""


def deliveries_in(scope: Scope) -> QuerySet[Delivery]:
    """Return the deliveries of places at which the reader writes groups, latest first."""
    found = Delivery.objects.filter(
        within(scope.over(Permission.GROUP_WRITE), "target__organization_id")
    )
    return found.select_related("file", "target").order_by("-asked_at", "-pk")


def delivery_in(scope: Scope, uuid: UUID | str) -> Delivery:
    """Return the record of one delivery.

    Raises: DeliveryNotFound.
    """
    found = deliveries_in(scope).filter(uuid__in=known_uuids([str(uuid)])).first()
    if found is None:
        raise DeliveryNotFound("No such delivery, or not one that you may see.")
    return found


def delivery_list(
    scope: Scope,
    page: PageRequest | None = None,
    *,
    target_uuid: UUID | str | None = None,
    file_uuid: UUID | str | None = None,
) -> Page[DeliveryRow]:
    """List deliveries, latest first: all that the reader sees, or of one target or file.

    Shape: `says` without the other side's own words, which may repeat cells of the file.
    """
    page = page or PageRequest()
    found = deliveries_in(scope)
    if target_uuid is not None:
        found = found.filter(target__uuid=target_uuid)
    if file_uuid is not None:
        found = found.filter(file__uuid=file_uuid)
    rows = [_row(delivery) for delivery in found[page.offset : page.offset + page.size]]
    return Page(rows, number=page.number, size=page.size, total_count=found.count())


def get_delivery(scope: Scope, uuid: UUID | str) -> DeliveryRow:
    """Return one delivery.

    Shape:  the other side's own words, which may repeat cells of the file, for those alone who may
            have the file: one of its schools may belong to another district by now.
    Raises: DeliveryNotFound.
    """
    delivery = delivery_in(scope, uuid)
    row = _row(delivery)
    return replace(row, says=delivery.says) if _may_have_file(scope, delivery) else row


def _may_have_file(scope: Scope, delivery: Delivery) -> bool:
    try:
        found_file(scope, delivery.file.uuid)
    except FileNotFound:
        return False
    return True


def failed_deliveries(scope: Scope) -> list[DeliveryRow]:
    """List the deliveries that wait for a person, latest first.

    Shape: those that failed or were refused, of targets in use, unless a file of the same profiles
           was asked for at the same target since: that one has taken their place. Two statements
           whatever their number.
    """
    found = list(deliveries_in(scope).filter(status__in=OVER, target__is_active=True))
    if not found:
        return []
    later = Delivery.objects.filter(
        target__in={delivery.target_id for delivery in found},
        asked_at__gt=min(delivery.asked_at for delivery in found),
    )
    latest: dict[tuple[int, str], datetime] = {}
    for delivery in later.select_related("file").order_by("asked_at"):
        latest[_line(delivery)] = delivery.asked_at
    return [_row(d) for d in found if latest.get(_line(d), d.asked_at) <= d.asked_at]


def _line(delivery: Delivery) -> tuple[int, str]:
    """Name the line in which a delivery stands: files of the same profiles to the same target."""
    return delivery.target_id, ",".join(delivery.file.profiles) or str(delivery.file_id)


def flagged_rows_of(scope: Scope, uuid: UUID | str) -> list[FlaggedRow]:
    """List the rows of a file that the other side did not take, each with the group it belongs to.

    Shape:  none for a reader who may not have the file.
    Raises: DeliveryNotFound.
    """
    delivery = delivery_in(scope, uuid)
    flagged = rows_flagged(delivery.says)
    if not flagged or not _may_have_file(scope, delivery):
        return []
    rows = rows_of(file_path(delivery.file).read_bytes())
    return [
        _placed(flag, rows.row(flag.row - 1, named=True)) if flag.row <= rows.height else flag
        for flag in flagged
    ]


def _placed(flag: FlaggedRow, row: dict[str, str]) -> FlaggedRow:
    return replace(
        flag,
        group_name=row["group_name"],
        school_natural_id=row["school_natural_id"],
        school_year=str(row["school_year"]),
    )


def _row(delivery: Delivery) -> DeliveryRow:
    return DeliveryRow(
        uuid=delivery.uuid,
        file_uuid=delivery.file.uuid,
        file_name=delivery.file.name,
        target_uuid=delivery.target.uuid,
        target_name=delivery.target.name,
        status=DeliveryStatus(delivery.status),
        remote_id=delivery.remote_id,
        remote_status=delivery.remote_status,
        says=plain_words(
            delivery.remote_status,
            delivery.says,
            is_refused=delivery.status == DeliveryStatus.REFUSED,
        ),
        attempt_count=delivery.attempt_count,
        asked_by=delivery.asked_by,
        asked_at=delivery.asked_at,
        finished_at=delivery.finished_at,
    )
