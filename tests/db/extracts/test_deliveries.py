"""Deliveries: asked for, tried, asked about, tried again without harm, given up aloud."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.extracts.actions.deliveries import (
    DeliveryIsUnderWay,
    ask_delivery,
    batch_of,
    retry_delivery,
)
from rollbook.extracts.actions.targets import close_target
from rollbook.extracts.models import Delivery, DeliveryTarget, ExtractFile
from rollbook.extracts.plan.writing import rows_of
from rollbook.extracts.queries.deliveries import (
    DeliveryNotFound,
    delivery_list,
    failed_deliveries,
    flagged_rows_of,
    get_delivery,
)
from rollbook.extracts.queries.files import FileNotFound, file_path
from rollbook.extracts.queries.targets import TargetNotFound
from rollbook.extracts.queries.wanted import sent_path, sent_rows
from rollbook.extracts.targets.delivering import Answered
from rollbook.extracts.targets.import_api import ImportApi
from rollbook.extracts.types import TargetKind
from rollbook.jobs.actions import run_until_empty
from rollbook.jobs.models import Job
from rollbook.messages.models import Mail, Message
from rollbook.remote.failures import PassingFailure
from rollbook.shared.scope import Permission
from tests.factories.accounts import BY, EVERYTHING, NOW, reader_of, scope_with
from tests.factories.deliveries import (
    ROOM_1,
    ROOM_2,
    group_rows,
    kept_file,
    quick_systems,
    saved_target,
    stepped,
)
from tests.factories.places import SmallState, small_state
from tests.servers.import_api import ImportServer, import_server
from tests.servers.s3 import s3_server
from tests.servers.scripted import LOST, Reply
from tests.servers.sftp import sftp_server

pytestmark = pytest.mark.django_db
POST = "/groups/imports"
HOUR = timedelta(hours=1)
WRITER = "writer@example.org"


@pytest.fixture
def state() -> SmallState:
    made = small_state()
    scope_with("district_admin", made.north, WRITER)
    return made


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Generator[ImportServer]:
    quick_systems(monkeypatch, settings)
    with import_server() as running:
        yield running


@pytest.fixture
def target(state: SmallState, server: ImportServer) -> DeliveryTarget:
    return saved_target(state.north, TargetKind.IMPORT_API, server.settings, server.secrets)


def _ask(target: DeliveryTarget, *rows: tuple[str, str, str]) -> Any:
    file = kept_file(target.organization, *rows)
    return ask_delivery(EVERYTHING, file.uuid, target.uuid, by=BY, now=NOW)


def _posts(server: ImportServer) -> int:
    return sum(seen.method == "POST" and seen.path == POST for seen in server.seen)


def test_a_file_arrives_and_what_is_there_is_known(
    state: SmallState, server: ImportServer, target: DeliveryTarget
) -> None:
    server.looks = 1
    uuid = _ask(target)
    status, sent = stepped(uuid)
    assert (status, sent.remote_id, sent.remote_status) == ("sent", "1000", "ACCEPTED")
    status, done = stepped(uuid, now=NOW + HOUR)
    assert (status, done.remote_status, done.finished_at) == ("done", "PROCESSED", NOW + HOUR)
    made = server.imports[0]
    assert (made["payload"], made["batch"]) == (
        file_path(done.file).read_bytes(),
        batch_of(done),
    )
    target.refresh_from_db()
    assert (target.sent_at, sent_rows(target).height) == (NOW + HOUR, 2)
    assert stepped(uuid, now=NOW + HOUR)[0] == "done"  # over: nothing is sent again
    assert _posts(server) == 1


def test_that_it_was_tried_is_kept_before_the_first_byte(
    server: ImportServer, target: DeliveryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []

    def look(*_: Any, is_repeat: bool, **__: Any) -> Answered:
        tried = Delivery.objects.get()
        kept.append((tried.first_tried_at, tried.attempt_count, is_repeat))
        raise PassingFailure("away", "Gone.")

    monkeypatch.setattr(ImportApi, "deliver", look)
    uuid = _ask(target)
    stepped(uuid)
    stepped(uuid, now=NOW + HOUR)
    assert kept == [(NOW, 1, False), (NOW, 2, True)]


def test_a_lost_reply_leads_to_one_import(server: ImportServer, target: DeliveryTarget) -> None:
    server.knows_digests = False
    server.script(POST, [LOST, Reply(503)])  # the reply, and the look for it
    uuid = _ask(target)
    status, waiting = stepped(uuid)
    assert (status, len(server.imports), waiting.finished_at) == ("waiting", 1, None)
    status, done = stepped(uuid, now=NOW + HOUR)
    assert (status, done.remote_id, done.attempt_count) == ("done", "1000", 2)
    assert (len(server.imports), _posts(server)) == (1, 1)


def test_a_worker_killed_in_the_middle_leads_to_one_import(
    server: ImportServer, target: DeliveryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.knows_digests = False
    uuid = _ask(target)
    with monkeypatch.context() as patched:

        def killed(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        patched.setattr("rollbook.extracts.actions.deliveries._settled", killed)
        with pytest.raises(KeyboardInterrupt):
            stepped(uuid)
    assert (Delivery.objects.get(uuid=uuid).status, len(server.imports)) == ("waiting", 1)
    assert stepped(uuid)[0] == "done"
    assert (len(server.imports), _posts(server)) == (1, 1)


def test_what_fails_for_now_is_tried_again_and_given_up_aloud_after_a_day(
    server: ImportServer, target: DeliveryTarget
) -> None:
    server.script(POST, [Reply(500)] * 100)
    uuid = _ask(target)
    for hours in (0, 1, 23):
        assert stepped(uuid, now=NOW + hours * HOUR)[0] == "waiting"
    assert Message.objects.count() == 0
    status, failed = stepped(uuid, now=NOW + 24 * HOUR)
    assert (status, failed.says) == (
        "failed",
        "Tried for a day without success. The server is out of order: it answers 500.",
    )
    assert list(Message.objects.values_list("account__email", "kind")) == [
        (WRITER, "delivery_failed")
    ]
    assert list(Mail.objects.values_list("recipient", flat=True)) == [WRITER]
    stepped(uuid, now=NOW + 25 * HOUR)
    assert Message.objects.count() == 1


def test_the_next_try_waits_as_long_as_the_other_side_asks(
    server: ImportServer, target: DeliveryTarget
) -> None:
    server.script(POST, [Reply(503, headers={"Retry-After": "600"}), Reply(500), Reply(500)])
    uuid = _ask(target)
    stepped(uuid)
    latest = Job.objects.filter(name="extracts.deliver").order_by("-pk").first()
    assert latest is not None
    assert latest.run_after - NOW == timedelta(minutes=10)


def test_a_wrong_key_is_told_with_what_to_do(server: ImportServer, target: DeliveryTarget) -> None:
    server.key = "another"
    uuid = _ask(target)
    status, failed = stepped(uuid)
    assert (status, "type the key in that holds now" in failed.says) == ("failed", True)
    assert [row.uuid for row in failed_deliveries(EVERYTHING)] == [uuid]
    assert _posts(server) == 0
    server.key = "key-1"
    assert retry_delivery(EVERYTHING, uuid, by=BY, now=NOW + HOUR) == uuid
    assert failed_deliveries(EVERYTHING) == []
    assert stepped(uuid, now=NOW + HOUR)[0] == "done"


def test_a_key_that_has_ended_sends_nothing(server: ImportServer, target: DeliveryTarget) -> None:
    DeliveryTarget.objects.update(key_expires_on=NOW.date())
    assert stepped(_ask(target))[0] == "done"  # its last day
    DeliveryTarget.objects.update(key_expires_on=NOW.date() - timedelta(days=1))
    seen = len(server.seen)
    status, failed = stepped(_ask(target, *ROOM_2))
    assert (status, failed.says.split(",")[0]) == ("failed", "The key of this target has ended")
    assert (len(server.seen), Message.objects.count()) == (seen, 1)


def test_a_refusal_shows_the_rows_with_their_groups(
    server: ImportServer, target: DeliveryTarget, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.verdict = "BAD_DATA"
    server.message = (
        "Row: 2 Failure: SSID 1000000001 is odd\nRow: 3 Failure: ada@example.org\n"
        "With 3 additional validation failures"
    )
    uuid = _ask(target, *ROOM_1, *ROOM_2)
    status, refused = stepped(uuid)
    assert status == "refused"
    assert refused.says.startswith("The other side found rows in the file that it does not take")
    flagged = [
        (f.row, f.line, f.group_name, f.school_natural_id)
        for f in flagged_rows_of(EVERYTHING, uuid)
    ]
    assert flagged == [(2, 3, "Room 1", "0101"), (3, 4, "Room 2", "0101")]
    assert "1000000001" not in repr(flagged_rows_of(EVERYTHING, uuid))
    told = caplog.text + json.dumps(list(AuditEntry.objects.values("detail")), default=str)
    told += json.dumps(list(Message.objects.values()), default=str)
    told += json.dumps(list(Mail.objects.values()), default=str)
    told += json.dumps(list(Job.objects.values()), default=str)
    assert [w for w in ("1000000001", "ada@example.org") if w in told] == []
    target.refresh_from_db()
    assert target.sent_file == ""


def test_what_was_refused_is_sent_anew_and_what_failed_goes_on(
    server: ImportServer, target: DeliveryTarget
) -> None:
    server.knows_digests = False
    server.verdict = "UNKNOWN_SCHOOL"
    uuid = _ask(target)
    assert stepped(uuid)[0] == "refused"
    server.verdict = "PROCESSED"
    again = retry_delivery(EVERYTHING, uuid, by=BY, now=NOW + HOUR)
    assert again != uuid
    assert (stepped(again, now=NOW + HOUR)[0], len(server.imports)) == ("done", 2)
    assert failed_deliveries(EVERYTHING) == []
    with pytest.raises(DeliveryIsUnderWay):
        retry_delivery(EVERYTHING, again, by=BY, now=NOW + HOUR)


def test_asking_twice_is_asking_once(server: ImportServer, target: DeliveryTarget) -> None:
    file = kept_file(target.organization)
    first = ask_delivery(EVERYTHING, file.uuid, target.uuid, by=BY, now=NOW)
    assert ask_delivery(EVERYTHING, file.uuid, target.uuid, by=BY, now=NOW) == first
    stepped(first)
    assert ask_delivery(EVERYTHING, file.uuid, target.uuid, by=BY, now=NOW) == first
    assert Job.objects.filter(name="extracts.deliver").count() == 1


def test_a_file_that_goes_back_is_taken_although_its_bytes_are_known(
    server: ImportServer, target: DeliveryTarget
) -> None:
    moved = (("Room 1", "1000000002", ""),)
    turns = [ROOM_1, ROOM_1, moved, ROOM_1, moved, ROOM_1]
    for hours, rows in enumerate(turns):
        assert stepped(_ask(target, *rows), now=NOW + hours * HOUR)[0] == "done"
        target.refresh_from_db()
        assert sent_rows(target).equals(group_rows(*rows))
    payloads = [made["payload"] for made in server.imports]
    assert len(payloads) == 5  # the second turn was the first again, and nothing came between
    taken = [rows_of(payload) for payload in payloads]
    assert taken[0].equals(taken[2]) and taken[0].equals(taken[4]) and taken[1].equals(taken[3])
    again = stepped(_ask(target, *ROOM_1), now=NOW + 7 * HOUR)[1]
    assert (again.status, len(server.imports)) == ("done", 5)


def test_a_lost_reply_to_a_file_that_goes_back_leads_to_one_import(
    server: ImportServer, target: DeliveryTarget
) -> None:
    moved = (("Room 1", "1000000002", ""),)
    for hours, rows in enumerate((ROOM_1, moved)):
        stepped(_ask(target, *rows), now=NOW + hours * HOUR)
    server.script(POST, [LOST, Reply(503)])
    uuid = _ask(target, *ROOM_1)
    assert stepped(uuid, now=NOW + 2 * HOUR)[0] == "waiting"
    assert stepped(uuid, now=NOW + 3 * HOUR)[0] == "done"
    assert (len(server.imports), _posts(server)) == (3, 3)


def test_an_earlier_import_that_was_overtaken_is_no_success(
    server: ImportServer, target: DeliveryTarget
) -> None:
    # Its one row cannot be written otherwise, so the other side knows the bytes.
    once = (("Room, the first", "1000000001", ""),)
    moved = (("Room, the first", "1000000002", ""),)
    for hours, rows in enumerate((once, moved)):
        assert stepped(_ask(target, *rows), now=NOW + hours * HOUR)[0] == "done"
    status, refused = stepped(_ask(target, *once), now=NOW + 3 * HOUR)
    assert (status, "does not hold this file" in refused.says) == ("refused", True)
    assert "does not hold this file" in Message.objects.get().body
    target.refresh_from_db()
    assert sent_rows(target)["student_ssid"].to_list() == ["1000000002"]


def test_what_a_target_holds_is_replaced_group_by_group(
    server: ImportServer, target: DeliveryTarget
) -> None:
    stepped(_ask(target, *ROOM_1, *ROOM_2))
    target.refresh_from_db()
    before = sent_path(target.sent_file)
    stepped(_ask(target, ("ROOM 1", "1000000009", "")), now=NOW + HOUR)
    target.refresh_from_db()
    held = sent_rows(target).select("group_name", "student_ssid").rows()
    assert sorted(held) == [("ROOM 1", "1000000009"), ("Room 2", ""), ("Room 2", "1000000002")]
    assert before != sent_path(target.sent_file)


def test_a_folder_and_a_bucket_take_the_same_file(
    state: SmallState, server: ImportServer, tmp_path: Path
) -> None:
    with sftp_server(tmp_path) as folder, s3_server() as store:
        for kind, there in ((TargetKind.SFTP, folder), (TargetKind.S3, store)):
            target = saved_target(state.north, kind, there.settings, there.secrets, name=kind.value)
            status, done = stepped(_ask(target))
            assert (status, done.remote_id) == ("done", "groups-01.csv")
        content = file_path(done.file).read_bytes()
        assert store.objects == {"groups-01.csv": content}
        assert (tmp_path / "groups-01.csv").read_bytes() == content


def test_a_target_closed_meanwhile_gets_nothing(
    server: ImportServer, target: DeliveryTarget
) -> None:
    uuid = _ask(target)
    close_target(EVERYTHING, target.uuid, by=BY, now=NOW)
    assert (stepped(uuid)[0], _posts(server)) == ("failed", 0)
    with pytest.raises(TargetNotFound):
        retry_delivery(EVERYTHING, uuid, by=BY, now=NOW)
    assert failed_deliveries(EVERYTHING) == []


def test_a_file_whose_bytes_are_gone_is_told(server: ImportServer, target: DeliveryTarget) -> None:
    uuid = _ask(target)
    file_path(Delivery.objects.get(uuid=uuid).file).unlink()
    status, failed = stepped(uuid)
    assert (status, failed.says.split(".")[0]) == (
        "failed",
        "The file's bytes are gone from this machine",
    )


def test_an_import_that_is_gone_there_is_told(server: ImportServer, target: DeliveryTarget) -> None:
    server.looks = 9
    uuid = _ask(target)
    stepped(uuid)
    server.imports.clear()
    assert stepped(uuid, now=NOW + HOUR)[0] == "failed"


def test_an_answer_that_never_comes_is_told_after_a_day(
    server: ImportServer, target: DeliveryTarget
) -> None:
    server.looks = 99
    uuid = _ask(target)
    assert [stepped(uuid, now=NOW + n * HOUR)[0] for n in (0, 1, 23, 24)] == [
        "sent",
        "sent",
        "sent",
        "failed",
    ]
    assert "import 1000" in Delivery.objects.get(uuid=uuid).says
    server.looks = 0
    retry_delivery(EVERYTHING, uuid, by=BY, now=NOW + 25 * HOUR)
    assert (stepped(uuid, now=NOW + 25 * HOUR)[0], _posts(server)) == ("done", 1)


def test_the_queue_takes_a_delivery_to_its_end(
    server: ImportServer, target: DeliveryTarget
) -> None:
    server.looks = 2
    uuid = _ask(target)
    ends = []
    for minutes in range(4):
        run_until_empty(now=NOW + timedelta(minutes=minutes))
        ends.append(get_delivery(EVERYTHING, uuid).status)
    assert ends[0] == "sent"
    assert ends[-1] == "done"
    assert Job.objects.exclude(status="done").count() == 0


def test_a_job_that_breaks_gives_the_delivery_up_aloud(
    server: ImportServer, target: DeliveryTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = _ask(target)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("1000000001")

    monkeypatch.setattr("rollbook.extracts.actions.deliveries._answered", broken)
    for minutes in range(0, 30, 2):
        run_until_empty(now=NOW + timedelta(minutes=minutes))
    failed = Delivery.objects.get(uuid=uuid)
    assert (failed.status, failed.says.startswith("Something went wrong on our side")) == (
        "failed",
        True,
    )
    assert Message.objects.filter(kind="delivery_failed").count() == 1


def test_who_loses_the_right_meanwhile_delivers_nothing(
    server: ImportServer, target: DeliveryTarget
) -> None:
    uuid = _ask(target)
    scope = scope_with("teacher", target.organization, "gone@example.org")
    Delivery.objects.update(account_id=scope.account_id)
    Job.objects.update(account_id=scope.account_id)
    run_until_empty(now=NOW)
    assert (Delivery.objects.get(uuid=uuid).status, _posts(server)) == ("failed", 0)


def test_deliveries_are_shown_to_who_writes_groups_there(
    state: SmallState, server: ImportServer, target: DeliveryTarget
) -> None:
    server.key = "another"
    uuid = _ask(target)
    stepped(uuid)
    north = reader_of(state.north, permission=Permission.GROUP_WRITE)
    south = reader_of(state.south, permission=Permission.GROUP_WRITE)
    assert [row.uuid for row in delivery_list(north).items] == [uuid]
    assert (delivery_list(south).items, failed_deliveries(south)) == ([], [])
    for act in (get_delivery, flagged_rows_of):
        with pytest.raises(DeliveryNotFound):
            act(south, uuid)
    with pytest.raises(DeliveryNotFound):
        retry_delivery(south, uuid, by=BY, now=NOW)
    file = kept_file(state.north)
    with pytest.raises(FileNotFound):
        ask_delivery(south, file.uuid, target.uuid, by=BY, now=NOW)
    own = saved_target(state.south, TargetKind.ROLLBOOK, name="South")
    with pytest.raises(TargetNotFound):  # a target of another place, by somebody who sees both
        ask_delivery(EVERYTHING, file.uuid, own.uuid, by=BY, now=NOW)


def test_a_failure_waits_until_a_file_of_the_same_profiles_takes_its_place(
    state: SmallState, server: ImportServer, target: DeliveryTarget
) -> None:
    server.key = "another"
    first, other = _ask(target, *ROOM_1), _ask(target, *ROOM_2)
    for number, uuid in enumerate((first, other)):
        ExtractFile.objects.filter(deliveries__uuid=uuid).update(profiles=[f"profile {number}"])
        stepped(uuid)
    assert {row.uuid for row in failed_deliveries(EVERYTHING)} == {first, other}
    newer = kept_file(state.north)
    ExtractFile.objects.filter(pk=newer.pk).update(profiles=["profile 0"])
    ask_delivery(EVERYTHING, newer.uuid, target.uuid, by=BY, now=NOW + HOUR)
    assert [row.uuid for row in failed_deliveries(EVERYTHING)] == [other]


def test_a_list_of_deliveries_costs_the_same_at_one_and_at_three(
    state: SmallState, server: ImportServer, target: DeliveryTarget
) -> None:
    counts: list[int] = []
    server.key = "another"
    for number in (1, 2, 3):
        stepped(_ask(target, (f"Room {number}", f"100000000{number}", "")))
        with CaptureQueriesContext(connection) as queries:
            assert delivery_list(EVERYTHING).total_count == number
            failed_deliveries(EVERYTHING)
        counts.append(len(queries))
    assert len(set(counts)) == 1
