"""How two group files differ, group by group."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.extracts.rules.rendering import folded
from rollbook.extracts.types import GroupChange

_GROUP: Final = ["school_key", "name_key", "school_year"]
_COLUMNS: Final = {"student_ssid": "students", "group_user_login": "users"}


def compare_files(before: pl.DataFrame, after: pl.DataFrame) -> list[GroupChange]:
    """Say how each group of two files differs: by name, whatever its case.

    Shape: one for each group that either file has, unchanged ones too, by school, name and year.
           Both frames have the six columns of a group file as text.
    """
    groups = _declared(before).join(_declared(after), on=_GROUP, how="full", coalesce=True,
                                    suffix="_after")  # fmt: skip
    for column, word in _COLUMNS.items():
        added, removed = _counts(before, after, column)
        groups = groups.join(added.rename({"count": f"{word}_added"}), on=_GROUP, how="left")
        groups = groups.join(removed.rename({"count": f"{word}_removed"}), on=_GROUP, how="left")
    is_before, is_after = pl.col("name").is_not_null(), pl.col("name_after").is_not_null()
    told = groups.select(
        pl.coalesce("school_natural_id_after", "school_natural_id").alias("school_natural_id"),
        pl.coalesce("name_after", "name").alias("name"),
        pl.col("school_year").cast(pl.Int64),
        pl.when(~is_before).then(pl.lit("added")).when(~is_after).then(pl.lit("removed"))
        .otherwise(pl.lit("changed")).alias("action"),
        pl.col("^(students|users)_(added|removed)$").fill_null(0).cast(pl.Int64),
        pl.col("subject").fill_null("").alias("subject_before"),
        pl.col("subject_after").fill_null(""),
    )  # fmt: skip
    order = ["school_natural_id", "name", "school_year"]
    return [_change(row) for row in told.sort(order).to_dicts()]


def _change(row: dict[str, object]) -> GroupChange:
    counts = ("students_added", "students_removed", "users_added", "users_removed")
    is_same = not any(row[name] for name in counts)
    if row["action"] == "changed" and is_same and row["subject_before"] == row["subject_after"]:
        row["action"] = "unchanged"
    return GroupChange(**row)  # pyright: ignore[reportArgumentType] -- the columns are its fields


def keyed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the key by which groups are the same: `school_key` and `name_key`."""
    return rows.with_columns(
        folded(pl.col("school_natural_id")).alias("school_key"),
        folded(pl.col("group_name")).alias("name_key"),
    )


def _declared(rows: pl.DataFrame) -> pl.DataFrame:
    subject = pl.col("subject_code").fill_null("")
    return (
        keyed(rows)
        .group_by(_GROUP)
        .agg(
            pl.col("school_natural_id").first(),
            pl.col("group_name").min().alias("name"),
            subject.max().alias("subject"),
        )
    )


def _counts(
    before: pl.DataFrame, after: pl.DataFrame, column: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    was, is_now = (
        keyed(rows.filter(pl.col(column).fill_null("") != "")).select(*_GROUP, column).unique()
        for rows in (before, after)
    )
    on = [*_GROUP, column]
    added, removed = is_now.join(was, on=on, how="anti"), was.join(is_now, on=on, how="anti")
    count = pl.len().alias("count")
    return added.group_by(_GROUP).agg(count), removed.group_by(_GROUP).agg(count)
