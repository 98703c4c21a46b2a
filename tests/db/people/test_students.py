"""Who sees which students, and the keys by which results find them."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.orgs.models import Organization
from rollbook.people.actions import UnknownStudent, add_students_from_results
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.queries.matching import MayNotMatchStudents, student_keys
from rollbook.people.queries.roster import MayNotReadRoster, roster_frames, students_by_school
from rollbook.people.queries.students import (
    StudentNotFound,
    find_student_by_ssid,
    find_student_id,
    get_student,
    school_spells,
    student_page,
    students_by_id,
    students_in,
)
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, reader_of, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
FIRST = PageRequest(number=1, size=10)


def enrolled(school: Organization, key: str, **cells: object) -> Student:
    """Enroll a student for the year; `cells` are those of the enrollment."""
    student = Student.objects.create(
        district=school.parent, ssid=f"s-{key}", local_id=f"l-{key}", sourced_id=f"i-{key}",
        source="oneroster:x", last_name=key, grade="03",
    )  # fmt: skip
    stay = {"begins_on": date(2026, 8, 10), "ends_before": date(2027, 6, 11), "grade": "03"}
    SchoolEnrollment.objects.create(
        student=student, school=school, school_year=2027, **{**stay, **cells}
    )
    return student


def principal(places: SmallState) -> Scope:
    return scope_with("school_admin", places.north_high)


def test_a_reader_sees_the_students_enrolled_now_at_their_schools() -> None:
    places = small_state()
    here = enrolled(places.north_high, "here")
    enrolled(places.north_middle, "elsewhere")
    enrolled(places.north_high, "left", ends_before=ON)
    enrolled(places.north_high, "later", begins_on=date(2026, 12, 1))
    enrolled(places.north_high, "archived", is_active=False)
    scope = principal(places)
    assert list(students_in(scope)) == [here]
    assert [row.id for row in student_page(scope, page=FIRST).items] == [here.pk]
    assert students_in(EVERYTHING).count() == 5
    assert not students_in(Scope.nobody(on=ON)).exists()


def test_a_student_whom_one_does_not_see_is_not_there() -> None:
    places = small_state()
    other = enrolled(places.south_high, "other")
    scope = principal(places)
    for uuid in (other.uuid, uuid4()):
        with pytest.raises(StudentNotFound):
            get_student(scope, uuid)
        with pytest.raises(StudentNotFound):
            school_spells(scope, uuid)
    assert find_student_by_ssid(scope, "s-other") is None
    assert students_by_id(scope, [other.pk]) == {}
    assert list(students_by_id(scope, [other.pk], also=frozenset({other.pk}))) == [other.pk]
    assert find_student_id(Scope.nobody(on=ON), ssid="s-other") is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"text": "AP"}, ["apple"]),
        ({"text": "s-pear"}, ["pear"]),
        ({"text": "l-pear"}, ["pear"]),
        ({"text": "s-pe"}, []),
        ({"grade": "04"}, ["pear"]),
        ({}, ["apple", "pear"]),
    ],
)
def test_students_are_searched(asked: dict[str, str], found: list[str]) -> None:
    places = small_state()
    enrolled(places.north_high, "pear", grade="04")
    enrolled(places.north_high, "apple")
    page = student_page(principal(places), page=FIRST, **asked)
    assert ([row.last_name for row in page.items], page.total_count) == (found, len(found))


def test_a_page_of_students_takes_as_many_queries_for_one_as_for_three() -> None:
    places, spent = small_state(), []
    scope = principal(places)
    for keys in (["a"], ["b", "c"]):
        for key in keys:
            enrolled(places.north_high, key)
        with CaptureQueriesContext(connection) as queries:
            page = student_page(scope, page=FIRST)
            assert {row.school_name for row in page.items} == {"North High"}
        spent.append(len(queries))
    assert spent == [2, 2]


def test_spells_tell_where_a_student_was_latest_first() -> None:
    places = small_state()
    student = enrolled(places.north_high, "a")
    SchoolEnrollment.objects.create(student=student, school=places.north_middle, school_year=2026)
    spells = school_spells(principal(places), student.uuid)
    assert [spell.school_name for spell in spells] == ["North High", "North Middle"]


def test_keys_find_students_by_any_of_their_ids_for_senders_alone() -> None:
    places = small_state()
    a, b, c = (enrolled(places.north_high, key) for key in "abc")
    enrolled(places.north_high, "d")
    sender = reader_of(places.north, permission=Permission.DATA_WRITE)
    assert set(student_keys(sender, ["s-a", "l-b", "i-c", "none"])["id"]) == {a.pk, b.pk, c.pk}
    assert student_keys(sender, []).is_empty()
    with pytest.raises(MayNotMatchStudents):
        student_keys(reader_of(places.north, permission=Permission.ROSTER_READ), ["s-a"])


def test_rosters_are_read_whole_by_who_may() -> None:
    places = small_state()
    student = enrolled(places.north_high, "a")
    reader = reader_of(places.north, permission=Permission.ROSTER_READ)
    found = roster_frames(reader, source="oneroster:x")
    assert found["students"]["id"].to_list() == [student.pk]
    assert found["organizations"].height == 7
    assert students_by_school(reader) == {places.north_high.pk: 1}
    stranger = reader_of(places.north, permission=Permission.INDIVIDUAL_PII_READ)
    for read in (lambda: roster_frames(stranger, source="x"), lambda: students_by_school(stranger)):
        with pytest.raises(MayNotReadRoster):
            read()


def test_students_first_seen_in_results_are_added_once_by_a_plan() -> None:
    places = small_state()
    told = UnknownStudent("900", places.north.pk, "Robin", "Oak", date(2014, 3, 5), "05")
    added = add_students_from_results([told], by=BY, now=NOW)
    student = Student.objects.get(ssid="900")
    assert added == {"900": student.pk}
    assert (student.last_name, student.source, student.is_active) == ("Oak", "", True)
    assert add_students_from_results([], by=BY, now=NOW) == {}
    assert not students_in(principal(places)).exists()
