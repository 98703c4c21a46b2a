"""What must change for the people we hold to become the roster that came in.

The roster's words (sourcedIds) are turned into rows of the plan tables with ids, table by
table in the order of their references; then each table is compared with what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import polars as pl

from rollbook.changes.types import PlanTable, TableChanges
from rollbook.orgs.layouts import ACADEMIC_SESSIONS, ORGANIZATIONS
from rollbook.people import layouts as people
from rollbook.roster import rules
from rollbook.roster.types import Mode, RosterFrames
from rollbook.shared.findings import Finding

# The order of writing: a table stands after every table it refers to.
ROSTER_TABLES: Final[tuple[PlanTable, ...]] = (
    ORGANIZATIONS,
    ACADEMIC_SESSIONS,
    *people.PLAN_TABLES,
)

ORGANIZATION_KINDS: Final[Mapping[str, str]] = {
    "national": "state",
    "state": "state",
    "local": "district",
    "district": "district",
    "school": "school",
}
SEXES: Final[Mapping[str, str]] = {"male": "Male", "female": "Female", "other": "Nonbinary"}

ReserveIds = Callable[[str, int], int]
NewUuids = Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class CurrentRoster:
    """Hold what is there now, as far as one source may touch it.

    Shape: one frame per plan table (by its name) with `id` and all columns of the table; students
           also hold every student with a state id, of whatever source, so that a child known
           elsewhere is recognized; organizations are all of them.
    """

    source: str
    frames: Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class RosterPlan:
    """Hold the plan of one roster and what was found while making it.

    Shape: `changes` lists the tables in writing order, without those that do not change;
           `excluded` maps a file's name to the sourcedIds left out while matching.
    """

    changes: tuple[TableChanges, ...]
    findings: tuple[Finding, ...]
    school_year: int
    district_ids: tuple[int, ...]

    @property
    def by_table(self) -> dict[str, TableChanges]:
        """Return the changes by the name of their table."""
        return {change.table.name: change for change in self.changes}


@dataclass
class _Draft:
    """Hold the plan while it is made: ids found so far, and each table's wanted rows."""

    incoming: RosterFrames
    current: CurrentRoster
    starting: date
    reserve_ids: ReserveIds
    new_uuids: NewUuids
    school_year: int
    wanted: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])
    gone: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])
    ids: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])
    findings: list[Finding] = field(default_factory=list[Finding])


def plan_roster(
    current: CurrentRoster,
    incoming: RosterFrames,
    *,
    kept: Mapping[str, frozenset[str]],
    starting: date,
    reserve_ids: ReserveIds,
    new_uuids: NewUuids,
) -> RosterPlan:
    """Work out what must change for `current` to become `incoming`.

    Shape:  one row per record that differs; no changes when nothing differs. `kept` maps a frame's
            name (users, classes, …) to sourcedIds that were left out of `incoming` by the checks:
            they came, so they are never taken for gone.
    Units:  `starting` is the local day from which the roster holds.
    Source: docs/decisions/0004-change-plans.md; reference, rostering 6.3.
    """
    draft = _Draft(
        incoming=incoming,
        current=current,
        starting=starting,
        reserve_ids=reserve_ids,
        new_uuids=new_uuids,
        school_year=rules.school_year_of(incoming.sessions, starting=starting),
    )
    for step in (_organizations, _sessions, _students, _staff, _assignments, _school_enrollments,
                 _courses, _classes, _enrollments):  # fmt: skip
        step(draft)
    changes = tuple(
        change
        for table in ROSTER_TABLES
        if (change := _changes(draft, table, kept)) is not None and change.frame.height
    )
    districts = draft.wanted["organizations"].filter(pl.col("kind") == "district")["id"].to_list()
    return RosterPlan(
        changes=changes,
        findings=tuple(draft.findings),
        school_year=draft.school_year,
        district_ids=tuple(districts),
    )


def _live(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("status").is_null() | (pl.col("status") == "active"))


def _text(column: str) -> pl.Expr:
    return pl.col(column).fill_null("")


def _joined(column: str) -> pl.Expr:
    return pl.col(column).list.join(",").fill_null("").alias(column)


