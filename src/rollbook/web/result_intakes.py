"""Pages of result files: what came in, what was found, send another."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rollbook.results.actions.publish import MayNotSendResults, publish_results
from rollbook.results.queries.intakes import findings_of, get_intake, intake_page, intakes_in
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now
from rollbook.web.lists import SHOWN_FINDINGS, page_number
from rollbook.web.uploads import UploadIsTooLarge, on_disk
from rollbook.web.words import known_as


@door(
    rule="Result files sent by or for organizations within DATA_WRITE; counts only.",
    needs=Permission.DATA_WRITE,
)
def intakes(request: Reader, school_year: int) -> HttpResponse:
    """List the result files that came in, and take another."""
    if request.method == "POST":
        return _received(request, school_year)
    page = intake_page(request.scope, PageRequest(number=page_number(request), size=25))
    context = {
        "title": _("Which results came in?"),
        "section": "intakes",
        "breadcrumbs": [(_("Home"), reverse("home", args=[school_year]))],
        "page": page,
    }
    return render(request, "results/intakes.html", context)


def _received(request: Reader, school_year: int) -> HttpResponse:
    upload = request.FILES.get("results")
    if upload is None:
        messages.error(request, _("Choose a result file first: XML, CSV, or a zip of them."))
        return redirect("result_intakes", school_year=school_year)
    try:
        with on_disk(upload) as path:
            intake = publish_results(
                request.scope,
                [path],
                file_name=upload.name or "results",
                by=request.actor,
                now=now(),
            )
    except (MayNotSendResults, UploadIsTooLarge) as refusal:
        told = {
            MayNotSendResults: _("Your role may not send results."),
            UploadIsTooLarge: _(
                "This file is larger than this installation takes. Ask your administrator."
            ),
        }
        messages.error(request, told[type(refusal)])
        return redirect("result_intakes", school_year=school_year)
    if not intakes_in(request.scope).filter(uuid=intake.uuid).exists():
        messages.info(request, _("Somebody has sent this file already, so nothing was changed."))
        return redirect("result_intakes", school_year=school_year)
    return redirect("result_intake", school_year=school_year, intake=intake.uuid)


@door(
    rule="One result file within DATA_WRITE: its findings, to who may send data for it.",
    needs=Permission.DATA_WRITE,
)
def intake(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Show what became of a result file."""
    found = get_intake(request.scope, intake)
    context = {
        "title": _("What became of %(name)s?") % {"name": found.file_name},
        "crumb": found.file_name,
        "received_by": known_as(request.scope, found.received_by),
        "section": "intakes",
        "breadcrumbs": [
            (_("Home"), reverse("home", args=[school_year])),
            (_("Result files"), reverse("result_intakes", args=[school_year])),
        ],
        "intake": found,
        # A list: in a template `counts.items` would be the count called "items".
        "counts": [(name, count) for name, count in found.counts.items() if name != "by_code"],
        "findings": findings_of(request.scope, intake)[:SHOWN_FINDINGS],
        "finding_count": sum(found.counts.get("by_code", {}).values()),
    }
    return render(request, "results/intake.html", context)
