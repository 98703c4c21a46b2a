"""What must change for the people we hold to become the roster that came in.

The roster's words (sourcedIds) are turned into rows of the plan tables with ids, table by
table in the order of their references; then each table is compared with what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from rollbook.roster.plan.classes import want_classes, want_courses, want_enrollments
from rollbook.roster.plan.differences import changes_of
from rollbook.roster.plan.draft import (
    ROSTER_TABLES,
    CurrentRoster,
    Draft,
    NewUuids,
    ReserveIds,
    RosterPlan,
)
from rollbook.roster.plan.edits import UPSTREAM
from rollbook.roster.plan.holes import holes, with_named
from rollbook.roster.plan.moves import settled_changes
from rollbook.roster.plan.persons import (
    want_assignments,
    want_school_enrollments,
    want_staff,
    want_students,
)
from rollbook.roster.plan.places import want_organizations, want_sessions
from rollbook.roster.plan.second_school import settle_classes
from rollbook.roster.rules import identity, years
from rollbook.roster.types import NAMED, Mode, RosterFrames

# In the order of references: each step finds the ids that the steps before it gave.
WANTS = (
    want_organizations,
    want_sessions,
    want_students,
    want_staff,
    want_assignments,
    want_school_enrollments,
    want_courses,
    want_classes,
    want_enrollments,
    settle_classes,
)


def plan_roster(
    current: CurrentRoster,
    incoming: RosterFrames,
    *,
    kept: Mapping[str, frozenset[str]],
    starting: date,
    reserve_ids: ReserveIds,
    new_uuids: NewUuids,
    uncertain: frozenset[str] = frozenset(),
    named: pl.DataFrame | None = None,
) -> RosterPlan:
    """Work out what must change for `current` to become `incoming`.

    Shape:  one row per record that differs; no changes when nothing differs. `kept` maps a frame's
            name (users, classes, …) to sourcedIds that were left out of `incoming` by the checks:
            they came, so they are never taken for gone. `uncertain` names frames with rows that
            nobody could read: nothing of them is taken for gone, and a finding says so. `named`, as
            NAMED, are the records that rows left out name and that did not come: nor are those.
    Units:  `starting` is the local day from which the roster holds.
    Source: docs/decisions/0004-change-plans.md; reference, rostering 6.3.
    """
    draft = Draft(
        incoming=incoming,
        current=current,
        starting=starting,
        reserve_ids=reserve_ids,
        new_uuids=new_uuids,
        school_year=years.school_year_of(_sessions(current, incoming), starting=starting),
        uncertain=uncertain,
        named=pl.DataFrame(schema=NAMED) if named is None else named,
    )
    draft.findings.extend(
        identity.NOBODY_REMOVED.finding(file=f"{name}.csv") for name in sorted(uncertain)
    )
    for want in WANTS:
        want(draft)
    stays = with_named(kept, draft.named)
    changes = tuple(
        change
        for table in ROSTER_TABLES
        if (change := changes_of(draft, table, stays)) is not None and change.frame.height
    )
    draft.findings.extend(holes(draft))
    districts = _districts(draft)
    return RosterPlan(
        changes=settled_changes(draft, changes),
        findings=tuple(draft.findings),
        school_year=draft.school_year,
        district_ids=tuple(districts),
        upstream=pl.concat([pl.DataFrame(schema=UPSTREAM), *draft.upstream]),
        asks=tuple(draft.asks),
        questions=tuple(draft.questions),
    )


def _sessions(current: CurrentRoster, incoming: RosterFrames) -> pl.DataFrame:
    """Return the sessions by which the school year is told: those that came, and known ones."""
    came = incoming.sessions.select("sourced_id", "status", *_SPANS)
    if incoming.modes.get("academicSessions") is Mode.BULK and came.height:
        return came
    known = (
        current.frames["academic sessions"]
        .filter(
            (pl.col("source") == current.source)
            & pl.col("is_active")
            & ~pl.col("sourced_id").is_in(came["sourced_id"].implode())
        )
        .with_columns(type="kind", ends_on=pl.col("ends_before") - timedelta(days=1))
        .select("sourced_id", *_SPANS)
        .cast({"school_year": came.schema["school_year"]})
    )
    return pl.concat([came, known], how="diagonal")


_SPANS = ("type", "starts_on", "ends_on", "school_year")


def _districts(draft: Draft) -> list[int]:
    """Return the districts of a roster: those it names, else those its source has named before."""
    named = draft.wanted["organizations"].filter(pl.col("kind") == "district")["id"].to_list()
    known = draft.current.frames["organizations"].filter(
        (pl.col("source") == draft.current.source) & (pl.col("kind") == "district")
    )["id"]
    home = [] if draft.current.home_id is None else [draft.current.home_id]
    return named or known.sort().to_list() or home
