"""Reading CSV: the vector scan, the exact reader and the standard library agree."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest import mock

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollbook.files import checks
from rollbook.files import csv as reading
from rollbook.files.csv import CsvTable, read_csv, write_csv
from rollbook.files.csv_rows import Fault, read_row
from rollbook.files.limits import DEFAULT, Limits

FAULT_CODES = {
    Fault.UNCLOSED_QUOTE: checks.CSV_UNCLOSED_QUOTE.code,
    Fault.BARE_CR: checks.CSV_BARE_CR.code,
    Fault.LONG_FIELD: checks.CSV_LONG_FIELD.code,
    Fault.LONG_LINE: checks.CSV_LONG_LINE.code,
}
TIGHT = Limits(max_field_bytes=9, max_line_bytes=24)

cells = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("ab,\"é'= \t0学😀")),
        st.characters(codec="utf-8", exclude_characters="\0\r\n\x1a"),
    ),
    max_size=30,
)
broken_cells = st.text(alphabet=list('ab,"\n\ré'), max_size=12)
line_ends = st.sampled_from(["\r\n", "\n"])
windows = st.sampled_from([1, 7, 16, 40, 256 * 1024])


@dataclass
class Exact:
    """What the exact reader makes of a file, one row at a time."""

    rows: list[tuple[int, list[str | None]]] = field(default_factory=list)
    found: list[tuple[str, int]] = field(default_factory=list)
    is_fatal: bool = False


def exact(source: bytes, limits: Limits, *, allow_line_breaks: bool) -> Exact:
    """Read all rows after a header of known good shape with the exact reader alone."""
    result = Exact()
    header = read_row(source, 0, limits)
    position, line = header.after, 1 + source.count(b"\n", 0, header.after)
    while position < len(source):
        row = read_row(source, position, limits)
        if row.fault in FAULT_CODES:
            at = line + source.count(b"\n", position, row.at)
            result.found.append((FAULT_CODES[row.fault], at))
            result.is_fatal = True
            result.rows = []
            return result
        is_blank = row.cells == [b""] and source[position : position + 1] in (b"\n", b"\r")
        if row.fault is Fault.STRAY_QUOTE:
            result.found.append((checks.CSV_STRAY_QUOTE.code, line))
        elif is_blank:
            result.found.append((checks.CSV_BLANK_LINE.code, line))
        elif row.has_line_break and not allow_line_breaks:
            result.found.append((checks.CSV_LINE_BREAK.code, line))
        elif len(row.cells) != len(header.cells):
            result.found.append((checks.CSV_RAGGED_ROW.code, line))
        else:
            result.rows.append((line, [cell.decode() or None for cell in row.cells]))
        line += source.count(b"\n", position, row.after)
        position = row.after
    return result


def small_windows(size: int) -> mock._patch:
    """Make windows so small that every kind of row crosses their edges."""
    return mock.patch.multiple(reading, _WINDOW=size, _WINDOW_AFTER_FAULT=min(size, 8 * 1024))


def read(source: bytes, window: int, **options: object) -> CsvTable:
    with small_windows(window):
        return read_csv(source, name="f.csv", **options)


def rows_of(table: CsvTable) -> list[tuple[int, list[str | None]]]:
    return [(row[0], list(row[1:])) for row in table.frame.iter_rows()]


def found_in(table: CsvTable) -> list[tuple[str, int]]:
    summaries = {checks.CSV_MIXED_LINE_ENDS.code, checks.CSV_WITHOUT_ROWS.code}
    return sorted((f.code, f.line or 0) for f in table.findings if f.code not in summaries)


def serialised(rows: list[list[str]], ends: list[str], quoted: list[bool]) -> bytes:
    """Write rows as well-formed CSV, each cell quoted when it must be or when told."""
    out: list[str] = []
    choices: Iterator[bool] = iter(quoted)
    for row, end in zip(rows, ends, strict=True):
        texts = [
            '"' + cell.replace('"', '""') + '"'
            if any(mark in cell for mark in ',"\r\n') or next(choices, False) or row == [""]
            else cell
            for cell in row
        ]
        out.append(",".join(texts) + end)
    return "".join(out).encode()


@st.composite
def files(draw: st.DrawFn, cell: st.SearchStrategy[str]) -> tuple[bytes, int]:
    width = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=12))
    table = [[f"c{n}" for n in range(width)], *rows]
    ends = draw(st.lists(line_ends, min_size=len(table), max_size=len(table)))
    if draw(st.booleans()):
        ends[-1] = ""
    quoted = draw(st.lists(st.booleans(), max_size=30))
    return serialised(table, ends, quoted), width


@given(files(cells), windows)
def test_well_formed_file_reads_as_the_standard_library_reads_it(
    made: tuple[bytes, int], window: int
) -> None:
    source, _ = made
    expected = list(csv.reader(io.StringIO(source.decode(), newline=""), strict=True))
    table = read(source, window)
    assert list(table.header) == expected[0]
    assert rows_of(table) == [
        (line, [cell or None for cell in row]) for line, row in enumerate(expected[1:], start=2)
    ]
    assert found_in(table) == []


@given(files(st.one_of(cells, broken_cells)), windows)
def test_line_breaks_in_cells_keep_lines_exact(made: tuple[bytes, int], window: int) -> None:
    source, _ = made
    expected = list(csv.reader(io.StringIO(source.decode(), newline=""), strict=True))
    table = read(source, window, allow_field_line_breaks=True)
    line, lined = 1, []
    for row in expected:
        lined.append((line, [cell or None for cell in row]))
        line += 1 + sum(cell.count("\n") for cell in row)
    assert rows_of(table) == lined[1:]
    assert found_in(table) == []


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([*'ab,,""\n\n\ré', "\r\n", '","', '"\n', '""']), max_size=40).map(
        "".join
    ),
    windows,
    st.booleans(),
    st.sampled_from([DEFAULT, TIGHT]),
)
@example('"a\r"b', 7, False, DEFAULT)
@example('a,"b\r\nc"\r\n\r\n1,2', 7, True, DEFAULT)
def test_any_bytes_read_as_the_exact_reader_reads_them(
    body: str, window: int, allow: bool, limits: Limits
) -> None:
    source = b"x,y\n" + body.encode()
    expected = exact(source, limits, allow_line_breaks=allow)
    table = read(source, window, limits=limits, allow_field_line_breaks=allow)
    assert found_in(table) == sorted(expected.found)
    assert rows_of(table) == expected.rows
    assert table.findings.is_fatal == expected.is_fatal


@given(files(st.one_of(cells, broken_cells)), st.data(), windows)
def test_mutated_file_reads_as_the_exact_reader_reads_it(
    made: tuple[bytes, int], data: st.DataObject, window: int
) -> None:
    source, _ = made
    changed = bytearray(source)
    first = source.index(b"\n") + 1 if b"\n" in source else len(source)
    for _ in range(data.draw(st.integers(1, 4))):
        if first >= len(changed):
            break
        at = data.draw(st.integers(first, len(changed) - 1))
        if changed[at] < 128:
            changed[at : at + 1] = data.draw(
                st.sampled_from([b"", b'"', b",", b"\n", b"\r", b'""'])
            )
    expected = exact(bytes(changed), DEFAULT, allow_line_breaks=True)
    table = read(bytes(changed), window, allow_field_line_breaks=True)
    assert found_in(table) == sorted(expected.found)
    assert rows_of(table) == expected.rows


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.one_of(st.none(), cells, broken_cells), min_size=width, max_size=width),
            min_size=1,
            max_size=8,
        )
    )
)
def test_written_file_reads_back_the_same(rows: list[list[str | None]]) -> None:
    names = [f"c{n}" for n in range(len(rows[0]))]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    written = write_csv(frame, columns=names, formula_safe=False)
    table = read_csv(written, name="f.csv", allow_field_line_breaks=True)
    expected = [[cell or None for cell in row] for row in rows]
    assert [row for _, row in rows_of(table)] == expected
    assert list(csv.reader(io.StringIO(written.decode(), newline=""), strict=True)) == [
        names,
        *[[cell or "" for cell in row] for row in expected],
    ]


@given(st.lists(cells, min_size=1, max_size=10))
def test_formula_safe_cell_never_starts_a_formula(texts: list[str]) -> None:
    frame = pl.DataFrame({"a": [f"={text}" for text in texts] + texts}, schema={"a": pl.String})
    written = write_csv(frame, columns=["a"], formula_safe=True)
    for row in csv.reader(io.StringIO(written.decode(), newline="")):
        assert not row[0].startswith(
            ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
        )
