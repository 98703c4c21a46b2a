"""Make groups by hand; edit their names, subjects, students and users."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rollbook.audit.actions import record
from rollbook.groups.actions.events import note_each, note_students, note_users
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.queries.groups import GroupNotFound, groups_in
from rollbook.groups.queries.members import enrolled_for, who_may_join
from rollbook.groups.rules import (
    GroupIsWrong,
    clean_logins,
    clean_name,
    clean_subject,
    refuse_taken,
    refuse_too_many,
)
from rollbook.groups.types import GroupEventKind, GroupOrigin
from rollbook.orgs.queries import (
    OrganizationNotFound,
    current_school_year,
    get_organization,
)
from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.people.models import Student
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

BATCH = 2_000


class MayNotChangeGroup(PermissionError):
    """Say that this person may open a group and not change it."""


class GroupFollowsRoster(ValueError):
    """Say that what a group holds is worked out, so that nobody edits it by hand."""


def create_group(
    scope: Scope,
    *,
    school_uuid: UUID,
    school_year: int,
    name: str,
    subject: str,
    student_uuids: Collection[UUID] = (),
    logins: Iterable[str] = (),
    by: Actor,
    now: datetime,
) -> UUID:
    """Make a group by hand.

    Raises: OrganizationNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        school = school_to_write(scope, school_uuid)
        made = new_group(
            school.id, school_year, name=name, subject=subject, origin=GroupOrigin.HAND
        )
        students = students_to_join(scope, made, student_uuids)
        fill_group(made, students, clean_logins(logins), by=by, now=now)
        record(
            action="create_group", subject_kind="group", subject_uuid=made.uuid,
            organization_id=school.id, detail={"students": len(students)}, by=by, now=now,
        )  # fmt: skip
    return made.uuid


def school_to_write(scope: Scope, uuid: UUID) -> OrganizationRow:
    """Return the school with this public id, for somebody who writes its groups.

    Raises: OrganizationNotFound.
    """
    school = get_organization(scope, uuid, permission=Permission.GROUP_WRITE)
    if school.kind is not OrganizationKind.SCHOOL or not school.is_active:
        raise OrganizationNotFound("No such school, or not one whose groups you may write.")
    return school


def new_group(
    school_id: int,
    school_year: int,
    *,
    name: str,
    subject: str,
    origin: GroupOrigin,
    rule: str = "",
) -> StudentGroup:
    """Make an empty group whose name nobody has.

    Raises: GroupIsWrong.
    """
    kept = clean_name(name)
    refuse_taken(kept, _names(school_id, school_year))
    return StudentGroup.objects.create(
        name=kept,
        school_id=school_id,
        school_year=school_year,
        subject=clean_subject(subject),
        origin=origin.value,
        rule=rule,
    )


def _names(school_id: int, school_year: int, *, but: int = 0) -> list[str]:
    others = StudentGroup.objects.filter(
        school_id=school_id, school_year=school_year, owner__isnull=True
    )
    return list(others.exclude(pk=but).values_list("name", flat=True))


def fill_group(
    group: StudentGroup, students: Iterable[int], logins: Iterable[str], *, by: Actor, now: datetime
) -> None:
    """Give a new group its students and users, and begin its history with their number."""
    members = [GroupMember(group=group, student_id=pk) for pk in students]
    users = [GroupUser(group=group, login=login) for login in logins]
    GroupMember.objects.bulk_create(members, batch_size=BATCH)
    GroupUser.objects.bulk_create(users, batch_size=BATCH)
    counts = {"students": group.members.count(), "users": len(users)}
    note_each([group.pk], GroupEventKind.CREATED, {group.pk: counts}, by=by, now=now)


