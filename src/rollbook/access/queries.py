"""Read accounts, grants and scopes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from rollbook.access import rules
from rollbook.access.models import Account, ApiClient, ApiSecret, ApiToken, Grant
from rollbook.access.types import (
    AccountRow,
    Caller,
    ClientRow,
    GrantRow,
    HeldGrant,
    Role,
    SandboxEntry,
    SecretRow,
)
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.orgs.queries import row_of, within
from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import NOWHERE, Permission, Reach, Scope


class AccountNotFound(Exception):
    """Say that the reader sees no such account, whether or not there is one."""


class GrantNotFound(Exception):
    """Say that the reader sees no such grant, whether or not there is one."""


class ClientNotFound(Exception):
    """Say that the reader sees no such program, or no such secret of it."""


def grants_held(account: Account, *, on: date) -> list[HeldGrant]:
    """List the grants of one account that hold on that day. The account asks for itself."""
    return [
        HeldGrant(grant.role, grant.organization_id, OrganizationKind(grant.organization.kind))
        for grant in _on(Grant.objects.filter(account=account), on).select_related("organization")
    ]


def scope_of(
    account: Account,
    *,
    on: date,
    groups: Mapping[int, int] = MappingProxyType({}),
    grants: Sequence[HeldGrant] | None = None,
) -> Scope:
    """Work out what an account may see on that day.

    Three queries whatever is granted (two when `grants` is given). `groups` come from
    `groups.queries.groups_of_login`, which stands above this folder: the face asks both.
    Shape: nothing for a disabled account; a state grant reaches everything when the installation
           serves one state. An assigned group counts only where GROUP_PII_READ reaches its school:
           an e-mail address alone, which others may type, opens nothing.
    """
    if not account.is_active:
        return Scope.nobody(on=on)
    held = grants_held(account, on=on) if grants is None else grants
    reaches = _reaches(held)
    reach = _by_permission(held, reaches, is_sandbox=account.is_sandbox)
    reading = reach.get(Permission.GROUP_PII_READ, NOWHERE)
    return Scope(
        account_id=account.pk,
        label=rules.account_label(account.uuid),
        on=on,
        reach=MappingProxyType(reach),
        group_ids=frozenset(group for group, school in groups.items() if reading.includes(school)),
    )


def _reaches(grants: Iterable[HeldGrant]) -> dict[int, Reach]:
    """Return the reach of each organization that a grant names: itself and all below."""
    named = {grant.organization_id: grant.kind for grant in grants}
    if not named:
        return {}
    state_count = Organization.objects.filter(kind=OrganizationKind.STATE, is_active=True).count()
    below: dict[int, set[int]] = {organization_id: {organization_id} for organization_id in named}
    # Who reaches everything needs no list of it: a state has thousands of schools.
    whole = {place for place, kind in named.items() if _is_whole(kind, state_count)}
    links = OrganizationLink.objects.filter(ancestor_id__in=named.keys() - whole)
    for ancestor_id, descendant_id in links.values_list("ancestor_id", "descendant_id"):
        below[ancestor_id].add(descendant_id)
    return {
        place: Reach(frozenset(reached), everything=place in whole)
        for place, reached in below.items()
    }


def _is_whole(kind: OrganizationKind, state_count: int) -> bool:
    return kind is OrganizationKind.STATE and state_count == 1


def _by_permission(
    grants: Iterable[HeldGrant], reaches: dict[int, Reach], *, is_sandbox: bool
) -> dict[Permission, Reach]:
    parts: defaultdict[Permission, list[Reach]] = defaultdict(list)
    for grant in grants:
        for permission in rules.permissions_of(grant.role, is_sandbox=is_sandbox):
            parts[permission].append(reaches[grant.organization_id])
    return {permission: _joined(reached) for permission, reached in parts.items()}


def _joined(reaches: Sequence[Reach]) -> Reach:
    if len(reaches) == 1:
        return reaches[0]
    return Reach(
        frozenset().union(*(reach.organization_ids for reach in reaches)),
        everything=any(reach.everything for reach in reaches),
    )


def holders_of(permission: Permission, organization_id: int, *, on: date) -> dict[int, str]:
    """Return who holds a permission at an organization on that day, by id, with their addresses.

    For messages only: it names people who work with the agency, to the job that writes to them.
    Shape: enabled accounts that are no sandbox visits.
    """
    roles = [role.code for role in rules.ROLES if permission in role.permissions]
    above = OrganizationLink.objects.filter(
        ancestor_id=OuterRef("organization_id"), descendant_id=organization_id
    )
    grants = _on(Grant.objects.filter(role__in=roles), on).filter(Exists(above))
    found = Account.objects.filter(pk__in=grants.values("account_id"), is_active=True)
    return dict(found.filter(is_sandbox=False).values_list("pk", "email"))


def accounts_in(
    scope: Scope, page: PageRequest | None = None, *, search: str = ""
) -> Page[AccountRow]:
    """List the accounts that hold, held or will hold a grant where the reader administers accounts.

    Shape: by last name, first name, e-mail; each with the grants inside the reader's reach and no
           others. Accounts without any grant show only to a reader of everything.
    """
    page = page or PageRequest()
    found = _accounts_seen(scope)
    for word in search.split():
        found = found.filter(
            Q(email__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
        )
    ordered = found.order_by(Lower("last_name"), Lower("first_name"), "email")
    shown = ordered.prefetch_related(_grants_within(scope))[page.offset : page.offset + page.size]
    rows = [_account_row(account) for account in shown]
    return Page(rows, number=page.number, size=page.size, total_count=found.count())


def get_account(scope: Scope, uuid: UUID | str) -> AccountRow:
    """Return one account that the reader administers.

    Raises: AccountNotFound when there is none or it is out of sight: one answer.
    """
    found = _accounts_seen(scope).filter(uuid=uuid).prefetch_related(_grants_within(scope)).first()
    if found is None:
        raise AccountNotFound("No such account, or not one that you may see.")
    return _account_row(found)


def seen_among(scope: Scope, accounts: Iterable[int]) -> frozenset[int]:
    """Return which of these accounts the reader sees: those they administer, and their own."""
    found = Account.objects.filter(pk__in=list(accounts))
    seen = found.filter(Q(pk__in=_accounts_seen(scope).values("pk")) | _own(scope, "pk"))
    return frozenset(seen.values_list("pk", flat=True))


def grants_of(scope: Scope, account: UUID | str) -> list[GrantRow]:
    """List the grants of an account inside the reader's reach, past ones included, latest first.

    Shape: empty for an account that is out of sight. A reader sees all of their own.
    """
    seen = Grant.objects.filter(account__uuid=account).filter(
        within(scope.over(Permission.ACCOUNT_READ), "organization_id") | _own(scope, "account_id")
    )
    ordered = seen.select_related("organization").order_by("-starts_on", "role", "id")
    return [_grant_row(grant) for grant in ordered]


def may_grant(scope: Scope, role: type[Role], organization: OrganizationRow) -> bool:
    """Tell whether the reader may give or end `role` at `organization`."""
    return rules.may_grant(scope, role, kind=organization.kind, organization_id=organization.id)


def sandbox_entries() -> list[SandboxEntry]:
    """List the ways into the sandbox: each role at each organization it fits.

    Without a scope, because nobody is signed in yet: the sandbox holds made-up data only.
    Shape: empty unless the installation is a sandbox; by role, then by name.
    """
    if not settings.SANDBOX:
        return []
    places = {OrganizationKind.DISTRICT, OrganizationKind.SCHOOL}
    found = Organization.objects.filter(is_active=True, kind__in=places).order_by("name", "id")
    organizations = [row_of(organization) for organization in found]
    return [
        SandboxEntry(role.code, organization, f"{role.name}: {organization.name}")
        for role in rules.SANDBOX_ROLES
        for organization in organizations
        if organization.kind in role.levels
    ]


def _on(grants: QuerySet[Grant], on: date) -> QuerySet[Grant]:
    return grants.filter(starts_on__lte=on).filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=on)
    )


def _own(scope: Scope, field: str) -> Q:
    # Without an account the condition must be false of every row, not true of rows without one.
    return Q(**{field: scope.account_id}) if scope.account_id is not None else Q(pk__in=[])


def _accounts_seen(scope: Scope) -> QuerySet[Account]:
    reach = scope.over(Permission.ACCOUNT_READ)
    if reach.everything:
        return Account.objects.all()
    grants = Grant.objects.filter(
        account_id=OuterRef("pk"), organization_id__in=reach.organization_ids
    )
    return Account.objects.filter(Exists(grants)) if reach else Account.objects.none()


def _grants_within(scope: Scope) -> Prefetch[str]:
    seen = Grant.objects.filter(within(scope.over(Permission.ACCOUNT_READ), "organization_id"))
    ordered = seen.select_related("organization").order_by("-starts_on", "role", "id")
    return Prefetch("grants", queryset=ordered)


def _account_row(account: Account) -> AccountRow:
    return AccountRow(
        uuid=account.uuid,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        is_active=account.is_active,
        grants=[_grant_row(grant) for grant in account.grants.all()],
    )


def _grant_row(grant: Grant) -> GrantRow:
    known = {role.code: role.name for role in rules.ROLES}
    return GrantRow(
        uuid=grant.uuid,
        role=grant.role,
        role_name=known.get(grant.role, grant.role),
        organization=row_of(grant.organization),
        starts_on=grant.starts_on,
        ends_before=grant.ends_before,
        granted_by=grant.granted_by,
    )


def clients_in(scope: Scope) -> list[ClientRow]:
    """List the programs that call the API for organizations whose accounts the reader sees.

    Shape: by name, closed ones last; each with all of its secrets, the latest first.
    """
    ordered = _clients_seen(scope, Permission.ACCOUNT_READ).order_by("-is_active", "name", "id")
    return [_client_row(client, scope.on) for client in ordered]


def get_client(
    scope: Scope, uuid: UUID | str, *, permission: Permission = Permission.ACCOUNT_READ
) -> ClientRow:
    """Return one program of an organization over which the reader holds `permission`.

    Raises: ClientNotFound when there is none or it is out of sight: one answer.
    """
    found = _clients_seen(scope, permission).filter(uuid=uuid).first()
    if found is None:
        raise ClientNotFound("No such program, or not one that you may see.")
    return _client_row(found, scope.on)


def secrets_near_end(scope: Scope) -> QuerySet[ApiSecret]:
    """Return the secrets that hold for 14 days or less where the reader lets programs in.

    Shape: by end. A secret whose program has begun to use a later one is left out: it may end.
    """
    today = scope.on
    last = today + timedelta(days=max(rules.REMINDER_DAYS))
    later = ApiSecret.objects.filter(
        client_id=OuterRef("client_id"),
        expires_on__gt=OuterRef("expires_on"),
        revoked_at__isnull=True,
        last_used_at__isnull=False,
    )
    held = ApiSecret.objects.filter(
        within(scope.over(Permission.ACCOUNT_WRITE), "client__organization_id"),
        revoked_at__isnull=True,
        expires_on__gt=today,
        expires_on__lte=last,
        client__is_active=True,
        client__organization__is_active=True,
    )
    return held.exclude(Exists(later)).select_related("client").order_by("expires_on", "id")


def client_of_token(token: str, *, now: datetime) -> Caller | None:
    """Return the program that holds this bearer token, if all that it hangs on still holds.

    Without a scope, because it makes one: the token, its secret, the program and its organization
    must each hold now, so that taking back any of them ends the token in the same moment.
    """
    today = timezone.localdate(now)
    found = (
        ApiToken.objects.filter(
            digest=digest_of(token),
            expires_at__gt=now,
            secret__revoked_at__isnull=True,
            secret__expires_on__gt=today,
            secret__client__is_active=True,
            secret__client__organization__is_active=True,
        )
        .select_related("secret__client__organization")
        .first()
    )
    if found is None:
        return None
    client = found.secret.client
    return Caller(
        client_id=client.pk,
        uuid=client.uuid,
        name=client.name,
        username=client.username,
        organization=row_of(client.organization),
        scope=_program_scope(client, today),
        actor=Actor(ActorKind.API, rules.program_label(client.uuid)),
    )


def scope_of_program(client_id: int, *, on: date) -> Scope:
    """Work out what a program may see on that day: nothing once it is closed."""
    found = ApiClient.objects.filter(pk=client_id, is_active=True, organization__is_active=True)
    client = found.select_related("organization").first()
    return Scope.nobody(on=on) if client is None else _program_scope(client, on)


def chain_of_program(caller: Caller) -> list[OrganizationRow]:
    """List the organizations that a program's own stands under, from the top, its own last."""
    above = Organization.objects.filter(links_down__descendant_id=caller.organization.id)
    order = {kind: place for place, kind in enumerate(OrganizationKind)}
    return sorted((row_of(place) for place in above.distinct()), key=lambda row: order[row.kind])


