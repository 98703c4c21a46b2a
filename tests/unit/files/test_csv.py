"""Reading and writing CSV, honest and mangled."""

from __future__ import annotations

import codecs
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from rollbook.files import checks
from rollbook.files.csv import CsvTable, read_csv, write_csv
from rollbook.files.limits import Limits
from rollbook.shared.findings import KEPT_PER_KIND, Severity, Verdict

Found = list[tuple[str, int | None]]


def found_in(table: CsvTable) -> Found:
    return [(finding.code, finding.line) for finding in table.findings]


def codes(*found: tuple[checks.Check, int | None]) -> Found:
    return [(check.code, line) for check, line in found]


def wide(count: int) -> bytes:
    return ",".join(f"c{n}" for n in range(count)).encode() + b"\n"


FATAL: dict[str, tuple[bytes, checks.Check, int | None]] = {
    "zero bytes": (b"", checks.CSV_EMPTY, None),
    "only a mark": (codecs.BOM_UTF8, checks.CSV_WITHOUT_HEADER, 1),
    "only Ctrl-Z": (b"\x1a", checks.CSV_WITHOUT_HEADER, 1),
    "only line ends": (b"\r\n\r\n", checks.CSV_WITHOUT_HEADER, 1),
    "header on line 2": (b"\na,b\n1,2\n", checks.CSV_WITHOUT_HEADER, 1),
    "NUL": (b"a,b\n1,2\n3,\x004\n", checks.CSV_NUL, 3),
    "UTF-16 without a mark": ("a,b\n1,2\n".encode("utf-16-le"), checks.CSV_NUL, 1),
    "UTF-32": ("a,b\n1,2\n".encode("utf-32"), checks.CSV_NUL, 1),
    "half a UTF-16 character": (codecs.BOM_UTF16_LE + b"a\0,", checks.CSV_NOT_AS_DECLARED, 1),
    "lone UTF-16 surrogate": (
        codecs.BOM_UTF16_LE + "a\n1".encode("utf-16-le") + b"\x00\xd8x\0",
        checks.CSV_NOT_AS_DECLARED,
        2,
    ),
    "Windows-1252": ("a,b\n1,Muñoz\n".encode("cp1252"), checks.CSV_NOT_UTF_8, 2),
    "cut UTF-8": ("a,b\n1,Muñ".encode()[:-1], checks.CSV_NOT_UTF_8, 2),
    "overlong UTF-8": (b"a,b\n1,\xc0\xaf\n", checks.CSV_NOT_UTF_8, 2),
    "surrogate in UTF-8": (b"a,b\n1,\xed\xa0\x80\n", checks.CSV_NOT_UTF_8, 2),
    "beyond Unicode": (b"a,b\n1,\xf5\x80\x80\x80\n", checks.CSV_NOT_UTF_8, 2),
    "continuation bytes": (b"a\n" + b"\x80" * 3_000_000, checks.CSV_NOT_UTF_8, 2),
    "513 columns": (wide(513), checks.CSV_TOO_MANY_COLUMNS, 1),
    "a million columns": (b"," * 1_000_000, checks.CSV_TOO_MANY_COLUMNS, 1),
    "carriage returns only": (b"a,b\r1,2\r", checks.CSV_BARE_CR, 1),
    "one carriage return": (b"a,b\n1,2\n3\r,4\n5,6\n", checks.CSV_BARE_CR, 3),
    "carriage return at the end": (b"a,b\n1,2\r", checks.CSV_BARE_CR, 2),
    "carriage return after a quote": (b'a,b\n1,"2"\rx\n', checks.CSV_BARE_CR, 2),
    "two carriage returns": (b"a,b\r\n1,2\r\r\n", checks.CSV_BARE_CR, 2),
    "open quote": (b'a,b\n1,2\n3,"4\n5,6\n7,8\n', checks.CSV_UNCLOSED_QUOTE, 3),
    "open quote closed by another": (
        b'a,b\n1,2\n3,"4\n5,6\n"7",8\n',
        checks.CSV_UNCLOSED_QUOTE,
        3,
    ),
    "open quote at the end": (b'a,b\n1,"', checks.CSV_UNCLOSED_QUOTE, 2),
    "open quote in the header": (b'a,"b\n1,2\n', checks.CSV_UNCLOSED_QUOTE, 1),
    "50 MB open quote": (b'a,b\n1,"' + b"x\n" * 25_000_000, checks.CSV_UNCLOSED_QUOTE, 2),
    "50 MB of quotes": (b'a,b\n1,"' + b'""' * 25_000_000, checks.CSV_LONG_FIELD, 2),
    "50 MB cell": (b"a,b\n1," + b"x" * 50_000_000, checks.CSV_LONG_FIELD, 2),
    "cell of 64 KiB and 1": (b"a,b\n1," + b"x" * 65537 + b"\n", checks.CSV_LONG_FIELD, 2),
    "long cell on a later line": (
        b"a,b\n" + b"1,2\n" * 9 + b"3," + b"x" * 70_000 + b"\n",
        checks.CSV_LONG_FIELD,
        11,
    ),
    "long line": (b"a,b\n" + b"x,1234567" * 200_000 + b"\n", checks.CSV_LONG_LINE, 2),
    "long header": (b"a" * 70_000 + b",b\n", checks.CSV_LONG_FIELD, 1),
    "stray quote in the header": (b'a,b"c\n1,2\n', checks.CSV_DAMAGED_HEADER, 1),
    "line break in the header": (b'a,"b\nc"\n1,2\n', checks.CSV_DAMAGED_HEADER, 1),
    "stray quotes everywhere": (b"a,b\n" + b'1,x"y\n' * 2_001, checks.CSV_NOT_CSV, 2_002),
    "stray quotes in long rows": (
        b"a,b\n" + (b'"",' * 300_000 + b'x"\n') * 9,
        checks.CSV_NOT_CSV,
        3,
    ),
}


