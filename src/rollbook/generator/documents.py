"""Write exams as documents of the Test Results Transmission (TRT) format.

Source: Smarter Balanced Test Results Transmission format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import polars as pl

from rollbook.generator.items import BANK_KEY
from rollbook.generator.result_files import DistrictYear, whole_slices
from rollbook.results.layouts import STUDENT_DATE_COLUMNS

Row = Mapping[str, Any]

_STUDENT: Final = (
    "Birthdate",
    "FirstName",
    "Sex",
    "GradeLevelWhenAssessed",
    "LastOrSurname",
    "StudentIdentifier",
    "HispanicOrLatinoEthnicity",
    "AmericanIndianOrAlaskaNative",
    "Asian",
    "BlackOrAfricanAmerican",
    "White",
    "NativeHawaiianOrOtherPacificIslander",
    "DemographicRaceTwoOrMoreRaces",
    "Filipino",
    "IDEAIndicator",
    "LEPStatus",
    "EnglishLanguageAcquisitionStatus",
    "Section504Status",
    "EconomicDisadvantageStatus",
    "MigrantStatus",
    "MilitaryConnectedStudentIndicator",
    "LanguageCode",
)
_SUMMATIVE: Final = "SUM"


def write_documents(held: DistrictYear) -> Iterator[tuple[str, bytes]]:
    """Write each exam as one document: a file name and its bytes, in the exams' order."""
    for made in whole_slices(held):
        scores = _by_opportunity(made.scores)
        items = _by_opportunity(made.items)
        extras = made.exams.select("theta", "is_scored").iter_rows(named=True)
        for row, extra in zip(made.results.iter_rows(named=True), extras, strict=True):
            key = row["OpportunityIdentifier"]
            report = _report(held, row, extra, scores.get(key, []), items.get(key, []))
            ElementTree.indent(report)
            yield f"{key}.xml", ElementTree.tostring(report, "UTF-8", xml_declaration=True)


def _by_opportunity(frame: pl.DataFrame) -> dict[str, list[Row]]:
    parts = frame.partition_by("OpportunityIdentifier", as_dict=True, maintain_order=True)
    return {str(key): list[Row](part.rows(named=True)) for (key,), part in parts.items()}


def _report(
    held: DistrictYear, row: Row, extra: Row, scores: list[Row], items: list[Row]
) -> Element:
    report = Element("TDSReport")
    _add(
        report,
        "Test",
        name=row["AssessmentIdentifier"],
        subject=row["Subject"],
        testId=row["AssessmentName"],
        bankKey=BANK_KEY,
        contract="SBAC",
        mode="online",
        grade=_plain_grade(row["AssessmentGrade"]),
        handScoreProject="0",
        assessmentType="summative" if row["AssessmentSubType"] == _SUMMATIVE else "interim",
        academicYear=row["SchoolYear"],
        assessmentVersion="1",
    )
    _examinee(report, held, row)
    _opportunity(report, row, extra, scores, items)
    return report


def _plain_grade(grade: str) -> str:
    return str(int(grade)) if grade.isdigit() else grade


def _add(parent: Element, tag: str, **attributes: object) -> Element:
    given = {name: "" if value is None else str(value) for name, value in attributes.items()}
    return SubElement(parent, tag, given)


def _examinee(report: Element, held: DistrictYear, row: Row) -> None:
    examinee = _add(report, "Examinee", key=int(row["StudentIdentifier"]) % 10**8, isDemo="0")
    school = next(one for one in held.district.schools if one.identifier == row["SchoolIdentifier"])
    related = {
        "ResponsibleDistrictIdentifier": held.district.identifier,
        "OrganizationName": held.district.name,
        "ResponsibleInstitutionIdentifier": school.identifier,
        "NameOfInstitution": school.name,
        "StateName": "CALIFORNIA",
        "StateAbbreviation": "CA",
    }
    for context in ("INITIAL", "FINAL"):
        said = {"context": context, "contextDate": row["DateCompleted"]}
        for name in (*_STUDENT, *STUDENT_DATE_COLUMNS):
            _add(examinee, "ExamineeAttribute", name=name, value=row.get(name), **said)
        for name, value in related.items():
            _add(examinee, "ExamineeRelationship", name=name, value=value, **said)


