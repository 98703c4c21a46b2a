"""Who can see a student, and why: the rules of `Scope`, asked from the student's side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from rollbook.access.models import Account, Grant
from rollbook.access.queries import get_account, seen_among
from rollbook.access.rules import ROLES
from rollbook.groups.models import GroupUser
from rollbook.groups.types import Onlooker, SightReason
from rollbook.orgs.models import Organization, OrganizationLink
from rollbook.orgs.queries import current_school_year
from rollbook.orgs.types import OrganizationKind
from rollbook.people.queries.merged import kept_uuid
from rollbook.people.queries.students import StudentNotFound, enrolled_now, get_student, students_in
from rollbook.people.types import StudentRow
from rollbook.shared.scope import Permission, Scope

_ROLE_NAMES = {role.code: role.name for role in ROLES}


def why_sees(scope: Scope, account_uuid: UUID, student_uuid: UUID) -> tuple[SightReason, ...]:
    """Return every reason for which an account sees a student today; none if it does not.

    Shape:  a reader asks about the own account, or as `onlookers_of` about accounts administered.
    Raises: StudentNotFound, AccountNotFound: what is out of sight is not there.
    """
    own = Account.objects.filter(pk=scope.account_id or 0, uuid=account_uuid).first()
    if own is not None:
        student = _student(scope, student_uuid)
        return tuple(_reasons(scope, student.id, accounts=[own.pk]).get(own.pk, ()))
    student = _student_to_ask_about(scope, student_uuid)
    get_account(scope, account_uuid)
    pk = Account.objects.values_list("pk", flat=True).get(uuid=account_uuid)
    return tuple(_reasons(scope, student.id, accounts=[pk]).get(pk, ()))


def onlookers_of(scope: Scope, student_uuid: UUID) -> tuple[Onlooker, ...]:
    """Return every account that sees a student today, and why, by name.

    Shape:  for readers who see the student and accounts at one of the student's schools; an account
            out of their sight keeps its roles and has no name.
    Raises: StudentNotFound.
    """
    student = _student_to_ask_about(scope, student_uuid)
    reasons = _reasons(scope, student.id)
    seen = seen_among(scope, reasons)
    ordered = Account.objects.filter(pk__in=list(reasons)).order_by(
        Lower("last_name"), Lower("first_name"), "email"
    )
    return tuple(
        Onlooker(
            account_uuid=account.uuid,
            name=account.get_full_name() if account.pk in seen else "",
            email=account.email if account.pk in seen else "",
            reasons=tuple(reasons[account.pk]),
        )
        for account in ordered
    )


def may_ask_onlookers(scope: Scope, student_uuid: UUID) -> bool:
    """Tell whether this reader may be told who sees a student."""
    try:
        _student_to_ask_about(scope, student_uuid)
    except StudentNotFound:
        return False
    return True


def holders_at(
    scope: Scope, permission: Permission, school_id: int, accounts: Collection[int]
) -> frozenset[int]:
    """Return which of these accounts hold a permission over a school on the scope's day."""
    found = _grants(scope, permission, [school_id]).filter(account_id__in=list(accounts))
    return frozenset(found.values_list("account_id", flat=True))


def _student(scope: Scope, uuid: UUID) -> StudentRow:
    return get_student(scope, kept_uuid(scope, uuid))


def _student_to_ask_about(scope: Scope, uuid: UUID) -> StudentRow:
    student = _student(scope, uuid)
    reach = scope.over(Permission.ACCOUNT_READ)
    # Who is enrolled nowhere is asked about by whoever reads accounts of the district.
    places = _schools(scope, student.id) or list(
        students_in(scope).filter(pk=student.id).values_list("district_id", flat=True)
    )
    if not any(reach.includes(place) for place in places):
        raise StudentNotFound
    return student


def _schools(scope: Scope, student_id: int) -> list[int]:
    found = enrolled_now(scope).filter(student_id=student_id)
    return list(found.values_list("school_id", flat=True).distinct())


