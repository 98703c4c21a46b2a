"""Targets and deliveries as commands; in the process of the test."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rollbook.cli.main import main
from rollbook.extracts.models import DeliveryTarget
from rollbook.extracts.plan.writing import file_bytes
from tests.factories.deliveries import ROOM_1, group_rows, kept_file, quick_systems, stepped
from tests.factories.places import SmallState, small_state
from tests.servers.import_api import ImportServer, import_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(settings: Any, monkeypatch: pytest.MonkeyPatch) -> SmallState:
    (settings.HOME / "secret_key").touch()
    quick_systems(monkeypatch, settings)
    return small_state()


@pytest.fixture
def server() -> Generator[ImportServer]:
    with import_server() as running:
        yield running


def run(*words: object, ok: bool = True) -> Result:
    done = CliRunner().invoke(main, ["deliveries", *(str(word) for word in words)])
    assert (done.exit_code == 0) is ok, done.output
    return done


def as_json(*words: object) -> Any:
    return json.loads(run(*words, "--format", "json").output)


def _added(state: SmallState, server: ImportServer, tmp_path: Path) -> str:
    key = tmp_path / "key"
    key.write_text(f"{server.key}\n")
    told = [f"{name}={value}" for name, value in server.settings.items() if name != "allow_private"]
    words = [word for each in told for word in ("--set", each)]
    about = ("--organization", state.north.uuid, "--name", "The state", "--kind", "import_api")
    run("add-target", *about, *words, "--secret-file", f"secret={key}")
    return str(DeliveryTarget.objects.latest("pk").uuid)


def test_a_target_is_added_checked_changed_and_closed(
    state: SmallState, server: ImportServer, tmp_path: Path
) -> None:
    assert [row["name"] for row in as_json("fields", "s3")][:2] == ["bucket", "prefix"]
    assert "Secret key" in run("fields", "import_api").output
    target = _added(state, server, tmp_path)
    listed = as_json("targets")
    assert [(row["name"], row["kind"]) for row in listed] == [("The state", "import_api")]
    assert server.key not in json.dumps(listed)
    assert "This user may write groups." in run("check", target).output
    server.key = "another"
    assert "NO  Sign in" in run("check", target, ok=False).output
    (tmp_path / "new").write_text("another")
    new = ("--secret-file", f"secret={tmp_path / 'new'}", "--key-expires-on", "2999-06-30")
    run("change-target", target, *new)
    assert as_json("targets")[0]["key_expires_on"] == "2999-06-30"
    run("check", target)
    run("close-target", target)
    assert as_json("targets") == []
    assert "There is no such target" in run("check", target, ok=False).output


def test_a_file_is_sent_and_what_was_refused_is_shown(
    state: SmallState, server: ImportServer, tmp_path: Path
) -> None:
    target = _added(state, server, tmp_path)
    server.verdict, server.message = "BAD_DATA", "Row: 2 Failure: 1000000001"
    file = kept_file(state.north, *ROOM_1)
    run("send", file.uuid, "--to", target)
    [row] = as_json("list")
    assert row["status"] == "waiting"
    stepped(row["delivery"])
    [failed] = as_json("list", "--failed")
    shown = run("show", failed["delivery"]).output
    assert "line 3: group Room 1, school 0101" in shown
    assert "1000000001" not in shown
    assert as_json("show", failed["delivery"])["flagged"][0]["says"] == "1000000001"
    assert "refused" in run("list").output
    run("retry", failed["delivery"])
    assert as_json("list", "--failed") == []
    assert "has not failed" in run("retry", as_json("list")[0]["delivery"], ok=False).output


def test_what_a_target_should_hold_is_compared(
    state: SmallState, server: ImportServer, tmp_path: Path
) -> None:
    target = _added(state, server, tmp_path)
    assert as_json("wanted", target) == {
        "sent_at": None,
        "orphans": [],
        "drift": [],
        "missing": [],
        "to_delete": [],
        "blind": [],
    }
    held = tmp_path / "held.csv"
    held.write_bytes(b"no group file at all")
    assert run("wanted", target, "--held", held, ok=False).output.startswith("Error: ")
    held.write_bytes(file_bytes(group_rows(*ROOM_1)))
    assert "To be deleted there by hand" in run("wanted", target, "--held", held).output
    assert "nothing to empty" in run("empty-orphans", target, ok=False).output
