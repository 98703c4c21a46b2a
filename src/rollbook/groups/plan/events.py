"""Say what happened to groups when a plan, or its undo, was carried out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import polars as pl

from rollbook.changes.layouts import after, before
from rollbook.changes.types import ChangeAction, TableChanges
from rollbook.groups.layouts import GROUP_MEMBERS, GROUP_USERS, STUDENT_GROUPS
from rollbook.groups.types import GroupEventKind

EVENTS: Final = pl.Schema(
    {
        "group_id": pl.Int64(),
        "kind": pl.String(),
        "student_number": pl.Int64(),
        "login": pl.String(),
        "detail": pl.String(),
    }
)
_ADD: Final = pl.col("action") == ChangeAction.ADD.value
_DELETE: Final = pl.col("action") == ChangeAction.DELETE.value


def events_of(changes: Sequence[TableChanges]) -> pl.DataFrame:
    """List what changes did to groups, for their history.

    Shape: EVENTS, `detail` as JSON, by group. A new group's students and users are counted in the
           event of its making, others are listed one by one; a group that goes leaves none.
    """
    frames = {change.table.name: change.frame for change in changes}
    groups = frames.get(STUDENT_GROUPS.name, pl.DataFrame(schema={"id": pl.Int64()}))
    members = _moves(frames.get(GROUP_MEMBERS.name), "student_id")
    users = _moves(frames.get(GROUP_USERS.name), "login")
    is_whole = groups.filter(_ADD | _DELETE)["id"] if groups.height else groups["id"]
    parts = [EVENTS.to_frame()]
    if groups.height:
        parts += [_made(groups.filter(_ADD), members, users), *_edited(groups)]
    for moves, column, began, ended in (
        (members, "student_number", GroupEventKind.STUDENT_ADDED, GroupEventKind.STUDENT_REMOVED),
        (users, "login", GroupEventKind.USER_ADDED, GroupEventKind.USER_REMOVED),
    ):
        told = moves.filter(~pl.col("group_id").is_in(is_whole.implode()))
        kind = pl.when("begins").then(pl.lit(began.value)).otherwise(pl.lit(ended.value))
        parts.append(told.select("group_id", kind.alias("kind"), pl.col("who").alias(column)))
    found = pl.concat(parts, how="diagonal")
    return found.with_columns(pl.col("login").fill_null(""), pl.col("detail").fill_null("{}")).sort(
        "group_id", maintain_order=True
    )


def _moves(frame: pl.DataFrame | None, column: str) -> pl.DataFrame:
    """Return memberships that begin or end: `group_id`, `who`, `begins`."""
    if frame is None or not frame.height:
        kind = pl.Int64() if column == "student_id" else pl.String()
        return pl.DataFrame(schema={"group_id": pl.Int64(), "who": kind, "begins": pl.Boolean()})

    def cell(name: str) -> pl.Expr:
        sides = [side(name) for side in (after, before) if side(name) in frame.columns]
        return pl.coalesce(sides)

    return frame.select(
        cell("group_id").alias("group_id"), cell(column).alias("who"), _ADD.alias("begins")
    )


def _made(groups: pl.DataFrame, members: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    counted = groups.select(pl.col("id").alias("group_id"))
    for name, moves in (("students", members), ("users", users)):
        counts = moves.filter("begins").group_by("group_id").len(name)
        counted = counted.join(counts, on="group_id", how="left", maintain_order="left")
    return counted.select(
        "group_id",
        pl.lit(GroupEventKind.CREATED.value).alias("kind"),
        pl.concat_str(
            pl.lit('{"students": '),
            pl.col("students").fill_null(0),
            pl.lit(', "users": '),
            pl.col("users").fill_null(0),
            pl.lit("}"),
        ).alias("detail"),
    )


def _edited(groups: pl.DataFrame) -> list[pl.DataFrame]:
    """Return groups that came back, were put away, or changed their subject."""
    parts: list[pl.DataFrame] = []
    for action, kind in (
        (ChangeAction.REACTIVATE, GroupEventKind.RESTORED),
        (ChangeAction.ARCHIVE, GroupEventKind.ARCHIVED),
    ):
        found = groups.filter(pl.col("action") == action.value)
        parts.append(found.select(pl.col("id").alias("group_id"), kind=pl.lit(kind.value)))
    if after("subject") in groups.columns:
        old, new = before("subject"), after("subject")
        found = groups.filter(~(_ADD | _DELETE) & pl.col(old).ne_missing(pl.col(new)))
        details = [
            json.dumps({"before": was or "", "after": now or ""})
            for was, now in found.select(old, new).iter_rows()
        ]
        parts.append(
            found.select(
                pl.col("id").alias("group_id"),
                pl.lit(GroupEventKind.SUBJECT.value).alias("kind"),
                pl.Series("detail", details, dtype=pl.String()),
            )
        )
    return parts
