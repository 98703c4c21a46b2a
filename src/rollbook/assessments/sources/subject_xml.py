"""Read a subject definition.

Source: RDW subject definition format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from rollbook.assessments.checks.catalog import DAMAGED_VALUE, NOT_A_SUBJECT
from rollbook.assessments.checks.subjects import check_subject
from rollbook.assessments.types import (
    TYPE_CODES,
    Alternate,
    AssessmentType,
    Claim,
    DepthOfKnowledge,
    DifficultyCuts,
    Level,
    ReportTexts,
    ScoreDefinition,
    Subject,
    Target,
    Trait,
)
from rollbook.files.xml import read_xml
from rollbook.shared.findings import Finding, Severity
from rollbook.shared.grades import GRADE_CODES

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

Number = TypeVar("Number", int, float)

# The format allows ten characters for a subject's code.
LONGEST_CODE = 10


@dataclass(frozen=True)
class SubjectReading:
    """Hold a subject that was read, None when it is refused, and what was found."""

    subject: Subject | None
    findings: list[Finding]


def read_subject(name: str, content: bytes) -> SubjectReading:
    """Read one subject definition and check it as a whole.

    Shape:  `subject` is None as soon as one finding is an error; the findings are then complete.
    Source: RDW subject definition format.
    """
    document = read_xml(content, name=name)
    findings = document.findings.findings
    root = document.root
    if root is None:
        return SubjectReading(None, findings)
    if root.tag != "Subject":
        findings.append(NOT_A_SUBJECT.finding(file=name, value=str(root.tag)))
        return SubjectReading(None, findings)
    reader = _Reader(name, findings)
    subject = reader.subject(root)
    findings += check_subject(subject, file=name, line_of=_line_finder(root))
    refused = any(one.severity in (Severity.ERROR, Severity.FATAL) for one in findings)
    return SubjectReading(None if refused else subject, findings)


def _line_finder(root: Element) -> Callable[[str, str], int | None]:
    """Return a search for the line of an element by tag and code; the latest of equals wins."""
    tags = ("AssessmentType", "Claim", "AltScore", "Trait", "ReportGrade", "Standard")
    lines: dict[tuple[str, str], int | None] = {
        (str(element.tag), element.get("code", "").strip()): element.sourceline
        for element in root.iter(*tags)
    }
    for element in root.iter("ItemDifficulty"):
        lines["ItemDifficulty", element.get("gradeCode", "")] = element.sourceline
    return lambda tag, code: lines.get((tag, code))


@dataclass
class _Reader:
    """Turn elements into values and note the attributes that cannot be read."""

    file: str
    findings: list[Finding] = field(default_factory=list)

    def subject(self, root: Element) -> Subject:
        return Subject(
            code=self.code(root, longest=LONGEST_CODE),
            name=self.text(root, "name"),
            types=tuple(map(self.type, root.iterfind("AssessmentTypes/AssessmentType"))),
            claims=tuple(map(self.claim, root.iterfind("Claims/Claim"))),
            alternates=tuple(map(self.alternate, root.iterfind("AltScores/AltScore"))),
            traits=tuple(map(self.trait, root.iterfind("Traits/Trait"))),
            depths=tuple(map(self.depth, root.iterfind("DepthsOfKnowledge/DepthOfKnowledge"))),
            difficulties=tuple(map(self.cuts, root.iterfind("ItemDifficulties/ItemDifficulty"))),
            standards=tuple(
                (self.code(element), _child(element, "Description"))
                for element in root.iterfind("Standards/Standard")
            ),
            reports=tuple(
                self.report(grade, kind)
                for grade in root.iterfind("ReportGrades/ReportGrade")
                for kind in grade.iterfind("ReportAssessmentTypes/ReportAssessmentType")
            ),
            messages=MappingProxyType(
                {
                    element.get("key", ""): (element.text or "").strip()
                    for element in root.iterfind("Messages/Message")
                }
            ),
        )

    def type(self, element: Element) -> AssessmentType:
        code = self.code(element)
        if code not in TYPE_CODES:
            self.damaged(element, "code", code, "one of sum, ica and iab")
        overall = self.scoring(element, "OverallScoring")
        return AssessmentType(
            code=code,
            name=self.text(element, "name"),
            long_name=element.get("longName") or element.get("name", ""),
            overall=overall or ScoreDefinition("Overall", ()),
            alternate=self.scoring(element, "AltScoring"),
            claim=self.scoring(element, "ClaimScoring"),
            target_report=self.yes(element, "targetReport", default=False),
            printed_report=self.yes(element, "printedReport", default=True),
            trait_report=self.yes(element, "traitReport", default=False),
        )

    def scoring(self, parent: Element, tag: str) -> ScoreDefinition | None:
        element = parent.find(tag)
        if element is None:
            return None
        levels = element.find("PerformanceLevels")
        cutoff = None if levels is None else self.optional(levels, "standardCutoff", int)
        return ScoreDefinition(
            name=self.text(element, "name"),
            levels=tuple(map(self.level, element.iterfind("PerformanceLevels/PerformanceLevel"))),
            min_score=self.optional(element, "minScore", int),
            max_score=self.optional(element, "maxScore", int),
            standard_cutoff=cutoff,
        )

    def level(self, element: Element) -> Level:
        name = self.text(element, "name")
        return Level(
            number=self.number(element, "level", int),
            name=name,
            short_name=element.get("shortName") or name,
            color=self.text(element, "color"),
            suffix=element.get("suffix", ""),
        )

    def claim(self, element: Element) -> Claim:
        return Claim(
            code=self.code(element),
            name=self.text(element, "name"),
            scorable=self.yes(element, "scorable", default=True),
            organizational=self.yes(element, "organizational", default=True),
            display_order=self.optional(element, "displayOrder", int),
            data_order=self.optional(element, "dataOrder", int),
            icon=_child(element, "Icon"),
            description=_child(element, "Description"),
            targets=tuple(
                Target(self.code(target), self.text(target, "name"), _child(target, "Description"))
                for target in element.iterfind("Targets/Target")
            ),
        )

    def alternate(self, element: Element) -> Alternate:
        return Alternate(
            code=self.code(element),
            name=self.text(element, "name"),
            display_order=self.optional(element, "displayOrder", int),
            data_order=self.optional(element, "dataOrder", int),
            icon=_child(element, "Icon"),
        )

    def trait(self, element: Element) -> Trait:
        return Trait(
            code=self.code(element),
            purpose=self.text(element, "purpose"),
            category=self.text(element, "category"),
            max_score=self.number(element, "maxScore", int),
        )

    def depth(self, element: Element) -> DepthOfKnowledge:
        return DepthOfKnowledge(
            self.number(element, "level", int),
            self.text(element, "name"),
            _child(element, "Reference"),
        )

    def cuts(self, element: Element) -> DifficultyCuts:
        grade = self.text(element, "gradeCode")
        if grade and grade not in GRADE_CODES:
            self.damaged(element, "gradeCode", grade, "a grade Rollbook knows")
        return DifficultyCuts(
            grade,
            self.number(element, "moderateLowEnd", float),
            self.number(element, "difficultLowEnd", float),
        )

    def report(self, grade: Element, kind: Element) -> ReportTexts:
        return ReportTexts(
            grade=self.text(grade, "code"),
            type=self.text(kind, "code"),
            levels=self.texts(kind),
            claims=tuple(
                (self.text(claim, "code"), self.texts(claim))
                for claim in kind.iterfind("ReportClaims/ReportClaim")
            ),
        )

    def texts(self, parent: Element) -> tuple[tuple[int, str], ...]:
        return tuple(
            (self.number(element, "level", int), (element.text or "").strip())
            for element in parent.iterfind("ReportPerformanceLevels/ReportPerformanceLevel")
        )

    def code(self, element: Element, *, longest: int = 20) -> str:
        code = self.text(element, "code")
        if len(code) > longest:
            self.damaged(element, "code", code, f"at most {longest} characters long")
        return code

    def text(self, element: Element, attribute: str) -> str:
        value = element.get(attribute, "").strip()
        if not value:
            self.damaged(element, attribute, value, "filled in")
        return value

    def yes(self, element: Element, attribute: str, *, default: bool) -> bool:
        value = element.get(attribute)
        if value is None:
            return default
        if value.strip() not in ("true", "false", "1", "0"):
            self.damaged(element, attribute, value, "true or false")
        return value.strip() in ("true", "1")

    def number(self, element: Element, attribute: str, kind: type[Number]) -> Number:
        value = self.optional(element, attribute, kind)
        if value is None:
            if not element.get(attribute, "").strip():
                self.damaged(element, attribute, "", "filled in")
            return kind(0)
        return value

    def optional(self, element: Element, attribute: str, kind: type[Number]) -> Number | None:
        value = element.get(attribute, "").strip()
        if not value:
            return None
        try:
            return kind(value)
        except ValueError:
            self.damaged(element, attribute, value, "a number")
            return None

    def damaged(self, element: Element, attribute: str, value: str, wanted: str) -> None:
        self.findings.append(
            DAMAGED_VALUE.finding(
                file=self.file,
                line=element.sourceline,
                column=attribute,
                value=value,
                wanted=wanted,
            )
        )


def _child(element: Element, tag: str) -> str:
    """Return the text of a child element, empty when there is none."""
    return (element.findtext(tag) or "").strip()
