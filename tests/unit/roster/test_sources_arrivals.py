"""Which files of a folder are taken: whole, new, and only those."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rollbook.roster.sources.connecting import Pulled, SourceFailed
from rollbook.roster.sources.folder import WatchedFolder

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LONG_AGO = NOW.timestamp() - 3 * 24 * 3600


def _write(path: Path, content: bytes = b"a\r\n1\r\n", *, age: float = 0) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (LONG_AGO - age, LONG_AGO - age))


def _zip(path: Path, content: str = "a", *, age: float = 0) -> bytes:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.csv", content)
    os.utime(path, (LONG_AGO - age, LONG_AGO - age))
    return path.read_bytes()


def _pull(
    root: Path,
    into: Path,
    cursor: dict[str, str] | None = None,
    pause: Callable[[float], object] = lambda _: None,
    **settings: str,
) -> Pulled | None:
    return _pull_told({"root": str(root), "path": ".", **settings}, into, cursor, pause)


def _pull_told(
    settings: dict[str, str],
    into: Path,
    cursor: dict[str, str] | None = None,
    pause: Callable[[float], object] = lambda _: None,
) -> Pulled | None:
    into.mkdir(exist_ok=True)
    connector = WatchedFolder(settle_seconds=1, pause=pause)  # type: ignore[arg-type]
    return connector.pull(settings, {}, into=into, cursor=cursor or {}, now=NOW)


def _failure(root: Path, into: Path, pause: Callable[[float], object] = lambda _: None) -> str:
    with pytest.raises(SourceFailed) as failed:
        _pull(root, into, pause=pause)
    return failed.value.code


def test_the_newest_zip_is_taken(tmp_path: Path) -> None:
    _zip(tmp_path / "in/old.zip", "old", age=100)
    right = _zip(tmp_path / "in/new.zip", "new")
    _zip(tmp_path / "in/.hidden.zip", "hidden", age=-100)
    _write(tmp_path / "in/next.zip.part", age=-100)
    pulled = _pull(tmp_path / "in", tmp_path / "out")
    assert pulled is not None
    assert (pulled.file_name, pulled.path.read_bytes()) == ("new.zip", right)


def test_a_folder_of_csv_files_becomes_the_same_zip_each_time(tmp_path: Path) -> None:
    for name in ("users.csv", "orgs.csv"):
        _write(tmp_path / "in" / name, name.encode())
    _write(tmp_path / "in/readme.pdf")
    first = _pull(tmp_path / "in", tmp_path / "out")
    _write(tmp_path / "in/users.csv", b"users.csv", age=-50)
    second = _pull(tmp_path / "in", tmp_path / "again")
    assert first and second
    assert first.path.read_bytes() == second.path.read_bytes()
    assert zipfile.ZipFile(first.path).namelist() == ["orgs.csv", "users.csv"]


def test_csv_files_newer_than_the_zip_are_taken(tmp_path: Path) -> None:
    _zip(tmp_path / "in/old.zip", age=100)
    _write(tmp_path / "in/users.csv")
    pulled = _pull(tmp_path / "in", tmp_path / "out")
    assert pulled is not None
    assert pulled.file_name == "folder.zip"


def test_a_mapped_source_takes_its_newest_file(tmp_path: Path) -> None:
    _write(tmp_path / "in/old.csv", age=100)
    _write(tmp_path / "in/new.xlsx", b"sheet")
    pulled = _pull(tmp_path / "in", tmp_path / "out", format="mapped")
    assert pulled is not None
    assert (pulled.file_name, pulled.path.suffix) == ("new.xlsx", ".xlsx")


def test_the_same_file_is_taken_once(tmp_path: Path) -> None:
    _zip(tmp_path / "in/a.zip")
    first = _pull(tmp_path / "in", tmp_path / "out")
    assert first is not None
    cursor = dict(first.cursor)
    assert _pull(tmp_path / "in", tmp_path / "out", cursor) is None
    os.utime(tmp_path / "in/a.zip", (LONG_AGO, LONG_AGO + 9))  # written again with the same bytes
    assert _pull(tmp_path / "in", tmp_path / "out", cursor) is None
    _zip(tmp_path / "in/a.zip", "other")
    assert _pull(tmp_path / "in", tmp_path / "out", cursor) is not None


@pytest.mark.parametrize("name", ["a.zip", "users.csv"])
def test_a_file_that_grows_is_half_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / "in" / name
    _zip(path)

    def grow(_: float) -> None:
        _zip(path, "a longer one, and whole as well")

    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert _failure(tmp_path / "in", tmp_path / "out", grow) == "half_written"


def test_a_fresh_file_that_rests_is_taken_after_a_second_look(tmp_path: Path) -> None:
    waits: list[float] = []
    _zip(tmp_path / "in/a.zip")
    os.utime(tmp_path / "in/a.zip", (NOW.timestamp(), NOW.timestamp()))
    assert _pull(tmp_path / "in", tmp_path / "out", pause=waits.append) is not None
    assert waits == [1]


@pytest.mark.parametrize("mark", ["a.zip.done", "a.done", "a.zip.md5"])
def test_a_marked_file_is_taken_at_once(mark: str, tmp_path: Path) -> None:
    waits: list[float] = []
    content = _zip(tmp_path / "in/a.zip")
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    os.utime(tmp_path / "in/a.zip", (NOW.timestamp(), NOW.timestamp()))
    _write(tmp_path / "in" / mark, f"{digest.upper()}  a.zip\n".encode())
    assert _pull(tmp_path / "in", tmp_path / "out", pause=waits.append) is not None
    assert waits == []


def test_a_file_that_is_not_what_its_checksum_says_is_half_written(tmp_path: Path) -> None:
    _zip(tmp_path / "in/a.zip")
    _write(tmp_path / "in/a.zip.md5", b"d41d8cd98f00b204e9800998ecf8427e  a.zip")
    assert _failure(tmp_path / "in", tmp_path / "out") == "half_written"


def test_a_zip_without_its_end_is_half_written(tmp_path: Path) -> None:
    content = _zip(tmp_path / "in/a.zip", "x" * 5000)
    _write(tmp_path / "in/a.zip", content[:2000])
    assert _failure(tmp_path / "in", tmp_path / "out") == "half_written"


@pytest.mark.parametrize("name", ["users.csv.part", "orgs.csv.filepart", "next.tmp"])
def test_csv_files_beside_an_unfinished_one_are_half_written(name: str, tmp_path: Path) -> None:
    _write(tmp_path / "in/users.csv")
    _write(tmp_path / "in" / name)
    assert _failure(tmp_path / "in", tmp_path / "out") == "half_written"


def test_an_empty_file_is_half_written(tmp_path: Path) -> None:
    _write(tmp_path / "in/users.csv", b"")
    assert _failure(tmp_path / "in", tmp_path / "out") == "half_written"


def test_a_folder_with_nothing_in_it_has_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert _failure(tmp_path / "in", tmp_path / "out") == "nothing_there"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"root": ""}, "refused"),
        ({"path": ".."}, "refused"),
        ({"path": "../outside"}, "refused"),
        ({"path": "/etc"}, "refused"),
        ({"path": "link"}, "refused"),
        ({"path": "missing"}, "not_found"),
        ({"path": "file.csv"}, "not_found"),
        ({"path": "nul\0"}, "not_found"),
    ],
)
def test_only_folders_below_the_installations_own_are_read(
    settings: dict[str, str], code: str, tmp_path: Path
) -> None:
    _zip(tmp_path / "outside/a.zip")
    _write(tmp_path / "in/file.csv")
    (tmp_path / "in/link").symlink_to(tmp_path / "outside")
    with pytest.raises(SourceFailed) as failed:
        _pull_told({"root": str(tmp_path / "in"), "path": ".", **settings}, tmp_path / "out")
    assert failed.value.code == code


def test_a_link_to_a_file_elsewhere_is_not_read(tmp_path: Path) -> None:
    _zip(tmp_path / "outside/secret.zip")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.zip").symlink_to(tmp_path / "outside/secret.zip")
    assert _failure(tmp_path / "in", tmp_path / "out") == "nothing_there"


def test_the_connection_says_what_it_would_take(tmp_path: Path) -> None:
    _zip(tmp_path / "in/a.zip")
    report = WatchedFolder().check_connection({"root": str(tmp_path), "path": "in"}, {}, now=NOW)
    assert report.steps == (
        ("Find the folder", True, "It holds 1 files."),
        ("Choose files", True, "a.zip is the newest."),
    )
