"""`rollbook sources`: what each command does, its exit status, and that it prints no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings

from rollbook.cli.main import main
from rollbook.jobs.models import Schedule
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.connections import connection_of
from tests.factories.accounts import EVERYTHING
from tests.factories.places import SmallState, small_state
from tests.factories.sources import SECRET, away, saved_source, scripted
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db
SET = ("--set", "url=https://sis.example.org/api", "--set", "client=rollbook")


@pytest.fixture
def state(settings: LazySettings) -> SmallState:
    (settings.HOME / "secret_key").write_text("key")
    return small_state()


@pytest.fixture(autouse=True)
def connector(monkeypatch: pytest.MonkeyPatch) -> Any:
    return scripted(monkeypatch, spoilt("1.2"), None)


def sources(*words: object, typed: str = "", status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["sources", *map(str, words)], input=typed)
    assert done.exit_code == status, done.output + repr(done.exception)
    assert SECRET not in done.output
    return done


def test_a_source_is_added_with_a_secret_from_a_prompt_or_a_file(
    state: SmallState, tmp_path: Path
) -> None:
    kept = tmp_path / "token"
    kept.write_text(SECRET + "\n")
    add = ("add", "--district", state.north.uuid, "--kind", "oneroster_rest", *SET)
    sources(*add, "--name", "Asked", "--secret", "token", typed=SECRET + "\n")
    sources(*add, "--name", "Read", "--secret-file", f"token={kept}", "--every-minutes", 15)
    for name in ("Asked", "Read"):
        found = Source.objects.get(name=name)
        assert connection_of(EVERYTHING, found).secrets == {"token": SECRET}
    assert found.settings["every_minutes"] == 15
    refused = sources(*add, "--name", "None", status=1)
    assert "Token is needed." in refused.output
    assert Source.objects.count() == 2


def test_a_key_in_a_file_keeps_its_last_line_break(state: SmallState, tmp_path: Path) -> None:
    source = saved_source(state.north)
    key = "-----BEGIN\nabc\n-----END\n"
    (tmp_path / "key").write_text(key)
    sources("change", source.uuid, "--secret-file", f"token={tmp_path / 'key'}")
    source.refresh_from_db()
    assert connection_of(EVERYTHING, source).secrets == {"token": key}


def test_change_leaves_alone_what_is_not_named(state: SmallState) -> None:
    source = saved_source(state.north)
    sources("change", source.uuid, "--set", "size=50", "--commits-itself", "--name", "New")
    source.refresh_from_db()
    assert (source.name, source.settings["size"], source.settings["client"]) == (
        "New",
        "50",
        "rollbook",
    )
    assert source.policy["commits_itself"] is True
    assert connection_of(EVERYTHING, source).secrets == {"token": SECRET}
    assert "NAME=VALUE" in sources("change", source.uuid, "--set", "size", status=2).output


def test_list_and_show_say_how_a_source_is(state: SmallState) -> None:
    source = saved_source(state.north)
    assert sources("run", source.uuid).output.startswith("Our SIS: planned.")
    listed = json.loads(sources("list", "--format", "json").output)
    assert [(row["name"], row["status"], row["next_step"]) for row in listed] == [
        ("Our SIS", "pending", "commit")
    ]
    shown = json.loads(sources("show", source.uuid, "--format", "json").output)
    assert [run["outcome"] for run in shown["runs"]] == ["planned"]
    assert "commit it" in sources("show", source.uuid).output
    assert "Our SIS" in sources("list").output
    nobody = "00000000-0000-0000-0000-000000000000"
    assert "There is no such source." in sources("show", nobody, status=1).output


def test_a_run_that_fails_ends_with_1(state: SmallState, monkeypatch: pytest.MonkeyPatch) -> None:
    source = saved_source(state.north)
    scripted(monkeypatch, away())
    assert "The server does not answer." in sources("run", source.uuid, status=1).output
    sources("pause", source.uuid, "--reason", "later")
    assert "skipped" in sources("run", source.uuid, status=1).output
    sources("resume", source.uuid)
    source.refresh_from_db()
    assert not source.is_paused


def test_check_says_each_step_and_ends_with_1_when_one_fails(state: SmallState) -> None:
    good, bad = saved_source(state.north), saved_source(state.south, token="x")
    assert "works  Sign in" in sources("check", good.uuid).output
    assert "FAILS  Sign in" in sources("check", bad.uuid, status=1).output


def test_when_a_source_runs_and_rests(state: SmallState) -> None:
    source = saved_source(state.north)
    sources("schedule", source.uuid, "--at", "03:30", "--days", "15")
    assert Schedule.objects.get().days == "15"
    assert sources("schedule", source.uuid, "--at", "03:30", "--off").output == "Off.\n"
    assert (
        "at least one day"
        in sources("schedule", source.uuid, "--at", "03:30", "--days", "", status=1).output
    )
    sources("blackout", source.uuid, "--from", "2026-12-20", "--to", "2027-01-03")
    rest = source.blackouts.get()
    assert (str(rest.starts_on), str(rest.ends_before)) == ("2026-12-20", "2027-01-04")
    sources("blackout", source.uuid, "--from", "2026-12-20", status=2)
    sources("blackout", source.uuid, "--clear")
    assert source.blackouts.count() == 0
    sources("archive", source.uuid)
    assert json.loads(sources("list", "--format", "json").output) == []


def test_fields_lists_what_a_kind_must_be_told() -> None:
    found = json.loads(sources("fields", "oneroster_rest", "--format", "json").output)
    assert [row["name"] for row in found if row["is_secret"]] == ["token"]
    assert "Address" in sources("fields", "oneroster_rest").output
