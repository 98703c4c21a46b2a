from __future__ import annotations

import time as clock
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.jobs import actions, queries, register, types
from rollbook.jobs.actions import enqueue, run_next
from rollbook.jobs.models import Job
from rollbook.jobs.rules import LEASE
from rollbook.jobs.types import JobContext, JobStatus, NotWorthRetrying, job
from rollbook.messages.models import Message
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Reach, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account

pytestmark = pytest.mark.django_db
SECRET = "Nemo Student 1234567890"
calls: list[JobContext] = []


def note(context: JobContext) -> dict[str, Any]:
    """Leave a row behind, and fail when told to."""
    calls.append(context)
    Message.objects.create(
        account_id=context.arguments["account"], kind="t", title="t", created_at=context.now
    )
    context.progress(1, 2, "half")
    if context.arguments.get("fails"):
        raise ValueError(SECRET)
    if context.arguments.get("is_hopeless"):
        raise NotWorthRetrying("The intake is gone.")
    if during := context.arguments.get("then"):
        {"take over": take_over, "cancel": cancel}[during](context.job_uuid)
    return {"rows": 1}


def long(context: JobContext) -> None:
    """Work for a while outside a transaction."""
    context.progress(3, 10, "x" * 300)
    if context.arguments.get("fails"):
        raise ValueError(SECRET)


def take_over(uuid: str) -> None:
    Job.objects.filter(uuid=uuid).update(worker="another", attempt_count=2)


def cancel(uuid: str) -> None:
    actions.cancel_job(EVERYTHING, job=uuid, by=BY, now=NOW)


@pytest.fixture(autouse=True)
def two_jobs() -> Iterator[None]:
    """Register the two jobs of these tests, and forget them and their calls afterwards."""
    job(name="testing.note", scope_rule="tests", in_transaction=True, attempt_limit=3)(note)
    job(name="testing.long", scope_rule="tests")(long)
    calls.clear()
    yield
    for name in ("testing.note", "testing.long"):
        del types._kinds[name]


@pytest.fixture
def reader() -> int:
    return account().pk


def queue(account_id: int, **arguments: Any) -> Job:
    return enqueue("testing.note", arguments={"account": account_id, **arguments}, by=BY, now=NOW)


def test_a_job_runs_once_with_what_it_was_queued_with(reader: int) -> None:
    by = Actor(ActorKind.PERSON, "account 1", reader)
    queued = enqueue("testing.note", arguments={"account": reader}, by=by, now=NOW)
    assert run_next("w", now=NOW) == queued.uuid
    assert run_next("w", now=NOW) is None
    assert [(call.arguments, call.account_id, call.attempt, call.job_uuid) for call in calls] == [
        ({"account": reader}, reader, 1, str(queued.uuid))
    ]
    done = Job.objects.get()
    assert (done.status, done.outcome, done.attempt_count, done.error) == (
        "done",
        {"rows": 1},
        1,
        "",
    )
    assert (done.progress_done, done.progress_total, done.progress_says) == (1, 2, "half")
    assert (done.requested_by, done.account_id, done.leased_until) == ("account 1", reader, None)
    assert Message.objects.count() == 1


def test_a_misspelled_job_is_refused_when_it_is_queued() -> None:
    for name in ("testing.nothing", "messages.nothing", "nowhere.at_all", "", "a b.c"):
        with pytest.raises(register.UnknownJob):
            enqueue(name, by=BY, now=NOW)
    assert not Job.objects.exists()


def test_a_key_is_queued_once_for_good(reader: int) -> None:
    def again() -> Job:
        return enqueue(
            "testing.note", arguments={"account": reader}, dedupe_key="k", by=BY, now=NOW
        )

    first = again()
    assert again().pk == first.pk
    run_next("w", now=NOW)
    assert again().status == "done"
    assert Job.objects.count() == 1
    other = enqueue("testing.long", dedupe_key="k", by=BY, now=NOW)
    assert other.pk != first.pk


def test_jobs_wait_for_their_time_and_run_in_its_order(reader: int) -> None:
    late = enqueue("testing.long", run_after=NOW + timedelta(hours=1), by=BY, now=NOW)
    second = enqueue("testing.long", run_after=NOW, by=BY, now=NOW)
    first = enqueue("testing.long", run_after=NOW - timedelta(hours=1), by=BY, now=NOW)
    ran = [run_next("w", now=NOW) for _ in range(3)]
    assert ran == [first.uuid, second.uuid, None]
    assert run_next("w", now=NOW + timedelta(hours=1)) == late.uuid


