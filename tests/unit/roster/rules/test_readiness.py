"""Stages, dates planned backwards, and what stops the Ready To Assess mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from rollbook.roster.rules.readiness import (
    LEAD_DAYS,
    Facts,
    Method,
    Missing,
    Plan,
    Said,
    SchoolDays,
    Stage,
    StageStatus,
    Window,
    current_stage,
    due_dates,
    may_send_ready_mail,
    proved_stages,
    stage_states,
    stages_of,
    whole_status,
)

ALWAYS = SchoolDays()
# Monday 17 August to Friday 18 December 2026, then from Monday 4 January 2027.
TERMS = SchoolDays(((date(2026, 8, 17), date(2026, 12, 19)), (date(2027, 1, 4), date(2027, 6, 12))))
OPENS = date(2026, 11, 16)  # a Monday
WINDOW = Window(OPENS, date(2026, 12, 5))
READY = Facts(
    today=date(2026, 11, 9),
    has_connection=True,
    has_passed_preflight=True,
    has_committed_roster=True,
    student_count=30,
)
AT = datetime(2026, 9, 1, tzinfo=UTC)

SKIPPED = {
    "": {"invited", "connected", "sharing_requested", "sharing_approved"},
    "manual": {"invited", "connected", "sharing_requested", "sharing_approved"},
    "file": {"invited", "sharing_requested", "sharing_approved"},
    "oneroster": {"sharing_requested", "sharing_approved"},
    "clever": set[str](),
}


@pytest.mark.parametrize("method", ["", *Method])
def test_each_method_has_its_stages_in_order(method: str) -> None:
    left = SKIPPED[str(method)]
    assert list(stages_of(method)) == [stage for stage in Stage if stage.value not in left]


@pytest.mark.parametrize(
    ("days", "day", "count", "before"),
    [
        (ALWAYS, "2026-11-16", 0, "2026-11-16"),
        (ALWAYS, "2026-11-16", 1, "2026-11-13"),  # Monday to Friday
        (ALWAYS, "2026-11-16", 3, "2026-11-11"),
        (ALWAYS, "2026-11-14", 1, "2026-11-13"),  # from a Saturday
        (TERMS, "2027-01-05", 1, "2027-01-04"),
        (TERMS, "2027-01-04", 1, "2026-12-18"),  # over the winter break
        (TERMS, "2027-01-05", 3, "2026-12-17"),
        (TERMS, "2026-08-17", 1, "2026-08-14"),  # before the year, offices work
        (SchoolDays(days_off=frozenset({date(2026, 11, 13)})), "2026-11-16", 1, "2026-11-12"),
    ],
)
def test_school_days_are_counted_backwards(
    days: SchoolDays, day: str, count: int, before: str
) -> None:
    assert days.before(date.fromisoformat(day), count) == date.fromisoformat(before)


def test_the_launch_is_three_school_days_before_the_window_unless_it_is_set() -> None:
    assert WINDOW.launch(ALWAYS) == date(2026, 11, 11)
    assert replace(WINDOW, launch_on=date(2026, 11, 12)).launch(ALWAYS) == date(2026, 11, 12)
    assert Window().launch(ALWAYS) is None
    assert Window(opens_on=date(2027, 1, 5)).launch(TERMS) == date(2026, 12, 17)


def test_every_stage_has_a_lead_and_a_later_stage_is_never_due_sooner() -> None:
    assert list(LEAD_DAYS) == list(Stage)
    assert sorted(LEAD_DAYS.values(), reverse=True) == list(LEAD_DAYS.values())
    due = due_dates(WINDOW, TERMS)
    assert list(due) == list(Stage)
    assert sorted(due.values()) == list(due.values())


def test_the_mail_is_due_on_the_launch_and_the_launch_is_set_before() -> None:
    early = due_dates(replace(WINDOW, launch_on=date(2026, 11, 2)), ALWAYS)
    assert (early[Stage.LAUNCH_SET], early[Stage.MAIL_SENT]) == (date(2026, 11, 2),) * 2
    usual = due_dates(WINDOW, ALWAYS)
    assert usual[Stage.LAUNCH_SET] == date(2026, 11, 9)
    assert usual[Stage.MAIL_SENT] == date(2026, 11, 11)
    assert due_dates(Window(), ALWAYS) == {}


def test_records_prove_stages_by_themselves() -> None:
    plan = Plan(method="clever", window=WINDOW, mail_sent_at=AT)
    assert proved_stages(plan, READY, ALWAYS) == set(Stage) - {
        Stage.KICK_OFF,
        Stage.SHARING_REQUESTED,
        Stage.SHARING_APPROVED,
        Stage.CLASS_NAMES_REVIEWED,
    }
    assert proved_stages(Plan(), Facts(today=OPENS), ALWAYS) == frozenset()


@pytest.mark.parametrize(
    ("facts", "unproved"),
    [
        ({"has_connection": False}, {"invited", "connected"}),
        ({"has_passed_preflight": False}, {"preflight_passed"}),
        ({"has_committed_roster": False}, {"rostered"}),
        ({"student_count": 0}, {"rostered", "one_section"}),
        ({"without_class_count": 1}, {"one_section"}),
        ({"in_several_count": 1}, {"one_section"}),
        ({"waiting_plan_count": 1}, set[str]()),
    ],
)
def test_each_fact_proves_its_stage(facts: dict[str, int], unproved: set[str]) -> None:
    plan = Plan(method="clever", window=WINDOW)
    proved = proved_stages(plan, READY, ALWAYS)
    assert proved - proved_stages(plan, replace(READY, **facts), ALWAYS) == unproved  # type: ignore[arg-type]


def test_a_word_makes_a_stage_done_but_never_one_that_records_prove() -> None:
    said = {
        stage: Said(done_by="account 1", done_at=AT, evidence="mail of 1 Sep") for stage in Stage
    }
    states = stage_states(Plan("clever", Window(), said), Facts(today=OPENS), ALWAYS)
    done = {state.stage for state in states if state.is_done}
    assert done == {
        Stage.KICK_OFF,
        Stage.INVITED,
        Stage.SHARING_REQUESTED,
        Stage.SHARING_APPROVED,
        Stage.CLASS_NAMES_REVIEWED,
        Stage.METHOD_CHOSEN,  # by the method itself
    }


@pytest.mark.parametrize(
    ("today", "status"),
    [
        ("2026-10-12", "on_time"),  # due on Monday 19 October: 5 school days away
        ("2026-10-13", "on_time"),
        ("2026-10-14", "at_risk"),  # 3 school days away
        ("2026-10-17", "at_risk"),
        ("2026-10-19", "at_risk"),  # today
        ("2026-10-20", "late"),
    ],
)
def test_a_stage_is_on_time_at_risk_or_late(today: str, status: str) -> None:
    facts = Facts(today=date.fromisoformat(today))
    states = {s.stage: s for s in stage_states(Plan("clever", WINDOW), facts, ALWAYS)}
    assert states[Stage.SHARING_APPROVED].due_on == date(2026, 10, 19)
    assert states[Stage.SHARING_APPROVED].status == status


def test_a_person_may_set_another_date() -> None:
    said = {Stage.KICK_OFF: Said(due_on=date(2026, 11, 10))}
    states = stage_states(Plan("manual", WINDOW, said), READY, ALWAYS)
    assert (states[0].due_on, states[0].status) == (date(2026, 11, 10), StageStatus.AT_RISK)


def test_without_a_window_nothing_is_due() -> None:
    states = stage_states(Plan(), Facts(today=OPENS), ALWAYS)
    assert {state.status for state in states} == {StageStatus.UNPLANNED}
    assert whole_status(states) == StageStatus.UNPLANNED


def test_the_whole_is_as_its_worst_open_stage() -> None:
    said = {stage: Said(done_at=AT) for stage in Stage}
    plan = Plan("manual", WINDOW, said, mail_sent_at=AT)
    done = stage_states(plan, READY, ALWAYS)
    assert (whole_status(done), current_stage(done)) == (StageStatus.DONE, None)
    waiting = stage_states(replace(plan, mail_sent_at=None), READY, ALWAYS)
    assert whole_status(waiting) == StageStatus.AT_RISK
    assert [s.stage for s in waiting if not s.is_done] == [Stage.MAIL_SENT]
    missed = stage_states(replace(plan, mail_sent_at=None, said={}), READY, ALWAYS)
    assert whole_status(missed) == StageStatus.LATE
    now = current_stage(missed)
    assert now is not None
    assert now.stage == Stage.KICK_OFF


def test_the_mail_may_go_when_every_fact_holds() -> None:
    assert may_send_ready_mail(WINDOW, READY, ALWAYS, recipient_count=1) == []


@pytest.mark.parametrize(
    ("window", "facts", "recipients", "missing"),
    [
        ({"opens_on": None}, {}, 4, ["window_unset", "launch_unset"]),
        ({"ends_before": READY.today}, {}, 4, ["window_over", "launch_after_window"]),
        ({"launch_on": date(2026, 11, 6)}, {}, 4, ["launch_passed"]),
        ({"launch_on": READY.today}, {}, 4, []),
        ({"launch_on": date(2026, 12, 5)}, {}, 4, ["launch_after_window"]),
        ({}, {"has_passed_preflight": False}, 4, ["preflight_failed"]),
        ({}, {"waiting_plan_count": 2}, 4, ["plan_waits"]),
        ({}, {"has_committed_roster": False}, 4, ["not_rostered"]),
        ({}, {"student_count": 0}, 4, ["not_rostered"]),
        ({}, {"without_class_count": 3}, 4, ["students_without_class"]),
        ({}, {"in_several_count": 3}, 4, ["students_in_several"]),
        ({}, {}, 0, ["nobody_to_tell"]),
        ({}, {"today": date(2026, 11, 12)}, 4, ["launch_passed"]),
    ],
)
def test_the_mail_waits_for_each_fact(
    window: dict[str, date], facts: dict[str, int], recipients: int, missing: list[str]
) -> None:
    found = may_send_ready_mail(
        replace(WINDOW, **window),
        replace(READY, **facts),  # type: ignore[arg-type]
        ALWAYS,
        recipient_count=recipients,
    )
    assert found == missing


def test_everything_that_is_missing_is_told_at_once() -> None:
    nothing = may_send_ready_mail(Window(), Facts(today=OPENS), ALWAYS, recipient_count=0)
    assert nothing == [
        Missing.WINDOW_UNSET,
        Missing.LAUNCH_UNSET,
        Missing.PREFLIGHT_FAILED,
        Missing.NOT_ROSTERED,
        Missing.NOBODY_TO_TELL,
    ]
