from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from rollbook.groups.checks.reading import ROW_SCHEMA, read_group_file
from rollbook.groups.layouts import GROUP_FILE
from rollbook.groups.types import GroupFileReading, GroupFileWorld
from rollbook.shared.findings import KEPT_PER_KIND
from tests.spec.groups.given import WORLD, file_of

COLUMNS = ["line", *GROUP_FILE]


def _read(recipe: str, world: GroupFileWorld = WORLD) -> GroupFileReading:
    return read_group_file(file_of(recipe), name="f.csv", world=world)


def test_rows_are_trimmed_typed_and_keep_their_lines() -> None:
    reading = _read("H /  / ,,,,, /  G , S1,2024 , ,1, / G,S1,2024,,,t@example.org")
    assert reading.rows.schema == ROW_SCHEMA
    assert reading.rows.rows() == [
        (4, "G", "S1", 2024, None, "1", None),
        (5, "G", "S1", 2024, None, None, "t@example.org"),
    ]
    assert reading.faulty.columns == COLUMNS
    assert _read("\\n / H / G,S1,2024,,1,").rows["line"].to_list() == [4]
    assert reading.repairs == {"padded_cells": 3, "rows_of_commas": 1}


def test_columns_are_found_by_their_names() -> None:
    reading = _read(
        "note,School_Year,student_ssid,group_user_login,SUBJECT_CODE,school_natural_id,group_name"
        " / x,2024,1,t@example.org,ELA,S1,G"
    )
    assert reading.rows.rows() == [(2, "G", "S1", 2024, "ELA", "1", "t@example.org")]


@pytest.mark.parametrize("mark", ["[;]", "[tab]", "[|]", "[cr]", "[crlf]", "[bom]", "[utf-16]"])
def test_the_rows_are_the_same_however_they_are_written(mark: str) -> None:
    recipe = 'H / "Smith\\c ""Jo"" Peña",S1,2024,ELA,1, / G,S1,2024,,2,t@example.org'
    assert _read(f"{mark} {recipe}").rows.equals(_read(recipe).rows)


def test_windows_1252_is_read_with_its_letters() -> None:
    reading = _read("[windows-1252] H / Peña,S1,2024,ELA,1,")
    assert reading.rows["group_name"].to_list() == ["Peña"]
    assert reading.repairs == {"encoding": 1}


def test_faulty_rows_keep_what_stands_in_them() -> None:
    reading = _read(
        'H / G,S1,2023-24,ELA,1, / "K\\nL",S1,2024,ELA,2, / M,S1,2024,ELA,3,,x / "N"o,S1,2024,,4,'
    )
    assert reading.faulty.rows() == [
        (2, "G", "S1", "2023-24", "ELA", "1", None),
        (3, "K\nL", "S1", "2024", "ELA", "2", None),
        (5, "M", "S1", "2024", "ELA", "3", None),
        (6, "No", "S1", "2024", None, "4", None),
    ]
    assert not reading.rows.height


def test_a_group_at_fault_is_faulty_as_a_whole_and_as_it_stands() -> None:
    reading = _read(
        "H / G,S1,2024,ELA,1, / K,S1,2024,ELA,1, / g,S1,2024,Math,2, / G,S2,2024,Math,1,"
    )
    assert [row[:2] for row in reading.faulty.rows()] == [(2, "G"), (4, "g")]
    assert [row[:2] for row in reading.rows.rows()] == [(3, "K"), (5, "G")]
    (fault,) = [one for one in reading.findings if one.code == "GRP-221"]
    assert (fault.line, fault.weight) == (4, 2)
    assert fault.says == 'Group "G" of school S1 has the subjects "ELA" and "Math".'


def test_case_twins_become_the_first_spelling() -> None:
    reading = _read(
        "H / Gr,S1,2024,,1, / gR,S1,2024,,2, / K,S1,2024,,3, / gR,S1,2024,,3, / gr,S2,2024,,1,"
    )
    assert reading.rows["group_name"].to_list() == ["Gr", "Gr", "K", "Gr", "gr"]
    twins = [one for one in reading.findings if one.code == "GRP-224"]
    assert [(one.line, one.value) for one in twins] == [(3, "gR")]


def test_a_row_is_repeated_whatever_stands_between() -> None:
    reading = _read(
        "H / G,S1,2024,,1, / K,S1,2024,,1, / g,S1,2024,,1, / G,S1,2024,,1, / G,S1,2024,ELA,1,"
    )
    assert reading.rows["line"].to_list() == [2, 3, 6]
    assert [one.line for one in reading.findings if one.code == "GRP-214"] == [4, 5]


