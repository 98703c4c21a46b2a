"""Tables of students, staff, courses, classes and dated enrollments.

Text that a roster brings has no length of its own here: an accepted cell is the source cell.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from rollbook.orgs.models import Organization

NAMED = frozenset(
    {"uuid", "ssid", "local_id", "sourced_id", "first_name", "middle_name", "last_name"}
)


def unique_in_source(name: str) -> models.UniqueConstraint:
    """Say that one source names a record once."""
    return models.UniqueConstraint(
        fields=["source", "sourced_id"], condition=~Q(sourced_id=""), name=name
    )


class Student(models.Model):
    """Hold one student of the agency, now or formerly."""

    personal_data: ClassVar[frozenset[str]] = NAMED | {
        "preferred_first_name", "username", "email", "birth_date", "sex", "hispanic",
        "american_indian", "asian", "black", "pacific_islander", "white",
        "two_or_more_races", "filipino", "iep",
        "limited_english", "english_acquisition", "section_504", "economic_disadvantage", "migrant",
        "military_connected", "language_code", "grade", "counselor",
    }  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    district = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="students")
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    ssid = models.TextField(blank=True, db_index=True)
    local_id = models.TextField(blank=True, db_index=True)
    first_name = models.TextField(blank=True)
    middle_name = models.TextField(blank=True)
    last_name = models.TextField(blank=True, db_index=True)
    preferred_first_name = models.TextField(blank=True)
    username = models.TextField(blank=True)
    email = models.TextField(blank=True)
    birth_date = models.DateField(null=True, blank=True)
    grade = models.TextField(blank=True)
    sex = models.CharField(max_length=12, blank=True)
    hispanic = models.BooleanField(null=True)
    american_indian = models.BooleanField(null=True)
    asian = models.BooleanField(null=True)
    black = models.BooleanField(null=True)
    pacific_islander = models.BooleanField(null=True)
    white = models.BooleanField(null=True)
    two_or_more_races = models.BooleanField(null=True)
    filipino = models.BooleanField(null=True)
    iep = models.BooleanField(null=True)
    limited_english = models.BooleanField(null=True)
    english_acquisition = models.CharField(max_length=8, blank=True)
    section_504 = models.BooleanField(null=True)
    economic_disadvantage = models.BooleanField(null=True)
    migrant = models.BooleanField(null=True)
    military_connected = models.CharField(max_length=32, blank=True)
    language_code = models.CharField(max_length=3, blank=True)
    # What the same source calls the staff member who counsels the student.
    counselor = models.TextField(blank=True, default="", db_default="")
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            unique_in_source("student_source"),
            models.UniqueConstraint(fields=["ssid"], condition=~Q(ssid=""), name="student_ssid"),
        ]

    def __str__(self) -> str:
        return f"student {self.pk}"


class StudentAlias(models.Model):
    """Hold another id by which a source knows a student: after a merge, or a changed id."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"student", "sourced_id", "ssid"})

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="aliases")
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    ssid = models.TextField(blank=True, db_index=True)  # a retired state id
    reason = models.CharField(max_length=12)  # merge, id_change
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [unique_in_source("alias_source")]
        verbose_name_plural = "student aliases"

    def __str__(self) -> str:
        return f"alias {self.pk} of student {self.student_id}"


class LocalEdit(models.Model):
    """Hold that a cell was edited here by hand, so that no sync writes over it.

    `upstream` is what the source said when it last differed; blank means it never did.
    """

    personal_data: ClassVar[frozenset[str]] = frozenset({"value", "upstream"})

    table = models.CharField(max_length=40)  # the plan table: students, classes, …
    record_id = models.BigIntegerField()
    column = models.CharField(max_length=40)
    value = models.TextField(blank=True)
    upstream = models.TextField(blank=True)
    is_overridden = models.BooleanField(default=False)  # the source says something else
    edited_by = models.CharField(max_length=80)
    edited_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)  # released edits stay as history

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["table", "record_id", "column"],
                condition=Q(is_active=True),
                name="edit_once_a_cell",
            )
        ]

    def __str__(self) -> str:
        return f"edit of {self.table} {self.record_id}"


