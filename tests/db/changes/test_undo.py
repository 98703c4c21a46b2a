from __future__ import annotations

from dataclasses import astuple
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rollbook.audit.models import AuditEntry
from rollbook.changes.actions import (
    MayNotCommit,
    PlanIsFinished,
    PlanIsNotCommitted,
    StateMovedOn,
    UndoCannotBeUndone,
    UndoHasNothingLeft,
    commit_plan,
    discard_plan,
    undo_plan,
)
from rollbook.changes.models import ChangePlan
from rollbook.changes.plan import diff
from rollbook.changes.types import CommitReceipt, PlanStatus, TableChanges
from rollbook.groups.models import GroupMember, StudentGroup
from rollbook.orgs.models import Organization
from rollbook.people.layouts import CLASSES, SCHOOL_ENROLLMENTS, STUDENTS
from rollbook.people.models import Class, Course, SchoolEnrollment, Student
from rollbook.shared.scope import Permission
from tests.db.changes import given
from tests.db.changes.given import BY, LATER

pytestmark = pytest.mark.django_db


def committed(changes: list[TableChanges], **more: bool) -> ChangePlan:
    plan = given.plan(changes)
    commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER, **more)
    return plan


def undone(plan: ChangePlan) -> CommitReceipt:
    return undo_plan(plan.uuid, by=BY, now=LATER)


def conflicts(receipt: CommitReceipt) -> list[tuple[object, ...]]:
    return [astuple(conflict)[:4] for conflict in receipt.conflicts]


def people() -> pl.DataFrame:
    return given.rows(STUDENTS, Student)


def test_undone_edits_are_as_before() -> None:
    given.students(given.school(), 3)
    before = people()
    receipt = undone(
        plan := committed(given.edits(grade="04", iep=True, birth_date=date(2018, 1, 2)))
    )
    assert_frame_equal(people(), before)
    assert (receipt.counts, receipt.conflict_count) == ({"students": {"update": 3}}, 0)
    plan.refresh_from_db()
    assert plan.status == PlanStatus.UNDONE
    assert AuditEntry.objects.latest("sequence").detail["undo_of"] == str(plan.uuid)


def test_undone_additions_are_gone() -> None:
    receipt = undone(committed(given.additions(given.school(), 3)))
    assert (Student.objects.count(), SchoolEnrollment.objects.count()) == (0, 0)
    assert receipt.counts == {"students": {"delete": 3}, "school enrollments": {"delete": 3}}


def test_undone_deletions_are_back_under_their_ids() -> None:
    given.students(given.school(), 2)
    changes = [
        TableChanges(
            table, diff(table, rows := given.rows(table, model), rows.clear(), absent="delete")
        )
        for table, model in ((STUDENTS, Student), (SCHOOL_ENROLLMENTS, SchoolEnrollment))
    ]
    before = people(), given.rows(SCHOOL_ENROLLMENTS, SchoolEnrollment)
    plan = committed(changes)
    assert (Student.objects.count(), SchoolEnrollment.objects.count()) == (0, 0)
    undone(plan)
    assert_frame_equal(people(), before[0])
    assert_frame_equal(given.rows(SCHOOL_ENROLLMENTS, SchoolEnrollment), before[1])


def test_cells_changed_since_stay_and_are_listed() -> None:
    first, _ = given.students(given.school(), 2)
    plan = committed(given.edits(grade="04", first_name="Ada"))
    Student.objects.filter(pk=first.pk).update(grade="05", email="a@example.org")
    receipt = undone(plan)
    assert conflicts(receipt) == [("students", first.pk, "grade", "edited")]
    assert list(Student.objects.order_by("id").values_list("grade", "first_name", "email")) == [
        ("05", "F0", "a@example.org"),
        ("03", "F1", ""),
    ]


def test_an_added_record_that_was_edited_stays_with_what_it_needs() -> None:
    plan = committed(given.additions(given.school(), 2))
    kept, _ = Student.objects.order_by("id")
    SchoolEnrollment.objects.filter(student=kept).update(grade="05")
    receipt = undone(plan)
    enrollment = SchoolEnrollment.objects.get()
    assert conflicts(receipt) == [
        ("school enrollments", enrollment.pk, "grade", "edited"),
        ("students", kept.pk, "", "referred_to"),
    ]
    assert list(Student.objects.all()) == [kept]


