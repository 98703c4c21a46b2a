"""Groups by rule: whoever meets it is in the group, worked out again after each roster commit."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rollbook.audit.actions import record
from rollbook.groups.actions.classes import RefreshedGroups
from rollbook.groups.actions.editing import (
    GroupFollowsRoster,
    fill_group,
    group_to_write,
    new_group,
    school_to_write,
)
from rollbook.groups.actions.events import note_each
from rollbook.groups.actions.membership import in_words_of_database, learn, settling
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.rules import (
    ClassFacts,
    GroupIsWrong,
    asks_for_classes,
    class_fits,
    clean_logins,
    clean_rule,
)
from rollbook.groups.types import GroupEventKind, GroupOrigin, GroupRule
from rollbook.orgs.queries import current_school_year
from rollbook.people.models import Class, Enrollment
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope

if TYPE_CHECKING:  # names for the reader only
    from django.db.backends.utils import CursorWrapper

_BATCH: Final = 5_000
# What a rule asks, as rows: a group without rows of a kind asks nothing of that kind.
_OPEN: Final = (
    "create temporary table group_asks "
    "(group_id bigint primary key, any_grade boolean not null, any_class boolean not null)",
    "create temporary table group_grade "
    "(group_id bigint, grade text, primary key (group_id, grade)) {in_order}",
    "create temporary table group_class "
    "(group_id bigint, class_id bigint, primary key (group_id, class_id)) {in_order}",
    "create temporary table group_taking "
    "(group_id bigint, student_id bigint, primary key (group_id, student_id)) {in_order}",
)
_CLOSE: Final = (
    "drop table group_taking",
    "drop table group_class",
    "drop table group_grade",
    "drop table group_asks",
)
_WATCH: Final = """
insert into group_watched (group_id, is_new) select group_id, {false} from group_asks
"""
_TODAY: Final = """@.is_active = {true} and (@.begins_on is null or @.begins_on <= %s)
  and (@.ends_before is null or @.ends_before > %s)"""
# Who takes a class that a rule asks for, once for all: asked per student it would take minutes.
_TAKE: Final = """
insert into group_taking (group_id, student_id)
select distinct q.group_id, e.student_id
from group_class q join rollbook_enrollment e on e.class_taught_id = q.class_id
where e.student_id is not null and <e>
order by 1, 2
""".replace("<e>", _TODAY.replace("@", "e"))
_WANT: Final = """
insert into group_wanted (group_id, student_id)
select distinct g.id, se.student_id
from group_asks a
join rollbook_studentgroup g on g.id = a.group_id
join rollbook_schoolenrollment se on se.school_id = g.school_id
where <se>
  and (a.any_grade = {true} or exists (
       select 1 from group_grade q where q.group_id = a.group_id and q.grade = se.grade))
  and (a.any_class = {true} or exists (
       select 1 from group_taking t
       where t.group_id = a.group_id and t.student_id = se.student_id))
