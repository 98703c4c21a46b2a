from __future__ import annotations

import pytest

from rollbook.results.layouts import RAW_RESULT_COLUMNS
from rollbook.results.sources.trt_xml import (
    looks_like_xml,
    read_documents,
    read_results_xml,
)
from rollbook.results.types import RAW_ITEMS, RAW_RESULTS, RAW_SUBSCORES, IncomingResults
from tests.factories.result_files import attribute, trt_xml


def read(document: bytes) -> IncomingResults:
    return read_results_xml("one.xml", document)


def result_of(document: bytes) -> dict[str, object]:
    return read(document).results.to_dicts()[0]


def filled(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in RAW_RESULT_COLUMNS if row[name]}


def test_a_document_becomes_one_raw_result() -> None:
    assert filled(result_of(trt_xml())) == {
        "SchoolYear": "2026",
        "SchoolIdentifier": "99000010000011",
        "StudentIdentifier": "9000000001",
        "LastOrSurname": "Oak",
        "FirstName": "Robin",
        "Birthdate": "2014-03-05",
        "Sex": "Female",
        "GradeLevelWhenAssessed": "05",
        "AssessmentIdentifier": "(DEMO)ICA-ELA-5",
        "AssessmentName": "ICA-ELA-5",
        "Subject": "ELA",
        "AssessmentSubType": "interim",
        "AssessmentGrade": "5",
        "OpportunityIdentifier": "2001",
        "SessionIdentifier": "Red-1",
        "DateCompleted": "2026-01-20T10:31:00.250",
        "Status": "completed",
        "StatusDate": "2026-01-20T10:31:00.250",
        "ScaleScore": "2511.4",
        "StandardError": "24.5",
        "PerformanceLevel": "3",
        "White": "YES",
        "IDEAIndicator": "NO",
        "EconomicDisadvantageStatus": "NO",
        "AssignedAccommodationList": "TDS_ASL1|ENU",
        "IsDemo": "0",
    }


def test_schemas_are_the_raw_layouts() -> None:
    incoming = read(trt_xml())
    assert incoming.results.schema == RAW_RESULTS
    assert incoming.subscores.schema == RAW_SUBSCORES
    assert incoming.items.schema == RAW_ITEMS


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([("Male", "INITIAL"), ("Female", "FINAL")], "Female"),
        ([("Female", "FINAL"), ("Male", "INITIAL")], "Female"),
        ([("Male", "INITIAL")], "Male"),
        ([("Male", "INITIAL"), ("", "FINAL")], ""),
    ],
)
def test_what_was_true_at_the_end_counts(lines: list[tuple[str, str]], kept: str) -> None:
    document = trt_xml(extra=[attribute("Sex", *line) for line in lines]).decode()
    own = attribute("Sex", "Female") + "\n"
    at = document.rindex(own)
    without = document[:at] + document[at + len(own) :]
    assert result_of(without.encode())["Sex"] == kept


@pytest.mark.parametrize(
    ("alias", "column"),
    [
        ("SSID", "StudentIdentifier"),
        ("Grade", "GradeLevelWhenAssessed"),
        ("EnglishLearnerIdentificationDate", "LimitedEnglishProficiencyEntryDate"),
        ("ReclassifiedFluentEnglishProficientDate", "LEPExitDate"),
    ],
)
def test_other_names_of_an_attribute(alias: str, column: str) -> None:
    document = trt_xml().decode().replace(f'name="{column}"', f'name="{alias}"')
    if alias not in document:
        document = trt_xml(extra=[attribute(alias, "2020-01-02")]).decode()
    value = result_of(document.encode())[column]
    assert value == {"SSID": "9000000001", "Grade": "05"}.get(alias, "2020-01-02")


def test_a_school_may_be_named_school_id() -> None:
    document = trt_xml().replace(b"ResponsibleInstitutionIdentifier", b"SchoolId")
    assert result_of(document)["SchoolIdentifier"] == "99000010000011"


