"""Group files as commands; in the process of the test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings
from django.utils import timezone

from rollbook.changes.models import ChangePlan
from rollbook.cli.main import main
from rollbook.groups.models import GroupImport, StudentGroup
from rollbook.jobs.models import Job
from rollbook.orgs.queries import current_school_year
from tests.factories.group_files import bytes_of
from tests.factories.places import SmallState, small_state
from tests.factories.readiness import student

pytestmark = pytest.mark.django_db
SSID = "9876543210"


@pytest.fixture
def state(settings: LazySettings, tmp_path: Path) -> SmallState:
    (settings.HOME / "secret_key").touch()
    settings.FILES_ROOT = tmp_path / "files"
    made = small_state()
    student(made.north_high, ssid=SSID)
    return made


def run(*words: object, ok: bool = True) -> Result:
    done = CliRunner().invoke(main, ["groups", *(str(word) for word in words)])
    assert (done.exit_code == 0) is ok, done.output
    return done


def as_json(*words: object, ok: bool = True) -> Any:
    return json.loads(run(*words, "--format", "json", ok=ok).output)


def file_of(folder: Path, *rows: str) -> Path:
    """Write a group file; YEAR stands for the school year of today."""
    year = str(int(current_school_year(timezone.localdate())))
    path = folder / "groups.csv"
    path.write_bytes(bytes_of(*(row.replace("YEAR", year) for row in rows)))
    return path


def test_a_file_is_sent_looked_at_committed_and_taken_back(
    state: SmallState, tmp_path: Path
) -> None:
    file = file_of(tmp_path, f"Chess,0101,YEAR,,{SSID},", "Chess,0101,YEAR,,404404,")
    told = run("import", file).output
    assert SSID not in told
    assert "404404" not in told
    number = GroupImport.objects.get().number
    assert told.splitlines() == [
        f"groups.csv: waits for a decision, import {number}.",
        "Groups: 1 add. Students: 1 added, 0 removed. Users: 0 added, 0 removed.",
        "GRP-212 student is not known: 1, first on line 3.",
        "GRP-226 group without users: 1, first on line 2.",
        f"Nothing has changed yet. Commit it with `rollbook groups commit {number}`.",
    ]
    assert StudentGroup.objects.count() == 0
    done = run("commit", number).output
    assert f"groups.csv: PROCESSED, import {number}." in done
    assert "1 group accepted for 0101." in done
    assert StudentGroup.objects.get().members.count() == 1
    (row,) = as_json("imports", "--status", "PROCESSED")
    assert (row["id"], row["groups"], row["findings"]) == (number, 1, 2)
    listed = run("imports").output
    assert "groups.csv" in listed
    assert str(row["id"]) in listed  # whole, to be copied
    run("undo", GroupImport.objects.get().uuid)
    assert StudentGroup.objects.count() == 0


def test_yes_commits_and_the_same_again_changes_nothing(state: SmallState, tmp_path: Path) -> None:
    file = file_of(tmp_path, f"Chess,0101,YEAR,,{SSID},")
    assert as_json("import", file, "--yes")["status"] == "PROCESSED"
    again = as_json("import", file, "--yes", "--strict")
    assert (again["status"], again["changes"]) == ("NO_UPDATE", {"unchanged": 1})


def test_a_refused_file_ends_with_1_and_is_corrected(state: SmallState, tmp_path: Path) -> None:
    file = file_of(tmp_path, f"Chess,0101,YEAR,Nonsense,{SSID},", "X,0101,soon,,,")
    told = as_json("import", file, ok=False)
    assert (told["status"], told["rows_left_out"]) == ("BAD_DATA", 2)
    assert SSID not in json.dumps(told)
    words = ("correct", told["id"], "--set", "2:subject_code=ELA", "--drop", "3")
    better = as_json(*words)
    assert (better["status"], better["changes"]) == ("waits for a decision", {"add": 1})
    assert "LINE:COLUMN=TEXT" in run("correct", told["id"], "--set", "x", ok=False).output
    assert "no row on this line" in run("correct", told["id"], "--drop", 77, ok=False).output
    run("discard", better["id"])
    refused = run("commit", better["id"], ok=False).output
    assert "This group file has no plan" in refused


def test_a_part_is_taken_and_the_rest_is_written_to_mend(state: SmallState, tmp_path: Path) -> None:
    file = file_of(tmp_path, f"Chess,0101,YEAR,,{SSID},", f"Bad,0101,YEAR,Nonsense,{SSID},")
    told = as_json("import", file, ok=False)
    rest = tmp_path / "rest.csv"
    assert as_json("part", told["id"], "--left-out", rest)["changes"] == {"add": 1}
    assert [line.split(",")[0] for line in rest.read_text().splitlines()] == ["group_name", "Bad"]
    assert as_json("import", file, "--partial", "--yes")["status"] == "PROCESSED"
    assert "no part of it to take" in run("part", told["id"], ok=False).output


def test_a_strict_file_is_judged_by_the_state(state: SmallState, tmp_path: Path) -> None:
    told = as_json("import", file_of(tmp_path, "G,9999,YEAR,,,"), "--strict", ok=False)
    assert told["message"] == "Row: 1 Failure: School [9999] can not be found"
    assert told["status"] == "UNKNOWN_SCHOOL"
    words = ("resubmit", "--status", "UNKNOWN_SCHOOL", "--after", "-PT1H", "--before", "2999-01-01")
    assert "1 group files are queued" in run(*words).output
    assert Job.objects.get().name == "groups.check_import"
    assert "no moment" in run("resubmit", "--after", "yesterday", ok=False).output


def test_the_plan_of_a_group_file_is_decided_on_as_a_group_file(
    state: SmallState, tmp_path: Path
) -> None:
    run("import", file_of(tmp_path, f"Chess,0101,YEAR,,{SSID},"))
    plan, number = ChangePlan.objects.get().uuid, GroupImport.objects.get().number
    for action in ("commit", "discard", "undo"):
        done = CliRunner().invoke(main, ["plans", action, str(plan)])
        assert done.exit_code == 1
        assert f"rollbook groups {action} {number}" in done.output


@pytest.mark.parametrize("called", ["12", "nonsense", "6f1c7a52-0000-4000-8000-000000000000"])
def test_a_file_that_never_came_is_not_found(state: SmallState, called: str) -> None:
    run("commit", called, ok=False)
