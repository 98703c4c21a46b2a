"""The roles, and decisions about who may hold and give them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final
from uuid import UUID

from rollbook.access.types import HeldGrant, Role
from rollbook.orgs.types import OrganizationKind
from rollbook.shared.scope import Permission, Scope

P = Permission
STATE, DISTRICT, SCHOOL = (
    OrganizationKind.STATE,
    OrganizationKind.DISTRICT,
    OrganizationKind.SCHOOL,
)
DISTRICT_GROUP, SCHOOL_GROUP = OrganizationKind.DISTRICT_GROUP, OrganizationKind.SCHOOL_GROUP
REGIONAL: Final = frozenset({STATE, DISTRICT_GROUP})
DISTRICT_OR_ABOVE: Final = REGIONAL | {DISTRICT}
AT_SCHOOLS: Final = frozenset({SCHOOL_GROUP, SCHOOL})
# RFC 2606 reserves it, so it is nobody's address. Groups know visitors by `sandbox-`.
SANDBOX_DOMAIN: Final = "@sandbox.invalid"


class StateAdmin(Role):
    """Run the installation for the agency."""

    code = "state_admin"
    name = "State Admin"
    levels = frozenset({STATE})
    permissions = frozenset(Permission)
    may = (
        "See every student, roster, group and result of the state.",
        "Set when results are loading, reviewing and released.",
        "Give and end every role, everywhere.",
        "Read the audit log and the state of the system.",
    )
    may_not = (
        "Approve a certification that the same person submitted.",
        "Change or delete an entry of the audit log.",
    )


class DistrictAdmin(Role):
    """Run a district's assessment year."""

    code = "district_admin"
    name = "District Admin"
    levels = frozenset({DISTRICT_GROUP, DISTRICT})
    permissions = frozenset(
        {
            P.INDIVIDUAL_PII_READ, P.GROUP_PII_READ, P.GROUP_READ, P.GROUP_WRITE,
            P.CUSTOM_AGGREGATE_READ, P.INSTRUCTIONAL_RESOURCE_WRITE,
            P.TEST_DATA_REVIEWING_READ, P.TEST_DATA_REVIEWING_WRITE, P.DATA_WRITE,
            P.ROSTER_READ, P.ROSTER_WRITE, P.ROSTER_APPROVE,
            P.ORGANIZATION_READ, P.ORGANIZATION_WRITE, P.ACCOUNT_READ, P.ACCOUNT_WRITE,
            P.CERTIFICATION_READ, P.CERTIFICATION_SUBMIT, P.CERTIFICATION_APPROVE, P.AUDIT_READ,
        }
    )  # fmt: skip
    may = (
        "See every student, roster, group and result of the district.",
        "Load rosters and results of the district, and commit change plans.",
        "Release the district's results after review.",
        "Give and end roles inside the district, except State Admin.",
        "Submit or approve the district's certifications.",
    )
    may_not = (
        "See anything of another district.",
        "See results that are still loading.",
        "Approve a certification that the same person submitted.",
    )


class SchoolAdmin(Role):
    """Lead a school."""

    code = "school_admin"
    name = "School Admin"
    levels = AT_SCHOOLS
    permissions = frozenset(
        {
            P.INDIVIDUAL_PII_READ, P.GROUP_PII_READ, P.GROUP_READ, P.CUSTOM_AGGREGATE_READ,
            P.ROSTER_READ, P.ORGANIZATION_READ, P.ACCOUNT_READ, P.ACCOUNT_WRITE,
        }
    )  # fmt: skip
    may = (
        "See every student, roster, group and released result of the school.",
        "Make reports about the school.",
        "Make accounts for teachers of the school.",
    )
    may_not = (
        "Change a roster or a student group.",
        "See summative results before the district releases them.",
        "See a student's results at another school, unless the student came from there.",
    )


class Teacher(Role):
    """Teach."""

    code = "teacher"
    name = "Teacher"
    levels = AT_SCHOOLS
    permissions = frozenset({P.GROUP_PII_READ, P.GROUP_READ, P.ORGANIZATION_READ})
    may = ("See the students and released results of the student groups assigned to the teacher.",)
    may_not = (
        "Search a school's or a district's students.",
        "See a student who is in none of the assigned groups.",
        "Change anything but the teacher's own choices.",
    )


