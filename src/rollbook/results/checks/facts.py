"""What the assessment of each result allows: levels, ranges and kinds of scores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from rollbook.assessments.types import (
    Assessment,
    AssessmentType,
    ScoreDefinition,
    Subject,
    find_subject,
    type_code,
)
from rollbook.results.checks.catalog import (
    OTHER_ASSESSMENT,
    TYPE_GUESSED,
    UNKNOWN_ASSESSMENT,
    UNKNOWN_SUBJECT,
)
from rollbook.results.checks.values import GRADES
from rollbook.shared.findings import Check, FindingReport

# Results that agree on these are about the same test, and are looked up once.
TEST_COLUMNS: Final = (
    "AssessmentIdentifier",
    "Subject",
    "AssessmentSubType",
    "AssessmentGrade",
    "_has_claims",
)
FACTS: Final = pl.Schema(
    {
        **dict.fromkeys(TEST_COLUMNS[:-1], pl.String()),
        "_has_claims": pl.Boolean(),
        "subject": pl.String(),
        "assessment_type": pl.String(),
        "assessment_grade": pl.String(),
        "_is_subject_known": pl.Boolean(),
        "_is_contradicted": pl.Boolean(),
        "_level_count": pl.Int32(),
        "_low": pl.Int32(),
        "_high": pl.Int32(),
        "_claim_level_count": pl.Int32(),
        "_alternate_level_count": pl.Int32(),
        "_alternate_low": pl.Int32(),
        "_alternate_high": pl.Int32(),
    }
)
CODES: Final = pl.Schema({"subject": pl.String(), "Code": pl.String(), "_kind": pl.String()})

_INTERIM: Final = "interim"

# Bounds where the subject sets none: a score or level beyond them is a slip of the keyboard.
WIDEST_SCORE: Final = 99_999
MOST_LEVELS: Final = 99
_KIND_IN_NAME: Final = re.compile(r"(?<![A-Za-z])(ICA|IAB|SUM)(?![A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Knowledge:
    """Hold what is known of subjects and assessments.

    Shape: `assessments` is None when nobody asked for results to be held against them.
    """

    subjects: tuple[Subject, ...]
    assessments: Mapping[str, Assessment] | None = None

    def find(self, identifier: str) -> Assessment | None:
        """Return the assessment with this natural id, None when it is not loaded."""
        return None if self.assessments is None else self.assessments.get(identifier)


def with_facts(results: pl.DataFrame, knowledge: Knowledge, report: FindingReport) -> pl.DataFrame:
    """Add to each raw result what its assessment allows.

    Shape: `results` needs the raw columns, their place and `_has_claims`; the rows and their order
           stay. What is wrong with a test as a whole is one finding, weighing all its results.
    """
    tests = results.group_by(TEST_COLUMNS, maintain_order=True).agg(
        pl.len().alias("_weight"), pl.col("_file").first(), pl.col("_line").first()
    )
    rows = [_facts(test, knowledge, report) for test in tests.iter_rows(named=True)]
    facts = pl.DataFrame(rows, schema=FACTS, orient="row")
    return results.join(facts, on=TEST_COLUMNS, how="left", nulls_equal=True, maintain_order="left")


def reported_codes(subjects: Iterable[Subject]) -> pl.DataFrame:
    """List the claim and alternate codes that each subject reports."""
    rows: dict[tuple[str, str], str] = {}
    for subject in subjects:
        rows.update({(subject.code, claim.code): "claim" for claim in subject.scorable_claims})
        for alternate in subject.alternates:
            rows.setdefault((subject.code, alternate.code), "alternate")
    return pl.DataFrame([(*key, kind) for key, kind in rows.items()], schema=CODES, orient="row")


def _facts(
    test: Mapping[str, Any], knowledge: Knowledge, report: FindingReport
) -> tuple[object, ...]:
    identifier = test["AssessmentIdentifier"] or ""
    listed = knowledge.find(identifier)
    said_subject = test["Subject"] or ""
    subject = find_subject(listed.subject if listed else said_subject, knowledge.subjects)
    kind_code = _kind(test, listed, report)
    kind = subject.find_type(kind_code) if subject and kind_code else None
    if knowledge.assessments is not None and listed is None and identifier:
        _note(report, UNKNOWN_ASSESSMENT, test, "AssessmentIdentifier")
    if subject is None and said_subject:
        _note(report, UNKNOWN_SUBJECT, test, "Subject")
    is_contradicted = listed is not None and _contradicts(test, listed, knowledge, report)
    code = subject.code if subject else said_subject
    said_grade = test["AssessmentGrade"] or ""
    grade = listed.grade if listed else GRADES.get(said_grade.lower())
    return (
        *(test[column] for column in TEST_COLUMNS),
        code,
        kind_code,
        grade,
        kind is not None,
        is_contradicted,
        *_limits(kind, listed),
    )


def _limits(kind: AssessmentType | None, listed: Assessment | None) -> tuple[int, ...]:
    """Return level count, low, high; claim level count; alternate level count, low, high."""
    overall = kind.overall if kind else None
    claim = kind.claim if kind else None
    alternate = kind.alternate if kind else None
    low, high = _range(overall)
    if listed is not None:
        low = low if listed.min_score is None else listed.min_score
        high = high if listed.max_score is None else listed.max_score
    return (
        overall.level_count if overall else MOST_LEVELS,
        low,
        high,
        claim.level_count if claim else MOST_LEVELS,
        alternate.level_count if alternate else MOST_LEVELS,
        *_range(alternate),
    )


def _range(scoring: ScoreDefinition | None) -> tuple[int, int]:
    low = scoring.min_score if scoring else None
    high = scoring.max_score if scoring else None
    return (-WIDEST_SCORE if low is None else low, WIDEST_SCORE if high is None else high)


def _kind(test: Mapping[str, Any], listed: Assessment | None, report: FindingReport) -> str | None:
    """Return sum, ica or iab; XML says only that a test is an interim."""
    said = (test["AssessmentSubType"] or "").lower()
    if said != _INTERIM:
        return type_code(said)
    if listed is not None:
        return listed.type
    named = _KIND_IN_NAME.search(test["AssessmentIdentifier"] or "")
    if named:
        return named[1].lower()
    guess = "ica" if test["_has_claims"] else "iab"
    if test["AssessmentIdentifier"]:
        _note(report, TYPE_GUESSED, test, "AssessmentIdentifier", said=guess.upper())
    return guess


def _contradicts(
    test: Mapping[str, Any], listed: Assessment, knowledge: Knowledge, report: FindingReport
) -> bool:
    subject = find_subject(test["Subject"] or "", knowledge.subjects)
    said_type = type_code(test["AssessmentSubType"] or "")
    wrong: dict[str, str] = {}
    if test["Subject"] and (subject is None or subject.code != listed.subject):
        wrong["Subject"] = listed.subject
    if said_type is not None and said_type != listed.type:
        wrong["AssessmentSubType"] = listed.type.upper()
    for column, said in wrong.items():
        _note(report, OTHER_ASSESSMENT, test, column, said=said)
    return bool(wrong)


def _note(
    report: FindingReport, check: Check, test: Mapping[str, Any], column: str, said: str = ""
) -> None:
    report.add(
        check.finding(
            file=test["_file"],
            line=test["_line"],
            column=column,
            value=test[column],
            weight=int(test["_weight"]),
            said=said,
        )
    )
