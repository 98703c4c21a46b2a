"""Which plans wait for a person, and what a policy makes of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
import pytest

from rollbook.changes.types import HoldReason, TableChanges
from rollbook.people.layouts import SCHOOL_ENROLLMENTS, STUDENTS
from rollbook.roster.checks.cell_checks import REPEATED_ROW
from rollbook.roster.rules import holds, policy
from rollbook.roster.rules.policy import ErrorPolicy, IntakePolicy, verdict_of_policy
from rollbook.roster.rules.thresholds import Thresholds
from rollbook.roster.types import BundleCounts, Exclusion, FileCount, RosterFrames
from rollbook.shared.findings import FindingReport, Severity
from tests.factories.rosters import (
    SOURCE,
    Installation,
    Row,
    listed,
    org,
    role,
    seat,
    section,
    small,
    user,
    year,
)

LIMITS = Thresholds(class_minimum=2, enrollment_minimum=3, minimum=10)


def district(  # noqa: PLR0917
    students: int = 20, grade: Callable[[int], str] = lambda _: "03", teachers: int = 8,
    classes: int = 8, school_year: int = 2027, school: str = "north",
) -> RosterFrames:  # fmt: skip
    """Describe a district whose students all go to one of its two schools."""
    kids, staff = [f"s{n}" for n in range(students)], [f"t{n}" for n in range(teachers)]
    sections = [f"c{n}" for n in range(classes)]
    return small(
        orgs=[org("dst", "district", None), org("north"), org("south")],
        sessions=[year(school_year)],
        users=[user(k, grades=[grade(n)]) for n, k in enumerate(kids)]
        + [user(k, grades=None) for k in [*staff, "tea"]],
        roles=[role(k, school) for k in kids]
        + [role(k, school, "teacher") for k in staff]
        + [role("tea", "south", "teacher")],
        classes=[section(k, school, term_sourced_ids=[f"year-{school_year}"]) for k in sections],
        enrollments=[
            seat(kid, sections[n % classes], school_sourced_id=school)
            for n, kid in enumerate(kids)
            if sections
        ],
        demographics=[],
    )


def less(roster: RosterFrames, **gone: Iterable[str]) -> dict[str, list[Row]]:
    """Return a roster's rows by frame, without some, and without what hangs on them."""
    lost = {key for keys in gone.values() for key in keys}
    names = ("sourced_id", "user_sourced_id", "class_sourced_id", "org_sourced_id")
    return {
        name: [row for row in listed(roster, name) if not lost & {row.get(n) for n in names}]
        for name in ("orgs", "sessions", "users", "roles", "courses", "classes", "enrollments")
    }


def reasons(
    before: RosterFrames, after: RosterFrames, limits: Thresholds = LIMITS, **more: Any
) -> list[HoldReason]:
    here = Installation()
    here.load(before)
    plan = here.plan(after)
    current = here.current()
    names = {
        row["id"]: row["name"] for row in current.frames["organizations"].iter_rows(named=True)
    }
    return holds.hold_reasons(
        plan.by_table,
        students_by_school={},
        school_names=names,
        modes=after.modes,
        is_first_load=False,
        thresholds=limits,
        current=current.frames,
        source=SOURCE,
        incoming=after,
        **more,
    )


def codes(before: RosterFrames, after: RosterFrames, **more: Any) -> list[str]:
    return [reason.code for reason in reasons(before, after, **more)]


def named(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{n}" for n in range(count)]


def test_the_same_roster_waits_for_nothing() -> None:
    assert codes(district(), district()) == []


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ({"users": named("s", 4)}, []),
        ({"users": named("s", 5)}, ["students-leave"]),
        ({"users": named("t", 4)}, []),
        ({"users": named("t", 5)}, ["staff-leave"]),
        ({"classes": named("c", 1)}, []),
        ({"classes": named("c", 2)}, ["classes-leave"]),
        ({"enrollments": ["s0-in-c0", "s1-in-c1"]}, []),
        ({"enrollments": [f"s{n}-in-c{n}" for n in range(3)]}, ["enrollments-leave"]),
        ({"users": named("s", 20)}, ["nobody-left", "students-leave", "half-size", "file-empty"]),
        ({"enrollments": [f"s{n}-in-c{n % 8}" for n in range(11)]},
         ["enrollments-leave", "half-size"]),
        ({"orgs": ["north"], "users": named("s", 20), "classes": named("c", 8)},
         ["nobody-left", "school-vanished", "half-size", "file-empty", "file-empty"]),
        ({"orgs": ["south"], "users": ["tea"]}, ["school-vanished"]),
    ],
)  # fmt: skip
def test_what_leaves_makes_a_plan_wait(gone: dict[str, list[str]], expected: list[str]) -> None:
    before = district()
    assert codes(before, small(**less(before, **gone), demographics=[])) == expected


