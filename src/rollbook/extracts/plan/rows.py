"""The rows of a group file and what is counted of them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from rollbook.extracts.plan.choosing import Chosen
from rollbook.extracts.plan.offers import WRITTEN
from rollbook.extracts.plan.settling import Settled
from rollbook.extracts.plan.world import World
from rollbook.extracts.types import LeftOut
from rollbook.groups.layouts import GROUP_FILE

_GROUP = ("school_natural_id", "group_name", "school_year")
_PART_SHIFT = 32
_STUDENT = 1 << 31  # students stand after users


def file_rows(settled: Settled, uuids: Sequence[str], world: World) -> pl.DataFrame:
    """Write users and students as rows of their own, in the order of the file, each once.

    Shape: the six columns of a group file and `profile`, all text; an absent cell is empty. Rows
           are sorted by one number of group, kind and the rank of the address or SSID.
    """
    ssids = world.places.select("ssid", "ssid_rank").unique().sort("ssid_rank")["ssid"]
    addresses = settled.users["address"].unique().sort()
    keys = pl.concat([
        _keys(settled.members["part"], world.places["ssid_rank"].gather(settled.members["place"]),
              _STUDENT),
        _keys(settled.users["part"], settled.users["address"].rank("dense"), 0),
    ]).unique().sort()  # fmt: skip
    is_student = (keys & _STUDENT) != 0
    rank = (keys & (_STUDENT - 1)).cast(pl.UInt32) - 1
    parts = settled.parts.select(
        pl.col("name").alias("group_name"),
        pl.col("natural_id").alias("school_natural_id"),
        pl.col("year").cast(pl.String).alias("school_year"),
        pl.col("subject").alias("subject_code"),
        pl.lit(pl.Series(uuids, dtype=pl.String)).gather(pl.col("profile_no")).alias("profile"),
    )
    cells = pl.DataFrame({"is_student": is_student, "rank": rank}).select(
        _either("is_student", ssids, is_student=True).alias("student_ssid"),
        _either("is_student", addresses, is_student=False).alias("group_user_login"),
    )
    rows = parts.select(pl.all().gather((keys // (1 << _PART_SHIFT)).cast(pl.UInt32)))
    return rows.hstack(cells).select(*GROUP_FILE, "profile")


def _keys(part: pl.Series, rank: pl.Series, kind: int) -> pl.Series:
    return (part.cast(pl.UInt64) * (1 << _PART_SHIFT) + rank.cast(pl.UInt64) + kind).alias("key")


def _either(flag: str, values: pl.Series, *, is_student: bool) -> pl.Expr:
    """Look a rank up where a row is of the kind asked for; elsewhere the cell is empty."""
    is_kind = pl.col(flag) if is_student else ~pl.col(flag)
    place = pl.when(is_kind).then(pl.col("rank"))
    return pl.lit(values).gather(place).fill_null("")


def group_starts() -> pl.Expr:
    """Tell of each row of a file whether a group begins there; its rows stand together."""
    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in _GROUP)


def counted_groups(settled: Settled, rows: pl.DataFrame, uuids: Sequence[str]) -> pl.DataFrame:
    """Count the students and users of each group of a file, in its order."""
    is_student = pl.col("student_ssid") != ""
    counts = rows.group_by(group_starts().cum_sum().alias("number")).agg(
        pl.col(_GROUP).first(),
        is_student.sum().cast(pl.Int64).alias("student_count"),
        (~is_student).sum().cast(pl.Int64).alias("user_count"),
    ).drop("number")  # fmt: skip
    return (
        settled.parts.select(
            pl.col("natural_id").alias("school_natural_id"),
            "name",
            pl.col("year").alias("school_year"),
            "subject",
            pl.lit(pl.Series(uuids, dtype=pl.String)).gather(pl.col("profile_no")).alias("profile"),
        )
        .join(
            counts.with_columns(pl.col("school_year").cast(pl.Int32)),
            left_on=["school_natural_id", "name", "school_year"],
            right_on=["school_natural_id", "group_name", "school_year"],
            how="left",
            maintain_order="left",
        )
    )  # fmt: skip


def left_out_rows(chosen: Sequence[Chosen]) -> pl.DataFrame:
    """List who is in no group of a profile although a chosen school knows them, and why.

    Shape: student_id, school_id, profile, criterion; by profile, school and student.
    """
    words = pl.Enum([criterion.value for criterion in LeftOut])
    uuids = list(dict.fromkeys(each.profile.uuid for each in chosen))
    schema = {"student_id": pl.Int64, "school_id": pl.Int64, "profile": pl.Enum(uuids),
              "criterion": words}  # fmt: skip
    parts = [
        _unwritten(each.stages).select(
            "student_id",
            "school_id",
            pl.lit(each.profile.uuid, dtype=pl.Enum(uuids)).alias("profile"),
            (pl.col("stage") - 1).cast(pl.UInt8).cat.to(words).alias("criterion"),
        )
        for each in chosen
    ]
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _unwritten(stages: pl.DataFrame) -> pl.DataFrame:
    written = stages.filter(pl.col("stage") == WRITTEN, "is_many")["student_id"]
    others = pl.col("is_many") & pl.col("student_id").is_in(written.implode())
    return stages.filter(pl.col("stage") != WRITTEN, ~others)