def _keep(draft: _Draft, table: PlanTable, wanted: pl.DataFrame, file: str) -> None:
    """Give every wanted row its id (the one it has, or a new one) and remember the pairs."""
    source = draft.current.source
    known = draft.current.frames[table.name].filter(pl.col("source") == source)
    rows = wanted.with_columns(source=pl.lit(source), is_active=pl.lit(value=True))
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
    first = draft.reserve_ids(table.name, fresh) if fresh else 0
    rows = rows.with_columns(
        id=pl.coalesce("id", pl.lit(first - 1) + pl.col("id").is_null().cum_sum().cast(pl.Int64)),
        is_new=pl.col("id").is_null(),
        file=pl.lit(file),
    )
    if "uuid" in table.columns:
        rows = _with_uuids(draft, rows, fresh)
    draft.wanted[table.name] = rows
    draft.ids[table.name] = rows.select("sourced_id", "id")


def _with_uuids(draft: _Draft, rows: pl.DataFrame, fresh: int) -> pl.DataFrame:
    new = (
        rows.filter("is_new")
        .select("id")
        .with_columns(uuid=pl.Series(draft.new_uuids(fresh), dtype=pl.String))
    )
    return rows.join(new, on="id", how="left", maintain_order="left")


def _linked(
    draft: _Draft, rows: pl.DataFrame, table: PlanTable, *, by: str, to: str, how: str = "inner"
) -> pl.DataFrame:
    """Add column `to`: the id of the record of `table` that the sourcedId in `by` names."""
    known = draft.current.frames[table.name].filter(pl.col("source") == draft.current.source)
    pairs = pl.concat(
        [
            draft.ids.get(table.name, known.head(0).select("sourced_id", "id")),
            known.select("sourced_id", "id"),
        ]
    ).unique("sourced_id", keep="first", maintain_order=True)
    joined = rows.join(
        pairs.rename({"sourced_id": by, "id": to}),
        on=by,
        how="left" if how == "left" else "inner",
        maintain_order="left",
    )
    return joined


def _organizations(draft: _Draft) -> None:
    incoming = _live(draft.incoming.orgs).with_columns(
        kind=pl.col("type").replace_strict(ORGANIZATION_KINDS, default=None)
    )
    rows = incoming.filter(pl.col("kind").is_not_null()).select(
        line="_line",
        sourced_id="sourced_id",
        kind="kind",
        name="name",
        natural_id=_text("identifier"),
        parent_sourced_id="parent_sourced_id",
    )
    rows = _organizations_known_by_natural_id(draft, rows)
    _keep(draft, ORGANIZATIONS, rows, "orgs.csv")
    kept = draft.wanted["organizations"]
    states = draft.current.frames["organizations"].filter(pl.col("kind") == "state")
    state = int(states["id"][0]) if states.height else None
    kept = _linked(draft, kept, ORGANIZATIONS, by="parent_sourced_id", to="parent_id", how="left")
    orphan = pl.col("parent_id").is_null() & (pl.col("kind") != "state")
    draft.wanted["organizations"] = kept.with_columns(
        parent_id=pl.when(orphan).then(pl.lit(state, dtype=pl.Int64)).otherwise("parent_id")
    )


