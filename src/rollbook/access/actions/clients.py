"""Let programs in, give them secrets and tokens, and shut them out again."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from rollbook.access import rules
from rollbook.access.models import ApiClient, ApiSecret, ApiToken
from rollbook.access.queries import (
    ClientNotFound,
    digest_of,
    get_client,
    secrets_near_end,
)
from rollbook.access.types import SecretNearedEnd
from rollbook.audit import actions as audit
from rollbook.orgs.queries import get_organization
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

SECRET_BYTES: Final = 32  # 256 bits
HINT: Final = 4
# Compared with where there is no such program, so that the answer takes as long.
NO_SECRET: Final = "0" * 64


class ProgramRefused(Exception):
    """Say why the reader may not let this program in, or not for so long."""


class TwoSecretsHold(Exception):
    """Say that a program has two secrets already: the one in use and the one that follows it."""


class SecretRefused(Exception):
    """Say that a user name and a secret open nothing; not which of the two was wrong."""


def add_client(
    scope: Scope,
    *,
    name: str,
    organization_uuid: UUID | str,
    permissions: Collection[Permission],
    expires_on: date | None = None,
    by: Actor,
    now: datetime,
) -> tuple[UUID, str, str]:
    """Let a program call the API for an organization and all below it.

    Shape:  returns its public id, its user name, and its first secret, which is kept as a digest
            only; the secret holds for 365 days unless `expires_on` says otherwise.
    Raises: OrganizationNotFound; ProgramRefused where it would get more than the reader holds.
    """
    place = get_organization(scope, organization_uuid, permission=Permission.ACCOUNT_WRITE)
    if not name.strip():
        raise ProgramRefused("Give the program a name, such as that of the system that sends.")
    if reason := rules.why_not_give(scope, permissions, organization_id=place.id):
        raise ProgramRefused(reason)
    with transaction.atomic():
        client = ApiClient.objects.create(
            name=name.strip()[:120],
            username=_username(name),
            organization_id=place.id,
            permissions=[each.value for each in Permission if each in set(permissions)],
            created_by=by.label,
            created_at=now,
        )
        secret = _new_secret(client, expires_on, today=scope.on, by=by, now=now)
        _audit("add_client", client, by=by, now=now)
    return client.uuid, client.username, secret


def renew_secret(
    scope: Scope,
    client_uuid: UUID | str,
    *,
    expires_on: date | None = None,
    by: Actor,
    now: datetime,
) -> str:
    """Give a program another secret and return it once; the one in use goes on until its day.

    Raises: ClientNotFound; ProgramRefused for a closed program, or one that may do more than the
            reader; TwoSecretsHold, then revoke one of the two.
    """
    row = get_client(scope, client_uuid, permission=Permission.ACCOUNT_WRITE)
    place = row.organization.id
    if reason := rules.why_not_give(scope, row.permissions, organization_id=place):
        raise ProgramRefused(reason)
    with transaction.atomic():
        client = ApiClient.objects.select_for_update(no_key=True).get(uuid=client_uuid)
        if not client.is_active:
            raise ProgramRefused("This program was shut out. Let it in again under a new name.")
        held = client.secrets.filter(revoked_at__isnull=True, expires_on__gt=scope.on)
        if held.count() >= rules.MOST_SECRETS:
            raise TwoSecretsHold("Two secrets of this program hold already. Revoke one first.")
        secret = _new_secret(client, expires_on, today=scope.on, by=by, now=now)
        _audit("renew_secret", client, by=by, now=now)
    return secret


def revoke_secret(
    scope: Scope,
    client_uuid: UUID | str,
    secret_uuid: UUID | str,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """End one secret and every token that was given for it, at once. Twice changes nothing.

    Raises: ClientNotFound, also where the program has no such secret.
    """
    get_client(scope, client_uuid, permission=Permission.ACCOUNT_WRITE)
    with transaction.atomic():
        client = ApiClient.objects.select_for_update(no_key=True).get(uuid=client_uuid)
        secret = client.secrets.filter(uuid=secret_uuid).first()
        if secret is None:
            raise ClientNotFound("No such secret of this program.")
        if secret.revoked_at is not None:
            return
        secret.revoked_at = now
        secret.save(update_fields=["revoked_at"])
        ended, _ = ApiToken.objects.filter(secret=secret).delete()
        _audit("revoke_secret", client, by=by, now=now, tokens=ended)


def close_client(scope: Scope, client_uuid: UUID | str, *, by: Actor, now: datetime) -> None:
    """Shut a program out for good: all its secrets and tokens end at once.

    Raises: ClientNotFound.
    """
    get_client(scope, client_uuid, permission=Permission.ACCOUNT_WRITE)
    with transaction.atomic():
        client = ApiClient.objects.select_for_update(no_key=True).get(uuid=client_uuid)
        if not client.is_active:
            return
        client.is_active = False
        client.save(update_fields=["is_active"])
        client.secrets.filter(revoked_at__isnull=True).update(revoked_at=now)
        ended, _ = ApiToken.objects.filter(secret__client=client).delete()
        _audit("close_client", client, by=by, now=now, tokens=ended)


def issue_token(*, username: str, secret: str, by: Actor, now: datetime) -> tuple[str, int, str]:
    """Give a program a bearer token for its secret.

    Without a scope, because nobody is signed in yet.
    Shape:  returns the token, for how many seconds it holds, and what it allows, as OAuth 2 writes
            it. A token never outlives its secret.
    Raises: SecretRefused, whatever was wrong: the name, the secret, its end, a closed program.
    """
    with transaction.atomic():
        held = _secret_of(username, secret, timezone.localdate(now))
        if held is None:
            raise SecretRefused("This user name and secret open nothing.")
        token = secrets.token_urlsafe(SECRET_BYTES)
        seconds = min(settings.API_TOKEN_SECONDS, int((_end_of(held) - now).total_seconds()))
        ApiToken.objects.create(
            secret=held,
            digest=digest_of(token),
            issued_at=now,
            expires_at=now + timedelta(seconds=seconds),
        )
        held.last_used_at = now
        held.save(update_fields=["last_used_at"])
        client = held.client
        _audit("issue_token", client, by=_as(by, client), now=now)
    return token, seconds, " ".join(client.permissions)


def remind_of_secrets(scope: Scope, *, by: Actor, now: datetime) -> int:
    """Announce each secret that has come to 14, 7, 3 or 1 days before its end, once each; count."""
    told: list[SecretNearedEnd] = []
    with transaction.atomic():
        for secret in secrets_near_end(scope).select_for_update(of=("self",), no_key=True):
            days_left = (secret.expires_on - scope.on).days
            due = rules.reminder_due(days_left, secret.reminded_days)
            if due is None:
                continue
            secret.reminded_days = due
            secret.save(update_fields=["reminded_days"])
            _audit("remind_of_secret", secret.client, by=by, now=now, days=due)
            told.append(_neared_end(secret, due, days_left))
    for event in told:
        events.announce(event)
    return len(told)


def remove_expired_tokens(*, by: Actor, now: datetime) -> int:
    """Remove what is left of tokens that are over; count them."""
    with transaction.atomic():
        removed, _ = ApiToken.objects.filter(expires_at__lt=now).delete()
        audit.record(
            action="remove_expired_tokens",
            subject_kind="api_token",
            subject_uuid="",
            detail={"tokens": removed},
            by=by,
            now=now,
        )
    return removed


def _username(name: str) -> str:
    """Make a user name that reads like the program's and that nobody guesses by its name."""
    return f"{slugify(name)[:40].strip('-') or 'program'}-{secrets.token_hex(4)}"


