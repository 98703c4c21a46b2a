"""Tables of change plans."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from rollbook.changes.types import PlanStatus


class ChangePlan(models.Model):
    """Hold one plan: its rows are in a file, its life is here."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)  # what wrote it: roster, rollover, groups, undo, …
    organization_id = models.BigIntegerField(
        null=True, db_index=True
    )  # where a reader needs the right
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in PlanStatus])
    file_name = models.CharField(max_length=200)  # below the installation's files/plans
    digest = models.CharField(max_length=64)  # SHA-256 of that file
    areas = models.JSONField(default=dict)  # area -> the version the plan was made from
    counts = models.JSONField(default=dict)  # table -> action -> rows
    hold_reasons = models.JSONField(default=list)
    needs_second_person = models.BooleanField(default=False)
    endorsed_by = models.CharField(max_length=80, blank=True)  # the first of two approvers
    endorsed_at = models.DateTimeField(null=True)
    undo_of = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undo")
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    committed_at = models.DateTimeField(null=True)
    conflict_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["status", "proposed_at"])]

    def __str__(self) -> str:
        return f"plan {self.uuid}"


class StateVersion(models.Model):
    """Count the commits that touched one area, such as the roster of one district."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    area = models.CharField(max_length=80, primary_key=True)
    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.area} at {self.version}"


class IdBlock(models.Model):
    """Remember the next id of a plan table. Ids are handed out once and never again."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    table = models.CharField(max_length=80, primary_key=True)
    next_id = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.table} from {self.next_id}"
