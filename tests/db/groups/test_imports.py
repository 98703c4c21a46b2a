"""Group files that come in: checked, decided on, taken back; by whom, and seen by whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from rollbook.access.models import ApiClient
from rollbook.audit.models import AuditEntry
from rollbook.changes.actions import PlanIsFinished, StateMovedOn, UndoHasNothingLeft
from rollbook.changes.models import ChangePlan
from rollbook.groups.actions.committing import (
    MayNotWriteGroups,
    NothingToDecide,
    commit_import,
    discard_import,
    undo_import,
)
from rollbook.groups.actions.imports import (
    GroupFileIsTooLarge,
    MayNotSendGroups,
    check_import,
    receive_import,
    resubmit_imports,
)
from rollbook.groups.models import GroupEvent, GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.groups.queries.imports import (
    ImportNotFound,
    differences_of,
    get_import,
    import_by_number,
    import_list,
    payload_path,
    plan_of_import,
    reading_of_import,
)
from rollbook.groups.types import ImportOrigin, ImportStatus
from rollbook.jobs.actions import run_until_empty
from rollbook.jobs.models import Job
from rollbook.people.models import StudentAlias
from rollbook.shared.page import PageRequest
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, scope_with
from tests.factories.group_files import bytes_of
from tests.factories.places import SmallState, small_state
from tests.factories.readiness import student

pytestmark = pytest.mark.django_db
WHEN: dict[str, Any] = {"by": BY, "now": NOW}


@pytest.fixture
def places(settings: LazySettings, tmp_path: Path) -> SmallState:
    """Make two districts of two schools, three students in the north and one in the south."""
    settings.FILES_ROOT = tmp_path
    made = small_state()
    for ssid in ("N1", "N2", "N3"):
        student(made.north_high, ssid=ssid)
    student(made.south_high, ssid="S1")
    return made


def sent(
    *lines: str,
    scope: Scope = EVERYTHING,
    origin: ImportOrigin = ImportOrigin.PAGE,
    content: bytes | None = None,
    **more: Any,
) -> GroupImport:
    """Receive a group file and check it."""
    made = receive_import(
        scope,
        bytes_of(*lines) if content is None else content,
        file_name="groups.csv",
        content_type="text/csv",
        origin=origin,
        **{**WHEN, **more},
    )
    return check_import(made.uuid, scope=scope, **WHEN)


def taken(*lines: str, scope: Scope = EVERYTHING, **more: Any) -> GroupImport:
    """Receive, check and commit a group file."""
    made = sent(*lines, scope=scope, **more)
    assert made.plan is not None, made.message
    return commit_import(scope, made.uuid, digest=made.plan.digest, **WHEN)


def stored() -> dict[str, tuple[str, bool, list[str], list[str]]]:
    return {
        group.name: (
            group.subject,
            group.is_active,
            sorted(group.members.values_list("student__ssid", flat=True)),
            sorted(group.users.values_list("login", flat=True)),
        )
        for group in StudentGroup.objects.all()
    }


def history() -> list[tuple[str, str, str]]:
    return [
        (event.group.name, event.kind, event.login)
        for event in GroupEvent.objects.select_related("group").order_by("pk")
    ]


def test_a_file_from_a_page_waits_and_then_goes_in(places: SmallState) -> None:
    made = sent("G,0101,2027,ela,N1,T@example.org", "G,0101,2027,,N2,", "H,0102,2027,,,")
    assert (made.status, made.row_count, made.group_count) == (ImportStatus.ACCEPTED, 3, 2)
    assert stored() == {}
    assert get_import(EVERYTHING, made.uuid).waits
    assert made.organization == places.north
    told = differences_of(EVERYTHING, made.uuid, PageRequest(size=1))
    assert [(each.name, each.action, each.students_added) for each in told.items] == [
        ("G", "add", 2)
    ]
    assert told.total_count == 2
    assert made.plan is not None
    done = commit_import(EVERYTHING, made.uuid, digest=made.plan.digest, **WHEN)
    assert done.status == ImportStatus.PROCESSED
    assert done.message == "1 group accepted for 0101.\n1 group accepted for 0102."
    assert stored() == {
        "G": ("ELA", True, ["N1", "N2"], ["t@example.org"]),
        "H": ("", True, [], []),
    }
    assert StudentGroup.objects.get(name="G").origin == "file"
    events = list(GroupEvent.objects.order_by("pk").values_list("group__name", "kind", "detail"))
    assert events == [
        ("G", "created", {"students": 2, "users": 1}),
        ("H", "created", {"students": 0, "users": 0}),
    ]
    summary = plan_of_import(EVERYTHING, made.uuid)
    assert summary is not None
    assert summary.status == "committed"
    before = AuditEntry.objects.count()
    again = commit_import(EVERYTHING, made.uuid, digest=made.plan.digest, **WHEN)
    assert (again.status, AuditEntry.objects.count()) == (ImportStatus.PROCESSED, before)
    assert len(history()) == 2


def test_a_named_group_is_replaced_and_its_history_names_each(places: SmallState) -> None:
    taken("G,0101,2027,,N1,a@example.org", "Other,0101,2027,,N1,")
    taken("g,0101,2027,Math,N2,b@example.org")
    assert stored() == {
        "G": ("Math", True, ["N2"], ["b@example.org"]),
        "Other": ("", True, ["N1"], []),
    }
    assert sorted(history()[2:]) == [
        ("G", "student_added", ""),
        ("G", "student_removed", ""),
        ("G", "subject", ""),
        ("G", "user_added", "b@example.org"),
        ("G", "user_removed", "a@example.org"),
    ]


def test_an_undo_gives_the_groups_back_with_their_history(places: SmallState) -> None:
    taken("G,0101,2027,,N1,a@example.org")
    before = stored()
    made = taken("G,0101,2027,ELA,N2,", "New,0101,2027,,N3,")
    done = undo_import(EVERYTHING, made.uuid, **WHEN)
    assert stored() == before
    assert (done.status, done.message) == (ImportStatus.INVALID, "This file was taken back.")
    assert [kind for _name, kind, _login in history()].count("student_added") == 2
    assert {name for name, _kind, _login in history()} == {"G"}
    with pytest.raises(PlanIsFinished):
        undo_import(EVERYTHING, made.uuid, **WHEN)


def test_a_group_that_somebody_went_on_with_stays_with_its_history(places: SmallState) -> None:
    made = taken("New,0101,2027,,N3,")
    group = StudentGroup.objects.get()
    GroupUser.objects.create(group=group, login="later@example.org")
    undo_import(EVERYTHING, made.uuid, **WHEN)
    assert stored() == {"New": ("", True, [], ["later@example.org"])}
    assert [kind for _name, kind, _login in history()] == ["created", "student_removed"]


def test_the_same_file_again_changes_nothing(places: SmallState) -> None:
    taken("G,0101,2027,,N1,")
    again = sent("G,0101,2027,,N1,")
    assert (again.status, again.plan) == (ImportStatus.NO_UPDATE, None)
    assert again.message == "1 group accepted for 0101."


def test_a_file_put_away_changes_nothing(places: SmallState) -> None:
    made = sent("G,0101,2027,,N1,")
    done = discard_import(EVERYTHING, made.uuid, **WHEN)
    assert (done.status, stored()) == (ImportStatus.INVALID, {})
    assert not get_import(EVERYTHING, made.uuid).waits
    assert made.plan is not None
    with pytest.raises(NothingToDecide):
        commit_import(EVERYTHING, made.uuid, digest=made.plan.digest, **WHEN)


def test_an_archived_group_comes_back(places: SmallState) -> None:
    taken("G,0101,2027,,N1,")
    StudentGroup.objects.update(is_active=False)
    taken("G,0101,2027,,N1,")
    assert stored()["G"][1] is True
    assert history()[-1][1] == "restored"


def test_unknown_students_and_those_of_elsewhere_are_told_alike(places: SmallState) -> None:
    made = taken("G,0101,2027,,N1,", "G,0101,2027,,S1,", "G,0101,2027,,X9,")
    assert stored()["G"][2] == ["N1"]
    told = [
        (finding.code, finding.line, finding.value)
        for finding in reading_of_import(EVERYTHING, made.uuid).findings
        if finding.code == "GRP-212"
    ]
    assert told == [("GRP-212", 3, "S1"), ("GRP-212", 4, "X9")]


def test_a_retired_number_finds_its_student_unless_somebody_has_it(places: SmallState) -> None:
    other = student(places.north_middle, ssid="N4")
    StudentAlias.objects.create(student=other, ssid="OLD", reason="id_change")
    StudentAlias.objects.create(student=other, ssid="S1", reason="id_change")
    taken("G,0101,2027,,OLD,", "H,0101,2027,,S1,")
    assert (stored()["G"][2], stored()["H"][2]) == (["N4"], [])


def test_groups_that_lose_everybody_are_told_before(places: SmallState) -> None:
    taken("G,0101,2027,,N1,")
    made = sent("G,0101,2027,,X9,")
    codes = [finding.code for finding in reading_of_import(EVERYTHING, made.uuid).findings]
    assert codes.count("GRP-232") == 1


def test_a_group_that_follows_the_roster_refuses_the_file(places: SmallState) -> None:
    StudentGroup.objects.create(
        name="Room 5", school=places.north_high, school_year=2027, origin="class"
    )
    made = sent("room 5,0101,2027,,N1,", "G,0101,2027,,N1,")
    first = reading_of_import(EVERYTHING, made.uuid).findings[0]
    assert (first.code, first.line, first.severity) == ("GRP-231", 2, "error")
    assert (made.status, made.plan) == (ImportStatus.BAD_DATA, None)
    assert made.message == (
        'groups.csv line 2: Group "room 5" follows the roster: a file cannot change who is in it.'
    )


def test_a_group_made_by_hand_becomes_the_files_and_somebodys_own_stays(places: SmallState) -> None:
    holder = scope_with("teacher", places.north_high, "t@example.org")
    for name, owner, origin in (("Hand", None, "hand"), ("Own", holder.account_id, "own")):
        StudentGroup.objects.create(
            name=name, school=places.north_high, school_year=2027, origin=origin, owner_id=owner
        )
    taken("Hand,0101,2027,,N1,", "Own,0101,2027,,N2,")
    found = StudentGroup.objects.order_by("pk").values_list("name", "origin")
    assert list(found) == [("Hand", "file"), ("Own", "own"), ("Own", "file")]


def test_a_strict_file_is_refused_in_the_states_words(places: SmallState) -> None:
    lines = ("G,0101,2027,,N1,", "H,0102,2027,,N1,", "I,0101,2027,,N1,")
    made = sent(*lines, is_strict=True)
    assert made.status == ImportStatus.BAD_DATA
    assert made.message == (
        "Row: 3 Failure: School [0101] is out-of-order: sort CSV by school, group, year"
    )
    assert sent(*lines).status == ImportStatus.ACCEPTED


def test_what_the_state_takes_and_nobody_can_use_is_left_out_of_a_strict_file(
    places: SmallState,
) -> None:
    lines = ("G,0101,2027,,N1,", "G,0101,2027,,,not an address", "H,0101,2027,,N2,")
    made = sent(*lines, is_strict=True, origin=ImportOrigin.API)
    assert made.status == ImportStatus.PROCESSED
    assert made.message == "2 groups accepted for 0101.\n1 row stayed out."
    assert (stored()["G"][2], stored()["H"][2]) == (["N1"], ["N2"])
    assert reading_of_import(EVERYTHING, made.uuid).faulty["line"].to_list() == [3]
    assert sent(*lines).status == ImportStatus.BAD_DATA  # by our own rules, refused


def test_the_answer_says_how_many_students_nobody_knows(places: SmallState) -> None:
    made = sent("G,0101,2027,,N1,", "G,0101,2027,,?,", is_strict=True, origin=ImportOrigin.API)
    told = "1 group accepted for 0101.\n1 SSID that nobody has here stayed out."
    assert (made.status, made.message) == (ImportStatus.PROCESSED, told)
    assert stored()["G"][2] == ["N1"]


def test_a_file_without_a_header_is_bad_format(places: SmallState) -> None:
    made = sent(content=b"name;school\nG;0101\n")
    assert (made.status, made.group_count) == (ImportStatus.BAD_FORMAT, 0)
    assert differences_of(EVERYTHING, made.uuid).items == []


# --- By the API ---------------------------------------------------------------------------------


def test_by_the_api_a_file_goes_in_at_once_and_the_same_again_is_the_same(
    places: SmallState,
) -> None:
    line = "G,0101,2027,,N1,"
    made = sent(line, origin=ImportOrigin.API, is_strict=True)
    assert (made.status, made.message) == (ImportStatus.PROCESSED, "1 group accepted for 0101.")
    assert stored()["G"][2] == ["N1"]
    assert sent(line, origin=ImportOrigin.API).pk == made.pk
    assert sent(line).pk != made.pk  # by a page it is always looked at anew
    undo_import(EVERYTHING, made.uuid, **WHEN)
    assert sent(line, origin=ImportOrigin.API).status == ImportStatus.PROCESSED
    assert GroupImport.objects.filter(origin="api").count() == 2


def test_others_never_learn_that_the_same_bytes_came(places: SmallState) -> None:
    made = sent("G,0101,2027,,N1,", origin=ImportOrigin.API)
    south = scope_with("district_admin", places.south, "south@example.org")
    theirs = sent("G,0101,2027,,N1,", origin=ImportOrigin.API, scope=south)
    assert theirs.pk != made.pk
    assert theirs.status == ImportStatus.UNKNOWN_SCHOOL


def test_the_queue_finishes_what_was_only_received(places: SmallState) -> None:
    made = receive_import(
        EVERYTHING, bytes_of("G,0101,2027,,N1,"), file_name="g.csv", content_type="",
        origin=ImportOrigin.API, **WHEN,
    )  # fmt: skip
    assert Job.objects.get().arguments == {"import": str(made.uuid)}
    assert run_until_empty(now=NOW) == 1
    made.refresh_from_db()
    assert made.status == ImportStatus.PROCESSED
    assert stored()["G"][2] == ["N1"]
    check_import(made.uuid, scope=EVERYTHING, **WHEN)
    assert len(history()) == 1


def test_a_program_that_was_closed_meanwhile_is_refused(places: SmallState) -> None:
    program = ApiClient.objects.create(
        name="SIS", username="sis", organization=places.north, permissions=["GROUP_WRITE"],
        created_by="test", created_at=NOW,
    )  # fmt: skip
    made = receive_import(
        EVERYTHING, bytes_of("G,0101,2027,,N1,"), file_name="g.csv", content_type="",
        origin=ImportOrigin.API, client_id=program.pk, creator="sis", **WHEN,
    )  # fmt: skip
    ApiClient.objects.update(is_active=False)
    run_until_empty(now=NOW)
    made.refresh_from_db()
    assert (made.status, stored()) == (ImportStatus.UNAUTHORIZED, {})


def test_an_extract_writes_only_the_place_that_it_is_of(places: SmallState) -> None:
    made = receive_import(
        EVERYTHING, bytes_of("G,0101,2027,,N1,"), file_name="g.csv", content_type="",
        origin=ImportOrigin.EXTRACT, organization_id=places.south.pk, **WHEN,
    )  # fmt: skip
    run_until_empty(now=NOW)
    made.refresh_from_db()
    assert (made.status, stored()) == (ImportStatus.UNKNOWN_SCHOOL, {})


def test_files_that_were_refused_are_checked_again_when_asked(places: SmallState) -> None:
    first = sent("G,0199,2027,,N1,", origin=ImportOrigin.API, batch="a")
    sent("G,0199,2027,Nonsense,N1,", origin=ImportOrigin.API, batch="b")
    assert first.status == ImportStatus.UNKNOWN_SCHOOL
    places.north_middle.natural_id = "0199"
    places.north_middle.save()
    assert resubmit_imports(EVERYTHING, status=ImportStatus.PROCESSED, **WHEN) == 0
    assert resubmit_imports(EVERYTHING, batch="a", before=NOW, **WHEN) == 0
    assert resubmit_imports(EVERYTHING, batch="a", after=NOW, **WHEN) == 1
    run_until_empty(now=NOW)
    first.refresh_from_db()
    assert first.status == ImportStatus.PROCESSED
    assert resubmit_imports(EVERYTHING, limit=0, **WHEN) == 0
    assert resubmit_imports(EVERYTHING, **WHEN) == 1


# --- Who sees and writes what -------------------------------------------------------------------


def test_each_sees_their_own_and_those_of_whole_districts(places: SmallState) -> None:
    north = scope_with("district_admin", places.north, "north@example.org")
    south = scope_with("district_admin", places.south, "south@example.org")
    teacher = scope_with("teacher", places.north_high, "t@example.org")
    school = scope_with("test_coordinator", places.north_high, "school@example.org")
    mine = sent("G,0101,2027,,N1,", scope=school)
    unknown = sent("G,9999,2027,,N1,", scope=school)
    theirs = sent("G,0102,2027,,N1,", scope=north)
    both = sent("G,0101,2027,,N1,", "G,0201,2027,,S1,")
    seen = {
        name: {row.number for row in import_list(scope).items}
        for name, scope in (
            ("north", north), ("south", south), ("teacher", teacher), ("school", school),
        )
    }  # fmt: skip
    assert seen == {
        "north": {mine.number, theirs.number},
        "south": set(),
        "teacher": set(),
        "school": {mine.number, unknown.number},
    }
    assert both.organization is None
    assert import_list(north, only_own=True).total_count == 1
    assert import_by_number(north, mine.number).uuid == mine.uuid
    for lost in (
        lambda: get_import(south, mine.uuid),
        lambda: import_by_number(south, mine.number),
        lambda: reading_of_import(school, theirs.uuid),
        lambda: undo_import(south, mine.uuid, **WHEN),
        lambda: check_import(mine.uuid, scope=south, **WHEN),
    ):
        with pytest.raises(ImportNotFound):
            lost()


def test_a_school_out_of_reach_is_a_school_that_is_not(places: SmallState) -> None:
    north = scope_with("district_admin", places.north, "north@example.org")
    messages = [
        sent(f"G,{school},2027,,N1,", scope=north, is_strict=is_strict).message.replace(school, "x")
        for is_strict in (False, True)
        for school in ("0201", "9999")
    ]
    assert messages[0] == messages[1]
    assert messages[2] == messages[3] == "Row: 1 Failure: School [x] can not be found"


def test_who_lost_a_school_since_may_not_commit(places: SmallState) -> None:
    north = scope_with("district_admin", places.north, "north@example.org")
    made = sent("G,0101,2027,,N1,", scope=north)
    less = north.narrowed_to(frozenset({places.north.pk, places.north_middle.pk}))
    assert made.plan is not None
    with pytest.raises(MayNotWriteGroups):
        commit_import(less, made.uuid, digest=made.plan.digest, **WHEN)


def test_who_may_write_no_groups_sends_none(places: SmallState) -> None:
    with pytest.raises(MayNotSendGroups):
        sent("G,0101,2027,,N1,", scope=scope_with("teacher", places.north_high))


def test_a_file_that_is_too_large_is_not_kept(
    places: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollbook.groups.actions.imports.MOST_BYTES", 10)
    with pytest.raises(GroupFileIsTooLarge):
        sent("G,0101,2027,,N1,")
    assert GroupImport.objects.count() == 0


def test_a_plan_that_was_overtaken_is_made_again(places: SmallState) -> None:
    first, second = sent("G,0101,2027,,N1,"), sent("G,0101,2027,,N2,")
    assert first.plan is not None
    assert second.plan is not None
    commit_import(EVERYTHING, second.uuid, digest=second.plan.digest, **WHEN)
    with pytest.raises(StateMovedOn):
        commit_import(EVERYTHING, first.uuid, digest=first.plan.digest, **WHEN)
    again = check_import(first.uuid, scope=EVERYTHING, **WHEN)
    assert again.plan is not None
    assert again.plan.pk != first.plan.pk
    assert ChangePlan.objects.get(pk=first.plan.pk).status == "discarded"
    commit_import(EVERYTHING, first.uuid, digest=again.plan.digest, **WHEN)
    assert stored()["G"][2] == ["N1"]


def test_the_bytes_are_kept_once_and_as_they_came(places: SmallState) -> None:
    one, two = sent("G,0101,2027,,N1,"), sent("G,0101,2027,,N1,")
    assert payload_path(one) == payload_path(two)
    assert payload_path(one).read_bytes() == bytes_of("G,0101,2027,,N1,")
    assert len(one.digest) == 32
    assert one.digest == one.digest.upper()
    assert 0 < one.number < 2**53


def test_nothing_left_to_take_back_is_told(places: SmallState) -> None:
    made = taken("G,0101,2027,,N1,")
    GroupMember.objects.all().delete()
    StudentGroup.objects.update(subject="Math", origin="hand")
    GroupUser.objects.create(group=StudentGroup.objects.get(), login="x@example.org")
    with pytest.raises(UndoHasNothingLeft):
        undo_import(EVERYTHING, made.uuid, **WHEN)
    assert [kind for _name, kind, _login in history()] == ["created"]


def test_what_is_carried_out_and_its_history_are_written_together_or_not(
    places: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = receive_import(
        EVERYTHING, bytes_of("G,0101,2027,,N1,"), file_name="g.csv", content_type="",
        origin=ImportOrigin.API, **WHEN,
    )  # fmt: skip

    class Killed(Exception):
        """Stand for a worker that is lost."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as once:
        once.setattr("rollbook.groups.actions.settling.write_events", killed)
        with pytest.raises(Killed):
            check_import(made.uuid, scope=EVERYTHING, **WHEN)
    made.refresh_from_db()
    assert (made.status, made.plan, stored()) == (ImportStatus.ACCEPTED, None, {})
    assert run_until_empty(now=NOW) == 1
    made.refresh_from_db()
    assert made.status == ImportStatus.PROCESSED
    assert [kind for _name, kind, _login in history()] == ["created"]


def test_an_extract_of_the_same_bytes_mends_what_was_changed_since(places: SmallState) -> None:
    sent("G,0101,2027,,N1,", origin=ImportOrigin.EXTRACT)
    GroupMember.objects.all().delete()
    sent("G,0101,2027,,N1,", origin=ImportOrigin.EXTRACT)
    assert stored()["G"][2] == ["N1"]
    assert sent("G,0101,2027,,N1,", origin=ImportOrigin.EXTRACT).status == ImportStatus.NO_UPDATE