class Staff(models.Model):
    """Hold one teacher, principal or other adult of the roster."""

    personal_data: ClassVar[frozenset[str]] = NAMED - {"ssid"} | {"email", "username"}

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    district = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="staff")
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    local_id = models.TextField(blank=True)
    first_name = models.TextField(blank=True)
    middle_name = models.TextField(blank=True)
    last_name = models.TextField(blank=True)
    username = models.TextField(blank=True)
    email = models.TextField(blank=True, db_index=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [unique_in_source("staff_source")]

    def __str__(self) -> str:
        return f"staff {self.pk}"


class StaffAssignment(models.Model):
    """Hold where a staff member works, as what, and when."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="assignments")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="assignments"
    )
    role = models.TextField()
    is_primary = models.BooleanField(default=False)
    begins_on = models.DateField(null=True, blank=True)
    ends_before = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [unique_in_source("staff_assignment_source")]

    def __str__(self) -> str:
        return f"{self.role} {self.staff_id} at {self.organization_id}"


class SchoolEnrollment(models.Model):
    """Hold that a student belonged to a school in a grade between two dates."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"grade", "begins_on", "ends_before"})

    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, related_name="school_enrollments"
    )
    school = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="school_enrollments"
    )
    school_year = models.PositiveSmallIntegerField(db_index=True)
    grade = models.TextField(blank=True)
    is_primary = models.BooleanField(default=True)
    begins_on = models.DateField(null=True, blank=True)
    ends_before = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [unique_in_source("school_enrollment_source")]
        indexes = [models.Index(fields=["school", "school_year", "grade"])]

    def __str__(self) -> str:
        return f"student {self.student_id} at {self.school_id} in {self.school_year}"


class Course(models.Model):
    """Hold one course of study, taught in many classes."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="courses")
    school_year_sourced_id = models.TextField(blank=True, default="")
    title = models.TextField()
    course_code = models.TextField(blank=True)
    grades = models.TextField(blank=True)  # codes joined by a comma, as OneRoster has it
    subjects = models.TextField(blank=True)
    subject_codes = models.TextField(blank=True)
    department = models.TextField(blank=True, default="", db_default="")
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [unique_in_source("course_source")]

    def __str__(self) -> str:
        return self.title


class Class(models.Model):
    """Hold one class (a section of a course) at a school."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="classes")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="classes")
    title = models.TextField()
    class_code = models.TextField(blank=True)
    kind = models.TextField()  # homeroom, scheduled or an ext: value
    location = models.TextField(blank=True)
    periods = models.TextField(blank=True)
    grades = models.TextField(blank=True)
    subjects = models.TextField(blank=True)
    subject_codes = models.TextField(blank=True)
    school_year = models.PositiveSmallIntegerField(db_index=True)
    begins_on = models.DateField(null=True, blank=True)  # of its earliest term
    ends_before = models.DateField(null=True, blank=True)
    term_sourced_ids = models.TextField(blank=True)
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [unique_in_source("class_source")]
        verbose_name_plural = "classes"

    def __str__(self) -> str:
        return self.title


class Enrollment(models.Model):
    """Hold that a student or a staff member is in a class between two dates."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"begins_on", "ends_before"})

    class_taught = models.ForeignKey(Class, on_delete=models.PROTECT, related_name="enrollments")
    student = models.ForeignKey(
        Student, null=True, on_delete=models.PROTECT, related_name="enrollments"
    )
    staff = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="enrollments"
    )
    role = models.TextField()
    is_primary = models.BooleanField(default=False)
    begins_on = models.DateField(null=True, blank=True)
    ends_before = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=40, blank=True)
    sourced_id = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            unique_in_source("enrollment_source"),
            models.CheckConstraint(
                condition=Q(student__isnull=True) ^ Q(staff__isnull=True),
                name="enrollment_one_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in class {self.class_taught_id}"
