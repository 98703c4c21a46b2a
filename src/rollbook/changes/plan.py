"""What a plan says: made from two frames, applied, turned around, counted. All of it pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Literal

import polars as pl

from rollbook.changes.layouts import (
    CELL_TYPES,
    CONFLICTS,
    after,
    before,
    changed_columns,
    row_schema,
    schema_of,
)
from rollbook.changes.types import ChangeAction, ConflictReason, PlanTable, TableChanges

State = Mapping[str, pl.DataFrame]
INVERSE: Final[Mapping[str, str]] = {
    ChangeAction.ADD: ChangeAction.DELETE,
    ChangeAction.DELETE: ChangeAction.ADD,
    ChangeAction.ARCHIVE: ChangeAction.REACTIVATE,
    ChangeAction.REACTIVATE: ChangeAction.ARCHIVE,
}
_ADDS: Final = pl.col("action") == ChangeAction.ADD.value
_DELETES: Final = pl.col("action") == ChangeAction.DELETE.value
_WHOLE: Final = _ADDS | _DELETES


def touched(column: str) -> pl.Expr:
    """Tell, in each row of a plan, whether the cell in `column` changes.

    Shape: in rows that add or delete, every cell does.
    """
    return _WHOLE | pl.col(before(column)).ne_missing(pl.col(after(column)))


def canonical(changes: TableChanges) -> TableChanges:
    """Bring a table's changes into the one form that equal changes share.

    Shape: rows by id, columns in the table's order, untouched cells null, rows and columns that
           change nothing left out.
    Raises: ValueError where the frame is not one of `changes.table`: two rows for one id, an
           unknown action or column. It is the caller's mistake; no plan is written.
    """
    table, frame = changes.table, changes.frame
    _check(table, frame)
    columns = [c for c in table.columns if before(c) in frame.columns or after(c) in frame.columns]
    full = frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in schema_of(table, columns).items()
    ).with_columns(pl.col("why").fill_null(""))
    full = full.with_columns(expr for c in columns for expr in _canonical_cells(c))
    whole_or_touched = [_WHOLE, *(touched(c) for c in columns)]
    full = full.filter(pl.any_horizontal(whole_or_touched)).sort("id")
    nulls = full.null_count().row(0, named=True)
    used = [c for c in columns if nulls[before(c)] + nulls[after(c)] < 2 * full.height]
    return TableChanges(table, full.select(list(schema_of(table, used))))


def _canonical_cells(column: str) -> tuple[pl.Expr, pl.Expr]:
    old, new = pl.col(before(column)), pl.col(after(column))
    same = ~_WHOLE & old.eq_missing(new)
    return (
        pl.when(_ADDS | same).then(None).otherwise(old).alias(before(column)),
        pl.when(_DELETES | same).then(None).otherwise(new).alias(after(column)),
    )


def _check(table: PlanTable, frame: pl.DataFrame) -> None:
    known = set(schema_of(table))
    if unknown := sorted(set(frame.columns) - known):
        raise ValueError(f"{table.name}: not columns of a plan: {', '.join(unknown)}")
    if frame["id"].null_count() or frame["id"].n_unique() != frame.height:
        raise ValueError(f"{table.name}: a plan holds one row per id")
    actions = {action.value for action in ChangeAction}
    if strange := set(frame["action"].unique().to_list()) - actions:
        raise ValueError(f"{table.name}: not actions: {strange}")


def with_defaults(changes: TableChanges, fresh_uuid: Callable[[], str]) -> TableChanges:
    """Fill what additions leave open: text is empty, a uuid is fresh; nothing else is guessed."""
    adds = changes.frame["action"] == ChangeAction.ADD.value
    if not adds.any():
        return changes
    frame = changes.frame
    for column, kind in changes.table.columns.items():
        name = after(column)
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=CELL_TYPES[kind]).alias(name))
        if kind == "text":
            frame = frame.with_columns(
                pl.when(_ADDS).then(pl.col(name).fill_null("")).otherwise(pl.col(name))
            )
        elif kind == "uuid" and (open_rows := (adds & frame[name].is_null())).any():
            fresh = [fresh_uuid() if is_open else None for is_open in open_rows]
            frame = frame.with_columns(pl.col(name).fill_null(pl.Series(fresh, dtype=pl.String())))
    return TableChanges(changes.table, frame)


def inverse(changes: Sequence[TableChanges]) -> list[TableChanges]:
    """Turn changes around: what they add is deleted, what they write goes back.

    Shape: the same tables in the same order; `apply` deletes backwards by itself.
    """
    return [_inverse(change) for change in changes]


def _inverse(changes: TableChanges) -> TableChanges:
    names = {n: f"_{n}" for n in changes.frame.columns if n.startswith(("before.", "after."))}
    swapped = {
        f"_{name(column)}": other(column)
        for column in changed_columns(changes)
        for name, other in ((before, after), (after, before))
    }
    frame = changes.frame.rename(names).rename(swapped)
    frame = frame.with_columns(pl.col("action").replace(INVERSE))
    return TableChanges(changes.table, frame.select(changes.frame.columns))


def apply(changes: Sequence[TableChanges], state: State) -> dict[str, pl.DataFrame]:
    """Return `state` as it is after `changes`.

    Shape: table name -> rows (id, then the table's columns), sorted by id. A table that the state
           lacks is taken as empty. Rows that a change names and the state lacks stay missing.
    """
    result = dict(state)
    for change in changes:
        empty = pl.DataFrame(schema=row_schema(change.table))
        result[change.table.name] = _applied(change, result.get(change.table.name, empty))
    return result


def _applied(changes: TableChanges, rows: pl.DataFrame) -> pl.DataFrame:
    frame, columns = changes.frame, changed_columns(changes)
    rows = rows.join(frame.filter(_DELETES), on="id", how="anti")
    edits = frame.filter(~_WHOLE).select("id", *(n(c) for c in columns for n in (before, after)))
    joined = rows.join(edits.with_columns(pl.lit(True).alias("_edited")), on="id", how="left")
    edited = joined.with_columns(
        pl.when(pl.col("_edited") & pl.col(before(c)).ne_missing(pl.col(after(c))))
        .then(pl.col(after(c)))
        .otherwise(pl.col(c))
        .alias(c)
        for c in columns
    ).select(rows.columns)
    added = added_rows(changes).select(pl.col(n).cast(kind) for n, kind in rows.schema.items())
    return pl.concat([edited, added]).sort("id")


def added_rows(changes: TableChanges) -> pl.DataFrame:
    """Return the rows that the changes add, as the table's own: id, then its columns."""
    adds = changes.frame.filter(_ADDS)
    return adds.select(
        pl.col(after(name)).alias(name)
        if after(name) in adds.columns
        else (pl.col("id") if name == "id" else pl.lit(None, dtype=kind).alias(name))
        for name, kind in row_schema(changes.table).items()
    )


def diff(
    table: PlanTable,
    current: pl.DataFrame,
    incoming: pl.DataFrame,
    *,
    key_columns: Sequence[str] = ("id",),
    take_ids: Callable[[int], int] | None = None,
    absent: Literal["keep", "archive", "delete"] = "keep",
    on_archive: Mapping[str, Any] | None = None,
    move_column: str | None = None,
    school_column: str = "school_id",
) -> pl.DataFrame:
    """Work out what must change for `current` to become `incoming`.

    Shape:  a frame for `TableChanges`: one row per record that differs, with only the differing
            cells; empty when nothing differs. `current` has `id` and columns of the table;
            `incoming` has the key columns and those columns that its source speaks of, and may
            have `line`, `file`, `why`. Both may have `school_column` besides, for the counts. New
            records take their ids from `incoming.id`, else from `take_ids(count)`, the first of a
            block, in the order of their keys: the order of rows never matters.
    Units:  `absent` says what becomes of records that `incoming` lacks: kept, archived
            (`is_active` false, plus the cells of `on_archive`; those already archived stay as they
            are), or deleted. A differing `move_column` makes an update a move.
    """
    keys = list(key_columns)
    spoken = [c for c in table.columns if c in incoming.columns]
    compared = [c for c in spoken if c in current.columns]
    known = incoming.drop("id", strict=False) if "id" not in keys else incoming
    old = current.select(
        *dict.fromkeys(["id", *keys]), *(pl.col(c).alias(before(c)) for c in compared)
    )
    school = _school(school_column, incoming, current, keys)
    new = known.rename({c: after(c) for c in spoken if c not in keys}).with_columns(
        pl.col(c).alias(after(c)) for c in spoken if c in keys
    )
    both = new.join(old, on=keys, how="inner", nulls_equal=True)
    fresh = _with_ids(
        new.join(old, on=keys, how="anti", nulls_equal=True), incoming, keys, take_ids
    )
    parts = [
        _edits(both, table, compared, move_column),
        fresh.with_columns(pl.lit(ChangeAction.ADD.value).alias("action")),
    ]
    if absent != "keep":
        gone = current.join(known.select(keys), on=keys, how="anti", nulls_equal=True)
        parts.append(_absences(gone, table, absent, on_archive or {}))
    frame = pl.concat(
        [_shaped(part.join(school, on=keys, how="left", nulls_equal=True), table) for part in parts]
    )
    return canonical(TableChanges(table, frame)).frame


def _school(
    column: str, incoming: pl.DataFrame, current: pl.DataFrame, keys: list[str]
) -> pl.DataFrame:
    """Return which school each key counts for: the incoming one, else the current one."""
    found = [
        frame.select(*keys, pl.col(column).cast(pl.Int64()).alias("_school"))
        for frame in (incoming, current)
        if column in frame.columns
    ]
    if not found:
        found = [
            current.select(*keys).with_columns(pl.lit(None, dtype=pl.Int64()).alias("_school"))
        ]
    return pl.concat(found).unique(subset=keys, keep="first", maintain_order=True)


def _with_ids(
    fresh: pl.DataFrame,
    incoming: pl.DataFrame,
    keys: list[str],
    take_ids: Callable[[int], int] | None,
) -> pl.DataFrame:
    if "id" in keys:
        return fresh
    fresh = fresh.sort(keys)
    if "id" in incoming.columns:
        return fresh.join(incoming.select("id", *keys), on=keys, how="left", nulls_equal=True)
    if not fresh.height:
        return fresh.with_columns(pl.lit(None, dtype=pl.Int64()).alias("id"))
    if take_ids is None:
        raise ValueError("new records need ids: give `take_ids`, or `id` in `incoming`")
    first = take_ids(fresh.height)
    return fresh.with_columns(
        pl.int_range(first, first + fresh.height, dtype=pl.Int64()).alias("id")
    )


def _edits(
    both: pl.DataFrame, table: PlanTable, compared: list[str], move: str | None
) -> pl.DataFrame:
    rows = both.filter(
        pl.any_horizontal(
            pl.lit(False), *(pl.col(before(c)).ne_missing(pl.col(after(c))) for c in compared)
        )
    )
    rows = rows.drop(
        after(c) for c in table.columns if c not in compared and after(c) in rows.columns
    )
    action = pl.lit(ChangeAction.UPDATE.value)
    if move in compared:
        moved = pl.col(before(move)).ne_missing(pl.col(after(move)))
        action = pl.when(moved).then(pl.lit(ChangeAction.MOVE.value)).otherwise(action)
    if "is_active" in compared:
        was, now = pl.col(before("is_active")), pl.col(after("is_active"))
        action = (
            pl.when(was & ~now)
            .then(pl.lit(ChangeAction.ARCHIVE.value))
            .when(~was & now)
            .then(pl.lit(ChangeAction.REACTIVATE.value))
            .otherwise(action)
        )
    return rows.with_columns(action.alias("action"))


def _absences(
    gone: pl.DataFrame, table: PlanTable, absent: str, on_archive: Mapping[str, Any]
) -> pl.DataFrame:
    held = [c for c in table.columns if c in gone.columns]
    if absent == "delete":
        return gone.with_columns(
            pl.lit(ChangeAction.DELETE.value).alias("action"),
            *(pl.col(c).alias(before(c)) for c in held),
        )
    values = {**on_archive, "is_active": False}
    return gone.filter(pl.col("is_active")).with_columns(
        pl.lit(ChangeAction.ARCHIVE.value).alias("action"),
        *(pl.col(c).alias(before(c)) for c in values),
        *(pl.lit(v, dtype=CELL_TYPES[table.columns[c]]).alias(after(c)) for c, v in values.items()),
    )


def _shaped(part: pl.DataFrame, table: PlanTable) -> pl.DataFrame:
    part = part.drop("school_id", strict=False).rename({"_school": "school_id"})
    return part.select(
        pl.col(name).cast(kind) if name in part.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in schema_of(table).items()
    )


def counts_of(changes: Sequence[TableChanges]) -> dict[str, dict[str, int]]:
    """Count rows by table and action, leaving out tables without rows."""
    return {
        change.table.name: dict(sorted(change.frame.group_by("action").len().iter_rows()))
        for change in changes
        if change.frame.height
    }


def counts_by_school(
    changes: Sequence[TableChanges],
) -> dict[str, dict[int | None, dict[str, int]]]:
    """Count rows by table, school and action.

    Shape: school None holds the whole table's counts; rows of no school count only there.
    """
    counts: dict[str, dict[int | None, dict[str, int]]] = {}
    for change in changes:
        schools: dict[int | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for school, action, rows in change.frame.group_by("school_id", "action").len().sort(
            "school_id", "action"
        ).iter_rows():  # fmt: skip
            schools[None][action] += rows
            if school is not None:
                schools[school][action] += rows
        if schools:
            counts[change.table.name] = {school: dict(found) for school, found in schools.items()}
    return counts


def touched_cells(changes: Sequence[TableChanges]) -> pl.DataFrame:
    """List every cell that changes.

    Shape: `table`, `id`, `column`, in that order.
    """
    cells = [
        change.frame.filter(touched(column)).select(
            pl.lit(change.table.name).alias("table"), "id", pl.lit(column).alias("column")
        )
        for change in changes
        for column in changed_columns(change)
    ]
    empty = pl.DataFrame(schema={"table": pl.String(), "id": pl.Int64(), "column": pl.String()})
    return pl.concat([empty, *cells]).sort("table", "id", "column")


def only_additions_and_updates(changes: Sequence[TableChanges]) -> list[TableChanges]:
    """Leave out what archives or deletes."""
    ends = [ChangeAction.ARCHIVE.value, ChangeAction.DELETE.value]
    kept = [TableChanges(c.table, c.frame.filter(~pl.col("action").is_in(ends))) for c in changes]
    return [canonical(change) for change in kept]


def without_conflicts(
    changes: TableChanges, current: pl.DataFrame
) -> tuple[TableChanges, pl.DataFrame]:
    """Keep of `changes` what still fits `current`, and list what does not.

    Shape: `current` holds the table's rows under the ids that the changes name, where they still
           exist. An edit loses only the cells whose value is no longer the one before; a deletion
           whose record was edited is left out whole. The conflicts have `table`, `id`, `column`,
           `reason`, see `layouts.CONFLICTS`.
    """
    columns = changed_columns(changes)
    now = current.select("id", *(pl.col(c).alias(f"now.{c}") for c in changes.table.columns))
    frame = changes.frame.join(now.with_columns(pl.lit(True).alias("_there")), on="id", how="left")
    there = pl.col("_there").fill_null(False)
    gone = _conflicts(changes.table, frame.filter(~_ADDS & ~there), "", ConflictReason.GONE)
    back = _conflicts(changes.table, frame.filter(_ADDS & there), "", ConflictReason.THERE)
    frame = frame.filter(_ADDS.ne_missing(there))
    clash = {
        c: ~_ADDS & touched(c) & pl.col(f"now.{c}").ne_missing(pl.col(before(c))) for c in columns
    }
    edited = [
        _conflicts(changes.table, frame.filter(found), column, ConflictReason.EDITED)
        for column, found in clash.items()
    ]
    kept = frame.filter(~(_DELETES & pl.any_horizontal(pl.lit(False), *clash.values())))
    kept = kept.with_columns(
        pl.when(clash[c]).then(None).otherwise(pl.col(n(c))).alias(n(c))
        for c in columns
        for n in (before, after)
    )
    rest = canonical(TableChanges(changes.table, kept.select(changes.frame.columns)))
    return rest, pl.concat([gone, back, *edited])


def _conflicts(
    table: PlanTable, rows: pl.DataFrame, column: str, reason: ConflictReason
) -> pl.DataFrame:
    return rows.select(
        pl.lit(table.name).alias("table"),
        pl.col("id"),
        pl.lit(column).alias("column"),
        pl.lit(reason.value).alias("reason"),
    )


def without_dangling(
    changes: TableChanges, missing: Mapping[str, set[int]]
) -> tuple[TableChanges, pl.DataFrame]:
    """Leave out what would point at a record that is gone.

    Shape: `missing` maps a column to the ids that are no longer there. An edit loses the cell, an
           addition is left out whole; the conflicts are as in `without_conflicts`.
    """
    frame, conflicts = changes.frame, [CONFLICTS.to_frame()]
    for column, ids in missing.items():
        if not ids:
            continue
        points = ~_DELETES & pl.col(after(column)).is_in(list(ids)).fill_null(False)
        conflicts.append(
            _conflicts(changes.table, frame.filter(points), column, ConflictReason.GONE)
        )
        frame = frame.filter(~(_ADDS & points)).with_columns(
            pl.when(points).then(None).otherwise(pl.col(n(column))).alias(n(column))
            for n in (before, after)
        )
    return canonical(TableChanges(changes.table, frame)), pl.concat(conflicts)


def without_deletions(changes: TableChanges, ids: set[int]) -> tuple[TableChanges, pl.DataFrame]:
    """Leave out the deletions of records that others still point at, listed as conflicts."""
    kept = _DELETES & pl.col("id").is_in(list(ids))
    found = _conflicts(changes.table, changes.frame.filter(kept), "", ConflictReason.REFERRED_TO)
    return canonical(TableChanges(changes.table, changes.frame.filter(~kept))), found


def without_records(
    changes: TableChanges, ids: Collection[int]
) -> tuple[TableChanges, pl.DataFrame]:
    """Leave out the edits of records that are somebody else's by now, listed as conflicts."""
    left = ~_ADDS & pl.col("id").is_in(list(ids))
    found = _conflicts(changes.table, changes.frame.filter(left), "", ConflictReason.EDITED)
    return canonical(TableChanges(changes.table, changes.frame.filter(~left))), found
