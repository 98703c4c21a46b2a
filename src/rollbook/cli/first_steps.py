"""The first organization and the first administrator of an installation."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from rollbook.access.actions import AccountExists, add_account, grant_role, reset_password
from rollbook.orgs.actions import add_organization
from rollbook.orgs.queries import organizations_in
from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


def make_state(scope: Scope, *, name: str, by: Actor, now: datetime) -> OrganizationRow:
    """Make the organization at the top, unless there is one."""
    found = organizations_in(scope, Permission.ORGANIZATION_READ, kinds=[OrganizationKind.STATE])
    if found:
        return found[0]
    add_organization(scope, kind=OrganizationKind.STATE, name=name, by=by, now=now)
    return organizations_in(scope, Permission.ORGANIZATION_READ, kinds=[OrganizationKind.STATE])[0]


def make_administrator(
    scope: Scope, *, email: str, organization: OrganizationRow, by: Actor, now: datetime
) -> str:
    """Make a State Admin with a password for the first sign-in; return it, "" if there is one."""
    with transaction.atomic():
        try:
            account = add_account(scope, email=email, by=by, now=now)
        except AccountExists:
            return ""
        grant_role(
            scope,
            account=account,
            role="state_admin",
            organization=organization.uuid,
            starts_on=now.date() - timedelta(days=1),
            by=by,
            now=now,
        )
        return reset_password(scope, account=account, by=by, now=now)
