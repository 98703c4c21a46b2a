"""The rows of a group file to mend, as a grid of inputs, and what somebody typed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.queries.imports import rows_left_out
from rollbook.groups.types import GroupFileReading
from rollbook.shared.findings import Finding, Severity
from rollbook.shared.page import Page, PageRequest

ROWS_ON_A_PAGE: Final = 25
MOST_CHARACTERS: Final = 300  # longer than any column holds, so that the finding can say so
# What one file is read around, by the names of groups/checks.
REPAIRS: Final[Mapping[str, Promise]] = {
    "byte_order_mark": _("A mark before the first cell"),
    "encoding": _("Letters in another encoding than UTF-8"),
    "line_ends": _("Different kinds of line ends"),
    "separator": _("Another separator than a comma"),
    "header": _("Headers in another order or spelled otherwise"),
    "rows_of_commas": _("Rows of separators alone"),
    "padded_cells": _("Cells with spaces around them"),
    "short_rows": _("Rows with cells missing at the end"),
    "long_rows": _("Rows with empty cells too many"),
    "duplicate_rows": _("Rows that say the same twice"),
    "case_twins": _("Names that differ in capitals only"),
    "unknown_ssids": _("SSIDs that nobody has here"),
}
_KEY: Final = ("group_name", "school_natural_id", "school_year")


@dataclass(frozen=True, slots=True)
class GridCell:
    """Hold one input of the grid; `is_wrong` where a finding names its column."""

    column: str
    value: str
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class GridRow:
    """Hold one row of a file that somebody can mend, and what was found in it."""

    line: int
    cells: tuple[GridCell, ...]
    findings: tuple[Finding, ...]
    stays_out: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """Hold one page of the rows to mend, and what was found about the file as a whole.

    Shape: counts are of the whole file. `wrong_count` rows must be mended; `out_count` stay out
           with them, whole groups; `good_count` groups could go in without them.
    """

    page: Page[GridRow]
    wrong_count: int
    out_count: int
    good_count: int
    of_the_file: tuple[Finding, ...]


def grid_of(reading: GroupFileReading, number: int) -> Grid:
    """Lay out one page of the rows to mend: those at fault, then those that only say something.

    Shape: rows that stay out because of another row of their group are counted, not shown: they
           need nothing themselves.
    """
    by_line: dict[int, list[Finding]] = {}
    whole: list[Finding] = []
    for finding in reading.findings:
        if finding.line is None or finding.line <= 1:
            whole.append(finding)
        elif finding.severity is not Severity.INFO:
            by_line.setdefault(finding.line, []).append(finding)
    rows = _rows(reading, by_line)
    wrong = {line for line, found in by_line.items() if any(_stops(each) for each in found)}
    rows = rows.with_columns(is_wrong=_among("line", wrong)).sort(
        pl.col("is_wrong").not_(), pl.col("line")
    )
    request = PageRequest(number=number, size=ROWS_ON_A_PAGE)
    shown = rows.slice(request.offset, request.size).to_dicts()
    items = [_row(row, by_line.get(row["line"], [])) for row in shown]
    kept, out = rows_left_out(reading)
    return Grid(
        page=Page(items, request.number, request.size, rows.height),
        wrong_count=int(rows["is_wrong"].sum()),
        out_count=out.height,
        good_count=kept.select(_KEY).n_unique() if kept.height else 0,
        of_the_file=tuple(whole),
    )


def _stops(finding: Finding) -> bool:
    return finding.severity in (Severity.ERROR, Severity.FATAL)


def _among(column: str, values: Iterable[int]) -> pl.Expr:
    return pl.col(column).is_in(pl.Series(list(values), dtype=pl.UInt32).implode())


def _rows(reading: GroupFileReading, lines: Iterable[int]) -> pl.DataFrame:
    """Return rows by line as text, each once, in order."""
    wanted = list(lines)
    parts = [
        frame.filter(_among("line", wanted)).select(
            "line", *(pl.col(name).cast(pl.String) for name in GROUP_FILE)
        )
        for frame in (reading.faulty, reading.rows)
    ]
    return pl.concat(parts).unique("line", keep="first", maintain_order=True).sort("line")


def _row(row: Mapping[str, object], found: Sequence[Finding]) -> GridRow:
    wrong = {finding.column for finding in found}
    return GridRow(
        line=int(str(row["line"])),
        cells=tuple(
            GridCell(name, str(row[name] or ""), is_wrong=name in wrong) for name in GROUP_FILE
        ),
        findings=tuple(found),
        stays_out=bool(row["is_wrong"]),
    )


def corrections_in(sent: QueryDict, reading: GroupFileReading) -> dict[int, dict[str, str]]:
    """Return what somebody wrote instead of what the file says, by line and column.

    Shape: all six cells of a row in which one was changed; also of one that is wrong as a whole,
           such as a row with a cell too many, so that it is written anew.
    """
    changed: dict[int, dict[str, str]] = {}
    apart = {f.line for f in reading.findings if _stops(f) and f.column is None}
    for row in _rows(reading, _lines(sent.getlist("line"))).to_dicts():
        line = row["line"]
        before = {name: (row[name] or "").strip() for name in GROUP_FILE}
        after = {
            name: sent.get(f"cell-{line}-{name}", was).strip()[:MOST_CHARACTERS]
            for name, was in before.items()
        }
        if after != before or line in apart:
            changed[line] = after
    return changed


def drops_in(sent: QueryDict) -> tuple[int, ...]:
    """Return the lines that somebody ticked to be left out."""
    return tuple(sorted(_lines(sent.getlist("drop"))))


def _lines(numbers: Sequence[str]) -> set[int]:
    found = {int(number) for number in numbers if number.isdecimal() and len(number) < 10}
    return {number for number in found if number}


def repairs_in(reading: GroupFileReading) -> list[tuple[str, int]]:
    """Say in words what was read around, most often first; nobody has to do anything about it."""
    told = [(str(REPAIRS.get(kind, kind)), n) for kind, n in reading.repairs.items() if n]
    return sorted(told, key=lambda pair: -pair[1])
