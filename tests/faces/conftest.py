"""A small state with readers, and pages without static files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.test import Client

from rollbook.access.models import Account
from tests.factories.accounts import account, grant
from tests.factories.places import SmallState, small_state

SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def without_static_files(settings: LazySettings) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "whitenoise" not in name]


@pytest.fixture
def state(db: None) -> SmallState:
    return small_state()


@pytest.fixture
def sign_in(state: SmallState) -> SignIn:
    """Return a function that signs in an account with one role, by default a State Admin."""

    def signed_in(role: str | None = "state_admin", place: object = None) -> Client:
        holder: Account = account("reader@example.org")
        if role is not None:
            grant(holder, role, place or state.state, starts_on=date(2020, 7, 1))  # type: ignore[arg-type]
        Authenticator.objects.create(user=holder, type="totp", data={"secret": "none"})
        client = Client(raise_request_exception=False)
        client.force_login(holder, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in
