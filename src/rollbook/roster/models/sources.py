"""Tables of roster sources: where rosters come from, when, and how each run went."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from rollbook.jobs.models import Schedule
from rollbook.orgs.models import Organization
from rollbook.roster.models.intakes import Intake
from rollbook.roster.types import RunOutcome, SourceFormat, SourceKind


def choices(
    names: type[SourceKind] | type[SourceFormat] | type[RunOutcome],
) -> list[tuple[str, str]]:
    """Return an enumeration as Django's choices."""
    return [(name.value, name.value) for name in names]


class SavedMapping(models.Model):
    """Hold how the columns of one kind of file become a roster, for the next file like it."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="roster_mappings"
    )
    name = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64, db_index=True)  # of the header, any order
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)  # rules.mapping.ColumnMapping as plain values
    saved_by = models.CharField(max_length=80)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "fingerprint"], name="mapping_of_header"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """Hold one place that a district's roster comes from, and how to treat what it sends."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="roster_sources"
    )  # the district
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=choices(SourceKind))
    format = models.CharField(max_length=16, choices=choices(SourceFormat))
    # What the people tables have in `source`; blank until the first intake names it.
    key = models.CharField(max_length=40, blank=True, db_index=True)
    settings = models.JSONField(default=dict)  # what its connector asks for, without secrets
    sealed_secrets = models.TextField(blank=True)  # shared.sealing: never shown, never logged
    profile = models.CharField(max_length=8, default="lenient")
    switched_off = models.JSONField(default=list)  # codes of repairs that this source may not use
    encoding = models.CharField(max_length=20, default="utf-8")
    mapping = models.ForeignKey(
        SavedMapping, null=True, blank=True, on_delete=models.PROTECT, related_name="sources"
    )
    sharing = models.JSONField(default=dict)  # rules.sharing.Sharing as plain values; {} is all
    policy = models.JSONField(default=dict)  # rules.policy.IntakePolicy; {} is the default
    schedule = models.OneToOneField(
        Schedule, null=True, blank=True, on_delete=models.SET_NULL, related_name="roster_source"
    )
    is_paused = models.BooleanField(default=False)
    paused_because = models.CharField(max_length=200, blank=True)
    paused_by = models.CharField(max_length=80, blank=True)
    paused_at = models.DateTimeField(null=True)
    cursor = models.JSONField(default=dict)  # what the connector wants to find again
    is_archived = models.BooleanField(default=False)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=models.Q(is_archived=False),
                name="source_name_in_district",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Blackout(models.Model):
    """Hold days on which a source does not run by itself."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="blackouts")
    starts_on = models.DateField()
    ends_before = models.DateField()
    reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.starts_on} to {self.ends_before}"


class SyncRun(models.Model):
    """Hold one run of a source: by hand or by schedule, and what came of it."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    is_scheduled = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=choices(RunOutcome))
    code = models.CharField(max_length=40, blank=True)  # why it failed or was skipped
    says = models.CharField(max_length=400, blank=True)  # for a person; no data, no secrets
    intake = models.ForeignKey(
        Intake, null=True, on_delete=models.SET_NULL, related_name="sync_runs"
    )
    counts = models.JSONField(default=dict)  # records received by entity
    started_by = models.CharField(max_length=80)
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"run {self.uuid}"
