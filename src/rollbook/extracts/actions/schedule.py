"""The scheduled process: when it runs, what it writes, where that goes, who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

from django.conf import settings as installation
from django.db import transaction
from django.utils import timezone

from rollbook.access.queries import holders_of
from rollbook.audit.actions import record
from rollbook.extracts.actions.files import deliver_files, write_files
from rollbook.extracts.models import ExtractFile, ExtractProfile, ExtractSchedule
from rollbook.extracts.queries.choosing import known_uuids
from rollbook.extracts.queries.targets import targets_in
from rollbook.extracts.rules.mails import bad_mails
from rollbook.extracts.types import ScheduleSettings
from rollbook.jobs.actions import set_schedule
from rollbook.jobs.models import Schedule
from rollbook.messages.actions import queue_mail, tell
from rollbook.orgs.models import Organization
from rollbook.orgs.queries import current_school_year, get_organization
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

RUN_JOB: Final = "extracts.run_schedule"
_MOST_MAILS: Final = 50


class ScheduleIsWrong(ValueError):
    """Say what is wrong with a schedule, field by field, in words for who typed it."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class NothingIsScheduled(LookupError):
    """Say that an organization has no schedule, or one that is off."""


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """Hold what came of one scheduled run."""

    file_uuids: tuple[UUID, ...]
    delivery_uuids: tuple[UUID, ...]
    profile_count: int


def save_schedule(
    scope: Scope,
    organization_uuid: UUID | str,
    settings: ScheduleSettings,
    *,
    by: Actor,
    now: datetime,
) -> datetime:
    """Say when an organization's scheduled profiles are written; return when it is due first.

    Raises: OrganizationNotFound; ScheduleIsWrong, with a sentence by field: days, time_of_day,
            time_zone, mails, targets.
    """
    place = get_organization(scope, organization_uuid, permission=Permission.GROUP_WRITE)
    at, faults = _time_in(settings)
    faults |= _faults(scope, place.id, settings)
    if faults or at is None:
        raise ScheduleIsWrong(faults)
    name = f"extracts {place.uuid}"
    with transaction.atomic():
        try:
            first = set_schedule(
                name=name,
                job_name=RUN_JOB,
                arguments={"organization": place.id},
                days="".join(sorted(set(settings.days))),
                time_of_day=at,
                time_zone=settings.time_zone,
                is_on=settings.is_on,
                by=by,
                now=now,
            )
        except KeyError:  # what zoneinfo raises for a zone that it does not know
            says = "This time zone is not known. Write one like America/Los_Angeles."
            raise ScheduleIsWrong({"time_zone": says}) from None
        ExtractSchedule.objects.update_or_create(
            organization_id=place.id,
            defaults={
                "schedule": Schedule.objects.get(name=name),
                "mails": list(settings.mails),
                "targets": list(settings.targets),
                "is_consolidated": settings.is_consolidated,
                "saved_by": by.label[:80],
                "saved_at": now,
            },
        )
        record(
            action="save_extract_schedule",
            subject_kind="organization",
            subject_uuid=place.uuid,
            organization_id=place.id,
            detail={
                "is_on": settings.is_on,
                "mails": len(settings.mails),
                "targets": len(settings.targets),
            },
            by=by,
            now=now,
        )
    return first


def run_schedule(
    scope: Scope,
    organization_id: int,
    *,
    run: UUID | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    by: Actor,
    now: datetime,
) -> ScheduledRun:
    """Write the scheduled profiles of an organization, send the files, tell whoever wants to know.

    Shape:  profiles of the current school year, as far as `scope` reaches; the caller narrows it to
            the organization. With a `run` it may be called again: nothing is written, sent or told
            twice.
    Raises: NothingIsScheduled.
    """
    kept = _kept(organization_id)
    profiles = _scheduled(scope, organization_id)
    files: list[UUID] = []
    deliveries: list[UUID] = []
    if profiles:
        files = write_files(
            scope,
            profiles,
            is_consolidated=kept.is_consolidated,
            is_scheduled=True,
            run=run,
            progress=progress,
            by=by,
            now=now,
        )
        targets = _targets(scope, organization_id, kept.targets)
        deliveries = deliver_files(scope, files, targets, by=by, now=now)
    kept.last_processed_at = now
    with transaction.atomic():
        kept.save(update_fields=["last_processed_at"])
        _tell_of_run(kept, files, len(deliveries), key=str(run or now.isoformat()), by=by, now=now)
    return ScheduledRun(tuple(files), tuple(deliveries), len(profiles))


def tell_of_failed_run(organization_id: int, *, key: str, by: Actor, now: datetime) -> None:
    """Tell whoever wants to know that a scheduled run wrote nothing.

    Raises: NothingIsScheduled.
    """
    kept = _kept(organization_id, is_running=False)
    body = (
        "No file was written and nothing was sent. What was sent before stays as it is. Write the "
        "files by hand, or tell whoever looks after Rollbook."
    )
    _tell(kept, "The scheduled group files were not written", body, key=key, by=by, now=now)


