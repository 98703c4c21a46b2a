"""Which results a reader may see."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rollbook.lake.query import Condition, Query
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.queries.students import StudentNotFound
from rollbook.results.queries.history import find_visible_student, get_visible_student
from rollbook.results.queries.store import engine
from rollbook.results.queries.visible import MayNotSeeResults, at_school, of_students
from rollbook.shared.scope import Permission, Reach, Scope
from tests.db.results import given
from tests.db.results.given import SSID, package, published
from tests.factories.accounts import EVERYTHING, ON, scope_with
from tests.factories.places import SmallState

pytestmark = pytest.mark.django_db


@pytest.fixture
def places(tmp_path: Path) -> SmallState:
    """Give one student a result at each of two schools, who is now at a third."""
    made = given.state()
    there = {"SchoolIdentifier": "0102", "OpportunityIdentifier": "1002", "Subject": "Math",
             "AssessmentIdentifier": "SUM-Math-05"}  # fmt: skip
    published(package(tmp_path, {}, there))
    SchoolEnrollment.objects.create(
        student=Student.objects.get(), school=made.south_high, school_year=2027,
        begins_on=date(2026, 8, 10),
    )  # fmt: skip
    return made


def seen(scope: Scope, subjects: dict[int, frozenset[str] | None] | None = None) -> list[str]:
    student = Student.objects.get()
    allowed = of_students(scope, [student.pk], group_subjects=subjects or {})
    found = engine().run(Query(table="results", where=allowed, select=("opportunity_id",)))
    return sorted(found["opportunity_id"])


def test_the_school_where_a_result_was_taken_sees_that_result(places: SmallState) -> None:
    assert seen(scope_with("school_admin", places.north_high)) == ["1001"]


def test_the_school_where_the_student_is_now_sees_all_results(places: SmallState) -> None:
    assert seen(scope_with("school_admin", places.south_high)) == ["1001", "1002"]


def test_another_school_sees_none(places: SmallState) -> None:
    scope = scope_with("school_admin", places.south_middle)
    assert seen(scope) == []
    with pytest.raises(StudentNotFound):
        get_visible_student(scope, Student.objects.get().uuid)
    assert find_visible_student(scope, SSID) is None


def test_the_installation_sees_all(places: SmallState) -> None:
    assert seen(EVERYTHING) == ["1001", "1002"]


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [(None, ["1001", "1002"]), (frozenset({"Math"}), ["1002"]), (frozenset[str](), [])],
)
def test_an_assigned_group_shows_its_subjects(
    places: SmallState, subjects: frozenset[str] | None, expected: list[str]
) -> None:
    reach = {Permission.GROUP_PII_READ: Reach(frozenset({places.south_high.pk}))}
    teacher = Scope(account_id=1, label="t", on=ON, reach=reach, group_ids=frozenset({1}))
    assert seen(teacher, {Student.objects.get().pk: subjects}) == expected


def test_a_student_seen_through_results_alone_shows_nothing_of_where_they_are(
    places: SmallState,
) -> None:
    student = Student.objects.get()
    found, _ = get_visible_student(scope_with("school_admin", places.north_high), student.uuid)
    assert (found.is_on_roster_of_reader, found.school_id) == (False, None)
    now = scope_with("school_admin", places.south_high, "now@example.org")
    found, _ = get_visible_student(now, student.uuid)
    assert (found.is_on_roster_of_reader, found.school_id) == (True, places.south_high.pk)


def test_a_schools_results_need_the_right_there(places: SmallState) -> None:
    scope = scope_with("school_admin", places.north_high)
    school = places.north_high.pk
    assert at_school(scope, school) == Condition("school_id", "eq", school)
    with pytest.raises(MayNotSeeResults):
        at_school(scope, places.north_middle.pk)
