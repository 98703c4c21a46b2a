"""Take a roster file from a browser: small ones are checked at once, large ones by a worker."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rollbook.jobs.actions import enqueue
from rollbook.roster.actions.preflight import check_intake
from rollbook.roster.actions.receiving import MayNotSendRoster, kept_path, receive_intake
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.queries.sources import SourceNotFound, get_source, reading_of
from rollbook.roster.rules.reading import Reading, reading_from
from rollbook.roster.types import IntakeStatus, Profile, SourceFormat
from rollbook.shared.scope import Permission
from rollbook.web.door import Reader, now
from rollbook.web.uploads import UploadIsTooLarge, on_disk

# A district of about 5,000 students: checked and planned before somebody wonders.
CHECKED_AT_ONCE_BYTES: Final = 1_000_000
ENCODINGS: Final = (
    ("utf-8", "UTF-8"),
    ("windows-1252", "Windows (Western European)"),
    ("utf-16", "UTF-16"),
)


def received(request: Reader, school_year: int) -> HttpResponse:
    """Keep the file that a form sent, and lead to the page that says what becomes of it."""
    upload = request.FILES.get("bundle")
    if upload is None:
        messages.error(request, _("Choose a roster file first."))
        return redirect("rosters", school_year=school_year)
    source = _source(request)
    reading = reading_of(source) if source is not None else _reading(request)
    try:
        with on_disk(upload) as path:
            intake = receive_intake(
                request.scope,
                path,
                file_name=upload.name or "roster.zip",
                reading=reading,
                source=source,
                by=request.actor,
                now=now(),
            )
            return checked(request, school_year, intake)
    except MayNotSendRoster:
        messages.error(
            request,
            _("This roster is of a district that your role does not cover. Nothing was changed."),
        )
    except UploadIsTooLarge:
        messages.error(
            request, _("This file is larger than this installation takes. Ask your administrator.")
        )
    return redirect("rosters", school_year=school_year)


def checked(request: Reader, school_year: int, intake: Intake) -> HttpResponse:
    """Check an intake now or by a worker, and lead to its page.

    Raises: MayNotSendRoster where it is checked now and reaches beyond what the sender may send.
    """
    if intake.status == IntakeStatus.RECEIVED.value:
        if intake.byte_count <= CHECKED_AT_ONCE_BYTES:
            intake = check_intake(intake.uuid, scope=request.scope, by=request.actor, now=now())
        elif not asks_for_mapping(intake):
            enqueue(
                "roster.check_intake",
                arguments={"intake_uuid": str(intake.uuid)},
                dedupe_key=f"check:{intake.uuid}:{now():%Y-%m-%dT%H:%M}",
                by=request.actor,
                now=now(),
            )
    if asks_for_mapping(intake):
        return redirect("roster_mapping", school_year=school_year, intake=intake.uuid)
    return redirect("roster_plan", school_year=school_year, intake=intake.uuid)


def checked_again(request: Reader, school_year: int, intake_uuid: UUID) -> HttpResponse:
    """Check the kept bytes of an intake again, as the records are now, and lead to that plan."""
    before = get_intake(request.scope, intake_uuid)
    try:
        again = receive_intake(
            request.scope,
            kept_path(before),
            file_name=before.file_name,
            reading=reading_from(before.reading),
            source=before.saved_source,
            by=request.actor,
            now=now(),
        )
        answer = checked(request, school_year, again)
        if again.byte_count <= CHECKED_AT_ONCE_BYTES:
            messages.success(request, _("This is what the roster would change now."))
        return answer
    except MayNotSendRoster:
        messages.error(
            request,
            _("This roster is of a district that your role does not cover. Nothing was changed."),
        )
    except FileNotFoundError:
        messages.error(request, _("The file is not kept here any more. Send the roster again."))
    return redirect("roster_plan", school_year=school_year, intake=intake_uuid)


def _source(request: Reader) -> Source | None:
    """Return the source that the form names, if the reader may send for it."""
    try:
        uuid = UUID(request.POST.get("source", ""))
        return get_source(request.scope, uuid, permission=Permission.ROSTER_WRITE)
    except (ValueError, SourceNotFound):
        return None


def asks_for_mapping(intake: Intake) -> bool:
    """Tell whether a roster waits for somebody to say which of its columns is what."""
    return (
        intake.status == IntakeStatus.RECEIVED.value
        and intake.format == SourceFormat.MAPPED.value
        and not intake.reading.get("mapping")
    )


def _reading(request: Reader) -> Reading:
    """Read what the form says of the file; what it does not say is told from the file."""
    encoding = request.POST.get("encoding", "utf-8")
    return Reading(
        profile=Profile.STRICT if request.POST.get("profile") == "strict" else Profile.LENIENT,
        encoding=encoding if encoding in dict(ENCODINGS) else "utf-8",
    )
