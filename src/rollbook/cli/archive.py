"""A whole installation in one file, and back.

The file is a tar archive: `manifest.json` first (what is in it, by SHA-256), then the database,
the lake and the kept files. SQLite is copied with its own online backup; PostgreSQL with pg_dump.
The lake's files never change once written, so copying its log first makes a consistent picture.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rollbook.shared.actor import Actor

FORMAT = 1
DATABASE_DUMP = "database.dump"


class HomeIsNotEmpty(Exception):
    """Say that a restore would overwrite something."""


class BackupIsDamaged(Exception):
    """Say that a backup is not whole."""


def write_backup(target: Path, *, by: Actor, now: datetime) -> int:
    """Write the installation to one file, readable by this user only; return its size in bytes."""
    from django.conf import settings  # the restoring half runs before there is an installation

    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".part")
    with tempfile.TemporaryDirectory(dir=settings.HOME / "run") as scratch:
        members = {**_lake_members(settings.LAKE_ROOT), **_file_members(settings.FILES_ROOT)}
        members["database"] = _database_copy(Path(scratch))
        members["secret_key"] = settings.HOME / "secret_key"
        with draft.open("wb", opener=_private) as file, tarfile.open(fileobj=file, mode="w") as tar:
            _write_members(tar, members, now)
            file.flush()
            os.fsync(file.fileno())
    draft.replace(target)
    from rollbook.audit.actions import record

    record(action="write_backup", subject_kind="installation", subject_uuid="", detail={"bytes": target.stat().st_size}, by=by, now=now)  # fmt: skip
    return target.stat().st_size


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _lake_members(root: Path) -> dict[str, Path]:
    """List the lake's files, logs first: what a log names is already on the disk."""
    files = [
        file for file in sorted(root.rglob("*")) if file.is_file() and ".locks" not in file.parts
    ]
    files.sort(key=lambda file: "_delta_log" not in file.parts)
    return {f"lake/{file.relative_to(root)}": file for file in files}


def _file_members(root: Path) -> dict[str, Path]:
    files = (file for file in sorted(root.rglob("*")) if file.is_file() and file.suffix != ".part")
    return {f"files/{file.relative_to(root)}": file for file in files}


def _database_copy(scratch: Path) -> Path:
    from django.conf import settings

    database = settings.DATABASES["default"]
    copy = scratch / "database"
    if database["ENGINE"].endswith("sqlite3"):
        source, target = sqlite3.connect(database["NAME"]), sqlite3.connect(copy)
        with source, target:
            source.backup(target)
        source.close()
        target.close()
        return copy
    command = ["pg_dump", "--format=custom", "--no-owner", "--dbname", os.environ["DATABASE_URL"], "--file", str(copy)]  # fmt: skip
    subprocess.run(command, check=True)  # noqa: S603
    return copy


def _write_members(tar: tarfile.TarFile, members: dict[str, Path], now: datetime) -> None:
    digests: dict[str, str] = {}
    for name, path in members.items():
        digests[name] = _sha256(path)
        tar.add(path, arcname=name, recursive=False)
    manifest = {"format": FORMAT, "made_at": now.isoformat(), "sha256": digests}
    content = json.dumps(manifest, sort_keys=True).encode()
    entry = tarfile.TarInfo("manifest.json")
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_backup(source: Path, home: Path) -> None:
    """Lay a backup out as an installation, every file checked against its digest.

    Raises: HomeIsNotEmpty, then choose another ROLLBOOK_HOME; BackupIsDamaged, then nothing is
            laid out and an earlier backup is needed.
    """
    if home.exists() and any(home.iterdir()):
        raise HomeIsNotEmpty(f"{home} is not empty. Set ROLLBOOK_HOME to a new folder.")
    draft = home.with_name(home.name + ".restoring")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    try:
        with tarfile.open(source) as tar:
            tar.extractall(draft, filter="data")
        _verify(draft)
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise BackupIsDamaged(f"{source}: this backup is damaged ({type(error).__name__}). Use an earlier one.") from error  # fmt: skip
    _settle(draft)
    if home.exists():
        home.rmdir()
    draft.rename(home)


def _verify(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, digest in manifest["sha256"].items():
        if _sha256(folder / name) != digest:
            raise ValueError(name)


def _settle(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    database = folder / "database"
    is_sqlite = database.read_bytes()[:16].startswith(b"SQLite format 3")
    database.rename(folder / ("rollbook.sqlite3" if is_sqlite else DATABASE_DUMP))
    for name in ("lake", "run", "files/plans", "files/intakes", "files/results"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path in _all_files(folder):
        path.chmod(0o600)


def _all_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def load_database_dump(home: Path) -> None:
    """Put a PostgreSQL dump of a backup into the empty database of DATABASE_URL, if there is one."""
    dump = home / DATABASE_DUMP
    if dump.exists():
        command = [
            "pg_restore",
            "--exit-on-error",
            "--no-owner",
            "--dbname",
            os.environ["DATABASE_URL"],
            str(dump),
        ]
        subprocess.run(command, check=True)  # noqa: S603
        dump.unlink()
