"""Keep versioned columnar tables in one folder."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl
from deltalake import DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, RemoveAction

from rollbook.lake import log
from rollbook.lake.columns import (
    DELTA_TYPES,
    POLARS_TYPES,
    empty_frame,
    fit,
    frame_types,
    identity,
)
from rollbook.lake.log import LakeFile
from rollbook.lake.parquet import FILE_ROWS, by_partition, sync_folders, write_files
from rollbook.lake.query import Value
from rollbook.lake.types import LakeTable

# Versions live until `vacuum` drops them: a certified report must be found again years later.
CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}
# A file that no version names may belong to a publish that is still running.
ORPHAN_HOURS = 24


class TableIsUnknown(LookupError):
    """This lake has not been told of such a table. Call `Lake.create` when the process starts."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Say which version a write made, and how many rows it wrote or removed."""

    version: int
    row_count: int
    was_already_there: bool


class Lake:
    """Keep versioned tables under one folder, one writer at a time per table, readers always.

    A write puts its Parquet files on the disk, then names them in the log in one step. A crash
    before that step leaves files that nobody reads; a crash after it leaves a complete version.
    Either way the same call with the same transaction finishes the work, or finds it done.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.tables: dict[str, LakeTable] = {}

    def create(self, tables: Sequence[LakeTable]) -> None:
        """Make the tables that are not there yet, and add columns that they have gained."""
        for table in tables:
            with self._writing(table):
                self._create(table)
            self.tables[table.name] = table

    def upsert(self, table: LakeTable, frame: pl.DataFrame, *, transaction: str) -> Publication:
        """Add rows, in place of those with the same partition and key.

        Shape:  `transaction` names this write for ever; the same name again writes nothing.
        Raises: FrameDoesNotFit when the rows do not have the table's shape.
        """
        if done := self._already(table, self._open(table), transaction):
            return done
        rows = fit(table, frame)
        with self._writing(table):
            delta = self._open(table)
            if done := self._already(table, delta, transaction):
                return done
            actions = [
                *self._without(table, delta, rows),
                *write_files(self.folder(table), table, rows),
            ]
            return self._commit(table, delta, actions, transaction, rows.height)

    def retract(
        self, table: LakeTable, *, where_column: str, values: Collection[Value], transaction: str
    ) -> Publication:
        """Remove the rows whose `where_column` is one of `values`.

        Shape: removing nothing makes a version too, so that the transaction is on record.
        """
        kind = POLARS_TYPES[table.columns[where_column]]
        gone = pl.DataFrame({where_column: pl.Series(list(values), dtype=kind)})
        return self.retract_rows(table, gone, transaction=transaction)

    def retract_rows(
        self, table: LakeTable, gone: pl.DataFrame, *, transaction: str
    ) -> Publication:
        """Remove the rows whose values in the columns of `gone` are those of one of its rows.

        Shape: as `retract`.
        """
        with self._writing(table):
            delta = self._open(table)
            if done := self._already(table, delta, transaction):
                return done
            files = log.active_files(table, delta, self.folder(table))
            before = sum(file.row_count for file in files)
            actions = list(self._rewritten(table, files, gone))
            after = before + sum(_net_rows(action, files, self.folder(table)) for action in actions)
            return self._commit(table, delta, actions, transaction, before - after)

    def version(self, table: LakeTable) -> int:
        """Return the newest version of a table. A table just created is at 0."""
        return self._open(table).version()

    def versions(self, table: LakeTable) -> list[int]:
        """Return every version the log knows, oldest first; vacuumed ones may lack their files."""
        names = (self.folder(table) / "_delta_log").glob("*.json")
        return sorted(int(name.stem) for name in names if name.stem.isdigit())

    def has_applied(self, table: LakeTable, transaction: str) -> bool:
        """Tell whether the write named `transaction` is in the table."""
        return self._open(table).transaction_version(transaction) is not None

    def files(self, table: LakeTable, version: int | None = None) -> list[LakeFile]:
        """Return the Parquet files that make one version."""
        return log.active_files(table, self._open(table, version), self.folder(table))

    def row_count(self, table: LakeTable, version: int | None = None) -> int:
        """Return how many rows a version holds, from the log alone."""
        return sum(file.row_count for file in self.files(table, version))

    def scan(self, table: LakeTable, *, version: int | None = None) -> pl.LazyFrame:
        """Return the rows of one version as a lazy frame, in the table's columns and types."""
        return self._scan(table, self.files(table, version))

    def compact(self, table: LakeTable) -> int | None:
        """Join small files of a partition into larger ones; return the new version, if any.

        Shape: the rows stay the same; the old files stay for older versions until a vacuum.
        """
        with self._writing(table):
            delta = self._open(table)
            folder = self.folder(table)
            small = [
                f for f in log.active_files(table, delta, folder) if f.row_count < FILE_ROWS // 2
            ]
            actions: list[AddAction | RemoveAction] = []
            for files in _by_folder(small):
                if len(files) > 1:
                    rows = self._scan(table, files).collect()
                    actions += write_files(folder, table, rows, is_change=False)
                    actions += (log.removal(file, folder, is_change=False) for file in files)
            return (
                log.commit(table, delta, folder, actions, transaction=None, row_count=0)
                if actions
                else None
            )

    def vacuum(
        self,
        table: LakeTable,
        *,
        keep_versions: Collection[int],
        retention_hours: int = ORPHAN_HOURS,
    ) -> list[str]:
        """Remove files that neither the newest version nor one of `keep_versions` needs.

        Units:  files younger than `retention_hours` are left alone.
        Shape:  the paths removed. Versions not kept can no longer be read.
        """
        with self._writing(table):
            return self._open(table).vacuum(
                retention_hours=retention_hours,
                dry_run=False,
                enforce_retention_duration=False,
                full=True,
                keep_versions=sorted(keep_versions),
            )

    def folder(self, table: LakeTable) -> Path:
        """Return the folder that holds a table's files and its log."""
        return self.root / table.name

    def table(self, name: str) -> LakeTable:
        """Return the table called `name`.

        Raises: TableIsUnknown when this lake object has not been told of it by `create`.
        """
        if name not in self.tables:
            raise TableIsUnknown(name)
        return self.tables[name]

    @contextmanager
    def _writing(self, table: LakeTable) -> Generator[None]:
        with log.one_writer(self.root / ".locks" / f"{table.name}.lock"):
            log.set_torn_entry_aside(self.folder(table))
            yield

    def _create(self, table: LakeTable) -> None:
        folder = self.folder(table)
        fields = [
            Field(name, PrimitiveType(DELTA_TYPES[kind])) for name, kind in table.columns.items()
        ]
        if DeltaTable.is_deltatable(str(folder)):
            self._add_columns(table, fields)
            return
        folder.mkdir(parents=True, exist_ok=True)
        DeltaTable.create(
            folder,
            Schema(fields),
            partition_by=list(table.partition_by),
            configuration=CONFIGURATION,
        )
        log.sync_log(folder, 0)
        sync_folders(folder, above=self.root)

    def _add_columns(self, table: LakeTable, fields: list[Field]) -> None:
        delta = self._open(table)
        known = {field.name for field in delta.schema().fields}
        gained = [field for field in fields if field.name not in known]
        if gained:
            delta.alter.add_columns(gained)
            log.sync_log(self.folder(table), self.version(table))

    def _open(self, table: LakeTable, version: int | None = None) -> DeltaTable:
        return DeltaTable(self.folder(table), version=version)

    def _already(self, table: LakeTable, delta: DeltaTable, transaction: str) -> Publication | None:
        version = delta.transaction_version(transaction)
        if version is None:
            return None
        count = log.recorded_row_count(self.folder(table), version)
        return Publication(version, count, was_already_there=True)

    def _commit(
        self,
        table: LakeTable,
        delta: DeltaTable,
        actions: Sequence[AddAction | RemoveAction],
        transaction: str,
        row_count: int,
    ) -> Publication:
        version = log.commit(
            table,
            delta,
            self.folder(table),
            actions,
            transaction=transaction,
            row_count=row_count,
        )
        return Publication(version, row_count, was_already_there=False)

    def _without(
        self, table: LakeTable, delta: DeltaTable, rows: pl.DataFrame
    ) -> Iterator[AddAction | RemoveAction]:
        """Take the incoming keys out of the files that hold them, partition by partition."""
        files = log.active_files(table, delta, self.folder(table))
        for values, part in by_partition(table, rows.select(identity(table))):
            keys = part.select(table.key)
            touched = [file for file in files if file.partition_values == values]
            yield from self._rewritten(table, _overlapping(touched, keys), keys)

    def _rewritten(
        self, table: LakeTable, files: Iterable[LakeFile], gone: pl.DataFrame
    ) -> Iterator[AddAction | RemoveAction]:
        """Replace each file that holds any of the rows `gone` by one that holds the others."""
        folder, on = self.folder(table), gone.columns
        for file in files:
            rows = self._scan(table, [file])
            found = rows.select(on).collect().join(gone, on=on, how="semi").height
            if not found:
                continue
            yield log.removal(file, folder)
            if found < file.row_count:
                kept = rows.collect().join(gone, on=on, how="anti")
                yield from write_files(folder, table, kept)

    def _scan(self, table: LakeTable, files: Sequence[LakeFile]) -> pl.LazyFrame:
        if not files:
            return empty_frame(table).lazy()
        parts = {name: POLARS_TYPES[table.columns[name]] for name in table.partition_by}
        types = cast(Any, frame_types(table))
        rows = pl.scan_parquet(
            [file.path for file in files],
            hive_partitioning=bool(parts),
            hive_schema=cast(Any, parts) or None,
            schema=types,
            missing_columns="insert",
            glob=False,
        )
        return rows.select(*table.columns)


def _overlapping(files: Iterable[LakeFile], keys: pl.DataFrame) -> list[LakeFile]:
    """Pass over files whose key ranges, as the log tells them, hold none of the incoming keys."""
    least = {name: keys.get_column(name).min() for name in keys.columns}
    most = {name: keys.get_column(name).max() for name in keys.columns}

    def may_hold(file: LakeFile) -> bool:
        for name in file.least:
            low, high = cast(Any, file.least[name]), cast(Any, file.most[name])
            if low is not None and high is not None and (most[name] < low or least[name] > high):
                return False
        return True

    return [file for file in files if may_hold(file)]


def _by_folder(files: Iterable[LakeFile]) -> list[list[LakeFile]]:
    found: dict[Path, list[LakeFile]] = {}
    for file in files:
        found.setdefault(file.path.parent, []).append(file)
    return list(found.values())


def _net_rows(action: AddAction | RemoveAction, files: Sequence[LakeFile], folder: Path) -> int:
    """Return how many rows a log entry adds to the table, below 0 when it takes some away."""
    if isinstance(action, AddAction):
        return int(pl.read_json(action.stats.encode())["numRecords"].item())
    return -next(file.row_count for file in files if file.path == folder / action.path)
