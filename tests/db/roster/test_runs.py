"""Runs of a source: what comes of each, and that none is lost, doubled or half done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings

from rollbook.changes import actions as changes
from rollbook.changes.types import HoldReason
from rollbook.config import reactions
from rollbook.jobs.actions import run_next
from rollbook.jobs.models import Job
from rollbook.messages.models import Mail, Message
from rollbook.orgs.models import Organization
from rollbook.people.models import Student
from rollbook.roster.actions import runs
from rollbook.roster.actions.commit import discard_intake
from rollbook.roster.actions.looks import look_at_sources
from rollbook.roster.actions.resting import pause_source, set_blackouts
from rollbook.roster.actions.runs import SourceIsRunning, ask_for_run, run_source
from rollbook.roster.actions.sources import change_source
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source, SyncRun
from rollbook.roster.queries.sources import source_health
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.roster.rules.running import ClosedDays
from rollbook.roster.sources.connecting import SourceFailed
from tests.db.roster.given import committed
from tests.factories.accounts import BY, EVERYTHING, NOW, account, grant
from tests.factories.places import SmallState, small_state
from tests.factories.sources import away, draft, saved_source, scripted
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db
ROSTER = spoilt("1.2")
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def state() -> SmallState:
    return small_state()


def run(source: Source, *, is_scheduled: bool = True, now: Any = NOW, **more: Any) -> SyncRun:
    return run_source(EVERYTHING, source.uuid, is_scheduled=is_scheduled, by=BY, now=now, **more)


def told(source: Source, *, now: Any = NOW) -> tuple[str, str]:
    health = source_health(EVERYTHING, source, now=now)
    return health.status.value, health.step.value


def test_a_run_brings_a_plan_and_remembers_where_to_go_on(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = scripted(monkeypatch, ROSTER, None)
    source = saved_source(state.north)
    first = run(source)
    assert (first.outcome, first.counts) == ("planned", {"users": 3})
    assert first.intake is not None and first.intake.saved_source == source
    assert told(source) == ("pending", "commit")
    second = run(source, now=TOMORROW)
    assert (second.outcome, second.intake) == ("nothing_new", None)
    assert told(source) == ("pending", "commit")  # nothing new, and the plan still waits
    assert Student.objects.count() == 0
    committed(first.intake)
    assert told(source) == ("successful", "nothing")
    run(source, now=TOMORROW)
    # A server that tells only what changed is asked for everything until what it told is in.
    assert connector.asked == [{}, {}, {"number": "1"}]


def test_files_to_be_read_in_another_way_are_fetched_again(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)
    committed(run(source).intake)
    assert run(source).outcome == "unchanged"
    Source.objects.update(switched_off=["ROS-260"])
    run(source)
    assert connector.asked == [{}, {"number": "1"}, {}]


def test_the_same_roster_again_changes_nothing(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)
    first = run(source)
    again = run(source)
    assert (again.outcome, again.intake) == ("planned", first.intake)
    committed(first.intake)
    assert run(source, now=TOMORROW).outcome == "unchanged"


def test_a_commit_puts_away_what_the_source_brought_before_and_nothing_else(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = [spoilt(f"users[1].familyName={name}") for name in ("Once", "Twice", "Thrice")]
    scripted(monkeypatch, ROSTER, *changed)
    source = saved_source(state.north)
    _first, second, third, _fourth = [
        run(source, is_scheduled=False, now=NOW + timedelta(hours=n)).intake for n in range(4)
    ]
    assert second is not None and second.plan is not None
    changes.discard_plan(second.plan.uuid, by=BY, now=NOW)
    committed(third)
    plans = Intake.objects.order_by("pk").values_list("plan__status", flat=True)
    assert list(plans) == ["discarded", "discarded", "committed", "proposed"]


def test_a_run_by_hand_fetches_everything(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)
    run(source)
    run(source, is_scheduled=False)
    assert connector.asked == [{}, {}]


@pytest.mark.parametrize(
    ("is_scheduled", "commits", "outcome"),
    [(True, True, "committed"), (False, True, "planned"), (True, False, "planned")],
)
def test_only_a_scheduled_run_of_a_source_that_may_commits_by_itself(
    state: SmallState,
    monkeypatch: pytest.MonkeyPatch,
    is_scheduled: bool,
    commits: bool,
    outcome: str,
) -> None:
    scripted(monkeypatch, ROSTER)
    source = saved_source(state.north, policy=IntakePolicy(commits_itself=commits))
    done = run(source, is_scheduled=is_scheduled)
    assert done.outcome == outcome
    assert (Student.objects.count() > 0) is (outcome == "committed")


def test_a_plan_that_must_wait_is_never_committed_by_a_run(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rollbook.roster.plan.judgement.hold_reasons",
        lambda *_, **__: [runs_hold()],
    )
    scripted(monkeypatch, ROSTER)
    source = saved_source(state.north, policy=IntakePolicy(commits_itself=True))
    assert run(source).outcome == "held"
    assert told(source) == ("on_hold", "decide")
    assert Student.objects.count() == 0


def runs_hold() -> Any:
    return HoldReason(code="many-archive", says="Many would leave.", count=9, of=10)


def test_what_cannot_be_used_is_refused_and_stays_told(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, b"no zip at all", None)
    source = saved_source(state.north)
    assert run(source).outcome == "refused"
    assert run(source, now=TOMORROW).outcome == "nothing_new"
    assert told(source, now=TOMORROW) == ("source_error", "read_findings")


def test_a_roster_of_another_district_is_refused(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    south = scripted(monkeypatch, ROSTER)
    theirs = saved_source(state.south)
    committed(run(theirs).intake)
    before = list(Organization.objects.order_by("pk").values())
    source = saved_source(state.north)
    done = run(source)
    assert (done.outcome, done.code) == ("refused", "other_district")
    assert told(source) == ("source_error", "change_settings")
    assert list(Organization.objects.order_by("pk").values()) == before
    assert south.asked == [{}, {}]


def test_a_paused_source_does_not_run_even_by_hand(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)
    pause_source(EVERYTHING, source.uuid, reason="", by=BY, now=NOW)
    done = [run(source, is_scheduled=hand) for hand in (True, False, True)]
    assert {(d.outcome, d.code) for d in done} == {("skipped", "paused")}
    assert (SyncRun.objects.count(), SyncRun.objects.get().counts) == (1, {"times": 3})
    assert (connector.asked, told(source)) == ([], ("paused", "resume"))


def test_on_a_blackout_day_a_source_runs_by_hand_only(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)
    closed = ClosedDays(date(2026, 9, 15), date(2026, 9, 16))
    set_blackouts(EVERYTHING, source.uuid, [closed], by=BY, now=NOW)
    assert (run(source).outcome, run(source, is_scheduled=False).outcome) == ("skipped", "planned")
    assert run(source, now=TOMORROW).outcome == "planned"


def test_a_token_taken_back_pauses_the_source_and_removes_nobody(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = SourceFailed("refused", "The district has taken its token back.", pauses=True)
    scripted(monkeypatch, ROSTER, gone)
    source = saved_source(state.north, policy=IntakePolicy(commits_itself=True))
    run(source)
    students = set(Student.objects.values_list("pk", "is_active"))
    assert students
    failed = run(source, now=TOMORROW)
    assert (failed.outcome, failed.code, failed.intake) == ("failed", "refused", None)
    source.refresh_from_db()
    assert (source.is_paused, source.paused_because) == (
        True,
        "The district has taken its token back.",
    )
    assert set(Student.objects.values_list("pk", "is_active")) == students
    assert told(source) == ("paused", "resume")


@pytest.fixture
def approver(state: SmallState) -> Iterator[str]:
    reactions.connect()
    holder = account("approver@example.org")
    grant(holder, "district_admin", state.north)
    yield holder.email


def letters() -> list[tuple[str, str]]:
    return list(Mail.objects.order_by("pk").values_list("recipient", "subject"))


def test_a_source_that_is_away_is_tried_again_and_told_once(
    state: SmallState, monkeypatch: pytest.MonkeyPatch, approver: str
) -> None:
    scripted(monkeypatch, away())
    source = saved_source(state.north)
    ask_for_run(EVERYTHING, source.uuid, by=BY, now=NOW)
    job = Job.objects.get(name="roster.run_source")
    for attempt in range(1, job.attempt_limit + 1):
        run_next("test", now=NOW + timedelta(minutes=attempt))
        is_over = attempt == job.attempt_limit
        assert (SyncRun.objects.count(), len(letters())) == (1, int(is_over))
    job.refresh_from_db()
    assert (job.status, SyncRun.objects.get().outcome) == ("done", "failed")
    assert letters() == [(approver, "A roster source needs somebody: Our SIS")]
    run(source, now=TOMORROW)  # the next night: the same trouble
    assert (len(letters()), Message.objects.count()) == (1, 1)


def test_a_source_is_told_of_again_once_it_was_well_in_between(
    state: SmallState, monkeypatch: pytest.MonkeyPatch, approver: str
) -> None:
    scripted(monkeypatch, away(), None, away())
    source = saved_source(state.north)
    for night in range(3):
        run(source, now=NOW + timedelta(days=night))
    assert len(letters()) == 2


def test_a_letter_about_a_source_names_no_secret_and_nobody(
    state: SmallState, monkeypatch: pytest.MonkeyPatch, approver: str
) -> None:
    scripted(monkeypatch, SourceFailed("refused", "The server no longer knows this client."))
    source = saved_source(state.north)
    run(source)
    body = Mail.objects.get().body
    assert "The server no longer knows this client." in body
    assert f"{settings.BASE_URL}/2027/rosters/sources/{source.uuid}/" in body


def test_what_comes_back_by_itself_is_one_run(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, away(), ROSTER)
    source = saved_source(state.north)
    ask_for_run(EVERYTHING, source.uuid, by=BY, now=NOW)
    run_next("test", now=NOW + timedelta(minutes=1))
    assert told(source) == ("pending", "wait")
    run_next("test", now=NOW + timedelta(minutes=3))
    assert (SyncRun.objects.get().outcome, Mail.objects.count()) == ("planned", 0)


def test_a_refusal_is_not_tried_again(state: SmallState, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = scripted(monkeypatch, SourceFailed("refused", "The server says no."))
    source = saved_source(state.north)
    ask_for_run(EVERYTHING, source.uuid, by=BY, now=NOW)
    for minute in (1, 3):
        run_next("test", now=NOW + timedelta(minutes=minute))
    assert (len(connector.asked), told(source)) == (1, ("source_error", "renew_access"))


def test_two_runs_of_one_source_never_meet(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, ROSTER)
    north, south = saved_source(state.north), saved_source(state.south)
    with runs._alone(north):
        with pytest.raises(SourceIsRunning):
            run(north)
        assert SyncRun.objects.count() == 0
        run(south)
    assert run(north).source == north


def test_an_interrupted_pull_is_marked_and_the_next_run_begins_anew(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)
    left = SyncRun.objects.create(
        source=source, outcome="running", started_by="dead", started_at=NOW
    )
    assert run(source, now=TOMORROW).outcome == "planned"
    left.refresh_from_db()
    assert (left.outcome, left.code) == ("failed", "interrupted")


def test_a_run_killed_after_the_file_came_is_finished_by_the_next(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, ROSTER, None)
    source = saved_source(state.north)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runs, "check_intake", killed)
        with pytest.raises(KeyboardInterrupt):
            run(source)
    left = SyncRun.objects.get()
    assert (left.outcome, left.intake is not None) == ("running", True)
    source.refresh_from_db()
    assert source.cursor == {"number": "1"}
    assert told(source) == ("in_progress", "wait")
    assert run(source, now=TOMORROW).outcome == "nothing_new"
    left.refresh_from_db()
    assert left.outcome == "planned"


def test_what_somebody_put_away_is_not_committed_by_the_run_that_brought_it(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run killed just before it committed; a person looked at its plan in between."""
    scripted(monkeypatch, ROSTER, None)
    source = saved_source(state.north, policy=IntakePolicy(commits_itself=True))
    killed = run(source, is_scheduled=False)
    SyncRun.objects.filter(pk=killed.pk).update(
        outcome="running", is_scheduled=True, finished_at=None
    )
    assert killed.intake is not None
    discard_intake(EVERYTHING, killed.intake.uuid, by=BY, now=NOW)
    run(source, now=TOMORROW)
    killed.refresh_from_db()
    assert (killed.outcome, killed.code) == ("planned", "")
    assert Student.objects.count() == 0


