"""The generator's files have the columns that the outside world expects, in order."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from rollbook.generator.generate import GeneratedState, write_state
from rollbook.generator.packages import COLUMNS
from rollbook.results.layouts import ITEMS_CSV, RESULTS_CSV, SCORES_CSV
from rollbook.roster.layouts import ONEROSTER_1_2, manifest_properties

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "rdw"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> GeneratedState:
    folder = tmp_path_factory.mktemp("state")
    return write_state(folder, students=200, districts=1, seed=2, years=1, xml=40)


def _rows(path: Path, name: str) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.reader(io.StringIO(archive.read(name).decode("utf-8"))))


def test_a_bundle_has_the_files_and_columns_of_oneroster_1_2(state: GeneratedState) -> None:
    path = state.rosters[0]
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    said = dict(_rows(path, "manifest.csv")[1:])
    assert list(said)[:-2] == list(manifest_properties("1.2"))
    bulk = [name for name in ONEROSTER_1_2 if said[f"file.{name}"] == "bulk"]
    assert sorted(names) == sorted(["manifest.csv", *(f"{name}.csv" for name in bulk)])
    for name in bulk:
        assert tuple(_rows(path, f"{name}.csv")[0]) == ONEROSTER_1_2[name].header


def test_result_files_have_the_columns_of_the_csv_door(state: GeneratedState) -> None:
    path = state.results[0]
    assert tuple(_rows(path, "results.csv")[0]) == RESULTS_CSV
    assert tuple(_rows(path, "scores.csv")[0]) == SCORES_CSV
    assert tuple(_rows(path, "items.csv")[0]) == ITEMS_CSV


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs the shared samples beside the checkout")
def test_package_columns_are_those_of_real_packages_needs_shared_samples() -> None:
    known: set[str] = set()
    for path in (SAMPLES / "packages").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            known |= set(next(csv.reader(lines)))
    assert set(COLUMNS) <= known


@pytest.mark.skipif(not SAMPLES.exists(), reason="needs the shared samples beside the checkout")
def test_documents_conform_to_the_transmission_schema_needs_shared_samples(
    state: GeneratedState,
) -> None:
    schema = etree.XMLSchema(etree.parse(SAMPLES / "schemas" / "TestResultsTransmissionFormat.xsd"))
    assert len(state.documents) == 40
    for path in state.documents:
        schema.assertValid(etree.parse(path))
