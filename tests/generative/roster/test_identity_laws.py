"""Laws of two sources that list the same children, whatever each of them says."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rollbook.changes.plan import apply, inverse
from rollbook.roster.plan.draft import ANSWERS, RosterPlan
from rollbook.roster.rules.policy import SecondSchoolPolicy
from rollbook.roster.types import FRAME_SCHEMAS, RosterFrames
from tests.factories.rosters import (
    SOURCE,
    Installation,
    actions,
    birth,
    course,
    frames,
    org,
    role,
    seat,
    section,
    user,
    year,
)

laws = settings(max_examples=12)  # six plans each, of a tenth of a second
OTHER = "oneroster:oth"
CHILDREN = ("900", "901", "902", "")
POLICIES = st.sampled_from(list(SecondSchoolPolicy))
dice = st.randoms(use_true_random=False)


@st.composite
def rosters(draw: st.DrawFn, district: str) -> RosterFrames:
    """Draw the roster of one district, some of whose children another one may list as well."""
    schools = [f"{district}-{name}" for name in ("a", "b")]
    people: list[dict[str, Any]] = []
    at: dict[str, str] = {}
    for number, ssid in enumerate(CHILDREN):
        if not draw(st.booleans()):
            continue
        key = f"{district}-{number}{draw(st.sampled_from(['', 'x']))}"
        at[key] = draw(st.sampled_from(schools))
        name = draw(st.sampled_from(["Soto", "SO-TO", "Park"]))
        people.append(
            user(key, family_name=name, user_master_identifier=ssid or None,
                 identifier=draw(st.sampled_from(["", "7", f"n{number}"])))
        )  # fmt: skip
    keys = [person["sourced_id"] for person in people]
    return frames(
        orgs=[org(district, "district", None), *(org(s, parent=district) for s in schools)],
        sessions=[year()],
        users=people,
        roles=[role(key, at[key]) for key in keys],
        courses=[course(org_sourced_id=district)],
        classes=[section("k", schools[0], sourced_id=f"{district}-k")],
        enrollments=[
            seat(key, f"{district}-k", school_sourced_id=schools[0])
            for key in keys
            if at[key] == schools[0]
        ],
        demographics=[birth(key) for key in keys],
    )


class House:
    """Hold an installation and what its policy answered."""

    def __init__(self, policy: SecondSchoolPolicy) -> None:
        self.here = Installation()
        self.policy = policy
        self.answers = pl.DataFrame(schema=ANSWERS)

    def told(self) -> dict[str, Any]:
        return {"second_school": self.policy, "answers": self.answers}

    def plan(self, roster: RosterFrames, source: str) -> RosterPlan:
        return self.here.plan(roster, source=source, **self.told())

    def load(self, roster: RosterFrames, source: str) -> None:
        plan = self.here.load(roster, source=source, **self.told())
        rows = [
            (q.student_id, q.from_school_id, q.to_school_id, q.school_year, q.answer)
            for q in plan.questions
            if q.answer
        ]
        self.answers = pl.concat(
            [self.answers, pl.DataFrame(rows, schema=ANSWERS, orient="row")]
        ).unique(ANSWERS.names()[:4], keep="first", maintain_order=True)


ONE, TWO = rosters("dst"), rosters("oth")


@laws
@given(ONE, TWO, ONE, POLICIES)
def test_nights_without_news_change_nothing(
    a: RosterFrames, b: RosterFrames, later: RosterFrames, policy: SecondSchoolPolicy
) -> None:
    house = House(policy)
    for roster, source in ((a, SOURCE), (b, OTHER), (later, SOURCE), (b, OTHER), (later, SOURCE)):
        house.load(roster, source)
    for _night in range(2):
        assert actions(house.plan(later, SOURCE)) == {}
        assert actions(house.plan(b, OTHER)) == {}


@laws
@given(ONE, TWO, POLICIES)
def test_the_inverse_restores_what_was_there(
    a: RosterFrames, b: RosterFrames, policy: SecondSchoolPolicy
) -> None:
    house = House(policy)
    house.load(a, SOURCE)
    plan = house.plan(b, OTHER)
    restored = apply(inverse(plan.changes), apply(plan.changes, house.here.state))
    for name, frame in house.here.state.items():
        assert_frame_equal(restored[name].sort("id"), frame.sort("id"))


@laws
@given(ONE, TWO, POLICIES, dice)
def test_the_order_of_rows_never_matters(
    a: RosterFrames, b: RosterFrames, policy: SecondSchoolPolicy, dice: random.Random
) -> None:
    straight, mixed = House(policy), House(policy)
    straight.load(a, SOURCE)
    mixed.load(shuffled(a, dice), SOURCE)
    left, right = straight.plan(b, OTHER), mixed.plan(shuffled(b, dice), OTHER)
    assert actions(left) == actions(right)
    assert sorted(found.code for found in left.findings) == sorted(
        found.code for found in right.findings
    )


@laws
@given(ONE, TWO, POLICIES)
def test_a_state_id_is_never_two_students_and_a_second_source_rewrites_nobody(
    a: RosterFrames, b: RosterFrames, policy: SecondSchoolPolicy
) -> None:
    house = House(policy)
    house.load(a, SOURCE)
    before = house.here.state["students"].filter(source=SOURCE).sort("id")
    house.load(b, OTHER)
    after = house.here.state["students"]
    numbered = after.filter(pl.col("ssid") != "")
    assert numbered["ssid"].n_unique() == numbered.height
    if policy is not SecondSchoolPolicy.MOVE:
        same = after.filter(pl.col("id").is_in(before["id"].implode())).sort("id")
        assert_frame_equal(same, before)


def shuffled(roster: RosterFrames, dice: random.Random) -> RosterFrames:
    mixed: dict[str, Any] = {}
    for name in FRAME_SCHEMAS:
        frame = getattr(roster, name)
        order = list(range(frame.height))
        dice.shuffle(order)
        mixed[name] = frame[order] if order else frame
    return replace(roster, **mixed)
