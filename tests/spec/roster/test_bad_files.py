"""Hundreds of bad files, each with everything that is found in it: see bad_files/*.txt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from rollbook.files.checks import CHECKS as FILE_CHECKS
from rollbook.roster.checks.catalogue import CHECKS
from rollbook.roster.checks.frames import our_name
from rollbook.roster.checks.run import check_bundle
from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.rules.mapping import ColumnMapping, suggested_mapping
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.flat_file import read_flat
from rollbook.roster.sources.reading import read_roster, translated
from rollbook.roster.types import BundleResult, OneRosterBundle, Profile, SourceFormat
from rollbook.shared.findings import Finding, Verdict
from tests.spec.roster.recipes import FLAT, spoilt_roster

_FOLDER = Path(__file__).with_name("bad_files")
_FORMATS = {
    "clever": SourceFormat.CLEVER_CSV,
    "sds": SourceFormat.SDS_CSV,
    "flat": SourceFormat.MAPPED,
}
_FRAMES = {
    "orgs": "orgs", "academicSessions": "sessions", "users": "users", "roles": "roles",
    "courses": "courses", "classes": "classes", "enrollments": "enrollments",
    "demographics": "demographics",
}  # fmt: skip
# References that are left out are told once for each target, and row by row for none.
_DROPPED_REFERENCES = {"ROS-302", "ROS-311"}


@dataclass(frozen=True)
class Case:
    """Hold one bad file: its name, layout and profile, how it is made, what is found."""

    name: str
    layout: str
    profile: Profile
    recipe: str
    finds: str


def cases() -> Iterator[Case]:
    for path in sorted(_FOLDER.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                name, how, recipe, finds = (cell.strip(" ") for cell in line.split(" | "))
                layout, profile = how.split()
                yield Case(name, layout, Profile(profile), recipe.replace("–", ""), finds)


CASES = list(cases())


def judged(case: Case, folder: Path) -> tuple[OneRosterBundle, BundleResult]:
    roster = spoilt_roster(case.layout, case.recipe)
    path = folder / ("students.csv" if case.layout == "flat" else "roster.zip")
    path.write_bytes(roster.packed())
    reading = Reading(
        format=_FORMATS.get(case.layout, SourceFormat.ONEROSTER_CSV),
        profile=case.profile,
        encoding=roster.encoding,
        mapping=_mapping(folder) if case.layout == "flat" else None,
    )
    bundle = read_roster(path, reading, name=path.name)
    return bundle, check_bundle(bundle, profile=case.profile)


def _mapping(folder: Path) -> ColumnMapping:
    """Map the flat file as somebody did when it was sound."""
    path = folder / "sound.csv"
    path.write_text(FLAT, encoding="utf-8")
    table = read_flat(path, name=path.name)
    return suggested_mapping(table.header, table.frame)


def told(result: BundleResult) -> str:
    """Say what was found: each finding's code, file, line and column, in order."""
    places = Counter(_place(finding) for finding in result.report)
    return ", ".join(sorted(places)) or "ok"


def _place(finding: Finding) -> str:
    file = finding.file.removesuffix(".csv") or "-"
    line = "-" if finding.line is None else str(finding.line)
    column = "-" if finding.column is None else ascii(finding.column)[1:-1]
    return f"{finding.code} {file} {line} {column}"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_bad_file_is_found_to_be_what_it_is(case: Case, tmp_path: Path) -> None:
    bundle, result = judged(case, tmp_path)
    found = told(translated(result, bundle))
    changed = [] if bundle.origins else changed_cells(bundle, result)
    assert (found, changed) == (case.finds, [])


def changed_cells(bundle: OneRosterBundle, result: BundleResult) -> list[tuple[Any, ...]]:
    """Return every cell of an accepted record that is not the source's, and that nobody named."""
    if result.frames is None:
        return []
    named = {(f.file, f.line, f.column) for f in result.report}
    dropped = {(f.file, f.column) for f in result.report if f.code in _DROPPED_REFERENCES}
    changed: list[tuple[Any, ...]] = []
    for file, frame_name in _FRAMES.items():
        frame: pl.DataFrame = getattr(result.frames, frame_name)
        if file not in bundle.tables or (bundle.version == "1.1" and file == "roles"):
            continue
        source = bundle.tables[file].frame
        for column in source.columns[1:]:
            ours = our_name(file, column)
            is_read = column in LAYOUTS[bundle.version][file].header and ours in frame.columns
            if not is_read or (f"{file}.csv", column) in dropped:
                continue
            cells = dict(zip(source["_line"], source[column], strict=True))
            for line, value in zip(frame["_line"], frame[ours].to_list(), strict=True):
                cell = cells[line]
                is_named = (f"{file}.csv", line, column) in named
                if not is_named and not _is_same(value, cell):
                    changed.append((file, line, column, cell, value))
    return changed


def _is_same(value: Any, cell: str | None) -> bool:
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, list):
        return cell == ",".join(value)
    if hasattr(value, "hour"):
        return cell == f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
    return cell == (None if value is None else str(value))


def test_the_sound_rosters_are_sound(tmp_path: Path) -> None:
    found = {
        (layout, profile): judged(Case("", layout, profile, "", ""), tmp_path)[1].report.verdict
        for layout in ("1.1", "1.2", "1.2-all", "delta", "clever", "sds", "flat")
        for profile in Profile
    }
    assert set(found.values()) == {Verdict.OK}


def test_there_are_400_bad_files_and_no_two_are_alike() -> None:
    assert len(CASES) >= 400
    assert [name for name, n in Counter(case.name for case in CASES).items() if n > 1] == []
    made = Counter((case.layout, case.profile, case.recipe) for case in CASES)
    assert [recipe for recipe, n in made.items() if n > 1] == []


def test_every_check_of_rosters_is_found_in_some_bad_file() -> None:
    found = {word for case in CASES for word in case.finds.replace(",", " ").split()}
    assert [check.code for check in CHECKS if check.code not in found] == []
    files = [c.code for c in FILE_CHECKS if c.code.startswith(("FIL-1", "FIL-2"))]
    assert [code for code in files if code not in found] == sorted(_NOT_HERE)


# Two have limits of gigabytes, and tests/unit/files tries them with smaller ones; the third is
# said of a roster as ROS-202.
_NOT_HERE = {"FIL-202", "FIL-216", "FIL-223"}
