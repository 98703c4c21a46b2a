from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.changes.actions import commit_plan, discard_plan, undo_plan
from rollbook.changes.queries import (
    NoSuchPlan,
    get_plan,
    get_receipt,
    is_current,
    open_plans,
    plan_conflicts,
    plan_counts_by_school,
    plan_rows,
    plans,
)
from rollbook.changes.types import (
    Cell,
    ChangeAction,
    Conflict,
    ConflictReason,
    HoldReason,
    PlanRow,
    PlanStatus,
)
from rollbook.orgs.models import Organization
from rollbook.people.models import Student
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Scope
from tests.db.changes import given
from tests.db.changes.given import BY, LATER

pytestmark = pytest.mark.django_db
ALL = Scope.of_installation("test", on=date(2026, 8, 10))


def reader(where: Organization) -> Scope:
    assert where.parent_id is not None
    return given.scope(Permission.ROSTER_READ, organization_id=where.parent_id)


def test_plans_are_seen_by_readers_of_their_place() -> None:
    where = given.school()
    inside = given.plan(given.additions(where, 1), organization_id=where.parent_id)
    outside = given.plan(given.additions(where, 1), organization_id=where.parent_id + 1_000)
    everywhere = given.plan(given.additions(where, 1), organization_id=None)
    assert [plan.uuid for plan in open_plans(reader(where))] == [inside.uuid]
    assert [plan.uuid for plan in open_plans(ALL)] == [everywhere.uuid, outside.uuid, inside.uuid]
    assert open_plans(Scope.nobody(on=date(2026, 8, 10))) == []
    for hidden in (outside, everywhere):
        for read in (get_plan, get_receipt, plan_counts_by_school, plan_conflicts):
            with pytest.raises(NoSuchPlan):
                read(reader(where), hidden.uuid)
        with pytest.raises(NoSuchPlan):
            plan_rows(reader(where), hidden.uuid, table="students")


def test_open_plans_are_those_that_wait() -> None:
    where = given.school()
    holds = [HoldReason("archive_share", "Too many.", where.pk, 2, 3)]
    held = given.plan(given.additions(where, 1), holds=holds)
    gone = given.plan(given.additions(where, 1))
    discard_plan(gone.uuid, by=BY, now=LATER)
    assert [(plan.uuid, plan.status, plan.holds) for plan in open_plans(ALL)] == [
        (held.uuid, PlanStatus.HELD, tuple(holds))
    ]
    assert [plan.uuid for plan in plans(ALL).items] == [gone.uuid, held.uuid]
    assert plans(ALL, kind="rollover").total_count == 0


def test_rows_show_before_and_after() -> None:
    where = given.school()
    (student,) = given.students(where, 1)
    plan = given.plan(given.edits(grade="04", iep=True, birth_date=date(2018, 1, 2)))
    assert plan_rows(ALL, plan.uuid, table="students").items == [
        PlanRow(
            table="students",
            id=student.pk,
            action=ChangeAction.UPDATE,
            school_id=None,
            label="L0, F0, 0",
            cells=(
                Cell("grade", "03", "04"),
                Cell("birth_date", None, "2018-01-02"),
                Cell("iep", None, "yes"),
            ),
            why="",
            file=None,
            line=None,
            uuid=str(student.uuid),
        )
    ]
    assert plan_rows(ALL, plan.uuid, table="classes").items == []


def test_rows_are_paged_and_filtered_by_school_and_action() -> None:
    where = given.school()
    plan = given.plan(given.additions(where, 5))
    second = plan_rows(ALL, plan.uuid, table="students", page=PageRequest(2, 2))
    assert [(row.label, row.line) for row in second.items] == [
        ("Comer, 2, New2, N2", 4),
        ("Comer, 3, New3, N3", 5),
    ]
    assert second.total_count == 5
    assert plan_rows(ALL, plan.uuid, table="students", school_id=where.pk).total_count == 5
    assert plan_rows(ALL, plan.uuid, table="students", school_id=0).total_count == 0
    assert plan_rows(ALL, plan.uuid, table="students", action=ChangeAction.MOVE).total_count == 0
    assert plan_counts_by_school(ALL, plan.uuid) == {
        "students": {None: {"add": 5}, where.pk: {"add": 5}},
        "school enrollments": {None: {"add": 5}, where.pk: {"add": 5}},
    }


def test_a_page_of_three_takes_as_many_queries_as_one_of_one() -> None:
    plan = given.plan(given.additions(given.school(), 3))
    spent = []
    for size in (1, 3):
        with CaptureQueriesContext(connection) as queries:
            plan_rows(ALL, plan.uuid, table="students", page=PageRequest(1, size))
        spent.append(len(queries))
    assert spent == [2, 2]


def test_a_plan_is_current_until_its_area_moves() -> None:
    where = given.school()
    first, second = given.plan(given.additions(where, 1)), given.plan(given.additions(where, 1))
    assert is_current(second)
    receipt = commit_plan(first.uuid, digest=first.digest, by=BY, now=LATER)
    assert not is_current(second)
    assert get_receipt(ALL, first.uuid) == receipt
    with pytest.raises(NoSuchPlan):
        get_receipt(ALL, second.uuid)


def test_conflicts_of_an_undo_are_listed() -> None:
    first, _ = given.students(given.school(), 2)
    plan = given.plan(given.edits(grade="04"))
    commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    Student.objects.filter(pk=first.pk).update(grade="05")
    receipt = undo_plan(plan.uuid, by=BY, now=LATER)
    expected = Conflict("students", first.pk, "grade", ConflictReason.EDITED)
    assert list(receipt.conflicts) == [expected]
    named = replace(expected, label="L0, F0, 0")
    assert plan_conflicts(ALL, receipt.plan_uuid).items == [named]
    undo = get_plan(ALL, receipt.plan_uuid)
    assert (undo.undo_of, undo.conflict_count, undo.row_count) == (plan.uuid, 1, 1)
