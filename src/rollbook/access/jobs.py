"""Entry points of access for the queue."""

from __future__ import annotations

from datetime import time

from rollbook.access.actions import remove_expired_sessions, remove_old_sandbox_accounts
from rollbook.jobs.types import JobContext, job


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
