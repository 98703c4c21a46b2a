"""Sharing rules on what was received: counted, proposed, used, kept by the source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rollbook.audit.models import AuditEntry
from rollbook.people.models import Enrollment, Student
from rollbook.roster.actions.preflight import (
    MayNotSendRoster,
    check_intake,
    preflight_intake,
)
from rollbook.roster.actions.sharing import (
    SectionsCannotBeRead,
    save_sharing,
    section_world,
    use_sharing,
)
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source
from rollbook.roster.plan.sections import SectionTally, section_counts, tally
from rollbook.roster.plan.solver import propose_rules
from rollbook.roster.queries.intakes import IntakeNotFound
from rollbook.roster.queries.sections import PARTS, find_section_world, section_path, sharing_of
from rollbook.roster.queries.sources import MayNotChangeSource, SourceNotFound
from rollbook.roster.rules.policy import ErrorPolicy, IntakePolicy
from rollbook.roster.rules.reading import Reading
from rollbook.roster.rules.sharing import Sharing, read_rules, sharing_from
from rollbook.shared.scope import Permission, Scope
from tests.db.roster.given import bundle, codes, committed, loaded, preflight
from tests.factories.accounts import BY, EVERYTHING, NOW, reader_of
from tests.factories.places import small_state

pytestmark = pytest.mark.django_db
HOMEROOMS = read_rules(["section_type is homeroom"])


def using(scope: Scope, intake: Intake) -> Intake:
    """Use the homerooms of an intake only, and check it."""
    less = use_sharing(scope, intake.uuid, HOMEROOMS, by=BY, now=NOW)
    return check_intake(less.uuid, scope=scope, by=BY, now=NOW)


def test_the_sections_of_an_intake_are_read_once_and_kept(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path))
    assert find_section_world(EVERYTHING, intake.uuid) is None
    world = section_world(EVERYTHING, intake.uuid)
    assert (world.students.height, world.sections.height) == (2, 2)
    kept = find_section_world(EVERYTHING, intake.uuid)
    assert kept is not None
    assert all(getattr(kept, part).equals(getattr(world, part)) for part in PARTS)
    (settings.FILES_ROOT / "intakes" / f"{intake.sha256}.zip").unlink()
    again = section_world(EVERYTHING, intake.uuid)
    assert tally(section_counts(again, HOMEROOMS)) == SectionTally(none=1, one=1, more=0)
    assert propose_rules(again).tally == SectionTally(none=0, one=2, more=0)


def test_what_is_neither_kept_nor_there_cannot_be_read(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path))
    (settings.FILES_ROOT / "intakes" / f"{intake.sha256}.zip").unlink()
    with pytest.raises(SectionsCannotBeRead):
        section_world(EVERYTHING, intake.uuid)


def test_a_file_of_which_nothing_is_used_has_no_sections(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(b"this is no zip")
    with pytest.raises(SectionsCannotBeRead):
        section_world(EVERYTHING, preflight(path).uuid)


def test_the_sections_of_another_district_are_not_there(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    section_world(EVERYTHING, intake.uuid)
    other = reader_of(small_state().north, permission=Permission.ROSTER_READ)
    for read in (section_world, find_section_world, sharing_of):
        with pytest.raises(IntakeNotFound):
            read(other, intake.uuid)
    assert all(section_path(intake, part).exists() for part in PARTS)


def test_using_rules_checks_the_same_bytes_again_with_less(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path))
    less = using(EVERYTHING, intake)
    assert (less.sha256, less.status) == (intake.sha256, "planned")
    assert less.uuid != intake.uuid
    assert sharing_of(EVERYTHING, less.uuid) == HOMEROOMS
    assert sharing_of(EVERYTHING, intake.uuid) == Sharing()
    committed(less)
    assert list(Student.objects.values_list("sourced_id", flat=True)) == ["stu-2"]
    assert set(Enrollment.objects.values_list("class_taught__sourced_id", flat=True)) == {"cls-2"}


def test_sharing_less_than_before_archives_who_is_not_shared(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    less = using(EVERYTHING, intake)
    assert less.plan is not None
    assert less.plan.counts["students"] == {"archive": 1}


def test_a_reader_may_not_use_rules(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    assert intake.organization is not None
    reader = reader_of(intake.organization, permission=Permission.ROSTER_READ)
    with pytest.raises(MayNotSendRoster):
        use_sharing(reader, intake.uuid, HOMEROOMS, by=BY, now=NOW)


def a_source(intake_organization_id: int) -> Source:
    return Source.objects.create(
        organization_id=intake_organization_id,
        name="SIS",
        kind="upload",
        format="oneroster_csv",
        created_by="test",
        created_at=NOW,
    )


def test_a_source_keeps_what_is_shared(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    assert intake.organization_id is not None
    source = a_source(intake.organization_id)
    save_sharing(EVERYTHING, source.uuid, HOMEROOMS, by=BY, now=NOW)
    source.refresh_from_db()
    assert sharing_from(source.sharing) == HOMEROOMS
    entry = AuditEntry.objects.get(action="save_sharing")
    assert entry.detail == {"kind": "upload", "mode": "rules", "rules": 1}


def test_an_intake_of_a_source_tells_its_source(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    assert intake.organization_id is not None
    intake.saved_source = a_source(intake.organization_id)
    intake.save()
    less = use_sharing(EVERYTHING, intake.uuid, HOMEROOMS, by=BY, now=NOW)
    source = Source.objects.get()
    assert (less.saved_source, sharing_from(source.sharing)) == (source, HOMEROOMS)


def test_sharing_of_a_source_is_for_who_may_send_for_its_district() -> None:
    state = small_state()
    source = a_source(state.north.pk)
    elsewhere = reader_of(state.south, permission=Permission.ROSTER_WRITE)
    with pytest.raises(SourceNotFound):
        save_sharing(elsewhere, source.uuid, HOMEROOMS, by=BY, now=NOW)
    reader = reader_of(state.north, permission=Permission.ROSTER_READ)
    with pytest.raises(MayNotChangeSource):
        save_sharing(reader, source.uuid, HOMEROOMS, by=BY, now=NOW)
    source.refresh_from_db()
    assert source.sharing == {}


def judged(tmp_path: Path, sharing: Sharing, **policy: Any) -> Intake:
    """Take a bundle in from a source that wants every student in exactly one section."""
    reading = Reading(sharing=sharing, policy=IntakePolicy(requires_one_section=True, **policy))
    path = bundle(tmp_path)
    return preflight_intake(EVERYTHING, path, file_name=path.name, reading=reading, by=BY, now=NOW)


def test_students_not_in_one_section_let_a_plan_wait_where_one_is_required(
    tmp_path: Path,
) -> None:
    intake = judged(tmp_path, HOMEROOMS)
    assert intake.plan is not None
    assert (intake.plan.status, intake.verdict, codes(intake)) == ("held", "error", ["ROS-801"])
    assert [hold["code"] for hold in intake.plan.hold_reasons] == ["not-one-section"]


def test_they_block_a_roster_where_any_error_does(tmp_path: Path) -> None:
    intake = judged(tmp_path, HOMEROOMS, errors=ErrorPolicy.BLOCK_ON_ANY_ERROR)
    assert (intake.plan, intake.status, codes(intake)) == (
        None,
        "refused",
        ["ROS-801", "ROS-611"],
    )


def test_nothing_is_said_where_everybody_is_in_one(tmp_path: Path) -> None:
    intake = judged(tmp_path, Sharing())
    assert intake.plan is not None
    assert (intake.plan.status, codes(intake)) == ("proposed", [])


def test_rules_that_match_nothing_are_said_to(tmp_path: Path) -> None:
    intake = preflight(bundle(tmp_path))
    nothing = read_rules(["course_name is Sewing"])
    less = use_sharing(EVERYTHING, intake.uuid, nothing, by=BY, now=NOW)
    less = check_intake(less.uuid, scope=EVERYTHING, by=BY, now=NOW)
    assert codes(less) == ["ROS-803"]