class TestCoordinator(Role):
    """Coordinate testing at a school or in a district."""

    # The name begins as test classes do; pytest should not collect it.
    __test__ = False
    code = "test_coordinator"
    name = "Test Coordinator"
    levels = frozenset({DISTRICT_GROUP, DISTRICT, SCHOOL_GROUP, SCHOOL})
    permissions = frozenset(
        {
            P.INDIVIDUAL_PII_READ, P.GROUP_PII_READ, P.GROUP_READ, P.GROUP_WRITE,
            P.CUSTOM_AGGREGATE_READ, P.TEST_DATA_REVIEWING_READ, P.ROSTER_READ, P.ORGANIZATION_READ,
        }
    )  # fmt: skip
    may = (
        "See every student and result of the school or district, also results under review.",
        "Make, change and upload student groups.",
    )
    may_not = ("Release results.", "Change a roster.", "Give roles.")


class Reviewer(Role):
    """Review results before they are released."""

    code = "reviewer"
    name = "Reviewer"
    levels = DISTRICT_OR_ABOVE
    permissions = frozenset(
        {
            P.CUSTOM_AGGREGATE_READ, P.TEST_DATA_REVIEWING_READ, P.TEST_DATA_REVIEWING_WRITE,
            P.CERTIFICATION_READ, P.ORGANIZATION_READ,
        }
    )  # fmt: skip
    may = (
        "See aggregate results while they are under review.",
        "Release results, or put them back under review.",
    )
    may_not = ("See one student's results.", "Set results to loading.")


class Certifier(Role):
    """Submit certifications."""

    code = "certifier"
    name = "Certifier"
    levels = DISTRICT_OR_ABOVE
    permissions = frozenset(
        {
            P.INDIVIDUAL_PII_READ, P.CUSTOM_AGGREGATE_READ, P.ROSTER_READ, P.ORGANIZATION_READ,
            P.CERTIFICATION_READ, P.CERTIFICATION_SUBMIT,
        }
    )  # fmt: skip
    may = (
        "See the students and findings that a certification is about.",
        "Take snapshots and submit a certification.",
    )
    may_not = ("Approve a certification.", "Change the data that is certified.")


class Approver(Role):
    """Be the second person."""

    code = "approver"
    name = "Approver"
    levels = DISTRICT_OR_ABOVE
    permissions = frozenset(
        {
            P.ROSTER_READ, P.ROSTER_APPROVE, P.ORGANIZATION_READ,
            P.CERTIFICATION_READ, P.CERTIFICATION_APPROVE,
        }
    )  # fmt: skip
    may = (
        "Approve or discard a change plan that is on hold.",
        "Approve or return a certification that somebody else submitted.",
    )
    may_not = ("Write a change plan or submit a certification.", "See results.")


class Integrator(Role):
    """Connect other systems."""

    code = "integrator"
    name = "Integrator"
    levels = DISTRICT_OR_ABOVE
    permissions = frozenset(
        {
            P.DATA_WRITE,
            P.ROSTER_READ,
            P.ROSTER_WRITE,
            P.GROUP_READ,
            P.GROUP_WRITE,
            P.ORGANIZATION_READ,
        }
    )
    may = (
        "Send rosters, results and student groups, by a key or by hand.",
        "See what became of what was sent.",
    )
    may_not = ("See results.", "Approve a change plan.", "Give roles.")


ROLES: Final[tuple[type[Role], ...]] = (
    StateAdmin,
    DistrictAdmin,
    SchoolAdmin,
    Teacher,
    TestCoordinator,
    Reviewer,
    Certifier,
    Approver,
    Integrator,
)
_BY_CODE: Final = {role.code: role for role in ROLES}


class NoSuchRole(Exception):
    """Say that no role has this code."""


def role_with(code: str) -> type[Role]:
    """Return the role with this code.

    Raises: NoSuchRole, with the codes that there are.
    """
    if code not in _BY_CODE:
        raise NoSuchRole(f'"{code}" is not a role. Use one of: {", ".join(_BY_CODE)}.')
    return _BY_CODE[code]


# The roles that the sandbox page offers, in its order.
SANDBOX_ROLES: Final[tuple[type[Role], ...]] = (DistrictAdmin, SchoolAdmin, Teacher)
# A sandbox is open to everybody: nobody in it may see or make real accounts, or change the map.
WITHHELD_IN_SANDBOX: Final = frozenset({P.ACCOUNT_READ, P.ACCOUNT_WRITE, P.ORGANIZATION_WRITE})


