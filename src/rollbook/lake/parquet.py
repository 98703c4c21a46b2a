"""Write Parquet files so that they survive a power cut before anything refers to them."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

import polars as pl
from deltalake.transaction import AddAction

from rollbook.lake.types import LakeTable

PartitionValues = Mapping[str, str]

# DuckDB's own row group size: one thread reads one group.
ROW_GROUP_ROWS = 122_880
# A correction rewrites whole files: bound what one rewrite costs in memory and time.
FILE_ROWS = 2_000_000


def write_files(
    folder: Path, table: LakeTable, rows: pl.DataFrame, *, is_change: bool = True
) -> Iterator[AddAction]:
    """Write `rows` as Parquet files in the folders of their partitions, and wait for the disk.

    Shape: yields one action per file, for the log; a file that never reaches the log is ignored
           by every reader and removed by the next vacuum.
    """
    for values, part in by_partition(table, rows):
        for start in range(0, part.height, FILE_ROWS):
            piece = part.slice(start, FILE_ROWS)
            yield _write_file(folder, table, values, piece, is_change=is_change)


def by_partition(
    table: LakeTable, rows: pl.DataFrame
) -> Iterator[tuple[PartitionValues, pl.DataFrame]]:
    """Cut rows into partitions, each named by its values as text; one is in memory at a time."""
    if not table.partition_by:
        if rows.height:
            yield {}, rows
        return
    names = table.partition_by
    for values in rows.select(names).unique(maintain_order=True).iter_rows():
        is_here = [pl.col(name) == value for name, value in zip(names, values, strict=True)]
        yield dict(zip(names, map(str, values), strict=True)), rows.filter(*is_here)


def _write_file(
    folder: Path, table: LakeTable, values: PartitionValues, rows: pl.DataFrame, *, is_change: bool
) -> AddAction:
    place = "/".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
    path = folder / place / f"{uuid.uuid4().hex}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = rows.drop(table.partition_by)
    stored.write_parquet(
        path, compression="zstd", compression_level=1, row_group_size=ROW_GROUP_ROWS
    )
    sync(path)
    sync_folders(path.parent, above=folder)
    return AddAction(
        path=str(path.relative_to(folder)),
        size=path.stat().st_size,
        partition_values=dict(values),
        modification_time=int(time.time() * 1000),
        data_change=is_change,
        stats=json.dumps(_statistics(table, rows)),
    )


def _statistics(table: LakeTable, rows: pl.DataFrame) -> dict[str, object]:
    """Say the range of each key column, by which readers pass over files.

    Only of keys: other text may be a student's own words and has no place in a log.
    """
    names = [name for name in table.key if name not in table.partition_by]
    least = {name: _as_json(rows.get_column(name).min()) for name in names}
    most = {name: _as_json(rows.get_column(name).max()) for name in names}
    return {
        "numRecords": rows.height,
        "minValues": least,
        "maxValues": most,
        "nullCount": dict.fromkeys(names, 0),
    }


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value


def sync(path: Path) -> None:
    """Wait until the disk holds what was written to this file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folders(folder: Path, *, above: Path) -> None:
    """Wait until the disk holds the names in `folder` and in each folder up to `above`."""
    while True:
        sync(folder)
        if folder == above:
            return
        folder = folder.parent
