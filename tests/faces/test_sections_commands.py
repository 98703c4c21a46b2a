"""Sections from the command line, in this process: exit status and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rollbook.cli.main import main
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source
from rollbook.roster.rules.sharing import Sharing, SharingMode, read_rules, sharing_from
from tests.db.roster.given import bundle, loaded
from tests.factories.accounts import NOW

HOMEROOMS = ("--rule", 'section_type is "homeroom"')


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["sections", *map(str, words)])


@pytest.fixture
def installed(db: None, settings: object) -> None:
    """Make the home of the tests look like an installation."""
    key = Path(settings.HOME) / "secret_key"  # type: ignore[attr-defined]
    key.parent.mkdir(parents=True, exist_ok=True)
    key.touch()


def test_a_file_is_counted_without_an_installation(tmp_path: Path) -> None:
    whole = run("count", bundle(tmp_path))
    assert (whole.exit_code, whole.output.splitlines()[0]) == (
        0,
        "Share all sections of the district.",
    )
    part = run("count", bundle(tmp_path), *HOMEROOMS, "--format", "json")
    said = json.loads(part.output)
    assert (part.exit_code, said["students"]) == (1, {"in_none": 1, "in_one": 1, "in_more": 0})
    assert said["text"] == 'Match all sections where Section type is "homeroom"'


def test_no_student_is_named(tmp_path: Path) -> None:
    printed = run("count", bundle(tmp_path), *HOMEROOMS)
    assert "1 students are in exactly one section, 1 in none, 0 in two or more." in printed.output
    assert "North" in printed.output
    assert not [name for name in ("Eli", "Soto", "stu-1") if name in printed.output]


def test_the_smallest_rules_are_proposed(tmp_path: Path) -> None:
    said = json.loads(run("propose", bundle(tmp_path), "--format", "json").output)
    assert said["students"] == {"in_none": 0, "in_one": 2, "in_more": 0}
    assert len(said["sharing"]["rules"]) == 1
    nobody = run("propose", bundle(tmp_path), "--grade", "12")
    assert nobody.output.startswith("No rule: there are no sections with students to match.")


def test_a_rule_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    refused = run("count", bundle(tmp_path), "--rule", "homerooms please")
    assert refused.exit_code == 2
    assert '"homerooms please" is no condition.' in refused.output
    assert run("count", tmp_path / "none.zip").exit_code == 2
    assert run("share", "0f8fad5b-d9cb-469f-a165-70867728950e", "--everything", *HOMEROOMS
               ).exit_code == 2  # fmt: skip


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    refused = run("count", tmp_path / "broken.zip")
    assert (refused.exit_code, "cannot be read" in refused.output) == (1, True)


@pytest.mark.django_db
@pytest.mark.usefixtures("installed")
def test_an_intake_is_counted_and_used(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    assert run("count", intake.uuid).exit_code == 0
    used = json.loads(run("use", intake.uuid, *HOMEROOMS, "--format", "json").output)
    less = Intake.objects.get(uuid=used["intake"])
    assert less.plan is not None
    assert (used["status"], used["plan"]) == ("planned", str(less.plan.uuid))
    counted = json.loads(run("count", less.uuid, "--format", "json").output)
    assert counted["students"] == {"in_none": 1, "in_one": 1, "in_more": 0}


@pytest.mark.django_db
@pytest.mark.usefixtures("installed")
def test_a_source_is_told_what_to_share(tmp_path: Path) -> None:
    intake = loaded(tmp_path)
    source = Source.objects.create(
        organization=intake.organization,
        name="SIS",
        kind="upload",
        format="oneroster_csv",
        created_by="test",
        created_at=NOW,
    )
    shared = run("share", source.uuid, *HOMEROOMS)
    assert shared.output == 'SIS:\nMatch all sections where Section type is "homeroom"\n'
    source.refresh_from_db()
    assert sharing_from(source.sharing) == read_rules([HOMEROOMS[1]])
    choices = {
        ("--everything",): Sharing(),
        ("--school", "sch-1"): Sharing(SharingMode.SCHOOLS, school_ids=("sch-1",)),
        ("--section", "c1", "--section", "c2"): Sharing(
            SharingMode.SECTIONS, section_ids=("c1", "c2")
        ),
    }
    for words, sharing in choices.items():
        assert run("share", source.uuid, *words).exit_code == 0
        source.refresh_from_db()
        assert sharing_from(source.sharing) == sharing
