"""Judge the cells of one file, repair what the lenient profile repairs, and type the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from rollbook.files.csv_signs import EVERY_SIGN, Sign
from rollbook.roster.checks import cell_checks as checks
from rollbook.roster.checks.damage import (
    DAMAGED_ID,
    LOST_VALUE,
    is_damaged_id,
    is_lost,
    without_unseen,
)
from rollbook.roster.checks.kinds import GUID, MAX_GUID_LENGTH, loose_list, misfits, typed
from rollbook.roster.checks.ledger import Ledger, RosterCheck
from rollbook.roster.checks.repairs import SPACED_LIST, CellRepair, dates_in_order, repairs_of
from rollbook.roster.layouts import STATUSES, Column, FileLayout, Kind
from rollbook.roster.types import Mode
from rollbook.shared.findings import Severity
from rollbook.shared.grades import GRADE_CODES

_MISFIT: Final[dict[Kind, RosterCheck]] = {
    Kind.ENUM: checks.NOT_A_WORD,
    Kind.BOOLEAN: checks.NOT_A_BOOLEAN,
    Kind.DATE: checks.NOT_A_DATE,
    Kind.DATETIME: checks.NOT_A_MOMENT,
    Kind.YEAR: checks.NOT_A_YEAR,
    Kind.INTEGER: checks.NOT_A_WHOLE_NUMBER,
    Kind.FLOAT: checks.NOT_A_NUMBER,
    Kind.USER_ID: checks.NOT_A_USER_ID,
    Kind.GRADE: checks.NOT_A_GRADE,
    Kind.SCORE_RANGE: checks.NOT_A_SCORE_RANGE,
}
_ODD_TEXT: Final = r"^\s|\s$|[\r\n]"


@dataclass(frozen=True, slots=True)
class _Test:
    """Pair a check with the cells of one column that fail it."""

    check: RosterCheck
    column: Column
    fails: pl.Expr


def judge_cells(
    frame: pl.DataFrame,
    layout: FileLayout,
    mode: Mode,
    ledger: Ledger,
    *,
    signs: frozenset[Sign] = EVERY_SIGN,
) -> pl.DataFrame:
    """Find every cell that does not fit, and return the records with typed values.

    Shape: `signs` are those of the file's bytes: damage that they do not hint at is not looked
           for. `frame` has `_line` and every column of the layout as text; the result has the same
           rows, also those left out (the ledger knows them). A bad value that is kept is null.
    """
    if signs:
        frame = without_unseen(frame, layout, signs, ledger)
    if ledger.is_lenient:
        frame = _repaired(frame, layout, mode, ledger)
    frame = _lifecycle(frame, layout.name, mode, ledger)
    filled = [
        column for column in layout.columns if column.required or not _is_blank(frame, column.name)
    ]
    tests = [test for column in filled for test in _tests(column, ledger, signs)]
    found = frame.select(test.fails.fill_null(False).alias(str(i)) for i, test in enumerate(tests))
    some = found.select(pl.all().any()).row(0)
    for index, test in enumerate(tests):
        if some[index]:
            frame = _note(test, frame, found[str(index)], layout.name, ledger)
    _note_duplicates(frame, layout, ledger)
    return frame.with_columns(
        typed(column, pl.col(column.name)).alias(column.name) for column in layout.columns
    )


def _note(
    test: _Test, frame: pl.DataFrame, fails: pl.Series, file: str, ledger: Ledger
) -> pl.DataFrame:
    """Note the cells that fail, and return the rows without the words that mean nothing."""
    name = test.column.name
    rows = frame.filter(fails).select("_line", value=pl.col(name))
    words = ", ".join(test.column.vocabulary)
    severity = _severity(test, ledger)
    ledger.add_rows(test.check, file, rows, column=name, severity=severity, words=words)
    if test.check is checks.NOT_A_GRADE:
        known = pl.element().filter(pl.element().is_in(GRADE_CODES))
        kept = pl.col(name).str.split(",").list.eval(known).list.join(",")
        kept = pl.when(kept != "").then(kept)
    elif test.check in (checks.NOT_A_WORD, LOST_VALUE):
        kept = pl.lit(None, pl.String)
    else:
        return frame
    return frame.with_columns(pl.when(fails).then(kept).otherwise(pl.col(name)).alias(name))


def _severity(test: _Test, ledger: Ledger) -> Severity:
    """Take a bad value of an optional column lightly in the lenient profile: it is dropped."""
    severity = ledger.severity_of(test.check)
    is_optional = not test.column.required and test.check is not checks.LONG_GUID
    if ledger.is_lenient and is_optional and severity is Severity.ERROR:
        return Severity.WARNING
    return severity


def _tests(column: Column, ledger: Ledger, signs: frozenset[Sign]) -> list[_Test]:
    """List what every cell of a column is tested for."""
    if column.name in ("status", "dateLastModified"):
        return []
    cell = pl.col(column.name)
    tests = [_Test(checks.REQUIRED, column, _is_missing(column, ledger))] if column.required else []
    if column.kind is Kind.GUID and column.name == "sourcedId":
        too_long = cell.str.len_chars() > MAX_GUID_LENGTH
        tests.append(_Test(checks.LONG_GUID, column, too_long))
        malformed = ~cell.str.contains(GUID) & ~too_long
        if signs:
            damaged = is_damaged_id(cell)
            tests.append(_Test(DAMAGED_ID, column, damaged & ~too_long))
            malformed = malformed & ~damaged
        tests.append(_Test(checks.NOT_A_GUID, column, malformed))
        return tests
    lost = is_lost(column, cell) if Sign.SPREADSHEET in signs else None
    if lost is not None:
        tests.append(_Test(LOST_VALUE, column, lost))
    fails = misfits(column, cell)
    if column.is_list and not ledger.is_lenient:
        loose = loose_list(cell)
        tests.append(_Test(checks.LOOSE_LIST, column, loose))
        fails = None if fails is None else fails & ~loose
    if fails is not None:
        tests.append(_Test(_MISFIT[column.kind], column, fails))
    return tests


def _is_missing(column: Column, ledger: Ledger) -> pl.Expr:
    cell = pl.col(column.name)
    missing = cell.is_null()
    if column.kind is Kind.TEXT and not column.is_list:
        missing = missing | (cell.str.strip_chars() == "")
    if ledger.is_lenient and column.name != "sourcedId":  # to remove a record, its id is enough
        missing = missing & (pl.col("status").fill_null("") != "tobedeleted")
    return missing


def _lifecycle(frame: pl.DataFrame, file: str, mode: Mode, ledger: Ledger) -> pl.DataFrame:
    """Judge status and dateLastModified, which mean something only in a delta file."""
    status, moment = pl.col("status"), pl.col("dateLastModified")
    if mode is Mode.BULK and _is_blank(frame, "status") and _is_blank(frame, "dateLastModified"):
        return frame
    if mode is Mode.BULK:
        _note_rows(checks.STATUS_IN_BULK, frame, status.is_not_null(), "status", file, ledger)
        filled = moment.is_not_null()
        _note_rows(checks.MOMENT_IN_BULK, frame, filled, "dateLastModified", file, ledger)
        removed = pl.when(status == "tobedeleted").then(status)
        return frame.with_columns(removed.alias("status"))
    _note_rows(checks.STATUS_IN_DELTA, frame, status.is_null(), "status", file, ledger)
    _note_rows(checks.MOMENT_IN_DELTA, frame, moment.is_null(), "dateLastModified", file, ledger)
    column = Column("status", Kind.ENUM, required=True, vocabulary=STATUSES)
    unknown = ~status.is_in(column.vocabulary)
    _note_rows(checks.NOT_A_WORD, frame, unknown, "status", file, ledger)
    wrong = misfits(Column("dateLastModified", Kind.DATETIME), moment)
    assert wrong is not None
    _note_rows(checks.NOT_A_MOMENT, frame, wrong, "dateLastModified", file, ledger)
    return frame.with_columns(status.fill_null("active")) if ledger.is_lenient else frame


def _is_blank(frame: pl.DataFrame, column: str) -> bool:
    return frame[column].null_count() == frame.height


def _note_rows(  # noqa: PLR0917 # a check, what fails it, and where
    check: RosterCheck,
    frame: pl.DataFrame,
    fails: pl.Expr,
    column: str,
    file: str,
    ledger: Ledger,
) -> None:
    words = ", ".join(STATUSES)
    rows = frame.filter(fails).select("_line", value=pl.col(column))
    ledger.add_rows(check, file, rows, column=column, words=words)


def _note_duplicates(frame: pl.DataFrame, layout: FileLayout, ledger: Ledger) -> None:
    """Leave out all the records that share an id, but for one of those that agree word for word."""
    ids = frame["sourcedId"]
    if ids.n_unique() == frame.height:
        return
    shared = frame.filter(ids.is_duplicated() & ids.is_not_null())
    if ledger.looks_for(checks.REPEATED_ROW):
        shared = _without_repeated(shared, layout, ledger)
    rows = shared.select(
        "_line",
        value="sourcedId",
        count=pl.len().over("sourcedId"),
        first=pl.col("_line").min().over("sourcedId"),
    ).filter(pl.col("count") > 1)
    ledger.add_rows(checks.DUPLICATE_ID, layout.name, rows, column="sourcedId")


def _without_repeated(shared: pl.DataFrame, layout: FileLayout, ledger: Ledger) -> pl.DataFrame:
    first = pl.col("_line").min().over(layout.header)
    seen = shared.with_columns(first=first)
    copies = seen.filter(pl.col("_line") != pl.col("first"))
    rows = copies.select("_line", "first", value="sourcedId")
    ledger.add_rows(checks.REPEATED_ROW, layout.name, rows, column="sourcedId")
    ledger.condemn(
        layout.name,
        copies["_line"],
        checks.REPEATED_ROW.code,
        column="sourcedId",
        values=copies["sourcedId"],
    )
    return seen.filter(pl.col("_line") == pl.col("first")).drop("first")


def _repaired(frame: pl.DataFrame, layout: FileLayout, mode: Mode, ledger: Ledger) -> pl.DataFrame:
    """Apply the repairs to the columns that have a cell in need of one."""
    filled = [column for column in layout.columns if not _is_blank(frame, column.name)]
    in_need = frame.select(
        _needs_repair(column, mode).fill_null(False).any().alias(column.name) for column in filled
    ).row(0, named=True)
    dates = [column.name for column in filled if column.kind is Kind.DATE]
    dates = dates if any(in_need[name] for name in dates) else []
    in_order = [dates_in_order([frame[name] for name in dates])] if dates else []
    for column in filled:
        if in_need[column.name]:
            repairs = [*(in_order if column.name in dates else []), *repairs_of(column)]
            frame = _repair_column(frame, column, repairs, layout.name, ledger)
    return frame


def _needs_repair(column: Column, mode: Mode) -> pl.Expr:
    cell = pl.col(column.name)
    if mode is Mode.BULK and column.name == "dateLastModified":
        return pl.lit(False)
    if column.is_list:
        odd = loose_list(cell) | cell.str.contains(r"[\r\n]")
    elif column.kind in (Kind.TEXT, Kind.GUID):
        odd = cell.str.contains(_ODD_TEXT)
    else:
        odd = pl.lit(False)
    unfit = misfits(column, cell)
    return odd if unfit is None else odd | unfit


def _repair_column(
    frame: pl.DataFrame,
    column: Column,
    repairs: Sequence[CellRepair],
    file: str,
    ledger: Ledger,
) -> pl.DataFrame:
    for repair in repairs:
        if ledger.looks_for(repair.check):
            frame = _apply(repair, frame, column, file, ledger)
    return frame


def _apply(
    repair: CellRepair, frame: pl.DataFrame, column: Column, file: str, ledger: Ledger
) -> pl.DataFrame:
    cells = frame[column.name]
    repaired = repair.repaired(column, cells)
    changed = repaired.is_not_null() & cells.is_not_null()
    if repair.check is not SPACED_LIST and column.kind not in (Kind.TEXT, Kind.GUID):
        changed = changed & _unfit(column, cells)
    if not changed.any():
        return frame
    rows = pl.DataFrame({"_line": frame["_line"], "value": cells, "repaired": repaired})
    ledger.add_rows(repair.check, file, rows.filter(changed), column=column.name, condemn=False)
    kept = pl.when(repaired != "").then(repaired)  # nothing left is an empty cell
    return frame.with_columns(pl.when(changed).then(kept).otherwise(cells).alias(column.name))


def _unfit(column: Column, cells: pl.Series) -> pl.Series:
    unfit = misfits(column, pl.col(column.name))
    if unfit is None:
        return pl.Series([True]).new_from_index(0, cells.len())
    return cells.to_frame(column.name).select(unfit.fill_null(False)).to_series()
