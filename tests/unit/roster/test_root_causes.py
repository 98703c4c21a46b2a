"""Thousands of findings, told as the few things behind them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.rules.root_causes import RootCause, cause_from, repairs_made, root_causes
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Origin, Profile
from tests.spec.roster.given import spoilt

REPAIR_CODES = frozenset(check.code for check in CHECKS if check.is_repair)


def _causes(defect: str, profile: Profile = Profile.LENIENT) -> list[RootCause]:
    return root_causes(check_file(spoilt(defect), profile=profile), repair_codes=REPAIR_CODES)


def _said(defect: str) -> list[tuple[str, int, int]]:
    return [(cause.code, cause.weight, cause.left_out) for cause in _causes(defect)]


def _enrolled(count: int) -> str:
    rows = "".join(f"n{n},,,cls-9,sch-1,stu-1,student,,,\\n" for n in range(count))
    header = (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,"
        "primary,beginDate,endDate\\n"
    )
    return f"-enrollments.csv ; +enrollments.csv={header}{rows}"


def test_30_000_enrollments_of_one_missing_class_are_one_cause() -> None:
    cause = _causes(_enrolled(30_000))[0]
    assert (cause.code, cause.weight, cause.left_out) == ("ROS-301", 30_000, 30_000)
    assert cause.cause == (
        'Class "cls-9" is not in classes.csv, and 30,000 rows cannot do without it.'
    )
    assert cause.records == {"enrollments.csv": 30_000}
    assert cause.places[0] == "enrollments.csv line 2"


def test_each_of_many_missing_classes_is_weighed_also_past_those_that_are_named() -> None:
    rows = "".join(f"n{n},,,c{n // 2},sch-1,stu-1,student,,,\\n" for n in range(4000))
    header = _enrolled(0).removesuffix("\\n")
    found = [cause for cause in _causes(f"{header}\\n{rows}") if cause.code == "ROS-301"]
    assert [cause.weight for cause in found] == [3000, *[2] * 500]
    assert found[0].cause.startswith("Many other records are not in classes.csv, and 3,000 rows")


def test_what_depends_on_a_row_counts_for_what_is_wrong_with_that_row() -> None:
    (cause,) = _causes("users[1].familyName=")
    assert (cause.code, cause.weight, cause.left_out) == ("ROS-220", 4, 4)
    assert cause.records == {
        "users.csv": 1, "roles.csv": 1, "demographics.csv": 1, "enrollments.csv": 1,
    }  # fmt: skip


def test_a_chain_of_dependants_leads_to_its_first_link() -> None:
    causes = _causes("courses[1].title=")
    assert next((cause.code, cause.file, cause.weight) for cause in causes) == (
        "ROS-220", "courses.csv", 7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("defect", "expected"),
    [
        ("-courses.csv", [("ROS-119", 6, 6)]),
        ("-users:familyName", [("ROS-203", 14, 14)]),
        ("manifest.file.users=full", [("ROS-117", 10, 10)]),
        ("+orgs[1] name=Other", [("ROS-228", 9, 9)]),
        ("+orgs:name' ; orgs[1].name'=Another", [("FIL-210", 11, 11)]),
        ("+demographics[1]", []),
        ("users[*].enabledUser=TRUE", []),
        ("1.2", []),
        ("-manifest.csv", [("ROS-102", 1, 0)]),
        ("only notes.csv", [("ROS-101", 1, 0)]),
    ],
)
def test_causes_have_their_weights(defect: str, expected: list[tuple[str, int, int]]) -> None:
    assert _said(defect) == expected


def test_a_column_that_is_wrong_throughout_is_told_as_a_whole() -> None:
    more = " ; ".join(
        f"+users[1] sourcedId=s{n} username=u{n} email=m{n} identifier=i{n}" for n in range(12)
    )
    (cause, *_) = _causes(f"{more} ; users[*].enabledUser=perhaps")
    assert cause.cause.startswith("The whole column enabledUser of users.csv (16 of 16 rows)")


def test_mentions_quote_no_cell() -> None:
    (cause, *_) = _causes("users[1].givenName=eli@example.org ; users[1].grades=13th")
    assert cause.mentions == "grades of users.csv: 1 row [ROS-251]"
    assert "13th" in cause.cause


def test_repairs_are_counted_by_column() -> None:
    result = check_file(
        spoilt("users[*].enabledUser=TRUE ; orgs[1].name=District\\s"), profile=Profile.LENIENT
    )
    made = repairs_made(result, REPAIR_CODES)
    assert [(repair.code, repair.file, repair.column, repair.count) for repair in made] == [
        ("ROS-263", "users.csv", "enabledUser", 4),
        ("ROS-260", "orgs.csv", "name", 1),
    ]


def test_causes_are_told_in_the_words_of_what_was_received() -> None:
    result = check_file(spoilt("users[1].familyName="), profile=Profile.LENIENT)
    rows = pl.DataFrame(
        {"_line": [2], "file": ["pupils.csv"], "line": [7]},
        schema={"_line": pl.UInt32, "file": pl.String, "line": pl.UInt32},
    )
    origin = Origin(rows, {("pupils.csv", "familyName"): "Last name"})
    report = type(result.report)()
    for finding in result.report:
        if finding.code == "ROS-220":
            report.add(replace(finding, file="pupils.csv", line=7, column="Last name"))
    (cause,) = root_causes(replace(result, report=report), origins={"users": origin})
    assert (cause.file, cause.column, cause.weight) == ("pupils.csv", "Last name", 4)


def test_causes_come_back_as_they_were_kept() -> None:
    (cause,) = _causes("users[1].familyName=")
    assert cause_from(cause.as_dict()) == cause
