"""What the checks promise beyond which code they find."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest

from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import FRAME_SCHEMAS, BundleResult, Mode, Profile, RosterFrames
from rollbook.shared.findings import Finding
from tests.spec.roster.given import good_bundle, spoilt


def _checked(defect: str, profile: Profile = Profile.LENIENT, **more: object) -> BundleResult:
    return check_file(spoilt(defect), profile=profile, **more)  # type: ignore[arg-type]


def _frames(result: BundleResult) -> RosterFrames:
    assert result.frames is not None
    return result.frames


def _only(result: BundleResult, code: str) -> Finding:
    (finding,) = [finding for finding in result.report if finding.code == code]
    return finding


def _left_out(result: BundleResult, file: str) -> list[tuple[object, ...]]:
    return result.excluded[file].frame.rows()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_frames_have_their_schemas_in_both_versions(version: str) -> None:
    frames = _frames(check_file(good_bundle(version).zip(), profile=Profile.STRICT))
    assert {name: getattr(frames, name).schema for name in FRAME_SCHEMAS} == FRAME_SCHEMAS


def test_both_versions_make_the_same_roles_and_people() -> None:
    old, new = (
        _frames(check_file(good_bundle(version).zip(), profile=Profile.STRICT))
        for version in ("1.1", "1.2")
    )
    told = ["user_sourced_id", "role", "role_type", "org_sourced_id"]
    assert old.roles.select(told).rows() == new.roles.select(told).rows()
    assert old.users.rows() == new.users.rows()
    assert old.enrollments.rows() == new.enrollments.rows()
    assert old.modes == new.modes


def test_values_are_typed() -> None:
    frames = _frames(_checked("1.2"))
    assert frames.enrollments.row(0, named=True) == {
        "_line": 2,
        "sourced_id": "e1",
        "status": None,
        "changed_at": None,
        "class_sourced_id": "cls-1",
        "school_sourced_id": "sch-1",
        "user_sourced_id": "stu-1",
        "role": "student",
        "is_primary": None,
        "begins_on": date(2026, 8, 10),
        "ends_before": date(2027, 6, 10),
    }
    assert frames.classes["term_sourced_ids"].to_list() == [["fall", "spring"], ["fall"]]
    assert frames.sessions["school_year"].to_list() == [2027, 2027, 2027]


@pytest.mark.parametrize(
    ("defect", "frame", "column", "expected"),
    [
        ("users[1].enabledUser=TRUE", "users", "is_enabled", True),
        ("users[1].enabledUser=0", "users", "is_enabled", False),
        ("classes[1].classType=Scheduled", "classes", "class_type", "scheduled"),
        ("demographics[1].birthDate=3/15/2018", "demographics", "born_on", date(2018, 3, 15)),
        ("demographics[1].birthDate=15/3/2018", "demographics", "born_on", date(2018, 3, 15)),
        ("academicSessions[1].schoolYear=2026-27", "sessions", "school_year", 2027),
        ("users[1].grades=3", "users", "grades", ["03"]),
        ("users[1].grades=K", "users", "grades", ["KG"]),
        ("users[1].grades=fourth", "users", "grades", None),
        ("classes[1].termSourcedIds=spring, ,", "classes", "term_sourced_ids", ["spring"]),
        ("orgs[1].name=North\\n\\sEnd\\s", "orgs", "name", "North End"),
        ("demographics[1].sex=unknown", "demographics", "sex", None),
        ("classes[1].termSourcedIds=winter,fall", "classes", "term_sourced_ids", ["fall"]),
    ],
)  # fmt: skip
def test_repairs_give_the_value_that_was_meant(
    defect: str, frame: str, column: str, expected: object
) -> None:
    frames = _frames(_checked(defect))
    assert getattr(frames, frame)[column].to_list()[0] == expected


def test_a_repair_that_is_switched_off_leaves_the_error() -> None:
    result = _checked("users[1].enabledUser=TRUE", switched_off=frozenset({"ROS-263"}))
    assert _only(result, "ROS-233").value == "TRUE"
    off = frozenset({"ROS-204"})
    assert str(_checked("-users:pronouns", switched_off=off).report.verdict) == "error"
    off = frozenset({"ROS-512"})
    assert str(_checked("-enrollments[3]", switched_off=off).report.verdict) == "ok"
    off = frozenset({"ROS-220"})  # an error cannot be switched off
    assert str(_checked("users[1].familyName=", switched_off=off).report.verdict) == "error"


def test_line_breaks_stay_errors_when_their_repair_is_off() -> None:
    result = _checked("orgs[3].name=So\\nuth", switched_off=frozenset({"ROS-261"}))
    assert result.report.counts["FIL-220"] == 1


def test_a_finding_says_where_what_and_what_to_do() -> None:
    finding = _only(_checked("users[2].enabledUser=maybe"), "ROS-233")
    where = (finding.file, finding.line, finding.column, finding.value)
    assert where == ("users.csv", 3, "enabledUser", "maybe")
    assert finding.says == '"maybe" is neither true nor false.'


def test_many_rows_broken_by_one_missing_record_are_one_finding() -> None:
    copies = " ; ".join(f"+enrollments[1] sourcedId=x{n} userSourcedId=gone" for n in range(50))
    finding = _only(_checked(copies), "ROS-301")
    assert (finding.value, finding.weight, finding.line) == ("gone", 50, 6)


def test_a_missing_file_is_one_root_cause() -> None:
    result = _checked("-classes.csv")
    causes = [f for f in result.report if f.code == "ROS-303" and f.file == "enrollments.csv"]
    assert [(cause.column, cause.weight) for cause in causes] == [("classSourcedId", 4)]
    assert _frames(result).enrollments.is_empty()
    assert _frames(result).modes["classes"] is Mode.ABSENT


def test_what_is_left_out_is_listed_with_its_cause() -> None:
    result = _checked("users[1].familyName=")
    assert _left_out(result, "users") == [
        (2, "stu-1", "ROS-220", "familyName", None, "sch-1", None, None)
    ]
    assert _left_out(result, "enrollments") == [
        (2, "e1", "ROS-310", "userSourcedId", "stu-1", "sch-1", "users", 2)
    ]
    assert _frames(result).users["sourced_id"].to_list() == ["stu-2", "tch-1", "tch-2"]
    assert result.counts.records["users"] == 3


def test_a_row_that_cannot_be_read_is_listed_as_left_out() -> None:
    source = spoilt("-orgs.csv ; +orgs.csv=" + "sourcedId,status,dateLastModified,name,type,"
                    "identifier,parentSourcedId\\ndist,,,D,district,,\\nsch-1,,,N\\n")  # fmt: skip
    result = check_file(source, profile=Profile.LENIENT)
    assert _left_out(result, "orgs") == [(3, None, "FIL-218", None, None, None, None, None)]


def test_every_row_that_cannot_be_read_is_listed_also_past_those_that_are_named() -> None:
    ragged = "".join(f"s{number},,,N\\n" for number in range(1200))
    source = spoilt("-orgs.csv ; +orgs.csv=" + "sourcedId,status,dateLastModified,name,type,"
                    "identifier,parentSourcedId\\ndist,,,D,district,,\\n" + ragged)  # fmt: skip
    result = check_file(source, profile=Profile.LENIENT)
    lines = result.excluded["orgs"].frame["_line"].to_list()
    assert lines == list(range(3, 1203))


def test_references_of_a_delta_are_resolved_against_what_is_known() -> None:
    defect = "delta ; enrollments[1].classSourcedId=cls-9"
    known = {"classes": pl.Series(["cls-1", "cls-9"])}
    assert str(_checked(defect, known=known).report.verdict) == "ok"
    known = {"classes": pl.Series(["cls-1"])}
    assert _only(_checked(defect, known=known), "ROS-301").value == "cls-9"


def test_a_delta_removal_needs_only_its_id() -> None:
    result = _checked("delta ; enrollments[1].status=tobedeleted ; enrollments[1].classSourcedId=")
    assert str(result.report.verdict) == "ok"
    assert _frames(result).enrollments["status"].to_list()[0] == "tobedeleted"


def test_without_a_manifest_a_file_of_changes_is_a_delta() -> None:
    assert set(_frames(_checked("delta ; -manifest.csv")).modes.values()) == {Mode.DELTA}
    assert set(_frames(_checked("-manifest.csv")).modes.values()) == {Mode.BULK}


@pytest.mark.parametrize(
    ("source", "code"),
    [(b"", "FIL-101"), (b"no zip", "FIL-102"), (good_bundle("1.2").zip()[:2000], "FIL-103")],
)
def test_hostile_bytes_are_one_fatal_finding(source: bytes, code: str) -> None:
    result = check_file(source, profile=Profile.LENIENT)
    assert [(f.code, str(f.severity)) for f in result.report] == [(code, "fatal")]
    assert result.frames is None


def test_an_entry_that_cannot_be_unpacked_is_one_fatal_finding() -> None:
    whole = bytearray(good_bundle("1.1", is_whole=False).zip())
    for name in (b"manifest.csv", b"users.csv"):
        spoilt_zip = bytearray(whole)
        at = spoilt_zip.find(name) + len(name) + 20
        spoilt_zip[at] ^= 0xFF
        result = check_file(bytes(spoilt_zip), profile=Profile.STRICT)
        fatal = [finding for finding in result.report if finding.severity == "fatal"]
        assert len(fatal) == 1
        assert result.frames is None


@pytest.mark.parametrize("text", ["", "\\n\\n", "users", "a,b,c\\n1,2,3\\n"])
def test_a_file_that_is_no_roster_file_is_refused(text: str) -> None:
    result = _checked("-users.csv ; +users.csv=" + text)
    assert str(result.report.verdict) == "error"
    assert result.frames is None or result.frames.modes["users"] is Mode.ABSENT


def test_json_counts_everything_and_is_json() -> None:
    told = json.loads(json.dumps(_checked("users[1].enabledUser=maybe").as_json()))
    assert told["verdict"] == "error"
    first = told["findings"][0]
    assert {"code", "severity", "file", "line", "column", "value", "says", "fix"} <= set(first)
    assert told["counts"]["codes"]["ROS-233"] == 1
    assert told["counts"]["files"]["users.csv"] == {"rows": 4, "errors": 1, "warnings": 0}
    assert told["counts"]["excluded"]["users"] == 1


def test_more_findings_than_are_kept_are_counted() -> None:
    rows = " ; ".join(f"+results[1] sourcedId=x{n} score=11" for n in range(1005))
    result = _checked(rows)
    assert result.report.counts["ROS-410"] == 1005
    assert sum(finding.code == "ROS-410" for finding in result.report) == 1000
