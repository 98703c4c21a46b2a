"""Every check on results, as tables: one defect, and all that is found."""

from __future__ import annotations

import pytest

from rollbook.assessments.types import Assessment, Item
from rollbook.results.checks import catalog
from rollbook.results.checks.run import check_results
from rollbook.results.sources.reading import read_sources
from rollbook.results.types import CheckedResults
from tests.factories.result_files import (
    attribute,
    items_csv,
    results_csv,
    scores_csv,
    trt_xml,
    zipped,
)

KNOWN = {
    "SUM-ELA-05": Assessment(
        id="SUM-ELA-05",
        name="Grade 5 ELA",
        subject="ELA",
        grade="05",
        type="sum",
        label="Grade 5 ELA",
        school_year=2026,
        min_score=2201,
        max_score=2701,
        items=(Item("200-1"),),
    )
}

# code, severity, column, value: what is in the column of results.csv, scores.csv or items.csv.
VALUE_DEFECTS = """
RES-201 error   SchoolYear                            ""
RES-201 error   SchoolIdentifier                      ""
RES-201 error   StudentIdentifier                     ""
RES-201 error   GradeLevelWhenAssessed                ""
RES-201 error   OpportunityIdentifier                 ""
RES-201 error   DateCompleted                         ""
RES-201 error   FirstName                             ""
RES-201 error   Sex                                   ""
RES-202 error   GradeLevelWhenAssessed                13th
RES-202 error   AssessmentGrade                       five
RES-203 error   Sex                                   M
RES-204 error   Filipino                              maybe
RES-204 error   Section504Status                      unsure
RES-204 error   EconomicDisadvantageStatus            1
RES-205 error   DateCompleted                         14.04.2026
RES-205 error   DateCompleted                         2026-02-30
RES-205 error   DateCompleted                         2026-04-14T25:00:00
RES-205 error   StatusDate                            yesterday
RES-205 error   Birthdate                             03/05/2014
RES-205 error   Birthdate                             0014-03-05
RES-205 error   LEPExitDate                           2026-13-01
RES-206 error   EnglishLanguageAcquisitionStatus      LEP
RES-207 error   MilitaryConnectedStudentIndicator     Navy
RES-208 error   LanguageCode                          xx
RES-209 error   Completeness                          Half
RES-210 error   AdministrationCondition               XX
RES-211 error   SchoolYear                            2025-26
RES-211 error   SchoolYear                            1899
RES-212 error   AssessmentSubType                     FINAL
RES-213 warning Status                                finished
RES-214 error   StudentIdentifier                     0123456789012345678901234567890123456789x
RES-216 error   StudentIdentifier                     4.00002E+09
RES-216 error   SchoolIdentifier                      9.9E13
RES-216 error   OpportunityIdentifier                 ="1001"
RES-107 error   IsDemo                                1
RES-301 error   ScaleScore                            high
RES-301 error   ScaleScore                            nan
RES-301 error   StandardError                         ±24
RES-301 error   PerformanceLevel                      three
RES-302 error   ScaleScore                            3500.5
RES-302 error   ScaleScore                            999.4
RES-302 error   ScaleScore                            -2500
RES-303 error   PerformanceLevel                      5
RES-303 error   PerformanceLevel                      -1
RES-303 error   PerformanceLevel                      2.5
RES-304 error   StandardError                         -0.1
RES-405 warning SchoolYear                            2024
RES-405 info    SchoolYear                            2025
RES-406 info    GradeLevelWhenAssessed                04
"""
SCORE_DEFECTS = """
RES-306 error   ScoreType                             Part
RES-201 error   Code                                  ""
RES-307 info    Code                                  1-IT
RES-301 error   RawScore                              many
RES-301 error   StudentRelativeResidualScore          low
RES-303 error   PerformanceLevel                      4
RES-304 error   StandardError                         -3
RES-403 error   OpportunityIdentifier                 7
"""
ITEM_DEFECTS = """
RES-201 error   ItemIdentifier                        ""
RES-301 error   Score                                 A
RES-301 error   Position                              first
RES-305 error   Score                                 21
RES-305 error   Score                                 -2
RES-403 error   AssessmentIdentifier                  SUM-ELA-06
"""

Line = tuple[str, str, str, str]


def lines(table: str) -> list[Line]:
    read: list[Line] = []
    for line in table.strip().splitlines():
        code, severity, column, value = line.split(maxsplit=3)
        read.append((code, severity, column, "" if value == '""' else value))
    return read


def checked(results: bytes, scores: bytes | None = None, items: bytes | None = None):
    files = {"results.csv": results, "scores.csv": scores, "items.csv": items}
    package = zipped({name: content for name, content in files.items() if content is not None})
    return check_results(read_sources([("results.zip", package)]))


def found(result: CheckedResults) -> list[Line]:
    return [
        (one.code, one.severity.value, one.column or "", one.value or "") for one in result.report
    ]


