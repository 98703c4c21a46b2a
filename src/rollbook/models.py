"""The hand-kept list of tables: one Django app, one migration history."""

from __future__ import annotations

from rollbook.access.models import Account, Grant
from rollbook.assessments.models import Assessment, Item
from rollbook.audit.models import AuditEntry
from rollbook.changes.models import ChangePlan, IdBlock, StateVersion
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.jobs.models import Job, Schedule
from rollbook.messages.models import Mail, Message
from rollbook.orgs.models import AcademicSession, Organization, OrganizationLink
from rollbook.people.models import (
    Class,
    Course,
    Enrollment,
    SchoolEnrollment,
    Staff,
    StaffAssignment,
    Student,
)
from rollbook.results.models import ResultIntake, TestedSchool, TestedStudent
from rollbook.roster.models import Intake

__all__ = [
    "AcademicSession",
    "Account",
    "Assessment",
    "AuditEntry",
    "ChangePlan",
    "Class",
    "Course",
    "Enrollment",
    "Grant",
    "GroupMember",
    "GroupUser",
    "IdBlock",
    "Intake",
    "Item",
    "Job",
    "Mail",
    "Message",
    "Organization",
    "OrganizationLink",
    "ResultIntake",
    "Schedule",
    "SchoolEnrollment",
    "Staff",
    "StaffAssignment",
    "StateVersion",
    "Student",
    "StudentGroup",
    "TestedSchool",
    "TestedStudent",
]
