"""A plan that is too large for one person: who may approve it, who may commit it."""

from __future__ import annotations

from typing import Any

import pytest

from rollbook.audit.models import AuditEntry
from rollbook.changes.actions import (
    ApprovedCountDiffers,
    DigestDiffers,
    MayNotCommit,
    NeedsNoEndorsement,
    NeedsSecondPerson,
    PlanIsFinished,
    StateMovedOn,
    commit_plan,
    endorse_plan,
)
from rollbook.changes.models import ChangePlan
from rollbook.changes.queries import approvals
from rollbook.changes.rules import may_commit, may_endorse
from rollbook.changes.state import move_areas
from rollbook.changes.types import Approvals
from rollbook.people.models import Student
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.scope import Permission
from tests.db.changes import given
from tests.db.changes.given import AREA, LATER
from tests.factories.accounts import EVERYTHING

pytestmark = pytest.mark.django_db
ANN, BEN, CLEO = (Actor(ActorKind.PERSON, f"account {name}") for name in ("ann", "ben", "cleo"))
JOB = Actor.job("roster")
SHELL = Actor.command("command line")


def large(by: Actor, **more: Any) -> ChangePlan:
    given.students(given.school(), 3)
    return given.plan(given.edits(grade="04"), by=by, needs_second_person=True, **more)


def commit(plan: ChangePlan, by: Actor, approved: int | None = 3, **more: Any) -> None:
    commit_plan(plan.uuid, digest=plan.digest, approved_count=approved, by=by, now=LATER, **more)


def endorse(plan: ChangePlan, by: Actor, approved: int | None = 3, **more: Any) -> ChangePlan:
    values = {"digest": plan.digest, "approved_count": approved} | more
    return endorse_plan(plan.uuid, by=by, now=LATER, **values)


def grades() -> set[str]:
    return set(Student.objects.values_list("grade", flat=True))


def test_a_plan_that_needs_two_waits_without_another_reason() -> None:
    plan = large(ANN)
    assert (plan.status, plan.hold_reasons) == ("held", [])


@pytest.mark.parametrize("by", [ANN, JOB, Actor(ActorKind.API, "sis")])
def test_neither_its_sender_nor_a_machine_commits_it(by: Actor) -> None:
    plan = large(ANN)
    with pytest.raises(NeedsSecondPerson):
        commit(plan, by)
    assert grades() == {"03"}


def test_another_than_its_sender_commits_it_alone() -> None:
    commit(large(ANN), BEN)
    assert grades() == {"04"}


@pytest.mark.parametrize("sender", [JOB, SHELL, Actor(ActorKind.API, "sis")])
def test_what_a_machine_sent_takes_two_people(sender: Actor) -> None:
    plan = large(sender)
    with pytest.raises(NeedsSecondPerson):
        commit(plan, ANN)
    endorse(plan, ANN)
    for by in (ANN, JOB):
        with pytest.raises(NeedsSecondPerson):
            commit(plan, by)
    assert grades() == {"03"}
    commit(plan, BEN)
    assert grades() == {"04"}


def test_both_people_are_in_the_log() -> None:
    plan = large(JOB)
    endorse(plan, ANN)
    commit(plan, BEN)
    found = AuditEntry.objects.filter(subject_uuid=plan.uuid).order_by("sequence")
    assert list(found.values_list("action", "actor_label")) == [
        ("changes.propose", "roster"),
        ("changes.endorse", "account ann"),
        ("changes.commit", "account ben"),
    ]


def test_additions_and_updates_alone_need_one_person() -> None:
    commit(large(ANN), ANN, only_additions_and_updates=True)
    assert grades() == {"04"}


def test_a_plan_that_one_person_may_commit_is_committed_by_its_sender() -> None:
    given.students(given.school(), 3)
    commit(given.plan(given.edits(grade="04"), by=ANN), ANN, None)
    assert grades() == {"04"}


def test_approving_twice_is_approving_once() -> None:
    plan = large(JOB)
    endorse(plan, ANN)
    endorse(plan, ANN)
    assert AuditEntry.objects.filter(action="changes.endorse").count() == 1
    with pytest.raises(NeedsNoEndorsement):
        endorse(plan, BEN)


def test_a_sender_does_not_approve_and_nobody_approves_instead_of_committing() -> None:
    plan = large(ANN)
    with pytest.raises(NeedsSecondPerson):
        endorse(plan, ANN)
    with pytest.raises(NeedsNoEndorsement):
        endorse(plan, BEN)
    one = given.plan(given.edits(grade="05"))
    with pytest.raises(NeedsNoEndorsement):
        endorse(one, BEN)


def test_an_approval_is_of_what_was_read() -> None:
    plan = large(JOB)
    for approved in (None, 2):
        with pytest.raises(ApprovedCountDiffers):
            endorse(plan, ANN, approved)
    with pytest.raises(DigestDiffers):
        endorse(plan, ANN, digest="another")
    with pytest.raises(NeedsSecondPerson):
        endorse(plan, JOB)
    move_areas([AREA])
    with pytest.raises(StateMovedOn):
        endorse(plan, ANN)
    plan.refresh_from_db()
    assert plan.endorsed_by == ""


def test_only_an_approver_approves() -> None:
    plan = large(JOB, organization_id=7)
    reader = given.scope(Permission.ROSTER_READ, organization_id=7)
    with pytest.raises(MayNotCommit):
        endorse(plan, ANN, scope=reader)
    endorse(plan, ANN, scope=given.scope(Permission.ROSTER_APPROVE, organization_id=7))


def test_a_finished_plan_is_not_approved() -> None:
    plan = large(ANN)
    commit(plan, BEN)
    with pytest.raises(PlanIsFinished):
        endorse(plan, CLEO)


def test_who_stands_behind_a_plan() -> None:
    sent = large(ANN)
    assert approvals(EVERYTHING, sent.uuid) == Approvals(True, "account ann")
    by_job = given.plan(given.edits(grade="05"), by=JOB, needs_second_person=True)
    assert approvals(EVERYTHING, by_job.uuid) == Approvals(True)
    endorse(by_job, BEN)
    assert approvals(EVERYTHING, by_job.uuid) == Approvals(True, "", "account ben", LATER)
    one = given.plan(given.edits(grade="06"), by=ANN)
    assert approvals(EVERYTHING, one.uuid) == Approvals()


@pytest.mark.parametrize(
    ("behind", "label", "commits", "endorses"),
    [
        (Approvals(), "a", True, False),
        (Approvals(True), "a", False, True),
        (Approvals(True, "a"), "a", False, False),
        (Approvals(True, "a"), "b", True, False),
        (Approvals(True, "", "a"), "a", False, False),
        (Approvals(True, "", "a"), "b", True, False),
    ],
)
def test_whose_turn_it_is(behind: Approvals, label: str, commits: bool, endorses: bool) -> None:
    assert (may_commit(behind, label), may_endorse(behind, label)) == (commits, endorses)
