"""The plan while it is made: what came, what is there, and the rows that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from rollbook.changes.layouts import row_schema
from rollbook.changes.types import PlanTable, TableChanges
from rollbook.orgs.layouts import ACADEMIC_SESSIONS, ORGANIZATIONS
from rollbook.people import layouts as people
from rollbook.roster.plan.edits import EDITS, UPSTREAM
from rollbook.roster.rules import identity
from rollbook.roster.rules.policy import SecondSchoolPolicy
from rollbook.roster.types import NAMED, RosterFrames
from rollbook.shared.findings import Finding

ROSTER_TABLES: Final[tuple[PlanTable, ...]] = (
    ORGANIZATIONS,
    ACADEMIC_SESSIONS,
    *people.PLAN_TABLES,
)


ANSWERS: Final = pl.Schema(
    {
        "student_id": pl.Int64(),
        "from_school_id": pl.Int64(),
        "to_school_id": pl.Int64(),
        "school_year": pl.Int64(),
        "answer": pl.String(),  # add, move, cancel
    }
)
# Who does not come in at which school, until somebody answers.
BARRED: Final = pl.Schema({"student_id": pl.Int64(), "school_id": pl.Int64()})


def _empty(table: PlanTable) -> pl.DataFrame:
    return pl.DataFrame(schema=row_schema(table))


ReserveIds = Callable[[PlanTable, int], int]


NewUuids = Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class CurrentRoster:
    """Hold what is there now, as far as one source may touch it.

    Shape: one frame per plan table (by its name) with `id` and all columns of the table; students
           also hold every student with a state id, of whatever source, so that a child known
           elsewhere is recognized; organizations are all of them. `may_take_from` are the
           districts whose students the sender may take over; None means any. `aliases` are all
           other names of students, `elsewhere` the active school enrollments of other sources,
           `answers` those that people gave about second schools (see ANSWERS), and `released` the
           students whom another district has let go to this one. `home_id` is the
           district of a saved source: what its files call their district is that one. `edits` are
           the cells that people edited here, of whatever source (see plan/edits.py).
    """

    source: str
    frames: Mapping[str, pl.DataFrame]
    may_take_from: frozenset[int] | None = None
    home_id: int | None = None
    edits: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EDITS))
    aliases: pl.DataFrame = field(default_factory=lambda: _empty(people.STUDENT_ALIASES))
    elsewhere: pl.DataFrame = field(default_factory=lambda: _empty(people.SCHOOL_ENROLLMENTS))
    answers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ANSWERS))
    second_school: SecondSchoolPolicy = SecondSchoolPolicy.ADD
    released: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TransferAsk:
    """Hold that a roster lists a student whose record another district holds.

    Shape: `state_id`, names and `line` are what this roster said: nothing of the holder's record.
    """

    student_id: int
    to_district_id: int
    line: int
    state_id: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class SchoolQuestion:
    """Hold that a student came at a second school; `answer` is blank while a person is asked."""

    student_id: int
    from_school_id: int
    to_school_id: int
    school_year: int
    answer: str = ""


@dataclass(frozen=True)
class RosterPlan:
    """Hold the plan of one roster and what was found while making it.

    Shape: `changes` lists the tables in writing order, without those that do not change;
           `excluded` maps a file's name to the sourcedIds left out while matching. `upstream` is
           what the roster says of the cells that were edited here (see plan/edits.py).
    """

    changes: tuple[TableChanges, ...]
    findings: tuple[Finding, ...]
    school_year: int
    district_ids: tuple[int, ...]
    upstream: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=UPSTREAM))
    asks: tuple[TransferAsk, ...] = ()
    questions: tuple[SchoolQuestion, ...] = ()

    @property
    def by_table(self) -> dict[str, TableChanges]:
        """Return the changes by the name of their table."""
        return {change.table.name: change for change in self.changes}


@dataclass
class Draft:
    """Hold the plan while it is made: ids found so far, and each table's wanted rows."""

    incoming: RosterFrames
    current: CurrentRoster
    starting: date
    reserve_ids: ReserveIds
    new_uuids: NewUuids
    school_year: int
    uncertain: frozenset[str] = frozenset()
    # What rows left out name and no file brought, as NAMED; and what stays for it.
    named: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NAMED))
    spared: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    wanted: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])
    gone: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])
    ids: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])
    left_out: set[str] = field(default_factory=set[str])  # sourcedIds of students, with a finding
    findings: list[Finding] = field(default_factory=list[Finding])
    upstream: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    # Students (by id) of whom nothing is taken for gone: their row came, with a finding.
    left_out_ids: set[int] = field(default_factory=set[int])
    second_ids: set[int] = field(default_factory=set[int])  # whose record another source writes
    yielding: set[str] = field(default_factory=set[str])  # sourcedIds merged into another row
    new_aliases: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    ended: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])  # school enrollments
    barred: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BARRED))
    asks: list[TransferAsk] = field(default_factory=list[TransferAsk])
    questions: list[SchoolQuestion] = field(default_factory=list[SchoolQuestion])


