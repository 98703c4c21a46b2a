"""Tables of student groups, their members, users and history, and of group files that came in."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from rollbook.access.models import Account
from rollbook.changes.models import ChangePlan
from rollbook.groups.types import GroupEventKind, GroupOrigin, ImportOrigin, ImportStatus
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
    # Whose own group it is; nobody else sees it. All others belong to their school.
    owner = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="own_groups"
    )
    copied_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies"
    )
    rule = models.TextField(blank=True, default="", db_default="")  # types.GroupRule as JSON
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            # The state's database takes two names that differ in case for one.
            models.UniqueConstraint(
                Lower("name"),
                "school",
                "school_year",
                condition=Q(owner__isnull=True),
                name="student_group_name",
            ),
            models.UniqueConstraint(
                Lower("name"),
                "owner",
                "school_year",
                condition=Q(owner__isnull=False),
                name="student_group_own_name",
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


class GroupEvent(models.Model):
    """Hold one thing that happened to a group: its history, only ever added to.

    Students and users that a group was created with are counted in `detail`, not listed.
    """

    personal_data: ClassVar[frozenset[str]] = frozenset({"login"})

    group = models.ForeignKey(StudentGroup, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in GroupEventKind])
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    # A number, no reference: history outlives the record of a student that an undo takes back.
    student_number = models.BigIntegerField(null=True, db_index=True)
    login = models.CharField(max_length=255, blank=True, default="", db_default="")
    detail = models.JSONField(default=dict)  # counts, names of groups, before and after

    class Meta:
        indexes = [models.Index(fields=["group", "at"])]

    def __str__(self) -> str:
        return f"{self.kind} of group {self.group_id}"


class GroupImport(models.Model):
    """Hold one group file that came in, by whichever door, and what became of it."""

    # What people typed and what is said of it may repeat cells of the file.
    personal_data: ClassVar[frozenset[str]] = frozenset({"message", "corrections", "properties"})

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.BigIntegerField(unique=True)  # random, below 2**53: the API's `id`
    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="group_imports"
    )  # the district whose schools it names; null where it names several, or none that is known
    origin = models.CharField(max_length=8, choices=[(o.value, o.value) for o in ImportOrigin])
    content_type = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=32, db_index=True)  # MD5 in upper-case hex
    sha256 = models.CharField(max_length=64, db_index=True)
    byte_count = models.BigIntegerField()
    status = models.SmallIntegerField(choices=[(s.value, s.name) for s in ImportStatus])
    message = models.TextField(blank=True)
    batch = models.CharField(max_length=200, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    properties = models.JSONField(default=dict)  # every other parameter that was sent
    creator = models.CharField(max_length=255)  # the label, or the API client's user name
    account_id = models.BigIntegerField(null=True, db_index=True)  # the person, if a person sent it
    client_id = models.BigIntegerField(null=True, db_index=True)  # the program, if one sent it
    is_strict = models.BooleanField(default=False)  # judged by the state's rules alone
    takes_part = models.BooleanField(default=False)  # the good rows go in without the others
    row_count = models.PositiveIntegerField(default=0)
    group_count = models.PositiveIntegerField(default=0)
    finding_count = models.PositiveIntegerField(default=0)
    corrections = models.JSONField(default=dict)  # line -> column -> what a person wrote instead
    corrected_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected"
    )
    plan = models.OneToOneField(
        ChangePlan, null=True, on_delete=models.PROTECT, related_name="group_import"
    )
    received_at = models.DateTimeField(db_index=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"group import {self.number}"
