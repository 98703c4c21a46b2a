from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from rollbook.generator import generate
from rollbook.generator.generate import GeneratedState, write_state
from rollbook.generator.known_students import KNOWN_STUDENTS
from rollbook.generator.places import TooFewStudents


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _write(folder: Path, *, seed: int = 3) -> dict[str, bytes]:
    write_state(folder, students=160, districts=2, seed=seed, years=2, xml=4)
    return _bytes_of(folder)


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _write(tmp_path / "first")
    monkeypatch.setattr(generate, "_WORKERS", 1)
    assert _write(tmp_path / "second") == first


def test_another_seed_gives_other_people_and_the_same_assessments(tmp_path: Path) -> None:
    first, second = _write(tmp_path / "first"), _write(tmp_path / "second", seed=4)
    same = {name for name in first if first[name] == second.get(name)}
    assert same == {"assessments/packages.csv"}


def test_writing_again_leaves_nothing_of_the_earlier_state(tmp_path: Path) -> None:
    _write(tmp_path / "state", seed=9)
    kept = tmp_path / "state" / "results-xml" / "mine.xml"
    kept.write_text("<mine/>")
    again = _write(tmp_path / "state")
    assert again.pop("results-xml/mine.xml") == b"<mine/>"
    assert again == _write(tmp_path / "fresh")


def test_the_manifest_lists_every_file_with_its_digest_and_no_clock(
    state: GeneratedState,
) -> None:
    said = json.loads(state.manifest.read_text(encoding="utf-8"))
    written = _bytes_of(state.folder)
    del written["STATE.json"]
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in written.items()}
    assert {one["path"]: one["sha256"] for one in said["files"]} == digests
    assert set(said) == {"parameters", "sample_district", "known_students", "files"}


def test_progress_is_told_for_every_roster_and_every_result_file(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_state(
        tmp_path,
        students=100,
        districts=2,
        seed=1,
        years=1,
        xml=0,
        progress=lambda step, done, total: told.append((step, done, total)),
    )
    steps = [("rosters", 1, 2), ("rosters", 2, 2), *[("results", n, 4) for n in range(1, 5)]]
    assert told == steps


def test_too_few_students_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TooFewStudents, match="at least 40 students a district"):
        write_state(tmp_path / "out", students=79, districts=2, seed=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("known", KNOWN_STUDENTS, ids=lambda known: known.last_name)
def test_a_known_student_was_tested_in_every_year_in_the_grade_of_that_year(
    results: pl.DataFrame, state: GeneratedState, known
) -> None:
    mine = results.filter(pl.col("StudentIdentifier") == known.ssid)
    assert mine.select("LastOrSurname", "FirstName").unique().rows() == [
        (known.last_name, known.first_name)
    ]
    assert mine["ScaleScore"].null_count() == 0
    for year in state.years[:-1]:
        grade = int(known.grade) - (state.school_year - year)
        that_year = mine.filter(pl.col("SchoolYear") == str(year))
        summative = that_year.filter(pl.col("AssessmentSubType") == "SUM")
        expected = {"ELA", "Math"} if 3 <= grade <= 8 else set()
        expected |= {"CAST"} if grade in {5, 8, 10} else set()
        expected |= {"ELPAC"} if known.is_english_learner else set()
        assert set(summative["Subject"]) == expected
        assert set(that_year["GradeLevelWhenAssessed"]) <= {f"{grade:02d}"}
