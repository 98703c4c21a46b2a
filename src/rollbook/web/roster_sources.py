"""Source pages: where rosters come from, and whether each source is well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_time
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rollbook.orgs.queries import terms_in
from rollbook.orgs.types import SessionKind
from rollbook.roster.actions.resting import (
    DaysAreWrong,
    pause_source,
    resume_source,
    schedule_source,
    set_blackouts,
)
from rollbook.roster.actions.runs import ask_for_run
from rollbook.roster.actions.sources import archive_source, check_source_connection
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.export import may_export_people
from rollbook.roster.queries.sources import (
    MayNotChangeSource,
    SourceHealth,
    closed_days_of,
    every_minutes_of,
    facts_of,
    get_source,
    reading_of,
    runs_of,
    source_health,
    sources_health,
)
from rollbook.roster.rules.running import OF_ANY_FORMAT, ClosedDays, NextStep, summer_pause
from rollbook.roster.sources.connecting import ConnectionReport
from rollbook.roster.types import RunOutcome, SourceFormat, SourceKind
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, door, now, typed
from rollbook.web.lists import page_number
from rollbook.web.rosters import crumbs
from rollbook.web.source_words import DAYS, FORMATS, KINDS, OUTCOMES, READY, STATUSES, STEPS
from rollbook.web.words import known_as

# Steps that are a form's button on the page itself, those that lead to the settings, and those
# that lead to what came.
BUTTONS = {
    NextStep.RUN: "run",
    NextStep.RESUME: "resume",
    NextStep.CHECK_CONNECTION: "check",
}
TO_SETTINGS = {NextStep.CHANGE_SETTINGS, NextStep.RENEW_ACCESS}
TO_INTAKE = {NextStep.DECIDE, NextStep.COMMIT, NextStep.READ_FINDINGS}


def source_crumbs(school_year: int) -> list[tuple[str, str]]:
    """Return the way to one source."""
    return [
        *crumbs(school_year),
        (_("Sources"), reverse("roster_sources", args=[school_year])),
    ]


@door(
    rule="Sources of districts within ROSTER_READ: names, times, counts; no student, no secret.",
    needs=Permission.ROSTER_READ,
)
def sources(request: Reader, school_year: int) -> HttpResponse:
    """List where rosters come from, and how each source is."""
    found = sources_health(request.scope, now=now())
    context = {
        "title": _("Where do rosters come from?"),
        "section": "rosters",
        "breadcrumbs": crumbs(school_year),
        "sources": [_shown(health, school_year) for health in found],
        "waits": any(health.step is NextStep.WAIT for health in found),
        "may_add": request.scope.may(Permission.ROSTER_WRITE),
    }
    return render(request, "rosters/sources.html", context)


@door(
    rule="One source of a district within ROSTER_READ: times and counts; no student, no secret.",
    needs=Permission.ROSTER_READ,
)
def source(request: Reader, school_year: int, source: UUID) -> HttpResponse:
    """Say whether a source is well, what came of its runs, and what to do next."""
    return _page(request, school_year, get_source(request.scope, source))


def _page(
    request: Reader, school_year: int, found: Source, report: ConnectionReport | None = None
) -> HttpResponse:
    scope = request.scope
    health = source_health(scope, found, now=now())
    history = runs_of(scope, found.uuid, PageRequest(number=page_number(request), size=25))
    closed = closed_days_of(scope, found)
    context = {
        "title": _("Is this source well?"),
        "crumb": found.name,
        "section": "rosters",
        "breadcrumbs": source_crumbs(school_year),
        "shown": _shown(health, school_year),
        "source": found,
        "report": report,
        "paused_by": known_as(scope, found.paused_by) if found.paused_by else "",
        "page": history,
        "runs": [
            {"run": run, "word": OUTCOMES[RunOutcome(run.outcome)], "facts": facts_of(run)}
            for run in history.items
        ],
        "may_change": scope.over(Permission.ROSTER_WRITE).includes(found.organization_id),
        "days": DAYS,
        "zone": found.schedule.time_zone if found.schedule else settings.TIME_ZONE,
        "every_minutes": every_minutes_of(found),
        "closed": [
            {"days": days, "ends_on": days.ends_before - timedelta(days=1), "name": _name(days)}
            for days in closed
        ],
        "summer": _summer(request, found, closed),
        "reading": reading_of(found),
        "format": FORMATS[SourceFormat(found.format)],
        "is_of_files": SourceKind(found.kind) in OF_ANY_FORMAT,
        "waits": health.step is NextStep.WAIT,
        "sections_link": _sections_link(health, school_year),
        "may_take_people": bool(found.key) and may_export_people(scope, found.key),
    }
    return render(request, "rosters/source.html", context)


def _shown(health: SourceHealth, school_year: int) -> dict[str, object]:
    """Return one source in words: its status, the sentence, the next step and where it is done."""
    word, tag, answer = STATUSES[health.status]
    if health.step is NextStep.COMMIT:
        answer = READY
    told = health.told
    link = ""
    if health.step in TO_INTAKE and health.intake is not None:
        link = reverse("roster_plan", args=[school_year, health.intake.uuid])
    elif health.step is NextStep.SEND:
        link = reverse("rosters", args=[school_year])
    elif health.step in TO_SETTINGS:
        link = reverse("roster_source_change", args=[school_year, health.source.uuid])
    return {
        "health": health,
        "source": health.source,
        "kind": KINDS[SourceKind(health.source.kind)][0],
        "word": word,
        "tag": tag,
        "answer": answer,
        "says": told.says if told is not None else "",
        "step": STEPS[health.step],
        "needs_step": health.step not in {NextStep.NOTHING, NextStep.WAIT},
        "button": BUTTONS.get(health.step, ""),
        "link": link,
    }


def _sections_link(health: SourceHealth, school_year: int) -> str:
    if health.intake is None:
        return ""
    return reverse("roster_sections", args=[school_year, health.intake.uuid])


def _summer(request: Reader, found: Source, closed: list[ClosedDays]) -> ClosedDays | None:
    """Propose the days of the next summer, unless the source rests then already."""
    today = request.scope.on
    years = [
        (term.starts_on, term.ends_before)
        for ahead in range(3)
        for term in terms_in(request.scope, today.year + ahead, permission=Permission.ROSTER_READ)
        if term.kind is SessionKind.SCHOOL_YEAR
        and term.organization_id in {found.organization_id, found.organization.parent_id}
    ]
    days = summer_pause(years, today=today)
    rests = any(c.starts_on <= days.starts_on < c.ends_before for c in closed) if days else True
    return None if rests else days


@require_POST
@door(
    rule="Changes a source of a district within ROSTER_WRITE; shows no student and no secret.",
    needs=Permission.ROSTER_WRITE,
)
def do(request: Reader, school_year: int, source: UUID) -> HttpResponse:
    """Run, test, pause, resume, schedule or put away a source, as the pressed button says."""
    # First of all: a source out of sight answers like one that there is not, whatever is sent.
    found = get_source(request.scope, source)
    choice = request.POST.get("choice", "")
    try:
        if choice == "check":
            report = check_source_connection(request.scope, source, by=request.actor, now=now())
            return _page(request, school_year, get_source(request.scope, source), report)
        says = DOES.get(choice, _nothing)(request, found)
    except MayNotChangeSource:
        messages.error(request, _("Your role may not change this source. Nothing was done."))
    except DaysAreWrong as wrong:
        messages.error(request, " ".join((_(str(wrong)), _("Nothing was done."))))
    else:
        messages.success(request, says)
    if choice == "archive":
        return redirect("roster_sources", school_year=school_year)
    return redirect("roster_source", school_year=school_year, source=source)


def _nothing(request: Reader, found: Source) -> str:
    raise DaysAreWrong(_("Choose what to do with this source."))


def _run(request: Reader, found: Source) -> str:
    ask_for_run(request.scope, found.uuid, by=request.actor, now=now())
    return _("The run was asked for. This page shows by itself what comes of it.")


def _pause(request: Reader, found: Source) -> str:
    reason = typed(request, "reason", 200)
    pause_source(request.scope, found.uuid, reason=reason, by=request.actor, now=now())
    return _("The source is paused. What you have here stays as it is.")


def _resume(request: Reader, found: Source) -> str:
    resume_source(request.scope, found.uuid, by=request.actor, now=now())
    return _("The source runs again, by hand now or when its schedule comes round.")


def _schedule(request: Reader, found: Source) -> str:
    moment = _time(request)
    schedule_source(
        request.scope,
        found.uuid,
        days="".join(day for day in request.POST.getlist("days") if day in "1234567"),
        time_of_day=moment,
        time_zone=typed(request, "time_zone", 64) or settings.TIME_ZONE,
        is_on=request.POST.get("is_on") == "1",
        by=request.actor,
        now=now(),
    )
    return _("The schedule was kept.")


def _time(request: Reader) -> time:
    try:
        moment = parse_time(typed(request, "time_of_day", 8))
    except ValueError:
        moment = None
    if moment is None:
        raise DaysAreWrong(_("Write the time of day like 03:30."))
    return moment


def _add_blackout(request: Reader, found: Source) -> str:
    starts_on, ends_on = _day(request, "starts_on"), _day(request, "ends_on")
    days = ClosedDays(starts_on, ends_on + timedelta(days=1), typed(request, "reason", 200))
    _keep_blackouts(request, found, [*closed_days_of(request.scope, found), days])
    return _("The blackout days were kept.")


def _add_summer(request: Reader, found: Source) -> str:
    closed = closed_days_of(request.scope, found)
    days = _summer(request, found, closed)
    if days is None:
        raise DaysAreWrong(_("The days of the next summer are not known, or kept already."))
    summer = ClosedDays(days.starts_on, days.ends_before, _("Summer"))
    _keep_blackouts(request, found, [*closed, summer])
    return _("The source rests over the summer.")


def _remove_blackout(request: Reader, found: Source) -> str:
    gone = typed(request, "blackout", 40)
    kept = [days for days in closed_days_of(request.scope, found) if _name(days) != gone]
    _keep_blackouts(request, found, kept)
    return _("The blackout days were taken away.")


def _name(days: ClosedDays) -> str:
    return f"{days.starts_on:%Y-%m-%d}/{days.ends_before:%Y-%m-%d}"


def _keep_blackouts(request: Reader, found: Source, days: list[ClosedDays]) -> None:
    set_blackouts(request.scope, found.uuid, days, by=request.actor, now=now())


def _day(request: Reader, field: str) -> date:
    try:
        day = parse_date(typed(request, field, 10))
    except ValueError:
        day = None
    if day is None or day.year >= date.max.year:
        raise DaysAreWrong(_("Write both days in full."))
    return day


def _archive(request: Reader, found: Source) -> str:
    archive_source(request.scope, found.uuid, by=request.actor, now=now())
    return _("The source was put away. The students and classes that it brought stay.")


DOES: dict[str, Callable[[Reader, Source], str]] = {
    "run": _run,
    "pause": _pause,
    "resume": _resume,
    "schedule": _schedule,
    "blackout": _add_blackout,
    "summer": _add_summer,
    "remove_blackout": _remove_blackout,
    "archive": _archive,
}
