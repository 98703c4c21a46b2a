"""Workbooks as text: what a spreadsheet shows, and what is refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from rollbook.files.xlsx import XLSX_LIMITS, read_xlsx
from tests.unit.files.workbooks import workbook

HEADER = ["id", "born", "score", "is"]


def codes(source: bytes, **more: str) -> list[str]:
    return [finding.code for finding in read_xlsx(source, name="x.xlsx", **more).findings]


def test_cells_are_text_as_a_spreadsheet_shows_them() -> None:
    rows = [
        HEADER,
        ["007", date(2018, 3, 14), 4000020000, True],
        [None] * 4,
        [1.5, None, 3.0, None],
    ]
    table = read_xlsx(workbook({"S": rows}), name="x.xlsx")
    assert table.header == tuple(HEADER)
    assert table.frame.rows() == [
        (2, "007", "2018-03-14", "4000020000", "TRUE"),
        (4, "1.5", None, "3", None),
    ]
    assert not table.findings.findings


def test_lines_are_those_of_the_spreadsheet_when_the_sheet_begins_lower() -> None:
    table = read_xlsx(workbook({"S": [["a"], ["1"]]}, start=5), name="x.xlsx")
    assert table.frame.rows() == [(6, "1")]


def test_the_first_filled_sheet_is_read_and_said() -> None:
    book = workbook({"Notes": [], "Data": [["a"], ["1"]], "More": [["b"], ["2"]]})
    assert codes(book) == ["FIL-405"]
    assert read_xlsx(book, name="x.xlsx").header == ("a",)
    assert read_xlsx(book, name="x.xlsx", sheet="More").header == ("b",)
    assert codes(book, sheet="Gone") == ["FIL-404"]


def test_what_is_no_workbook_is_refused() -> None:
    assert codes(b"a,b\n1,2\n") == ["FIL-102"]
    assert codes(b"\xd0\xcf\x11\xe0" + bytes(600)) == ["FIL-401"]
    assert codes(workbook({"S": []})) == ["FIL-403"]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", "<no")
    assert codes(made.getvalue()) == ["FIL-401"]


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    book = workbook({"S": [["a", "b"], ["1", "2"]]})
    for limits in (replace(XLSX_LIMITS, max_bytes=10), replace(XLSX_LIMITS, max_cells=3)):
        found = read_xlsx(book, name="x.xlsx", limits=limits).findings
        assert [finding.code for finding in found] == ["FIL-402"]
    tight = replace(XLSX_LIMITS, max_unpacked_bytes=100)
    assert "FIL-106" in read_xlsx(book, name="x.xlsx", limits=tight).findings.counts


def test_a_workbook_that_unpacks_to_far_more_than_it_holds_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    assert codes(made.getvalue()) == ["FIL-107"]


def test_columns_of_one_name_are_told_apart() -> None:
    table = read_xlsx(workbook({"S": [["a", "a", None], ["1", "2", "3"]]}), name="x.xlsx")
    assert table.frame.columns == ["_line", "a", "a__2", "column_3"]
    assert sorted(table.findings.counts) == ["FIL-210", "FIL-211"]


def with_part(source: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.namelist():
            content = old.read(entry)
            new.writestr(entry, change(content) if entry == name else content)
    return made.getvalue()


@pytest.mark.parametrize("sign", ['r="{}"', "r='{}'", 'r = "{}"', 'r\n="{}"'])
@pytest.mark.parametrize("far", ["XFD1048576", "ZZ100000"])
def test_two_cells_in_opposite_corners_do_not_fill_the_memory(far: str, sign: str) -> None:
    """The library makes room for all between them: the process would end, not the reading."""
    row = re.sub("[A-Z]", "", far)
    place = sign.format(far)
    cell = f'<row r="{row}"><c {place} t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    book = with_part(
        workbook({"One": [["Id"], ["1"]]}),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", cell.encode()),
    )
    assert codes(book) == ["FIL-402"]


def test_formats_far_below_are_no_cells() -> None:
    formats = '<row r="1048576" s="1"/></sheetData>'.replace(
        "/></s", '><c r="XFD1048576" s="1"/></row></s'
    )
    book = with_part(
        workbook({"One": [["Id"], ["1"]]}),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", formats.encode()),
    )
    assert codes(book) == []


@pytest.mark.parametrize("kind", ["xl/workbook.bin", "content.xml"])
def test_a_workbook_of_another_kind_is_not_opened(kind: str) -> None:
    made = io.BytesIO(workbook({"One": [["Id"], ["1"]]}))
    with zipfile.ZipFile(made, "a") as book:
        book.writestr(kind, b"")
    assert codes(made.getvalue()) == ["FIL-401"]


@pytest.mark.parametrize("header", ["*", "^.*$", "^(.*$"])
def test_a_header_is_a_name_and_no_pattern(header: str) -> None:
    table = read_xlsx(workbook({"S": [[header, "Id"], ["x", "1"], ["", "2"]]}), name="x.xlsx")
    assert table.frame.rows() == [(2, "x", "1"), (3, None, "2")]
