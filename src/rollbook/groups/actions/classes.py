"""Keep groups in step with classes, or take them away with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from rollbook.audit.actions import record
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.types import GroupOrigin
from rollbook.people.models import Class
from rollbook.shared.actor import Actor


@dataclass(frozen=True, slots=True)
class RefreshedGroups:
    """Count what a refresh left behind."""

    group_count: int
    member_count: int
    user_count: int


# Set-based on both databases: classes become groups, their students members, their teachers users.
_ADD_GROUPS: Final = """
insert into rollbook_studentgroup
       (uuid, name, school_id, school_year, subject, origin, class_taught_id, is_active)
select c.uuid,
       substr(c.title, 1, 150)
       || case when c.class_code in ('', c.title) then ''
          else ' ' || substr(c.class_code, 1, 40) end
       || case when c.periods = '' then '' else ', period ' || substr(c.periods, 1, 20) end
       || ' (class ' || cast(c.id as text) || ')',
       c.school_id, c.school_year, '', 'class', c.id, {true}
from rollbook_class c
where c.source = %s and c.is_active = {true}
  and not exists (select 1 from rollbook_studentgroup g where g.class_taught_id = c.id)
"""
_ADD_MEMBERS: Final = """
insert into rollbook_groupmember (group_id, student_id)
select distinct g.id, e.student_id
from rollbook_enrollment e
join rollbook_class c on c.id = e.class_taught_id
join rollbook_studentgroup g on g.class_taught_id = c.id
where c.source = %s and e.is_active = {true}
  and (e.ends_before is null or e.ends_before > %s) and e.student_id is not null
on conflict (group_id, student_id) do nothing
"""
_DROP_MEMBERS: Final = """
delete from rollbook_groupmember where id in (
  select m.id from rollbook_groupmember m
  join rollbook_studentgroup g on g.id = m.group_id
  join rollbook_class c on c.id = g.class_taught_id
  where c.source = %s and c.is_active = {true} and not exists (
    select 1 from rollbook_enrollment e
    where e.class_taught_id = c.id and e.student_id = m.student_id and e.is_active = {true}
  and (e.ends_before is null or e.ends_before > %s)))
"""
_ADD_USERS: Final = """
insert into rollbook_groupuser (group_id, login)
select distinct g.id, lower(s.email)
from rollbook_enrollment e
join rollbook_class c on c.id = e.class_taught_id
join rollbook_studentgroup g on g.class_taught_id = c.id
join rollbook_staff s on s.id = e.staff_id
where c.source = %s and e.is_active = {true}
  and (e.ends_before is null or e.ends_before > %s) and e.role = 'teacher' and s.email <> ''
on conflict (group_id, login) do nothing
"""
_DROP_USERS: Final = """
delete from rollbook_groupuser where id in (
  select u.id from rollbook_groupuser u
  join rollbook_studentgroup g on g.id = u.group_id
  join rollbook_class c on c.id = g.class_taught_id
  where c.source = %s and u.login not like 'sandbox-%%' and not exists (
    select 1 from rollbook_enrollment e join rollbook_staff s on s.id = e.staff_id
    where e.class_taught_id = c.id and lower(s.email) = u.login
      and e.is_active = {true}
  and (e.ends_before is null or e.ends_before > %s) and e.role = 'teacher'))
"""
_STEPS: Final = (_ADD_GROUPS, _DROP_MEMBERS, _ADD_MEMBERS, _DROP_USERS, _ADD_USERS)


def refresh_class_groups(*, source: str, by: Actor, now: datetime) -> RefreshedGroups:
    """Keep one group per live class of a roster source: its students, and its teachers as users.

    Shape: a class that is gone keeps its group, archived, so that nobody goes on reading through
           it and its history stays; running it twice changes nothing.
    """
    true = "1" if connection.vendor == "sqlite" else "true"
    day = timezone.localdate(now).isoformat()
    groups = StudentGroup.objects.filter(
        origin=GroupOrigin.CLASS.value, class_taught__source=source
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            for step in _STEPS:
                cursor.execute(step.format(true=true), [source, day][: step.count("%s")])
        gone = Class.objects.filter(source=source, is_active=False).values("pk")
        groups.filter(class_taught__in=gone).update(is_active=False)
        groups.filter(class_taught__is_active=True).exclude(is_active=True).update(is_active=True)
        counts = RefreshedGroups(
            group_count=groups.filter(is_active=True).count(),
            member_count=GroupMember.objects.filter(group__in=groups).count(),
            user_count=GroupUser.objects.filter(group__in=groups).count(),
        )
        record(
            action="refresh_class_groups",
            subject_kind="groups",
            subject_uuid="",
            detail={"groups": counts.group_count, "members": counts.member_count},
            by=by,
            now=now,
        )
    return counts


def withdraw_class_groups(
    *, class_ids: Collection[int], student_ids: Collection[int], by: Actor, now: datetime
) -> int:
    """Take away the groups of classes that are about to go, and students about to go out of groups.

    Shape: only groups that follow from classes; those that people made stay, and keep their
           students from being deleted. Returns how many groups went.
    """
    followed = StudentGroup.objects.filter(origin=GroupOrigin.CLASS.value)
    with transaction.atomic():
        for ids in _batched(student_ids):
            GroupMember.objects.filter(group__in=followed.values("pk"), student_id__in=ids).delete()
        count = 0
        for ids in _batched(class_ids):
            groups = followed.filter(class_taught_id__in=ids)
            GroupMember.objects.filter(group__in=groups.values("pk")).delete()
            GroupUser.objects.filter(group__in=groups.values("pk")).delete()
            count += groups.delete()[0]
        record(
            action="withdraw_class_groups",
            subject_kind="groups",
            subject_uuid="",
            detail={"groups": count},
            by=by,
            now=now,
        )
    return count


def _batched(ids: Collection[int], size: int = 10_000) -> Iterator[list[int]]:
    """Cut ids into lists short enough for one statement."""
    listed = sorted(ids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
