"""ROS-301 to ROS-311: whether every id that is named exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from rollbook.roster.checks.cell_checks import NOT_A_GUID
from rollbook.roster.checks.kinds import GUID
from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.checks.tables import JudgedBundle, JudgedTable, as_text
from rollbook.roster.layouts import Column
from rollbook.roster.types import Mode
from rollbook.shared.findings import Severity

_BINDING: Final = "OneRoster CSV binding"

MISSING_RECORD: Final = RosterCheck(
    code="ROS-301",
    name="Reference to a record that is not there",
    severity=Severity.ERROR,
    says='{column} names "{value}", and {target}.csv has no such record. '
    "Rows that name it: {count}.",
    fix="Add the record to {target}.csv, or remove the rows that name it.",
    why="A record that hangs on nothing cannot be placed. All the rows that one missing record "
    "breaks are one finding.",
    source=_BINDING,
)
DROPPED_REFERENCE: Final = RosterCheck(
    code="ROS-302",
    name="Optional reference to a record that is not there",
    severity=Severity.WARNING,
    says='{column} names "{value}", and {target}.csv has no such record. Rollbook leaves the '
    "reference out and keeps the rows: {count}.",
    fix="Add the record to {target}.csv, or empty the cell.",
    why="The record makes sense without it.",
    is_repair=True,
)
MISSING_FILE: Final = RosterCheck(
    code="ROS-303",
    name="Reference to a file that is not there",
    severity=Severity.ERROR,
    lenient=Severity.WARNING,
    says="{column} names records of {target}.csv, which did not come. Rows that do: {count}.",
    fix="Send {target}.csv in the same package.",
    why="Without the file nobody can tell whether the records exist. A lenient reading compares "
    "them with what Rollbook already holds when it plans.",
    source=_BINDING,
)
DEPENDS_ON_LEFT_OUT: Final = RosterCheck(
    code="ROS-310",
    name="Record depends on one that is left out",
    severity=Severity.ERROR,
    says='{column} names "{value}" of {target}.csv, which is left out because of {cause}. '
    "Rows left out for this cause: {count}.",
    fix="Correct the record in {target}.csv; these rows need no change.",
    why="A record is never kept without what it belongs to.",
)
LEFT_OUT_REFERENCE: Final = RosterCheck(
    code="ROS-311",
    name="Optional reference to a record that is left out",
    severity=Severity.WARNING,
    says='{column} names "{value}" of {target}.csv, which is left out because of {cause}. '
    "The reference is left out and the rows are kept: {count} for this cause.",
    fix="Correct the record in {target}.csv; these rows need no change.",
    why="The record makes sense without it.",
)

REFERENCE_CHECKS: Final = (
    MISSING_RECORD,
    DROPPED_REFERENCE,
    MISSING_FILE,
    DEPENDS_ON_LEFT_OUT,
    LEFT_OUT_REFERENCE,
)

# A file comes after every file that it refers to, so that what is left out pulls down the rest.
ORDER: Final = (
    "orgs",
    "academicSessions",
    "courses",
    "classes",
    "users",
    "userProfiles",
    "roles",
    "demographics",
    "enrollments",
    "categories",
    "lineItems",
    "results",
    "scoreScales",
    "lineItemLearningObjectiveIds",
    "resultLearningObjectiveIds",
    "lineItemScoreScales",
    "resultScoreScales",
    "resources",
    "classResources",
    "courseResources",
    "userResources",
)


@dataclass(frozen=True, slots=True)
class _Reference:
    """Hold one column of one file, the file that it names, and where findings go."""

    bundle: JudgedBundle
    table: JudgedTable
    column: Column
    target: str
    ledger: Ledger


def check_references(bundle: JudgedBundle, ledger: Ledger) -> None:
    """Resolve every reference of every file, and leave out the rows that need one that fails."""
    for name in ORDER:
        table = bundle.get(name)
        if table is None:
            continue
        table.leave_out(ledger.lines_left_out(name)["_line"])
        for column in table.layout.columns:
            if column.refers_to is not None:
                _resolve(_Reference(bundle, table, column, column.refers_to, ledger))
        table.leave_out(ledger.lines_left_out(name)["_line"])


def _resolve(reference: _Reference) -> None:
    table, column = reference.table, reference.column
    if table.frame[column.name].null_count() == table.frame.height:
        return
    targets = _targets(reference.bundle, reference.target)
    if targets is not None and (at := _all_found(table, column, targets)) is not None:
        table.frame = table.frame.with_columns(at.alias(f"_at_{column.name}"))
        return
    used = _used(table, column)
    if targets is None:
        _note_missing_file(reference, used.filter("is_in"))
        return
    found = used.join(targets, left_on="value", right_on="id", how="left", maintain_order="left")
    if not column.is_list:
        _remember(table, column, found)
    if found["is_kept"].null_count() == 0 and found["is_kept"].all():
        return
    found = found.filter("is_in")
    _note_missing(reference, found)
    _note_left_out(reference, found)


def _all_found(table: JudgedTable, column: Column, targets: pl.DataFrame) -> pl.Series | None:
    """Return the row number of each record named; None unless every one is there and still in.

    The way of files without a fault: it asks once for each id, however many rows name it.
    """
    if column.is_list or table.removed is not None:
        return None
    cells = table.frame[column.name]
    names = cells.unique() if cells.dtype == pl.Categorical() else cells
    names = names.drop_nulls()
    found = (
        as_text(names)
        .to_frame("id")
        .join(targets, on="id", how="left", maintain_order="left")
        .select("at", "is_kept")
    )
    if found["is_kept"].null_count() or not found["is_kept"].all():
        return None
    if names.len() == cells.len():
        return found["at"]
    pairs = pl.DataFrame([names.alias("id"), found["at"]]).unique("id")
    return cells.to_frame("id").join(pairs, on="id", how="left", maintain_order="left")["at"]


def _used(table: JudgedTable, column: Column) -> pl.DataFrame:
    """Return every reference that has to hold, but for removals, which need only their own id.

    Shape: `_line`, `value`, `row`, and `is_in`: whether the row itself is still in.
    """
    used = table.frame.select(
        "_line",
        value=as_text(table.frame[column.name]),
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        is_in=table.kept,
    )
    if table.removed is not None:
        used = used.filter(~table.removed)
    if used["value"].null_count():
        used = used.drop_nulls("value")
    if column.is_list:
        used = used.explode("value", empty_as_null=True).drop_nulls("value")
    return used


def _targets(bundle: JudgedBundle, target: str) -> pl.DataFrame | None:
    """Return what the file and the stored state offer; None when neither can be asked."""
    table, known = bundle.get(target), bundle.known.get(target)
    frames = [] if table is None else [table.targets()]
    if known is not None:
        ids = known.alias("id").to_frame().unique()
        stored = ids.select("id", at=pl.lit(None, pl.UInt32), is_kept=True)
        if table is not None:
            stored = stored.join(frames[0].select("id"), on="id", how="anti")
        frames.append(stored)
    return pl.concat(frames) if frames else None


def _remember(table: JudgedTable, column: Column, found: pl.DataFrame) -> None:
    """Keep the row number of each record that was found, for the checks that follow."""
    name = f"_at_{column.name}"
    if found.height == table.frame.height:
        at = found["at"]
    else:
        every = pl.select(row=pl.int_range(table.frame.height, dtype=pl.UInt32))
        at = every.join(found.select("row", "at"), on="row", how="left", maintain_order="left")[
            "at"
        ]
    table.frame = table.frame.with_columns(at.alias(name))


def _is_checkable(bundle: JudgedBundle, table: JudgedTable, target: str) -> bool:
    """Tell whether a missing record is an error: a delta may name what was sent before."""
    if target in bundle.known:
        return True
    other = bundle.get(target)
    return table.mode is Mode.BULK and other is not None and other.mode is Mode.BULK


def _note_missing(reference: _Reference, found: pl.DataFrame) -> None:
    table, column, ledger = reference.table, reference.column, reference.ledger
    missing = found.filter(pl.col("is_kept").is_null())
    if not ledger.is_lenient and column.name != "sourcedId":
        missing = _without_malformed(table, column, missing, ledger)
    if missing.is_empty() or not _is_checkable(reference.bundle, table, reference.target):
        return
    is_spared = ledger.looks_for(DROPPED_REFERENCE) and (not column.required or column.is_list)
    if is_spared:
        spared, missing = _spare(column, found, missing)
        _note_groups(DROPPED_REFERENCE, reference, spared)
        _drop(reference, spared)
    _note_groups(MISSING_RECORD, reference, missing)
    lost = missing.unique("_line", keep="first", maintain_order=True)
    ledger.condemn(
        table.name, lost["_line"], MISSING_RECORD.code, column=column.name, values=lost["value"]
    )


def _without_malformed(
    table: JudgedTable, column: Column, missing: pl.DataFrame, ledger: Ledger
) -> pl.DataFrame:
    """Say of what is no id that it is none, rather than that it names nothing."""
    malformed = ~missing["value"].str.contains(GUID)
    rows = missing.filter(malformed).select("_line", "value")
    ledger.add_rows(NOT_A_GUID, table.name, rows, column=column.name)
    return missing.filter(~malformed)


def _spare(
    column: Column, found: pl.DataFrame, missing: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split what is missing into references to drop, and those without which the row falls."""
    if not column.required:
        return missing, missing.clear()
    kept = found.filter(pl.col("is_kept").fill_null(False))["row"].unique()
    has_another = missing["row"].is_in(kept.implode())
    return missing.filter(has_another), missing.filter(~has_another)


