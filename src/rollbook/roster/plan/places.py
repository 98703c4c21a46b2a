"""The organizations and sessions that a roster wants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import polars as pl

from rollbook.orgs.layouts import ACADEMIC_SESSIONS, ORGANIZATIONS
from rollbook.roster.plan.departments import (
    holders_of_departments,
    is_used_as_school,
    let_holders_stand,
)
from rollbook.roster.plan.draft import Draft, keep, linked, live, text
from rollbook.roster.plan.silence import known_parent, with_known_words

ORGANIZATION_KINDS: Final[Mapping[str, str]] = {
    "national": "state",
    "state": "state",
    "local": "district",
    "district": "district",
    "school": "school",
}


def want_organizations(draft: Draft) -> None:
    """Add the rows of organizations that the roster wants."""
    incoming = live(draft.incoming.orgs).with_columns(
        kind=pl.when(pl.col("type").str.starts_with("ext:") & is_used_as_school(draft))
        .then(pl.lit("school"))
        .otherwise(pl.col("type").replace_strict(ORGANIZATION_KINDS, default=None))
    )
    holders = holders_of_departments(incoming)
    rows = incoming.filter(pl.col("kind").is_not_null()).select(
        line="_line",
        sourced_id="sourced_id",
        kind="kind",
        name="name",
        natural_id=text("identifier"),
        parent_sourced_id=pl.col("parent_sourced_id").replace(holders),
        received_type="type",
        received_parent=text("parent_sourced_id"),
    )
    rows = _organizations_known_by_natural_id(draft, rows)
    rows, elsewhere = _known_to_other_sources(draft, _home_recognized(draft, rows))
    keep(draft, ORGANIZATIONS, with_known_words(draft, rows), "orgs.csv")
    ids = draft.ids["organizations"]
    draft.ids["organizations"] = pl.concat([ids, elsewhere.select(ids.columns)])
    let_holders_stand(draft, holders)
    kept = draft.wanted["organizations"]
    kept = linked(draft, kept, ORGANIZATIONS, by="parent_sourced_id", to="parent_id", how="left")
    state = _state_above_all(draft, kept)
    districts = kept.filter(pl.col("kind") == "district")["id"]
    # A school that names no district is of the only one there is.
    home = int(districts[0]) if len(districts) == 1 else draft.current.home_id or state
    above = pl.when(pl.col("kind") == "school").then(pl.lit(home, dtype=pl.Int64)).otherwise(
        pl.lit(state, dtype=pl.Int64)
    )  # fmt: skip
    orphan = pl.col("parent_id").is_null() & (pl.col("kind") != "state")
    draft.wanted["organizations"] = kept.with_columns(
        parent_id=pl.when(orphan)
        .then(pl.coalesce(known_parent(draft), above))
        .otherwise("parent_id")
    )


def _state_above_all(draft: Draft, kept: pl.DataFrame) -> int | None:
    """Return the first state that stands under nothing, be it known or new with this roster.

    A state that came in this roster counts at once: else the same roster would move places when
    it comes again.
    """
    columns = ("id", "kind", "parent_id")
    known = draft.current.frames["organizations"].select(columns)
    places = pl.concat([kept.select(columns), known]).unique("id", keep="first")
    states = places.filter(pl.col("kind") == "state", pl.col("parent_id").is_null())
    found = states["id"].min()
    return found if isinstance(found, int) else None


def _organizations_known_by_natural_id(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Recognize an organization that was made by hand, or by a result file, by its natural id."""
    names = ["kind", "natural_id"]
    organizations = draft.current.frames["organizations"]
    known = organizations.filter(pl.col("source") == draft.current.source)["sourced_id"]
    by_hand = organizations.filter((pl.col("source") == "") & (pl.col("natural_id") != ""))
    fresh = rows.filter(~pl.col("sourced_id").is_in(known.implode()))
    pairs = (
        fresh.select("sourced_id", *names)
        .unique(names, keep="none")
        .join(by_hand.select("id", *names).unique(names, keep="none"), on=names)
        .select("sourced_id", "id")
    )
    return rows.join(pairs, on="sourced_id", how="left", maintain_order="left")


