"""Propose the smallest set of sharing rules that puts every student into exactly one section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from rollbook.roster.plan.candidates import (
    Candidate,
    candidate_rules,
    distinct,
    places_of,
    rules_elsewhere,
    school_rules,
)
from rollbook.roster.plan.exactly_once import Search
from rollbook.roster.plan.seating import Bools, Ints, Seating, seating_of
from rollbook.roster.plan.sections import (
    Cause,
    SectionTally,
    SectionWorld,
    cause_groups,
    section_counts,
    tally,
)
from rollbook.roster.plan.sharing import sharing_expression
from rollbook.roster.rules.sharing import Sharing, SharingMode

# One more rule to keep must win a classroom of students; for fewer, a correction in the student
# information system is less work than a rule for ever.
A_CLASSROOM: Final = 25
_SCHOOLS_LOOKED_AT: Final = 12
_RULES_PER_SCHOOL: Final = 3
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Targets:
    """Say which students need exactly one section: of some grades, of some schools; blank is all.

    Shape: `school_ids` are sourcedIds.
    """

    grades: frozenset[str] = frozenset()
    school_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fix:
    """Say the smallest correction in the student information system for some students alike.

    Shape: `edits` is how many enrollments are to be added (cause no_section, no_match) or ended
           (the others); `sections` are labels: of sections at the school to enroll in, or of those
           of one student of which one must stay. No student is named.
    """

    cause: Cause
    school: str
    student_count: int
    edits: int
    sections: tuple[str, ...]

    @property
    def adds(self) -> bool:
        """Tell whether enrollments are missing, rather than too many."""
        return self.cause in {Cause.NO_SECTION, Cause.NO_MATCH}

    @property
    def says(self) -> str:
        """Say what to do, in one sentence."""
        students = f"{self.student_count:,} student{'' if self.student_count == 1 else 's'}"
        listed = ", ".join(f"“{name}”" for name in self.sections)
        if not self.adds:
            ended = f"{self.edits:,} enrollment{'' if self.edits == 1 else 's'}"
            return (
                f"End {ended} of {students} of {self.school}, so that each keeps one of {listed}."
            )
        if not self.sections:
            return (
                f"Make a section at {self.school} that the rules match, "
                f"and enroll {students} in it."
            )
        return f"Enroll {students} of {self.school} in one section that matches, like {listed}."


@dataclass(frozen=True)
class Proposal:
    """Hold proposed rules and what they would do.

    Shape: `counts` is as `section_counts`, of the target students only; `by_school` has
           `school_sourced_id`, `school`, `none`, `one`, `more`; `groups` are as `cause_groups`;
           `fixes` come largest first.
    """

    sharing: Sharing
    tally: SectionTally
    counts: pl.DataFrame
    by_school: pl.DataFrame
    groups: pl.DataFrame
    fixes: tuple[Fix, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the proposal as plain values; no student is named."""
        return {
            "sharing": self.sharing.as_json(),
            "students": {
                "in_none": self.tally.none,
                "in_one": self.tally.one,
                "in_more": self.tally.more,
            },
            "schools": self.by_school.to_dicts(),
            "fixes": [
                {"cause": fix.cause.value, "school": fix.school, "students": fix.student_count,
                 "edits": fix.edits, "says": fix.says}
                for fix in self.fixes
            ],
        }  # fmt: skip


