"""`rollbook groups check`: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rollbook.cli.main import main
from tests.spec.groups.given import file_of

GOOD = "H / G,S1,2024,ELA,1,t@example.org"
PADDED = "H / G,S1, 2024,ELA,1,t@example.org"
BAD = "H / G,S1,2024,ELA,1,t@example.org / G,,2024,ELA,2,t@example.org"


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(recipe: str) -> str:
        path = tmp_path / "groups.csv"
        path.write_bytes(file_of(recipe))
        return str(path)

    return write


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, ["groups", "check", *words])


def _json(*words: str) -> tuple[int, Any]:
    done = _run(*words, "--format", "json")
    return done.exit_code, json.loads(done.stdout)


def test_the_state_system_answers_in_its_rows_and_words(written: Any) -> None:
    assert _json(written(GOOD), "--strict") == (
        0,
        {"accepted": True, "messages": [{"row": 1, "says": "1 group accepted for S1."}]},
    )
    assert _json(written(BAD), "--strict") == (
        1,
        {"accepted": False, "messages": [{"row": 2, "says": "Record does not contain a school"}]},
    )
    done = _run(written(PADDED), "--strict")
    assert (done.exit_code, done.stdout) == (
        1,
        "Row: 1 Failure: Record does not contain a school year\ngroups.csv: not accepted.\n",
    )


def test_rollbook_answers_with_lines_and_what_to_do(written: Any) -> None:
    assert _json(written(GOOD)) == (0, {"accepted": True, "messages": []})
    code, told = _json(written(BAD))
    assert (code, told["accepted"]) == (1, False)
    assert told["messages"] == [
        {
            "row": 3,
            "says": "school_natural_id is blank. Fill in school_natural_id: each row has a group "
            "name, a school and a school year. [GRP-201]",
        }
    ]
    code, told = _json(written(PADDED))
    assert (code, told["accepted"], [one["row"] for one in told["messages"]]) == (0, True, [2])
    assert _json(written("H"))[1]["messages"][0]["row"] == 0


def test_a_person_reads_findings_and_counts(written: Any) -> None:
    done = _run(written(BAD))
    assert done.exit_code == 1
    assert done.stdout.endswith(
        "groups.csv: not accepted. Rows that can be used: 1; that cannot: 1.\n"
    )
    assert "groups.csv line 3: school_natural_id is blank. [GRP-201]" in done.stdout


def test_what_there_is_is_told_by_options(written: Any, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_bytes(b"\xef\xbb\xbfS7\r\n\r\n S1 \r\n")
    options = ("--schools", str(ids), "--subjects", "ELA, Math", "--years", "2024, 2025")
    for strict in ((), ("--strict",)):
        assert _json(written(GOOD), *options, *strict)[0] == 0
        for other in ("G,S2,2024,ELA,1,", "G,S1,2024,Art,1,", "G,S1,2023,ELA,1,"):
            assert _json(written(f"H / {other}"), *strict)[0] == 0
            assert _json(written(f"H / {other}"), *options, *strict)[0] == 1


@pytest.mark.parametrize(
    "options", [("--years", "24x"), ("--years", " ,"), ("--schools", "nowhere.txt"), ("--no",)]
)
def test_a_misunderstood_question_ends_with_2(written: Any, options: tuple[str, ...]) -> None:
    assert _run(written(GOOD), *options).exit_code == 2
    assert _run("nowhere.csv").exit_code == 2


def test_ids_that_are_no_text_are_refused(written: Any, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_bytes(b"\xff\xfeS\x001\x00")
    assert _run(written(GOOD), "--schools", str(ids)).exit_code == 2


def test_django_is_not_started(written: Any) -> None:
    look = (
        "import sys\nfrom rollbook.cli.main import main\n"
        f"main(['groups', 'check', {written(GOOD)!r}, '--strict'], standalone_mode=False)\n"
        "assert 'django' not in sys.modules, 'Django was started'"
    )
    subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, timeout=60)
