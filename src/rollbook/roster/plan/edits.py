"""What was edited here by hand stays: no roster writes over it, and what it says is remembered."""

from __future__ import annotations

from typing import Final

import polars as pl

from rollbook.changes.types import PlanTable

EDITS: Final = pl.Schema(
    {
        "table": pl.String(),
        "record_id": pl.Int64(),
        "column": pl.String(),
        "value": pl.String(),
    }
)
UPSTREAM: Final = pl.Schema(
    {
        "table": pl.String(),
        "record_id": pl.Int64(),
        "column": pl.String(),
        "upstream": pl.String(),
    }
)
# A student's grade stands a second time in the school enrollment of the year.
_STAYS: Final = "school enrollments"


def keep_edits(
    table: PlanTable, rows: pl.DataFrame, edits: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put the value that is here in place of the source's, in each cell that was edited here.

    Shape:  `rows` have `id` and every cell before and after; `edits` as EDITS. Returned are the
            rows, and what the source says of each edited cell, as UPSTREAM.
    """
    mine = edits.filter(pl.col("table") == table.name)
    said: list[pl.DataFrame] = [pl.DataFrame(schema=UPSTREAM)]
    for column in [c for c in table.columns if c in set(mine["column"])]:
        marked = mine.filter(pl.col("column") == column)["record_id"]
        is_edited = pl.col("id").is_in(marked.implode())
        said.append(_said(table, rows.filter(is_edited), column))
        rows = rows.with_columns(
            pl.when(is_edited)
            .then(pl.col(f"before.{column}"))
            .otherwise(pl.col(f"after.{column}"))
            .alias(f"after.{column}")
        )
    if table.name == _STAYS:
        rows = _with_edited_grades(rows, edits)
    return rows, pl.concat(said)


def _said(table: PlanTable, rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows.select(
        table=pl.lit(table.name),
        record_id=pl.col("id").cast(pl.Int64),
        column=pl.lit(column),
        upstream=as_text(f"after.{column}", table.columns[column]),
    )


def _with_edited_grades(rows: pl.DataFrame, edits: pl.DataFrame) -> pl.DataFrame:
    grades = edits.filter((pl.col("table") == "students") & (pl.col("column") == "grade"))
    if grades.is_empty():
        return rows
    pairs = grades.select(pl.col("record_id").alias("after.student_id"), _grade="value")
    return (
        rows.join(pairs, on="after.student_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("_grade", "after.grade").alias("after.grade"))
        .drop("_grade")
    )


def as_text(column: str, kind: str) -> pl.Expr:
    """Write the cells of a column as `LocalEdit` keeps them: nothing is blank, a date is ISO's."""
    cell = pl.col(column)
    if kind == "date":
        cell = cell.dt.to_string("%Y-%m-%d")
    elif kind == "boolean":
        cell = pl.when(cell).then(pl.lit("yes")).when(~cell).then(pl.lit("no"))
    return cell.cast(pl.String).fill_null("")
