"""Check results: raw frames in, typed frames and findings out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from rollbook.results.layouts import CHECKED_ITEMS, CHECKED_RESULTS, CHECKED_SUBSCORES
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
    results = _results(incoming, knowledge, report)
    refused = run_rules(results, result_rules(required), report)
    refused |= results.get_column("_is_contradicted").fill_null(False)
    place = _places(results)

    scores = _linked(incoming.subscores, place, report)
    scores = subscores.typed_subscores(scores, reported_codes(knowledge.subjects))
    scores, refused = _checked(scores, subscores.subscore_rules(), refused, report)
    scores = _unrepeated(scores.filter(~subscores.is_unreported()), subscores.KEY, report)

    responses = _linked(incoming.items, place, report)
    responses = items.typed_items(responses, items.listed_items((known or {}).values()))
    responses, refused = _checked(responses, items.item_rules(), refused, report)
    responses = _unrepeated(responses, items.KEY, report)

    sound = results.filter(~refused)
    kept = sound.filter(_is_latest(sound, report))
    kept_rows = kept.get_column("_row")
    accepted = _results_out(kept)
    counts = {
        "files": incoming.file_count,
        "results": results.height,
        "accepted": accepted.height,
        "rejected": results.height - sound.height,
        "superseded": sound.height - kept.height,
        "resets": int((accepted.get_column("status") == "reset").sum()),
    }
    if not results.height and not report.is_fatal and not report.findings:
        report.add(catalog.NOTHING_FOUND.finding(file="The intake"))
    checked_scores = _shaped(
        scores.filter(pl.col("_row").is_in(kept_rows.implode())).rename({"Code": "code"}),
        CHECKED_SUBSCORES,
    )
    checked_items = _shaped(
        responses.filter(pl.col("_row").is_in(kept_rows.implode())).rename(
            {"ItemIdentifier": "item_id"}
        ),
        CHECKED_ITEMS,
    )
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


def _linked(raw: pl.DataFrame, places: pl.DataFrame, report: FindingReport) -> pl.DataFrame:
    """Join rows to their result; rows without one are told and left out."""
    link = _link(raw, places)
    joined = _trimmed(raw).join(places, on=link, how="left", maintain_order="left")
    rule = Rule(catalog.WITHOUT_RESULT, "OpportunityIdentifier", pl.col("_row").is_null())
    lost = run_rules(joined, [rule], report)
    return joined.filter(~lost)


def _link(raw: pl.DataFrame, places: pl.DataFrame) -> list[str]:
    """Return the columns to join on; what came in one package needs no document to be told."""
    documents = [frame.get_column("_document").unique().to_list() for frame in (raw, places)]
    is_one_package = documents[0] == documents[1] and len(documents[0]) == 1
    return _OPPORTUNITY if is_one_package else _LINK


def _checked(
    frame: pl.DataFrame, rules: Sequence[Rule], refused: pl.Series, report: FindingReport
) -> tuple[pl.DataFrame, pl.Series]:
    """Run rules over rows below results; an error in one refuses its result."""
    bad = run_rules(frame, rules, report)
    if not bad.any():
        return frame, refused
    rows = frame.get_column("_row").filter(bad).unique()
    numbers = pl.Series("_row", range(len(refused)), dtype=pl.UInt32)
    return frame, refused | numbers.is_in(rows.implode())


def _unrepeated(frame: pl.DataFrame, key: tuple[str, ...], report: FindingReport) -> pl.DataFrame:
    """Keep the first row of each key and tell of the others."""
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


def _shaped(frame: pl.DataFrame, columns: Mapping[str, ColumnType]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(_TYPES[kind]) for name, kind in columns.items())
