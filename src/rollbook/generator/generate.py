"""Write a whole made-up state to a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from rollbook.generator.archive import csv_bytes, sha256_of, write_zip
from rollbook.generator.catalogue import Assessment, assessments_of
from rollbook.generator.documents import write_documents
from rollbook.generator.enrolled import enrolled_students, later_day, newcomers
from rollbook.generator.exams import score_sittings
from rollbook.generator.known_students import KNOWN_STUDENTS
from rollbook.generator.later import Roster, two_weeks_later
from rollbook.generator.oneroster import Tables, write_bundle
from rollbook.generator.packages import package_frame
from rollbook.generator.places import District, lay_out_districts
from rollbook.generator.population import make_population
from rollbook.generator.randomness import Bools, stream
from rollbook.generator.result_files import DistrictYear, RowCounts, entries
from rollbook.generator.rosters import make_roster
from rollbook.generator.sittings import make_sittings, tested_students
from rollbook.generator.staff import make_staff
from rollbook.generator.timetable import make_timetable

# What is done, how many steps of it, out of how many.
Progress = Callable[[str, int, int], None]

SCHOOL_YEAR: Final = 2027
MANIFEST: Final = "STATE.json"
_WORKERS: Final = 2
# Of the result documents, this share are summatives of the year before.
_SUMMATIVE_DOCUMENTS: Final = 0.4


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """Describe one written file.

    Shape: `rows` maps a table in it to its rows, without the header.
    """

    path: Path
    rows: dict[str, int]


@dataclass(frozen=True)
class GeneratedState:
    """Hold what was written.

    Shape: paths in the order to load them: rosters by district, packages, results oldest first,
           documents. `later_roster` is the Sample District two weeks on. `school_year` is the
           rosters' year; `years` are those of the result files.
    """

    folder: Path
    school_year: int
    years: tuple[int, ...]
    districts: tuple[District, ...]
    rosters: tuple[Path, ...]
    later_roster: Path
    packages: Path
    results: tuple[Path, ...]
    documents: tuple[Path, ...]
    manifest: Path


@dataclass
class _Writing:
    """Hold what every step of one writing needs, and note what was written."""

    out: Path
    seed: int
    school_year: int
    places: tuple[District, ...]
    population: pl.DataFrame
    progress: Progress
    files: list[WrittenFile] = field(default_factory=list[WrittenFile])

    def note(self, path: Path, rows: dict[str, int]) -> Path:
        self.files.append(WrittenFile(path, rows))
        return path


def write_state(
    out: Path,
    *,
    students: int,
    districts: int,
    seed: int,
    years: int = 4,
    school_year: int = SCHOOL_YEAR,
    xml: int = 200,
    progress: Progress | None = None,
) -> GeneratedState:
    """Write a made-up state to the folder `out`: rosters, packages, results, documents.

    Shape:  `years` full years of results before `school_year`, which itself only has the interim
            blocks of its autumn; at most `xml` documents, whose results are in no CSV file. An
            earlier state in `out` is removed.
    Units:  `school_year` 2027 means 2026-27.
    Raises: TooFewStudents: ask for more students or for fewer districts.
    """
    places = lay_out_districts(students=students, districts=districts, seed=seed)
    writing = _Writing(
        out=out,
        seed=seed,
        school_year=school_year,
        places=places,
        population=make_population(places, school_year=school_year, seed=seed),
        progress=progress or _say_nothing,
    )
    _remove_earlier(out)
    for folder in ("rosters", "assessments", "results", "results-xml"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    rosters, later = _write_rosters(writing)
    all_years = tuple(range(school_year - years, school_year + 1))
    packages = _write_packages(writing, all_years)
    results, documents = _write_results(writing, all_years, xml=xml)
    parameters = {
        "students": students,
        "districts": districts,
        "seed": seed,
        "years": years,
        "school_year": school_year,
        "xml": xml,
    }
    manifest = _write_manifest(writing, parameters)
    return GeneratedState(
        folder=out,
        school_year=school_year,
        years=all_years,
        districts=places,
        rosters=rosters,
        later_roster=later,
        packages=packages,
        results=results,
        documents=documents,
        manifest=manifest,
    )


def _remove_earlier(out: Path) -> None:
    """Remove the files of an earlier state in the same folder, and nothing else."""
    manifest = out / MANIFEST
    if manifest.exists():
        listed = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        for path in (out / one["path"] for one in listed):
            path.unlink(missing_ok=True)
        manifest.unlink()


def _say_nothing(_step: str, _done: int, _total: int) -> None:
    """Report to nobody."""


def _write_rosters(writing: _Writing) -> tuple[tuple[Path, ...], Path]:
    paths: list[Path] = []
    later = writing.out / "rosters" / f"{writing.places[0].key}-next.zip"
    for number, place in enumerate(writing.places):
        roster = _roster(writing, place)
        path = writing.out / "rosters" / f"{place.key}.zip"
        paths.append(_write_bundle(writing, path, _tables(writing, roster, place)))
        if number == 0:
            _write_bundle(writing, later, _tables(writing, _later(writing, roster), place))
        writing.progress("rosters", number + 1, len(writing.places))
    return tuple(paths), later


def _roster(writing: _Writing, place: District) -> Roster:
    seed = writing.seed
    students = enrolled_students(
        writing.population, place, school_year=writing.school_year, seed=seed
    )
    timetable = make_timetable(students, place, seed=seed)
    return Roster(students, timetable, make_staff(timetable, place, seed=seed))


def _later(writing: _Writing, roster: Roster) -> Roster:
    place, year = writing.places[0], writing.school_year
    arriving = newcomers(writing.population, place, school_year=year)
    return two_weeks_later(roster, arriving, place, on=later_day(year), seed=writing.seed)


def _tables(writing: _Writing, roster: Roster, place: District) -> Tables:
    return make_roster(
        roster.students, roster.staff, roster.timetable, place, school_year=writing.school_year
    )


def _write_bundle(writing: _Writing, path: Path, tables: Tables) -> Path:
    write_bundle(path, tables)
    return writing.note(path, {f"{name}.csv": table.height for name, table in tables.items()})


def _write_packages(writing: _Writing, years: tuple[int, ...]) -> Path:
    frame = package_frame(one for year in years for one in assessments_of(year))
    path = writing.out / "assessments" / "packages.csv"
    path.write_bytes(csv_bytes(frame))
    return writing.note(path, {path.name: frame.height})


def _write_results(
    writing: _Writing, years: tuple[int, ...], *, xml: int
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Write the result zips, two at a time: each has random streams of its own."""
    tasks = [(year, place) for year in years for place in writing.places]
    documents = _document_counts(writing.school_year, xml)
    written: list[tuple[WrittenFile, list[WrittenFile]]] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        pending = [
            pool.submit(_write_year, writing, year, place, documents.get(year, 0))
            for year, place in tasks
        ]
        for number, task in enumerate(pending, start=1):
            written += [one for one in [task.result()] if one[0].rows]
            writing.progress("results", number, len(tasks))
    zips = tuple(writing.note(one.path, one.rows) for one, _ in written)
    listed = tuple(writing.note(one.path, one.rows) for _, many in written for one in many)
    return zips, listed


