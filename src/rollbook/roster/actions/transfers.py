"""Ask another district for a student, let one go, and answer what a second school means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from rollbook.audit.actions import record
from rollbook.orgs.models import Organization
from rollbook.people.models import Student
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import EnrollmentQuestion, TransferRequest
from rollbook.roster.plan.draft import SchoolQuestion, TransferAsk
from rollbook.roster.queries.identity import get_question, get_transfer
from rollbook.roster.rules.policy import SecondSchoolPolicy
from rollbook.roster.types import TransferDecided, TransfersAsked, TransferStatus
from rollbook.shared import events
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

OPEN: Final = (TransferStatus.ASKED.value, TransferStatus.RELEASED.value)
REFUSED, DONE = TransferStatus.REFUSED.value, TransferStatus.DONE.value
MOST_ASKED: Final = 1_000
# A refusal is an answer for this long, and a school that has just let a student go may take as
# long to say so in its own system: a nightly file does not ask again before.
QUIET: Final = timedelta(days=30)
MOST_REASON: Final = 400  # characters: the column


class MayNotDecideTransfer(PermissionError):
    """Say that this person may not decide for the district whose student it is."""


class TransferIsDecided(ValueError):
    """Say that this request was answered or withdrawn already, so it cannot be again."""


class MayNotAnswer(PermissionError):
    """Say that this person may not approve changes at both of the schools."""


class NoSuchAnswer(ValueError):
    """Say that the answer is not one of add, move and cancel."""


def note_requests(intake: Intake, asks: Iterable[TransferAsk], *, by: Actor, now: datetime) -> int:
    """Ask for the students of other districts whom a roster lists, each once.

    Shape: how many are new. A student who is asked for already, was refused lately, or has just
           left the asking district by a transfer is not asked for again; a file that lists more
           strangers than MOST_ASKED is a wrong file, and asks for nobody.
    """
    wanted = _unasked(list(asks), now)
    if not wanted or len(wanted) > MOST_ASKED:
        return 0
    homes = dict(
        Student.objects.filter(pk__in=[ask.student_id for ask in wanted]).values_list(
            "pk", "district_id"
        )
    )
    rows = [_request(ask, homes[ask.student_id], intake, by, now) for ask in wanted]
    with transaction.atomic():
        # Another run of the same roster may have asked a moment ago.
        TransferRequest.objects.bulk_create(rows, ignore_conflicts=True)
        for district, count in sorted(Counter(row.from_district_id for row in rows).items()):
            _tell_asked(intake, district, count, by=by, now=now)
    return len(rows)


def _unasked(asks: Sequence[TransferAsk], now: datetime) -> list[TransferAsk]:
    students = {ask.student_id for ask in asks}
    districts = {ask.to_district_id for ask in asks}
    # A district that is itself only planned asks once it is there.
    there = set(Organization.objects.filter(pk__in=districts).values_list("pk", flat=True))
    known = TransferRequest.objects.filter(student_id__in=students)
    answered = known.filter(decided_at__gt=now - QUIET)
    closed = {
        *known.filter(status__in=OPEN).values_list("student_id", "to_district_id"),
        *answered.filter(status=REFUSED).values_list("student_id", "to_district_id"),
        *answered.filter(status=DONE).values_list("student_id", "from_district_id"),
    }
    once = {(ask.student_id, ask.to_district_id): ask for ask in asks}
    return [ask for key, ask in once.items() if key not in closed and ask.to_district_id in there]


def _request(
    ask: TransferAsk, home: int, intake: Intake | None, by: Actor, now: datetime
) -> TransferRequest:
    return TransferRequest(
        student_id=ask.student_id,
        from_district_id=home,
        to_district_id=ask.to_district_id,
        intake=intake,
        status=TransferStatus.ASKED.value,
        said={
            "state_id": ask.state_id,
            "first_name": ask.first_name,
            "last_name": ask.last_name,
            "line": ask.line,
        },
        asked_by=by.label,
        asked_at=now,
    )


def _tell_asked(
    intake: Intake | None, district: int, count: int, *, by: Actor, now: datetime
) -> None:
    record(
        action="ask_for_transfer",
        subject_kind="roster intake",
        subject_uuid=intake.uuid if intake else None,
        by=by,
        now=now,
        detail={"count": count},
    )
    event = TransfersAsked(intake.uuid if intake else None, district, count)
    transaction.on_commit(lambda: events.announce(event))


def note_questions(
    intake: Intake, questions: Iterable[SchoolQuestion], *, by: Actor, now: datetime
) -> int:
    """Keep the questions of a plan for a person, and the answers that its policy gave itself.

    Shape: how many are new; one that is there already, open or answered, stays as it is.
    """
    found = list(questions)
    places = {place for q in found for place in (q.from_school_id, q.to_school_id)}
    there = set(Organization.objects.filter(pk__in=places).values_list("pk", flat=True))
    rows = [
        EnrollmentQuestion(
            student_id=question.student_id,
            from_school_id=question.from_school_id,
            to_school_id=question.to_school_id,
            school_year=question.school_year,
            intake=intake,
            asked_at=now,
            answer=question.answer,
            answered_by="policy" if question.answer else "",
            answered_at=now if question.answer else None,
        )
        for question in found
        if {question.from_school_id, question.to_school_id} <= there
    ]
    known = EnrollmentQuestion.objects.filter(student_id__in={row.student_id for row in rows})
    before = known.count()
    EnrollmentQuestion.objects.bulk_create(rows, ignore_conflicts=True)
    del by  # the audit entry of the intake says who sent it
    return known.count() - before


def ask_for_transfer(
    scope: Scope, request_uuid: UUID, *, by: Actor, now: datetime
) -> TransferRequest:
    """Ask again for a student, after a refusal or a withdrawal.

    Raises: TransferNotFound, MayNotDecideTransfer, TransferIsDecided where one is open already.
    """
    old = get_transfer(scope, request_uuid)
    _require(scope, Permission.ROSTER_WRITE, old.to_district_id)
    known = TransferRequest.objects.filter(
        student_id=old.student_id, to_district_id=old.to_district_id, status__in=OPEN
    )
    if known.exists() or old.status == TransferStatus.DONE.value:
        raise TransferIsDecided
    with transaction.atomic():
        ask = TransferAsk(old.student_id, old.to_district_id, **old.said)
        made = _request(ask, old.student.district_id, old.intake, by, now)
        made.save()
        _tell_asked(None, made.from_district_id, 1, by=by, now=now)
    return made


def release_transfer(
    scope: Scope, request_uuid: UUID, *, by: Actor, now: datetime
) -> TransferRequest:
    """Let a student go: the asking district's next roster may take the record over.

    Raises: TransferNotFound, MayNotDecideTransfer, TransferIsDecided.
    """
    return _decide(scope, request_uuid, TransferStatus.RELEASED, by=by, now=now)


def refuse_transfer(
    scope: Scope, request_uuid: UUID, reason: str, *, by: Actor, now: datetime
) -> TransferRequest:
    """Keep a student, and say why; the asking district reads the reason.

    Raises: TransferNotFound, MayNotDecideTransfer, TransferIsDecided.
    """
    return _decide(scope, request_uuid, TransferStatus.REFUSED, reason=reason, by=by, now=now)


def withdraw_transfer(
    scope: Scope, request_uuid: UUID, *, by: Actor, now: datetime
) -> TransferRequest:
    """Take a request back, asked or released, as long as the student has not come.

    Raises: TransferNotFound, MayNotDecideTransfer, TransferIsDecided.
    """
    with transaction.atomic():
        request = _locked(scope, request_uuid)
        _require(scope, Permission.ROSTER_WRITE, request.to_district_id)
        if request.status not in OPEN:
            raise TransferIsDecided
        return _ended(request, TransferStatus.WITHDRAWN, by=by, now=now)


@transaction.atomic
def finish_transfers(*, by: Actor, now: datetime) -> int:
    """Note which released students have come, and which have gone back by an undo; count them.

    Who is asked for and has gone to a third district meanwhile is asked for there.
    """
    count = _ask_where_they_are(by=by, now=now)
    released = TransferRequest.objects.filter(status=TransferStatus.RELEASED.value)
    for request in released.select_related("student").select_for_update(of=("self",)):
        if request.student.district_id == request.to_district_id:
            _ended(request, TransferStatus.DONE, by=by, now=now)
            count += 1
    lately = TransferRequest.objects.filter(
        status=TransferStatus.DONE.value, decided_at__gt=now - QUIET
    )
    for request in lately.select_related("student").select_for_update(of=("self",)):
        if request.student.district_id == request.from_district_id:
            _ended(request, TransferStatus.RELEASED, by=by, now=now)
            count += 1
    return count


def _ask_where_they_are(*, by: Actor, now: datetime) -> int:
    """Ask the district that holds a student now; what the one before has said does not bind it."""
    moved = (
        TransferRequest.objects.filter(status__in=OPEN)
        .exclude(student__district_id=F("from_district_id"))
        .exclude(student__district_id=F("to_district_id"))
        .select_related("student")
        .select_for_update(of=("self",))
    )
    count = 0
    for request in moved:
        request.from_district_id = request.student.district_id
        request.status, request.decided_by, request.decided_at = OPEN[0], "", None
        request.save(update_fields=["from_district", "status", "decided_by", "decided_at"])
        _tell_asked(None, request.from_district_id, 1, by=by, now=now)
        count += 1
    return count


def answer_question(
    scope: Scope, question_uuid: UUID, answer: str, *, by: Actor, now: datetime
) -> EnrollmentQuestion:
    """Say what a second school means; the next plan of the roster honours it, all year.

    Raises: QuestionNotFound, MayNotAnswer, NoSuchAnswer.
    """
    if answer not in set(SecondSchoolPolicy) - {SecondSchoolPolicy.ASK}:
        raise NoSuchAnswer
    question = get_question(scope, question_uuid)
    reach = scope.over(Permission.ROSTER_APPROVE)
    if not (reach.includes(question.from_school_id) and reach.includes(question.to_school_id)):
        raise MayNotAnswer
    with transaction.atomic():
        question.answer, question.answered_by, question.answered_at = str(answer), by.label, now
        question.save(update_fields=["answer", "answered_by", "answered_at"])
        record(
            action="answer_question",
            subject_kind="enrollment question",
            subject_uuid=question.uuid,
            by=by,
            now=now,
            organization_id=question.to_school_id,
            detail={"answer": str(answer)},
        )
    return question


def _decide(
    scope: Scope,
    request_uuid: UUID,
    status: TransferStatus,
    *,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> TransferRequest:
    with transaction.atomic():
        request = _locked(scope, request_uuid)
        _require(scope, Permission.ROSTER_APPROVE, request.from_district_id)
        if request.status != TransferStatus.ASKED.value:
            raise TransferIsDecided
        request.reason = reason.strip()[:MOST_REASON]
        _ended(request, status, by=by, now=now)
    is_released = status is TransferStatus.RELEASED
    events.announce(TransferDecided(request.uuid, request.to_district_id, is_released))
    return request


def _locked(scope: Scope, request_uuid: UUID) -> TransferRequest:
    found = get_transfer(scope, request_uuid)
    return TransferRequest.objects.select_for_update().get(pk=found.pk)


def _require(scope: Scope, permission: Permission, district_id: int) -> None:
    if not scope.over(permission).includes(district_id):
        raise MayNotDecideTransfer


def _ended(
    request: TransferRequest, status: TransferStatus, *, by: Actor, now: datetime
) -> TransferRequest:
    request.status, request.decided_by, request.decided_at = status.value, by.label, now
    request.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    _record(request, f"transfer_{status.value}", by=by, now=now)
    return request


def _record(request: TransferRequest, action: str, *, by: Actor, now: datetime) -> None:
    record(
        action=action,
        subject_kind="transfer request",
        subject_uuid=request.uuid,
        by=by,
        now=now,
        organization_id=request.to_district_id,
        detail={"status": request.status},
    )
