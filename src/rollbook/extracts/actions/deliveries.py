"""Bring a file to a target: ask, try, ask again what became of it, give up aloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rollbook.audit.actions import record
from rollbook.extracts.actions.failing import tell_of_failure
from rollbook.extracts.actions.own_groups import into_own_groups
from rollbook.extracts.actions.packing import holds_newer, packed
from rollbook.extracts.actions.sent import keep_sent
from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractFile
from rollbook.extracts.queries.deliveries import OVER, delivery_in
from rollbook.extracts.queries.files import found_file
from rollbook.extracts.queries.targets import TargetNotFound, link_of, target_in
from rollbook.extracts.rules.answers import meaning_of
from rollbook.extracts.rules.reminding import days_left
from rollbook.extracts.rules.trying import GIVES_UP_AFTER, next_look, next_try
from rollbook.extracts.targets.delivering import Answered
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.jobs.actions import enqueue
from rollbook.orgs.models import OrganizationLink
from rollbook.remote.failures import PassingFailure, RemoteFailed
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope

DELIVER_JOB: Final = "extracts.deliver"
_OPEN: Final = (DeliveryStatus.WAITING, DeliveryStatus.SENT)
_CLOSED: Final = "This target was closed before the file was delivered."
_KEY_ENDED: Final = (
    "The key of this target has ended, so nothing was sent. Ask for a new key, type it in with the "
    "day on which it ends, and send the file again."
)
_MAY_NOT_WRITE: Final = (
    "Whoever asked for this delivery may not write groups of these schools any more. Somebody who "
    "may has to send it."
)
_OUR_FAULT: Final = (
    "Something went wrong on our side, several times. Tell whoever looks after Rollbook, then try "
    "again."
)
_HOLDS_NEWER: Final = (
    "The other side had exactly this file before, and answered with what it made of it then; since "
    "then it took another one, so it does not hold this file. Have it submit import {id} again, or "
    "send a file that differs."
)


class DeliveryIsUnderWay(Exception):
    """Say that a delivery has not ended badly, so there is nothing to try again."""


def ask_delivery(
    scope: Scope, file_uuid: UUID | str, target_uuid: UUID | str, *, by: Actor, now: datetime
) -> UUID:
    """Queue a file for a target; the delivery that there is, unless it failed or was refused.

    Raises: FileNotFound; TargetNotFound, also for a target of another place than the file's.
    """
    file = found_file(scope, file_uuid)
    target = target_in(scope, target_uuid)
    _require_same_place(target, file)
    with transaction.atomic():
        # Holding the target makes two askers take turns.
        DeliveryTarget.objects.select_for_update(no_key=True).get(pk=target.pk)
        known = Delivery.objects.filter(file=file, target=target).exclude(status__in=OVER)
        if (found := known.order_by("-pk").first()) is not None:
            return found.uuid
        return _asked(file, target, by=by, now=now).uuid


def retry_delivery(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> UUID:
    """Try again what failed or was refused, and return the delivery that is tried.

    Shape:  what failed goes on where it was, so that nothing arrives twice; what was refused is
            sent anew, as a delivery of its own.
    Raises: DeliveryNotFound; TargetNotFound when the target was closed; DeliveryIsUnderWay.
    """
    delivery = delivery_in(scope, uuid)
    target = target_in(scope, delivery.target.uuid)
    with transaction.atomic():
        DeliveryTarget.objects.select_for_update(no_key=True).get(pk=target.pk)
        delivery.refresh_from_db(fields=["status"])
        if delivery.status == DeliveryStatus.REFUSED:
            return ask_delivery(scope, delivery.file.uuid, target.uuid, by=by, now=now)
        if delivery.status != DeliveryStatus.FAILED:
            raise DeliveryIsUnderWay("This delivery has not failed. Wait until it is over.")
        delivery.status = DeliveryStatus.SENT if delivery.remote_id else DeliveryStatus.WAITING
        delivery.asked_at, delivery.asked_by = now, by.label[:80]
        delivery.account_id, delivery.finished_at, delivery.says = by.account_id, None, ""
        delivery.save()
        _queue(delivery, timedelta(), by=by, now=now)
        _audit("retry_delivery", delivery, by=by, now=now)
    return delivery.uuid


def deliver(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> DeliveryStatus:
    """Take the next step of a delivery, and queue the one after it unless it is over.

    Shape:  that it was tried is kept before the first byte leaves: whoever tries next looks first
            whether the file is there already. Given up aloud a day after it was asked for.
    Raises: DeliveryNotFound.
    """
    delivery = delivery_in(scope, uuid)
    if delivery.status not in _OPEN:
        return DeliveryStatus(delivery.status)
    if says := _hindrance(delivery, now=now):
        return _failed(delivery, says, by=by, now=now)
    is_repeat = delivery.first_tried_at is not None
    is_sent = delivery.status == DeliveryStatus.SENT
    if not is_sent and not _claimed(delivery, now=now):
        return DeliveryStatus(delivery.status)  # another worker is at it
    try:
        answer = _answered(scope, delivery, is_repeat=is_repeat, by=by, now=now)
    except PassingFailure as failure:
        return _put_off(delivery, failure, by=by, now=now)
    except RemoteFailed as failed:
        return _failed(delivery, failed.says, by=by, now=now)
    return _settled(delivery, answer, by=by, now=now)


def give_up_delivery(
    scope: Scope, uuid: UUID | str, *, may_not: bool, by: Actor, now: datetime
) -> None:
    """Give a delivery up aloud, as its job cannot go on.

    Shape:  `may_not` tells that whoever asked has lost the right; else it broke too often.
    Raises: DeliveryNotFound.
    """
    delivery = delivery_in(scope, uuid)
    if delivery.status in _OPEN:
        _failed(delivery, _MAY_NOT_WRITE if may_not else _OUR_FAULT, by=by, now=now)


def _require_same_place(target: DeliveryTarget, file: ExtractFile) -> None:
    """Let a file go only to targets of its own place, or of one above it."""
    links = OrganizationLink.objects.filter(
        ancestor_id=target.organization_id, descendant_id=file.organization_id
    )
    if target.organization_id != file.organization_id and not links.exists():
        raise TargetNotFound("No such target, or not one that you may see.")


def _asked(file: ExtractFile, target: DeliveryTarget, *, by: Actor, now: datetime) -> Delivery:
    delivery = Delivery.objects.create(
        file=file,
        target=target,
        status=DeliveryStatus.WAITING.value,
        asked_by=by.label[:80],
        account_id=by.account_id,
        asked_at=now,
    )
    _queue(delivery, timedelta(), by=by, now=now)
    _audit("ask_delivery", delivery, by=by, now=now)
    return delivery


def _hindrance(delivery: Delivery, *, now: datetime) -> str:
    """Say why a delivery cannot go on at all; blank when it can."""
    target = delivery.target
    if not target.is_active:
        return _CLOSED
    today = timezone.localdate(now)
    if target.key_expires_on is not None and days_left(target.key_expires_on, today) < 0:
        return _KEY_ENDED
    if now - delivery.asked_at >= GIVES_UP_AFTER:
        if delivery.status == DeliveryStatus.SENT:
            return (
                "The other side has the file and has not said in a day what came of it. Look there "
                f"for import {delivery.remote_id}, then ask again."
            )
        return f"Tried for a day without success. {delivery.says}".strip()
    return ""


def _claimed(delivery: Delivery, *, now: datetime) -> bool:
    """Keep that a file is on its way, whatever happens next; False when somebody else did."""
    tries = delivery.attempt_count
    first = delivery.first_tried_at or now
    ours = Delivery.objects.filter(pk=delivery.pk, attempt_count=tries, status__in=_OPEN)
    with transaction.atomic(durable=True):
        count = ours.update(attempt_count=tries + 1, first_tried_at=first)
    delivery.attempt_count, delivery.first_tried_at = tries + 1, first
    return bool(count)


def _answered(
    scope: Scope, delivery: Delivery, *, is_repeat: bool, by: Actor, now: datetime
) -> Answered:
    target = delivery.target
    if TargetKind(target.kind) is TargetKind.ROLLBOOK:
        try:
            return into_own_groups(scope, delivery, batch_of(delivery), by=by, now=now)
        except PermissionError:
            raise RemoteFailed("refused", _MAY_NOT_WRITE) from None
    link = link_of(scope, target)
    if delivery.status == DeliveryStatus.SENT:
        return link.system.ask(delivery.remote_id, link.settings, link.secrets)
    with packed(delivery, batch_of(delivery)) as parcel:
        return link.system.deliver(parcel, link.settings, link.secrets, is_repeat=is_repeat)


def batch_of(delivery: Delivery) -> str:
    """Return the tag by which a delivery at hand knows its own import again."""
    return f"rollbook-{delivery.uuid}"


def _put_off(
    delivery: Delivery, failure: PassingFailure, *, by: Actor, now: datetime
) -> DeliveryStatus:
    """Keep what went wrong, and try again later."""
    wait = next_try(delivery.attempt_count, failure.wait)
    if delivery.status == DeliveryStatus.SENT:
        wait = max(wait, next_look(now - delivery.asked_at))
    delivery.says = failure.says
    with transaction.atomic():
        delivery.save(update_fields=["says"])
        _queue(delivery, wait, by=by, now=now)
    return DeliveryStatus(delivery.status)


def _settled(delivery: Delivery, answer: Answered, *, by: Actor, now: datetime) -> DeliveryStatus:
    """Keep what the other side answered, and what it holds now."""
    delivery.remote_id, delivery.remote_status = answer.remote_id, answer.remote_status
    if answer.status is DeliveryStatus.DONE and _is_of_before(delivery):
        says = _HOLDS_NEWER.format(id=answer.remote_id)
        answer = replace(answer, status=DeliveryStatus.REFUSED, says=says)
    elif answer.status is DeliveryStatus.REFUSED:
        answer = replace(answer, says=f"{meaning_of(answer.remote_status)}\n{answer.says}".strip())
    delivery.says = answer.says
    if answer.status is DeliveryStatus.REFUSED:
        return _ended(delivery, answer.status, by=by, now=now)
    delivery.status = answer.status
    with transaction.atomic():
        if answer.status is DeliveryStatus.DONE:
            keep_sent(delivery, now=now)
            delivery.finished_at = now
            _audit("deliver_file", delivery, by=by, now=now)
        else:
            _queue(delivery, next_look(now - delivery.asked_at), by=by, now=now)
        delivery.save()
    return answer.status


def _is_of_before(delivery: Delivery) -> bool:
    """Tell whether the other side answered with the import of an earlier delivery, overtaken."""
    others = Delivery.objects.filter(target=delivery.target, remote_id=delivery.remote_id)
    return others.exclude(pk=delivery.pk).exists() and holds_newer(delivery)


def _failed(delivery: Delivery, says: str, *, by: Actor, now: datetime) -> DeliveryStatus:
    delivery.says = says
    return _ended(delivery, DeliveryStatus.FAILED, by=by, now=now)


def _ended(
    delivery: Delivery, status: DeliveryStatus, *, by: Actor, now: datetime
) -> DeliveryStatus:
    """Give up aloud: whoever writes groups there hears of it once."""
    delivery.status, delivery.finished_at = status, now
    with transaction.atomic():
        delivery.save()
        _audit("deliver_file", delivery, by=by, now=now)
        tell_of_failure(delivery, by=by, now=now)
    return status


def _queue(delivery: Delivery, wait: timedelta, *, by: Actor, now: datetime) -> None:
    enqueue(
        DELIVER_JOB,
        arguments={"delivery": str(delivery.uuid)},
        run_after=now + wait,
        by=by,
        now=now,
        account_id=delivery.account_id,
    )


def _audit(action: str, delivery: Delivery, *, by: Actor, now: datetime) -> None:
    detail: Mapping[str, object] = {
        "status": DeliveryStatus(delivery.status).value,
        "tries": delivery.attempt_count,
        "target": str(delivery.target.uuid),
        "sha256": delivery.file.sha256,
    }
    record(
        action=action,
        subject_kind="delivery",
        subject_uuid=delivery.uuid,
        organization_id=delivery.target.organization_id,
        detail=detail,
        by=by,
        now=now,
    )
