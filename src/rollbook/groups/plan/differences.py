"""Say what a group file does to each group that it names, in counts."""

from __future__ import annotations

import polars as pl

from rollbook.groups.types import GroupDifference, GroupOrigin


def differences_between(
    named: pl.DataFrame,
    members: pl.DataFrame,
    *,
    joining: pl.DataFrame,
    leaving: pl.DataFrame,
    coming: pl.DataFrame,
    going: pl.DataFrame,
) -> tuple[GroupDifference, ...]:
    """Count, for each named group, who is there, who joins and who leaves.

    Shape: `joining` and `leaving` are students, `coming` and `going` users; in the order of
           `named`, each group by the name it has.
    """
    counted = named
    parts = {
        "students_before": members,
        "students_added": joining,
        "students_removed": leaving,
        "users_added": coming,
        "users_removed": going,
    }
    for name, part in parts.items():
        counts = part.group_by("group_id").len(name)
        counted = counted.join(
            counts, left_on="id", right_on="group_id", how="left", maintain_order="left"
        )
    found = counted.with_columns(
        *(pl.col(name).fill_null(0) for name in parts),
        pl.col("subject_before").fill_null(""),
        pl.coalesce("name_before", "name").alias("name"),
        _action(list(parts)[1:]).alias("action"),
    )
    columns = [
        "school_natural_id", "name", "school_year", "action", *parts, "subject_before", "subject",
    ]  # fmt: skip
    return tuple(GroupDifference(*row) for row in found.select(columns).iter_rows())


def _action(moves: list[str]) -> pl.Expr:
    """Return what becomes of a group, in one word."""
    is_changed = (
        pl.any_horizontal(pl.col(name).fill_null(0) > 0 for name in moves)
        | (pl.col("subject") != pl.col("subject_before"))
        | (pl.col("origin") != GroupOrigin.FILE.value)
    )
    return (
        pl.when(pl.col("is_new"))
        .then(pl.lit("add"))
        .when(~pl.col("is_active"))
        .then(pl.lit("restore"))
        .when(is_changed)
        .then(pl.lit("update"))
        .otherwise(pl.lit("unchanged"))
    )
