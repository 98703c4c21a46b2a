"""What a district's own administrator could try against the districts beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rollbook.changes.actions import UndoHasNothingLeft
from rollbook.changes.queries import NoSuchPlan, get_plan
from rollbook.orgs.actions import rebuild_links
from rollbook.orgs.models import Organization
from rollbook.people.actions import edit_student, undo_edit
from rollbook.people.models import Student
from rollbook.people.queries.edits import RecordNotFound
from rollbook.roster.actions.commit import undo_intake
from rollbook.roster.actions.preflight import MayNotSendRoster
from rollbook.roster.actions.transfers import release_transfer
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.questions import TransferRequest
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.intakes import IntakeNotFound, get_intake
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.shared.scope import Permission, Reach, Scope
from tests.db.roster.test_two_districts import (
    child,
    first,
    loaded,
    of_district,
    second,
    taken,
    without_the_child,
)
from tests.factories.accounts import BY, NOW, ON
from tests.factories.places import organization
from tests.factories.sources import saved_source, scripted
from tests.spec.roster.given import Bundle, _remove_file, good_bundle

pytestmark = pytest.mark.django_db


def state_file() -> Bundle:
    """Make one file of two districts, as a state or a region sends it."""
    made = good_bundle("1.2", is_whole=False)
    other = second()
    for name, rows in made.rows.items():
        rows.extend(row for row in other.rows[name] if row not in rows)
    return made


def only(made: Bundle, *, prefix: str) -> Bundle:
    """Keep the rows of one district: those whose sourcedIds begin so."""
    for rows in made.rows.values():
        rows[:] = [row for row in rows if row["sourcedId"].startswith(prefix)]
    return made


def as_delta(made: Bundle, *files: str) -> Bundle:
    for row in made.manifest:
        if row[0].removeprefix("file.") in files:
            row[1] = "delta"
    for file in files:
        for row in made.rows[file]:
            row["status"] = row.get("status") or "active"
            row["dateLastModified"] = row.get("dateLastModified") or "2026-08-15T12:00:00.000Z"
    return made


def people() -> list[tuple[str, str, str, bool]]:
    rows = Student.objects.order_by("sourced_id")
    return list(rows.values_list("sourced_id", "last_name", "district__sourced_id", "is_active"))


def test_a_district_in_a_state_wide_source_cannot_archive_its_neighbours(tmp_path: Path) -> None:
    """The students of both districts came by one source; a part of it is no word on the rest."""
    loaded(tmp_path, state_file())
    before = people()
    mine = of_district("z-dist")
    attack = as_delta(only(state_file(), prefix="z-"), "orgs", "courses", "classes")
    with pytest.raises(MayNotSendRoster):
        taken(tmp_path, attack, mine)
    assert people() == before
    assert Intake.objects.latest("pk").plan is None


def test_a_file_that_names_another_districts_schools_reaches_no_child_of_it(tmp_path: Path) -> None:
    """Under the other's source its students would be the sender's own: renamed and moved."""
    loaded(tmp_path, only(state_file(), prefix="z-"))
    mine = organization("district", "Mine", natural_id="19")
    rebuild_links()
    stolen = second()
    attack = good_bundle("1.2", is_whole=False)
    attack.rows["orgs"] += stolen.rows["orgs"][1:]
    attack.rows["users"].append(stolen.rows["users"][0] | {"familyName": "Renamed"})
    attack.rows["roles"].append(stolen.rows["roles"][0] | {"orgSourcedId": "sch-1"})
    before = people()
    as_delta(attack, *(name for name in attack.rows if attack.rows[name]))
    intake = taken(tmp_path, attack, sender_for(mine))
    assert intake.source == "oneroster:dist"
    assert intake.plan is not None
    assert set(intake.plan.counts["students"]) == {"add"}
    assert people() == before


def sender_for(*places: Organization) -> Scope:
    """Return who sends and approves rosters for these places alone."""
    reach = Reach(frozenset(place.pk for place in places))
    rights = (Permission.ROSTER_READ, Permission.ROSTER_WRITE, Permission.ROSTER_APPROVE)
    return Scope(account_id=None, label="mine", on=ON, reach=dict.fromkeys(rights, reach))


def test_two_districts_may_number_their_schools_alike(tmp_path: Path) -> None:
    """A small system calls its schools 1 and 2, and so does the next."""
    first = organization("district", "First", natural_id="19")
    other = organization("district", "Second", natural_id="20")
    rebuild_links()
    alike = good_bundle("1.2", is_whole=False)
    loaded(tmp_path, good_bundle("1.2", is_whole=False), sender_for(first))
    with pytest.raises(MayNotSendRoster):
        taken(tmp_path, alike, sender_for(other))
    alike.rows["orgs"][0] |= {"identifier": "20", "name": "Second"}
    intake = taken(tmp_path, alike, sender_for(other))
    assert intake.plan is not None
    assert intake.plan.organization_id == other.pk


def test_a_plan_of_two_districts_is_neither_districts_to_read_or_decide(tmp_path: Path) -> None:
    state = organization("state", "State", natural_id="00")
    organization("district", "First", state, natural_id="19")
    organization("district", "Second", state, natural_id="20")
    rebuild_links()
    intake = taken(tmp_path, state_file())
    assert intake.plan is not None
    assert intake.plan.organization_id == state.pk
    for district in Organization.objects.filter(kind="district"):
        with pytest.raises(IntakeNotFound):
            get_intake(sender_for(district), intake.uuid)
        with pytest.raises(NoSuchPlan):
            get_plan(sender_for(district), intake.plan.uuid)


def test_who_sends_for_two_districts_sends_two_files(tmp_path: Path) -> None:
    """A plan of both is for whoever stands above both to decide on."""
    first = organization("district", "First", natural_id="19")
    other = organization("district", "Second", natural_id="20")
    rebuild_links()
    with pytest.raises(MayNotSendRoster):
        taken(tmp_path, state_file(), sender_for(first, other))


def test_a_child_of_a_state_wide_source_is_not_enrolled_by_the_neighbour(tmp_path: Path) -> None:
    """A second role at a school of one's own would open the record the next time."""
    loaded(tmp_path, state_file())
    attack = as_delta(only(state_file(), prefix="z-"), *(n for n in state_file().rows if n))
    role = good_bundle("1.2").rows["roles"][0]
    attack.rows["roles"].append(
        role | {"sourcedId": "z-extra", "orgSourcedId": "z-sch-1", "roleType": "secondary",
                "status": "active", "dateLastModified": "2026-08-15T12:00:00.000Z"}
    )  # fmt: skip
    with pytest.raises(MayNotSendRoster):
        taken(tmp_path, attack, of_district("z-dist"))