def _drop(reference: _Reference, spared: pl.DataFrame) -> None:
    """Take the spared references out of the records, and remember who named what."""
    if spared.is_empty():
        return
    table, column = reference.table, reference.column
    gone = spared["value"].unique()
    # A cell is emptied wherever it stands; a list only in the rows that stay.
    named = (
        spared
        if column.is_list
        else _used(table, column).filter(pl.col("value").is_in(gone.implode()))
    )
    file = pl.lit(reference.target)
    table.dropped.append(named.select("_line", sourced_id="value", file=file))
    cell = pl.col(column.name)
    if column.is_list:
        item = pl.element()
        kept = cell.list.eval(item.filter(~item.is_in(gone.to_list())))
        kept = pl.when(kept.list.len() > 0).then(kept)
        rows = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(spared["row"].unique().implode())
        kept = pl.when(rows).then(kept).otherwise(cell)
    else:
        kept = pl.when(~cell.is_in(gone.implode())).then(cell)
    table.frame = table.frame.with_columns(kept.alias(column.name))


def _note_groups(
    check: RosterCheck, reference: _Reference, rows: pl.DataFrame, by: str = "value"
) -> None:
    """Make one finding of all the rows that one missing record, or one cause, breaks."""
    if rows.is_empty():
        return
    rest = [name for name in ("_line", "value") if name != by]
    groups = rows.group_by(by, maintain_order=True).agg(
        pl.col(rest).first(), weight=pl.col("row").n_unique(), count=pl.col("row").n_unique()
    )
    reference.ledger.add_groups(
        check,
        reference.table.name,
        groups.sort("_line"),
        column=reference.column.name,
        target=reference.target,
    )


