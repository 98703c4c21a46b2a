"""Make groups by hand from classes: as the class is today, for its teachers to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from rollbook.audit.actions import record
from rollbook.groups.actions.editing import BATCH
from rollbook.groups.actions.events import note_each
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.rules import GroupIsWrong, clean_subject, free_name
from rollbook.groups.types import MOST_STUDENTS, GroupEventKind, GroupOrigin
from rollbook.orgs.queries import within
from rollbook.people.models import Class, Enrollment
from rollbook.people.queries.classes import class_list_rows
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


class ClassNotFound(LookupError):
    """Say that there is no such class, or none from which this person may make a group."""


def create_groups_from_classes(
    scope: Scope, class_uuids: Collection[UUID], *, subject: str, by: Actor, now: datetime
) -> list[UUID]:
    """Make one group by hand from each class: its students of today, its teachers as users.

    Shape:  public ids in the order of the classes' titles.
    Raises: ClassNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        kept = clean_subject(subject)
        classes = _classes(scope, class_uuids)
        listed = class_list_rows(scope).filter(class_taught__in=classes)
        students = _by_class(listed.filter(student__isnull=False), "student_id")
        _refuse_large(classes, students)
        taught = listed.filter(role="teacher").exclude(staff__email="")
        logins = _by_class(taught.annotate(login=Lower("staff__email")), "login")
        groups = _groups(classes, kept)
        GroupMember.objects.bulk_create(
            (GroupMember(group=g, student_id=s) for pk, g in groups.items() for s in students[pk]),
            batch_size=BATCH,
        )
        GroupUser.objects.bulk_create(
            (GroupUser(group=g, login=login) for pk, g in groups.items() for login in logins[pk]),
            batch_size=BATCH,
        )
        details = {
            group.pk: {"students": len(students[pk]), "users": len(logins[pk])}
            for pk, group in groups.items()
        }
        note_each(details, GroupEventKind.CREATED, details, by=by, now=now)
        record(
            action="create_groups_from_classes", subject_kind="groups", subject_uuid="",
            detail={"groups": len(groups)}, by=by, now=now,
        )  # fmt: skip
    return [group.uuid for group in groups.values()]


def _classes(scope: Scope, uuids: Collection[UUID]) -> list[Class]:
    writes = within(scope.over(Permission.GROUP_WRITE), "school_id")
    found = Class.objects.filter(writes, uuid__in=set(uuids), is_active=True)
    classes = list(found.order_by("title", "class_code", "pk"))
    if len(classes) != len(set(uuids)) or not classes:
        raise ClassNotFound("No such class, or not one from which you may make a group.")
    return classes


def _by_class(listed: QuerySet[Enrollment], column: str) -> defaultdict[int, list[object]]:
    found: defaultdict[int, list[object]] = defaultdict(list)
    for pk, value in listed.order_by("class_taught_id", column).values_list(
        "class_taught_id", column
    ).distinct():  # fmt: skip
        found[pk].append(value)
    return found


def _refuse_large(classes: Iterable[Class], students: defaultdict[int, list[object]]) -> None:
    large = [taught.title for taught in classes if len(students[taught.pk]) > MOST_STUDENTS]
    if large:
        raise GroupIsWrong(
            f'"{large[0]}" has more than {MOST_STUDENTS} students, which the state\'s system does '
            "not take in one group. Leave it out."
        )


def _groups(classes: Iterable[Class], subject: str) -> dict[int, StudentGroup]:
    """Make the groups under names that are free; return them by class."""
    others = StudentGroup.objects.filter(
        school__in={c.school_id for c in classes}, owner__isnull=True
    )
    taken: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for school, year, name in others.values_list("school_id", "school_year", "name"):
        taken[school, year].add(name.casefold())
    made: dict[int, StudentGroup] = {}
    for taught in classes:
        place = (taught.school_id, taught.school_year)
        name = free_name(_name(taught), taken[place])
        taken[place].add(name.casefold())
        made[taught.pk] = StudentGroup(
            name=name,
            school_id=taught.school_id,
            school_year=taught.school_year,
            subject=subject,
            origin=GroupOrigin.HAND.value,
        )
    StudentGroup.objects.bulk_create(made.values(), batch_size=BATCH)
    return made


def _name(taught: Class) -> str:
    code = taught.class_code if taught.class_code != taught.title else ""
    period = f"period {taught.periods}" if taught.periods else ""
    told = " ".join(part for part in (taught.title.strip(), code.strip()) if part)
    return ", ".join(part for part in (" ".join(told.split()), period) if part) or "Class"
