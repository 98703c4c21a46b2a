"""The hand-kept list of tables: one Django app, one migration history."""

from __future__ import annotations

from rollbook.access.models import Account, ApiClient, ApiSecret, ApiToken, Grant
from rollbook.assessments.models import Assessment, Item
from rollbook.audit.models import AuditEntry
from rollbook.changes.models import ChangePlan, IdBlock, StateVersion
from rollbook.extracts.models import (
    BlockPlace,
    Delivery,
    DeliveryTarget,
    ExtractFile,
    ExtractProfile,
    ExtractSchedule,
)
from rollbook.groups.models import GroupEvent, GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.jobs.models import Job, Schedule
from rollbook.messages.models import Mail, Message
from rollbook.orgs.models import AcademicSession, Organization, OrganizationLink
from rollbook.people.models import (
    Class,
    Course,
    Enrollment,
    LocalEdit,
    SchoolEnrollment,
    Staff,
    StaffAssignment,
    Student,
    StudentAlias,
)
from rollbook.results.models import ResultIntake, TestedSchool, TestedStudent
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import (
    DuplicateDecision,
    EnrollmentQuestion,
    TransferRequest,
)
from rollbook.roster.models.readiness import LoginCard, Readiness, ReadinessStage
from rollbook.roster.models.sources import Blackout, SavedMapping, Source, SyncRun

__all__ = [
    "AcademicSession",
    "Account",
    "ApiClient",
    "ApiSecret",
    "ApiToken",
    "Assessment",
    "AuditEntry",
    "Blackout",
    "BlockPlace",
    "ChangePlan",
    "Class",
    "Course",
    "Delivery",
    "DeliveryTarget",
    "DuplicateDecision",
    "Enrollment",
    "EnrollmentQuestion",
    "ExtractFile",
    "ExtractProfile",
    "ExtractSchedule",
    "Grant",
    "GroupEvent",
    "GroupImport",
    "GroupMember",
    "GroupUser",
    "IdBlock",
    "Intake",
    "Item",
    "Job",
    "LocalEdit",
    "LoginCard",
    "Mail",
    "Message",
    "Organization",
    "OrganizationLink",
    "Readiness",
    "ReadinessStage",
    "ResultIntake",
    "SavedMapping",
    "Schedule",
    "SchoolEnrollment",
    "Source",
    "Staff",
    "StaffAssignment",
    "StateVersion",
    "Student",
    "StudentAlias",
    "StudentGroup",
    "SyncRun",
    "TestedSchool",
    "TestedStudent",
    "TransferRequest",
]
