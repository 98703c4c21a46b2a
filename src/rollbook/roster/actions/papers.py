"""Keep on paper what an intake's checks found: findings, root causes, the rows left out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import polars as pl

from rollbook.files.kept_findings import keep_findings
from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.papers import excluded_path, findings_path, papers_path
from rollbook.roster.rules.root_causes import repairs_made, root_causes
from rollbook.roster.targets.findings_files import placed_findings
from rollbook.roster.targets.left_out_rows import LeftOut, left_out_of
from rollbook.roster.types import BundleResult, OneRosterBundle

REPAIR_CODES: Final = frozenset(check.code for check in CHECKS if check.is_repair)


def keep_papers(
    intake: Intake, result: BundleResult, told: BundleResult, bundle: OneRosterBundle
) -> None:
    """Write beside the received bytes of an intake what its checks found.

    Shape: `result` is of the bundle, whose origins say where its rows stood; `told` is the same in
           the words of the files that were received (`sources.reading.translated`).
    """
    result = replace(result, report=told.report, counts=told.counts)
    keep_findings(findings_path(intake), placed_findings(result, bundle.origins))
    causes = root_causes(result, repair_codes=REPAIR_CODES, origins=bundle.origins)
    left = left_out_of(result, bundle, repair_codes=REPAIR_CODES)
    papers = {
        "causes": [cause.as_dict() for cause in causes],
        "repairs": [repair.as_dict() for repair in repairs_made(result, REPAIR_CODES)],
        "left_out": left.as_dict(),
    }
    papers_path(intake).write_text(json.dumps(papers, ensure_ascii=False), encoding="utf-8")
    if left.lines:
        _lines(left).write_parquet(excluded_path(intake))


def _lines(left: LeftOut) -> pl.DataFrame:
    """Return the received lines that are left out: `file`, `line`."""
    parts = [
        pl.DataFrame({"line": pl.Series(lines, dtype=pl.UInt32)}).select(
            file=pl.lit(file), line="line"
        )
        for file, lines in left.lines.items()
    ]
    return pl.concat(parts)