def test_an_added_record_that_something_outside_the_plan_refers_to_stays() -> None:
    where = given.school()
    plan = committed(given.additions(where, 2))
    kept = Student.objects.earliest("id")
    group = StudentGroup.objects.create(name="G", school=where, school_year=2027, origin="hand")
    GroupMember.objects.create(group=group, student=kept)
    assert conflicts(undone(plan)) == [("students", kept.pk, "", "referred_to")]
    assert list(Student.objects.all()) == [kept]
    assert SchoolEnrollment.objects.count() == 0


def test_an_added_record_goes_when_what_the_plan_pointed_at_it_points_back() -> None:
    where = given.school()
    given.students(where, 1)
    added = given.additions(where, 1)[0]
    current = given.rows(SCHOOL_ENROLLMENTS, SchoolEnrollment)
    moved = current.select("id", student_id=pl.lit(added.frame["id"][0]))
    edit = TableChanges(SCHOOL_ENROLLMENTS, diff(SCHOOL_ENROLLMENTS, current, moved))
    before = people()
    assert conflicts(undone(committed([added, edit]))) == []
    assert_frame_equal(people(), before)
    assert_frame_equal(given.rows(SCHOOL_ENROLLMENTS, SchoolEnrollment), current)


def test_a_record_that_vanished_is_a_conflict() -> None:
    plan = committed(given.additions(given.school(), 2))
    vanished = SchoolEnrollment.objects.latest("id")
    key = vanished.pk
    vanished.delete()
    assert conflicts(undone(plan)) == [("school enrollments", key, "", "gone")]


def test_a_cell_that_would_point_at_nothing_stays() -> None:
    where = given.school()
    old, new = (Course.objects.create(organization=where, title=title) for title in "ab")
    section = Class.objects.create(
        school=where, course=old, title="1", kind="scheduled", school_year=2027
    )
    current = given.rows(CLASSES, Class)
    incoming = pl.DataFrame({"id": [section.pk], "course_id": [new.pk], "title": ["2"]})
    plan = committed([TableChanges(CLASSES, diff(CLASSES, current, incoming))])
    old.delete()
    assert conflicts(undone(plan)) == [("classes", section.pk, "course_id", "gone")]
    section.refresh_from_db()
    assert (section.course_id, section.title) == (new.pk, "1")


def test_an_undo_of_a_partial_commit_takes_back_that_part() -> None:
    where = given.school()
    given.students(where, 1)
    frame = pl.concat(
        [
            given.edits(is_active=False)[0].frame.with_columns(action=pl.lit("archive")),
            given.additions(where, 1)[0].frame,
        ],
        how="diagonal_relaxed",
    )
    before = people()
    receipt = undone(committed([TableChanges(STUDENTS, frame)], only_additions_and_updates=True))
    assert receipt.counts == {"students": {"delete": 1}}
    assert_frame_equal(people(), before)


def test_an_undo_is_done_once_and_not_undone() -> None:
    plan = committed(given.additions(given.school(), 1))
    receipt = undone(plan)
    with pytest.raises(PlanIsFinished):
        undone(plan)
    with pytest.raises(UndoCannotBeUndone):
        undo_plan(receipt.plan_uuid, by=BY, now=LATER)


def test_an_undo_with_nothing_left_is_refused() -> None:
    given.students(given.school(), 1)
    plan = committed(given.edits(grade="04"))
    Student.objects.update(grade="05")
    with pytest.raises(UndoHasNothingLeft):
        undone(plan)
    plan.refresh_from_db()
    assert plan.status == PlanStatus.COMMITTED


def test_an_open_or_discarded_plan_has_nothing_to_undo() -> None:
    plan = given.plan(given.additions(given.school(), 1))
    with pytest.raises(PlanIsNotCommitted):
        undone(plan)
    discard_plan(plan.uuid, by=BY, now=LATER)
    with pytest.raises(PlanIsFinished):
        undone(plan)


def test_an_undo_moves_the_area_on() -> None:
    where = given.school()
    plan = committed(given.additions(where, 1))
    waiting = given.plan(given.additions(where, 1))
    undone(plan)
    with pytest.raises(StateMovedOn):
        commit_plan(waiting.uuid, digest=waiting.digest, by=BY, now=LATER)


def test_only_an_approver_of_the_place_undoes() -> None:
    where: Organization = given.school()
    plan = given.plan(given.additions(where, 1), organization_id=where.parent_id)
    commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    reader = given.scope(Permission.ROSTER_READ, organization_id=where.parent_id or 0)
    with pytest.raises(MayNotCommit):
        undo_plan(plan.uuid, scope=reader, by=BY, now=LATER)
    approver = given.scope(Permission.ROSTER_APPROVE, organization_id=where.parent_id or 0)
    undo_plan(plan.uuid, scope=approver, by=BY, now=LATER)
