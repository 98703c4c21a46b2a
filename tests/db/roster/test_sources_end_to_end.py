"""Each kind of source from its server to the records: a first run, a quiet one, a change."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from rollbook.people.models import Student
from rollbook.roster.actions.runs import run_source
from rollbook.roster.actions.sources import (
    SourceDraft,
    add_source,
    change_source,
    check_source_connection,
)
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source, SyncRun
from rollbook.roster.queries.intakes import findings_of
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.roster.types import SourceFormat, SourceKind
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import SmallState, small_state
from tests.servers.clever import clever_server
from tests.servers.oneroster import oneroster_server
from tests.servers.sftp import sftp_server
from tests.servers.world import district
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db
LONG_AGO = NOW.timestamp() - 86_400


@pytest.fixture
def state(settings: LazySettings) -> SmallState:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    return small_state()


def source_of(state: SmallState, kind: SourceKind, values: Mapping[str, str]) -> Source:
    made = SourceDraft(
        name=kind.value,
        kind=kind,
        format=SourceFormat.ONEROSTER_CSV,
        values=values,
        policy=IntakePolicy(commits_itself=True, second_person_from=None),
    )
    return add_source(EVERYTHING, state.north.uuid, made, by=BY, now=NOW)


def run(source: Source, day: int = 0) -> SyncRun:
    moment = NOW + timedelta(days=day)
    done = run_source(EVERYTHING, source.uuid, is_scheduled=True, by=BY, now=moment)
    if done.intake is not None and done.outcome in {"refused", "held", "planned"}:
        said = [finding["says"] for finding in findings_of(EVERYTHING, done.intake.uuid)][:5]
        holds = done.intake.plan.hold_reasons if done.intake.plan else []
        pytest.fail(f"{done.outcome}: {said} {holds}")
    return done


def told(done: SyncRun) -> tuple[str, str]:
    return done.outcome, done.code


def names() -> set[str]:
    return set(Student.objects.filter(is_active=True).values_list("first_name", flat=True))


def test_clever_from_the_district_token_to_the_records(state: SmallState) -> None:
    world = district(schools=2, students=12)
    with clever_server(world) as server:
        source = source_of(state, SourceKind.CLEVER_API, server.settings | server.secrets)
        assert check_source_connection(EVERYTHING, source.uuid, by=BY, now=NOW).is_good
        assert told(run(source)) == ("committed", "")
        assert Student.objects.count() == 24
        assert set(
            Student.objects.values_list("school_enrollments__school__parent_id", flat=True)
        ) == {state.north.pk}
        assert told(run(source, 1)) == ("nothing_new", "")
        world.students[0].first = "Adelheid"
        world.changed("users", world.students[0].id)
        assert told(run(source, 2)) == ("committed", "")
        assert ("Adelheid" in names(), Student.objects.count()) == (True, 24)
        world.is_connected = False
        failed = run(source, 3)
        source.refresh_from_db()
        assert (failed.outcome, failed.intake, source.is_paused) == ("failed", None, True)
        assert Student.objects.filter(is_active=True).count() == 24


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_oneroster_from_the_server_to_the_records(state: SmallState, version: str) -> None:
    world = district(schools=2, students=12)
    with oneroster_server(world, version=version) as server:
        source = source_of(state, SourceKind.ONEROSTER_REST, server.settings | server.secrets)
        assert check_source_connection(EVERYTHING, source.uuid, by=BY, now=NOW).is_good
        assert told(run(source)) == ("committed", "")
        assert Student.objects.count() == 24
        assert run(source, 1).outcome in {"nothing_new", "unchanged"}
        world.students[0].first = "Adelheid"
        world.changed("users", world.students[0].id)
        assert told(run(source, 2)) == ("committed", "")
        assert ("Adelheid" in names(), Student.objects.filter(is_active=True).count()) == (True, 24)


def put(folder: Path, content: bytes, name: str = "roster.zip") -> None:
    (folder / name).write_bytes(content)
    os.utime(folder / name, (LONG_AGO, LONG_AGO))


@pytest.mark.parametrize("kind", [SourceKind.FOLDER, SourceKind.SFTP])
def test_files_from_a_folder_to_the_records(
    state: SmallState, kind: SourceKind, tmp_path: Path, settings: LazySettings
) -> None:
    folder = tmp_path / "rosters" / "north"
    folder.mkdir(parents=True)
    settings.ROSTER_FOLDERS = (tmp_path / "rosters",)
    put(folder, spoilt("1.2"))
    with sftp_server(folder) as server:
        values = server.settings | server.secrets
        source = source_of(state, kind, {"path": "north"} if kind is SourceKind.FOLDER else values)
        assert check_source_connection(EVERYTHING, source.uuid, by=BY, now=NOW).is_good
        assert told(run(source)) == ("committed", "")
        assert Student.objects.count() == 2
        assert told(run(source, 1)) == ("nothing_new", "")
        put(folder, spoilt("1.2"), "again.zip")
        os.utime(folder / "again.zip", (LONG_AGO + 60, LONG_AGO + 60))
        assert run(source, 2).outcome in {"nothing_new", "unchanged"}
        for path in folder.iterdir():
            path.unlink()
        gone = run(source, 3)
        assert (gone.outcome, gone.intake) == ("failed", None)
    assert Student.objects.filter(is_active=True).count() == 2


def test_a_server_inside_our_network_is_not_called_unless_the_installation_says_so(
    state: SmallState, settings: LazySettings
) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    with oneroster_server(district(schools=1, students=2)) as server:
        source = source_of(state, SourceKind.ONEROSTER_REST, server.settings | server.secrets)
        done = run(source)
        assert not check_source_connection(EVERYTHING, source.uuid, by=BY, now=NOW).is_good
        assert (done.outcome, server.count("")) == ("failed", 0)
    assert Intake.objects.count() == 0


def test_a_secret_of_a_real_source_goes_only_where_it_was_meant_for(state: SmallState) -> None:
    with oneroster_server(district(schools=1, students=2)) as server:
        source = source_of(state, SourceKind.ONEROSTER_REST, server.settings | server.secrets)
        assert "oneroster-secret" not in str(Source.objects.values().get())
        kept = SourceDraft(
            name="Renamed",
            kind=SourceKind.ONEROSTER_REST,
            format=SourceFormat.ONEROSTER_CSV,
            values=server.settings,
        )
        change_source(EVERYTHING, source.uuid, kept, by=BY, now=NOW)
        assert check_source_connection(EVERYTHING, source.uuid, by=BY, now=NOW).is_good
