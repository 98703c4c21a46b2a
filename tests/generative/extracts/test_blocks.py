"""Blocks of a group: nobody hops, whoever comes changes one place, whoever leaves frees one."""

from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.extracts.plan.blocks import place_in_blocks, place_members
from rollbook.extracts.plan.extraction import extract
from rollbook.extracts.plan.writing import file_bytes
from rollbook.extracts.types import ExtractWorld
from rollbook.groups.checks.state import state_verdict
from rollbook.groups.types import GroupFileWorld
from tests.spec.extracts.worlds import SmallWorld, profile

ids = st.sets(st.integers(1, 40), max_size=30)
memories = st.dictionaries(st.integers(1, 40), st.integers(-1, 9), max_size=30)
most = st.integers(1, 5)


@given(ids, memories, most)
def test_everybody_has_one_place_and_no_block_is_too_large(
    members: set[int], before: dict[int, int], most: int
) -> None:
    placed = place_in_blocks(members, before, most)
    assert set(placed) == members
    assert all(count <= most for count in Counter(placed.values()).values())
    assert all(block >= 1 for block in placed.values())


@given(ids, memories, most)
def test_the_same_again_moves_nobody(
    members: set[int], before: dict[int, int], most: int
) -> None:  # fmt: skip
    placed = place_in_blocks(members, before, most)
    assert place_in_blocks(sorted(members, reverse=True), placed, most) == placed


@given(ids, memories, most, ids, ids)
def test_who_has_a_place_keeps_it_whoever_comes_and_goes(
    members: set[int], before: dict[int, int], most: int, come: set[int], go: set[int]
) -> None:
    first = place_in_blocks(members, before, most)
    then = place_in_blocks((members | come) - go, first, most)
    assert {n: then[n] for n in members - go} == {n: first[n] for n in members - go}


@given(ids, memories, most, st.integers(1, 40))
def test_a_newcomer_takes_the_lowest_block_with_room(
    members: set[int], before: dict[int, int], most: int, newcomer: int
) -> None:
    first = place_in_blocks(members - {newcomer}, before, most)
    then = place_in_blocks(members | {newcomer}, first, most)
    filled = Counter(first.values())
    lowest = next(block for block in range(1, 99) if filled[block] < most)
    assert then == first | {newcomer: lowest}


groups = st.dictionaries(st.integers(0, 3), st.tuples(ids, memories), max_size=4)


@given(groups)
def test_many_groups_at_once_are_as_one_by_one(
    asked: dict[int, tuple[set[int], dict[int, int]]],
) -> None:
    placed = place_members(
        frame([(g, n) for g, (members, _b) in asked.items() for n in members]),
        frame([(g, n, b) for g, (_m, before) in asked.items() for n, b in before.items()]),
    )
    expected = {
        (g, n): block
        for g, (members, before) in asked.items()
        for n, block in place_in_blocks(members, before).items()
    }
    told = {(g, n): block for g, n, block in placed.iter_rows()}
    assert told == expected
    assert placed.height == len(expected)


def frame(rows: list[tuple[int, ...]]) -> pl.DataFrame:
    schema = {"g": pl.UInt32, "student_id": pl.Int64, "block": pl.Int32}
    width = len(rows[0]) if rows else 3
    return pl.DataFrame(rows, schema=dict(list(schema.items())[:width]), orient="row")


def test_a_large_group_cut_afresh_is_as_one_by_one() -> None:
    members = list(range(1000, 455, -1))
    placed = place_members(frame([(7, n) for n in members]), frame([]))
    told = dict(zip(placed["student_id"], placed["block"], strict=True))
    assert told == place_in_blocks(members, {})
    assert Counter(told.values()) == {1: 200, 2: 200, 3: 145}


def school_of(count: int) -> SmallWorld:
    names = " ".join(f"s{n:04}" for n in range(count, 0, -1))
    return SmallWorld(f"""
school East id=0001
students East 09: {names}
group all East "All" users=ito@example.org: {names}
""")


def without(data: ExtractWorld, student: int) -> ExtractWorld:
    kept = data.group_members.filter(pl.col("student_id") != student)
    return ExtractWorld(**{
        name: getattr(data, name) for name in ExtractWorld.__slots__ if name != "group_members"
    }, group_members=kept)  # fmt: skip


ASKED = [profile("A student_group East")]


@settings(max_examples=12)
@given(st.sampled_from([199, 200, 201, 399, 400, 405]), st.integers(0, 198))
def test_a_new_student_changes_one_membership_of_a_file(size: int, place: int) -> None:
    world = school_of(size + 1)
    student = sorted(number for word, number in world.ids.items() if word[0] == "s")[place]
    before = extract(ASKED, without(world.data(), student))
    after = extract(ASKED, world.data(blocks=before.blocks))
    kept = set(before.rows.filter(pl.col("student_ssid") != "").iter_rows())
    now = set(after.rows.filter(pl.col("student_ssid") != "").iter_rows())
    assert not kept - now
    assert len(now - kept) == 1
    left = extract(ASKED, without(world.data(blocks=after.blocks), student))
    assert set(left.rows.filter(pl.col("student_ssid") != "").iter_rows()) == kept


def test_without_memory_the_order_of_ids_decides_and_the_file_says_split() -> None:
    done = extract(ASKED, school_of(450).data())
    assert done.groups.select("name", "student_count", "user_count").rows() == [
        ("All 1", 200, 1), ("All 2", 200, 1), ("All 3", 50, 1)
    ]  # fmt: skip
    assert state_verdict(file_bytes(done.rows), GroupFileWorld()).accepted
    assert [(w.code, w.count, w.rows) for w in done.warnings] == [
        ("split", 1, ("All 1", "All 2", "All 3"))
    ]
    assert done.blocks.columns == ["school_id", "school_year", "base", "student_id", "block"]
    assert done.blocks.group_by("base", "block").len().sort("block").rows() == [
        ("all", 1, 200), ("all", 2, 200), ("all", 3, 50)
    ]  # fmt: skip
    again = extract(ASKED, school_of(450).data(blocks=done.blocks.sample(fraction=1, shuffle=True)))
    assert again.rows.equals(done.rows)


def test_the_first_block_of_a_pattern_without_a_number_has_none() -> None:
    asked = [profile('A student_group East pattern="{group}"')]
    done = extract(asked, school_of(201).data())
    assert done.groups["name"].to_list() == ["All", "All 2"]
