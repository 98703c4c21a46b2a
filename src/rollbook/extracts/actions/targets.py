"""Say where group files go: add a target, change it, check it, close it, and watch its key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rollbook.access.queries import holders_of
from rollbook.audit.actions import record
from rollbook.extracts.models import DeliveryTarget
from rollbook.extracts.queries.targets import link_of, secrets_of, target_in, targets_in
from rollbook.extracts.rules.reminding import days_left, reminder_due
from rollbook.extracts.targets.systems import faults_of, fields_of
from rollbook.extracts.types import TargetKind
from rollbook.messages.actions import tell_and_mail
from rollbook.orgs.queries import current_school_year, get_organization
from rollbook.remote.failures import RemoteFailed
from rollbook.roster.sources.connecting import ConnectionReport
from rollbook.roster.sources.setting_values import (
    TYPED_AGAIN,
    has_moved,
    secrets_in,
    settings_in,
)
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.sealing import seal

# The keys of the state's system last so long. Source: certification-and-groups 2.2
KEY_DAYS: Final = 365
LONGEST_NAME: Final = 120


class TargetIsIncomplete(ValueError):
    """Say what is missing or wrong in a target, field by field, in words for who typed it."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


def save_target(
    scope: Scope,
    *,
    uuid: UUID | str | None = None,
    organization_uuid: UUID | str,
    name: str,
    kind: TargetKind,
    values: Mapping[str, str],
    key_expires_on: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Let group files of an organization go to one more place, or change what is said of one.

    Shape:  `values` are the system's fields, secrets among them; a secret left blank stays as it
            is, unless the address has changed. A new key lasts 365 days where no day is given, and
            is reminded of anew.
    Raises: OrganizationNotFound; TargetNotFound; TargetIsIncomplete, with a sentence by field.
    """
    place = get_organization(scope, organization_uuid, permission=Permission.GROUP_WRITE)
    target = DeliveryTarget(
        organization_id=place.id, kind=kind.value, created_by=by.label[:80], created_at=now
    )
    if uuid is not None:
        target = target_in(scope, uuid)
        if (target.kind, target.organization_id) != (kind.value, place.id):
            says = "A target of another kind or place is another target. Add it."
            raise TargetIsIncomplete({"kind": says})
    kept = _kept_secrets(scope, target)
    fields = fields_of(kind)
    found = settings_in(fields, values)
    secrets = secrets_in(fields, values, kept=kept)
    today = timezone.localdate(now)
    expires_on = _expiry(target, kind, key_expires_on, is_new_key=secrets != kept, today=today)
    faults = faults_of(kind, found, secrets) | _faults_of_name(scope, target, name)
    if target.pk is not None and has_moved(fields, target.settings, found):
        reused = [n for n, secret in secrets.items() if secret == kept.get(n) and not values.get(n)]
        faults |= dict.fromkeys(reused, TYPED_AGAIN)
    if key_expires_on is not None and expires_on is not None and expires_on < today:
        faults["key_expires_on"] = "That day is past. A key that has ended opens nothing."
    if faults:
        raise TargetIsIncomplete(faults)
    if expires_on != target.key_expires_on or secrets != kept:
        target.reminded_days = None
    target.name, target.settings, target.key_expires_on = name.strip(), found, expires_on
    target.sealed_secrets = seal(secrets, [settings.SECRET_KEY]) if secrets else ""
    with transaction.atomic():
        action = "change_target" if target.pk else "add_target"
        target.save()
        _audit(action, target, {"is_secret_new": secrets != kept}, by=by, now=now)
    return target.uuid


def check_target(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> ConnectionReport:
    """Try each step of a delivery without delivering, and say how far it went.

    Raises: TargetNotFound.
    """
    target = target_in(scope, uuid)
    if TargetKind(target.kind) is TargetKind.ROLLBOOK:
        report = ConnectionReport((("Find this installation", True, "It is here."),))
    else:
        report = _checked(scope, target)
    detail = {"is_good": report.is_good, "steps": len(report.steps)}
    _audit("check_target", target, detail, by=by, now=now)
    return report


def close_target(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> None:
    """Send nothing more to a target: its secrets are forgotten, its history stays.

    Raises: TargetNotFound.
    """
    target = target_in(scope, uuid)
    target.is_active, target.sealed_secrets = False, ""
    with transaction.atomic():
        target.save(update_fields=["is_active", "sealed_secrets"])
        _audit("close_target", target, {}, by=by, now=now)


def remind_of_keys(scope: Scope, *, by: Actor, now: datetime) -> int:
    """Tell whoever writes groups of an organization that a key ends soon; count the targets.

    Shape: 14, 7, 3 and 1 days before, each once, by mail and in the message center.
    """
    today = timezone.localdate(now)
    count = 0
    for target in targets_in(scope).filter(key_expires_on__isnull=False):
        due = reminder_due(target.key_expires_on, today, target.reminded_days)
        if due is None or target.key_expires_on is None:
            continue
        with transaction.atomic():
            target.reminded_days = due
            target.save(update_fields=["reminded_days"])
            _tell(target, days_left(target.key_expires_on, today), today, by=by, now=now)
            _audit("remind_of_key", target, {"days": due}, by=by, now=now)
        count += 1
    return count


def _checked(scope: Scope, target: DeliveryTarget) -> ConnectionReport:
    try:
        link = link_of(scope, target)
    except RemoteFailed as failed:
        return ConnectionReport((("Read what is kept of this target", False, failed.says),))
    return link.system.check_connection(link.settings, link.secrets)


def _kept_secrets(scope: Scope, target: DeliveryTarget) -> dict[str, str]:
    try:
        return secrets_of(scope, target)
    except RemoteFailed:
        return {}  # sealed with a key that is gone: they must be typed again


def _expiry(
    target: DeliveryTarget, kind: TargetKind, asked: date | None, *, is_new_key: bool, today: date
) -> date | None:
    """Return the last day of a target's key; None where there is no key."""
    if kind is TargetKind.ROLLBOOK:
        return None
    if asked is not None:
        return asked
    if target.pk is not None and not is_new_key:
        return target.key_expires_on
    return today + timedelta(days=KEY_DAYS)


def _faults_of_name(scope: Scope, target: DeliveryTarget, name: str) -> dict[str, str]:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        return {"name": f"Give the target a name of up to {LONGEST_NAME} characters."}
    others = targets_in(scope).filter(organization_id=target.organization_id, name=name)
    if others.exclude(pk=target.pk).exists():
        return {"name": "This organization has a target of this name already."}
    return {}


def _tell(target: DeliveryTarget, left: int, today: date, *, by: Actor, now: datetime) -> None:
    days = "today" if left == 0 else "in 1 day" if left == 1 else f"in {left} days"
    title = f"A key ends {days}: {target.name}"
    body = (
        f"The key with which group files are delivered to {target.name} works up to and including "
        f"{target.key_expires_on:%Y-%m-%d}. Ask for a new one and type it in. A new key usually "
        "ends the old one everywhere it is used."
    )
    link = f"/{int(current_school_year(today))}/groups/deliveries/"
    # A new key ends on another day, and is reminded of anew.
    key = f"key:{target.uuid}:{target.key_expires_on}:{target.reminded_days}"
    holders = holders_of(Permission.GROUP_WRITE, target.organization_id, on=today)
    tell_and_mail(
        holders, kind="key_ends", title=title, body=body, link=link, dedupe_key=key, by=by, now=now
    )


def _audit(
    action: str, target: DeliveryTarget, detail: Mapping[str, object], *, by: Actor, now: datetime
) -> None:
    """Record what was done to a target: numbers and codes, never what somebody typed."""
    record(
        action=action,
        subject_kind="delivery_target",
        subject_uuid=target.uuid,
        organization_id=target.organization_id,
        detail={"kind": target.kind, **detail},
        by=by,
        now=now,
    )
