"""What a source's policy makes of a roster, and what of it stays as people edited it here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rollbook.changes.actions import NeedsSecondPerson, StateMovedOn
from rollbook.people.actions import edit_student, release_edit, undo_edit
from rollbook.people.models import LocalEdit, SchoolEnrollment, Student
from rollbook.people.queries.edits import edit_page
from rollbook.roster.actions.commit import commit_intake, endorse_intake, undo_intake
from rollbook.roster.actions.preflight import preflight_again, preflight_intake
from rollbook.roster.models.intakes import Intake
from rollbook.roster.rules.policy import ErrorPolicy, IntakePolicy
from rollbook.roster.rules.reading import Reading
from rollbook.shared.actor import Actor, ActorKind
from tests.db.roster.given import bundle, codes, committed, loaded, preflight
from tests.factories.accounts import BY, EVERYTHING, NOW

pytestmark = pytest.mark.django_db
GONE = "-users[1] ; -roles[1] ; -enrollments[1] ; -demographics[1]"
CHANGED = "users[1].familyName=Changed"
BROKEN = "enrollments[1].classSourcedId=nowhere"


def judged(path: Path, by: Actor = BY, **policy: Any) -> Intake:
    reading = Reading(policy=IntakePolicy(**policy))
    return preflight_intake(EVERYTHING, path, file_name=path.name, reading=reading, by=by, now=NOW)


def rows_of(intake: Intake) -> int:
    assert intake.plan is not None
    return sum(sum(actions.values()) for actions in intake.plan.counts.values())


def holds(intake: Intake) -> list[str]:
    assert intake.plan is not None
    return [hold["code"] for hold in intake.plan.hold_reasons]


def test_a_source_that_blocks_on_any_error_plans_nothing(tmp_path: Path) -> None:
    loaded(tmp_path)
    spoilt = bundle(tmp_path, f"{CHANGED} ; {BROKEN}")
    intake = judged(spoilt, errors=ErrorPolicy.BLOCK_ON_ANY_ERROR)
    assert (intake.status, intake.plan, codes(intake)[-1]) == ("refused", None, "ROS-611")
    clean = bundle(tmp_path, CHANGED)
    assert judged(clean, errors=ErrorPolicy.BLOCK_ON_ANY_ERROR).status == "planned"


def test_how_many_records_may_be_left_out_is_for_the_source_to_say(tmp_path: Path) -> None:
    loaded(tmp_path)
    spoilt = bundle(tmp_path, f"{CHANGED} ; {BROKEN}")
    assert holds(judged(spoilt)) == ["many-left-out"]
    assert holds(judged(spoilt, largest_excluded_percent=90.0)) == []


def test_an_additive_source_archives_nobody(tmp_path: Path) -> None:
    loaded(tmp_path)
    intake = judged(bundle(tmp_path, GONE), is_additive=True)
    assert (intake.status, intake.plan) == ("unchanged", None)
    assert set(codes(intake)) >= {"ROS-612"}
    both = judged(bundle(tmp_path, f"{GONE} ; users[1].familyName=Changed"), is_additive=True)
    assert both.plan is not None
    assert "archive" not in {a for counts in both.plan.counts.values() for a in counts}
    assert both.plan.status == "proposed"


def test_two_people_let_many_leave(tmp_path: Path) -> None:
    loaded(tmp_path)
    ann, ben = (Actor(ActorKind.PERSON, f"account {name}") for name in ("ann", "ben"))
    path = bundle(tmp_path, GONE)
    intake = judged(path, by=Actor.job("roster"), second_person_from=1)
    assert intake.plan is not None and "two-people" in holds(intake)
    whole = {"digest": intake.plan.digest, "approved_count": rows_of(intake), "now": NOW}
    with pytest.raises(NeedsSecondPerson):
        commit_intake(EVERYTHING, intake.uuid, by=ann, **whole)
    endorse_intake(EVERYTHING, intake.uuid, by=ann, **whole)
    with pytest.raises(NeedsSecondPerson):
        commit_intake(EVERYTHING, intake.uuid, by=ann, **whole)
    commit_intake(EVERYTHING, intake.uuid, by=ben, **whole)
    assert Student.objects.filter(is_active=False).count() == 1


def edited(first_name: str = "Edited", grade: str = "") -> Student:
    student = Student.objects.get(sourced_id="stu-1")
    changes = {"first_name": first_name} | ({"grade": grade} if grade else {})
    edit_student(EVERYTHING, student.uuid, changes, by=BY, now=NOW)
    student.refresh_from_db()
    return student


def first_name() -> str:
    return Student.objects.get(sourced_id="stu-1").first_name


def test_an_edit_survives_syncs_and_is_listed_as_overridden(tmp_path: Path) -> None:
    loaded(tmp_path)
    upstream = first_name()
    edited(grade="11")
    assert preflight(bundle(tmp_path)).status == "unchanged"
    committed(preflight(bundle(tmp_path, CHANGED, name="b.zip")))
    assert first_name() == "Edited"
    stays = SchoolEnrollment.objects.filter(student__sourced_id="stu-1", is_active=True)
    assert set(stays.values_list("grade", flat=True)) == {"11"}
    found = edit_page(EVERYTHING, only_overridden=True).items
    assert {row.column for row in found} == {"first_name", "grade"}
    told = {row.column: row.upstream for row in found}
    assert told["first_name"] == upstream


def test_a_released_edit_gives_way_to_the_next_sync(tmp_path: Path) -> None:
    loaded(tmp_path)
    upstream = first_name()
    edited()
    release_edit(EVERYTHING, LocalEdit.objects.get().pk, by=BY, now=NOW)
    intake = preflight(bundle(tmp_path))
    assert intake.plan is not None and intake.plan.counts == {"students": {"update": 1}}
    committed(intake)
    assert first_name() == upstream
    assert edit_page(EVERYTHING).items == []


def test_an_undone_edit_leaves_nothing_for_the_next_sync(tmp_path: Path) -> None:
    loaded(tmp_path)
    student = Student.objects.get(sourced_id="stu-1")
    done = edit_student(EVERYTHING, student.uuid, {"first_name": "Edited"}, by=BY, now=NOW)
    assert done.plan_uuid is not None
    undo_edit(EVERYTHING, done.plan_uuid, by=BY, now=NOW)
    assert preflight(bundle(tmp_path)).status == "unchanged"


def test_undoing_a_run_leaves_what_was_edited_since(tmp_path: Path) -> None:
    loaded(tmp_path)
    intake = preflight(
        bundle(tmp_path, "users[1].givenName=Other ; users[2].givenName=Other", name="b.zip")
    )
    committed(intake)
    edited()
    receipt = undo_intake(EVERYTHING, intake.uuid, by=BY, now=NOW)
    assert (receipt.conflict_count, receipt.conflicts[0].column) == (1, "first_name")
    assert first_name() == "Edited"
    assert not Student.objects.filter(first_name="Other").exists()
    assert LocalEdit.objects.get().is_active


def test_undoing_the_first_run_keeps_a_student_who_was_edited(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    edited()
    undo_intake(EVERYTHING, intake.uuid, by=BY, now=NOW)
    assert list(Student.objects.values_list("sourced_id", flat=True)) == ["stu-1"]
    assert LocalEdit.objects.get().record_id == Student.objects.get().pk


def test_a_plan_made_before_an_edit_does_not_write_over_it(tmp_path: Path) -> None:
    loaded(tmp_path)
    waiting = preflight(bundle(tmp_path, "users[1].givenName=Other", name="b.zip"))
    edited()
    with pytest.raises(StateMovedOn):
        committed(waiting)
    assert first_name() == "Edited"


def test_checking_again_makes_a_plan_of_how_things_are_now(tmp_path: Path) -> None:
    loaded(tmp_path)
    waiting = preflight(
        bundle(tmp_path, "users[1].givenName=Other ; users[1].familyName=Oak", name="b.zip")
    )
    edited()
    again = preflight_again(EVERYTHING, waiting.uuid, by=BY, now=NOW)
    assert again.uuid != waiting.uuid
    committed(again)
    student = Student.objects.get(sourced_id="stu-1")
    assert (student.first_name, student.last_name) == ("Edited", "Oak")
