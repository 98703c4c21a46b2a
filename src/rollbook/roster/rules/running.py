"""When a run of a source may start, what its outcome says, and what a person does next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from rollbook.roster.types import RunOutcome, SourceKind

# What a source may be soon without anybody's doing (codes of SourceFailed).
WORTH_RETRYING: Final = frozenset({"away", "busy", "moving"})
# A run that a killed worker left behind, and one that met a fault of Rollbook's own.
INTERRUPTED: Final = "interrupted"
BROKEN: Final = "broken"
OTHER_DISTRICT: Final = "other_district"
PAUSED: Final = "paused"
BLACKOUT: Final = "blackout"

# A schedule that is due this long without a run means that no worker is there to run it.
LATE_AFTER: Final = timedelta(hours=1)

# How often a source may be looked at: all divide an hour, so that looks fall on the same minutes.
LOOKS_EVERY: Final = (5, 10, 15, 30, 60)
NEVER: Final = 0

# Kinds whose files may be of any layout; the others bring one of their own.
OF_ANY_FORMAT: Final = frozenset({SourceKind.FOLDER, SourceKind.SFTP, SourceKind.UPLOAD})
# Kinds that bring only what changed since they were last asked: what they brought then must be in.
BRINGS_CHANGES: Final = frozenset({SourceKind.ONEROSTER_REST})

# Clever's default summer pause (reference, rostering 3.3).
PAUSE_BEFORE_LAST_DAY: Final = timedelta(days=2)
PAUSE_BEFORE_FIRST_DAY: Final = timedelta(weeks=2)


class SourceStatus(StrEnum):
    """Name how a source is, in the words that districts know from Clever."""

    SUCCESSFUL = "successful"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    ERROR = "source_error"
    PAUSED = "paused"
    NEVER_RUN = "never_run"
    LATE = "late"


class NextStep(StrEnum):
    """Name the one thing that a person does next."""

    NOTHING = "nothing"
    WAIT = "wait"  # it goes on by itself
    RUN = "run"
    SEND = "send"  # a file, by hand
    RESUME = "resume"
    DECIDE = "decide"  # on a plan that waits
    COMMIT = "commit"  # a plan that is ready
    READ_FINDINGS = "read_findings"
    CHECK_CONNECTION = "check_connection"
    CHANGE_SETTINGS = "change_settings"
    RENEW_ACCESS = "renew_access"
    ASK_SENDER = "ask_sender"
    ASK_OPERATOR = "ask_operator"


_STEPS: Final[Mapping[str, NextStep]] = {
    "away": NextStep.CHECK_CONNECTION,
    "refused": NextStep.RENEW_ACCESS,
    "not_found": NextStep.CHANGE_SETTINGS,
    "too_large": NextStep.ASK_OPERATOR,
    "lies": NextStep.ASK_SENDER,
    "moving": NextStep.RUN,
    "busy": NextStep.RUN,
    "private_address": NextStep.CHANGE_SETTINGS,
    "unknown_host": NextStep.CHECK_CONNECTION,  # it shows the fingerprint to compare and save
    "nothing_there": NextStep.ASK_SENDER,
    "half_written": NextStep.RUN,
    INTERRUPTED: NextStep.RUN,
    BROKEN: NextStep.RUN,
    OTHER_DISTRICT: NextStep.CHANGE_SETTINGS,
}


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Hold days on which a source does not run by itself."""

    starts_on: date
    ends_before: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Hold what decides how one run is told.

    Shape: `plan_status` is that of the plan it made, blank without one.
    """

    outcome: RunOutcome
    code: str = ""
    plan_status: str = ""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Hold what decides how a source is.

    Shape: `latest` is the latest run that was not skipped, or file that somebody sent since;
           `next_run_at` is None unless a schedule is on; `closed` are the days that today lies in,
           if any. `is_by_hand` where nothing can be run: somebody sends each file; `is_unproved`
           where a run must fail until somebody has checked whose server it is.
    """

    is_by_hand: bool = False
    is_unproved: bool = False
    is_paused: bool = False
    is_queued: bool = False
    latest: RunFacts | None = None
    next_run_at: datetime | None = None
    closed: ClosedDays | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Say how a source is, in one word, and what a person does about it."""

    status: SourceStatus
    step: NextStep


def why_not(
    *, is_paused: bool, closed: Iterable[ClosedDays], is_scheduled: bool, today: date
) -> str:
    """Say why a run may not start now: `paused`, `blackout`, or blank when it may.

    Shape: a person may run a source on a blackout day; nobody runs one that is paused.
    """
    if is_paused:
        return PAUSED
    if is_scheduled and closed_on(closed, today) is not None:
        return BLACKOUT
    return ""


def closed_on(closed: Iterable[ClosedDays], day: date) -> ClosedDays | None:
    """Return the closed days that hold `day`, the longest lasting if several do."""
    holding = [days for days in closed if days.starts_on <= day < days.ends_before]
    return max(holding, key=lambda days: days.ends_before, default=None)


def may_go_on(
    kind: SourceKind, latest: RunFacts | None, *, is_read_the_same: bool, is_all_used: bool
) -> bool:
    """Tell whether a source may be asked only for what is new since it last brought something.

    Shape: not when its files are now to be read in another way; nor, where it would bring changes
           alone, before those it brought the last time are in, or where only a part is used, which
           nobody can choose by changes alone.
    """
    if latest is None:
        return True
    is_in = latest.outcome is RunOutcome.UNCHANGED or latest.plan_status == "committed"
    return is_read_the_same and (kind not in BRINGS_CHANGES or (is_in and is_all_used))


def is_worth_retrying(outcome: RunOutcome, code: str) -> bool:
    """Tell whether the same run may succeed soon without anybody's doing."""
    return outcome is RunOutcome.FAILED and code in WORTH_RETRYING


