"""What an intake's checks put on paper, and the rows left out, corrected and sent again alone."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from rollbook.people.models import Enrollment, Student
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries import papers
from rollbook.roster.types import Profile
from rollbook.shared.page import PageRequest
from tests.db.roster.given import bundle, committed, loaded, preflight
from tests.factories.accounts import EVERYTHING

pytestmark = pytest.mark.django_db


def _rows(download: papers.Download) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(download.content.decode())))


def _excluded(intake: Intake) -> dict[str, str]:
    download = papers.excluded_download(EVERYTHING, intake.uuid)
    assert download is not None
    with zipfile.ZipFile(io.BytesIO(download.content)) as package:
        return {name: package.read(name).decode() for name in package.namelist()}


def _zipped(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "corrected.zip"
    with zipfile.ZipFile(path, "w") as package:
        for name, text in files.items():
            package.writestr(name, text)
    return path


def _size(intake: Intake) -> int:
    assert intake.plan is not None
    return sum(count for actions in intake.plan.counts.values() for count in actions.values())


def test_findings_csv_names_the_record_and_the_school(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path, "users[1].familyName= ; users[2].grades=13th"))
    found = {row["code"]: row for row in _rows(papers.findings_download(EVERYTHING, intake.uuid))}
    row = found["ROS-220"]
    assert (row["file"], row["row"], row["column"], row["severity"]) == (
        "users.csv", "2", "familyName", "error",
    )  # fmt: skip
    assert (row["record_id"], row["school"]) == ("stu-1", "North")
    assert (found["ROS-251"]["record_id"], found["ROS-251"]["school"]) == ("stu-2", "South")
    assert row["suggestion"].endswith(".")


def test_a_formula_in_a_cell_does_not_run_where_findings_are_opened(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path, "users[1].givenName==1+1"))
    (row,) = _rows(papers.findings_download(EVERYTHING, intake.uuid))
    assert (row["code"], row["value"]) == ("ROS-518", "'=1+1")


def test_root_causes_csv_has_weights_and_what_to_do(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path, "users[1].familyName="))
    (row,) = _rows(papers.root_causes_download(EVERYTHING, intake.uuid))
    assert (row["code"], row["weight"], row["left_out"]) == ("ROS-220", "4", "4")
    assert "1 in users.csv" in row["records_touched"]
    assert row["what_to_do"].startswith("Fill familyName")


def test_everything_is_in_the_json(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path, "users[1].familyName= ; users[2].enabledUser=TRUE"))
    told = json.loads(papers.everything_download(EVERYTHING, intake.uuid).content)
    assert {finding["code"] for finding in told["findings"]} == {"ROS-220", "ROS-263", "ROS-310"}
    assert [cause["code"] for cause in told["root_causes"]] == ["ROS-220"]
    assert [repair["code"] for repair in told["repairs"]] == ["ROS-263"]


def test_excluded_rows_come_back_as_they_were_sent_with_their_dependants(tmp_path: Path) -> None:
    files = _excluded(preflight(bundle(tmp_path, "users[1].familyName=")))
    assert sorted(files) == [
        "demographics.csv", "enrollments.csv", "manifest.csv", "roles.csv", "users.csv",
    ]  # fmt: skip
    header, row = files["users.csv"].splitlines()
    assert header.startswith("sourcedId,status,dateLastModified,enabledUser")
    assert row.startswith("stu-1,active,20")
    assert "file.users,delta\r\n" in files["manifest.csv"]
    assert "file.orgs,absent\r\n" in files["manifest.csv"]


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_corrected_rows_sent_alone_are_added_and_nobody_is_removed(
    tmp_path: Path, version: str, profile: Profile
) -> None:
    defect = f"{version} ; users[1].familyName="
    intake = preflight(bundle(tmp_path, defect), profile=profile)
    committed(intake, approved=_size(intake))
    assert set(Student.objects.values_list("sourced_id", flat=True)) == {"stu-2"}
    files = _excluded(intake)
    files["users.csv"] = files["users.csv"].replace("Eli,,", "Eli,Soto,")
    again = preflight(_zipped(tmp_path, files), profile=profile)
    assert [row["code"] for row in _rows(papers.findings_download(EVERYTHING, again.uuid))] == []
    assert again.plan is not None
    actions = {action for counts in again.plan.counts.values() for action in counts}
    assert actions == {"add"}
    committed(again, approved=_size(again))
    assert set(Student.objects.filter(is_active=True).values_list("sourced_id", flat=True)) == {
        "stu-1", "stu-2",
    }  # fmt: skip
    assert Enrollment.objects.filter(sourced_id="e1", is_active=True).count() == 1


def test_a_file_without_a_needed_column_comes_back_whole(tmp_path: Path) -> None:
    files = _excluded(preflight(bundle(tmp_path, "-users:familyName")))
    assert len(files["users.csv"].splitlines()) == 5
    assert len(files["roles.csv"].splitlines()) == 5


def test_a_file_with_a_column_twice_comes_back_whole(tmp_path: Path) -> None:
    files = _excluded(preflight(bundle(tmp_path, "+orgs:name' ; orgs[1].name'=Another")))
    assert len(files["orgs.csv"].splitlines()) == 4


def test_nothing_left_out_makes_no_file_to_correct(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path, "users[1].grades=13th ; +demographics[1]"))
    assert papers.excluded_download(EVERYTHING, intake.uuid) is None


def test_findings_are_sifted_by_severity_code_and_file(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path, "users[1].familyName= ; users[2].grades=13th"))
    found = papers.sifted_findings(
        EVERYTHING, intake.uuid, severity="warning", page=PageRequest(size=50)
    )
    assert [row["code"] for row in found.found] == ["ROS-251"]
    assert found.total_count == 1
    assert found.files["users.csv"] == 2
    second = papers.sifted_findings(EVERYTHING, intake.uuid, page=PageRequest(number=2, size=2))
    assert (len(second.found), second.total_count) == (2, 5)


def test_the_summary_of_a_sound_roster_has_nothing_to_do(tmp_path: Path) -> None:
    summary = papers.summary_of(EVERYTHING, loaded(tmp_path).uuid)
    assert (summary.blocking, summary.left_out_count, summary.repair_count) == ([], 0, 0)
    assert summary.records["users"] == 4
