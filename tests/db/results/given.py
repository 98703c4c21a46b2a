"""Two districts with students, and result files about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from rollbook.orgs.models import Organization
from rollbook.people.models import Student
from rollbook.results.actions.publish import publish_results
from rollbook.results.layouts import LAKE_TABLES
from rollbook.results.models import ResultIntake
from rollbook.results.queries.intakes import findings_of
from rollbook.results.queries.store import lake
from rollbook.shared.scope import Scope
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import SmallState, small_state
from tests.factories.result_files import items_csv, results_csv, scores_csv, zipped

SSID = "9000000001"
Row = Mapping[str, str]


def student(district: Organization, ssid: str = SSID, **cells: Any) -> Student:
    return Student.objects.create(district=district, ssid=ssid, **cells)


def state() -> SmallState:
    """Make two districts, and one student of the northern one."""
    made = small_state()
    student(made.north, last_name="Oak")
    return made


def package(
    folder: Path,
    *results: Row,
    scores: Iterable[Row] = (),
    items: Iterable[Row] = (),
    name: str = "results.zip",
) -> Path:
    """Write result files; a result is at North High unless it says otherwise."""
    rows = [{"SchoolIdentifier": "0101"} | dict(one) for one in results or ({},)]
    files = {"results.csv": results_csv(*rows)}
    if listed := list(scores):
        files["scores.csv"] = scores_csv(*listed)
    if listed := list(items):
        files["items.csv"] = items_csv(*listed)
    path = folder / name
    path.write_bytes(zipped(files))
    return path


def published(path: Path, scope: Scope = EVERYTHING) -> ResultIntake:
    return publish_results(scope, [path], file_name=path.name, by=BY, now=NOW)


def codes(intake: ResultIntake, *, ours: str = "RES-5") -> list[str]:
    """Return the codes of matching, in order."""
    found = [finding["code"] for finding in findings_of(EVERYTHING, intake.uuid)]
    return [code for code in found if code.startswith(ours)]


def stored() -> dict[str, pl.DataFrame]:
    """Return what is in the lake, table by table."""
    return {
        table.name: lake().scan(table).collect().sort(*table.key).drop("intake_id")
        for table in LAKE_TABLES
    }


def keys(table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of one table of the lake."""
    return stored()[table].select(*columns).rows()
