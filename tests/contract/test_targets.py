"""Systems that files go to: an import service, a folder, a bucket, each by its contract."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from datetime import date
from pathlib import Path

import asyncssh
import pytest

from rollbook.extracts.targets.delivering import Parcel, fault_of_name, name_for
from rollbook.extracts.targets.import_api import ImportApi
from rollbook.extracts.targets.s3 import S3Target, faults_of_place
from rollbook.extracts.targets.sftp import SftpTarget
from rollbook.extracts.targets.systems import SYSTEMS, faults_of, fields_of
from rollbook.extracts.types import DeliveryStatus, TargetKind
from rollbook.remote.failures import RemoteFailed
from rollbook.remote.patience import Patience
from tests.servers.import_api import import_server
from tests.servers.s3 import s3_server
from tests.servers.sftp import sftp_server

QUICK = Patience(scale=0, tries=3)
CONTENT = (
    b"group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
    b"Room 1,37683380101234,2027,All,9000000001,\n"
    b"Room 1,37683380101234,2027,All,,ada@example.org\n"
) * 3000


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    path = tmp_path / "kept"
    path.write_bytes(CONTENT)
    digest = hashlib.md5(CONTENT).hexdigest().upper()
    return Parcel(path, "groups-2027.csv", "rollbook-1", digest, date(2026, 11, 22), 2027)


@pytest.mark.parametrize("send_as", ["raw", "form"])
def test_a_file_is_posted_and_asked_about(parcel: Parcel, send_as: str) -> None:
    api = ImportApi(patience=QUICK)
    with import_server() as server:
        server.looks = 2
        settings = {**server.settings, "send_as": send_as}
        sent = api.deliver(parcel, settings, server.secrets, is_repeat=False)
        assert (sent.status, sent.remote_id, sent.remote_status) == (
            DeliveryStatus.SENT,
            "1000",
            "ACCEPTED",
        )
        assert [api.ask("1000", settings, server.secrets).status for _ in range(2)] == [
            DeliveryStatus.SENT,
            DeliveryStatus.DONE,
        ]
        made = server.imports[0]
        assert (made["payload"], made["batch"], made["filename"]) == (
            CONTENT,
            "rollbook-1",
            "groups-2027.csv",
        )


def test_a_program_signs_in_with_its_own_id(parcel: Parcel) -> None:
    with import_server() as server:
        settings = {**server.settings, "grant": "client_credentials", "client_id": "client"}
        secrets = {"client_secret": server.key}
        sent = ImportApi(patience=QUICK).deliver(parcel, settings, secrets, is_repeat=False)
        assert sent.status is DeliveryStatus.DONE


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        ("PROCESSED", DeliveryStatus.DONE),
        ("NO_UPDATE", DeliveryStatus.DONE),
        (2, DeliveryStatus.DONE),
        ("ACCEPTED", DeliveryStatus.SENT),
        ("SOMETHING_NEW", DeliveryStatus.SENT),
        ("BAD_DATA", DeliveryStatus.REFUSED),
        (-3, DeliveryStatus.REFUSED),
        ("UNKNOWN_SCHOOL", DeliveryStatus.REFUSED),
        ("INVALID", DeliveryStatus.REFUSED),
    ],
)
def test_what_the_other_side_says_is_understood(
    parcel: Parcel, verdict: str, status: DeliveryStatus
) -> None:
    with import_server() as server:
        server.verdict, server.message = verdict, "Row: 2 Failure: no"
        sent = ImportApi(patience=QUICK).deliver(
            parcel, server.settings, server.secrets, is_repeat=False
        )
        assert (sent.status, sent.says) == (status, "Row: 2 Failure: no")
        assert "Failure" not in repr(sent)


def test_the_same_bytes_give_the_earlier_import_and_it_is_told(parcel: Parcel) -> None:
    api = ImportApi(patience=QUICK)
    with import_server() as server:
        first = api.deliver(parcel, server.settings, server.secrets, is_repeat=False)
        again = api.deliver(
            replace(parcel, batch="rollbook-2"), server.settings, server.secrets, is_repeat=False
        )
        assert (first.is_earlier, again.is_earlier, again.remote_id) == (False, True, "1000")
        assert len(server.imports) == 1


def test_check_connection_tells_each_step() -> None:
    api = ImportApi(patience=QUICK)
    with import_server() as server:

        def went(**changed: str) -> list[bool]:
            settings = {**server.settings, **changed}
            report = api.check_connection(settings, server.secrets)
            return [worked for _, worked, _ in report.steps]

        assert went() == [True] * 4
        assert went(username="nobody@example.org") == [True, True, False]
        assert went(allow_private="") == [False]
        server.authorities = ["INDIVIDUAL_PII_READ"]
        assert went() == [True, True, True, False]
        server.has_user = False
        assert went() == [True] * 4
        assert server.imports == []


def test_a_folder_holds_the_file_whole_under_its_name(parcel: Parcel, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with sftp_server(there) as server:
        for is_old in (False, True):
            server.is_old = is_old
            settings = {**server.settings, "file_name": "{name}-{date}.csv"}
            for is_repeat in (False, True):
                sent = SftpTarget(patience=QUICK).deliver(
                    parcel, settings, server.secrets, is_repeat=is_repeat
                )
                assert (sent.status, sent.remote_id) == (
                    DeliveryStatus.DONE,
                    "groups-2027-2026-11-22.csv",
                )
            found = {path.name: path.read_bytes() for path in there.iterdir()}
            assert found == {"groups-2027-2026-11-22.csv": CONTENT}
            (there / "groups-2027-2026-11-22.csv").write_bytes(b"older")


def test_check_connection_of_a_folder_leaves_nothing(tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        target = SftpTarget(patience=QUICK)
        report = target.check_connection(server.settings, server.secrets)
        assert ([w for _, w, _ in report.steps], list(tmp_path.iterdir())) == ([True] * 4, [])
        report = target.check_connection({**server.settings, "host_key": ""}, server.secrets)
        assert (report.is_good, server.host_key in report.steps[-1][2]) == (False, True)
        server.next_writes = ["denied"]
        report = target.check_connection(server.settings, server.secrets)
        assert report.steps[-1][2] == "The server does not let this user write into the folder."


def test_a_key_opens_a_folder(parcel: Parcel, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    there = tmp_path / "there"
    there.mkdir()
    with sftp_server(there, keys=[key.export_public_key().decode()]) as server:
        secrets = {"private_key": key.export_private_key().decode()}
        SftpTarget(patience=QUICK).deliver(parcel, server.settings, secrets, is_repeat=False)
    assert [path.name for path in there.iterdir()] == ["groups-2027.csv"]


def test_a_bucket_holds_the_file_below_its_prefix(parcel: Parcel) -> None:
    with s3_server() as server:
        settings = {**server.settings, "prefix": "/from rollbook/"}
        for is_repeat in (False, True):
            sent = S3Target(patience=QUICK).deliver(
                parcel, settings, server.secrets, is_repeat=is_repeat
            )
            assert sent.remote_id == "from rollbook/groups-2027.csv"
        assert server.objects == {"from rollbook/groups-2027.csv": CONTENT}
        assert server.refused == []


def test_a_large_file_reaches_a_bucket_in_parts(parcel: Parcel) -> None:
    large = CONTENT * 40
    assert len(large) > 12_000_000
    parcel.path.write_bytes(large)
    with s3_server() as server:
        S3Target(patience=QUICK).deliver(parcel, server.settings, server.secrets, is_repeat=False)
        assert (server.objects["groups-2027.csv"] == large, len(server.parts) > 1) == (True, True)


def test_check_connection_of_a_bucket_leaves_nothing() -> None:
    with s3_server() as server:
        target = S3Target(patience=QUICK)
        report = target.check_connection(server.settings, server.secrets)
        assert ([w for _, w, _ in report.steps], server.objects) == ([True] * 3, {})
        report = target.check_connection(server.settings, {"secret_key": "another"})
        assert report.steps[-1][2] == "The store does not accept the secret key."
        report = target.check_connection({**server.settings, "allow_private": ""}, server.secrets)
        assert report.is_good is False


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"bucket": "elsewhere"}, "not_found"),
        ({"access_key": "AKIDOTHER"}, "refused"),
        ({"region": "eu-west-1"}, "lies"),
    ],
)
def test_a_bucket_says_what_is_wrong(parcel: Parcel, changed: dict[str, str], code: str) -> None:
    with s3_server() as server, pytest.raises(RemoteFailed) as failed:
        S3Target(patience=QUICK).deliver(
            parcel, {**server.settings, **changed}, server.secrets, is_repeat=False
        )
    assert failed.value.code == code
    assert not any(value in str(failed.value) for value in changed.values())


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("", "groups-2027.csv"),
        ("{year}/../{name}.csv", "2027_.._groups-2027.csv"),
        ("roster.csv", "roster.csv"),
        (".{unknown}.", "groups.csv"),
    ],
)
def test_names_there_are_plain(parcel: Parcel, pattern: str, name: str) -> None:
    assert name_for(parcel, {"file_name": pattern}) == name


@pytest.mark.parametrize(
    ("pattern", "is_right"),
    [("", True), ("{name}-{date}.csv", True), ("{ssid}.csv", False), ("a/b.csv", False)],
)
def test_patterns_of_names_are_judged(pattern: str, is_right: bool) -> None:
    assert (fault_of_name(pattern) == "") is is_right


def test_a_region_cannot_lead_to_another_host() -> None:
    settings = {"region": "evil.example.org/#", "bucket": "groups"}
    assert set(faults_of_place(settings)) == {"region"}
    assert set(faults_of_place({"region": "us-west-2", "bucket": "../x"})) == {"bucket"}


def test_what_is_needed_to_sign_in_is_asked_for() -> None:
    api = {"address": "https://api.example.org", "token_address": "https://sso.example.org/t"}
    kind = TargetKind.IMPORT_API
    assert set(faults_of(kind, {**api, "grant": "password"}, {})) == {"username", "secret"}
    program = {**api, "grant": "client_credentials"}
    assert set(faults_of(kind, program, {})) == {"client_id", "client_secret"}
    assert set(faults_of(TargetKind.SFTP, {"host": "h", "username": "u"}, {})) == {"password"}
    assert fields_of(TargetKind.ROLLBOOK) == ()
    assert set(SYSTEMS) == set(TargetKind) - {TargetKind.ROLLBOOK}


def test_nothing_of_a_file_or_a_secret_is_logged(
    parcel: Parcel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    there = tmp_path / "there"
    there.mkdir()
    with import_server() as server, s3_server() as store, sftp_server(there) as folder:
        server.verdict, server.message = "BAD_DATA", "Row: 2 Failure: 9000000001"
        ImportApi(patience=QUICK).deliver(parcel, server.settings, server.secrets, is_repeat=False)
        S3Target(patience=QUICK).deliver(parcel, store.settings, store.secrets, is_repeat=False)
        SftpTarget(patience=QUICK).deliver(parcel, folder.settings, folder.secrets, is_repeat=False)
        hidden = ["9000000001", "ada@example.org", server.key, server.token]
        hidden += [store.secret_key, folder.password]
        urls = [f"{seen.path}?{seen.query}" for seen in server.seen if "realm" not in seen.query]
    assert [word for word in hidden if word in caplog.text] == []
    assert [word for word in hidden if word in "".join(urls)] == []
