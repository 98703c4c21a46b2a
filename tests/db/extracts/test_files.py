"""Files: whole, the same again for the same data, kept from whom they are not for."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from rollbook.audit.models import AuditEntry
from rollbook.extracts.actions.files import ProfilesCannotJoin, ask_for_files, make_files
from rollbook.extracts.models import BlockPlace, ExtractFile
from rollbook.extracts.plan.writing import rows_of
from rollbook.extracts.queries.files import (
    FileNotFound,
    earlier_files,
    file_changes,
    file_groups,
    file_list,
    file_path,
    found_file,
    get_file,
    left_out_counts,
    left_out_of,
    warnings_of,
)
from rollbook.extracts.queries.previewing import preview
from rollbook.extracts.queries.profiles import ProfileNotFound
from rollbook.extracts.types import LeftOut, ProfileKind
from rollbook.jobs.actions import run_until_empty
from rollbook.messages.models import Message
from rollbook.orgs.models import Organization
from rollbook.people.models import Enrollment, SchoolEnrollment, Student
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Scope
from tests.db.extracts.given import saved
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, reader_of, scope_with
from tests.factories.extracts import YEAR, SchoolDay, school_day, seat, settings_for, student

pytestmark = pytest.mark.django_db
PAGE = PageRequest()


@pytest.fixture
def day() -> SchoolDay:
    return school_day()


def made(*profiles: uuid.UUID, scope: Scope = EVERYTHING, **more: Any) -> list[ExtractFile]:
    fields: dict[str, Any] = {"is_consolidated": True, "on": ON, "now": NOW} | more
    uuids = make_files(scope, profiles, by=BY, **fields)
    return [found_file(scope, uuid) for uuid in uuids]


def rows(file: ExtractFile) -> pl.DataFrame:
    return rows_of(file_path(file).read_bytes())


def test_a_file_has_its_students_and_teachers(day: SchoolDay) -> None:
    high = day.places.north_high
    (file,) = made(saved(high, settings_for(high)))
    assert file_path(file).read_bytes() == (
        b"group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
        b"0101 Moss Kim P1 1,0101,2027,All,,moss@example.org\n"
        b"0101 Moss Kim P1 1,0101,2027,All,1000000001,\n"
        b"0101 Moss Kim P1 1,0101,2027,All,1000000002,\n"
    )
    row = get_file(EVERYTHING, file.uuid)
    assert (row.row_count, row.group_count, row.student_count, row.left_out_count) == (3, 1, 2, 0)
    assert re.fullmatch(r"groups-0101-2026-09-15-secondary-classes-[0-9a-f]{8}\.csv", row.name)
    (group,) = file_groups(EVERYTHING, file.uuid, PAGE).items
    assert (group.name, group.student_count, group.user_count) == ("0101 Moss Kim P1 1", 2, 1)
    entry = AuditEntry.objects.get(action="make_extract_file")
    assert (entry.detail["rows"], entry.detail["sha256"]) == (3, file.sha256)


def test_the_same_data_give_the_same_bytes(day: SchoolDay) -> None:
    high = day.places.north_high
    profile = saved(high, settings_for(high))
    first, second = made(profile)[0], made(profile, now=NOW + timedelta(hours=1))[0]
    assert (first.sha256, first.md5) == (second.sha256, second.md5)
    assert file_path(first) == file_path(second)
    assert [change.action for change in file_changes(EVERYTHING, second.uuid)] == ["unchanged"]


def test_one_file_for_all_or_one_for_each(day: SchoolDay) -> None:
    places = day.places
    north = saved(places.north_high, settings_for(places.north_high), is_shared=True)
    south = saved(places.south_high, settings_for(places.south_high), is_shared=True)
    (joined,) = made(north, south)
    assert joined.organization == places.state
    assert set(rows(joined)["school_natural_id"]) == {"0101", "0201"}
    each = made(north, south, is_consolidated=False)
    assert [set(rows(file)["school_natural_id"]) for file in each] == [{"0101"}, {"0201"}]
    assert [file.organization for file in each] == [places.north_high, places.south_high]
    assert each[0].run == each[1].run != joined.run
    reach = reader_of(places.north_high, places.south_high, permission=Permission.GROUP_WRITE)
    with pytest.raises(ProfilesCannotJoin):
        made(north, south, scope=reach)


def test_a_group_of_two_profiles_is_in_one_file(day: SchoolDay) -> None:
    high = day.places.north_high
    first = saved(high, settings_for(high), name="first")
    second = saved(high, settings_for(high), name="second")
    files = made(second, first, is_consolidated=False)
    assert [file.row_count for file in files] == [3, 0]
    assert left_out_counts(EVERYTHING, files[1].uuid) == {LeftOut.OVERLAP: 2}


def test_an_empty_file_is_made_and_says_so(day: SchoolDay) -> None:
    high = day.places.north_high
    (file,) = made(saved(high, settings_for(high, departments=("Latin",))))
    assert file_path(file).read_bytes().count(b"\n") == 1
    assert "no_rows" in [warning.code for warning in warnings_of(EVERYTHING, file.uuid)]
    assert file_groups(EVERYTHING, file.uuid, PAGE).items == []


def test_who_is_left_out_and_why(day: SchoolDay) -> None:
    high = day.places.north_high
    student(high, "1000000003")
    Student.objects.filter(pk=day.students[0].pk).update(ssid="")
    (file,) = made(saved(high, settings_for(high), name="All of them"))
    assert left_out_counts(EVERYTHING, file.uuid) == {LeftOut.NO_SSID: 1, LeftOut.NO_CLASS: 1}
    (row,) = left_out_of(EVERYTHING, file.uuid, PAGE, criterion=LeftOut.NO_CLASS).items
    assert (row.student_name, row.ssid, row.school_name, row.profile_name, row.criterion) == (
        "Of 1000000003, Robin", "1000000003", "North High", "All of them", LeftOut.NO_CLASS
    )  # fmt: skip
    nameless = reader_of(day.places.north_high, permission=Permission.GROUP_WRITE)
    told = left_out_of(nameless, file.uuid, PAGE).items
    assert [(r.student_name, r.ssid, r.student_uuid) for r in told] == [("", "", None)] * 2


def test_who_is_left_out_comes_by_name(day: SchoolDay) -> None:
    high = day.places.north_high
    for number in ("1000000009", "1000000007", "1000000008"):
        student(high, number)
    (file,) = made(saved(high, settings_for(high)))
    first = left_out_of(EVERYTHING, file.uuid, PageRequest(size=2)).items
    assert [row.ssid for row in first] == ["1000000007", "1000000008"]


def test_who_is_in_by_one_profile_is_not_left_out_by_another(day: SchoolDay) -> None:
    high = day.places.north_high
    latin = saved(high, settings_for(high, departments=("Latin",)), name="Latin")
    (file,) = made(saved(high, settings_for(high)), latin)
    assert (file.left_out_count, left_out_counts(EVERYTHING, file.uuid)) == (0, {})


def test_files_are_for_whoever_writes_groups_there(day: SchoolDay) -> None:
    places = day.places
    coordinator = scope_with("district_admin", places.north, "north@example.org")
    profile = saved(places.north, settings_for(places.north_high), scope=coordinator)
    (file,) = made(profile, scope=coordinator)
    strangers = [
        scope_with("district_admin", places.south, "south@example.org"),
        scope_with("test_coordinator", places.north_high, "high@example.org"),
        scope_with("school_admin", places.north_high, "head@example.org"),
        scope_with("teacher", places.north_high, "teacher@example.org"),
        Scope.nobody(on=ON),
    ]
    for stranger in strangers:
        assert file_list(stranger, PAGE).total_count == 0
        for ask in (get_file, warnings_of, earlier_files, file_changes):
            with pytest.raises(FileNotFound):
                ask(stranger, file.uuid)
        with pytest.raises(FileNotFound):
            left_out_of(stranger, file.uuid, PAGE)
        with pytest.raises(ProfileNotFound):
            made(profile, scope=stranger)
    with pytest.raises(FileNotFound):
        get_file(coordinator, "no uuid")
    only_the_place = reader_of(places.north, permission=Permission.GROUP_WRITE)
    assert file_list(only_the_place, PAGE).total_count == 1
    with pytest.raises(FileNotFound):  # a school in it is out of reach by now
        get_file(only_the_place, file.uuid)


def test_a_school_that_moved_away_is_missed_aloud(day: SchoolDay) -> None:
    places = day.places
    profile = saved(places.north, settings_for(places.north_high, places.north_middle))
    reach = reader_of(places.north, places.north_high, permission=Permission.GROUP_WRITE)
    (file_uuid,) = make_files(reach, [profile], is_consolidated=True, on=ON, by=BY, now=NOW)
    warnings = {warning.code: warning.count for warning in warnings_of(EVERYTHING, file_uuid)}
    assert warnings["school_closed"] == 1


def crowd(day: SchoolDay, count: int) -> None:
    """Put so many more students into the class."""
    north, high = day.places.north, day.places.north_high
    students = Student.objects.bulk_create(
        Student(district=north, ssid=f"30000{n:05}", first_name="R", last_name="S")
        for n in range(count)
    )
    SchoolEnrollment.objects.bulk_create(
        SchoolEnrollment(student=s, school=high, school_year=YEAR, grade="09") for s in students
    )
    Enrollment.objects.bulk_create(
        Enrollment(class_taught=day.english, student=s, role="student") for s in students
    )


def test_blocks_are_remembered_and_one_new_student_moves_nobody(day: SchoolDay) -> None:
    high = day.places.north_high
    crowd(day, 399)  # with the two: 401 students, three blocks
    profile = saved(high, settings_for(high))
    first = made(profile)[0]
    assert (first.group_count, BlockPlace.objects.count()) == (3, 401)
    newcomer = student(high, "0000000001")
    seat(day.english, newcomer)
    second = made(profile)[0]
    changed = [c for c in file_changes(EVERYTHING, second.uuid) if c.action != "unchanged"]
    assert [(c.students_added, c.students_removed) for c in changed] == [(1, 0)]
    Enrollment.objects.filter(student=day.students[0]).update(ends_before=ON)
    third = made(profile)[0]
    changed = [c for c in file_changes(EVERYTHING, third.uuid) if c.action != "unchanged"]
    assert [(c.students_added, c.students_removed) for c in changed] == [(0, 1)]
    assert BlockPlace.objects.count() == 401
    assert not BlockPlace.objects.filter(student=day.students[0]).exists()
    apart = file_changes(EVERYTHING, third.uuid, first.uuid)
    assert sum(c.students_added + c.students_removed for c in apart) == 2


def test_a_preview_keeps_nothing(day: SchoolDay) -> None:
    crowd(day, 399)
    found = preview(EVERYTHING, settings_for(day.places.north_high), on=ON)
    assert found.groups["name"].to_list()[0] == "0101 Moss Kim P1 1"
    assert (ExtractFile.objects.count(), BlockPlace.objects.count()) == (0, 0)


def test_nothing_is_half_done(day: SchoolDay, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(day, 399)
    high = day.places.north_high
    profiles = [saved(high, settings_for(high), name=name) for name in "ab"]

    def breaks(**_fields: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("rollbook.extracts.actions.keeping.record", breaks)
    with pytest.raises(RuntimeError):
        made(*profiles)
    assert (ExtractFile.objects.count(), BlockPlace.objects.count()) == (0, 0)


def test_a_run_by_the_queue_makes_its_files_once_and_tells(day: SchoolDay) -> None:
    high = day.places.north_high
    scope = scope_with("test_coordinator", high, "coordinator@example.org")
    profile = saved(high, settings_for(high), scope=scope)
    by = BY.__class__(BY.kind, scope.label, scope.account_id)
    job = ask_for_files(scope, [profile], is_consolidated=True, by=by, now=NOW)
    assert run_until_empty(now=NOW) == 1
    (file,) = ExtractFile.objects.all()
    assert (file.run, file.made_by, file.account_id) == (job, scope.label, scope.account_id)
    assert Message.objects.get().title == "Your group files are written"
    again = make_files(scope, [profile], is_consolidated=True, run=job, by=BY, now=NOW)
    assert again == [file.uuid]
    assert ExtractFile.objects.count() == 1


def test_the_list_shows_the_latest_first(day: SchoolDay, django_assert_num_queries: Any) -> None:
    high = day.places.north_high
    profile = saved(high, settings_for(high), name="English")
    other = saved(high, settings_for(high, kind=ProfileKind.COUNSELOR), name="Counselors")
    for count, when in ((1, NOW), (2, NOW + timedelta(days=1))):
        for _ in range(count):
            made(profile, now=when)
        with django_assert_num_queries(2):
            found = file_list(EVERYTHING, PAGE)
    made(other, now=NOW + timedelta(days=2))
    found = file_list(EVERYTHING, PAGE)
    assert [row.profile_name for row in found.items] == ["Counselors", *["English"] * 3]
    assert file_list(EVERYTHING, PAGE, profile_uuid=other).total_count == 1
    latest = found.items[1]
    assert len(earlier_files(EVERYTHING, latest.uuid)) == 2
    assert Organization.objects.get(pk=latest.organization_id) == high
