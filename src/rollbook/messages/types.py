"""Words of messages and mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class MailStatus(StrEnum):
    """Name a step in the life of a letter."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"  # refused for good, or tried as often as it may be


@dataclass(frozen=True, slots=True)
class MessageRow:
    """Hold one message as its reader sees it."""

    uuid: UUID
    kind: str
    title: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None
