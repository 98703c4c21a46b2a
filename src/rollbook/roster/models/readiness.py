"""Tables of getting ready: stages of a school or district, and login cards."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from rollbook.orgs.models import Organization
from rollbook.people.models import Student


class Readiness(models.Model):
    """Hold one school's or district's way to its assessment window in one school year."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="readiness"
    )
    school_year = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=12, blank=True)  # manual, clever, oneroster, file
    window_opens_on = models.DateField(null=True)
    window_ends_before = models.DateField(null=True)
    launch_on = models.DateField(null=True)  # blank: three school days before the window
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ready_mail_at = models.DateTimeField(null=True)
    ready_mail_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "school_year"], name="readiness_once_a_year"
            )
        ]

    def __str__(self) -> str:
        return f"readiness of {self.organization_id} in {self.school_year}"


class ReadinessStage(models.Model):
    """Hold what a person said of one stage: who owns it, that it is done, on what evidence."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    readiness = models.ForeignKey(Readiness, on_delete=models.CASCADE, related_name="stages")
    stage = models.CharField(max_length=24)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(null=True)  # blank: planned backward from the window
    evidence = models.CharField(max_length=400, blank=True)
    done_by = models.CharField(max_length=80, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["readiness", "stage"], name="stage_once")]

    def __str__(self) -> str:
        return self.stage


class LoginCard(models.Model):
    """Hold one student's one-time credential; the code itself is only on the printed card."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"student", "login"})

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="login_cards")
    login = models.CharField(max_length=80, db_index=True)
    code_hash = models.CharField(max_length=200)
    issued_by = models.CharField(max_length=80)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student"],
                condition=models.Q(voided_at__isnull=True, used_at__isnull=True),
                name="card_valid_once",
            )
        ]

    def __str__(self) -> str:
        return f"card {self.uuid}"
