"""Tables of what a roster cannot decide alone: transfers, dual enrollment, duplicates."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from rollbook.orgs.models import Organization
from rollbook.people.models import Student
from rollbook.roster.models.intakes import Intake


class TransferRequest(models.Model):
    """Hold that a district asks another to release a student."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"student", "reason", "said"})

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="transfers")
    from_district = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="transfers_out"
    )
    to_district = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="transfers_in"
    )
    intake = models.ForeignKey(Intake, null=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=10)  # asked, released, refused, withdrawn, done
    said = models.JSONField(default=dict)  # what the asking roster said: state_id, names, line
    reason = models.CharField(max_length=400, blank=True)  # of a refusal
    asked_by = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student", "to_district"],
                condition=models.Q(status__in=["asked", "released"]),
                name="transfer_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"transfer {self.uuid}"


class EnrollmentQuestion(models.Model):
    """Hold that a student came at a second school, until a person says what that means."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"student"})

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="questions")
    from_school = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    to_school = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    school_year = models.PositiveSmallIntegerField()
    intake = models.ForeignKey(Intake, null=True, on_delete=models.SET_NULL, related_name="+")
    answer = models.CharField(max_length=8, blank=True)  # add, move, cancel; blank while open
    asked_at = models.DateTimeField()
    answered_by = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student", "from_school", "to_school", "school_year"],
                name="question_asked_once",
            )
        ]

    def __str__(self) -> str:
        return f"question {self.uuid}"


class DuplicateDecision(models.Model):
    """Hold that two students who look alike were found to be two."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"one", "other"})

    one = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="+")
    decided_by = models.CharField(max_length=80)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="duplicate_pair")]

    def __str__(self) -> str:
        return f"{self.one_id} is not {self.other_id}"
