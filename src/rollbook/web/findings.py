"""What was found in a roster: root causes first, every finding, and all of it to take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries import papers
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.rules.root_causes import RootCause
from rollbook.roster.rules.summary import SHOWN_CAUSES, PreflightSummary, first_steps
from rollbook.roster.targets.summary_pdf import summary_pdf
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope
from rollbook.web.door import Reader, door, now
from rollbook.web.lists import SHOWN_FINDINGS, page_number
from rollbook.web.rosters import crumbs

RULE = "Findings of a file of a district within ROSTER_READ, with the values of its cells."


def _trail(school_year: int, intake: Intake) -> list[tuple[str, str]]:
    plan = reverse("roster_plan", args=[school_year, intake.uuid])
    return [*crumbs(school_year), (intake.file_name, plan)]


@door(rule=RULE, needs=Permission.ROSTER_READ)
def findings(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Show the root causes of a file by weight, then its findings, to be sifted."""
    scope = request.scope
    found = get_intake(scope, intake)
    asked = {name: request.GET.get(name, "") for name in ("severity", "code", "file")}
    wanted = PageRequest(number=page_number(request), size=SHOWN_FINDINGS)
    sifted = papers.sifted_findings(scope, intake, **asked, page=wanted)
    page = Page(
        items=sifted.found, number=wanted.number, size=wanted.size, total_count=sifted.total_count
    )
    context = {
        "title": _("What is wrong with %(name)s?") % {"name": found.file_name},
        "crumb": _("Findings"),
        "section": "rosters",
        "breadcrumbs": _trail(school_year, found),
        "intake": found,
        "school_year_number": school_year,
        "causes": _weighed(papers.causes_of(scope, intake)),
        "repairs": papers.repairs_of(scope, intake),
        "left_out_count": sum(found.counts.get("excluded", {}).values()),
        "sifted": sifted,
        "asked": asked,
        "page": page,
        "findings": page.items,
        "query": "&".join(f"{name}={value}" for name, value in asked.items() if value),
    }
    return render(request, "rosters/findings.html", context)


def _weighed(causes: Sequence[RootCause]) -> list[tuple[RootCause, int]]:
    """Return each cause with the width of its bar in percent of the heaviest; none is invisible."""
    heaviest = max((cause.weight for cause in causes), default=0)
    return [(cause, max(1, round(100 * cause.weight / heaviest))) for cause in causes if heaviest]


@door(rule=RULE, needs=Permission.ROSTER_READ)
def summary(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Show one page in plain words, made to be printed."""
    found = get_intake(request.scope, intake)
    told = papers.summary_of(request.scope, intake)
    context = {
        "title": _("What happened to %(name)s?") % {"name": found.file_name},
        "crumb": _("Summary"),
        "section": "rosters",
        "breadcrumbs": _trail(school_year, found),
        "intake": found,
        "school_year_number": school_year,
        "summary": told,
        "causes": told.blocking[:SHOWN_CAUSES],
        "more_causes": max(0, len(told.blocking) - SHOWN_CAUSES),
        "steps": first_steps(told),
    }
    return render(request, "rosters/findings_summary.html", context)


@door(rule=RULE, needs=Permission.ROSTER_READ)
def summary_as_pdf(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Download the page in plain words as PDF."""
    told: PreflightSummary = papers.summary_of(request.scope, intake)
    content = summary_pdf(told, at=now())
    return _file(papers.Download("summary.pdf", "application/pdf", content), intake)


def _file(found: papers.Download, intake: UUID) -> HttpResponse:
    response = HttpResponse(found.content, content_type=found.media_type)
    stem, _dot, suffix = found.name.rpartition(".")
    response["Content-Disposition"] = f'attachment; filename="{stem}-{intake}.{suffix}"'
    return response


def _download(read: Callable[[Scope, UUID], papers.Download]) -> Callable[..., HttpResponse]:
    @door(rule=RULE, needs=Permission.ROSTER_READ)
    def download(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
        return _file(read(request.scope, intake), intake)

    return download


findings_csv = _download(papers.findings_download)
root_causes_csv = _download(papers.root_causes_download)
everything_json = _download(papers.everything_download)


@door(rule=RULE, needs=Permission.ROSTER_READ)
def excluded(request: Reader, school_year: int, intake: UUID) -> HttpResponse:
    """Download the rows that are left out, in their own layout, to correct and send again."""
    found = papers.excluded_download(request.scope, intake)
    if found is None:
        messages.info(request, _("No row of this file is left out, so there is nothing to send."))
        return redirect("roster_findings", school_year=school_year, intake=intake)
    return _file(found, intake)
