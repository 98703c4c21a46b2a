"""My Groups: a person's own choice among students seen already; it grants nothing to anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rollbook.audit.actions import record
from rollbook.groups.actions.editing import BATCH, fill_group, take_out
from rollbook.groups.actions.events import note_each, note_students
from rollbook.groups.models import GroupMember, StudentGroup
from rollbook.groups.queries.groups import GroupNotFound
from rollbook.groups.queries.members import may_have_own_groups
from rollbook.groups.rules import (
    GroupIsWrong,
    clean_name,
    clean_subject,
    free_name,
    refuse_too_many,
)
from rollbook.groups.types import GroupEventKind, GroupOrigin
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import current_school_year
from rollbook.orgs.types import OrganizationKind
from rollbook.people.models import Student
from rollbook.people.queries.students import enrolled_now, students_in
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


class NoOwnGroupsYet(PermissionError):
    """Say that somebody has no students to choose from, so that there is nothing to group."""


def create_own_group(
    scope: Scope,
    *,
    name: str = "My Group",
    subject: str,
    student_uuids: Collection[UUID],
    school_year: int,
    by: Actor,
    now: datetime,
) -> UUID:
    """Make a group of the reader's own, out of students whom the reader sees today.

    Raises: NoOwnGroupsYet, GroupIsWrong.
    Source: results-reporting 5.5
    """
    if not may_have_own_groups(scope):
        raise NoOwnGroupsYet(
            "You can make your own groups once one or more groups are assigned to you."
        )
    if school_year != int(current_school_year(scope.on)):
        raise GroupIsWrong("Own groups are made in the school year of today. Choose that year.")
    with transaction.atomic():
        students = _seen(scope, student_uuids)
        if not students:
            raise GroupIsWrong("Select one or more students for the group.")
        kept = _free(scope, clean_name(name), school_year)
        made = _new(scope, kept, clean_subject(subject), school_year, students)
        fill_group(made, students, (), by=by, now=now)
        _record(made, "create_own_group", len(students), by=by, now=now)
    return made.uuid


def _seen(scope: Scope, uuids: Collection[UUID]) -> list[int]:
    wanted = set(uuids)
    found = students_in(scope).filter(uuid__in=wanted, is_active=True)
    students = sorted(found.values_list("pk", flat=True))
    if missing := len(wanted) - len(students):
        raise GroupIsWrong(f"{missing} of these students are not among those whom you see today.")
    refuse_too_many(len(students))
    return students


def _free(scope: Scope, name: str, school_year: int, *, but: int = 0) -> str:
    """Return the name, unless another own group of the year has it.

    Raises: GroupIsWrong.
    """
    if name.casefold() in _taken(scope, school_year, but=but):
        raise GroupIsWrong(f'You have a group called "{name}" in this year. Choose another name.')
    return name


def _taken(scope: Scope, school_year: int, *, but: int = 0) -> set[str]:
    own = StudentGroup.objects.filter(owner=scope.account_id, school_year=school_year)
    return {name.casefold() for name in own.exclude(pk=but).values_list("name", flat=True)}


def _new(
    scope: Scope, name: str, subject: str, school_year: int, students: Collection[int]
) -> StudentGroup:
    return StudentGroup.objects.create(
        name=name,
        school_id=_school_of(scope, students),
        school_year=school_year,
        subject=subject,
        origin=GroupOrigin.OWN.value,
        owner_id=scope.account_id,
    )


def _school_of(scope: Scope, students: Collection[int]) -> int:
    """Return the school of most of the students today, else one of an assigned group."""
    places = enrolled_now(scope).filter(student__in=students).values_list("school_id", flat=True)
    if most := Counter(places.order_by("school_id")).most_common(1):
        return most[0][0]
    assigned = StudentGroup.objects.filter(pk__in=scope.group_ids).order_by("pk")
    known = assigned.values_list("school_id", flat=True).first()
    if known is not None:
        return known
    below = Student.objects.filter(pk__in=students).values("district__links_down__descendant")
    schools = Organization.objects.filter(pk__in=below, kind=OrganizationKind.SCHOOL)
    school = schools.order_by("pk").values_list("pk", flat=True).first()
    if school is None:
        raise GroupIsWrong("These students are at no school. Choose others.")
    return school


def _own(scope: Scope, uuid: UUID) -> StudentGroup:
    """Return the reader's own group, locked.

    Raises: GroupNotFound, also for administrators: nobody else has anything to do with it.
    """
    if scope.account_id is None:
        raise GroupNotFound
    own = StudentGroup.objects.select_for_update(no_key=True).filter(
        uuid=uuid, owner=scope.account_id
    )
    group = own.first()
    if group is None:
        raise GroupNotFound
    return group


def rename_own_group(scope: Scope, uuid: UUID, *, name: str, by: Actor, now: datetime) -> None:
    """Give an own group another name.

    Raises: GroupNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        group = _own(scope, uuid)
        kept = _free(scope, clean_name(name), group.school_year, but=group.pk)
        detail = {"before": group.name, "after": kept}
        group.name = kept
        group.save(update_fields=["name"])
        note_each([group.pk], GroupEventKind.RENAMED, {group.pk: detail}, by=by, now=now)
        _record(group, "rename_own_group", 1, by=by, now=now)


