"""Kill a publish at each step in which it touches the disk: old or new, never torn, and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from rollbook.lake.query import Measure, Query
from rollbook.lake.reference import ReferenceEngine
from rollbook.lake.tables import Lake
from tests.spec.lake.text_tables import SCORES, rows_of

OLD = {"a": 1, "b": 2, "m": 7}
NEW = {"a": 1, "b": 20, "c": 30, "m": 70}

# Runs in a process of its own and dies, as by a pulled plug of the process, at step number N.
DYING_PUBLISH = """
import os, signal, sys
from pathlib import Path
from rollbook.lake import log, parquet, tables
from tests.faults.test_lake_publish import publish

root, last = Path(sys.argv[1]), int(sys.argv[2])
steps = 0

def dying(real):
    def step(*args, **named):
        global steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **named)
    return step

os.fsync = dying(os.fsync)
parquet.pl.DataFrame.write_parquet = dying(parquet.pl.DataFrame.write_parquet)
log.DeltaTable.create_write_transaction = dying(log.DeltaTable.create_write_transaction)
publish(root)
"""


def publish(root: Path) -> bool:
    """Correct two rows and add one; return whether that was done before."""
    lake = Lake(root)
    lake.create([SCORES])
    rows = rows_of(SCORES, "|id|subject|score|\n|b|ELA|20|\n|c|ELA|30|\n|m|Math|70|")
    return lake.upsert(SCORES, rows, transaction="intake-2").was_already_there


def stored(lake: Lake) -> dict[str, int]:
    rows = lake.scan(SCORES).select("id", "score").collect()
    return dict(sorted(rows.iter_rows()))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.create([SCORES])
    rows = rows_of(SCORES, "|id|subject|score|\n|a|ELA|1|\n|b|ELA|2|\n|m|Math|7|")
    lake.upsert(SCORES, rows, transaction="intake-1")
    return lake


def test_publish_killed_at_any_step_is_finished_by_running_it_again(lake: Lake) -> None:
    # One process asks for every step in turn: each death leaves more orphans for the next to meet.
    outcomes: list[dict[str, int]] = []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for step in range(1, 60):
        died = subprocess.run(
            [sys.executable, "-c", DYING_PUBLISH, str(lake.root), str(step)],
            env=environment,
            capture_output=True,
            check=False,
        )
        outcomes.append(stored(lake))
        if died.returncode != -signal.SIGKILL:
            assert died.returncode == 0, died.stderr.decode()
            break
    before = outcomes.index(NEW)
    # Every death before the log entry left the old rows, every one after it the new rows.
    assert outcomes == [OLD] * before + [NEW] * (len(outcomes) - before)
    assert before > 5
    assert publish(lake.root)
    assert lake.versions(SCORES) == [0, 1, 2]
    assert stored(lake) == NEW


def test_the_row_count_in_the_log_is_the_row_count_in_the_files(lake: Lake) -> None:
    publish(lake.root)
    question = Query(table="scores", measures=(Measure("n", "count"),))
    assert ReferenceEngine(lake).run(question).item() == lake.row_count(SCORES) == len(NEW)


def test_disk_full_leaves_the_old_version_and_says_so(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            Lake(lake.root).upsert(SCORES, rows_of(SCORES, "|id|\n|z|"), transaction="t")
    assert stored(lake) == OLD
    assert not publish(lake.root)
    assert stored(lake) == NEW


def test_orphans_of_a_crash_are_removed_by_the_next_vacuum(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("rollbook.lake.log.commit", crash)
        with pytest.raises(KeyboardInterrupt):
            lake.upsert(SCORES, rows_of(SCORES, "|id|\n|z|"), transaction="t")
    files = set(lake.folder(SCORES).rglob("*.parquet"))
    kept = {file.path for file in lake.files(SCORES)}
    assert len(files - kept) == 1
    lake.vacuum(SCORES, keep_versions=lake.versions(SCORES), retention_hours=0)
    assert set(lake.folder(SCORES).rglob("*.parquet")) == kept
    assert isinstance(lake.scan(SCORES).collect(), pl.DataFrame)


@pytest.mark.parametrize("left", [b"", b'{"commitInfo":{"timest', b"\0" * 4096])
def test_a_log_entry_torn_by_a_power_cut_is_written_again(lake: Lake, left: bytes) -> None:
    publish(lake.root)
    entry = lake.folder(SCORES) / "_delta_log" / f"{2:020}.json"
    entry.write_bytes(left)
    Lake(lake.root).create([SCORES])
    assert stored(lake) == OLD
    assert not publish(lake.root)
    assert stored(lake) == NEW
    assert lake.versions(SCORES) == [0, 1, 2]


def test_a_checkpoint_torn_by_a_power_cut_is_done_without(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    log = lake.folder(SCORES) / "_delta_log"
    number = 0
    while not (found := list(log.glob("*.checkpoint.parquet"))):
        number += 1
        empty = rows_of(SCORES, "|id|")
        lake.upsert(SCORES, empty, transaction=f"t{number}")
    found[0].write_bytes(found[0].read_bytes()[:100])
    Lake(lake.root).create([SCORES])
    assert stored(lake) == OLD
    assert not publish(lake.root)