def _document_counts(school_year: int, xml: int) -> dict[int, int]:
    summative = round(xml * _SUMMATIVE_DOCUMENTS)
    return {school_year - 1: summative, school_year: xml - summative}


def _write_year(
    writing: _Writing, year: int, place: District, documents: int
) -> tuple[WrittenFile, list[WrittenFile]]:
    held = _district_year(writing, year, place)
    apart: list[WrittenFile] = []
    if place.number == 0 and documents:
        held, set_aside = _set_aside(held, documents, running=year == writing.school_year)
        apart = _write_documents(writing.out / "results-xml", set_aside)
    path = writing.out / "results" / f"{year}-{place.key}.zip"
    counts = RowCounts()
    if not held.exams.is_empty():
        write_zip(path, entries(held, counts))
    return WrittenFile(path, dict(counts)), apart


def _district_year(writing: _Writing, year: int, place: District) -> DistrictYear:
    seed, running = writing.seed, year == writing.school_year
    assessments = assessments_of(year)
    students = tested_students(
        writing.population, place, year=year, school_year=writing.school_year
    )
    sittings = make_sittings(students, assessments, place, year=year, running=running, seed=seed)
    exams = score_sittings(sittings, students, assessments, place, year=year, seed=seed)
    return DistrictYear(place, year, students, assessments, exams, seed)


def _set_aside(
    held: DistrictYear, count: int, *, running: bool
) -> tuple[DistrictYear, DistrictYear]:
    """Take exams out of a year, to come as documents; the known students' stay."""
    known = held.students["is_known"].gather(held.exams["row"])
    wanted = _is_wanted(held.assessments, running=running)
    eligible = np.flatnonzero(~known.to_numpy() & wanted[held.exams["assessment"].to_numpy()])
    random = stream(held.seed, "documents", held.year)
    taken = np.zeros(held.exams.height, dtype=np.bool_)
    taken[random.permutation(eligible)[:count]] = True
    mask = pl.Series(taken)
    return (
        replace(held, exams=held.exams.filter(~mask)),
        replace(held, exams=held.exams.filter(mask)),
    )


def _is_wanted(assessments: Sequence[Assessment], *, running: bool) -> Bools:
    if running:
        return np.ones(len(assessments), dtype=np.bool_)
    return np.array([one.kind == "SUM" and one.subject in {"ELA", "Math"} for one in assessments])


def _write_documents(folder: Path, held: DistrictYear) -> list[WrittenFile]:
    written: list[WrittenFile] = []
    for name, content in write_documents(held):
        path = folder / name
        path.write_bytes(content)
        written.append(WrittenFile(path, {"results": 1}))
    return written


def _write_manifest(writing: _Writing, parameters: dict[str, int]) -> Path:
    """Write what there is, with digests, so that anybody can tell two states apart."""
    sample = writing.places[0]
    said: dict[str, Any] = {
        "parameters": parameters,
        "sample_district": {
            "identifier": sample.identifier,
            "name": sample.name,
            "sourced_id": sample.sourced_id,
            "schools": [
                {
                    "identifier": school.identifier,
                    "name": school.name,
                    "sourced_id": school.sourced_id,
                }
                for school in sample.schools
            ],
        },
        "known_students": [
            {
                "name": f"{student.last_name}, {student.first_name}",
                "ssid": student.ssid,
                "grade": student.grade,
            }
            for student in KNOWN_STUDENTS
        ],
        "files": [
            {
                "path": one.path.relative_to(writing.out).as_posix(),
                "sha256": sha256_of(one.path),
                "bytes": one.path.stat().st_size,
                "rows": one.rows,
            }
            for one in writing.files
        ],
    }
    path = writing.out / MANIFEST
    path.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
