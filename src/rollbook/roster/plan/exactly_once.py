"""Choose rules so that as many students as possible are matched exactly once, by few rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from rollbook.roster.plan.candidates import Candidate
from rollbook.roster.plan.covering import Covering, best_covering
from rollbook.roster.plan.seating import Bools, Ints, Seating

# A student counts more than any saving of rules, a rule more than any saving of conditions.
STUDENT_WORTH: Final = 10_000
RULE_COST: Final = 100
CONDITION_COST: Final = 1
MOST_RULES: Final = 40

_STARTS: Final = 5
_IMPROVED: Final = 2
_ROUNDS: Final = 4


@dataclass
class Search:
    """Hold one search: candidates, what each does alone, and the best choice so far.

    Shape: a choice is a sorted tuple of indexes into `candidates`. `least_gain` is how many
           students one more rule must win.
    """

    seating: Seating
    candidates: list[Candidate]
    least_gain: int = 1
    _once: list[Bools] = field(default_factory=list[Bools])
    _values: dict[tuple[int, ...], int] = field(default_factory=dict[tuple[int, ...], int])

    def __post_init__(self) -> None:
        self._note(self.candidates)

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Add candidates, behind those that are there."""
        self.candidates.extend(candidates)
        self._note(candidates)

    def _note(self, candidates: Sequence[Candidate]) -> None:
        self._once.extend(self.seating.counts(one.sections) == 1 for one in candidates)

    def alone(self, index: int) -> Bools:
        """Tell which groups one candidate matches exactly once by itself."""
        return self._once[index]

    def sections(self, choice: Sequence[int]) -> Bools:
        """Return the sections that any rule of a choice matches."""
        matched = np.zeros(self.seating.section_count, dtype=np.bool_)
        for index in choice:
            matched |= self.candidates[index].sections
        return matched

    def counts(self, choice: Sequence[int]) -> Ints:
        """Count each group's sections that a choice matches."""
        return self.seating.counts(self.sections(choice))

    def value(self, choice: tuple[int, ...]) -> int:
        """Weigh a choice: students matched exactly once, less what its rules cost."""
        if (known := self._values.get(choice)) is None:
            once = int(self.seating.weight[self.counts(choice) == 1].sum())
            known = once * STUDENT_WORTH - self.cost(choice)
            self._values[choice] = known
        return known

    def cost(self, choice: Sequence[int]) -> int:
        """Weigh the rules of a choice."""
        return sum(self.rule_cost(index) for index in choice)

    def rule_cost(self, index: int) -> int:
        """Weigh one rule: the students it must win, then itself, then its conditions."""
        conditions = len(self.candidates[index].rule.conditions)
        must_win = STUDENT_WORTH * (self.least_gain - 1)
        return must_win + RULE_COST + CONDITION_COST * conditions

    def grown(self, choice: tuple[int, ...]) -> tuple[int, ...]:
        """Add the best rule again and again, until none is worth it."""
        value = self.value(choice)
        while len(choice) < MOST_RULES:
            found = self._best_addition(choice, value)
            if found is None:
                break
            value, choice = found
        return choice

    def _best_addition(
        self, choice: tuple[int, ...], value: int
    ) -> tuple[int, tuple[int, ...]] | None:
        """Find the rule that adds most; what it wins alone among the unmatched bounds its gain."""
        unmatched = np.where(self.counts(choice) == 0, self.seating.weight, 0)
        bounds = [
            int(unmatched[once].sum()) * STUDENT_WORTH - self.rule_cost(index)
            for index, once in enumerate(self._once)
        ]
        order = sorted(range(len(bounds)), key=lambda index: (-bounds[index], index))
        best: tuple[int, tuple[int, ...]] | None = None
        for index in order:
            reached = best[0] if best else value
            if value + bounds[index] <= reached:
                break
            if index in choice:
                continue
            tried = tuple(sorted((*choice, index)))
            if (worth := self.value(tried)) > reached:
                best = (worth, tried)
        return best

    def improved(self, choice: tuple[int, ...]) -> tuple[int, ...]:
        """Take rules out and let others grow in their place, while that helps."""
        value = self.value(choice)
        for _ in range(_ROUNDS):
            before = value
            for index in choice:
                rest = tuple(one for one in choice if one != index)
                for tried in (rest, self.grown(rest)):
                    if (worth := self.value(tried)) > value:
                        value, choice = worth, tried
            if value == before:
                break
        return choice

    def greedy(self) -> tuple[int, ...]:
        """Choose by growing from nothing and from each of the best first rules."""
        firsts = sorted(
            range(len(self.candidates)), key=lambda index: (-self.value((index,)), index)
        )[:_STARTS]
        grown = dict.fromkeys([self.grown(()), *(self.grown((index,)) for index in firsts)])
        likely = sorted(grown, key=lambda choice: (-self.value(choice), choice))[:_IMPROVED]
        return self.best(self.improved(choice) for choice in likely)

    def best(self, choices: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
        """Return the most valuable choice, the first among equals; none of none."""
        return max(choices, key=self.value, default=())

    def exact(self, warm: tuple[int, ...], *, seconds: float) -> tuple[int, ...]:
        """Choose by a mixed-integer program, which is never worse than `warm`."""
        pool = self._pool(warm)
        covering = self._covering(pool)
        chosen = best_covering(covering, warm=[pool.index(one) for one in warm], seconds=seconds)
        return self.best([warm, tuple(sorted(pool[index] for index in chosen))])

    def _pool(self, warm: tuple[int, ...]) -> list[int]:
        """List the candidates that a program is made of: the choice so far, and the strongest."""
        alone = [int(self.seating.weight[once].sum()) for once in self._once]
        strongest = sorted(range(len(alone)), key=lambda index: (-alone[index], index))
        return sorted({*warm, *strongest[: self._pool_size()]})

    def _pool_size(self) -> int:
        return max(12, min(60, LARGEST_PROGRAM // max(1, self.seating.weight.size)))

    def _covering(self, pool: list[int]) -> Covering:
        """Reduce the search to patterns: which candidates match a section, who has which."""
        masks = np.stack([self.candidates[index].sections for index in pool])
        rows, kind = np.unique(masks.T, axis=0, return_inverse=True)
        matters = np.logical_or.reduce(rows, axis=1)
        seats: Bools = matters[kind[self.seating.section]]
        frame = (
            pl.DataFrame(
                {
                    "group": self.seating.group[seats],
                    "kind": kind[self.seating.section][seats].astype(np.int64),
                }
            )
            .group_by("group", "kind")
            .agg(times=pl.len().clip(upper_bound=2))
            .sort("group", "kind")
            .group_by("group", maintain_order=True)
            .agg("kind", "times")
        )
        weights = pl.DataFrame({"group": np.arange(self.seating.weight.size)}).with_columns(
            weight=pl.Series(self.seating.weight)
        )
        held = (
            frame.join(weights, on="group")
            .with_columns(
                key=pl.concat_list("kind", "times").cast(pl.List(pl.String())).list.join(" ")
            )
            .group_by("key")
            .agg(pl.col("kind").first(), pl.col("times").first(), pl.col("weight").sum())
            .sort("key")
        )
        return Covering(
            matchers=[np.flatnonzero(row).tolist() for row in rows],
            holders=[
                (dict(zip(kinds, times, strict=True)), weight)
                for kinds, times, weight in held.select("kind", "times", "weight").iter_rows()
            ],
            costs=[self.rule_cost(index) / STUDENT_WORTH for index in pool],
        )


# A program of more rows than this is not finished within the seconds that a person waits.
LARGEST_PROGRAM: Final = 60_000
