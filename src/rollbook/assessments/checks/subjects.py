"""Check a subject definition as a whole."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final

from rollbook.assessments.checks.catalog import (
    BLOCK_LEVEL_COUNT,
    BLOCK_SCORING,
    CUTOFF_UNKNOWN,
    DIFFICULTY_CUTS,
    DUPLICATE_CODE,
    DUPLICATE_DATA_ORDER,
    DUPLICATE_DISPLAY_ORDER,
    DUPLICATE_OTHER,
    DUPLICATE_TARGET,
    LEVELS_GAP,
    LEVELS_START,
    ORDER_MISSING,
    REPORT_DUPLICATE_LEVEL,
    REPORT_MISSING_CLAIM,
    REPORT_MISSING_LEVEL,
    REPORT_TYPE,
    REPORT_UNKNOWN_CLAIM,
    REPORT_UNKNOWN_LEVEL,
    TARGETS_MISPLACED,
    TOO_MANY_LEVELS,
    TOO_MANY_SCORES,
    USELESS_CLAIM,
)
from rollbook.assessments.types import (
    AssessmentType,
    Claim,
    ReportTexts,
    ScoreDefinition,
    Subject,
)
from rollbook.shared.findings import Finding, Severity

# The widest reports have six columns of levels, alternates or claims.
MOST_SHOWN: Final = 6
BLOCK_LEVELS: Final = 3

# Finds the line of an element by its tag and code, None when the subject did not come from a file.
LineOf = Callable[[str, str], int | None]


def repeated(values: Iterable[Hashable]) -> list[Hashable]:
    """Return each value that occurs again, once, in order."""
    seen: set[Hashable] = set()
    again: dict[Hashable, None] = {}
    for value in values:
        if value in seen:
            again[value] = None
        seen.add(value)
    return list(again)


def check_subject(subject: Subject, *, file: str, line_of: LineOf) -> list[Finding]:
    """Find everything that is wrong with a subject definition, all at once.

    Source: RDW subject definition format; the sentences are the documented ones.
    """
    return [
        *_code_findings(subject, file, line_of),
        *_order_findings(subject, file, line_of),
        *_claim_findings(subject, file, line_of),
        *_difficulty_findings(subject, file, line_of),
        *(
            finding
            for kind in subject.types
            for finding in _type_findings(kind, file, line_of("AssessmentType", kind.code))
        ),
        *_report_findings(subject, file, line_of),
    ]


def _code_findings(subject: Subject, file: str, line_of: LineOf) -> Iterator[Finding]:
    coded = {
        "AssessmentType": [kind.code for kind in subject.types],
        "Claim": [claim.code for claim in subject.claims],
        "AltScore": [alternate.code for alternate in subject.alternates],
    }
    for tag, codes in coded.items():
        for code in repeated(codes):
            line = line_of(tag, str(code))
            yield DUPLICATE_CODE.finding(file=file, line=line, column=tag, value=str(code))
    others = {
        "Trait": [trait.code for trait in subject.traits],
        "Standard": [code for code, _ in subject.standards],
    }
    for tag, codes in others.items():
        for code in repeated(codes):
            line = line_of(tag, str(code))
            yield DUPLICATE_OTHER.finding(
                file=file, line=line, column=tag, value=str(code), whose=tag.lower()
            )


def _order_findings(subject: Subject, file: str, line_of: LineOf) -> Iterator[Finding]:
    claims = [claim for claim in subject.claims if claim.scorable]
    groups = (
        ("AltScore", "AltScores", subject.alternates),
        ("Claim", "Scorable Claims", claims),
    )
    for tag, whose, scores in groups:
        if len(scores) > MOST_SHOWN:
            plural = "AltScores" if tag == "AltScore" else "scorable claims"
            yield TOO_MANY_SCORES.finding(
                file=file, line=None, column=tag, value=str(len(scores)), whose=plural
            )
        for score in scores:
            line = line_of(tag, score.code)
            if score.display_order is None:
                yield ORDER_MISSING.finding(
                    file=file, line=line, column="displayOrder", value=score.code, whose=whose
                )
            # The display order stands in for a data order that older files do not have.
            if score.data_order is None:
                yield ORDER_MISSING.finding(
                    file=file,
                    line=line,
                    column="dataOrder",
                    value=score.code,
                    whose=whose,
                    severity=Severity.INFO,
                )
        shown = (score.display_order for score in scores if score.display_order is not None)
        for order in repeated(shown):
            yield DUPLICATE_DISPLAY_ORDER.finding(
                file=file, column="displayOrder", value=str(order)
            )
        columns = (score.data_order for score in scores if score.data_order is not None)
        for order in repeated(columns):
            yield DUPLICATE_DATA_ORDER.finding(file=file, column="dataOrder", value=str(order))


def _claim_findings(subject: Subject, file: str, line_of: LineOf) -> Iterator[Finding]:
    for claim in subject.claims:
        line = line_of("Claim", claim.code)
        if not (claim.scorable or claim.organizational):
            yield USELESS_CLAIM.finding(file=file, line=line, column="Claim", value=claim.code)
        if claim.targets and not claim.organizational:
            yield TARGETS_MISPLACED.finding(file=file, line=line, column="Claim", value=claim.code)
        yield from _target_findings(claim, file, line)


def _target_findings(claim: Claim, file: str, line: int | None) -> Iterator[Finding]:
    for code in repeated(target.code for target in claim.targets):
        yield DUPLICATE_TARGET.finding(file=file, line=line, column="Target", value=str(code))


def _difficulty_findings(subject: Subject, file: str, line_of: LineOf) -> Iterator[Finding]:
    for cuts in subject.difficulties:
        if not cuts.moderate_from < cuts.difficult_from:
            yield DIFFICULTY_CUTS.finding(
                file=file,
                line=line_of("ItemDifficulty", cuts.grade),
                column="moderateLowEnd",
                value=cuts.grade,
            )


def _type_findings(kind: AssessmentType, file: str, line: int | None) -> Iterator[Finding]:
    if kind.code == "iab":
        refused = {
            "alt scoring": kind.alternate is not None,
            "claim scoring": kind.claim is not None,
            "having a standardCutoff value": kind.overall.standard_cutoff is not None,
        }
        for what in (what for what, is_there in refused.items() if is_there):
            yield BLOCK_SCORING.finding(file=file, line=line, column="AssessmentType", value=what)
        if kind.overall.level_count != BLOCK_LEVELS:
            yield BLOCK_LEVEL_COUNT.finding(
                file=file,
                line=line,
                column="PerformanceLevels",
                value=str(kind.overall.level_count),
            )
    for scoring in (kind.overall, kind.alternate, kind.claim):
        if scoring is not None:
            yield from _level_findings(scoring, file, line)


def _level_findings(scoring: ScoreDefinition, file: str, line: int | None) -> Iterator[Finding]:
    numbers = [level.number for level in scoring.levels]
    column = "PerformanceLevels"
    if len(numbers) > MOST_SHOWN:
        yield TOO_MANY_LEVELS.finding(file=file, line=line, column=column, value=str(len(numbers)))
    if not numbers or min(numbers) != 1:
        yield LEVELS_START.finding(file=file, line=line, column=column)
    elif sorted(numbers) != list(range(1, len(numbers) + 1)):
        yield LEVELS_GAP.finding(file=file, line=line, column=column)
    cutoff = scoring.standard_cutoff
    if cutoff is not None and cutoff not in numbers:
        yield CUTOFF_UNKNOWN.finding(
            file=file, line=line, column="standardCutoff", value=str(cutoff)
        )


def _report_findings(subject: Subject, file: str, line_of: LineOf) -> Iterator[Finding]:
    for texts in subject.reports:
        line = line_of("ReportGrade", texts.grade)
        kind = next((kind for kind in subject.types if kind.code == texts.type), None)
        if kind is None:
            yield REPORT_TYPE.finding(
                file=file, line=line, column="ReportAssessmentType", value=texts.type
            )
            continue
        if texts.levels:
            yield from _text_findings(texts.levels, kind.overall, file, line)
        yield from _claim_text_findings(subject, kind, texts, file, line)


def _claim_text_findings(
    subject: Subject, kind: AssessmentType, texts: ReportTexts, file: str, line: int | None
) -> Iterator[Finding]:
    scorable = [claim.code for claim in subject.scorable_claims]
    told = [code for code, _ in texts.claims]
    for code, pairs in texts.claims:
        if code not in scorable:
            yield REPORT_UNKNOWN_CLAIM.finding(
                file=file, line=line, column="ReportClaim", value=code
            )
        elif kind.claim is not None:
            yield from _text_findings(pairs, kind.claim, file, line)
    untold = [code for code in scorable if code not in told]
    if told and untold:
        yield REPORT_MISSING_CLAIM.finding(
            file=file, line=line, column="ReportClaim", value=", ".join(untold)
        )


def _text_findings(
    pairs: tuple[tuple[int, str], ...], scoring: ScoreDefinition, file: str, line: int | None
) -> Iterator[Finding]:
    told = [level for level, _ in pairs]
    known = [level.number for level in scoring.levels]
    column = "ReportPerformanceLevel"
    for level in repeated(told):
        yield REPORT_DUPLICATE_LEVEL.finding(file=file, line=line, column=column, value=str(level))
    for level in sorted(set(told) - set(known)):
        yield REPORT_UNKNOWN_LEVEL.finding(file=file, line=line, column=column, value=str(level))
    untold = sorted(set(known) - set(told))
    if untold:
        words = ", ".join(str(level) for level in untold)
        yield REPORT_MISSING_LEVEL.finding(file=file, line=line, column=column, value=words)
