"""Findings on paper, as a page and as commands give them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from rollbook.cli import roster_findings
from rollbook.cli.main import main
from rollbook.cli.terminal import Operator
from rollbook.orgs.models import Organization
from rollbook.roster.models.intakes import Intake
from tests.db.roster.given import bundle, preflight
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import SmallState

SignIn = Callable[..., Client]
DEFECT = "users[1].familyName= ; users[2].grades=13th ; users[2].enabledUser=TRUE"


def _path(name: str, intake: Intake) -> str:
    return reverse(name, args=[2027, intake.uuid])


def _intake(folder: Path, district: Organization | None = None, defect: str = DEFECT) -> Intake:
    intake = preflight(bundle(folder, defect))
    if district is not None:
        Intake.objects.filter(pk=intake.pk).update(organization=district)
    return intake


def test_the_page_begins_with_root_causes_and_can_be_sifted(
    tmp_path: Path, state: SmallState, sign_in: SignIn
) -> None:
    intake = _intake(tmp_path)
    client = sign_in()
    text = client.get(_path("roster_findings", intake)).content.decode()
    assert text.index("Root causes") < text.index("ROS-220") < text.index("Repaired on the way in")
    sifted = client.get(
        _path("roster_findings", intake), {"severity": "warning", "code": "ROS-251"}
    )
    assert "1 finding<" in sifted.content.decode()
    nonsense = client.get(_path("roster_findings", intake), {"severity": "x", "page": "99"})
    assert "0 findings<" in nonsense.content.decode()


def test_the_excluded_rows_are_downloaded_or_their_absence_is_said(
    tmp_path: Path, state: SmallState, sign_in: SignIn
) -> None:
    client = sign_in()
    response = client.get(_path("roster_excluded", _intake(tmp_path)))
    assert response["Content-Type"] == "application/zip"
    assert "users.csv" in zipfile.ZipFile(io.BytesIO(response.content)).namelist()
    none = client.get(_path("roster_excluded", _intake(tmp_path, defect="1.2")), follow=True)
    assert "No row of this file is left out" in none.content.decode()


@pytest.mark.parametrize(
    "name",
    [
        "roster_findings",
        "roster_findings_csv",
        "roster_findings_json",
        "roster_root_causes_csv",
        "roster_excluded",
        "roster_summary",
        "roster_summary_pdf",
    ],
)
def test_another_district_finds_nothing(
    name: str, tmp_path: Path, state: SmallState, sign_in: SignIn
) -> None:
    intake = _intake(tmp_path, state.north)
    client = sign_in("district_admin", state.south)
    assert client.get(_path(name, intake)).status_code == 404


def test_the_summary_says_what_to_do_first(
    tmp_path: Path, state: SmallState, sign_in: SignIn
) -> None:
    text = sign_in().get(_path("roster_summary", _intake(tmp_path))).content.decode()
    assert "Fill familyName in the source system" in text
    assert "users.csv, enabledUser: 1" in text


def test_check_writes_its_papers_without_an_installation(tmp_path: Path) -> None:
    path = bundle(tmp_path, DEFECT)
    out = {name: tmp_path / name for name in ("findings.csv", "causes.csv", "excluded.zip")}
    result = CliRunner().invoke(
        main,
        ["roster", "check", str(path), "--profile", "lenient", "--summary",
         "--findings-csv", str(out["findings.csv"]), "--root-causes", str(out["causes.csv"]),
         "--excluded", str(out["excluded.zip"])],
    )  # fmt: skip
    assert result.exit_code == 1
    assert result.output.startswith("What came\n- roster.zip: 3 people")
    (cause, _doubt) = csv.DictReader(out["causes.csv"].read_text().splitlines())
    assert (cause["code"], cause["weight"]) == ("ROS-220", "4")
    assert len(list(csv.DictReader(out["findings.csv"].read_text().splitlines()))) == 6
    assert "users.csv" in zipfile.ZipFile(out["excluded.zip"]).namelist()


def test_check_of_a_sound_roster_writes_no_rows_to_correct(tmp_path: Path) -> None:
    out = tmp_path / "excluded.zip"
    path = bundle(tmp_path, "1.2")
    result = CliRunner().invoke(main, ["roster", "check", str(path), "--excluded", str(out)])
    assert (result.exit_code, out.exists()) == (0, False)
    assert "nothing to send again" in result.output


def test_findings_of_an_intake_are_written_by_command(
    tmp_path: Path, state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = _intake(tmp_path)
    monkeypatch.setattr(roster_findings, "operator", lambda: Operator(EVERYTHING, BY, NOW))
    out = tmp_path / "causes.csv"
    words = ["roster", "findings", str(intake.uuid), "--root-causes", str(out), "--summary"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "What will change" in result.output
    assert out.read_bytes().startswith(b"code,severity,cause,weight")
    gone = CliRunner().invoke(main, ["roster", "findings", str(state.state.uuid)])
    assert (gone.exit_code, gone.output) == (1, "Error: There is no such intake.\n")
