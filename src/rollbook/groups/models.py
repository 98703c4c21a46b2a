"""Tables of student groups, their members and their users."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from rollbook.groups.types import GroupOrigin
from rollbook.orgs.models import Organization
from rollbook.people.models import Class, Student


class StudentGroup(models.Model):
    """Hold one named set of students at a school in a school year."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255)
    school = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="student_groups"
    )
    school_year = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=10, blank=True)  # blank means all subjects
    origin = models.CharField(max_length=8, choices=[(o.value, o.value) for o in GroupOrigin])
    class_taught = models.ForeignKey(
        Class, null=True, on_delete=models.PROTECT, related_name="student_groups"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "school_year", "name"], name="student_group_name"
            ),
            models.UniqueConstraint(
                fields=["class_taught"],
                condition=Q(class_taught__isnull=False),
                name="student_group_class",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """Hold that a student is in a group."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    group = models.ForeignKey(StudentGroup, on_delete=models.CASCADE, related_name="members")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="group_memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "student"], name="group_member")]

    def __str__(self) -> str:
        return f"student {self.student_id} in group {self.group_id}"


class GroupUser(models.Model):
    """Hold that the person who signs in with this e-mail address reads a group's results."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"login"})

    group = models.ForeignKey(StudentGroup, on_delete=models.CASCADE, related_name="users")
    login = models.CharField(max_length=255, db_index=True)  # an e-mail address in lower case

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "login"], name="group_user")]

    def __str__(self) -> str:
        return f"user of group {self.group_id}"
