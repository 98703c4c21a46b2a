"""Write what was found as files that a data manager opens in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from rollbook.files.csv_write import write_csv
from rollbook.roster.rules.root_causes import RootCause
from rollbook.roster.types import BundleResult, Origin

# The columns of findings.csv, and where each is found in a finding as it is kept.
FINDING_COLUMNS: Final = {
    "code": "code",
    "severity": "severity",
    "file": "file",
    "row": "line",
    "column": "column",
    "value": "value",
    "record_id": "record_id",
    "school": "school",
    "message": "says",
    "suggestion": "fix",
    "weight": "weight",
}
# A received row may have become several records: the first of these names it.
_FRAMES: Final = {
    "users": "users",
    "orgs": "orgs",
    "academicSessions": "sessions",
    "courses": "courses",
    "classes": "classes",
    "enrollments": "enrollments",
    "roles": "roles",
    "demographics": "demographics",
}
_SCHOOLS: Final = {
    "orgs": "sourced_id",
    "users": "primary_org_sourced_id",
    "roles": "org_sourced_id",
    "courses": "org_sourced_id",
    "classes": "school_sourced_id",
    "enrollments": "school_sourced_id",
}
_PLACES: Final = pl.Schema({"_line": pl.UInt32(), "record_id": pl.String(), "school": pl.String()})


def placed_findings(result: BundleResult, origins: Mapping[str, Origin]) -> list[dict[str, object]]:
    """Return the findings as plain values, each with the record and the school of its row.

    Shape: as `Finding.as_dict`, with `record_id` and `school` (its name, else its sourcedId),
           None where a finding is about no row, or the row could not be read.
    """
    found = [finding.as_dict() for finding in result.report]
    wanted = pl.DataFrame(
        [(row["file"], row["line"]) for row in found if (row["line"] or 0) != 1],
        schema={"file": pl.String, "line": pl.UInt32},
        orient="row",
    )
    places = _places(result, origins, wanted.drop_nulls().unique())
    for row in found:
        record, school = places.get((str(row["file"]), row["line"]), (None, None))
        row |= {"record_id": record, "school": school}
    return found


def _places(
    result: BundleResult, origins: Mapping[str, Origin], wanted: pl.DataFrame
) -> dict[tuple[str, object], tuple[str | None, str | None]]:
    """Return the record and the school at each wanted place of what was received."""
    found: dict[tuple[str, object], tuple[str | None, str | None]] = {}
    if wanted.is_empty():
        return found
    names = _school_names(result)
    for table in _FRAMES:
        rows = _rows_of(result, table)
        origin = origins.get(table)
        if origin is None:
            here = wanted.filter(pl.col("file") == f"{table}.csv").with_columns(_line="line")
        else:
            here = wanted.join(origin.rows, on=["file", "line"], how="inner")
        if here.is_empty():
            continue
        for file, line, record, school in (
            here.join(rows, on="_line", how="inner")
            .select("file", "line", "record_id", "school")
            .iter_rows()
        ):
            found.setdefault((file, line), (record, names.get(school, school)))
    return found


def _rows_of(result: BundleResult, table: str) -> pl.DataFrame:
    """Return the record and the school of every row of a file, also of those left out."""
    parts = [pl.DataFrame(schema=_PLACES)]
    if result.frames is not None:
        frame: pl.DataFrame = getattr(result.frames, _FRAMES[table])
        school = pl.col(_SCHOOLS[table]) if table in _SCHOOLS else pl.lit(None, pl.String)
        parts.append(frame.select("_line", record_id="sourced_id", school=school))
    if (left := result.excluded.get(table)) is not None:
        parts.append(left.frame.select("_line", "school", record_id="sourced_id"))
    return pl.concat([part.select(_PLACES.names()).cast(_PLACES) for part in parts])


def _school_names(result: BundleResult) -> dict[str | None, str]:
    if result.frames is None:
        return {}
    orgs = result.frames.orgs.select("sourced_id", "name").drop_nulls()
    return dict(orgs.iter_rows())


def findings_csv(findings: Iterable[Mapping[str, Any]]) -> bytes:
    """Write findings as CSV for a spreadsheet: one row each, harmless to open."""
    rows = [[finding.get(key) for key in FINDING_COLUMNS.values()] for finding in findings]
    return _csv(list(FINDING_COLUMNS), rows)


def root_causes_csv(causes: Iterable[RootCause]) -> bytes:
    """Write root causes as CSV for a spreadsheet, the heaviest first as they are given."""
    columns = [
        "code", "severity", "cause", "weight", "left_out", "records_touched", "what_to_do",
    ]  # fmt: skip
    rows = [
        [c.code, c.severity.value, c.cause, c.weight, c.left_out, c.touches, c.fix] for c in causes
    ]
    return _csv(columns, rows)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    frame = pl.DataFrame(
        [[None if cell is None else str(cell) for cell in row] for row in rows],
        schema=dict.fromkeys(columns, pl.String),
        orient="row",
    )
    return write_csv(frame, columns=columns, formula_safe=True)
