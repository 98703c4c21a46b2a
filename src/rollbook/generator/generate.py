"""Write a whole made-up state to a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from rollbook.generator.archive import sha256_of
from rollbook.generator.enrolled import enrolled_students
from rollbook.generator.oneroster import write_bundle
from rollbook.generator.places import District, lay_out_districts
from rollbook.generator.population import make_population
from rollbook.generator.rosters import make_roster
from rollbook.generator.staff import make_staff
from rollbook.generator.timetable import make_timetable

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class GeneratedState:
    """Hold what was written."""

    folder: Path
    rosters: tuple[Path, ...]


def write_state(
    out: Path,
    *,
    students: int,
    districts: int,
    seed: int,
    years: int = 4,
    school_year: int = 2027,
    xml: int = 200,
    progress: Progress | None = None,
) -> GeneratedState:
    """Write a made-up state: rosters."""
    places = lay_out_districts(students=students, districts=districts, seed=seed)
    population = make_population(places, school_year=school_year, seed=seed)
    (out / "rosters").mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for place in places:
        enrolled = enrolled_students(population, place, school_year=school_year, seed=seed)
        timetable = make_timetable(enrolled, place, seed=seed)
        staff = make_staff(timetable, place, seed=seed)
        tables = make_roster(enrolled, staff, timetable, place, school_year=school_year)
        path = out / "rosters" / f"{place.key}.zip"
        write_bundle(path, tables)
        written.append(path)
    return GeneratedState(out, tuple(written))
