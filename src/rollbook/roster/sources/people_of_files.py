"""Make the users, roles and demographics of a bundle from the rows of other layouts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from rollbook.roster.checks.conversions import CLASS_IN_TWO_PLACES, REPEATED_PERSON
from rollbook.roster.rules.spellings import FLAGS, GRADES, RACES, SEXES, folded, respelled
from rollbook.roster.sources.converting import FILE, LINE, Conversion
from rollbook.roster.sources.words import note_unknown_words

# Staff and students may have the same numbers in one system; users must not.
STAFF_PREFIX: Final = "staff-"
_RACE_COLUMNS: Final = tuple(dict.fromkeys(RACES.values()))


def first_rows(
    conversion: Conversion,
    table: str,
    rows: pl.DataFrame,
    key: str,
    agree: Mapping[str, str],
    *,
    is_class: bool = False,
) -> pl.DataFrame:
    """Return the first row of each key, and note the rows that say something else.

    Shape: rows without a key are all returned. `agree` maps the columns that must agree to what
           they are called in the received file. All places of a record join its origin.
    """
    is_first = rows[key].is_first_distinct() | rows[key].is_null()
    if is_first.all():
        return rows
    first = rows.filter(is_first)
    names = [name for name in agree if name in rows.columns and name != key]
    # Most rows only repeat: of them no more is copied than is told.
    repeated = rows.select(FILE, LINE, sourcedId=key).filter(~is_first)
    conversion.further[table].append(repeated)
    said = rows.select(key, *names)
    if said.select(pl.struct(pl.all()).is_first_distinct()).to_series().sum() > first.height:
        check = CLASS_IN_TWO_PLACES if is_class else REPEATED_PERSON
        repeats = rows.select(FILE, LINE, key, *names).filter(~is_first)
        for name, odd in _disagreeing(first, repeats, key, names):
            conversion.note_rows(check, table, odd, column=agree[name])
    return first


def _disagreeing(
    first: pl.DataFrame, repeated: pl.DataFrame, key: str, names: Sequence[str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    before = first.select(
        key, pl.col(LINE).alias("first"), *(pl.col(name).alias(f"{name}__1") for name in names)
    )
    pairs = repeated.join(before, on=key, how="inner", maintain_order="left")
    for name in names:
        differs = pl.col(name).is_not_null() & (pl.col(name) != pl.col(f"{name}__1"))
        yield name, pairs.filter(differs).select(FILE, LINE, "first", value=key)


def grade_of(cell: pl.Expr) -> pl.Expr:
    """Read a grade in whatever spelling; what is none stays as it is, to be told."""
    return respelled(cell, GRADES)


def add_demographics(
    conversion: Conversion, rows: pl.DataFrame, columns: Mapping[str, str]
) -> None:
    """Add what rows say of persons to demographics.csv.

    Shape: `rows` have `_file`, `_from`, `sourcedId`, and of `birthDate`, `sex`, `race`,
           `hispanic` those that came; `race` may hold several, separated by commas.
    """
    said = [name for name in ("birthDate", "sex", "race", "hispanic") if name in rows.columns]
    if not said or rows.is_empty():
        return
    made: list[pl.Expr] = [pl.col(FILE, LINE, "sourcedId")]
    named = {"sourcedId": columns.get("sourcedId", "")}
    if "birthDate" in said:
        made.append(pl.col("birthDate"))
    if "sex" in said:
        made.append(respelled(pl.col("sex"), SEXES).alias("sex"))
    if "hispanic" in said:
        _note_odd(conversion, rows, "hispanic", FLAGS, columns)
        flag = folded(pl.col("hispanic")).replace_strict(FLAGS, default=None)
        made.append(flag.alias("hispanicOrLatinoEthnicity"))
        named["hispanicOrLatinoEthnicity"] = columns.get("hispanic", "")
    if "race" in said:
        _note_odd(conversion, rows, "race", RACES, columns)
        races = (
            folded(pl.col("race"))
            .str.split(",")
            .list.eval(pl.element().str.strip_chars().replace_strict(RACES, default=None))
        )
        made += [
            pl.when(races.list.contains(name)).then(pl.lit("true")).alias(name)
            for name in _RACE_COLUMNS
        ]
        named |= dict.fromkeys(_RACE_COLUMNS, columns.get("race", ""))
    named |= {name: columns[name] for name in ("birthDate", "sex") if name in columns}
    conversion.add("demographics", rows.select(made), named)


def _note_odd(
    conversion: Conversion,
    rows: pl.DataFrame,
    name: str,
    known: Mapping[str, str],
    columns: Mapping[str, str],
) -> None:
    column = columns.get(name, name)
    note_unknown_words(conversion, "demographics", rows, name, known, column=column)


def add_roles(
    conversion: Conversion, rows: pl.DataFrame, columns: Mapping[str, Mapping[str, str]]
) -> None:
    """Add roles: one primary role for each user and place, but for a student's second place.

    Shape: `rows` have `_file`, `_from`, `userSourcedId`, `orgSourcedId`, `role`, and may have
           `beginDate` and `endDate`; a role that comes twice is one. `columns` is by file.
    """
    once = rows.unique(["userSourcedId", "orgSourcedId", "role"], keep="first", maintain_order=True)
    is_student = pl.col("role") == "student"
    number = pl.int_range(pl.len())
    is_first_here = number.over("userSourcedId", "orgSourcedId") == 0
    is_first = number.over("userSourcedId") == 0
    is_primary = is_first_here & (is_first | ~is_student)
    dated = [name for name in ("beginDate", "endDate") if name in rows.columns]
    made = once.select(
        FILE,
        LINE,
        "userSourcedId",
        "orgSourcedId",
        "role",
        *dated,
        sourcedId=pl.concat_str(["userSourcedId", "orgSourcedId", "role"], separator="-"),
        roleType=pl.when(is_primary).then(pl.lit("primary")).otherwise(pl.lit("secondary")),
    )
    for part in made.partition_by(FILE, maintain_order=True):
        named = columns.get(str(part[FILE][0]), {})
        own = {"made:sourcedId": named["userSourcedId"]} if "userSourcedId" in named else {}
        conversion.add("roles", part, {**named, **own})


def one_of(rows: pl.DataFrame, *names: str) -> pl.Expr:
    """Return the first of these columns that has a cell, of those that came."""
    there = [pl.col(name) for name in names if name in rows.columns]
    return pl.coalesce(there) if there else pl.lit(None, pl.String)


def joined(rows: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Put rows of several files below one another."""
    return pl.concat(list(rows), how="diagonal")
