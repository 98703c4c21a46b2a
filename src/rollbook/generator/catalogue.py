"""List every assessment of one school year, with its cut scores and items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from rollbook.assessments.layouts import CAST, ELA, ELPAC, MATH
from rollbook.assessments.types import Subject
from rollbook.generator.blueprints import (
    ELA_BLOCKS,
    MATH_CLAIMS,
    SCIENCE_GRADES,
    TESTED_GRADES,
    Content,
    ela_content,
    math_blocks,
    math_targets,
)
from rollbook.generator.courses import GRADE_CODES
from rollbook.generator.items import Item, make_items

# Scale score = slope * theta + intercept. Source: Smarter Balanced scoring specification.
THETA_SCALES: Final = {"ELA": (85.8, 2508.2), "Math": (79.3, 2514.9)}
_SUBJECTS: Final[dict[str, Subject]] = {
    subject.code: subject for subject in (ELA, MATH, CAST, ELPAC)
}
_LETTERS: Final = {"ELA": "E", "Math": "M"}
_SPOKEN: Final = {"ELA": "ELA", "Math": "Math", "CAST": "Science", "ELPAC": "ELPAC"}


@dataclass(frozen=True, slots=True)
class Assessment:
    """Describe one assessment of one school year.

    Shape: `number` is its place in the year's list; `kind` is SUM, ICA or IAB; `cuts` are the
           lowest scores of levels 2, 3 and 4; items only for interims.
    """

    number: int
    assessment_id: str
    name: str
    label: str
    subject: str
    kind: str
    grade: str
    school_year: int
    cuts: tuple[int, int, int]
    lowest: int
    highest: int
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class _Test:
    """Describe a test that is given every year."""

    stem: str
    label: str
    subject: str
    kind: str
    grade: str
    season: str
    items: tuple[Item, ...] = ()


@cache
def _tests() -> tuple[_Test, ...]:
    return (
        *(_smarter(subject, "SUM", grade) for subject in _LETTERS for grade in TESTED_GRADES),
        *(_plain("CAST", grade) for grade in SCIENCE_GRADES),
        *(_plain("ELPAC", grade) for grade in GRADE_CODES),
        *(_smarter(subject, "ICA", grade) for subject in _LETTERS for grade in TESTED_GRADES),
        *_blocks(),
    )


def _spoken_grade(grade: str) -> str:
    if grade == "KG":
        return "Kindergarten"
    return f"Grade {int(grade)}"


def _plain(subject: str, grade: str) -> _Test:
    label = f"{_spoken_grade(grade)} {_SPOKEN[subject]}"
    stem = "ELPAC-SA" if subject == "ELPAC" else "CAST-SUM"
    return _Test(f"{stem}-GRADE-{grade}", label, subject, "SUM", grade, "Spring")


def _smarter(subject: str, kind: str, grade: str) -> _Test:
    short = f"G{int(grade)}{_LETTERS[subject]}"
    spoken = f"{_spoken_grade(grade)} {subject}"
    if kind == "SUM":
        stem = f"SBAC-SUM-{short}-{subject.upper()}-{int(grade)}"
        return _Test(stem, spoken, subject, kind, grade, "Spring")
    stem = f"SBAC-ICA-FIXED-{short}-COMBINED"
    items = _items(f"ICA {subject} {grade}", subject, grade, _everything(subject, grade))
    label = f"{spoken} - Interim Comprehensive"
    return _Test(stem, label, subject, kind, grade, "Winter", items)


def _everything(subject: str, grade: str) -> tuple[Content, ...]:
    if subject == "ELA":
        pairs = tuple(pair for _, content in ELA_BLOCKS.values() for pair in content[:3])
        return ela_content(pairs, grade)
    targets = math_targets(grade)
    return tuple((MATH_CLAIMS[n % len(MATH_CLAIMS)], code) for n, code in enumerate(targets))


def _blocks() -> Iterator[_Test]:
    for grade in TESTED_GRADES:
        for code, (name, pairs) in ELA_BLOCKS.items():
            yield _block("ELA", grade, code, name, ela_content(pairs, grade))
        for code, (name, content) in math_blocks(grade).items():
            yield _block("Math", grade, code, name, content)


def _block(subject: str, grade: str, code: str, name: str, content: tuple[Content, ...]) -> _Test:
    short = f"G{int(grade)}{_LETTERS[subject]}"
    stem = f"SBAC-IAB-FIXED-{short}-{code}-{subject.upper()}-{int(grade)}"
    items = _items(f"IAB {subject} {grade} {code}", subject, grade, content)
    label = f"{_spoken_grade(grade)} {subject} - {name}"
    return _Test(stem, label, subject, "IAB", grade, "Winter", items)


def _items(test: str, subject: str, grade: str, content: tuple[Content, ...]) -> tuple[Item, ...]:
    slope, intercept = THETA_SCALES[subject]
    middle = (_SUBJECTS[subject].cut_scores[grade][1] - intercept) / slope
    return make_items(test, subject=subject, grade=grade, content=content, middle=middle)


def assessments_of(school_year: int) -> tuple[Assessment, ...]:
    """List the assessments of one school year, summatives first.

    Shape: numbered from 0, in the same order every year.
    """
    return tuple(_assessment(number, test, school_year) for number, test in enumerate(_tests()))


def _assessment(number: int, test: _Test, school_year: int) -> Assessment:
    subject = _SUBJECTS[test.subject]
    first, second, third = subject.cut_scores[test.grade]
    lowest, highest = subject.score_ranges[test.grade]
    client = "(SBAC)" if test.stem.startswith("SBAC") else ""
    return Assessment(
        number=number,
        assessment_id=f"{client}{test.stem}-{test.season}-{school_year - 1}-{school_year}",
        name=f"{test.stem}-{school_year}",
        label=test.label,
        subject=test.subject,
        kind=test.kind,
        grade=test.grade,
        school_year=school_year,
        cuts=(first, second, third),
        lowest=lowest,
        highest=highest,
        items=test.items,
    )