def test_a_school_that_vanished_says_whom_it_takes_along() -> None:
    before = district()
    after = small(**less(before, orgs=["north"], users=named("s", 7)), demographics=[])
    found = [r for r in reasons(before, after) if r.code == "school-vanished"]
    assert [(r.count, r.of) for r in found] == [(20, 20)]
    assert found[0].says == ("NORTH is no longer in the roster; 20 of its 20 students would leave.")


def test_leavers_of_the_top_grade_look_like_graduates() -> None:
    before = district(grade=lambda n: "12" if n < 6 else "11")
    after = small(**less(before, users=named("s", 6)), demographics=[])
    (found,) = reasons(before, after)
    assert found.says == (
        "NORTH would lose 6 of 20 students (30 %; limit 10 % or 25). 6 of them are in grade 12, "
        "the top grade there: they look like last year's graduates."
    )
    mixed = small(**less(before, users=named("s", 10)), demographics=[])
    assert "graduates" not in reasons(before, mixed)[0].says
    one_grade = district()
    alike = small(**less(one_grade, users=named("s", 6)), demographics=[])
    assert "graduates" not in reasons(one_grade, alike)[0].says


def test_graduates_who_are_not_in_the_next_years_roster_are_told_by_school() -> None:
    before = district(grade=lambda n: "12" if n < 6 else "11")
    coming = district(school_year=2028)
    after = small(**less(coming, users=named("s", 6)), demographics=[])
    found = reasons(before, after)
    assert [(r.code, r.count, r.of) for r in found] == [("students-leave", 6, 20)]


def test_a_new_school_year_may_add_and_change_everything() -> None:
    next_year = district(school_year=2028, grade=lambda _: "04")
    assert codes(district(), next_year) == []
    assert codes(district(), district(grade=lambda _: "04")) == ["many-update"]
    assert codes(district(), district(students=31)) == ["many-add", "many-add"]


def test_a_large_class_waits_once() -> None:
    limits = Thresholds(largest_class=4, most_classes=50)
    before, after = district(20, classes=5), district(20, classes=4)
    (found,) = reasons(before, after, limits)
    assert (found.code, found.count, found.of) == ("large-class", 4, 5)
    assert found.says == "Classes with more than 4 students: 4 (the largest would have 5)."
    assert codes(after, district(21, classes=4), limits=limits) == []


def test_a_teacher_of_many_classes_waits() -> None:
    limits = Thresholds(most_classes=3, largest_class=50)
    before = district()
    rows = less(before)
    busy = [*rows["enrollments"], *(seat("t0", f"c{n}", "teacher") for n in range(4))]
    after = small(**rows | {"enrollments": busy}, demographics=[])
    assert [(r.code, r.count, r.of) for r in reasons(before, after, limits)] == [
        ("many-classes", 1, 4)
    ]


def test_a_district_of_small_losses_waits_as_a_whole() -> None:
    before = district(30)
    halves = less(before)
    halves["roles"] = [
        role(row["user_sourced_id"], "south") if row["user_sourced_id"] in named("s", 15) else row
        for row in halves["roles"]
    ]
    spread = small(**halves, demographics=[])
    gone = [*named("s", 4), *(f"s{n}" for n in range(20, 24))]
    limits = Thresholds(minimum=10, archive_share=0.1, archive_minimum=5)
    assert codes(spread, small(**less(spread, users=gone), demographics=[]), limits=limits) == [
        "many-leave"
    ]


def test_a_first_load_never_waits() -> None:
    plan = Installation().plan(district())
    assert (
        holds.hold_reasons(
            plan.by_table, students_by_school={}, school_names={}, modes={}, is_first_load=True
        )
        == []
    )


def archived(count: int) -> dict[str, TableChanges]:
    frame = pl.DataFrame({"id": range(count), "action": "archive", "school_id": None})
    stays = frame.with_columns(pl.col("school_id").cast(pl.Int64))
    return {"school enrollments": TableChanges(SCHOOL_ENROLLMENTS, stays)}


