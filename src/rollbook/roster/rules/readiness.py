"""The way to an assessment window: its stages, when each is due, and what stops the mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID


class Method(StrEnum):
    """Name how a district's roster gets here, as its people choose."""

    MANUAL = "manual"  # somebody sends a file by a page
    CLEVER = "clever"
    ONEROSTER = "oneroster"
    FILE = "file"  # files are fetched from a folder or a server


class Stage(StrEnum):
    """Name a stage of getting ready. Members are listed in their order."""

    KICK_OFF = "kick_off"
    METHOD_CHOSEN = "method_chosen"
    INVITED = "invited"
    CONNECTED = "connected"
    SHARING_REQUESTED = "sharing_requested"
    SHARING_APPROVED = "sharing_approved"
    CLASS_NAMES_REVIEWED = "class_names_reviewed"
    ONE_SECTION = "one_section"
    PREFLIGHT_PASSED = "preflight_passed"
    ROSTERED = "rostered"
    LAUNCH_SET = "launch_set"
    MAIL_SENT = "mail_sent"


class StageStatus(StrEnum):
    """Say how a stage, or a whole school, stands against its plan."""

    DONE = "done"
    LATE = "late"
    AT_RISK = "at_risk"
    ON_TIME = "on_time"
    UNPLANNED = "unplanned"  # no window is set, so nothing is due


class Missing(StrEnum):
    """Name a fact that the Ready To Assess mail waits for."""

    WINDOW_UNSET = "window_unset"
    WINDOW_OVER = "window_over"
    LAUNCH_UNSET = "launch_unset"
    LAUNCH_PASSED = "launch_passed"
    LAUNCH_AFTER_WINDOW = "launch_after_window"
    PREFLIGHT_FAILED = "preflight_failed"
    PLAN_WAITS = "plan_waits"
    NOT_ROSTERED = "not_rostered"
    STUDENTS_WITHOUT_CLASS = "students_without_class"
    STUDENTS_IN_SEVERAL = "students_in_several"
    NOBODY_TO_TELL = "nobody_to_tell"


# Clever alone invites by link and asks for sharing rules; nothing connects to files sent by hand.
LEFT_OUT: Final[Mapping[str, frozenset[Stage]]] = {
    Method.CLEVER: frozenset(),
    Method.ONEROSTER: frozenset({Stage.SHARING_REQUESTED, Stage.SHARING_APPROVED}),
    Method.FILE: frozenset({Stage.INVITED, Stage.SHARING_REQUESTED, Stage.SHARING_APPROVED}),
    Method.MANUAL: frozenset(
        {Stage.INVITED, Stage.CONNECTED, Stage.SHARING_REQUESTED, Stage.SHARING_APPROVED}
    ),
}

# What records prove by themselves: nobody's word makes these true or untrue.
PROVED_BY_FACTS: Final = frozenset(
    {
        Stage.METHOD_CHOSEN,
        Stage.CONNECTED,
        Stage.ONE_SECTION,
        Stage.PREFLIGHT_PASSED,
        Stage.ROSTERED,
        Stage.LAUNCH_SET,
        Stage.MAIL_SENT,
    }
)

# How many school days before the window a stage should be done. Typical for a first connection:
# two weeks for two systems to meet, a week for sharing rules, a week to repair what is found.
LEAD_DAYS: Final[Mapping[Stage, int]] = {
    Stage.KICK_OFF: 40,
    Stage.METHOD_CHOSEN: 35,
    Stage.INVITED: 32,
    Stage.CONNECTED: 27,
    Stage.SHARING_REQUESTED: 25,
    Stage.SHARING_APPROVED: 20,
    Stage.CLASS_NAMES_REVIEWED: 15,
    Stage.ONE_SECTION: 12,
    Stage.PREFLIGHT_PASSED: 10,
    Stage.ROSTERED: 6,
    Stage.LAUNCH_SET: 5,
    Stage.MAIL_SENT: 3,
}
LAUNCH_LEAD_DAYS: Final = 3  # "a few days before the assessment window opens"
# A stage that is due within so many school days, and open, is at risk.
RISK_DAYS: Final = 3
_WEEKEND: Final = 5  # Saturday, as date.weekday counts


def stages_of(method: str) -> tuple[Stage, ...]:
    """Return the stages of a method in their order; before one is chosen, those of every method."""
    left_out = LEFT_OUT.get(method, LEFT_OUT[Method.MANUAL])
    return tuple(stage for stage in Stage if stage not in left_out)


