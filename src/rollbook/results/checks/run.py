"""Check results: raw frames in, typed frames and findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from rollbook.assessments.layouts import SHIPPED_SUBJECTS
from rollbook.assessments.types import Assessment, Subject
from rollbook.lake.types import ColumnType
from rollbook.results.checks import catalog, items, subscores
from rollbook.results.checks.facts import Knowledge, reported_codes, with_facts
from rollbook.results.checks.masks import Rule, run_rules
from rollbook.results.checks.results import (
    NAMES_REQUIRED,
    result_rules,
    typed_results,
    with_lengths,
)
from rollbook.results.layouts import (
    CHECKED_ITEMS,
    CHECKED_RESULTS,
    CHECKED_SUBSCORES,
    RAW_RESULT_COLUMNS,
)
from rollbook.results.types import CheckedResults, IncomingResults
from rollbook.shared.findings import FindingReport

_TYPES: Final[dict[ColumnType, pl.DataType]] = {
    "text": pl.String(),
    "int64": pl.Int64(),
    "int32": pl.Int32(),
    "int16": pl.Int16(),
    "float64": pl.Float64(),
    "bool": pl.Boolean(),
    "timestamp": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}
_LINK: Final = ["_document", "AssessmentIdentifier", "OpportunityIdentifier"]
_OPPORTUNITY: Final = ["AssessmentIdentifier", "OpportunityIdentifier"]

# The facts and natural keys that sub-scores and items take over from their result.
_PLACE: Final = (
    "school_year",
    "subject",
    "assessment_type",
    "assessment_id",
    "opportunity_id",
    "student_identifier",
    "school_identifier",
)
_HANDED_ON: Final = (
    *_PLACE,
    "_is_subject_known",
    "_claim_level_count",
    "_alternate_level_count",
    "_alternate_low",
    "_alternate_high",
)

# What rows below results keep between typing and publishing; so many are typed at once.
_SLICE_ROWS: Final = 250_000


@dataclass(frozen=True)
class _Below:
    """Say what is kept of sub-scores or of items, and what names one of them."""

    key: tuple[str, ...]
    columns: tuple[str, ...]


def _below(
    layout: Mapping[str, ColumnType], key: tuple[str, ...], renamed: Mapping[str, str]
) -> _Below:
    own = [renamed.get(name, name) for name in layout if name not in _PLACE]
    return _Below(key, tuple(own))


_SUBSCORES: Final = _below(CHECKED_SUBSCORES, subscores.KEY, {"code": "Code"})
_ITEMS: Final = _below(CHECKED_ITEMS, items.KEY, {"item_id": "ItemIdentifier"})

# Accepted results take these over as they came; all other raw columns are done with once checked.
_RAW_KEPT: Final = {
    *_OPPORTUNITY,
    "SessionIdentifier",
    "AssignedAccommodationList",
    "LastOrSurname",
    "FirstName",
    "Status",
}
_RAW_ONLY: Final = [name for name in RAW_RESULT_COLUMNS if name not in _RAW_KEPT]


def check_results(
    incoming: IncomingResults,
    *,
    known: Mapping[str, Assessment] | None = None,
    subjects: Iterable[Subject] = SHIPPED_SUBJECTS,
    required: tuple[str, ...] = NAMES_REQUIRED,
) -> CheckedResults:
    """Check results and type what passes.

    Shape:  an error leaves out its result with all sub-scores and items, nothing else. `known` maps
            natural ids to assessments; None checks by subject alone. Blank cells of `required`
            columns refuse a result where the file has the column.
    """
    report = FindingReport()
    report.merge(incoming.findings)
    knowledge = Knowledge(tuple(subjects), known)
    # The raw frames are by far the largest: each is let go as soon as it has been typed.
    raw_scores, raw_items, file_count = incoming.subscores, incoming.items, incoming.file_count
    results = _results(incoming, knowledge, report)
    del incoming
    refused = run_rules(results, result_rules(required), report)
    refused |= results.get_column("_is_contradicted").fill_null(False)
    place = _places(results)
    results = results.drop(_RAW_ONLY)

    codes = reported_codes(knowledge.subjects)
    scores, refused = _typed_below(
        raw_scores, place, refused, report, below=_SUBSCORES, typed=partial(_typed_scores, codes)
    )
    del raw_scores
    listed = items.listed_items((known or {}).values())
    responses, refused = _typed_below(
        raw_items, place, refused, report, below=_ITEMS, typed=partial(_typed_responses, listed)
    )
    del raw_items

    sound = results.filter(~refused)
    kept = sound.filter(_is_latest(sound, report))
    accepted = _results_out(kept)
    counts = {
        "files": file_count,
        "results": results.height,
        "accepted": accepted.height,
        "rejected": results.height - sound.height,
        "superseded": sound.height - kept.height,
        "resets": int((accepted.get_column("status") == "reset").sum()),
    }
    if not results.height and not report.is_fatal and not report.findings:
        report.add(catalog.NOTHING_FOUND.finding(file="The intake"))
    kept_place = place.join(kept.select("_row"), on="_row", how="semi")
    checked_scores = _placed(scores, kept_place, CHECKED_SUBSCORES)
    del scores
    checked_items = _placed(responses, kept_place, CHECKED_ITEMS)
    counts |= {"subscores": checked_scores.height, "items": checked_items.height}
    return CheckedResults(accepted, checked_scores, checked_items, report, counts)


def _trimmed(frame: pl.DataFrame) -> pl.DataFrame:
    cells = [name for name, kind in frame.schema.items() if kind == pl.String and name[0] != "_"]
    return frame.with_columns(pl.col(cells).str.strip_chars())


def _results(
    incoming: IncomingResults, knowledge: Knowledge, report: FindingReport
) -> pl.DataFrame:
    """Return the raw results with row numbers, facts, typed columns and natural keys."""
    raw = _trimmed(incoming.results).with_row_index("_row")
    claims = (
        incoming.subscores.filter(pl.col("ScoreType") != "Trait")
        .select("_document")
        .unique()
        .with_columns(pl.lit(True).alias("_has_claims"))
    )
    told = raw.join(claims, on="_document", how="left", maintain_order="left").with_columns(
        pl.col("_has_claims").fill_null(False)
    )
    typed = typed_results(with_facts(told, knowledge, report))
    return with_lengths(typed).with_columns(
        pl.col("AssessmentIdentifier").alias("assessment_id"),
        pl.col("OpportunityIdentifier").alias("opportunity_id"),
        pl.col("StudentIdentifier").alias("student_identifier"),
        pl.col("SchoolIdentifier").alias("school_identifier"),
    )


def _is_latest(results: pl.DataFrame, report: FindingReport) -> pl.Series:
    """Tell which rows count where an opportunity appears again: the latest status date wins.

    Shape: rows with an error are not among `results`, so they cannot displace a sound one.
    """
    is_repeated = results.select(pl.struct(_OPPORTUNITY).is_duplicated()).to_series()
    if not is_repeated.any():
        return pl.Series("latest", [True] * results.height, dtype=pl.Boolean)
    ordered = results.filter(is_repeated).sort(
        "status_at", "_row", descending=[True, False], nulls_last=True
    )
    first = ordered.with_columns(
        pl.col("_row").first().over(_OPPORTUNITY).alias("_first"),
        pl.col("status_at").first().over(_OPPORTUNITY).alias("_first_at"),
    ).sort("_row")
    is_later_row = pl.col("_row") != pl.col("_first")
    is_older = (pl.col("status_at") < pl.col("_first_at")).fill_null(False)
    column = "OpportunityIdentifier"
    rules = [
        Rule(catalog.OLDER_RESULT, column, is_later_row & is_older),
        Rule(catalog.REPEATED_RESULT, column, is_later_row & ~is_older),
    ]
    run_rules(first, rules, report)
    left_out = first.filter(is_later_row).get_column("_row")
    return ~results.get_column("_row").is_in(left_out.implode())


def _places(results: pl.DataFrame) -> pl.DataFrame:
    """Return what sub-scores and items take over, one row per opportunity of a document."""
    return results.select("_row", *_LINK, *_HANDED_ON).unique(
        _LINK, keep="first", maintain_order=True
    )


def _typed_below(
    raw: pl.DataFrame,
    place: pl.DataFrame,
    refused: pl.Series,
    report: FindingReport,
    *,
    below: _Below,
    typed: Callable[[pl.DataFrame, FindingReport], tuple[pl.DataFrame, pl.Series]],
) -> tuple[pl.DataFrame, pl.Series]:
    """Link, type and check rows below results slice by slice; an error refuses its result.

    Shape: the typed columns of `below` and where each row came from; a key's first row only.
    """
    link = _link(raw, place)
    slices: list[pl.DataFrame] = []
    bad: list[pl.Series] = [pl.Series("_row", [], dtype=pl.UInt32)]
    for start in range(0, max(raw.height, 1), _SLICE_ROWS):
        linked = _linked(raw.slice(start, _SLICE_ROWS), place, link, report)
        frame, broken = typed(linked, report)
        bad.append(linked.get_column("_row").filter(broken))
        slices.append(frame.select("_row", "_file", "_line", *below.columns))
    rows = pl.concat(bad).unique()
    if rows.len():
        numbers = pl.Series("_row", range(len(refused)), dtype=pl.UInt32)
        refused |= numbers.is_in(rows.implode())
    return _unrepeated(pl.concat(slices), below.key, report), refused


def _typed_scores(
    codes: pl.DataFrame, linked: pl.DataFrame, report: FindingReport
) -> tuple[pl.DataFrame, pl.Series]:
    typed = subscores.typed_subscores(linked, codes)
    broken = run_rules(typed, subscores.subscore_rules(), report)
    return typed.filter(~subscores.is_unreported()), broken


def _typed_responses(
    listed: pl.DataFrame, linked: pl.DataFrame, report: FindingReport
) -> tuple[pl.DataFrame, pl.Series]:
    typed = items.typed_items(linked, listed)
    return typed, run_rules(typed, items.item_rules(), report)


def _linked(
    raw: pl.DataFrame, places: pl.DataFrame, link: list[str], report: FindingReport
) -> pl.DataFrame:
    """Join rows to their result; rows without one are told and left out."""
    joined = _trimmed(raw).join(places, on=link, how="left", maintain_order="left")
    rule = Rule(catalog.WITHOUT_RESULT, "OpportunityIdentifier", pl.col("_row").is_null())
    lost = run_rules(joined, [rule], report)
    return joined.filter(~lost)


def _link(raw: pl.DataFrame, places: pl.DataFrame) -> list[str]:
    """Return the columns to join on; what came in one package needs no document to be told."""
    documents = [frame.get_column("_document").unique().to_list() for frame in (raw, places)]
    is_one_package = documents[0] == documents[1] and len(documents[0]) == 1
    return _OPPORTUNITY if is_one_package else _LINK


def _unrepeated(frame: pl.DataFrame, key: tuple[str, ...], report: FindingReport) -> pl.DataFrame:
    """Keep the first row of each key and tell of the others."""
    # Rows of different hashes are different rows; comparing whole keys takes far more memory.
    if frame.select(key).hash_rows().n_unique() == frame.height:
        return frame
    is_first = frame.select(pl.struct(key).is_first_distinct()).to_series()
    if is_first.all():
        return frame
    rule = Rule(catalog.REPEATED_ROW, key[-1], pl.lit(True))
    run_rules(frame.filter(~is_first), [rule], report)
    return frame.filter(is_first)


def _results_out(results: pl.DataFrame) -> pl.DataFrame:
    """Return accepted results in their checked layout."""
    text = {
        "session_id": "SessionIdentifier",
        "accommodations": "AssignedAccommodationList",
        "last_name": "LastOrSurname",
        "first_name": "FirstName",
    }
    return _shaped(
        results.with_columns(
            *(pl.when(pl.col(raw) != "").then(raw).alias(name) for name, raw in text.items()),
            pl.when(pl.col("Status") != "")
            .then(pl.col("Status").str.to_lowercase())
            .alias("status"),
            pl.col("_file").alias("file"),
            pl.col("_line").alias("line"),
        ),
        CHECKED_RESULTS,
    )


def _placed(
    rows: pl.DataFrame, place: pl.DataFrame, columns: Mapping[str, ColumnType]
) -> pl.DataFrame:
    """Give the rows of accepted results what they take over, in their checked layout."""
    placed = rows.join(place.select("_row", *_PLACE), on="_row", how="inner", maintain_order="left")
    return _shaped(
        placed.rename({"Code": "code", "ItemIdentifier": "item_id"}, strict=False), columns
    )


def _shaped(frame: pl.DataFrame, columns: Mapping[str, ColumnType]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(_TYPES[kind]) for name, kind in columns.items())