def needs_somebody(outcome: RunOutcome, code: str) -> bool:
    """Tell whether people should hear of a run before they look: it failed or was refused."""
    return outcome in {RunOutcome.FAILED, RunOutcome.REFUSED} and code != INTERRUPTED


def condition_of(facts: SourceFacts, *, now: datetime) -> Condition:
    """Say how a source is: what hinders it first, then what came of its latest run."""
    if facts.is_paused:
        return Condition(SourceStatus.PAUSED, NextStep.RESUME)
    if facts.latest is not None and facts.latest.outcome is RunOutcome.RUNNING:
        return Condition(SourceStatus.IN_PROGRESS, NextStep.WAIT)
    if facts.is_queued:
        return Condition(SourceStatus.PENDING, NextStep.WAIT)
    if facts.next_run_at is not None and facts.next_run_at + LATE_AFTER < now:
        return Condition(SourceStatus.LATE, NextStep.ASK_OPERATOR)
    if facts.latest is None:
        first = NextStep.SEND if facts.is_by_hand else NextStep.RUN
        first = NextStep.CHECK_CONNECTION if facts.is_unproved else first
        return Condition(SourceStatus.NEVER_RUN, first)
    return _after(facts.latest, is_closed=facts.closed is not None)


def _after(run: RunFacts, *, is_closed: bool) -> Condition:
    if run.outcome is RunOutcome.FAILED:
        return Condition(SourceStatus.ERROR, _STEPS.get(run.code, NextStep.CHECK_CONNECTION))
    if run.outcome is RunOutcome.REFUSED:
        return Condition(SourceStatus.ERROR, _STEPS.get(run.code, NextStep.READ_FINDINGS))
    if run.plan_status == "held":
        return Condition(SourceStatus.ON_HOLD, NextStep.DECIDE)
    if run.plan_status == "proposed":
        return Condition(SourceStatus.PENDING, NextStep.COMMIT)
    status = SourceStatus.PAUSED if is_closed else SourceStatus.SUCCESSFUL
    return Condition(status, NextStep.NOTHING)


def next_look(now: datetime, minutes: Iterable[int]) -> datetime | None:
    """Return when the next of several sources is to be looked at; None when none is.

    Shape: on whole multiples of the minutes, so that whoever asks gets the same moment.
    """
    due = [moment_after(now, every) for every in minutes if every > NEVER]
    return min(due, default=None)


def moment_after(now: datetime, every: int) -> datetime:
    """Return the first moment after `now` that is a whole multiple of `every` minutes."""
    return moment_before(now, every) + timedelta(minutes=every)


def moment_before(now: datetime, every: int) -> datetime:
    """Return the latest moment up to `now` that is a whole multiple of `every` minutes."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + timedelta(minutes=now.minute - now.minute % every)


def summer_pause(years: Iterable[tuple[date, date]], *, today: date) -> ClosedDays | None:
    """Propose the days of the next summer in which a source should rest.

    Shape:  `years` are school years as (first day, day after the last day); None when none that
            ends later than today is known. Without a following year it lasts eight weeks.
    Source: Clever's default summer pause (reference, rostering 3.3).
    """
    known = sorted(years)
    ending = next((ends for _, ends in known if ends > today), None)
    if ending is None:
        return None
    starts_on = ending - timedelta(days=1) - PAUSE_BEFORE_LAST_DAY
    following = next((starts for starts, _ in known if starts >= ending), None)
    ends_before = (
        following - PAUSE_BEFORE_FIRST_DAY if following else starts_on + timedelta(weeks=8)
    )
    return ClosedDays(starts_on, ends_before) if ends_before > starts_on else None
