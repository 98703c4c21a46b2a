"""Read an assessment package: one row per item, or one row per assessment without items.

Source: Smarter Balanced tabulator format. Bands come as ScaledLow/ScaledHigh or OverallLow/
OverallHigh per level, and as AltNLow/AltNHigh for alternate score N.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Final

from rollbook.assessments.checks.catalog import (
    CONTRADICTION,
    DUPLICATE_ITEM,
    MISSING_VALUE,
    NOT_A_NUMBER,
    NOT_A_PACKAGE,
    UNKNOWN_GRADE,
    UNKNOWN_SUBJECT,
    UNKNOWN_TYPE,
)
from rollbook.assessments.checks.packages import check_cuts, check_names
from rollbook.assessments.layouts import SHIPPED_SUBJECTS
from rollbook.assessments.types import (
    Assessment,
    AssessmentType,
    Item,
    ScoreDefinition,
    Subject,
    find_subject,
)
from rollbook.files.csv import read_csv
from rollbook.shared.findings import Check, Finding, Severity
from rollbook.shared.grades import GRADE_CODES

IDENTITY: Final = (
    "AssessmentId",
    "AssessmentName",
    "AssessmentSubject",
    "AssessmentGrade",
    "AssessmentSubtype",
    "AcademicYear",
)
# Every row of an assessment repeats these.
REPEATED: Final = (*IDENTITY, "AssessmentLabel", "AssessmentVersion")
ITEM_KEY: Final = "FullItemKey"
_BAND: Final = re.compile(r"(Low|High)\d$")
_TRUE: Final = frozenset(("y", "yes", "true", "1"))

Row = Mapping[str, str]


@dataclass(frozen=True)
class PackageReading:
    """Hold the assessments that were accepted, and what was found.

    Shape: `rejected` are the ids of assessments left out because of an error.
    """

    assessments: list[Assessment]
    findings: list[Finding]
    rejected: list[str]


def read_package(
    name: str, content: bytes, *, subjects: Iterable[Subject] = SHIPPED_SUBJECTS
) -> PackageReading:
    """Read an assessment package; each assessment is accepted or rejected on its own.

    Shape:  assessments in the order of their first row.
    Source: Smarter Balanced tabulator format.
    """
    table = read_csv(content, name=name)
    findings = table.findings.findings
    missing = [column for column in IDENTITY if column not in table.header]
    if missing:
        if not any(finding.severity is Severity.FATAL for finding in findings):
            findings.append(NOT_A_PACKAGE.finding(file=name, line=1, missing=", ".join(missing)))
        return PackageReading([], findings, [])
    rows = [_trimmed(row) for row in table.frame.iter_rows(named=True)]
    order = {identity: place for place, identity in reversed(list(enumerate(_ids(rows))))}
    rows.sort(key=lambda row: order[row["AssessmentId"]])
    known = tuple(subjects)
    read: list[tuple[Assessment, int]] = []
    rejected: list[str] = []
    for identity, group in groupby(rows, key=lambda row: row["AssessmentId"]):
        reader = _Reader(name, identity, known)
        assessment = reader.assessment(list(group))
        findings += reader.findings
        if assessment is None or reader.is_refused:
            rejected.append(identity)
        else:
            read.append((assessment, reader.first_line))
    clashes = check_names(read, file=name)
    refused_lines = {finding.line for finding in clashes}
    accepted = [assessment for assessment, line in read if line not in refused_lines]
    rejected += [assessment.id for assessment, line in read if line in refused_lines]
    return PackageReading(accepted, [*findings, *clashes], rejected)


def _ids(rows: list[dict[str, str]]) -> list[str]:
    return [row["AssessmentId"] for row in rows]


def _trimmed(row: Mapping[str, object]) -> dict[str, str]:
    """Return the row as trimmed text; the sample packages end codes with tabs."""
    return {key: "" if value is None else str(value).strip() for key, value in row.items()}


@dataclass
class _Reader:
    """Read one assessment's rows and note what is wrong with them."""

    file: str
    assessment_id: str
    subjects: tuple[Subject, ...]
    findings: list[Finding] = field(default_factory=list)
    first_line: int = 0

    @property
    def is_refused(self) -> bool:
        refusing = (Severity.ERROR, Severity.FATAL)
        return any(finding.severity in refusing for finding in self.findings)

    def assessment(self, rows: list[Row]) -> Assessment | None:
        first = self.repeated(rows)
        self.first_line = int(first["_line"])
        for column in IDENTITY:
            if not first[column]:
                self.note(MISSING_VALUE, first, column)
        subject, kind = self.subject_and_type(first)
        grade = self.grade(first)
        year = self.whole(first, "AcademicYear")
        if subject is None or kind is None or self.is_refused:
            return None
        scores = self.bands(first, ("Scaled", "Overall"), kind.overall, kind)
        return Assessment(
            id=first["AssessmentId"],
            name=first["AssessmentName"],
            subject=subject.code,
            grade=grade,
            type=kind.code,
            label=first.get("AssessmentLabel") or first["AssessmentName"],
            school_year=year or 0,
            version=first.get("AssessmentVersion", ""),
            min_score=scores[0] if scores else kind.overall.min_score,
            max_score=scores[-1] if scores else kind.overall.max_score,
            cut_scores=scores[1:-1],
            alternate_cut_scores=self.alternate_cuts(first, subject, kind),
            items=self.items(rows),
        )

    def repeated(self, rows: list[Row]) -> Row:
        """Return the first row with what rows repeat filled in; blank cells contradict nothing."""
        bands = [column for column in rows[0] if _BAND.search(column)]
        filled = dict(rows[0])
        for column in (*REPEATED, *bands):
            said = [row for row in rows if row.get(column)]
            filled[column] = said[0][column] if said else ""
            other = next((row for row in said if row[column] != filled[column]), None)
            if other is not None:
                self.note(CONTRADICTION, other, column, before=filled[column])
        return filled

    def subject_and_type(self, row: Row) -> tuple[Subject | None, AssessmentType | None]:
        subject = find_subject(row["AssessmentSubject"], self.subjects)
        if subject is None:
            if row["AssessmentSubject"]:
                self.note(UNKNOWN_SUBJECT, row, "AssessmentSubject")
            return None, None
        kind = subject.find_type(row["AssessmentSubtype"])
        if kind is None and row["AssessmentSubtype"]:
            self.note(UNKNOWN_TYPE, row, "AssessmentSubtype")
        return subject, kind

    def grade(self, row: Row) -> str:
        written = row["AssessmentGrade"]
        grade = written.zfill(2) if written.isdigit() else written.upper()
        if written and grade not in GRADE_CODES:
            self.note(UNKNOWN_GRADE, row, "AssessmentGrade")
        return grade

    def bands(
        self, row: Row, prefixes: tuple[str, ...], scoring: ScoreDefinition, kind: AssessmentType
    ) -> tuple[int, ...]:
        """Return the lowest score, the cut scores and the highest score; empty when not given."""
        prefix = next((one for one in prefixes if row.get(f"{one}Low1")), None)
        if prefix is None:
            return ()
        lows: list[float | None] = []
        highest: float | None = None
        # Blocks are placed by error band around one cut, whatever bands their package repeats.
        for level in range(1, 10):
            if not row.get(f"{prefix}Low{level}"):
                break
            lows.append(self.number(row, f"{prefix}Low{level}"))
            highest = self.number(row, f"{prefix}High{level}") or highest
        if highest is None or None in lows:
            return ()
        scores = tuple(round(score) for score in (*lows, highest) if score is not None)
        if kind.code != "iab":
            self.findings += check_cuts(
                scores,
                scoring,
                file=self.file,
                line=int(row["_line"]),
                assessment=self.assessment_id,
            )
        return scores

    def alternate_cuts(
        self, row: Row, subject: Subject, kind: AssessmentType
    ) -> Mapping[str, tuple[int, ...]]:
        if kind.alternate is None:
            return MappingProxyType({})
        ordered = sorted(
            subject.alternates, key=lambda one: one.data_order or one.display_order or 0
        )
        cuts = {
            alternate.code: self.bands(row, (f"Alt{place}",), kind.alternate, kind)[1:-1]
            for place, alternate in enumerate(ordered, start=1)
        }
        return MappingProxyType({code: scores for code, scores in cuts.items() if scores})

    def items(self, rows: list[Row]) -> tuple[Item, ...]:
        items: dict[str, Item] = {}
        for row in rows:
            key = row.get(ITEM_KEY, "")
            if not key:
                continue
            if key in items:
                self.note(DUPLICATE_ITEM, row, ITEM_KEY)
                continue
            items[key] = self.item(key, row)
        return tuple(items.values())

    def item(self, key: str, row: Row) -> Item:
        calculator = row.get("AllowCalculator", "")
        return Item(
            id=key,
            position=self.whole(row, "ItemPosition"),
            type=row.get("ItemType", ""),
            max_points=self.whole(row, "MaxPoints"),
            claim=row.get("Claim", ""),
            target=row.get("Target", ""),
            depth_of_knowledge=self.whole(row, "DOK"),
            difficulty=self.number(row, "avg_b"),
            standards=tuple(
                standard.strip()
                for standard in row.get("CommonCore", "").split(";")
                if standard.strip()
            ),
            answer_key=row.get("AnswerKey", ""),
            options_count=self.whole(row, "NumberOfAnswerOptions"),
            mathematical_practice=row.get("MathematicalPractice", ""),
            allow_calculator=calculator.lower() in _TRUE if calculator else None,
            performance_task_type=row.get("PtWritingType", ""),
            is_field_test=row.get("IsFieldTest", "").lower() in _TRUE,
            is_active=row.get("IsActive", "true").lower() in _TRUE,
        )

    def whole(self, row: Row, column: str) -> int | None:
        number = self.number(row, column)
        return None if number is None else round(number)

    def number(self, row: Row, column: str) -> float | None:
        """Return the cell as a number; packages write scores as 2.49E+03 too."""
        value = row.get(column, "")
        if not value:
            return None
        if re.fullmatch(r"[+-]?\d*\.?\d+(?:[eE][+-]?\d{1,2})?", value) is None:
            self.note(NOT_A_NUMBER, row, column)
            return None
        return float(value)

    def note(self, check: Check, row: Row, column: str, **words: object) -> None:
        self.findings.append(
            check.finding(
                file=self.file,
                line=int(row["_line"]),
                column=column,
                value=row.get(column, ""),
                assessment=self.assessment_id,
                **words,
            )
        )