@pytest.mark.parametrize("case", FATAL)
def test_file_that_cannot_be_trusted_is_refused_whole(case: str) -> None:
    source, check, line = FATAL[case]
    table = read_csv(source, name="orgs.csv")
    assert table.frame.height == 0
    assert table.frame.columns[0] == "_line"
    fatal = [f for f in table.findings if f.severity is Severity.FATAL]
    assert [(finding.code, finding.line) for finding in fatal] == [(check.code, line)]
    assert len(fatal[0].says) < 400


ERRORS: dict[str, tuple[bytes, list[tuple[int, str | None, str | None]], Found]] = {
    "short row": (b"a,b\n1\n2,3\n", [(3, "2", "3")], codes((checks.CSV_RAGGED_ROW, 2))),
    "long row": (b"a,b\n1,2,3\n2,3", [(3, "2", "3")], codes((checks.CSV_RAGGED_ROW, 2))),
    "comma at the end": (b"a,b\n1,2,\n", [], codes((checks.CSV_RAGGED_ROW, 2))),
    "blank line": (
        b"a,b\r\n1,2\r\n\r\n3,4\r\n",
        [(2, "1", "2"), (4, "3", "4")],
        codes((checks.CSV_BLANK_LINE, 3)),
    ),
    "quote in a bare cell": (
        b"a,b\n1,5'10\"\n2,3\n",
        [(3, "2", "3")],
        codes((checks.CSV_STRAY_QUOTE, 2)),
    ),
    "text after a quoted cell": (
        b'a,b\n1,"x"y\n2,3\n',
        [(3, "2", "3")],
        codes((checks.CSV_STRAY_QUOTE, 2)),
    ),
    "space before a quote": (
        b'a,b\n1, "x"\n2,3\n',
        [(3, "2", "3")],
        codes((checks.CSV_STRAY_QUOTE, 2)),
    ),
    "line break in a cell": (
        b'a,b\n1,"x\ny"\n2,3\n',
        [(4, "2", "3")],
        codes((checks.CSV_LINE_BREAK, 2)),
    ),
    "carriage return in a cell": (
        b'a,b\n1,"x\ry"\n2,3\n',
        [(3, "2", "3")],
        codes((checks.CSV_LINE_BREAK, 2)),
    ),
    "two kinds of line ends": (
        b"a,b\r\n1,2\n3,4\r\n",
        [(2, "1", "2"), (3, "3", "4")],
        codes((checks.CSV_MIXED_LINE_ENDS, None)),
    ),
    "header alone": (b"a,b\n", [], codes((checks.CSV_WITHOUT_ROWS, None))),
    "header without line end": (b"a,b", [], codes((checks.CSV_WITHOUT_ROWS, None))),
    "Ctrl-Z at the end": (b"a,b\n1,2\n\x1a", [(2, "1", "2")], []),
    "two Ctrl-Z": (b"a,b\n1,2\n\x1a\x1a", [(2, "1", "2")], codes((checks.CSV_RAGGED_ROW, 3))),
    "quoted nothing": (b'a,b\n"",\n', [(2, None, None)], []),
    "quotes in quotes": (b'a,b\n"""x""",""""\n', [(2, '"x"', '"')], []),
    "commas in quotes": (b'a,b\n"1,2","a,,b"\n', [(2, "1,2", "a,,b")], []),
    "formulas, zeros and spaces": (
        b"a,b\n=1+1,0012\n 4.00002E+09 ,\t-1\n",
        [(2, "=1+1", "0012"), (3, " 4.00002E+09 ", "\t-1")],
        [],
    ),
    "words for nothing": (
        b"a,b\nNULL,NA\nnan,None\n",
        [(2, "NULL", "NA"), (3, "nan", "None")],
        [],
    ),
    "mark in the middle": (
        b"a,b\n\xef\xbb\xbf1,2\n",
        [(2, "\ufeff1", "2")],
        [],
    ),
    "long quoted cell": (
        b'a,b\n"' + b"x" * 65536 + b'",twelve bytes\nthirteen byte,fourteen bytes\n',
        [(2, "x" * 65536, "twelve bytes"), (3, "thirteen byte", "fourteen bytes")],
        [],
    ),
    "long cell with quotes in quotes": (
        b'a,b\n"a long ""cell"" indeed",short\n1,"another ""long"" one, yes"\n',
        [(2, 'a long "cell" indeed', "short"), (3, "1", 'another "long" one, yes')],
        [],
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_row_is_kept_exactly_or_left_out_by_line(case: str) -> None:
    source, rows, found = ERRORS[case]
    table = read_csv(source, name="orgs.csv")
    assert table.frame.rows() == rows
    assert found_in(table) == found
    assert table.frame.schema == {"_line": pl.UInt32, "a": pl.String, "b": pl.String}


def test_finding_names_place_value_and_remedy() -> None:
    source = 'id,familyName\r\n1,Smith\r\n2,"x,Muñoz"\r\n'.encode("cp1252")
    (finding,) = read_csv(source, name="users.csv").findings
    assert (finding.file, finding.line, finding.column) == ("users.csv", 3, "familyName")
    assert finding.says == (
        "A byte here (0xF1) is not UTF-8. In Windows-1252 the cell reads “x,Muñoz”."
    )
    assert read_csv(source, name="users.csv", expected_encoding="cp1252").frame.rows() == [
        (2, "1", "Smith"),
        (3, "2", "x,Muñoz"),
    ]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_reads_by_its_mark_with_a_warning(codec: str) -> None:
    mark = codecs.BOM_UTF16_LE if codec == "utf-16-le" else codecs.BOM_UTF16_BE
    table = read_csv(mark + 'a,b\r\n1,"é😀"\r\n'.encode(codec), name="orgs.csv")
    assert table.frame.rows() == [(2, "1", "é😀")]
    assert found_in(table) == codes((checks.CSV_UTF_16, None))
    assert (table.encoding, table.had_bom, table.line_ends) == (codec, True, "crlf")
    assert table.findings.verdict is Verdict.WARNING


def test_mark_is_noted_and_not_a_finding() -> None:
    table = read_csv(codecs.BOM_UTF8 + b"a\n1\n", name="orgs.csv")
    assert (table.header, table.had_bom, table.encoding) == (("a",), True, "utf-8")
    assert list(table.findings) == []


def test_declared_encoding_that_does_not_hold_is_refused() -> None:
    table = read_csv(b"a,b\n1,\x81\n", name="f.csv", expected_encoding="cp1252")
    assert found_in(table) == codes((checks.CSV_NOT_AS_DECLARED, 2))
    with pytest.raises(LookupError):
        read_csv(b"a\n", name="f.csv", expected_encoding="no-such-encoding")


def test_columns_stay_apart_when_names_repeat() -> None:
    table = read_csv(b"a,a,,a__2,_line, \n1,2,3,4,5,6\n", name="f.csv")
    assert table.header == ("a", "a", "", "a__2", "_line", " ")
    assert table.frame.columns == [
        "_line",
        "a",
        "a__3",
        "column_3",
        "a__2",
        "_line__2",
        "column_6",
    ]
    assert table.frame.rows() == [(2, "1", "2", "3", "4", "5", "6")]
    assert found_in(table) == codes(
        (checks.CSV_UNNAMED_COLUMN, 1),
        (checks.CSV_UNNAMED_COLUMN, 1),
        (checks.CSV_DUPLICATE_COLUMN, 1),
    )


def test_many_ragged_rows_are_counted_and_named_up_to_a_bound() -> None:
    table = read_csv(b"a,b\n" + b"1\n" * 50_000 + b"1,2\n", name="f.csv")
    assert table.findings.counts == {checks.CSV_RAGGED_ROW.code: 50_000}
    assert [finding.line for finding in table.findings] == list(range(2, KEPT_PER_KIND + 2))
    assert table.frame.rows() == [(50_002, "1", "2")]


def test_limits_hold_at_their_edge() -> None:
    limits = Limits(max_bytes=20, max_columns=2, max_cells=4, max_field_bytes=3)
    for source, refused in (
        (b"a,b\n1,2\n3,4\n", None),
        (b"a,b\n1,2\n3,4\n5,6\n", checks.CSV_TOO_MANY_CELLS),
        (b"a,b\n1,222222222222\n" + b"3,4\n", checks.CSV_TOO_LARGE),
        (b"a,b,c\n", checks.CSV_TOO_MANY_COLUMNS),
        (b"a,b\n1,222\n", None),
        (b"a,b\n1,2222\n", checks.CSV_LONG_FIELD),
        (b'a,b\n1,"222"\n', None),
        (b'a,b\n1,"2222"\n', checks.CSV_LONG_FIELD),
    ):
        found = read_csv(source, name="f.csv", limits=limits).findings.counts
        assert found == ({refused.code: 1} if refused else {}), source


def test_source_may_be_bytes_path_or_memoryview(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"a\n1\n")
    for source in (b"a\n1\n", path, memoryview(b"a\n1\n")):
        assert read_csv(source, name="f.csv").frame.rows() == [(2, "1")]


def test_frame_outlives_its_source() -> None:
    frames = [
        read_csv(f"a\nlonger than twelve bytes {n}\n".encode(), name="f").frame for n in range(50)
    ]
    assert [frame["a"][0] for frame in frames] == [
        f"longer than twelve bytes {n}" for n in range(50)
    ]


FRAME = pl.DataFrame(
    {
        "id": ["0012", "=1+1", None],
        "note": ['say "hi"', "a,b", "two\nlines"],
        "score": [-1.5, 2.0, None],
        "on": [date(2026, 8, 15), None, None],
        "is_active": [True, False, None],
    }
)


def test_machine_file_is_exact() -> None:
    written = write_csv(
        FRAME, columns=["note", "id", "score", "on", "is_active"], formula_safe=False
    )
    assert written == (
        b"note,id,score,on,is_active\r\n"
        b'"say ""hi""",0012,-1.5,2026-08-15,true\r\n'
        b'"a,b",=1+1,2.0,,false\r\n'
        b'"two\nlines",,,,\r\n'
    )


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"]
)
def test_formula_safe_file_has_no_formula(start: str) -> None:
    frame = pl.DataFrame({start + "x": [start + "x", "x" + start], "n": [-1, 1]})
    written = write_csv(frame, columns=[start + "x", "n"], formula_safe=True)
    table = read_csv(written.replace(b"\0", b"~"), name="f.csv", allow_field_line_breaks=True)
    safe = ("'" + start + "x").replace("\0", "~")
    assert table.header == (safe, "n")
    breaks = start == "\n"
    assert table.frame.rows() == [
        (2 + breaks, safe, "-1"),
        (3 + breaks * 2, ("x" + start).replace("\0", "~"), "1"),
    ]


def test_empty_frame_writes_its_header() -> None:
    frame = pl.DataFrame(schema={"a": pl.String, "b": pl.String})
    assert write_csv(frame, columns=["b", "a"], formula_safe=True) == b"b,a\r\n"


def test_one_empty_cell_is_still_a_row() -> None:
    written = write_csv(pl.DataFrame({"a": [None, "", "x"]}), columns=["a"], formula_safe=False)
    assert written == b'a\r\n""\r\n""\r\nx\r\n'
    assert read_csv(written, name="f.csv").frame["a"].to_list() == [None, None, "x"]
