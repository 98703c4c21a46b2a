"""CSV with another sign than a comma between its cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.files.csv import read_csv
from rollbook.files.csv_separators import SEPARATORS, read_separated, told_separator


@pytest.mark.parametrize("sign", SEPARATORS)
def test_the_sign_is_told_from_the_header(sign: str) -> None:
    assert told_separator(f'"a,b;c|d\t"{sign}b{sign}c\n1,2;3|4\n'.encode()) == sign


def test_one_column_is_separated_by_commas() -> None:
    assert told_separator(b"a\n1\n") == ","


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252"])
def test_cells_keep_their_commas_in_any_encoding(encoding: str) -> None:
    text = 'é;b;"c,d"\r\n1,5;"x;y";"say ""hi"""\r\n;;z\r\n'
    table = read_separated(
        text.encode(encoding), name="x.csv", separator=";", expected_encoding=encoding
    )
    assert table.header == ("é", "b", "c,d")
    assert table.frame.rows() == [(2, "1,5", "x;y", 'say "hi"'), (3, None, None, "z")]


def test_a_ragged_row_is_left_out_with_its_line() -> None:
    table = read_separated(b"a|b\n1|2\n3\n", name="x.csv", separator="|")
    assert table.frame.rows() == [(2, "1", "2")]
    assert [(f.code, f.line) for f in table.findings] == [("FIL-218", 3)]


def test_an_empty_file_is_refused_as_ever() -> None:
    assert [f.code for f in read_separated(b"", name="x.csv", separator=";").findings] == [
        "FIL-201"
    ]


CELLS = st.lists(
    st.lists(st.text('ab,;|\t"é', max_size=6), min_size=3, max_size=3), min_size=1, max_size=5
)


@given(CELLS, st.sampled_from([";", "\t", "|"]))
def test_the_sign_makes_no_difference(rows: list[list[str]], sign: str) -> None:
    def text(by: str) -> bytes:
        quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
        return "\n".join([by.join(["p", "q", "r"]), *(by.join(row) for row in quoted)]).encode()

    said = read_separated(text(sign), name="x.csv", separator=sign)
    assert said.frame.equals(read_csv(text(","), name="x.csv").frame)
