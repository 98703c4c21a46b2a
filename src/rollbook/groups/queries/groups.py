"""Reads of student groups."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.orgs.queries import current_school_year, within
from rollbook.shared.scope import Permission, Scope


class GroupNotFound(LookupError):
    """Say that there is no such group, or none that this reader may see."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Hold one group as lists show it."""

    id: int
    uuid: UUID
    name: str
    school_id: int
    school_name: str
    school_year: int
    subject: str
    student_count: int


def groups_of_login(login: str, on: date) -> dict[int, int]:
    """Return the groups assigned to the person who signs in with this e-mail address.

    Shape: the id of each group's school by the group's id; active groups of the school year that
           holds `on`. The scope itself is made from them, and keeps those within its reach.
    """
    year = int(current_school_year(on))
    found = GroupUser.objects.filter(
        login=login.casefold(), group__is_active=True, group__school_year=year
    )
    return dict(found.values_list("group_id", "group__school_id"))


def groups_in(scope: Scope) -> QuerySet[StudentGroup]:
    """Return the groups this reader may open, unordered.

    Shape: the reader's own assigned groups, and those of schools where the reader may list groups.
    """
    listed = within(scope.over(Permission.GROUP_READ), "school_id") & within(
        scope.over(Permission.INDIVIDUAL_PII_READ), "school_id"
    )
    own = Q(pk__in=scope.group_ids) if scope.may(Permission.GROUP_PII_READ) else Q(pk__in=[])
    return StudentGroup.objects.filter(listed | own, is_active=True)


def group_list(scope: Scope, *, only_assigned: bool = True) -> list[GroupRow]:
    """List the groups this reader may open, by school and name."""
    found = groups_in(scope)
    if only_assigned:
        found = found.filter(pk__in=scope.group_ids)
    rows = (
        found.annotate(student_count=Count("members"))
        .order_by("school__name", "name", "pk")
        .values_list(
            "id",
            "uuid",
            "name",
            "school_id",
            "school__name",
            "school_year",
            "subject",
            "student_count",
        )
    )
    return [GroupRow(*row) for row in rows]


def get_group(scope: Scope, uuid: UUID) -> GroupRow:
    """Return one group this reader may open.

    Raises: GroupNotFound.
    """
    row = (
        groups_in(scope)
        .filter(uuid=uuid)
        .annotate(student_count=Count("members"))
        .values_list(
            "id",
            "uuid",
            "name",
            "school_id",
            "school__name",
            "school_year",
            "subject",
            "student_count",
        )
        .first()
    )
    if row is None:
        raise GroupNotFound
    return GroupRow(*row)


def member_ids(scope: Scope, group: GroupRow) -> frozenset[int]:
    """Return the students of a group this reader may open.

    Raises: GroupNotFound.
    """
    if not groups_in(scope).filter(pk=group.id).exists():
        raise GroupNotFound
    return frozenset(
        GroupMember.objects.filter(group_id=group.id).values_list("student_id", flat=True)
    )


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
