"""Make, disable and enable accounts."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from rollbook.access import rules
from rollbook.access.models import Account, Grant
from rollbook.access.queries import AccountNotFound, get_account
from rollbook.access.types import AccountRow
from rollbook.audit import actions as audit
from rollbook.orgs.types import OrganizationKind
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


class AccountExists(Exception):
    """Say that somebody already signs in with this e-mail address; `account` is their public id."""

    def __init__(self, account: UUID) -> None:
        super().__init__("Somebody already signs in with this address. Give them a role.")
        self.account = account


class NotYours(Exception):
    """Say that the reader does not administer what they would change."""


def add_account(
    scope: Scope,
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    by: Actor,
    now: datetime,
) -> UUID:
    """Make an account that may do nothing yet; its holder sets a password by mail.

    Shape:  returns the account's public id. Addresses are compared without regard to case.
    Raises: NotYours without ACCOUNT_WRITE anywhere; AccountExists, then give a role to that one.
    """
    if not scope.may(Permission.ACCOUNT_WRITE):
        raise NotYours("You do not make accounts. Ask an administrator.")
    with transaction.atomic():
        if known := Account.objects.filter(email__iexact=email.strip()).first():
            raise AccountExists(known.uuid)
        account = Account.objects.create_user(
            email.strip(), first_name=first_name.strip(), last_name=last_name.strip()
        )
        audit.record(
            action="add_account",
            subject_kind="account",
            subject_uuid=str(account.uuid),
            by=by,
            now=now,
        )
    return account.uuid


def disable_account(scope: Scope, *, account: UUID | str, by: Actor, now: datetime) -> AccountRow:
    """Keep somebody out from this moment: no sign-in, and every session of theirs ends.

    Raises: AccountNotFound; NotYours for one's own account, and for an account that holds
            something which the reader could not have given.
    """
    return _set_active(scope, account, is_active=False, by=by, now=now)


def enable_account(scope: Scope, *, account: UUID | str, by: Actor, now: datetime) -> AccountRow:
    """Let somebody sign in again.

    Raises: AccountNotFound; NotYours, as when disabling.
    """
    return _set_active(scope, account, is_active=True, by=by, now=now)


def end_sessions(scope: Scope, *, account: UUID | str, by: Actor, now: datetime) -> int:
    """Sign an account out everywhere; return from how many places.

    Raises: AccountNotFound; NotYours, as when disabling. Anybody may do it to their own account.
    """
    with transaction.atomic():
        holder = Account.objects.filter(uuid=account).first()
        if holder is None or holder.pk != scope.account_id:
            get_account(scope, account)
            holder = Account.objects.get(uuid=account)
            _must_administer(scope, holder)
        ended = _end_sessions(holder, now=now)
        audit.record(
            action="end_sessions",
            subject_kind="account",
            subject_uuid=str(holder.uuid),
            detail={"sessions_ended": ended},
            by=by,
            now=now,
        )
    return ended


def reset_password(scope: Scope, *, account: UUID | str, by: Actor, now: datetime) -> str:
    """Give an account a new random password, sign it out everywhere, and return the password once.

    It is kept as a hash only: whoever asked hands it over by a way of their own.
    Raises: AccountNotFound; NotYours, as when disabling: one's own is changed on one's own page.
    """
    get_account(scope, account)
    with transaction.atomic():
        holder = Account.objects.select_for_update(no_key=True).get(uuid=account)
        _must_administer(scope, holder)
        password = secrets.token_urlsafe(18)
        holder.set_password(password)
        holder.save(update_fields=["password"])
        audit.record(
            action="reset_password",
            subject_kind="account",
            subject_uuid=str(holder.uuid),
            detail={"sessions_ended": _end_sessions(holder, now=now)},
            by=by,
            now=now,
        )
    return password


def clear_sign_in(account: Account, *, by: Actor, now: datetime) -> None:
    """Take away an account's password and second factors, and sign it out everywhere.

    Its holder sets a password by mail: so it is the address, and nobody else, who gets in.
    """
    account.set_unusable_password()
    account.save(update_fields=["password"])
    Authenticator.objects.filter(user=account).delete()
    audit.record(
        action="clear_sign_in",
        subject_kind="account",
        subject_uuid=str(account.uuid),
        detail={"sessions_ended": _end_sessions(account, now=now)},
        by=by,
        now=now,
    )


def remove_expired_sessions(*, by: Actor, now: datetime) -> int:
    """Remove what is left of sessions that are over; count them."""
    with transaction.atomic():
        removed, _ = Session.objects.filter(expire_date__lt=now).delete()
        audit.record(
            action="remove_expired_sessions",
            subject_kind="session",
            subject_uuid="",
            detail={"sessions": removed},
            by=by,
            now=now,
        )
    return removed


def _end_sessions(account: Account, *, now: datetime) -> int:
    ended = [
        session.pk
        for session in Session.objects.filter(expire_date__gte=now).iterator()
        if str(session.get_decoded().get(SESSION_KEY)) == str(account.pk)
    ]
    Session.objects.filter(pk__in=ended).delete()
    return len(ended)


def _set_active(
    scope: Scope, uuid: UUID | str, *, is_active: bool, by: Actor, now: datetime
) -> AccountRow:
    get_account(scope, uuid)
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).filter(uuid=uuid).first()
        if account is None:
            raise AccountNotFound("No such account, or not one that you may see.")
        _must_administer(scope, account)
        account.is_active = is_active
        account.save(update_fields=["is_active"])
        ended = 0 if is_active else _end_sessions(account, now=now)
        audit.record(
            action="enable_account" if is_active else "disable_account",
            subject_kind="account",
            subject_uuid=str(account.uuid),
            detail={"sessions_ended": ended},
            by=by,
            now=now,
        )
    return get_account(scope, uuid)


def _must_administer(scope: Scope, account: Account) -> None:
    if account.pk == scope.account_id:
        raise NotYours("You cannot do this to your own account. Ask another administrator.")
    held = Grant.objects.filter(account=account).select_related("organization")
    known = {role.code: role for role in rules.ROLES}
    for grant in held.exclude(ends_before__lte=scope.on):
        kind = OrganizationKind(grant.organization.kind)
        role = known.get(grant.role)
        if role and not rules.may_grant(
            scope, role, kind=kind, organization_id=grant.organization_id
        ):
            raise NotYours("This account holds a role that you could not give. Ask who could.")