def digest_of(secret: str) -> str:
    """Return the form in which a secret or a token is kept.

    256 random bits need no slow hash: nobody tries them one after the other.
    """
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _program_scope(client: ApiClient, on: date) -> Scope:
    place = client.organization
    reaches = _reaches([HeldGrant("", place.pk, OrganizationKind(place.kind))])
    given = [each for each in rules.GIVABLE_TO_PROGRAMS if each in client.permissions]
    return Scope(
        account_id=None,
        label=rules.program_label(client.uuid),
        on=on,
        reach=MappingProxyType(dict.fromkeys(given, reaches[place.pk])),
        program_id=client.pk,
    )


def _clients_seen(scope: Scope, permission: Permission) -> QuerySet[ApiClient]:
    seen = ApiClient.objects.filter(within(scope.over(permission), "organization_id"))
    ordered = ApiSecret.objects.order_by("-created_at", "-id")
    return seen.select_related("organization").prefetch_related(Prefetch("secrets", ordered))


def _client_row(client: ApiClient, today: date) -> ClientRow:
    return ClientRow(
        uuid=client.uuid,
        name=client.name,
        username=client.username,
        organization=row_of(client.organization),
        permissions=tuple(each for each in Permission if each in client.permissions),
        is_active=client.is_active,
        created_by=client.created_by,
        created_at=client.created_at,
        secrets=tuple(_secret_row(secret, client, today) for secret in client.secrets.all()),
    )


def _secret_row(secret: ApiSecret, client: ApiClient, today: date) -> SecretRow:
    days_left = max(0, (secret.expires_on - today).days)
    return SecretRow(
        uuid=secret.uuid,
        hint=secret.hint,
        created_at=secret.created_at,
        expires_on=secret.expires_on,
        days_left=days_left,
        revoked_at=secret.revoked_at,
        last_used_at=secret.last_used_at,
        holds=secret.revoked_at is None and days_left > 0 and client.is_active,
    )