def test_a_failed_attempt_leaves_no_effect_and_is_tried_again_later(
    reader: int, caplog: pytest.LogCaptureFixture
) -> None:
    queued = queue(reader, fails=True)
    run_next("w", now=NOW)
    failed = Job.objects.get()
    assert failed.status == "queued"
    assert NOW <= failed.run_after <= NOW + timedelta(seconds=62)
    assert failed.error == f"builtins.ValueError (request id {queued.uuid}/1)"
    assert not Message.objects.exists()
    assert SECRET not in caplog.text
    assert "in note" in caplog.text


def test_a_job_that_keeps_failing_stops_and_says_so(reader: int) -> None:
    queue(reader, fails=True)
    moment = NOW
    while Job.objects.get().status == "queued":
        moment += timedelta(minutes=2)
        run_next("w", now=moment)
    failed = Job.objects.get()
    assert (failed.status, failed.attempt_count) == ("failed", 3)
    assert [call.is_final_attempt for call in calls] == [False, False, True]
    assert failed.finished_at is not None
    assert run_next("w", now=moment + timedelta(days=1)) is None


def test_who_asked_is_told_of_a_failure(
    reader: int, django_capture_on_commit_callbacks: Any
) -> None:
    from rollbook.config import reactions

    reactions.connect()
    by = Actor(ActorKind.PERSON, "account 1", reader)
    enqueue("testing.note", arguments={"account": reader, "is_hopeless": True}, by=by, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        run_next("w", now=NOW)
    assert Message.objects.get().title == "Something you started did not finish"


def test_a_hopeless_job_is_not_tried_again(reader: int) -> None:
    queue(reader, is_hopeless=True)
    run_next("w", now=NOW)
    failed = Job.objects.get()
    assert (failed.status, failed.error, failed.attempt_count) == (
        "failed",
        "The intake is gone.",
        1,
    )


def test_a_job_that_an_upgrade_removed_fails_in_words() -> None:
    Job.objects.create(name="old.name", run_after=NOW, created_at=NOW, requested_by="t")
    run_next("w", now=NOW)
    failed = Job.objects.get()
    assert (failed.status, failed.error) == ("failed", 'No job is called "old.name".')


def test_an_attempt_that_was_taken_over_leaves_no_effect(reader: int) -> None:
    queue(reader, then="take over")
    run_next("w", now=NOW)
    # What the other worker did inside this transaction went back too: the row is as leased.
    assert not Message.objects.exists()
    assert Job.objects.get().status == "running"


def test_cancelling_a_running_job_leaves_no_effect(reader: int) -> None:
    queue(reader, then="cancel")
    run_next("w", now=NOW)
    assert not Message.objects.exists()


def test_a_lost_worker_s_job_runs_again_within_a_minute(reader: int) -> None:
    queued = queue(reader)
    Job.objects.update(status="running", worker="dead", attempt_count=1, leased_until=NOW + LEASE)
    assert run_next("w", now=NOW) is None
    assert run_next("w", now=NOW + timedelta(seconds=60)) == queued.uuid
    done = Job.objects.get()
    assert (done.status, done.attempt_count, done.worker) == ("done", 2, "w")


def test_a_job_that_kills_its_workers_stops(reader: int) -> None:
    queue(reader)
    Job.objects.update(status="running", worker="dead", attempt_count=3, leased_until=NOW)
    assert run_next("w", now=NOW + timedelta(seconds=1)) is None
    failed = Job.objects.get()
    assert (failed.status, failed.error) == ("failed", "The worker was lost in every attempt.")
    assert calls == []


def test_a_failed_job_is_retried_by_hand_with_all_attempts(reader: int) -> None:
    queued = queue(reader, is_hopeless=True)
    with pytest.raises(actions.JobCannotBeRetried):
        actions.retry_job(EVERYTHING, job=queued.uuid, by=BY, now=NOW)
    run_next("w", now=NOW)
    row = actions.retry_job(EVERYTHING, job=queued.uuid, by=BY, now=NOW)
    assert (row.status, row.attempt_count, row.error) == (JobStatus.QUEUED, 0, "")
    assert [entry.action for entry in AuditEntry.objects.all()] == ["retry_job"]


def test_a_cancelled_job_does_not_run(reader: int) -> None:
    queued = queue(reader)
    actions.cancel_job(EVERYTHING, job=queued.uuid, by=BY, now=NOW)
    assert run_next("w", now=NOW) is None
    with pytest.raises(actions.JobCannotBeCancelled):
        actions.cancel_job(EVERYTHING, job=queued.uuid, by=BY, now=NOW)


def owner(account_id: int | None) -> Scope:
    return Scope(account_id=account_id, label="t", on=ON)


def test_jobs_are_seen_by_who_asked_and_by_who_runs_the_system(reader: int) -> None:
    own = enqueue("testing.long", by=BY, now=NOW, account_id=reader)
    nobodys = enqueue("testing.long", by=BY, now=NOW)
    system = Scope(
        account_id=reader + 1, label="t", on=ON,
        reach={Permission.SYSTEM_READ: Reach(everything=True)},
    )  # fmt: skip
    assert [row.uuid for row in queries.jobs_of(owner(reader)).items] == [own.uuid]
    assert {row.uuid for row in queries.jobs_of(system).items} == {own.uuid, nobodys.uuid}
    assert queries.jobs_of(Scope.nobody(on=ON)).total_count == 0
    assert queries.get_job(owner(reader), own.uuid).name == "testing.long"
    for scope, uuid in [
        (owner(reader + 1), own.uuid),
        (owner(None), nobodys.uuid),
        (owner(reader), uuid4()),
    ]:
        with pytest.raises(queries.JobNotFound):
            queries.get_job(scope, uuid)
    for change in (actions.retry_job, actions.cancel_job):
        with pytest.raises(queries.JobNotFound):
            change(owner(reader + 1), job=own.uuid, by=BY, now=NOW)


def test_lists_of_jobs_take_two_queries_for_one_and_for_three() -> None:
    counts, shown = [], []
    for _ in range(3):
        enqueue("testing.long", by=BY, now=NOW)
        with CaptureQueriesContext(connection) as captured:
            shown.append(len(queries.jobs_of(EVERYTHING, PageRequest(size=2)).items))
        counts.append(len(captured))
    assert (counts, shown) == ([2, 2, 2], [1, 2, 2])


def test_the_health_of_the_queue_counts_what_waits_and_what_is_lost() -> None:
    for minutes in (5, 10):
        enqueue("testing.long", run_after=NOW - timedelta(minutes=minutes), by=BY, now=NOW)
    lost = enqueue("testing.long", by=BY, now=NOW)
    Job.objects.filter(pk=lost.pk).update(status="running", leased_until=NOW - timedelta(seconds=1))
    health = queries.queue_health(EVERYTHING, now=NOW)
    assert dict(health.counts) == {
        "queued": 2, "running": 1, "done": 0, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    assert (health.due_count, health.oldest_wait_seconds, health.lost_count) == (2, 600.0, 1)
    with pytest.raises(queries.QueueOutOfSight):
        queries.queue_health(owner(1), now=NOW)


def test_leasing_takes_as_many_queries_for_three_jobs_as_for_one() -> None:
    counts = []
    for waiting in (1, 3):
        for _ in range(waiting):
            enqueue("testing.long", by=BY, now=NOW)
        with CaptureQueriesContext(connection) as captured:
            run_next("w", now=NOW)
        counts.append(len(captured))
        Job.objects.all().delete()
    assert counts[0] == counts[1]


def test_long_progress_is_cut_to_its_column() -> None:
    enqueue("testing.long", by=BY, now=NOW)
    run_next("w", now=NOW)
    assert Job.objects.get().progress_says == "x" * 200


def test_everything_due_runs_at_once() -> None:
    for _ in range(3):
        enqueue("testing.long", by=BY, now=NOW)
    assert actions.run_until_empty(now=NOW) == 3


def test_every_job_of_the_house_declares_a_scope_rule() -> None:
    kinds = register.all_kinds()
    ours = {name: kind for name, kind in kinds.items() if not name.startswith("testing.")}
    assert {"messages.send_mail", "access.remove_old_sandbox_accounts"} <= set(ours)
    assert [name for name, kind in ours.items() if len(kind.scope_rule.split()) < 4] == []


def test_the_lease_is_extended_while_a_job_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a second connection: what the thread would write, written here."""
    from rollbook.jobs.heartbeat import Heartbeat

    queued = enqueue("testing.long", by=BY, now=NOW)
    Job.objects.update(status="running", worker="w", attempt_count=1, leased_until=NOW)
    queued.refresh_from_db()
    heart = Heartbeat(queued, now=NOW)
    heart.progress(4, 9, "rows")
    clock.sleep(0.01)
    assert heart._write()
    written = Job.objects.get()
    assert NOW + LEASE < written.leased_until < NOW + LEASE + timedelta(seconds=30)
    assert (written.progress_done, written.progress_total, written.progress_says) == (4, 9, "rows")
    Job.objects.update(worker="another", leased_until=NOW)
    assert heart._write()
    assert Job.objects.get().leased_until == NOW


def test_public_ids_are_random() -> None:
    assert UUID(str(enqueue("testing.long", by=BY, now=NOW).uuid)).version == 4
