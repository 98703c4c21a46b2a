"""How far a plan reaches: the places and children it touches, and the place that holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from rollbook.changes.types import TableChanges
from rollbook.people import layouts as people
from rollbook.roster.plan.draft import CurrentRoster, RosterPlan

# Where a record of each table is.
_PLACE: Final[Mapping[str, str]] = {
    "academic sessions": "organization_id",
    "students": "district_id",
    "staff": "district_id",
    "staff assignments": "organization_id",
    "school enrollments": "school_id",
    "courses": "organization_id",
    "classes": "school_id",
}
_OWNED: Final = ("district", "school")


def reaches_beyond(plan: RosterPlan, current: CurrentRoster, within: frozenset[int]) -> bool:
    """Tell whether a plan touches a record of a district or school outside of these places.

    A source may hold several districts, or a file may name another's schools: that the districts
    it names are the sender's says nothing of whose records change.
    Shape:  what the plan adds lies within where what it is put under does. A child of another
            district may be touched whom that district has let go, or who is at a school within.
            A district may not take the code of another, nor be that one by sourcedId and name:
            such a file is the other's.
    """
    allowed = within | _added(plan)
    places = _places_touched(plan, current) - _places_above(current, within)
    touched = _organizations_touched(plan) | places
    if touched - allowed or _claims_another(plan, current, allowed):
        return True
    return _touches_stranger(plan, current, within)


def place_of_all(plan: RosterPlan, current: CurrentRoster) -> int | None:
    """Return the nearest place that holds all districts of a plan, for whom it is to decide on.

    Shape: the district, where there is one only; None where nothing holds all of them.
    """
    chains = [_upwards(district, _parents(plan, current)) for district in plan.district_ids]
    if not chains:
        return None
    return next((at for at in chains[0] if all(at in chain for chain in chains[1:])), None)


def _organizations_touched(plan: RosterPlan) -> set[int]:
    """Return the organizations there are that a plan edits, or under which it puts new ones."""
    changes = plan.by_table.get("organizations")
    if changes is None:
        return set()
    added = changes.frame.filter(pl.col("action") == "add")
    edited = changes.frame.filter(pl.col("action") != "add")["id"]
    parents = added["after.parent_id"].drop_nulls().to_list() if added.height else []
    return {*edited, *parents}


def _claims_another(plan: RosterPlan, current: CurrentRoster, allowed: frozenset[int]) -> bool:
    """Tell whether a district would be called as one out of reach is: its roster came, or a lie."""
    changes = plan.by_table.get("organizations")
    if changes is None:
        return False
    places = current.frames["organizations"].filter(pl.col("kind") == "district")
    others = places.filter(~pl.col("id").is_in(list(allowed)))
    cells = {name: f"after.{name}" for name in ("kind", "natural_id", "sourced_id", "name")}
    told = {name: cell for name, cell in cells.items() if cell in changes.frame.columns}
    mine = (
        changes.frame.select("id", **{name: pl.col(cell) for name, cell in told.items()})
        .join(current.frames["organizations"].select("id", *cells), on="id", how="left")
        .select(
            pl.coalesce(name, f"{name}_right").alias(name) if name in told else pl.col(name)
            for name in cells
        )
        .filter(pl.col("kind") == "district")
    )
    by_code = mine.filter(pl.col("natural_id") != "").join(others, on="natural_id", how="semi")
    by_name = mine.filter(pl.col("sourced_id") != "").join(
        others, on=["sourced_id", "name"], how="semi"
    )
    return bool(by_code.height or by_name.height)


def _added(plan: RosterPlan) -> frozenset[int]:
    changes = plan.by_table.get("organizations")
    if changes is None:
        return frozenset()
    return frozenset(changes.frame.filter(pl.col("action") == "add")["id"])


def _places_touched(plan: RosterPlan, current: CurrentRoster) -> set[int]:
    """Return where the records are that a plan changes, and where they come to."""
    found: set[int] = set()
    for change in plan.changes:
        column = _PLACE.get(change.table.name)
        if column is not None:
            known = current.frames[change.table.name].join(
                change.frame.select("id"), on="id", how="semi"
            )
            # Who may leave another district is asked of the child, not of the place.
            if change.table is people.STUDENTS:
                known = known.head(0)
            found |= set(known[column].drop_nulls().unique()) | _cells(change, f"after.{column}")
        elif change.table is people.ENROLLMENTS:
            found |= _cells(change, "school_id")
    return found


def _places_above(current: CurrentRoster, within: frozenset[int]) -> set[int]:
    """Return what a source of these districts alone has brought above them, such as a state."""
    mine = current.frames["organizations"].filter(pl.col("source") == current.source)
    if not set(mine.filter(pl.col("kind") == "district")["id"]) <= within:
        return set()
    return set(mine.filter(~pl.col("kind").is_in(_OWNED))["id"])


def _touches_stranger(plan: RosterPlan, current: CurrentRoster, within: frozenset[int]) -> bool:
    """Tell whether a plan touches a child of another district who was not let go."""
    ids = {student for change in plan.changes for student in _students_of(change, current)}
    students = current.frames["students"]
    others = students.filter(
        pl.col("id").is_in(list(ids)) & ~pl.col("district_id").is_in(list(within))
    )["id"]
    stays = current.frames["school enrollments"].filter("is_active")
    at = pl.concat([stays.select(_STAY), current.elsewhere.select(_STAY)])
    here = at.filter(pl.col("school_id").is_in(list(within)))["student_id"]
    return bool(set(others) - set(here) - current.released)


_STAY: Final = ["student_id", "school_id"]


def _students_of(change: TableChanges, current: CurrentRoster) -> set[int]:
    if change.table is people.STUDENTS:
        return set(change.frame["id"])
    if "student_id" not in change.table.columns or change.table is people.STUDENT_ALIASES:
        return set()
    known = current.frames[change.table.name].join(change.frame.select("id"), on="id", how="semi")
    return set(known["student_id"].drop_nulls().unique()) | _cells(change, "after.student_id")


def _cells(change: TableChanges, column: str) -> set[int]:
    return (
        set(change.frame[column].drop_nulls().unique()) if column in change.frame.columns else set()
    )


def _parents(plan: RosterPlan, current: CurrentRoster) -> dict[int, int | None]:
    """Return what stands above each organization, as it will be after the plan."""
    known = current.frames["organizations"].select("id", "parent_id")
    found = dict(known.iter_rows())
    changes = plan.by_table.get("organizations")
    if changes is not None and "after.parent_id" in changes.frame.columns:
        found |= dict(changes.frame.select("id", "after.parent_id").iter_rows())
    return found


def _upwards(place: int, parents: Mapping[int, int | None]) -> list[int]:
    chain: list[int] = []
    at: int | None = place
    while at is not None and at not in chain:
        chain.append(at)
        at = parents.get(at)
    return chain
