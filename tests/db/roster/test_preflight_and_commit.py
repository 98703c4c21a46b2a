"""A roster file on its way in: kept, checked, planned, committed, undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.changes.actions import PlanIsHeld, StateMovedOn
from rollbook.changes.models import ChangePlan
from rollbook.extracts.models import BlockPlace
from rollbook.groups.models import GroupMember, StudentGroup
from rollbook.orgs.models import Organization
from rollbook.people.models import Enrollment, SchoolEnrollment, Staff, Student
from rollbook.people.queries.students import students_in
from rollbook.roster.actions.commit import (
    MayNotCommitRoster,
    NothingToCommit,
    commit_intake,
    discard_intake,
    undo_intake,
)
from rollbook.roster.actions.preflight import MayNotSendRoster
from rollbook.roster.models.intakes import Intake
from rollbook.roster.queries.intakes import IntakeNotFound, findings_of, get_intake, intake_page
from rollbook.roster.rules.identity import OUT_OF_REACH
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Permission
from tests.db.roster.given import bundle, codes, committed, loaded, preflight, recoded
from tests.factories.accounts import BY, EVERYTHING, NOW, account, reader_of, scope_with
from tests.factories.places import small_state

pytestmark = pytest.mark.django_db


def test_a_first_roster_is_kept_planned_and_audited(tmp_path: Path) -> None:
    path = bundle(tmp_path)
    intake = preflight(path)
    assert (intake.status, intake.verdict, intake.source) == ("planned", "ok", "oneroster:dist")
    assert intake.plan is not None and intake.plan.status == "proposed"
    assert set(map(tuple, map(dict.keys, intake.plan.counts.values()))) == {("add",)}
    kept = settings.FILES_ROOT / "intakes" / f"{intake.sha256}.zip"
    assert kept.read_bytes() == path.read_bytes()
    assert Student.objects.count() == 0
    entry = AuditEntry.objects.get(action="preflight_intake")
    assert entry.detail == {"status": "planned", "verdict": "ok", "sha256": intake.sha256}


def test_a_commit_writes_the_roster_and_shows_it(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path))
    assert intake.plan is not None
    planned = {table: counts["add"] for table, counts in intake.plan.counts.items()}
    receipt = committed(intake)
    assert {table: counts["add"] for table, counts in receipt.counts.items()} == planned
    assert Student.objects.count() == planned["students"]
    assert Staff.objects.count() == planned["staff"]
    assert Enrollment.objects.count() == planned["enrollments"]
    north = Organization.objects.get(sourced_id="sch-1")
    principal = scope_with("school_admin", north)
    seen = set(students_in(principal).values_list("sourced_id", flat=True))
    there = set(
        SchoolEnrollment.objects.filter(school=north).values_list("student__sourced_id", flat=True)
    )
    assert (seen, bool(there)) == (there, True)
    assert seen < set(Student.objects.values_list("sourced_id", flat=True))


def test_the_same_file_again_is_a_recorded_no_op(tmp_path: Path) -> None:
    loaded(tmp_path)
    plans = ChangePlan.objects.count()
    again = preflight(bundle(tmp_path))
    assert (again.status, again.plan) == ("unchanged", None)
    assert ChangePlan.objects.count() == plans
    assert AuditEntry.objects.filter(action="preflight_intake").count() == 2
    with pytest.raises(NothingToCommit):
        commit_intake(EVERYTHING, again.uuid, digest="", by=BY, now=NOW)


def test_the_same_file_while_its_plan_waits_is_the_same_intake(tmp_path: Path) -> None:
    path = bundle(tmp_path)
    first, again = preflight(path), preflight(path)
    assert (again.pk, Intake.objects.count(), ChangePlan.objects.count()) == (first.pk, 1, 1)


def test_a_file_whose_plan_was_put_away_is_planned_again(tmp_path: Path) -> None:
    path = bundle(tmp_path)
    first = preflight(path)
    discard_intake(EVERYTHING, first.uuid, by=BY, now=NOW)
    again = preflight(path)
    assert again.pk != first.pk
    assert again.plan is not None and again.plan.status == "proposed"


def test_a_plan_is_refused_when_another_roster_came_between(tmp_path: Path) -> None:
    early = preflight(bundle(tmp_path))
    loaded(tmp_path, "users[1].givenName=Other")
    with pytest.raises(StateMovedOn):
        committed(early)


def test_a_damaged_file_is_refused_and_told(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(b"PK\3\4 and no more")
    intake = preflight(path)
    assert (intake.status, intake.verdict, intake.plan) == ("refused", "error", None)
    assert codes(intake) != []
    with pytest.raises(NothingToCommit):
        commit_intake(EVERYTHING, intake.uuid, digest="", by=BY, now=NOW)


def test_a_roster_is_read_in_the_encoding_that_its_sender_declares(tmp_path: Path) -> None:
    path = recoded(bundle(tmp_path), "Soto", "Muñoz", "cp1252")
    refused = preflight(path)
    assert (refused.status, codes(refused)) == ("refused", ["FIL-204"])
    intake = preflight(path, encoding="windows-1252")
    assert (intake.verdict, intake.counts["encoding"]) == ("ok", "windows-1252")
    committed(intake)
    assert Student.objects.get(first_name="Eli").last_name == "Muñoz"


def test_a_plan_that_was_read_in_another_encoding_is_not_the_one_that_waits(tmp_path: Path) -> None:
    path = recoded(bundle(tmp_path), "Soto", "Muñoz", "utf-8")
    garbled = preflight(path, encoding="windows-1252")
    intake = preflight(path)
    assert intake.uuid != garbled.uuid
    assert preflight(path, encoding="windows-1252").uuid == garbled.uuid
    assert preflight(path).uuid == intake.uuid


def test_an_update_is_planned_committed_and_undone(tmp_path: Path) -> None:
    loaded(tmp_path)
    before = list(Student.objects.order_by("pk").values_list())
    intake = preflight(bundle(tmp_path, "users[1].familyName=Changed"))
    assert intake.plan is not None
    assert intake.plan.counts == {"students": {"update": 1}}
    committed(intake)
    assert Student.objects.filter(last_name="Changed").count() == 1
    undo_intake(EVERYTHING, intake.uuid, by=BY, now=NOW)
    assert list(Student.objects.order_by("pk").values_list()) == before


def test_undoing_a_first_roster_leaves_nothing(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    undo_intake(EVERYTHING, intake.uuid, by=BY, now=NOW)
    left = Student, Staff, Enrollment, SchoolEnrollment, Organization
    assert [model.objects.count() for model in left] == [0, 0, 0, 0, 0]
    assert preflight(bundle(tmp_path)).status == "planned"


@pytest.mark.parametrize("defect", ["1.2", "-users[1] ; -roles[1] ; -enrollments[1]"])
def test_an_undo_lets_go_what_lives_no_longer_than_its_record(tmp_path: Path, defect: str) -> None:
    """A place in a block of an extract, and a seat in somebody's own group, keep nobody."""
    intake = preflight(bundle(tmp_path, defect))
    assert intake.plan is not None
    committed(intake, approved=sum(sum(told.values()) for told in intake.plan.counts.values()))
    if defect != "1.2":
        intake = loaded(tmp_path)
    school = SchoolEnrollment.objects.order_by("pk").earliest("pk").school
    reader = account("pat@example.org")
    for one in Student.objects.order_by("pk"):
        BlockPlace.objects.create(school=school, school_year=2027, base="x", student=one, block=1)
    known = set(Student.objects.values_list("sourced_id", flat=True)) - {"stu-1"}
    home = Organization.objects.create(kind="school", name="Elsewhere")
    own = StudentGroup.objects.create(
        name="My Group", school=home, school_year=2027, origin="own", owner=reader
    )
    GroupMember.objects.create(group=own, student=Student.objects.get(sourced_id="stu-1"))
    undo_intake(EVERYTHING, intake.uuid, by=BY, now=NOW)
    left = set() if defect == "1.2" else known
    assert set(BlockPlace.objects.values_list("student__sourced_id", flat=True)) == left
    assert set(Student.objects.values_list("sourced_id", flat=True)) == left
    assert not GroupMember.objects.exists()