def _home_recognized(draft: Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Recognize the district of a saved source in the only district that its file names."""
    home = draft.current.home_id
    districts = rows.filter(pl.col("kind") == "district")
    known = draft.current.frames["organizations"].filter(
        (pl.col("source") == draft.current.source) & (pl.col("sourced_id") != "")
    )["sourced_id"]
    named = districts.filter(~pl.col("sourced_id").is_in(known.implode()))
    if home is None or districts.height != 1 or named.is_empty():
        return rows
    is_home = pl.col("sourced_id") == named["sourced_id"][0]
    return rows.with_columns(id=pl.when(is_home).then(pl.lit(home, dtype=pl.Int64)).otherwise("id"))


def _known_to_other_sources(draft: Draft, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Set apart the places of this district that another source brought, and their ids.

    Two sources of one district speak of the same schools. The one that came first goes on saying
    what a school is called; the other only finds it, by its state code or by being the district.
    """
    places = draft.current.frames["organizations"]
    taken = places.filter((pl.col("source") != "") & (pl.col("source") != draft.current.source))
    within = _places_under(places, draft.current.home_id)
    pairs = rows.filter(pl.col("natural_id") != "").join(
        taken.filter((pl.col("natural_id") != "") & pl.col("id").is_in(list(within)))
        .select("kind", "natural_id", other="id")
        .unique(["kind", "natural_id"], keep="none"),
        on=["kind", "natural_id"],
    ).select("sourced_id", id="other")  # fmt: skip
    home = rows.join(taken.select("id"), on="id", how="semi").select("sourced_id", "id")
    found = pl.concat([home, pairs]).unique("sourced_id", keep="first", maintain_order=True)
    return rows.join(found, on="sourced_id", how="anti", maintain_order="left"), found


def _places_under(places: pl.DataFrame, home: int | None) -> set[int]:
    """Return the ids of an organization and of everything below it."""
    found: set[int] = set() if home is None else {home}
    while True:
        below = places.filter(pl.col("parent_id").is_in(list(found)))["id"]
        if found >= set(below):
            return found
        found |= set(below)


def district_of(draft: Draft) -> pl.DataFrame:
    """Pair every organization (by sourcedId) with the id of its district, itself included."""
    known = draft.current.frames["organizations"].select("id", "kind", "parent_id")
    wanted = draft.wanted["organizations"].select("id", "kind", "parent_id")
    tree = pl.concat([wanted, known]).unique("id", keep="first")
    parents = {row[0]: (row[1], row[2]) for row in tree.iter_rows()}

    def climb(organization: int) -> int:
        seen: set[int] = set()
        at: int | None = organization
        while at is not None and at in parents and at not in seen:
            if parents[at][0] == "district":
                return at
            seen.add(at)
            at = parents[at][1]
        return organization

    mine = draft.current.frames["organizations"].filter(pl.col("source") == draft.current.source)
    pairs = pl.concat([draft.ids["organizations"], mine.select("sourced_id", "id")]).unique(
        "sourced_id", keep="first", maintain_order=True
    )
    return pairs.with_columns(
        district_id=pl.Series([climb(i) for i in pairs["id"].to_list()], dtype=pl.Int64)
    ).select("sourced_id", "district_id")


def _home_district(draft: Draft) -> int | None:
    if draft.current.home_id is not None:
        return draft.current.home_id
    organizations = draft.wanted["organizations"].sort("sourced_id")
    for kind in ("district", "state", "school"):
        found = organizations.filter(pl.col("kind") == kind)
        if found.height:
            return int(found["id"][0])
    known = (
        draft.current.frames["organizations"]
        .filter((pl.col("source") == draft.current.source) & (pl.col("kind") == "district"))
        .sort("sourced_id")
    )
    return int(known["id"][0]) if known.height else None


def sessions_of(draft: Draft) -> pl.DataFrame:
    """Return when each session is: as the file says, else as known.

    Shape: `sourced_id`, `kind`, `starts_on`, `ends_before`, `school_year`.
    """
    columns = ["sourced_id", "kind", "starts_on", "ends_before", "school_year"]
    known = draft.current.frames["academic sessions"].filter(
        (pl.col("source") == draft.current.source) & pl.col("is_active")
    )
    return pl.concat(
        [draft.wanted["academic sessions"].select(columns), known.select(columns)]
    ).unique("sourced_id", keep="first", maintain_order=True)


def _day_after(column: str) -> pl.Expr:
    """Return the next day; the calendar's end, by which systems say never, has none."""
    return pl.min_horizontal(column, pl.lit(date.max - timedelta(days=1))) + timedelta(days=1)


def want_sessions(draft: Draft) -> None:
    """Add the rows of academic sessions that the roster wants."""
    home = _home_district(draft)
    sessions = live(draft.incoming.sessions)
    rows = (sessions if home is not None else sessions.clear()).select(
        line="_line",
        sourced_id="sourced_id",
        organization_id=pl.lit(home, dtype=pl.Int64),
        kind=pl.when(pl.col("type").is_in(["schoolYear", "semester", "term", "gradingPeriod"]))
        .then("type")
        .otherwise(pl.lit("term")),
        received_type="type",
        title="title",
        school_year=pl.col("school_year").cast(pl.Int64),
        starts_on="starts_on",
        ends_before=pl.max_horizontal(_day_after("ends_on"), "starts_on"),
        parent_sourced_id="parent_sourced_id",
    )
    keep(draft, ACADEMIC_SESSIONS, rows, "academicSessions.csv")
    draft.wanted["academic sessions"] = linked(
        draft,
        draft.wanted["academic sessions"],
        ACADEMIC_SESSIONS,
        by="parent_sourced_id",
        to="parent_id",
        how="left",
    )
