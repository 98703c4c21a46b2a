"""What districts really send loads whole, or is refused in words; nothing is lost in silence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rollbook.orgs.models import AcademicSession, Organization
from rollbook.people.models import Class, Course, Enrollment, SchoolEnrollment, Student
from tests.db.roster.given import bundle, codes, committed, preflight

pytestmark = pytest.mark.django_db

DEPARTMENT = "+orgs[2] sourcedId=dep name=Maths type=department parentSourcedId=sch-1"
TABLES = (Student, SchoolEnrollment, Class, Enrollment)


def _counts() -> list[int]:
    return [model.objects.count() for model in TABLES]


def _load(tmp_path: Path, defect: str) -> list[int]:
    path = bundle(tmp_path, defect)
    committed(preflight(path))
    assert preflight(path).status == "unchanged"
    return _counts()


def test_what_is_at_a_department_is_at_the_school_that_holds_it(tmp_path: Path) -> None:
    steps = [DEPARTMENT, "classes[1].schoolSourcedId=dep", "courses[1].orgSourcedId=dep"]
    counts = _load(tmp_path, " ; ".join([*steps, "roles[1].orgSourcedId=dep"]))
    assert counts == [2, 2, 2, 4]
    school = Organization.objects.get(sourced_id="sch-1")
    assert Class.objects.get(sourced_id="cls-1").school == school
    assert SchoolEnrollment.objects.get(student__sourced_id="stu-1").school == school
    assert not Organization.objects.filter(sourced_id="dep").exists()


def test_a_school_of_a_kind_of_its_own_is_a_school(tmp_path: Path) -> None:
    assert _load(tmp_path, "orgs[2].type=ext:charter") == [2, 2, 2, 4]
    assert Organization.objects.get(sourced_id="sch-1").kind == "school"


def test_classes_without_a_course_file_bring_their_courses(tmp_path: Path) -> None:
    absent = "-courses.csv ; manifest.file.courses=absent"
    assert _load(tmp_path, absent) == [2, 2, 2, 4]
    assert list(Course.objects.values_list("sourced_id", "title")) == [("crs", "Math 3 A")]


def test_rows_that_are_there_twice_hold_nothing(tmp_path: Path) -> None:
    assert _load(tmp_path, "+users[1] ; +roles[1] ; +enrollments[1]") == [2, 2, 2, 4]


def test_a_session_until_the_end_of_the_calendar_has_no_day_after(tmp_path: Path) -> None:
    _load(tmp_path, "academicSessions[1].endDate=9999-12-31")
    assert AcademicSession.objects.get(sourced_id="year").ends_before == date.max


def test_local_dates_are_read_by_all_the_dates_of_their_file(tmp_path: Path) -> None:
    days = [("1", "8/10/2026", "6/10/2027"), ("2", "8/10/2026", "12/20/2026")]
    days.append(("3", "1/4/2027", "6/10/2027"))
    steps = [
        f"academicSessions[{row}].startDate={start} ; academicSessions[{row}].endDate={end}"
        for row, start, end in days
    ]
    assert _load(tmp_path, " ; ".join(steps)) == [2, 2, 2, 4]
    assert AcademicSession.objects.get(sourced_id="spring").starts_on == date(2027, 1, 4)


@pytest.mark.parametrize(
    "defect",
    [
        "-orgs.csv ; manifest.file.orgs=absent",
        "delta ; -orgs.csv ; manifest.file.orgs=absent",
        "1.1 ; delta ; users[2].status=tobedeleted ; -orgs.csv ; manifest.file.orgs=absent",
    ],
)
def test_a_roster_of_nowhere_is_refused(tmp_path: Path, defect: str) -> None:
    intake = preflight(bundle(tmp_path, defect))
    assert (intake.status, intake.plan) == ("refused", None)
    assert "ROS-301" in codes(intake)
    assert _counts() == [0, 0, 0, 0]
