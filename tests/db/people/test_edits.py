"""Records edited by hand: written by a plan, left alone by syncs, released, undone."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.changes.actions import UndoHasNothingLeft
from rollbook.changes.models import ChangePlan
from rollbook.orgs.models import Organization
from rollbook.people.actions import (
    EditIsWrong,
    EditNotFound,
    NotAnEdit,
    edit_class,
    edit_staff,
    edit_student,
    note_upstream,
    release_edit,
    undo_edit,
)
from rollbook.people.models import Class, Course, LocalEdit, SchoolEnrollment, Staff, Student
from rollbook.people.queries.edits import (
    RecordNotFound,
    edit_page,
    find_record_uuid,
    get_record,
    local_edits,
)
from rollbook.people.queries.roster import MayNotReadRoster
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission, Reach, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, reader_of
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def places() -> SmallState:
    return small_state()


def student(school: Organization, key: str = "ann", **cells: Any) -> Student:
    values = {"first_name": "Robin", "last_name": key, "grade": "03", "ssid": f"s-{key}"} | cells
    made = Student.objects.create(district=school.parent, source="x", sourced_id=key, **values)
    SchoolEnrollment.objects.create(
        student=made, school=school, school_year=2027, grade="03", begins_on=date(2026, 8, 10)
    )
    return made


def writer(place: Organization, *also: Permission) -> Scope:
    """Return a scope that writes the roster of a district and sees all its students by name."""
    places = Reach(
        frozenset(
            {place.pk, *Organization.objects.filter(parent=place).values_list("pk", flat=True)}
        )
    )
    held = (Permission.ROSTER_READ, Permission.ROSTER_WRITE, Permission.INDIVIDUAL_PII_READ)
    return Scope(account_id=None, label="test", on=ON, reach=dict.fromkeys((*held, *also), places))


def upstream(*rows: tuple[str, int, str, str]) -> pl.DataFrame:
    names = ("table", "record_id", "column", "upstream")
    kinds = {name: pl.Int64() if name == "record_id" else pl.String() for name in names}
    return pl.DataFrame(list(rows), schema=kinds, orient="row")


def edit(who: Student, scope: Scope = EVERYTHING, **changes: str) -> Any:
    return edit_student(scope, who.uuid, changes, by=BY, now=NOW)


def marks() -> list[tuple[str, str]]:
    return sorted(LocalEdit.objects.filter(is_active=True).values_list("column", "value"))


def test_an_edit_is_a_plan_and_a_mark(places: SmallState) -> None:
    ann = student(places.north_high)
    done = edit(ann, first_name=" Ann ", birth_date="2018-03-05", last_name="ann")
    ann.refresh_from_db()
    assert (ann.first_name, ann.birth_date) == ("Ann", date(2018, 3, 5))
    assert done.columns == ("first_name", "birth_date")
    plan = ChangePlan.objects.get(uuid=done.plan_uuid)
    assert (plan.kind, plan.status, plan.counts, plan.organization_id) == (
        "edit", "committed", {"students": {"update": 1}}, places.north.pk,
    )  # fmt: skip
    assert plan.title == "Edited by hand: first name, birth date"
    assert marks() == [("birth_date", "2018-03-05"), ("first_name", "Ann")]
    entry = AuditEntry.objects.get(action="edit_record")
    assert (entry.subject_kind, entry.subject_uuid) == ("students", str(ann.uuid))
    assert entry.detail == {"columns": ["birth_date", "first_name"], "plan": str(plan.uuid)}


def test_a_grade_is_that_of_todays_school_enrollments(places: SmallState) -> None:
    ann = student(places.north_high)
    SchoolEnrollment.objects.create(
        student=ann, school=places.north_middle, school_year=2026, grade="02",
        begins_on=date(2025, 8, 10), ends_before=date(2026, 6, 10),
    )  # fmt: skip
    edit(ann, grade="04")
    found = SchoolEnrollment.objects.order_by("school_year").values_list("grade", flat=True)
    assert (Student.objects.get().grade, list(found)) == ("04", ["02", "04"])
    assert marks() == [("grade", "04")]


def test_what_is_so_already_is_no_edit(places: SmallState) -> None:
    ann = student(places.north_high)
    assert edit(ann, first_name="Robin", middle_name=" ").plan_uuid is None
    assert (ChangePlan.objects.count(), marks()) == (0, [])


def test_all_that_is_wrong_is_said_and_nothing_is_written(places: SmallState) -> None:
    ann = student(places.north_high)
    with pytest.raises(EditIsWrong) as caught:
        edit(ann, first_name="Ann", grade="13th", last_name="")
    assert set(caught.value.says) == {"grade", "last_name"}
    assert Student.objects.get().first_name == "Robin"
    assert marks() == []


def test_an_edit_of_an_edited_cell_takes_its_place(places: SmallState) -> None:
    ann = student(places.north_high)
    edit(ann, first_name="Ann")
    note_upstream(upstream(("students", ann.pk, "first_name", "Robin")), by=BY, now=NOW)
    edit(ann, first_name="Anna")
    mark = LocalEdit.objects.get()
    assert (mark.value, mark.upstream, mark.is_overridden) == ("Anna", "", False)


def test_staff_and_classes_are_edited_too(places: SmallState) -> None:
    tea = Staff.objects.create(district=places.north, last_name="Tea", source="x", sourced_id="t")
    course = Course.objects.create(organization=places.north, title="Art")
    taught = Class.objects.create(
        school=places.north_high, course=course, title="Art", kind="scheduled", school_year=2027
    )
    edit_staff(EVERYTHING, tea.uuid, {"email": "tea@example.org"}, by=BY, now=NOW)
    edit_class(EVERYTHING, taught.uuid, {"title": "Art, group 2"}, by=BY, now=NOW)
    assert Staff.objects.get().email == "tea@example.org"
    assert Class.objects.get().title == "Art, group 2"
    assert marks() == [("email", "tea@example.org"), ("title", "Art, group 2")]


def test_only_a_writer_of_the_district_edits(places: SmallState) -> None:
    ann = student(places.north_high)
    strangers = (
        writer(places.south),
        reader_of(places.north, permission=Permission.ROSTER_READ),
        reader_of(places.north, places.north_high, permission=Permission.INDIVIDUAL_PII_READ),
        # Rosters may be sent by somebody who may not see a student by name.
        reader_of(places.north, places.north_high, permission=Permission.ROSTER_WRITE),
    )
    for scope in strangers:
        with pytest.raises(RecordNotFound):
            edit(ann, scope, first_name="Ann")
        with pytest.raises(RecordNotFound):
            get_record(scope, "students", ann.uuid)
        assert find_record_uuid(scope, "s-ann") is None
    with pytest.raises(RecordNotFound):
        edit_student(EVERYTHING, uuid4(), {}, by=BY, now=NOW)
    scope = writer(places.north)
    edit(ann, scope, first_name="Ann")
    assert find_record_uuid(scope, " s-ann ") == ann.uuid
    assert get_record(scope, "students", ann.uuid).cells["first_name"] == "Ann"
    assert list(get_record(scope, "students", ann.uuid).edited) == ["first_name"]


def test_edits_are_handed_to_the_planner(places: SmallState) -> None:
    ann = student(places.north_high)
    edit(ann, first_name="Ann", grade="04")
    assert local_edits(EVERYTHING).rows() == [
        ("students", ann.pk, "first_name", "Ann"),
        ("students", ann.pk, "grade", "04"),
    ]
    with pytest.raises(MayNotReadRoster):
        local_edits(Scope.nobody(on=ON))


def test_what_the_source_says_is_remembered_while_it_differs(places: SmallState) -> None:
    ann = student(places.north_high)
    edit(ann, first_name="Ann", grade="04")
    said = upstream(
        ("students", ann.pk, "first_name", "Robin"), ("students", ann.pk, "grade", "04")
    )
    assert note_upstream(said, by=BY, now=NOW) == 1
    (row,) = edit_page(EVERYTHING, only_overridden=True).items
    assert (row.label, row.column, row.value, row.upstream) == (
        "ann, Robin".replace("Robin", "Ann"), "first_name", "Ann", "Robin"
    )  # fmt: skip
    agreed = upstream(("students", ann.pk, "first_name", "Ann"))
    assert note_upstream(agreed, by=BY, now=NOW) == 0
    assert edit_page(EVERYTHING, only_overridden=True).items == []
    assert note_upstream(upstream(), by=BY, now=NOW) == 0


def test_a_released_edit_is_history(places: SmallState) -> None:
    ann = student(places.north_high)
    edit(ann, first_name="Ann")
    mark = LocalEdit.objects.get()
    with pytest.raises(EditNotFound):
        release_edit(writer(places.south), mark.pk, by=BY, now=NOW)
    release_edit(EVERYTHING, mark.pk, by=BY, now=NOW)
    assert (marks(), LocalEdit.objects.count()) == ([], 1)
    assert Student.objects.get().first_name == "Ann"
    assert AuditEntry.objects.get(action="release_edit").detail["column"] == "first_name"
    with pytest.raises(EditNotFound):
        release_edit(EVERYTHING, mark.pk, by=BY, now=NOW)
    edit(ann, first_name="Anna")
    assert marks() == [("first_name", "Anna")]


def test_an_undone_edit_is_released(places: SmallState) -> None:
    ann = student(places.north_high)
    done = edit(ann, first_name="Ann", grade="04")
    undo_edit(EVERYTHING, done.plan_uuid, by=BY, now=NOW)
    ann.refresh_from_db()
    assert (ann.first_name, ann.grade, marks()) == ("Robin", "03", [])
    assert SchoolEnrollment.objects.get().grade == "03"


def test_a_cell_that_was_edited_again_stays_edited_when_the_first_edit_is_undone(
    places: SmallState,
) -> None:
    ann = student(places.north_high)
    first = edit(ann, first_name="Ann", last_name="Oak")
    edit(ann, first_name="Anna")
    receipt = undo_edit(EVERYTHING, first.plan_uuid, by=BY, now=NOW)
    ann.refresh_from_db()
    assert (ann.first_name, ann.last_name, receipt.conflict_count) == ("Anna", "ann", 1)
    assert marks() == [("first_name", "Anna")]
    second = edit(ann, first_name="Annabel")
    edit(ann, first_name="Bea")
    with pytest.raises(UndoHasNothingLeft):
        undo_edit(EVERYTHING, second.plan_uuid, by=BY, now=NOW)
    assert marks() == [("first_name", "Bea")]


def test_only_edits_within_reach_are_undone(places: SmallState) -> None:
    done = edit(student(places.north_high), first_name="Ann")
    stranger = writer(places.south)
    for scope, plan in ((stranger, done.plan_uuid), (EVERYTHING, uuid4())):
        with pytest.raises(RecordNotFound):
            undo_edit(scope, plan, by=BY, now=NOW)
    ChangePlan.objects.update(kind="roster")
    with pytest.raises(NotAnEdit):
        undo_edit(EVERYTHING, done.plan_uuid, by=BY, now=NOW)


def test_edits_are_listed_where_rosters_are_read(places: SmallState) -> None:
    edit(student(places.north_high, "ann"), first_name="Ann")
    edit(student(places.south_high, "sue"), first_name="Sue")
    assert [row.label for row in edit_page(writer(places.north)).items] == ["ann, Ann"]
    nameless = reader_of(places.north, places.north_high, permission=Permission.ROSTER_READ)
    assert edit_page(nameless).items == []
    assert edit_page(EVERYTHING, district_id=places.south.pk).items[0].label == "sue, Sue"
    assert edit_page(Scope.nobody(on=ON)).total_count == 0


def test_a_page_of_edits_takes_as_many_queries_for_one_as_for_three(places: SmallState) -> None:
    spent = []
    for more in (1, 2):
        for number in range(more):
            edit(student(places.north_high, f"k{more}{number}"), first_name="Ann")
        with CaptureQueriesContext(connection) as queries:
            edit_page(EVERYTHING, page=PageRequest(number=1, size=10))
        spent.append(len(queries))
    assert spent[0] == spent[1]
