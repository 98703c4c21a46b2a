"""Keep groups in step with classes, or take them away with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from rollbook.audit.actions import record
from rollbook.groups.actions.events import note_each
from rollbook.groups.actions.membership import in_words_of_database, noted, settling
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.types import GroupEventKind, GroupOrigin
from rollbook.people.models import Class
from rollbook.shared.actor import Actor

if TYPE_CHECKING:  # names for the reader only
    from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True, slots=True)
class RefreshedGroups:
    """Count what a refresh left behind."""

    group_count: int
    member_count: int
    user_count: int


# Set-based on both databases: classes become groups, their students members, their teachers users.
# The number of the class tells classes of one title apart. Somebody may have given a group by hand
# that very name: then a piece of the class's public id follows.
_ADD_GROUPS: Final = """
insert into rollbook_studentgroup
       (uuid, name, school_id, school_year, subject, origin, class_taught_id, is_active)
select n.uuid,
       n.name || case when exists (
           select 1 from rollbook_studentgroup g
           where g.school_id = n.school_id and g.school_year = n.school_year
             and g.owner_id is null and lower(g.name) = lower(n.name)
       ) then ' ' || substr(cast(n.uuid as text), 1, 6) else '' end,
       n.school_id, n.school_year, '', 'class', n.id, {true}
from (select c.id, c.uuid, c.school_id, c.school_year,
             trim(substr(c.title, 1, 150)
             || case when c.class_code in ('', c.title) then ''
                else ' ' || substr(c.class_code, 1, 40) end
             || case when c.periods = '' then '' else ', period ' || substr(c.periods, 1, 20) end)
             || ' (class ' || cast(c.id as text) || ')' as name
      from rollbook_class c
      where c.source = %s and c.is_active = {true}
        and not exists (select 1 from rollbook_studentgroup g where g.class_taught_id = c.id)) n
"""
_WATCH: Final = """
insert into group_watched (group_id, is_new)
select g.id, case when g.id > %s then {true} else {false} end
from rollbook_studentgroup g join rollbook_class c on c.id = g.class_taught_id
where c.source = %s and c.is_active = {true}
"""
_STAYS: Final = "e.is_active = {true} and (e.ends_before is null or e.ends_before > %s)"
_STAYS: Final = "e.is_active = {true} and (e.ends_before is null or e.ends_before > %s)"
_WANT: Final = f"""
insert into group_wanted (group_id, student_id)
select distinct g.id, e.student_id
from group_watched w
join rollbook_studentgroup g on g.id = w.group_id
join rollbook_enrollment e on e.class_taught_id = g.class_taught_id
where {_STAYS} and e.student_id is not null
order by 1, 2
"""
_OPEN_TEACHING: Final = (
    "create temporary table group_teaching "
    "(group_id bigint, login text, primary key (group_id, login)) {in_order}"
)
_TEACH: Final = f"""
insert into group_teaching (group_id, login)
select distinct g.id, lower(s.email)
from rollbook_enrollment e
join rollbook_class c on c.id = e.class_taught_id
join rollbook_studentgroup g on g.class_taught_id = c.id
join rollbook_staff s on s.id = e.staff_id
where c.source = %s and {_STAYS} and e.role = 'teacher' and s.email <> ''
order by 1, 2
"""
_CLOSE_TEACHING: Final = "drop table group_teaching"
_NOTE_USER: Final = """
insert into rollbook_groupevent (group_id, kind, at, "by", login, detail)
"""
_NEW_TEACHERS: Final = """
from group_teaching t
where not exists (select 1 from rollbook_groupuser u
                  where u.group_id = t.group_id and u.login = t.login)
"""
_NOTE_NEW_USERS: Final = (
    _NOTE_USER
    + "select t.group_id, %s, %s, %s, t.login, {empty}"
    + _NEW_TEACHERS
    + " and t.group_id <= %s"
)
_ADD_USERS: Final = (
    "insert into rollbook_groupuser (group_id, login) select t.group_id, t.login" + _NEW_TEACHERS
)
_NO_TEACHERS: Final = """
from rollbook_groupuser u
join rollbook_studentgroup g on g.id = u.group_id
join rollbook_class c on c.id = g.class_taught_id
where c.source = %s and u.login not like 'sandbox-%%' and not exists (
  select 1 from group_teaching t where t.group_id = u.group_id and t.login = u.login)
