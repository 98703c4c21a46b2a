"""Clever's SFTP files as a OneRoster bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.reading import format_of
from rollbook.roster.types import Mode, Profile, SourceFormat
from tests.unit.roster.sources.given import (
    CLEVER,
    changed,
    checked,
    rows,
    says,
    told,
    without,
    zipped,
)


@pytest.mark.parametrize("profile", Profile)
def test_sound_files_make_a_sound_bundle(tmp_path: Path, profile: Profile) -> None:
    path = zipped(tmp_path, CLEVER)
    assert format_of(path, path.name) is SourceFormat.CLEVER_CSV
    bundle, result = checked(path, Reading(profile=profile))
    assert [f.says for f in result.report] == []
    assert rows(bundle, "users", "sourcedId", "username", "grades", "userMasterIdentifier") == [
        ("1", "eli@example.org", "03", "900"),
        ("2", "2", "KG", "901"),
        ("staff-1", "cara@example.org", None, None),
        ("staff-2", "dev@example.org", None, None),
    ]
    assert rows(bundle, "enrollments", "classSourcedId", "userSourcedId", "role", "primary") == [
        ("c1", "staff-1", "teacher", "true"),
        ("c1", "staff-2", "teacher", "false"),
        ("c1", "1", "student", None),
        ("c1", "2", "student", None),
    ]
    assert rows(bundle, "academicSessions", "sourcedId", "type", "startDate", "schoolYear") == [
        ("year-2027", "schoolYear", "2026-07-01", "2027"),
        ("term-2027-fall-2026-08-10", "term", "2026-08-10", "2027"),
    ]
    demographics = rows(
        bundle, "demographics", "birthDate", "sex", "white", "hispanicOrLatinoEthnicity"
    )
    assert demographics == [
        ("2018-03-14", "male", "true", "true"),
        ("2020-03-04", "female", None, "false"),
    ]
    assert {name for name, mode in bundle.modes.items() if mode is Mode.BULK} == set(bundle.tables)


def test_a_row_for_each_contact_is_one_student(tmp_path: Path) -> None:
    text = CLEVER["students.csv"].replace("Student_email\n", "Student_email,Contact_name\n")
    lines = text.splitlines()
    text = "\n".join([lines[0], f"{lines[1]},Mom", f"{lines[1]},Dad", f"{lines[2]},Pat"]) + "\n"
    bundle, result = checked(zipped(tmp_path, {**CLEVER, "students.csv": text}))
    assert told(result) == []
    assert [row[0] for row in rows(bundle, "users", "sourcedId")][:2] == ["1", "2"]
    places = bundle.origins["users"].rows.filter(file="students.csv")
    assert places.sort("line").select("_line", "line").rows() == [(2, 2), (2, 3), (3, 4)]


def test_rows_of_one_student_that_disagree_are_told_and_the_first_counts(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "S1,2,", "S2,1,n1,900,Sato,Eli,4,M,,,,\nS1,2,")
    bundle, result = checked(zipped(tmp_path, files))
    assert told(result) == [
        ("ROS-705", "students.csv", 3, "Last_name"),
        ("ROS-705", "students.csv", 3, "Grade"),
    ]
    assert rows(bundle, "roles", "orgSourcedId", "roleType")[:2] == [
        ("S1", "primary"),
        ("S2", "secondary"),
    ]


def test_a_file_that_did_not_come_stops_everything(tmp_path: Path) -> None:
    _, result = checked(zipped(tmp_path, without(CLEVER, "enrollments.csv")))
    assert told(result) == [("ROS-701", "", None, None)]
    assert result.frames is None


def test_a_column_that_every_row_needs_stops_everything(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "Student_id", "Pupil")
    _, result = checked(zipped(tmp_path, files))
    assert told(result) == [("ROS-702", "students.csv", 1, "Student_id")]


def test_other_spellings_and_other_columns_are_told(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "Student_id", "student id")
    files = changed(files, "students.csv", "Race", "Shoe size")
    _, result = checked(zipped(tmp_path, {**files, "notes.txt": "x"}))
    assert [(f.code, f.value) for f in result.report] == [
        ("ROS-704", "notes.txt"),
        ("ROS-703", "student id"),
        ("ROS-704", "Shoe size"),
    ]


def test_a_file_that_is_there_twice_stops_everything(tmp_path: Path) -> None:
    _, result = checked(zipped(tmp_path, {**CLEVER, "old/students.csv": "x\n"}))
    assert told(result) == [("ROS-706", "students.csv", None, None)]


def test_a_row_that_cannot_be_read_may_be_anybodys(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "S1,2,n2,901,Ito,Ana", "S1,2,n2,901,Ito, Ana")
    files = changed(files, "students.csv", "Ito, Ana,Kinder", "Ito,Ana,x,Kinder")
    _, result = checked(zipped(tmp_path, files))
    assert ("FIL-218", "students.csv", 3, None) in told(result)
    for table in ("users", "roles", "demographics"):
        frame = result.excluded[table].frame
        assert frame["sourced_id"].to_list() == [None], table


def test_what_is_found_is_told_in_clevers_words(tmp_path: Path) -> None:
    files = changed(CLEVER, "enrollments.csv", "c1,2", "c1,99")
    files = changed(files, "teachers.csv", "Dev,Lee", ",Lee")
    _, result = checked(zipped(tmp_path, files))
    assert ("ROS-301", "enrollments.csv", 3, "Student_id") in told(result)
    assert says(result, "ROS-301").startswith(
        'Student_id names "99", and students.csv has no such record.'
    )
    assert ("ROS-220", "teachers.csv", 3, "First_name") in told(result)
    assert says(result, "ROS-220") == "First_name is empty, and every row needs it."


def test_sections_without_any_term_last_the_year(tmp_path: Path) -> None:
    files = changed(CLEVER, "sections.csv", "Fall,8/10/2026,12/20/2026", ",,")
    bundle, result = checked(zipped(tmp_path, files))
    assert told(result) == [("ROS-719", "sections.csv", None, None)]
    assert result.frames is not None
    assert result.frames.classes.height == 1
    assert "academicSessions" not in bundle.tables


def test_a_needed_file_without_rows_stops_everything(tmp_path: Path) -> None:
    header = CLEVER["students.csv"].splitlines()[0] + "\n"
    _, result = checked(zipped(tmp_path, {**CLEVER, "students.csv": header}))
    assert told(result) == [("ROS-723", "students.csv", None, None)]
    assert result.frames is None


def test_a_file_of_day_first_dates_is_read_so_and_said(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "3/14/2018", "14/3/2018")
    bundle, result = checked(zipped(tmp_path, files))
    assert rows(bundle, "demographics", "birthDate") == [("2018-03-14",), ("2020-04-03",)]
    assert says(result, "ROS-725") == (
        "The dates of students.csv are read day first, though the layout writes months first: "
        '"14/3/2018" (line 2) can be read in no other order.'
    )


def test_dates_that_decide_nothing_follow_those_of_the_other_files(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "3/14/2018", "3/4/2018")
    files = changed(files, "sections.csv", "8/10/2026,12/20/2026", "10/8/2026,20/12/2026")
    bundle, result = checked(zipped(tmp_path, files))
    assert rows(bundle, "demographics", "birthDate") == [("2018-04-03",), ("2020-04-03",)]
    assert rows(bundle, "academicSessions", "startDate", "endDate")[1:] == [
        ("2026-08-10", "2026-12-20")
    ]
    assert next(finding.says for finding in result.report).endswith(
        '"20/12/2026" (sections.csv line 2) can be read in no other order.'
    )


def test_what_is_a_day_in_no_order_decides_nothing(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "3/14/2018", "30/2/2018")
    bundle, result = checked(zipped(tmp_path, files))
    assert told(result) == [("ROS-235", "students.csv", 2, "DOB")]
    assert rows(bundle, "demographics", "birthDate") == [("30/2/2018",), ("2020-03-04",)]


def test_a_word_that_nobody_knows_is_told_and_left_out(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "3/14/2018,W,Y", "3/14/2018,Martian,perhaps")
    bundle, result = checked(zipped(tmp_path, files))
    assert [(f.code, f.line, f.column, f.value) for f in result.report] == [
        ("ROS-724", 2, "Hispanic_Latino", "perhaps"),
        ("ROS-724", 2, "Race", "Martian"),
    ]
    assert rows(bundle, "demographics", "white", "hispanicOrLatinoEthnicity") == [
        (None, None),
        (None, "false"),
    ]


def test_what_is_wrong_with_one_cell_is_told_and_counted_once(tmp_path: Path) -> None:
    files = changed(CLEVER, "students.csv", "S1,2,n2", "S1,,n2")
    _, result = checked(zipped(tmp_path, files))
    assert sorted(told(result)) == [
        ("ROS-220", "students.csv", 3, "Student_id"),
        ("ROS-301", "enrollments.csv", 3, "Student_id"),
    ]
    assert (result.report.counts, len(result.report)) == ({"ROS-220": 1, "ROS-301": 1}, 2)
    assert result.report.touched == {
        ("ROS-220", "students.csv", "Student_id"): 1,
        ("ROS-301", "enrollments.csv", "Student_id"): 1,
    }
