"""Tables of subjects, assessments and items."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models


class Assessment(models.Model):
    """Hold one assessment: a test form with its cut scores."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    natural_id = models.CharField(max_length=250, unique=True)
    subject = models.CharField(max_length=10)
    assessment_type = models.CharField(max_length=4)  # sum, ica, iab
    grade = models.CharField(max_length=8)
    school_year = models.PositiveSmallIntegerField(null=True)
    name = models.CharField(max_length=250)
    label = models.CharField(max_length=250, blank=True)
    version = models.CharField(max_length=40, blank=True)
    cut_scores = models.JSONField(default=list)
    minimum_score = models.IntegerField(null=True)
    maximum_score = models.IntegerField(null=True)
    is_provisional = models.BooleanField(default=False)  # known only from a result file

    class Meta:
        indexes = [models.Index(fields=["subject", "assessment_type", "grade"])]

    def __str__(self) -> str:
        return self.label or self.name


class Item(models.Model):
    """Hold one item of an assessment."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="items")
    item_id = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(null=True)
    kind = models.CharField(max_length=20, blank=True)
    claim = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=40, blank=True)
    depth_of_knowledge = models.PositiveSmallIntegerField(null=True)
    difficulty = models.FloatField(null=True)
    max_points = models.FloatField(null=True)
    answer_key = models.CharField(max_length=40, blank=True)
    option_count = models.PositiveSmallIntegerField(null=True)
    standards = models.CharField(max_length=250, blank=True)
    is_field_test = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "item_id"], name="item_in_assessment")
        ]

    def __str__(self) -> str:
        return self.item_id
