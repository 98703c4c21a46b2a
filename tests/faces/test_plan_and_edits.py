"""The page of a plan, its two people, its stale state; the pages on which records are edited."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rollbook.access.models import Account
from rollbook.changes.state import move_areas
from rollbook.orgs.models import Organization
from rollbook.people.models import Class, Course, LocalEdit, SchoolEnrollment, Staff, Student
from rollbook.roster.actions.preflight import preflight_intake
from rollbook.roster.models.intakes import Intake
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.roster.rules.reading import Reading
from rollbook.shared.actor import Actor
from tests.db.roster.given import bundle, committed, loaded, preflight
from tests.faces.conftest import SignIn
from tests.factories.accounts import EVERYTHING, NOW, account, grant
from tests.factories.places import SmallState

YEAR = 2027
GONE = "-users[1] ; -roles[1] ; -enrollments[1] ; -demographics[1]"


def page(client: Client, intake: Intake) -> str:
    response = client.get(reverse("roster_plan", args=[YEAR, intake.uuid]))
    assert response.status_code == 200
    return response.content.decode()


def decide(client: Client, intake: Intake, **form: object) -> str:
    address = reverse("roster_decide", args=[YEAR, intake.uuid])
    return client.post(address, form, follow=True).content.decode()


def large(folder: Path, by: Actor) -> Intake:
    loaded(folder)
    reading = Reading(policy=IntakePolicy(second_person_from=1))
    path = bundle(folder, GONE, name="gone.zip")
    return preflight_intake(EVERYTHING, path, file_name=path.name, reading=reading, by=by, now=NOW)


def another(state: SmallState) -> Client:
    """Sign in a second State Admin."""
    holder: Account = account("second@example.org")
    grant(holder, "state_admin", state.state, starts_on=date(2020, 7, 1))
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=holder, type="totp", data={"secret": "none"})
    client = Client(raise_request_exception=False)
    client.force_login(holder, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_two_people_approve_on_the_page(tmp_path: Path, state: SmallState, sign_in: SignIn) -> None:
    intake = large(tmp_path, Actor.job("roster"))
    assert intake.plan is not None
    first, second = sign_in(), another(state)
    total = sum(sum(actions.values()) for actions in intake.plan.counts.values())
    said = page(first, intake)
    assert "two people must approve" in said
    assert f"Approve {total} changes as the first of two" in said
    form = {"digest": intake.plan.digest, "approved_count": total}
    assert "So large a plan takes two people" in decide(first, intake, choice="all", **form)
    assert "Type the number" in decide(
        first, intake, choice="endorse", digest=intake.plan.digest, approved_count=1
    )
    assert "You approved this plan." in decide(first, intake, choice="endorse", **form)
    assert "Approved by you on" in page(first, intake)
    assert 'value="all"' not in page(first, intake)
    assert 'value="all"' in page(second, intake)
    assert f"{total} changes were committed." in decide(second, intake, choice="all", **form)


def test_a_stale_plan_is_checked_again(tmp_path: Path, sign_in: SignIn) -> None:
    loaded(tmp_path)
    intake = preflight(bundle(tmp_path, "users[1].familyName=Changed", name="b.zip"))
    client = sign_in()
    assert "Check again" not in page(client, intake)
    move_areas([f"roster:{intake.source}"])
    said = page(client, intake)
    assert ("Check again" in said, "Commit 1 change" in said) == (True, False)
    assert "This is what the roster would change now." in decide(client, intake, choice="again")
    latest = Intake.objects.latest("pk")
    assert latest.pk != intake.pk
    assert "Commit 1 change" in page(client, latest)


def test_the_page_tells_limits_digest_and_sizes(tmp_path: Path, sign_in: SignIn) -> None:
    intake = large(tmp_path, Actor.job("roster"))
    assert intake.plan is not None
    said = page(sign_in(), intake)
    assert "A school that would lose more than 10 % of its students" in said
    assert "From 1 leaving students on, two people must approve." in said
    assert intake.plan.digest[:12] in said
    assert "Unchanged" in said
    assert said.count("over the limit") == 1
    assert re.search(r'1 <span class="quiet">\(\d+ %\)</span>', said) is not None


def test_rows_say_who_by_name(tmp_path: Path, sign_in: SignIn) -> None:
    intake = preflight(bundle(tmp_path))
    client = sign_in()
    address = reverse("roster_rows", args=[YEAR, intake.uuid])
    shown = client.get(address, {"table": "school enrollments"}).content.decode()
    assert "Soto, Eli" in shown
    committed(intake)
    again = client.get(address, {"table": "enrollments"}).content.decode()
    assert "Soto, Eli" in again
    student = Student.objects.get(first_name="Eli")
    people = client.get(address, {"table": "students"}).content.decode()
    assert reverse("edit_student", args=[YEAR, student.uuid]) in people


def test_rows_take_as_many_queries_for_one_as_for_three(tmp_path: Path, sign_in: SignIn) -> None:
    loaded(tmp_path)
    client = sign_in()
    spent = []
    for defect in (
        "users[1].familyName=A",
        "users[1].familyName=B ; users[2].familyName=B ; users[3].familyName=B",
    ):
        intake = preflight(bundle(tmp_path, defect, name="c.zip"))
        address = reverse("roster_rows", args=[YEAR, intake.uuid])
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address, {"table": "students"})
        spent.append(len(asked))
    assert spent[0] == spent[1]


def test_the_page_lists_edits_that_the_source_contradicts(tmp_path: Path, sign_in: SignIn) -> None:
    loaded(tmp_path)
    client = sign_in()
    student = Student.objects.get(first_name="Eli")
    client.post(reverse("edit_student", args=[YEAR, student.uuid]), {"first_name": "Elias"})
    intake = preflight(bundle(tmp_path, "users[1].email=x@example.org", name="b.zip"))
    said = page(client, intake)
    assert "1 value edited here stays as it is" in said
    assert "Elias" in said


def test_conflicts_of_an_undo_are_told_by_name(tmp_path: Path, sign_in: SignIn) -> None:
    loaded(tmp_path)
    client = sign_in()
    defect = "users[1].givenName=Other ; users[2].givenName=Other"
    intake = preflight(bundle(tmp_path, defect, name="b.zip"))
    committed(intake)
    student = Student.objects.filter(first_name="Other").order_by("pk").first()
    assert student is not None
    client.post(reverse("edit_student", args=[YEAR, student.uuid]), {"first_name": "Mine"})
    decide(client, intake, choice="undo")
    said = page(client, intake)
    assert f"<li>{student.last_name}, Mine" in said
    assert "1 cell was changed later" in said


def student_of(school: Organization) -> Student:
    made = Student.objects.create(
        district=school.parent, last_name="Oak", first_name="Ann", ssid="9"
    )
    SchoolEnrollment.objects.create(student=made, school=school, school_year=YEAR)
    return made


def test_a_student_is_edited_and_released(state: SmallState, sign_in: SignIn) -> None:
    ann = student_of(state.north_high)
    client = sign_in("district_admin", state.north)
    address = reverse("edit_student", args=[YEAR, ann.uuid])
    assert "What is wrong with this record?" in client.get(address).content.decode()
    wrong = client.post(address, {"first_name": "Anna", "last_name": ""})
    assert (wrong.status_code, Student.objects.get().first_name) == (422, "Ann")
    assert "this one is never blank" in wrong.content.decode()
    told = client.post(address, {"first_name": "Anna", "last_name": "Oak"}, follow=True)
    said = told.content.decode()
    assert ("1 value was changed." in said, "edited here" in said) == (True, True)
    assert Student.objects.get().first_name == "Anna"
    listed = client.get(reverse("edits", args=[YEAR])).content.decode()
    assert "Oak, Anna" in listed
    only = client.get(reverse("edits", args=[YEAR]), {"only": "overridden"}).content.decode()
    assert "Oak, Anna" not in only
    number = LocalEdit.objects.get().pk
    for _ in range(2):
        released = client.post(reverse("edits", args=[YEAR]), {"edit": number}, follow=True)
    assert "There is no such edit any more." in released.content.decode()
    assert not LocalEdit.objects.get().is_active


def test_an_edit_is_undone_on_its_page(state: SmallState, sign_in: SignIn) -> None:
    ann = student_of(state.north_high)
    client = sign_in()
    address = reverse("edit_student", args=[YEAR, ann.uuid])
    saved = client.post(address, {"first_name": "Anna"})["Location"]
    plan = saved.split("saved=")[1]
    assert "Undo this edit" in client.get(saved).content.decode()
    assert "Undone" in client.post(address, {"undo": plan}, follow=True).content.decode()
    assert Student.objects.get().first_name == "Ann"
    again = client.post(address, {"undo": plan}, follow=True).content.decode()
    assert "undone already" in again
    for odd in ("nonsense", str(uuid4())):
        told = client.post(address, {"undo": odd}, follow=True).content.decode()
        assert "There is no such edit." in told
    same = client.post(address, {"first_name": "Ann"}, follow=True).content.decode()
    assert "Nothing differs" in same


def test_staff_and_classes_have_pages_too(state: SmallState, sign_in: SignIn) -> None:
    tea = Staff.objects.create(district=state.north, last_name="Tea")
    course = Course.objects.create(organization=state.north, title="Art")
    art = Class.objects.create(
        school=state.north_high, course=course, title="Art", kind="scheduled", school_year=YEAR
    )
    client = sign_in("district_admin", state.north)
    client.post(reverse("edit_staff", args=[YEAR, tea.uuid]), {"email": "t@example.org"})
    client.post(reverse("edit_class", args=[YEAR, art.uuid]), {"title": "Art 2"})
    assert Staff.objects.get().email == "t@example.org"
    assert Class.objects.get().title == "Art 2"
    for name, uuid in (("edit_staff", tea.uuid), ("edit_class", art.uuid)):
        assert client.get(reverse(name, args=[YEAR, uuid])).status_code == 200


@pytest.mark.parametrize("name", ["edit_student", "edit_staff", "edit_class"])
def test_a_record_out_of_sight_is_missing(name: str, state: SmallState, sign_in: SignIn) -> None:
    ann = student_of(state.south_high)
    client = sign_in("district_admin", state.north)
    for uuid in (ann.uuid, uuid4()):
        address = reverse(name, args=[YEAR, uuid])
        assert client.get(address).status_code == 404
        assert client.post(address, {"first_name": "X"}).status_code == 404
    assert Student.objects.get().first_name == "Ann"
