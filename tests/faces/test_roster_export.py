"""A roster taken along: by whom, with whom in it, and what is noted of it."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from rollbook.audit.models import AuditEntry
from rollbook.cli.main import main
from rollbook.roster.actions.runs import run_source
from rollbook.roster.models.sources import Source
from tests.db.roster.given import committed
from tests.faces.conftest import SignIn
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import SmallState
from tests.factories.sources import saved_source, scripted
from tests.spec.roster.given import spoilt

PEOPLE = {"users.csv", "roles.csv", "enrollments.csv", "demographics.csv"}


@pytest.fixture(autouse=True)
def connector(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Any:
    (settings.HOME / "secret_key").write_text("key")
    return scripted(monkeypatch, spoilt("1.2"))


@pytest.fixture
def source(state: SmallState) -> Source:
    """Return a source of North District whose first roster is in."""
    made = saved_source(state.north)
    done = run_source(EVERYTHING, made.uuid, is_scheduled=False, by=BY, now=NOW)
    assert done.intake is not None
    committed(done.intake)
    made.refresh_from_db()
    return made


def asked(client: Client, source: Source, people: str) -> Any:
    address = reverse("roster_source_download", args=[2027, source.uuid])
    return client.post(address, {"people": people})


def package(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return {name: found.read(name).decode() for name in found.namelist()}


def test_who_sees_names_takes_them_along(
    state: SmallState, source: Source, sign_in: SignIn
) -> None:
    client = sign_in("district_admin", state.north)
    page = client.get(reverse("roster_source", args=[2027, source.uuid])).content.decode()
    assert "OneRoster 1.2, with people" in page
    with_people = package(asked(client, source, "yes").content)
    assert "O'Dell" in with_people["users.csv"]
    assert set(with_people) >= PEOPLE
    alone = package(asked(client, source, "no").content)
    assert set(alone) & PEOPLE == set()
    assert "O'Dell" not in "".join(alone.values())
    noted = AuditEntry.objects.filter(action="roster.exported").order_by("sequence")
    assert [entry.detail["with_people"] for entry in noted] == [True, False]
    assert [entry.organization_id for entry in noted] == [state.north.pk] * 2


def test_who_sees_no_names_takes_places_only(
    state: SmallState, source: Source, sign_in: SignIn
) -> None:
    client = sign_in("approver", state.north)
    page = client.get(reverse("roster_source", args=[2027, source.uuid])).content.decode()
    assert "OneRoster 1.2, without people" in page
    assert "OneRoster 1.2, with people" not in page
    assert set(package(asked(client, source, "no").content)) & PEOPLE == set()
    refused = asked(client, source, "yes")
    assert refused.status_code == 302
    assert AuditEntry.objects.filter(action="roster.exported").count() == 1


def test_a_roster_of_another_district_is_not_there(
    state: SmallState, source: Source, sign_in: SignIn
) -> None:
    client = sign_in("district_admin", state.south)
    assert [asked(client, source, people).status_code for people in ("yes", "no")] == [404, 404]
    assert not AuditEntry.objects.filter(action="roster.exported").exists()


def test_a_source_without_a_roster_says_so(state: SmallState, sign_in: SignIn) -> None:
    empty = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    page = client.get(reverse("roster_source", args=[2027, empty.uuid])).content.decode()
    assert "Download this roster" not in page
    assert asked(client, empty, "no").status_code == 302


def exported(*words: object, status: int = 0) -> Result:
    done = CliRunner().invoke(main, ["roster", "export", *map(str, words)])
    assert done.exit_code == status, done.output + repr(done.exception)
    return done


def test_the_command_finds_a_roster_by_source_key_or_district(
    state: SmallState, source: Source, tmp_path: Path
) -> None:
    state.north.refresh_from_db()  # the roster said its code
    names = [source.uuid, source.key, state.north.uuid, state.north.natural_id]
    files = [tmp_path / f"{number}.zip" for number, _name in enumerate(names)]
    for name, file in zip(names, files, strict=True):
        done = exported(name, "--out", file)
        assert "O'Dell" not in done.output
    assert len({file.read_bytes() for file in files}) == 1
    assert stat.S_IMODE(files[0].stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    assert "exists" in exported(source.key, "--out", files[0], status=1).output
    exported("nothing", "--out", tmp_path / "none.zip", status=1)
    assert not (tmp_path / "none.zip").exists()


def test_the_command_writes_either_version_with_people_or_without(
    source: Source, tmp_path: Path
) -> None:
    older, places = tmp_path / "older.zip", tmp_path / "places.zip"
    exported(source.key, "--out", older, "--as", "1.1")
    assert "oneroster.version,1.1" in package(older.read_bytes())["manifest.csv"]
    assert "roles.csv" not in package(older.read_bytes())
    exported(source.key, "--out", places, "--without-people")
    assert set(package(places.read_bytes())) & PEOPLE == set()
