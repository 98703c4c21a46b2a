"""Laws of the one-section resolver: what it claims is what the rules do; nothing small beats it."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.roster.plan.candidates import candidate_rules
from rollbook.roster.plan.exactly_once import Search
from rollbook.roster.plan.seating import seating_of
from rollbook.roster.plan.sections import section_counts, tally, world_of
from rollbook.roster.plan.solver import propose_rules
from rollbook.roster.types import FRAME_SCHEMAS, RosterFrames
from tests.factories.rosters import course, frames, org, role, seat, section, user, year

laws = settings(max_examples=20, deadline=None)
PEOPLE = tuple(f"p{number}" for number in range(7))
SECTIONS = tuple(f"k{number}" for number in range(5))


@st.composite
def worlds(draw: st.DrawFn) -> RosterFrames:
    """Draw a few students in a few sections whose courses, periods and terms vary."""
    subjects = st.sampled_from(["Homeroom", "Math"])
    hours = st.sampled_from([[], ["1"], ["2"]])
    terms = st.sampled_from([["fall"], ["spring"]])
    made = [
        section(key, draw(st.sampled_from(["north", "south"])), title="", periods=draw(hours),
                course_sourced_id=draw(subjects), term_sourced_ids=draw(terms))
        for key in SECTIONS
    ]  # fmt: skip
    seats = draw(st.sets(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(SECTIONS))))
    homes = draw(st.lists(st.sampled_from(["north", "south"]), min_size=7, max_size=7))
    return frames(
        orgs=[org("dst", "district", None), org("north"), org("south")],
        sessions=[year(sourced_id="fall", title="Fall"), year(sourced_id="spring", title="Spring")],
        users=[user(key) for key in PEOPLE],
        roles=[role(key, home) for key, home in zip(PEOPLE, homes, strict=True)],
        courses=[course(name, title=name, subjects=[name]) for name in ("Homeroom", "Math")],
        classes=made,
        enrollments=[seat(who, where) for who, where in sorted(seats)],
    )


def shuffled(roster: RosterFrames, dice: random.Random) -> RosterFrames:
    seed = dice.randrange(1000)
    mixed = {
        name: frame.sample(fraction=1, shuffle=True, seed=seed) if frame.height else frame
        for name in FRAME_SCHEMAS
        for frame in [getattr(roster, name)]
    }
    return replace(roster, **mixed)


@laws
@given(worlds())
def test_what_is_claimed_is_what_the_rules_do(roster: RosterFrames) -> None:
    world = world_of(roster)
    proposal = propose_rules(world)
    again = tally(section_counts(world, proposal.sharing))
    assert again == proposal.tally
    assert again.total == len(PEOPLE)
    assert sum(fix.student_count for fix in proposal.fixes) == again.none + again.more


@laws
@given(worlds())
def test_no_few_rules_are_better(roster: RosterFrames) -> None:
    world = world_of(roster)
    seating = seating_of(world, world.students)
    search = Search(seating, candidate_rules(world.sections, seating))
    every = range(len(search.candidates))
    best = max(search.value(choice) for size in range(4) for choice in combinations(every, size))
    found = search.exact(search.greedy(), seconds=5.0)
    assert search.value(found) >= best
    # Rules of single schools can only add to that.
    assert propose_rules(world).tally.one * 10_000 >= best


@laws
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(roster: RosterFrames, dice: random.Random) -> None:
    one, other = propose_rules(world_of(roster)), propose_rules(world_of(shuffled(roster, dice)))
    assert other.as_json() == one.as_json()
    assert other.counts.equals(one.counts)
