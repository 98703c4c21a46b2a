"""What a person must decide about students: transfers, second schools, likely duplicates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final
from uuid import UUID

import polars as pl
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from rollbook.orgs.queries import within
from rollbook.people.models import SchoolEnrollment
from rollbook.people.queries.students import enrolled_now
from rollbook.roster.models.questions import EnrollmentQuestion, TransferRequest
from rollbook.roster.plan.draft import ANSWERS
from rollbook.roster.types import TransferStatus
from rollbook.shared.scope import Permission, Scope

_WAITS: Final = (TransferStatus.ASKED.value, TransferStatus.RELEASED.value)


class TransferNotFound(LookupError):
    """Say that there is no such request, or none that this reader may see."""


class QuestionNotFound(LookupError):
    """Say that there is no such question, or none that this reader may see."""


@dataclass(frozen=True, slots=True)
class OpenMatters:
    """Count what waits for a decision of this reader."""

    transfers_in: int
    questions: int

    @property
    def total(self) -> int:
        """Return how many there are in all."""
        return self.transfers_in + self.questions


def transfers_asked_of(scope: Scope) -> QuerySet[TransferRequest]:
    """Return the requests for students of districts where the reader approves rosters.

    Shape: the oldest first; the student is the reader's own district's, and was until now where
           nobody has decided yet.
    """
    reach = scope.over(Permission.ROSTER_APPROVE)
    return (
        TransferRequest.objects.select_related("student", "to_district", "from_district", "intake")
        .filter(within(reach, "from_district_id"))
        .exclude(~Q(student__district_id=F("from_district_id")), status=_WAITS[0])
        .order_by("asked_at", "pk")
    )


def transfers_asked_by(scope: Scope) -> QuerySet[TransferRequest]:
    """Return the requests that the reader's own districts made, the latest first.

    Shape: `said` is what their roster said; nothing else of the student is theirs to see, nor
           which district holds the record.
    """
    reach = scope.over(Permission.ROSTER_READ)
    return (
        TransferRequest.objects.select_related("to_district", "intake")
        .defer("from_district")
        .filter(within(reach, "to_district_id"))
        .order_by("-asked_at", "-pk")
    )


def get_transfer(scope: Scope, uuid: UUID) -> TransferRequest:
    """Return a request that this reader's district made, or is asked to answer.

    Raises: TransferNotFound.
    """
    for seen in (transfers_asked_of(scope), transfers_asked_by(scope)):
        if (found := seen.filter(uuid=uuid).first()) is not None:
            return found
    raise TransferNotFound


def questions_in(scope: Scope) -> QuerySet[EnrollmentQuestion]:
    """Return the questions about second schools where the reader sees both rosters.

    Shape: open ones first, then the latest answered.
    """
    reach = scope.over(Permission.ROSTER_READ)
    return (
        EnrollmentQuestion.objects.select_related("student", "from_school", "to_school", "intake")
        .filter(within(reach, "from_school_id") & within(reach, "to_school_id"))
        .order_by("answer", "-asked_at", "pk")
    )


def open_questions(scope: Scope) -> QuerySet[EnrollmentQuestion]:
    """Return the questions that still matter: unanswered, and the first school has not let go."""
    still_there = SchoolEnrollment.objects.filter(
        pk__in=enrolled_now(scope).values("pk"),
        student=OuterRef("student"),
        school=OuterRef("from_school"),
    )
    return questions_in(scope).filter(Q(answer="") & Exists(still_there))


def get_question(scope: Scope, uuid: UUID) -> EnrollmentQuestion:
    """Return one question that this reader may see.

    Raises: QuestionNotFound.
    """
    found = questions_in(scope).filter(uuid=uuid).first()
    if found is None:
        raise QuestionNotFound
    return found


def school_answers(scope: Scope) -> pl.DataFrame:
    """Return every answer about second schools, for a plan that honours them.

    Shape: as ANSWERS; empty for a reader who may not read rosters.
    """
    if not scope.may(Permission.ROSTER_READ):
        return pl.DataFrame(schema=ANSWERS)
    rows = EnrollmentQuestion.objects.exclude(answer="").order_by("pk")
    return pl.DataFrame(list(rows.values_list(*ANSWERS.names())), schema=ANSWERS, orient="row")


def released_to(scope: Scope, *, district_ids: Collection[int] | None = None) -> frozenset[int]:
    """Return the students whom other districts have let go to the sender's, by id.

    Shape: to the districts named, of a saved source; else to all for which the reader may send.
           Who has gone to a third district since was not let go by that one.
    """
    reach = scope.over(Permission.ROSTER_WRITE)
    found = TransferRequest.objects.filter(
        within(reach, "to_district_id"),
        status=TransferStatus.RELEASED.value,
        student__district_id=F("from_district_id"),
    )
    if district_ids is not None:
        found = found.filter(to_district_id__in=list(district_ids))
    return frozenset(found.values_list("student_id", flat=True))


def elsewhere_mark(scope: Scope, *, source: str, on: date) -> str:
    """Return a short text that differs when other rosters moved students whom this one lists too.

    Shape: blank for a reader who may not read rosters. Equal marks let a file that came before be
           known for a repeat; the students are those with a second name, a question or a request.
           A stay that has ended by `on` is another than one that lasts.
    """
    if not scope.may(Permission.ROSTER_READ):
        return ""
    concerned = (
        Q(student__aliases__source=source)
        | Q(student__questions__intake__source=source)
        | Q(student__transfers__intake__source=source)
    )
    lasts = Q(ends_before=None) | Q(ends_before__gt=on)
    stays = (
        SchoolEnrollment.objects.filter(concerned, is_active=True)
        .exclude(source=source)
        .annotate(lasts=ExpressionWrapper(lasts, output_field=BooleanField()))
        .order_by("pk")
        .values_list("pk", "school_id", "student__source", "student__is_active", "lasts")
        .distinct()
    )
    return sha256(repr(list(stays)).encode()).hexdigest()[:16]


def open_matters(scope: Scope) -> OpenMatters:
    """Count what waits for this reader, for a menu: two counts, whatever the size of the state."""
    return OpenMatters(
        transfers_in=transfers_asked_of(scope).filter(status=_WAITS[0]).count(),
        questions=open_questions(scope).count(),
    )
