"""The scheduled process: when files are written by themselves, where they go, who hears of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rollbook.extracts.actions.schedule import ScheduleIsWrong, save_schedule
from rollbook.extracts.queries.schedule import schedule_of
from rollbook.extracts.queries.targets import target_list
from rollbook.extracts.rules.mails import split_mails
from rollbook.extracts.types import ScheduleSettings
from rollbook.orgs.queries import OrganizationNotFound, organizations_in
from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.shared.scope import Permission, Scope
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.group_trail import crumbs
from rollbook.web.shown_words import said
from rollbook.web.source_words import DAYS

MOST_TEXT = 4000


@door(
    rule=(
        "The schedule of one organization within GROUP_WRITE: days, addresses of mail that "
        "colleagues typed, names of targets."
    ),
    needs=Permission.GROUP_WRITE,
)
def schedule(request: Reader, school_year: int) -> HttpResponse:
    """Say when the scheduled profiles of an organization are written."""
    places = places_with_groups(request.scope)
    place = _place(request, places)
    if place is None:
        raise OrganizationNotFound
    faults: dict[str, str] = {}
    typed_now: ScheduleSettings | None = None
    if request.method == "POST":
        typed_now = _typed(request)
        try:
            save_schedule(request.scope, place.uuid, typed_now, by=request.actor, now=now())
        except ScheduleIsWrong as wrong:
            faults = wrong.faults
        else:
            messages.success(request, _saved(typed_now))
            address = reverse("extract_schedule", args=[school_year])
            return redirect(f"{address}?place={place.uuid}")
    view = schedule_of(request.scope, place.uuid)
    settings = typed_now or view.settings
    context = {
        "title": _("When are group files written by themselves?"),
        "crumb": _("Schedule"),
        "section": "groups",
        "breadcrumbs": crumbs(school_year),
        "places": places,
        "place": place,
        "view": view,
        "settings": settings,
        "mails": "\n".join(settings.mails),
        "days": DAYS,
        "targets": [
            (target, str(target.uuid) in settings.targets)
            for target in target_list(request.scope)
            if target.organization_id == place.id
        ],
        "faults": {field: said(says) for field, says in faults.items()},
    }
    return render(request, "extracts/schedule.html", context, status=422 if faults else 200)


def places_with_groups(scope: Scope) -> list[OrganizationRow]:
    """List the districts and schools that the reader may make extracts for; districts first."""
    kinds = [OrganizationKind.DISTRICT, OrganizationKind.SCHOOL]
    found = organizations_in(scope, Permission.GROUP_WRITE, kinds=kinds)
    return sorted(found, key=lambda row: (row.kind is not OrganizationKind.DISTRICT, row.name))


def _place(request: Reader, places: list[OrganizationRow]) -> OrganizationRow | None:
    """Return the organization that the address names, else the first."""
    asked = request.POST.get("place", "") or request.GET.get("place", "")
    if not asked:
        return places[0] if places else None
    try:
        uuid = UUID(asked)
    except ValueError:
        return None
    return next((place for place in places if place.uuid == uuid), None)


def _typed(request: Reader) -> ScheduleSettings:
    return ScheduleSettings(
        days="".join(code for code, _day in DAYS if code in request.POST.getlist("days")),
        time_of_day=typed(request, "time_of_day", 8),
        time_zone=typed(request, "time_zone", 64),
        is_on=request.POST.get("is_on") == "1",
        mails=split_mails(typed(request, "mails", MOST_TEXT)),
        targets=tuple(value[:40] for value in request.POST.getlist("targets")),
        is_consolidated=request.POST.get("is_consolidated") == "1",
    )


def _saved(settings: ScheduleSettings) -> str:
    if settings.is_on:
        return _("The schedule is kept, and it is on.")
    return _("The schedule is kept, and it is off: nothing is written by itself.")
