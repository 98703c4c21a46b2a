"""Tables of group extracts: profiles, files, where files go and how that went."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from rollbook.access.models import Account
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.jobs.models import Schedule
from rollbook.orgs.models import Organization
from rollbook.people.models import Student


class ExtractProfile(models.Model):
    """Hold one saved choice of students and names, from which group files are written."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="extract_profiles"
    )  # the district or school whose people work with it
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(
        Account, null=True, on_delete=models.SET_NULL, related_name="extract_profiles"
    )
    is_shared = models.BooleanField(default=False)  # with whoever may write groups there
    settings = models.JSONField(default=dict)  # types.ProfileSettings as plain values
    school_year = models.PositiveSmallIntegerField(db_index=True)
    in_schedule = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)  # the lower wins an overlap; then the older
    is_active = models.BooleanField(default=True)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    updated_by = models.CharField(max_length=80)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ExtractFile(models.Model):
    """Hold one group file that was written: of one profile, or of several as one."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="extract_files"
    )
    profile = models.ForeignKey(
        ExtractProfile, null=True, on_delete=models.PROTECT, related_name="files"
    )  # null for a consolidated file
    profiles = models.JSONField(default=list)  # public ids of all profiles, in order
    run = models.UUIDField(db_index=True)  # files of one press of the button share it
    name = models.CharField(max_length=200)
    school_year = models.PositiveSmallIntegerField()
    extracted_on = models.DateField()  # the day on which enrollments were looked at
    sha256 = models.CharField(max_length=64, db_index=True)
    md5 = models.CharField(max_length=32, db_index=True)  # upper-case hex, as the import API has it
    byte_count = models.BigIntegerField()
    row_count = models.PositiveIntegerField()
    group_count = models.PositiveIntegerField()
    student_count = models.PositiveIntegerField()
    left_out_count = models.PositiveIntegerField()
    warnings = models.JSONField(default=list)  # types.ExtractWarning as plain values
    is_scheduled = models.BooleanField(default=False)
    made_by = models.CharField(max_length=80)
    account_id = models.BigIntegerField(null=True)
    made_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class BlockPlace(models.Model):
    """Hold in which block of at most 200 a student of a larger group is, so that nobody hops."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    school = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="block_places")
    school_year = models.PositiveSmallIntegerField()
    base = models.CharField(max_length=255)  # the group's name without the number, lower case
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="block_places")
    block = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "school_year", "base", "student"], name="block_place_once"
            )
        ]

    def __str__(self) -> str:
        return f"student {self.student_id} in block {self.block}"


class DeliveryTarget(models.Model):
    """Hold one system that files are delivered to, and how to sign in there."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="delivery_targets"
    )
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in TargetKind])
    settings = models.JSONField(default=dict)  # without secrets
    sealed_secrets = models.TextField(blank=True)  # shared.sealing: never shown, never logged
    key_expires_on = models.DateField(null=True, db_index=True)
    reminded_days = models.PositiveSmallIntegerField(null=True)  # the latest reminder: 14, 7, 3, 1
    # What it was sent and took, as a Parquet file of group rows: see queries/wanted.
    sent_file = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=models.Q(is_active=True),
                name="delivery_target_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """Hold one file on its way to one target: tried until it is there or given up aloud."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"says"})  # may repeat cells of the file

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file = models.ForeignKey(ExtractFile, on_delete=models.PROTECT, related_name="deliveries")
    target = models.ForeignKey(DeliveryTarget, on_delete=models.PROTECT, related_name="deliveries")
    status = models.CharField(max_length=8, choices=[(s.value, s.value) for s in DeliveryStatus])
    attempt_count = models.PositiveSmallIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True)  # kept before the first byte leaves
    remote_id = models.CharField(max_length=200, blank=True)
    remote_status = models.CharField(max_length=40, blank=True)
    says = models.TextField(blank=True)
    asked_by = models.CharField(max_length=80)
    account_id = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"delivery {self.uuid}"


class ExtractSchedule(models.Model):
    """Hold when an organization's scheduled profiles are written, and where the file goes."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"mails"})

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, related_name="extract_schedule"
    )
    schedule = models.OneToOneField(Schedule, on_delete=models.PROTECT, related_name="extracts")
    mails = models.JSONField(default=list)
    targets = models.JSONField(default=list)  # public ids of targets
    is_consolidated = models.BooleanField(default=True)
    last_processed_at = models.DateTimeField(null=True)
    saved_by = models.CharField(max_length=80)
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"extracts of {self.organization_id}"
