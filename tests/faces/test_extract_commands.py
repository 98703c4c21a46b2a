"""Group files as commands; in the process of the test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings

from rollbook.cli.main import main
from rollbook.extracts.models import ExtractFile, ExtractProfile
from tests.factories.extracts import YEAR, SchoolDay, school_day, student

pytestmark = pytest.mark.django_db
ON = ("--on", "2026-09-15")


@pytest.fixture
def day(settings: LazySettings) -> SchoolDay:
    (settings.HOME / "secret_key").touch()
    return school_day()


def run(*words: object, ok: bool = True) -> Result:
    done = CliRunner().invoke(main, ["extracts", *(str(word) for word in words)])
    assert (done.exit_code == 0) is ok, done.output
    return done


def as_json(*words: object) -> Any:
    return json.loads(run(*words, "--format", "json").output)


def made(day: SchoolDay, name: str = "English", *words: object) -> str:
    high = day.places.north_high
    about = ("--organization", high.uuid, "--school", high.uuid, "--year", YEAR)
    run("save", "--name", name, *about, "--kind", "secondary_classes", *words)
    return str(ExtractProfile.objects.latest("pk").uuid)


def test_a_profile_is_saved_shown_changed_and_put_away(day: SchoolDay, tmp_path: Path) -> None:
    words = ("--department", "English", "--department", "Latin", "--shared", "--subject", "ELA")
    profile = made(day, "English", *words)
    shown = as_json("show", profile)
    assert (shown["name"], shown["is_shared"], shown["in_schedule"]) == ("English", True, False)
    assert shown["settings"]["departments"] == ["English", "Latin"]
    run("save", "--profile", profile, "--name", "All", "--in-schedule", "--course", "ENGLISH9")
    changed = as_json("show", profile)
    assert (changed["name"], changed["is_shared"], changed["in_schedule"]) == ("All", True, True)
    assert changed["settings"] == shown["settings"] | {"courses": ["ENGLISH9"]}
    file = tmp_path / "profile.json"
    file.write_text(json.dumps({"settings": shown["settings"] | {"subject_area": "Math"}}))
    place = day.places.north_high.uuid
    run("save", "--from", file, "--name", "From a file", "--organization", place)
    names = [row["name"] for row in as_json("profiles")]
    assert names == ["All", "From a file"]
    run("delete", profile)
    assert [row["name"] for row in as_json("profiles")] == ["From a file"]
    run("restore", profile)
    run("move", profile, "--to", 2)
    assert [row["name"] for row in as_json("profiles", "--year", YEAR)] == ["From a file", "All"]
    assert "departments: English, Latin" in run("show", profile).output


def test_what_is_wrong_is_said_in_a_sentence(day: SchoolDay, tmp_path: Path) -> None:
    profile = made(day)
    done = run("save", "--profile", profile, "--pattern", "{nothing} {n}", ok=False)
    assert done.output.startswith("Error: ")
    assert "nothing" in done.output
    unknown = run("show", day.teacher.uuid, ok=False).output
    assert "There is no such profile" in unknown
    assert "There is no such file" in run("diff", day.teacher.uuid, ok=False).output
    broken = tmp_path / "broken.json"
    broken.write_text("[")
    assert "is no JSON" in run("save", "--from", broken, ok=False).output


def test_a_run_prints_counts_and_writes_copies(day: SchoolDay, tmp_path: Path) -> None:
    profile = made(day)
    student(day.places.north_high, "1000000003")
    done = run("run", profile, *ON, "--out", tmp_path / "out")
    assert "3 rows, 1 groups, 2 students, 1 students left out." in done.output
    (copied,) = (tmp_path / "out").iterdir()
    assert copied.stat().st_mode & 0o077 == 0
    assert copied.read_bytes().count(b"\n") == 4
    told = as_json("run", profile, *ON, "--file-each")
    assert (told[0]["rows"], told[0]["students"]) == (3, 2)
    assert [row["rows"] for row in as_json("files", "--profile", profile)] == [3, 3]
    for output in (done.output, run("files").output, json.dumps(told)):
        assert "10000000" not in output
    file = told[0]["file"]
    assert as_json("diff", file) == []
    (same,) = as_json("diff", file, "--all")
    assert (same["action"], same["students"]) == ("unchanged", "+0 -0")
    assert as_json("left-out", file) == {"no_class": 1}
    assert "10000000" not in run("left-out", file).output
    (row,) = as_json("left-out", file, "--names", "--criterion", "no_class")
    assert (row["student"], row["ssid"]) == ("Of 1000000003, Robin", "1000000003")


def test_an_empty_run_says_so(day: SchoolDay) -> None:
    done = run("run", made(day, "Latin", "--department", "Latin"), made(day, "All"), *ON)
    assert "warning Latin: This profile writes nothing." in done.output
    assert "[no_rows]" in done.output
    assert "warning All:" not in done.output


def test_profiles_are_copied_and_scheduled(day: SchoolDay) -> None:
    old = made(day, "Old", "--year", YEAR - 1, "--teacher", day.places.north.uuid)
    assert [row["name"] for row in as_json("profiles", "--prior-to", YEAR)] == ["Old"]
    assert "teachers: 1 of them are no more" in run("copy", old, "--to-year", YEAR).output
    run("copy", old)
    assert ExtractProfile.objects.count() == 3
    new = ExtractProfile.objects.get(school_year=YEAR).uuid
    assert "1 changed" in run("in-schedule", new).output
    high = day.places.north_high.uuid
    assert as_json("schedule", high)["is_on"] is False
    words = ("--at", "22:30", "--days", "135", "--time-zone", "America/Los_Angeles", "--on")
    told = as_json("schedule", high, *words, "--mail", "a@example.org, b@example.org")
    assert (told["days"], told["mails"], told["profiles"]) == (
        "135", ["a@example.org", "b@example.org"], 1
    )  # fmt: skip
    assert as_json("schedule", high, "--off")["next_run_at"] is None
    assert "no mail address" in run("schedule", high, "--mail", "nobody", ok=False).output
    assert ExtractFile.objects.count() == 0
