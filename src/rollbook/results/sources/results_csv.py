"""Read results.csv, scores.csv and items.csv, as raw text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from rollbook.files.csv import read_csv
from rollbook.files.limits import DEFAULT, MIB, Limits
from rollbook.results.checks.catalog import (
    COLUMN_UNKNOWN,
    COLUMNS_MISSING,
    NOT_RESULTS,
    OTHER_SEPARATOR,
)
from rollbook.results.layouts import (
    ITEMS_CSV_REQUIRED,
    RAW_ITEM_COLUMNS,
    RAW_RESULT_COLUMNS,
    RAW_SUBSCORE_COLUMNS,
    RESULTS_CSV_REQUIRED,
    SCORES_CSV_REQUIRED,
)
from rollbook.results.types import RAW_ITEMS, RAW_RESULTS, RAW_SUBSCORES, IncomingResults
from rollbook.shared.findings import FindingReport

RESULTS_NAME: Final = "results.csv"
SCORES_NAME: Final = "scores.csv"
ITEMS_NAME: Final = "items.csv"

Source = bytes | Path


@dataclass(frozen=True)
class _Layout:
    """Say which columns one of the three files has."""

    columns: tuple[str, ...]
    required: tuple[str, ...]
    schema: pl.Schema
    limits: Limits = DEFAULT
    may_break_lines: bool = False


# Responses are essays and drawings: long, and of several lines.
_RESPONSES: Final = replace(DEFAULT, max_field_bytes=8 * MIB, max_line_bytes=9 * MIB)

_LAYOUTS: Final = {
    RESULTS_NAME: _Layout(RAW_RESULT_COLUMNS, RESULTS_CSV_REQUIRED, RAW_RESULTS),
    SCORES_NAME: _Layout(RAW_SUBSCORE_COLUMNS, SCORES_CSV_REQUIRED, RAW_SUBSCORES),
    ITEMS_NAME: _Layout(
        RAW_ITEM_COLUMNS, ITEMS_CSV_REQUIRED, RAW_ITEMS, limits=_RESPONSES, may_break_lines=True
    ),
}
CSV_NAMES: Final = tuple(_LAYOUTS)


def read_results_csv(name: str, content: Source) -> IncomingResults:
    """Read results.csv by itself: results without sub-scores and items."""
    return read_tables({RESULTS_NAME: (name, content)}, document=name)


def read_tables(tables: Mapping[str, tuple[str, Source]], *, document: str) -> IncomingResults:
    """Read results.csv, scores.csv and items.csv that came together.

    Shape:  `tables` maps each of the three names to the name to show and the bytes; scores.csv and
            items.csv may be absent. `document` ties the three together.
    """
    findings = FindingReport()
    frames = {name: _frame(name, tables.get(name), document, findings) for name in _LAYOUTS}
    if RESULTS_NAME not in tables:
        findings.add(NOT_RESULTS.finding(file=document, value=", ".join(sorted(tables))))
    return IncomingResults(
        frames[RESULTS_NAME], frames[SCORES_NAME], frames[ITEMS_NAME], findings, len(tables)
    )


def _frame(
    kind: str, table: tuple[str, Source] | None, document: str, findings: FindingReport
) -> pl.DataFrame:
    layout = _LAYOUTS[kind]
    if table is None:
        return pl.DataFrame(schema=layout.schema)
    name, content = table
    read = read_csv(
        content, name=name, limits=layout.limits, allow_field_line_breaks=layout.may_break_lines
    )
    findings.merge(read.findings)
    if read.findings.is_fatal:
        return pl.DataFrame(schema=layout.schema)
    if separator := _other_separator(read.header, layout):
        findings.add(OTHER_SEPARATOR.finding(file=name, line=1, separator=separator))
        return pl.DataFrame(schema=layout.schema)
    found = _columns(read.header, layout, name, findings)
    missing = [column for column in layout.required if column not in found]
    if missing:
        finding = COLUMNS_MISSING.finding(file=name, line=1, missing=", ".join(missing))
        findings.add(finding)
        return pl.DataFrame(schema=layout.schema)
    places = {
        "_document": pl.lit(document),
        "_file": pl.lit(name),
        "_line": pl.col("_line").cast(pl.Int64),
        "_lines": pl.lit(None, pl.List(pl.Int32)),
    }
    return read.frame.select(
        (
            pl.col(found[column]).fill_null("")
            if column in found
            else places.get(column, pl.lit(None, pl.String))
        ).alias(column)
        for column in layout.schema
    )


_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars", "^": "carets"}


def _other_separator(header: tuple[str, ...], layout: _Layout) -> str | None:
    """Name what separates the columns when it is not commas, None when it is."""
    known = {column.lower() for column in layout.columns}
    for mark, name in _SEPARATORS.items():
        parts = {part.strip(' "').lower() for part in ",".join(header).split(mark)}
        if len(parts & known) > 1:
            return name
    return None


def _columns(
    header: tuple[str, ...], layout: _Layout, name: str, findings: FindingReport
) -> dict[str, str]:
    """Return the file's own name of each column that is read; names match in any case."""
    known = {column.lower(): column for column in layout.columns}
    found: dict[str, str] = {}
    for written in header:
        column = known.get(written.strip().lower())
        if column is None:
            if written.strip():
                findings.add(COLUMN_UNKNOWN.finding(file=name, line=1, column=written))
        else:
            found.setdefault(column, written)
    return found
