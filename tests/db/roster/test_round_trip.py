"""What came in goes out as it came: rosters given back as OneRoster packages."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from rollbook.roster.actions.export import export_roster
from rollbook.roster.layouts import LAYOUTS
from rollbook.roster.models.intakes import Intake
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile
from rollbook.shared.findings import Verdict
from tests.db.roster.given import bundle, committed, loaded, preflight
from tests.factories.accounts import BY, EVERYTHING, NOW

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parents[4] / "shared/samples/oneroster_1_1"
PLACES = ("orgs", "academicSessions", "courses", "classes")
ALONE = "-users.csv ; -enrollments.csv ; -demographics.csv"

Rows = dict[str, dict[str, str]]


def rows_of(path: Path, file: str) -> Rows:
    """Read one file of a package: its rows by sourcedId, filled cells only."""
    with zipfile.ZipFile(path) as package:
        if f"{file}.csv" not in package.namelist():
            return {}
        text = package.read(f"{file}.csv").decode("utf-8-sig")
    found = csv.DictReader(io.StringIO(text, newline=""))
    return {row["sourcedId"]: {name: cell for name, cell in row.items() if cell} for row in found}


def given_back(
    intake: Intake, path: Path, version: str, *, with_people: bool = True
) -> dict[str, int]:
    return export_roster(
        EVERYTHING, intake.source, path, version=version, with_people=with_people, by=BY, now=NOW
    )


def without(rows: Rows, *columns: str) -> Rows:
    return {
        key: {name: cell for name, cell in row.items() if name not in columns}
        for key, row in rows.items()
    }


def same(sent: Path, back: Path, files: Iterable[str]) -> None:
    for file in files:
        assert rows_of(back, file) == rows_of(sent, file), file


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_whole_roster_comes_back_but_for_what_is_not_held(tmp_path: Path, version: str) -> None:
    intake = loaded(tmp_path, version)
    back = tmp_path / "back.zip"
    given_back(intake, back, version)
    sent = tmp_path / "roster.zip"
    same(sent, back, PLACES)
    same(sent, back, ["demographics", "enrollments"])
    lost = ("userIds", "primaryOrgSourcedId", "agentSourcedIds")
    assert rows_of(back, "users") == without(rows_of(sent, "users"), *lost)
    assert rows_of(back, "roles") == rows_of(sent, "roles")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_comes_back_is_clean_and_changes_nothing_here(tmp_path: Path, version: str) -> None:
    intake = loaded(tmp_path, version)
    back = tmp_path / "back.zip"
    given_back(intake, back, version)
    report = check_file(back, profile=Profile.STRICT).report
    assert report.verdict is Verdict.OK, [finding.as_dict() for finding in report]
    assert preflight(back).status == "unchanged"


def test_equal_content_is_equal_bytes(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    given_back(intake, tmp_path / "one.zip", "1.2")
    given_back(intake, tmp_path / "two.zip", "1.2")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_without_people_no_file_of_people_is_there(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    back = tmp_path / "back.zip"
    counts = given_back(intake, back, "1.2", with_people=False)
    assert counts == {"academicSessions": 3, "classes": 2, "courses": 1, "orgs": 3}
    with zipfile.ZipFile(back) as package:
        assert package.namelist() == ["manifest.csv", *(f"{file}.csv" for file in sorted(counts))]
        assert b"Soto" not in b"".join(package.read(name) for name in package.namelist())
    same(tmp_path / "roster.zip", back, PLACES)
