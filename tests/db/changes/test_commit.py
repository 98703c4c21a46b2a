from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from polars.testing import assert_frame_equal

from rollbook.audit.models import AuditEntry
from rollbook.changes import tables
from rollbook.changes.actions import (
    ApprovedCountDiffers,
    DigestDiffers,
    MayNotCommit,
    PlanDoesNotFit,
    PlanIsEmpty,
    PlanIsFinished,
    PlanIsHeld,
    StateMovedOn,
    commit_plan,
    discard_plan,
    reserve_ids,
)
from rollbook.changes.models import StateVersion
from rollbook.changes.store import folder
from rollbook.changes.types import CommitReceipt, HoldReason, PlanStatus, TableChanges
from rollbook.people.layouts import STUDENTS
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.shared.scope import Permission
from tests.db.changes import given
from tests.db.changes.given import AREA, BY, LATER, NOW

pytestmark = pytest.mark.django_db
HOLD = [HoldReason("archive_share", "Would end 2 of 3 students.")]


def test_additions_are_written_with_their_references() -> None:
    where = given.school()
    plan = given.plan(given.additions(where, 3))
    receipt = commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    assert list(
        Student.objects.order_by("id").values_list(
            "first_name", "last_name", "email", "birth_date", "iep", "is_active", "district_id"
        )
    ) == [
        (
            f"New{n}",
            f"Comer, {n}",
            "",
            date(2018, 3, 4),
            None if n % 2 else True,
            True,
            where.parent_id,
        )
        for n in range(3)
    ]
    assert list(
        SchoolEnrollment.objects.order_by("id").values_list("student__local_id", "school_id")
    ) == [(f"N{n}", where.pk) for n in range(3)]
    assert receipt == CommitReceipt(
        plan_uuid=plan.uuid,
        digest=plan.digest,
        committed_at=LATER,
        by="test",
        counts={"students": {"add": 3}, "school enrollments": {"add": 3}},
        audit_sequence=2,
        audit_hash=AuditEntry.objects.get(sequence=2).hash,
    )


def test_edits_write_only_the_cells_that_change() -> None:
    given.students(given.school(), 3)
    before = given.rows(STUDENTS, Student)
    plan = given.plan(given.edits(grade="04", birth_date=date(2017, 1, 2), hispanic=True))
    commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    expected = before.with_columns(
        grade=pl.lit("04"), birth_date=pl.lit(date(2017, 1, 2)), hispanic=pl.lit(True)
    )
    assert_frame_equal(given.rows(STUDENTS, Student), expected)


def test_committing_twice_is_committing_once() -> None:
    plan = given.plan(given.additions(given.school(), 2))
    first = commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    second = commit_plan(plan.uuid, digest=plan.digest, by=BY, now=NOW)
    assert (second, Student.objects.count(), AuditEntry.objects.count()) == (first, 2, 2)
    assert StateVersion.objects.get(area=AREA).version == 1


def test_a_plan_whose_area_moved_is_refused() -> None:
    where = given.school()
    early, late = given.plan(given.additions(where, 1)), given.plan(given.additions(where, 1))
    commit_plan(early.uuid, digest=early.digest, by=BY, now=LATER)
    with pytest.raises(StateMovedOn):
        commit_plan(late.uuid, digest=late.digest, by=BY, now=LATER)
    assert Student.objects.count() == 1


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_a_plan_whose_records_moved_is_refused_even_if_nobody_said_so(change: str) -> None:
    first, _ = given.students(given.school(), 2)
    plan = given.plan(given.edits(grade="04"))
    if change == "edited":
        Student.objects.filter(pk=first.pk).update(grade="05")
    else:
        SchoolEnrollment.objects.filter(student=first).delete()
        first.delete()
    with pytest.raises(StateMovedOn):
        commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    assert not Student.objects.filter(grade="04").exists()


def test_another_digest_is_refused() -> None:
    plan = given.plan(given.additions(given.school(), 1))
    with pytest.raises(DigestDiffers):
        commit_plan(plan.uuid, digest="0" * 64, by=BY, now=LATER)


def test_an_altered_file_is_refused() -> None:
    plan = given.plan(given.additions(given.school(), 1))
    path = folder() / plan.file_name
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DigestDiffers):
        commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)


def test_a_held_plan_needs_the_number_of_its_rows() -> None:
    plan = given.plan(given.additions(given.school(), 2), holds=HOLD)
    with pytest.raises(PlanIsHeld):
        commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    with pytest.raises(ApprovedCountDiffers) as refusal:
        commit_plan(plan.uuid, digest=plan.digest, approved_count=3, by=BY, now=LATER)
    assert refusal.value.row_count == 4
    commit_plan(plan.uuid, digest=plan.digest, approved_count=4, by=BY, now=LATER)
    assert Student.objects.count() == 2


def test_additions_and_updates_alone_leave_archiving_out() -> None:
    where = given.school()
    given.students(where, 2)
    archived = given.edits(is_active=False)[0].frame.with_columns(action=pl.lit("archive"))
    added = given.additions(where, 1)
    both = TableChanges(STUDENTS, pl.concat([archived, added[0].frame], how="diagonal_relaxed"))
    plan = given.plan([both, added[1]], holds=HOLD)
    receipt = commit_plan(
        plan.uuid,
        digest=plan.digest,
        approved_count=2,
        only_additions_and_updates=True,
        by=BY,
        now=LATER,
    )
    assert receipt.counts == {"students": {"add": 1}, "school enrollments": {"add": 1}}
    assert Student.objects.filter(is_active=True).count() == 3