@dataclass(frozen=True, slots=True)
class SchoolDays:
    """Know which days are school days.

    Shape: `sessions` are (starts_on, ends_before). Weekdays inside a session count; so do weekdays
           before the first session, when an office works although no school does; with no session
           known, every weekday counts. Days in `days_off` never do.
    """

    sessions: tuple[tuple[date, date], ...] = ()
    days_off: frozenset[date] = frozenset()

    def includes(self, day: date) -> bool:
        """Tell whether `day` is a school day."""
        if day.weekday() >= _WEEKEND or day in self.days_off:
            return False
        if not self.sessions or day < min(starts_on for starts_on, _ends in self.sessions):
            return True
        return any(starts_on <= day < ends_before for starts_on, ends_before in self.sessions)

    def before(self, day: date, count: int) -> date:
        """Return the school day `count` school days before `day`; `day` itself for 0."""
        walk = self._backwards(day)
        for _ in range(count):
            day = next(walk)
        return day

    def until(self, today: date, day: date) -> int:
        """Count the school days after `today` up to and with `day`; 0 once it has come."""
        span = (day - today).days
        return sum(self.includes(today + timedelta(days=n)) for n in range(1, span + 1))

    def _backwards(self, day: date) -> Iterator[date]:
        # Before the first session weekdays count again, so that this always ends.
        while True:
            day -= timedelta(days=1)
            if self.includes(day):
                yield day


@dataclass(frozen=True, slots=True)
class Facts:
    """Hold what the records say of one school or district on one day.

    Shape: `student_count` are active students enrolled today; `without_class_count` and
           `in_several_count` are those of them in no class, and in two or more; `intake_uuid` is
           the latest roster that was checked, None where the reader may not see it.
    """

    today: date
    has_connection: bool = False
    has_passed_preflight: bool = False
    has_committed_roster: bool = False
    waiting_plan_count: int = 0
    student_count: int = 0
    without_class_count: int = 0
    in_several_count: int = 0
    intake_uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Hold the assessment window and the day on which students may begin to sign in."""

    opens_on: date | None = None
    ends_before: date | None = None
    launch_on: date | None = None

    def launch(self, days: SchoolDays) -> date | None:
        """Return the launch date: as set, or else three school days before the window opens."""
        if self.launch_on or self.opens_on is None:
            return self.launch_on
        return days.before(self.opens_on, LAUNCH_LEAD_DAYS)


@dataclass(frozen=True, slots=True)
class Said:
    """Hold what a person said of one stage."""

    owner: str = ""
    due_on: date | None = None
    evidence: str = ""
    done_by: str = ""
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StageState:
    """Hold where one stage stands, and why."""

    stage: Stage
    status: StageStatus
    due_on: date | None
    is_fact: bool
    said: Said = field(default_factory=Said)

    @property
    def is_done(self) -> bool:
        """Tell whether the stage is behind."""
        return self.status is StageStatus.DONE


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold what people planned for one school or district.

    Shape: `said` lacks the stages of which nobody said anything.
    """

    method: str = ""
    window: Window = field(default_factory=Window)
    said: Mapping[Stage, Said] = field(default_factory=dict[Stage, Said])
    mail_sent_at: datetime | None = None

    def under(self, above: Plan) -> Plan:
        """Return this school's plan, filled up by what its district planned.

        What a school says itself counts before what its district says; a window is taken whole,
        and a mail is nobody's but the one it was sent for.
        """
        return Plan(
            method=self.method or above.method,
            window=self.window if self.window != Window() else above.window,
            said={**above.said, **self.said},
            mail_sent_at=self.mail_sent_at,
        )


def has_passed(*, status: str, verdict: str, plan_status: str) -> bool:
    """Tell whether a checked roster passed its preflight: sound, or with errors within the policy.

    Shape: the words of an intake and of its plan; a plan that waits because of errors, or that
           was put away or undone, has not passed.
    """
    if status not in {"planned", "unchanged"} or plan_status in {"discarded", "undone"}:
        return False
    return plan_status != "held" or verdict != "error"


def due_dates(window: Window, days: SchoolDays) -> dict[Stage, date]:
    """Plan every stage backwards from the window.

    Shape: empty without a window; the mail is due on the launch date, and that a day is set, at
           the latest, before the launch.
    """
    if window.opens_on is None:
        return {}
    due = {stage: days.before(window.opens_on, lead) for stage, lead in LEAD_DAYS.items()}
    launch = window.launch(days) or due[Stage.MAIL_SENT]
    return {
        **due,
        Stage.LAUNCH_SET: min(due[Stage.LAUNCH_SET], launch),
        Stage.MAIL_SENT: launch,
    }


