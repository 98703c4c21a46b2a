"""The message center, and how a job is doing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rollbook.jobs.queries import get_job
from rollbook.messages.actions import mark_read
from rollbook.messages.queries import messages_of
from rollbook.shared.page import PageRequest
from rollbook.web.door import Reader, door, now
from rollbook.web.lists import page_number
from rollbook.web.system import decided


@door(rule="The reader's own messages.")
def messages(request: Reader) -> HttpResponse:
    """List the reader's messages; reading the list marks them as read when asked to."""
    if request.method == "POST":
        mark_read(request.scope, by=request.actor, now=now())
        return redirect("messages")
    page = messages_of(request.scope, PageRequest(number=page_number(request), size=50))
    context = {
        "title": _("Messages"),
        "section": "messages",
        "breadcrumbs": [(_("Home"), reverse("start"))],
        "page": page,
    }
    return render(request, "messages/messages.html", context)


@door(rule="The reader's own job, or any job for a reader of the system.")
def job(request: Reader, job: UUID) -> HttpResponse:
    """Show how one job is doing; the page asks again by itself while the job runs."""
    row = get_job(request.scope, job)
    if request.method == "POST":
        told = decided(request, job)
        (notes.error if told else notes.success)(request, told or _("Done."))
        return redirect("job", job=job)
    context = {
        "title": _("Background work"),
        "breadcrumbs": [(_("Home"), reverse("start"))],
        "job": row,
    }
    return render(request, "messages/job.html", context)
