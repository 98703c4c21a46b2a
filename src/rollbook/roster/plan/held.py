"""What is here of one roster source, picked from the tables: a plan's way in, walked back."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from rollbook.roster.types import HeldRoster


def held_from(frames: Mapping[str, pl.DataFrame], aliases: pl.DataFrame, *, key: str) -> HeldRoster:
    """Return what one roster source holds.

    Shape: `frames` by plan-table name: all organizations, students whom the source writes or knows
           by a name of its own, and of the other tables what the source wrote; `aliases` are
           names of students. What is in use keeps what it hangs on, even if a delta took that away.
    """
    mine = {name: frame.filter(pl.col("source") == key) for name, frame in frames.items()}
    live = {name: frame.filter("is_active") for name, frame in mine.items()}
    classes = live["classes"]
    courses = mine["courses"].filter(
        pl.col("is_active") | pl.col("id").is_in(classes["course_id"].implode())
    )
    terms = classes["term_sourced_ids"].str.split(",").explode(empty_as_null=True).implode()
    sessions = mine["academic sessions"].filter(
        pl.col("is_active") | pl.col("sourced_id").is_in(terms)
    )
    attending = live["school enrollments"].filter(
        pl.col("school_year") == pl.col("school_year").max()
    )
    working = live["staff assignments"]
    stood_at = pl.concat(
        [
            courses["organization_id"],
            classes["school_id"].rename("organization_id"),
            attending["school_id"].rename("organization_id"),
            working["organization_id"],
        ]
    )
    return HeldRoster(
        organizations=_organizations(frames["organizations"], stood_at, key=key),
        sessions=sessions,
        courses=courses,
        classes=classes,
        students=_students(frames["students"].filter("is_active"), aliases, key=key),
        staff=live["staff"].with_columns(key=pl.col("sourced_id")),
        school_enrollments=attending,
        staff_assignments=working,
        enrollments=live["enrollments"],
    )


def _organizations(every: pl.DataFrame, stood_at: pl.Series, *, key: str) -> pl.DataFrame:
    """Return the source's own places, and those of others that its records stand at."""
    used = pl.col("id").is_in(stood_at.implode())
    own = every.filter(pl.col("source") == key)
    mine = own.filter(pl.col("is_active") | used)
    # Where the one above came, too, but another source had brought it before, it is told as well.
    above = mine.filter(
        (pl.col("received_parent") != "")
        & ~pl.col("received_parent").is_in(mine["sourced_id"].implode())
    )["parent_id"]
    others = every.filter(pl.col("source") != key, used | pl.col("id").is_in(above.implode()))
    name = pl.col("sourced_id")
    is_taken = (name == "") | name.is_in(own["sourced_id"].implode()) | name.is_duplicated()
    named = others.with_columns(key=pl.when(is_taken).then("uuid").otherwise(name))
    return pl.concat([mine.with_columns(key=name), named])


def _students(known: pl.DataFrame, aliases: pl.DataFrame, *, key: str) -> pl.DataFrame:
    """Return the students whom the source writes, or knows by a name, under that name."""
    named = aliases.filter("is_active", pl.col("source") == key, pl.col("sourced_id") != "")
    latest = named.sort("id").unique("student_id", keep="last", maintain_order=True)
    own = pl.when(pl.col("source") == key).then("sourced_id")
    return (
        known.filter(pl.col("merged_into_id").is_null())
        .join(latest.select(id="student_id", alias="sourced_id"), on="id", how="left")
        .with_columns(key=pl.coalesce(own, "alias"))
        .drop("alias")
        .drop_nulls("key")
        .sort("id")
    )
