"""Any CSV or XLSX by a mapping, and what spreadsheets do to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rollbook.roster.rules.mapping import ColumnMapping
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.flat_file import header_of, read_flat
from rollbook.roster.sources.mapped_file import preview
from rollbook.roster.sources.reading import format_of
from rollbook.roster.types import BundleResult, OneRosterBundle, SourceFormat
from tests.unit.files.workbooks import workbook
from tests.unit.roster.sources.given import checked, flat, rows, says, suggested, told

HEADER = (
    "Local ID,SSID,Last,First,Grade,DOB,School,School Number,Class,Period,Teacher,Teacher Email,"
    "Term,Term Start,Term End\n"
)
END = ",Fall,8/10/2026,12/20/2026\n"
ELI = '00123,900,Soto,Eli,3rd,3/14/2018,North High,101,Math,1,"Park, Cara",cara@example.org' + END
ANA = '00124,901,Ito,Ana,K,3/4/2020,North High,101,Math,1,"Park, Cara",cara@example.org' + END
ART = "00124,901,Ito,Ana,K,3/4/2020,North High,101,Art,2,Bo Lee," + END


def read(path: Path, **more: object) -> tuple[OneRosterBundle, BundleResult]:
    mapping = replace(suggested(path), **more)  # type: ignore[arg-type] # fields of a mapping
    return checked(path, Reading(mapping=mapping))


def test_one_row_describes_a_student_a_class_and_its_teacher(tmp_path: Path) -> None:
    path = flat(tmp_path, HEADER + ELI + ANA + ART)
    assert format_of(path, path.name) is SourceFormat.MAPPED
    bundle, result = read(path)
    assert [f.says for f in result.report] == []
    assert rows(bundle, "orgs", "sourcedId", "name", "identifier") == [
        ("school-101", "North High", "101")
    ]
    users = rows(bundle, "users", "sourcedId", "givenName", "familyName", "grades")
    assert users == [
        ("00123", "Eli", "Soto", "03"),
        ("00124", "Ana", "Ito", "KG"),
        ("staff-cara@example.org", "Cara", "Park", None),
        ("staff-lee-bo", "Bo", "Lee", None),
    ]
    assert rows(bundle, "classes", "sourcedId", "title", "periods", "termSourcedIds") == [
        ("class-101-math-1-staff-cara@example.org-fall", "Math", "1", "term-2027-fall-2026-08-10"),
        ("class-101-art-2-staff-lee-bo-fall", "Art", "2", "term-2027-fall-2026-08-10"),
    ]
    seats = [(who, role) for who, role in rows(bundle, "enrollments", "userSourcedId", "role")]
    assert seats == [
        ("00123", "student"),
        ("00124", "student"),
        ("00124", "student"),
        ("staff-cara@example.org", "teacher"),
        ("staff-lee-bo", "teacher"),
    ]
    assert rows(bundle, "demographics", "birthDate") == [("2018-03-14",), ("2020-03-04",)]


def test_all_the_rows_of_a_student_are_its_origin(tmp_path: Path) -> None:
    bundle, _ = read(flat(tmp_path, HEADER + ELI + ANA + ART))
    users = bundle.origins["users"].rows.sort("_line", "line")
    assert users.select("_line", "line").rows() == [(2, 2), (3, 3), (3, 4), (4, 2), (5, 4)]


def test_students_without_classes_are_a_roster(tmp_path: Path) -> None:
    bundle, result = read(
        flat(tmp_path, 'SSID,Name,School Name,Grade\n900,"Soto, Eli",North,5\n'),
        defaults={"district_name": "Our District"},
    )
    assert told(result) == []
    assert set(bundle.tables) == {"orgs", "users", "roles"}
    assert rows(bundle, "orgs", "sourcedId", "parentSourcedId") == [
        ("district-our-district", None),
        ("school-north", "district-our-district"),
    ]
    assert rows(bundle, "users", "sourcedId", "givenName", "familyName", "grades") == [
        ("900", "Eli", "Soto", "05")
    ]


def test_value_maps_and_defaults_fill_cells(tmp_path: Path) -> None:
    path = flat(tmp_path, "SIS ID,Last,First,Grade\n1,Soto,Eli,Bears\n2,Ito,Ana,\n")
    bundle, result = read(
        path,
        values={"grade": {"bears": "PK", "x": ""}},
        defaults={"grade": "01", "school_name": "North"},
    )
    assert told(result) == []
    assert rows(bundle, "users", "grades") == [("PK",), ("01",)]
    shown = preview(
        read_flat(path, name=path.name), replace(suggested(path), defaults={"grade": "01"})
    )
    assert shown[1] == (
        3,
        {"local_id": ("2", "2"), "first_name": ("Ana", "Ana"), "last_name": ("Ito", "Ito"),
         "grade": ("", "01")},
    )  # fmt: skip


def test_without_a_mapping_nothing_is_guessed(tmp_path: Path) -> None:
    _, result = checked(flat(tmp_path, HEADER + ELI))
    assert told(result) == [("ROS-707", "students.csv", None, None)]
    assert result.frames is None


def test_a_mapping_that_no_longer_fits_is_refused(tmp_path: Path) -> None:
    path = flat(tmp_path, "SIS ID,Last,First\n1,Soto,Eli\n")
    mapping = ColumnMapping({"local_id": "SIS ID", "last_name": "Surname", "first_name": "First"})
    _, result = checked(path, Reading(mapping=mapping))
    assert told(result) == [
        ("ROS-709", "students.csv", None, None),
        ("ROS-708", "students.csv", 1, None),
    ]
    assert "School number or School name" in says(result, "ROS-709")


DAMAGE = "Local ID,SSID,Last,First,Grade,School\n"


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("1,4.00002E+09,Soto,Eli,3,North\n", "ROS-710", "SSID"),
        ("1.2E+5,900,Soto,Eli,3,North\n", "ROS-710", "Local ID"),
        ("1,########,Soto,Eli,3,North\n", "ROS-712", "SSID"),
        ("5-Jan,900,Soto,Eli,3,North\n", "ROS-713", "Local ID"),
    ],
)
def test_a_student_with_a_damaged_id_is_left_out(
    tmp_path: Path, row: str, code: str, column: str
) -> None:
    _, result = read(flat(tmp_path, DAMAGE + row + "2,901,Ito,Ana,4,North\n"))
    assert told(result) == [(code, "students.csv", 2, column)]
    assert result.frames is not None
    assert result.frames.users["sourced_id"].to_list() == ["2"]
    assert result.excluded["users"].frame["cause"].to_list() == [code]


@pytest.mark.parametrize(
    ("row", "code", "read_as"),
    [
        ('"=""00123""",900,Soto,Eli,3,North\n', "ROS-714", ("00123", "03")),
        ("'00123,900,Soto,Eli,3,North\n", "ROS-715", ("00123", "03")),
        ("00123,900,Soto,Eli,5-Jan,North\n", "ROS-721", ("00123", None)),
        ("00123,900,Soto,Eli,####,North\n", "ROS-721", ("00123", None)),
    ],
)
def test_what_can_be_repaired_is_repaired_and_told(
    tmp_path: Path, row: str, code: str, read_as: tuple[str, str | None]
) -> None:
    bundle, result = read(flat(tmp_path, DAMAGE + row))
    assert [found for found, *_ in told(result)] == [code]
    assert rows(bundle, "users", "sourcedId", "grades") == [read_as]


