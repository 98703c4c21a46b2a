"""The columns of a plan's frames, and a plan's file as bytes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from rollbook.changes.types import CellType, PlanContent, PlanTable, TableChanges

FORMAT: Final = 1
HEAD: Final = pl.Schema(
    {
        "id": pl.Int64(),
        "action": pl.String(),
        "school_id": pl.Int64(),
        "line": pl.UInt32(),
        "file": pl.String(),
        "why": pl.String(),
    }
)
CONFLICTS: Final = pl.Schema(
    {"table": pl.String(), "id": pl.Int64(), "column": pl.String(), "reason": pl.String()}
)
CELL_TYPES: Final[Mapping[CellType, pl.DataType]] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "uuid": pl.String(),
}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can hold: equal content, equal bytes


def before(column: str) -> str:
    """Return the name of the column that holds a cell's value before the change."""
    return f"before.{column}"


def after(column: str) -> str:
    """Return the name of the column that holds a cell's value after the change."""
    return f"after.{column}"


def changed_columns(changes: TableChanges) -> list[str]:
    """Return the table's columns that the frame speaks of, in the table's order."""
    return [column for column in changes.table.columns if after(column) in changes.frame.columns]


def schema_of(table: PlanTable, columns: Iterable[str] | None = None) -> pl.Schema:
    """Return the columns of a plan's frame for `table`, all of them unless some are named."""
    cells = {
        name(column): CELL_TYPES[table.columns[column]]
        for column in (table.columns if columns is None else columns)
        for name in (before, after)
    }
    return pl.Schema({**HEAD, **cells})


def row_schema(table: PlanTable) -> pl.Schema:
    """Return the columns of a frame of the table's own rows: id, then its columns."""
    cells = {column: CELL_TYPES[kind] for column, kind in table.columns.items()}
    return pl.Schema({"id": pl.Int64(), **cells})


def to_bytes(content: PlanContent) -> bytes:
    """Write a plan as one file.

    Shape: a zip, stored, of manifest.json (canonical JSON) and one Parquet file per table. Equal
           content gives equal bytes, so the file's SHA-256 is the plan's digest; it covers the
           areas' versions as well as the rows.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, "manifest.json", _canonical_json(_manifest(content)))
        for number, changes in enumerate(content.changes):
            _put(archive, f"{number:02}.parquet", _parquet(changes.frame))
        _put(archive, "conflicts.parquet", _parquet(content.conflicts))
    return target.getvalue()


def from_bytes(source: bytes) -> PlanContent:
    """Read a plan's file that `to_bytes` wrote."""
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        changes = tuple(
            TableChanges(_table(entry), pl.read_parquet(archive.read(f"{number:02}.parquet")))
            for number, entry in enumerate(manifest["tables"])
        )
        conflicts = pl.read_parquet(archive.read("conflicts.parquet"))
    return PlanContent(manifest["kind"], manifest["areas"], changes, conflicts)


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)


def _parquet(frame: pl.DataFrame) -> bytes:
    # Parquet, not Arrow IPC: it leaves out what lies under nulls, which may differ by history.
    target = io.BytesIO()
    frame.rechunk().write_parquet(target, compression="zstd", statistics=False)
    return target.getvalue()


def _canonical_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _manifest(content: PlanContent) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": content.kind,
        "areas": dict(content.areas),
        "tables": [
            {
                "name": changes.table.name,
                "db_table": changes.table.db_table,
                "columns": list(changes.table.columns.items()),
                "references": dict(changes.table.references),
                "personal_data": sorted(changes.table.personal_data),
                "label_columns": list(changes.table.label_columns),
                "rows": changes.frame.height,
            }
            for changes in content.changes
        ],
    }


def _table(entry: Mapping[str, Any]) -> PlanTable:
    return PlanTable(
        name=entry["name"],
        db_table=entry["db_table"],
        columns=dict(entry["columns"]),
        references=entry["references"],
        personal_data=frozenset(entry["personal_data"]),
        label_columns=tuple(entry["label_columns"]),
    )
