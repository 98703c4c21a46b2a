"""When a plan must wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from rollbook.changes.types import HoldReason, TableChanges
from rollbook.roster.types import Mode


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Say when a plan waits for a person.

    Units: shares are 0–1 of what the school (or the district) has now; a threshold below its
           minimum count never trips, so that small schools do not wait for three children.
    Source: reference, rostering 6.3, item 5.
    """

    archive_share: float = 0.10
    archive_count: int = 25
    archive_minimum: int = 5
    update_share: float = 0.75
    create_share: float = 0.50
    minimum: int = 50


DEFAULT_THRESHOLDS: Final = Thresholds()


def hold_reasons(
    changes: Mapping[str, TableChanges],
    *,
    students_by_school: Mapping[int, int],
    school_names: Mapping[int, str],
    modes: Mapping[str, Mode],
    is_first_load: bool,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[HoldReason]:
    """Say why a plan must wait for a person; an empty list lets it go on.

    Shape:  one reason per school and kind, schools by name, then those of the whole district.
    """
    if is_first_load:
        return []
    leaving = _leaving(changes.get("school enrollments"))
    reasons = [
        _leaving_reason(school, count, students_by_school.get(school, 0), school_names, thresholds)
        for school, count in sorted(leaving.items(), key=lambda pair: school_names.get(pair[0], ""))
        if _is_too_many(count, students_by_school.get(school, 0), thresholds)
    ]
    students = changes.get("students")
    total = sum(students_by_school.values())
    if students is not None and total >= thresholds.minimum:
        for action, share in (
            ("update", thresholds.update_share),
            ("add", thresholds.create_share),
        ):
            count = students.frame.filter(pl.col("action") == action).height
            if count > share * total:
                reasons.append(_whole_reason(action, count, total, share))
    return reasons


def _leaving(stays: TableChanges | None) -> dict[int, int]:
    """Count the students who would leave each school: archived there, or moved to another."""
    if stays is None or stays.frame.is_empty():
        return {}
    gone = [stays.frame.filter(pl.col("action") == "archive")["school_id"]]
    if "before.school_id" in stays.frame.columns:
        gone.append(stays.frame.filter(pl.col("action") == "move")["before.school_id"])
    counts = pl.concat([schools.alias("school") for schools in gone]).value_counts()
    return {int(school): int(count) for school, count in counts.iter_rows() if school is not None}


def _is_too_many(count: int, of: int, thresholds: Thresholds) -> bool:
    if count >= of > 0:
        return True  # a school that would stand empty always waits
    if count < thresholds.archive_minimum:
        return False
    return count > thresholds.archive_count or count > thresholds.archive_share * of


def _leaving_reason(
    school: int, count: int, of: int, names: Mapping[int, str], thresholds: Thresholds
) -> HoldReason:
    percent = round(100 * count / of) if of else 100
    return HoldReason(
        code="students-leave",
        says=(
            f"{names.get(school, 'A school')} would lose {count:,} of {of:,} students "
            f"({percent} %; limit {round(thresholds.archive_share * 100)} % "
            f"or {thresholds.archive_count})."
        ),
        organization_id=school,
        count=count,
        of=of,
    )


def _whole_reason(action: str, count: int, of: int, share: float) -> HoldReason:
    verb = {"update": "changed", "add": "added"}[action]
    return HoldReason(
        code=f"many-{action}",
        says=(
            f"{count:,} students would be {verb}; there are {of:,} now "
            f"(limit {round(share * 100)} %)."
        ),
        count=count,
        of=of,
    )