def _note_left_out(reference: _Reference, found: pl.DataFrame) -> None:
    """Pull down the rows that need a record that is left out; drop the optional references."""
    table, column, ledger = reference.table, reference.column, reference.ledger
    fallen = found.filter(~pl.col("is_kept"))
    if fallen.is_empty():
        return
    lines = reference.bundle.tables[reference.target].frame["_line"].gather(fallen["at"])
    fallen = fallen.with_columns(cause=_causes(reference, lines), on_line=lines)
    spared = fallen.clear()
    if not column.required or (column.is_list and ledger.is_lenient):
        spared, fallen = _spare(column, found, fallen)
    _note_groups(LEFT_OUT_REFERENCE, reference, spared, "cause")
    _drop(reference, spared)
    _note_groups(DEPENDS_ON_LEFT_OUT, reference, fallen, "cause")
    lost = fallen.unique("_line", keep="first", maintain_order=True)
    ledger.condemn(
        table.name,
        lost["_line"],
        DEPENDS_ON_LEFT_OUT.code,
        column=column.name,
        values=lost["value"],
        on=(reference.target, lost["on_line"]),
    )


def _causes(reference: _Reference, lines: pl.Series) -> pl.Series:
    """Say for each line of the target which check left it out."""
    causes = lines.to_frame("_line").join(
        reference.ledger.lines_left_out(reference.target),
        on="_line",
        how="left",
        maintain_order="left",
    )
    return causes["cause"].fill_null("an error")


def _note_missing_file(reference: _Reference, used: pl.DataFrame) -> None:
    """Make one finding of all the rows that name records of a file that cannot be asked."""
    table, column, target = reference.table, reference.column, reference.target
    ledger = reference.ledger
    is_lost = target in reference.bundle.lost
    if table.mode is Mode.DELTA and not is_lost:
        return
    lines = used["_line"].unique()
    if lines.is_empty():
        return
    severity = Severity.ERROR if is_lost else ledger.severity_of(MISSING_FILE)
    if ledger.is_lenient and not column.required:
        severity = Severity.WARNING
    ledger.add(
        MISSING_FILE,
        file=table.name,
        line=int(used["_line"][0]),
        column=column.name,
        severity=severity,
        weight=lines.len(),
        count=lines.len(),
        target=target,
    )
    if severity is Severity.ERROR:
        ledger.condemn(table.name, lines, MISSING_FILE.code, column=column.name)
