"""Enter and leave the sandbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rollbook.access.models import Account, Grant
from rollbook.access.queries import sandbox_entries
from rollbook.access.rules import SANDBOX_DOMAIN
from rollbook.access.types import SandboxEntered, SandboxLeft
from rollbook.audit import actions as audit
from rollbook.shared.actor import Actor
from rollbook.shared.events import announce


class SandboxIsClosed(Exception):
    """Say that this installation is no sandbox, or offers no such way in."""


def enter_sandbox(*, role: str, organization: UUID | str, by: Actor, now: datetime) -> Account:
    """Make an account for one visit to the sandbox, with one role at one organization.

    Every entry makes an account of its own, so that many people may use a role at once. Who
    assigns the groups of the place hears `SandboxEntered`.
    Raises: SandboxIsClosed unless the installation is a sandbox and offers this entry.
    """
    entry = next(
        (
            entry
            for entry in sandbox_entries()
            if entry.role == role and str(entry.organization.uuid) == str(organization)
        ),
        None,
    )
    if entry is None:
        raise SandboxIsClosed("There is no such way into a sandbox here. Sign in instead.")
    with transaction.atomic():
        account = Account.objects.create_user(
            f"sandbox-{uuid4()}{SANDBOX_DOMAIN}", first_name=entry.label[:100], is_sandbox=True
        )
        Grant.objects.create(
            account=account,
            role=role,
            organization_id=entry.organization.id,
            starts_on=timezone.localdate(now),
            granted_by="sandbox",
        )
        _audit("enter_sandbox", account, by=by, now=now)
        entered = SandboxEntered(account.email, role, entry.organization.id)
        transaction.on_commit(lambda: announce(entered))
    return account


def leave_sandbox(account: Account, *, by: Actor, now: datetime) -> None:
    """Remove a sandbox account and all that hangs on it. Any other account is left alone."""
    if not account.is_sandbox:
        return
    with transaction.atomic():
        _audit("leave_sandbox", account, by=by, now=now)
        left = SandboxLeft(account.email)
        Account.objects.filter(pk=account.pk, is_sandbox=True).delete()
        transaction.on_commit(lambda: announce(left))


def remove_old_sandbox_accounts(*, by: Actor, now: datetime) -> int:
    """Remove the sandbox accounts of visitors who closed the browser; return how many.

    A visit lasts no longer than a session may, SESSION_COOKIE_AGE.
    """
    over = now - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    old = Account.objects.filter(is_sandbox=True, created_at__lt=over)
    removed = 0
    for account in old:
        leave_sandbox(account, by=by, now=now)
        removed += 1
    return removed


def _audit(action: str, account: Account, *, by: Actor, now: datetime) -> None:
    audit.record(
        action=action,
        subject_kind="account",
        subject_uuid=str(account.uuid),
        by=by,
        now=now,
    )
