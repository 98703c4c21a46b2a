"""One student's results: who may open the page, and what of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rollbook.groups.queries import group_subjects
from rollbook.lake.query import Measure, Predicate, Query
from rollbook.people.queries.merged import kept_ids, kept_uuid
from rollbook.people.queries.students import (
    StudentNotFound,
    find_student_id,
    get_student,
    students_by_id,
)
from rollbook.people.types import StudentRow
from rollbook.results.layouts import RESULTS
from rollbook.results.queries.store import engine
from rollbook.results.queries.visible import of_students
from rollbook.shared.scope import Scope


@dataclass(frozen=True, slots=True)
class VisibleStudent:
    """Hold a student whose page a reader may open.

    Shape: `is_on_roster_of_reader` is false for one who is seen only because results were taken
           at the reader's school; then the page shows nothing of where the student is now.
    """

    row: StudentRow
    is_on_roster_of_reader: bool

    @property
    def full_name(self) -> str:
        """Say the name, last name first."""
        return self.row.full_name

    @property
    def school_id(self) -> int | None:
        """Return the school the student is at now, if the reader may know it."""
        return self.row.school_id if self.is_on_roster_of_reader else None


def get_visible_student(scope: Scope, uuid: UUID) -> tuple[VisibleStudent, Predicate]:
    """Return a student and the condition for those results of theirs that the reader may see.

    Shape:  the address of a record that was merged shows the one that stayed.
    Raises: StudentNotFound when the reader sees neither the student nor any of the results.
    """
    uuid = kept_uuid(scope, uuid)
    try:
        row = get_student(scope, uuid)
    except StudentNotFound:
        student_id = find_student_id(scope, uuid=uuid)
        row, allowed = _through_results(scope, student_id)
        return VisibleStudent(row, is_on_roster_of_reader=False), allowed
    return VisibleStudent(row, is_on_roster_of_reader=True), _allowed(scope, row.id)


def find_visible_student(scope: Scope, ssid: str) -> StudentRow | None:
    """Return a student with this state id of whom the reader sees at least one result."""
    try:
        student_id = find_student_id(scope, ssid=ssid)
        kept = kept_ids(scope, [student_id] if student_id is not None else [])
        return _through_results(scope, kept.get(student_id or 0, student_id))[0]
    except StudentNotFound:
        return None


def _allowed(scope: Scope, student_id: int) -> Predicate:
    return of_students(scope, [student_id], group_subjects=group_subjects(scope, [student_id]))


def _through_results(scope: Scope, student_id: int | None) -> tuple[StudentRow, Predicate]:
    if student_id is None or not scope.reach:
        raise StudentNotFound
    allowed = _allowed(scope, student_id)
    counted = engine().run(
        Query(table=RESULTS.name, where=allowed, measures=(Measure("n", "count"),))
    )
    if not counted["n"][0]:
        raise StudentNotFound
    return students_by_id(scope, [student_id], also=frozenset({student_id}))[student_id], allowed
