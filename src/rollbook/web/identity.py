"""Pages of what a roster cannot decide alone: transfers, second schools, records that are one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rollbook.changes.actions import (
    PlanDoesNotFit,
    PlanIsFinished,
    PlanIsNotCommitted,
    StateMovedOn,
    UndoHasNothingLeft,
)
from rollbook.changes.queries import plan_rows, plans
from rollbook.changes.types import PlanStatus
from rollbook.roster.actions import merges, transfers
from rollbook.roster.queries.duplicates import (
    MOST_SHOWN,
    Likeness,
    get_alike,
    get_pair,
    possible_duplicates,
)
from rollbook.roster.queries.identity import (
    open_questions,
    transfers_asked_by,
    transfers_asked_of,
)
from rollbook.roster.types import TransferStatus
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Scope
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.rosters import crumbs

# One page of work; what is decided makes room for the rest.
SHOWN = 50
MERGES_SHOWN = 10
LONGEST_ID = 255
COMPARED = (
    "ssid", "local_id", "sourced_id", "source", "first_name", "middle_name", "last_name",
    "birth_date", "grade", "school",
)  # fmt: skip


@door(
    rule=(
        "Requests for students of districts within ROSTER_APPROVE, by name; requests of the "
        "reader's own districts, with what their own file said; questions where the reader reads "
        "both schools' rosters; pairs of students whom the reader sees, within ROSTER_READ."
    ),
    needs=Permission.ROSTER_READ,
)
def questions(request: Reader, school_year: int) -> HttpResponse:
    """List what waits for a decision about students, by whom it can be made."""
    scope = request.scope
    asked_of = transfers_asked_of(scope).filter(status=TransferStatus.ASKED.value)
    pairs = possible_duplicates(scope)
    context = {
        "title": _("Which students need a decision?"),
        "section": "rosters",
        "breadcrumbs": crumbs(school_year),
        "asked_of": asked_of[:SHOWN],
        "asked_of_count": asked_of.count(),
        "questions": open_questions(scope)[:SHOWN],
        "question_count": open_questions(scope).count(),
        "pairs": [(pair, _why(pair.likeness)) for pair in pairs[:SHOWN]],
        "pair_count": len(pairs),
        "is_more": len(pairs) == MOST_SHOWN,
        "asked_by": [(one, _says(one.status)) for one in transfers_asked_by(scope)[:SHOWN]],
        "merged": _merged_lately(scope),
        "may_decide": scope.may(Permission.ROSTER_APPROVE),
        "may_send": scope.may(Permission.ROSTER_WRITE),
        "school_year_number": school_year,
    }
    return render(request, "rosters/identity.html", context)


def _why(likeness: Likeness) -> str:
    return {
        Likeness.STATE_ID: _("The same state id but for zeros in front"),
        Likeness.NAME_AND_BIRTH: _("The same name and birth date"),
        Likeness.LOCAL_ID: _("The same local number at the same school"),
        Likeness.NICKNAME: _("The same last name and birth date, and a short first name"),
    }[likeness]


def _says(status: str) -> str:
    return {
        TransferStatus.ASKED.value: _("Asked"),
        TransferStatus.RELEASED.value: _("Released: send the roster again"),
        TransferStatus.REFUSED.value: _("Refused"),
        TransferStatus.WITHDRAWN.value: _("Taken back"),
        TransferStatus.DONE.value: _("The student has come"),
    }.get(status, status)


def _merged_lately(scope: Scope) -> list[dict[str, object]]:
    """List the latest merges and changes of id that can still be taken back."""
    found = [
        plan
        for kind in (merges.MERGE, merges.ID_CHANGE)
        for plan in plans(scope, kind=kind, page=PageRequest(size=MERGES_SHOWN)).items
        if plan.status is PlanStatus.COMMITTED
    ]
    found.sort(key=lambda plan: plan.proposed_at, reverse=True)
    return [
        {
            "plan": plan,
            "is_merge": plan.kind == merges.MERGE,
            "who": plan_rows(scope, plan.uuid, table="students", page=PageRequest(size=1)).items,
        }
        for plan in found[:MERGES_SHOWN]
    ]


@require_POST
@door(
    rule="Decides for districts within ROSTER_APPROVE; a sender asks and takes back for its own.",
    needs=Permission.ROSTER_READ,
)
def decide(request: Reader, school_year: int) -> HttpResponse:
    """Do what the pressed button says with one request, question or merge."""
    subject = _uuid(request.POST.get("subject", ""))
    decision = _DECISIONS.get(request.POST.get("choice", ""))
    if subject is None or decision is None:
        messages.error(request, _("Choose what to do. Nothing was done."))
    else:
        _told(request, lambda: decision(request, subject))
    return redirect("roster_questions", school_year=school_year)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _release(request: Reader, subject: UUID) -> str:
    transfers.release_transfer(request.scope, subject, by=request.actor, now=now())
    return _("Released. The other district's next roster may take the record.")


def _refuse(request: Reader, subject: UUID) -> str:
    reason = typed(request, "reason", transfers.MOST_REASON)
    transfers.refuse_transfer(request.scope, subject, reason, by=request.actor, now=now())
    return _("Refused. The other district is told, and nothing changes.")


def _withdraw(request: Reader, subject: UUID) -> str:
    transfers.withdraw_transfer(request.scope, subject, by=request.actor, now=now())
    return _("The request was taken back.")


def _ask(request: Reader, subject: UUID) -> str:
    transfers.ask_for_transfer(request.scope, subject, by=request.actor, now=now())
    return _("The other district is asked again.")


def _answer(answer: str) -> Callable[[Reader, UUID], str]:
    def answered(request: Reader, subject: UUID) -> str:
        transfers.answer_question(request.scope, subject, answer, by=request.actor, now=now())
        return _("Noted. The next roster that lists the student does so.")

    return answered


def _undo(request: Reader, subject: UUID) -> str:
    merges.split_students(request.scope, subject, by=request.actor, now=now())
    return _("Undone: the values from before are back.")


_DECISIONS: dict[str, Callable[[Reader, UUID], str]] = {
    "release": _release,
    "refuse": _refuse,
    "withdraw": _withdraw,
    "ask": _ask,
    "add": _answer("add"),
    "move": _answer("move"),
    "cancel": _answer("cancel"),
    "undo": _undo,
}


def _told(request: Reader, decision: Callable[[], str]) -> bool:
    """Carry a decision out and say what came of it; tell whether it was."""
    try:
        says = decision()
    except (transfers.MayNotDecideTransfer, transfers.MayNotAnswer, merges.MayNotMerge):
        messages.error(request, _("Your role may not decide this. Nothing was done."))
    except (transfers.TransferIsDecided, PlanIsFinished, PlanIsNotCommitted):
        messages.info(request, _("Somebody has decided this already."))
    except merges.AlreadyMerged:
        messages.info(request, _("One of the two was merged already."))
    except merges.KeepTheStateId:
        messages.error(
            request, _("Keep the record with the state id: results follow it. Nothing was done.")
        )
    except merges.IdIsTaken:
        messages.error(request, _("Another student has this id, or had it once. Nothing was done."))
    except merges.IdIsTheSame:
        messages.info(request, _("Type an id that the student does not have yet."))
    except merges.NoSuchMerge:
        messages.error(request, _("There is nothing like that to change. Nothing was done."))
    except (StateMovedOn, PlanDoesNotFit, UndoHasNothingLeft):
        messages.error(
            request, _("The records have changed since, so nothing was done. Look again.")
        )
    else:
        messages.success(request, says)
        return True
    return False


@door(
    rule="Two students whom the reader sees, of districts within ROSTER_READ, side by side.",
    needs=Permission.ROSTER_READ,
)
def pair(request: Reader, school_year: int, one: UUID, other: UUID) -> HttpResponse:
    """Show two records side by side; merge them, or find that they are two."""
    first, second = get_pair(request.scope, one, other)
    if request.method == "POST" and _told(request, lambda: _decided(request, one, other)):
        return redirect("roster_questions", school_year=school_year)
    rows = [(name, getattr(first, name), getattr(second, name)) for name in COMPARED]
    context = {
        "title": _("Are these the same student?"),
        "section": "rosters",
        "breadcrumbs": [
            *crumbs(school_year),
            (_("Decisions"), reverse("roster_questions", args=[school_year])),
        ],
        "rows": [(name, a, b, a != b) for name, a, b in rows],
        "choices": [
            (record, f"{record.last_name}, {record.first_name}")
            for record, twin in ((first, second), (second, first))
            if record.ssid or not twin.ssid
        ],
        "may_decide": request.scope.may(Permission.ROSTER_APPROVE),
    }
    return render(request, "rosters/identity_pair.html", context)


def _decided(request: Reader, one: UUID, other: UUID) -> str:
    if request.POST.get("choice") == "two":
        merges.decide_two(request.scope, one, other, by=request.actor, now=now())
        return _("Noted: they are two. Nobody is asked about them again.")
    keep = _uuid(request.POST.get("keep", ""))
    if keep not in {one, other}:
        raise merges.NoSuchMerge
    gone = other if keep == one else one
    merges.merge_students(request.scope, keep, gone, by=request.actor, now=now())
    return _("Merged. You can undo this below.")


@door(
    rule="One student whom the reader sees, of a district within ROSTER_APPROVE: name and ids.",
    needs=Permission.ROSTER_APPROVE,
)
def new_id(request: Reader, school_year: int, student: UUID) -> HttpResponse:
    """Give a student another state id or source id; the old one goes on leading there."""
    known = get_alike(request.scope, student)
    if request.method == "POST" and _told(request, lambda: _changed(request, student)):
        return redirect("roster_questions", school_year=school_year)
    context = {
        "title": _("Which id does this student have?"),
        "section": "rosters",
        "breadcrumbs": crumbs(school_year),
        "known": known,
    }
    return render(request, "rosters/identity_id.html", context)


def _changed(request: Reader, student: UUID) -> str:
    merges.change_student_id(
        request.scope,
        student,
        ssid=typed(request, "ssid", LONGEST_ID) or None,
        sourced_id=typed(request, "sourced_id", LONGEST_ID) or None,
        by=request.actor,
        now=now(),
    )
    return _("Changed. The old id goes on leading to this student. You can undo this below.")
