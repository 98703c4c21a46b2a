"""The audit log's table."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class AuditEntry(models.Model):
    """Hold one thing that was done: who, what, to what, when. Never a student's data."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    sequence = models.BigIntegerField(unique=True)
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=12)
    actor_label = models.CharField(max_length=80)
    account_id = models.BigIntegerField(null=True, db_index=True)
    action = models.CharField(max_length=60, db_index=True)
    subject_kind = models.CharField(max_length=40)
    subject_uuid = models.CharField(max_length=40, blank=True, db_index=True)
    organization_id = models.BigIntegerField(null=True, db_index=True)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["sequence"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"
