"""Result files as text: one sound student, changed as a test needs."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping

from rollbook.results.layouts import ITEMS_CSV, RESULTS_CSV, SCORES_CSV

RESULT = {
    "SchoolYear": "2026",
    "SchoolIdentifier": "99000010000011",
    "StudentIdentifier": "9000000001",
    "LastOrSurname": "Oak",
    "FirstName": "Robin",
    "Birthdate": "2014-03-05",
    "Sex": "Female",
    "GradeLevelWhenAssessed": "05",
    "AssessmentIdentifier": "SUM-ELA-05",
    "Subject": "ELA",
    "AssessmentSubType": "SUM",
    "AssessmentGrade": "05",
    "OpportunityIdentifier": "1001",
    "DateCompleted": "2026-04-14T10:31:00Z",
    "Status": "scored",
    "StatusDate": "2026-04-15T08:00:00Z",
    "ScaleScore": "2511.4",
    "StandardError": "24.5",
    "PerformanceLevel": "3",
    "HispanicOrLatinoEthnicity": "No",
    "White": "Yes",
    "Section504Status": "No",
    "EnglishLanguageAcquisitionStatus": "EO",
    "LanguageCode": "eng",
}
SCORE = {
    "AssessmentIdentifier": "SUM-ELA-05",
    "OpportunityIdentifier": "1001",
    "ScoreType": "Claim",
    "Code": "SOCK_R",
    "PerformanceLevel": "2",
}
ITEM = {
    "AssessmentIdentifier": "SUM-ELA-05",
    "OpportunityIdentifier": "1001",
    "ItemIdentifier": "200-1",
    "Position": "1",
    "Score": "1",
    "MaxPoints": "2",
    "ScoreStatus": "SCORED",
    "Response": "A",
}

Row = Mapping[str, str]


def csv_text(columns: Iterable[str], rows: Iterable[Row]) -> bytes:
    """Write rows under a header; a column outside the header is added to it."""
    listed = list(rows)
    header = list(columns)
    header += sorted({name for row in listed for name in row} - set(header))
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue().encode()


def results_csv(*changes: Row) -> bytes:
    """Write results.csv with one sound result per set of changes; no set means one result."""
    return csv_text(RESULTS_CSV, [RESULT | dict(one) for one in changes or ({},)])


def scores_csv(*changes: Row) -> bytes:
    """Write scores.csv."""
    return csv_text(SCORES_CSV, [SCORE | dict(one) for one in changes or ({},)])


def items_csv(*changes: Row) -> bytes:
    """Write items.csv."""
    return csv_text(ITEMS_CSV, [ITEM | dict(one) for one in changes or ({},)])


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


TRT = """<?xml version="1.0" encoding="UTF-8"?>
<TDSReport>
 <Test name="(DEMO)ICA-ELA-5" testId="ICA-ELA-5" subject="ELA" grade="5" assessmentType="interim"
       academicYear="2026"/>
 <Examinee isDemo="0" key="1">
{attributes}
  <ExamineeRelationship name="ResponsibleInstitutionIdentifier" value="99000010000011"
                        context="FINAL"/>
 </Examinee>
 <Opportunity oppId="2001" sessionId="Red-1" dateCompleted="2026-01-20T10:31:00.250"
              status="completed" statusDate="2026-01-20T10:31:00.250" {opportunity}>
  <Accommodation code="TDS_ASL1" type="ASL" value="on" segment="0"/>
  <Accommodation code="ENU" type="Language" value="English" segment="0"/>
{scores}
{items}
 </Opportunity>
</TDSReport>
"""
STUDENT = {
    "StudentIdentifier": "9000000001",
    "FirstName": "Robin",
    "LastOrSurname": "Oak",
    "Birthdate": "2014-03-05",
    "Sex": "Female",
    "GradeLevelWhenAssessed": "05",
    "White": "YES",
    "IDEAIndicator": "NO",
    "EconomicDisadvantageStatus": "NO",
}
OVERALL = (
    '<Score measureOf="Overall" measureLabel="ScaleScore" value="2511.4" standardError="24.5"/>'
    '<Score measureOf="Overall" measureLabel="PerformanceLevel" value="3" standardError=""/>'
)


def attribute(name: str, value: str, context: str = "FINAL") -> str:
    """Write one attribute of the student, on its own line."""
    return f'  <ExamineeAttribute name="{name}" value="{value}" context="{context}"/>'


def trt_xml(
    student: Row | None = None,
    *,
    extra: Iterable[str] = (),
    opportunity: str = "",
    scores: str = OVERALL,
    items: str = "",
) -> bytes:
    """Write one document of test results; `extra` lines come before the student's attributes."""
    values = STUDENT | dict(student or {})
    lines = [*extra, *(attribute(name, value) for name, value in values.items())]
    text = TRT.format(
        attributes="\n".join(lines), opportunity=opportunity, scores=scores, items=items
    )
    return text.encode()
