"""Tables of organizations, school years and terms."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from rollbook.orgs.types import OrganizationKind, SessionKind


class Organization(models.Model):
    """Hold one state, district, school, or group of districts or schools."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=[(k.value, k.label) for k in OrganizationKind])
    name = models.TextField()
    natural_id = models.TextField(blank=True, db_index=True)  # CDS code and the like
    nces_id = models.CharField(max_length=12, blank=True)
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    # The words of its roster, to be given back as they came: OneRoster has kinds that we fold
    # into ours, and a place that names none above it stands under its district here.
    received_type = models.TextField(blank=True, default="")
    received_parent = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "sourced_id"],
                condition=~Q(sourced_id=""),
                name="organization_source",
            ),
        ]
        indexes = [models.Index(fields=["kind", "name"])]
        verbose_name = _("organization")

    def __str__(self) -> str:
        return self.name


class OrganizationLink(models.Model):
    """Hold one pair of the closure: `ancestor` is `descendant` or stands above it."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    ancestor = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="links_down")
    descendant = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="links_up")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ancestor", "descendant"], name="organization_link"),
        ]

    def __str__(self) -> str:
        return f"{self.ancestor_id} > {self.descendant_id}"


class AcademicSession(models.Model):
    """Hold one school year, semester, term or grading period."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="sessions"
    )
    kind = models.CharField(max_length=16, choices=[(k.value, k.label) for k in SessionKind])
    title = models.TextField()
    school_year = models.PositiveSmallIntegerField(db_index=True)
    starts_on = models.DateField()
    ends_before = models.DateField()
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    received_type = models.TextField(blank=True, default="")  # as its roster says it
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "sourced_id"],
                condition=~Q(sourced_id=""),
                name="academic_session_source",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_before")), name="academic_session_dates"
            ),
        ]

    def __str__(self) -> str:
        return self.title