order by 1, 2
""".replace("<se>", _TODAY.replace("@", "se"))


def create_rule_group(
    scope: Scope,
    *,
    school_uuid: UUID,
    school_year: int,
    name: str,
    subject: str,
    rule: GroupRule,
    logins: Iterable[str] = (),
    by: Actor,
    now: datetime,
) -> UUID:
    """Make a group whose students are those at the school today who meet a rule.

    Shape:  one that more than 200 students meet is made all the same, and shown as too large.
    Raises: OrganizationNotFound, GroupIsWrong.
    """
    with transaction.atomic():
        school = school_to_write(scope, school_uuid)
        if school_year < int(current_school_year(scope.on)):
            raise GroupIsWrong(
                "A rule finds the students of today. Choose a year that is not over."
            )
        told = json.dumps(clean_rule(rule).as_json())
        made = new_group(
            school.id, school_year, name=name, subject=subject, origin=GroupOrigin.RULE, rule=told
        )
        users = clean_logins(logins)
        # History begins with how many there are, not with who.
        _settle(_current(now).filter(pk=made.pk), is_new=True, by=by, now=now)
        fill_group(made, (), users, by=by, now=now)
        record(
            action="create_rule_group", subject_kind="group", subject_uuid=made.uuid,
            organization_id=school.id, by=by, now=now,
        )  # fmt: skip
    return made.uuid


def set_rule(
    scope: Scope, group_uuid: UUID, *, rule: GroupRule, by: Actor, now: datetime
) -> RefreshedGroups:
    """Give a rule group another rule, and work its students out again.

    Raises: GroupNotFound, MayNotChangeGroup, GroupFollowsRoster, GroupIsWrong.
    """
    with transaction.atomic():
        group = group_to_write(scope, group_uuid)
        if group.origin != GroupOrigin.RULE.value:
            raise GroupFollowsRoster("This group has no rule. Make a group by rule.")
        before, kept = group.rule, clean_rule(rule)
        group.rule = json.dumps(kept.as_json())
        group.save(update_fields=["rule"])
        detail = {"before": json.loads(before or "{}"), "after": kept.as_json()}
        note_each([group.pk], GroupEventKind.RULE, {group.pk: detail}, by=by, now=now)
        one = _current(now).filter(pk=group.pk)
        _settle(one, by=by, now=now)
        counts = _counts(one)
        record(
            action="set_group_rule", subject_kind="group", subject_uuid=group.uuid,
            organization_id=group.school_id, detail={"students": counts.member_count},
            by=by, now=now,
        )  # fmt: skip
    return counts


def refresh_rule_groups(
    *, school_ids: Collection[int] | None = None, by: Actor, now: datetime
) -> RefreshedGroups:
    """Work out again who is in the rule groups of this school year, at some schools or at all.

    Shape: groups of other years keep their students: nobody is enrolled in a year that is over.
           Running it twice changes nothing.
    """
    groups = _current(now)
    if school_ids is not None:
        groups = groups.filter(school__in=list(school_ids))
    with transaction.atomic():
        _settle(groups, by=by, now=now)
        counts = _counts(groups)
        record(
            action="refresh_rule_groups", subject_kind="groups", subject_uuid="",
            detail={"groups": counts.group_count, "members": counts.member_count}, by=by, now=now,
        )  # fmt: skip
    return counts


def _current(now: datetime) -> QuerySet[StudentGroup]:
    year = int(current_school_year(timezone.localdate(now)))
    return StudentGroup.objects.filter(
        origin=GroupOrigin.RULE.value, is_active=True, school_year=year
    )


def _counts(groups: QuerySet[StudentGroup]) -> RefreshedGroups:
    return RefreshedGroups(
        group_count=groups.count(),
        member_count=GroupMember.objects.filter(group__in=groups).count(),
        user_count=GroupUser.objects.filter(group__in=groups).count(),
    )


def _settle(
    groups: QuerySet[StudentGroup], *, is_new: bool = False, by: Actor, now: datetime
) -> None:
    """Bring the members of rule groups in line with their rules."""
    rules = {
        pk: (school, GroupRule.from_json(json.loads(told or "{}")))
        for pk, school, told in groups.values_list("pk", "school_id", "rule")
    }
    if not rules:
        return
    day = timezone.localdate(now).isoformat()
    with settling(by=by, now=now) as cursor:
        for statement in _OPEN:
            cursor.execute(in_words_of_database(statement))
        _ask(cursor, rules, day)
        learn(cursor, "group_asks", "group_grade", "group_class")
        watch = _WATCH.replace("{false}", "{true}") if is_new else _WATCH
        cursor.execute(in_words_of_database(watch))
        cursor.execute(in_words_of_database(_TAKE), [day] * 2)
        learn(cursor, "group_taking")
        cursor.execute(in_words_of_database(_WANT), [day] * 2)
        for statement in _CLOSE:
            cursor.execute(statement)


def _ask(cursor: CursorWrapper, rules: Mapping[int, tuple[int, GroupRule]], day: str) -> None:
    """Write what the rules ask into the tables of this transaction."""
    asks = [(pk, not rule.grades, not asks_for_classes(rule)) for pk, (_, rule) in rules.items()]
    grades = [(pk, grade) for pk, (_, rule) in rules.items() for grade in rule.grades]
    taught = _facts({school for school, rule in rules.values() if asks_for_classes(rule)}, day)
    classes = [
        (pk, class_id)
        for pk, (school, rule) in rules.items()
        if asks_for_classes(rule)
        for class_id, facts in taught[school]
        if class_fits(rule, facts)
    ]
    for statement, rows in (
        ("insert into group_asks values (%s, %s, %s)", asks),
        ("insert into group_grade values (%s, %s)", grades),
        ("insert into group_class values (%s, %s)", classes),
    ):
        for start in range(0, len(rows), _BATCH):
            cursor.executemany(statement, rows[start : start + _BATCH])


def _facts(schools: Collection[int], day: str) -> defaultdict[int, list[tuple[int, ClassFacts]]]:
    """Return what rules may ask about the live classes of some schools, by school."""
    classes = Class.objects.filter(school__in=list(schools), is_active=True)
    taught = Enrollment.objects.filter(
        class_taught__in=classes, role="teacher", is_active=True, staff__isnull=False
    ).exclude(ends_before__lte=day)
    teachers: defaultdict[int, set[str]] = defaultdict(set)
    for class_id, uuid in taught.values_list("class_taught_id", "staff__uuid"):
        teachers[class_id].add(str(uuid))
    found: defaultdict[int, list[tuple[int, ClassFacts]]] = defaultdict(list)
    for school, pk, uuid, code, of_course, of_class in classes.values_list(
        "school_id", "pk", "uuid", "course__course_code", "course__subjects", "subjects"
    ):
        said = f"{of_course}, {of_class}"
        facts = ClassFacts(str(uuid), code, said, frozenset(teachers[pk]))
        found[school].append((pk, facts))
    return found
