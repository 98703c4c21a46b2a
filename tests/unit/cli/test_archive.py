"""A backup is laid out whole or not at all."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rollbook.cli import archive
from rollbook.cli.archive import BackupIsDamaged, BackupIsOfAnotherKind, HomeIsNotEmpty
from rollbook.cli.installation import lay_out

NOW = datetime(2026, 9, 15, tzinfo=UTC)
SQLITE = b"SQLite format 3\0" + bytes(84)


def backup_of(folder: Path, *, without: str = "") -> Path:
    """Write an archive as a backup does, of made-up files."""
    contents = {
        "database": SQLITE,
        "secret_key": b"key",
        "lake/results/_delta_log/0.json": b"{}",
        "lake/results/part.parquet": bytes(50_000),
        "files/plans/a.arrow": b"plan",
    }
    source = folder / "source"
    source.mkdir()
    members: list[tuple[str, Path]] = []
    for place, (name, content) in enumerate(contents.items()):
        if name != without:
            (source / str(place)).write_bytes(content)
            members.append((name, source / str(place)))
    target = folder / "backup.tar"
    with tarfile.open(target, mode="w") as tar:
        archive._write_members(tar, iter(members), NOW)
    return target


def test_everything_comes_back_to_its_place(tmp_path: Path) -> None:
    home = tmp_path / "home"
    lay_out(backup_of(tmp_path), home)
    files = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert files == {
        "rollbook.sqlite3",
        "secret_key",
        "lake/results/_delta_log/0.json",
        "lake/results/part.parquet",
        "files/plans/a.arrow",
    }
    assert {path.stat().st_mode & 0o777 for path in home.rglob("*") if path.is_file()} == {0o600}
    assert (home / "run").is_dir()


def test_the_lake_goes_where_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_LAKE", str(tmp_path / "elsewhere" / "lake"))
    lay_out(backup_of(tmp_path), tmp_path / "home")
    assert (tmp_path / "elsewhere/lake/results/part.parquet").exists()
    assert not (tmp_path / "home/lake").exists()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:30_000])


def _cut_after_the_data(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"manifest.json")])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[20_000] ^= 1
    path.write_bytes(content)


def _nonsense(path: Path) -> None:
    path.write_bytes(b"not an archive")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _add(path: Path) -> None:
    entry = tarfile.TarInfo("files/extra")
    entry.size = 3
    with tarfile.open(path, mode="a") as tar:
        tar.addfile(entry, io.BytesIO(b"bad"))


def _reach_out(path: Path) -> None:
    entry = tarfile.TarInfo("../outside")
    with tarfile.open(path, mode="a") as tar:
        tar.addfile(entry, io.BytesIO(b""))


@pytest.mark.parametrize(
    "damage", [_cut, _cut_after_the_data, _flip, _nonsense, _empty, _add, _reach_out]
)
def test_a_damaged_backup_leaves_nothing_behind(damage: object, tmp_path: Path) -> None:
    backup, home = backup_of(tmp_path), tmp_path / "home"
    assert callable(damage)
    damage(backup)
    with pytest.raises(BackupIsDamaged, match=r"backup\.tar: this backup is damaged\."):
        lay_out(backup, home)
    assert not home.exists()
    assert not (tmp_path / "outside").exists()
    home.mkdir()  # as an empty volume is
    with pytest.raises(BackupIsDamaged):
        lay_out(backup, home)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("missing", ["database", "secret_key"])
def test_a_backup_without_its_heart_is_damaged(missing: str, tmp_path: Path) -> None:
    with pytest.raises(BackupIsDamaged):
        lay_out(backup_of(tmp_path, without=missing), tmp_path / "home")


def test_a_backup_of_a_newer_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = backup_of(tmp_path)
    monkeypatch.setattr(archive, "FORMAT", 0)
    with pytest.raises(BackupIsOfAnotherKind, match="newer"):
        lay_out(backup, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_backup_of_another_database_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/x")
    with pytest.raises(BackupIsOfAnotherKind, match="SQLite"):
        lay_out(backup_of(tmp_path), tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "rollbook.sqlite3").write_text("real")
    with pytest.raises(HomeIsNotEmpty):
        lay_out(backup_of(tmp_path), home)
    assert (home / "rollbook.sqlite3").read_text() == "real"
    assert [path.name for path in home.iterdir()] == ["rollbook.sqlite3"]


def test_the_manifest_is_of_the_bytes_that_were_written(tmp_path: Path) -> None:
    with tarfile.open(backup_of(tmp_path)) as tar:
        names = tar.getnames()
        kept = tar.extractfile("manifest.json")
        assert kept is not None
        manifest = json.load(kept)
    assert names[0] == "database"
    assert names[-1] == "manifest.json"
    assert set(manifest["sha256"]) == set(names[:-1])