def test_a_sound_intake_has_no_findings() -> None:
    result = checked(results_csv(), scores_csv(), items_csv())
    assert found(result) == []
    assert (result.results.height, result.subscores.height, result.items.height) == (1, 1, 1)


@pytest.mark.parametrize(("code", "severity", "column", "value"), lines(VALUE_DEFECTS))
def test_one_wrong_value_of_a_result(code: str, severity: str, column: str, value: str) -> None:
    sound = {"OpportunityIdentifier": "1002", "IsDemo": "", "LEPExitDate": ""}
    result = checked(results_csv(sound, {column: value}))
    assert found(result) == [(code, severity, column, value)]
    assert [one.line for one in result.report] == [3]
    assert result.results.height == (1 if severity == "error" else 2)
    assert result.counts["rejected"] == (1 if severity == "error" else 0)


@pytest.mark.parametrize(("code", "severity", "column", "value"), lines(SCORE_DEFECTS))
def test_one_wrong_value_of_a_sub_score(code: str, severity: str, column: str, value: str) -> None:
    result = checked(results_csv(), scores_csv({"Code": "2-W"}, {column: value}))
    assert found(result) == [(code, severity, column, value)]
    assert [(one.file, one.line) for one in result.report] == [("scores.csv", 3)]
    spoils_its_result = severity == "error" and code != "RES-403"
    assert result.results.height == (0 if spoils_its_result else 1)
    assert result.subscores.height == (0 if spoils_its_result else 1)


@pytest.mark.parametrize(("code", "severity", "column", "value"), lines(ITEM_DEFECTS))
def test_one_wrong_value_of_an_item(code: str, severity: str, column: str, value: str) -> None:
    result = checked(results_csv(), items=items_csv({"ItemIdentifier": "200-2"}, {column: value}))
    shown = "1001" if code == "RES-403" else value
    where = "OpportunityIdentifier" if code == "RES-403" else column
    assert found(result) == [(code, severity, where, shown)]
    assert result.results.height == (1 if code == "RES-403" else 0)


# what came, what is found: code, severity, column, value
DOCUMENT_DEFECTS = {
    "a page of the web": (
        {"page.xml": b"<html><body/></html>"},
        [("RES-101", "fatal", "", "html")],
    ),
    "a report without its parts": (
        {"empty.xml": b"<TDSReport><Test/></TDSReport>"},
        [("RES-102", "error", "Examinee", ""), ("RES-102", "error", "Opportunity", "")],
    ),
    "a table of something else": (
        {"results.csv": b"SchoolYear,SchoolIdentifier\n2026,1\n"},
        [("RES-103", "fatal", "", "")],
    ),
    "a table with semicolons": (
        {"results.csv": b"SchoolYear;SchoolIdentifier\n2026;1\n"},
        [("RES-108", "fatal", "", "")],
    ),
    "a column nobody knows": (
        {"results.csv": results_csv({"ShoeSize": "31"})},
        [("RES-104", "warning", "ShoeSize", "")],
    ),
    "a stray file": (
        {"results.csv": results_csv(), "notes.txt": b"hello"},
        [("RES-105", "warning", "", "notes.txt")],
    ),
    "scores without results": (
        {"scores.csv": scores_csv()},
        [
            ("RES-101", "fatal", "", "scores.csv"),
            ("RES-403", "error", "OpportunityIdentifier", "1001"),
        ],
    ),
}


@pytest.mark.parametrize("name", DOCUMENT_DEFECTS)
def test_one_wrong_document(name: str) -> None:
    files, expected = DOCUMENT_DEFECTS[name]
    result = check_results(read_sources([("results.zip", zipped(files))]))
    assert sorted(found(result)) == sorted(expected)


def test_an_intake_without_files_says_so() -> None:
    assert found(check_results(read_sources([]))) == [("RES-106", "error", "", "")]


# Two results of one opportunity: what differs in each, and what is found.
AGAIN = {
    "the same twice": ({}, {}, [("RES-401", "error", 3)], "2511"),
    "the later version second": (
        {},
        {"StatusDate": "2026-05-01T00:00:00Z", "ScaleScore": "2600"},
        [("RES-402", "warning", 2)],
        "2600",
    ),
    "the later version first": (
        {"StatusDate": "2026-05-01T00:00:00Z", "ScaleScore": "2600"},
        {},
        [("RES-402", "warning", 3)],
        "2600",
    ),
    "a broken later version": (
        {},
        {"StatusDate": "2026-05-01T00:00:00Z", "Sex": "M"},
        [("RES-203", "error", 3)],
        "2511",
    ),
}


@pytest.mark.parametrize("name", AGAIN)
def test_an_opportunity_that_comes_again(name: str) -> None:
    first, second, expected, kept = AGAIN[name]
    result = checked(results_csv(first, second))
    assert [(one.code, one.severity.value, one.line) for one in result.report] == expected
    assert result.results.get_column("scale_score").to_list() == [int(kept)]


