"""The program that chooses rules finds what trying every choice finds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.roster.plan.covering import Covering, best_covering

laws = settings(max_examples=60, deadline=None)
RULES, KINDS = 5, 5


@st.composite
def coverings(draw: st.DrawFn) -> Covering:
    """Draw which of five rules match which kinds of sections, and who has which kinds."""
    rules = st.lists(st.sampled_from(range(RULES)), unique=True, max_size=3)
    held = st.dictionaries(st.integers(0, KINDS - 1), st.integers(1, 2), min_size=1, max_size=4)
    return Covering(
        matchers=draw(st.lists(rules, min_size=KINDS, max_size=KINDS)),
        holders=draw(st.lists(st.tuples(held, st.integers(1, 9)), min_size=1, max_size=8)),
        costs=draw(st.lists(st.sampled_from([0.5, 1.5]), min_size=RULES, max_size=RULES)),
    )


def worth(covering: Covering, choice: Sequence[int]) -> float:
    """Count who has exactly one section that a choice matches, less what the choice costs."""
    matched = [bool(set(rules) & set(choice)) for rules in covering.matchers]
    once = sum(
        weight
        for held, weight in covering.holders
        if sum(times for kind, times in held.items() if matched[kind]) == 1
    )
    return once - sum(covering.costs[rule] for rule in choice)


@laws
@given(coverings())
def test_no_choice_is_better(covering: Covering) -> None:
    every = [choice for size in range(RULES + 1) for choice in combinations(range(RULES), size)]
    best = max(worth(covering, choice) for choice in every)
    found = best_covering(covering, warm=[], seconds=10.0)
    assert worth(covering, found) == best


def test_nobody_to_cover_leaves_the_choice_as_it_was() -> None:
    assert best_covering(Covering([[0]], [], [1.0]), warm=[0], seconds=1.0) == [0]
