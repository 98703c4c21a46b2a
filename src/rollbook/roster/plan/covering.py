"""The choice of rules as a mixed-integer program, solved by HiGHS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import highspy
import numpy as np

# Work, not time, ends a search, so that a slow machine finds what a quick one does; the clock is
# only the last resort.
_MOST_NODES: Final = 2_000


@dataclass(frozen=True)
class Covering:
    """Hold patterns of sections and of students.

    Shape: `matchers[k]` lists the rules that match sections of kind k; a holder is how many
           sections of each kind (1, or 2 for more) students have, and how many students.
           `costs` has each rule's cost, in students.
    """

    matchers: Sequence[Sequence[int]]
    holders: Sequence[tuple[Mapping[int, int], int]]
    costs: Sequence[float]


@dataclass
class _Rows:
    """Collect the rows of a program."""

    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list[int])
    values: list[float] = field(default_factory=list[float])
    lower: list[float] = field(default_factory=list[float])
    upper: list[float] = field(default_factory=list[float])

    def add(self, terms: Mapping[int, float], *, at_most: float) -> None:
        """Add: the sum of the terms is no more than a number."""
        self.columns.extend(terms)
        self.values.extend(terms.values())
        self.starts.append(len(self.columns))
        self.lower.append(-highspy.kHighsInf)
        self.upper.append(at_most)


def best_covering(covering: Covering, *, warm: Sequence[int], seconds: float) -> list[int]:
    """Choose the rules that match most students exactly once, less the rules' costs.

    Shape: numbers of rules, sorted; `warm` itself when nothing better is found in time.
    """
    if not covering.holders or not covering.costs:
        return sorted(warm)
    program, rule_count = _program(covering)
    solver: Any = highspy.Highs()
    for option, value in {
        "output_flag": False,
        "threads": 1,
        "random_seed": 1,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 1e-6,
        "mip_max_nodes": _MOST_NODES,
        "time_limit": float(seconds),
    }.items():
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    values = list(solver.getSolution().col_value)
    if len(values) < rule_count or not solver.getSolution().value_valid:
        return sorted(warm)
    return [index for index in range(rule_count) if values[index] > 0.5]


def _program(covering: Covering) -> tuple[Any, int]:
    """Write the program: rules (0 or 1), kinds matched, holders matched exactly once.

    Shape: for a holder y of kinds m: y ≤ Σ m; y ≤ 1 − m for a kind held twice; and for kinds held
           together, Σ m ≤ 1 + (n − 1)(1 − y).
    """
    rules, kinds = len(covering.costs), len(covering.matchers)
    rows = _Rows()
    for kind, matchers in enumerate(covering.matchers):
        column = rules + kind
        for rule in matchers:
            rows.add({rule: 1.0, column: -1.0}, at_most=0.0)
        rows.add({column: 1.0} | dict.fromkeys(matchers, -1.0), at_most=0.0)
    for number, (held, _) in enumerate(covering.holders):
        _add_holder(rows, held, rules, rules + kinds + number)
    program: Any = highspy.HighsLp()
    count = rules + kinds + len(covering.holders)
    program.num_col_, program.num_row_ = count, len(rows.upper)
    program.col_cost_ = np.array(
        [*covering.costs, *([0.0] * kinds), *(-float(weight) for _, weight in covering.holders)]
    )
    program.col_lower_, program.col_upper_ = np.zeros(count), np.ones(count)
    program.row_lower_, program.row_upper_ = np.array(rows.lower), np.array(rows.upper)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.array(rows.starts, dtype=np.int32)
    program.a_matrix_.index_ = np.array(rows.columns, dtype=np.int32)
    program.a_matrix_.value_ = np.array(rows.values)
    integer, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    program.integrality_ = [integer] * rules + [real] * kinds + [integer] * len(covering.holders)
    return program, rules


def _add_holder(rows: _Rows, held: Mapping[int, int], first_kind: int, holder: int) -> None:
    columns = [first_kind + kind for kind in held]
    rows.add({holder: 1.0} | dict.fromkeys(columns, -1.0), at_most=0.0)
    for kind, times in held.items():
        if times > 1:
            rows.add({holder: 1.0, first_kind + kind: 1.0}, at_most=1.0)
    more = float(len(columns) - 1)
    if more:
        rows.add({holder: more} | dict.fromkeys(columns, 1.0), at_most=1.0 + more)
