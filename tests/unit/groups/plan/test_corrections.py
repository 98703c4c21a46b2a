"""Cells that people correct, in files of every kind: all other bytes stay."""

from __future__ import annotations

import pytest

from rollbook.groups.plan.corrections import CorrectionDoesNotFit, corrected

HEAD = "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_one_cell_changes_and_every_other_byte_stays(end: str, mark: str):
    text = mark + end.join([HEAD, ' G ,"01",2O24,,"P,1",', "", "H,01,2024,,,é@example.org"])
    there = corrected(text.encode(), {2: {"school_year": "2024"}}, ())
    assert there.decode() == text.replace("2O24", "2024")


def test_other_separators_orders_and_encodings_are_kept():
    head = ";".join(reversed(HEAD.upper().split(",")))
    text = f"{head}\n;P1;;2024;01;Année\n"
    there = corrected(text.encode("cp1252"), {2: {"group_name": "Été; soir"}}, ())
    assert there.decode("cp1252") == f'{head}\n;P1;;2024;01;"Été; soir"\n'
    wide = corrected(text.encode("utf-16"), {2: {"student_ssid": "P2"}}, ())
    assert wide.decode("utf-16") == text.replace("P1", "P2")


def test_rows_are_dropped_whole_and_lines_keep_their_numbers():
    text = f'\n{HEAD}\nG,01,2024,,P1,\n"G\nG",01,2024,,P2,\nG,01,2024,,P3,\n'
    there = corrected(text.encode(), {6: {"student_ssid": "P9"}}, [3, 4])
    assert there.decode() == f"\n{HEAD}\nG,01,2024,,P9,\n"


def test_a_row_that_fell_apart_is_written_anew():
    text = f"{HEAD}\nAlgebra, period 2,01,2024,,P1,\n"
    cells = dict(zip(HEAD.split(","), ["Algebra, p 2", "01", "2024", "", "P1", ""], strict=True))
    assert corrected(text.encode(), {2: cells}, ()).decode() == (
        f'{HEAD}\n"Algebra, p 2",01,2024,,P1,\n'
    )


def test_a_short_row_is_filled_and_a_line_break_is_a_blank():
    there = corrected(f"{HEAD}\nG,01\n".encode(), {2: {"student_ssid": 'P"1\nx'}}, ())
    assert there.decode() == f'{HEAD}\nG,01,,,"P""1 x",\n'


@pytest.mark.parametrize(
    ("corrections", "drop"),
    [({1: {"group_name": "G"}}, ()), ({9: {"group_name": "G"}}, ()), ({}, [1]),
     ({2: {"grade": "3"}}, ())],
)  # fmt: skip
def test_what_the_file_does_not_have_is_refused(
    corrections: dict[int, dict[str, str]], drop: list[int]
):
    with pytest.raises(CorrectionDoesNotFit):
        corrected(f"{HEAD}\nG,01,2024,,,\n".encode(), corrections, drop)


def test_a_letter_that_the_encoding_lacks_is_refused():
    with pytest.raises(CorrectionDoesNotFit):
        corrected(f"{HEAD}\nÉ,01,2024,,,\n".encode("cp1252"), {2: {"group_name": "王"}}, ())


def test_nothing_to_correct_gives_the_same_bytes():
    content = f"{HEAD}\nG,01,2024,,,\n".encode()
    assert corrected(content, {}, ()) == content
    assert corrected(b"", {}, ()) == b""
