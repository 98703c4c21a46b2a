"""Read a group file as Rollbook takes it: in any order, damage repaired aloud, nothing lost."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from rollbook.groups.checks.cells import judge_cells
from rollbook.groups.checks.ledger import LINE, Ledger
from rollbook.groups.checks.loose import TEXT_SCHEMA
from rollbook.groups.checks.table import GroupTable, read_table
from rollbook.groups.checks.wholes import Judged, judge_groups
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import GroupFileReading, GroupFileWorld

ROW_SCHEMA = pl.Schema({**TEXT_SCHEMA, "school_year": pl.Int32()})


def read_group_file(source: Path | bytes, *, name: str, world: GroupFileWorld) -> GroupFileReading:
    """Read a group file and say everything that is wrong with it.

    Shape:  every row of the file is in `rows` or in `faulty`, but for rows of commas and rows that
            repeat another, which findings name. The student of a row is left out when nobody knows
            the SSID; the row stays.
    Raises: OSError when a path cannot be read.
    Source: certification-and-groups 2.3
    """
    ledger = Ledger(name)
    content = source.read_bytes() if isinstance(source, Path) else source
    table = read_table(content, ledger)
    if table is None:
        return _reading(ROW_SCHEMA.to_frame(), TEXT_SCHEMA.to_frame(), ledger)
    at_fault, years = judge_cells(table.rows, world, table.signs, ledger)
    good = table.rows.with_columns(years.alias("school_year")).filter(~at_fault)
    judged = judge_groups(good, world, ledger)
    return _reading(judged.rows, _faulty(table, at_fault, judged), ledger)


def _faulty(table: GroupTable, at_fault: pl.Series, judged: Judged) -> pl.DataFrame:
    """Return the rows that cannot be used, in the words of the file."""
    if not (at_fault.any() or table.broken.height or judged.at_fault.height):
        return TEXT_SCHEMA.to_frame()
    of_groups = table.rows[LINE].is_in(judged.at_fault[LINE].implode())
    rows = table.rows.filter(at_fault | of_groups)
    return pl.concat([rows, table.broken]).sort(LINE)


def _reading(rows: pl.DataFrame, faulty: pl.DataFrame, ledger: Ledger) -> GroupFileReading:
    return GroupFileReading(
        rows=rows.select(LINE, *GROUP_FILE),
        faulty=faulty.select(LINE, *GROUP_FILE),
        findings=ledger.findings(),
        finding_count=len(ledger.report),
        repairs=dict(ledger.repairs),
    )
