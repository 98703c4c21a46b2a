"""How the wanted rows of a table differ from those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from rollbook.changes.types import PlanTable, TableChanges
from rollbook.people import layouts as people
from rollbook.roster.plan.draft import Draft, live
from rollbook.roster.plan.edits import keep_edits
from rollbook.roster.plan.holes import note_spared
from rollbook.roster.plan.silence import nameable
from rollbook.roster.rules.standing import LEFT_BEHIND
from rollbook.roster.types import Mode

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


# Where a table's rows can come from, if not from its own file alone.
_SAID_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "school enrollments": ("roles", "users"),
    "courses": ("courses", "classes"),
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


def changes_of(
    draft: Draft, table: PlanTable, kept: Mapping[str, frozenset[str]]
) -> TableChanges | None:
    """Compare one table's wanted rows with what is there, and add those that are gone."""
    wanted = draft.wanted[table.name]
    known = draft.current.frames[table.name]
    file = _FILE_OF[table.name]
    files = _SAID_BY.get(table.name, (file,))
    if all(draft.incoming.modes.get(name, Mode.ABSENT) is Mode.ABSENT for name in files):
        wanted = wanted.head(0)
    compared = _compared(draft, table, known, wanted)
    gone = _archived(draft, table, known, kept)
    draft.gone[table.name] = gone.select("id")
    frame = pl.concat([compared, gone], how="diagonal").sort("id")
    if frame.is_empty():
        return None
    return TableChanges(table=table, frame=_with_schools(draft, table, known, frame))


def _compared(
    draft: Draft, table: PlanTable, known: pl.DataFrame, wanted: pl.DataFrame
) -> pl.DataFrame:
    """Return one row per wanted record that is new or differs, every cell before and after."""
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
            elif f"{table.name}.{column}" in draft.incoming.vocabulary.unsaid:
                value = pl.when("is_new").then(value).otherwise(was)
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
    if draft.current.edits.height:
        rows, said = keep_edits(table, rows, draft.current.edits)
        draft.upstream.append(said)
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
        pl.col("line").cast(pl.UInt32),
        "file",
        pl.when("is_new")
        .then(pl.lit("new in the file"))
        .otherwise(pl.lit("the file says so"))
        .alias("why"),
        *[f"{side}.{column}" for column in table.columns for side in ("before", "after")],
    )


def _moved(table: PlanTable) -> pl.Expr:
    place = {"students": "district_id", "school enrollments": "school_id"}.get(table.name)
    if place is None:
        return pl.lit(value=False)
    return pl.col(f"before.{place}").ne_missing(pl.col(f"after.{place}"))


