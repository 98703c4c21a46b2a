"""Cut groups into blocks of at most 200 in which everybody keeps a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import polars as pl

from rollbook.groups.types import MOST_STUDENTS

# Groups of up to half a block are not remembered: between two runs no class grows past 200 from
# there without being another class. Without this a district would remember a million places.
REMEMBER_FROM = MOST_STUDENTS // 2 + 1


def place_in_blocks(
    members: Iterable[int], before: Mapping[int, int], most: int = MOST_STUDENTS
) -> dict[int, int]:
    """Give each member of one group a block: the old one, or the lowest with room, or a new one.

    Shape: blocks count from 1. Whoever leaves frees a place and nobody moves, so an early block may
           be gone while a later one stays. Newcomers are taken in the order of their ids. A memory
           that puts too many into one block keeps the lowest ids there.
    """
    placed: dict[int, int] = {}
    filled: Counter[int] = Counter()
    newcomers: list[int] = []
    for member in sorted(set(members)):
        block = before.get(member, 0)
        if block >= 1 and filled[block] < most:
            placed[member] = block
            filled[block] += 1
        else:
            newcomers.append(member)
    lowest = 1
    for member in newcomers:
        while filled[lowest] >= most:
            lowest += 1
        placed[member] = lowest
        filled[lowest] += 1
    return placed


def place_members(members: pl.DataFrame, memory: pl.DataFrame) -> pl.DataFrame:
    """Do the same for the members of many groups at once.

    Shape: `members` has g, student_id; `memory` g, student_id, block. Returns g, student_id, block
           (Int32), by group and student.
    """
    known = memory.group_by("g", "student_id").agg(pl.col("block").min())
    joined = members.unique().join(known, on=["g", "student_id"], how="left")
    joined = joined.sort("g", "student_id")
    is_fresh = pl.col("block").is_null().all().over("g")
    fresh = joined.filter(is_fresh).with_columns(
        (pl.int_range(pl.len()).over("g") // MOST_STUDENTS + 1).cast(pl.Int32).alias("block")
    )
    older = joined.filter(~is_fresh)
    remembered = [
        _placed(g, part)
        for (g,), part in older.partition_by("g", as_dict=True, maintain_order=True).items()
    ]
    return pl.concat([fresh, *remembered]).sort("g", "student_id")


def _placed(g: object, part: pl.DataFrame) -> pl.DataFrame:
    known = part.filter(pl.col("block").is_not_null())
    before = dict(zip(known["student_id"], known["block"], strict=True))
    placed = place_in_blocks(part["student_id"], before)
    return pl.DataFrame(
        {"g": [g] * len(placed), "student_id": list(placed), "block": list(placed.values())},
        schema=part.schema,
    )
