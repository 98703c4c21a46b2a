"""Tables of roster intakes."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from rollbook.changes.models import ChangePlan
from rollbook.orgs.models import Organization


class Intake(models.Model):
    """Hold one roster file that came in, by the digest of its bytes."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="roster_intakes"
    )  # the district, once known
    source = models.CharField(max_length=40, blank=True)  # as in the people tables
    saved_source = models.ForeignKey(
        "rollbook.Source", null=True, on_delete=models.PROTECT, related_name="intakes"
    )
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    byte_count = models.BigIntegerField()
    profile = models.CharField(max_length=8)
    # How the bytes are to be read: the layout, and what a sender or a source said about them.
    format = models.CharField(max_length=16, blank=True, default="oneroster_csv")
    reading = models.JSONField(default=dict)  # encoding, mapping, switched_off, sharing, policy
    status = models.CharField(max_length=12)  # received, refused, planned, unchanged
    verdict = models.CharField(max_length=8, blank=True)
    counts = models.JSONField(default=dict)
    plan = models.ForeignKey(
        ChangePlan, null=True, on_delete=models.PROTECT, related_name="intakes"
    )
    received_by = models.CharField(max_length=80)
    received_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"intake {self.uuid}"
