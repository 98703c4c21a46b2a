"""A whole installation in one file, and back.

The file is a plain tar archive: the database first, then the lake and the kept files, and last a
manifest that names every file by its SHA-256, so that half an archive is never taken for a whole.
In that order because everything is written the other way round: whatever the copied database
speaks of was in the lake and on the disk before, and their files never change once written.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from rollbook.cli.database_copies import copy_database, is_sqlite
from rollbook.shared.actor import Actor

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
KEY = "secret_key"
FOLDERS = ("lake", "run", "static", "files/plans", "files/intakes", "files/results")
# What an empty volume may hold, and what a restore that was killed leaves behind.
NOTHING_MUCH = {"lost+found", ".restoring"}


class HomeIsNotEmpty(Exception):
    """Say that a restore would overwrite something."""


class BackupIsDamaged(Exception):
    """Say that a backup is not whole."""


class BackupIsOfAnotherKind(Exception):
    """Say that a backup does not fit this version or this kind of database."""


def write_backup(target: Path, *, by: Actor, now: datetime) -> int:
    """Write the installation to one file, readable by this user only; return its size in bytes."""
    from django.conf import settings  # the restoring half runs before there is an installation

    from rollbook.audit.actions import record

    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".part")
    (settings.HOME / "run").mkdir(parents=True, exist_ok=True)
    try:
        with (
            tempfile.TemporaryDirectory(dir=settings.HOME / "run") as scratch,
            open(draft, "wb", opener=_private) as file,
            # Papers of a roster that came again are one file by two names: each is written whole.
            tarfile.open(fileobj=file, mode="w", dereference=True) as tar,
        ):
            _write_members(tar, _members(settings, copy_database(Path(scratch))), now)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    size = target.stat().st_size
    record(
        action="write_backup",
        subject_kind="installation",
        subject_uuid="",
        detail={"bytes": size},
        by=by,
        now=now,
    )
    return size


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _members(settings: Any, database: Path) -> Iterator[tuple[str, Path]]:
    yield DATABASE, database
    yield KEY, settings.HOME / KEY
    # Logs before data: whatever a log names was written before the log.
    logs = [file for file in _files(settings.LAKE_ROOT) if "_delta_log" in file.parts]
    rest = [file for file in _files(settings.LAKE_ROOT) if "_delta_log" not in file.parts]
    for file in logs + rest:
        if ".locks" not in file.parts:
            yield f"lake/{file.relative_to(settings.LAKE_ROOT)}", file
    for file in _files(settings.FILES_ROOT):
        if file.suffix != ".part":
            yield f"files/{file.relative_to(settings.FILES_ROOT)}", file


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _write_members(
    tar: tarfile.TarFile, members: Iterator[tuple[str, Path]], now: datetime
) -> None:
    digests: dict[str, str] = {}
    for name, path in members:
        with path.open("rb") as file:
            summed = _Summed(file)
            tar.addfile(tar.gettarinfo(arcname=name, fileobj=file), summed)
        digests[name] = summed.sha256.hexdigest()
    manifest = {"format": FORMAT, "made_at": now.isoformat(), "sha256": digests}
    content = json.dumps(manifest, sort_keys=True).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


class _Summed(io.RawIOBase):
    """Sum the bytes that are really written, so that the manifest is of those and no others."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self.file.read(size)
        self.sha256.update(content)
        return content


def read_backup(source: Path, home: Path) -> Path:
    """Lay a backup out in a folder inside the empty `home`, every file checked; return that folder.

    Raises: HomeIsNotEmpty, then choose another ROLLBOOK_HOME; BackupIsDamaged or
            BackupIsOfAnotherKind, and then nothing is left behind.
    """
    if home.exists() and {path.name for path in home.iterdir()} - NOTHING_MUCH:
        raise HomeIsNotEmpty(f"{home} is not empty. Set ROLLBOOK_HOME to a new folder.")
    draft = home / ".restoring"
    is_new = not home.exists()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        with tarfile.open(source, mode="r:") as tar:
            tar.extractall(draft, filter="data")
        _verify(draft)
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        forget(home, is_new=is_new)
        raise BackupIsDamaged(f"{source}: this backup is damaged. Use an earlier one.") from error
    except BaseException:
        forget(home, is_new=is_new)
        raise
    return draft


def forget(home: Path, *, is_new: bool) -> None:
    """Take away what a restore laid out."""
    shutil.rmtree(home / ".restoring", ignore_errors=True)
    if is_new:
        home.rmdir()


def _verify(folder: Path) -> None:
    """Compare what is laid out with its manifest.

    Raises: ValueError and others for an archive that is not whole; BackupIsOfAnotherKind.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ValueError(MANIFEST)
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["format"] != FORMAT:
        raise BackupIsOfAnotherKind("This backup was made by a newer Rollbook. Use that version.")
    path.unlink()
    digests = {str(file.relative_to(folder)): _sha256(file) for file in _files(folder)}
    if digests != manifest["sha256"] or not {DATABASE, KEY} <= digests.keys():
        raise ValueError("not what the manifest names")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def settle(draft: Path, home: Path, lake: Path) -> None:
    """Move what was laid out to its places; the signing key last, for it makes an installation."""
    for path in _files(draft):
        path.chmod(0o600)
    for name in FOLDERS:
        (draft / name).mkdir(parents=True, exist_ok=True)
    database = draft / DATABASE
    if is_sqlite(database):
        database.rename(home / "rollbook.sqlite3")
    else:  # it is in the other database by now
        database.unlink()
    lake.parent.mkdir(parents=True, exist_ok=True)
    if lake.exists():
        lake.rmdir()
    shutil.move(draft / "lake", lake)
    for path in sorted(draft.iterdir(), key=lambda path: path.name == KEY):
        path.rename(home / path.name)
    draft.rmdir()