def test_a_score_or_item_that_comes_again_is_kept_once() -> None:
    result = checked(results_csv(), scores_csv({}, {}), items_csv({}, {}))
    assert found(result) == [
        ("RES-404", "warning", "Code", "SOCK_R"),
        ("RES-404", "warning", "ItemIdentifier", "200-1"),
    ]
    assert (result.subscores.height, result.items.height) == (1, 1)


# Against loaded assessments: what changes, what is found.
AGAINST_KNOWN = """
RES-407 warning AssessmentIdentifier OTHER-05
RES-409 error   Subject              Math
RES-409 error   AssessmentSubType    ICA
RES-302 error   ScaleScore           2702
RES-302 error   ScaleScore           2200
"""


@pytest.mark.parametrize(("code", "severity", "column", "value"), lines(AGAINST_KNOWN))
def test_one_thing_against_the_loaded_assessment(
    code: str, severity: str, column: str, value: str
) -> None:
    incoming = read_sources([("results.csv", results_csv({column: value}))])
    result = check_results(incoming, known=KNOWN)
    assert found(result) == [(code, severity, column, value)]
    assert result.results.height == (0 if severity == "error" else 1)


def test_an_item_that_its_assessment_does_not_have_refuses_the_result() -> None:
    files = {"results.csv": results_csv(), "items.csv": items_csv({"ItemIdentifier": "200-9"})}
    result = check_results(read_sources([("r.zip", zipped(files))]), known=KNOWN)
    assert found(result) == [("RES-308", "error", "ItemIdentifier", "200-9")]
    assert result.results.height == 0


def test_a_subject_nobody_defined_is_one_cause_for_all_its_results() -> None:
    changes = [
        {"Subject": "Art", "OpportunityIdentifier": str(number), "PerformanceLevel": "9"}
        for number in range(5)
    ]
    result = checked(results_csv(*changes))
    assert [(one.code, one.value, one.weight) for one in result.report] == [("RES-408", "Art", 5)]
    assert result.results.get_column("subject").to_list() == ["Art"] * 5


def test_an_interim_of_unknown_kind_is_guessed_from_its_scores() -> None:
    document = trt_xml().replace(b"(DEMO)ICA-ELA-5", b"Winter interim")
    result = check_results(read_sources([("one.xml", document)]))
    assert found(result) == [("RES-410", "warning", "AssessmentIdentifier", "Winter interim")]
    assert result.results.get_column("assessment_type").to_list() == ["iab"]
    claim = '<Score measureOf="SOCK_R" measureLabel="PerformanceLevel" value="2"/>'
    scored = trt_xml(scores=claim).replace(b"(DEMO)ICA-ELA-5", b"Winter interim")
    again = check_results(read_sources([("one.xml", scored)]))
    assert again.results.get_column("assessment_type").to_list() == ["ica"]


def test_xml_findings_carry_the_element_and_its_own_line() -> None:
    document = trt_xml({"Sex": "M"}, extra=[attribute("LEPStatus", "perhaps")])
    result = check_results(read_sources([("one.xml", document)]))
    told = [(one.code, one.line, one.column, one.value) for one in result.report]
    text = document.decode().splitlines()
    assert sorted(told) == [
        ("RES-203", _line_with(text, '"Sex"'), "Sex", "M"),
        ("RES-204", _line_with(text, '"LEPStatus"'), "LEPStatus", "perhaps"),
    ]


def test_xml_without_a_usual_value_is_kept_and_told() -> None:
    result = check_results(read_sources([("one.xml", trt_xml({"IDEAIndicator": ""}))]))
    assert found(result) == [("RES-215", "warning", "IDEAIndicator", "")]
    assert result.results.get_column("iep").to_list() == [None]


def _line_with(text: list[str], word: str) -> int:
    return next(number for number, line in enumerate(text, start=1) if word in line)


def test_every_check_has_a_defect_here() -> None:
    tables = (VALUE_DEFECTS, SCORE_DEFECTS, ITEM_DEFECTS, AGAINST_KNOWN)
    shown = {code for table in tables for code, *_ in lines(table)}
    shown |= {line[0] for _, expected in DOCUMENT_DEFECTS.values() for line in expected}
    shown |= {line[0] for *_, expected, _ in AGAIN.values() for line in expected}
    by_test = {"RES-106", "RES-215", "RES-308", "RES-404", "RES-408", "RES-410"}
    assert shown | by_test == {check.code for check in catalog.CHECKS}


def test_codes_are_different_and_every_check_says_what_to_do() -> None:
    codes = [check.code for check in catalog.CHECKS]
    assert sorted(set(codes)) == sorted(codes)
    assert [check.code for check in catalog.CHECKS if not (check.fix and check.why)] == []
