"""Change plans: what would change, in which table, from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import polars as pl

CellType = Literal["text", "integer", "boolean", "date", "uuid", "decimal"]


class PlanStatus(StrEnum):
    """Name a step in the life of a change plan."""

    PROPOSED = "proposed"  # ready to commit
    HELD = "held"  # waits for a person to approve it
    COMMITTED = "committed"
    DISCARDED = "discarded"
    UNDONE = "undone"


class ChangeAction(StrEnum):
    """Say what a row of a plan does to one record."""

    ADD = "add"
    UPDATE = "update"
    MOVE = "move"  # an update that takes a student to another school
    REACTIVATE = "reactivate"
    ARCHIVE = "archive"
    DELETE = "delete"  # only as the inverse of an addition


@dataclass(frozen=True, slots=True)
class PlanTable:
    """Describe a table that plans may change.

    Shape: `columns` are all columns besides `id`; `references` maps a column to the plan table it
           points at; plans are applied in the order in which tables are listed, deletions backwards.
    """

    name: str  # the word people use: "students"
    db_table: str
    columns: Mapping[str, CellType]
    references: Mapping[str, str] = field(default_factory=dict[str, str])
    personal_data: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TableChanges:
    """Hold the changes to one table.

    Shape: `frame` has `id` (Int64), `action` (a ChangeAction), `school_id` (Int64 or null, for counts),
           `line` (UInt32 or null), `file` (text or null), `why` (text), and for each changed column
           `before.<column>` and `after.<column>` in the column's own type. Rows that add have no
           before; a column absent from the frame does not change. One row per record, sorted by id.
    """

    table: PlanTable
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class HoldReason:
    """Say why a plan waits for a person, in words that person reads."""

    code: str
    says: str
    organization_id: int | None = None
    count: int = 0
    of: int = 0