def _opportunity(
    report: Element, row: Row, extra: Row, scores: list[Row], items: list[Row]
) -> None:
    opportunity = _add(
        report,
        "Opportunity",
        server="tds",
        database="session",
        clientName="SBAC",
        key=f"00000000-0000-4000-8000-{row['OpportunityIdentifier']}",
        oppId=row["OpportunityIdentifier"],
        startDate=row["DateCompleted"],
        status="completed",
        validity="invalid" if row["AdministrationCondition"] == "IN" else "valid",
        completeness=row["Completeness"],
        opportunity="1",
        statusDate=row["StatusDate"],
        dateCompleted=row["DateCompleted"],
        pauseCount="0",
        itemCount=len(items),
        ftCount="0",
        abnormalStarts="0",
        gracePeriodRestarts="0",
        sessionId=row["SessionIdentifier"],
        windowId="ANNUAL",
        completeStatus=row["Completeness"],
        administrationCondition=row["AdministrationCondition"],
        effectiveDate=row["DateCompleted"][:10],
        reportingVersion="0",
    )
    segment = row["AssessmentIdentifier"]
    _add(
        opportunity,
        "Segment",
        id=segment,
        position=1,
        formId=row["AssessmentName"],
        algorithm="fixedform",
    )
    for code in filter(None, ["ENU", *(row["AssignedAccommodationList"] or "").split("|")]):
        kind = "Language" if code == "ENU" else "Other"
        _add(opportunity, "Accommodation", type=kind, value=code, code=code, segment=0)
    _overall(opportunity, row, extra)
    for score in scores:
        _score(opportunity, score)
    for item in items:
        _item(opportunity, item, row)


def _measure(
    opportunity: Element, of: str, label: str, value: object, error: object = "", **more: str
) -> None:
    _add(
        opportunity,
        "Score",
        measureOf=of,
        measureLabel=label,
        value="NS" if value is None else value,
        standardError=error,
        **more,
    )


def _overall(opportunity: Element, row: Row, extra: Row) -> None:
    scored = extra["is_scored"]
    _measure(opportunity, "Overall", "Attempted", "Y")
    _measure(opportunity, "Overall", "ThetaScore", round(extra["theta"], 6) if scored else None)
    _measure(opportunity, "Overall", "ScaleScore", row["ScaleScore"], row["StandardError"])
    _measure(opportunity, "Overall", "PerformanceLevel", row["PerformanceLevel"])


def _score(opportunity: Element, score: Row) -> None:
    code = score["Code"]
    if score["ScoreType"] == "Trait":
        condition = score["ConditionCode"]
        more = {"conditionCode": condition} if condition else {}
        _measure(opportunity, code, "RawScore", score["RawScore"], **more)
    elif score["ScoreType"] == "Target":
        for label in ("StudentRelativeResidualScore", "StandardMetRelativeResidualScore"):
            _measure(opportunity, code, label, score[label])
    else:
        if score["ScaleScore"] is not None:
            error = score["StandardError"]
            _measure(opportunity, code, "ScaleScore", score["ScaleScore"], error)
        _measure(opportunity, code, "PerformanceLevel", score["PerformanceLevel"])


def _item(opportunity: Element, item: Row, row: Row) -> None:
    scored = item["ScoreStatus"] == "SCORED"
    element = _add(
        opportunity,
        "Item",
        position=item["Position"],
        segmentId=row["AssessmentIdentifier"],
        bankKey=BANK_KEY,
        key=item["ItemIdentifier"].removeprefix(f"{BANK_KEY}-"),
        operational="1",
        isSelected="1" if item["Response"] else "0",
        format=item["ItemKind"],
        score=item["Score"],
        scoreStatus=item["ScoreStatus"],
        adminDate=row["DateCompleted"],
        numberVisits="1",
        responseDuration="30",
        mimeType="text/plain",
        clientId="",
        strand=item["Claim"],
        contentLevel=f"{item['Claim']}|{item['Target']}",
        pageNumber=item["Position"],
        pageVisits="1",
        pageTime="30000",
        dropped="0",
    )
    if item["Response"]:
        response = _add(element, "Response", date=row["DateCompleted"], type="value")
        response.text = item["Response"]
    said = "Scored" if scored else "NotScored"
    whole = _scored_as(element, "Overall", item["Score"], item["MaxPoints"], said)
    if item["ItemKind"] == "WER" and scored:
        _traits(whole, item["Score"])


def _scored_as(
    parent: Element, dimension: str, points: object, most: object, status: str
) -> Element:
    return _add(
        parent,
        "ScoreInfo",
        scorePoint=points,
        maxScore=most,
        scoreDimension=dimension,
        scoreStatus=status,
    )


def _traits(whole: Element, score: int) -> None:
    """Split a full write's points: conventions, and the mean of the other two traits."""
    conventions = min(2, score // 2)
    rest = score - conventions
    parts = _add(whole, "SubScoreList")
    _scored_as(parts, "Organization/Purpose", rest, 4, "Scored")
    _scored_as(parts, "Evidence/Elaboration", rest, 4, "Scored")
    _scored_as(parts, "Conventions", conventions, 2, "Scored")