def test_a_district_goes_on_in_a_state_wide_source_with_its_own(tmp_path: Path) -> None:
    loaded(tmp_path, state_file())
    made = only(state_file(), prefix="z-")
    _remove_file(made, "academicSessions")  # those of one file are of one district
    made.rows["users"][0]["familyName"] = "Changed"
    files = [name for name, rows in made.rows.items() if rows]
    intake = taken(tmp_path, as_delta(made, *files), of_district("z-dist"))
    assert intake.plan is not None
    assert intake.plan.counts == {"students": {"update": 1}}


@pytest.mark.parametrize("says", [{"identifier": "20"}, {"sourcedId": "z-dist"}])
def test_a_district_takes_neither_the_code_nor_the_name_of_another(
    tmp_path: Path, says: dict[str, str]
) -> None:
    """The code opens the folder in which the other's rosters arrive."""
    loaded(tmp_path, only(state_file(), prefix="z-"))
    mine = organization("district", "Mine", natural_id="19")
    rebuild_links()
    scope = sender_for(mine)
    loaded(tmp_path, good_bundle("1.2", is_whole=False), scope)
    attack = good_bundle("1.2", is_whole=False)
    attack.rows["orgs"][0] |= {"name": "District"} | says
    if "sourcedId" in says:
        attack = second()
        attack.rows["orgs"][0]["identifier"] = "19"
    with pytest.raises(MayNotSendRoster):
        taken(tmp_path, attack, scope)


def test_a_file_sent_by_hand_asks_for_as_many_people_as_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the source in the form the district's own number would be left behind."""
    scripted(monkeypatch, None)
    district = organization("district", "District", natural_id="19")
    rebuild_links()
    source = saved_source(district, policy=IntakePolicy(second_person_from=1))
    loaded(tmp_path, good_bundle("1.2", is_whole=False), sender_for(district))
    Source.objects.filter(pk=source.pk).update(key="oneroster:dist")
    fewer = without_the_child(good_bundle("1.2", is_whole=False))
    plan = taken(tmp_path, fewer, of_district("dist")).plan
    assert plan is not None
    assert plan.needs_second_person


def test_an_undo_writes_nothing_to_a_child_who_has_gone_to_another_district(tmp_path: Path) -> None:
    loaded(tmp_path, first())
    loaded(tmp_path, without_the_child(second()))
    renamed, after = first(), second()
    renamed.rows["users"][0]["middleName"] = "Maria"
    after.rows["users"][0]["middleName"] = "Maria"
    mine = loaded(tmp_path, renamed, of_district("dist"))
    taken(tmp_path, after, of_district("z-dist"))
    request = TransferRequest.objects.get()
    release_transfer(of_district("dist"), request.uuid, by=BY, now=NOW)
    loaded(tmp_path, after, of_district("z-dist"))
    assert (child().district.sourced_id, child().middle_name) == ("z-dist", "Maria")
    with pytest.raises(UndoHasNothingLeft):
        undo_intake(of_district("dist"), mine.uuid, by=BY, now=NOW)
    assert child().middle_name == "Maria"


def test_an_edit_of_a_child_who_has_gone_is_not_taken_back_there(tmp_path: Path) -> None:
    loaded(tmp_path, first())
    loaded(tmp_path, without_the_child(second()))
    old, new = sender_for(*mine_of("dist")), sender_for(*mine_of("z-dist"))
    old = replace(old, reach={**old.reach, PII: old.over(Permission.ROSTER_WRITE)})
    edited = edit_student(old, child().uuid, {"middle_name": "Maria"}, by=BY, now=NOW)
    taken(tmp_path, second(), new)
    release_transfer(old, TransferRequest.objects.get().uuid, by=BY, now=NOW)
    loaded(tmp_path, second(), new)
    assert (child().district.sourced_id, child().middle_name) == ("z-dist", "Maria")
    assert edited.plan_uuid is not None
    with pytest.raises(RecordNotFound):
        undo_edit(old, edited.plan_uuid, by=BY, now=NOW)
    assert child().middle_name == "Maria"


PII = Permission.INDIVIDUAL_PII_READ


def mine_of(key: str) -> list[Organization]:
    district = Organization.objects.get(sourced_id=key)
    return [district, *Organization.objects.filter(parent=district)]
