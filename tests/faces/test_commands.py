"""The `rollbook` command as a program sees it: exit status, JSON, files; a process per run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rollbook.generator.generate import GeneratedState, write_state
from tests.factories.result_files import RESULT, csv_text


def rollbook(home: Path, *words: object, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command against an installation of its own."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH", "SYSTEMROOT", "TMPDIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"ROLLBOOK_HOME": str(home), "PYTHONUTF8": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "rollbook.cli", *map(str, words)],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if ok:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GeneratedState:
    """Make the smallest believable state, once."""
    return write_state(
        tmp_path_factory.mktemp("state"), students=300, districts=1, seed=1, years=1, xml=3
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("installed") / "home"
    rollbook(home, "init", "--state", "Golden State", "--admin", "admin@example.org")
    return home


def test_a_sound_roster_is_sound_without_an_installation(
    made: GeneratedState, tmp_path: Path
) -> None:
    done = rollbook(tmp_path / "none", "roster", "check", made.rosters[0], "--format", "json")
    said = json.loads(done.stdout)
    assert set(said) == {"verdict", "findings", "counts"}
    assert said["verdict"] in ("ok", "warning")
    assert not (tmp_path / "none").exists()


def test_a_damaged_roster_ends_with_1_and_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 not a zip")
    done = rollbook(tmp_path, "roster", "check", broken, "--format", "json", ok=False)
    said = json.loads(done.stdout)
    assert (done.returncode, said["verdict"]) == (1, "error")
    assert {"code", "severity", "file", "line", "column", "value", "says", "fix"} <= set(
        said["findings"][0]
    )
    assert "Traceback" not in done.stderr


def test_sound_results_are_sound_in_csv_and_xml(made: GeneratedState, tmp_path: Path) -> None:
    for files in ([made.results[0]], list(made.documents)):
        done = rollbook(tmp_path, "results", "check", *files, "--format", "json")
        said = json.loads(done.stdout)
        assert said["verdict"] in ("ok", "warning")
        assert said["counts"]["accepted"] > 0


def test_results_with_an_error_end_with_1(tmp_path: Path) -> None:
    from rollbook.results.layouts import RESULTS_CSV

    path = tmp_path / "results.csv"
    path.write_bytes(csv_text(RESULTS_CSV, [RESULT | {"SchoolYear": "soon"}]))
    done = rollbook(tmp_path, "results", "check", path, "--format", "json", ok=False)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (1, "error")


def test_a_command_called_wrongly_ends_with_2(tmp_path: Path) -> None:
    assert rollbook(tmp_path, "roster", "check", ok=False).returncode == 2
    assert rollbook(tmp_path, "no-such-command", ok=False).returncode == 2


def test_a_command_without_an_installation_says_how_to_make_one(tmp_path: Path) -> None:
    done = rollbook(tmp_path / "none", "doctor", ok=False)
    assert done.returncode == 1
    assert "rollbook init" in done.stderr
    assert "Traceback" not in done.stderr


def test_init_twice_changes_nothing(installed: Path) -> None:
    key = (installed / "secret_key").read_text()
    done = rollbook(installed, "init", "--admin", "admin@example.org")
    assert "has an account already" in done.stdout
    assert (installed / "secret_key").read_text() == key


def test_the_doctor_answers_in_json(installed: Path) -> None:
    done = rollbook(installed, "doctor", "--format", "json", ok=False)
    answers = json.loads(done.stdout)
    assert {answer["state"] for answer in answers} <= {"ok", "warning"}
    assert done.returncode == 0
    assert {"Database", "Lake", "Queue", "Audit log"} <= {answer["asks"] for answer in answers}


def test_a_roster_goes_in_and_a_backup_brings_it_back(
    installed: Path, made: GeneratedState, tmp_path: Path
) -> None:
    loaded = rollbook(installed, "roster", "load", made.rosters[0], "--commit", "--format", "json")
    assert json.loads(loaded.stdout)["status"] == "committed"
    again = rollbook(installed, "roster", "load", made.rosters[0], "--format", "json")
    assert json.loads(again.stdout)["status"] == "unchanged"
    kept = tmp_path / "kept.tar"
    rollbook(installed, "backup", kept)
    assert kept.stat().st_mode & 0o077 == 0
    home = tmp_path / "restored"
    rollbook(home, "restore", kept)
    same = rollbook(home, "roster", "load", made.rosters[0], "--format", "json")
    assert json.loads(same.stdout)["status"] == "unchanged"


def test_a_damaged_backup_lays_nothing_out(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tar"
    with zipfile.ZipFile(damaged, "w") as archive:
        archive.writestr("a", "b")
    home = tmp_path / "home"
    done = rollbook(home, "restore", damaged, ok=False)
    assert (done.returncode, home.exists()) == (1, False)
    assert "damaged" in done.stderr


def test_generate_writes_the_same_bytes_for_the_same_seed(
    made: GeneratedState, tmp_path: Path
) -> None:
    words = ("--students", 300, "--seed", 1, "--years", 1)
    for name in ("one", "two"):
        rollbook(tmp_path / "home", "generate", *words, tmp_path / name)
    states = [json.loads((tmp_path / name / "STATE.json").read_text()) for name in ("one", "two")]
    assert states[0] == states[1]
