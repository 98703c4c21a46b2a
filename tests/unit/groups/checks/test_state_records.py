from __future__ import annotations

import pytest

from rollbook.groups.checks.state_records import FileBreaks, records_of, text_of


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("", []),
        ("\n\r\n\r", []),
        ("a,b\nc", [["a", "b"], ["c"]]),
        ("a,b\rc\r\nd\n", [["a", "b"], ["c"], ["d"]]),
        ("a,\n,", [["a", ""], ["", ""]]),
        (" \n", [[" "]]),
        ("a\n\n\nb", [["a"], ["b"]]),
        ("# a,b\n", [["# a", "b"]]),
        ('"a","b"\n', [["a", "b"]]),
        ('""\n"",\n', [[""], ["", ""]]),
        ('"a\r\nb","c""d"\rx', [["a\r\nb", 'c"d'], ["x"]]),
        ('a"b,c "d"\n', [['a"b', 'c "d"']]),
        ('"a" \t,b\n', [["a", "b"]]),
        ('"a" \u2003\n"b"\n', [["a"], ["b"]]),
        ('"a" ', [["a"]]),
        ('x\n"a" ,"b\nc" , "d"\n\ny,"z"', [["x"], ["a", "b\nc", ' "d"'], ["y", "z"]]),
        ('"a" ,\n\n,', [["a", ""], ["", ""]]),
        ('"a" ,', [["a", ""]]),
        ('x,"' + "y" * 200_000 + '"\n', [["x", "y" * 200_000]]),
        ("a\x0bb\x1cc\u2028d\n", [["a\x0bb\x1cc\u2028d"]]),
    ],
)
def test_a_text_falls_into_records(text: str, records: list[list[str]]) -> None:
    assert list(records_of(text)) == records


@pytest.mark.parametrize(
    ("text", "before", "reason"),
    [
        ('a\n"b"x', [["a"]], "(line 2) invalid char between encapsulated token and delimiter"),
        ('"a\n\nb" x', [], "(line 3) invalid char between encapsulated token and delimiter"),
        ('"a"\u00a0', [], "(line 1) invalid char between encapsulated token and delimiter"),
        ('a\r\r\n"b\nc', [["a"]], "(startline 3) EOF reached before encapsulated token finished"),
        ('a,"', [], "(startline 1) EOF reached before encapsulated token finished"),
        ('"a""', [], "(startline 1) EOF reached before encapsulated token finished"),
        ('"a" \nb\n"c" x', [["a"], ["b"]], "(line 3) invalid char between encapsulated token "
         "and delimiter"),
    ],
)  # fmt: skip
def test_a_text_breaks_where_a_quote_is_out_of_place(
    text: str, before: list[list[str]], reason: str
) -> None:
    found: list[list[str]] = []
    with pytest.raises(FileBreaks) as broken:
        found.extend(records_of(text))
    assert (found, str(broken.value)) == (before, reason)


def test_bytes_that_are_no_text_become_marks() -> None:
    assert text_of(b"\xef\xbb\xbfa\xf1b") == "a\ufffdb"
