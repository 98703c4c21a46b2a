"""Own groups, groups that follow a rule, and what happened to groups, for every world."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from rollbook.groups.models import GroupEvent, GroupMember, GroupUser, StudentGroup
from rollbook.groups.types import GroupEventKind as Kind
from rollbook.groups.types import GroupRule
from tests.canary.facts import GroupOf, Reader, World

OWN = 8  # students of an own group: of so many drawn from everywhere, its owner sees some only


def add_histories(world: World, dice: random.Random, *, now: datetime) -> None:
    """Give every group of a world a history; add groups of one's own, and one that a rule fills."""
    world.groups[:] = [_with_history(world, group, dice, now) for group in world.groups]
    for role in ("teacher", "school_admin"):
        owner = next(r for r in world.readers if [held.role for held in r.held] == [role])
        world.groups.append(_own(world, owner, dice, now))
    world.groups.append(_by_rule(world, dice))


def _with_history(world: World, group: GroupOf, dice: random.Random, now: datetime) -> GroupOf:
    """Tell of a student who came, of one who left, of a user who left, and who did it."""
    former = dice.choice([r for r in world.readers if r.email not in group.logins])
    came = dice.choice(sorted(group.members))
    known = [pupil.number for pupil in world.pupils.values() if pupil.id]
    left = dice.choice([number for number in known if number not in group.members])
    by = f"account {dice.choice(world.readers).uuid}"
    _note(group.id, Kind.CREATED, by, now, detail={"students": 3, "users": 2})
    for kind, number in ((Kind.STUDENT_ADDED, came), (Kind.STUDENT_REMOVED, left)):
        _note(group.id, kind, by, now, student_number=world.pupils[number].id)
    _note(group.id, Kind.USER_REMOVED, by, now, login=former.email)
    return replace(group, former=frozenset({former.email}))


def _note(group: int, kind: Kind, by: str, at: datetime, **more: object) -> None:
    GroupEvent.objects.create(group_id=group, kind=kind, by=by, at=at, **more)


def _own(world: World, owner: Reader, dice: random.Random, now: datetime) -> GroupOf:
    """Make an own group of students of everywhere: it shows no more than its owner sees anyway."""
    known = [pupil.number for pupil in world.pupils.values() if pupil.id]
    school = next(p.id for p in world.of_kind("school"))
    made = StudentGroup.objects.create(
        name="Tuesday readers", school_id=school, school_year=world.school_year, origin="own",
        owner_id=owner.id,
    )  # fmt: skip
    group = _filled(world, made, dice.sample(known, OWN), ())
    for number in sorted(group.members):
        student = world.pupils[number].id
        _note(group.id, Kind.STUDENT_ADDED, f"account {owner.uuid}", now, student_number=student)
    return replace(group, owner=owner.number)


def _by_rule(world: World, dice: random.Random) -> GroupOf:
    school = dice.choice([place.id for place in world.of_kind("school")])
    members = {stay.pupil for stay in world.stays if stay.school_id == school}
    made = StudentGroup.objects.create(
        name="Third grade", school_id=school, school_year=world.school_year, origin="rule",
        rule=json.dumps(GroupRule(grades=("03",)).as_json()),
    )  # fmt: skip
    return _filled(world, made, sorted(members), [dice.choice(world.readers).email])


def _filled(
    world: World, made: StudentGroup, members: Iterable[int], logins: Iterable[str]
) -> GroupOf:
    numbers, users = frozenset(members), frozenset(logins)
    GroupMember.objects.bulk_create(
        GroupMember(group=made, student_id=world.pupils[number].id) for number in sorted(numbers)
    )
    GroupUser.objects.bulk_create(GroupUser(group=made, login=login) for login in sorted(users))
    return GroupOf(
        made.pk,
        str(made.uuid),
        made.school_id,
        made.school_year,
        made.subject,
        True,
        numbers,
        users,
    )