def permissions_of(code: str, *, is_sandbox: bool) -> frozenset[Permission]:
    """Return what a role allows; nothing for a role that this version no longer knows."""
    role = _BY_CODE.get(code)
    if role is None:
        return frozenset()
    return role.permissions - WITHHELD_IN_SANDBOX if is_sandbox else role.permissions


def may_grant(
    scope: Scope, role: type[Role], *, kind: OrganizationKind, organization_id: int
) -> bool:
    """Tell whether the reader may give or end `role` at this organization."""
    return why_not_grant(scope, role, kind=kind, organization_id=organization_id) is None


def why_not_grant(
    scope: Scope, role: type[Role], *, kind: OrganizationKind, organization_id: int
) -> str | None:
    """Say why the reader may not give `role` here; None when the reader may.

    Nobody gives what they do not hold: every permission of the role must be the giver's own, at
    the same organization.
    """
    if kind not in role.levels:
        levels = ", ".join(
            level.label.lower() for level in OrganizationKind if level in role.levels
        )
        return f"{role.name} is not given at a {kind.label.lower()}. Choose a {levels}."
    if not scope.over(Permission.ACCOUNT_WRITE).includes(organization_id):
        return "You do not give roles at this organization. Ask an administrator of it."
    if not all(scope.over(held).includes(organization_id) for held in role.permissions):
        return f"{role.name} allows more than you hold here. Ask somebody who holds it."
    return None


def account_label(uuid: UUID) -> str:
    """Name an account in audit entries, jobs and logs: by its public id, never by its address."""
    return f"account {uuid}"


def must_use_mfa(grants: Iterable[HeldGrant]) -> bool:
    """Tell whether somebody with these grants must sign in with a second factor.

    Source: ASVS 5.0 6.3.3; NIST SP 800-63B-4. Administrators of a state or a district, and every
            role that reaches over more than one district.
    """
    administrators = {StateAdmin.code, DistrictAdmin.code}
    return any(grant.role in administrators or grant.kind in REGIONAL for grant in grants)


# What a program may be given: to send files and to see what became of them, nothing of a student.
GIVABLE_TO_PROGRAMS: Final = (P.GROUP_READ, P.GROUP_WRITE, P.DATA_WRITE)
# The state's testing system gives its districts as many days, and reminds of the end as often.
SECRET_DAYS: Final = 365
REMINDER_DAYS: Final = (14, 7, 3, 1)
MOST_SECRETS: Final = 2  # that hold at once: the one in use, and the one that is to follow it


def why_not_give(
    scope: Scope, permissions: Collection[Permission], *, organization_id: int
) -> str | None:
    """Say why the reader may not give a program these permissions here; None when they may.

    Nobody gives what they do not hold: the same rule as for roles.
    """
    if not permissions:
        return "A program that may do nothing has no use. Choose what it may do."
    if not set(permissions) <= set(GIVABLE_TO_PROGRAMS):
        return f"A program may be given {', '.join(GIVABLE_TO_PROGRAMS)}, and nothing else."
    if not scope.over(Permission.ACCOUNT_WRITE).includes(organization_id):
        return "You do not let programs in at this organization. Ask an administrator of it."
    if not all(scope.over(held).includes(organization_id) for held in permissions):
        return "This allows more than you hold here. Ask somebody who holds it."
    return None


def why_not_until(expires_on: date, *, today: date) -> str | None:
    """Say why a secret may not hold until that day; None when it may."""
    if not 0 < (expires_on - today).days <= SECRET_DAYS:
        return f"A secret holds for 1 to {SECRET_DAYS} days. Choose another day."
    return None


def reminder_due(days_left: int, reminded_days: int | None) -> int | None:
    """Return the reminder that a secret with so many days left is owed; None for none.

    Shape: the shortest of 14, 7, 3, 1 that the days left have reached, once; a night without a
           worker skips no reminder for good.
    """
    reached = [days for days in REMINDER_DAYS if 0 < days_left <= days]
    if not reached or (reminded_days is not None and reminded_days <= min(reached)):
        return None
    return min(reached)


def program_label(uuid: UUID) -> str:
    """Name a program in audit entries, jobs and logs: by its public id."""
    return f"program {uuid}"
