"""Accounts, grants and scopes for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from rollbook.access.models import Account, Grant
from rollbook.access.queries import scope_of
from rollbook.orgs.models import Organization
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Reach, Scope

ON = date(2026, 9, 15)
NOW = datetime(2026, 9, 15, 18, tzinfo=UTC)
BY = Actor.command("test")
EVERYTHING = Scope.of_installation("test", on=ON)


def account(email: str = "pat@example.org", **more: Any) -> Account:
    """Make an account that holds nothing."""
    return Account.objects.create(email=email, **more)


def grant(
    holder: Account,
    role: str,
    place: Organization,
    *,
    starts_on: date = date(2026, 7, 1),
    ends_before: date | None = None,
) -> Grant:
    """Give a role without asking anybody."""
    return Grant.objects.create(
        account=holder,
        role=role,
        organization=place,
        starts_on=starts_on,
        ends_before=ends_before,
        granted_by="test",
    )


def scope_with(role: str, place: Organization, email: str = "admin@example.org") -> Scope:
    """Return the scope of a new account with one role."""
    holder = account(email)
    grant(holder, role, place)
    return scope_of(holder, on=ON)


def reader_of(*places: Organization, permission: Permission) -> Scope:
    """Return a scope with one permission at just these places."""
    reach = Reach(frozenset(place.pk for place in places))
    return Scope(account_id=None, label="test", on=ON, reach={permission: reach})