SCORES = """
  <Score measureOf="SOCK_R" measureLabel="ThetaScore" value="0.2" standardError="0.4"/>
  <Score measureOf="SOCK_R" measureLabel="ScaleScore" value="2490" standardError="31"/>
  <Score measureOf="SOCK_R" measureLabel="PerformanceLevel" value="2" standardError=""/>
  <Score measureOf="1-IT" measureLabel="ThetaScore" value="0.2" standardError="0.4"/>
  <Score measureOf="1-IT|7-5" measureLabel="Benchmark" value="0.25" standardError=""/>
  <Score measureOf="1-IT|7-5" measureLabel="ProficiencyDelta" value="-0.5" standardError=""/>
  <Score measureOf="SOCK_ARGU_ORG" measureLabel="RawScore" value="3" standardError=""
         conditionCode="B"/>
  <Score measureOf="2-W" measureLabel="RawScore" value="8" standardError="0"/>
  <Score measureOf="Print Size|TDS_PS_L0" measureLabel="Accommodation" value="3"/>
"""


def test_scores_become_claims_targets_and_traits() -> None:
    rows = read(trt_xml(scores=SCORES)).subscores
    assert [
        tuple(value for value in row if value)
        for row in rows.drop("_document", "_file", "_line").rows()
    ] == [
        ("(DEMO)ICA-ELA-5", "2001", "ClaimOrAlternate", "SOCK_R", "2490", "31", "2"),
        ("(DEMO)ICA-ELA-5", "2001", "Target", "1-IT|7-5", "0.25", "-0.5"),
        ("(DEMO)ICA-ELA-5", "2001", "Trait", "SOCK_ARGU_ORG", "3", "B"),
    ]


ITEMS = """
  <Item key="11" bankKey="200" position="1" score="1" scoreStatus="SCORED" format="MC">
   <Response date="2026-01-20T10:30:00" type="value"> A </Response>
   <ScoreInfo scorePoint="1" maxScore="2" scoreDimension="overall"/>
  </Item>
  <!-- a remark -->
  <Item key="12" bankKey="200" position="2" score="-1"/>
"""


def test_items_keep_their_score_and_response() -> None:
    rows = read(trt_xml(items=ITEMS)).items.drop("_document", "_file", "_line").rows()
    assert rows == [
        ("(DEMO)ICA-ELA-5", "2001", "200-11", "1", "1", "2", "SCORED", "A"),
        ("(DEMO)ICA-ELA-5", "2001", "200-12", "2", "-1", "", "", ""),
    ]


def test_a_missing_status_means_scored() -> None:
    document = trt_xml().replace(b' status="completed"', b"").replace(b'status="completed"', b"")
    assert result_of(document)["Status"] == "scored"


def test_a_damaged_document_spoils_only_itself() -> None:
    sound = trt_xml()
    damaged = [("a.xml", sound), ("b.xml", sound[:-40]), ("c.xml", sound)]
    incoming = read_documents(damaged)
    assert incoming.results.get_column("_file").to_list() == ["a.xml", "c.xml"]
    assert [finding.file for finding in incoming.findings] == ["b.xml"]
    assert incoming.file_count == 3


def test_a_document_that_declares_an_entity_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "boom">]>' + trt_xml().split(b"?>", 1)[1]
    incoming = read(bomb)
    assert incoming.results.height == 0
    assert incoming.findings.is_fatal


@pytest.mark.parametrize(
    ("start", "is_xml"),
    [
        (b"<TDSReport/>", True),
        (b"\xef\xbb\xbf \n<?xml?>", True),
        ("\ufeff<a/>".encode("utf-16-le"), True),
        (b"SchoolYear,School", False),
        (b"", False),
    ],
)
def test_xml_is_told_by_its_first_bytes(start: bytes, is_xml: bool) -> None:
    assert looks_like_xml(start) is is_xml
