"""Look at the sources that are to be looked at every few minutes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rollbook.jobs.actions import enqueue
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.sources import RUN_JOB, every_minutes_of
from rollbook.roster.rules.running import NEVER, moment_before, next_look
from rollbook.shared.actor import Actor

LOOK_JOB: Final = "roster.look_at_sources"


def look_at_sources(*, by: Actor, now: datetime) -> int:
    """Queue a run of each source whose minutes have come round, and the next look; count the runs.

    Everybody who looks finds the same moments, and a moment is queued once: looks never double,
    however many begin them.
    """
    watched = [
        (source, every)
        for source in Source.objects.filter(is_archived=False, is_paused=False)
        if (every := every_minutes_of(source)) > NEVER
    ]
    for source, every in watched:
        moment = moment_before(now, every)
        enqueue(
            RUN_JOB,
            arguments={"source": str(source.uuid)},
            dedupe_key=f"look:{source.uuid}:{moment:%Y-%m-%dT%H:%M}",
            by=by,
            now=now,
        )
    plan_next_look(by=by, now=now, minutes=[every for _, every in watched])
    return len(watched)


def plan_next_look(*, minutes: list[int], by: Actor, now: datetime) -> None:
    """Queue the next look, if any source wants one; asking again changes nothing."""
    moment = next_look(now, minutes)
    if moment is not None:
        enqueue(
            LOOK_JOB,
            dedupe_key=f"look:{moment:%Y-%m-%dT%H:%M}",
            run_after=moment,
            by=by,
            now=now,
        )
