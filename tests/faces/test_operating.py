"""Commands of who runs an installation: accounts, organizations, plans, jobs, the audit log."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rollbook.access.models import Account, Grant
from rollbook.cli.main import main
from rollbook.generator.generate import write_state
from rollbook.groups.models import StudentGroup
from rollbook.jobs.actions import enqueue, run_until_empty
from rollbook.jobs.models import Job, Schedule
from rollbook.orgs.models import Organization
from rollbook.people.models import Student
from tests.factories.accounts import BY, NOW
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def installation(own_home: None, settings: Any) -> None:
    (Path(settings.HOME) / "run").mkdir()
    (Path(settings.HOME) / "secret_key").write_text("key")


@pytest.fixture
def state() -> SmallState:
    return small_state()


def run(*words: object, ends: int = 0) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == ends, done.output
    return done


def told(*words: object) -> Any:
    return json.loads(run(*words, "--format", "json").stdout)


def test_an_account_from_its_making_to_its_end(state: SmallState) -> None:
    run("accounts", "add", "Pat@example.org")
    run("accounts", "grant", "pat@example.org", "district_admin", "--at", "01")
    row = told("accounts", "list", "--search", "pat")[0]
    assert row["email"] == "pat@example.org"
    assert [role["role"] for role in row["roles"]] == ["district_admin"]
    assert [role["at"] for role in row["roles"]] == ["North District"]
    holder = Account.objects.get()
    password = run("accounts", "reset-password", "pat@example.org").output.rsplit(": ")[1].strip()
    holder.refresh_from_db()
    assert holder.check_password(password)
    run("accounts", "sign-out", holder.uuid)
    run("accounts", "disable", "pat@example.org")
    assert told("accounts", "list")[0]["is_active"] is False
    run("accounts", "enable", "pat@example.org")
    run("accounts", "end-grant", row["roles"][0]["grant"])
    assert not Grant.objects.exists()


def test_accounts_say_no_in_a_sentence(state: SmallState) -> None:
    run("accounts", "add", "pat@example.org")
    assert "already signs in" in run("accounts", "add", "PAT@example.org", ends=1).output
    run("accounts", "add", "pat", ends=2)
    assert (
        'No account has the e-mail address "sam@'
        in run("accounts", "disable", "sam@example.org", ends=1).output
    )
    grant = ("accounts", "grant", "pat@example.org")
    assert '"king" is not a role' in run(*grant, "king", "--at", "01", ends=1).output
    assert "not given at a school" in run(*grant, "state_admin", "--at", "0101", ends=1).output
    assert 'organizations are called "X"' in run(*grant, "teacher", "--at", "X", ends=1).output


def test_organizations(state: SmallState) -> None:
    run("orgs", "add", "school", "North Low", "--under", "01", "--code", "0103")
    added = Organization.objects.get(name="North Low")
    assert added.parent == state.north
    rows = told("orgs", "list")
    assert {row["name"]: row["parent"] for row in rows}["North Low"] == str(state.north.uuid)
    assert "code" in run("orgs", "add", "school", "Other", "--code", "0103", ends=1).output
    below = ("orgs", "add", "district", "Y", "--under", "0101")
    assert "cannot stand under a school" in run(*below, ends=1).output


def test_jobs_and_schedules() -> None:
    job = enqueue("access.remove_expired_sessions", by=BY, now=NOW)
    assert [row["job"] for row in told("jobs", "list", "--status", "queued")] == [str(job.uuid)]
    run("jobs", "cancel", job.uuid)
    assert "over already" in run("jobs", "cancel", job.uuid, ends=1).output
    run("jobs", "retry", job.uuid)
    assert run("jobs", "run").output == "1 job ran.\n"
    assert Job.objects.get().status == "done"
    run("jobs", "schedule", "access.remove_expired_sessions", "--at", "02:30", "--days", "15")
    assert Schedule.objects.get().days == "15"
    assert [row["at"] for row in told("jobs", "schedules")] == ["02:30"]
    run("jobs", "schedule", "a", "--at", "02:30", "--days", "8", ends=2)
    assert 'No job is called "a".' in run("jobs", "schedule", "a", "--at", "02:30", ends=1).output


def test_the_audit_log_is_whole_until_somebody_alters_it(state: SmallState) -> None:
    run("accounts", "add", "pat@example.org")
    assert told("audit", "list")[0]["action"] == "add_account"
    end = run("audit", "verify").output.rsplit(" ", 1)[1].strip()
    run("audit", "verify", "--against", end)
    run("audit", "verify", "--against", "nonsense", ends=2)
    from rollbook.audit.models import AuditEntry

    AuditEntry.objects.update(actor_label="somebody else")
    assert "Entry 1: altered." in run("audit", "verify", ends=1).output


def test_a_roster_is_committed_and_undone_with_its_groups(
    tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    made = write_state(tmp_path, students=300, districts=1, seed=1, years=1, xml=1)
    run("roster", "load", made.rosters[0])
    waiting = told("plans", "list")[0]
    shown = told("plans", "show", waiting["plan"])
    assert shown["changes"] == waiting["changes"] > 300
    assert "rows" not in shown
    assert (
        "not the number" in run("plans", "commit", waiting["plan"], "--approve", 1, ends=1).output
    )
    assert "not the one" in run("plans", "commit", waiting["plan"], "--digest", "x", ends=1).output
    with django_capture_on_commit_callbacks(execute=True):
        run("plans", "commit", waiting["plan"], "--approve", waiting["changes"])
    run_until_empty(now=NOW.replace(year=2050))
    assert Student.objects.count() >= 300
    assert StudentGroup.objects.filter(is_active=True).exists()
    assert told("plans", "list") == []
    student = Student.objects.filter(is_active=True).first()
    assert student is not None
    assert student.ssid not in run("plans", "show", waiting["plan"]).output
    rows = told("plans", "show", waiting["plan"], "--rows", "students")["rows"]
    assert len(rows) == 300
    run("plans", "undo", waiting["plan"])
    assert not StudentGroup.objects.filter(is_active=True).exists()
    assert not Student.objects.exists()
    assert "decided on already" in run("plans", "undo", waiting["plan"], ends=1).output
    assert told("roster", "list")[0]["status"] == "undone"


def test_a_discarded_plan_changes_nothing(tmp_path: Path) -> None:
    made = write_state(tmp_path, students=300, districts=1, seed=1, years=1, xml=1)
    run("roster", "load", made.rosters[0])
    plan = told("plans", "list")[0]["plan"]
    run("plans", "discard", plan)
    assert "decided on already" in run("plans", "commit", plan, ends=1).output
    assert not Student.objects.exists()
    assert "no such plan" in run("plans", "discard", uuid.uuid4(), ends=1).output
