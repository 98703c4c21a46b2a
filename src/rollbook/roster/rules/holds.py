"""When a plan must wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from rollbook.changes.types import HoldReason
from rollbook.roster.rules.sizes import crowded, shrunken_files
from rollbook.roster.rules.standing import (
    Changes,
    Frames,
    Standing,
    graduates_among,
    leaving_by_themselves,
    leaving_students,
    opens_year,
    standing_of,
)
from rollbook.roster.rules.thresholds import DEFAULT_THRESHOLDS, Thresholds
from rollbook.roster.types import BundleCounts, Exclusion, Mode, RosterFrames

if TYPE_CHECKING:
    from rollbook.roster.rules.policy import IntakePolicy  # it holds thresholds of its own

__all__ = [
    "DEFAULT_THRESHOLDS",
    "Thresholds",
    "exclusion_holds",
    "hold_reasons",
    "needs_second_person",
]

# The check that leaves out a row which says nothing new, as checks/cell_checks.py numbers it.
TRUE_COPY: Final = "ROS-229"
_NOTHING: Final[Mapping[str, frozenset[str]]] = {}
_NO_FRAMES: Final[Frames] = {}
# What people call the records whose leaving, changing or coming in bulk makes a plan wait.
_CALLED: Final[Mapping[str, str]] = {
    "students": "students",
    "staff": "staff members",
    "classes": "classes",
    "enrollments": "enrollments in classes",
}


def hold_reasons(
    changes: Changes,
    *,
    students_by_school: Mapping[int, int],
    school_names: Mapping[int, str],
    modes: Mapping[str, Mode],
    is_first_load: bool,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    current: Frames = _NO_FRAMES,
    source: str = "",
    incoming: RosterFrames | None = None,
    kept: Mapping[str, frozenset[str]] = _NOTHING,
    second_person_from: int | None = None,
) -> list[HoldReason]:
    """Say why a plan must wait for a person; an empty list lets it go on.

    Shape:  nobody left, then schools by name, then the whole district by kind of record, files,
            crowds. `current` and `source` are those of the `CurrentRoster` that was planned from,
            `incoming` and `kept` those of `plan_roster`. A school that waits for its students does
            not wait for their classes as well; the first roster of a school year may add and
            change as much as it likes.
    Source: reference, rostering 6.3, items 5 and 6.
    """
    if is_first_load:
        return []
    standing = standing_of(current, source)
    plan = _Look(changes, standing, _sizes(students_by_school, standing), school_names, thresholds)
    reasons = _nobody_left(plan) + _school_reasons(plan, _vanished(changes, modes))
    waiting = {reason.organization_id for reason in reasons}
    is_new_year = opens_year(changes, standing)
    if not is_new_year:
        reasons += _records_leave(plan, waiting)
    if not reasons:
        reasons += _many_leave(plan, ("students",) if is_new_year else tuple(_CALLED))
    if not is_new_year:
        reasons += _many_come_or_change(plan)
    if incoming is not None:
        reasons += shrunken_files(incoming, standing, kept=kept, limits=thresholds)
    reasons += crowded(changes, current, thresholds)
    return reasons + _two_people(changes, second_person_from)


@dataclass(frozen=True)
class _Look:
    """Hold what a plan is judged by: what it changes, and what there is."""

    changes: Changes
    standing: Standing
    sizes: Mapping[int, int]
    names: Mapping[int, str]
    limits: Thresholds

    def count(self, table: str, action: str) -> int:
        """Return how many records of a table have this done to them."""
        return _count(self.changes, table, action)

    def whole(self, table: str) -> int:
        """Return how many records of a table the whole district has."""
        if table == "students":
            return sum(self.sizes.values())
        return self.standing.totals.get(table, 0)

    def name(self, school: int | None) -> str:
        """Return what a school is called."""
        return self.names.get(school or 0, "A school")


def _sizes(students_by_school: Mapping[int, int], standing: Standing) -> dict[int, int]:
    """Return how many students each school has: today, or in the year that is on record."""
    counted = standing.stays.group_by("school_id").agg(pl.col("student_id").n_unique())
    sizes = dict(students_by_school)
    for school, count in counted.iter_rows():
        sizes[school] = max(int(count), sizes.get(school, 0))
    return sizes


def _vanished(changes: Changes, modes: Mapping[str, Mode]) -> set[int]:
    """Return the organizations that a roster does not name any more, or names as deleted."""
    places = changes.get("organizations")
    if places is None or modes.get("orgs", Mode.ABSENT) is Mode.ABSENT:
        return set()
    return set(places.frame.filter(pl.col("action") == "archive")["id"].to_list())


def _nobody_left(plan: _Look) -> list[HoldReason]:
    count, of = plan.count("students", "archive"), plan.standing.totals.get("students", 0)
    if not of or count < of:
        return []
    says = f"Nobody would be left: all {of:,} students of this source would leave."
    return [HoldReason("nobody-left", says, count=count, of=of)]


def _school_reasons(plan: _Look, vanished: set[int]) -> list[HoldReason]:
    """Say which schools vanish, and which lose too many students."""
    leavers = leaving_students(plan.changes, plan.standing)
    counts = {int(school): int(count) for school, count in leavers["school"].value_counts().rows()}
    reasons: list[HoldReason] = []
    for school in sorted({*counts, *vanished}, key=lambda school: (plan.name(school), school)):
        count, of = counts.get(school, 0), plan.sizes.get(school, 0)
        if school in vanished:
            says = (
                f"{plan.name(school)} is no longer in the roster; "
                f"{count:,} of its {of:,} students would leave."
            )
            reasons.append(HoldReason("school-vanished", says, school, count, of))
        elif _is_too_many(count, of, plan.limits):
            says = (
                f"{plan.name(school)} would lose {count:,} of {of:,} students "
                f"({_percent(count, of)} %; limit {round(plan.limits.archive_share * 100)} % "
                f"or {plan.limits.archive_count}).{_hint(plan, leavers, school, count)}"
            )
            reasons.append(HoldReason("students-leave", says, school, count, of))
    return reasons


def _is_too_many(count: int, of: int, limits: Thresholds) -> bool:
    if count >= of > 0:
        return True  # a school that would stand empty always waits
    if count < limits.archive_minimum:
        return False
    return count > limits.archive_count or count > limits.archive_share * of


def _hint(plan: _Look, leavers: pl.DataFrame, school: int, count: int) -> str:
    """Say that those who leave look like last year's graduates, where they do."""
    grade, graduates = graduates_among(leavers, school, plan.standing)
    if not grade or graduates < plan.limits.graduates_share * count:
        return ""
    return (
        f" {graduates:,} of them are in grade {grade}, the top grade there: "
        "they look like last year's graduates."
    )


