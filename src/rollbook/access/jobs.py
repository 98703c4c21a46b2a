"""Entry points of access for the queue."""

from __future__ import annotations

from rollbook.access.actions import remove_old_sandbox_accounts
from rollbook.jobs.types import JobContext, job


@job(
    name="access.remove_old_sandbox_accounts",
    scope_rule="Sees sandbox accounts only; returns how many it removed.",
)
def remove_old_accounts(context: JobContext) -> dict[str, int]:
    """Remove the accounts of sandbox visits that are over."""
    return {"removed": remove_old_sandbox_accounts(by=context.actor, now=context.now)}
