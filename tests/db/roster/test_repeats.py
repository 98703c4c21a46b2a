"""The same bytes again are a recorded no-op, as long as what they were compared with stays."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from rollbook.people.models import LocalEdit, Student
from rollbook.roster.actions.commit import undo_intake
from rollbook.roster.actions.preflight import preflight_intake
from rollbook.roster.models.intakes import Intake
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.roster.rules.reading import Reading
from rollbook.roster.types import Profile
from tests.db.roster.given import BY, EVERYTHING, NOW, bundle, committed, loaded, preflight

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def again(tmp_path: Path) -> Intake:
    return preflight(bundle(tmp_path))


def is_repeat(intake: Intake) -> bool:
    return "repeats" in intake.counts


def test_the_same_bytes_after_their_commit_are_not_read_again(tmp_path: Path) -> None:
    first = loaded(tmp_path)
    second = again(tmp_path)
    assert (second.status, second.counts["repeats"]) == ("unchanged", str(first.uuid))
    assert second.counts["by_file"] == first.counts["by_file"]
    third = again(tmp_path)
    assert (third.status, third.counts["repeats"]) == ("unchanged", str(second.uuid))


def test_bytes_whose_plan_was_undone_are_planned_again(tmp_path: Path) -> None:
    first = loaded(tmp_path)
    undo_intake(EVERYTHING, first.uuid, by=BY, now=NOW)
    second = again(tmp_path)
    assert (second.status, is_repeat(second)) == ("planned", False)


def test_after_another_roster_the_same_bytes_are_compared_again(tmp_path: Path) -> None:
    loaded(tmp_path)
    other = preflight(bundle(tmp_path, "1.2 ; users[3].familyName=Changed"))
    committed(other)
    second = again(tmp_path)
    assert (second.status, is_repeat(second)) == ("planned", False)


def test_bytes_that_are_read_in_another_way_are_read(tmp_path: Path) -> None:
    first = loaded(tmp_path)
    profile = Profile.LENIENT if first.profile == "strict" else Profile.STRICT
    second = preflight(bundle(tmp_path), profile=profile)
    assert (second.status, is_repeat(second)) == ("unchanged", False)


def test_after_an_edit_by_hand_the_same_bytes_are_compared_again(tmp_path: Path) -> None:
    loaded(tmp_path)
    student = Student.objects.exclude(sourced_id="").first()
    assert student is not None
    LocalEdit.objects.create(
        table="students", record_id=student.pk, column="grade", value="05",
        edited_by="test", edited_at=NOW,
    )  # fmt: skip
    assert not is_repeat(again(tmp_path))


def test_the_same_records_in_other_bytes_are_checked_and_not_planned(tmp_path: Path) -> None:
    first = loaded(tmp_path)
    other = turned(bundle(tmp_path))
    second = preflight(other)
    assert second.sha256 != first.sha256
    assert (second.status, second.counts["says_as"]) == ("unchanged", str(first.uuid))


def test_one_cell_that_differs_is_planned(tmp_path: Path) -> None:
    loaded(tmp_path)
    second = preflight(bundle(tmp_path, "1.2 ; users[3].familyName=Changed"))
    assert (second.status, "says_as" in second.counts) == ("planned", False)


@pytest.mark.parametrize(
    ("on", "is_same"),
    [
        (date(2027, 6, 10), True),  # the last day of its school year
        (date(2027, 6, 11), False),  # from now on the file is of the year that it brings as well
    ],
)
def test_the_same_bytes_are_the_same_while_the_school_year_lasts(
    tmp_path: Path, on: date, is_same: bool
) -> None:
    both = (
        "+academicSessions[1] sourcedId=next schoolYear=2028"
        " startDate=2027-08-10 endDate=2028-06-10"
    )
    loaded(tmp_path, both)
    then = datetime.combine(on, time(20), tzinfo=UTC)
    assert is_repeat(preflight(bundle(tmp_path, both), now=then)) is is_same


@pytest.mark.parametrize("judged", [False, True])
def test_who_is_in_one_section_is_asked_anew_each_day(tmp_path: Path, judged: bool) -> None:
    path, reading = bundle(tmp_path), Reading(policy=IntakePolicy(requires_one_section=judged))

    def sent(now: datetime) -> Intake:
        return preflight_intake(
            EVERYTHING, path, file_name=path.name, reading=reading, by=BY, now=now
        )

    committed(sent(now=NOW))
    assert is_repeat(sent(now=NOW))
    next_day = sent(now=NOW + timedelta(days=1))
    assert (is_repeat(next_day), "says_as" in next_day.counts) == (not judged, False)


def turned(path: Path) -> Path:
    """Write every file of a bundle with its rows in the other direction."""
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name).decode() for name in package.namelist()}
    with zipfile.ZipFile(path, "w") as package:
        for name, text in files.items():
            head, *rows = text.splitlines(keepends=True)
            package.writestr(name, head + "".join(rows if name == "manifest.csv" else rows[::-1]))
    return path
