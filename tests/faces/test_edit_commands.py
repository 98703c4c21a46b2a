"""Edits, releases and the approval of two, as commands; in the process of the test."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings

from rollbook.changes.actions import propose_plan
from rollbook.changes.models import ChangePlan
from rollbook.changes.state import move_areas
from rollbook.cli.main import main
from rollbook.people.models import Class, Course, LocalEdit, SchoolEnrollment, Staff, Student
from rollbook.shared.actor import Actor
from tests.db.changes import given
from tests.db.roster.given import bundle, preflight
from tests.factories.accounts import NOW
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(settings: LazySettings) -> SmallState:
    (settings.HOME / "secret_key").touch()
    made = small_state()
    ann = Student.objects.create(district=made.north, ssid="900", first_name="Ann", last_name="Oak")
    SchoolEnrollment.objects.create(
        student=ann, school=made.north_high, school_year=2027, begins_on=date(2026, 8, 1)
    )
    return made


def run(*words: object, ok: bool = True) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert (done.exit_code == 0) is ok, done.output
    return done


def test_a_student_is_edited_listed_and_released(state: SmallState) -> None:
    told = run("students", "edit", "900", "--set", "grade=06", "--set", "first_name=Anna").output
    assert "Changed grade, first_name." in told
    ann = Student.objects.get()
    assert (ann.grade, ann.first_name) == ("06", "Anna")
    assert "Nothing differs" in run("students", "edit", "900", "--set", "grade=06").output
    assert "Oak, Anna" in run("students", "edits").output
    rows: list[dict[str, Any]] = json.loads(run("students", "edits", "--format", "json").output)
    assert {row["column"]: row["value"] for row in rows} == {"grade": "06", "first_name": "Anna"}
    assert (
        json.loads(run("students", "edits", "--only-overridden", "--format", "json").output) == []
    )
    run("students", "release", rows[0]["edit"])
    assert LocalEdit.objects.filter(is_active=True).count() == 1
    assert "no such edit" in run("students", "release", rows[0]["edit"], ok=False).output


def test_an_edit_is_undone_like_any_plan(state: SmallState) -> None:
    run("students", "edit", "900", "--set", "first_name=Anna")
    run("plans", "undo", ChangePlan.objects.get().uuid)
    assert Student.objects.get().first_name == "Ann"
    assert not LocalEdit.objects.filter(is_active=True).exists()


def test_what_is_wrong_is_said(state: SmallState) -> None:
    assert (
        "is not a grade" in run("students", "edit", "900", "--set", "grade=13th", ok=False).output
    )
    assert "no such record" in run("students", "edit", "901", "--set", "grade=06", ok=False).output
    assert "COLUMN=VALUE" in run("students", "edit", "900", "--set", "grade", ok=False).output


def test_staff_and_classes_are_edited(state: SmallState) -> None:
    tea = Staff.objects.create(district=state.north, last_name="Tea")
    course = Course.objects.create(organization=state.north, title="Art")
    art = Class.objects.create(
        school=state.north_high, course=course, title="Art", kind="scheduled", school_year=2027
    )
    run("students", "edit-staff", tea.uuid, "--set", "email=t@example.org")
    run("students", "edit-class", art.uuid, "--set", "title=Art 2")
    assert Staff.objects.get().email == "t@example.org"
    assert Class.objects.get().title == "Art 2"


def test_a_stale_plan_is_checked_again(state: SmallState, tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path))
    assert intake.plan is not None
    waiting = intake.plan.uuid
    move_areas([f"roster:{intake.source}"])
    assert "planned, plan " in run("plans", "again", waiting).output
    assert ChangePlan.objects.filter(kind="roster").count() == 2
    run("students", "edit", "900", "--set", "grade=06")
    edit = ChangePlan.objects.get(kind="edit")
    assert "no such plan" in run("plans", "again", edit.uuid, ok=False).output


def test_the_shell_is_one_of_two_people(state: SmallState) -> None:
    plan = propose_plan(
        title="Large", kind="roster", changes=given.edits(grade="04"), areas=[],
        organization_id=None, needs_second_person=True, by=Actor.job("roster"), now=NOW,
    )  # fmt: skip
    assert "Takes two people: nobody yet." in run("plans", "show", plan.uuid).output
    alone = run("plans", "commit", plan.uuid, "--approve", 1, ok=False)
    assert "takes two people" in alone.output
    run("plans", "endorse", plan.uuid, "--approve", 1)
    assert "approved first by command line" in run("plans", "show", plan.uuid).output
    again = run("plans", "commit", plan.uuid, "--approve", 1, ok=False)
    assert "takes two people" in again.output
    one = propose_plan(
        title="Small", kind="roster", changes=given.edits(grade="05"), areas=[],
        organization_id=None, by=Actor.job("roster"), now=NOW,
    )  # fmt: skip
    assert (
        "needs no first approval"
        in run("plans", "endorse", one.uuid, "--approve", 1, ok=False).output
    )