def _records_leave(plan: _Look, waiting: set[int | None]) -> list[HoldReason]:
    """Say which schools lose too many of their staff, classes or enrollments."""
    reasons: list[HoldReason] = []
    for table in ("staff", "classes", "enrollments"):
        for school, count in _archived_by_school(plan.changes, table).items():
            of = plan.standing.by_school.get(table, {}).get(school, 0)
            if school in waiting or not _is_large_share(table, count, of, plan.limits):
                continue
            says = f"{plan.name(school)} would lose {_share(plan, table, count, of)}."
            reasons.append(HoldReason(f"{table}-leave", says, school, count, of))
    return sorted(reasons, key=lambda reason: plan.name(reason.organization_id))


def _archived_by_school(changes: Changes, table: str) -> dict[int, int]:
    change = changes.get(table)
    if change is None or "school_id" not in change.frame.columns:
        return {}
    gone = leaving_by_themselves(change.frame)["school_id"].drop_nulls()
    counts = gone.value_counts().sort("school_id")
    return {int(school): int(count) for school, count in counts.rows()}


def _is_large_share(table: str, count: int, of: int, limits: Thresholds) -> bool:
    return count >= limits.least(table) and count > limits.archive_share * of


def _share(plan: _Look, table: str, count: int, of: int) -> str:
    return (
        f"{count:,} of {of:,} {_CALLED[table]} "
        f"({_percent(count, of)} %; limit {round(plan.limits.archive_share * 100)} %)"
    )


def _many_leave(plan: _Look, tables: tuple[str, ...]) -> list[HoldReason]:
    """Say what of the whole district leaves in too large a part, where no school says so."""
    reasons: list[HoldReason] = []
    for table in tables:
        change = plan.changes.get(table)
        count = 0 if change is None else leaving_by_themselves(change.frame).height
        of = plan.whole(table)
        if of >= plan.limits.minimum and _is_large_share(table, count, of, plan.limits):
            says = f"The district would lose {_share(plan, table, count, of)}."
            reasons.append(HoldReason("many-leave", says, count=count, of=of))
    return reasons


def _many_come_or_change(plan: _Look) -> list[HoldReason]:
    shares = (
        ("update", "changed", plan.limits.update_share),
        ("add", "added", plan.limits.create_share),
    )
    reasons: list[HoldReason] = []
    for table, called in _CALLED.items():
        of = plan.whole(table)
        for action, verb, share in shares if of >= plan.limits.minimum else ():
            count = plan.count(table, action)
            if count > share * of:
                says = (
                    f"{count:,} {called} would be {verb}; there are {of:,} now "
                    f"(limit {round(share * 100)} %)."
                )
                reasons.append(HoldReason(f"many-{action}", says, count=count, of=of))
    return reasons


def _count(changes: Changes, table: str, action: str) -> int:
    change = changes.get(table)
    return 0 if change is None else change.frame.filter(pl.col("action") == action).height


def _percent(count: int, of: int) -> int:
    return round(100 * count / of) if of else 100


def needs_second_person(policy: IntakePolicy, changes: Changes) -> bool:
    """Tell whether so many students would leave that two people must approve the plan."""
    return bool(_two_people(changes, policy.second_person_from))


def _two_people(changes: Changes, least: int | None) -> list[HoldReason]:
    count = max(
        _count(changes, "students", "archive"), _count(changes, "school enrollments", "archive")
    )
    if least is None or count < max(least, 1):
        return []
    called = "student" if count == 1 else "students"
    says = f"{count:,} {called} would leave; from {least:,} on, two people must approve."
    return [HoldReason("two-people", says, count=count)]


def exclusion_holds(
    counts: BundleCounts, excluded: Mapping[str, Exclusion], *, largest_percent: float
) -> list[HoldReason]:
    """Say of which files so many rows are left out that a person must look.

    Units: `largest_percent` is 0–100 of the rows of one file.
    """
    holds: list[HoldReason] = []
    for file, exclusion in sorted(excluded.items()):
        counted = counts.by_file.get(f"{file}.csv")
        # A true copy of a row says nothing new: nobody is left out with it.
        lost = exclusion.frame.filter(pl.col("cause") != TRUE_COPY)
        count = lost.height
        # A row that could not be read is not among those that are counted.
        rows = (counted.rows if counted else 0) + lost["sourced_id"].null_count()
        if rows and 100 * count > largest_percent * rows:
            says = (
                f"{count:,} of {rows:,} rows of {file}.csv are left out because of errors "
                f"(limit {largest_percent:g} %)."
            )
            holds.append(HoldReason("many-left-out", says, count=count, of=rows))
    return holds