def propose_rules(
    world: SectionWorld,
    *,
    targets: Targets | None = None,
    least_gain: int | None = None,
    seconds: float = 5.0,
) -> Proposal:
    """Find the fewest rules that match most target students exactly once, and say who is left.

    Shape:  a rule is proposed only when it wins at least `least_gain` students, by default one in
            100 and a classroom at most. The same roster gives the same rules, in any
            order of its rows. No rules when there are no students or no sections.
    Units:  `seconds` bounds each of two exact searches; before them, a greedy search has found
            rules that are never replaced by worse ones.
    Source: reference, certification-and-groups 4 and rostering 6.3.
    """
    students = target_students(world, targets or Targets())
    seating = seating_of(world, students)
    gain = least_gain or max(1, min(A_CLASSROOM, seating.student_count // 100))
    search = Search(seating, candidate_rules(world.sections, seating), gain)
    choice = search.exact(search.greedy(), seconds=seconds)
    search.add(_by_school(search, choice, places_of(world.sections)))
    choice = search.exact(search.improved(search.grown(choice)), seconds=seconds)
    rules = sorted(
        (search.candidates[index] for index in choice), key=lambda one: _order(one, seating)
    )
    sharing = Sharing(SharingMode.RULES, rules=tuple(one.rule for one in rules))
    return proposal_of(world, sharing, students)


def target_students(world: SectionWorld, targets: Targets) -> pl.DataFrame:
    """Return the students of the world who need exactly one section."""
    students = world.students
    if targets.grades:
        students = students.filter(pl.col("grade").is_in(sorted(targets.grades)))
    if targets.school_ids:
        students = students.filter(pl.col("school_sourced_id").is_in(sorted(targets.school_ids)))
    return students


def proposal_of(world: SectionWorld, sharing: Sharing, students: pl.DataFrame) -> Proposal:
    """Work out what some rules do to some students, and what would put the rest right."""
    counts = section_counts(world, sharing).join(
        students.select("student"), on="student", how="semi"
    )
    by_school = (
        counts.group_by("school_sourced_id", "school")
        .agg(
            none=(pl.col("count") == 0).sum(),
            one=(pl.col("count") == 1).sum(),
            more=(pl.col("count") > 1).sum(),
        )
        .sort("school", "school_sourced_id")
    )
    groups = cause_groups(counts)
    fixes = _fixes(world, sharing, counts, groups)
    return Proposal(sharing, tally(counts), counts, by_school, groups, fixes)


def _order(candidate: Candidate, seating: Seating) -> tuple[object, ...]:
    return (-int(seating.seats()[candidate.sections].sum()), candidate.preference)


def _by_school(
    search: Search, choice: tuple[int, ...], places: Mapping[str, tuple[str, Bools]]
) -> list[Candidate]:
    """Make rules for the schools where a choice leaves most students in none or in several."""
    seating, counts = search.seating, search.counts(choice)
    if len(seating.schools) < 2:
        return []
    worst = [
        (number, key)
        for number in _worst_schools(seating, counts)
        if counts.size and (key := seating.schools[number]) in places
    ]
    found: list[Candidate] = []
    for number, key in worst[:_SCHOOLS_LOOKED_AT]:
        best = _best_within(search, seating.school == number)
        found += school_rules([search.candidates[index] for index in best], places, [key])
    crowded = [key for number, key in worst if _is_crowded(seating, counts, number)][:4]
    for index in choice:
        rule = search.candidates[index]
        found += [rules_elsewhere(rule, places, [key]) for key in crowded]
        if len(crowded) > 1:
            found.append(rules_elsewhere(rule, places, crowded))
    known = {np.packbits(one.sections).tobytes() for one in search.candidates}
    return [one for one in distinct(found) if np.packbits(one.sections).tobytes() not in known]


def _worst_schools(seating: Seating, counts: Ints) -> list[int]:
    wrong = np.where(counts == 1, 0, seating.weight)
    sums = [int(wrong[seating.school == number].sum()) for number in range(len(seating.schools))]
    return sorted(
        (number for number, count in enumerate(sums) if count), key=lambda n: (-sums[n], n)
    )


def _is_crowded(seating: Seating, counts: Ints, number: int) -> bool:
    return bool((counts[seating.school == number] > 1).any())


def _best_within(search: Search, here: Bools) -> list[int]:
    """Return the candidates that match most students of some groups exactly once."""
    weight = np.where(here, search.seating.weight, 0)
    once = [int(weight[search.alone(index)].sum()) for index in range(len(search.candidates))]
    return sorted(range(len(once)), key=lambda index: (-once[index], index))[:_RULES_PER_SCHOOL]


def _fixes(
    world: SectionWorld, sharing: Sharing, counts: pl.DataFrame, groups: pl.DataFrame
) -> tuple[Fix, ...]:
    open_sections = (
        world.sections.filter(sharing_expression(sharing))
        .sort("label", "section", nulls_last=True)
        .group_by("school_sourced_id")
        .agg(pl.col("label").drop_nulls().unique(maintain_order=True).head(_EXAMPLES))
    )
    inside = dict(open_sections.iter_rows())
    edits = (
        counts.filter(pl.col("count") != 1)
        .with_columns(edits=pl.max_horizontal(pl.col("count").cast(pl.Int64) - 1, 1))
        .group_by("cause", "school_sourced_id")
        .agg(pl.col("edits").sum())
    )
    fixed = groups.join(edits, on=["cause", "school_sourced_id"], maintain_order="left")
    fixes: list[Fix] = []
    for row in fixed.iter_rows(named=True):
        cause = Cause(row["cause"])
        is_missing = cause in {Cause.NO_SECTION, Cause.NO_MATCH}
        labels = inside.get(row["school_sourced_id"], []) if is_missing else row["examples"]
        fixes.append(Fix(cause, row["school"], row["students"], row["edits"], tuple(labels)))
    return tuple(fixes)
