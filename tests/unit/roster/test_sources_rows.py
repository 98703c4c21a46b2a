"""What becomes of each value that a server sends: one cell of text, or passed on as it is."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from rollbook.roster.sources.clever_rows import CleverRoster, grade_of
from rollbook.roster.sources.connecting import SourceFailed
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.sources.oneroster_rows import made_id, roles_of, rows_of
from rollbook.roster.sources.packing import RosterTables, list_of, records_in, text_of
from rollbook.roster.types import Profile


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("00123", "00123"),
        ("true", "true"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (1.5, "1.5"),
        ({"b": 1, "a": "ü"}, '{"a":"ü","b":1}'),
        (["a", "b"], '["a","b"]'),
        ("Ma\ud83d", "Ma�"),
        ("😀", "😀"),
        ("\ufefftext", "\ufefftext"),
    ],
)
def test_every_value_becomes_text(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], ""),
        (None, ""),
        (["06", "07"], "06,07"),
        ("06", "06"),
        (["Reading, Writing", "Art"], "Reading; Writing,Art"),
        (["", None, "x"], "x"),
    ],
)
def test_every_list_becomes_one_cell(value: Any, text: str) -> None:
    assert list_of(value) == text


@pytest.mark.parametrize(
    ("answer", "records"),
    [
        ({"users": [{"a": 1}]}, [{"a": 1}]),
        ({"user": [{"a": 1}]}, [{"a": 1}]),
        ({"user": {"a": 1}}, [{"a": 1}]),
        ([{"a": 1}], [{"a": 1}]),
        ({"users": []}, []),
    ],
)
def test_records_are_found_in_every_wrapper(answer: Any, records: Any) -> None:
    assert records_in(answer, "users", "user") == records


@pytest.mark.parametrize("answer", [{}, {"other": []}, None, "users", 5, {"users": ["a"]}])
def test_an_answer_without_records_lies(answer: Any) -> None:
    with pytest.raises(SourceFailed) as failed:
        records_in(answer, "users", "user")
    assert failed.value.code == "lies"


def _row(file: str, record: dict[str, Any], version: str = "1.2") -> dict[str, str]:
    rows = list(rows_of(version, file, [record], is_delta=False))
    return {name: text for name, text in rows[0].items() if text}


@pytest.mark.parametrize(
    ("file", "record", "row"),
    [
        (
            "users",
            {
                "sourcedId": "u", "enabledUser": True, "preferredFirstName": "A",
                "preferredMiddleName": "B", "preferredLastName": "C", "pronouns": "they",
                "primaryOrg": {"sourcedId": "o"}, "agents": [{"sourcedId": "x"}, "y"],
                "userIds": [{"type": "T", "identifier": "1"}, "odd"], "password": "no",
            },
            {
                "sourcedId": "u", "enabledUser": "true", "preferredGivenName": "A",
                "preferredMiddleName": "B", "preferredFamilyName": "C", "pronouns": "they",
                "primaryOrgSourcedId": "o", "agentSourcedIds": "x,y", "userIds": "{T:1},odd",
            },
        ),
        (
            "courses",
            {"sourcedId": "c", "schoolYear": {"sourcedId": "y"}, "org": {"sourcedId": "o"},
             "subjects": ["Math"], "resources": [{"sourcedId": "r"}]},
            {"sourcedId": "c", "schoolYearSourcedId": "y", "orgSourcedId": "o",
             "subjects": "Math"},
        ),
        (
            "academicSessions",
            {"sourcedId": "s", "parent": {"sourcedId": "p"}, "schoolYear": 2027},
            {"sourcedId": "s", "parentSourcedId": "p", "schoolYear": "2027"},
        ),
        (
            "classes",
            {"sourcedId": "k", "terms": [{"sourcedId": "t1"}, {"sourcedId": "t2"}],
             "course": "bare", "school": {"href": "no id"}},
            {"sourcedId": "k", "termSourcedIds": "t1,t2", "courseSourcedId": "bare",
             "schoolSourcedId": '{"href":"no id"}'},
        ),
        ("demographics", {"sourcedId": "d", "birthdate": "2014-01-01"},
         {"sourcedId": "d", "birthDate": "2014-01-01"}),
        ("orgs", {"sourcedId": 5, "status": "active", "name": None}, {"sourcedId": "5"}),
    ],
)  # fmt: skip
def test_rest_names_become_the_names_of_the_files(
    file: str, record: dict[str, Any], row: dict[str, str]
) -> None:
    assert _row(file, record) == row


def test_a_user_of_1_1_has_role_and_places() -> None:
    record = {"sourcedId": "u", "role": "student", "orgs": [{"sourcedId": "a"}, {"sourcedId": "b"}]}
    assert _row("users", record, "1.1") == {
        "sourcedId": "u", "role": "student", "orgSourcedIds": "a,b",
    }  # fmt: skip


def test_roles_get_ids_that_stay_and_differ() -> None:
    role = {"roleType": "primary", "role": "student", "org": {"sourcedId": "o"}}
    user = {"sourcedId": "u", "status": "active", "roles": [role, {**role, "role": "aide"}, role]}
    ids = [row["sourcedId"] for row in roles_of([user], is_delta=False)]
    assert ids == ["u_o_student", "u_o_aide", "u_o_student_2"]
    gone = {**user, "status": "tobedeleted"}
    assert list(roles_of([gone], is_delta=False)) == []
    assert {row["status"] for row in roles_of([gone], is_delta=True)} == {"tobedeleted"}
    assert list(roles_of([{**user, "roles": "none"}], is_delta=False)) == []


def test_made_ids_are_lawful_however_odd_their_parts() -> None:
    assert made_id("a", "", "b") == "a_b"
    odd = made_id("a b", "ü")
    assert (len(odd), odd) == (64, made_id("a b", "ü"))
    assert made_id("x" * 150, "y" * 150) != made_id("x" * 150, "z" * 150)


@pytest.mark.parametrize(
    ("clever", "ceds"),
    [
        ("InfantToddler", "IT"), ("Preschool", "PR"), ("PreKindergarten", "PK"),
        ("TransitionalKindergarten", "TK"), ("Kindergarten", "KG"), ("1", "01"), ("12", "12"),
        ("13", "13"), ("PostGraduate", "PS"), ("Ungraded", "UG"), ("Other", "Other"), ("", ""),
        (None, ""), ("sixth", "sixth"),
    ],
)  # fmt: skip
def test_clevers_grades_become_ceds(clever: Any, ceds: str) -> None:
    assert grade_of(clever) == ceds


@pytest.mark.parametrize(
    ("dob", "day"),
    [
        ("3/9/2014", "2014-03-09"),
        ("12/31/2014", "2014-12-31"),
        ("2014-03-09", "2014-03-09"),
        ("2014-03-09T00:00:00.000Z", "2014-03-09"),
        ("9.3.2014", "9.3.2014"),
        ("2014-03-099", "2014-03-099"),
        (None, ""),
    ],
)
def test_clevers_birthdays(dob: Any, day: str) -> None:
    roster = CleverRoster({"id": "d"}, date(2026, 11, 22))
    student = {"school": "s", "dob": dob, "gender": "?", "hispanic_ethnicity": "maybe"}
    roster.add_users([{"id": "u", "name": {}, "roles": {"student": student}}])
    row = roster.finished().frame("demographics").to_dicts()[0]
    assert (row["birthDate"], row["sex"], row["hispanicOrLatinoEthnicity"]) == (day, "?", "maybe")
    assert row["white"] == ""


@pytest.mark.parametrize(
    ("dobs", "found", "births"),
    [
        (["14/3/2018", "3/4/2020"], ["ROS-266", "ROS-266"], ["2018-03-14", "2020-04-03"]),
        (["14/3/2018", "3/25/2020"], ["ROS-235", "ROS-235"], [None, None]),
        (["2/30/2018", "3/4/2020"], ["ROS-235"], [None, "2020-03-04"]),
        (["3/14/2018", "3/4/2020"], [], ["2018-03-14", "2020-03-04"]),
    ],
)
def test_clevers_birthdays_in_another_order_are_told(
    tmp_path: Path, dobs: list[str], found: list[str], births: list[str | None]
) -> None:
    roster = CleverRoster({"id": "d", "name": "District"}, date(2026, 11, 22))
    roster.add_schools([{"id": "s", "name": "School"}])
    roster.add_terms([])
    for key, dob in enumerate(dobs):
        names = {"id": f"u{key}", "name": {"first": "A", "last": "B"}}
        roster.add_users([{**names, "roles": {"student": {"school": "s", "dob": dob}}}])
    path = tmp_path / "clever.zip"
    roster.finished().write(path, mode="bulk", system="Clever")
    result = check_file(path, profile=Profile.LENIENT)
    assert [f.code for f in result.report if f.column == "birthDate"] == found
    assert result.frames is not None
    born = result.frames.demographics.sort("sourced_id")["born_on"].cast(pl.String)
    assert born.to_list() == births


@pytest.mark.parametrize(("race", "cell"), [("Martian", "race: Martian"), ("Unknown", "")])
def test_a_race_that_clever_does_not_know_is_told(race: str, cell: str) -> None:
    roster = CleverRoster({"id": "d"}, date(2026, 11, 22))
    roster.add_users([{"id": "u", "name": {}, "roles": {"student": {"race": race}}}])
    row = roster.finished().frame("demographics").to_dicts()[0]
    assert row["demographicRaceTwoOrMoreRaces"] == cell


@pytest.mark.parametrize(
    "user",
    [
        {"id": "u"},
        {"id": "u", "name": "text", "roles": []},
        {"id": "u", "name": None, "roles": {"student": None, "teacher": "x"}},
        {"id": "u", "roles": {"student": {"schools": "s", "credentials": [], "grade": 6}}},
    ],
)
def test_a_user_of_any_shape_becomes_a_row(user: dict[str, Any]) -> None:
    roster = CleverRoster({"id": "d"}, date(2026, 11, 22))
    roster.add_users([user])
    assert roster.tables.frame("users")["sourcedId"].to_list() == ["u"]


def test_a_course_that_is_not_named_is_made_of_the_section() -> None:
    roster = CleverRoster({"id": "d"}, date(2026, 11, 22))
    roster.add_schools([])
    roster.add_terms([])
    roster.add_courses([{"id": "c1", "name": "Art"}])
    for key, course in (("x1", "c1"), ("x2", "c2"), ("x3", None), ("x4", None)):
        name = "Same" if course is None else key
        section = {"id": key, "school": "s", "name": name, "course": course, "students": ["u"]}
        roster.add_sections([section])
    courses = roster.tables.frame("courses").select("sourcedId", "title").rows()
    assert courses == [("c1", "Art"), ("c2", "x2"), ("course_s_Same", "Same")]
    classes = roster.tables.frame("classes")
    assert classes["courseSourcedId"].to_list() == ["c1", "c2", "course_s_Same", "course_s_Same"]
    assert set(classes["termSourcedIds"]) == {"d_year_2027"}


def test_rows_are_written_once_in_one_order_and_with_one_date(tmp_path: Path) -> None:
    rows = [{"sourcedId": str(n), "name": "a,b"} for n in (3, 1, 2, 1)]
    for folder, given in (("a", rows), ("b", rows[::-1])):
        tables = RosterTables("1.2")
        tables.add("orgs", given)
        tables.add("users", [])
        tables.write(tmp_path / folder, mode="bulk", system="Test")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    archive = zipfile.ZipFile(tmp_path / "a")
    assert archive.namelist() == ["manifest.csv", "orgs.csv"]
    assert archive.read("orgs.csv").decode() == (
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\r\n"
        '1,,,"a,b",,,\r\n2,,,"a,b",,,\r\n3,,,"a,b",,,\r\n'
    )
    assert json.dumps([entry.date_time for entry in archive.infolist()]) == json.dumps(
        [(1980, 1, 1, 0, 0, 0)] * 2
    )
