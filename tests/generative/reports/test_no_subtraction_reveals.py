"""An attacker with every shown number, every sum and linear algebra finds no hidden count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.reports.layouts import NOT_STATED, OVERALL
from rollbook.reports.suppression import suppress
from rollbook.reports.types import Place, Row
from tests.factories.report_rows import DISTRICT, STATE, counted, pupils, schools

Cell = tuple[int, str, str, int]  # place, subgroup, value, layer: tested, unscored, levels
SUBGROUPS = ("Gender", "ELAS", "LEP", "Ethnicity")
PARTITIONS = ("Gender", "ELAS", "LEP")


def cells_of(row: Row) -> dict[Cell, float]:
    counts = (row.tested, row.tested - row.scored, *row.levels)
    return {(row.place.id, row.subgroup, row.value, n): count for n, count in enumerate(counts)}


def is_shown(row: Row, layer: int) -> bool:
    return not row.hidden or (layer == 0 and row.hidden == "levels")


def sums(rows: Sequence[Row], places: Sequence[Place]) -> Iterator[tuple[Cell, list[Cell]]]:
    """Yield everything that anybody knows to add up, whatever Rollbook thinks adds up."""
    values: dict[str, list[str]] = {}
    for row in rows:
        if row.value not in values.setdefault(row.subgroup, []):
            values[row.subgroup].append(row.value)
    for layer in range(6):
        for place in places:
            for name in PARTITIONS:
                if name in values:
                    parts = [(place.id, name, value, layer) for value in values[name]]
                    yield (place.id, OVERALL, OVERALL, layer), parts
            if "LEP" in values and "ELAS" in values:
                yield (place.id, "LEP", "Yes", layer), [(place.id, "ELAS", "EL", layer)]
        for above in places:
            below = [place for place in places if place.parent_id == above.id]
            for name, listed in values.items() if below else ():
                for value in listed:
                    parts = [(place.id, name, value, layer) for place in below]
                    yield (above.id, name, value, layer), parts
    for row in rows:
        whole = (row.place.id, row.subgroup, row.value)
        yield (*whole, 0), [(*whole, layer) for layer in range(1, 6)]


def recovered(rows: Sequence[Row], places: Sequence[Place]) -> list[Cell]:
    """Return the hidden counts that have one value only in every solution of the sums."""
    known = {
        cell: count
        for row in rows
        for cell, count in cells_of(row).items()
        if is_shown(row, cell[3])
    }
    hidden = [cell for row in rows for cell in cells_of(row) if not is_shown(row, cell[3])]
    column = {cell: number for number, cell in enumerate(hidden)}
    equations: list[npt.NDArray[np.float64]] = []
    for total, parts in sums(rows, places):
        equation = np.zeros(len(hidden))
        for cell, sign in ((total, -1.0), *((part, 1.0) for part in parts)):
            if cell not in known:
                equation[column[cell]] += sign
        if equation.any():
            equations.append(equation)
    if not equations:
        return []
    _, strength, directions = np.linalg.svd(np.array(equations))
    rank = int((strength > 1e-8).sum())
    free = directions[rank:]  # the ways in which the hidden counts may move
    return [cell for cell, number in column.items() if not (np.abs(free[:, number]) > 1e-8).any()]


def district(seed: int, sizes: Sequence[int]) -> tuple[list[Row], list[Place]]:
    places = [STATE, DISTRICT, *schools(len(sizes))]
    return counted(pupils(seed, len(sizes), sizes), places, SUBGROUPS), places


def primary_only(row: Row) -> Row:
    return replace(row, hidden="all" if 0 < row.tested < 11 else "")


@settings(max_examples=8)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 90), min_size=1, max_size=3),
)
def test_no_hidden_count_is_recovered(seed: int, sizes: list[int]) -> None:
    rows, places = district(seed, sizes)
    shown = suppress(rows, exempt=lambda row: False)
    assert recovered(shown, places) == []
    assert all(row.hidden == "all" for row in shown if 0 < row.tested < 11)
    assert all(row.hidden == "" for row in shown if row.tested == 0)


def test_the_attacker_is_able_without_complementary_suppression() -> None:
    found = 0
    for seed in range(10):
        rows, places = district(seed, [60, 35, 20])
        found += len(recovered([primary_only(row) for row in rows], places))
    assert found > 200


def test_suppression_leaves_much_to_read() -> None:
    rows, _ = district(1, [250, 250, 200])
    shown = suppress(rows, exempt=lambda row: False)
    overall = [row.hidden for row in shown if row.subgroup == OVERALL]
    assert overall == [""] * 5
    assert sum(row.hidden == "" for row in shown) > len(shown) // 2


def test_rows_of_a_reader_of_those_students_stay_and_nothing_else_follows() -> None:
    rows, places = district(5, [60, 35, 20])
    shown = suppress(rows, exempt=lambda row: row.place.id == 10)
    assert {row.hidden for row in shown if row.place.id == 10} == {""}
    assert [cell for cell in recovered(shown, places) if cell[2] != NOT_STATED] == []