@pytest.mark.parametrize(
    ("count", "least", "needed"),
    [(499, 500, False), (500, 500, True), (500, None, False), (1, 1, True), (0, 0, False)],
)
def test_from_a_number_of_leavers_on_two_people_decide(
    count: int, least: int | None, needed: bool
) -> None:
    changes = archived(count)
    assert holds.needs_second_person(IntakePolicy(second_person_from=least), changes) == needed
    found = holds.hold_reasons(
        changes, students_by_school={}, school_names={}, modes={}, is_first_load=False,
        second_person_from=least,
    )  # fmt: skip
    assert [r.code for r in found] == (["two-people"] if needed else [])


def excluded(count: int, rows: int, cause: str = "ROS-301") -> tuple[Any, Any]:
    frame = pl.DataFrame(
        {"_line": range(count), "sourced_id": [f"k{n}" for n in range(count)], "cause": cause}
    )
    counts = BundleCounts(by_code={}, by_file={"users.csv": FileCount(rows=rows)}, records={})
    return counts, {"users": Exclusion("users", frame)}


@pytest.mark.parametrize(
    ("count", "rows", "percent", "expected"),
    [
        (2, 100, 2.0, []),
        (3, 100, 2.0, ["many-left-out"]),
        (3, 100, 5.0, []),
        (1, 100, 0.0, ["many-left-out"]),
        (0, 100, 0.0, []),
    ],
)
def test_many_excluded_records_make_a_plan_wait(
    count: int, rows: int, percent: float, expected: list[str]
) -> None:
    verdict = verdict_of_policy(
        IntakePolicy(largest_excluded_percent=percent), FindingReport(), *excluded(count, rows)
    )
    assert ([r.code for r in verdict.holds], verdict.blocks) == (expected, False)


def test_the_reason_says_how_many_are_left_out() -> None:
    (hold,) = verdict_of_policy(IntakePolicy(), FindingReport(), *excluded(3, 100)).holds
    assert hold.says == "3 of 100 rows of users.csv are left out because of errors (limit 2 %)."


def test_a_true_copy_of_a_row_leaves_nobody_out() -> None:
    assert REPEATED_ROW.code == holds.TRUE_COPY
    assert (
        verdict_of_policy(IntakePolicy(), FindingReport(), *excluded(50, 100, REPEATED_ROW.code))
        == policy.PolicyVerdict()
    )


@pytest.mark.parametrize(
    ("severity", "blocks"),
    [
        (Severity.FATAL, True), (Severity.ERROR, True),
        (Severity.WARNING, False), (Severity.INFO, False),
    ],
)  # fmt: skip
def test_a_source_may_block_on_any_error(severity: Severity, blocks: bool) -> None:
    report = FindingReport()
    report.add(policy.NOT_ARCHIVED.finding(file="", count="1", table="x", severity=severity))
    strict = IntakePolicy(errors=ErrorPolicy.BLOCK_ON_ANY_ERROR)
    verdict = verdict_of_policy(strict, report, *excluded(3, 100))
    assert verdict.blocks == blocks
    assert [f.code for f in verdict.findings] == (["ROS-611"] if blocks else [])
    assert [h.code for h in verdict.holds] == ([] if blocks else ["many-left-out"])
    assert not verdict_of_policy(IntakePolicy(), report, *excluded(0, 9)).blocks


def test_an_additive_source_archives_nobody_and_says_so() -> None:
    here = Installation()
    before = district()
    here.load(before)
    rows = less(before, users=named("s", 2))
    rows["users"] = [*rows["users"], user("new")]
    rows["roles"] = [*rows["roles"], role("new", "south")]
    plan = here.plan(small(**rows, demographics=[]))
    kept, findings = policy.without_archives(plan.changes)
    assert {c.table.name: set(c.frame["action"]) for c in kept} == {
        "students": {"add"}, "school enrollments": {"add"}
    }  # fmt: skip
    assert {(f.code, f.severity.value) for f in findings} == {("ROS-612", "info")}
    assert findings[0].says == (
        "2 students would be archived; this source only adds and changes, so they stay."
    )
    assert [c.table for c in policy.without_archives(here.plan(before).changes)[0]] == []
    assert STUDENTS.name in {c.table.name for c in plan.changes}


def test_limits_of_a_policy_are_read_back_as_they_were_written() -> None:
    said = IntakePolicy(
        errors=ErrorPolicy.BLOCK_ON_ANY_ERROR,
        second_person_from=None,
        thresholds=Thresholds(archive_share=0.2, largest_class=90),
    )
    assert policy.policy_from(said.as_json()) == said
