"""Read the message center."""

from __future__ import annotations

from django.db.models import QuerySet

from rollbook.messages.models import Message
from rollbook.messages.types import MessageRow
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Scope


def unread_count(scope: Scope) -> int:
    """Count the reader's unread messages."""
    return _own(scope).filter(read_at__isnull=True).count()


def messages_of(
    scope: Scope, page: PageRequest | None = None, *, only_unread: bool = False
) -> Page[MessageRow]:
    """List the reader's own messages, latest first."""
    page = page or PageRequest()
    found = _own(scope).filter(read_at__isnull=True) if only_unread else _own(scope)
    shown = found.order_by("-created_at", "-id")[page.offset : page.offset + page.size]
    rows = [_row(message) for message in shown]
    return Page(rows, number=page.number, size=page.size, total_count=found.count())


def _own(scope: Scope) -> QuerySet[Message]:
    if scope.account_id is None:
        return Message.objects.none()
    return Message.objects.filter(account_id=scope.account_id)


def _row(message: Message) -> MessageRow:
    return MessageRow(
        uuid=message.uuid,
        kind=message.kind,
        title=message.title,
        body=message.body,
        link=message.link,
        created_at=message.created_at,
        read_at=message.read_at,
    )
