"""Hands of the tests about extract pages: sign in, save a profile, write a file."""

from __future__ import annotations

import html
import re
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from rollbook.access.models import Account
from rollbook.access.queries import scope_of
from rollbook.extracts.actions.files import make_files
from rollbook.extracts.actions.profiles import save_profile
from rollbook.extracts.types import ProfileSettings
from rollbook.orgs.models import Organization
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account, grant
from tests.factories.extracts import YEAR

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def signed_in_as(email: str, role: str, place: Organization) -> Client:
    holder: Account = account(email, first_name="Ada", last_name="Oak")
    grant(holder, role, place)
    Authenticator.objects.create(user=holder, type="totp", data={"secret": "none"})
    client = Client(raise_request_exception=False)
    client.force_login(holder, backend=BACKEND)
    return client


def at(name: str, *more: object) -> str:
    return reverse(name, args=[YEAR, *more])


def saved(place: Organization, settings: ProfileSettings, by: str = "", **more: Any) -> UUID:
    """Save a profile as somebody, or as a command."""
    scope = EVERYTHING
    if by:
        scope = scope_of(Account.objects.get(email=by), on=ON)
    fields: dict[str, Any] = {"name": "English", "is_shared": False, "in_schedule": False} | more
    return save_profile(
        scope, organization_uuid=place.uuid, settings=settings, by=BY, now=NOW, **fields
    )


def written(*profiles: UUID) -> UUID:
    return make_files(EVERYTHING, profiles, is_consolidated=True, on=ON, by=BY, now=NOW)[0]


def names(response: HttpResponse) -> list[str]:
    found = re.findall(r'<th scope="row"><a[^>]*>([^<]*)</a>', response.content.decode())
    return [html.unescape(name) for name in found]
