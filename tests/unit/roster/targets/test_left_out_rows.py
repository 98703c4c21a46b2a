"""The rows that were left out, in the layout and in the words of the file that was received."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.rules.reading import Reading
from rollbook.roster.targets.left_out_rows import left_out_file, left_out_of
from rollbook.roster.types import SourceFormat
from tests.spec.roster.recipes import spoilt_roster
from tests.unit.roster.sources.given import checked, suggested

REPAIR_CODES = frozenset(check.code for check in CHECKS if check.is_repair)
MOMENT = "2026-08-15T12:00:00.000Z"


def _left_out(path: Path, reading: Reading, encoding: str = "utf-8") -> tuple[str, bytes] | None:
    bundle, result = checked(path, reading)
    left = left_out_of(result, bundle, repair_codes=REPAIR_CODES)
    return left_out_file(path, left, encoding=encoding, moment=MOMENT)


def _received(folder: Path, layout: str, recipe: str, name: str = "roster.zip") -> Path:
    path = folder / name
    path.write_bytes(spoilt_roster(layout, recipe).packed())
    return path


def _files(found: tuple[str, bytes] | None) -> dict[str, str]:
    assert found is not None
    with zipfile.ZipFile(io.BytesIO(found[1])) as package:
        return {name: package.read(name).decode() for name in package.namelist()}


def test_rows_of_clever_come_back_in_their_own_files(tmp_path: Path) -> None:
    path = _received(tmp_path, "clever", "students 2.Last_name=")
    files = _files(_left_out(path, Reading(format=SourceFormat.CLEVER_CSV)))
    assert sorted(files) == ["enrollments.csv", "students.csv"]
    header, row = files["students.csv"].splitlines()
    assert header.startswith("School_id,Student_id,Student_number")
    assert row.startswith("S1,1,n1,900,,Eli")
    assert files["enrollments.csv"].splitlines() == ["School_id,Section_id,Student_id", "S1,c1,1"]


def test_rows_of_a_mapped_file_come_back_as_one_file(tmp_path: Path) -> None:
    sound = _received(tmp_path, "flat", "", "students.csv")
    mapping = suggested(sound)
    path = _received(tmp_path, "flat", "students 3.First Name=", "students.csv")
    found = _left_out(path, Reading(format=SourceFormat.MAPPED, mapping=mapping))
    assert found is not None and found[0] == "excluded.csv"
    header, row = found[1].decode().splitlines()
    assert header.startswith("Student ID,State ID")
    assert row.startswith("0012346,9000000002,Ito,,KG")


def test_rows_in_another_encoding_come_back_in_utf_8_and_say_so(tmp_path: Path) -> None:
    recipe = "declared windows-1252 ; users 2.givenName=Jos\\xE9 ; users 2.familyName="
    path = _received(tmp_path, "1.2", recipe)
    reading = Reading(format=SourceFormat.ONEROSTER_CSV, encoding="windows-1252")
    files = _files(_left_out(path, reading, "windows-1252"))
    assert files["users.csv"].startswith("\ufeffsourcedId,")
    assert "José" in files["users.csv"]


def test_a_row_that_cannot_be_read_comes_back_as_it_stands(tmp_path: Path) -> None:
    path = _received(tmp_path, "1.2", "orgs line 3=sch-1,,,North,school,,dist,extra")
    files = _files(_left_out(path, Reading(format=SourceFormat.ONEROSTER_CSV)))
    assert files["orgs.csv"].splitlines()[1:] == ["sch-1,,,North,school,,dist,extra"]


def test_a_row_over_two_lines_comes_back_whole(tmp_path: Path) -> None:
    path = _received(tmp_path, "1.2", "users 2.givenName=E\\nli ; users 2.familyName=")
    files = _files(_left_out(path, Reading(format=SourceFormat.ONEROSTER_CSV)))
    assert 'stu-1,active,2026-08-15T12:00:00.000Z,true,eli,{SIS:100},"E\nli",' in files["users.csv"]


def test_a_delta_row_keeps_its_own_status_and_moment(tmp_path: Path) -> None:
    path = _received(tmp_path, "delta", "users 2.familyName= ; users 2.status=active")
    files = _files(_left_out(path, Reading(format=SourceFormat.ONEROSTER_CSV)))
    (row,) = files["users.csv"].splitlines()[1:]
    assert row.startswith("stu-1,active,2026-08-15T12:00:00.000Z,true,eli")


def test_nothing_left_out_is_no_file(tmp_path: Path) -> None:
    path = _received(tmp_path, "1.2", "")
    assert _left_out(path, Reading(format=SourceFormat.ONEROSTER_CSV)) is None
