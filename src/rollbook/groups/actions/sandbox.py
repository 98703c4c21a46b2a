"""Lend every group of a place to a visitor of the sandbox."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from rollbook.access.rules import SANDBOX_DOMAIN
from rollbook.audit.actions import record
from rollbook.groups.models import GroupUser, StudentGroup
from rollbook.shared.actor import Actor

# How the logins of visitors of the sandbox begin and end.
_VISITOR: Final = ("sandbox-", SANDBOX_DOMAIN)


class NotASandboxLogin(Exception):
    """Say that all groups of a place would go to somebody outside the sandbox."""


def assign_sandbox_groups(login: str, organization_id: int, *, by: Actor, now: datetime) -> int:
    """Assign every active group at an organization or below it to a sandbox visitor; count them.

    Raises: NotASandboxLogin.
    """
    _must_be_visitor(login)
    groups = StudentGroup.objects.filter(
        is_active=True, owner__isnull=True, school__links_up__ancestor_id=organization_id
    )
    users = [GroupUser(group_id=pk, login=login) for pk in groups.values_list("pk", flat=True)]
    with transaction.atomic():
        GroupUser.objects.bulk_create(users, batch_size=1000, ignore_conflicts=True)
        record(
            action="assign_sandbox_groups",
            subject_kind="organization",
            subject_uuid="",
            organization_id=organization_id,
            detail={"groups": len(users)},
            by=by,
            now=now,
        )
    return len(users)


def remove_sandbox_groups(login: str, *, by: Actor, now: datetime) -> int:
    """Take all groups from a sandbox visitor who left; count them.

    Raises: NotASandboxLogin.
    """
    _must_be_visitor(login)
    with transaction.atomic():
        removed, _ = GroupUser.objects.filter(login=login).delete()
        record(
            action="remove_sandbox_groups",
            subject_kind="groups",
            subject_uuid="",
            detail={"groups": removed},
            by=by,
            now=now,
        )
    return removed


def _must_be_visitor(login: str) -> None:
    if not (login.startswith(_VISITOR[0]) and login.endswith(_VISITOR[1])):
        raise NotASandboxLogin("Only a visitor of the sandbox is given all groups of a place.")
