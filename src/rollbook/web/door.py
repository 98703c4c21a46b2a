"""Every page's door: who may come in, what is said to those who may not, what is never kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, cast

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from rollbook.access.queries import AccountNotFound, ClientNotFound, GrantNotFound
from rollbook.changes.queries import NoSuchPlan
from rollbook.extracts.queries.deliveries import DeliveryNotFound
from rollbook.extracts.queries.files import FileNotFound
from rollbook.extracts.queries.profiles import ProfileNotFound
from rollbook.extracts.queries.targets import TargetNotFound
from rollbook.groups.queries import GroupNotFound
from rollbook.groups.queries.imports import ImportNotFound
from rollbook.jobs.queries import JobNotFound
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.people.queries.edits import RecordNotFound
from rollbook.people.queries.students import StudentNotFound
from rollbook.results.queries.intakes import ResultIntakeNotFound
from rollbook.results.queries.visible import MayNotSeeResults
from rollbook.roster.queries.duplicates import PairNotFound
from rollbook.roster.queries.identity import QuestionNotFound, TransferNotFound
from rollbook.roster.queries.intakes import IntakeNotFound
from rollbook.roster.queries.sources import SourceNotFound
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

View = TypeVar("View", bound=Callable[..., HttpResponse])

# "There is none" and "not for you" are one answer, so that an address tells nobody who exists.
NOT_FOUND = (
    AccountNotFound,
    ClientNotFound,
    DeliveryNotFound,
    FileNotFound,
    GrantNotFound,
    GroupNotFound,
    ImportNotFound,
    IntakeNotFound,
    JobNotFound,
    MayNotSeeResults,
    OrganizationNotFound,
    NoSuchPlan,
    PairNotFound,
    ProfileNotFound,
    QuestionNotFound,
    RecordNotFound,
    ResultIntakeNotFound,
    SourceNotFound,
    StudentNotFound,
    TargetNotFound,
    TransferNotFound,
)


class Reader(HttpRequest):
    """Type a request that has come through the scope middleware."""

    scope: Scope
    actor: Actor


def door(
    *, rule: str, needs: Permission | None = None, is_public: bool = False
) -> Callable[[View], View]:
    """Declare who may open a page, in a sentence an auditor reads.

    Shape: `rule` says whose data the page shows; `needs` is a permission held anywhere; a public
           page shows no data at all. A house test fails for a route without a door.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            reader = cast("Reader", request)
            request.GET = _without_nul(request.GET)
            request.POST = _without_nul(request.POST)
            if not is_public and not request.user.is_authenticated:
                return redirect("start")
            if needs is not None and not reader.scope.may(needs):
                return refused(request)
            try:
                response = view(request, *args, **kwargs)
            except NOT_FOUND as missing:
                raise Http404 from missing
            response.headers.setdefault("Cache-Control", "no-store, private")
            return response

        opened.scope_rule = rule
        opened.needs = needs
        return cast("View", opened)

    return decorate


def _without_nul(sent: QueryDict) -> QueryDict:
    """Drop NUL from what a form sends: nobody types it, and PostgreSQL cannot hold it."""
    if not any("\x00" in value for _name, values in sent.lists() for value in values):
        return sent
    kept = QueryDict(mutable=True)
    for name, values in sent.lists():
        kept.setlist(name, [value.replace("\x00", "") for value in values])
    return kept


def refused(request: HttpRequest) -> HttpResponse:
    """Say that a page is not for this reader, and whom to ask."""
    return render(
        request, "refused.html", {"title": _("This page is not part of your role")}, status=403
    )


def now() -> datetime:
    """Return the moment of this request: the one place where pages look at the clock."""
    return timezone.now()


def typed(request: HttpRequest, field: str, most: int) -> str:
    """Return what somebody typed into a form, no longer than `most`.

    No database searches for a text that never ends, and PostgreSQL keeps none over its column.
    """
    return request.POST.get(field, "").strip()[:most].rstrip()