def students_to_join(scope: Scope, group: StudentGroup, uuids: Collection[UUID]) -> dict[int, UUID]:
    """Return the students with these public ids, all of whom may join a group.

    Raises: GroupIsWrong: out of sight, not enrolled and unknown are one answer.
    """
    wanted = set(uuids)
    found = who_may_join(scope, group.school_id, group.school_year).filter(uuid__in=wanted)
    joining = dict(found.values_list("pk", "uuid"))
    if missing := len(wanted) - len(joining):
        raise GroupIsWrong(
            f"{missing} of these students cannot be added: you do not see them, or they are not "
            "enrolled in the district in the group's year."
        )
    refuse_too_many(len(joining))
    return joining


def group_to_write(scope: Scope, uuid: UUID) -> StudentGroup:
    """Return a group that this person may change, locked until the transaction ends.

    Raises: GroupNotFound, MayNotChangeGroup.
    """
    (group,) = groups_to_write(scope, [uuid])
    return group


def groups_to_write(scope: Scope, uuids: Collection[UUID]) -> list[StudentGroup]:
    """Return groups that this person may change, archived ones too, locked, by id.

    Raises: GroupNotFound where any is out of sight or somebody's own; MayNotChangeGroup.
    """
    seen = groups_in(scope, archived_too=True).filter(uuid__in=set(uuids), owner__isnull=True)
    ids = list(seen.values_list("pk", flat=True))
    if len(ids) != len(set(uuids)) or not ids:
        raise GroupNotFound
    groups = list(
        StudentGroup.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    )
    reach = scope.over(Permission.GROUP_WRITE)
    if not all(reach.includes(group.school_id) for group in groups):
        raise MayNotChangeGroup("You may look at this group and not change it.")
    return groups


def rename_group(scope: Scope, group_uuid: UUID, *, name: str, by: Actor, now: datetime) -> None:
    """Give a group another name.

    Raises: GroupNotFound, MayNotChangeGroup, GroupIsWrong.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        kept = clean_name(name)
        if kept == group.name:
            return
        refuse_taken(kept, _names(group.school_id, group.school_year, but=group.pk))
        detail = {"before": group.name, "after": kept}
        group.name = kept
        _changed(group, "name", GroupEventKind.RENAMED, detail, by=by, now=now)


def set_subject(scope: Scope, group_uuid: UUID, *, subject: str, by: Actor, now: datetime) -> None:
    """Say in which subject a group shows results; blank for all.

    Raises: GroupNotFound, MayNotChangeGroup, GroupIsWrong.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        kept = clean_subject(subject)
        if kept == group.subject:
            return
        detail = {"before": group.subject, "after": kept}
        group.subject = kept
        _changed(group, "subject", GroupEventKind.SUBJECT, detail, by=by, now=now)


def set_school_year(
    scope: Scope, group_uuid: UUID, *, school_year: int, by: Actor, now: datetime
) -> None:
    """Move a group to another school year, with its students and users.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster, GroupIsWrong.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        if school_year == group.school_year:
            return
        if group.origin == GroupOrigin.CLASS.value:
            raise GroupFollowsRoster("This group follows a class, and has its school year.")
        refuse_taken(group.name, _names(group.school_id, school_year))
        _refuse_left(scope, group, school_year)
        detail = {"school_year_before": group.school_year, "school_year_after": school_year}
        group.school_year = school_year
        _changed(group, "school_year", GroupEventKind.RENAMED, detail, by=by, now=now)


def _refuse_left(scope: Scope, group: StudentGroup, school_year: int) -> None:
    """Refuse a year in which students of a group are elsewhere: their teachers would see them."""
    if school_year < int(current_school_year(scope.on)):
        return  # a group of a year that is over shows nobody
    here = enrolled_for(scope, group.school_id, school_year).values("student_id")
    if left := group.members.exclude(student__in=here).count():
        raise GroupIsWrong(
            f"{left} of its students are not enrolled in the district in that year. Take them "
            "out first, or copy the group: the copy leaves them out."
        )


def _changed(
    group: StudentGroup,
    field: str,
    kind: GroupEventKind,
    detail: dict[str, object],
    *,
    by: Actor,
    now: datetime,
) -> None:
    group.save(update_fields=[field])
    note_each([group.pk], kind, {group.pk: detail}, by=by, now=now)
    _record(group, f"change_group_{field}", 1, by=by, now=now)


def add_students(
    scope: Scope, group_uuid: UUID, *, student_uuids: Collection[UUID], by: Actor, now: datetime
) -> int:
    """Add students to a group; return how many were not in it yet.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster, GroupIsWrong.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        _refuse_following(group)
        joining = students_to_join(scope, group, student_uuids)
        held = set(group.members.values_list("student_id", flat=True))
        new = sorted(joining.keys() - held)
        refuse_too_many(len(held) + len(new))
        members = [GroupMember(group=group, student_id=pk) for pk in new]
        GroupMember.objects.bulk_create(members, batch_size=BATCH)
        note_students(group.pk, GroupEventKind.STUDENT_ADDED, new, by=by, now=now)
        _record(group, "add_group_students", len(new), by=by, now=now)
    return len(new)


