"""Entry points of access for the queue."""

from __future__ import annotations

from datetime import time

from django.utils import timezone

from rollbook.access.actions import (
    remind_of_secrets,
    remove_expired_sessions,
    remove_expired_tokens,
    remove_old_sandbox_accounts,
)
from rollbook.jobs.types import JobContext, job
from rollbook.shared.scope import Scope


@job(
    name="access.remove_old_sandbox_accounts",
    scope_rule="Sees sandbox accounts only; returns how many it removed.",
    nightly_at=time(2, 10),
)
def remove_old_accounts(context: JobContext) -> dict[str, int]:
    """Remove the accounts of sandbox visits that are over."""
    return {"removed": remove_old_sandbox_accounts(by=context.actor, now=context.now)}


@job(
    name="access.remove_expired_sessions",
    scope_rule="Sees sessions that are over, of everybody; returns how many it removed.",
    in_transaction=True,
    nightly_at=time(2, 20),
)
def remove_sessions(context: JobContext) -> dict[str, int]:
    """Remove what is left of sessions that are over."""
    return {"removed": remove_expired_sessions(by=context.actor, now=context.now)}


@job(
    name="access.remove_expired_tokens",
    scope_rule="Sees tokens of programs that are over; returns how many it removed.",
    in_transaction=True,
    nightly_at=time(2, 25),
)
def remove_tokens(context: JobContext) -> dict[str, int]:
    """Remove what is left of tokens that are over."""
    return {"removed": remove_expired_tokens(by=context.actor, now=context.now)}


@job(
    name="access.remind_of_secrets",
    scope_rule="Sees which programs' secrets end soon, of every organization; no student.",
    in_transaction=True,
    nightly_at=time(5, 30),
)
def remind(context: JobContext) -> dict[str, int]:
    """Tell those who let a program in that its secret comes to its end."""
    scope = Scope.of_installation(context.actor.label, on=timezone.localdate(context.now))
    return {"reminders": remind_of_secrets(scope, by=context.actor, now=context.now)}
