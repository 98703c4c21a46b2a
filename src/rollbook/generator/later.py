"""Let two weeks pass in a district: some come, some leave, some move, some are renamed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from rollbook.generator.known_students import KNOWN_STUDENTS
from rollbook.generator.names import LAST_NAMES
from rollbook.generator.places import District
from rollbook.generator.randomness import Bools, Ints, stream
from rollbook.generator.staff import Staff, replacement
from rollbook.generator.timetable import Timetable

LEAVING_SHARE: Final = 0.006
MOVING_SHARE: Final = 0.004  # to other classes of the grade, or to another school
RENAMED_SHARE: Final = 0.002


@dataclass(frozen=True)
class Roster:
    """Hold who is in a district, in which classes, taught by whom."""

    students: pl.DataFrame
    timetable: Timetable
    staff: Staff


def two_weeks_later(
    roster: Roster, newcomers: pl.DataFrame, district: District, *, on: date, seed: int
) -> Roster:
    """Return the roster as it is after two weeks.

    Shape: the known students stay as they are; a newcomer or mover takes over the classes of
           another student of the grade; one teacher is replaced; no class is left empty.
    """
    random = stream(seed, "later", district.number)
    staying = ~_chosen(random, roster.students, LEAVING_SHARE)
    students = _renamed(roster.students, random).filter(pl.Series(staying))
    seats = _renumbered(roster.timetable.seats, staying)
    movers = np.flatnonzero(_chosen(random, students, MOVING_SHARE))
    students = _rehomed(students, movers, district)
    everybody = pl.concat([students, newcomers.select(students.columns)])
    arrivals = np.arange(students.height, everybody.height)
    seated = np.concatenate([movers, arrivals])
    fresh = _seats_like(everybody, seats, seated, random).with_columns(since=pl.lit(on.isoformat()))
    settled = seats.filter(~pl.col("student").is_in(movers.tolist()))
    # Who moved into a class already attended was there all along.
    fresh = _kept_dates(fresh, seats)
    seats = pl.concat([settled, fresh]).sort("student", "class_number")
    classes = roster.timetable.classes.join(
        seats, on="class_number", how="semi", maintain_order="left"
    )
    timetable = replace(roster.timetable, classes=classes, seats=seats)
    return Roster(everybody, timetable, replacement(roster.staff, district, seed=seed))


def _chosen(random: np.random.Generator, students: pl.DataFrame, share: float) -> Bools:
    """Choose a share of the students, at least one, never a known one."""
    known = students["ssid"].is_in([known.ssid for known in KNOWN_STUDENTS]).to_numpy()
    eligible = np.flatnonzero(~known)
    count = max(1, round(students.height * share))
    chosen = np.zeros(students.height, dtype=np.bool_)
    chosen[random.choice(eligible, count, replace=False)] = True
    return chosen


def _renamed(students: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Give a few another last name; their accounts keep the old one."""
    chosen = _chosen(random, students, RENAMED_SHARE)
    names = np.array(LAST_NAMES)[random.integers(0, len(LAST_NAMES), students.height)]
    renamed = pl.when(pl.Series(chosen)).then(pl.Series(names)).otherwise("last_name")
    return students.with_columns(last_name=renamed)


def _renumbered(seats: pl.DataFrame, staying: Bools) -> pl.DataFrame:
    number = np.where(staying, np.cumsum(staying) - 1, -1)
    return seats.with_columns(
        student=pl.Series(number[seats["student"].to_numpy()], dtype=pl.Int64)
    ).filter(pl.col("student") >= 0)


def _rehomed(students: pl.DataFrame, movers: Ints, district: District) -> pl.DataFrame:
    """Send every second mover to the next school of the level, where there is one."""
    following: dict[int, int] = {}
    for level in ("elementary", "middle", "high"):
        numbers = [school.number for school in district.of_level(level)]
        following |= dict(zip(numbers, numbers[1:] + numbers[:1], strict=True))
    going = movers[::2]
    target = students["school"].gather(going).replace_strict(following)
    return students.with_columns(school=students["school"].scatter(going, target))


def _seats_like(
    everybody: pl.DataFrame, seats: pl.DataFrame, seated: Ints, random: np.random.Generator
) -> pl.DataFrame:
    """Seat each of `seated` in the classes of a random other student of school and grade."""
    place = everybody.select("school", "grade", student=pl.int_range(pl.len()))
    models = place.filter(~pl.col("student").is_in(seated.tolist())).with_columns(
        turn=pl.int_range(pl.len()).over("school", "grade"),
        count=pl.len().over("school", "grade"),
    )
    counts = models.select("school", "grade", "count").unique()
    wanting = (
        place[seated]
        .with_columns(luck=pl.Series(random.random(len(seated))))
        .join(counts, on=["school", "grade"], maintain_order="left")
        .with_columns(turn=(pl.col("luck") * pl.col("count")).cast(pl.Int64))
    )
    paired = wanting.join(
        models.select("school", "grade", "turn", model="student"), on=["school", "grade", "turn"]
    )
    return paired.join(
        seats.select("class_number", model="student"), on="model", maintain_order="left_right"
    ).select("student", "class_number")


def _kept_dates(fresh: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    keys = ["student", "class_number"]
    there = before.select(*keys, was_there=pl.lit(value=True))
    return fresh.join(there, on=keys, how="left", maintain_order="left").select(
        *keys, since=pl.when(pl.col("was_there").is_null()).then("since")
    )