def test_a_school_that_would_stand_empty_holds_the_plan(tmp_path: Path) -> None:
    loaded(tmp_path)
    gone = "-users[1] ; -roles[1] ; -enrollments[1] ; -demographics[1]"
    intake = preflight(bundle(tmp_path, gone))
    assert intake.plan is not None
    if SchoolEnrollment.objects.filter(student__sourced_id="stu-1").exists():
        assert intake.plan.status == "held", intake.plan.counts
    rows = sum(sum(actions.values()) for actions in intake.plan.counts.values())
    with pytest.raises(PlanIsHeld):
        committed(intake)
    committed(intake, approved=rows)
    assert not Student.objects.get(sourced_id="stu-1").is_active


def test_many_rows_left_out_hold_the_plan(tmp_path: Path) -> None:
    loaded(tmp_path)
    intake = preflight(
        bundle(tmp_path, "enrollments[1].classSourcedId=nowhere ; users[2].familyName=Changed")
    )
    assert intake.plan is not None
    assert [hold["code"] for hold in intake.plan.hold_reasons] == ["many-left-out"]
    assert intake.plan.counts == {"students": {"update": 1}}


def test_only_a_sender_of_the_district_sends_its_roster(tmp_path: Path) -> None:
    loaded(tmp_path)
    other = small_state()
    changed = bundle(tmp_path, "users[1].familyName=Changed")
    for scope in (
        reader_of(other.north, permission=Permission.ROSTER_READ),
        scope_with("district_admin", other.north),
    ):
        with pytest.raises(MayNotSendRoster):
            preflight(changed, scope)
    mine = scope_with(
        "district_admin", Organization.objects.get(sourced_id="dist"), "d@example.org"
    )
    assert preflight(changed, mine).status == "planned"


