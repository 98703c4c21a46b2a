"""Change plans: what would change, in which table, from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import polars as pl

from rollbook.shared.events import Event

CellType = Literal["text", "integer", "boolean", "date", "uuid"]
Counts = Mapping[str, Mapping[str, int]]  # table -> action -> rows


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
    DELETE = "delete"  # of rows that keep no history, such as a group's members; undoes an addition


@dataclass(frozen=True, slots=True)
class PlanTable:
    """Describe a table that plans may change.

    Shape: `columns` are all columns besides `id`; `references` maps a column to the plan table it
           points at; `label_columns` are what a person recognizes a record by. Plans are applied in
           the order in which tables are listed, deletions backwards.
    """

    name: str  # the word people use: "students"
    db_table: str
    columns: Mapping[str, CellType]
    references: Mapping[str, str] = field(default_factory=dict[str, str])
    personal_data: frozenset[str] = frozenset()
    label_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableChanges:
    """Hold the changes to one table.

    Shape: `frame` has `id` (Int64), `action` (a ChangeAction), `school_id` (Int64 or null, for the
           counts), `line` (UInt32 or null), `file` (text or null), `why` (text), and for each
           changed column `before.<column>` and `after.<column>` in the column's own type (uuid is
           text). Rows that add have no before, rows that delete no after, and both hold every
           column. In all other rows a cell changes where before and after differ; null and null
           mean untouched, as does a column absent from the frame. One row per record, by id.
    """

    table: PlanTable
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class PlanContent:
    """Hold all that a plan's file holds.

    Shape: `areas` maps an area to the version the plan was made from; `conflicts` is empty unless
           the plan undoes another: `table`, `id`, `column`, `reason`.
    """

    kind: str
    areas: Mapping[str, int]
    changes: tuple[TableChanges, ...]
    conflicts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class HoldReason:
    """Say why a plan waits for a person, in words that person reads."""

    code: str
    says: str
    organization_id: int | None = None
    count: int = 0
    of: int = 0


class ConflictReason(StrEnum):
    """Say why a cell or a record could not be taken back."""

    EDITED = "edited"  # somebody changed the cell since
    GONE = "gone"  # the record, or the one it would point at again, no longer exists
    THERE = "there"  # the record to bring back exists again
    REFERRED_TO = "referred_to"  # a later record points at it


@dataclass(frozen=True, slots=True)
class Conflict:
    """Name one cell that an undo left alone; `column` is blank for a whole record.

    Shape: `label` is what a person recognizes the record by, where somebody asked to see it.
    """

    table: str
    id: int
    column: str
    reason: ConflictReason
    label: str = ""


@dataclass(frozen=True, slots=True)
class CommitReceipt:
    """Prove that a plan was committed: the same values however often one asks.

    Shape: `counts` are the rows really applied; `conflicts` are the first thousand of an undo's
           `conflict_count`; `audit_hash` is that of the audit entry of the same transaction.
    """

    plan_uuid: UUID
    digest: str
    committed_at: datetime
    by: str
    counts: Counts
    audit_sequence: int
    audit_hash: str
    conflict_count: int = 0
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """Hold the life of one plan, without its rows."""

    uuid: UUID
    title: str
    kind: str
    status: PlanStatus
    organization_id: int | None
    digest: str
    counts: Counts
    holds: tuple[HoldReason, ...]
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    committed_at: datetime | None
    undo_of: UUID | None
    conflict_count: int

    @property
    def row_count(self) -> int:
        """Return how many records the plan changes."""
        return sum(sum(actions.values()) for actions in self.counts.values())


@dataclass(frozen=True, slots=True)
class Approvals:
    """Hold who stands behind a plan so far, by their labels.

    Shape: `proposer` is blank unless a person sent it; `endorser` until a first person approved.
    """

    needs_second_person: bool = False
    proposer: str = ""
    endorser: str = ""
    endorsed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold one changed cell as text a person reads; None means empty."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """Hold one record that a plan changes.

    Shape: `label` is what a person recognizes the record by; `cells` are those that change, in the
           table's order of columns, for an addition those that are not empty.
    """

    table: str
    id: int
    action: ChangeAction
    school_id: int | None
    label: str
    cells: tuple[Cell, ...]
    why: str
    file: str | None
    line: int | None
    uuid: str = ""  # the record's public id, where its table has one and it exists


@dataclass(frozen=True, slots=True)
class PlanCommitted(Event):
    """Tell that a plan was committed."""

    plan_uuid: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class PlanUndone(Event):
    """Tell that a plan was taken back by `undo_uuid`."""

    plan_uuid: UUID
    undo_uuid: UUID
    kind: str
