"""Tell people things, in the message center and by mail."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from rollbook.access.models import Account
from rollbook.jobs.actions import enqueue
from rollbook.messages.models import Mail, Message
from rollbook.messages.rules import is_refused_for_good, message_id
from rollbook.messages.types import MailStatus
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


class MailRefused(Exception):
    """Say that a mail server refused a letter for good; the letter says with which code."""


def tell(
    account_ids: Iterable[int],
    *,
    kind: str,
    title: str,
    body: str = "",
    link: str = "",
    dedupe_key: str = "",
    by: Actor,
    now: datetime,
) -> int:
    """Put one message into the message centers of some accounts; count the new ones.

    Shape: four statements whatever the number of accounts. Whoever has a message with this
           `dedupe_key` already gets no second one. Accounts that are gone or disabled are left out.
           It names counts and places, never students.
    """
    with transaction.atomic():
        # Holding the accounts makes two senders of the same message take turns.
        tellable = Account.objects.filter(pk__in=set(account_ids), is_active=True).order_by("pk")
        readers = list(tellable.select_for_update(no_key=True).values_list("pk", flat=True))
        if dedupe_key:
            told = Message.objects.filter(account_id__in=readers, dedupe_key=dedupe_key)
            told_ids = set(told.values_list("account_id", flat=True))
            readers = [reader for reader in readers if reader not in told_ids]
        Message.objects.bulk_create(
            [
                Message(
                    account_id=reader,
                    kind=kind,
                    title=title,
                    body=body,
                    link=link,
                    dedupe_key=dedupe_key,
                    created_at=now,
                )
                for reader in readers
            ],
            batch_size=1000,
        )
    return len(readers)


def mark_read(
    scope: Scope, *, messages: Iterable[UUID | str] | None = None, by: Actor, now: datetime
) -> int:
    """Mark some of the reader's own messages as read, or all of them; count those that were not.

    Somebody else's message is left alone without a word.
    """
    if scope.account_id is None:
        return 0
    unread = Message.objects.filter(account_id=scope.account_id, read_at__isnull=True)
    if messages is not None:
        unread = unread.filter(uuid__in=list(messages))
    return unread.update(read_at=now)


def queue_mail(
    recipient: str, *, subject: str, body: str, dedupe_key: str = "", by: Actor, now: datetime
) -> UUID:
    """Put a letter into the caller's transaction: it is sent if, and only if, that commits.

    Shape: returns the letter's public id; the one that there is for a `dedupe_key` already used.
    """
    with transaction.atomic():
        if dedupe_key and (known := Mail.objects.filter(dedupe_key=dedupe_key).first()):
            return known.uuid
        mail = Mail.objects.create(
            recipient=recipient,
            # One line: a name in it, which others choose, must not begin a header of its own.
            subject=" ".join(subject.split()),
            body=body,
            dedupe_key=dedupe_key,
            status=MailStatus.QUEUED,
            created_at=now,
        )
        enqueue(
            "messages.send_mail",
            arguments={"mail_uuid": str(mail.uuid)},
            dedupe_key=f"mail:{dedupe_key}" if dedupe_key else "",
            by=by,
            now=now,
        )
    return mail.uuid


def tell_and_mail(
    people: Mapping[int, str],
    *,
    kind: str,
    title: str,
    body: str,
    link: str,
    dedupe_key: str,
    by: Actor,
    now: datetime,
) -> int:
    """Tell some people one thing, in the message center and by mail; count them.

    Shape: addresses by account, as `access.queries.holders_of` gives them. Each hears of a
           `dedupe_key` once; the letter ends with where to see it. It never names a student.
    """
    tell(
        people, kind=kind, title=title, body=body, link=link, dedupe_key=dedupe_key, by=by, now=now
    )
    for account, address in people.items():
        queue_mail(
            address,
            subject=title,
            body=f"{body}\n\nSee it at {settings.BASE_URL}{link}\n",
            dedupe_key=f"{dedupe_key}:{account}",
            by=by,
            now=now,
        )
    return len(people)


def send_mail(mail: UUID | str, *, is_final_attempt: bool, by: Actor, now: datetime) -> MailStatus:
    """Hand one letter to the mail server, unless that has been done.

    Outside a transaction, because a server may be slow; a second worker is kept off by the lease.
    From a sandbox no letter leaves.
    Raises: MailRefused when the server refuses for good; any other error may be tried again.
    """
    letter = Mail.objects.filter(uuid=mail).first()
    if letter is None or letter.status != MailStatus.QUEUED:
        return MailStatus.SENT if letter is None else MailStatus(letter.status)
    if settings.SANDBOX:  # open to everybody, whose words go to no address that they typed
        _note(letter, MailStatus.FAILED, error="sandbox")
        return MailStatus.FAILED
    try:
        _hand_over(letter)
    except (smtplib.SMTPException, OSError) as error:
        code = _reply_code(error)
        is_over = is_refused_for_good(code) or is_final_attempt
        _note(letter, MailStatus.FAILED if is_over else MailStatus.QUEUED, error=_says(error, code))
        if is_refused_for_good(code):
            raise MailRefused(f"The mail server refused the letter with code {code}.") from error
        raise
    letter.sent_at = now
    _note(letter, MailStatus.SENT, error="")
    return MailStatus.SENT


def _hand_over(letter: Mail) -> None:
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    headers = {"Message-ID": message_id(str(letter.uuid), host), "Auto-Submitted": "auto-generated"}
    EmailMessage(letter.subject, letter.body, to=[letter.recipient], headers=headers).send()


def _note(letter: Mail, status: MailStatus, *, error: str) -> None:
    letter.status = status
    letter.error = error
    letter.attempt_count += 1
    letter.save(update_fields=["status", "error", "attempt_count", "sent_at"])


def _reply_code(error: Exception) -> int:
    """Return the server's reply code; 0 when there was no reply to this letter."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def _says(error: Exception, code: int) -> str:
    # Never the server's own words: they repeat the address.
    return f"{type(error).__name__} {code}" if code else type(error).__name__