def test_a_district_does_not_make_another_district(tmp_path: Path) -> None:
    scope = scope_with("district_admin", small_state().north)
    with pytest.raises(MayNotSendRoster):
        preflight(bundle(tmp_path), scope)
    refused = Intake.objects.get()
    assert (refused.status, refused.plan, refused.organization) == ("refused", None, None)
    assert refused.counts["by_code"] == {OUT_OF_REACH.code: 1}


def test_a_roster_without_a_district_is_nobodys_but_the_installations(tmp_path: Path) -> None:
    scope = scope_with("district_admin", small_state().north)
    alone = "-orgs[1] ; orgs[1].parentSourcedId= ; orgs[2].parentSourcedId="
    with pytest.raises(MayNotSendRoster):
        preflight(bundle(tmp_path, alone), scope)


def test_a_district_cannot_take_a_school_made_by_hand_in_another(tmp_path: Path) -> None:
    """A school's natural id is public; naming it must not move the school and its results."""
    other = small_state()
    loaded(tmp_path)
    mine = scope_with("district_admin", Organization.objects.get(sourced_id="dist"))
    taking = bundle(
        tmp_path,
        f"+orgs[2] sourcedId=sch-9 name=Taken identifier={other.south_high.natural_id}",
    )
    with pytest.raises(MayNotSendRoster):
        preflight(taking, mine)


def test_only_an_approver_of_the_district_commits(tmp_path: Path) -> None:
    loaded(tmp_path)
    district = Organization.objects.get(sourced_id="dist")
    intake = preflight(bundle(tmp_path, "users[1].familyName=Changed"))
    reader = reader_of(district, permission=Permission.ROSTER_READ)
    stranger = reader_of(small_state().north, permission=Permission.ROSTER_READ)
    assert get_intake(reader, intake.uuid) == intake
    for act in (
        lambda: committed(intake, reader),
        lambda: undo_intake(reader, intake.uuid, by=BY, now=NOW),
        lambda: discard_intake(reader, intake.uuid, by=BY, now=NOW),
    ):
        with pytest.raises(MayNotCommitRoster):
            act()
    with pytest.raises(IntakeNotFound):
        committed(intake, stranger)
    committed(intake, scope_with("district_admin", district))


def test_intakes_are_seen_where_rosters_may_be_read(tmp_path: Path) -> None:
    loaded(tmp_path)
    preflight(bundle(tmp_path, "users[1].familyName=Changed"))
    preflight(bundle(tmp_path, "users[2].familyName= "))
    district = Organization.objects.get(sourced_id="dist")
    page = PageRequest(number=1, size=10)
    reader = reader_of(district, permission=Permission.ROSTER_READ)
    assert (
        intake_page(reader, page).total_count
        == Intake.objects.filter(organization=district).count()
    )
    assert (
        intake_page(reader_of(small_state().north, permission=Permission.ROSTER_READ), page).items
        == []
    )


def test_findings_are_kept_in_order_and_limited(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path, "users[1].familyName= ; users[2].familyName= "))
    found = findings_of(EVERYTHING, intake.uuid)
    assert [f["line"] for f in found if f["file"] == "users.csv"][:2] == [2, 3]
    assert len(findings_of(EVERYTHING, intake.uuid, limit=1)) == 1


def test_a_page_of_intakes_takes_as_many_queries_for_one_as_for_three(tmp_path: Path) -> None:
    spent = []
    for more in (1, 2):
        for number in range(more):
            preflight(bundle(tmp_path, f"users[1].familyName=N{more}{number}"))
        with CaptureQueriesContext(connection) as queries:
            found = intake_page(EVERYTHING, PageRequest(number=1, size=10))
            assert [i.plan.status for i in found.items if i.plan] != []
        spent.append(len(queries))
    assert (spent[0], Intake.objects.count()) == (spent[1], 3)


def test_a_delta_without_organizations_is_known_by_its_schools(tmp_path: Path) -> None:
    first = loaded(tmp_path, "1.2")
    delta = preflight(bundle(tmp_path, "delta ; users[1].familyName=Changed"))
    assert delta.source == first.source
    assert delta.plan is not None
    assert "add" not in delta.plan.counts.get("students", {})
