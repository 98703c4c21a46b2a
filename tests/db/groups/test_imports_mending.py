"""Group files with faults: mended in the grid, or taken in part."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from rollbook.groups.actions.committing import commit_import
from rollbook.groups.actions.correcting import NothingToTakePart, correct_import, take_part
from rollbook.groups.models import StudentGroup
from rollbook.groups.queries.imports import (
    ImportNotFound,
    get_import,
    left_out_csv,
    payload_of,
    reading_of_import,
)
from rollbook.groups.types import ImportOrigin, ImportStatus
from tests.db.groups.test_imports import WHEN, sent, stored, taken
from tests.factories.accounts import EVERYTHING, scope_with
from tests.factories.group_files import HEADER, bytes_of
from tests.factories.places import SmallState, small_state
from tests.factories.readiness import student

pytestmark = pytest.mark.django_db


@pytest.fixture
def places(settings: LazySettings, tmp_path: Path) -> SmallState:
    """Make two districts of two schools, and three students in the north."""
    settings.FILES_ROOT = tmp_path
    made = small_state()
    for ssid in ("N1", "N2", "N3"):
        student(made.north_high, ssid=ssid)
    return made


def test_a_corrected_file_is_a_new_import_that_knows_the_old_one(places: SmallState) -> None:
    before = sent("G,0101,2O27,,N1,", "G,0101,2027,,N2,", "Junk,0101,2027,Nonsense,,")
    assert before.status == ImportStatus.BAD_DATA
    made = correct_import(
        EVERYTHING,
        before.uuid,
        corrections={2: {"school_year": "2027"}},
        drop_lines=[4],
        **WHEN,
    )
    assert (made.corrected_from, made.status) == (before, ImportStatus.ACCEPTED)
    assert made.corrections == {"2": {"school_year": "2027"}, "4": None}
    assert payload_of(EVERYTHING, made.uuid).read_bytes() == bytes_of(
        "G,0101,2027,,N1,", "G,0101,2027,,N2,"
    )
    assert payload_of(EVERYTHING, before.uuid).read_bytes() != bytes_of(
        "G,0101,2027,,N1,", "G,0101,2027,,N2,"
    )
    assert made.plan is not None
    commit_import(EVERYTHING, made.uuid, digest=made.plan.digest, **WHEN)
    assert stored() == {"G": ("", True, ["N1", "N2"], [])}


def test_a_correction_puts_the_plan_away_that_waited(places: SmallState) -> None:
    before = sent("G,0101,2027,,N1,")
    correct_import(EVERYTHING, before.uuid, corrections={2: {"student_ssid": "N2"}}, **WHEN)
    assert not get_import(EVERYTHING, before.uuid).waits


def test_a_correction_by_hand_waits_even_of_what_a_program_sent(places: SmallState) -> None:
    before = sent("G,0101,2O27,,N1,", origin=ImportOrigin.API)
    made = correct_import(EVERYTHING, before.uuid, corrections={2: {"school_year": "2027"}}, **WHEN)
    assert (made.origin, stored()) == ("page", {})
    assert get_import(EVERYTHING, made.uuid).waits


def test_a_part_goes_in_without_the_groups_that_have_a_wrong_row(places: SmallState) -> None:
    taken("Bad,0101,2027,,N3,")
    lines = ("Good,0101,2027,,N1,", "bad,0101,2027,,N1,", "Bad,0101,2027,Nonsense,N2,")
    refused = sent(*lines)
    assert refused.status == ImportStatus.BAD_DATA
    part = take_part(EVERYTHING, refused.uuid, **WHEN)
    assert (part.pk, part.status) == (refused.pk, ImportStatus.ACCEPTED)
    assert part.plan is not None
    done = commit_import(EVERYTHING, part.uuid, digest=part.plan.digest, **WHEN)
    assert stored() == {"Bad": ("", True, ["N3"], []), "Good": ("", True, ["N1"], [])}
    assert done.message == "1 group accepted for 0101.\n2 rows stayed out."
    assert left_out_csv(EVERYTHING, part.uuid).decode().splitlines() == [HEADER, *lines[1:]]
    with pytest.raises(NothingToTakePart):
        take_part(EVERYTHING, refused.uuid, **WHEN)


def test_what_stays_out_can_be_seen_before_a_part_is_taken(places: SmallState) -> None:
    made = sent("Good,0101,2027,,N1,", "Bad,0101,2027,,N1,", "Bad,0101,2027,Nonsense,N2,")
    assert left_out_csv(EVERYTHING, made.uuid).decode().splitlines() == [
        HEADER, "Bad,0101,2027,,N1,", "Bad,0101,2027,Nonsense,N2,",
    ]  # fmt: skip


def test_a_group_of_the_roster_stays_out_of_a_part(places: SmallState) -> None:
    StudentGroup.objects.create(
        name="Room 5", school=places.north_high, school_year=2027, origin="class"
    )
    lines = ("Room 5,0101,2027,,N1,", "G,0101,2027,,N1,", "Room 5,0101,2027,,N2,")
    made = sent(*lines, takes_part=True)
    assert made.plan is not None
    assert reading_of_import(EVERYTHING, made.uuid).rows["line"].to_list() == [3]
    assert left_out_csv(EVERYTHING, made.uuid).decode().splitlines() == [
        HEADER, lines[0], lines[2],
    ]  # fmt: skip


def test_nothing_good_in_a_file_is_no_part(places: SmallState) -> None:
    made = sent("Bad,0101,2027,Nonsense,N2,", takes_part=True)
    assert (made.status, made.plan) == (ImportStatus.BAD_DATA, None)


def test_a_strict_file_is_taken_whole_or_not_until_somebody_asks(places: SmallState) -> None:
    lines = ("G,0101,2027,,N1,", "H,0101,2027,Nonsense,N1,")
    made = sent(*lines, is_strict=True, takes_part=True, origin=ImportOrigin.API)
    assert made.message == "Row: 2 Failure: Invalid subject: Nonsense"
    part = take_part(EVERYTHING, made.uuid, **WHEN)
    assert get_import(EVERYTHING, part.uuid).waits
    assert stored() == {}


def test_mending_is_for_who_sees_the_file(places: SmallState) -> None:
    made = sent("G,0101,2O27,,N1,")
    south = scope_with("district_admin", places.south, "south@example.org")
    with pytest.raises(ImportNotFound):
        correct_import(south, made.uuid, corrections={2: {"school_year": "2027"}}, **WHEN)
    with pytest.raises(ImportNotFound):
        take_part(south, made.uuid, **WHEN)
    with pytest.raises(ImportNotFound):
        left_out_csv(south, made.uuid)
