"""Groups that follow from classes."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.groups.actions import (
    NotASandboxLogin,
    assign_sandbox_groups,
    refresh_class_groups,
    remove_sandbox_groups,
)
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.groups.queries import (
    GroupNotFound,
    get_group,
    group_list,
    group_subjects,
    groups_of_login,
    member_ids,
    users_of,
)
from rollbook.people.models import Class, Course, Enrollment, Staff, Student
from rollbook.shared.scope import Permission, Reach, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
SOURCE = "oneroster:north"


def taught(places: SmallState, key: str = "k1", students: int = 2) -> Class:
    """Make a class at North High with some students and one teacher."""
    course = Course.objects.create(organization=places.north, title="Reading", source=SOURCE)
    made = Class.objects.create(
        school=places.north_high, course=course, title="Reading", class_code=key,
        kind="scheduled", school_year=2027, source=SOURCE, sourced_id=key,
    )  # fmt: skip
    for number in range(students):
        student = Student.objects.create(district=places.north, local_id=f"{key}-{number}")
        Enrollment.objects.create(class_taught=made, student=student, role="student")
    teacher = Staff.objects.create(district=places.north, email=f"{key}@Example.org")
    Enrollment.objects.create(class_taught=made, staff=teacher, role="teacher")
    return made


def refreshed() -> tuple[int, int, int]:
    counts = refresh_class_groups(source=SOURCE, by=BY, now=NOW)
    return counts.group_count, counts.member_count, counts.user_count


def stored() -> list[list[object]]:
    tables = (StudentGroup, GroupMember, GroupUser)
    return [list(model.objects.order_by("pk").values_list()) for model in tables]


def test_a_class_becomes_a_group_of_its_students_for_its_teacher() -> None:
    made = taught(small_state())
    assert refreshed() == (1, 2, 1)
    (group,) = StudentGroup.objects.all()
    assert (group.school_id, group.school_year, group.class_taught_id) == (
        made.school_id, 2027, made.pk
    )  # fmt: skip
    assert set(groups_of_login("K1@example.org", ON)) == {group.pk}


def test_refreshing_twice_changes_nothing() -> None:
    taught(small_state())
    refreshed()
    rows = stored()
    assert refreshed() == (1, 2, 1)
    assert stored() == rows


@pytest.mark.parametrize("cells", [{"is_active": False}, {"ends_before": ON}])
def test_who_leaves_the_class_leaves_the_group(cells: dict[str, object]) -> None:
    made = taught(small_state())
    refreshed()
    Enrollment.objects.filter(class_taught=made).exclude(student__local_id="k1-1").update(**cells)
    assert refreshed() == (1, 1, 0)
    assert list(GroupMember.objects.values_list("student__local_id", flat=True)) == ["k1-1"]
    assert groups_of_login("k1@example.org", ON) == {}


def test_a_stay_that_ends_later_still_counts() -> None:
    made = taught(small_state())
    Enrollment.objects.filter(class_taught=made).update(ends_before=date(2027, 6, 11))
    assert refreshed() == (1, 2, 1)


def test_a_class_that_is_gone_keeps_its_group_and_members_in_the_archive() -> None:
    made = taught(small_state())
    refreshed()
    Class.objects.update(is_active=False)
    Enrollment.objects.update(is_active=False)
    assert refreshed()[0] == 0
    assert not StudentGroup.objects.get(class_taught=made).is_active
    assert GroupMember.objects.count() == 2
    assert groups_of_login("k1@example.org", ON) == {}
    Class.objects.update(is_active=True)
    Enrollment.objects.update(is_active=True)
    assert refreshed() == (1, 2, 1)


def test_another_source_is_left_alone() -> None:
    taught(small_state())
    refreshed()
    assert refresh_class_groups(source="oneroster:south", by=BY, now=NOW).group_count == 0
    assert StudentGroup.objects.filter(is_active=True).count() == 1


def test_refreshing_takes_as_many_queries_for_one_class_as_for_three() -> None:
    places, spent = small_state(), []
    for keys in (["a"], ["b", "c"]):
        for key in keys:
            taught(places, key)
        with CaptureQueriesContext(connection) as queries:
            refreshed()
        spent.append(len(queries))
    assert spent[0] == spent[1]


def test_groups_are_opened_by_their_users_and_nobody_elses() -> None:
    places = small_state()
    taught(places)
    refreshed()
    (group,) = StudentGroup.objects.all()
    teacher = Scope(
        account_id=1, label="t", on=ON, group_ids=frozenset({group.pk}),
        reach={Permission.GROUP_PII_READ: Reach(frozenset({places.north_high.pk}))},
    )  # fmt: skip
    row = get_group(teacher, group.uuid)
    assert (row.student_count, len(member_ids(teacher, row))) == (2, 2)
    assert [listed.id for listed in group_list(teacher)] == [group.pk]
    assert set(group_subjects(teacher, member_ids(teacher, row)).values()) == {None}
    stranger = scope_with("school_admin", places.north_middle)
    with pytest.raises(GroupNotFound):
        get_group(stranger, group.uuid)
    with pytest.raises(GroupNotFound):
        member_ids(stranger, row)
    assert group_list(stranger) == []


def test_a_groups_subject_limits_what_it_shows() -> None:
    places = small_state()
    taught(places)
    refreshed()
    StudentGroup.objects.update(subject="ELA")
    (group,) = StudentGroup.objects.all()
    reach = {Permission.GROUP_PII_READ: Reach(everything=True)}
    teacher = Scope(account_id=1, label="t", on=ON, group_ids=frozenset({group.pk}), reach=reach)
    ids = list(Student.objects.values_list("pk", flat=True))
    assert group_subjects(teacher, ids) == {pk: frozenset({"ELA"}) for pk in ids}
    assert group_subjects(EVERYTHING, ids) == {}


def test_visitors_of_the_sandbox_are_given_the_groups_of_a_place_and_lose_them() -> None:
    places = small_state()
    taught(places)
    refreshed()
    login = "sandbox-1@sandbox.invalid"
    assert assign_sandbox_groups(login, places.north.pk, by=BY, now=NOW) == 1
    refreshed()
    assert len(groups_of_login(login, ON)) == 1
    (lent,) = group_list(Scope.of_installation("tests", on=ON), only_assigned=False)
    told = [user.login for user in users_of(Scope.of_installation("tests", on=ON), lent.uuid)]
    assert login not in told
    assert lent.user_count == len(told)
    assert remove_sandbox_groups(login, by=BY, now=NOW) == 1
    with pytest.raises(NotASandboxLogin):
        assign_sandbox_groups("pat@example.org", places.north.pk, by=BY, now=NOW)