def test_a_run_killed_before_the_file_was_kept_leaves_nothing(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)
    real = runs.receive_intake

    def half(*args: Any, **more: Any) -> Intake:
        real(*args, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runs, "receive_intake", half)
        with pytest.raises(KeyboardInterrupt):
            run(source)
    source.refresh_from_db()
    assert (Intake.objects.count(), source.cursor) == (0, {})
    assert list(settings.LOCK_ROOT.glob("pull-*")) == []


def test_our_own_fault_is_on_record_and_what_came_is_fetched_again(
    state: SmallState, monkeypatch: pytest.MonkeyPatch, approver: str
) -> None:
    connector = scripted(monkeypatch, ROSTER)
    source = saved_source(state.north)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(runs, "check_intake", broken)
        with pytest.raises(ZeroDivisionError):
            run(source)
    assert (SyncRun.objects.get().code, len(letters())) == ("broken", 1)
    assert run(source, now=TOMORROW).outcome == "planned"
    assert connector.asked == [{}, {}]


def test_sources_are_looked_at_every_few_minutes_and_looks_never_double(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, None)
    quick, slow, never = (saved_source(state.north, name) for name in "abc")
    for source, minutes in ((quick, 5), (slow, 30)):
        wish = replace(draft(source.name), every_minutes=minutes)
        change_source(EVERYTHING, source.uuid, wish, by=BY, now=NOW)
    looks = Job.objects.filter(name="roster.look_at_sources")
    assert sorted(look.run_after.minute for look in looks) == [5, 30]
    for minute in (5, 5, 6, 10, 30):
        look_at_sources(by=BY, now=NOW.replace(minute=minute, second=20))
    queued = Job.objects.filter(name="roster.run_source").values_list("dedupe_key", flat=True)
    expected = [f"look:{quick.uuid}:2026-09-15T18:{minute}" for minute in ("05", "10", "30")] + [
        f"look:{slow.uuid}:2026-09-15T18:{minute}" for minute in ("00", "30")
    ]
    assert sorted(queued) == sorted(expected)
    assert never.uuid.hex not in str(queued)
    assert looks.filter(run_after__minute=35).count() == 1


def test_looks_that_find_nothing_new_are_one_line_a_day(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, None)
    source = saved_source(state.north)
    for minutes in (0, 5, 10, 60 * 24 + 10):
        run(source, now=NOW + timedelta(minutes=minutes))
    assert [done.counts for done in source.runs.order_by("started_at")] == [{"times": 3}, {}]
    assert told(source, now=NOW) == ("successful", "nothing")
