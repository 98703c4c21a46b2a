"""Which groups a reader may open, one of them, and what they grant."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rollbook.access.rules import SANDBOX_DOMAIN
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.types import GroupOrigin, GroupRow, GroupRule
from rollbook.orgs.queries import current_school_year, within
from rollbook.people.queries.students import students_in
from rollbook.shared.scope import Permission, Scope


class GroupNotFound(LookupError):
    """Say that there is no such group, or none that this reader may see."""


def groups_of_login(login: str, on: date) -> dict[int, int]:
    """Return the groups assigned to the person who signs in with this e-mail address.

    Shape: the id of each group's school by the group's id; active groups of the school year that
           holds `on`. The scope itself is made from them, and keeps those within its reach.
    """
    year = int(current_school_year(on))
    found = GroupUser.objects.filter(
        login=login.casefold(),
        group__is_active=True,
        group__school_year=year,
        group__owner__isnull=True,  # a person's own group grants nothing
    )
    return dict(found.values_list("group_id", "group__school_id"))


def groups_in(scope: Scope, *, archived_too: bool = False) -> QuerySet[StudentGroup]:
    """Return the groups this reader may open, unordered.

    Shape: the groups assigned to the reader; those of schools where the reader reads students or
           writes groups; and the reader's own, which nobody else is shown, whatever the role.
    """
    reach = within(scope.over(Permission.GROUP_READ), "school_id")
    reads = within(scope.over(Permission.INDIVIDUAL_PII_READ), "school_id")
    writes = within(scope.over(Permission.GROUP_WRITE), "school_id")
    assigned = Q(pk__in=scope.group_ids if scope.may(Permission.GROUP_PII_READ) else ())
    seen = Q(owner__isnull=True) & ((reach & (reads | writes)) | assigned)
    if scope.account_id is not None:
        seen |= Q(owner_id=scope.account_id)
    found = StudentGroup.objects.filter(seen)
    return found if archived_too else found.filter(is_active=True)


def rows_of(scope: Scope, found: QuerySet[StudentGroup]) -> list[GroupRow]:
    """Turn groups that are already in scope into the values that lists show, in their order."""
    if not scope.reach and not scope.group_ids:
        return []
    return [
        GroupRow(**(values | {"origin": GroupOrigin(values["origin"])}))
        for values in with_counts(found).values(
            "id", "uuid", "name", "school_id", "school_year", "subject", "origin", "is_active",
            "student_count", "user_count", is_own=Q(owner__isnull=False),
            school_name=F("school__name"), school_uuid=F("school__uuid"),
        )
    ]  # fmt: skip


def with_counts(found: QuerySet[StudentGroup]) -> QuerySet[StudentGroup]:
    """Add `student_count` and `user_count` to groups that are already in scope."""
    # Two counts over one join would multiply each other.
    return found.annotate(
        student_count=_count_of(GroupMember.objects.all()),
        user_count=_count_of(of_people(GroupUser.objects.all())),
    )


def of_people(found: QuerySet[GroupUser]) -> QuerySet[GroupUser]:
    """Leave visitors of a sandbox out of users: every group there is lent to each of them."""
    return found.exclude(login__endswith=SANDBOX_DOMAIN)


def _count_of(rows: QuerySet[GroupMember] | QuerySet[GroupUser]) -> Coalesce:
    of_group = rows.filter(group=OuterRef("pk")).order_by().values("group")
    return Coalesce(Subquery(of_group.annotate(n=Count("pk")).values("n")), 0)


def group_list(scope: Scope, *, only_assigned: bool = True) -> list[GroupRow]:
    """List the groups this reader may open, by school and name; with them the reader's own."""
    found = groups_in(scope)
    if only_assigned:
        mine = Q(pk__in=scope.group_ids)
        if scope.account_id is not None:
            mine |= Q(owner_id=scope.account_id)
        found = found.filter(mine)
    return rows_of(scope, found.order_by("school__name", "name", "pk"))


def get_group(scope: Scope, uuid: UUID, *, archived_too: bool = False) -> GroupRow:
    """Return one group this reader may open.

    Raises: GroupNotFound.
    """
    rows = rows_of(scope, groups_in(scope, archived_too=archived_too).filter(uuid=uuid))
    if not rows:
        raise GroupNotFound
    return rows[0]


def may_write(scope: Scope, row: GroupRow) -> bool:
    """Tell whether this reader may edit a group: the own, or one of a school in reach."""
    return row.is_own or scope.over(Permission.GROUP_WRITE).includes(row.school_id)


def rule_of(scope: Scope, uuid: UUID) -> GroupRule:
    """Return the rule of a rule group; one that asks nothing for any other group.

    Raises: GroupNotFound.
    """
    found = groups_in(scope, archived_too=True).filter(uuid=uuid)
    told = found.values_list("rule", flat=True).first()
    if told is None:
        raise GroupNotFound
    return GroupRule.from_json(json.loads(told)) if told else GroupRule()


def member_ids(scope: Scope, group: GroupRow) -> frozenset[int]:
    """Return the students of a group this reader may open.

    Shape:  of the reader's own group, those whom the reader sees today: it grants nothing.
    Raises: GroupNotFound.
    """
    found = groups_in(scope).filter(pk=group.id)
    owner = found.values_list("owner_id", flat=True)[:1]
    if not owner:
        raise GroupNotFound
    members = GroupMember.objects.filter(group_id=group.id)
    if owner[0] is not None:
        members = members.filter(student__in=students_in(scope).values("pk"))
    return frozenset(members.values_list("student_id", flat=True))


def group_subjects(scope: Scope, student_ids: Collection[int]) -> dict[int, frozenset[str] | None]:
    """Return in which subjects the reader's assigned groups show each student's results.

    Shape:  only students of an assigned group; None means all subjects.
    Source: reference, results-reporting 1.3
    """
    if not scope.group_ids or not scope.may(Permission.GROUP_PII_READ):
        return {}
    rows = GroupMember.objects.filter(
        group_id__in=scope.group_ids, group__is_active=True, student_id__in=list(student_ids)
    ).values_list("student_id", "group__subject")
    found: dict[int, frozenset[str] | None] = {}
    for student, subject in rows:
        if not subject or found.get(student, frozenset()) is None:
            found[student] = None
        else:
            found[student] = (found.get(student) or frozenset()) | {subject}
    return found