def remove_students(
    scope: Scope, group_uuid: UUID, *, student_uuids: Collection[UUID], by: Actor, now: datetime
) -> int:
    """Take students out of a group; return how many were in it.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        _refuse_following(group)
        gone = take_out(group, Student.objects.filter(uuid__in=set(student_uuids)).values("pk"))
        note_students(group.pk, GroupEventKind.STUDENT_REMOVED, gone, by=by, now=now)
        _record(group, "remove_group_students", len(gone), by=by, now=now)
    return len(gone)


def take_out(group: StudentGroup, students: object) -> list[int]:
    """Delete the memberships of some students in a group; return whose they were."""
    leaving = GroupMember.objects.filter(group=group, student__in=students)
    gone = sorted(leaving.values_list("student_id", flat=True))
    GroupMember.objects.filter(group=group, student_id__in=gone).delete()
    return gone


def add_users(
    scope: Scope, group_uuid: UUID, *, logins: Iterable[str], by: Actor, now: datetime
) -> int:
    """Assign a group to people by their e-mail addresses; return how many did not have it yet.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster, GroupIsWrong.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        _refuse_class(group)
        held = set(group.users.values_list("login", flat=True))
        new = [login for login in clean_logins(logins) if login not in held]
        GroupUser.objects.bulk_create(GroupUser(group=group, login=login) for login in new)
        note_users(group.pk, GroupEventKind.USER_ADDED, new, by=by, now=now)
        _record(group, "add_group_users", len(new), by=by, now=now)
    return len(new)


def remove_users(
    scope: Scope, group_uuid: UUID, *, logins: Iterable[str], by: Actor, now: datetime
) -> int:
    """Take a group from people; return how many had it.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        _refuse_class(group)
        wanted = {login.strip().casefold() for login in logins}
        leaving = group.users.filter(login__in=wanted)
        gone = sorted(leaving.values_list("login", flat=True))
        leaving.delete()
        note_users(group.pk, GroupEventKind.USER_REMOVED, gone, by=by, now=now)
        _record(group, "remove_group_users", len(gone), by=by, now=now)
    return len(gone)


def _refuse_following(group: StudentGroup) -> None:
    _refuse_class(group)
    if group.origin == GroupOrigin.RULE.value:
        raise GroupFollowsRoster(
            "The students of this group follow its rule. Change the rule, or make a group by hand."
        )


def _refuse_class(group: StudentGroup) -> None:
    if group.origin == GroupOrigin.CLASS.value:
        raise GroupFollowsRoster(
            "This group follows its class in the roster. Make a group by hand from the class, and "
            "edit that."
        )


def _record(group: StudentGroup, action: str, count: int, *, by: Actor, now: datetime) -> None:
    record(
        action=action, subject_kind="group", subject_uuid=group.uuid,
        organization_id=group.school_id, detail={"count": count}, by=by, now=now,
    )  # fmt: skip
