"""Programs that call the API, for tests."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from rollbook.access.actions import add_client, issue_token
from rollbook.orgs.models import Organization
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import BY

SENDS = (Permission.GROUP_READ, Permission.GROUP_WRITE)


def program(
    place: Organization, *, name: str = "SIS", may: tuple[Permission, ...] = SENDS
) -> tuple[str, str]:
    """Let a program in at a place; return its user name and secret."""
    today = timezone.localdate()
    _uuid, username, secret = add_client(
        Scope.of_installation("test", on=today), name=name, organization_uuid=place.uuid,
        permissions=may, by=BY, now=timezone.now(),
    )  # fmt: skip
    return username, secret


def token(username: str, secret: str) -> str:
    """Return a bearer token of a program."""
    caller = Actor(ActorKind.API, "program")
    return issue_token(username=username, secret=secret, by=caller, now=timezone.now())[0]


def calling(
    place: Organization, *, name: str = "SIS", may: tuple[Permission, ...] = SENDS
) -> Client:
    """Return the connection of a program that is signed in at a place."""
    shown = token(*program(place, name=name, may=may))
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {shown}"})
