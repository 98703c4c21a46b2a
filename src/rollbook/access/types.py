"""Words of accounts, roles and grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.shared.actor import Actor
from rollbook.shared.events import Event
from rollbook.shared.scope import Permission, Scope


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


@dataclass(frozen=True, slots=True)
class SecretRow:
    """Hold one secret of a program as pages show it: what tells it from others, and its end.

    Shape: `holds` is false once it is revoked or its day has come; `days_left` is 0 from that day.
    """

    uuid: UUID
    hint: str
    created_at: datetime
    expires_on: date
    days_left: int
    revoked_at: datetime | None
    last_used_at: datetime | None
    holds: bool


@dataclass(frozen=True, slots=True)
class ClientRow:
    """Hold one program that may call the API, with its secrets, the latest first."""

    uuid: UUID
    name: str
    username: str
    organization: OrganizationRow
    permissions: tuple[Permission, ...]
    is_active: bool
    created_by: str
    created_at: datetime
    secrets: tuple[SecretRow, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Hold the program behind one call of the API: what it may see, and as whom it acts."""

    client_id: int
    uuid: UUID
    name: str
    username: str
    organization: OrganizationRow
    scope: Scope
    actor: Actor


@dataclass(frozen=True, slots=True)
class SecretNearedEnd(Event):
    """Tell that a program's secret has come close to its end, and nobody has used a later one.

    Shape: `days` is the reminder that is due, 14, 7, 3 or 1; `days_left` counts from today.
    """

    client_uuid: UUID
    secret_uuid: UUID
    client_name: str
    organization_id: int
    days: int
    days_left: int
    expires_on: date


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