def proved_stages(plan: Plan, facts: Facts, days: SchoolDays) -> frozenset[Stage]:
    """Return the stages that records prove; a connection proves the invitation before it."""
    is_placed = facts.without_class_count == 0 and facts.in_several_count == 0
    proofs = {
        Stage.METHOD_CHOSEN: plan.method in LEFT_OUT,
        Stage.INVITED: facts.has_connection,
        Stage.CONNECTED: facts.has_connection,
        Stage.ONE_SECTION: facts.student_count > 0 and is_placed,
        Stage.PREFLIGHT_PASSED: facts.has_passed_preflight,
        Stage.ROSTERED: facts.has_committed_roster and facts.student_count > 0,
        Stage.LAUNCH_SET: plan.window.launch(days) is not None,
        Stage.MAIL_SENT: plan.mail_sent_at is not None,
    }
    return frozenset(stage for stage, is_proved in proofs.items() if is_proved)


def stage_states(plan: Plan, facts: Facts, days: SchoolDays) -> tuple[StageState, ...]:
    """Say where each stage of the plan's method stands on the day of the facts, in order."""
    due = due_dates(plan.window, days)
    proved = proved_stages(plan, facts, days)
    return tuple(
        _state(
            stage,
            plan.said.get(stage, Said()),
            due.get(stage),
            is_proved=stage in proved,
            today=facts.today,
            days=days,
        )
        for stage in stages_of(plan.method)
    )


def _state(
    stage: Stage,
    said: Said,
    planned: date | None,
    *,
    is_proved: bool,
    today: date,
    days: SchoolDays,
) -> StageState:
    is_fact = stage in PROVED_BY_FACTS
    is_done = is_proved or (not is_fact and said.done_at is not None)
    due_on = said.due_on or planned
    return StageState(stage, _status(is_done, due_on, today, days), due_on, is_fact, said)


def _status(is_done: bool, due_on: date | None, today: date, days: SchoolDays) -> StageStatus:
    if is_done:
        return StageStatus.DONE
    if due_on is None:
        return StageStatus.UNPLANNED
    if due_on < today:
        return StageStatus.LATE
    is_near = days.until(today, due_on) <= RISK_DAYS
    return StageStatus.AT_RISK if is_near else StageStatus.ON_TIME


def whole_status(states: Iterable[StageState]) -> StageStatus:
    """Sum up the stages: the worst of those that are open, done when none is."""
    found = {state.status for state in states}
    worst_first = (
        StageStatus.LATE,
        StageStatus.AT_RISK,
        StageStatus.UNPLANNED,
        StageStatus.ON_TIME,
    )
    return next((status for status in worst_first if status in found), StageStatus.DONE)


def current_stage(states: Iterable[StageState]) -> StageState | None:
    """Return the first stage that is open; None when all are done."""
    return next((state for state in states if not state.is_done), None)


def may_send_ready_mail(
    window: Window, facts: Facts, days: SchoolDays, *, recipient_count: int
) -> list[Missing]:
    """List everything that must be mended before the mail may go out, empty when it may.

    Shape: in the order in which people mend it.
    """
    launch, today = window.launch(days), facts.today
    waits = {
        Missing.WINDOW_UNSET: window.opens_on is None,
        Missing.WINDOW_OVER: window.ends_before is not None and window.ends_before <= today,
        Missing.LAUNCH_UNSET: launch is None,
        Missing.LAUNCH_PASSED: launch is not None and launch < today,
        Missing.LAUNCH_AFTER_WINDOW: bool(
            launch and window.ends_before and launch >= window.ends_before
        ),
        Missing.PREFLIGHT_FAILED: not facts.has_passed_preflight,
        Missing.PLAN_WAITS: facts.waiting_plan_count > 0,
        Missing.NOT_ROSTERED: not facts.has_committed_roster or facts.student_count == 0,
        Missing.STUDENTS_WITHOUT_CLASS: facts.without_class_count > 0,
        Missing.STUDENTS_IN_SEVERAL: facts.in_several_count > 0,
        Missing.NOBODY_TO_TELL: recipient_count == 0,
    }
    return [missing for missing, is_so in waits.items() if is_so]