def test_lost_zeros_are_seen_in_the_lengths_of_all_ids(tmp_path: Path) -> None:
    def body(ids: list[str]) -> str:
        return DAMAGE + "".join(f"{key},9{key},Soto,Eli,3,North\n" for key in ids)

    cut = [str(number) for number in range(1000, 1030)] + ["77", "101"]
    _, result = read(flat(tmp_path, body(cut)))
    assert [(c, col) for c, _f, _l, col in told(result) if c == "ROS-711"] == [
        ("ROS-711", "SSID"),
        ("ROS-711", "Local ID"),
    ]
    whole = [str(number) for number in range(1000, 1030)] + ["0077", "0101"]
    _, sound = read(flat(tmp_path, body(whole)))
    assert [code for code, *_ in told(sound) if code == "ROS-711"] == []


def test_dates_that_nothing_decides_block_until_somebody_says(tmp_path: Path) -> None:
    path = flat(tmp_path, "ID,Last,First,DOB,School\n1,Soto,Eli,3/4/2018,North\n")
    _, result = read(path)
    assert told(result) == [("ROS-716", "students.csv", 1, "DOB")]
    for order, day in (("mdy", "2018-03-04"), ("dmy", "2018-04-03")):
        bundle, said = read(path, date_orders={"birth_date": order})
        assert told(said) == []
        assert rows(bundle, "demographics", "birthDate") == [(day,)]


def test_dates_in_two_orders_block(tmp_path: Path) -> None:
    text = "ID,Last,First,DOB,School\n1,Soto,Eli,3/14/2018,North\n2,Ito,Ana,14/3/2018,North\n"
    _, result = read(flat(tmp_path, text))
    assert told(result) == [("ROS-717", "students.csv", 1, "DOB")]


def test_another_separator_is_told(tmp_path: Path) -> None:
    text = 'ID;Last;First;School\n1;Soto;"Eli; Jr, II";North\n'
    bundle, result = read(flat(tmp_path, text))
    assert [(f.code, f.value) for f in result.report] == [("ROS-718", "semicolons")]
    assert rows(bundle, "users", "givenName") == [("Eli; Jr, II",)]


