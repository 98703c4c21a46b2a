"""Reads of roster sources: which there are, how each is, how its runs went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from rollbook.jobs.models import Job
from rollbook.jobs.rules import next_run
from rollbook.jobs.types import JobStatus
from rollbook.orgs.queries import within
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import SavedMapping, Source, SyncRun
from rollbook.roster.rules.mapping import mapping_from
from rollbook.roster.rules.policy import policy_from
from rollbook.roster.rules.reading import Reading
from rollbook.roster.rules.running import (
    NEVER,
    ClosedDays,
    NextStep,
    RunFacts,
    SourceFacts,
    SourceStatus,
    closed_on,
    condition_of,
    next_look,
)
from rollbook.roster.rules.sharing import sharing_from
from rollbook.roster.types import IntakeStatus, Profile, RunOutcome, SourceFormat, SourceKind
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope

RUN_JOB: Final = "roster.run_source"
# What a run was for: the roster here is as its source had it.
GOOD: Final = (
    RunOutcome.NOTHING_NEW,
    RunOutcome.UNCHANGED,
    RunOutcome.PLANNED,
    RunOutcome.HELD,
    RunOutcome.COMMITTED,
)


class SourceNotFound(LookupError):
    """Say that there is no such source, or none that this reader may see."""


class MayNotChangeSource(PermissionError):
    """Say that this person may not decide where this district's rosters come from."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """Say how a source is.

    Shape: `latest` is the latest run that was not skipped, None before the first; `told` is the
           one that the status speaks of: an earlier one where the latest brought nothing new,
           and none where it speaks of a file that somebody sent since. `intake` is the latest
           that came, by a run or by hand.
           `closed` are the days without runs that today lies in; `next_run_at` is None when
           nothing will run by itself.
    """

    source: Source
    status: SourceStatus
    step: NextStep
    latest: SyncRun | None
    told: SyncRun | None
    intake: Intake | None
    good_run_at: datetime | None
    next_run_at: datetime | None
    closed: ClosedDays | None


def sources_in(
    scope: Scope, *, permission: Permission = Permission.ROSTER_READ
) -> QuerySet[Source]:
    """Return the sources in use of the districts that the reader sees, by district and name."""
    found = Source.objects.filter(within(scope.over(permission), "organization_id"))
    return (
        found.filter(is_archived=False)
        .select_related("organization", "schedule", "mapping")
        .order_by("organization__name", "name", "pk")
    )


def get_source(
    scope: Scope, uuid: UUID | str, *, permission: Permission = Permission.ROSTER_READ
) -> Source:
    """Return one source of a district that the reader sees.

    Raises: SourceNotFound, also for one that is archived or out of sight: one answer.
    """
    found = sources_in(scope, permission=permission).filter(uuid=uuid).first()
    if found is None:
        raise SourceNotFound("No such source, or not one that you may see.")
    return found


def source_to_change(scope: Scope, uuid: UUID | str) -> Source:
    """Return a source of a district for which the reader may send rosters.

    Raises: SourceNotFound when it is out of sight; MayNotChangeSource when it is only seen.
    """
    source = get_source(scope, uuid)
    if not scope.over(Permission.ROSTER_WRITE).includes(source.organization_id):
        raise MayNotChangeSource("Only who may send rosters for this district changes its sources.")
    return source


def require_approver(scope: Scope, source: Source) -> None:
    """Let pass who may change what becomes of a source's rosters, where nobody looks at them first.

    Raises: MayNotChangeSource for a source that commits by itself, to who may not approve rosters.
    """
    may_approve = scope.over(Permission.ROSTER_APPROVE).includes(source.organization_id)
    if policy_from(source.policy).commits_itself and not may_approve:
        raise MayNotChangeSource("Only who may approve rosters changes what goes in by itself.")


def runs_of(scope: Scope, uuid: UUID | str, page: PageRequest | None = None) -> Page[SyncRun]:
    """Return one page of the runs of a source, latest first, each with its intake and plan.

    Raises: SourceNotFound.
    """
    page = page or PageRequest(size=25)
    found = SyncRun.objects.filter(source=get_source(scope, uuid))
    ordered = found.select_related("intake__plan").order_by("-started_at", "-pk")
    rows = list(ordered[page.offset : page.offset + page.size])
    return Page(items=rows, number=page.number, size=page.size, total_count=found.count())


def get_run(scope: Scope, uuid: UUID | str) -> SyncRun:
    """Return one run of a source that the reader sees.

    Raises: SourceNotFound.
    """
    seen = sources_in(scope).values("pk")
    found = SyncRun.objects.select_related("intake__plan", "source")
    run = found.filter(uuid=uuid, source__in=seen).first()
    if run is None:
        raise SourceNotFound("No such run, or not one that you may see.")
    return run


def closed_days_of(scope: Scope, source: Source) -> list[ClosedDays]:
    """List the days on which a source does not run by itself, in order.

    Raises: SourceNotFound.
    """
    return _closed(get_source(scope, source.uuid))


def source_health(scope: Scope, source: Source, *, now: datetime) -> SourceHealth:
    """Say how one source is.

    Raises: SourceNotFound.
    """
    found = sources_health(scope, now=now, only=source.pk)
    if not found:
        raise SourceNotFound("No such source, or not one that you may see.")
    return found[0]


def sources_health(scope: Scope, *, now: datetime, only: int | None = None) -> list[SourceHealth]:
    """Say how each source that the reader sees is; in as many statements for many as for one."""
    seen = sources_in(scope) if only is None else sources_in(scope).filter(pk=only)
    runs = SyncRun.objects.filter(source=OuterRef("pk")).order_by("-started_at", "-pk")
    latest = runs.exclude(outcome__in=[RunOutcome.SKIPPED]).values("pk")[:1]
    good = runs.filter(outcome__in=GOOD).values("pk")[:1]
    brought = runs.filter(intake__isnull=False).values("pk")[:1]
    sent = Intake.objects.filter(saved_source=OuterRef("pk"), sync_runs=None)
    sources = list(
        seen.annotate(
            latest_run=Subquery(latest),
            good_run=Subquery(good),
            brought_run=Subquery(brought),
            sent=Subquery(sent.order_by("-received_at", "-pk").values("pk")[:1]),
        ).prefetch_related("blackouts")
    )
    intakes = Intake.objects.select_related("plan").in_bulk({s.sent for s in sources if s.sent})
    ids = {pk for s in sources for pk in (s.latest_run, s.good_run, s.brought_run) if pk}
    found = SyncRun.objects.select_related("intake__plan").in_bulk(ids)
    queued = _queued()
    return [
        _health(
            s,
            _Runs(
                found.get(s.latest_run),
                found.get(s.good_run),
                found.get(s.brought_run),
                intakes.get(s.sent),
            ),
            is_queued=str(s.uuid) in queued,
            now=now,
        )
        for s in sources
    ]


@dataclass(frozen=True, slots=True)
class _Runs:
    """Hold what tells how a source is.

    Shape: `brought` is the latest run that brought a file, `sent` the latest file sent by hand.
    """

    latest: SyncRun | None
    good: SyncRun | None
    brought: SyncRun | None
    sent: Intake | None

    @property
    def is_sent_since(self) -> bool:
        """Tell whether somebody sent a file after the latest run."""
        if self.sent is None:
            return False
        return self.latest is None or self.sent.received_at > self.latest.started_at

    @property
    def told(self) -> SyncRun | None:
        """Return the run by which the source is told: nothing new leaves all as it was."""
        if self.is_sent_since:
            return None
        is_quiet = self.latest is not None and self.latest.outcome == RunOutcome.NOTHING_NEW
        return self.brought if is_quiet and self.brought else self.latest


def _queued() -> set[str]:
    """Return the public ids of sources whose run waits for a worker."""
    waiting = Job.objects.filter(name=RUN_JOB, status__in=[JobStatus.QUEUED, JobStatus.RUNNING])
    return {str(sent.get("source", "")) for sent in waiting.values_list("arguments", flat=True)}


def _health(source: Source, runs: _Runs, *, is_queued: bool, now: datetime) -> SourceHealth:
    closed = closed_on(_closed(source), timezone.localdate(now))
    schedule = source.schedule if source.schedule and source.schedule.is_on else None
    told = runs.told
    sent = runs.sent if runs.is_sent_since else None
    brought = runs.brought.intake if runs.brought else None
    condition = condition_of(
        SourceFacts(
            is_by_hand=source.kind == SourceKind.UPLOAD,
            is_unproved=source.kind == SourceKind.SFTP and not source.settings.get("host_key"),
            is_paused=source.is_paused,
            is_queued=is_queued,
            latest=facts_of(told) if told else (_facts_of_file(sent) if sent else None),
            next_run_at=schedule.next_run_at if schedule else None,
            closed=closed,
        ),
        now=now,
    )
    return SourceHealth(
        source=source,
        status=condition.status,
        step=condition.step,
        latest=runs.latest,
        told=told,
        intake=sent or brought,
        good_run_at=None if runs.good is None else runs.good.finished_at,
        next_run_at=_next_run(source, closed, now=now),
        closed=closed,
    )


def facts_of(run: SyncRun) -> RunFacts:
    """Return what decides how a run that is at hand is told."""
    plan = run.intake.plan if run.intake else None
    return RunFacts(RunOutcome(run.outcome), run.code, plan.status if plan else "")


def _facts_of_file(intake: Intake) -> RunFacts:
    """Tell a file that somebody sent like a run that brought it."""
    outcomes = {
        IntakeStatus.RECEIVED.value: RunOutcome.RUNNING,
        IntakeStatus.REFUSED.value: RunOutcome.REFUSED,
        IntakeStatus.UNCHANGED.value: RunOutcome.UNCHANGED,
    }
    plan_status = intake.plan.status if intake.plan else ""
    return RunFacts(outcomes.get(intake.status, RunOutcome.PLANNED), "", plan_status)


def _closed(source: Source) -> list[ClosedDays]:
    return sorted(
        (ClosedDays(b.starts_on, b.ends_before, b.reason) for b in source.blackouts.all()),
        key=lambda days: (days.starts_on, days.ends_before),
    )


def _next_run(source: Source, closed: ClosedDays | None, *, now: datetime) -> datetime | None:
    if source.is_paused:
        return None
    # Midnight after the closed days, in the agency's zone, as `localdate` reads them.
    start = now if closed is None else _midnight(closed.ends_before)
    due = [next_look(start, [every_minutes_of(source)])]
    if (schedule := source.schedule) is not None and schedule.is_on:
        due.append(
            next_run(schedule.days, schedule.time_of_day, schedule.time_zone, after=start)
            if closed
            else schedule.next_run_at
        )
    return min((moment for moment in due if moment is not None), default=None)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(settings.TIME_ZONE))


def every_minutes_of(source: Source) -> int:
    """Return how often a source that is at hand is looked at; 0 for never."""
    return int(source.settings.get("every_minutes", NEVER))


def reading_of(source: Source) -> Reading:
    """Say how the files of a source that is at hand are to be read and judged."""
    return Reading(
        format=SourceFormat(source.format),
        profile=Profile(source.profile),
        encoding=source.encoding,
        switched_off=frozenset(source.switched_off),
        mapping=mapping_from(source.mapping.mapping) if source.mapping else None,
        sharing=sharing_from(source.sharing),
        policy=policy_from(source.policy),
    )


def mappings_in(scope: Scope) -> QuerySet[SavedMapping]:
    """Return the saved mappings that the reader may use: of their districts, and of everybody."""
    reach = scope.over(Permission.ROSTER_READ)
    seen = within(reach, "organization_id") | Q(organization_id=None)
    found = SavedMapping.objects.select_related("organization").order_by("name", "pk")
    return found.filter(seen) if reach else found.none()


def runs_between(scope: Scope, *, since: datetime, until: datetime) -> Sequence[SyncRun]:
    """List the runs of a stretch of time that came to something, by district, source and start.

    Shape: without runs that were skipped; `until` is exclusive.
    """
    found = SyncRun.objects.filter(
        source__in=sources_in(scope).values("pk"), started_at__gte=since, started_at__lt=until
    )
    return list(
        found.exclude(outcome=RunOutcome.SKIPPED)
        .select_related("source__organization", "intake__plan")
        .order_by("source__organization__name", "source__name", "started_at", "pk")
    )