def _archived(
    draft: Draft, table: PlanTable, known: pl.DataFrame, kept: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    """Return the rows that leave: gone from a bulk file, deleted in a delta, or left behind."""
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
    if mode is Mode.BULK and not _is_uncertain(draft, table):
        absent = nameable(draft, table, live)
        note_spared(draft, absent, file)
        parts.append(
            _absent(draft, table, absent, kept).with_columns(why=pl.lit("no longer in the file"))
        )
    elif mode is Mode.DELTA:
        frame = getattr(draft.incoming, _FRAME_OF.get(file, file))
        deleted = frame.filter(pl.col("status") == "tobedeleted")["sourced_id"].drop_nulls()
        parts.append(
            live.filter(_key(table).is_in(deleted.implode())).with_columns(
                why=pl.lit("marked as deleted in the file")
            )
        )
        parts.append(_replaced_roles(draft, table, live))
    gone = pl.concat(parts).unique("id", keep="first", maintain_order=True)
    return _archive_rows(draft, table, gone)


def _is_uncertain(draft: Draft, table: PlanTable) -> bool:
    """Tell whether rows that nobody could read may be records of this table."""
    file = _FILE_OF[table.name]
    # Who is a student or staff, and where, stands in users.csv and roles.csv together.
    names = {"users", "roles"} if file in {"users", "roles"} else {_FRAME_OF.get(file, file)}
    return bool(names & draft.uncertain)


_PLACES_OF: Final[Mapping[str, tuple[str, str]]] = {
    "school enrollments": ("students", "student_id"),
    "staff assignments": ("staff", "staff_id"),
}


def _replaced_roles(draft: Draft, table: PlanTable, live: pl.DataFrame) -> pl.DataFrame:
    """Return the places that users of a 1.1 delta no longer have: a user lists all of them."""
    roles = draft.incoming.roles
    if table.name not in _PLACES_OF or roles["sourced_id"].is_not_null().any():
        return live.head(0).with_columns(why=pl.lit(""))
    of, column = _PLACES_OF[table.name]
    listed = draft.ids[of].filter(pl.col("sourced_id").is_in(roles["user_sourced_id"].implode()))
    return live.filter(pl.col(column).is_in(listed["id"].implode())).with_columns(
        why=pl.lit("the file names other schools for them")
    )


def _absent(
    draft: Draft, table: PlanTable, live: pl.DataFrame, kept: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    """Leave out of the absent those that came but were excluded, and whatever hangs on them.

    So it is with those that excluded rows name: see plan/holes.py.
    """
    file = _FILE_OF[table.name]
    names = kept.get(_FRAME_OF.get(file, file), frozenset())
    live = live.filter(~_key(table).is_in(list(names)))
    people_kept = sorted(kept.get("users", frozenset()) | draft.left_out)
    for column, of in (("student_id", "students"), ("staff_id", "staff")):
        if column in live.columns:
            holders = draft.current.frames[of].filter(pl.col("sourced_id").is_in(people_kept))["id"]
            live = live.filter(~pl.col(column).is_in(holders.implode()).fill_null(value=False))
    if table.name in {"students", "staff"}:
        without_place = _without_any_role(draft)
        live = live.filter(
            ~pl.col("sourced_id").is_in([*people_kept, *without_place])
            & ~pl.col("id").is_in(_holders_of_kept_roles(draft, table, kept).implode())
        )
    if "class_taught_id" in live.columns:
        classes = draft.current.frames["classes"].filter(
            pl.col("sourced_id").is_in(list(kept.get("classes", frozenset())))
        )["id"]
        live = live.filter(~pl.col("class_taught_id").is_in(classes.implode()))
    return live


def _key(table: PlanTable) -> pl.Expr:
    """Return the sourcedId that the file has: a school enrollment's own ends with its year."""
    key = pl.col("sourced_id")
    return key.str.replace(r":\d{4}$", "") if table.name == "school enrollments" else key


def _without_any_role(draft: Draft) -> list[str]:
    """Return the users who came without a role: they are there, nobody says as what."""
    placed = live(draft.incoming.roles)["user_sourced_id"]
    users = live(draft.incoming.users)
    return users.filter(~pl.col("sourced_id").is_in(placed.implode()))["sourced_id"].to_list()


def _holders_of_kept_roles(
    draft: Draft, table: PlanTable, kept: Mapping[str, frozenset[str]]
) -> pl.Series:
    """Return the people whose role came but was left out."""
    place, column = {value[0]: (name, value[1]) for name, value in _PLACES_OF.items()}[table.name]
    roles = people.SCHOOL_ENROLLMENTS if table is people.STUDENTS else people.STAFF_ASSIGNMENTS
    names = list(kept.get("roles", frozenset()))
    return draft.current.frames[place].filter(_key(roles).is_in(names))[column]


def _left_behind(draft: Draft, live: pl.DataFrame) -> pl.DataFrame:
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
    return live.filter(behind).with_columns(why=pl.lit(LEFT_BEHIND))


def _archive_rows(draft: Draft, table: PlanTable, gone: pl.DataFrame) -> pl.DataFrame:
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


_PLACE_OF: Final[Mapping[str, str]] = {
    "staff assignments": "organization_id",
    "courses": "organization_id",
    "academic sessions": "organization_id",
    "organizations": "id",
}


def _with_schools(
    draft: Draft, table: PlanTable, known: pl.DataFrame, frame: pl.DataFrame
) -> pl.DataFrame:
    """Add `school_id`, in whose counts a row belongs, and drop columns that never change."""
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
        places = _places(draft, table, "id", _PLACE_OF.get(table.name, "school_id"))
    frame = frame.join(places, on="id", how="left", maintain_order="left")
    idle = [
        column
        for column in table.columns
        if "add" not in frame["action"]
        and frame[f"before.{column}"].eq_missing(frame[f"after.{column}"]).all()
    ]
    return frame.drop([f"{side}.{column}" for column in idle for side in ("before", "after")])


def _places(draft: Draft, table: PlanTable, key: str, place: str) -> pl.DataFrame:
    """Pair ids with a place: the wanted rows first, then what is known."""
    columns = {"id": pl.col(key), "school_id": pl.col(place).cast(pl.Int64)}
    parts = [
        draft.wanted[table.name].select(**columns),
        draft.current.frames[table.name].select(**columns),
    ]
    return pl.concat(parts).unique("id", keep="first", maintain_order=True)
