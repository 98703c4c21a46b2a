"""The system page: how background work does, try it again, stop it, schedule it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _

from rollbook.jobs.actions import (
    JobCannotBeCancelled,
    JobCannotBeRetried,
    cancel_job,
    retry_job,
    set_schedule,
)
from rollbook.jobs.queries import JobNotFound, jobs_of, queue_health, schedules
from rollbook.jobs.register import UnknownJob, all_kinds
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from rollbook.web.administration import crumbs
from rollbook.web.door import Reader, door, now
from rollbook.web.lists import page_number

EVERY_DAY = "1234567"


@door(
    rule="Jobs and queue of the installation; arguments are ids, never data.",
    needs=Permission.SYSTEM_READ,
)
def system(request: Reader, school_year: int) -> HttpResponse:
    """Show how background work does; try a job again, cancel it, say when jobs run."""
    if request.method == "POST":
        is_schedule = request.POST.get("choice") == "schedule"
        told = _scheduled(request) if is_schedule else decided(request, request.POST.get("job", ""))
        (messages.error if told else messages.success)(request, told or _("Done."))
        return redirect("system", school_year=school_year)
    context = {
        "title": _("How is the system doing?"),
        "section": "administration",
        "breadcrumbs": crumbs(school_year),
        "health": queue_health(request.scope, now=now()),
        "page": jobs_of(request.scope, PageRequest(number=page_number(request), size=50)),
        "schedules": schedules(request.scope),
        "kinds": sorted(kind.name for kind in all_kinds().values() if kind.nightly_at is not None),
        "days": [(str(day), name) for day, name in enumerate(_day_names(), start=1)],
    }
    return render(request, "administration/system.html", context)


def _day_names() -> tuple[str, ...]:
    return (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
        _("Sunday"),
    )  # fmt: skip


def decided(request: Reader, job: UUID | str) -> str:
    """Try a job again or cancel it, as the pressed button says; return why not, or nothing."""
    decide = {"retry": retry_job, "cancel": cancel_job}.get(request.POST.get("choice", ""))
    if decide is None:
        return _("Choose what to do with this job.")
    try:
        decide(request.scope, job=job, by=request.actor, now=now())
    except (JobCannotBeRetried, JobCannotBeCancelled) as refusal:
        return _(str(refusal))
    except (JobNotFound, ValidationError):
        return _("This job is gone.")
    return ""


def _scheduled(request: Reader) -> str:
    """Say when a job runs by itself; return why not, or nothing."""
    try:
        at = parse_time(request.POST.get("time_of_day", ""))
    except ValueError:
        at = None
    days = "".join(day for day in EVERY_DAY if day in request.POST.getlist("days"))
    if at is None or not days:
        return _("Choose at least one day, and a time such as 02:30.")
    name = request.POST.get("name", "")
    try:
        set_schedule(
            name=name,
            job_name=name,
            time_of_day=at,
            time_zone=settings.TIME_ZONE,
            days=days,
            is_on=request.POST.get("is_on") == "on",
            by=request.actor,
            now=now(),
        )
    except UnknownJob:
        return _("Choose a job from the list.")
    return ""
