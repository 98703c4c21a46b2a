from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from rollbook.generator.generate import GeneratedState, write_state
from rollbook.generator.known_students import KNOWN_STUDENTS
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile

Read = Callable[[Path, str], pl.DataFrame]


def test_every_bundle_passes_the_strict_profile_without_a_single_finding(
    state: GeneratedState,
) -> None:
    found = {
        path.name: check_file(path, profile=Profile.STRICT).report.counts
        for path in (*state.rosters, state.later_roster)
    }
    assert found == {"sample.zip": {}, "d002.zip": {}, "sample-next.zip": {}}


def test_the_bundles_hold_the_students_asked_for(state: GeneratedState, read: Read) -> None:
    counts = [
        read(path, "roles.csv").filter(pl.col("role") == "student").height for path in state.rosters
    ]
    assert counts == [place.students for place in state.districts]
    assert sum(counts) == 700


def test_every_class_has_one_primary_teacher_and_at_least_one_student(
    state: GeneratedState, read: Read
) -> None:
    for path in (*state.rosters, state.later_roster):
        seats = read(path, "enrollments.csv")
        classes = set(read(path, "classes.csv")["sourcedId"])
        primary = seats.filter(pl.col("primary") == "true")["classSourcedId"].to_list()
        assert sorted(primary) == sorted(classes)
        assert set(seats.filter(pl.col("role") == "student")["classSourcedId"]) == classes


def test_people_are_unique_across_the_state_and_live_at_example_org(
    state: GeneratedState, read: Read
) -> None:
    users = pl.concat([read(path, "users.csv") for path in state.rosters])
    for column in ("sourcedId", "username", "email", "identifier"):
        assert users[column].n_unique() == users.height
    ssids = users["userMasterIdentifier"].drop_nulls()
    assert ssids.n_unique() == len(ssids) == 700
    assert ssids.str.contains(r"^[0-9]{10}$").all()
    assert users["email"].str.ends_with(".example.org").all()


def test_the_known_students_are_at_the_sample_schools(state: GeneratedState, read: Read) -> None:
    users = read(state.rosters[0], "users.csv")
    orgs = dict(read(state.rosters[0], "orgs.csv").select("sourcedId", "name").iter_rows())
    found = {
        row["userMasterIdentifier"]: (
            row["givenName"],
            row["familyName"],
            row["grades"],
            orgs[row["primaryOrgSourcedId"]],
        )
        for row in users.iter_rows(named=True)
    }
    schools = {
        "11": "Sample High School",
        "08": "Sample Middle School",
        "05": "Sample Elementary School",
    }
    for known in KNOWN_STUDENTS:
        wanted = (known.first_name, known.last_name, known.grade, schools[known.grade])
        assert found[known.ssid] == wanted


def test_two_weeks_change_a_little_of_everything_and_nothing_of_the_known_students(
    state: GeneratedState, read: Read
) -> None:
    before, after = (read(path, "users.csv") for path in (state.rosters[0], state.later_roster))
    left = before.join(after, on="sourcedId", how="anti")
    came = after.join(before, on="sourcedId", how="anti")
    renamed = before.join(after, on="sourcedId").filter(
        pl.col("familyName") != pl.col("familyName_right")
    )
    assert 2 <= left.height <= 0.03 * before.height
    assert 2 <= came.height <= 0.03 * before.height
    assert renamed.height >= 1
    known = [student.ssid for student in KNOWN_STUDENTS]
    chosen = pl.col("userMasterIdentifier").is_in(known)
    assert after.filter(chosen).equals(before.filter(chosen))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> GeneratedState:
    """Write one district with several schools of each level."""
    folder = tmp_path_factory.mktemp("large")
    return write_state(folder, students=4000, districts=1, seed=11, years=0, xml=0)


def test_the_known_students_go_to_the_first_school_of_several(
    large: GeneratedState, read: Read
) -> None:
    assert len(large.districts[0].of_level("elementary")) > 1
    users = read(large.rosters[0], "users.csv")
    known = users.filter(pl.col("userMasterIdentifier").is_in([one.ssid for one in KNOWN_STUDENTS]))
    first = {
        large.districts[0].of_level(level)[0].sourced_id
        for level in ("elementary", "middle", "high")
    }
    assert set(known["primaryOrgSourcedId"]) == first


def test_who_comes_or_moves_later_is_enrolled_from_that_day(
    large: GeneratedState, read: Read
) -> None:
    before, after = (
        read(path, "enrollments.csv") for path in (large.rosters[0], large.later_roster)
    )
    students = pl.col("role") == "student"
    fresh = after.join(before, on="sourcedId", how="anti").filter(students)
    first_semester = fresh.filter(pl.col("beginDate") < "2027-01-05")
    assert set(first_semester["beginDate"]) == {"2026-11-30"}
    movers = fresh.join(before, on="userSourcedId", how="semi")
    assert movers["userSourcedId"].n_unique() >= 5
    schools = before.filter(students).select("userSourcedId", "schoolSourcedId").unique()
    moved = movers.join(schools, on="userSourcedId").filter(
        pl.col("schoolSourcedId") != pl.col("schoolSourcedId_right")
    )
    assert moved["userSourcedId"].n_unique() >= 2
    assert check_file(large.later_roster, profile=Profile.STRICT).report.counts == {}


def test_students_after_elementary_school_have_the_counselor_of_their_school(
    state: GeneratedState, read: Read
) -> None:
    for path in (*state.rosters, state.later_roster):
        users = read(path, "users.csv")
        posts = read(path, "roles.csv").select("role", "orgSourcedId", sourcedId="userSourcedId")
        students = users.join(posts.filter(pl.col("role") == "student"), on="sourcedId")
        counselors = posts.filter(pl.col("role") == "counselor").select(
            "orgSourcedId", agentSourcedIds="sourcedId"
        )
        older = ~students["grades"].is_in(["KG", "01", "02", "03", "04", "05"])
        assert (students["agentSourcedIds"].fill_null("") != "").to_list() == older.to_list()
        theirs = students.filter(older).join(counselors, on=["agentSourcedIds", "orgSourcedId"])
        assert theirs.height == older.sum() > 0
