"""Documents as other systems write them: the same test, told in every way the format allows."""

from __future__ import annotations

import codecs
import io
import random
import re
import zipfile
from pathlib import Path

import pytest

from rollbook.results.sources.reading import check_files, read_sources
from rollbook.results.types import CheckedResults
from tests.factories.result_files import RESULT, items_csv, results_csv, trt_xml, zipped

DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'
PLAIN = trt_xml().decode()
BARE = PLAIN.removeprefix(DECLARED + "\n")
ITEM = (
    '<Item position="1" bankKey="200" key="{key}" score="{score}" scoreStatus="SCORED">'
    "<Response>{response}</Response><ScoreInfo maxScore='1'/></Item>"
)


def item(response: str = "A", *, key: str = "1", score: str = "1") -> str:
    return ITEM.format(response=response, key=key, score=score)


def declared(encoding: str) -> str:
    return PLAIN.replace("UTF-8", encoding, 1)


def checked(tmp_path: Path, content: bytes, name: str = "one.xml") -> CheckedResults:
    path = tmp_path / name
    path.write_bytes(content)
    return check_files([path])


# Ways of writing the same document.
SAME = {
    "as it is": PLAIN.encode(),
    "without a declaration": BARE.encode(),
    "UTF-8 with a mark": codecs.BOM_UTF8 + PLAIN.encode(),
    "UTF-16": declared("UTF-16").encode("utf-16"),
    "UTF-16 without a declaration": BARE.encode("utf-16"),
    "Latin-1": declared("ISO-8859-1").encode("latin-1"),
    "carriage returns": PLAIN.replace("\n", "\r\n").encode(),
    "on one line": PLAIN.replace("\n", " ").encode(),
    "single quotes": PLAIN.replace('"', "'").encode(),
    "a namespace": PLAIN.replace("<TDSReport>", '<TDSReport xmlns="urn:trt">').encode(),
    "a prefix": re.sub(r"<(/?)(?=[A-Z])", r"<\1t:", PLAIN)
    .replace("<t:TDSReport>", '<t:TDSReport xmlns:t="urn:trt">')
    .encode(),
    "a schema's place": PLAIN.replace(
        "<TDSReport>",
        '<TDSReport xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="TRT.xsd">',
    ).encode(),
    "comments and instructions": PLAIN.replace("<Examinee", "<!-- a --><?b c?><Examinee")
    .replace("</Opportunity>", "<!-- d --></Opportunity>")
    .encode(),
    "contexts in lower case": PLAIN.replace('"FINAL"', '"final"').encode(),
    "a type in capitals": PLAIN.replace('"interim"', '"INTERIM"').encode(),
    "a subject in lower case": PLAIN.replace('"ELA"', '"ela"').encode(),
    "spaces in values": PLAIN.replace('"Female"', '" Female "').encode(),
    "the school under its other name": PLAIN.replace(
        "ResponsibleInstitutionIdentifier", "SchoolId"
    ).encode(),
    "the student under its other name": PLAIN.replace('"StudentIdentifier"', '"SSID"').encode(),
    "the grade under its other name": PLAIN.replace('"GradeLevelWhenAssessed"', '"Grade"').encode(),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_document_however_it_is_written(name: str, tmp_path: Path) -> None:
    result = checked(tmp_path, SAME[name])
    assert [(one.code, one.says) for one in result.report] == []
    expected = checked(tmp_path, PLAIN.encode(), "one.xml").results
    assert result.results.drop("line").equals(expected.drop("line"))


# Documents that are refused: as bytes, and by which check.
REFUSED = {
    "FIL-201": b"",
    "FIL-306": PLAIN[:-30].encode(),
    "FIL-304": declared("EBCDIC-US").encode(),
    "FIL-303": BARE.replace("<TDSReport>", "<!DOCTYPE TDSReport><TDSReport>", 1).encode(),
    "RES-101": b"<html/>",
    "RES-102": re.sub(r"(?s)<Examinee .*</Examinee>", "", PLAIN).encode(),
    "RES-201": re.sub(r"(?s)<Opportunity .*</Opportunity>", "<Opportunity/>", PLAIN).encode(),
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_document_that_is_refused_says_why(code: str, tmp_path: Path) -> None:
    result = checked(tmp_path, REFUSED[code])
    assert set(result.report.counts) == {code}
    assert (result.report.verdict.value, result.results.height) == ("error", 0)


# A response as it is written, and the text that it is.
RESPONSES = {
    "more than 64 KiB": ("x" * 70_000, "x" * 70_000),
    "more than 2 MiB": ("x" * 2_200_000, "x" * 2_200_000),
    "escaped markup": ("&lt;p&gt;" * 20_000, "<p>" * 20_000),
    "CDATA": ("<![CDATA[<p>a & b</p>]]>", "<p>a & b</p>"),
    "a comment inside": ("abc<!-- c -->def", "abcdef"),
    "markup inside": ("<r><value>A</value></r>", "A"),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_kept_whole(name: str, tmp_path: Path) -> None:
    written, text = RESPONSES[name]
    result = checked(tmp_path, trt_xml(items=item(written)))
    assert result.report.counts == {}
    assert result.items.get_column("response").to_list() == [text]


def test_a_response_of_many_lines_and_more_than_64_kib_is_kept_from_csv(tmp_path: Path) -> None:
    text = "".join(random.Random(1).choices('abc ,"\n', k=500_000)).strip()
    files = {"results.csv": results_csv(), "items.csv": items_csv({"Response": text})}
    result = checked(tmp_path, zipped(files), "one.zip")
    assert result.report.counts == {}
    assert result.items.get_column("response").to_list() == [text]


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (200, 200)])
def test_any_number_of_items(count: int, kept: int, tmp_path: Path) -> None:
    items = "".join(item(key=str(number)) for number in range(count))
    assert checked(tmp_path, trt_xml(items=items)).counts["items"] == kept


def test_an_item_without_a_key_is_told(tmp_path: Path) -> None:
    result = checked(tmp_path, trt_xml(items=item(key="")))
    assert [(one.code, one.column) for one in result.report] == [("RES-201", "ItemIdentifier")]


def test_reports_of_one_document_keep_their_own_scores_and_items(tmp_path: Path) -> None:
    first = BARE.replace("</Opportunity>", item("A") + "</Opportunity>")
    later = first.replace(">A<", ">B<").replace('"2026-01-20T10:31:00.250"', '"2026-01-21"')
    result = checked(tmp_path, f"<Reports>{first}{later}</Reports>".encode())
    assert set(result.report.counts) == {"RES-402"}
    assert result.items.get_column("response").to_list() == ["B"]


def test_a_damaged_document_spoils_only_itself_in_a_folder_and_in_a_zip(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for number in range(300):
            text = PLAIN.replace('"2001"', f'"{number}"')
            content = text[:200] if number == 77 else text
            name = f"a/b/{number}.xml" if number % 2 else f"{number}.xml"
            package.writestr(name, content)
    (tmp_path / "all.zip").write_bytes(out.getvalue())
    with zipfile.ZipFile(out) as package:
        package.extractall(tmp_path / "folder")
    for path in (tmp_path / "folder", tmp_path / "all.zip"):
        result = check_files([path])
        assert [(one.code, one.file) for one in result.report] == [("FIL-306", "a/b/77.xml")]
        assert result.counts["accepted"] == 299


def test_tables_in_several_folders_of_a_zip_are_all_read() -> None:
    files = {
        "north/results.csv": results_csv(),
        "south/results.csv": results_csv({"OpportunityIdentifier": "1002"}),
    }
    read = read_sources([("both.zip", zipped(files))])
    assert read.results.get_column("OpportunityIdentifier").to_list() == ["1001", "1002"]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.xml").write_bytes(b"<damaged>")
    told = check_files([tmp_path / "a" / "one.xml", tmp_path / "b" / "one.xml"]).report
    assert [one.file for one in told] == [
        (tmp_path / folder / "one.xml").as_posix() for folder in ("a", "b")
    ]


def test_a_long_name_of_a_known_subject_is_not_too_long(tmp_path: Path) -> None:
    result = checked(tmp_path, trt_xml().replace(b'"ELA"', b'"Mathematics"'))
    assert result.report.counts == {}
    assert result.results.get_column("subject").to_list() == ["Math"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_in_the_encodings_of_spreadsheets(encoding: str, tmp_path: Path) -> None:
    content = results_csv(RESULT).decode().replace("\n", "\r\n").encode(encoding)
    assert checked(tmp_path, content, "results.csv").counts["accepted"] == 1