def _reasons(
    scope: Scope, student_id: int, accounts: Collection[int] | None = None
) -> dict[int, list[SightReason]]:
    """Return the reasons by account: roles that read students at a school, then groups."""
    found: defaultdict[int, list[SightReason]] = defaultdict(list)
    reading = _grants(scope, Permission.INDIVIDUAL_PII_READ, _schools(scope, student_id))
    if accounts is not None:
        reading = reading.filter(account_id__in=list(accounts))
    for grant in reading.select_related("organization").order_by("pk"):
        is_state = grant.organization.kind == OrganizationKind.STATE
        role = _ROLE_NAMES.get(grant.role, grant.role)
        reason = SightReason("state" if is_state else "school", grant.organization.name, role)
        if reason not in found[grant.account_id]:
            found[grant.account_id].append(reason)
    for account_id, reason in _by_group(scope, student_id, accounts):
        found[account_id].append(reason)
    return dict(found)


def _by_group(
    scope: Scope, student_id: int, accounts: Collection[int] | None
) -> Iterable[tuple[int, SightReason]]:
    """Yield a reason for each group that shows the student to an account it is assigned to."""
    users = GroupUser.objects.filter(
        group__members__student_id=student_id,
        group__is_active=True,
        group__owner__isnull=True,
        group__school_year=int(current_school_year(scope.on)),
    ).select_related("group")
    rows = list(users.order_by("group__name", "pk"))
    holders = Account.objects.annotate(login=Lower("email")).filter(
        login__in={row.login for row in rows}, is_active=True
    )
    if accounts is not None:
        holders = holders.filter(pk__in=list(accounts))
    known = dict(holders.values_list("login", "pk"))
    roles = _roles_by_school(scope, {row.group.school_id for row in rows}, known.values())
    for row in rows:
        account_id = known.get(row.login)
        role = roles.get((row.group.school_id, account_id or 0))
        if account_id is not None and role is not None:
            group = row.group
            yield account_id, SightReason("group", group.name, role, group.subject, group.uuid)


def _roles_by_school(
    scope: Scope, schools: Collection[int], accounts: Iterable[int]
) -> dict[tuple[int, int], str]:
    """Return the role by which an account reads groups at a school, by school and account."""
    above: defaultdict[int, set[int]] = defaultdict(set)
    links = OrganizationLink.objects.filter(descendant_id__in=list(schools))
    for ancestor, school in links.values_list("ancestor_id", "descendant_id"):
        above[ancestor].add(school)
    for school in schools:
        above[school].add(school)
    grants = _grants(scope, Permission.GROUP_PII_READ, schools).filter(account__in=list(accounts))
    found: dict[tuple[int, int], str] = {}
    one_state = _serves_one_state()
    for grant in grants.select_related("organization").order_by("-pk"):
        is_whole = one_state and grant.organization.kind == OrganizationKind.STATE
        for school in schools if is_whole else above[grant.organization_id]:
            found[school, grant.account_id] = _ROLE_NAMES.get(grant.role, grant.role)
    return found


def _grants(scope: Scope, permission: Permission, schools: Collection[int]) -> QuerySet[Grant]:
    """Return the grants of enabled accounts that reach any of these schools with a permission.

    Source: access.queries.scope_of, whose other side this is; a test compares the two.
    """
    links = OrganizationLink.objects.filter(descendant_id__in=list(schools))
    place = Q(organization__in=links.values("ancestor_id")) | Q(organization__in=list(schools))
    if _serves_one_state():
        place |= Q(organization__kind=OrganizationKind.STATE)
    ending = Q(ends_before__isnull=True) | Q(ends_before__gt=scope.on)
    roles = [role.code for role in ROLES if permission in role.permissions]
    return Grant.objects.filter(
        place, ending, starts_on__lte=scope.on, role__in=roles, account__is_active=True
    )


def _serves_one_state() -> bool:
    """Tell whether a grant at the state reaches everything, as `scope_of` has it."""
    return Organization.objects.filter(kind=OrganizationKind.STATE, is_active=True).count() == 1
