"""The connectors that take files: from a folder of this machine, and from a real SFTP server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rollbook.roster.sources.clever_api import CleverApi
from rollbook.roster.sources.connectors import CONNECTORS
from rollbook.roster.sources.folder import WatchedFolder
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.sources.sftp import SftpFolder
from rollbook.roster.types import Profile, SourceFormat, SourceKind
from rollbook.shared.findings import Verdict
from tests.servers.clever import clever_server
from tests.servers.sftp import sftp_server
from tests.servers.world import district

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    """Return a folder that holds one OneRoster zip."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    with clever_server(district()) as server:
        pulled = CleverApi().pull(server.settings, server.secrets, into=folder, cursor={}, now=NOW)
    assert pulled is not None
    return folder


def test_every_source_but_an_upload_has_a_connector() -> None:
    assert set(CONNECTORS) == set(SourceKind) - {SourceKind.UPLOAD}
    assert all(connector.kind is kind for kind, connector in CONNECTORS.items())


def test_every_field_has_a_name_of_its_own_and_a_label() -> None:
    for connector in CONNECTORS.values():
        names = [field.name for field in connector.fields]
        assert len(names) == len(set(names))
        assert all(field.label for field in connector.fields)
        assert not {"root", "format", "allow_private"} & set(names)


def test_a_file_comes_from_a_folder_as_it_is(incoming: Path, tmp_path: Path) -> None:
    connector = WatchedFolder(settle_seconds=0)
    settings = {"root": str(tmp_path), "path": "incoming"}
    pulled = connector.pull(settings, {}, into=tmp_path, cursor={}, now=NOW)
    assert pulled is not None
    assert pulled.path.read_bytes() == (incoming / "clever.zip").read_bytes()
    assert check_file(pulled.path, profile=Profile.STRICT).report.verdict is Verdict.OK
    again = connector.pull(settings, {}, into=tmp_path, cursor=pulled.cursor, now=NOW)
    assert again is None


@pytest.mark.parametrize("layout", SourceFormat)
def test_a_file_comes_over_sftp_as_it_is(
    layout: SourceFormat, incoming: Path, tmp_path: Path
) -> None:
    connector = SftpFolder(settle_seconds=0)
    (tmp_path / "taken").mkdir()
    with sftp_server(tmp_path) as server:
        settings = {**server.settings, "path": "/incoming", "format": layout.value}
        pulled = connector.pull(
            settings, server.secrets, into=tmp_path / "taken", cursor={}, now=NOW
        )
        assert pulled is not None
        again = connector.pull(
            settings, server.secrets, into=tmp_path, cursor=pulled.cursor, now=NOW
        )
    assert (pulled.format, pulled.file_name, again) == (layout, "clever.zip", None)
    assert pulled.path.read_bytes() == (incoming / "clever.zip").read_bytes()


def test_loose_csv_files_come_over_sftp_as_one_zip(tmp_path: Path) -> None:
    for name in ("users.csv", "orgs.csv"):
        (tmp_path / name).write_text("sourcedId\r\n1\r\n")
    (tmp_path / "folder").mkdir()
    with sftp_server(tmp_path) as server:
        pulled = SftpFolder(settle_seconds=0).pull(
            server.settings, server.secrets, into=tmp_path / "folder", cursor={}, now=NOW
        )
    assert pulled is not None
    assert (pulled.file_name, dict(pulled.counts)) == ("folder.zip", {"files": 2})


def test_the_connection_is_tried_step_by_step(incoming: Path) -> None:
    with sftp_server(incoming) as server:
        connector = CONNECTORS[SourceKind.SFTP]
        report = connector.check_connection(server.settings, server.secrets, now=NOW)
        wrong = connector.check_connection(server.settings, {"password": "no"}, now=NOW)
        missing = connector.check_connection(
            {**server.settings, "path": "elsewhere"}, server.secrets, now=NOW
        )
    assert [says for _, _, says in report.steps] == [
        "127.0.0.1 is known.",
        f"Its fingerprint is the saved one, {server.host_key}.",
        "The folder holds 1 files.",
        "clever.zip is the newest.",
    ]
    assert [worked for _, worked, _ in wrong.steps] == [True, True, False]
    assert missing.steps[-1][2] == "The server has no such folder or file. Check the folder."
