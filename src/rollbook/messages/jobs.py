"""Entry points of messages for the queue."""

from __future__ import annotations

from rollbook.jobs.types import JobContext, NotWorthRetrying, job
from rollbook.messages.actions import MailRefused
from rollbook.messages.actions import send_mail as send


@job(
    name="messages.send_mail",
    scope_rule="Sees the one letter it is given; returns its status and nothing of its content.",
    attempt_limit=8,
)
def send_mail(context: JobContext) -> dict[str, str]:
    """Send one letter, trying again while the mail server is away."""
    try:
        status = send(
            str(context.arguments["mail_uuid"]),
            is_final_attempt=context.is_final_attempt,
            by=context.actor,
            now=context.now,
        )
    except MailRefused as refused:
        raise NotWorthRetrying(str(refused)) from None
    return {"status": status.value}
