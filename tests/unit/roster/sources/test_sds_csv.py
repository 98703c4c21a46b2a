"""Microsoft School Data Sync's files as a OneRoster bundle."""

from __future__ import annotations

from pathlib import Path

from rollbook.roster.sources.reading import format_of
from rollbook.roster.types import SourceFormat
from tests.unit.roster.sources.given import SDS, changed, checked, rows, told, without, zipped


def test_sound_files_make_a_sound_bundle(tmp_path: Path) -> None:
    path = zipped(tmp_path, SDS)
    assert format_of(path, path.name) is SourceFormat.SDS_CSV
    bundle, result = checked(path)
    assert told(result) == []
    assert rows(bundle, "orgs", "sourcedId", "type") == [("d", "district"), ("s", "school")]
    assert rows(bundle, "users", "sourcedId", "grades") == [("1", "03"), ("2", None)]
    assert rows(bundle, "roles", "userSourcedId", "role", "beginDate", "roleType") == [
        ("1", "student", "2026-08-24", "primary"),
        ("2", "teacher", None, "primary"),
    ]
    assert rows(bundle, "classes", "sourcedId", "courseSourcedId", "termSourcedIds") == [
        ("c", "course-c", "SY")
    ]
    assert rows(bundle, "enrollments", "userSourcedId", "schoolSourcedId") == [
        ("1", "s"),
        ("2", "s"),
    ]
    assert rows(bundle, "demographics", "birthDate", "white", "hispanicOrLatinoEthnicity") == [
        ("2018-07-20", "true", "true")
    ]


def test_users_and_roles_alone_are_enough(tmp_path: Path) -> None:
    files = {name: SDS[name] for name in ("orgs.csv", "users.csv", "roles.csv")}
    bundle, result = checked(zipped(tmp_path, files))
    assert set(bundle.tables) == {"orgs", "users", "roles"}
    assert [code for code, *_ in told(result)] == []


def test_findings_name_their_columns(tmp_path: Path) -> None:
    files = changed(SDS, "enrollments.csv", "c,1,", "c,7,")
    files = changed(files, "roles.csv", "1,s,student,SY,3", "1,s,student,SY,33")
    _, result = checked(zipped(tmp_path, files))
    assert ("ROS-301", "enrollments.csv", 2, "userSourcedId") in told(result)
    assert ("ROS-251", "roles.csv", 2, "grade") in told(result)


def test_a_grade_is_told_where_it_stands_and_a_name_at_its_user(tmp_path: Path) -> None:
    files = changed(
        SDS, "roles.csv", "1,s,student,SY,3,", "2,s,aide,SY,,FALSE,,\n1,s,student,SY,33,"
    )
    files = changed(files, "users.csv", "Eli,Soto", ",Soto")
    _, result = checked(zipped(tmp_path, files))
    assert [place for place in told(result) if place[3] in {"grade", "givenName"}] == [
        ("ROS-220", "users.csv", 2, "givenName"),
        ("ROS-251", "roles.csv", 3, "grade"),
    ]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path, without(SDS, "roles.csv"), "x.zip")
    assert format_of(path, path.name) is SourceFormat.ONEROSTER_CSV
