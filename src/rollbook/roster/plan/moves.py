"""What follows from who is who: moves shown as moves, people who stay, names remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import polars as pl

from rollbook.changes.layouts import schema_of
from rollbook.changes.types import TableChanges
from rollbook.people import layouts as people
from rollbook.roster.plan.draft import Draft

STAYS: Final = people.SCHOOL_ENROLLMENTS
# A student who was gone for no longer than this has moved (reference, rostering 6.3, item 8).
MOST_DAYS_AWAY: Final = 30
_OF_STUDENTS: Final = frozenset({STAYS.name, people.ENROLLMENTS.name})


def settled_changes(draft: Draft, changes: Sequence[TableChanges]) -> tuple[TableChanges, ...]:
    """Turn what differs into what happened: moves, and nobody gone who is only left out.

    Shape: the tables in writing order, those of names right after the students; none is empty.
    """
    found = {change.table.name: change for change in changes}
    for name, change in found.items():
        found[name] = _let_stay(draft, change)
    found = _with_ended(draft, found)
    if STAYS.name in found:
        moved = paired(found[STAYS.name], _was_away(draft, found))
        found[STAYS.name] = TableChanges(STAYS, moved)
    names = _alias_changes(draft)
    if names is not None:
        found[people.STUDENT_ALIASES.name] = names
    order = [*(change.table.name for change in changes), STAYS.name]
    after = people.STUDENTS.name if people.STUDENTS.name in order else ""
    place = order.index(after) + 1 if after else 0
    order.insert(place, people.STUDENT_ALIASES.name)
    listed = dict.fromkeys(order)
    return tuple(found[name] for name in listed if name in found and found[name].frame.height)


def _let_stay(draft: Draft, change: TableChanges) -> TableChanges:
    """Take back the archiving of students left out, and of those another source still lists."""
    frame, name = change.frame, change.table.name
    goes = pl.col("action") == "archive"
    if name == people.STUDENTS.name:
        listed = draft.current.elsewhere["student_id"]
        keeps = pl.col("id").is_in(listed.implode()) | pl.col("id").is_in(list(draft.left_out_ids))
    elif name in _OF_STUDENTS and draft.left_out_ids:
        known = draft.current.frames[name].filter(
            pl.col("student_id").is_in(list(draft.left_out_ids))
        )
        keeps = pl.col("id").is_in(known["id"].implode())
    else:
        return change
    return TableChanges(change.table, frame.filter(~(goes & keeps)))


def _with_ended(draft: Draft, found: dict[str, TableChanges]) -> dict[str, TableChanges]:
    """Add the school enrollments, of whatever source, that a move ends."""
    ended = pl.concat([pl.DataFrame(schema={}), *draft.ended], how="diagonal")
    if ended.is_empty():
        return found
    frame = found[STAYS.name].frame if STAYS.name in found else pl.DataFrame(schema={})
    known = frame["id"] if "id" in frame.columns else pl.Series([], dtype=pl.Int64)
    last = pl.max_horizontal(
        pl.min_horizontal("ends_before", pl.lit(draft.starting)), pl.col("begins_on")
    )
    gone = ended.filter(~pl.col("id").is_in(known.implode())).select(
        "id",
        "school_id",
        action=pl.lit("archive"),
        line=pl.lit(None, dtype=pl.UInt32),
        file=pl.lit(None, dtype=pl.String),
        why=pl.lit("the student has moved to another school"),
        **{f"before.{name}": pl.col(name) for name in STAYS.columns},
        **{f"after.{name}": pl.col(name) for name in STAYS.columns}
        | {"after.is_active": pl.lit(value=False), "after.ends_before": last},
    )
    whole = pl.concat([frame, gone], how="diagonal").sort("id")
    return found | {STAYS.name: TableChanges(STAYS, whole)}


def _was_away(draft: Draft, found: dict[str, TableChanges]) -> pl.DataFrame:
    """Return the latest places of students who come back within a month of being archived."""
    students = found.get(people.STUDENTS.name)
    known = draft.current.frames[STAYS.name]
    if students is None:
        return known.head(0)
    back = students.frame.filter(pl.col("action") == "reactivate")["id"]
    return (
        known.filter(
            ~pl.col("is_active"),
            pl.col("student_id").is_in(back.implode()),
            pl.col("school_year") == draft.school_year,
            pl.col("ends_before") >= draft.starting - timedelta(days=MOST_DAYS_AWAY),
        )
        .sort("ends_before", "id", descending=True)
        .unique("student_id", keep="first", maintain_order=True)
    )


def paired(stays: TableChanges, away: pl.DataFrame) -> pl.DataFrame:
    """Join the end of a student's one place and the start of another into one row.

    Shape:  the rows of the change to school enrollments; a pair becomes a `move`, or an `update`
            where the school is the same and only its key is new. `away` are places that ended
            before. Who leaves or enters two schools at once is not paired: that is no move.
    Source: reference, rostering 6.3, item 8
    """
    frame = stays.frame
    adds = frame.filter(pl.col("action") == "add")
    if adds.is_empty():
        return frame
    ends = frame.filter(pl.col("action") == "archive").select(
        "id", *[f"before.{name}" for name in STAYS.columns]
    )
    before = away.filter(~pl.col("id").is_in(frame["id"].implode())).select(
        "id", **{f"before.{name}": pl.col(name) for name in STAYS.columns}
    )
    gone = pl.concat([ends, before.filter(~pl.col("before.student_id").is_in(
        ends["before.student_id"].implode()
    )).select(ends.columns)])  # fmt: skip
    key = pl.col("before.student_id")
    one_left = gone.filter(~key.is_duplicated())
    one_came = adds.filter(~pl.col("after.student_id").is_duplicated())
    pairs = one_came.drop("id", *[f"before.{name}" for name in STAYS.columns]).join(
        one_left.with_columns(student=key, year=pl.col("before.school_year")),
        left_on=["after.student_id", "after.school_year"],
        right_on=["student", "year"],
        maintain_order="left",
    )
    is_move = pl.col("before.school_id") != pl.col("after.school_id")
    joined = pairs.with_columns(
        action=pl.when(is_move).then(pl.lit("move")).otherwise(pl.lit("update")),
        why=pl.when(is_move)
        .then(pl.lit("left one school and came to another"))
        .otherwise(pl.lit("the file says so")),
    ).select(frame.columns)
    rest = frame.filter(
        ~pl.col("id").is_in(pairs["id"].implode())
        & ~(
            (pl.col("action") == "add")
            & pl.col("after.student_id").is_in(pairs["after.student_id"].implode())
        )
    )
    return pl.concat([rest, joined]).sort("id")


def _alias_changes(draft: Draft) -> TableChanges | None:
    """Return the names to remember: former ones of records, and a second source's own."""
    table = people.STUDENT_ALIASES
    wanted = _wanted_names(draft)
    if wanted.is_empty():
        return None
    known = draft.current.aliases.filter(pl.col("sourced_id") != "")
    joined = wanted.join(
        known.select("source", "sourced_id", "id", was="student_id", was_active="is_active"),
        on=["source", "sourced_id"],
        how="left",
    ).filter(
        ~(pl.col("was_active") & (pl.col("was") == pl.col("student_id"))).fill_null(value=False)
    )
    joined = joined.sort("source", "sourced_id")
    fresh = int(joined["id"].null_count())
    first = draft.reserve_ids(table, fresh) if fresh else 0
    is_new = pl.col("id").is_null()
    rows = joined.with_columns(
        new_id=pl.coalesce("id", pl.lit(first - 1) + is_new.cum_sum().cast(pl.Int64)),
        old_ssid=pl.lit(""),
    )
    if rows.is_empty():
        return None
    frame = rows.select(
        action=pl.when(is_new).then(pl.lit("add")).otherwise(pl.lit("reactivate")),
        id="new_id",
        why=pl.lit("another id of a student"),
        **{"before.student_id": "was", "after.student_id": "student_id"},
        **{"before.is_active": "was_active", "after.is_active": pl.lit(value=True)},
        **{"before.source": pl.when(~is_new).then("source"), "after.source": "source"},
        **{
            "before.sourced_id": pl.when(~is_new).then("sourced_id"),
            "after.sourced_id": "sourced_id",
        },
        **{"after.reason": pl.when(is_new).then(pl.lit(SECOND_NAME))},
        **{"after.ssid": pl.when(is_new).then(pl.lit(""))},
    )
    full = frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in schema_of(table).items()
    )
    return TableChanges(table, full.sort("id"))


SECOND_NAME: Final = "source"  # why a name is remembered: another source, or a record renamed


def _wanted_names(draft: Draft) -> pl.DataFrame:
    """Return the names noted, less those of students who are not let in anywhere yet."""
    empty = pl.DataFrame(
        schema={"student_id": pl.Int64(), "source": pl.String(), "sourced_id": pl.String()}
    )
    noted = pl.concat([empty, *draft.new_aliases])
    placed = draft.wanted[STAYS.name]["student_id"]
    is_waiting = pl.col("student_id").is_in(list(draft.second_ids)) & ~pl.col("student_id").is_in(
        placed.implode()
    )
    return noted.filter(~is_waiting).unique(["source", "sourced_id"], keep="first")
