"""Results on their way in: raw as they came, and typed as they leave the checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import polars as pl

from rollbook.results.layouts import RAW_ITEM_COLUMNS, RAW_RESULT_COLUMNS, RAW_SUBSCORE_COLUMNS
from rollbook.shared.findings import FindingReport

# Where a raw row came from. `_document` is what its sub-scores and items came in too: the XML file,
# or the zip of CSV files. `_lines` holds the line of each of RAW_RESULT_COLUMNS when a result is
# spread over many lines, as in XML; it is null when the row is one line of a table.
PLACE_COLUMNS: dict[str, pl.DataType] = {
    "_document": pl.String(),
    "_file": pl.String(),
    "_line": pl.Int64(),
}
RESULT_PLACE_COLUMNS: dict[str, pl.DataType] = {
    **PLACE_COLUMNS,
    "_lines": pl.List(pl.Int32()),
}


def raw_schema(columns: Iterable[str], place: dict[str, pl.DataType]) -> pl.Schema:
    """Return the schema of a raw frame: text columns, then the place."""
    return pl.Schema({**{name: pl.String() for name in columns}, **place})


RAW_RESULTS = raw_schema(RAW_RESULT_COLUMNS, RESULT_PLACE_COLUMNS)
RAW_SUBSCORES = raw_schema(RAW_SUBSCORE_COLUMNS, PLACE_COLUMNS)
RAW_ITEMS = raw_schema(RAW_ITEM_COLUMNS, PLACE_COLUMNS)


class ResultIntakeStatus(StrEnum):
    """Say how far a result intake came."""

    PUBLISHING = "publishing"  # kept; the same call again finishes what was cut off
    PUBLISHED = "published"
    REFUSED = "refused"  # no result could be used


@dataclass(frozen=True)
class IncomingResults:
    """Hold results as they came: text only, one layout for XML and CSV.

    Shape:  `results`, `subscores`, `items` have the schemas RAW_RESULTS, RAW_SUBSCORES, RAW_ITEMS.
            A column that a file does not have at all is null; a cell left blank is "". Sub-scores
            and items belong to the result of the same `_document`, AssessmentIdentifier and
            OpportunityIdentifier.
    """

    results: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RAW_RESULTS))
    subscores: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RAW_SUBSCORES))
    items: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RAW_ITEMS))
    findings: FindingReport = field(default_factory=FindingReport)
    file_count: int = 1

    @classmethod
    def combined(cls, parts: Iterable[IncomingResults]) -> IncomingResults:
        """Put several files' results together, in the order given."""
        listed = list(parts)
        if not listed:
            return cls(file_count=0)
        findings = FindingReport()
        for part in listed:
            findings.merge(part.findings)
        return cls(
            results=pl.concat([part.results for part in listed]),
            subscores=pl.concat([part.subscores for part in listed]),
            items=pl.concat([part.items for part in listed]),
            findings=findings,
            file_count=sum(part.file_count for part in listed),
        )


@dataclass(frozen=True)
class CheckedResults:
    """Hold results that passed the checks, typed, and everything found on the way.

    Shape:  the frames have the schemas of `layouts.CHECKED_RESULTS`, `CHECKED_SUBSCORES` and
            `CHECKED_ITEMS`: as in the lake, without internal ids and intake, with
            `school_identifier` and `student_identifier` kept for matching. Rows with an error
            are not in them. `counts` holds files, results, accepted, rejected, resets, subscores
            and items.
    """

    results: pl.DataFrame
    subscores: pl.DataFrame
    items: pl.DataFrame
    report: FindingReport
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class LevelShare:
    """Hold one bar of a score distribution."""

    level: int
    name: str
    short_name: str
    color: str
    count: int
    percent: int  # the percents of one distribution add up to 100


@dataclass(frozen=True, slots=True)
class Distribution:
    """Hold how one set of results of one assessment spreads over the levels.

    Units:  `mean` and `standard_error` are in the subject's scale-score points, unrounded; None
            where nobody was scored, and the error also where only one student was.
    """

    assessment_id: str
    subject: str
    assessment_type: str
    grade: str
    label: str
    score_name: str  # Overall, or a claim's or composite's name
    tested_count: int
    scored_count: int
    mean: float | None
    standard_error: float | None
    levels: tuple[LevelShare, ...]


@dataclass(frozen=True, slots=True)
class StudentResult:
    """Hold one result as a list shows it."""

    student_id: int
    assessment_id: str
    opportunity_id: str
    subject: str
    assessment_type: str
    assessment_grade: str
    label: str
    school_year: int
    school_id: int
    school_name: str
    enrolled_grade: str
    completed_at: datetime | None
    status: str  # blank when complete and valid; IN, NS, SD, Partial
    scale_score: int | None
    standard_error: float | None
    performance_level: int | None
    level_name: str
    level_color: str
    level_count: int
    is_transfer: bool = False


@dataclass(frozen=True, slots=True)
class AssessmentChoice:
    """Hold one assessment that a reader may select on a results page."""

    assessment_id: str
    subject: str
    assessment_type: str
    grade: str
    label: str
    result_count: int
    latest_at: datetime | None
