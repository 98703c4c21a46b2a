"""Words of accounts, roles and grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.shared.events import Event
from rollbook.shared.scope import Permission


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """Hold what a decision needs to know of one grant that holds today."""

    role: str
    organization_id: int
    kind: OrganizationKind


@dataclass(frozen=True, slots=True)
class GrantRow:
    """Hold one grant as pages show it."""

    uuid: UUID
    role: str
    role_name: str
    organization: OrganizationRow
    starts_on: date
    ends_before: date | None
    granted_by: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Hold one account as an administrator sees it, with the grants inside their reach only."""

    uuid: UUID
    email: str
    first_name: str
    last_name: str
    is_active: bool
    grants: Sequence[GrantRow]


@dataclass(frozen=True, slots=True)
class SandboxEntry:
    """Offer one way into the sandbox, such as `School Admin: Sample High School`."""

    role: str
    organization: OrganizationRow
    label: str


@dataclass(frozen=True, slots=True)
class SandboxEntered(Event):
    """Tell that somebody entered the sandbox. The login is made up and names nobody."""

    login: str
    role: str
    organization_id: int


@dataclass(frozen=True, slots=True)
class SandboxLeft(Event):
    """Tell that a sandbox account is gone."""

    login: str


class Role:
    """Be one role: what it is called, where it may be granted, and what it allows.

    Subclasses are the roles. `may` and `may_not` are read by auditors: whole sentences.
    """

    code: str
    name: str
    levels: frozenset[OrganizationKind]
    permissions: frozenset[Permission]
    may: tuple[str, ...]
    may_not: tuple[str, ...]