def _new_secret(
    client: ApiClient, expires_on: date | None, *, today: date, by: Actor, now: datetime
) -> str:
    until = expires_on or today + timedelta(days=rules.SECRET_DAYS)
    if reason := rules.why_not_until(until, today=today):
        raise ProgramRefused(reason)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    ApiSecret.objects.create(
        client=client,
        digest=digest_of(secret),
        hint=secret[-HINT:],
        created_by=by.label,
        created_at=now,
        expires_on=until,
    )
    return secret


def _secret_of(username: str, secret: str, today: date) -> ApiSecret | None:
    """Return the secret that was shown, comparing all that there are in equal time."""
    held = ApiSecret.objects.filter(
        client__username=username,
        client__is_active=True,
        client__organization__is_active=True,
        revoked_at__isnull=True,
        expires_on__gt=today,
    )
    shown, found = digest_of(secret), None
    for each in held.select_related("client"):
        if hmac.compare_digest(each.digest, shown):
            found = each
    hmac.compare_digest(NO_SECRET, shown)
    return found


def _end_of(secret: ApiSecret) -> datetime:
    """Return the moment in which the day comes that a secret no longer sees."""
    return timezone.make_aware(datetime.combine(secret.expires_on, time()))


def _as(by: Actor, client: ApiClient) -> Actor:
    return replace(by, label=rules.program_label(client.uuid))


def _neared_end(secret: ApiSecret, due: int, days_left: int) -> SecretNearedEnd:
    return SecretNearedEnd(
        client_uuid=secret.client.uuid,
        secret_uuid=secret.uuid,
        client_name=secret.client.name,
        organization_id=secret.client.organization_id,
        days=due,
        days_left=days_left,
        expires_on=secret.expires_on,
    )


def _audit(action: str, client: ApiClient, *, by: Actor, now: datetime, **counts: int) -> None:
    audit.record(
        action=action,
        subject_kind="api_client",
        subject_uuid=str(client.uuid),
        organization_id=client.organization_id,
        detail=counts,
        by=by,
        now=now,
    )
