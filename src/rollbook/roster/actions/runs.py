"""Run a source: fetch what it has, take it in, check it, and commit it where that was agreed."""

from __future__ import annotations

import fcntl
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from rollbook.changes.actions import (
    PlanDoesNotFit,
    PlanIsFinished,
    PlanIsHeld,
    StateMovedOn,
)
from rollbook.changes.types import PlanStatus
from rollbook.jobs.actions import enqueue
from rollbook.jobs.models import Job
from rollbook.jobs.types import JobStatus
from rollbook.roster.actions.commit import MayNotCommitRoster, commit_intake
from rollbook.roster.actions.preflight import check_intake
from rollbook.roster.actions.receiving import MayNotSendRoster, receive_intake
from rollbook.roster.actions.resting import put_to_rest
from rollbook.roster.actions.sources import audit_source
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source, SyncRun
from rollbook.roster.queries.connections import connection_of
from rollbook.roster.queries.sources import (
    RUN_JOB,
    closed_days_of,
    facts_of,
    reading_of,
    source_to_change,
)
from rollbook.roster.rules.policy import policy_from
from rollbook.roster.rules.running import (
    BLACKOUT,
    BROKEN,
    INTERRUPTED,
    OTHER_DISTRICT,
    PAUSED,
    is_worth_retrying,
    may_go_on,
    needs_somebody,
    why_not,
)
from rollbook.roster.rules.sharing import SharingMode
from rollbook.roster.sources.connecting import Pulled, SourceFailed
from rollbook.roster.types import IntakeStatus, RunOutcome, SourceKind
from rollbook.shared.actor import Actor
from rollbook.shared.events import Event, announce
from rollbook.shared.scope import Scope

Progress = Callable[[int, int, str], None]

_LOCK: Final = 0x726F7374  # "rost": the half of PostgreSQL's lock numbers that is of sources
# PostgreSQL gives a lock to the session that holds it once more, and we never do.
_TAKE: Final = """
    SELECT pg_try_advisory_lock(%(lock)s, %(source)s) WHERE NOT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 2 AND pid = pg_backend_pid()
            AND classid = %(lock)s AND objid = %(source)s
    )
"""
_SAYS: Final = {
    PAUSED: "The source is paused.",
    BLACKOUT: "Today is a blackout day of this source.",
    INTERRUPTED: "The run was interrupted. Nothing of it was lost; the next run begins anew.",
    BROKEN: "Rollbook met a fault of its own in this run. Nothing was changed.",
    OTHER_DISTRICT: (
        "What came is of another district, or of schools of another district. Nothing was changed."
    ),
}


A_DAY: Final = timedelta(hours=23)  # less than from one night's run to the next
_OUTCOMES: Final = {
    PlanStatus.HELD.value: RunOutcome.HELD,
    PlanStatus.COMMITTED.value: RunOutcome.COMMITTED,
}
logger = logging.getLogger(__name__)


class SourceIsRunning(RuntimeError):
    """Say that this source runs already: wait until that run is over."""


@dataclass(frozen=True, slots=True)
class SourceNeedsSomebody(Event):
    """Say that a source could not be used, and that it does not mend itself."""

    source_uuid: UUID
    organization_id: int
    source_name: str
    code: str
    says: str
    is_paused: bool
    streak: str  # the same for all runs since the source was last well


@dataclass(frozen=True, slots=True)
class _Clock:
    """Tell the moment by the start and the time elapsed: a domain looks at no clock."""

    started_at: datetime
    started: float

    def moment(self) -> datetime:
        return self.started_at + timedelta(seconds=monotonic() - self.started)


