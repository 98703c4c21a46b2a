"""The pages and commands of decisions about students: what each shows, does and keeps quiet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rollbook.cli import identity as commands
from rollbook.cli.terminal import Operator
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import (
    DuplicateDecision,
    EnrollmentQuestion,
    TransferRequest,
)
from tests.faces.conftest import SignIn
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import SmallState

YEAR = 2027
QUEUE = reverse("roster_questions", args=[YEAR])
DECIDE = reverse("roster_question_decide", args=[YEAR])


def student(place: Any, **cells: Any) -> Student:
    known = {"first_name": "Ana", "last_name": "Holder", "birth_date": date(2015, 2, 3)}
    return Student.objects.create(district=place, **known | cells)


def here(state: SmallState, school: Any = None, **cells: Any) -> Student:
    """Make a student of the north who is at a school now."""
    made = student(state.north, **cells)
    SchoolEnrollment.objects.create(
        student=made, school=school or state.north_high, school_year=YEAR
    )
    return made


def wanted(state: SmallState, of: Student) -> TransferRequest:
    intake = Intake.objects.create(
        organization=state.south, source="s", file_name="south.zip", sha256="0", byte_count=1,
        profile="lenient", status="planned", received_by="test", received_at=NOW,
    )  # fmt: skip
    return TransferRequest.objects.create(
        student=of, from_district=state.north, to_district=state.south, intake=intake,
        status="asked", asked_by="test", asked_at=NOW,
        said={"state_id": "900", "first_name": "Anna", "last_name": "AsSent", "line": 7},
    )  # fmt: skip


def asked(state: SmallState, of: Student) -> EnrollmentQuestion:
    SchoolEnrollment.objects.create(student=of, school=state.north_high, school_year=YEAR)
    return EnrollmentQuestion.objects.create(
        student=of, from_school=state.north_high, to_school=state.north_middle,
        school_year=YEAR, asked_at=NOW,
    )  # fmt: skip


def page(client: Client, path: str = QUEUE) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def pressed(client: Client, choice: str, subject: object, **more: str) -> str:
    sent = {"choice": choice, "subject": str(subject)} | more
    response = client.post(DECIDE, sent, follow=True)
    assert response.redirect_chain == [(QUEUE, 302)]
    return response.content.decode()


def test_the_holding_district_reads_the_name_and_releases(
    state: SmallState, sign_in: SignIn
) -> None:
    request = wanted(state, student(state.north, ssid="900"))
    client = sign_in("district_admin", state.north)
    shown = page(client)
    assert "Holder, Ana" in shown and "South District" in shown and "AsSent" not in shown
    assert "Released." in pressed(client, "release", request.uuid)
    request.refresh_from_db()
    assert request.status == "released"
    assert "decided this already" in pressed(client, "refuse", request.uuid, reason="no")


def test_the_asking_district_reads_only_what_its_own_file_said(
    state: SmallState, sign_in: SignIn
) -> None:
    request = wanted(
        state, student(state.north, ssid="900", local_id="CANARY1", grade="CANARY2",
                       middle_name="CANARY3")
    )  # fmt: skip
    client = sign_in("district_admin", state.south)
    shown = page(client)
    assert "AsSent, Anna" in shown and "south.zip" in shown
    assert [word for word in ("Holder", "CANARY", "North") if word in shown] == []
    assert "may not decide" in pressed(client, "release", request.uuid)
    assert "taken back" in pressed(client, "withdraw", request.uuid)
    assert "asked again" in pressed(client, "ask", request.uuid)
    assert list(TransferRequest.objects.values_list("status", flat=True)) == ["withdrawn", "asked"]


def test_a_district_that_has_nothing_to_do_with_it_sees_nothing(
    state: SmallState, sign_in: SignIn
) -> None:
    request = wanted(state, student(state.north, ssid="900"))
    client = sign_in("school_admin", state.south_middle)
    for path in (QUEUE, reverse("student_id", args=[YEAR, request.student.uuid])):
        assert client.get(path).status_code in (200, 403, 404)
        assert "Holder" not in client.get(path).content.decode()


@pytest.mark.parametrize("answer", ["add", "move", "cancel"])
def test_a_second_school_is_answered(state: SmallState, sign_in: SignIn, answer: str) -> None:
    question = asked(state, student(state.north))
    client = sign_in("district_admin", state.north)
    assert "North Middle" in page(client)
    assert "Noted." in pressed(client, answer, question.uuid)
    question.refresh_from_db()
    assert question.answer == answer
    assert "Nobody came at a second school." in page(client)


def test_two_records_are_compared_merged_and_parted(state: SmallState, sign_in: SignIn) -> None:
    keep, gone = here(state, ssid="900"), here(state, local_id="7")
    client = sign_in("district_admin", state.north)
    path = reverse("duplicate_pair", args=[YEAR, keep.uuid, gone.uuid])
    assert path in page(client)
    shown = page(client, path)
    assert shown.count("differs") == 2 and f"keep-{gone.uuid}" not in shown
    response = client.post(path, {"choice": "merge", "keep": str(keep.uuid)}, follow=True)
    assert "You can undo this below." in response.content.decode()
    gone.refresh_from_db()
    assert gone.merged_into_id == keep.pk
    (row,) = response.context["merged"]
    assert "values from before are back" in pressed(client, "undo", row["plan"].uuid)
    gone.refresh_from_db()
    assert gone.merged_into_id is None


def test_two_students_are_left_two(state: SmallState, sign_in: SignIn) -> None:
    one, other = here(state), here(state)
    client = sign_in("district_admin", state.north)
    path = reverse("duplicate_pair", args=[YEAR, one.uuid, other.uuid])
    assert client.post(path, {"choice": "merge", "keep": "nobody"}).status_code == 200
    assert client.post(path, {"choice": "two"}, follow=True).status_code == 200
    assert DuplicateDecision.objects.count() == 1
    assert "No two records look alike." in page(client)


def test_a_new_id_is_given(state: SmallState, sign_in: SignIn) -> None:
    one = here(state, ssid="900")
    client = sign_in("district_admin", state.north)
    path = reverse("student_id", args=[YEAR, one.uuid])
    assert "900" in page(client, path)
    assert "does not have yet" in client.post(path, {"ssid": "900"}).content.decode()
    assert client.post(path, {"ssid": "901"}, follow=True).redirect_chain == [(QUEUE, 302)]
    one.refresh_from_db()
    assert one.ssid == "901"


@pytest.mark.parametrize("role", ["district_admin", "approver", "integrator"])
def test_who_does_not_see_a_student_by_name_decides_nothing_about_that_record(
    state: SmallState, sign_in: SignIn, role: str
) -> None:
    """The record stays with the district that made it; the child is at a school elsewhere now."""
    one, other = here(state, state.south_high, ssid="900"), here(state, state.south_high)
    client = sign_in(role, state.north)
    assert "Holder" not in page(client)
    for path in (
        reverse("duplicate_pair", args=[YEAR, one.uuid, other.uuid]),
        reverse("student_id", args=[YEAR, one.uuid]),
    ):
        for answer in (client.get(path), client.post(path, {"choice": "two", "ssid": "901"})):
            assert answer.status_code in (403, 404)
            assert "Holder" not in answer.content.decode()
    assert DuplicateDecision.objects.count() == 0


@pytest.mark.parametrize(
    ("choice", "subject"), [("", ""), ("release", "x"), ("nonsense", "0"), ("undo", "\x00")]
)
def test_nonsense_decides_nothing(
    state: SmallState, sign_in: SignIn, choice: str, subject: str
) -> None:
    assert "Nothing was done." in pressed(sign_in(), choice, subject)


def test_what_is_not_there_is_not_found(state: SmallState, sign_in: SignIn) -> None:
    nothing = "00000000-0000-4000-8000-000000000000"
    client = sign_in()
    for choice in ("release", "refuse", "withdraw", "ask", "add"):
        assert client.post(DECIDE, {"choice": choice, "subject": nothing}).status_code == 404
    assert "nothing like that" in pressed(client, "undo", nothing)
    assert client.get(reverse("student_id", args=[YEAR, nothing])).status_code == 404
    assert client.get(reverse("duplicate_pair", args=[YEAR, nothing, nothing])).status_code == 404


def test_the_queue_asks_the_database_as_often_for_three_as_for_one(
    state: SmallState, sign_in: SignIn
) -> None:
    client = sign_in()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked_:
            page(client)
        return len(asked_)

    def more(number: int) -> None:
        here, twin = student(state.north, ssid=f"9{number}"), student(state.north)
        for one in (here, twin):
            Student.objects.filter(pk=one.pk).update(first_name=f"Name {number}")
        wanted(state, here)
        asked(state, twin)

    more(0)
    queries()
    first = queries()
    more(1)
    more(2)
    assert queries() == first


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command in this process, against this database."""
    monkeypatch.setattr(commands, "operator", lambda: Operator(EVERYTHING, BY, NOW))

    def ran(*words: object) -> str:
        done = CliRunner().invoke(
            commands.identity, [str(word) for word in words], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.output

    return ran


def test_the_commands_decide_as_the_pages_do(state: SmallState, run: Callable[..., str]) -> None:
    keep, gone = student(state.north, ssid="900"), student(state.north)
    assert "Holder" not in run("duplicates")
    assert "Holder, Ana" in run("duplicates", "--names", "--format", "json")
    plan = run("merge", keep.uuid, gone.uuid).split(" split ")[1].split("`")[0]
    assert "Undone" in run("split", plan)
    assert "are two" in run("two", keep.uuid, gone.uuid)
    assert "Wrote" in run("change-id", keep.uuid, "--ssid", "901")
    request = wanted(state, keep)
    assert "AsSent" not in run("transfers")
    assert "AsSent" in run("transfers", "--names")
    assert "Refused" in run("refuse", request.uuid, "--reason", "no")
    again = run("ask-again", request.uuid).split()[-1].strip(".")
    assert "Released" in run("release", again)
    assert "back" in run("withdraw", again)
    question = asked(state, keep)
    assert "Holder" not in run("questions")
    assert "Noted" in run("answer", question.uuid, "move")
    assert "Holder" not in run("questions", "--names")
