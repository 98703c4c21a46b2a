"""Pages of groups: the list, one group, making, a reader's own, and who sees a student."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from rollbook.access.models import Account
from rollbook.groups.models import GroupMember, GroupUser, StudentGroup
from rollbook.orgs.models import Organization
from rollbook.people.models import Class, Course, Enrollment, SchoolEnrollment, Staff, Student
from tests.faces.conftest import SignIn
from tests.faces.seen import plain
from tests.factories.accounts import account, grant
from tests.factories.places import SmallState

YEAR = 2027
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def students(state: SmallState) -> list[Student]:
    made = [_student(state.north_high, name) for name in ("Ash", "Birch", "Cedar")]
    _student(state.south_high, "Willow")
    return made


def _student(school: Organization, name: str) -> Student:
    number = Student.objects.count() + 1
    student = Student.objects.create(
        district=school.parent, last_name=name, first_name="Sam", ssid=f"800000000{number}"
    )
    SchoolEnrollment.objects.create(
        student=student, school=school, school_year=YEAR, grade="06", is_primary=True
    )
    return student


@pytest.fixture
def reading(state: SmallState, students: list[Student]) -> StudentGroup:
    made = StudentGroup.objects.create(
        name="Reading", school=state.north_high, school_year=YEAR, subject="ELA", origin="hand"
    )
    GroupMember.objects.bulk_create(GroupMember(group=made, student=s) for s in students[:2])
    GroupUser.objects.create(group=made, login="reader@example.org")
    return made


@pytest.fixture
def coordinator(state: SmallState, sign_in: SignIn) -> Client:
    return sign_in("test_coordinator", state.north)


def the(group: StudentGroup) -> str:
    return reverse("group", args=[YEAR, group.uuid])


def names(client: Client, data: dict[str, str] | None = None) -> list[str]:
    answer = client.get(reverse("groups", args=[YEAR]), data or {})
    return _names_in(answer)


def _names_in(answer: HttpResponse) -> list[str]:
    return re.findall(r'<th scope="row"><a[^>]*>([^<]*)</a>', answer.content.decode())


def signed_in_as(email: str, role: str, place: Organization) -> Client:
    holder: Account = account(email)
    grant(holder, role, place)
    client = Client(raise_request_exception=False)
    client.force_login(holder, backend=BACKEND)
    return client


# The list.


def test_the_list_is_filtered_by_address_and_by_words_that_stay_out_of_it(
    coordinator: Client, state: SmallState, reading: StudentGroup
) -> None:
    more = {"school_year": YEAR, "origin": "file"}
    StudentGroup.objects.create(name="Math A", school=state.north_middle, subject="Math", **more)
    StudentGroup.objects.create(name="Old", school=state.north_high, is_active=False, **more)
    StudentGroup.objects.create(name="Far", school=state.south_high, **more)
    assert names(coordinator) == ["Reading", "Math A"]
    assert names(coordinator, {"school": str(state.north_middle.uuid)}) == ["Math A"]
    assert names(coordinator, {"subject": "ELA"}) == ["Reading"]
    assert names(coordinator, {"origin": "file"}) == ["Math A"]
    assert names(coordinator, {"look": "archived"}) == ["Old"]
    assert names(coordinator, {"look": "users"}) == ["Math A"]
    address = reverse("groups", args=[YEAR])
    assert _names_in(coordinator.post(address, {"words": "read"})) == ["Reading"]
    nothing = coordinator.post(address, {"words": "zebra"})
    assert "No groups match these filters." in plain(nothing)
    moved = coordinator.post(address, {"subject": "ELA", "words": ""})
    assert moved["Location"] == f"{address}?subject=ELA"
    other = coordinator.post(address, {"year": "2026", "subject": "ELA"})
    assert other["Location"] == f"{reverse('groups', args=[2026])}?subject=ELA"


def test_who_reads_no_groups_is_told_whom_to_ask(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in("teacher", state.north_high)
    says = plain(client.get(reverse("groups", args=[YEAR])))
    assert "Your account does not read the groups of any school." in says
    assert "Ask the administrator of your school" in says


def test_chosen_groups_are_archived_brought_back_and_copied_to_the_next_year(
    coordinator: Client, state: SmallState, reading: StudentGroup
) -> None:
    address = reverse("groups", args=[YEAR])
    chosen = {"group": [str(reading.uuid)]}
    answer = coordinator.post(address, {"choice": "archive", **chosen}, follow=True)
    assert "1 group was archived" in plain(answer)
    assert names(coordinator) == []
    coordinator.post(address, {"choice": "restore", **chosen})
    assert names(coordinator) == ["Reading"]
    coordinator.post(address, {"choice": "copy", "with_students": "yes", **chosen})
    copy = StudentGroup.objects.get(school_year=YEAR + 1)
    assert (copy.name, copy.members.count(), copy.users.count()) == ("Reading", 2, 1)
    answer = coordinator.post(address, {"choice": "archive"}, follow=True)
    assert "Choose one or more groups" in plain(answer)


def test_the_groups_shown_are_taken_along_as_a_group_file_that_changes_nothing(
    coordinator: Client, state: SmallState, reading: StudentGroup
) -> None:
    StudentGroup.objects.create(
        name="Empty", school=state.north_high, school_year=YEAR, origin="hand"
    )
    address = reverse("groups", args=[YEAR])
    answer = coordinator.post(address, {"choice": "download"})
    assert answer["Content-Disposition"] == f'attachment; filename="groups-{YEAR}.csv"'
    assert answer.content.decode().splitlines() == [
        "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login",
        "Empty,0101,2027,All,,",
        "Reading,0101,2027,ELA,8000000001,",
        "Reading,0101,2027,ELA,8000000002,",
        "Reading,0101,2027,ELA,,reader@example.org",
    ]


def test_no_students_leave_by_a_download_without_the_right_to_see_them(
    state: SmallState, sign_in: SignIn, reading: StudentGroup
) -> None:
    client = sign_in("integrator", state.north)
    answer = client.post(reverse("groups", args=[YEAR]), {"choice": "download"}, follow=True)
    assert "800000000" not in answer.content.decode()
    assert "no download" in plain(answer)


# One group.


def test_a_group_shows_its_students_and_whether_its_users_can_read_it(
    coordinator: Client, state: SmallState, reading: StudentGroup
) -> None:
    grant(account("tina@example.org"), "teacher", state.north_high)
    for login in ("tina@example.org", "ghost@example.org"):
        GroupUser.objects.create(group=reading, login=login)
    says = plain(coordinator.get(the(reading)))
    assert "Who is in Reading?" in says
    assert "Ash, Sam" in says
    assert "Cedar, Sam" not in says
    assert "ghost@example.org No: nobody signs in with this address" in says
    assert "tina@example.org Yes" in says


def test_students_are_found_by_form_added_and_removed(
    coordinator: Client, reading: StudentGroup, students: list[Student]
) -> None:
    found = coordinator.post(the(reading), {"choice": "find", "words": "Ceda"})
    assert found.status_code == 200
    assert f'name="student" value="{students[2].uuid}"' in found.content.decode()
    answer = coordinator.post(the(reading), {"choice": "add", "student": [students[2].uuid]})
    assert answer["Location"] == f"{the(reading)}#students"
    assert "Cedar, Sam" in plain(coordinator.get(the(reading)))
    coordinator.post(the(reading), {"choice": "remove", "member": [students[0].uuid]})
    says = plain(coordinator.get(the(reading)))
    history = says[says.index("What happened") :]
    assert reading.members.count() == 2
    assert "Student removed Ash, Sam you" in history
    assert "Student added Cedar, Sam you" in history


def test_a_student_of_another_district_is_neither_found_nor_added(
    coordinator: Client, reading: StudentGroup
) -> None:
    far = Student.objects.get(last_name="Willow")
    assert "Nobody found" in plain(coordinator.post(the(reading), {"words": "Willow"}))
    coordinator.post(the(reading), {"choice": "add", "student": [far.uuid]})
    assert not reading.members.filter(student=far).exists()


def test_what_is_wrong_is_said_beside_its_field(
    coordinator: Client, state: SmallState, reading: StudentGroup
) -> None:
    StudentGroup.objects.create(
        name="Taken", school=state.north_high, school_year=YEAR, origin="hand"
    )
    answer = coordinator.post(the(reading), {"choice": "rename", "name": "taken"})
    assert answer.status_code == 422
    assert re.search(r'id="name-says"[^>]*>[^<]*taken', answer.content.decode()) is not None
    answer = coordinator.post(the(reading), {"choice": "add_users", "logins": "no address"})
    assert answer.status_code == 422
    assert 'id="logins-says"' in answer.content.decode()
    assert reading.users.count() == 1


def test_a_group_is_renamed_given_a_subject_users_and_put_away(
    coordinator: Client, reading: StudentGroup
) -> None:
    coordinator.post(the(reading), {"choice": "rename", "name": "Reading 2"})
    coordinator.post(the(reading), {"choice": "subject", "subject": ""})
    coordinator.post(
        the(reading), {"choice": "add_users", "logins": "a@example.org, b@example.org"}
    )
    coordinator.post(the(reading), {"choice": "remove_users", "login": ["reader@example.org"]})
    coordinator.post(the(reading), {"choice": "archive"})
    reading.refresh_from_db()
    assert (reading.name, reading.subject, reading.is_active) == ("Reading 2", "", False)
    assert set(reading.users.values_list("login", flat=True)) == {"a@example.org", "b@example.org"}
    says = plain(coordinator.get(the(reading)))
    assert "This group is archived" in says
    assert "Restore 1 group" in says


def test_who_may_not_write_groups_reads_and_is_offered_nothing_else(
    state: SmallState, sign_in: SignIn, reading: StudentGroup
) -> None:
    client = sign_in("school_admin", state.north_high)
    answer = client.get(the(reading))
    assert "Ash, Sam" in plain(answer)
    assert re.findall(r'name="choice" value="(\w+)"', answer.content.decode()) == []
    for choice in ("rename", "archive", "add_users"):
        client.post(the(reading), {"choice": choice, "name": "Mine", "logins": "a@example.org"})
    reading.refresh_from_db()
    assert (reading.name, reading.is_active, reading.users.count()) == ("Reading", True, 1)


def test_a_group_of_another_district_is_not_there(state: SmallState, reading: StudentGroup) -> None:
    client = signed_in_as("south@example.org", "test_coordinator", state.south)
    assert client.get(the(reading)).status_code == 404
    assert client.post(the(reading), {"choice": "archive"}).status_code == 404
    reading.refresh_from_db()
    assert reading.is_active


# Making groups.


@pytest.fixture
def algebra(state: SmallState, students: list[Student]) -> Class:
    course = Course.objects.create(organization=state.north, title="Algebra", course_code="ALG")
    teacher = Staff.objects.create(
        district=state.north, last_name="Elm", first_name="Toni", email="elm@example.org"
    )
    made = Class.objects.create(
        school=state.north_high,
        course=course,
        title="Algebra 1",
        school_year=YEAR,
        kind="scheduled",
    )
    Enrollment.objects.create(class_taught=made, staff=teacher, role="teacher")
    for student in students[:2]:
        Enrollment.objects.create(class_taught=made, student=student, role="student")
    return made


def test_a_group_is_made_by_hand_and_leads_to_where_its_students_are_added(
    coordinator: Client, state: SmallState
) -> None:
    sent = {"way": "hand", "school": state.north_high.uuid, "name": "Choir", "subject": ""}
    answer = coordinator.post(reverse("group_make", args=[YEAR]), sent)
    made = StudentGroup.objects.get()
    assert answer["Location"] == the(made)
    again = coordinator.post(reverse("group_make", args=[YEAR]), sent)
    assert again.status_code == 422
    assert 'value="Choir"' in again.content.decode()


def test_each_chosen_class_becomes_a_group(
    coordinator: Client, state: SmallState, algebra: Class
) -> None:
    address = reverse("group_make", args=[YEAR])
    offered = coordinator.get(address, {"way": "classes", "school": str(state.north_high.uuid)})
    assert "Algebra 1 · Elm, Toni" in plain(offered)
    coordinator.post(
        address, {"way": "classes", "school": state.north_high.uuid, "class": [algebra.uuid]}
    )
    made = StudentGroup.objects.get()
    assert made.members.count() == 2
    assert list(made.users.values_list("login", flat=True)) == ["elm@example.org"]


def test_a_rule_is_written_shown_in_words_and_changed(
    coordinator: Client, state: SmallState, algebra: Class
) -> None:
    address = reverse("group_make", args=[YEAR])
    sent = {"way": "rule", "school": state.north_high.uuid, "name": "Algebra takers"}
    coordinator.post(address, {**sent, "rule-course_codes": ["ALG"]})
    made = StudentGroup.objects.get()
    assert made.members.count() == 2
    says = plain(coordinator.get(the(made)))
    assert "Course code: Algebra (ALG)" in says
    assert "follow its rule" in says
    coordinator.post(the(made), {"choice": "rule", "rule-grades": ["06"]})
    says = plain(coordinator.get(the(made)))
    assert "Grade: Grade 6" in says
    assert made.members.count() == 3


# A reader's own groups.


@pytest.fixture
def teacher(state: SmallState, sign_in: SignIn, reading: StudentGroup) -> Client:
    return sign_in("teacher", state.north_high)


def test_a_teacher_makes_a_group_of_her_own_that_nobody_else_sees(
    teacher: Client, state: SmallState, reading: StudentGroup, students: list[Student]
) -> None:
    address = reverse("my_groups", args=[YEAR])
    found = teacher.post(address, {"choice": "find", "words": "Ash"})
    assert f'value="{students[0].uuid}"' in found.content.decode()
    assert "Birch" not in plain(found)
    teacher.post(address, {"choice": "make", "name": "Tuesday", "student": [students[0].uuid]})
    made = StudentGroup.objects.get(origin="own")
    assert "Tuesday" in plain(teacher.get(address))
    assert "Only you see this group" in plain(teacher.get(the(made)))
    other = signed_in_as("boss@example.org", "test_coordinator", state.north)
    assert other.get(the(made)).status_code == 404
    assert "Tuesday" not in plain(other.get(reverse("groups", args=[YEAR])))


def test_a_student_who_is_not_hers_is_not_taken_into_an_own_group(
    teacher: Client, students: list[Student]
) -> None:
    address = reverse("my_groups", args=[YEAR])
    answer = teacher.post(
        address, {"choice": "make", "name": "Tuesday", "student": [students[2].uuid]}
    )
    assert answer.status_code == 422
    assert not StudentGroup.objects.filter(origin="own").exists()


def test_an_own_group_of_last_year_is_copied_put_away_and_deleted(
    teacher: Client, students: list[Student]
) -> None:
    address = reverse("my_groups", args=[YEAR])
    teacher.post(address, {"choice": "make", "name": "Tuesday", "student": [students[0].uuid]})
    made = StudentGroup.objects.get(origin="own")
    StudentGroup.objects.filter(pk=made.pk).update(school_year=YEAR - 1)
    assert "My groups of other years" in plain(teacher.get(address))
    teacher.post(address, {"choice": "copy", "group": made.uuid})
    assert StudentGroup.objects.filter(origin="own", school_year=YEAR).count() == 1
    teacher.post(the(made), {"choice": "archive"})
    assert "1 archived group" in plain(teacher.get(address))
    teacher.post(address, {"choice": "delete", "group": made.uuid})
    assert not StudentGroup.objects.filter(pk=made.pk).exists()


def test_who_has_no_group_yet_is_told_when_own_groups_come(
    state: SmallState, sign_in: SignIn, students: list[Student]
) -> None:
    says = plain(sign_in("teacher", state.north_high).get(reverse("my_groups", args=[YEAR])))
    assert "as soon as a group is assigned to you" in says
    assert "Make a group of my own" not in says


# Who sees a student.


def test_it_is_said_who_sees_a_student_and_why(
    state: SmallState, sign_in: SignIn, reading: StudentGroup, students: list[Student]
) -> None:
    client = sign_in("district_admin", state.north)
    teacher = account("tina@example.org", first_name="Tina", last_name="Oak")
    grant(teacher, "teacher", state.north_high)
    GroupUser.objects.create(group=reading, login="tina@example.org")
    address = reverse("onlookers", args=[YEAR, students[0].uuid])
    says = plain(client.get(address))
    assert "As District Admin of North District." in says
    assert "Tina Oak" in says
    assert "As Teacher, through the group Reading: results of English language arts (ELA)." in says
    asked = plain(client.post(address, {"address": "tina@example.org"}))
    assert "Yes." in asked
    assert "No. Nobody whom you see" in plain(client.post(address, {"address": "x@example.org"}))
    other = reverse("onlookers", args=[YEAR, students[2].uuid])
    assert "No. tina@example.org has an account, but no role" in plain(
        client.post(other, {"address": "tina@example.org"})
    )


def test_a_teacher_is_told_only_why_she_sees_her_student(
    teacher: Client, students: list[Student]
) -> None:
    says = plain(teacher.get(reverse("onlookers", args=[YEAR, students[0].uuid])))
    assert "through the group Reading" in says
    assert "sees this student today" not in says
    hidden = teacher.get(reverse("onlookers", args=[YEAR, students[2].uuid]))
    assert hidden.status_code == 404


# Its school year.


def test_a_group_made_for_the_wrong_year_is_moved(
    coordinator: Client, state: SmallState, reading: StudentGroup
) -> None:
    shown = coordinator.get(the(reading)).content.decode()
    choices = shown.partition('id="new-year"')[2].partition("</select>")[0]
    years = re.findall(r'<option value="(\d{4})"( selected)?>', choices)
    assert years == [("2026", ""), ("2027", " selected"), ("2028", "")]
    moved = coordinator.post(the(reading), {"choice": "year", "year": "2028"})
    assert (moved.status_code, moved["Location"]) == (302, f"{the(reading)}#year")
    reading.refresh_from_db()
    assert reading.school_year == 2028
    told = plain(coordinator.get(the(reading)))
    assert "The group is of 2027–28 now." in told
    assert "School year changed 2026–27 → 2027–28 you" in told


def test_a_year_that_is_taken_or_made_up_is_refused_beside_the_list(
    coordinator: Client, state: SmallState, reading: StudentGroup
) -> None:
    StudentGroup.objects.create(
        name="READING", school=state.north_high, school_year=2028, origin="file"
    )
    taken = coordinator.post(the(reading), {"choice": "year", "year": "2028"})
    assert taken.status_code == 422
    assert 'id="year-says"' in taken.content.decode()
    made_up = coordinator.post(the(reading), {"choice": "year", "year": "2031"})
    assert made_up.status_code == 422
    assert "Choose a school year from the list." in plain(made_up)
    reading.refresh_from_db()
    assert reading.school_year == YEAR


@pytest.mark.parametrize("origin", ["class", "rule"])
def test_a_group_that_follows_the_roster_offers_no_other_year(
    origin: str, coordinator: Client, reading: StudentGroup
) -> None:
    StudentGroup.objects.filter(pk=reading.pk).update(origin=origin)
    assert 'id="new-year"' not in coordinator.get(the(reading)).content.decode()
    refused = coordinator.post(the(reading), {"choice": "year", "year": "2028"})
    assert refused.status_code == 422
    reading.refresh_from_db()
    assert reading.school_year == YEAR
