"""SFTP servers that fail, lie or are somebody else: whole files or none, and no password astray."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest

from rollbook.remote.patience import Patience
from rollbook.roster.sources.connecting import Pulled, SourceFailed
from rollbook.roster.sources.sftp import SftpFolder
from tests.servers.sftp import SftpServer, sftp_server

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
QUICK = Patience(scale=0)
TIMED = Patience(scale=0, read_seconds=0.5)


def _zip(folder: Path, name: str = "roster.zip", size: int = 300_000) -> bytes:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("users.csv", "sourcedId\r\n" + "x" * size)
    return (folder / name).read_bytes()


def _pull(server: SftpServer, into: Path, patience: Patience = QUICK, **settings: str) -> Pulled:
    into.mkdir(exist_ok=True)
    connector = SftpFolder(patience=patience, settle_seconds=0)
    pulled = connector.pull(
        {**server.settings, **settings}, server.secrets, into=into, cursor={}, now=NOW
    )
    assert pulled is not None
    return pulled


@pytest.mark.parametrize("faults", [["cut"], ["cut", "cut", "cut"], ["cut", "hang"]])
def test_a_line_that_breaks_is_taken_up_again(faults: list[str], tmp_path: Path) -> None:
    right = _zip(tmp_path / "there")
    with sftp_server(tmp_path / "there") as server:
        server.next_faults = list(faults)
        pulled = _pull(server, tmp_path / "here", TIMED)
        assert pulled.path.read_bytes() == right
        assert server.connections == len(faults) + 1


@pytest.mark.parametrize("fault", ["cut", "hang"])
def test_a_listing_that_breaks_is_asked_for_again(fault: str, tmp_path: Path) -> None:
    right = _zip(tmp_path / "there")
    patience = Patience(scale=0, try_seconds=1)
    with sftp_server(tmp_path / "there") as server:
        server.next_listings = [fault]
        assert _pull(server, tmp_path / "here", patience).path.read_bytes() == right


@pytest.mark.parametrize(
    ("fault", "code", "most"),
    [
        ("cut", "away", 5),
        ("missing", "not_found", 1),
        ("denied", "refused", 1),
        ("failure", "lies", 1),
    ],
)
def test_a_lasting_fault_ends_with_its_name(
    fault: str, code: str, most: int, tmp_path: Path
) -> None:
    _zip(tmp_path / "there", size=1000)
    with sftp_server(tmp_path / "there") as server:
        server.next_faults = [fault] * 40
        with pytest.raises(SourceFailed) as failed:
            _pull(server, tmp_path / "here")
        assert (failed.value.code, server.connections) == (code, most)


def test_a_file_shorter_than_listed_is_half_written(tmp_path: Path) -> None:
    _zip(tmp_path / "there", size=1000)
    with sftp_server(tmp_path / "there") as server:
        server.next_faults = ["short"]
        with pytest.raises(SourceFailed) as failed:
            _pull(server, tmp_path / "here")
        assert failed.value.code == "half_written"


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    _zip(tmp_path / "there", size=10)
    with sftp_server(tmp_path / "there") as server:
        with pytest.raises(SourceFailed) as failed:
            SftpFolder(patience=QUICK).pull(
                server.settings, {"password": "wrong"}, into=tmp_path, cursor={}, now=NOW
            )
        assert (failed.value.code, server.passwords_seen) == ("refused", ["wrong"])


@pytest.mark.parametrize("known", ["", "SHA256:" + "A" * 43])
def test_no_password_is_sent_to_a_server_that_is_not_known(known: str, tmp_path: Path) -> None:
    _zip(tmp_path / "there", size=10)
    with sftp_server(tmp_path / "there") as server:
        with pytest.raises(SourceFailed) as failed:
            _pull(server, tmp_path / "here", host_key=known)
        connector = SftpFolder(patience=QUICK)
        settings = {**server.settings, "host_key": known}
        report = connector.check_connection(settings, server.secrets, now=NOW)
        assert (failed.value.code, server.passwords_seen) == ("unknown_host", [])
        assert [worked for _, worked, _ in report.steps] == [True, False]
        assert server.host_key in report.steps[-1][2]


def test_a_key_opens_the_door_too(tmp_path: Path) -> None:
    right = _zip(tmp_path / "there", size=10)
    key = asyncssh.generate_private_key("ssh-ed25519")
    public = key.export_public_key().decode()
    plain = key.export_private_key().decode()
    sealed = [
        key.export_private_key(kind, passphrase="open sesame").decode()
        for kind in ("pkcs8-pem", "openssh")  # the second is what ssh-keygen writes
    ]
    with sftp_server(tmp_path / "there", keys=[public]) as server:
        for secrets in (
            {"private_key": plain},
            *({"private_key": each, "passphrase": "open sesame"} for each in sealed),
        ):
            pulled = SftpFolder(patience=QUICK, settle_seconds=0).pull(
                server.settings, secrets, into=tmp_path, cursor={}, now=NOW
            )
            assert pulled is not None
            assert pulled.path.read_bytes() == right


@pytest.mark.parametrize(
    "secrets",
    [{"private_key": "not a key"}, {"private_key": "-----BEGIN OPENSSH PRIVATE KEY-----"}],
)
def test_a_key_that_is_none_is_named(secrets: dict[str, str], tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        with pytest.raises(SourceFailed) as failed:
            SftpFolder(patience=QUICK).pull(
                server.settings, secrets, into=tmp_path, cursor={}, now=NOW
            )
        assert failed.value.code == "refused"


def test_a_server_that_is_not_there_is_away(tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        settings = server.settings
    with pytest.raises(SourceFailed) as failed:
        SftpFolder(patience=QUICK).pull(settings, server.secrets, into=tmp_path, cursor={}, now=NOW)
    assert failed.value.code == "away"


def test_a_private_address_is_refused_unless_allowed(tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        with pytest.raises(SourceFailed) as failed:
            _pull(server, tmp_path / "here", allow_private="")
        assert (failed.value.code, server.connections) == ("private_address", 0)