def names_of(draft: Draft, table: PlanTable) -> pl.DataFrame:
    """Pair the sourcedIds by which this source knows a table's records with their ids.

    Shape: `sourced_id`, `id`; a student also by former names, and as the one merged into.
    """
    known = draft.current.frames[table.name].filter(pl.col("source") == draft.current.source)
    if table is not people.STUDENTS:
        return known.select("sourced_id", "id")
    own = known.select("sourced_id", id=pl.coalesce("merged_into_id", "id"))
    also = draft.current.aliases.filter(
        "is_active", pl.col("source") == draft.current.source, pl.col("sourced_id") != ""
    ).select("sourced_id", id="student_id")
    if also.is_empty():
        return own
    return pl.concat([own, also]).unique("sourced_id", keep="first", maintain_order=True)


def live(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out the records that a delta marks as deleted."""
    return frame.filter(pl.col("status").is_null() | (pl.col("status") == "active"))


def text(column: str) -> pl.Expr:
    """Read a cell as text: nothing becomes blank."""
    return pl.col(column).fill_null("")


def joined(column: str) -> pl.Expr:
    """Read a list as one text, joined by commas as OneRoster writes it."""
    return pl.col(column).list.join(",").fill_null("").alias(column)


def keep(draft: Draft, table: PlanTable, wanted: pl.DataFrame, file: str) -> None:
    """Give every wanted row its id (the one it has, or a new one) and remember the pairs."""
    source = draft.current.source
    known = draft.current.frames[table.name].filter(pl.col("source") == source)
    rows = _short_enough(draft, wanted, file).with_columns(
        source=pl.lit(source), is_active=pl.lit(value=True)
    )
    if "id" not in rows.columns:
        rows = rows.with_columns(id=pl.lit(None, dtype=pl.Int64))
    rows = (
        rows.join(
            known.select("sourced_id", known_id="id"),
            on="sourced_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(id=pl.coalesce("id", "known_id"))
        .drop("known_id")
    )
    fresh = int(rows["id"].null_count())
    first = draft.reserve_ids(table, fresh) if fresh else 0
    rows = rows.with_columns(
        id=pl.coalesce("id", pl.lit(first - 1) + pl.col("id").is_null().cum_sum().cast(pl.Int64)),
        is_new=pl.col("id").is_null(),
        file=pl.lit(file),
    )
    if "uuid" in table.columns:
        rows = _with_uuids(draft, rows, fresh)
    draft.wanted[table.name] = rows
    draft.ids[table.name] = rows.select("sourced_id", "id")


# No name, title or list of a roster is longer; an index of PostgreSQL holds 2,700 bytes.
LONGEST_TEXT: Final = 2000


def _short_enough(draft: Draft, wanted: pl.DataFrame, file: str) -> pl.DataFrame:
    """Leave out records with a text that no page can hold; nobody goes for lack of them."""
    texts = [name for name, kind in wanted.schema.items() if kind == pl.String]
    is_long = pl.any_horizontal([pl.col(name).str.len_chars() > LONGEST_TEXT for name in texts])
    long = wanted.filter(is_long.fill_null(value=False))
    if long.is_empty():
        return wanted
    draft.findings.extend(
        identity.TEXT_IS_TOO_LONG.finding(file=file, line=line, limit=f"{LONGEST_TEXT:,}")
        for line in long["line"].to_list()
    )
    draft.uncertain |= {FRAME_OF_FILE.get(file, file.removesuffix(".csv"))}
    return wanted.join(
        long.select("sourced_id"), on="sourced_id", how="anti", maintain_order="left"
    )


FRAME_OF_FILE: Final[Mapping[str, str]] = {"academicSessions.csv": "sessions"}


def _with_uuids(draft: Draft, rows: pl.DataFrame, fresh: int) -> pl.DataFrame:
    new = (
        rows.filter("is_new")
        .select("id")
        .with_columns(uuid=pl.Series(draft.new_uuids(fresh), dtype=pl.String))
    )
    return rows.join(new, on="id", how="left", maintain_order="left")


def linked(
    draft: Draft, rows: pl.DataFrame, table: PlanTable, *, by: str, to: str, how: str = "inner"
) -> pl.DataFrame:
    """Add column `to`: the id of the record of `table` that the sourcedId in `by` names."""
    known = names_of(draft, table)
    pairs = pl.concat(
        [
            draft.ids.get(table.name, known.head(0)),
            known,
        ]
    ).unique("sourced_id", keep="first", maintain_order=True)
    joined = rows.join(
        pairs.rename({"sourced_id": by, "id": to}),
        on=by,
        how="left" if how == "left" else "inner",
        maintain_order="left",
    )
    return joined
