"""Write assessments as a tabulator package: a row per item, or one row where there are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import polars as pl

from rollbook.assessments.layouts import ELPAC
from rollbook.generator.catalogue import Assessment
from rollbook.generator.composites import composite_cuts
from rollbook.generator.items import BANK_KEY, Item

_BANDS: Final = tuple(f"Scaled{end}{level}" for level in range(1, 5) for end in ("Low", "High"))
_ALTERNATE_BANDS: Final = tuple(
    f"Alt{place}{end}{level}"
    for place in (1, 2)
    for level in range(1, 5)
    for end in ("Low", "High")
)
COLUMNS: Final = (
    "AssessmentId",
    "AssessmentName",
    "AssessmentSubject",
    "AssessmentGrade",
    "AssessmentType",
    "AssessmentSubtype",
    "AssessmentLabel",
    "AssessmentVersion",
    "AcademicYear",
    "FullItemKey",
    "BankKey",
    "ItemId",
    "Filename",
    "Version",
    "AnswerKey",
    "NumberOfAnswerOptions",
    "ItemType",
    "Grade",
    "Standard",
    "Claim",
    "Target",
    "ClaimContentTarget",
    "CommonCore",
    "DOK",
    "Language",
    "AllowCalculator",
    "MathematicalPractice",
    "MaxPoints",
    "ScoringEngine",
    "IsFieldTest",
    "IsActive",
    "ItemPosition",
    "MeasurementModel",
    "Weight",
    "ScorePoints",
    "a",
    "b0_b",
    "avg_b",
    "PtWritingType",
    *_BANDS,
    *_ALTERNATE_BANDS,
)
_VERSION: Final = "1"
_STANDARDS: Final = {"ELA": "SBAC-ELA-v1", "Math": "SBAC-MA-v6"}


def package_frame(assessments: Iterable[Assessment]) -> pl.DataFrame:
    """Write assessments as the rows of a package, all text, in the order given."""
    rows = [row for assessment in assessments for row in _rows(assessment)]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def _rows(assessment: Assessment) -> Iterator[dict[str, str]]:
    common = _common(assessment)
    if not assessment.items:
        yield common
    for position, item in enumerate(assessment.items, start=1):
        yield {**common, **_item(item, assessment, position)}


def _common(assessment: Assessment) -> dict[str, str]:
    lowest, highest = assessment.lowest, assessment.highest
    bands = _spelled(_BANDS, lowest, assessment.cuts, highest)
    if assessment.subject == ELPAC.code:
        oral, written = composite_cuts(assessment.grade)
        half = len(_ALTERNATE_BANDS) // 2
        bands |= _spelled(_ALTERNATE_BANDS[:half], lowest, oral, highest)
        bands |= _spelled(_ALTERNATE_BANDS[half:], lowest, written, highest)
    return {
        "AssessmentId": assessment.assessment_id,
        "AssessmentName": assessment.name,
        "AssessmentSubject": assessment.subject,
        "AssessmentGrade": assessment.grade,
        "AssessmentType": "summative" if assessment.kind == "SUM" else "interim",
        "AssessmentSubtype": assessment.kind,
        "AssessmentLabel": assessment.label,
        "AssessmentVersion": _VERSION,
        "AcademicYear": str(assessment.school_year),
        **bands,
    }


def _spelled(
    columns: tuple[str, ...], lowest: int, cuts: tuple[int, ...], highest: int
) -> dict[str, str]:
    lows = (lowest, *cuts)
    highs = (*(cut - 1 for cut in cuts), highest)
    ends = [end for band in zip(lows, highs, strict=True) for end in band]
    return {column: str(end) for column, end in zip(columns, ends, strict=True)}


def _item(item: Item, assessment: Assessment, position: int) -> dict[str, str]:
    content = f"{item.claim}|{item.target}"
    key = item.item_id.removeprefix(f"{BANK_KEY}-")
    is_math = assessment.subject == "Math"
    return {
        "FullItemKey": item.item_id,
        "BankKey": BANK_KEY,
        "ItemId": key,
        "Filename": f"item-{item.item_id}.xml",
        "Version": _VERSION,
        "AnswerKey": item.key,
        "NumberOfAnswerOptions": str(item.options),
        "ItemType": item.kind,
        "Grade": assessment.grade,
        "Standard": f"{_STANDARDS[assessment.subject]}:{content}",
        "Claim": item.claim,
        "Target": item.target,
        "ClaimContentTarget": content,
        "CommonCore": _standard(item, assessment),
        "DOK": str(item.depth),
        "Language": "ENU",
        "AllowCalculator": ("N" if int(assessment.grade) < 6 else "Y") if is_math else "",
        "MathematicalPractice": str(1 + position % 8) if is_math else "",
        "MaxPoints": str(item.points),
        "ScoringEngine": item.engine,
        "IsFieldTest": "FALSE",
        "IsActive": "TRUE",
        "ItemPosition": str(position),
        "MeasurementModel": "IRT3PLn" if item.points == 1 else "IRTGPC",
        "Weight": "1",
        "ScorePoints": str(item.points),
        "a": str(item.slope),
        "b0_b": str(item.difficulty),
        "avg_b": str(item.difficulty),
        "PtWritingType": item.writing,
    }


_STRANDS: Final = {"1-LT": "RL", "1-IT": "RI", "2-W": "W", "3-L": "SL", "4-CR": "W"}


def _standard(item: Item, assessment: Assessment) -> str:
    """Name the Common Core standard that an item is about, as `5.RL.3` or `5.NF.2`."""
    grade = "9-12" if assessment.grade == "11" else str(int(assessment.grade))
    if assessment.subject == "ELA":
        return f"{grade}.{_STRANDS[item.claim]}.{item.target.split('-')[0]}"
    domain, letter = item.target.split("|")
    return f"{grade}.{domain}.{letter[0]}"
