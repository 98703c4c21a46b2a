"""Give and end roles."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from rollbook.access import rules
from rollbook.access.actions.accounts import clear_sign_in
from rollbook.access.models import Account, Grant
from rollbook.access.queries import AccountNotFound, GrantNotFound, scope_of
from rollbook.audit import actions as audit
from rollbook.audit.queries import latest_of
from rollbook.orgs.queries import get_organization, within
from rollbook.orgs.types import OrganizationKind
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


class GrantRefused(Exception):
    """Say why the reader may not give or end this role here."""


class GrantExists(Exception):
    """Say that the account already holds this role there, at that time."""


def grant_role(
    scope: Scope,
    *,
    account: UUID | str,
    role: str,
    organization: UUID | str,
    starts_on: date,
    ends_before: date | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Give an account a role at an organization and all below it.

    Shape:  returns the grant's public id. Where somebody who could not have given this role once
            set the account's password, its sign-in is cleared: they may know it still.
    Raises: OrganizationNotFound, AccountNotFound, NoSuchRole; GrantRefused where the giver holds
            less than the role, or for the giver's own account; GrantExists where the dates overlap.
    """
    given = rules.role_with(role)
    place = get_organization(scope, organization, permission=Permission.ACCOUNT_WRITE)
    if reason := rules.why_not_grant(scope, given, kind=place.kind, organization_id=place.id):
        raise GrantRefused(reason)
    if ends_before is not None and ends_before <= starts_on:
        raise GrantRefused("A role ends after it starts. Choose a later end.")
    with transaction.atomic():
        holder = Account.objects.select_for_update(no_key=True).filter(uuid=account).first()
        if holder is None:
            raise AccountNotFound("No such account.")
        if holder.pk == scope.account_id:
            raise GrantRefused("You cannot give yourself a role. Ask another administrator.")
        if _overlapping(holder, role, place.id, starts_on, ends_before):
            raise GrantExists(f"This account already is {given.name} at {place.name} at that time.")
        grant = Grant.objects.create(
            account=holder,
            role=role,
            organization_id=place.id,
            starts_on=starts_on,
            ends_before=ends_before,
            granted_by=by.label,
        )
        _audit("grant_role", grant, by=by, now=now)
        if _is_known_to_lesser(holder, grant, scope.on):
            clear_sign_in(holder, by=by, now=now)
    return grant.uuid


def end_grant(scope: Scope, *, grant: UUID | str, on: date, by: Actor, now: datetime) -> None:
    """End a role on that day; a role that has not begun by then is taken back whole.

    Ending twice changes nothing: the earlier end stays.
    Raises: GrantNotFound; GrantRefused for a role that the reader could not have given.
    """
    with transaction.atomic():
        seen = Grant.objects.filter(
            within(scope.over(Permission.ACCOUNT_WRITE), "organization_id")
        ).select_related("organization", "account")
        ended = seen.select_for_update(of=("self",), no_key=True).filter(uuid=grant).first()
        if ended is None:
            raise GrantNotFound("No such role given, or not one that you may end.")
        _must_be_givable(scope, ended)
        if ended.ends_before is not None and ended.ends_before <= on:
            return
        _audit("end_grant", ended, by=by, now=now)
        if ended.starts_on >= on:
            ended.delete()
            return
        ended.ends_before = on
        ended.save(update_fields=["ends_before"])


def _is_known_to_lesser(holder: Account, grant: Grant, on: date) -> bool:
    """Tell whether the latest password was set by a person who may not give this role."""
    latest = latest_of(str(holder.uuid), "reset_password", "clear_sign_in")
    if latest is None or latest.action == "clear_sign_in" or latest.account_id is None:
        return False  # nobody but the holder, or the operator, who may do everything
    setter = Account.objects.filter(pk=latest.account_id).first()
    if setter is None:
        return True
    kind = OrganizationKind(grant.organization.kind)
    return not rules.may_grant(
        scope_of(setter, on=on),
        rules.role_with(grant.role),
        kind=kind,
        organization_id=grant.organization_id,
    )


def _must_be_givable(scope: Scope, grant: Grant) -> None:
    role = next((role for role in rules.ROLES if role.code == grant.role), None)
    kind = OrganizationKind(grant.organization.kind)
    if role is None or kind not in role.levels:  # of an older version: who administers may end it
        return
    place = grant.organization_id
    if reason := rules.why_not_grant(scope, role, kind=kind, organization_id=place):
        raise GrantRefused(reason)


def _overlapping(
    holder: Account, role: str, organization_id: int, starts_on: date, ends_before: date | None
) -> bool:
    same = Grant.objects.filter(account=holder, role=role, organization_id=organization_id)
    same = same.filter(Q(ends_before__isnull=True) | Q(ends_before__gt=starts_on))
    return (same.filter(starts_on__lt=ends_before) if ends_before else same).exists()


def _audit(action: str, grant: Grant, *, by: Actor, now: datetime) -> None:
    audit.record(
        action=action,
        subject_kind="grant",
        subject_uuid=str(grant.uuid),
        organization_id=grant.organization_id,
        detail={"role": grant.role, "account": str(grant.account.uuid)},
        by=by,
        now=now,
    )
