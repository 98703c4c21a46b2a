"""Read test results in the Test Results Transmission (TRT) XML format, as raw text.

Source: Smarter Balanced Test Results Transmission format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from rollbook.files.limits import DEFAULT, MIB
from rollbook.files.xml import read_xml
from rollbook.results.checks.catalog import ELEMENT_MISSING, NOT_RESULTS
from rollbook.results.layouts import RAW_RESULT_COLUMNS
from rollbook.results.types import RAW_ITEMS, RAW_RESULTS, RAW_SUBSCORES, IncomingResults
from rollbook.shared.findings import FindingReport

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

REPORT_TAG: Final = "TDSReport"

# An essay or a drawing may be long; the parser itself stops at 10 million bytes.
LIMITS: Final = replace(DEFAULT, max_xml_text_bytes=8 * MIB)

# Other names under which senders write an attribute.
ALIASES: Final[dict[str, str]] = {
    "SSID": "StudentIdentifier",
    "Grade": "GradeLevelWhenAssessed",
    "SchoolId": "SchoolIdentifier",
    "ResponsibleInstitutionIdentifier": "SchoolIdentifier",
    "EnglishLearnerIdentificationDate": "LimitedEnglishProficiencyEntryDate",
    "ReclassifiedFluentEnglishProficientDate": "LEPExitDate",
}
TEST_ATTRIBUTES: Final[dict[str, str]] = {
    "SchoolYear": "academicYear",
    "AssessmentIdentifier": "name",
    "AssessmentName": "testId",
    "Subject": "subject",
    "AssessmentSubType": "assessmentType",
    "AssessmentGrade": "grade",
}
OPPORTUNITY_ATTRIBUTES: Final[dict[str, str]] = {
    "OpportunityIdentifier": "oppId",
    "SessionIdentifier": "sessionId",
    "DateCompleted": "dateCompleted",
    "Status": "status",
    "StatusDate": "statusDate",
    "Completeness": "completeness",
    "AdministrationCondition": "administrationCondition",
}
_TEST: Final = tuple(TEST_ATTRIBUTES.items())
_OPPORTUNITY: Final = tuple(OPPORTUNITY_ATTRIBUTES.items())

# The labels under which a score's values come; two have an older name.
SCORE_COLUMNS: Final[dict[str, str]] = {
    "ScaleScore": "ScaleScore",
    "PerformanceLevel": "PerformanceLevel",
    "RawScore": "RawScore",
    "StudentRelativeResidualScore": "StudentRelativeResidualScore",
    "Benchmark": "StudentRelativeResidualScore",
    "StandardMetRelativeResidualScore": "StandardMetRelativeResidualScore",
    "ProficiencyDelta": "StandardMetRelativeResidualScore",
}
OVERALL: Final = "Overall"
TRAIT_CODE: Final = re.compile(r"SOCK_[A-Z]+_[A-Z]+")

# Which of the two a reported code is, the subject says: the checks decide.
CLAIM_OR_ALTERNATE: Final = "ClaimOrAlternate"

# A few thousand documents are held as Python rows before they become columns.
DOCUMENTS_AT_ONCE: Final = 4000

Place = tuple[str, int | None]
Scores = dict[str, dict[str, str]]


def read_results_xml(name: str, content: bytes) -> IncomingResults:
    """Read one document of test results.

    Shape:  one result with its sub-scores and items; none when the document is damaged.
    Source: Test Results Transmission format.
    """
    return read_documents([(name, content)])


def read_documents(documents: Iterable[tuple[str, bytes]]) -> IncomingResults:
    """Read many documents of test results; a damaged one spoils only itself."""
    remaining = iter(documents)
    parts: list[IncomingResults] = []
    while batch := list(islice(remaining, DOCUMENTS_AT_ONCE)):
        rows = _Rows()
        for name, content in batch:
            rows.add_document(name, content)
        parts.append(rows.as_incoming(file_count=len(batch)))
    return IncomingResults.combined(parts)


@dataclass
class _Rows:
    """Collect the rows of a batch of documents."""

    results: list[tuple[Any, ...]] = field(default_factory=list)
    subscores: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)
    findings: FindingReport = field(default_factory=FindingReport)

    def as_incoming(self, *, file_count: int) -> IncomingResults:
        return IncomingResults(
            results=_frame(self.results, RAW_RESULTS),
            subscores=_frame(self.subscores, RAW_SUBSCORES),
            items=_frame(self.items, RAW_ITEMS),
            findings=self.findings,
            file_count=file_count,
        )

    def add_document(self, name: str, content: bytes) -> None:
        document = read_xml(content, name=name, limits=LIMITS)
        self.findings.merge(document.findings)
        root = document.root
        if root is None:
            return
        _drop_namespaces(root)
        if root.tag == REPORT_TAG:
            self.add_report(name, name, root)
            return
        reports = root.findall(REPORT_TAG)
        if not reports:
            self.findings.add(
                NOT_RESULTS.finding(file=name, line=root.sourceline, value=str(root.tag))
            )
        for place, report in enumerate(reports):
            self.add_report(name, f"{name}#{place}", report)

    def add_report(self, name: str, document: str, report: Element) -> None:
        test, examinee, opportunity = (
            report.find("Test"),
            report.find("Examinee"),
            report.find("Opportunity"),
        )
        if test is None or examinee is None or opportunity is None:
            parts = {"Test": test, "Examinee": examinee, "Opportunity": opportunity}
            self.findings.extend(
                ELEMENT_MISSING.finding(file=name, line=report.sourceline, column=tag)
                for tag, element in parts.items()
                if element is None
            )
            return
        values = _student(examinee)
        _take(values, test, _TEST)
        _take(values, opportunity, _OPPORTUNITY)
        values.setdefault("Status", ("scored", opportunity.sourceline))  # the format's default
        key = (values["AssessmentIdentifier"][0], values["OpportunityIdentifier"][0])
        places = (document, name)
        scores = self.add_children(places, key, values, opportunity)
        self.add_scores(places, key, opportunity.sourceline, scores)
        self.add_result(places, values, examinee.sourceline, opportunity.sourceline)

    def add_result(
        self,
        places: tuple[str, str],
        values: dict[str, Place],
        examinee_line: int | None,
        opportunity_line: int | None,
    ) -> None:
        absent: Place = ("", examinee_line)
        cells = [values.get(column, absent) for column in RAW_RESULT_COLUMNS]
        self.results.append(
            (
                *[value.strip() for value, _ in cells],
                *places,
                opportunity_line,
                [line for _, line in cells],
            )
        )

    def add_children(
        self,
        places: tuple[str, str],
        key: tuple[str, str],
        values: dict[str, Place],
        opportunity: Element,
    ) -> Scores:
        """Add the items, note overall scores and accommodations, return the other scores."""
        scores: Scores = {}
        codes: dict[str, None] = {}
        for element in opportunity:
            tag = element.tag
            if tag == "Item":
                self.items.append((*key, *_item(element), *places, element.sourceline))
            elif tag == "Score":
                _score(element, values, scores)
            elif tag == "Accommodation":
                codes[element.get("code", "").strip()] = None
        if codes:
            joined = "|".join(code for code in codes if code)
            values["AssignedAccommodationList"] = (joined, opportunity.sourceline)
        return scores

    def add_scores(
        self, places: tuple[str, str], key: tuple[str, str], line: int | None, scores: Scores
    ) -> None:
        for code, score in scores.items():
            kind = _score_type(code, score)
            if kind is None:
                continue
            self.subscores.append(
                (
                    *key,
                    kind,
                    code,
                    score.get("ScaleScore", ""),
                    score.get("StandardError", ""),
                    score.get("PerformanceLevel", ""),
                    score.get("RawScore", ""),
                    score.get("ConditionCode", ""),
                    score.get("StudentRelativeResidualScore", ""),
                    score.get("StandardMetRelativeResidualScore", ""),
                    *places,
                    int(score.get("_line", line or 0)),
                )
            )


def _drop_namespaces(root: Element) -> None:
    """Call elements by their local names: the format has no namespace, some senders give it one."""
    if root.tag[0] != "{" and not (len(root) and root[0].tag[0] == "{"):
        return
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]


def _frame(rows: list[tuple[Any, ...]], schema: pl.Schema) -> pl.DataFrame:
    """Turn rows into a frame, by column: many times faster than by row."""
    if not rows:
        return pl.DataFrame(schema=schema)
    columns = zip(*rows, strict=True)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=kind)
            for (name, kind), values in zip(schema.items(), columns, strict=True)
        ]
    )


def _take(
    values: dict[str, Place], element: Element, attributes: tuple[tuple[str, str], ...]
) -> None:
    line = element.sourceline
    for column, attribute in attributes:
        value = element.get(attribute)
        if value is not None or column != "Status":
            values[column] = (value or "", line)


def _student(examinee: Element) -> dict[str, Place]:
    """Return what is said of the student; what was true at the end counts before the start."""
    values: dict[str, Place] = {"IsDemo": (examinee.get("isDemo", ""), examinee.sourceline)}
    for element in examinee:
        given = element.get("name")
        if given is None:
            continue
        name = ALIASES.get(given, given)
        if name not in values or element.get("context", "").upper() == "FINAL":
            values[name] = (element.get("value", ""), element.sourceline)
    return values


def _score(element: Element, values: dict[str, Place], scores: Scores) -> None:
    column = SCORE_COLUMNS.get(element.get("measureLabel", ""))
    if column is None:
        return
    code = element.get("measureOf", "").strip()
    value = element.get("value", "").strip()
    if code == OVERALL:
        if column in ("ScaleScore", "PerformanceLevel"):
            values[column] = (value, element.sourceline)
        if column == "ScaleScore":
            values["StandardError"] = (element.get("standardError", ""), element.sourceline)
        return
    score = scores.get(code)
    if score is None:
        score = scores[code] = {"_line": str(element.sourceline)}
    score[column] = value
    if column == "ScaleScore":
        score["StandardError"] = element.get("standardError", "").strip()
    condition = element.get("conditionCode")
    if condition:
        score["ConditionCode"] = condition.strip()


def _score_type(code: str, score: dict[str, str]) -> str | None:
    """Tell what kind of score this is, None when it is not one that is reported."""
    if "StudentRelativeResidualScore" in score or "StandardMetRelativeResidualScore" in score:
        return "Target"
    if "ScaleScore" in score or "PerformanceLevel" in score:
        return CLAIM_OR_ALTERNATE
    return "Trait" if TRAIT_CODE.fullmatch(code) else None


def _item(element: Element) -> tuple[str, str, str, str, str, str]:
    """Return the id, position, score, most points, score status and response of an item."""
    most, response = "", ""
    for child in element:
        if child.tag == "Response":
            response = "".join(child.itertext()).strip()
        elif child.tag == "ScoreInfo":
            most = child.get("maxScore", "")
    bank, key = element.get("bankKey", ""), element.get("key", "")
    return (
        f"{bank}-{key}" if bank and key else "",
        element.get("position", ""),
        element.get("score", ""),
        most,
        element.get("scoreStatus", ""),
        response,
    )


def looks_like_xml(content: bytes) -> bool:
    """Tell whether bytes start like an XML document, in any Unicode encoding."""
    start = content[:64].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith(b"<")
