"""Read and extend one table's Delta log: which files make a version, and who wrote it."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import polars as pl
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.transaction import AddAction, RemoveAction

from rollbook.lake.parquet import sync
from rollbook.lake.types import LakeTable

ROW_COUNT = "rollbookRowCount"


@dataclass(frozen=True, slots=True)
class LakeFile:
    """Name one Parquet file of one version, and say what the log knows of it."""

    path: Path
    partition_values: dict[str, str]
    row_count: int
    size: int
    least: dict[str, object]
    most: dict[str, object]


@contextmanager
def one_writer(lock: Path) -> Generator[None]:
    """Let one writer at a time into a table, over all threads and processes of this machine."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def active_files(table: LakeTable, delta: DeltaTable, folder: Path) -> list[LakeFile]:
    """List the files that make the version `delta` has loaded."""
    actions = pl.DataFrame(cast(Any, delta.get_add_actions(flatten=True)))
    names = [name for name in table.key if name not in table.partition_by]
    return [
        LakeFile(
            path=folder / unquote(row["path"]),
            partition_values={n: str(row[f"partition.{n}"]) for n in table.partition_by},
            row_count=row["num_records"],
            size=row["size_bytes"],
            least={n: row.get(f"min.{n}") for n in names},
            most={n: row.get(f"max.{n}") for n in names},
        )
        for row in actions.iter_rows(named=True)
    ]


def removal(file: LakeFile, folder: Path, *, is_change: bool = True) -> RemoveAction:
    """Make the log entry that takes a file out of the next version; the file itself stays."""
    return RemoveAction(
        path=str(file.path.relative_to(folder)),
        data_change=is_change,
        deletion_timestamp=int(time.time() * 1000),
        size=file.size,
        partition_values=dict(file.partition_values),
    )


def commit(
    table: LakeTable,
    delta: DeltaTable,
    folder: Path,
    actions: Sequence[AddAction | RemoveAction],
    *,
    transaction: str | None,
    row_count: int,
) -> int:
    """Write the next version into the log, wait for the disk, and return its number."""
    version = delta.version() + 1
    applied = [Transaction(transaction, version)] if transaction else []
    delta.create_write_transaction(
        list(actions),
        "append",
        delta.schema(),
        list(table.partition_by),
        commit_properties=CommitProperties(
            custom_metadata={ROW_COUNT: row_count}, app_transactions=applied, max_commit_retries=0
        ),
        post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
    )
    sync_log(folder, version)
    return version


def sync_log(folder: Path, version: int) -> None:
    """Wait until the disk holds the log of `version`: the Delta library does not wait itself."""
    log = folder / "_delta_log"
    for path in [*log.glob(f"{version:020}.*"), log / "_last_checkpoint"]:
        if path.exists():
            sync(path)
    sync(log)


def set_torn_entry_aside(folder: Path) -> None:
    """Undo a newest log entry that a power cut left half on the disk. Call it as the one writer.

    The Delta library names an entry before the disk holds it. Such an entry was never told to
    anybody as done, so the write that made it is simply run again.
    """
    log = folder / "_delta_log"
    newest = max(log.glob("*.json"), default=None)
    if newest is None:
        return
    if not _is_whole(newest):
        newest.replace(newest.with_suffix(".torn"))
        sync(log)
    for checkpoint in log.glob(f"{newest.stem}.checkpoint*"):
        # Parquet ends with its magic; a checkpoint only repeats what the entries say.
        if checkpoint.read_bytes()[-4:] != b"PAR1":
            (log / "_last_checkpoint").unlink(missing_ok=True)
            checkpoint.unlink()


def _is_whole(entry: Path) -> bool:
    try:
        return bool([json.loads(line) for line in entry.read_text("utf-8").splitlines()])
    except ValueError:
        return False


def recorded_row_count(folder: Path, version: int) -> int:
    """Return how many rows the publish that made `version` said it wrote."""
    lines = (folder / "_delta_log" / f"{version:020}.json").read_text("utf-8").splitlines()
    entries = (json.loads(line).get("commitInfo", {}) for line in lines)
    return next((int(entry[ROW_COUNT]) for entry in entries if ROW_COUNT in entry), 0)
