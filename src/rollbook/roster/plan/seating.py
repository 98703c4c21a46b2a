"""Who sits where, as arrays: students with the same seats are one, so that a search is quick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rollbook.roster.plan.sections import SectionWorld

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Seating:
    """Hold seats of students alike: the same sections, the same school.

    Shape: seat i puts group `group[i]` into section `section[i]`; `weight` is how many students a
           group has, `school` the number of its school in `schools`; sections as in the world.
    """

    group: Ints
    section: Ints
    weight: Ints
    school: Ints
    schools: tuple[str, ...]
    section_count: int

    @property
    def student_count(self) -> int:
        """Return how many students there are."""
        return int(self.weight.sum())

    def counts(self, sections: Bools) -> Ints:
        """Count, for each group, the sections among some."""
        return np.bincount(self.group[sections[self.section]], minlength=self.weight.size)

    def seats(self) -> Ints:
        """Count the students of each section."""
        sums: NDArray[Any] = np.bincount(
            self.section, weights=self.weight[self.group], minlength=self.section_count
        )
        return sums.astype(np.int64)


def seating_of(world: SectionWorld, targets: pl.DataFrame) -> Seating:
    """Group the target students (rows of `world.students`) by their sections and school."""
    sat = (
        world.members.join(targets.select("student"), on="student", how="semi")
        .group_by("student")
        .agg(pl.col("section").sort())
    )
    alike = (
        targets.select("student", "school_sourced_id")
        .join(sat, on="student", how="left")
        .with_columns(key=pl.col("section").cast(pl.List(pl.String())).list.join(" "))
        .group_by("school_sourced_id", "key")
        .agg(pl.col("section").first(), weight=pl.len())
        .sort("school_sourced_id", "key", nulls_last=True)
        .with_row_index("group")
    )
    seats = alike.select("group", "section").explode("section", empty_as_null=True).drop_nulls()
    schools = alike["school_sourced_id"].unique().sort()
    numbers = alike["school_sourced_id"].replace_strict(
        schools.to_list(), list(range(schools.len())), return_dtype=pl.Int64
    )
    return Seating(
        group=_ints(seats["group"]),
        section=_ints(seats["section"]),
        weight=_ints(alike["weight"]),
        school=_ints(numbers),
        schools=tuple(schools.to_list()),
        section_count=world.sections.height,
    )


def _ints(column: pl.Series) -> Ints:
    return column.cast(pl.Int64).to_numpy().astype(np.int64)