def set_own_subject(scope: Scope, uuid: UUID, *, subject: str, by: Actor, now: datetime) -> None:
    """Say in which subject an own group shows results; blank for all.

    Raises: GroupNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        group = _own(scope, uuid)
        kept = clean_subject(subject)
        detail = {"before": group.subject, "after": kept}
        group.subject = kept
        group.save(update_fields=["subject"])
        note_each([group.pk], GroupEventKind.SUBJECT, {group.pk: detail}, by=by, now=now)
        _record(group, "set_own_subject", 1, by=by, now=now)


def add_own_students(
    scope: Scope, uuid: UUID, *, student_uuids: Collection[UUID], by: Actor, now: datetime
) -> int:
    """Add students to an own group; return how many were not in it yet.

    Raises: GroupNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        group = _own(scope, uuid)
        held = set(group.members.values_list("student_id", flat=True))
        new = [pk for pk in _seen(scope, student_uuids) if pk not in held]
        refuse_too_many(len(held) + len(new))
        members = [GroupMember(group=group, student_id=pk) for pk in new]
        GroupMember.objects.bulk_create(members, batch_size=BATCH)
        note_students(group.pk, GroupEventKind.STUDENT_ADDED, new, by=by, now=now)
        _record(group, "add_own_students", len(new), by=by, now=now)
    return len(new)


def remove_own_students(
    scope: Scope, uuid: UUID, *, student_uuids: Collection[UUID], by: Actor, now: datetime
) -> int:
    """Take students out of an own group; return how many were in it.

    Raises: GroupNotFound.
    """
    with transaction.atomic():
        group = _own(scope, uuid)
        gone = take_out(group, Student.objects.filter(uuid__in=set(student_uuids)).values("pk"))
        note_students(group.pk, GroupEventKind.STUDENT_REMOVED, gone, by=by, now=now)
        _record(group, "remove_own_students", len(gone), by=by, now=now)
    return len(gone)


def archive_own_group(scope: Scope, uuid: UUID, *, by: Actor, now: datetime) -> None:
    """Put an own group away; it can be brought back.

    Raises: GroupNotFound.
    """
    _turn(scope, uuid, is_active=False, by=by, now=now)


def restore_own_group(scope: Scope, uuid: UUID, *, by: Actor, now: datetime) -> None:
    """Bring an archived own group back.

    Raises: GroupNotFound.
    """
    _turn(scope, uuid, is_active=True, by=by, now=now)


def _turn(scope: Scope, uuid: UUID, *, is_active: bool, by: Actor, now: datetime) -> None:
    with transaction.atomic():
        group = _own(scope, uuid)
        if group.is_active == is_active:
            return
        group.is_active = is_active
        group.save(update_fields=["is_active"])
        kind = GroupEventKind.RESTORED if is_active else GroupEventKind.ARCHIVED
        note_each([group.pk], kind, by=by, now=now)
        name = "restore_own_group" if is_active else "archive_own_group"
        _record(group, name, 1, by=by, now=now)


def delete_own_group(scope: Scope, uuid: UUID, *, by: Actor, now: datetime) -> None:
    """Delete an archived own group for good, with its history.

    Raises: GroupNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        group = _own(scope, uuid)
        if group.is_active:
            raise GroupIsWrong("Archive the group first; an archived one can be deleted for good.")
        _record(group, "delete_own_group", 1, by=by, now=now)
        group.delete()


def copy_own_group(scope: Scope, uuid: UUID, *, by: Actor, now: datetime) -> UUID:
    """Copy an own group of an earlier year to the year of today, with whom the reader sees today.

    Raises: GroupNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        group = _own(scope, uuid)
        year = int(current_school_year(scope.on))
        if group.school_year >= year:
            raise GroupIsWrong("This group is of this school year already.")
        members = group.members.values("student_id")
        seen = students_in(scope).filter(pk__in=members, is_active=True)
        students = sorted(seen.values_list("pk", flat=True))
        name = free_name(group.name, _taken(scope, year))
        # No reference to the original: an account goes with all that is its own, in any order.
        made = _new(scope, name, group.subject, year, students)
        GroupMember.objects.bulk_create(GroupMember(group=made, student_id=pk) for pk in students)
        detail = {"from": group.name, "school_year": group.school_year, "students": len(students)}
        note_each([made.pk], GroupEventKind.COPIED, {made.pk: detail}, by=by, now=now)
        _record(made, "copy_own_group", len(students), by=by, now=now)
    return made.uuid


def _record(group: StudentGroup, action: str, count: int, *, by: Actor, now: datetime) -> None:
    record(
        action=action, subject_kind="group", subject_uuid=group.uuid,
        organization_id=group.school_id, detail={"count": count}, by=by, now=now,
    )  # fmt: skip
