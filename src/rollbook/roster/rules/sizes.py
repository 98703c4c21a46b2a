"""What is suspiciously small or large: files that shrank, classes and teachers with too many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from rollbook.changes.plan import apply
from rollbook.changes.types import HoldReason, TableChanges
from rollbook.roster.rules.standing import Changes, Frames, Standing
from rollbook.roster.rules.thresholds import Thresholds
from rollbook.roster.types import Mode, RosterFrames

# Each file with its frame and the tables whose records it brought.
_FILES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "orgs": ("orgs", ("organizations",)),
    "users": ("users", ("students", "staff")),
    "classes": ("classes", ("classes",)),
    "enrollments": ("enrollments", ("enrollments",)),
}


def shrunken_files(
    incoming: RosterFrames,
    standing: Standing,
    *,
    kept: Mapping[str, frozenset[str]],
    limits: Thresholds,
) -> list[HoldReason]:
    """Say which files bring nothing, or less than half of what they brought before.

    Shape: `kept` are the sourcedIds that came but were left out, by frame: they did come.
    """
    reasons: list[HoldReason] = []
    for file, (name, tables) in _FILES.items():
        known = sum(standing.totals.get(table, 0) for table in tables)
        if incoming.modes.get(file, Mode.ABSENT) is not Mode.BULK or not known:
            continue
        frame: pl.DataFrame = getattr(incoming, name)
        came = frame.height + len(kept.get(name, frozenset()))
        if came == 0:
            says = f"{file}.csv is empty; there are {known:,} records of it now."
            reasons.append(HoldReason("file-empty", says, count=0, of=known))
        elif came < limits.file_share * known and known - came >= limits.archive_minimum:
            says = (
                f"{file}.csv brings {came:,} records; there are {known:,} now "
                f"(limit {round(100 * limits.file_share)} %)."
            )
            reasons.append(HoldReason("half-size", says, count=came, of=known))
    return reasons


def crowded(changes: Changes, frames: Frames, limits: Thresholds) -> list[HoldReason]:
    """Say whether the plan makes a class, or a teacher's list of classes, larger than any is.

    Shape: what was as large before does not wait again, or no sync would ever pass.
    """
    change = changes.get("enrollments")
    if change is None or "enrollments" not in frames:
        return []
    before = frames["enrollments"].filter("is_active")
    reasons: list[HoldReason] = []
    for column, of, limit, code, says in _CROWDS:
        most = getattr(limits, limit)
        touched = _touched(change, frames["enrollments"], column)
        part = frames["enrollments"].filter(pl.col(column).is_in(touched.implode()))
        change_of = TableChanges(change.table, _of(change, part, column))
        after = apply([change_of], {"enrollments": part})["enrollments"].filter("is_active")
        full = _over(after, column, of, most).join(
            _over(before, column, of, most), on=column, how="anti"
        )
        if full.height:
            largest = int(str(full["count"].max()))
            text = says.format(count=full.height, most=most, largest=f"{largest:,}")
            reasons.append(HoldReason(code, text, count=full.height, of=largest))
    return reasons


_CROWDS: Final = (
    (
        "class_taught_id",
        "student_id",
        "largest_class",
        "large-class",
        "Classes with more than {most} students: {count:,} (the largest would have {largest}).",
    ),
    (
        "staff_id",
        "class_taught_id",
        "most_classes",
        "many-classes",
        "Teachers with more than {most} classes: {count:,} (one would have {largest}).",
    ),
)


def _touched(change: TableChanges, known: pl.DataFrame, column: str) -> pl.Series:
    """Return the classes, or the staff, to whom the plan adds or brings back enrollments."""
    growing = change.frame.filter(pl.col("action").is_in(["add", "reactivate", "update"]))
    parts = [known.filter(pl.col("id").is_in(growing["id"].implode()))[column]]
    if f"after.{column}" in growing.columns:
        parts.append(growing[f"after.{column}"])
    return pl.concat([part.rename("id") for part in parts]).drop_nulls().unique()


def _of(change: TableChanges, part: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the rows of a change that are about these records, or add to them."""
    here = pl.col("id").is_in(part["id"].implode())
    return change.frame.filter(here | (pl.col("action") == "add"))


def _over(seats: pl.DataFrame, column: str, of: str, most: int) -> pl.DataFrame:
    return (
        seats.drop_nulls([column, of])
        .group_by(column)
        .agg(count=pl.col(of).n_unique())
        .filter(pl.col("count") > most)
    )
