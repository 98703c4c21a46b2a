"""Rosters as frames, and an installation in memory that plans and applies them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from typing import Any

import polars as pl

from rollbook.changes.layouts import row_schema
from rollbook.changes.plan import apply, canonical
from rollbook.changes.types import PlanTable, TableChanges
from rollbook.people.layouts import STUDENT_ALIASES
from rollbook.roster.plan.draft import ROSTER_TABLES, CurrentRoster, RosterPlan
from rollbook.roster.plan.roster import plan_roster
from rollbook.roster.types import FRAME_SCHEMAS, Mode, RosterFrames

Row = Mapping[str, Any]
State = dict[str, pl.DataFrame]

TABLES = (*ROSTER_TABLES, STUDENT_ALIASES)
SOURCE = "oneroster:dst"
STARTING = date(2026, 9, 15)
FILE_OF = {name: name for name in FRAME_SCHEMAS} | {"sessions": "academicSessions"}


def org(key: str, kind: str = "school", parent: str | None = "dst", **more: Any) -> Row:
    """Describe an organization."""
    return {
        "sourced_id": key,
        "type": kind,
        "name": key.upper(),
        "parent_sourced_id": parent,
    } | more


def year(school_year: int = 2027, **more: Any) -> Row:
    """Describe a school year from August to June."""
    return {
        "sourced_id": f"year-{school_year}",
        "title": "Year",
        "type": "schoolYear",
        "starts_on": date(school_year - 1, 8, 10),
        "ends_on": date(school_year, 6, 10),
        "school_year": school_year,
    } | more


def user(key: str, **more: Any) -> Row:
    """Describe a person; a role says what kind."""
    return {
        "sourced_id": key,
        "given_name": "Robin",
        "family_name": f"Of {key}",
        "username": key,
        "grades": ["03"],
    } | more


def role(of: str, at: str, kind: str = "student", **more: Any) -> Row:
    """Give a person a primary role at an organization."""
    return {
        "sourced_id": f"{of}-at-{at}",
        "user_sourced_id": of,
        "org_sourced_id": at,
        "role": kind,
        "role_type": "primary",
    } | more


def course(key: str = "crs", **more: Any) -> Row:
    """Describe a course of the district."""
    return {"sourced_id": key, "title": "Reading", "org_sourced_id": "dst"} | more


def section(key: str, at: str = "north", **more: Any) -> Row:
    """Describe a class that lasts the year."""
    return {
        "sourced_id": key,
        "title": key,
        "course_sourced_id": "crs",
        "class_type": "scheduled",
        "school_sourced_id": at,
        "term_sourced_ids": ["year-2027"],
    } | more


def seat(who: str, where: str, kind: str = "student", **more: Any) -> Row:
    """Put a person into a class."""
    return {
        "sourced_id": f"{who}-in-{where}",
        "user_sourced_id": who,
        "class_sourced_id": where,
        "school_sourced_id": "north",
        "role": kind,
    } | more


def birth(of: str, born_on: date | None = date(2018, 3, 5), **more: Any) -> Row:
    """Describe a student's person."""
    return {"sourced_id": of, "born_on": born_on} | more


def frames(
    *, modes: Mapping[str, Mode] | None = None, mode: Mode = Mode.BULK, **files: Iterable[Row]
) -> RosterFrames:
    """Make a roster of the files given; the others are absent.

    Shape: files by the name of their frame; `modes` overrides `mode` by the name of the file.
    """
    made = {
        name: pl.DataFrame(
            [{"_line": line, **row} for line, row in enumerate(files.get(name, ()), start=2)],
            schema=schema,
        )
        for name, schema in FRAME_SCHEMAS.items()
    }
    came = {FILE_OF[name]: mode for name in files}
    return RosterFrames(**made, modes={**came, **(modes or {})})


def small(**files: Iterable[Row]) -> RosterFrames:
    """Make a whole roster: two schools, two students and a teacher in a class at one of them."""
    rows: dict[str, Iterable[Row]] = {
        "orgs": [org("dst", "district", None), org("north"), org("south")],
        "sessions": [year()],
        "users": [user("ann"), user("ben"), user("tea", grades=None)],
        "roles": [role("ann", "north"), role("ben", "north"), role("tea", "north", "teacher")],
        "courses": [course()],
        "classes": [section("cls")],
        "enrollments": [seat("ann", "cls"), seat("ben", "cls"), seat("tea", "cls", "teacher")],
        "demographics": [birth("ann"), birth("ben")],
    }
    return frames(**rows | files)