def test_rows_of_one_class_that_disagree_are_told(tmp_path: Path) -> None:
    text = (
        "ID,Last,First,School,Section ID,Class Name,School Year\n"
        "1,Soto,Eli,North,s1,Math,2027\n2,Ito,Ana,North,s1,Art,2027\n"
    )
    bundle, result = read(flat(tmp_path, text))
    assert told(result)[0] == ("ROS-720", "students.csv", 3, "Class Name")
    assert rows(bundle, "classes", "title", "termSourcedIds") == [("Math", "year-2027")]


def test_findings_of_teachers_name_the_teachers_columns(tmp_path: Path) -> None:
    text = (
        "ID,Last,First,School,Class,Teacher Last Name,Teacher First Name,School Year\n"
        "1,Soto,Eli,North,Math,Park,,2027\n"
    )
    _, result = read(flat(tmp_path, text))
    assert ("ROS-220", "students.csv", 2, "Teacher First Name") in told(result)


def test_a_workbook_is_read_like_a_csv(tmp_path: Path) -> None:
    cells = [["Local ID", "Last", "First", "Grade", "School"], [123, "Soto", "Eli", 3, "North"]]
    path = tmp_path / "students.xlsx"
    path.write_bytes(workbook({"Data": cells}))
    assert format_of(path, path.name) is SourceFormat.MAPPED
    assert header_of(path, name=path.name) == tuple(cells[0])
    bundle, result = read(path)
    assert told(result) == []
    assert rows(bundle, "users", "sourcedId", "grades") == [("123", "03")]


def test_a_column_that_comes_twice_matters_only_where_it_is_read(tmp_path: Path) -> None:
    text = "ID,Last,First,School,Note,Note\n1,Soto,Eli,North,a,b\n"
    _, result = read(flat(tmp_path, text))
    assert [(f.code, f.severity) for f in result.report] == [("ROS-704", "info")]
    _, lost = read(flat(tmp_path, "ID,ID,Last,First,School\n1,2,Soto,Eli,North\n"))
    assert told(lost) == [("ROS-722", "students.csv", 1, None)]
    assert lost.frames is None


def test_a_file_without_rows_stops_everything(tmp_path: Path) -> None:
    _, result = read(flat(tmp_path, "ID,Last,First,School\n"))
    assert told(result) == [("ROS-723", "students.csv", None, None)]
    assert result.frames is None


def test_the_same_names_make_the_same_ids_in_every_file(tmp_path: Path) -> None:
    first, _ = read(flat(tmp_path, HEADER + ELI + ANA + ART))
    second, _ = read(flat(tmp_path, HEADER + ART + ELI))
    for table in ("orgs", "users", "classes", "enrollments"):
        ids = set(second.tables[table].frame["sourcedId"])
        assert ids <= set(first.tables[table].frame["sourcedId"])
        assert len(ids) == second.tables[table].frame.height


def test_a_file_of_which_no_row_can_be_read_stops_everything(tmp_path: Path) -> None:
    _, result = read(flat(tmp_path, "ID,Last,First,School\n1.2E+5,Soto,Eli,North\n"))
    assert [(f.code, f.severity, f.line) for f in result.report] == [("ROS-710", "fatal", 2)]
    assert result.frames is None


def test_a_word_that_nobody_knows_is_told_and_left_out(tmp_path: Path) -> None:
    text = "Local ID,Last,First,Grade,School,Hispanic\n1,Soto,Eli,3,North,perhaps\n"
    path = flat(tmp_path, text + "2,Ito,Ana,4,North,Y\n")
    bundle, result = read(path)
    assert told(result) == [("ROS-724", "students.csv", 2, "Hispanic")]
    assert rows(bundle, "demographics", "hispanicOrLatinoEthnicity") == [(None,), ("true",)]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("header", ["*", "^.*$", "^(.*$", "_line", "_file", "%s", "{0}"])
def test_a_header_is_a_name_and_no_pattern(tmp_path: Path, header: str, separator: str) -> None:
    lines = [[header, "Last", "First", "Id", "Grade", "School"]]
    lines.append(["Maria", "Soto", "Eli", "1", "03", "North"])
    path = flat(tmp_path, "".join(separator.join(line) + "\n" for line in lines))
    mapping = ColumnMapping(
        columns={
            "middle_name": header, "last_name": "Last", "first_name": "First", "local_id": "Id",
            "grade": "Grade", "school_name": "School",
        },
        separator="" if separator == "," else separator,
    )  # fmt: skip
    bundle, _ = checked(path, Reading(mapping=mapping))
    assert rows(bundle, "users", "middleName", "familyName") == [("Maria", "Soto")]
