"""The one table in which something low causes something high.

A domain that finishes a fact announces it by name, after commit, through
`rollbook.shared.events`; this table says which job each fact queues. Nothing
else in the house calls upwards.
"""

from __future__ import annotations

from django.utils import timezone

from rollbook.access.types import SandboxEntered, SandboxLeft
from rollbook.groups import actions as groups
from rollbook.jobs.actions import enqueue
from rollbook.jobs.types import JobFailed
from rollbook.messages import actions as messages
from rollbook.roster.actions.commit import RosterChanged
from rollbook.shared import events
from rollbook.shared.actor import Actor


def connect() -> None:
    """Fill the table of reactions; calling it again changes nothing."""
    events.clear()
    events.on(RosterChanged, _refresh_groups)
    events.on(SandboxEntered, _assign_groups)
    events.on(SandboxLeft, _remove_groups)
    events.on(JobFailed, _tell_who_asked)


def _refresh_groups(changed: RosterChanged) -> None:
    enqueue(
        "groups.refresh_class_groups",
        arguments={"source": changed.source},
        by=Actor.job("roster"),
        now=timezone.now(),
    )


def _assign_groups(entered: SandboxEntered) -> None:
    groups.assign_sandbox_groups(
        entered.login, entered.organization_id, by=Actor.job("sandbox"), now=timezone.now()
    )


def _remove_groups(left: SandboxLeft) -> None:
    groups.remove_sandbox_groups(left.login, by=Actor.job("sandbox"), now=timezone.now())


def _tell_who_asked(failed: JobFailed) -> None:
    if failed.account_id is not None:
        messages.tell(
            [failed.account_id],
            kind="job_failed",
            title="Something you started did not finish",
            body=f"{failed.name} was tried as often as it may be. Open it to try again.",
            link=f"/jobs/{failed.job_uuid}/",
            dedupe_key=f"job_failed:{failed.job_uuid}:{failed.at.isoformat()}",
            by=Actor.job("jobs"),
            now=failed.at,
        )
