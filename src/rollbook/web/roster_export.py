"""Take along what a source has brought, as a OneRoster package."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rollbook.roster.actions.export import export_roster
from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.queries.export import MayNotExportPeople
from rollbook.roster.queries.sources import get_source
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, typed


@require_POST
@door(
    rule=(
        "The roster of a source of a district within ROSTER_READ: places, sessions, courses and "
        "classes; its people only for who also holds INDIVIDUAL_PII_READ in each of its districts."
    ),
    needs=Permission.ROSTER_READ,
)
def download(request: Reader, school_year: int, source: UUID) -> HttpResponse:
    """Download what a source holds, with its people or without."""
    found = get_source(request.scope, source)
    with_people = typed(request, "people", 3) == "yes"
    version = typed(request, "version", 3)
    if not found.key:
        messages.info(request, _("This source has brought nothing yet, so there is no roster."))
        return redirect("roster_source", school_year=school_year, source=source)
    try:
        exported = export_roster(
            request.scope,
            found.key,
            version=version if version in LAYOUTS else "1.2",
            with_people=with_people,
            by=request.actor,
            now=now(),
        )
    except MayNotExportPeople:
        messages.error(
            request, _("Your role shows no names here. Download the roster without its people.")
        )
        return redirect("roster_source", school_year=school_year, source=source)
    response = HttpResponse(exported.content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="roster-{found.uuid}.zip"'
    return response
