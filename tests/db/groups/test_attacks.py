"""What somebody inside a school system tries with groups, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from rollbook.groups.actions.committing import commit_import
from rollbook.groups.actions.correcting import correct_import
from rollbook.groups.actions.editing import create_group, set_school_year
from rollbook.groups.actions.imports import check_import, receive_import
from rollbook.groups.models import GroupImport, GroupMember, StudentGroup
from rollbook.groups.queries.imports import import_list, reading_of_import
from rollbook.groups.queries.members import users_of
from rollbook.groups.rules import GroupIsWrong
from rollbook.groups.types import ImportOrigin, ImportStatus
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.people.queries.students import students_in
from rollbook.shared.scope import Scope
from tests.db.groups import given
from tests.factories.accounts import BY, NOW, account, grant, scope_with
from tests.factories.group_files import bytes_of
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
WHEN: dict[str, Any] = {"by": BY, "now": NOW}


@pytest.fixture
def places(settings: LazySettings, tmp_path: Path) -> SmallState:
    settings.FILES_ROOT = tmp_path
    return small_state()


def numbered(school: Any, ssid: str) -> Student:
    made = given.student(school, f"Lake{ssid}")
    made.ssid = ssid
    made.save()
    return made


def sent(scope: Scope, *lines: str, **more: Any) -> GroupImport:
    """Receive a group file, check it, and commit what may be committed."""
    made = receive_import(
        scope, bytes_of(*lines), file_name="groups.csv", content_type="text/csv",
        origin=ImportOrigin.PAGE, **WHEN, **more,
    )  # fmt: skip
    done = check_import(made.uuid, scope=scope, **WHEN)
    if done.plan is not None:
        commit_import(scope, done.uuid, digest=done.plan.digest, **WHEN)
    return GroupImport.objects.get(pk=done.pk)


def test_a_schools_coordinator_takes_no_student_of_another_school_by_file(
    places: SmallState,
) -> None:
    numbered(places.north_high, "N1")
    other = numbered(places.north_middle, "M1")
    holder = account("coordinator@example.org")
    grant(holder, "test_coordinator", places.north_high)
    scope = given.scope_now(holder)
    mine = f"Mine,0101,{given.YEAR},All"
    done = sent(scope, f"{mine},N1,", f"{mine},M1,", f"{mine},,coordinator@example.org")
    assert done.status == ImportStatus.PROCESSED.value, done.message
    assert list(GroupMember.objects.values_list("student__ssid", flat=True)) == ["N1"]
    assert not students_in(given.scope_now(holder)).filter(pk=other.pk).exists()


def test_a_student_out_of_reach_sounds_like_one_that_there_is_not(places: SmallState) -> None:
    numbered(places.north_middle, "77771")
    numbered(places.south_high, "77772")
    scope = scope_with("test_coordinator", places.north_high)
    told: list[tuple[Any, ...]] = []
    for ssid in ("77771", "77772", "77773"):
        done = sent(scope, f"G{ssid},0101,{given.YEAR},All,{ssid},")
        findings = reading_of_import(scope, done.uuid).findings
        words = [(f.code, f.says.replace(ssid, "X"), f.fix) for f in findings]
        told.append((done.status, done.message.replace(ssid, "X"), words))
    assert told[0] == told[1] == told[2]


def test_who_is_in_a_group_already_stays_in_it(places: SmallState) -> None:
    numbered(places.north_high, "N1")
    shared = numbered(places.north_middle, "M1")
    district = scope_with("district_admin", places.north, "district@example.org")
    create_group(
        district, school_uuid=places.north_high.uuid, school_year=given.YEAR, name="Band",
        subject="", student_uuids=[shared.uuid], **WHEN,
    )  # fmt: skip
    school = scope_with("test_coordinator", places.north_high)
    sent(school, f"Band,0101,{given.YEAR},All,N1,", f"Band,0101,{given.YEAR},All,M1,")
    found = GroupMember.objects.order_by("student__ssid").values_list("student__ssid", flat=True)
    assert list(found) == ["M1", "N1"]


def test_a_file_of_two_districts_is_seen_by_neither_though_one_is_at_fault(
    places: SmallState,
) -> None:
    """The rows of the south are at fault: the file is no file of the north for all that."""
    numbered(places.north_high, "N1")
    numbered(places.south_high, "S1")
    state = scope_with("state_admin", places.state, "state@example.org")
    sent(
        state,
        f"North,0101,{given.YEAR},All,N1,",
        f"South,0201,{given.YEAR},Alchemy,S1,",
    )
    north = scope_with("district_admin", places.north, "north@example.org")
    assert import_list(north).items == []
    sent(state, f"North,0101,{given.YEAR},All,N1,", f"South,0299,{given.YEAR},All,S1,")
    assert import_list(north).items == []
    sent(state, f"North,0101,{given.YEAR},Alchemy,N1,")
    assert len(import_list(north).items) == 1


def test_a_group_of_a_former_year_brings_nobody_along_who_has_left(places: SmallState) -> None:
    former = given.YEAR - 1
    stays = given.student(places.north_high, "Stays", year=former)
    SchoolEnrollment.objects.create(
        student=stays, school=places.north_high, school_year=given.YEAR, grade="10"
    )
    left = given.student(places.north_high, "Left", year=former)
    holder = account("coordinator@example.org")
    grant(holder, "test_coordinator", places.north_high)
    uuid = create_group(
        given.scope_now(holder), school_uuid=places.north_high.uuid, school_year=former,
        name="Old", subject="", student_uuids=[stays.uuid, left.uuid],
        logins=["coordinator@example.org"], **WHEN,
    )  # fmt: skip
    SchoolEnrollment.objects.filter(student=left).update(ends_before=NOW.date())
    with pytest.raises(GroupIsWrong, match="1 of its students"):
        set_school_year(given.scope_now(holder), uuid, school_year=given.YEAR, **WHEN)
    assert StudentGroup.objects.get().school_year == former
    assert not students_in(given.scope_now(holder)).filter(pk=left.pk).exists()


def test_nobody_learns_by_typing_who_has_an_account_elsewhere(places: SmallState) -> None:
    numbered(places.north_high, "N1")
    grant(account("south@example.org"), "teacher", places.south_high)
    grant(account("north@example.org"), "teacher", places.north_high)
    scope = scope_with("district_admin", places.north)
    told: dict[str, list[str]] = {}
    for who in ("south", "north", "nobody"):
        line = f"G {who},0101,{given.YEAR},All,,{who}@example.org"
        done = sent(scope, f"G {who},0101,{given.YEAR},All,N1,", line)
        told[who] = [f.code for f in reading_of_import(scope, done.uuid).findings]
    assert told["south"] == told["nobody"] != told["north"]
    shown = {
        row.login: row.has_account
        for group in StudentGroup.objects.all()
        for row in users_of(scope, group.uuid)
    }
    assert shown == {
        "south@example.org": False, "north@example.org": True, "nobody@example.org": False,
    }  # fmt: skip


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200e", "\u00ad", "\u2060"])
def test_no_name_of_a_group_holds_a_sign_that_turns_it_round(sign: str, places: SmallState) -> None:
    scope = scope_with("district_admin", places.north)
    with pytest.raises(GroupIsWrong):
        create_group(
            scope, school_uuid=places.north_high.uuid, school_year=given.YEAR,
            name=f"Period{sign} 1", subject="", **WHEN,
        )  # fmt: skip


def test_a_file_that_is_corrected_into_two_districts_is_seen_by_neither(places: SmallState) -> None:
    numbered(places.north_high, "N1")
    numbered(places.south_high, "S1")
    state = scope_with("state_admin", places.state, "state@example.org")
    north = scope_with("district_admin", places.north, "north@example.org")
    first = sent(state, f"One,0101,{given.YEAR},Alchemy,N1,", f"Two,0101,{given.YEAR},Alchemy,S1,")
    assert [row.uuid for row in import_list(north).items] == [first.uuid]
    corrected = correct_import(
        state, first.uuid, corrections={3: {"school_natural_id": "0201"}}, **WHEN
    )
    assert corrected.uuid not in {row.uuid for row in import_list(north).items}
