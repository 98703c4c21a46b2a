"""What profiles choose from: only chosen schools in reach, the day's people, each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from rollbook.extracts.models import BlockPlace
from rollbook.extracts.queries.choosing import (
    counselor_choices,
    course_choices,
    department_choices,
    grade_choices,
    group_choices,
    school_choices,
    staff_choices,
    subject_area_choices,
    teacher_choices,
)
from rollbook.extracts.queries.reading import extract_data
from rollbook.extracts.types import AskedProfile, ExtractWorld, ProfileKind, ProfileSettings
from rollbook.groups.models import GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.people.models import Enrollment, SchoolEnrollment, Student
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import EVERYTHING, NOW, ON, reader_of
from tests.factories.extracts import (
    BEGINS_ON,
    YEAR,
    SchoolDay,
    school_day,
    seat,
    section,
    settings_for,
    student,
    teacher,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def day() -> SchoolDay:
    return school_day()


def data_for(settings: ProfileSettings, scope: Scope = EVERYTHING, on: date = ON) -> ExtractWorld:
    return extract_data(scope, [AskedProfile("p", "P", settings)], on=on)


def ssids(data: ExtractWorld) -> list[str]:
    return data.students["ssid"].sort().to_list()


def test_what_a_class_profile_reads(day: SchoolDay) -> None:
    data = data_for(settings_for(day.places.north_high))
    assert data.schools.rows() == [
        (day.places.north_high.pk, str(day.places.north_high.uuid), "0101", "0101", "North High",
         True, False)
    ]  # fmt: skip
    assert ssids(data) == ["1000000001", "1000000002"]
    assert data.classes.row(0, named=True) == {
        "id": day.english.pk,
        "uuid": str(day.english.uuid),
        "school_id": day.places.north_high.pk,
        "school_year": YEAR,
        "course_id": day.english.course_id,
        "title": "English 9",
        "section": "E9-1",
        "periods": "1",
        "kind": "scheduled",
        "begins_on": BEGINS_ON,
        "ends_before": date(2027, 6, 10),
        "is_active": True,
    }
    assert data.courses.row(0)[1:] == ("ENGLISH9", "English 9", "English", "English")
    assert data.taught.rows() == [(day.english.pk, day.teacher.pk, False)]
    assert data.taken["student_id"].to_list() == [s.pk for s in day.students]
    assert data.staff.rows() == [
        (day.teacher.pk, str(day.teacher.uuid), "T1", "Kim", "Moss", "moss@example.org", True)
    ]
    assert data.groups.height == data.caseloads.height == data.blocks.height == 0


def test_only_schools_where_the_reader_writes_groups(day: SchoolDay) -> None:
    places = day.places
    both = settings_for(places.north_high, places.south_high)
    north = reader_of(places.north_high, permission=Permission.GROUP_WRITE)
    looks = reader_of(places.north_high, places.south_high, permission=Permission.GROUP_READ)
    assert data_for(both).schools.height == 2
    assert ssids(data_for(both, north)) == ["1000000001", "1000000002"]
    assert data_for(both, north).staff["last_name"].to_list() == ["Moss"]
    nothing = data_for(both, looks)
    assert [nothing.schools.height, nothing.students.height, nothing.taken.height] == [0, 0, 0]


def test_who_left_or_comes_later_is_of_the_year_and_not_enrolled(day: SchoolDay) -> None:
    high = day.places.north_high
    student(high, "1000000003", ends_before=ON)
    student(high, "1000000004", begins_on=date(2026, 9, 16))
    student(high, "1000000005", ends_before=date(2026, 9, 16))
    found = data_for(settings_for(high)).students
    assert dict(found.select("ssid", "is_enrolled").sort("ssid").iter_rows()) == {
        "1000000001": True,
        "1000000002": True,
        "1000000003": False,
        "1000000004": False,
        "1000000005": True,
    }


def test_two_stays_at_a_school_are_one_student_in_the_grade_of_the_day(day: SchoolDay) -> None:
    high = day.places.north_high
    SchoolEnrollment.objects.create(
        student=day.students[0], school=high, school_year=YEAR, grade="10",
        begins_on=date(2026, 9, 1), ends_before=ON,
    )  # fmt: skip
    found = data_for(settings_for(high)).students.filter(ssid="1000000001")
    assert found.select("grade", "is_enrolled").rows() == [("09", True)]


@pytest.mark.parametrize("change", [{"is_active": False}, {"merged_into": 1}])
def test_archived_and_merged_students_are_not_there(day: SchoolDay, change: dict[str, Any]) -> None:
    if "merged_into" in change:
        change = {"merged_into": day.students[1]}
    Student.objects.filter(pk=day.students[0].pk).update(**change)
    data = data_for(settings_for(day.places.north_high))
    assert ssids(data) == ["1000000002"]
    assert data.taken["student_id"].to_list() == [day.students[1].pk]


def test_seats_of_other_days_are_not_read(day: SchoolDay) -> None:
    Enrollment.objects.filter(student=day.students[0]).update(ends_before=ON)
    Enrollment.objects.filter(student=day.students[1]).update(begins_on=date(2026, 9, 16))
    assert data_for(settings_for(day.places.north_high)).taken.height == 0


def test_a_class_out_of_term_keeps_whoever_was_or_will_be_in_it(day: SchoolDay) -> None:
    high = day.places.north_high
    over = section(high, "Summer", begins_on=date(2026, 7, 1), ends_before=date(2026, 8, 1))
    later = section(high, "Spring", begins_on=date(2027, 1, 10))
    first, second = day.students
    seat(over, first, begins_on=date(2026, 7, 1), ends_before=date(2026, 8, 1))
    seat(over, second, begins_on=date(2026, 7, 1), ends_before=date(2026, 7, 20))  # dropped out
    seat(later, first, begins_on=date(2027, 1, 10))
    taken = data_for(settings_for(high)).taken
    assert taken.filter(class_id=over.pk)["student_id"].to_list() == [first.pk]
    assert taken.filter(class_id=later.pk)["student_id"].to_list() == [first.pk]


def test_a_school_tracks_primary_classes_when_one_student_has_one(day: SchoolDay) -> None:
    Enrollment.objects.filter(student=day.students[0]).update(is_primary=True)
    both = settings_for(day.places.north_high, day.places.south_high)
    schools = data_for(both).schools
    assert schools.sort("natural_id")["tracks_primary"].to_list() == [True, False]


def test_a_schools_own_number_is_short(day: SchoolDay) -> None:
    high = day.places.north_high
    for sourced_id, number in (("994", "994"), ("1234567", "0101"), ("abc", "0101")):
        high.sourced_id = sourced_id
        high.save()
        assert data_for(settings_for(high)).schools["number"].to_list() == [number]


def test_words_come_back_as_they_are(day: SchoolDay) -> None:
    title = 'Read, "write"\nand ünder'
    section(day.places.north_high, title)
    assert data_for(settings_for(day.places.north_high)).classes["title"].to_list()[1] == title


def test_counselors_of_the_roster_and_of_classes(day: SchoolDay) -> None:
    high = day.places.north_high
    ruiz = teacher(day.places.north, "Ruiz", source="sis", sourced_id="c1")
    teacher(day.places.south, "Other", source="other", sourced_id="c1")
    vega = teacher(day.places.north, "Vega", email=" VEGA@example.org ")
    Student.objects.filter(pk=day.students[0].pk).update(
        source="sis", sourced_id="s1", counselor="c1"
    )
    seat(day.english, vega, role="counselor")
    settings = settings_for(high, kind=ProfileKind.COUNSELOR)
    data = data_for(settings)
    first, second = (s.pk for s in day.students)
    assert data.caseloads.sort("student_id", "staff_id").rows() == [
        (first, ruiz.pk), (first, vega.pk), (second, vega.pk)
    ]  # fmt: skip
    assert data.staff.filter(last_name="Vega")["email"].to_list() == ["vega@example.org"]
    labels = [c.label for c in counselor_choices(EVERYTHING, settings.schools, YEAR)]
    assert labels == ["Ruiz, Kim", "Vega, Kim"]


def test_groups_that_came_in_from_extracts_do_not_go_out_again(day: SchoolDay) -> None:
    made = StudentGroup.objects.create(
        name="Moss 1", school=day.places.north_high, school_year=YEAR, origin="file"
    )
    settings = settings_for(day.places.north_high, kind=ProfileKind.STUDENT_GROUP)
    assert data_for(settings).groups["name"].to_list() == ["Moss 1"]
    taken = GroupImport.objects.create(
        organization=day.places.south, number=1, origin="extract", digest="", sha256="",
        byte_count=0, status=1, creator="job", received_at=NOW, updated_at=NOW,
    )  # fmt: skip
    assert data_for(settings).groups.height == 1  # what another district does is its own affair
    GroupImport.objects.filter(pk=taken.pk).update(organization=day.places.north)
    assert data_for(settings).groups.is_empty()
    named = replace(settings, groups=(str(made.uuid),))
    assert data_for(named).groups["name"].to_list() == ["Moss 1"]


def test_groups_but_those_of_classes_and_of_teachers(day: SchoolDay) -> None:
    high = day.places.north_high
    made = {
        origin: StudentGroup.objects.create(
            name=f"Group {origin}", school=high, school_year=YEAR, origin=origin
        )
        for origin in ("hand", "class", "file")
    }
    StudentGroup.objects.create(name="Old", school=high, school_year=YEAR - 1, origin="hand")
    GroupMember.objects.create(group=made["hand"], student=day.students[0])
    for login in ("moss@example.org", "sandbox-1@sandbox.invalid"):
        GroupUser.objects.create(group=made["hand"], login=login)
    settings = settings_for(high, kind=ProfileKind.STUDENT_GROUP)
    data = data_for(settings)
    assert data.groups["name"].to_list() == ["Group hand", "Group file"]
    assert data.group_members.rows() == [(made["hand"].pk, day.students[0].pk)]
    assert data.group_users.rows() == [(made["hand"].pk, "moss@example.org")]
    assert data.classes.height == data.taken.height == 0
    named = settings_for(high, kind=ProfileKind.STUDENT_GROUP, groups=(str(made["class"].uuid),))
    assert "Group class" in data_for(named).groups["name"].to_list()
    choices = [c.label for c in group_choices(EVERYTHING, settings.schools, YEAR)]
    assert choices == ["Group file", "Group hand"]


def test_blocks_of_the_schools_and_the_year(day: SchoolDay) -> None:
    high, who = day.places.north_high, day.students[0]
    for school, year in ((high, YEAR), (high, YEAR - 1), (day.places.south_high, YEAR)):
        BlockPlace.objects.create(
            school=school, school_year=year, base="moss", student=who, block=2
        )
    assert data_for(settings_for(high)).blocks.rows() == [(high.pk, YEAR, "moss", who.pk, 2)]
    assert data_for(settings_for(high)).blocks.schema["block"] == pl.Int32


def test_each_table_is_read_once_for_all_profiles(
    day: SchoolDay, django_assert_num_queries: Any
) -> None:
    places = day.places
    kinds = list(ProfileKind)
    for count in (1, 3):
        profiles = [
            AskedProfile(f"{kind}{n}", kind, settings_for(places.north_high, kind=kind))
            for kind in kinds
            for n in range(count)
        ]
        with django_assert_num_queries(13):
            extract_data(EVERYTHING, profiles, on=ON)


def test_choices_narrow_each_other(day: SchoolDay) -> None:
    high, north = day.places.north_high, day.places.north
    algebra = section(high, "Algebra", department="Mathematics", subjects="Math, Algebra")
    seat(algebra, teacher(north, "Able", email=""))
    schools = [str(high.uuid)]
    assert [c.value for c in department_choices(EVERYTHING, schools, YEAR)] == [
        "English", "Mathematics"
    ]  # fmt: skip
    assert [c.value for c in subject_area_choices(EVERYTHING, schools, YEAR)] == [
        "Algebra", "English", "Math"
    ]  # fmt: skip
    courses = course_choices(EVERYTHING, schools, YEAR, departments=["mathematics"])
    assert [(c.value, c.label) for c in courses] == [("ALGEBRA", "Algebra")]
    assert [c.label for c in teacher_choices(EVERYTHING, schools, YEAR)] == [
        "Able, Kim", "Moss, Kim"
    ]  # fmt: skip
    narrowed = teacher_choices(EVERYTHING, schools, YEAR, subject_areas=["English"])
    assert [(c.label, c.note) for c in narrowed] == [("Moss, Kim", "moss@example.org")]
    by_course = teacher_choices(EVERYTHING, schools, YEAR, courses=["ALGEBRA"], words="ab")
    assert [c.label for c in by_course] == ["Able, Kim"]
    assert [c.label for c in grade_choices(EVERYTHING, schools, YEAR)] == ["Grade 9"]
    assert [c.label for c in staff_choices(EVERYTHING, schools)] == ["Moss, Kim"]


def test_choices_are_of_schools_in_reach(day: SchoolDay) -> None:
    places = day.places
    north = reader_of(
        places.north, places.north_high, places.north_middle, permission=Permission.GROUP_WRITE
    )
    places.north_middle.is_active = False
    places.north_middle.save()
    assert [c.label for c in school_choices(north)] == ["North High"]
    everything = school_choices(north, active_only=False, words="middle")
    assert [c.label for c in everything] == ["North Middle"]
    assert school_choices(north, organization_uuid=places.south.uuid) == []
    south = [str(places.south_high.uuid)]
    assert [
        teacher_choices(north, south, YEAR),
        department_choices(north, south, YEAR),
        grade_choices(north, south, YEAR),
        staff_choices(north, south),
        counselor_choices(north, ["no uuid"], YEAR),
    ] == [[]] * 5
