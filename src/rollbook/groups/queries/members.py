"""Who is in a group, who uses it, and who may be added."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from rollbook.access.models import Account
from rollbook.access.queries import seen_among
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.queries.groups import get_group, of_people
from rollbook.groups.queries.sight import holders_at
from rollbook.groups.types import UserRow
from rollbook.orgs.models import OrganizationLink
from rollbook.orgs.queries import current_school_year
from rollbook.orgs.types import OrganizationKind
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.queries.students import enrolled_now, listed_students, students_in
from rollbook.people.types import StudentRow
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope


def members_of(scope: Scope, uuid: UUID, page: PageRequest, words: str = "") -> Page[StudentRow]:
    """Return one page of those students of a group whom this reader sees today, by last name.

    Shape:  whom the reader does not see is in the group's `student_count` and not in this total.
    Raises: GroupNotFound.
    """
    group = get_group(scope, uuid, archived_too=True)
    inside = GroupMember.objects.filter(group_id=group.id, student=OuterRef("pk"))
    return listed_students(scope, students_in(scope).filter(Exists(inside)), words, page)


def users_of(scope: Scope, uuid: UUID) -> list[UserRow]:
    """List who reads a group's results, by address, and whether each of them can.

    Shape:  names only of accounts that this reader sees. Nobody uses a person's own group.
    Raises: GroupNotFound.
    """
    group = get_group(scope, uuid, archived_too=True)
    found = of_people(GroupUser.objects.filter(group_id=group.id)).order_by("login")
    logins = list(found.values_list("login", flat=True))
    accounts = Account.objects.annotate(login=Lower("email")).filter(login__in=logins)
    known = {account.login: account for account in accounts.filter(is_active=True)}
    ids = [account.pk for account in known.values()]
    seen = seen_among(scope, ids)
    reading = holders_at(scope, Permission.GROUP_PII_READ, group.school_id, ids)
    return [_user(login, known.get(login), seen, reading) for login in logins]


def _user(
    login: str, account: Account | None, seen: frozenset[int], reading: frozenset[int]
) -> UserRow:
    # Who has an account elsewhere is not told: whoever types an address would learn it.
    if account is None or account.pk not in seen | reading:
        return UserRow(login, name="", has_account=False, may_read=False)
    name = account.get_full_name() if account.pk in seen else ""
    return UserRow(login, name=name, has_account=True, may_read=account.pk in reading)


def students_to_add(
    scope: Scope,
    group_uuid: UUID | None,
    words: str,
    page: PageRequest,
    *,
    from_group: UUID | None = None,
) -> Page[StudentRow]:
    """Return one page of the students whom this reader may add to a group, by last name.

    Shape:  who is in the group is left out; without a group, whom the reader may put into a new
            own one. `from_group` keeps members of another group that the reader may open.
    Raises: GroupNotFound.
    """
    found = students_in(scope).filter(is_active=True)
    if group_uuid is not None:
        group = get_group(scope, group_uuid, archived_too=True)
        inside = GroupMember.objects.filter(group_id=group.id, student=OuterRef("pk"))
        if not group.is_own:
            found = who_may_join(scope, group.school_id, group.school_year)
        found = found.exclude(Exists(inside))
    if from_group is not None:
        other = get_group(scope, from_group, archived_too=True)
        members = GroupMember.objects.filter(group_id=other.id, student=OuterRef("pk"))
        found = found.filter(Exists(members))
    return listed_students(scope, found, words, page)


def who_may_join(scope: Scope, school_id: int, school_year: int) -> QuerySet[Student]:
    """Return the students whom this reader may put into a group of a school and year.

    Shape: whom the reader sees today, enrolled in the school's district in that year, so that
           programs that two schools share have their groups.
    """
    enrolled = enrolled_for(scope, school_id, school_year, student=OuterRef("pk"))
    return students_in(scope).filter(Exists(enrolled), is_active=True)


def enrolled_for(
    scope: Scope, school_id: int, school_year: int, **more: Any
) -> QuerySet[SchoolEnrollment]:
    """Return the enrollments that let students into a group of this school and year.

    Shape: those of the year in the school's district; for a year that has not begun, also those of
           today: rosters of it come late.
    """
    district = OrganizationLink.objects.filter(
        descendant_id=school_id, ancestor__kind=OrganizationKind.DISTRICT
    ).values("ancestor_id")
    below = OrganizationLink.objects.filter(ancestor__in=district).values("descendant_id")
    found = SchoolEnrollment.objects.filter(
        Q(school_id=school_id) | Q(school__in=below), is_active=True, **more
    )
    of_year = Q(school_year=school_year)
    if school_year > int(current_school_year(scope.on)):
        of_year |= Q(pk__in=enrolled_now(scope).values("pk"))
    return found.filter(of_year)


def may_have_own_groups(scope: Scope) -> bool:
    """Tell whether this reader may make own groups: a person who sees students by some right.

    Source: results-reporting 5.5
    """
    assigned = bool(scope.group_ids) and scope.may(Permission.GROUP_PII_READ)
    reads = assigned or scope.may(Permission.INDIVIDUAL_PII_READ)
    return scope.account_id is not None and reads


def own_group(scope: Scope, uuid: UUID) -> StudentGroup | None:
    """Return the reader's own group with this public id, archived or not."""
    if scope.account_id is None:
        return None
    return StudentGroup.objects.filter(uuid=uuid, owner_id=scope.account_id).first()
