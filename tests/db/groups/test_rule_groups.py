"""Groups whose students follow a rule, and what history says of groups that follow classes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.groups.actions import (
    GroupFollowsRoster,
    GroupIsWrong,
    add_students,
    add_users,
    archive_groups,
    create_rule_group,
    refresh_class_groups,
    refresh_rule_groups,
    set_rule,
    withdraw_class_groups,
)
from rollbook.groups.models import GroupEvent, GroupMember, StudentGroup
from rollbook.groups.queries import get_group, rule_of
from rollbook.groups.types import GroupRule
from rollbook.jobs.models import Job
from rollbook.people.models import Class, Enrollment, SchoolEnrollment, Student
from rollbook.roster.actions.commit import RosterChanged
from rollbook.shared import events
from tests.db.groups.given import YEAR, group_with, members, student, taught, told, users
from tests.factories.accounts import BY, EVERYTHING, NOW, ON
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
AS = {"by": BY, "now": NOW}


class Given:
    """North High: Abe (09) in Algebra with t@, Bea (10) in Algebra and Art, Cal (09) in Art."""

    def __init__(self) -> None:
        self.places: SmallState = small_state()
        school = self.places.north_high
        self.abe = student(school, "Abe", grade="09")
        self.bea = student(school, "Bea", grade="10")
        self.cal = student(school, "Cal", grade="09")
        student(self.places.north_middle, "Mia", grade="09")
        self.algebra = taught(
            school, "Algebra", [self.abe, self.bea], code="ALG1", subjects="Mathematics, Algebra",
            teacher="t@example.org",
        )  # fmt: skip
        self.art = taught(school, "Art", [self.bea, self.cal], code="ART", teacher="u@example.org")

    def teacher(self, of: Class) -> str:
        return str(of.enrollments.get(role="teacher").staff.uuid)

    def made(self, rule: GroupRule, name: str = "By rule", **more: Any) -> UUID:
        school = self.places.north_high.uuid
        wanted = {"school_uuid": school, "school_year": YEAR, "subject": ""} | more
        return create_rule_group(EVERYTHING, name=name, rule=rule, **wanted, **AS)


@pytest.fixture
def given() -> Given:
    return Given()


def test_a_rule_finds_who_meets_all_of_it_at_the_school(given: Given) -> None:
    algebra, art = given.teacher(given.algebra), given.teacher(given.art)
    cases = (
        (GroupRule(), ["Abe", "Bea", "Cal"]),
        (GroupRule(grades=("09",)), ["Abe", "Cal"]),
        (GroupRule(grades=("09", "10"), course_codes=("art",)), ["Bea", "Cal"]),
        (GroupRule(class_uuids=(str(given.algebra.uuid),)), ["Abe", "Bea"]),
        (GroupRule(teachers=(art,)), ["Bea", "Cal"]),
        (GroupRule(teachers=(art, algebra), grades=("10",)), ["Bea"]),
        (GroupRule(course_codes=("ALG1",), teachers=(art,)), []),  # no one class is both
        (GroupRule(subjects=("algebra",)), ["Abe", "Bea"]),
        (GroupRule(subjects=("nothing",)), []),
    )
    for number, (rule, wanted) in enumerate(cases):
        assert members(given.made(rule, f"Group {number}")) == wanted


def test_it_is_worked_out_again_and_says_who_came_and_left(given: Given) -> None:
    group = given.made(GroupRule(course_codes=("ART",)), logins=["Pat@Example.org"])
    assert (told(group), users(group)) == ([("created", None, "")], ["pat@example.org"])
    assert GroupEvent.objects.get().detail == {"students": 2, "users": 1}
    Enrollment.objects.filter(student=given.cal).update(ends_before=ON)
    Enrollment.objects.create(class_taught=given.art, student=given.abe, role="student")
    SchoolEnrollment.objects.filter(student=given.bea).update(school=given.places.north_middle)
    counts = refresh_rule_groups(**AS)
    assert (counts.group_count, counts.member_count, members(group)) == (1, 1, ["Abe"])
    assert sorted(told(group)[1:], key=str) == sorted(
        [
            ("student_removed", given.bea.pk, ""),
            ("student_removed", given.cal.pk, ""),
            ("student_added", given.abe.pk, ""),
        ],
        key=str,
    )
    before = list(GroupMember.objects.values_list("pk"))
    refresh_rule_groups(**AS)
    assert (list(GroupMember.objects.values_list("pk")), len(told(group))) == (before, 4)


def test_only_groups_in_use_at_the_schools_asked_for_are_worked_out(given: Given) -> None:
    names = ("Kept", "Archived", "Old", "Elsewhere")
    rule = GroupRule(grades=("09",))
    kept, archived, old = (given.made(rule, name) for name in names[:3])
    elsewhere = given.made(rule, names[3], school_uuid=given.places.north_middle.uuid)
    archive_groups(EVERYTHING, [archived], **AS)
    StudentGroup.objects.filter(uuid=old).update(school_year=YEAR - 1)
    SchoolEnrollment.objects.all().update(is_active=False)
    refresh_rule_groups(school_ids=[given.places.north_high.pk], **AS)
    assert [len(members(group)) for group in (kept, archived, old, elsewhere)] == [0, 2, 2, 1]


def test_the_rule_changes_and_students_are_never_edited_by_hand(given: Given) -> None:
    group = given.made(GroupRule(course_codes=("ART",)))
    set_rule(EVERYTHING, group, rule=GroupRule(grades=("10",)), **AS)
    assert (members(group), rule_of(EVERYTHING, group)) == (["Bea"], GroupRule(grades=("10",)))
    assert [event[0] for event in told(group)] == ["created", "rule", "student_removed"]
    with pytest.raises(GroupFollowsRoster):
        add_students(EVERYTHING, group, student_uuids=[given.abe.uuid], **AS)
    assert add_users(EVERYTHING, group, logins=["x@example.org"], **AS) == 1
    with pytest.raises(GroupIsWrong):
        set_rule(EVERYTHING, group, rule=GroupRule(grades=("9th",)), **AS)
    with pytest.raises(GroupIsWrong):
        given.made(GroupRule(), "Of last year", school_year=YEAR - 1)


def test_one_that_many_meet_is_not_cut_and_shown_as_too_large(given: Given) -> None:
    many = Student.objects.bulk_create(
        Student(district=given.places.north, local_id=str(n)) for n in range(201)
    )
    SchoolEnrollment.objects.bulk_create(
        SchoolEnrollment(student=s, school=given.places.north_high, school_year=YEAR, grade="12")
        for s in many
    )
    row = get_group(EVERYTHING, given.made(GroupRule(grades=("12",))))
    assert (row.student_count, row.is_too_large) == (201, True)


def test_three_rule_groups_take_as_many_queries_as_one(given: Given) -> None:
    spent = []
    for names in (["a"], ["b", "c"]):
        for name in names:
            given.made(GroupRule(course_codes=("ART",), grades=("09",)), name)
        with CaptureQueriesContext(connection) as queries:
            refresh_rule_groups(**AS)
        spent.append(len([q for q in queries if "insert into group_" not in q["sql"].lower()]))
    assert spent[0] == spent[1]


def test_a_roster_commit_queues_both_refreshes(given: Given) -> None:
    events.announce(RosterChanged(source="sis"))
    queued = [job.name for job in Job.objects.order_by("pk")]
    assert [name for name in queued if name.startswith("groups.")] == [
        "groups.refresh_class_groups", "groups.refresh_rule_groups"
    ]  # fmt: skip


def followed(given: Given) -> StudentGroup:
    Class.objects.filter(pk=given.art.pk).update(source="sis", sourced_id="c1")
    refresh_class_groups(source="sis", **AS)
    return StudentGroup.objects.get(class_taught=given.art)


def test_history_of_a_class_group_counts_first_and_names_then(given: Given) -> None:
    group = followed(given).uuid
    assert GroupEvent.objects.get().detail == {"students": 2, "users": 1}
    Enrollment.objects.filter(student=given.cal).update(is_active=False)
    Enrollment.objects.create(class_taught=given.art, student=given.abe, role="student")
    teaching = Enrollment.objects.get(class_taught=given.art, role="teacher")
    teaching.staff.__class__.objects.filter(pk=teaching.staff_id).update(email="new@example.org")
    refresh_class_groups(source="sis", **AS)
    refresh_class_groups(source="sis", **AS)
    assert sorted(told(group)[1:], key=str) == sorted(
        [
            ("student_removed", given.cal.pk, ""),
            ("student_added", given.abe.pk, ""),
            ("user_removed", None, "u@example.org"),
            ("user_added", None, "new@example.org"),
        ],
        key=str,
    )
    Class.objects.filter(pk=given.art.pk).update(is_active=False)
    refresh_class_groups(source="sis", **AS)
    Class.objects.filter(pk=given.art.pk).update(is_active=True)
    refresh_class_groups(source="sis", **AS)
    assert [event[0] for event in told(group)[5:]] == ["archived", "restored"]


def test_a_name_that_somebody_took_does_not_stop_the_refresh(given: Given) -> None:
    name = f"ART (CLASS {given.art.pk})"
    StudentGroup.objects.create(
        name=name, school=given.places.north_high, school_year=YEAR, origin="hand"
    )
    made = followed(given)
    assert made.name == f"Art (class {given.art.pk}) {str(given.art.uuid)[:6]}"


def test_what_an_undo_takes_back_leaves_no_group_behind(given: Given) -> None:
    group = followed(given)
    copy = StudentGroup.objects.create(
        name="Copy", school=group.school, school_year=YEAR + 1, origin="hand", copied_from=group
    )
    by_rule = given.made(GroupRule(grades=("09",)))
    withdrawn = withdraw_class_groups(class_ids=[given.art.pk], student_ids=[given.abe.pk], **AS)
    assert withdrawn == 1
    assert not StudentGroup.objects.filter(pk=group.pk).exists()
    assert StudentGroup.objects.get(pk=copy.pk).copied_from is None
    assert members(by_rule) == ["Cal"]
    assert group_with(by_rule).is_active
