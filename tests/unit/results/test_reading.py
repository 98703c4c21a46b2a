from __future__ import annotations

import json
from pathlib import Path

import pytest

from rollbook.results.checks.run import check_results
from rollbook.results.checks.verdicts import documented_errors
from rollbook.results.sources.reading import check_files, read_sources
from rollbook.results.sources.results_csv import read_results_csv
from rollbook.shared.findings import Verdict
from tests.factories.result_files import (
    items_csv,
    results_csv,
    scores_csv,
    trt_xml,
    zipped,
)

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples" / "rdw"


def test_the_order_and_case_of_columns_do_not_matter() -> None:
    header, row = results_csv().decode().splitlines()
    names, cells = header.split(","), row.split(",")
    turned = ",".join(reversed(names)).upper() + "\n" + ",".join(reversed(cells)) + "\n"
    usual = read_results_csv("results.csv", results_csv())
    assert read_results_csv("results.csv", turned.encode()).results.equals(usual.results)


def test_a_blank_cell_is_empty_text_and_an_absent_column_is_null() -> None:
    incoming = read_results_csv("results.csv", results_csv({"Sex": ""}))
    row = incoming.results.to_dicts()[0]
    assert (row["Sex"], row["IsDemo"], row["_line"], row["_lines"]) == ("", None, 2, None)


def test_a_zip_of_tables_keeps_scores_and_items_with_their_result(tmp_path: Path) -> None:
    files = {"in/results.csv": results_csv(), "in/scores.csv": scores_csv()}
    path = tmp_path / "night.zip"
    path.write_bytes(zipped(files | {"in/items.csv": items_csv(), "__MACOSX/x": b"litter"}))
    result = check_files([path])
    assert result.report.findings == []
    assert result.counts == {
        "files": 3,
        "results": 1,
        "accepted": 1,
        "rejected": 0,
        "superseded": 0,
        "resets": 0,
        "subscores": 1,
        "items": 1,
    }


def test_a_folder_of_tables_is_read_like_the_zip(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_bytes(results_csv())
    (tmp_path / "scores.csv").write_bytes(scores_csv())
    assert check_files([tmp_path]).counts["subscores"] == 1


def test_a_zip_of_documents_and_a_damaged_one(tmp_path: Path) -> None:
    second = trt_xml().replace(b'oppId="2001"', b'oppId="2002"')
    files = {"a.xml": trt_xml(), "b.xml": b"<TDSReport>", "c.xml": second}
    path = tmp_path / "night.zip"
    path.write_bytes(zipped(files))
    result = check_files([path])
    assert result.results.get_column("opportunity_id").to_list() == ["2001", "2002"]
    assert [(one.file, one.severity.value) for one in result.report] == [("b.xml", "error")]
    assert not result.report.is_fatal


@pytest.mark.parametrize(
    "damaged",
    [
        ("b.zip", b"PK\x03\x04 cut short"),
        ("b.csv", b"a,b\n1,2\n"),
        ("b.bin", b"\x00\x01" * 99),
        ("b.xml", b"<TDSReport>"),
        ("b.zip", zipped({"results.csv": results_csv(), "scores.csv": b"a\n1\n"})),
    ],
    ids=["zip", "table", "bytes", "document", "half a zip"],
)
def test_a_damaged_file_among_others_is_left_out_whole(damaged: tuple[str, bytes]) -> None:
    result = check_results(read_sources([damaged, ("a.xml", trt_xml())]))
    assert result.results.get_column("opportunity_id").to_list() == ["2001"]
    assert result.report.verdict is Verdict.ERROR
    assert not result.report.is_fatal
    assert check_results(read_sources([damaged])).report.is_fatal


def test_one_damaged_document_alone_is_fatal() -> None:
    assert read_sources([("b.xml", b"<TDSReport>")]).findings.is_fatal


def test_bytes_of_no_kind_are_refused() -> None:
    incoming = read_sources([("photo.jpg", b"\xff\xd8\x00\x01" * 50)])
    assert [finding.code for finding in incoming.findings] == ["RES-101"]


def test_two_zips_name_their_members_apart() -> None:
    packages = [(f"{name}.zip", zipped({"a.xml": trt_xml()})) for name in ("x", "y")]
    files = read_sources(packages).results.get_column("_file").to_list()
    assert files == ["x.zip/a.xml", "y.zip/a.xml"]


def test_the_verdict_prints_as_json() -> None:
    result = check_results(read_sources([("one.xml", trt_xml({"Sex": "M"}))]))
    told = json.loads(json.dumps(result.report.as_json(result.counts)))
    assert told["verdict"] == "error"
    assert told["counts"]["rejected"] == 1
    assert [
        (one["code"], one["file"], one["column"], one["value"]) for one in told["findings"]
    ] == [("RES-203", "one.xml", "Sex", "M")]


def test_errors_print_as_the_import_api_documents_them(tmp_path: Path) -> None:
    path = tmp_path / "one.xml"
    path.write_bytes(trt_xml({"Sex": "M", "GradeLevelWhenAssessed": "SIXTHGRADE"}))
    told = documented_errors(check_files([path]).report)
    assert sorted(told, key=lambda one: one["elementName"]) == [
        {
            "elementName": "GradeLevelWhenAssessed",
            "value": "SIXTHGRADE",
            "error": "unknown grade code [SIXTHGRADE]",
        },
        {"elementName": "Sex", "value": "M", "error": "unknown gender name [M]"},
    ]


EXPECTED = {
    "Custom_Subject_ICA.xml": Verdict.WARNING,
    "SBAC-IAB-FIXED-G6E-ReadLit-ELA-6.xml": Verdict.OK,
    "TDSReport.iab.basic.errors.xml": Verdict.ERROR,
    "TDSReport.iab.sample.xml": Verdict.OK,
    "TDSReport.ica.sample.xml": Verdict.OK,
}
STUDENT_ERRORS = {
    "AmericanIndianOrAlaskaNative",
    "Asian",
    "Birthdate",
    "BlackOrAfricanAmerican",
    "DemographicRaceTwoOrMoreRaces",
    "FirstEntryDateIntoUSSchool",
    "FirstName",
    "HispanicOrLatinoEthnicity",
    "LEPExitDate",
    "LastOrSurname",
    "LimitedEnglishProficiencyEntryDate",
    "NativeHawaiianOrOtherPacificIslander",
    "ResponsibleInstitutionIdentifier",
    "Sex",
    "StudentIdentifier",
    "White",
}
EXAM_ERRORS = {
    "EconomicDisadvantageStatus",
    "EnglishLanguageAcquisitionStatus",
    "EnglishLanguageAcquisitionStatusStartDate",
    "GradeLevelWhenAssessed",
    "IDEAIndicator",
    "LEPStatus",
    "LanguageCode",
    "MigrantStatus",
    "MilitaryConnectedStudentIndicator",
    "Section504Status",
}


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs_shared_samples")
def test_samples_match_expected_verdicts_needs_shared_samples() -> None:
    paths = sorted((SAMPLES / "trt").glob("*.xml"))
    found = {path.name: check_files([path]).report.verdict for path in paths}
    assert {name: found[name] for name in EXPECTED} == EXPECTED


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs_shared_samples")
def test_all_26_errors_of_one_document_are_told_at_once_needs_shared_samples() -> None:
    path = SAMPLES / "trt" / "TDSReport.iab.basic.errors.xml"
    told = documented_errors(check_files([path]).report)
    names = {one["elementName"] for one in told}
    assert names == STUDENT_ERRORS | EXAM_ERRORS | {"isDemo"}
    assert len(told) == len(names)
