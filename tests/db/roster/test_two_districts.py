"""Two districts and one child, from the files to the records and back."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from rollbook.changes.actions import StateMovedOn
from rollbook.changes.models import StateVersion
from rollbook.orgs.models import Organization
from rollbook.people.models import SchoolEnrollment, Student, StudentAlias
from rollbook.roster.actions.commit import undo_intake
from rollbook.roster.actions.merges import merge_students
from rollbook.roster.actions.preflight import preflight_intake
from rollbook.roster.actions.transfers import answer_question, release_transfer
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import EnrollmentQuestion, TransferRequest
from rollbook.roster.queries.identity import elsewhere_mark
from rollbook.roster.rules.policy import IntakePolicy, SecondSchoolPolicy
from rollbook.roster.rules.reading import Reading
from rollbook.shared.scope import Permission, Reach, Scope
from tests.db.roster.given import codes, committed
from tests.factories.accounts import BY, EVERYTHING, NOW, ON
from tests.spec.roster.given import Bundle, good_bundle

pytestmark = pytest.mark.django_db
ASK = Reading(policy=IntakePolicy(second_school=SecondSchoolPolicy.ASK))


def first() -> Bundle:
    made = good_bundle("1.2", is_whole=False)
    made.rows["users"][0]["userMasterIdentifier"] = "9000000001"
    return made


def second() -> Bundle:
    """Make another district's roster: other ids for everything, the same two children by name."""
    made = good_bundle("1.2", is_whole=False)
    for rows in made.rows.values():
        for row in rows:
            for column in row:
                if re.search(r"ourcedIds?$", column):
                    row[column] = re.sub(r"([\w-]+)", r"z-\1", row[column])
    made.rows["orgs"][0]["identifier"] = "20"
    for user in made.rows["users"]:
        user["identifier"] = "z" + user["identifier"]
    made.rows["users"][0]["userMasterIdentifier"] = "9000000001"
    return made


def without_the_child(made: Bundle) -> Bundle:
    child = made.rows["users"][0]["sourcedId"]
    for rows in made.rows.values():
        rows[:] = [row for row in rows if child not in row.values()]
    return made


def taken(
    folder: Path, made: Bundle, scope: Scope = EVERYTHING, reading: Reading | None = None
) -> Intake:
    path = folder / "roster.zip"
    path.write_bytes(made.zip())
    return preflight_intake(
        scope, path, file_name=path.name, profile=(reading or Reading()).profile,
        reading=reading, by=BY, now=NOW,
    )  # fmt: skip


def loaded(folder: Path, made: Bundle, scope: Scope = EVERYTHING) -> Intake:
    intake = taken(folder, made, scope)
    if intake.plan is not None:
        committed(intake, approved=_count(intake))
    return intake


def _count(intake: Intake) -> int | None:
    assert intake.plan is not None
    if intake.plan.status != "held":
        return None
    return sum(sum(actions.values()) for actions in intake.plan.counts.values())


def of_district(key: str) -> Scope:
    """Return the scope of somebody who sends and approves one district's rosters."""
    district = Organization.objects.get(sourced_id=key)
    schools = Organization.objects.filter(parent=district)
    reach = Reach(frozenset({district.pk, *schools.values_list("pk", flat=True)}))
    rights = (Permission.ROSTER_READ, Permission.ROSTER_WRITE, Permission.ROSTER_APPROVE)
    return Scope(account_id=None, label=key, on=ON, reach=dict.fromkeys(rights, reach))


def child() -> Student:
    return Student.objects.get(ssid="9000000001")


def at() -> list[str]:
    now = SchoolEnrollment.objects.filter(student=child(), is_active=True)
    return sorted(now.values_list("school__sourced_id", flat=True))


def test_a_released_child_moves_with_the_record_and_an_undo_brings_both_back(
    tmp_path: Path,
) -> None:
    loaded(tmp_path, first())
    loaded(tmp_path, without_the_child(second()))
    here, there = of_district("z-dist"), of_district("dist")
    intake = taken(tmp_path, second(), here)
    assert "ROS-604" in codes(intake)
    assert (intake.plan, at()) == (None, ["sch-1"])
    request = TransferRequest.objects.get()
    assert request.said["last_name"] == "Soto"
    assert TransferRequest.objects.count() == 1

    release_transfer(there, request.uuid, by=BY, now=NOW)
    moved = taken(tmp_path, second(), here)
    assert moved.plan is not None
    assert moved.plan.counts["school enrollments"] == {"move": 1}
    assert moved.plan.counts["students"] == {"move": 1}
    committed(moved, approved=_count(moved))
    assert (at(), child().district.sourced_id) == (["z-sch-1"], "z-dist")
    request.refresh_from_db()
    assert request.status == "done"

    late = taken(tmp_path, first(), there)
    assert "ROS-604" in codes(late)
    assert TransferRequest.objects.count() == 1

    undo_intake(EVERYTHING, moved.uuid, by=BY, now=NOW)
    request.refresh_from_db()
    assert (at(), child().district.sourced_id, request.status) == (["sch-1"], "dist", "released")
    assert StudentAlias.objects.count() == 0


def test_a_second_school_waits_for_an_answer_and_follows_it(tmp_path: Path) -> None:
    loaded(tmp_path, first())
    loaded(tmp_path, without_the_child(second()))
    intake = taken(tmp_path, second(), reading=ASK)
    assert "ROS-623" in codes(intake)
    assert (intake.plan, at()) == (None, ["sch-1"])
    question = EnrollmentQuestion.objects.get()
    before = elsewhere_mark(EVERYTHING, source=intake.source, on=NOW.date())
    # Once the stay at the first school is over, nobody asks any more.
    assert elsewhere_mark(EVERYTHING, source=intake.source, on=date(2027, 7, 1)) != before
    answer_question(EVERYTHING, question.uuid, "add", by=BY, now=NOW)
    again = taken(tmp_path, second(), reading=ASK)
    committed(again, approved=_count(again))
    assert at() == ["sch-1", "z-sch-1"]
    assert EnrollmentQuestion.objects.count() == 1
    for night in (first(), second()):
        assert taken(tmp_path, night, reading=ASK).status == "unchanged"
    loaded(tmp_path, without_the_child(first()))
    assert (at(), child().is_active) == (["z-sch-1"], True)
    assert elsewhere_mark(EVERYTHING, source=intake.source, on=NOW.date()) != before


def test_a_merge_moves_the_ground_of_open_plans_and_outlasts_the_next_file(
    tmp_path: Path,
) -> None:
    loaded(tmp_path, first())
    made = first()
    made.rows["users"][1]["familyName"] = "Changed"
    waiting = taken(tmp_path, made)
    keep, gone = child(), Student.objects.get(sourced_id="stu-2")
    merge_students(EVERYTHING, keep.uuid, gone.uuid, by=BY, now=NOW)
    with pytest.raises(StateMovedOn):
        committed(waiting, approved=_count(waiting))
    assert StateVersion.objects.get(area="students").version == 1
    night = loaded(tmp_path, first())
    assert "ROS-621" in codes(night)
    assert Student.objects.filter(is_active=True).count() == 1
    assert taken(tmp_path, first()).status == "unchanged"
    gone.refresh_from_db()
    assert gone.merged_into_id == keep.pk
