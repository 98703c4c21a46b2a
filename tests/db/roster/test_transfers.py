"""One district asks another for a student; who decides, and what each side may see."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from rollbook.audit.models import AuditEntry
from rollbook.config.reactions import connect
from rollbook.messages.models import Mail, Message
from rollbook.orgs.models import Organization
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.queries.roster import enrollments_elsewhere, roster_frames, student_aliases
from rollbook.roster.actions.transfers import (
    MayNotAnswer,
    MayNotDecideTransfer,
    NoSuchAnswer,
    TransferIsDecided,
    answer_question,
    ask_for_transfer,
    finish_transfers,
    note_questions,
    note_requests,
    refuse_transfer,
    release_transfer,
    withdraw_transfer,
)
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import EnrollmentQuestion, TransferRequest
from rollbook.roster.plan.draft import SchoolQuestion, TransferAsk
from rollbook.roster.queries.identity import (
    QuestionNotFound,
    TransferNotFound,
    get_transfer,
    open_matters,
    open_questions,
    questions_in,
    released_to,
    school_answers,
    transfers_asked_by,
    transfers_asked_of,
)
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account, grant, reader_of
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def places() -> SmallState:
    return small_state()


@pytest.fixture
def ana(places: SmallState) -> Student:
    return Student.objects.create(
        district=places.north, source="n", sourced_id="k", ssid="900", first_name="CANARYFIRST",
        last_name="CANARYLAST", local_id="CANARYLOCAL", birth_date=date(2015, 2, 3),
    )  # fmt: skip


@pytest.fixture
def intake(places: SmallState) -> Intake:
    return Intake.objects.create(
        organization=places.south, source="s", file_name="south.zip", sha256="0" * 64,
        byte_count=1, profile="lenient", status="planned", received_by="test", received_at=NOW,
    )  # fmt: skip


@pytest.fixture
def request_(places: SmallState, ana: Student, intake: Intake) -> TransferRequest:
    asked(intake, ana, places.south)
    return TransferRequest.objects.get()


def asked(intake: Intake, of: Student, to: Organization, **more: Any) -> int:
    ask = TransferAsk(of.pk, to.pk, 7, "900", "Anna", "As-Sent")
    return note_requests(intake, [ask], by=BY, **{"now": NOW} | more)


def approver(place: Organization) -> Scope:
    return reader_of(place, permission=Permission.ROSTER_APPROVE)


def sender(place: Organization) -> Scope:
    reach = reader_of(place, permission=Permission.ROSTER_READ).over(Permission.ROSTER_READ)
    rights = {Permission.ROSTER_READ: reach, Permission.ROSTER_WRITE: reach}
    return Scope(account_id=None, label="sender", on=ON, reach=rights)


def test_a_student_is_asked_for_once_and_the_holder_is_told_without_a_name(
    places: SmallState, ana: Student, intake: Intake, django_capture_on_commit_callbacks: Any
) -> None:
    connect()
    holder, other = account("n@example.org"), account("s@example.org")
    grant(holder, "district_admin", places.north)
    grant(other, "district_admin", places.south)
    with django_capture_on_commit_callbacks(execute=True):
        assert asked(intake, ana, places.south) == 1
        assert asked(intake, ana, places.south) == 0
    (message,) = Message.objects.filter(kind="transfers_asked")
    assert (message.account_id, message.title) == (
        holder.pk, "Another district asks for 1 student"
    )  # fmt: skip
    (mail,) = Mail.objects.all()
    assert mail.recipient == holder.email
    told = f"{message.title} {message.body} {message.link} {mail.subject} {mail.body}"
    assert [word for word in ("CANARY", "900", "As-Sent", "South") if word in told] == []
    entry = AuditEntry.objects.get(action="ask_for_transfer")
    assert entry.detail == {"count": 1}


def test_only_the_holding_district_sees_whose_the_student_is(
    places: SmallState, request_: TransferRequest
) -> None:
    assert [r.student.last_name for r in transfers_asked_of(approver(places.north))] == [
        "CANARYLAST"
    ]
    for scope in (approver(places.south), sender(places.north), sender(places.south)):
        assert list(transfers_asked_of(scope)) == []
    (mine,) = transfers_asked_by(sender(places.south))
    assert mine.said == {
        "state_id": "900", "first_name": "Anna", "last_name": "As-Sent", "line": 7
    }  # fmt: skip
    assert list(transfers_asked_by(sender(places.north))) == []
    middle = reader_of(places.south_middle, permission=Permission.ROSTER_APPROVE)
    with pytest.raises(TransferNotFound):
        get_transfer(middle, request_.uuid)


def test_the_holder_alone_decides(places: SmallState, request_: TransferRequest) -> None:
    for scope in (
        approver(places.south),
        reader_of(places.state, permission=Permission.ROSTER_READ),
    ):
        with pytest.raises(TransferNotFound):
            release_transfer(scope, request_.uuid, by=BY, now=NOW)
    for decide in (release_transfer, lambda *a, **k: refuse_transfer(*a, "no", **k)):
        with pytest.raises(MayNotDecideTransfer):
            decide(sender(places.south), request_.uuid, by=BY, now=NOW)
    with pytest.raises(MayNotDecideTransfer):
        withdraw_transfer(approver(places.north), request_.uuid, by=BY, now=NOW)
    assert released_to(EVERYTHING) == frozenset()
    release_transfer(approver(places.north), request_.uuid, by=BY, now=NOW)
    assert released_to(sender(places.south)) == {request_.student_id}
    assert released_to(EVERYTHING, district_ids=[places.north.pk]) == frozenset()
    assert released_to(sender(places.north)) == frozenset()
    with pytest.raises(TransferIsDecided):
        refuse_transfer(approver(places.north), request_.uuid, "late", by=BY, now=NOW)


def test_a_refusal_is_heard_and_not_asked_again_by_every_file(
    places: SmallState, ana: Student, intake: Intake, request_: TransferRequest
) -> None:
    connect()
    grant(account("s@example.org"), "district_admin", places.south)
    refuse_transfer(approver(places.north), request_.uuid, " still here ", by=BY, now=NOW)
    (mine,) = transfers_asked_by(sender(places.south))
    assert (mine.status, mine.reason) == ("refused", "still here")
    assert Message.objects.get().title == "A student you asked for was refused"
    assert asked(intake, ana, places.south) == 0
    assert asked(intake, ana, places.south, now=NOW + timedelta(days=31)) == 1


def test_a_person_may_ask_again_and_take_it_back(
    places: SmallState, request_: TransferRequest
) -> None:
    here = sender(places.south)
    with pytest.raises(TransferIsDecided):
        ask_for_transfer(here, request_.uuid, by=BY, now=NOW)
    withdraw_transfer(here, request_.uuid, by=BY, now=NOW)
    with pytest.raises(TransferIsDecided):
        withdraw_transfer(here, request_.uuid, by=BY, now=NOW)
    again = ask_for_transfer(here, request_.uuid, by=BY, now=NOW)
    assert (again.status, again.said) == ("asked", request_.said)
    with pytest.raises(MayNotDecideTransfer):
        ask_for_transfer(approver(places.north), again.uuid, by=BY, now=NOW)


def test_a_transfer_is_done_when_the_student_came_and_open_again_after_an_undo(
    places: SmallState, ana: Student, intake: Intake, request_: TransferRequest
) -> None:
    release_transfer(approver(places.north), request_.uuid, by=BY, now=NOW)
    assert finish_transfers(by=BY, now=NOW) == 0
    Student.objects.filter(pk=ana.pk).update(district=places.south)
    assert finish_transfers(by=BY, now=NOW) == 1
    request_.refresh_from_db()
    assert request_.status == "done"
    # The old district's file still lists the student for a while: that asks for nobody.
    assert asked(intake, ana, places.north) == 0
    Student.objects.filter(pk=ana.pk).update(district=places.north)
    assert finish_transfers(by=BY, now=NOW) == 1
    request_.refresh_from_db()
    assert request_.status == "released"


def test_a_file_of_strangers_and_a_district_that_is_not_there_ask_for_nobody(
    places: SmallState, ana: Student, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert note_requests(intake, [TransferAsk(ana.pk, 10**9, 2, "", "", "")], by=BY, now=NOW) == 0
    monkeypatch.setattr("rollbook.roster.actions.transfers.MOST_ASKED", 0)
    assert asked(intake, ana, places.south) == 0


def question(places: SmallState, ana: Student, intake: Intake) -> EnrollmentQuestion:
    SchoolEnrollment.objects.create(
        student=ana, school=places.north_high, school_year=2027, source="n", sourced_id="r"
    )
    asks = [SchoolQuestion(ana.pk, places.north_high.pk, places.north_middle.pk, 2027)]
    assert note_questions(intake, asks, by=BY, now=NOW) == 1
    assert note_questions(intake, asks, by=BY, now=NOW) == 0
    return EnrollmentQuestion.objects.get()


def test_a_question_is_answered_by_who_approves_at_both_schools(
    places: SmallState, ana: Student, intake: Intake
) -> None:
    asked_ = question(places, ana, intake)
    half = reader_of(places.north_high, permission=Permission.ROSTER_READ)
    assert list(questions_in(half)) == []
    with pytest.raises(QuestionNotFound):
        answer_question(half, asked_.uuid, "add", by=BY, now=NOW)
    both = places.north_high, places.north_middle
    reader = reader_of(*both, permission=Permission.ROSTER_READ)
    with pytest.raises(MayNotAnswer):
        answer_question(reader, asked_.uuid, "add", by=BY, now=NOW)
    for wrong in ("ask", "", "maybe"):
        with pytest.raises(NoSuchAnswer):
            answer_question(EVERYTHING, asked_.uuid, wrong, by=BY, now=NOW)
    assert school_answers(EVERYTHING).is_empty()
    assert open_matters(EVERYTHING).total == 1
    answer_question(EVERYTHING, asked_.uuid, "move", by=BY, now=NOW)
    assert school_answers(EVERYTHING).rows() == [
        (ana.pk, places.north_high.pk, places.north_middle.pk, 2027, "move")
    ]
    assert open_matters(EVERYTHING).total == 0


def test_a_question_is_moot_when_the_first_school_let_go(
    places: SmallState, ana: Student, intake: Intake
) -> None:
    question(places, ana, intake)
    assert open_questions(EVERYTHING).count() == 1
    SchoolEnrollment.objects.update(is_active=False)
    assert open_questions(EVERYTHING).count() == 0


def test_a_plan_reads_what_it_needs_to_recognize_students(places: SmallState, ana: Student) -> None:
    stay = SchoolEnrollment.objects.create(
        student=ana, school=places.north_high, school_year=2027, source="n", sourced_id="r"
    )
    assert enrollments_elsewhere(EVERYTHING, source="s")["id"].to_list() == [stay.pk]
    assert enrollments_elsewhere(EVERYTHING, source="n").is_empty()
    Student.objects.filter(pk=ana.pk).update(ssid="")
    assert roster_frames(EVERYTHING, source="s")["students"]["id"].to_list() == [ana.pk]
    assert student_aliases(EVERYTHING).schema["student_id"] == pl.Int64()


def test_a_release_does_not_bind_the_district_to_which_a_student_has_gone(
    places: SmallState, ana: Student, request_: TransferRequest
) -> None:
    """North was asked, and has let the student go to a third district in the meantime."""
    third = Organization.objects.create(kind="district", name="Third", parent=places.state)
    Student.objects.filter(pk=ana.pk).update(district=third)
    assert list(transfers_asked_of(approver(places.north))) == []
    with pytest.raises(TransferNotFound):
        release_transfer(approver(places.north), request_.uuid, by=BY, now=NOW)
    TransferRequest.objects.update(status="released", decided_at=NOW)
    assert released_to(sender(places.south)) == frozenset()

    assert finish_transfers(by=BY, now=NOW) == 1
    assert finish_transfers(by=BY, now=NOW) == 0
    request_.refresh_from_db()
    assert (request_.from_district, request_.status) == (third, "asked")
    release_transfer(approver(third), request_.uuid, by=BY, now=NOW)
    assert released_to(sender(places.south)) == frozenset({ana.pk})
