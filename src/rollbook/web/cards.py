"""Login cards: who needs one, printing them, and the door where a student tries one."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rollbook.orgs.queries import OrganizationNotFound
from rollbook.roster.actions.cards import (
    CardDaysOutOfRange,
    CardRefused,
    NobodyNeedsCard,
    TooManyCards,
    issue_login_cards,
    use_login_card,
    void_cards,
)
from rollbook.roster.queries.cards import (
    card_places,
    class_cards,
    schools_by_clever,
    students_without_card,
)
from rollbook.roster.rules.cards import MOST_VALID_DAYS, VALID_DAYS, plain_login
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.lists import page_number
from rollbook.web.rosters import crumbs

PAGE_SIZE: Final = 50


@door(
    rule=(
        "Classes at schools where the reader may read students and write rosters or accounts; "
        "students are named on the printed cards only."
    ),
    needs=Permission.INDIVIDUAL_PII_READ,
)
def login_cards(request: Reader, school_year: int) -> HttpResponse:
    """List classes with the cards of their students; print or void those of one class."""
    if request.method == "POST":
        return _decided(request, school_year)
    scope = request.scope
    schools = card_places(scope)
    asked = request.GET.get("school", "")
    school = next((each for each in schools if str(each.uuid) == asked), None)
    asking: dict[str, Any] = {
        "school_year": school_year,
        "now": now(),
        "school_id": school.id if school else None,
    }
    page = class_cards(
        scope,
        **asking,
        page=PageRequest(number=page_number(request), size=PAGE_SIZE),
    )
    context = {
        "title": _("Who needs a login card?"),
        "section": "rosters",
        "breadcrumbs": [
            *crumbs(school_year),
            (_("Readiness"), reverse("readiness", args=[school_year])),
        ],
        "page": page,
        "schools": schools,
        "school": school,
        "query": f"school={asked}" if school else "",
        "clever": schools_by_clever(scope, school_year=school_year),
        "valid_days": VALID_DAYS,
        "most_valid_days": MOST_VALID_DAYS,
        "needed_count": students_without_card(scope, **asking),
    }
    return render(request, "rosters/cards.html", context)


def _decided(request: Reader, school_year: int) -> HttpResponse:
    choice = request.POST.get("choice", "")
    place = _place(request)
    says: dict[str, Any] = {"school_year": school_year, "by": request.actor, "now": now()}
    if choice == "void":
        count = void_cards(request.scope, **place, **says)
        messages.success(
            request,
            ngettext("%(n)d card stopped working.", "%(n)d cards stopped working.", count)
            % {"n": count},
        )
    elif choice in {"missing", "all"}:
        days = typed(request, "valid_days", 4)
        try:
            issued = issue_login_cards(
                request.scope,
                **place,
                only_missing=choice == "missing",
                valid_days=int(days) if days.isdecimal() else 0,
                **says,
            )
        except NobodyNeedsCard:
            messages.info(request, _("Nobody here needs a card. Nothing was printed."))
        except TooManyCards:
            messages.error(request, _("These are too many cards for one print. Print by class."))
        except CardDaysOutOfRange:
            messages.error(
                request,
                _("A card is valid for 1 to %(n)d days. Nothing was printed.")
                % {"n": MOST_VALID_DAYS},
            )
        else:
            response = HttpResponse(issued.pdf, content_type="application/pdf")
            response["Content-Disposition"] = 'attachment; filename="login-cards.pdf"'
            return response
    else:
        messages.error(request, _("Choose what to do with these cards. Nothing was done."))
    return redirect("login_cards", school_year=school_year)


def _place(request: Reader) -> dict[str, UUID]:
    """Return the class or the school that a form names."""
    for field, name in (("class", "class_uuid"), ("school", "school")):
        text = typed(request, field, 40)
        if text:
            try:
                return {name: UUID(text)}
            except ValueError as error:
                raise OrganizationNotFound from error
    raise OrganizationNotFound


@door(
    rule=(
        "Public: a valid one-time code, used up by it, shows its own student's first name and "
        "class, and the school's window; nothing else shows anything."
    ),
    is_public=True,
)
def card(request: Reader) -> HttpResponse:
    """Let a student try a login card."""
    context: dict[str, Any] = {"title": _("Try your login card")}
    if request.method != "POST":
        return render(request, "rosters/card.html", context)
    login, code = typed(request, "login", 80), typed(request, "code", 40)
    if not consume(request, action="login_card", key=plain_login(login)):
        context["refused"] = _("Too many tries. Wait five minutes, then try again.")
        return render(request, "rosters/card.html", context, status=429)
    try:
        context["welcome"] = use_login_card(login, code, by=request.actor, now=now())
    except CardRefused:
        context["refused"] = _(
            "This login and code do not open anything. Check each letter; if it still does not "
            "work, ask your teacher for a new card."
        )
        return render(request, "rosters/card.html", context, status=403)
    context["title"] = _("Your card works")
    return render(request, "rosters/card.html", context)
