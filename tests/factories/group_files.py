"""Rows of group files, and the groups that they meet, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

import polars as pl

from rollbook.changes.layouts import row_schema
from rollbook.changes.plan import apply, canonical, with_defaults
from rollbook.changes.types import PlanTable, TableChanges
from rollbook.groups.layouts import GROUP_FILE, GROUP_MEMBERS, GROUP_USERS, STUDENT_GROUPS
from rollbook.groups.plan.current import GROUPS, MEMBERS, SCHOOLS, STUDENTS, USERS, CurrentGroups
from rollbook.groups.plan.file import GroupPlan, TakeIds

ROWS = pl.Schema(
    {
        "line": pl.UInt32(),
        **dict.fromkeys(GROUP_FILE, pl.String()),
        "school_year": pl.Int32(),
    }
)
# Two schools of one district and one of another.
PLACES = [("S1", 11, 1), ("S2", 12, 1), ("T1", 21, 2)]
# Twenty students of the first district, two of the second; P3 has a retired number besides.
PEOPLE = [(f"P{n}", n, 1) for n in range(1, 21)] + [("Q1", 101, 2), ("Q2", 102, 2), ("OLD3", 3, 1)]
HEADER = ",".join(GROUP_FILE)


def file_rows(*lines: str) -> pl.DataFrame:
    """Read rows written as in a group file; the first stands on line 2."""
    cells: list[tuple[object, ...]] = []
    for number, line in enumerate(lines, start=2):
        name, school, year, *rest = (cell or None for cell in line.split(","))
        cells.append((number, name, school, int(year or 0), *rest))
    return pl.DataFrame(cells, schema=ROWS, orient="row")


def faulty_rows(*lines: str, first: int = 100) -> pl.DataFrame:
    """Read rows that cannot be used, all of them text."""
    cells = [
        (number, *(cell or None for cell in line.split(",")))
        for number, line in enumerate(lines, start=first)
    ]
    return pl.DataFrame(cells, schema={**ROWS, "school_year": pl.String()}, orient="row")


def bytes_of(*lines: str) -> bytes:
    """Write a group file."""
    return "".join(f"{line}\n" for line in (HEADER, *lines)).encode()


def current(
    groups: Mapping[int, tuple[object, ...]] | None = None,
    *,
    members: Mapping[int, Sequence[int]] | None = None,
    users: Mapping[int, Sequence[str]] | None = None,
) -> CurrentGroups:
    """Make a state: groups by id (name, school id, year, subject, origin, is_active)."""
    number = count(1)
    return CurrentGroups(
        schools=pl.DataFrame(PLACES, schema=SCHOOLS, orient="row"),
        students=pl.DataFrame(PEOPLE, schema=STUDENTS, orient="row"),
        groups=pl.DataFrame(
            [(id, *cells) for id, cells in (groups or {}).items()], schema=GROUPS, orient="row"
        ),
        members=pl.DataFrame(
            [(next(number), id, who) for id, ids in (members or {}).items() for who in ids],
            schema=MEMBERS,
            orient="row",
        ),
        users=pl.DataFrame(
            [(next(number), id, who) for id, logins in (users or {}).items() for who in logins],
            schema=USERS,
            orient="row",
        ),
        subjects=("ELA", "Math"),
    )


def ids_from(first: int = 1000) -> TakeIds:
    """Hand out blocks of ids."""
    taken = count(0)

    def take(table: PlanTable, size: int) -> int:
        return first + 10_000 * next(taken) * (size > 0)

    return take


Frames = Mapping[str, pl.DataFrame]


def frames_of(plan: GroupPlan, before: CurrentGroups) -> tuple[list[TableChanges], Frames]:
    """Return a plan and the state that it meets as `changes` takes them."""
    uuids = (f"{number:032}" for number in count())
    changes = [canonical(with_defaults(change, lambda: next(uuids))) for change in plan.changes]
    groups = before.groups.select(
        pl.col(name) if name in GROUPS else pl.lit(None, dtype=kind).alias(name)
        for name, kind in row_schema(STUDENT_GROUPS).items()
    )
    return changes, {
        STUDENT_GROUPS.name: groups,
        GROUP_MEMBERS.name: before.members,
        GROUP_USERS.name: before.users,
    }


def state_after(plan: GroupPlan, before: CurrentGroups) -> CurrentGroups:
    """Return the groups as they are once a plan was carried out."""
    after = apply(*frames_of(plan, before))
    return replace(
        before,
        groups=after[STUDENT_GROUPS.name].select(list(GROUPS)),
        members=after[GROUP_MEMBERS.name],
        users=after[GROUP_USERS.name],
    )


Told = dict[tuple[int, int, str], tuple[str, bool, list[int], list[str]]]


def told(state: CurrentGroups) -> Told:
    """Return a state as plain values: subject, liveness, students and users of each group."""
    return {
        (school, year, name): (
            subject,
            is_active,
            sorted(state.members.filter(pl.col("group_id") == id)["student_id"]),
            sorted(state.users.filter(pl.col("group_id") == id)["login"]),
        )
        for id, name, school, year, subject, _origin, is_active in state.groups.iter_rows()
    }
