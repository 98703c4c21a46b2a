"""What came in goes out as it came: rosters given back as OneRoster packages."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from rollbook.generator.generate import write_state
from rollbook.roster.actions.export import export_roster
from rollbook.roster.models.intakes import Intake
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile
from rollbook.shared.findings import Verdict
from tests.db.roster.given import codes, committed, loaded, preflight
from tests.factories.accounts import BY, EVERYTHING, NOW

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parents[4] / "shared/samples/oneroster_1_1"
_LISTED = SAMPLES / "expected.json"
EXPECTED: list[dict[str, str]] = json.loads(_LISTED.read_text()) if _LISTED.exists() else []
CLEAN = [each["zip"] for each in EXPECTED if (each["expect"], each["mode"]) == ("ok", "bulk")]
PLACES = ("orgs", "academicSessions", "courses", "classes")

OF_PEOPLE = ("users", "roles", "enrollments", "demographics")
NOT_HELD = {
    *(
        "enabledUser",
        "userIds",
        "primaryOrgSourcedId",
        "agentSourcedIds",
        "sms",
        "phone",
        "password",
    ),
    *("countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth"),
    "publicSchoolResidenceStatus",
}
# A student's role without dates lasts the school year, so the year's own dates are not said.
YEAR_OF_ROLE = ("student", "beginDate", "2026-08-17")

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
    written = export_roster(
        EVERYTHING, intake.source, version=version, with_people=with_people, by=BY, now=NOW
    )
    path.write_bytes(written.content)
    return written.counts


def taken_in(path: Path) -> Intake:
    """Take a whole roster in, judged strictly, and approve whatever it changes."""
    intake = preflight(path, profile=Profile.STRICT)
    assert intake.plan is not None, codes(intake)
    counts = intake.plan.counts.values()
    committed(intake, approved=sum(sum(actions.values()) for actions in counts))
    return intake


def without(rows: Rows) -> Rows:
    """Leave out what is not held: see targets.oneroster_csv."""
    return {
        key: {
            name: cell
            for name, cell in row.items()
            if name not in NOT_HELD
            and not name.startswith("metadata.")
            and (row.get("role"), name, cell) != YEAR_OF_ROLE
        }
        for key, row in rows.items()
    }


def same(sent: Path, back: Path, files: Iterable[str]) -> None:
    for file in files:
        went, came = without(rows_of(sent, file)), without(rows_of(back, file))
        assert came == went, file


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_whole_roster_comes_back_but_for_what_is_not_held(tmp_path: Path, version: str) -> None:
    intake = loaded(tmp_path, version)
    back = tmp_path / "back.zip"
    given_back(intake, back, version)
    sent = tmp_path / "roster.zip"
    same(sent, back, [*PLACES, *OF_PEOPLE])


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


def test_a_roster_of_the_generator_comes_back_cell_by_cell(tmp_path: Path) -> None:
    made = write_state(tmp_path / "made", students=60, districts=1, seed=3, years=0, xml=0)
    sent, back = made.rosters[0], tmp_path / "back.zip"
    given_back(taken_in(sent), back, "1.2")
    same(sent, back, [*PLACES, *OF_PEOPLE])
    assert len(rows_of(back, "users")) > 60


@pytest.mark.skipif(not CLEAN, reason="needs_shared_samples")
@pytest.mark.parametrize("sample", CLEAN)
def test_clean_samples_come_back_needs_shared_samples(tmp_path: Path, sample: str) -> None:
    sent, back = SAMPLES / sample, tmp_path / "back.zip"
    given_back(taken_in(sent), back, "1.1")
    same(sent, back, [*PLACES, *OF_PEOPLE])