def ask_for_run(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> Job:
    """Queue a run of a source by hand; asking again before it is over is asking once.

    Raises: SourceNotFound; MayNotChangeSource.
    """
    source = source_to_change(scope, uuid)
    arguments = {"source": str(source.uuid), "is_scheduled": False}
    going_on = Job.objects.filter(name=RUN_JOB, status__in=[JobStatus.QUEUED, JobStatus.RUNNING])
    # One that waits to be tried again is no answer to somebody who wants it now.
    for job in going_on.filter(run_after__lte=now):
        if job.arguments == arguments:
            return job
    return enqueue(
        RUN_JOB,
        arguments=arguments,
        dedupe_key=f"hand:{source.uuid}:{now:%Y-%m-%dT%H:%M:%S}",
        by=by,
        now=now,
    )


def run_source(
    scope: Scope,
    uuid: UUID | str,
    *,
    is_scheduled: bool,
    is_repeat: bool = False,
    is_final_attempt: bool = True,
    progress: Progress | None = None,
    by: Actor,
    now: datetime,
) -> SyncRun:
    """Run a source once: fetch what it has, take it in, check it, and say what came of it.

    What was fetched and what the source is to be asked for next time are kept in one transaction.
    Where a run was interrupted after that, this one first finishes it.
    Shape:  a run by hand fetches everything, a scheduled one what is new, and only a scheduled one
            commits by itself. With `is_repeat` a failed run is tried again, not another one begun.
    Raises: SourceNotFound; MayNotChangeSource; SourceIsRunning.
    """
    source = source_to_change(scope, uuid)
    clock = _Clock(now, monotonic())
    with _alone(source):
        source.refresh_from_db()
        runner = _Runner(scope, source, clock, progress or _silent, by)
        runner.finish_interrupted()
        today = timezone.localdate(now)
        reason = why_not(
            is_paused=source.is_paused,
            closed=closed_days_of(scope, source),
            is_scheduled=is_scheduled,
            today=today,
        )
        if reason:
            return runner.skip(reason, is_scheduled=is_scheduled)
        run = runner.begin(is_scheduled=is_scheduled, is_repeat=is_repeat)
        try:
            runner.run(run)
        except Exception:
            runner.fail(run, BROKEN, _SAYS[BROKEN])
            if is_final_attempt:
                runner.tell(run)
            raise
    outcome = RunOutcome(run.outcome)
    if needs_somebody(outcome, run.code) and (
        is_final_attempt or not is_worth_retrying(outcome, run.code)
    ):
        runner.tell(run)
    return run


def _silent(done: int, total: int, says: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class _Runner:
    """Hold what all steps of one run need."""

    scope: Scope
    source: Source
    clock: _Clock
    progress: Progress
    by: Actor

    def begin(self, *, is_scheduled: bool, is_repeat: bool) -> SyncRun:
        """Put a run on record before anything is fetched; a repeated one is on record already."""
        latest = self.source.runs.order_by("-started_at", "-pk").first()
        if is_repeat and latest is not None and latest.outcome == RunOutcome.FAILED:
            latest.outcome, latest.code, latest.says = RunOutcome.RUNNING.value, "", ""
            latest.finished_at = None
            latest.save()
            return latest
        return SyncRun.objects.create(
            source=self.source,
            is_scheduled=is_scheduled,
            outcome=RunOutcome.RUNNING.value,
            started_by=self.by.label[:80],
            started_at=self.clock.started_at,
        )

    def skip(self, reason: str, *, is_scheduled: bool) -> SyncRun:
        """Put on record that a run did not take place: one line for a whole summer."""
        latest = self.source.runs.order_by("-started_at", "-pk").first()
        if latest is None or (latest.outcome, latest.code) != (RunOutcome.SKIPPED, reason):
            latest = SyncRun(
                source=self.source,
                is_scheduled=is_scheduled,
                outcome=RunOutcome.SKIPPED.value,
                code=reason,
                says=_SAYS[reason],
                started_by=self.by.label[:80],
                started_at=self.clock.started_at,
            )
        latest.counts = {"times": latest.counts.get("times", 0) + 1}
        latest.finished_at = self.clock.moment()
        latest.save()
        return latest

    def finish_interrupted(self) -> None:
        """Finish the runs that a killed worker left behind: none but us runs this source now."""
        for run in self.source.runs.filter(outcome=RunOutcome.RUNNING).select_related("intake"):
            if run.intake is None:
                self.fail(run, INTERRUPTED, _SAYS[INTERRUPTED])
                continue
            try:
                self._judge(run, run.intake)
            except Exception as error:  # whatever it is, it must not keep the source from running
                logger.warning("source %s: %s", self.source.uuid, type(error).__name__)
                self.fail(run, BROKEN, _SAYS[BROKEN])

    def run(self, run: SyncRun) -> None:
        """Fetch, take in, judge."""
        self.progress(0, 3, "Fetching")
        parent = Path(settings.LOCK_ROOT)
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix="pull-") as folder:
            try:
                pulled = self._pull(run, Path(folder))
            except SourceFailed as failed:
                self.fail(run, failed.code, failed.says, pauses=failed.pauses)
                return
            if pulled is None:
                self._end_quietly(run)
                return
            self.progress(1, 3, "Taking in")
            intake = self._take_in(run, pulled)
        self.progress(2, 3, "Checking")
        self._judge(run, intake)

    def _pull(self, run: SyncRun, into: Path) -> Pulled | None:
        link = connection_of(self.scope, self.source)
        return link.connector.pull(
            link.settings,
            link.secrets,
            into=into,
            cursor=self._cursor() if run.is_scheduled else {},
            now=self.clock.started_at,
        )

    def _cursor(self) -> dict[str, str]:
        """Return where to go on from; from the beginning where that would lose something."""
        brought = (
            self.source.runs.filter(intake__isnull=False)
            .select_related("intake__plan")
            .order_by("-started_at", "-pk")
            .first()
        )
        reading = reading_of(self.source)
        goes_on = may_go_on(
            SourceKind(self.source.kind),
            None if brought is None else facts_of(brought),
            is_read_the_same=brought is None or brought.intake.reading == reading.as_json(),
            is_all_used=reading.sharing.mode is SharingMode.DISTRICT,
        )
        return dict(self.source.cursor) if goes_on else {}

    def _take_in(self, run: SyncRun, pulled: Pulled) -> Intake:
        """Keep a file and where to go on from: both, or neither."""
        with transaction.atomic():
            intake = receive_intake(
                self.scope,
                pulled.path,
                file_name=pulled.file_name,
                reading=reading_of(self.source),
                source=self.source,
                by=self.by,
                now=self.clock.moment(),
            )
            run.intake = intake
            run.counts = dict(pulled.counts)
            run.save(update_fields=["intake", "counts"])
            Source.objects.filter(pk=self.source.pk).update(cursor=dict(pulled.cursor))
        return intake

    def _judge(self, run: SyncRun, intake: Intake) -> None:
        """Check what came, and commit it where that was agreed and nothing hinders."""
        try:
            intake = check_intake(
                intake.uuid,
                scope=self.scope,
                progress=self.progress,
                by=self.by,
                now=self.clock.moment(),
            )
        except MayNotSendRoster:
            self._end(run, RunOutcome.REFUSED, OTHER_DISTRICT, _SAYS[OTHER_DISTRICT])
            return
        run.intake = intake  # as it is now that it was checked
        outcome = _outcome_of(intake)
        if outcome is RunOutcome.PLANNED and run.is_scheduled and self._commit(intake):
            outcome = RunOutcome.COMMITTED
        self._end(run, outcome)

    def _commit(self, intake: Intake) -> bool:
        """Commit a plan by itself, if the source may; whatever hinders leaves it to a person."""
        if not policy_from(self.source.policy).commits_itself or intake.plan is None:
            return False
        try:
            commit_intake(
                self.scope,
                intake.uuid,
                digest=intake.plan.digest,
                by=self.by,
                now=self.clock.moment(),
            )
        except (PlanIsHeld, PlanIsFinished, StateMovedOn, PlanDoesNotFit, MayNotCommitRoster):
            return False
        return True

    def fail(self, run: SyncRun, code: str, says: str, *, pauses: bool = False) -> None:
        """Put on record why a run failed, and let the source rest where going on would do harm.

        What was fetched and could not be judged is fetched again.
        """
        with transaction.atomic():
            if code == BROKEN:
                Source.objects.filter(pk=self.source.pk).update(cursor={})
                self.source.cursor = {}
            if pauses:
                put_to_rest(self.source, says, by=self.by, now=self.clock.moment())
            self._end(run, RunOutcome.FAILED, code, says)

    def _end_quietly(self, run: SyncRun) -> None:
        """Put on record that there was nothing new: one line for all looks of a day."""
        before = (
            self.source.runs.filter(started_at__gte=run.started_at - A_DAY)
            .exclude(pk=run.pk)
            .order_by("-started_at", "-pk")
            .first()
        )
        with transaction.atomic():
            if before is not None and before.outcome == RunOutcome.NOTHING_NEW:
                run.counts = {"times": before.counts.get("times", 1) + 1}
                before.delete()
            self._end(run, RunOutcome.NOTHING_NEW)

    def _end(self, run: SyncRun, outcome: RunOutcome, code: str = "", says: str = "") -> None:
        run.outcome, run.code, run.says = outcome.value, code[:40], says[:400]
        run.finished_at = self.clock.moment()
        with transaction.atomic():
            run.save()
            detail = {"run": str(run.uuid), "outcome": run.outcome, "code": run.code}
            audit_source("run_source", self.source, detail, by=self.by, now=run.finished_at)

    def tell(self, run: SyncRun) -> None:
        """Tell whoever may help; the same trouble, night after night, is told once."""
        well = self.source.runs.exclude(
            outcome__in=[RunOutcome.FAILED, RunOutcome.REFUSED, RunOutcome.SKIPPED]
        )
        latest_well = well.order_by("-started_at", "-pk").values_list("uuid", flat=True).first()
        announce(
            SourceNeedsSomebody(
                source_uuid=self.source.uuid,
                organization_id=self.source.organization_id,
                source_name=self.source.name,
                code=run.code,
                says=run.says,
                is_paused=self.source.is_paused,
                streak=f"{latest_well or 'never'}:{run.code or run.outcome}",
            )
        )


def _outcome_of(intake: Intake) -> RunOutcome:
    if intake.plan is not None:
        return _OUTCOMES.get(intake.plan.status, RunOutcome.PLANNED)
    if intake.status == IntakeStatus.UNCHANGED.value:
        return RunOutcome.UNCHANGED
    return RunOutcome.REFUSED


@contextmanager
def _alone(source: Source) -> Iterator[None]:
    """Hold the one right to run a source for as long as this process and its session live.

    A killed run lets go by itself, so that whoever holds the right next knows that a run which is
    still called running is over.
    Raises: SourceIsRunning.
    """
    with _in_database(source) if connection.vendor == "postgresql" else _on_disk(source):
        yield


@contextmanager
def _in_database(source: Source) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"lock": _LOCK, "source": source.pk})
        if cursor.fetchone() != (True,):
            raise SourceIsRunning("This source runs already. Wait until that run is over.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, source.pk])


@contextmanager
def _on_disk(source: Source) -> Iterator[None]:
    folder = Path(settings.LOCK_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"roster-source-{source.pk}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            says = "This source runs already. Wait until that run is over."
            raise SourceIsRunning(says) from None
        yield