def _organizations_known_by_natural_id(draft: _Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Recognize an organization that was made by hand, or by a result file, by its natural id."""
    known = draft.current.frames["organizations"].filter(
        (pl.col("source") == "") & (pl.col("natural_id") != "")
    )
    return rows.join(
        known.select("kind", "natural_id", "id").unique(["kind", "natural_id"]),
        on=["kind", "natural_id"],
        how="left",
        maintain_order="left",
    )


def _district_of(draft: _Draft) -> pl.DataFrame:
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

    pairs = draft.ids["organizations"]
    return pairs.with_columns(
        district_id=pl.Series([climb(i) for i in pairs["id"].to_list()], dtype=pl.Int64)
    ).select("sourced_id", "district_id")


def _home_district(draft: _Draft) -> int | None:
    organizations = draft.wanted["organizations"]
    for kind in ("district", "state", "school"):
        found = organizations.filter(pl.col("kind") == kind)
        if found.height:
            return int(found["id"][0])
    known = draft.current.frames["organizations"].filter(
        (pl.col("source") == draft.current.source) & (pl.col("kind") == "district")
    )
    return int(known["id"][0]) if known.height else None


def _sessions(draft: _Draft) -> None:
    rows = _live(draft.incoming.sessions).select(
        line="_line",
        sourced_id="sourced_id",
        organization_id=pl.lit(_home_district(draft), dtype=pl.Int64),
        kind=pl.when(pl.col("type").is_in(["schoolYear", "semester", "term", "gradingPeriod"]))
        .then("type")
        .otherwise(pl.lit("term")),
        title="title",
        school_year=pl.col("school_year").cast(pl.Int64),
        starts_on="starts_on",
        ends_before=pl.max_horizontal(pl.col("ends_on") + timedelta(days=1), "starts_on"),
        parent_sourced_id="parent_sourced_id",
    )
    _keep(draft, ACADEMIC_SESSIONS, rows, "academicSessions.csv")
    draft.wanted["academic sessions"] = _linked(
        draft,
        draft.wanted["academic sessions"],
        ACADEMIC_SESSIONS,
        by="parent_sourced_id",
        to="parent_id",
        how="left",
    )


def _roles(draft: _Draft) -> pl.DataFrame:
    """Return the live roles with the organization's id, kind and district."""
    kinds = pl.concat(
        [
            draft.wanted["organizations"].select("id", "kind"),
            draft.current.frames["organizations"].select("id", "kind"),
        ]
    ).unique("id", keep="first")
    roles = _live(draft.incoming.roles).with_columns(
        role_key=pl.coalesce(
            "sourced_id",
            pl.concat_str(["user_sourced_id", pl.lit("@"), "org_sourced_id", pl.lit("/"), "role"]),
        )
    )
    return (
        _linked(draft, roles, ORGANIZATIONS, by="org_sourced_id", to="organization_id")
        .join(
            kinds.rename({"id": "organization_id", "kind": "organization_kind"}),
            on="organization_id",
        )
        .join(
            _district_of(draft).rename({"sourced_id": "org_sourced_id"}),
            on="org_sourced_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(district_id=pl.coalesce("district_id", "organization_id"))
    )


def _people_of(draft: _Draft, roles: pl.DataFrame) -> pl.DataFrame:
    """Return the live users who hold one of `roles`, with the district of their first one."""
    first = roles.sort(pl.col("role_type") != "primary", maintain_order=True).unique(
        "user_sourced_id", keep="first", maintain_order=True
    )
    return _live(draft.incoming.users).join(
        first.select(sourced_id="user_sourced_id", district_id="district_id"),
        on="sourced_id",
        how="inner",
        maintain_order="left",
    )


_NAMES: Final[Mapping[str, pl.Expr]] = {
    "local_id": _text("identifier"),
    "first_name": _text("given_name"),
    "middle_name": _text("middle_name"),
    "last_name": _text("family_name"),
    "username": _text("username"),
    "email": _text("email"),
}


def _students(draft: _Draft) -> None:
    roles = _roles(draft)
    attending = roles.filter(pl.col("role").is_in(rules.STUDENT_ROLES))
    users = _people_of(draft, attending.filter(pl.col("organization_kind") == "school"))
    rows = users.with_columns(ssid=rules.state_id(users)).select(
        "_line", "sourced_id", "district_id", "ssid",
        **_NAMES,
        preferred_first_name=_text("preferred_given_name"),
        grade=pl.col("grades").list.first().fill_null(""),
    ).rename({"_line": "line"})  # fmt: skip
    rows = _with_demographics(draft, rows)
    rows = _without_conflicts(draft, rows)
    _keep(draft, people.STUDENTS, rows, "users.csv")
    placed = users["sourced_id"].implode()
    lost = _live(draft.incoming.users).filter(
        pl.col("sourced_id").is_in(attending["user_sourced_id"].implode())
        & ~pl.col("sourced_id").is_in(placed)
    )
    draft.findings.extend(
        rules.STUDENT_NEEDS_SCHOOL.finding(file="users.csv", line=line)
        for line in lost["_line"].to_list()
    )


_DEMOGRAPHICS: Final[Mapping[str, str]] = {
    "birth_date": "born_on",
    "american_indian": "american_indian_or_alaska_native",
    "asian": "asian",
    "black": "black_or_african_american",
    "pacific_islander": "native_hawaiian_or_other_pacific_islander",
    "white": "white",
    "two_or_more_races": "demographic_race_two_or_more_races",
    "hispanic": "hispanic_or_latino_ethnicity",
}


def _with_demographics(draft: _Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what demographics.csv says; without that file these columns stay as they are."""
    if draft.incoming.modes.get("demographics", Mode.ABSENT) is Mode.ABSENT:
        return rows
    said = _live(draft.incoming.demographics).select(
        "sourced_id",
        sex=pl.col("sex").replace_strict(SEXES, default="", return_dtype=pl.String),
        has_demographics=pl.lit(value=True),
        **{ours: pl.col(theirs) for ours, theirs in _DEMOGRAPHICS.items()},
    )
    return rows.join(said, on="sourced_id", how="left", maintain_order="left").with_columns(
        sex=_text("sex"), has_demographics=pl.col("has_demographics").fill_null(value=False)
    )


def _without_conflicts(draft: _Draft, rows: pl.DataFrame) -> pl.DataFrame:
    """Climb the matching ladder: sourcedId, then state id if name or birth date agrees; else leave out."""
    numbered = rows.filter(pl.col("ssid") != "")
    twice = numbered.filter(pl.col("ssid").is_duplicated())
    draft.findings.extend(rules.identity_findings(_lines(twice), rules.SAME_ID_TWICE))
    students = draft.current.frames["students"].filter(pl.col("ssid") != "")
    claims = (
        numbered.join(twice.select("sourced_id"), on="sourced_id", how="anti")
        .join(
            students.select(
                "ssid", holder="id", holder_source="source", holder_key="sourced_id",
                holder_last="last_name", holder_born="birth_date",
            ),
            on="ssid",
        )
        .filter(
            (pl.col("holder_source") != draft.current.source) | (pl.col("holder_key") != pl.col("sourced_id"))
        )
    )  # fmt: skip
    born = pl.col("birth_date") if "birth_date" in rows.columns else pl.lit(None, dtype=pl.Date)
    folded = pl.col("last_name").str.to_lowercase() == pl.col("holder_last").str.to_lowercase()
    nameless = (pl.col("holder_last") == "") | pl.col("holder_born").is_null() & (
        pl.col("holder_last") == ""
    )
    agrees = (folded | (born == pl.col("holder_born")) | nameless).fill_null(value=False)
    known_here = draft.current.frames["students"].filter(pl.col("source") == draft.current.source)[
        "sourced_id"
    ]
    adoptable = agrees & ~pl.col("sourced_id").is_in(known_here.implode())
    conflicts = claims.filter(~adoptable)
    draft.findings.extend(rules.identity_findings(_lines(conflicts), rules.IDENTITY_CONFLICT))
    left_out = pl.concat([twice.select("sourced_id"), conflicts.select("sourced_id")])
    adopted = claims.filter(adoptable).select("sourced_id", id="holder")
    draft.gone["students left out"] = left_out
    return rows.join(left_out, on="sourced_id", how="anti").join(
        adopted, on="sourced_id", how="left", maintain_order="left"
    )


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(_line="line", ssid="ssid").sort("_line")


def _staff(draft: _Draft) -> None:
    others = _roles(draft).filter(~pl.col("role").is_in(rules.STUDENT_ROLES | rules.FAMILY_ROLES))
    rows = _people_of(draft, others).select("_line", "sourced_id", "district_id", **_NAMES)
    _keep(draft, people.STAFF, rows.rename({"_line": "line"}), "users.csv")


def _assignments(draft: _Draft) -> None:
    others = _roles(draft).filter(~pl.col("role").is_in(rules.STUDENT_ROLES | rules.FAMILY_ROLES))
    rows = _linked(draft, others, people.STAFF, by="user_sourced_id", to="staff_id").select(
        line="_line",
        sourced_id="role_key",
        staff_id="staff_id",
        organization_id="organization_id",
        role="role",
        is_primary=pl.col("role_type") == "primary",
        begins_on="begins_on",
        ends_before="ends_before",
    )
    _keep(draft, people.STAFF_ASSIGNMENTS, rows, "roles.csv")


def _school_enrollments(draft: _Draft) -> None:
    attending = _roles(draft).filter(
        pl.col("role").is_in(rules.STUDENT_ROLES) & (pl.col("organization_kind") == "school")
    )
    first, end = _year_dates(draft)
    grades = draft.wanted["students"].select("id", "grade")
    rows = (
        _linked(draft, attending, people.STUDENTS, by="user_sourced_id", to="student_id")
        .join(
            grades.rename({"id": "student_id"}), on="student_id", how="inner", maintain_order="left"
        )
        .select(
            line="_line",
            sourced_id=pl.concat_str(["role_key", pl.lit(f":{draft.school_year}")]),
            student_id="student_id",
            school_id="organization_id",
            school_year=pl.lit(draft.school_year, dtype=pl.Int64),
            grade="grade",
            is_primary=pl.col("role_type") == "primary",
            begins_on=pl.coalesce("begins_on", pl.lit(first)),
            ends_before=pl.coalesce("ends_before", pl.lit(end)),
        )
    )
    _keep(draft, people.SCHOOL_ENROLLMENTS, rows, "roles.csv")


def _year_dates(draft: _Draft) -> tuple[date | None, date | None]:
    years = draft.wanted["academic sessions"].filter(
        (pl.col("kind") == "schoolYear") & (pl.col("school_year") == draft.school_year)
    )
    if years.is_empty():
        return None, None
    first, end = years.select(pl.col("starts_on").min(), pl.col("ends_before").max()).row(0)
    return first, end


def _courses(draft: _Draft) -> None:
    rows = _linked(
        draft, _live(draft.incoming.courses), ORGANIZATIONS, by="org_sourced_id", to="organization_id"
    ).select(
        "sourced_id", "organization_id", "title",
        _joined("grades"), _joined("subjects"), _joined("subject_codes"),
        line="_line", course_code=_text("course_code"),
    )  # fmt: skip
    _keep(draft, people.COURSES, rows, "courses.csv")


def _classes(draft: _Draft) -> None:
    incoming = _live(draft.incoming.classes)
    terms = draft.wanted["academic sessions"].select(
        "sourced_id", "starts_on", "ends_before", "school_year"
    )
    spans = (
        incoming.select("sourced_id", term="term_sourced_ids")
        .explode("term")
        .join(terms.rename({"sourced_id": "term"}), on="term", how="inner")
        .group_by("sourced_id")
        .agg(
            begins_on=pl.col("starts_on").min(),
            ends_before=pl.col("ends_before").max(),
            school_year=pl.col("school_year").max(),
        )
    )
    linked = _linked(draft, incoming, ORGANIZATIONS, by="school_sourced_id", to="school_id")
    linked = _linked(draft, linked, people.COURSES, by="course_sourced_id", to="course_id")
    rows = linked.join(spans, on="sourced_id", how="left", maintain_order="left").select(
        "sourced_id", "school_id", "course_id", "title", "begins_on", "ends_before",
        _joined("periods"), _joined("grades"), _joined("subjects"), _joined("subject_codes"),
        line="_line",
        class_code=_text("class_code"),
        kind="class_type",
        location=_text("location"),
        school_year=pl.col("school_year").fill_null(draft.school_year),
        term_sourced_ids=pl.col("term_sourced_ids").list.sort().list.join(",").fill_null(""),
    )  # fmt: skip
    _keep(draft, people.CLASSES, rows, "classes.csv")


def _enrollments(draft: _Draft) -> None:
    incoming = _live(draft.incoming.enrollments)
    linked = _linked(draft, incoming, people.CLASSES, by="class_sourced_id", to="class_taught_id")
    linked = _linked(
        draft, linked, people.STUDENTS, by="user_sourced_id", to="student_id", how="left"
    )
    linked = _linked(draft, linked, people.STAFF, by="user_sourced_id", to="staff_id", how="left")
    is_student = pl.col("role") == "student"
    rows = linked.select(
        "sourced_id", "class_taught_id", "role", "begins_on", "ends_before",
        line="_line",
        student_id=pl.when(is_student).then("student_id"),
        staff_id=pl.when(~is_student).then("staff_id"),
        is_primary=pl.col("is_primary").fill_null(value=False),
    ).filter(pl.col("student_id").is_not_null() | pl.col("staff_id").is_not_null())  # fmt: skip
    _keep(draft, people.ENROLLMENTS, rows, "enrollments.csv")


_FILE_OF: Final[Mapping[str, str]] = {
    "organizations": "orgs",
    "academic sessions": "academicSessions",
    "students": "users",
    "staff": "users",
    "staff assignments": "roles",
    "school enrollments": "roles",
    "courses": "courses",
    "classes": "classes",
    "enrollments": "enrollments",
}
_FRAME_OF: Final[Mapping[str, str]] = {"academicSessions": "sessions"}
_DEFAULTS: Final[Mapping[str, object]] = {
    "text": "",
    "boolean": None,
    "date": None,
    "integer": None,
}
_TYPES: Final[Mapping[str, pl.DataType]] = {
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "integer": pl.Int64(),
    "uuid": pl.String(),
    "decimal": pl.Float64(),
}


def _changes(
    draft: _Draft, table: PlanTable, kept: Mapping[str, frozenset[str]]
) -> TableChanges | None:
    """Compare one table's wanted rows with what is there, and add those that are gone."""
    wanted = draft.wanted[table.name]
    known = draft.current.frames[table.name]
    file = _FILE_OF[table.name]
    if draft.incoming.modes.get(file, Mode.ABSENT) is Mode.ABSENT:
        wanted = wanted.head(0)
    compared = _compared(table, known, wanted)
    gone = _archived(draft, table, known, kept)
    draft.gone[table.name] = gone.select("id")
    frame = pl.concat([compared, gone], how="diagonal").sort("id")
    if frame.is_empty():
        return None
    return TableChanges(table=table, frame=_with_schools(draft, table, known, frame))


def _compared(table: PlanTable, known: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return one row per wanted record that is new or differs, with every column before and after."""
    joined = wanted.join(
        known.select("id", **{f"before.{column}": pl.col(column) for column in table.columns}),
        on="id",
        how="left",
        maintain_order="left",
    )
    after: dict[str, pl.Expr] = {}
    for column, kind in table.columns.items():
        kind_type = _TYPES[kind]
        was = pl.col(f"before.{column}")
        if column in wanted.columns:
            value = pl.col(column).cast(kind_type)
            if column == "uuid":
                value = pl.coalesce(pl.col(column), was)
            elif column in people.DEMOGRAPHICS and "has_demographics" in wanted.columns:
                value = pl.when("has_demographics").then(value).otherwise(was)
            if kind == "text":
                value = value.fill_null("")
        else:
            value = was.cast(kind_type)
            if kind == "text":
                value = value.fill_null("")
        after[column] = value.alias(f"after.{column}")
    rows = joined.with_columns(*after.values())
    differs = pl.any_horizontal(
        [
            pl.col(f"before.{c}").ne_missing(pl.col(f"after.{c}"))
            for c in table.columns
            if c != "uuid"
        ]
    )
    moved = _moved(table)
    rows = rows.with_columns(
        action=pl.when("is_new")
        .then(pl.lit("add"))
        .when(~pl.col("before.is_active"))
        .then(pl.lit("reactivate"))
        .when(differs & moved)
        .then(pl.lit("move"))
        .when(differs)
        .then(pl.lit("update"))
    ).filter(pl.col("action").is_not_null())
    return rows.select(
        "id",
        "action",
        line=pl.col("line").cast(pl.UInt32),
        file=pl.col("file"),
        why=pl.when("is_new").then(pl.lit("new in the file")).otherwise(pl.lit("the file says so")),
        *[pl.col(f"{side}.{column}") for column in table.columns for side in ("before", "after")],
    )


def _moved(table: PlanTable) -> pl.Expr:
    place = {"students": "district_id", "school enrollments": "school_id"}.get(table.name)
    if place is None:
        return pl.lit(value=False)
    return pl.col(f"before.{place}").ne_missing(pl.col(f"after.{place}"))


def _archived(
    draft: _Draft, table: PlanTable, known: pl.DataFrame, kept: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    """Return the rows that leave: gone from a bulk file, marked deleted in a delta, or left behind."""
    file = _FILE_OF[table.name]
    mode = draft.incoming.modes.get(file, Mode.ABSENT)
    live = known.filter(
        (pl.col("source") == draft.current.source)
        & pl.col("is_active")
        & ~pl.col("id").is_in(draft.wanted[table.name]["id"].implode())
    )
    if table.name == "school enrollments":
        live = live.filter(pl.col("school_year") == draft.school_year)
    parts = [_left_behind(draft, live)]
    if mode is Mode.BULK:
        parts.append(
            _absent(draft, table, live, kept).with_columns(why=pl.lit("no longer in the file"))
        )
    elif mode is Mode.DELTA:
        frame = getattr(draft.incoming, _FRAME_OF.get(file, file))
        deleted = frame.filter(pl.col("status") == "tobedeleted")["sourced_id"].drop_nulls()
        parts.append(
            live.filter(
                pl.col("sourced_id").str.replace(r":\d{4}$", "").is_in(deleted.implode())
            ).with_columns(why=pl.lit("marked as deleted in the file"))
        )
    gone = pl.concat(parts).unique("id", keep="first", maintain_order=True)
    return _archive_rows(draft, table, gone)


def _absent(
    draft: _Draft, table: PlanTable, live: pl.DataFrame, kept: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    """Leave out of the absent those that came but were excluded, and whatever hangs on them."""
    file = _FILE_OF[table.name]
    names = kept.get(_FRAME_OF.get(file, file), frozenset())
    live = live.filter(~pl.col("sourced_id").str.replace(r":\d{4}$", "").is_in(list(names)))
    people_kept = list(
        kept.get("users", frozenset()) | set(draft.gone["students left out"]["sourced_id"])
    )
    for column, of in (("student_id", "students"), ("staff_id", "staff")):
        if column in live.columns:
            holders = draft.current.frames[of].filter(pl.col("sourced_id").is_in(people_kept))["id"]
            live = live.filter(~pl.col(column).is_in(holders.implode()).fill_null(value=False))
    if table.name in {"students", "staff"}:
        live = live.filter(~pl.col("sourced_id").is_in(people_kept))
    if "class_taught_id" in live.columns:
        classes = draft.current.frames["classes"].filter(
            pl.col("sourced_id").is_in(list(kept.get("classes", frozenset())))
        )["id"]
        live = live.filter(~pl.col("class_taught_id").is_in(classes.implode()))
    return live


def _left_behind(draft: _Draft, live: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose student, staff member or class leaves in this plan."""
    behind = pl.lit(value=False)
    for column, of in (
        ("student_id", "students"),
        ("staff_id", "staff"),
        ("class_taught_id", "classes"),
    ):
        if column in live.columns and of in draft.gone:
            leaving = draft.gone[of]["id"]
            behind = behind | pl.col(column).is_in(leaving.implode()).fill_null(value=False)
    return live.filter(behind).with_columns(why=pl.lit("leaves with the record it belongs to"))


def _archive_rows(draft: _Draft, table: PlanTable, gone: pl.DataFrame) -> pl.DataFrame:
    after = {column: pl.col(column) for column in table.columns}
    after["is_active"] = pl.lit(value=False)
    if "ends_before" in table.columns and table.name != "academic sessions":
        after["ends_before"] = pl.min_horizontal("ends_before", pl.lit(draft.starting))
        after["ends_before"] = pl.max_horizontal(after["ends_before"], pl.col("begins_on"))
    return gone.select(
        "id",
        action=pl.lit("archive"),
        line=pl.lit(None, dtype=pl.UInt32),
        file=pl.lit(f"{_FILE_OF[table.name]}.csv"),
        why="why",
        **{f"before.{column}": pl.col(column) for column in table.columns},
        **{f"after.{column}": value for column, value in after.items()},
    )


def _with_schools(
    draft: _Draft, table: PlanTable, known: pl.DataFrame, frame: pl.DataFrame
) -> pl.DataFrame:
    """Add `school_id`, the school in whose counts a row belongs, and drop columns that never change."""
    if table.name == "students":
        places = _places(draft, people.SCHOOL_ENROLLMENTS, "student_id", "school_id")
    elif table.name == "staff":
        places = _places(draft, people.STAFF_ASSIGNMENTS, "staff_id", "organization_id")
    elif table.name == "enrollments":
        classes = _places(draft, people.CLASSES, "id", "school_id")
        places = (
            _places(draft, table, "id", "class_taught_id")
            .join(classes, left_on="school_id", right_on="id", how="inner", suffix="_of_class")
            .select("id", school_id="school_id_of_class")
        )
    else:
        column = {"staff assignments": "organization_id", "courses": "organization_id",
                  "academic sessions": "organization_id", "organizations": "id"}.get(table.name, "school_id")  # fmt: skip
        places = _places(draft, table, "id", column)
    frame = frame.join(places, on="id", how="left", maintain_order="left")
    idle = [
        column
        for column in table.columns
        if "add" not in frame["action"]
        and frame[f"before.{column}"].eq_missing(frame[f"after.{column}"]).all()
    ]
    return frame.drop([f"{side}.{column}" for column in idle for side in ("before", "after")])


def _places(draft: _Draft, table: PlanTable, key: str, place: str) -> pl.DataFrame:
    """Pair ids with a place: the wanted rows first, then what is known."""
    columns = {"id": pl.col(key), "school_id": pl.col(place).cast(pl.Int64)}
    parts = [
        draft.wanted[table.name].select(**columns),
        draft.current.frames[table.name].select(**columns),
    ]
    return pl.concat(parts).unique("id", keep="first", maintain_order=True)
