"""Recognize a roster that came before, when nothing has moved since: a night without changes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
from django.db.models import Count, Max
from django.utils import timezone

from rollbook.changes.life import was_partial
from rollbook.changes.models import ChangePlan
from rollbook.changes.state import versions_of
from rollbook.changes.types import PlanStatus
from rollbook.orgs.models import AcademicSession
from rollbook.people.models import LocalEdit
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import EnrollmentQuestion, TransferRequest
from rollbook.roster.queries.identity import elsewhere_mark
from rollbook.roster.queries.intakes import intakes_in
from rollbook.roster.queries.papers import excluded_path, findings_path, papers_path
from rollbook.roster.rules.reading import reading_from
from rollbook.roster.rules.years import school_year_of
from rollbook.roster.types import FRAME_SCHEMAS, BundleResult, IntakeStatus, RosterFrames
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

# How many earlier intakes of the same bytes are looked at; the latest is nearly always the one.
_LOOKED_AT: Final = 5


def grounds_of(scope: Scope, source: str, *, on: datetime) -> dict[str, Any]:
    """Name everything, besides the bytes and how they are read, that a plan follows from.

    Shape: plain values; equal grounds and equal bytes make equal plans. `on` is the local day: two
           days are equal where the school year is, and nothing else is judged by the day.
    """
    day = timezone.localdate(on)
    edits = LocalEdit.objects.filter(is_active=True).aggregate(n=Count("id"), latest=Max("id"))
    answers = EnrollmentQuestion.objects.aggregate(latest=Max("answered_at"))
    released = TransferRequest.objects.aggregate(latest=Max("decided_at"))
    return {
        "areas": versions_of([f"roster:{source}"]),
        "on": day.isoformat(),
        "edits": [edits["n"], edits["latest"]],
        "answers": str(answers["latest"]),
        "released": str(released["latest"]),
        "elsewhere": elsewhere_mark(scope, source=source, on=day),
    }


def find_repeat(scope: Scope, intake: Intake, *, now: datetime) -> Intake | None:
    """Return an earlier intake of the same bytes, read in the same way, on the same grounds.

    Shape: only one after which nothing was left to do: it changed nothing, or its whole plan is
           in. What a reader may not see is never found.
    """
    done = [IntakeStatus.UNCHANGED.value, IntakeStatus.PLANNED.value]
    before = (
        intakes_in(scope)
        .filter(sha256=intake.sha256, saved_source=intake.saved_source, status__in=done)
        .exclude(pk=intake.pk)
    )
    for earlier in before[:_LOOKED_AT]:
        is_read_so = earlier.reading == intake.reading
        if is_read_so and _may_send(scope, earlier) and _holds_still(scope, earlier, now=now):
            return earlier
    return None


def _may_send(scope: Scope, earlier: Intake) -> bool:
    """Tell whether a reader may send for the place of an intake: else nothing is told of it."""
    reach, home = scope.over(Permission.ROSTER_WRITE), earlier.organization_id
    return reach.everything if home is None else reach.includes(home)


def find_equal(scope: Scope, intake: Intake, content: str, *, now: datetime) -> Intake | None:
    """Return an earlier intake of the same source that said the same, in whatever bytes.

    Shape: as `find_repeat`; only one whose planning found nothing to tell, since a night that is
           not planned cannot tell it again.
    """
    done = [IntakeStatus.UNCHANGED.value, IntakeStatus.PLANNED.value]
    before = intakes_in(scope).filter(source=intake.source, status__in=done).exclude(pk=intake.pk)
    for earlier in before[:_LOOKED_AT]:
        says_the_same = earlier.counts.get("content") == content
        was_quiet = not earlier.counts.get("said_by_plan", 1)
        is_ours = earlier.reading == intake.reading and _may_send(scope, earlier)
        if says_the_same and was_quiet and is_ours and _holds_still(scope, earlier, now=now):
            return earlier
    return None


def content_of(result: BundleResult, frames: RosterFrames) -> str:
    """Name what a roster says by a digest, whatever the order and the lines of its rows.

    Shape: two hashes of 64 bits a record, sorted, under SHA-256; rows left out are part of it.
    """
    words = asdict(frames.vocabulary)
    silent = [(name, None if said is None else sorted(said)) for name, said in words.items()]
    heading = f"{pl.__version__} {sorted(frames.modes.items())} {silent}"
    digest = hashlib.sha256(heading.encode())
    told: list[tuple[str, pl.DataFrame]] = [
        (name, getattr(frames, name).drop("_line", "changed_at")) for name in FRAME_SCHEMAS
    ]
    told += [
        (file, exclusion.frame.select("sourced_id", "cause"))
        for file, exclusion in sorted(result.excluded.items())
    ]
    told += [(f"{file} names", left.names) for file, left in sorted(result.excluded.items())]
    for name, frame in told:
        rows = pl.DataFrame({"one": frame.hash_rows(seed=1), "other": frame.hash_rows(seed=2)})
        digest.update(f"\n{name} {frame.height}\n".encode())
        for column in rows.sort("one", "other"):
            digest.update(column.to_numpy().tobytes())
    return digest.hexdigest()


def _holds_still(scope: Scope, earlier: Intake, *, now: datetime) -> bool:
    grounds: dict[str, Any] = dict(earlier.counts.get("grounds", {}))
    here = grounds_of(scope, earlier.source, on=now)
    if not _are_days_alike(earlier, grounds.pop("on", ""), here.pop("on")):
        return False
    if earlier.plan is None:
        return bool(grounds == here)
    if not _is_wholly_in(earlier.plan):
        return False
    moved = {area: version + 1 for area, version in grounds["areas"].items()}
    return bool({**grounds, "areas": moved} == here)


def _are_days_alike(earlier: Intake, then: str, today: str) -> bool:
    """Tell whether a plan of the one day is one of the other.

    Who is in a section is judged by the day itself; all else by the school year that holds it.
    """
    if not then or then == today:
        return bool(then)
    if reading_from(earlier.reading).policy.requires_one_section:
        return False
    years = _years_of(earlier.source)
    days = [date.fromisoformat(day) for day in (then, today)]
    return len({school_year_of(years, starting=day) for day in days}) == 1


def _years_of(source: str) -> pl.DataFrame:
    """Return the sessions of a source, for telling its school year."""
    rows = AcademicSession.objects.filter(source=source, is_active=True)
    told = list(rows.values_list("kind", "starts_on", "ends_before", "school_year"))
    frame = pl.DataFrame(told, schema=_SESSIONS, orient="row")
    return frame.with_columns(
        status=pl.lit(None, pl.String), ends_on=pl.col("ends_before") - timedelta(days=1)
    )


_SESSIONS: Final = pl.Schema(
    {
        "type": pl.String(),
        "starts_on": pl.Date(),
        "ends_before": pl.Date(),
        "school_year": pl.Int64(),
    }
)


def _is_wholly_in(plan: ChangePlan) -> bool:
    """Tell whether every row of a plan was written, and none was taken back since."""
    return plan.status == PlanStatus.COMMITTED.value and not was_partial(plan)


def note_repeat(scope: Scope, intake: Intake, earlier: Intake, *, by: Actor, now: datetime) -> None:
    """Put on record that an intake says what an earlier one said, with the same findings."""
    del by  # the caller records who checked it
    intake.source = earlier.source
    intake.organization = earlier.organization
    intake.status = IntakeStatus.UNCHANGED.value
    intake.verdict = earlier.verdict
    intake.finished_at = now
    grounds = grounds_of(scope, earlier.source, on=now)
    intake.counts = {**earlier.counts, "repeats": str(earlier.uuid), "grounds": grounds}
    for path_of in (findings_path, papers_path, excluded_path):
        kept, same = path_of(earlier), path_of(intake)
        if kept.exists() and not same.exists():
            os.link(kept, same)
