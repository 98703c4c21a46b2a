"""Organizations of kinds that we do not hold: what holds a department, what is a school."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from rollbook.roster.plan.draft import Draft, live
from rollbook.roster.rules.identity import STUDENT_ROLES


def is_used_as_school(draft: Draft) -> pl.Expr:
    """Tell which organizations classes are held at, or students belong to."""
    incoming = draft.incoming
    students = live(incoming.roles).filter(pl.col("role").is_in(STUDENT_ROLES))
    used = pl.concat(
        [
            live(incoming.classes)["school_sourced_id"],
            live(incoming.enrollments)["school_sourced_id"],
            students["org_sourced_id"].rename("school_sourced_id"),
        ]
    )
    return pl.col("sourced_id").is_in(used.drop_nulls().unique().implode())


def holders_of_departments(organizations: pl.DataFrame) -> dict[str, str]:
    """Pair each organization without a `kind`, as departments, with what stands above it."""
    rows = organizations.select("sourced_id", "parent_sourced_id", "kind").iter_rows()
    above: dict[str, str | None] = {key: parent for key, parent, kind in rows if kind is None}
    return {key: holder for key in above if (holder := _climbed(key, above)) is not None}


def _climbed(key: str, above: Mapping[str, str | None]) -> str | None:
    at: str | None = key
    for _ in above:
        at = above.get(at) if at is not None else None
        if at not in above:
            return at
    return None  # departments in a circle


def let_holders_stand(draft: Draft, holders: Mapping[str, str]) -> None:
    """Let what is said of a department be said of the organization that holds it."""
    pairs = pl.DataFrame(
        {"department": list(holders), "sourced_id": list(holders.values())},
        schema={"department": pl.String, "sourced_id": pl.String},
    )
    ids = draft.ids["organizations"]
    standing = pairs.join(ids, on="sourced_id").select("id", sourced_id="department")
    draft.ids["organizations"] = pl.concat([ids, standing.select(ids.columns)])
