"""What a roster cannot say, for want of a column or of a file, it does not take away."""

from __future__ import annotations

import polars as pl

from rollbook.changes.types import PlanTable
from rollbook.orgs.layouts import ORGANIZATIONS
from rollbook.people import layouts as people
from rollbook.roster.plan.draft import Draft
from rollbook.roster.rules.identity import NAMED_BY_NUMBER, STUDENT_ROLES

_WITH_ROLES = (people.STAFF_ASSIGNMENTS, people.ENROLLMENTS)


def nameable(draft: Draft, table: PlanTable, known: pl.DataFrame) -> pl.DataFrame:
    """Return those of the records of a table that the layout of the roster could have named.

    Shape: of staff those none of whose roles is beyond it; without any role of staff, nobody.
    """
    words = draft.incoming.vocabulary
    if table is ORGANIZATIONS and words.kinds is not None:
        return known.filter(pl.col("kind").is_in(sorted(words.kinds)))
    if words.roles is None:
        return known
    if table in _WITH_ROLES:
        return known.filter(pl.col("role").is_in(sorted(words.roles)))
    if table is not people.STAFF:
        return known
    if not words.roles - STUDENT_ROLES:
        return known.clear()
    beyond = draft.current.frames[people.STAFF_ASSIGNMENTS.name].filter(
        "is_active", ~pl.col("role").is_in(sorted(words.roles))
    )
    return known.filter(~pl.col("id").is_in(beyond["staff_id"].implode()))


def with_known_words(draft: Draft, places: pl.DataFrame) -> pl.DataFrame:
    """Let places keep what the roster has no word for: their names, and what they stand under.

    Shape: `places` have `line`, `sourced_id`, `id` where it is known already, `name` and
           `received_parent`; a new place that came by number alone is called by its number.
    """
    is_numbered = pl.col("sourced_id").is_in(sorted(draft.incoming.vocabulary.numbered))
    known = draft.current.frames["organizations"]
    own = known.filter(pl.col("source") == draft.current.source).select(
        "sourced_id", own_name="name", own_parent="received_parent"
    )
    said = places.join(own, on="sourced_id", how="left", maintain_order="left").join(
        known.select("id", by_id="name"), on="id", how="left", maintain_order="left"
    )
    names = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in ("by_id", "own_name")]
    said = said.with_columns(known_name=pl.when(is_numbered).then(pl.coalesce(names)))
    draft.findings.extend(
        NAMED_BY_NUMBER.finding(file="orgs.csv", line=line, value=number)
        for line, number in said.filter(is_numbered & pl.col("known_name").is_null())
        .select("line", "name")
        .iter_rows()
    )
    said = said.with_columns(name=pl.coalesce("known_name", "name"))
    if not _names_districts(draft):
        said = said.with_columns(received_parent=pl.coalesce("own_parent", "received_parent"))
    return said.select(places.columns)


def known_parent(draft: Draft) -> pl.Expr:
    """Return, by `id`, what a place stands under already where the roster names no district."""
    if _names_districts(draft):
        return pl.lit(None, pl.Int64)
    pairs = draft.current.frames["organizations"].drop_nulls("parent_id")
    return pl.col("id").replace_strict(
        pairs["id"], pairs["parent_id"], default=None, return_dtype=pl.Int64
    )


def _names_districts(draft: Draft) -> bool:
    kinds = draft.incoming.vocabulary.kinds
    return kinds is None or "district" in kinds