def test_a_student_nobody_knows_is_left_out_and_the_row_stays() -> None:
    reading = _read("H / G,S1,2024,,x9,t@example.org / G,S1,2024,,y9,")
    assert reading.rows["student_ssid"].to_list() == [None, None]
    assert reading.rows["group_user_login"].to_list() == ["t@example.org", None]
    assert [(one.code, one.line) for one in reading.findings] == [
        ("GRP-212", 2),
        ("GRP-225", 2),
        ("GRP-212", 3),
    ]
    assert reading.repairs == {"unknown_ssids": 2}
    assert reading.is_accepted


def test_200_students_count_once_each() -> None:
    reading = _read("H / 200*G,S1,2024,,{n}, / 200*G,S1,2024,,{n},t@example.org")
    assert reading.is_accepted
    (crossed,) = [one for one in reading.findings if one.code == "GRP-223"]
    assert crossed.says == 'Group "G" of school S1 has 400 rows with a student for 200 students.'
    assert not _read("H / 200*G,S1,2024,,{n}, / g,S1,2024,,201,").is_accepted


def test_an_address_is_known_in_any_case() -> None:
    assert _read("H / G,S1,2024,,1,T@Example.ORG").findings == ()


def test_an_address_nobody_has_is_told_once() -> None:
    reading = _read("H / 3*G,S1,2024,,{n},n@example.org / G,S1,2024,,1,t@example.org")
    (told,) = reading.findings
    assert (told.code, told.line, told.weight) == ("GRP-213", 2, 3)
    assert told.says == 'Nobody signs in with "n@example.org" yet; 3 rows have it.'


def test_a_school_that_lost_its_naughts_is_named() -> None:
    (told,) = _read("H / G,7,2024,,1,t@example.org").findings
    assert told.says == (
        'School "7" can not be found; "007" can, without its first 0 in this file.'
    )


def test_unknown_and_forbidden_schools_get_the_same_words() -> None:
    here = _read("H / G,S2,2024,,1,", GroupFileWorld(school_ids=frozenset({"S1"}))).findings
    nowhere = _read("H / G,X2,2024,,1,", GroupFileWorld(school_ids=frozenset({"S1"}))).findings
    assert here[0].says == nowhere[0].says.replace("X2", "S2")


def test_nothing_is_judged_that_nobody_said() -> None:
    reading = _read("H / G,anything,1999,Art,x,who@example.org", GroupFileWorld())
    assert reading.findings == ()


def test_findings_beyond_a_thousand_of_a_kind_are_counted() -> None:
    reading = _read(f"H / {KEPT_PER_KIND + 5}*G{{n}},,2024,,1,t@example.org")
    assert (len(reading.findings), reading.finding_count) == (KEPT_PER_KIND, KEPT_PER_KIND + 5)
    assert reading.faulty.height == KEPT_PER_KIND + 5


def test_findings_come_the_worst_first() -> None:
    reading = _read("H / G,S1, 2024,,1, / G,,2024,,2,")
    assert [one.severity.value for one in reading.findings] == ["error", "warning", "info"]


def test_a_file_that_cannot_be_read_has_no_rows() -> None:
    reading = _read("a,b / 1,2")
    assert (reading.rows.height, reading.faulty.height) == (0, 0)
    assert reading.rows.schema == ROW_SCHEMA
    assert [one.severity.value for one in reading.findings] == ["fatal"]


def test_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    lines = [f"G{n % 7},S{n % 3 + 1},2024,ELA,{n},t@example.org" for n in range(60)]
    there, back = (_read("H / " + " / ".join(way)) for way in (lines, lines[::-1]))
    key = list(GROUP_FILE)
    assert there.rows.select(key).sort(key).equals(back.rows.select(key).sort(key))
    path = tmp_path / "f.csv"
    path.write_bytes(file_of("H / " + " / ".join(lines)))
    assert read_group_file(path, name="f.csv", world=WORLD).rows.equals(there.rows)


def test_ids_known_may_be_none_at_all() -> None:
    world = GroupFileWorld(ssids=pl.Series([], dtype=pl.String), logins=pl.Series([]))
    reading = _read("H / G,S1,2024,,1,t@example.org", world)
    assert [one.code for one in reading.findings] == ["GRP-212", "GRP-213", "GRP-225"]
