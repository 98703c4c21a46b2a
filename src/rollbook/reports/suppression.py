"""Hide what is too small to show, and what would give it away.

Three steps, over all rows of an answer at once. First every group of 1 to `min_n` - 1 students is
hidden, and the levels of a group that are all in one level. Then, line by line until nothing
changes, a sum with one hidden part, or with fewer than `min_n` students hidden in all, gets the
next smallest part hidden too. Then the audit plays the attacker.

**What the audit proves.** It writes down every sum that holds between shown and hidden counts
(values to Overall, schools to district to state, levels and unscored to students tested), solves
them by elimination, and narrows the bounds of each hidden count from all of those equations until
nothing moves, or for 40 turns. No hidden count is determined by any linear combination of shown
ones. No bounds reached this way leave a hidden number of students fewer than 3 possible values, or
a hidden number at a level fewer than 2, except where a shown total of 0 or 1 says so plainly of its
parts. If hiding does not reach this, everything about the assessment is hidden.

**What it does not prove.** Bounds narrowed equation by equation can be wider than those a linear
or integer program finds; a program over the whole release comes with certified releases. Other
questions, other dates and other assessments of the same students are not looked at here, nor is
what an attacker may know of single students.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from rollbook.reports.rules import Group, Line, margins
from rollbook.reports.types import Row

SHOWN, LEVELS_HIDDEN, ALL_HIDDEN = 0, 1, 2
WORDS: Final = ("", "levels", "all")
_ROUNDS: Final = 60
# Bounds that still move after so many turns creep by ones; they are already wide.
_TURNS: Final = 40
# Above this the elimination takes minutes on a small server.
_MOST_UNKNOWNS: Final = 2500
_TINY: Final = 1e-7


class AnswerIsTooLarge(ValueError):
    """Say that so much is hidden that its safety cannot be checked in reasonable time."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Hold the rules of an agency.

    Shape: groups of fewer than `min_n` students are hidden; a hidden count keeps at least `width`
           possible values, at a level `level_width`.
    Source: California hides 10 or fewer. Federal law leaves the number to each state (ESSA).
    """

    min_n: int = 11
    width: int = 3
    level_width: int = 2


CALIFORNIA: Final = Profile()


def suppress(
    rows: Sequence[Row], *, exempt: Callable[[Row], bool], profile: Profile = CALIFORNIA
) -> list[Row]:
    """Mark what must not be shown of rows that stand together in one answer.

    Shape:  the same rows in the same order, `hidden` set; rows for which `exempt` is true (the
            reader sees those very students) are shown and count as known.
    Raises: AnswerIsTooLarge; ask about fewer organizations at once.
    """
    marked = list(rows)
    places = sorted(range(len(rows)), key=lambda number: _assessment(rows[number]))
    for _, chosen in groupby(places, key=lambda number: _assessment(rows[number])):
        by_score: dict[str, list[int]] = {}
        for number in chosen:
            by_score.setdefault(rows[number].score_code, []).append(number)
        for numbers, flags in _of_scores(rows, list(by_score.values()), exempt, profile):
            for number, flag in zip(numbers, flags, strict=True):
                marked[number] = replace(rows[number], hidden=WORDS[flag])
    return marked


def _assessment(row: Row) -> tuple[int, str, str]:
    return row.school_year, row.assessment_id, row.grade


def _of_scores(
    rows: Sequence[Row],
    blocks: Sequence[list[int]],
    exempt: Callable[[Row], bool],
    profile: Profile,
) -> Iterator[tuple[list[int], list[int]]]:
    """Hide the same groups in every claim: as many students took one as the other."""
    solved = [_Block.of([rows[number] for number in block], exempt, profile) for block in blocks]
    before: dict[object, int] = {}
    while True:
        union: dict[object, int] = {}
        for block in solved:
            block.protect()
            for label, flag in block.labelled():
                union[label] = max(flag, union.get(label, SHOWN))
        if len(solved) == 1 or union == before:
            break
        before = union
        for block in solved:
            block.join(union)
    for numbers, block in zip(blocks, solved, strict=True):
        yield numbers, block.flags[: len(numbers)]


@dataclass
class _Block:
    """Protect the rows of one assessment, of one claim where it has claims."""

    rows: list[Row]
    groups: list[Group]
    lines: list[Line]
    exempt: list[bool]
    profile: Profile
    flags: list[int] = field(default_factory=list[int])
    near: dict[int, list[int]] = field(default_factory=dict[int, list[int]])  # lines, by group

    @classmethod
    def of(cls, rows: list[Row], exempt: Callable[[Row], bool], profile: Profile) -> _Block:
        groups, lines = margins(rows)
        exempted = [exempt(row) for row in rows]
        block = cls(rows, groups, lines, exempted, profile)
        for number, line in sorted(enumerate(lines), key=lambda pair: pair[1].is_loose):
            for group in (*line.parts, line.total):
                block.near.setdefault(group, []).append(number)
        block.flags = [block._primary(number) for number in range(len(groups))]
        return block

    def labelled(self) -> Iterator[tuple[object, int]]:
        for number, row in enumerate(self.rows):
            yield (row.place.level, row.place.id, row.subgroup, row.value), self.flags[number]

    def join(self, union: dict[object, int]) -> None:
        for number, (label, flag) in enumerate(list(self.labelled())):
            if not self.exempt[number] and self.groups[number].tested:
                self.flags[number] = max(flag, union[label])

    def protect(self) -> None:
        """Hide more until the audit finds nothing."""
        for _ in range(_ROUNDS):
            self._hide_along_lines()
            exposed = audit(self.groups, self.lines, self.flags, self.profile)
            if not exposed:
                return
            if not self._hide_near_each(exposed):
                break
        self._hide_everything()

    def _hide_near_each(self, exposed: Sequence[tuple[int, int]]) -> bool:
        """Hide one more group beside each exposed count; tell whether any was.

        What is hidden for one count may protect the next along the same line, so of the lines
        through one count each is used once before the audit looks again.
        """
        used: set[int] = set()
        for number, layer in exposed:
            near = self.near.get(number, [])
            if used.isdisjoint(near):
                chosen = self._beside(number, ALL_HIDDEN if layer == 0 else LEVELS_HIDDEN)
                if chosen is not None:
                    self.flags[chosen[0]] = chosen[1]
                    used.update(line for line in near if self._is_on(chosen[0], line))
        return bool(used)

    def _beside(self, number: int, flag: int) -> tuple[int, int] | None:
        """Choose what to hide, and how far, to protect a count of this group: part or total."""
        lines = [self.lines[line] for line in self.near.get(number, ())]
        exact = [line for line in lines if not line.is_loose]
        for among in (
            {part for line in exact for part in line.parts},
            {line.total for line in exact},
            {part for line in lines for part in line.parts},
        ):
            shown = [n for n in among - {number} if self._may_hide(n, flag)]
            if shown:
                return min(shown, key=self._cost), flag
        return (number, ALL_HIDDEN) if self._may_hide(number, ALL_HIDDEN) else None

    def _is_on(self, number: int, line: int) -> bool:
        return number == self.lines[line].total or number in self.lines[line].parts

    def _primary(self, number: int) -> int:
        group = self.groups[number]
        if self._is_row(number) and self.exempt[number]:
            return SHOWN
        if group.row is None and (group.is_inseparable or 0 < group.tested < self.profile.min_n):
            return ALL_HIDDEN
        if group.row is None:
            return SHOWN  # by another question
        if 0 < group.tested < self.profile.min_n:
            return ALL_HIDDEN
        scored = sum(group.parts[1:])
        if 0 < scored < self.profile.min_n or (scored and max(group.parts[1:]) == scored):
            return LEVELS_HIDDEN
        return SHOWN

    def _is_row(self, number: int) -> bool:
        return self.groups[number].row is not None

    def _is_secret(self, number: int) -> bool:
        small = 0 < self.groups[number].tested < self.profile.min_n
        return self.flags[number] == ALL_HIDDEN and (self._is_row(number) or small)

    def _hide_along_lines(self) -> None:
        changed = True
        while changed:
            changed = False
            for line in self.lines:
                while self._tells(line) and self._hide_next(line):
                    changed = True

    def _tells(self, line: Line) -> bool:
        """Tell whether subtraction along this line alone gives something away."""
        unknown = [n for n in (*line.parts, line.total) if self.flags[n] == ALL_HIDDEN]
        if not any(self._is_secret(number) for number in unknown):
            return False
        if line.total in unknown:
            return len(unknown) == 1 and not line.is_loose
        if len(unknown) == 1:
            return True
        return sum(self.groups[number].tested for number in unknown) < self.profile.min_n

    def _hide_next(self, line: Line) -> bool:
        """Hide the smallest part that is still shown, else the total; tell whether any was."""
        for among in (line.parts, () if line.is_loose else (line.total,)):
            shown = [number for number in among if self._may_hide(number, ALL_HIDDEN)]
            if shown:
                self.flags[min(shown, key=self._cost)] = ALL_HIDDEN
                return True
        return False

    def _cost(self, number: int) -> tuple[int, int, int]:
        """Rank what to hide: what fewest sums would tell of, then the smallest."""
        return len(self.near.get(number, ())), self.groups[number].tested, number

    def _may_hide(self, number: int, flag: int) -> bool:
        return (
            self._is_row(number)
            and not self.exempt[number]
            and self.groups[number].tested > 0
            and self.flags[number] < flag
        )

    def _hide_everything(self) -> None:
        for number in range(len(self.rows)):
            if self._may_hide(number, ALL_HIDDEN):
                self.flags[number] = ALL_HIDDEN


# The audit ----------------------------------------------------------------------------------------

Term = tuple[int, float]  # an unknown and its coefficient


@dataclass(slots=True)
class _Equation:
    """Say that the terms add up to `value`."""

    terms: list[Term]
    value: float


def audit(
    groups: Sequence[Group], lines: Sequence[Line], flags: Sequence[int], profile: Profile
) -> list[tuple[int, int]]:
    """List the hidden counts that an attacker narrows down too far.

    Shape:  (group, layer): layer 0 is the number tested, 1 those unscored, 2 and up the levels.
            Groups that no row tells of are looked at only if they are small themselves.
    Raises: AnswerIsTooLarge.
    """
    table = _Table(groups, lines, flags)
    equations = table.equations()
    low, high = table.bounds()
    for component in _components(equations, len(low)):
        _narrow([*component, *_eliminated(component)], low, high)
    exposed: list[tuple[int, int]] = []
    for number, layer in table.secrets(profile):
        at = table.index(number, layer)
        # A shown total of 0 or 1 narrows its parts by itself: that is what was meant to be shown.
        width = profile.level_width if layer else profile.width
        if high[at] - low[at] < min(width - 1, table.room(number, layer)):
            exposed.append((number, layer))
    return exposed


@dataclass
class _Table:
    """Number the counts, and say which are known."""

    groups: Sequence[Group]
    lines: Sequence[Line]
    flags: Sequence[int]
    caps: dict[int, float] = field(default_factory=dict[int, float])
    rooms: dict[int, float] = field(default_factory=dict[int, float])

    def __post_init__(self) -> None:
        self.layer_count = 1 + len(self.groups[0].parts) if self.groups else 1
        self.above: dict[int, list[int]] = {}
        self.below: dict[int, list[tuple[int, ...]]] = {}
        for line in self.lines:
            if not line.is_loose:
                self.below.setdefault(line.total, []).append(line.parts)
            for part in () if line.is_loose else line.parts:
                self.above.setdefault(part, []).append(line.total)

    def index(self, number: int, layer: int) -> int:
        return number * self.layer_count + layer

    def count(self, number: int, layer: int) -> int:
        group = self.groups[number]
        return group.tested if layer == 0 else group.parts[layer - 1]

    def is_known(self, number: int, layer: int) -> bool:
        return self.flags[number] < (ALL_HIDDEN if layer == 0 else LEVELS_HIDDEN)

    def secrets(self, profile: Profile) -> Iterator[tuple[int, int]]:
        for number, group in enumerate(self.groups):
            if group.row is not None or 0 < group.tested < profile.min_n:
                for layer in range(self.layer_count):
                    if not self.is_known(number, layer):
                        yield number, layer

    def bounds(self) -> tuple[list[float], list[float]]:
        size = len(self.groups) * self.layer_count
        low, high = [0.0] * size, [math.inf] * size
        for number, group in enumerate(self.groups):
            if group.row is not None and self.flags[number] == ALL_HIDDEN:
                low[self.index(number, 0)] = 1.0  # nobody at all is shown as 0
        return low, high

    def cap(self, number: int, layer: int) -> float:
        """Return the least shown total that plainly holds this count."""
        at = self.index(number, layer)
        if at not in self.caps:
            totals = [(total, layer) for total in self.above.get(number, ())]
            totals += [(number, 0)] if layer else []
            found = (
                float(self.count(*total)) if self.is_known(*total) else self.cap(*total)
                for total in totals
            )
            self.caps[at] = min(found, default=math.inf)
        return self.caps[at]

    def room(self, number: int, layer: int) -> float:
        """Return how far a hidden count may move at most, for what shown totals plainly say.

        A total moves no further than its hidden parts together: a school where 1 student is
        unscored says so of each of its groups, and of the one group that it shares with a district.
        """
        at = self.index(number, layer)
        if at not in self.rooms:
            lowest = 1 if layer == 0 and self.groups[number].row is not None else 0
            self.rooms[at] = self.cap(number, layer) - lowest
            for parts in self.below.get(number, ()):
                hidden = [part for part in parts if not self.is_known(part, layer)]
                if hidden:  # else its parts give it away, which is nothing that was meant
                    moves = sum(self.room(part, layer) for part in hidden)
                    self.rooms[at] = min(self.rooms[at], moves)
        return self.rooms[at]

    def equations(self) -> list[_Equation]:
        found = [
            self._equation([(line.total, layer)], [(part, layer) for part in line.parts])
            for line in self.lines
            if not line.is_loose
            for layer in range(self.layer_count)
        ]
        found += [
            self._equation([(number, 0)], [(number, n) for n in range(1, self.layer_count)])
            for number in range(len(self.groups))
        ]
        return [equation for equation in found if equation.terms]

    def _equation(
        self, totals: Iterable[tuple[int, int]], parts: Iterable[tuple[int, int]]
    ) -> _Equation:
        equation = _Equation([], 0.0)
        for sign, counts in ((-1.0, totals), (1.0, parts)):
            for count in counts:
                if self.is_known(*count):
                    equation.value -= sign * self.count(*count)
                else:
                    equation.terms.append((self.index(*count), sign))
        return equation


def _components(equations: Sequence[_Equation], size: int) -> list[list[_Equation]]:
    """Part the equations into sets that share no unknown."""
    root = list(range(size))

    def find(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    for equation in equations:
        first = find(equation.terms[0][0])
        for at, _ in equation.terms:
            root[find(at)] = first
    parts: dict[int, list[_Equation]] = {}
    for equation in equations:
        parts.setdefault(find(equation.terms[0][0]), []).append(equation)
    return list(parts.values())


def _eliminated(equations: Sequence[_Equation]) -> list[_Equation]:
    """Solve the equations as far as they go: each pivot unknown in terms of free ones."""
    unknowns = sorted({at for equation in equations for at, _ in equation.terms})
    if len(unknowns) > _MOST_UNKNOWNS:
        raise AnswerIsTooLarge
    column = {at: number for number, at in enumerate(unknowns)}
    matrix = np.zeros((len(equations), len(unknowns) + 1))
    for line, equation in enumerate(equations):
        for at, coefficient in equation.terms:
            matrix[line, column[at]] += coefficient
        matrix[line, -1] = equation.value
    rank = _reduce(matrix)
    return [_read(row, unknowns) for row in matrix[:rank]]


def _reduce(matrix: npt.NDArray[np.float64]) -> int:
    """Bring a matrix with its right-hand side to reduced echelon form; return its rank."""
    rank = 0
    for column in range(matrix.shape[1] - 1):
        if rank == matrix.shape[0]:
            break
        best = rank + int(np.argmax(np.abs(matrix[rank:, column])))
        if abs(matrix[best, column]) < _TINY:
            continue
        matrix[[rank, best]] = matrix[[best, rank]]
        matrix[rank] /= matrix[rank, column]
        touched = np.flatnonzero(np.abs(matrix[:, column]) > _TINY)
        touched = touched[touched != rank]
        matrix[touched] -= np.outer(matrix[touched, column], matrix[rank])
        rank += 1
    return rank


def _read(row: npt.NDArray[np.float64], unknowns: Sequence[int]) -> _Equation:
    terms = [
        (unknowns[place], float(row[place]))
        for place in np.flatnonzero(np.abs(row[:-1]) > _TINY).tolist()
    ]
    return _Equation(terms, float(row[-1]))


def _narrow(equations: Sequence[_Equation], low: list[float], high: list[float]) -> None:
    """Tighten whole-number bounds by each equation until nothing moves, or all have had turns."""
    for _ in range(_TURNS):
        moved = [_narrow_by(equation, low, high) for equation in equations]
        if not any(moved):
            return


def _narrow_by(equation: _Equation, low: list[float], high: list[float]) -> bool:
    least, most = _Sum(), _Sum()
    for at, coefficient in equation.terms:
        ends = sorted((coefficient * low[at], coefficient * high[at]))
        least.add(ends[0])
        most.add(ends[1])
    moved = False
    for at, coefficient in equation.terms:
        ends = sorted((coefficient * low[at], coefficient * high[at]))
        limits = sorted(
            (
                (equation.value - most.without(ends[1])) / coefficient,
                (equation.value - least.without(ends[0])) / coefficient,
            )
        )
        lower, upper = _whole(limits[0], math.ceil, -_TINY), _whole(limits[1], math.floor, _TINY)
        if lower > low[at] + _TINY:
            low[at], moved = lower, True
        if upper < high[at] - _TINY:
            high[at], moved = upper, True
    return moved


def _whole(limit: float, rounded: Callable[[float], int], slack: float) -> float:
    return limit if math.isinf(limit) else float(rounded(limit + slack))


class _Sum:
    """Add numbers of which some are infinite, and take one out again."""

    def __init__(self) -> None:
        self.finite, self.infinite, self.sign = 0.0, 0, 1.0

    def add(self, number: float) -> None:
        if math.isinf(number):
            self.infinite += 1
            self.sign = math.copysign(1.0, number)
        else:
            self.finite += number

    def without(self, number: float) -> float:
        if math.isinf(number):
            return self.finite if self.infinite == 1 else self.sign * math.inf
        return self.sign * math.inf if self.infinite else self.finite - number
