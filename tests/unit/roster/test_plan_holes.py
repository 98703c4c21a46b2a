"""A record that is missing from its file, and that rows left out still name, is not gone."""

from __future__ import annotations

import polars as pl
import pytest

from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import NAMED, BundleResult, Profile, merged_names
from tests.factories.rosters import actions, frames, loaded, small, without
from tests.spec.roster.given import spoilt


def named(*records: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(list(records), schema=NAMED, orient="row")


def checked(defect: str, profile: Profile = Profile.LENIENT) -> BundleResult:
    return check_file(spoilt(defect), profile=profile)


@pytest.mark.parametrize(
    ("defect", "file", "names"),
    [
        ("1.2", "enrollments", []),
        ("-classes[1]", "enrollments", [("classes", "cls-1", 2)]),
        ("1.1 ; -classes[1]", "enrollments", [("classes", "cls-1", 2)]),
        ("-users[1]", "enrollments", [("users", "stu-1", 1)]),
        ("-users[1]", "roles", [("users", "stu-1", 1)]),
        ("-users[1]", "demographics", [("users", "stu-1", 1)]),
        ("1.1 ; -orgs[2]", "users", [("orgs", "sch-1", 2)]),
        ("-orgs[2]", "classes", [("orgs", "sch-1", 1)]),
        ("+courses[1] sourcedId=c2 ; -courses[1]", "classes", [("courses", "crs", 2)]),
        # A list: fall and spring of one class, fall of the other.
        (
            "-academicSessions[3] ; -academicSessions[2]",
            "classes",
            [("academicSessions", "fall", 2), ("academicSessions", "spring", 1)],
        ),
        # Whatever a row is left out for, it names what it names.
        (
            "-classes[1] ; enrollments[1].role=king",
            "enrollments",
            [("classes", "cls-1", 2)],
        ),
        # What came, though it is left out itself, is not missing.
        ("classes[1].title=", "enrollments", []),
        # A removal needs nobody but itself, and names nothing.
        ("-classes[1] ; enrollments[*].status=tobedeleted", "enrollments", []),
    ],
)
def test_rows_left_out_name_what_did_not_come(
    defect: str, file: str, names: list[tuple[str, str, int]]
) -> None:
    excluded = checked(defect).excluded
    found = excluded[file].names.rows() if file in excluded else []
    assert found == names


def test_names_of_several_files_are_counted_together() -> None:
    lots = [named(("users", "a", 2), ("classes", "a", 1)), named(("users", "a", 3))]
    assert merged_names(lots).rows() == [("classes", "a", 1), ("users", "a", 5)]
    assert merged_names([]).rows() == []


def test_a_missing_class_that_rows_name_stays_with_all_who_are_in_it() -> None:
    """Also one in it whose row did not come: the hole may be there, too."""
    here = loaded()
    rows = without(small(), classes="cls") | {"enrollments": []}
    kept = {"enrollments": ["ann-in-cls", "ben-in-cls"]}
    plan = here.plan(frames(**rows), kept=kept, named=named(("classes", "cls", 2)))
    assert actions(plan) == {}
    assert [(found.code, found.file, found.weight) for found in plan.findings] == [
        ("ROS-609", "classes.csv", 1)
    ]
    assert plan.findings[0].says == (
        "classes.csv: rows that are left out name records which did not come, so nobody takes "
        "those for gone. Records: 1. Times named: 2."
    )


def test_a_missing_class_that_nobody_names_leaves_with_all_who_are_in_it() -> None:
    here = loaded()
    rows = without(small(), classes="cls") | {"enrollments": []}
    plan = here.plan(frames(**rows), named=named(("classes", "another", 1), ("users", "cls", 1)))
    assert actions(plan) == {"classes": {"archive": 1}, "enrollments": {"archive": 3}}
    assert plan.findings == ()


@pytest.mark.parametrize(
    ("frame", "file", "key"),
    [
        ("users", "users", "ann"),
        ("users", "users", "tea"),
        ("orgs", "orgs", "south"),
        ("courses", "courses", "crs"),
        ("sessions", "academicSessions", "year-2027"),
    ],
)
def test_a_missing_record_of_any_kind_stays_while_rows_name_it(
    frame: str, file: str, key: str
) -> None:
    here = loaded()
    rows = without(small(), **{frame: key})
    if frame == "users":
        rows = rows | {
            name: [row for row in rows[name] if row["user_sourced_id"] != key]
            for name in ("roles", "enrollments")
        }
    came = frames(**{name: found for name, found in rows.items() if name != "demographics"})
    assert any("archive" in found for found in actions(here.plan(came)).values())
    plan = here.plan(came, named=named((file, key, 1)))
    assert not any("archive" in found for found in actions(plan).values())
    assert [(found.code, found.file) for found in plan.findings] == [("ROS-609", f"{file}.csv")]
