"""A reader's own groups, and who may see a student and why."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rollbook.access.queries import accounts_in
from rollbook.groups import actions
from rollbook.groups.actions import GroupIsWrong, MayNotChangeGroup, NoOwnGroupsYet
from rollbook.groups.queries import find_groups, group_list
from rollbook.groups.queries.members import may_have_own_groups, students_to_add
from rollbook.groups.queries.sight import may_ask_onlookers, onlookers_of, why_sees
from rollbook.groups.types import MOST_NAME, GroupFilter, GroupOrigin, GroupRow, SightReason
from rollbook.people.queries.students import get_student
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.shared.years import SchoolYear
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.group_trail import crumbs
from rollbook.web.group_words import SUBJECTS, subject_word
from rollbook.web.shown_words import said

FOUND_SHOWN: Final = 200
MOST_WORDS: Final = 100
ALL: Final = PageRequest(size=500)


@door(
    rule=(
        "The reader's own groups and the groups assigned to the reader; students whom the reader "
        "sees by name."
    ),
    needs=Permission.GROUP_READ,
)
def mine(request: Reader, school_year: int) -> HttpResponse:
    """List a reader's own groups of this and former years, and make one."""
    scope = request.scope
    may_have = may_have_own_groups(scope)
    wrong = ""
    if request.method == "POST" and may_have:
        try:
            if answer := _done(request, school_year):
                return answer
        except (GroupIsWrong, MayNotChangeGroup, NoOwnGroupsYet) as refusal:
            wrong = said(str(refusal))
    owned = find_groups(scope, GroupFilter(origin=GroupOrigin.OWN), ALL).items
    archived = find_groups(scope, GroupFilter(origin=GroupOrigin.OWN, archived=True), ALL).items
    context = {
        "title": _("Which groups are mine?"),
        "crumb": _("My groups"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "may_have": may_have,
        "wrong": wrong,
        "now": [_row(row) for row in owned if row.school_year == school_year],
        "earlier": [_row(row) for row in owned if row.school_year != school_year],
        "archived": [_row(row) for row in archived],
        "assigned": [_row(row) for row in group_list(scope) if not row.is_own],
        "year": SchoolYear(school_year),
        **(_form(request) if may_have else {}),
    }
    return render(request, "groups/mine.html", context, status=422 if wrong else 200)


def _row(row: GroupRow) -> dict[str, object]:
    return {
        "group": row,
        "subject": subject_word(row.subject),
        "year": SchoolYear(row.school_year),
    }


def _form(request: Reader) -> dict[str, object]:
    """Return what the form of a new group offers: the students whom the reader may put into it."""
    words = typed(request, "words", MOST_WORDS)
    among = _uuid(request.POST.get("among", ""))
    # After a fault, whoever was ticked must still stand there, ticked.
    is_asked = request.POST.get("choice") in ("find", "make")
    sought = request.method == "POST" and bool(words or among or is_asked)
    chosen = set(request.POST.getlist("student"))
    found = (
        students_to_add(request.scope, None, words, PageRequest(size=FOUND_SHOWN), from_group=among)
        if sought
        else None
    )
    return {
        "subjects": [(code, subject_word(code)) for code in SUBJECTS],
        "most_name": MOST_NAME,
        "among": str(among or ""),
        "words": words,
        "found": found,
        "chosen": chosen,
        "typed_name": typed(request, "name", MOST_NAME) or _("My group"),
        "typed_subject": typed(request, "subject", 10),
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _done(request: Reader, school_year: int) -> HttpResponse | None:
    """Make, copy, bring back or delete an own group; None for a search, which shows the page."""
    choice = request.POST.get("choice", "")
    scope, by = request.scope, request.actor
    uuid = _uuid(request.POST.get("group", ""))
    if choice == "make":
        chosen = [one for text in request.POST.getlist("student") if (one := _uuid(text))]
        made = actions.create_own_group(
            scope,
            name=typed(request, "name", MOST_NAME + 1),
            subject=typed(request, "subject", 10),
            student_uuids=chosen,
            school_year=school_year,
            by=by,
            now=now(),
        )
        messages.success(request, _("The group was made. Only you see it."))
        return redirect("group", school_year=school_year, group=made)
    if choice == "copy" and uuid is not None:
        made = actions.copy_own_group(scope, uuid, by=by, now=now())
        messages.success(request, _("The group was copied to this year, with whom you still see."))
        return redirect("group", school_year=school_year, group=made)
    if choice == "restore" and uuid is not None:
        actions.restore_own_group(scope, uuid, by=by, now=now())
        messages.success(request, _("The group is in use again."))
        return redirect("my_groups", school_year=school_year)
    if choice == "delete" and uuid is not None:
        actions.delete_own_group(scope, uuid, by=by, now=now())
        messages.success(request, _("The group was deleted for good."))
        return redirect("my_groups", school_year=school_year)
    return None


@door(
    rule=(
        "One student whom the reader sees by name; why the reader sees the student, and to readers "
        "within ACCOUNT_READ at one of the student's schools, who else does."
    )
)
def who(request: Reader, school_year: int, student: UUID) -> HttpResponse:
    """Say who can see a student, and why."""
    scope = request.scope
    found = get_student(scope, student)
    may_ask = may_ask_onlookers(scope, student)
    address = typed(request, "address", 255)
    context = {
        "title": _("Who can see this student?"),
        "section": "results",
        "breadcrumbs": [
            (_("Home"), reverse("home", args=[school_year])),
            (
                f"{found.last_name}, {found.first_name}",
                reverse("student_results", args=[school_year, student]),
            ),
        ],
        "student": found,
        "own": [_reason(one) for one in why_sees(scope, request.user.uuid, student)],
        "may_ask": may_ask,
        "onlookers": [
            (one, [_reason(reason) for reason in one.reasons])
            for one in (onlookers_of(scope, student) if may_ask else ())
        ],
        "asked": _asked(request, student, address) if may_ask and address else None,
    }
    return render(request, "groups/who.html", context)


def _asked(request: Reader, student: UUID, address: str) -> dict[str, object]:
    """Say whether one person sees the student, and why."""
    found = accounts_in(request.scope, PageRequest(size=10), search=address).items
    account = next((a for a in found if a.email.casefold() == address.casefold()), None)
    reasons = why_sees(request.scope, account.uuid, student) if account is not None else ()
    return {
        "account": account,
        "reasons": [_reason(one) for one in reasons],
    }


def _reason(reason: SightReason) -> str:
    """Say one reason in a sentence."""
    told = {"role": reason.role, "place": reason.through, "subject": subject_word(reason.subject)}
    if reason.kind == "group":
        return (
            _("As %(role)s, through the group %(place)s: results of %(subject)s.")
            if reason.subject
            else _("As %(role)s, through the group %(place)s.")
        ) % told
    return _("As %(role)s of %(place)s.") % told
