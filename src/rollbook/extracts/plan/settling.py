"""Settle the groups of all profiles: names that differ, blocks that stay, the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from rollbook.extracts.plan.blocks import REMEMBER_FROM, place_members
from rollbook.extracts.plan.choosing import Chosen
from rollbook.extracts.plan.world import World
from rollbook.extracts.rules.rendering import base_of, folded, uncut_length, whole_name
from rollbook.groups.types import MOST_NAME

_KEY = ("natural_key", "year")


@dataclass(frozen=True, slots=True)
class Settled:
    """Hold the groups of a file as the other side will know them.

    Shape: `parts`, by row number `part` in the order of the file: g, block, name, natural_id, year,
           subject, profile_no, is_cut, twin (2 and more for a name that had to be told apart),
           block_count. `members`: part, place. `users`: part, address. `blocks`: school_id,
           school_year, base, student_id, block.
    """

    parts: pl.DataFrame
    members: pl.DataFrame
    users: pl.DataFrame
    blocks: pl.DataFrame


def settle(chosen: Sequence[Chosen], world: World) -> Settled:
    """Give every group of a run its names and blocks.

    Shape: no two names of a school and year are the same without case and accents; where they
           would be, the later group's is told apart by a number in parentheses.
    """
    groups, members, users = _collected(chosen)
    students = world.places["student_id"]
    sizes = members.group_by("g").agg(pl.len().alias("size"))
    groups = groups.join(sizes, on="g", how="left", maintain_order="left")
    while True:
        groups = _told_apart(groups)
        placed, remembered = _placed(groups, members, students, world.data.blocks)
        parts = _named(groups, placed)
        clashing = parts.filter(_twin_rank("name_key", ("g", "block")) > 0)["g"].unique()
        if clashing.is_empty():
            break
        groups = _bumped(groups, pl.col("g").is_in(clashing.implode()).cast(pl.Int64))
    parts = _ordered(parts)
    numbers = parts.select("g", "block", "part")
    return Settled(
        parts=parts,
        members=_part_members(members, placed, numbers, students),
        users=numbers.join(users, on="g").select("part", "address"),
        blocks=remembered,
    )


def _collected(chosen: Sequence[Chosen]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    groups: list[pl.DataFrame] = [_NO_GROUPS]
    members = [pl.DataFrame(schema={"g": pl.UInt32, "place": pl.UInt32})]
    users = [pl.DataFrame(schema={"g": pl.UInt32, "address": pl.String})]
    offset = 0
    for number, each in enumerate(chosen):
        if each.groups.is_empty():
            continue
        shifted = (pl.col("g") + offset).cast(pl.UInt32)
        numbered = each.groups.with_columns(shifted, profile_no=pl.lit(number, dtype=pl.Int64))
        groups.append(numbered.select(_NO_GROUPS.columns))
        members.append(each.members.with_columns(shifted))
        users.append(each.users.with_columns(shifted))
        offset += each.groups.height
    whole = pl.concat(groups).with_columns(twin=pl.lit(1, dtype=pl.Int64))
    return whole, pl.concat(members), pl.concat(users)


_NO_GROUPS = pl.DataFrame(
    schema={
        "g": pl.UInt32,
        "school_id": pl.Int64,
        "natural_id": pl.String,
        "natural_key": pl.String,
        "year": pl.Int32,
        "subject": pl.String,
        "before": pl.String,
        "after": pl.String,
        "has_number": pl.Boolean,
        "profile_no": pl.Int64,
    }
)


def _tag() -> pl.Expr:
    return (
        pl.when(pl.col("twin") > 1)
        .then(pl.format("({})", pl.col("twin")))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def _twin_rank(column: str, order: tuple[str, ...]) -> pl.Expr:
    """Count how many earlier rows of the school and year have the same value."""
    return pl.int_range(pl.len(), dtype=pl.Int64).over(*_KEY, column, order_by=order)


def _bumped(groups: pl.DataFrame, by: pl.Expr) -> pl.DataFrame:
    return groups.with_columns((pl.col("twin") + by).alias("twin"))


def _told_apart(groups: pl.DataFrame) -> pl.DataFrame:
    """Give a number to groups whose names, without that of their block, are the same."""
    while True:
        base = base_of(pl.col("before"), pl.col("after"), _tag())
        groups = groups.with_columns(base.alias("base"))
        rank = groups.select(_twin_rank("base", ("g",)).alias("rank"))["rank"]
        if not (rank > 0).any():
            return groups
        groups = _bumped(groups, pl.lit(rank))


def _placed(
    groups: pl.DataFrame, members: pl.DataFrame, students: pl.Series, blocks: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cut into blocks what is large, or once was.

    Shape: g, student_id, block of those groups alone, and the same as it is kept for later.
    """
    known = groups.select("g", "school_id", "base", "size", pl.col("year").alias("school_year"))
    where = ["school_id", "school_year", "base"]
    memory = blocks.join(known, on=where).select("g", "student_id", pl.col("block").cast(pl.Int32))
    is_large = (pl.col("size") >= REMEMBER_FROM) | pl.col("g").is_in(memory["g"].implode())
    large = known.filter(is_large)
    found = members.join(large.select("g"), on="g")
    found = found.select("g", students.gather(found["place"]).alias("student_id"))
    placed = place_members(found, memory)
    kept = placed.join(large, on="g").select(*where, "student_id", "block")
    return placed, kept.sort(*where, "student_id")


def _named(groups: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Return one row per group and block with the name that the other side will know."""
    cut = placed.select("g", "block").unique()
    parts = groups.join(cut, on="g", how="left").with_columns(
        pl.col("block").fill_null(1), pl.col("block").n_unique().over("g").alias("block_count")
    )
    is_shown = pl.col("has_number") | (pl.col("block") > 1)
    number = pl.when(is_shown).then(pl.col("block").cast(pl.String)).otherwise(pl.lit(""))
    apart = pl.when(pl.col("has_number")).then(pl.lit("")).otherwise(pl.lit(" "))
    words = (pl.concat_str(pl.col("before"), apart), pl.col("after"), _tag(), number)
    return parts.with_columns(
        whole_name(*words).alias("name"), (uncut_length(*words) > MOST_NAME).alias("is_cut")
    ).with_columns(folded(pl.col("name")).alias("name_key"))


def _ordered(parts: pl.DataFrame) -> pl.DataFrame:
    """Put groups in the order of the file: schools together, names by letter, then years."""
    columns = ("g", "block", "name", "natural_id", "year", "subject", "profile_no", "is_cut",
               "twin", "block_count")  # fmt: skip
    order = ("natural_key", "natural_id", "name_key", "name", "year")
    return parts.sort(*order).select(*columns).with_row_index("part")


def _part_members(
    members: pl.DataFrame, placed: pl.DataFrame, numbers: pl.DataFrame, students: pl.Series
) -> pl.DataFrame:
    whole = members.join(placed.select("g").unique(), on="g", how="anti")
    whole = whole.join(numbers.select("g", "part"), on="g").select("part", "place")
    cut = members.join(placed.select("g").unique(), on="g", how="semi")
    cut = cut.with_columns(students.gather(cut["place"]).alias("student_id"))
    cut = cut.join(placed, on=["g", "student_id"]).join(numbers, on=["g", "block"])
    return pl.concat([whole, cut.select("part", "place")])
