"""Check the assessments of a package against their subject and each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from rollbook.assessments.checks.catalog import (
    CUTS_DO_NOT_RISE,
    CUTS_OUT_OF_RANGE,
    DUPLICATE_NAME,
    WRONG_CUT_COUNT,
)
from rollbook.assessments.types import Assessment, ScoreDefinition
from rollbook.shared.findings import Finding


def check_cuts(
    scores: tuple[int, ...], scoring: ScoreDefinition, *, file: str, line: int, assessment: str
) -> Iterator[Finding]:
    """Find what is wrong with one set of score bands: lowest score, cut scores, highest score."""
    cuts = scores[1:-1]
    if len(cuts) != scoring.level_count - 1:
        yield WRONG_CUT_COUNT.finding(
            file=file,
            line=line,
            assessment=assessment,
            bands=len(cuts) + 1,
            levels=scoring.level_count,
        )
    if any(low >= high for low, high in pairwise(scores)):
        yield CUTS_DO_NOT_RISE.finding(
            file=file, line=line, value=", ".join(map(str, scores)), assessment=assessment
        )
    low, high = scoring.min_score, scoring.max_score
    for score in scores:
        if (low is not None and score < low) or (high is not None and score > high):
            yield CUTS_OUT_OF_RANGE.finding(
                file=file, line=line, value=str(score), assessment=assessment, low=low, high=high
            )


def check_names(assessments: Iterable[tuple[Assessment, int]], *, file: str) -> list[Finding]:
    """Find assessments that share a name with an earlier one; each comes with its line."""
    first: dict[str, str] = {}
    findings: list[Finding] = []
    for assessment, line in assessments:
        other = first.setdefault(assessment.name.casefold(), assessment.id)
        if other != assessment.id:
            findings.append(
                DUPLICATE_NAME.finding(
                    file=file,
                    line=line,
                    column="AssessmentName",
                    value=assessment.name,
                    assessment=assessment.id,
                    other=other,
                )
            )
    return findings
