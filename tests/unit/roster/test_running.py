"""When a run may start, what its outcome says, and what a person does next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rollbook.roster.rules.running import (
    ClosedDays,
    Condition,
    NextStep,
    RunFacts,
    SourceFacts,
    SourceStatus,
    closed_on,
    condition_of,
    is_worth_retrying,
    may_go_on,
    moment_before,
    needs_somebody,
    next_look,
    summer_pause,
    why_not,
)
from rollbook.roster.types import RunOutcome, SourceKind

NOW = datetime(2026, 9, 15, 18, 7, 31, tzinfo=UTC)
TODAY = date(2026, 9, 15)
SUMMER = ClosedDays(date(2026, 9, 1), date(2026, 9, 16), "summer")


@pytest.mark.parametrize(
    ("is_paused", "closed", "is_scheduled", "says"),
    [
        (False, [], True, ""),
        (True, [], True, "paused"),
        (True, [], False, "paused"),
        (False, [SUMMER], True, "blackout"),
        (False, [SUMMER], False, ""),
        (False, [ClosedDays(date(2026, 9, 1), TODAY)], True, ""),
    ],
)
def test_a_run_may_start_unless_its_source_rests(
    is_paused: bool, closed: list[ClosedDays], is_scheduled: bool, says: str
) -> None:
    found = why_not(is_paused=is_paused, closed=closed, is_scheduled=is_scheduled, today=TODAY)
    assert found == says


def test_of_two_blackouts_the_longer_one_is_told() -> None:
    longer = ClosedDays(date(2026, 9, 10), date(2026, 10, 1))
    assert closed_on([SUMMER, longer], TODAY) == longer
    assert closed_on([SUMMER, longer], date(2026, 10, 1)) is None


@pytest.mark.parametrize(
    ("facts", "status", "step"),
    [
        (SourceFacts(), "never_run", "run"),
        (SourceFacts(is_paused=True, is_queued=True), "paused", "resume"),
        (SourceFacts(is_queued=True), "pending", "wait"),
        (SourceFacts(latest=RunFacts(RunOutcome.RUNNING)), "in_progress", "wait"),
        (SourceFacts(next_run_at=NOW - timedelta(hours=2)), "late", "ask_operator"),
        (SourceFacts(next_run_at=NOW - timedelta(minutes=59)), "never_run", "run"),
        (SourceFacts(latest=RunFacts(RunOutcome.HELD, "", "held")), "on_hold", "decide"),
        (SourceFacts(latest=RunFacts(RunOutcome.HELD, "", "committed")), "successful", "nothing"),
        (SourceFacts(latest=RunFacts(RunOutcome.PLANNED, "", "proposed")), "pending", "commit"),
        (SourceFacts(latest=RunFacts(RunOutcome.NOTHING_NEW)), "successful", "nothing"),
        (SourceFacts(latest=RunFacts(RunOutcome.REFUSED)), "source_error", "read_findings"),
        (
            SourceFacts(latest=RunFacts(RunOutcome.REFUSED, "other_district")),
            "source_error",
            "change_settings",
        ),
        (
            SourceFacts(latest=RunFacts(RunOutcome.FAILED, "refused")),
            "source_error",
            "renew_access",
        ),
        (
            SourceFacts(latest=RunFacts(RunOutcome.FAILED, "new")),
            "source_error",
            "check_connection",
        ),
        (SourceFacts(latest=RunFacts(RunOutcome.UNCHANGED), closed=SUMMER), "paused", "nothing"),
    ],
)
def test_a_source_is_told_in_one_word_with_one_step(
    facts: SourceFacts, status: str, step: str
) -> None:
    expected = Condition(SourceStatus(status), NextStep(step))
    assert condition_of(facts, now=NOW) == expected


def test_only_what_may_mend_itself_is_tried_again() -> None:
    codes = ["away", "busy", "moving", "refused", "not_found", "lies", "interrupted"]
    assert [code for code in codes if is_worth_retrying(RunOutcome.FAILED, code)] == codes[:3]
    assert not is_worth_retrying(RunOutcome.SKIPPED, "away")
    assert [o.value for o in RunOutcome if needs_somebody(o, "")] == ["refused", "failed"]


@pytest.mark.parametrize(
    ("kind", "latest", "is_read_the_same", "is_all_used", "goes_on"),
    [
        ("oneroster_rest", None, False, False, True),
        ("oneroster_rest", RunFacts(RunOutcome.COMMITTED, "", "committed"), True, True, True),
        ("oneroster_rest", RunFacts(RunOutcome.UNCHANGED), True, True, True),
        ("oneroster_rest", RunFacts(RunOutcome.UNCHANGED), False, True, False),
        ("oneroster_rest", RunFacts(RunOutcome.UNCHANGED), True, False, False),
        ("oneroster_rest", RunFacts(RunOutcome.HELD, "", "held"), True, True, False),
        ("oneroster_rest", RunFacts(RunOutcome.PLANNED, "", "discarded"), True, True, False),
        ("oneroster_rest", RunFacts(RunOutcome.REFUSED), True, True, False),
        ("clever_api", RunFacts(RunOutcome.HELD, "", "held"), True, False, True),
        ("sftp", RunFacts(RunOutcome.REFUSED), True, False, True),
        ("sftp", RunFacts(RunOutcome.REFUSED), False, False, False),
    ],
)
def test_only_what_is_in_is_not_asked_for_again(
    kind: str, latest: RunFacts | None, is_read_the_same: bool, is_all_used: bool, goes_on: bool
) -> None:
    found = may_go_on(
        SourceKind(kind), latest, is_read_the_same=is_read_the_same, is_all_used=is_all_used
    )
    assert found is goes_on


def test_looks_fall_on_the_same_minutes_for_everybody() -> None:
    assert next_look(NOW, [0]) is None
    assert next_look(NOW, [60, 15]) == datetime(2026, 9, 15, 18, 15, tzinfo=UTC)
    later = NOW.replace(minute=14, second=59)
    assert next_look(later, [15]) == next_look(NOW, [15])
    assert moment_before(NOW, 5) == datetime(2026, 9, 15, 18, 5, tzinfo=UTC)
    exact = NOW.replace(minute=15, second=0, microsecond=0)
    assert next_look(exact, [15]) == exact + timedelta(minutes=15)


def test_the_summer_is_proposed_from_two_days_before_the_last_day() -> None:
    this = (date(2026, 8, 12), date(2027, 6, 11))
    following = (date(2027, 8, 16), date(2028, 6, 10))
    assert summer_pause([following, this], today=TODAY) == ClosedDays(
        date(2027, 6, 8), date(2027, 8, 2)
    )
    assert summer_pause([this], today=TODAY) == ClosedDays(date(2027, 6, 8), date(2027, 8, 3))
    assert summer_pause([this], today=date(2027, 6, 11)) is None
