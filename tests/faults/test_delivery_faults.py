"""Systems that fail while a file is on its way: it arrives once, or somebody hears why not."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rollbook.extracts.targets.delivering import Answered, Parcel
from rollbook.extracts.targets.import_api import ImportApi
from rollbook.extracts.targets.s3 import S3Target
from rollbook.extracts.targets.sftp import SftpTarget
from rollbook.extracts.types import DeliveryStatus
from rollbook.remote.failures import PassingFailure, RemoteFailed
from rollbook.remote.http import HttpClient
from rollbook.remote.patience import Patience
from rollbook.remote.uploads import Upload
from tests.servers.import_api import ImportServer, import_server
from tests.servers.s3 import s3_server
from tests.servers.scripted import (
    GARBAGE,
    HANG,
    HTML,
    LOST,
    RESET,
    SHORT,
    Reply,
    ScriptedServer,
    moved_to,
    told,
)
from tests.servers.sftp import sftp_server

QUICK = Patience(scale=0, tries=3, read_seconds=0.5, try_seconds=2, call_seconds=5)
POST = "/groups/imports"
TOKEN = "/auth"
CONTENT = b"group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
CONTENT += b"Room 1,37683380101234,2027,All,9000000001,\n" * 2000


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    path = tmp_path / "kept"
    path.write_bytes(CONTENT)
    digest = hashlib.md5(CONTENT).hexdigest().upper()
    return Parcel(path, "groups.csv", "rollbook-1", digest, date(2026, 11, 22), 2027)


def _deliver(server: ImportServer, parcel: Parcel, *, is_repeat: bool = False) -> Answered:
    api = ImportApi(patience=QUICK)
    return api.deliver(parcel, server.settings, server.secrets, is_repeat=is_repeat)


def _posts(server: ImportServer) -> int:
    return sum(seen.method == "POST" and seen.path == POST for seen in server.seen)


@pytest.mark.parametrize("fault", [LOST, RESET, SHORT, GARBAGE, HTML], ids=lambda f: f.act)
def test_a_lost_reply_is_made_good_by_looking(parcel: Parcel, fault: Reply) -> None:
    with import_server() as server:
        server.knows_digests = False  # a second post would make a second import
        server.script(POST, [fault])
        if fault is HTML:  # in place of the answer, so the file was not taken
            with pytest.raises(RemoteFailed) as failed:
                _deliver(server, parcel)
            assert (failed.value.code, server.imports) == ("lies", [])
            return
        sent = _deliver(server, parcel)
        assert (sent.remote_id, len(server.imports), _posts(server)) == ("1000", 1, 1)


def test_a_reply_lost_while_the_whole_server_goes_away_makes_no_second_import(
    parcel: Parcel,
) -> None:
    with import_server() as server:
        server.knows_digests = False
        server.script(POST, [LOST, Reply(503), Reply(503), Reply(503)])
        with pytest.raises(PassingFailure):
            _deliver(server, parcel)
        assert len(server.imports) == 1
        sent = _deliver(server, parcel, is_repeat=True)
        assert (sent.remote_id, len(server.imports), _posts(server)) == ("1000", 1, 1)


def test_nothing_is_posted_while_nobody_knows_whether_it_is_there(parcel: Parcel) -> None:
    with import_server() as server:
        server.knows_digests = False
        server.script(POST, [Reply(500)] * 3)  # of the list: nothing else is asked first
        with pytest.raises(PassingFailure):
            _deliver(server, parcel, is_repeat=True)
        assert (server.imports, _posts(server)) == ([], 0)


def test_a_server_without_a_list_tells_the_same_file_by_its_digest(parcel: Parcel) -> None:
    with import_server() as server:
        server.has_list = False
        server.script(POST, [LOST])
        with pytest.raises(PassingFailure):
            _deliver(server, parcel)
        sent = _deliver(server, parcel, is_repeat=True)
        assert (sent.remote_id, sent.is_earlier, len(server.imports)) == ("1000", False, 1)


def test_an_import_of_somebody_else_is_not_taken_for_ours(parcel: Parcel) -> None:
    with import_server() as server:
        server.knows_digests = False
        _deliver(server, replace(parcel, batch="rollbook-0"))
        sent = _deliver(server, parcel, is_repeat=True)
        assert (sent.remote_id, len(server.imports)) == ("1001", 2)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_out_of_order_is_tried_again_later(parcel: Parcel, status: int) -> None:
    with import_server() as server:
        server.script(POST, [Reply(status)])
        with pytest.raises(PassingFailure) as failed:
            _deliver(server, parcel)
        assert (failed.value.status, server.imports, _posts(server)) == (status, [], 1)


@pytest.mark.parametrize("status", [429, 503])
def test_what_a_server_asks_to_wait_is_passed_on(parcel: Parcel, status: int) -> None:
    with import_server() as server:
        server.script(POST, [Reply(status, headers={"Retry-After": "120"})])
        with pytest.raises(PassingFailure) as failed:
            _deliver(server, parcel)
        assert failed.value.wait == 120


def test_a_server_that_hangs_has_an_end(parcel: Parcel) -> None:
    with import_server() as server:
        server.has_list = False
        server.script(POST, [HANG])
        with pytest.raises(PassingFailure):
            _deliver(server, parcel)


def test_a_token_that_ends_midway_is_renewed_once(parcel: Parcel) -> None:
    with import_server() as server:
        server.before(POST, 1, lambda: setattr(server, "token", "token-2"))
        sent = _deliver(server, parcel)
        assert (sent.status, server.tokens_given, len(server.imports)) == (
            DeliveryStatus.DONE,
            2,
            1,
        )
        assert server.imports[0]["payload"] == CONTENT


def test_a_wrong_key_is_said_and_not_tried_on(parcel: Parcel) -> None:
    with import_server() as server:
        secrets = {"secret": "another"}
        with pytest.raises(RemoteFailed) as failed:
            ImportApi(patience=QUICK).deliver(parcel, server.settings, secrets, is_repeat=False)
        assert (failed.value.code, server.count(TOKEN), _posts(server)) == ("refused", 1, 0)
        assert "does not accept the user name and the secret key" in failed.value.says


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(403), "refused"),
        (Reply(404), "not_found"),
        (Reply(413), "too_large"),
        (Reply(418), "lies"),
        (moved_to("http://elsewhere.example.org/", 307), "lies"),
        (told({"status": "ACCEPTED"}, 202), "lies"),
        (told({"id": True}, 202), "lies"),
        (told(["id"], 202), "lies"),
    ],
)
def test_a_no_is_not_repeated(parcel: Parcel, reply: Reply, code: str) -> None:
    with import_server() as server:
        server.script(POST, [reply])
        with pytest.raises(RemoteFailed) as failed:
            _deliver(server, parcel)
        assert (failed.value.code, _posts(server)) == (code, 1)
        assert not isinstance(failed.value, PassingFailure)


def test_a_sign_in_that_tells_nonsense_is_named(parcel: Parcel) -> None:
    for nonsense in (told({"access_token": ["x"]}), told({"access_token": "a\nb"}), HTML):
        with import_server() as server:
            server.script(TOKEN, [nonsense])
            with pytest.raises(RemoteFailed) as failed:
                _deliver(server, parcel)
            assert (failed.value.code, _posts(server)) == ("lies", 0)


def test_the_key_is_in_no_words_that_are_logged(
    parcel: Parcel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with import_server() as server:
        for fault in (Reply(500), LOST, Reply(400), GARBAGE):
            server.script(POST, [fault, Reply(500), Reply(500), Reply(500)])
            with pytest.raises(RemoteFailed) as failed:
                _deliver(server, parcel)
            told_words = caplog.text + str(failed.value)
            assert [w for w in ("key-1", "token-1", "9000000001") if w in told_words] == []


def test_a_file_is_posted_piece_by_piece_and_again_whole_after_a_401(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(CONTENT * 20)
    with ScriptedServer() as server, HttpClient(allow_private=True, patience=QUICK) as client:
        server.next_replies = [Reply(401), None]
        upload = Upload(path, "text/csv", "large.csv", part="file", form={"batch": "b"})
        client.post_file(server.url + "/x", upload, authorize=lambda renew: f"Bearer {renew}")
        first, second = (seen.body for seen in server.seen)
        assert first == second
        assert (CONTENT * 20 in first, len(server.seen)) == (True, 2)
        assert [s.headers["authorization"] for s in server.seen] == ["Bearer False", "Bearer True"]


@pytest.mark.parametrize(
    ("faults", "arrives"),
    [(["cut"], True), (["hang"], True), (["denied"], False), (["failure"], False)],
)
def test_a_folder_never_shows_half_a_file(
    parcel: Parcel, tmp_path: Path, faults: list[str], arrives: bool
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "groups.csv").write_bytes(b"older")
    with sftp_server(there) as server:
        server.next_writes = list(faults)
        target = SftpTarget(patience=QUICK)
        if arrives:
            target.deliver(parcel, server.settings, server.secrets, is_repeat=False)
        else:
            with pytest.raises(RemoteFailed) as failed:
                target.deliver(parcel, server.settings, server.secrets, is_repeat=False)
            assert failed.value.code == "refused"
    found = {path.name: path.read_bytes() for path in there.iterdir()}
    assert found == {"groups.csv": CONTENT if arrives else b"older"}


def test_a_folder_that_stays_away_is_tried_again_later(parcel: Parcel, tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        server.next_writes = ["cut"] * 9
        with pytest.raises(PassingFailure):
            SftpTarget(patience=QUICK).deliver(
                parcel, server.settings, server.secrets, is_repeat=False
            )
        assert not (tmp_path / "groups.csv").exists()


def test_no_password_is_sent_to_a_folder_of_somebody_else(parcel: Parcel, tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        settings = {**server.settings, "host_key": "SHA256:" + "A" * 43}
        with pytest.raises(RemoteFailed) as failed:
            SftpTarget(patience=QUICK).deliver(parcel, settings, server.secrets, is_repeat=False)
        assert (failed.value.code, server.passwords_seen) == ("unknown_host", [])


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Reply(503), "busy"), (Reply(500), "away"), (LOST, "away"), (HANG, "away")],
    ids=["busy", "broken", "lost", "hangs"],
)
def test_a_bucket_that_fails_for_now_is_tried_again_later(
    parcel: Parcel, fault: Reply, code: str
) -> None:
    with s3_server() as server:
        server.objects["groups.csv"] = b"older"
        server.next_replies = [fault] * 4
        with pytest.raises(PassingFailure) as failed:
            S3Target(patience=replace(QUICK, call_seconds=4, read_seconds=1)).deliver(
                parcel, server.settings, server.secrets, is_repeat=False
            )
        assert failed.value.code == code
        server.next_replies = []
        S3Target(patience=QUICK).deliver(parcel, server.settings, server.secrets, is_repeat=True)
        assert server.objects == {"groups.csv": CONTENT}


def test_no_private_address_is_called_unless_allowed(parcel: Parcel, tmp_path: Path) -> None:
    with import_server() as api, s3_server() as store, sftp_server(tmp_path) as folder:
        for target, server in (
            (ImportApi(patience=QUICK), api),
            (S3Target(patience=QUICK), store),
            (SftpTarget(patience=QUICK), folder),
        ):
            settings = {**server.settings, "allow_private": ""}
            with pytest.raises(RemoteFailed) as failed:
                target.deliver(parcel, settings, server.secrets, is_repeat=False)
            assert failed.value.code in {"private_address", "refused"}
        assert (api.seen, store.seen, folder.connections) == ([], [], 0)