def _time_in(settings: ScheduleSettings) -> tuple[time | None, dict[str, str]]:
    try:
        return time.fromisoformat(settings.time_of_day), {}
    except ValueError:
        return None, {"time_of_day": "Write a time like 22:30."}


def _faults(scope: Scope, organization_id: int, settings: ScheduleSettings) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not settings.days or not set(settings.days) <= set("1234567"):
        faults["days"] = "Choose at least one day of the week."
    bad = bad_mails(settings.mails)
    if settings.is_on and not settings.mails:
        faults["mails"] = "Write at least one mail address: somebody has to hear of each run."
    elif bad:
        faults["mails"] = f'"{bad[0]}" is no mail address. Part addresses by commas or lines.'
    elif len(settings.mails) > _MOST_MAILS:
        faults["mails"] = f"Keep to {_MOST_MAILS} mail addresses."
    here = _targets(scope, organization_id, settings.targets)
    if len(here) != len(set(settings.targets)):
        faults["targets"] = "Choose targets from the list: one of these is closed or another's."
    return faults


def _targets(scope: Scope, organization_id: int, uuids: Sequence[str]) -> list[UUID]:
    """Return those of an organization's own targets that are in use."""
    found = targets_in(scope).filter(uuid__in=known_uuids(uuids), organization_id=organization_id)
    return list(found.values_list("uuid", flat=True))


def _kept(organization_id: int, *, is_running: bool = True) -> ExtractSchedule:
    kept = ExtractSchedule.objects.filter(organization_id=organization_id)
    if is_running:
        kept = kept.filter(schedule__is_on=True, organization__is_active=True)
    found = kept.select_related("organization", "schedule").first()
    if found is None:
        raise NothingIsScheduled("This organization has no schedule that is on.")
    return found


def _scheduled(scope: Scope, organization_id: int) -> list[ExtractProfile]:
    """Return the profiles that a run takes, whoever owns them: the schedule is the place's own."""
    if not scope.over(Permission.GROUP_WRITE).includes(organization_id):
        return []
    found = ExtractProfile.objects.filter(
        organization_id=organization_id,
        school_year=int(current_school_year(scope.on)),
        in_schedule=True,
        is_active=True,
    )
    return list(found.order_by("position", "created_at", "pk"))


def _tell_of_run(
    kept: ExtractSchedule,
    uuids: Sequence[UUID],
    delivery_count: int,
    *,
    key: str,
    by: Actor,
    now: datetime,
) -> None:
    if not uuids:
        body = (
            "No profile of this school year is in the scheduled process, so no file was written. "
            "Copy last year's profiles, or take profiles into the schedule."
        )
        _tell(kept, "No group files were written", body, key=key, by=by, now=now)
        return
    files = list(ExtractFile.objects.filter(uuid__in=uuids).order_by("pk"))
    lines = [_line(file) for file in files]
    if delivery_count:
        lines.append(f"Deliveries on their way: {delivery_count}. Each tells when it fails.")
    if delivery_count < len(kept.targets) * len(files):
        lines.append("Some of the targets are closed, so nothing goes there. Change the schedule.")
    is_empty = any(file.row_count == 0 for file in files)
    title = "A group file was written and is EMPTY" if is_empty else "Group files were written"
    _tell(kept, title, "\n".join(lines), key=key, by=by, now=now)


def _line(file: ExtractFile) -> str:
    """Count what is in a file, and say its warnings; no name that somebody typed is in them."""
    counts = (
        f"{file.name}: {file.group_count:,} groups, {file.student_count:,} students, "
        f"{file.row_count:,} rows, {file.left_out_count:,} students left out."
    )
    return "\n".join([counts, *(f"  {_said(warning)}" for warning in file.warnings)])


def _said(warning: Mapping[str, Any]) -> str:
    """Say a warning to whoever reads the mail, perhaps outside: profiles go by no name there."""
    if warning["code"] == "overlap":
        return (
            f"Two profiles choose the same students: {warning['count']:,} rows of one of them are "
            "left out. Read the warnings of the file."
        )
    return f"{warning['says']} {warning['fix']}"


def _tell(
    kept: ExtractSchedule, title: str, body: str, *, key: str, by: Actor, now: datetime
) -> None:
    """Tell by mail whoever is named, and in the message center who writes groups there."""
    place: Organization = kept.organization
    today = timezone.localdate(now)
    link = f"/{int(current_school_year(today))}/groups/files/"
    title = f"{title}: {place.name}"[:200]
    dedupe = f"extracts:{kept.pk}:{key}"
    tell(
        holders_of(Permission.GROUP_WRITE, place.pk, on=today),
        kind="extract_run",
        title=title,
        body=body,
        link=link,
        dedupe_key=dedupe,
        by=by,
        now=now,
    )
    for number, address in enumerate(kept.mails):
        queue_mail(
            address,
            subject=title,
            body=f"{body}\n\nSee it at {installation.BASE_URL}{link}\n",
            dedupe_key=f"{dedupe}:{number}",
            by=by,
            now=now,
        )