def without(roster: RosterFrames, **gone: str) -> dict[str, list[Row]]:
    """Return a roster's rows by frame, less the records named: `users="ann"`."""
    return {
        name: [row for row in listed(roster, name) if row["sourced_id"] != gone.get(name)]
        for name in FRAME_SCHEMAS
    }


def listed(roster: RosterFrames, name: str) -> list[Row]:
    """Return the rows of one frame."""
    return list(getattr(roster, name).drop("_line").iter_rows(named=True))


@dataclass
class Installation:
    """Hold what is there, in memory, and plan rosters against it."""

    state: State = field(
        default_factory=lambda: {t.name: pl.DataFrame(schema=row_schema(t)) for t in TABLES}
    )
    ids: Any = field(default_factory=lambda: count(1_000_000))

    def current(self, source: str = SOURCE) -> CurrentRoster:
        """Return what one source may touch, as `people.queries.roster` reads it."""
        mine = pl.col("source") == source
        seen = {
            "organizations": pl.lit(value=True),
            "students": mine | (pl.col("ssid") != "") | (pl.col("local_id") != ""),
        }
        return CurrentRoster(
            source,
            {t.name: self.state[t.name].filter(seen.get(t.name, mine)) for t in ROSTER_TABLES},
            aliases=self.state["student aliases"],
            elsewhere=self.state["school enrollments"].filter(~mine, pl.col("is_active")),
        )

    def plan(
        self,
        roster: RosterFrames,
        *,
        kept: Mapping[str, Iterable[str]] | None = None,
        starting: date = STARTING,
        source: str = SOURCE,
        uncertain: Iterable[str] = (),
        named: pl.DataFrame | None = None,
        may_take_from: frozenset[int] | None = None,
        **more: Any,
    ) -> RosterPlan:
        """Plan a roster; the plan is one that could be proposed."""
        plan = plan_roster(
            replace(self.current(source), may_take_from=may_take_from, **more),
            roster,
            kept={name: frozenset(keys) for name, keys in (kept or {}).items()},
            starting=starting,
            uncertain=frozenset(uncertain),
            named=named,
            reserve_ids=self.reserve,
            new_uuids=lambda n: [f"uuid-{next(self.ids)}" for _ in range(n)],
        )
        for change in plan.changes:
            canonical(change)
        return plan

    def reserve(self, table: PlanTable, n: int) -> int:
        """Hand out ids that nobody has."""
        first = next(self.ids)
        for _ in range(n - 1):
            next(self.ids)
        return first

    def load(self, roster: RosterFrames, **more: Any) -> RosterPlan:
        """Plan a roster and carry the plan out."""
        plan = self.plan(roster, **more)
        self.state = apply(plan.changes, self.state)
        return plan

    def add(self, table: str, **cells: Any) -> int:
        """Put a record there that no roster brought; return its id."""
        schema = row_schema(next(t for t in TABLES if t.name == table))
        blank = {name: "" if kind == pl.String() else None for name, kind in schema.items()}
        row = blank | {"id": next(self.ids), "is_active": True} | cells
        self.state[table] = pl.concat([self.state[table], pl.DataFrame([row], schema=schema)])
        return row["id"]

    def row(self, table: str, key: str, source: str = SOURCE) -> dict[str, Any]:
        """Return one record by its sourcedId."""
        found = self.state[table].filter(sourced_id=key, source=source)
        return found.row(0, named=True)

    def id_of(self, table: str, key: str) -> int:
        """Return the id of one record by its sourcedId."""
        return self.row(table, key)["id"]


def loaded(roster: RosterFrames | None = None) -> Installation:
    """Return an installation into which one roster was loaded."""
    made = Installation()
    made.load(roster or small())
    return made


def actions(plan: RosterPlan) -> dict[str, dict[str, int]]:
    """Count a plan's rows by table and action."""
    return {
        change.table.name: dict(sorted(change.frame.group_by("action").len().iter_rows()))
        for change in plan.changes
    }


def cells(change: TableChanges) -> list[dict[str, tuple[Any, Any]]]:
    """Return the cells of each row that differ, as (before, after), by column."""
    columns = [c for c in change.table.columns if f"after.{c}" in change.frame.columns]
    return [
        {
            column: (row[f"before.{column}"], row[f"after.{column}"])
            for column in columns
            if row[f"before.{column}"] != row[f"after.{column}"]
        }
        for row in change.frame.iter_rows(named=True)
    ]


def backwards(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn the order of rows around."""
    return frame[list(range(frame.height))[::-1]] if frame.height else frame
