"""Archive groups, bring them back, copy them to a later year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rollbook.audit.actions import record
from rollbook.groups.actions.editing import BATCH, GroupFollowsRoster, groups_to_write
from rollbook.groups.actions.events import note_each
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.queries.members import enrolled_for
from rollbook.groups.rules import GroupIsWrong, free_name, without_class_number
from rollbook.groups.types import GroupEventKind, GroupOrigin
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


def archive_groups(scope: Scope, group_uuids: Collection[UUID], *, by: Actor, now: datetime) -> int:
    """Put groups away: they grant nothing any more, and keep their students, users and history.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster.
    """
    return _switch(scope, group_uuids, is_active=False, by=by, now=now)


def restore_groups(scope: Scope, group_uuids: Collection[UUID], *, by: Actor, now: datetime) -> int:
    """Bring archived groups back, with the students and users that they had.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster.
    """
    return _switch(scope, group_uuids, is_active=True, by=by, now=now)


def _switch(
    scope: Scope, uuids: Collection[UUID], *, is_active: bool, by: Actor, now: datetime
) -> int:
    with transaction.atomic():
        groups = groups_to_write(scope, uuids)
        if any(group.origin == GroupOrigin.CLASS.value for group in groups):
            raise GroupFollowsRoster(
                "A group that follows a class is archived and restored with the class."
            )
        ids = [group.pk for group in groups if group.is_active != is_active]
        StudentGroup.objects.filter(pk__in=ids).update(is_active=is_active)
        kind = GroupEventKind.RESTORED if is_active else GroupEventKind.ARCHIVED
        note_each(ids, kind, by=by, now=now)
        record(
            action="restore_groups" if is_active else "archive_groups",
            subject_kind="groups", subject_uuid="", detail={"groups": len(ids)}, by=by, now=now,
        )  # fmt: skip
    return len(ids)


def copy_groups(
    scope: Scope,
    group_uuids: Collection[UUID],
    *,
    school_year: int,
    with_students: bool,
    by: Actor,
    now: datetime,
) -> int:
    """Copy groups to a later year, with their users; return how many were made.

    Shape:  a group that has its copy in that year already is left alone. Students come along who
            are still in the district. A rule group's copy has its rule, and the students whom the
            rule finds once the year is there. What follows a class becomes a group by hand.
    Raises: GroupNotFound, MayNotChangeGroup, GroupIsWrong.
    """
    with transaction.atomic():
        groups = groups_to_write(scope, group_uuids)
        if any(group.school_year >= school_year for group in groups):
            raise GroupIsWrong("Choose a later school year than that of the groups.")
        copied = StudentGroup.objects.filter(copied_from__in=groups, school_year=school_year)
        done = set(copied.values_list("copied_from_id", flat=True))
        pairs = _copies([group for group in groups if group.pk not in done], school_year)
        users = _copy_users(pairs)
        followed = {pk for pk, made in pairs.items() if made.origin == GroupOrigin.RULE.value}
        plain = {pk: made for pk, made in pairs.items() if pk not in followed}
        members = _copy_students(scope, plain, school_year) if with_students else {}
        _note(groups, pairs, members, users, by=by, now=now)
        record(
            action="copy_groups", subject_kind="groups", subject_uuid="",
            detail={"groups": len(pairs), "school_year": school_year}, by=by, now=now,
        )  # fmt: skip
    return len(pairs)


def _copies(groups: Iterable[StudentGroup], school_year: int) -> dict[int, StudentGroup]:
    """Make the copies, each under a name that is free; return them by the id of their original."""
    taken: defaultdict[int, set[str]] = defaultdict(set)
    others = StudentGroup.objects.filter(school_year=school_year, owner__isnull=True)
    schools = {group.school_id for group in groups}
    for school, name in others.filter(school__in=schools).values_list("school_id", "name"):
        taken[school].add(name.casefold())
    made: dict[int, StudentGroup] = {}
    for group in groups:
        name = free_name(without_class_number(group.name), taken[group.school_id])
        taken[group.school_id].add(name.casefold())
        is_rule = group.origin == GroupOrigin.RULE.value
        made[group.pk] = StudentGroup(
            name=name,
            school_id=group.school_id,
            school_year=school_year,
            subject=group.subject,
            origin=GroupOrigin.RULE.value if is_rule else GroupOrigin.HAND.value,
            rule=group.rule,
            copied_from=group,
        )
    StudentGroup.objects.bulk_create(made.values(), batch_size=BATCH)
    return made


def _copy_users(pairs: Mapping[int, StudentGroup]) -> dict[int, int]:
    held = GroupUser.objects.filter(group__in=list(pairs)).values_list("group_id", "login")
    users = [GroupUser(group=pairs[pk], login=login) for pk, login in held]
    GroupUser.objects.bulk_create(users, batch_size=BATCH)
    return _count(user.group_id for user in users)


def _copy_students(
    scope: Scope, pairs: Mapping[int, StudentGroup], school_year: int
) -> dict[int, int]:
    by_school: defaultdict[int, list[int]] = defaultdict(list)
    for pk, made in pairs.items():
        by_school[made.school_id].append(pk)
    members: list[GroupMember] = []
    for school, groups in by_school.items():
        staying = enrolled_for(scope, school, school_year, student__is_active=True)
        held = GroupMember.objects.filter(
            group__in=groups, student__in=staying.values("student_id")
        )
        members += [
            GroupMember(group=pairs[pk], student_id=student)
            for pk, student in held.values_list("group_id", "student_id")
        ]
    GroupMember.objects.bulk_create(members, batch_size=BATCH)
    return _count(member.group_id for member in members)


def _count(ids: Iterable[int]) -> dict[int, int]:
    found: defaultdict[int, int] = defaultdict(int)
    for pk in ids:
        found[pk] += 1
    return dict(found)


def _note(
    groups: Iterable[StudentGroup],
    pairs: Mapping[int, StudentGroup],
    members: Mapping[int, int],
    users: Mapping[int, int],
    *,
    by: Actor,
    now: datetime,
) -> None:
    names = {group.pk: (group.name, group.school_year) for group in groups}
    details = {
        made.pk: {
            "from": names[pk][0],
            "school_year": names[pk][1],
            "students": members.get(made.pk, 0),
            "users": users.get(made.pk, 0),
        }
        for pk, made in pairs.items()
    }
    note_each(details, GroupEventKind.COPIED, details, by=by, now=now)