"""
_NOTE_GONE_USERS: Final = (
    _NOTE_USER + "select u.group_id, %s, %s, %s, u.login, {empty}" + _NO_TEACHERS
)
_DROP_USERS: Final = "delete from rollbook_groupuser where id in (select u.id" + _NO_TEACHERS + ")"
_NOTE_NEW_GROUPS: Final = """
insert into rollbook_groupevent (group_id, kind, at, "by", login, detail)
select g.id, %s, %s, %s, '', cast(
  '{{"students": '
  || (select count(*) from rollbook_groupmember m where m.group_id = g.id)
  || ', "users": '
  || (select count(*) from rollbook_groupuser u where u.group_id = g.id)
  || '}}' as {json})
from rollbook_studentgroup g
join rollbook_class c on c.id = g.class_taught_id
where g.id > %s and g.origin = 'class' and c.source = %s
"""


def refresh_class_groups(*, source: str, by: Actor, now: datetime) -> RefreshedGroups:
    """Keep one group per live class of a roster source: its students, and its teachers as users.

    Shape: a class that is gone keeps its group, archived, so that nobody goes on reading through
           it and its history stays; running it twice changes nothing.
    """
    day = timezone.localdate(now).isoformat()
    groups = StudentGroup.objects.filter(
        origin=GroupOrigin.CLASS.value, class_taught__source=source
    )
    with transaction.atomic():
        known = StudentGroup.objects.aggregate(most=Max("pk"))["most"] or 0
        with settling(by=by, now=now) as cursor:
            _run(cursor, _ADD_GROUPS, [source])
            _run(cursor, _WATCH, [known, source])
            _run(cursor, _WANT, [day])
            _settle_users(cursor, source, known, by=by, now=now)
        with connection.cursor() as cursor:
            _run(cursor, _NOTE_NEW_GROUPS, [*noted(GroupEventKind.CREATED, by, now), known, source])
        _archive_and_restore(groups, source, by=by, now=now)
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


def _run(cursor: CursorWrapper, statement: str, values: list[object]) -> None:
    cursor.execute(in_words_of_database(statement), values)


def _settle_users(
    cursor: CursorWrapper, source: str, known: int, *, by: Actor, now: datetime
) -> None:
    """Give groups to those who teach their classes, and take them from those who no longer do.

    `known` is the highest number of a group that was there before: newer ones are not noted here.
    """
    day = timezone.localdate(now).isoformat()
    gone, come = (
        noted(kind, by, now) for kind in (GroupEventKind.USER_REMOVED, GroupEventKind.USER_ADDED)
    )
    _run(cursor, _OPEN_TEACHING, [])
    _run(cursor, _TEACH, [source, day])
    _run(cursor, _NOTE_GONE_USERS, [*gone, source])
    _run(cursor, _DROP_USERS, [source])
    _run(cursor, _NOTE_NEW_USERS, [*come, known])
    _run(cursor, _ADD_USERS, [])
    _run(cursor, _CLOSE_TEACHING, [])


def _archive_and_restore(
    groups: QuerySet[StudentGroup], source: str, *, by: Actor, now: datetime
) -> None:
    """Let groups go and come back with their classes."""
    gone = Class.objects.filter(source=source, is_active=False).values("pk")
    for turned, kind in (
        (groups.filter(class_taught__in=gone, is_active=True), GroupEventKind.ARCHIVED),
        (groups.filter(class_taught__is_active=True, is_active=False), GroupEventKind.RESTORED),
    ):
        ids = list(turned.values_list("pk", flat=True))
        is_active = kind is GroupEventKind.RESTORED
        for batch in _batched(ids):
            StudentGroup.objects.filter(pk__in=batch).update(is_active=is_active)
        note_each(ids, kind, by=by, now=now)


def withdraw_class_groups(
    *, class_ids: Collection[int], student_ids: Collection[int], by: Actor, now: datetime
) -> int:
    """Take away the groups of classes that are about to go, and students about to go out of groups.

    Shape: only groups that follow from classes or rules, and people's own choices; those that
           people made for others stay, and keep their students from being deleted. Returns how
           many groups went.
    """
    followed = StudentGroup.objects.filter(origin=GroupOrigin.CLASS.value)
    loose = StudentGroup.objects.exclude(
        origin__in=[GroupOrigin.HAND.value, GroupOrigin.FILE.value]
    )
    with transaction.atomic():
        for ids in _batched(student_ids):
            GroupMember.objects.filter(group__in=loose.values("pk"), student_id__in=ids).delete()
        count = 0
        for ids in _batched(class_ids):
            going = list(followed.filter(class_taught_id__in=ids).values_list("pk", flat=True))
            StudentGroup.objects.filter(copied_from__in=going).update(copied_from=None)
            StudentGroup.objects.filter(pk__in=going).delete()
            count += len(going)
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
