"""Which groups of a file stay out when only part of it goes in."""

from __future__ import annotations

import polars as pl

from rollbook.groups.plan.keys import KEY, with_name_key


def tainted_groups(rows: pl.DataFrame, faulty: pl.DataFrame) -> pl.DataFrame:
    """Return the groups, by KEY, to which a row that cannot be used belongs or may belong.

    Shape: what a faulty row leaves blank, or a year that is none, stands for any group that fits
           the rest; a row without a name belongs to the groups of the rows next to it.
    """
    if faulty.is_empty() or rows.is_empty():
        return with_name_key(rows.clear()).select(KEY)
    known = with_name_key(rows).with_columns(pl.col("school_year").cast(pl.Int64()))
    groups = known.select(KEY).unique()
    wrong = with_name_key(faulty).with_columns(
        pl.col("school_year").cast(pl.Int64(), strict=False).alias("school_year")
    )
    named = wrong.filter(pl.col("name_key").is_not_null()).join(groups, on="name_key", suffix="_is")
    fits = pl.all_horizontal(
        pl.col(column).is_null() | (pl.col(column) == pl.col(f"{column}_is"))
        for column in ("school_natural_id", "school_year")
    )
    by_name = named.filter(fits).select(
        pl.col("school_natural_id_is").alias("school_natural_id"),
        "name_key",
        pl.col("school_year_is").alias("school_year"),
    )
    nameless = wrong.filter(pl.col("name_key").is_null()).select("line").sort("line")
    in_order = known.sort("line").select("line", *KEY)
    beside = [
        nameless.join_asof(in_order, on="line", strategy=strategy).select(KEY).drop_nulls()
        for strategy in ("backward", "forward")
    ]
    return pl.concat([by_name, *beside]).unique()


def without_groups(rows: pl.DataFrame, keys: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part rows into those of other groups and those of the groups in `keys`."""
    keyed = with_name_key(rows).with_columns(pl.col("school_year").cast(pl.Int64()).alias("_year"))
    on = ["school_natural_id", "name_key", "_year"]
    wanted = keys.rename({"school_year": "_year"})
    return (
        keyed.join(wanted, on=on, how="anti", maintain_order="left").select(rows.columns),
        keyed.join(wanted, on=on, how="semi", maintain_order="left").select(rows.columns),
    )
