"""Student groups as commands; in the process of the test."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings
from django.utils import timezone

from rollbook.cli.main import main
from rollbook.groups.models import StudentGroup
from rollbook.orgs.queries import current_school_year
from rollbook.people.models import Student
from tests.db.groups.given import members, student, taught, users
from tests.factories.accounts import account, grant
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(settings: LazySettings) -> SmallState:
    (settings.HOME / "secret_key").touch()
    made = small_state()
    for number, name in enumerate(("Oak", "Elm", "Ash")):
        student(made.north_high, name, year=year())
        Student.objects.filter(last_name=name).update(ssid=f"90{number}")
    return made


def year() -> int:
    return int(current_school_year(timezone.localdate()))


def run(*words: object, ok: bool = True, piped: str | None = None) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words], input=piped)
    assert (done.exit_code == 0) is ok, done.output
    return done


def as_json(*words: object) -> Any:
    return json.loads(run(*words, "--format", "json").output)


def made(name: str, *words: object, piped: str | None = None) -> str:
    run("groups", "create", name, "--school", "0101", *words, piped=piped)
    return str(StudentGroup.objects.get(name=name).uuid)


def test_a_group_is_made_listed_shown_and_edited(state: SmallState, tmp_path: Path) -> None:
    file = tmp_path / "students.txt"
    file.write_text("\ufeff900\n\n901\n")
    group = made("Chess", "--subject", "ela", "--students", file, "--user", "Pat@example.org")
    (row,) = as_json("groups", "list", "--words", "chess")
    assert (row["group"], row["subject"], row["students"], row["users"]) == (group, "ELA", 2, 1)
    assert "Chess" in run("groups", "list", "--subject", "ELA", "--school", "0101").output
    assert as_json("groups", "list", "--subject", "all") == []
    assert "Added 1 student." in run("groups", "add", group, "--students", "-", piped="902").output
    assert "Removed 1 student." in run(
        "groups", "remove", group, "--students", "-", piped="900\n"
    ).output  # fmt: skip
    run("groups", "change", group, "--name", "Chess club", "--subject", "All")
    assert "Say what to change" in run("groups", "change", group, ok=False).output
    told = run("groups", "users", group, "--add", "sam@example.org", "--remove", "pat@example.org")
    assert "Added 1 user, removed 1 user." in told.output
    shown = run("groups", "show", group).output
    assert ("Oak" in shown, "Elm" in shown, "has no account" in shown) == (False, False, True)
    named = run("groups", "show", group, "--students").output
    assert ("Elm, Kim" in named, "Chess club: North High" in named) == (True, True)
    assert (members_of(group), as_json("groups", "show", group)["subject"]) == (["Ash", "Elm"], "")
    kinds = [event["what"] for event in as_json("groups", "history", group)]
    assert kinds == [
        "user_removed", "user_added", "subject", "renamed", "student_removed", "student_added",
        "created",
    ]  # fmt: skip
    assert "Oak" not in run("groups", "history", group).output
    assert "Oak, Kim" in run("groups", "history", group, "--names").output


def members_of(group: str) -> list[str]:
    return members(StudentGroup.objects.get(uuid=group).uuid)


def test_lines_that_name_nobody_are_told_by_number(state: SmallState) -> None:
    done = run(
        "groups", "create", "Chess", "--school", "0101", "--students", "-",
        piped="900\n4455667788\n", ok=False,
    )  # fmt: skip
    assert ("line 2" in done.output, "4455667788" in done.output) == (True, False)
    assert not StudentGroup.objects.exists()


def test_groups_are_archived_restored_and_copied(state: SmallState) -> None:
    group = made("Chess", "--students", "-", piped="900")
    assert "Archived 1 group." in run("groups", "archive", group).output
    assert [row["group"] for row in as_json("groups", "list", "--archived")] == [group]
    assert "Restored 1 group." in run("groups", "restore", group).output
    assert "Made 1 group." in run("groups", "copy", group, "--school-year", year() + 1).output
    assert StudentGroup.objects.filter(school_year=year() + 1).count() == 1
    assert "later school year" in run(
        "groups", "copy", group, "--school-year", year(), ok=False
    ).output  # fmt: skip


def test_groups_by_rule_and_from_classes(state: SmallState) -> None:
    oak = Student.objects.get(last_name="Oak")
    art = taught(state.north_high, "Art", [oak], code="ART", teacher="art@example.org")
    group = made("Artists", "--course", "art", "--grade", "09")
    everybody = made("Everybody", "--by-rule")
    assert (members_of(group), members_of(everybody)) == (["Oak"], ["Ash", "Elm", "Oak"])
    assert "leave --students out" in run(
        "groups", "create", "X", "--school", "0101", "--by-rule", "--students", "-", ok=False
    ).output  # fmt: skip
    art.enrollments.filter(student=oak).delete()
    told = run("groups", "refresh", "--school", "0101").output
    assert ("2 groups by rule, 3 members." in told, members_of(group)) == (True, [])
    assert "everybody at the school" in run("groups", "show", everybody).output
    run("groups", "change", group, "--grade", "09")
    assert members_of(group) == ["Ash", "Elm", "Oak"]
    told = run("groups", "from-classes", art.uuid).output
    by_hand = told.split()[-1].rstrip(".")
    assert users(StudentGroup.objects.get(uuid=by_hand).uuid) == ["art@example.org"]
    assert "No such class" in run("groups", "from-classes", group, ok=False).output


def test_who_sees_a_student_and_why(state: SmallState) -> None:
    pat = account("pat@example.org", first_name="Pat", last_name="Lee")
    grant(pat, "teacher", state.north_high, starts_on=timezone.localdate() - timedelta(days=1))
    made("Chess", "--students", "-", "--user", "pat@example.org", piped="900")
    assert "Teacher, by the group Chess (all subjects)" in run(
        "groups", "why", "pat@example.org", "900"
    ).output  # fmt: skip
    assert "does not see" in run("groups", "why", "pat@example.org", "901").output
    (seen,) = as_json("groups", "who", "900")
    assert (seen["email"], seen["reasons"][0]["kind"]) == ("pat@example.org", "group")
    told = run("groups", "who", Student.objects.get(ssid="900").uuid).output
    assert ("Pat Lee" in told, "Oak" in told) == (True, False)
    assert "no such student" in run("groups", "who", "12345", ok=False).output