def test_a_discarded_plan_cannot_be_committed() -> None:
    plan = given.plan(given.additions(given.school(), 1))
    assert discard_plan(plan.uuid, by=BY, now=LATER).status == PlanStatus.DISCARDED
    assert discard_plan(plan.uuid, by=BY, now=LATER).status == PlanStatus.DISCARDED
    with pytest.raises(PlanIsFinished):
        commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)


def test_a_plan_of_nothing_is_refused() -> None:
    given.students(given.school(), 1)
    with pytest.raises(PlanIsEmpty):
        given.plan(given.edits(grade="03"))


def test_a_refusal_of_the_database_names_no_value() -> None:
    where = given.school()
    given.students(where, 1, ssid="1234567890")
    people = given.additions(where, 1)[0]
    clash = TableChanges(
        STUDENTS, people.frame.with_columns(pl.lit("1234567890").alias("after.ssid"))
    )
    plan = given.plan([clash])
    with pytest.raises(PlanDoesNotFit) as refusal:
        commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    assert "1234567890" not in repr(refusal.value)
    assert refusal.value.__cause__ is None
    assert Student.objects.count() == 1


def test_only_an_approver_of_the_place_commits() -> None:
    where = given.school()
    plan = given.plan(given.additions(where, 1), organization_id=where.parent_id)
    elsewhere = given.scope(Permission.ROSTER_APPROVE, organization_id=where.parent_id + 1_000)
    reader = given.scope(Permission.ROSTER_READ, organization_id=where.parent_id)
    for scope in (elsewhere, reader):
        with pytest.raises(MayNotCommit):
            commit_plan(plan.uuid, digest=plan.digest, scope=scope, by=BY, now=LATER)
    approver = given.scope(Permission.ROSTER_APPROVE, organization_id=where.parent_id)
    commit_plan(plan.uuid, digest=plan.digest, scope=approver, by=BY, now=LATER)


def test_reserved_ids_are_nobody_elses() -> None:
    where = given.school()
    (known,) = given.students(where, 1)
    first = reserve_ids(STUDENTS, 10, by=BY, now=NOW)
    second = reserve_ids(STUDENTS, 10, by=BY, now=NOW)
    by_hand = Student.objects.create(district=where.parent, local_id="H")
    assert known.pk < first
    assert first + 10 <= second
    assert second + 10 <= by_hand.pk
    deleted = by_hand.pk
    by_hand.delete()
    assert reserve_ids(STUDENTS, 1, by=BY, now=NOW) > deleted


def test_a_commit_is_recorded_without_names() -> None:
    plan = given.plan(given.additions(given.school(), 1), organization_id=7)
    commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.action, entry.subject_uuid, entry.organization_id, entry.detail) == (
        "changes.commit",
        str(plan.uuid),
        7,
        {
            "kind": "roster",
            "digest": plan.digest,
            "counts": {"students": {"add": 1}, "school enrollments": {"add": 1}},
            "only_additions_and_updates": False,
            "approved_count": None,
        },
    )


def test_a_commit_takes_as_many_queries_for_one_row_as_for_thirty() -> None:
    where = given.school()
    spent = []
    for count in (1, 30):
        plan = given.plan(given.additions(where, count))
        with CaptureQueriesContext(connection) as queries:
            commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
        spent.append(len(queries))
    assert spent[0] == spent[1]


def test_a_title_is_no_longer_than_its_column() -> None:
    where = given.school()
    plan = given.plan(given.additions(where, 1), title="x" * 300)
    assert len(plan.title) == 200


INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes ORDER BY indexname",
}


class TestAFilledTable:
    """A table that a plan fills has its indexes built at the end, and keeps every rule of them."""

    def indexes(self) -> list[tuple[str, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(INDEXES[connection.vendor])
            return cursor.fetchall()

    @pytest.fixture(autouse=True)
    def few_are_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "_FILLED_FROM", 2)

    def test_has_the_indexes_that_it_had(self) -> None:
        before = self.indexes()
        plan = given.plan(given.additions(given.school(), 3))
        with CaptureQueriesContext(connection) as asked:
            commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
        is_built_afterwards = any("DROP INDEX" in query["sql"] for query in asked.captured_queries)
        assert is_built_afterwards == (
            connection.vendor == "sqlite"
        )  # it locks readers out elsewhere
        assert (self.indexes(), Student.objects.count()) == (before, 3)

    def test_refuses_what_its_indexes_forbid_and_stays_as_it_was(self) -> None:
        before = self.indexes()
        students, stays = given.additions(given.school(), 3)
        doubled = students.frame.with_columns(
            pl.lit("one").alias("after.source"), pl.lit("same").alias("after.sourced_id")
        )
        plan = given.plan([TableChanges(students.table, doubled), stays])
        with pytest.raises(PlanDoesNotFit):
            commit_plan(plan.uuid, digest=plan.digest, by=BY, now=LATER)
        assert (self.indexes(), Student.objects.count()) == (before, 0)
