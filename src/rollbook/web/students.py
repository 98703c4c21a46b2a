"""Records edited by hand: one student, staff member or class, and what syncs leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollbook.changes.actions import PlanIsFinished, StateMovedOn, UndoHasNothingLeft
from rollbook.people.actions import (
    EditIsWrong,
    EditNotFound,
    NotAnEdit,
    edit_class,
    edit_staff,
    edit_student,
    release_edit,
    undo_edit,
)
from rollbook.people.queries.edits import edit_page, get_record
from rollbook.people.rules import EDITABLE, LONGEST
from rollbook.people.types import RecordToEdit
from rollbook.shared.grades import Grade
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now
from rollbook.web.lists import page_number
from rollbook.web.rosters import crumbs
from rollbook.web.words import known_as

_PAGES: Final = {"students": "edit_student", "staff": "edit_staff", "classes": "edit_class"}
_EDITS: Final[dict[str, Callable[..., Any]]] = {
    "students": edit_student,
    "staff": edit_staff,
    "classes": edit_class,
}


@door(
    rule="One student within ROSTER_WRITE whom the reader also sees by name.",
    needs=Permission.ROSTER_WRITE,
)
def student(request: Reader, school_year: int, student: UUID) -> HttpResponse:
    """Show one student's cells, and change them."""
    return _record(request, school_year, "students", student)


@door(rule="One staff member of a district within ROSTER_WRITE.", needs=Permission.ROSTER_WRITE)
def staff_member(request: Reader, school_year: int, staff: UUID) -> HttpResponse:
    """Show one staff member's cells, and change them."""
    return _record(request, school_year, "staff", staff)


@door(rule="One class of a school within ROSTER_WRITE.", needs=Permission.ROSTER_WRITE)
def class_taught(request: Reader, school_year: int, class_taught: UUID) -> HttpResponse:
    """Show one class, and change its title."""
    return _record(request, school_year, "classes", class_taught)


def _record(request: Reader, school_year: int, table: str, uuid: UUID) -> HttpResponse:
    # First of all: a record out of sight answers like one that there is not, whatever is sent.
    found = get_record(request.scope, table, uuid)
    if request.method == "POST" and request.POST.get("undo"):
        _undo(request)
        return redirect(_PAGES[table], school_year, uuid)
    typed: dict[str, str] = {}
    wrong: dict[str, str] = {}
    if request.method == "POST":
        typed = {c: request.POST[c][: LONGEST + 1] for c in EDITABLE[table] if c in request.POST}
        try:
            done = _EDITS[table](request.scope, uuid, typed, by=request.actor, now=now())
        except EditIsWrong as refusal:
            wrong = refusal.says
        except StateMovedOn:
            messages.error(request, _("Somebody else changed this record. Look at it again."))
            return redirect(_PAGES[table], school_year, uuid)
        else:
            return _saved(request, school_year, found, done)
    context = {
        "title": _("What is wrong with this record?"),
        "section": "rosters",
        "breadcrumbs": [*crumbs(school_year), (_("Edits"), reverse("edits", args=[school_year]))],
        "record": found,
        "id_address": _id_address(request, school_year, table, uuid),
        "fields": [
            {
                "name": column,
                "value": typed.get(column, found.cells[column]),
                "says": wrong.get(column, ""),
                "edit": found.edited.get(column),
            }
            for column in EDITABLE[table]
        ],
        "grades": list(Grade),
        "saved": request.GET.get("saved", ""),
    }
    return render(request, "rosters/edit.html", context, status=422 if wrong else 200)


def _saved(request: Reader, school_year: int, found: RecordToEdit, done: Any) -> HttpResponse:
    address = reverse(_PAGES[found.table], args=[school_year, found.uuid])
    if done.plan_uuid is None:
        messages.info(request, _("Nothing differs from what is here already."))
        return redirect(address)
    count = len(done.columns)
    messages.success(
        request,
        ngettext(
            "%(n)d value was changed. Syncs leave it alone until you release it.",
            "%(n)d values were changed. Syncs leave them alone until you release them.",
            count,
        )
        % {"n": count},
    )
    return redirect(f"{address}?saved={done.plan_uuid}")


def _undo(request: Reader) -> None:
    try:
        undo_edit(request.scope, UUID(request.POST["undo"]), by=request.actor, now=now())
    except (ValueError, LookupError, NotAnEdit):
        messages.error(request, _("There is no such edit. Nothing was done."))
    except (PlanIsFinished, UndoHasNothingLeft):
        messages.info(request, _("This was changed again since, or undone already."))
    else:
        messages.success(request, _("Undone: the values from before are back."))


@door(
    rule=(
        "Edits of records of districts within ROSTER_READ; of students only those whom the "
        "reader sees by name."
    ),
    needs=Permission.ROSTER_READ,
)
def edits(request: Reader, school_year: int) -> HttpResponse:
    """List the edits that syncs leave alone, and release one."""
    scope = request.scope
    if request.method == "POST":
        return _released(request, school_year)
    only = request.GET.get("only") == "overridden"
    page = edit_page(
        scope, only_overridden=only, page=PageRequest(number=page_number(request), size=25)
    )
    people = {row.edited_by for row in page.items}
    context = {
        "title": _("Which edits do syncs leave alone?"),
        "section": "rosters",
        "breadcrumbs": crumbs(school_year),
        "page": page,
        "only": only,
        "known_as": {label: known_as(scope, label) for label in people},
        "may_release": scope.may(Permission.ROSTER_WRITE),
        "query": "only=overridden" if only else "",
    }
    return render(request, "rosters/edits.html", context)


def _released(request: Reader, school_year: int) -> HttpResponse:
    number = request.POST.get("edit", "")
    try:
        if not number.isdecimal() or len(number) > 18:
            raise EditNotFound
        release_edit(request.scope, int(number), by=request.actor, now=now())
    except EditNotFound:
        messages.error(request, _("There is no such edit any more. Nothing was done."))
    else:
        messages.success(request, _("Released. The next sync writes what the source says."))
    return redirect("edits", school_year=school_year)


def _id_address(request: Reader, school_year: int, table: str, uuid: UUID) -> str:
    """Return where a student's id is changed; blank for other records, and for who may not."""
    if table != "students" or not request.scope.may(Permission.ROSTER_APPROVE):
        return ""
    return reverse("student_id", args=[school_year, uuid])
