"""Check a whole bundle: package, headers, cells, references, rules, sense; then the frames."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

import polars as pl

from rollbook.files.checks import CSV_BLANK_LINE, CSV_UTF_16
from rollbook.files.csv import CsvTable
from rollbook.roster.checks.cells import judge_cells
from rollbook.roster.checks.frames import roster_frames
from rollbook.roster.checks.headers import SAID_HERE, STRICTER, judge_header, unsaid_cells
from rollbook.roster.checks.ledger import Ledger
from rollbook.roster.checks.package import check_package
from rollbook.roster.checks.references import check_references
from rollbook.roster.checks.repairs import US_DATE
from rollbook.roster.checks.rules import check_rules
from rollbook.roster.checks.sense import check_sense
from rollbook.roster.checks.tables import (
    JudgedBundle,
    JudgedTable,
    as_text,
    compact,
    is_large,
)
from rollbook.roster.layouts import LAYOUTS, FileLayout
from rollbook.roster.types import (
    NAMED,
    BundleCounts,
    BundleResult,
    Exclusion,
    FileCount,
    Mode,
    OneRosterBundle,
    Profile,
    merged_names,
)
from rollbook.shared.findings import FindingReport, Severity

NOTHING_KNOWN: Final[Mapping[str, pl.Series]] = MappingProxyType({})
# What reading only warns of, and the standard forbids.
_STRICTER: Final = STRICTER | {CSV_BLANK_LINE.code, CSV_UTF_16.code}
_HEADER_LINE: Final = 1
# Read first, while nothing else takes memory.
_LARGEST: Final = "enrollments"


def check_bundle(
    bundle: OneRosterBundle,
    *,
    profile: Profile,
    switched_off: frozenset[str] = frozenset(),
    known: Mapping[str, pl.Series] = NOTHING_KNOWN,
) -> BundleResult:
    """Find everything that is wrong with a bundle, and make the frames of what is right.

    Shape:  `known` maps a file to the ids that Rollbook already holds from this source: then the
            references of delta files, and those to absent files, are resolved against them too.
            `switched_off` names warnings not wanted and repairs not to be made.
            `frames` is None after a fatal finding.
    Source: OneRoster CSV binding 1.1 and 1.2.1; docs/reference/findings.md
    """
    # Dates of another layout were read by that layout's rule: what is left is not read by a guess.
    ledger = Ledger(profile, switched_off | {US_DATE.code} if bundle.origins else switched_off)
    _take_findings(bundle.findings, "", ledger)
    lost = check_package(bundle, ledger)
    if bundle.manifest is not None and not bundle.findings.is_fatal:
        _take_findings(bundle.manifest.findings, "manifest", ledger)
    judged = _judge_tables(bundle, lost, dict(known), ledger)
    if not ledger.report.is_fatal:  # else every reference to what cannot be read would fail
        check_references(judged, ledger)
        check_rules(judged, ledger)
        check_sense(judged, ledger)
    return _result(judged, ledger)


def _take_findings(findings: FindingReport, file: str, ledger: Ledger) -> None:
    """Take over what reading found: every kept finding, and the count of those not kept."""
    left = dict(findings.counts)
    for finding in findings:
        left[finding.code] -= 1
    for finding in findings:
        if finding.code in SAID_HERE:
            continue
        times = 1 + left.pop(finding.code, 0)
        taken = finding
        if finding.code in _STRICTER and not ledger.is_lenient:
            taken = replace(finding, severity=Severity.ERROR)
        ledger.take(taken, file=file, times=times)
        if finding.severity is Severity.ERROR and (finding.line or 0) > _HEADER_LINE:
            ledger.condemn(file, pl.Series([finding.line]), finding.code)


def _judge_tables(
    bundle: OneRosterBundle,
    lost: frozenset[str],
    known: dict[str, pl.Series],
    ledger: Ledger,
) -> JudgedBundle:
    """Judge the files one by one; each is read, judged and let go of before the next."""
    judged = JudgedBundle(bundle.version, {}, lost, known, vocabulary=bundle.vocabulary)
    layouts = LAYOUTS[bundle.version]
    names = sorted(layouts, key=lambda file: (file != _LARGEST, file))
    modes = {file: mode for file in names if (mode := _mode_of(bundle, file)) is not None}
    with ThreadPoolExecutor(1) as reader:
        # While a file is judged, the next one is read: two cores, and one of each in memory.
        ahead = [reader.submit(bundle.tables.__getitem__, file) for file in list(modes)[:1]]
        for file, following in zip_longest(modes, list(modes)[1:]):
            read = [ahead.pop().result()]
            if following is not None:
                ahead.append(reader.submit(bundle.tables.__getitem__, following))
            _judge_table(bundle, read, layouts[file], modes[file], judged, ledger)
    return judged


def _mode_of(bundle: OneRosterBundle, file: str) -> Mode | None:
    """Return how much of an entity a file holds that is there to be judged; else None."""
    mode = bundle.modes.get(file)
    return None if file not in bundle.tables or mode is Mode.ABSENT else mode


def _judge_table(  # noqa: PLR0917 # a bundle, one file of it, and where the findings go
    bundle: OneRosterBundle,
    read: list[CsvTable],
    layout: FileLayout,
    mode: Mode,
    judged: JudgedBundle,
    ledger: Ledger,
) -> None:
    table = read.pop()
    _take_findings(table.findings, layout.name, ledger)
    for code, lines in table.left_out.items():
        ledger.condemn(layout.name, lines, code)
    judged.heights[layout.name] = height = table.frame.height
    is_lost = table.findings.is_fatal or height > 0 or bool(table.left_out)
    signs = table.signs
    frame = judge_header(table, layout, ledger)
    if not bundle.origins:  # a converter has written every column, and says itself which it lacks
        unsaid = judged.vocabulary.unsaid | unsaid_cells(table, layout)
        judged.vocabulary = replace(judged.vocabulary, unsaid=unsaid)
    # What was read is let go of step by step: nobody else holds it, and it is large.
    del table
    if frame is not None:
        typed = judge_cells(frame, layout, mode, ledger, signs=signs)
        del frame
        for name in typed.columns if is_large(typed) else ():
            typed = typed.with_columns(compact(typed[name], layout.name))
        kept = pl.repeat(True, typed.height, dtype=pl.Boolean, eager=True)
        judged.tables[layout.name] = JudgedTable(layout, mode, typed, kept)
    elif is_lost:
        judged.lost |= {layout.name}


def _result(judged: JudgedBundle, ledger: Ledger) -> BundleResult:
    make_frames = None if ledger.report.is_fatal else cache(partial(roster_frames, judged))
    return BundleResult(
        report=ledger.report,
        counts=_counts(judged, ledger),
        make_frames=make_frames,
        excluded=_excluded(judged, ledger),
    )


def _counts(judged: JudgedBundle, ledger: Ledger) -> BundleCounts:
    rows = judged.heights
    files = sorted({*rows, *ledger.errors, *ledger.warnings} - {""})
    return BundleCounts(
        by_code=dict(sorted(ledger.report.counts.items())),
        by_file={
            f"{file}.csv": FileCount(
                rows.get(file, 0), ledger.errors.get(file, 0), ledger.warnings.get(file, 0)
            )
            for file in files
        },
        records={file: int(table.kept.sum()) for file, table in judged.tables.items()},
    )


def _excluded(judged: JudgedBundle, ledger: Ledger) -> dict[str, Exclusion]:
    """List the rows left out of each file, in file order, with the id that each had."""
    excluded: dict[str, Exclusion] = {}
    for file in ledger.condemned:
        lines = ledger.lines_left_out(file)
        table = judged.get(file)
        ids = pl.DataFrame(schema=_IDS)
        if table is not None:
            school = _school(table)
            ids = table.frame.select("_line", sourced_id="sourcedId", school=school)
        frame = lines.join(ids, on="_line", how="left").sort("_line")
        names = [] if table is None else _names(judged, table, lines["_line"])
        excluded[file] = Exclusion(file, frame.select(_EXCLUDED), merged_names(names))
    return excluded


def _names(judged: JudgedBundle, table: JudgedTable, lines: pl.Series) -> list[pl.DataFrame]:
    """List what these lines of a file name and no file brought; removals name nothing."""
    is_out = table.frame["_line"].is_in(lines.implode())
    if table.removed is not None:
        is_out &= ~table.removed
    named = [lot.filter(pl.col("_line").is_in(lines.implode())) for lot in table.dropped]
    for column in table.layout.columns:
        if column.refers_to is None or column.name not in table.frame.columns:
            continue
        cells = as_text(table.frame[column.name].filter(is_out)).alias("sourced_id").to_frame()
        if column.is_list:
            cells = cells.explode("sourced_id", empty_as_null=True)
        named.append(cells.with_columns(file=pl.lit(column.refers_to)))
    return [_missing(judged, lot.drop_nulls("sourced_id")) for lot in named if lot.height]


def _missing(judged: JudgedBundle, named: pl.DataFrame) -> pl.DataFrame:
    """Leave out of the names, all of one file, those of records that came."""
    target = judged.get(named["file"][0]) if named.height else None
    if target is None:
        return pl.DataFrame(schema=NAMED)
    came = target.frame.select(sourced_id="sourcedId")
    return named.join(came, on="sourced_id", how="anti").with_columns(rows=pl.lit(1))


_IDS: Final = pl.Schema({"_line": pl.UInt32(), "sourced_id": pl.String(), "school": pl.String()})
_EXCLUDED: Final = (
    "_line", "sourced_id", "cause", "column", "value", "school", "on_file", "on_line",
)  # fmt: skip
# Where a row names its school; a list names the first of several.
_SCHOOL_COLUMNS: Final = (
    "schoolSourcedId", "orgSourcedId", "primaryOrgSourcedId", "orgSourcedIds",
)  # fmt: skip


def _school(table: JudgedTable) -> pl.Expr:
    """Return where the rows of a file name their school."""
    if table.name == "orgs":
        return pl.col("sourcedId")
    for name in _SCHOOL_COLUMNS:
        column = table.layout.find(name)
        if column is not None:
            return pl.col(name).list.first() if column.is_list else pl.col(name)
    return pl.lit(None, pl.String)
