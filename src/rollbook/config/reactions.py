"""The one table in which something low causes something high.

A domain that finishes a fact announces it by name, after commit, through
`rollbook.shared.events`; this table says which job each fact queues. Nothing
else in the house calls upwards.
"""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from rollbook.access.queries import holders_of
from rollbook.access.types import SandboxEntered, SandboxLeft, SecretNearedEnd
from rollbook.extracts.jobs import give_up
from rollbook.groups import actions as groups
from rollbook.groups.actions.imports import give_up_import
from rollbook.jobs.actions import enqueue
from rollbook.jobs.types import JobFailed
from rollbook.messages import actions as messages
from rollbook.orgs.queries import current_school_year
from rollbook.roster.actions.commit import RosterChanged
from rollbook.roster.actions.runs import SourceNeedsSomebody
from rollbook.roster.actions.transfers import finish_transfers
from rollbook.roster.types import RosterWaits, TransferDecided, TransfersAsked
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission


def connect() -> None:
    """Fill the table of reactions; calling it again changes nothing."""
    events.clear()
    events.on(RosterChanged, _refresh_groups)
    events.on(RosterChanged, _finish_transfers)
    events.on(TransfersAsked, _tell_of_requests)
    events.on(TransferDecided, _tell_of_answer)
    events.on(RosterWaits, _tell_approvers)
    events.on(SourceNeedsSomebody, _tell_of_source)
    events.on(SandboxEntered, _assign_groups)
    events.on(SandboxLeft, _remove_groups)
    events.on(SecretNearedEnd, _tell_of_secret)
    events.on(JobFailed, _tell_who_asked)
    events.on(JobFailed, _give_up)


def _refresh_groups(changed: RosterChanged) -> None:
    enqueue(
        "groups.refresh_class_groups",
        arguments={"source": changed.source},
        by=Actor.job("roster"),
        now=timezone.now(),
    )
    enqueue("groups.refresh_rule_groups", by=Actor.job("roster"), now=timezone.now())


def _tell_approvers(waiting: RosterWaits) -> None:
    """Tell whoever may approve a plan that it waits."""
    if waiting.organization_id is None:
        return
    _tell_holders(
        Permission.ROSTER_APPROVE,
        waiting.organization_id,
        kind="roster_waits",
        title="A roster waits for your decision",
        body=(
            f"{waiting.file_name}: {waiting.reason_count} limits would be passed. "
            "Nothing has changed."
        ),
        page=f"rosters/{waiting.intake_uuid}/",
        key=f"roster_waits:{waiting.intake_uuid}",
        by=Actor.job("roster"),
    )


def _tell_of_source(troubled: SourceNeedsSomebody) -> None:
    """Tell whoever may approve a district's rosters that a source does not mend itself, once."""
    says = troubled.says or "What came cannot be used."
    rests = " It is paused until somebody resumes it." if troubled.is_paused else ""
    _tell_holders(
        Permission.ROSTER_APPROVE,
        troubled.organization_id,
        kind="source_needs_somebody",
        title=f"A roster source needs somebody: {troubled.source_name}",
        body=f"{says}{rests} Nobody was removed.",
        page=f"rosters/sources/{troubled.source_uuid}/",
        key=f"source:{troubled.source_uuid}:{troubled.streak}",
        by=Actor.job("roster"),
    )


def _finish_transfers(_changed: RosterChanged) -> None:
    finish_transfers(by=Actor.job("roster"), now=timezone.now())


def _tell_of_requests(asked: TransfersAsked) -> None:
    """Tell whoever approves the rosters of a district that it is asked for students."""
    count = asked.count
    students = "1 student" if count == 1 else f"{count:,} students"
    _tell_deciders(
        asked.from_district_id,
        kind="transfers_asked",
        title=f"Another district asks for {students}",
        body="Release or refuse each. Until then nothing changes.",
        key=f"transfers_asked:{asked.intake_uuid or timezone.now().isoformat()}",
    )


def _tell_of_answer(answer: TransferDecided) -> None:
    """Tell whoever approves the rosters of the asking district what the other side said."""
    _tell_deciders(
        answer.to_district_id,
        kind="transfer_decided",
        title=(
            "A student you asked for was released"
            if answer.is_released
            else "A student you asked for was refused"
        ),
        body=(
            "The next roster that lists the student may take the record."
            if answer.is_released
            else "The other district says why. Nothing changes."
        ),
        key=f"transfer_decided:{answer.request_uuid}",
    )


def _tell_deciders(district_id: int, *, kind: str, title: str, body: str, key: str) -> None:
    """Tell the approvers of a district; no student is named."""
    _tell_holders(
        Permission.ROSTER_APPROVE,
        district_id,
        kind=kind,
        title=title,
        body=body,
        page="rosters/decisions/",
        key=key,
        by=Actor.job("roster"),
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


def _give_up(failed: JobFailed) -> None:
    """Say of what a job was about that it will not go on: somebody may be waiting for it."""
    by = Actor.job(failed.name)
    if failed.name == "groups.check_import":
        give_up_import(failed.arguments["import"], by=by, now=failed.at)
    if failed.name == "extracts.deliver":
        give_up(UUID(str(failed.arguments["delivery"])), may_not=False, by=by, now=failed.at)


def _tell_of_secret(near: SecretNearedEnd) -> None:
    """Tell whoever let a program in that it will be shut out unless its secret is renewed."""
    days = "1 day" if near.days_left == 1 else f"{near.days_left} days"
    _tell_holders(
        Permission.ACCOUNT_WRITE,
        near.organization_id,
        kind="secret_near_end",
        title=f"A program's secret ends in {days}: {near.client_name}",
        body=(
            f"From {near.expires_on:%Y-%m-%d} it can send nothing more. Renew the secret: the one "
            "in use goes on until that day."
        ),
        page=f"administration/clients/{near.client_uuid}/",
        key=f"secret:{near.secret_uuid}:{near.days}",
        by=Actor.job("access"),
    )


def _tell_holders(
    permission: Permission,
    organization_id: int,
    *,
    kind: str,
    title: str,
    body: str,
    page: str,
    key: str,
    by: Actor,
) -> None:
    """Tell whoever holds a permission at a place, in the message center and by mail."""
    now = timezone.now()
    today = timezone.localdate(now)
    messages.tell_and_mail(
        holders_of(permission, organization_id, on=today),
        kind=kind,
        title=title,
        body=body,
        link=f"/{int(current_school_year(today))}/{page}",
        dedupe_key=key,
        by=by,
        now=now,
    )
