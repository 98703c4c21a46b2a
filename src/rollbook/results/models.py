"""Tables of result intakes. Results themselves are in the lake."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from rollbook.orgs.models import Organization
from rollbook.people.models import Student


class ResultIntake(models.Model):
    """Hold one set of result files that came in, by the digest of its bytes."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization_id = models.BigIntegerField(null=True, db_index=True)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    byte_count = models.BigIntegerField()
    status = models.CharField(max_length=12)  # a ResultIntakeStatus
    verdict = models.CharField(max_length=8, blank=True)
    counts = models.JSONField(default=dict)
    lake_versions = models.JSONField(default=dict)  # table -> version after publishing
    received_by = models.CharField(max_length=80)
    received_at = models.DateTimeField(db_index=True)
    published_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"result intake {self.uuid}"


class TestedStudent(models.Model):
    """Hold that the lake has results of a student, so that no undo takes the student away."""

    __test__ = False  # the name begins as test classes do; pytest should not collect it
    personal_data: ClassVar[frozenset[str]] = frozenset()

    student = models.OneToOneField(Student, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return f"tested student {self.student_id}"


class TestedSchool(models.Model):
    """Hold that the lake has results taken at a school, so that no undo takes the school away."""

    __test__ = False
    personal_data: ClassVar[frozenset[str]] = frozenset()

    school = models.OneToOneField(Organization, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return f"tested school {self.school_id}"
