"""The queue's and the schedule's tables."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from rollbook.jobs.types import JobStatus


class Job(models.Model):
    """Hold one piece of background work: its arguments are ids, never data."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    arguments = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=160, blank=True)
    status = models.CharField(
        max_length=12,
        choices=[(s.value, s.value) for s in JobStatus],
        default=JobStatus.QUEUED.value,
    )
    run_after = models.DateTimeField()
    attempt_count = models.PositiveSmallIntegerField(default=0)
    attempt_limit = models.PositiveSmallIntegerField(default=5)
    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(default=0)
    progress_says = models.CharField(max_length=200, blank=True)
    worker = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True)
    # The exception's kind and request id, never data.
    error = models.CharField(max_length=500, blank=True)
    outcome = models.JSONField(default=dict)
    requested_by = models.CharField(max_length=80)
    account_id = models.BigIntegerField(null=True, db_index=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "dedupe_key"], condition=~Q(dedupe_key=""), name="job_dedupe"
            )
        ]
        indexes = [models.Index(fields=["status", "run_after"])]

    def __str__(self) -> str:
        return f"{self.name} {self.uuid}"


class Schedule(models.Model):
    """Hold when a job runs by itself: days of the week at a wall-clock time in a time zone."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    name = models.CharField(max_length=80, unique=True)
    job_name = models.CharField(max_length=80)
    arguments = models.JSONField(default=dict)
    days = models.CharField(max_length=7, default="1234567")  # ISO weekdays, Monday = 1
    time_of_day = models.TimeField()
    time_zone = models.CharField(max_length=64)
    is_on = models.BooleanField(default=True)
    next_run_at = models.DateTimeField(null=True, db_index=True)
    latest_run_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
