"""The commands of docs/how-to/post-group-files.md, run exactly as printed against a live server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollbook.cli.demo import free_port
from tests.faces.test_commands import rollbook

PAGE = "docs/how-to/post-group-files.md"
PATIENCE_SECONDS = 60
FILE = (
    "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
    "Period 1,0101,2027,All,,pat@example.org\n"
)


@dataclass(frozen=True)
class Served:
    """Hold a server that answers, and a program that it lets in."""

    address: str
    username: str
    secret: str
    home: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("installation") / "home"
    rollbook(home, "init", "--state", "Golden State")
    states = json.loads(rollbook(home, "orgs", "list", "--format", "json").stdout)
    rollbook(
        home, "orgs", "add", "district", "North District", "--code", "01",
        "--under", states[0]["organization"],
    )  # fmt: skip
    rollbook(home, "orgs", "add", "school", "North High", "--code", "0101", "--under", "01")
    made = rollbook(home, "clients", "add", "North SIS", "--at", "01", "--format", "json")
    program = json.loads(made.stdout)
    port = free_port(18_700)
    process = subprocess.Popen(
        [sys.executable, "-m", "rollbook.cli", "serve", "--port", str(port), "--workers", "1"],
        env={**os.environ, "ROLLBOOK_HOME": str(home)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/accounts/login/")
        address = f"http://127.0.0.1:{port}"
        yield Served(address, program["username"], program["secret"], home)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(address: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not answer")


def _run(served: Served, folder: Path, script: str) -> str:
    """Run a script in a folder that holds a group file, with what the page says to set first."""
    (folder / "groups.csv").write_text(FILE)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    first = {
        "ROLLBOOK": served.address,
        "PROGRAM": served.username,
        "SECRET": served.secret,
        "FILE": "groups.csv",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env=kept | first, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _answers(printed: str) -> list[object]:
    """Read JSON values that stand one behind the other."""
    found, decoder, place = [], json.JSONDecoder(), 0
    while place < len(printed):
        value, end = decoder.raw_decode(printed, place)
        found.append(value)
        place = end + len(printed[end:]) - len(printed[end:].lstrip())
    return found


def test_the_commands_of_the_page_do_what_it_says(
    served: Served, repository: Path, tmp_path: Path
) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (repository / PAGE).read_text(), flags=re.DOTALL)
    first, *commands = blocks
    assert re.findall(r"^(\w+)=", first, flags=re.MULTILINE) == [
        "ROLLBOOK", "PROGRAM", "SECRET", "FILE",
    ]  # fmt: skip
    who, in_form, at_end, properties, listed, again = _answers(
        _run(served, tmp_path, "\n".join(commands))
    )
    assert who["username"] == served.username  # type: ignore[index]
    assert who["authorities"] == ["GROUP_READ", "GROUP_WRITE"]  # type: ignore[index]
    assert at_end["status"] == "PROCESSED"  # type: ignore[index]
    assert at_end["message"] == "1 group accepted for 0101."  # type: ignore[index]
    assert in_form["id"] == at_end["id"]  # type: ignore[index]
    assert (tmp_path / "sent.csv").read_text() == FILE
    assert properties["batch"] == "nightly"  # type: ignore[index]
    assert [each["id"] for each in listed["_embedded"]["imports"]] == [  # type: ignore[index]
        at_end["id"]  # type: ignore[index]
    ]
    assert again == 0


def test_a_body_without_a_length_is_taken_whole(served: Served, tmp_path: Path) -> None:
    """As clients send that stream: HTTP chunks, no Content-Length, raw and in a form."""
    script = """
    TOKEN=$(curl -s -u "$PROGRAM:$SECRET" -d grant_type=client_credentials \
      "$ROLLBOOK/oauth2/default/v1/token" | sed -E 's/.*"access_token": "([^"]+)".*/\\1/')
    for n in 1 2; do
      sed "s/Period 1/Chunked $n/" "$FILE" > "chunked$n.csv"
      if [ $n = 1 ]; then set -- -H "Content-Type: text/csv" --data-binary "@chunked1.csv";
      else set -- -F "file=@chunked2.csv"; fi
      curl -s -H "Authorization: Bearer $TOKEN" -H "Transfer-Encoding: chunked" "$@" \
        "$ROLLBOOK/groups/imports" | sed -E 's/.*"id": ([0-9]+).*/\\1/' > id
      curl -s -H "Authorization: Bearer $TOKEN" "$ROLLBOOK/imports/$(cat id)/payload"
    done
    """
    expected = FILE.replace("Period 1", "Chunked 1") + FILE.replace("Period 1", "Chunked 2")
    assert _run(served, tmp_path, script) == expected
