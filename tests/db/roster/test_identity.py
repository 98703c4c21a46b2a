"""Merging two records of one child, changing an id, and taking either back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rollbook.changes.models import ChangePlan
from rollbook.groups.models import GroupMember, StudentGroup
from rollbook.people.models import (
    Class,
    Course,
    Enrollment,
    SchoolEnrollment,
    Student,
    StudentAlias,
)
from rollbook.results.queries.history import find_visible_student, get_visible_student
from rollbook.results.queries.pages import results_list
from rollbook.roster.actions.merges import (
    AlreadyMerged,
    IdIsTaken,
    IdIsTheSame,
    KeepTheStateId,
    MayNotMerge,
    change_student_id,
    decide_two,
    merge_students,
    split_students,
)
from rollbook.roster.queries.duplicates import Likeness, PairNotFound, possible_duplicates
from rollbook.shared.scope import Permission, Scope
from tests.db.results.given import package, published
from tests.factories.accounts import BY, EVERYTHING, NOW, reader_of, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
BORN = date(2015, 2, 3)


def student(places: SmallState, **cells: Any) -> Student:
    known = {"first_name": "Ana", "last_name": "Cruz", "birth_date": BORN}
    return Student.objects.create(district=places.north, **known | cells)


def enrolled(one: Student, school: Any, key: str) -> SchoolEnrollment:
    return SchoolEnrollment.objects.create(
        student=one, school=school, school_year=2027, source="s", sourced_id=key,
        begins_on=date(2026, 8, 10),
    )  # fmt: skip


@pytest.fixture
def places() -> SmallState:
    return small_state()


def reads_by_name(*places: Any) -> Scope:
    """Return a reader of rosters and of students by name at these places, who approves nothing."""
    rosters = reader_of(*places, permission=Permission.ROSTER_READ)
    people = reader_of(*places, permission=Permission.INDIVIDUAL_PII_READ)
    return replace(rosters, reach={**rosters.reach, **people.reach})


def pair(places: SmallState) -> tuple[Student, Student]:
    """Make two records of one child, with everything that can hang on them."""
    keep = student(places, source="s", sourced_id="k", ssid="900")
    gone = student(places, source="s", sourced_id="g", ssid="901")
    enrolled(keep, places.north_high, "r1")
    enrolled(gone, places.north_high, "r2")
    enrolled(gone, places.north_middle, "r3")
    course = Course.objects.create(organization=places.north, title="Reading")
    for number, who in enumerate(((keep, gone), (gone,))):
        taught = Class.objects.create(
            school=places.north_high, course=course, title=str(number), kind="scheduled",
            school_year=2027,
        )  # fmt: skip
        group = StudentGroup.objects.create(
            name=str(number), school=places.north_high, school_year=2027, origin="file"
        )
        for one in who:
            Enrollment.objects.create(class_taught=taught, student=one, role="student")
            GroupMember.objects.create(group=group, student=one)
    return keep, gone


def merged(keep: Student, gone: Student, scope: Scope = EVERYTHING) -> UUID:
    return merge_students(scope, keep.uuid, gone.uuid, by=BY, now=NOW).plan_uuid


def everything() -> list[list[dict[str, Any]]]:
    tables = (Student, StudentAlias, SchoolEnrollment, Enrollment, GroupMember)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_what_hangs_on_the_record_that_goes_comes_to_the_one_that_stays(
    places: SmallState,
) -> None:
    keep, gone = pair(places)
    merged(keep, gone)
    gone.refresh_from_db()
    assert (gone.is_active, gone.merged_into_id) == (False, keep.pk)
    stays = SchoolEnrollment.objects.order_by("sourced_id")
    assert list(stays.values_list("sourced_id", "student_id", "is_active")) == [
        ("r1", keep.pk, True), ("r2", gone.pk, False), ("r3", keep.pk, True)
    ]  # fmt: skip
    assert list(Enrollment.objects.filter(is_active=True).values_list("student", flat=True)) == [
        keep.pk, keep.pk
    ]  # fmt: skip
    assert set(GroupMember.objects.values_list("group__name", "student")) == {
        ("0", keep.pk), ("1", keep.pk)
    }  # fmt: skip
    names = StudentAlias.objects.values_list("student_id", "source", "sourced_id", "ssid", "reason")
    assert set(names) == {
        (keep.pk, "s", "g", "", "merge"), (keep.pk, "", "", "901", "merge")
    }  # fmt: skip


def test_a_merge_taken_back_leaves_everything_as_it_was(places: SmallState) -> None:
    keep, gone = pair(places)
    before = everything()
    plan = merged(keep, gone)
    assert everything() != before
    split_students(EVERYTHING, plan, by=BY, now=NOW)
    assert everything() == before


def test_a_merge_of_a_merged_record_leads_all_to_the_last(places: SmallState) -> None:
    one, two, three = (student(places, ssid=ssid) for ssid in ("900", "901", "902"))
    merged(two, one)
    merged(three, two)
    assert set(Student.objects.filter(merged_into=three)) == {one, two}
    assert set(StudentAlias.objects.values_list("student", "ssid")) == {
        (three.pk, "900"), (three.pk, "901")
    }  # fmt: skip


def test_who_may_not_approve_for_both_districts_merges_nothing(places: SmallState) -> None:
    keep = student(places, ssid="900")
    gone = Student.objects.create(district=places.south, ssid="901")
    enrolled(keep, places.north_high, "r1")
    enrolled(gone, places.south_high, "r2")
    reach = [places.north, places.south, places.north_high, places.south_high]
    may_read = reads_by_name(*reach)
    nameless = reader_of(*reach, permission=Permission.ROSTER_READ)
    for sees_not_both in (reads_by_name(*reach[::2]), nameless):
        with pytest.raises(PairNotFound):
            merged(keep, gone, sees_not_both)
    with pytest.raises(MayNotMerge):
        merged(keep, gone, may_read)
    with pytest.raises(MayNotMerge):
        decide_two(may_read, keep.uuid, gone.uuid, by=BY, now=NOW)
    assert ChangePlan.objects.count() == 0


def test_a_merge_that_would_lose_the_state_id_is_refused(places: SmallState) -> None:
    with_id, without = student(places, ssid="900"), student(places)
    with pytest.raises(KeepTheStateId):
        merged(without, with_id)
    merged(with_id, without)
    with pytest.raises(AlreadyMerged):
        merged(with_id, without)


def test_the_history_of_a_merged_student_shows_the_results_of_both_and_undo_parts_them(
    places: SmallState, tmp_path: Path
) -> None:
    keep = student(places, ssid="9000000001")
    gone = student(places, ssid="9000000002")
    enrolled(keep, places.north_middle, "r1")
    there = {"StudentIdentifier": "9000000002", "OpportunityIdentifier": "1002",
             "Subject": "Math", "AssessmentIdentifier": "SUM-Math-05"}  # fmt: skip
    published(package(tmp_path, {}, there))
    reader = scope_with("school_admin", places.north_middle)

    def history(of: Student, scope: Scope = reader) -> list[tuple[int, str]]:
        _seen, allowed = get_visible_student(scope, of.uuid)
        rows = results_list(scope, allowed)
        return sorted((row.student_id, row.opportunity_id) for row in rows)

    assert history(keep) == [(keep.pk, "1001")]
    plan = merged(keep, gone)
    assert history(keep) == [(keep.pk, "1001"), (keep.pk, "1002")]
    assert history(gone) == history(keep)
    found = find_visible_student(reader, "9000000002")
    assert found is not None and found.id == keep.pk
    split_students(EVERYTHING, plan, by=BY, now=NOW)
    assert history(keep) == [(keep.pk, "1001")]
    assert history(gone, EVERYTHING) == [(gone.pk, "1002")]


def test_two_attempts_under_two_records_count_once(places: SmallState, tmp_path: Path) -> None:
    keep = student(places, ssid="9000000001")
    gone = student(places, ssid="9000000002")
    again = {"StudentIdentifier": "9000000002", "OpportunityIdentifier": "1002"}
    published(package(tmp_path, {}, again))
    merged(keep, gone)
    _seen, allowed = get_visible_student(EVERYTHING, keep.uuid)
    assert len(results_list(EVERYTHING, allowed)) == 1
    assert len(results_list(EVERYTHING, allowed, only_counted=False)) == 2


def test_results_sent_under_a_merged_or_a_retired_id_find_the_student(
    places: SmallState, tmp_path: Path
) -> None:
    keep = student(places, ssid="9000000009")
    merged(keep, student(places, ssid="9000000001"))
    change_student_id(EVERYTHING, keep.uuid, ssid="9000000008", by=BY, now=NOW)
    later = {"StudentIdentifier": "9000000009", "OpportunityIdentifier": "1002"}
    published(package(tmp_path, {}, later))
    _seen, allowed = get_visible_student(EVERYTHING, keep.uuid)
    found = results_list(EVERYTHING, allowed, only_counted=False)
    assert {row.student_id for row in found} == {keep.pk}
    assert len(found) == 2
    assert Student.objects.count() == 2


def test_a_changed_id_retires_the_old_one_and_is_undone(places: SmallState) -> None:
    one = student(places, ssid="900", source="s", sourced_id="k")
    before = everything()
    receipt = change_student_id(EVERYTHING, one.uuid, ssid="901", sourced_id="k2", by=BY, now=NOW)
    one.refresh_from_db()
    assert (one.ssid, one.sourced_id) == ("901", "k2")
    assert set(StudentAlias.objects.values_list("source", "sourced_id", "ssid")) == {
        ("s", "k", ""), ("", "", "900")
    }  # fmt: skip
    split_students(EVERYTHING, receipt.plan_uuid, by=BY, now=NOW)
    assert everything() == before


def test_an_id_swapped_back_is_no_longer_retired(places: SmallState) -> None:
    one = student(places, ssid="900")
    for ssid in ("901", "900", "901"):
        change_student_id(EVERYTHING, one.uuid, ssid=ssid, by=BY, now=NOW)
    in_force = StudentAlias.objects.filter(is_active=True).values_list("ssid", flat=True)
    assert (set(in_force), StudentAlias.objects.count()) == ({"900"}, 2)


def test_no_two_children_share_an_id(places: SmallState) -> None:
    one, other = student(places, ssid="900"), student(places, ssid="901")
    with pytest.raises(IdIsTaken):
        change_student_id(EVERYTHING, one.uuid, ssid="901", by=BY, now=NOW)
    change_student_id(EVERYTHING, other.uuid, ssid="902", by=BY, now=NOW)
    with pytest.raises(IdIsTaken):
        change_student_id(EVERYTHING, one.uuid, ssid="901", by=BY, now=NOW)
    for same in ("900", " ", None):
        with pytest.raises(IdIsTheSame):
            change_student_id(EVERYTHING, one.uuid, ssid=same, by=BY, now=NOW)
    enrolled(one, places.north_high, "r1")
    with pytest.raises(MayNotMerge):
        reader = reads_by_name(places.north, places.north_high)
        change_student_id(reader, one.uuid, ssid="903", by=BY, now=NOW)
    with pytest.raises(PairNotFound):
        change_student_id(
            scope_with("district_admin", places.south), one.uuid, ssid="903", by=BY, now=NOW
        )


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ({"last_name": "O'Neil Day"}, {"last_name": "ONEIL-DAY"}, Likeness.NAME_AND_BIRTH),
        ({"first_name": "Liz"}, {"first_name": "Elizabeth"}, Likeness.NICKNAME),
        ({"ssid": "00900", "first_name": "A"}, {"ssid": "900", "first_name": "B"},
         Likeness.STATE_ID),
        ({"birth_date": None}, {"birth_date": None}, None),
        ({"first_name": "Ann"}, {"first_name": "Zed"}, None),
        ({}, {"birth_date": date(2015, 2, 4)}, None),
        ({}, {"is_active": False}, None),
    ],
)  # fmt: skip
def test_students_who_look_alike_are_suggested_until_somebody_decides(
    places: SmallState, one: dict[str, Any], other: dict[str, Any], likeness: Likeness | None
) -> None:
    pairs = student(places, **one), student(places, **other)
    found = possible_duplicates(EVERYTHING)
    assert [pair.likeness for pair in found] == ([likeness] if likeness else [])
    assert possible_duplicates(scope_with("district_admin", places.south)) == []
    if found:
        decide_two(EVERYTHING, pairs[1].uuid, pairs[0].uuid, by=BY, now=NOW)
    assert possible_duplicates(EVERYTHING) == []


def test_a_number_twice_at_one_school_is_suggested(places: SmallState) -> None:
    one = student(places, local_id="7", birth_date=None)
    other = student(places, local_id="7", birth_date=None, first_name="Ben")
    assert possible_duplicates(EVERYTHING) == []
    enrolled(one, places.north_high, "r1")
    enrolled(other, places.north_high, "r2")
    (found,) = possible_duplicates(EVERYTHING)
    assert (found.likeness, found.differences) == (Likeness.LOCAL_ID, {"first_name"})
    for number in range(4):
        enrolled(student(places, local_id="7", birth_date=None), places.north_high, f"x{number}")
    assert possible_duplicates(EVERYTHING) == []


def test_a_merged_pair_is_suggested_no_more(places: SmallState) -> None:
    keep, gone = student(places), student(places)
    assert len(possible_duplicates(EVERYTHING)) == 1
    merged(keep, gone)
    assert possible_duplicates(EVERYTHING) == []
