"""Tables of the message center and of outgoing mail."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from rollbook.access.models import Account


class Message(models.Model):
    """Hold one line in somebody's message center. It names counts and places, never students."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    link = models.CharField(max_length=300, blank=True)
    dedupe_key = models.CharField(max_length=160, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "read_at", "created_at"])]

    def __str__(self) -> str:
        return self.title


class Mail(models.Model):
    """Hold one letter to be sent, in the same transaction as what it tells of."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"recipient"})

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.CharField(max_length=255)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    dedupe_key = models.CharField(max_length=160, blank=True, db_index=True)
    status = models.CharField(max_length=10, default="queued")  # queued, sent, failed
    attempt_count = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"mail {self.uuid}"
