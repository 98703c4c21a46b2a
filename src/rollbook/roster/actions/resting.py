"""Say when a source runs by itself: its schedule, its pauses, its blackout days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from rollbook.jobs.actions import set_schedule
from rollbook.jobs.models import Schedule
from rollbook.roster.actions.sources import audit_source
from rollbook.roster.models.sources import Blackout, Source
from rollbook.roster.queries.sources import RUN_JOB, source_to_change
from rollbook.roster.rules.running import ClosedDays
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope

LONGEST_REASON = 200
MOST_BLACKOUTS = 50


class DaysAreWrong(ValueError):
    """Say what is wrong with blackout days or a schedule, in words for who typed them."""


def pause_source(
    scope: Scope, uuid: UUID | str, *, reason: str, by: Actor, now: datetime
) -> Source:
    """Let a source rest until somebody resumes it; by hand it does not run either.

    Raises: SourceNotFound; MayNotChangeSource.
    """
    source = source_to_change(scope, uuid)
    with transaction.atomic():
        put_to_rest(source, reason, by=by, now=now)
    return source


def put_to_rest(source: Source, reason: str, *, by: Actor, now: datetime) -> None:
    """Pause a source that is at hand; part of pausing it by hand and of a run that must stop."""
    source.is_paused = True
    source.paused_because = reason.strip()[:LONGEST_REASON]
    source.paused_by = by.label[:80]
    source.paused_at = now
    _save_pause(source)
    audit_source("pause_source", source, {}, by=by, now=now)


def resume_source(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> Source:
    """Let a paused source run again, from its next schedule on.

    Raises: SourceNotFound; MayNotChangeSource.
    """
    source = source_to_change(scope, uuid)
    with transaction.atomic():
        source.is_paused = False
        source.paused_because = source.paused_by = ""
        source.paused_at = None
        _save_pause(source)
        audit_source("resume_source", source, {}, by=by, now=now)
    return source


def set_blackouts(
    scope: Scope, uuid: UUID | str, days: Sequence[ClosedDays], *, by: Actor, now: datetime
) -> None:
    """Say on which days a source does not run by itself, instead of those said before.

    Raises: SourceNotFound; MayNotChangeSource; DaysAreWrong.
    """
    source = source_to_change(scope, uuid)
    if len(days) > MOST_BLACKOUTS:
        raise DaysAreWrong(f"Keep to {MOST_BLACKOUTS} stretches of blackout days.")
    if any(stretch.ends_before <= stretch.starts_on for stretch in days):
        raise DaysAreWrong("Blackout days end before they begin. Swap the two dates.")
    with transaction.atomic():
        source.blackouts.all().delete()
        Blackout.objects.bulk_create(
            Blackout(
                source=source,
                starts_on=stretch.starts_on,
                ends_before=stretch.ends_before,
                reason=stretch.reason.strip()[:LONGEST_REASON],
            )
            for stretch in sorted(set(days), key=lambda stretch: stretch.starts_on)
        )
        audit_source("set_blackouts", source, {"count": len(set(days))}, by=by, now=now)


def schedule_source(
    scope: Scope,
    uuid: UUID | str,
    *,
    days: str,
    time_of_day: time,
    time_zone: str,
    is_on: bool,
    by: Actor,
    now: datetime,
) -> datetime:
    """Run a source by itself on some days of the week; return when it is due first.

    Raises: SourceNotFound; MayNotChangeSource; DaysAreWrong.
    """
    source = source_to_change(scope, uuid)
    name = f"roster source {source.uuid}"
    try:
        with transaction.atomic():
            first = set_schedule(
                name=name,
                job_name=RUN_JOB,
                arguments={"source": str(source.uuid)},
                days="".join(sorted(set(days))),
                time_of_day=time_of_day,
                time_zone=time_zone,
                is_on=is_on,
                by=by,
                now=now,
            )
            source.schedule = Schedule.objects.get(name=name)
            source.save(update_fields=["schedule"])
    except ValueError:
        raise DaysAreWrong("Choose at least one day of the week.") from None
    except KeyError:  # what zoneinfo raises for a zone that it does not know
        raise DaysAreWrong("This time zone is not known. Write one like America/Chicago.") from None
    return first


def _save_pause(source: Source) -> None:
    source.save(update_fields=["is_paused", "paused_because", "paused_by", "paused_at"])
