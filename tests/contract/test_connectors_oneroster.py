"""The OneRoster connector against servers of 1.1 and 1.2, each with the habits of real ones."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from rollbook.remote.patience import Patience
from rollbook.roster.sources.connecting import Pulled, SourceFailed
from rollbook.roster.sources.connectors import CONNECTORS
from rollbook.roster.sources.oneroster_csv import check_file, read_bundle
from rollbook.roster.sources.oneroster_rest import OneRosterRest
from rollbook.roster.types import Mode, Profile, SourceKind
from rollbook.shared.findings import Verdict
from tests.servers.oneroster import OneRosterServer, oneroster_server
from tests.servers.scripted import Reply, told
from tests.servers.world import CHANGED, district

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # before world.CHANGED
LATER = NOW + timedelta(days=3)
VERSIONS = ["1.1", "1.2"]


def _pull(
    server: OneRosterServer,
    into: Path,
    cursor: dict[str, str] | None = None,
    now: datetime = NOW,
    **settings: str,
) -> Pulled | None:
    into.mkdir(exist_ok=True)
    told_settings = {**server.settings, "page_size": "7", **settings}
    connector = OneRosterRest(patience=Patience(scale=0))
    return connector.pull(told_settings, server.secrets, into=into, cursor=cursor or {}, now=now)


def _table(pulled: Pulled | None, file: str) -> pl.DataFrame:
    assert pulled is not None
    content = zipfile.ZipFile(pulled.path).read(f"{file}.csv")
    return pl.read_csv(io.BytesIO(content), infer_schema=False).fill_null("")


def _row(pulled: Pulled | None, file: str, key: str) -> dict[str, str]:
    rows = _table(pulled, file).filter(pl.col("sourcedId") == key).to_dicts()
    return {name: text for name, text in rows[0].items() if text} if rows else {}


# has_total, has_links, cap, wraps_plural
HABITS = {
    "says how many": (True, False, 10_000, True),
    "links the next page": (False, True, 10_000, True),
    "both": (True, True, 10_000, True),
    "neither": (False, False, 10_000, True),
    "neither, and smaller pages than asked for": (False, False, 5, True),
    "says how many, and smaller pages": (True, False, 5, True),
    "wraps in the singular": (True, False, 10_000, False),
}


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_habit_gives_the_same_bundle(version: str, habit: str, tmp_path: Path) -> None:
    results = []
    for folder, (total, links, cap, plural) in (
        ("usual", HABITS["both"]),
        ("tried", HABITS[habit]),
    ):
        with oneroster_server(district(), version=version) as server:
            server.has_total, server.has_links = total, links
            server.cap, server.wraps_plural = cap, plural
            results.append(_pull(server, tmp_path / folder))
    usual, tried = results
    assert usual and tried
    assert usual.path.read_bytes() == tried.path.read_bytes()


@pytest.mark.parametrize("size", ["1", "2", "12", "37", "1000"])
@pytest.mark.parametrize("has_total", [True, False])
def test_the_size_of_pages_changes_nothing(size: str, has_total: bool, tmp_path: Path) -> None:
    with oneroster_server(district()) as server:
        right = _pull(server, tmp_path / "right")
        server.has_total = has_total
        tried = _pull(server, tmp_path / "tried", page_size=size)
    assert right and tried
    assert right.path.read_bytes() == tried.path.read_bytes()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_district_becomes_a_bundle_that_conforms(version: str, tmp_path: Path) -> None:
    with oneroster_server(district(), version=version) as server:
        pulled = _pull(server, tmp_path)
    assert pulled is not None
    result = check_file(pulled.path, profile=Profile.STRICT)
    assert (result.report.verdict, list(result.report)) == (Verdict.OK, [])
    counts = {
        "academicSessions": 3, "classes": 12, "courses": 2, "demographics": 24,
        "enrollments": 60, "orgs": 3, "users": 37,
    }  # fmt: skip
    assert dict(pulled.counts) == counts | ({"roles": 37} if version == "1.2" else {})


def test_everything_known_of_a_student_comes_through(tmp_path: Path) -> None:
    world = district()
    ada = world.students[0]
    ada.first, ada.last = "Zoë", 'O"Brien, III'
    with oneroster_server(world) as server:
        pulled = _pull(server, tmp_path)
    assert _row(pulled, "users", ada.id) == {
        "sourcedId": ada.id,
        "enabledUser": "true",
        "username": ada.email,
        "userIds": f"{{LDAP:{ada.number}}}",
        "givenName": "Zoë",
        "familyName": 'O"Brien, III',
        "identifier": ada.number,
        "email": ada.email,
        "grades": ada.grade,
        "userMasterIdentifier": ada.state_id,
        "preferredGivenName": "Zoë",
        "primaryOrgSourcedId": ada.schools[0],
    }
    home = world.sections[0]
    assert _row(pulled, "classes", home.id) == {
        "sourcedId": home.id,
        "title": home.name,
        "grades": home.grade,
        "courseSourcedId": home.course,
        "classCode": home.number,
        "classType": "homeroom",
        "schoolSourcedId": home.school,
        "termSourcedIds": home.term,
        "subjects": home.subject,
        "periods": "1",
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_only_changes_are_pulled_the_next_time(version: str, tmp_path: Path) -> None:
    world = district()
    with oneroster_server(world, version=version) as server:
        full = _pull(server, tmp_path / "full")
        assert full is not None
        cursor = dict(full.cursor)
        assert _pull(server, tmp_path / "none", cursor, LATER) is None
        ada, gone = world.students[0], world.students[1].id
        ada.first = "Adah"
        world.changed("users", ada.id)
        world.remove_student(gone)
        delta = _pull(server, tmp_path / "delta", cursor, LATER)
    assert delta is not None
    bundle = read_bundle(delta.path)
    assert {
        file: mode for file, mode in bundle.modes.items() if mode is not Mode.ABSENT
    } == dict.fromkeys(delta.counts, Mode.DELTA)
    people = _table(delta, "users")
    rows = people.select("sourcedId", "status", "givenName", "dateLastModified").rows()
    assert sorted(rows) == sorted(
        [(ada.id, "active", "Adah", CHANGED), (gone, "tobedeleted", "Gone", CHANGED)]
    )
    assert delta.cursor == {
        "since": "2026-11-21T02:45:00.000Z",
        "full_at": NOW.isoformat(),
    }


@pytest.mark.parametrize("filtering", ["ignored", "refused"])
def test_a_server_that_cannot_filter_is_pulled_in_full(filtering: str, tmp_path: Path) -> None:
    with oneroster_server(district()) as server:
        server.filtering = filtering
        full = _pull(server, tmp_path / "full")
        assert full is not None
        again = _pull(server, tmp_path / "again", dict(full.cursor), LATER)
    assert again is not None
    assert again.path.read_bytes() == full.path.read_bytes()
    assert again.cursor["full_at"] == LATER.isoformat()


@pytest.mark.parametrize(("days", "setting", "is_full"), [(3, "", 0), (8, "", 1), (3, "2", 1)])
def test_everything_is_pulled_again_after_some_days(
    days: int, setting: str, is_full: int, tmp_path: Path
) -> None:
    with oneroster_server(district()) as server:
        full = _pull(server, tmp_path)
        assert full is not None
        later = NOW + timedelta(days=days)
        again = _pull(server, tmp_path, dict(full.cursor), later, full_every_days=setting)
    assert (again is not None) == bool(is_full)


@pytest.mark.parametrize("status", [403, 404])
def test_a_server_without_demographics_is_read_without(status: int, tmp_path: Path) -> None:
    with oneroster_server(district()) as server:
        server.script("/demographics", [Reply(status)])
        pulled = _pull(server, tmp_path)
    assert pulled is not None
    bundle = read_bundle(pulled.path)
    assert bundle.modes["demographics"] is Mode.ABSENT
    assert check_file(pulled.path, profile=Profile.STRICT).report.verdict is Verdict.OK


def test_what_is_marked_as_deleted_is_left_out_of_a_full_pull(tmp_path: Path) -> None:
    user = {
        "sourcedId": "u1", "status": "tobedeleted", "dateLastModified": CHANGED,
        "givenName": "Gone", "roles": [],
    }  # fmt: skip
    odd = {**user, "sourcedId": "u2", "status": "strange"}
    with oneroster_server(district()) as server:
        server.script("/users", [told({"users": [user, odd]}, X_Total_Count="2")])
        pulled = _pull(server, tmp_path)
    rows = _table(pulled, "users").select("sourcedId", "status", "dateLastModified").rows()
    assert rows == [("u2", "strange", "")]


def test_passwords_are_never_taken(tmp_path: Path) -> None:
    user = {
        "sourcedId": "u1", "status": "active", "password": "canary-word", "roles": [],
        "userProfiles": [{"credentials": [{"password": "canary-word"}]}],
    }  # fmt: skip
    with oneroster_server(district()) as server:
        server.script("/users", [told({"users": [user]}, X_Total_Count="1")])
        pulled = _pull(server, tmp_path)
    assert pulled is not None
    archive = zipfile.ZipFile(pulled.path)
    assert [name for name in archive.namelist() if b"canary" in archive.read(name)] == []


def test_ids_that_the_server_itself_repeats_are_left_to_the_checks(tmp_path: Path) -> None:
    world = district()
    world.people.append(world.people[0])
    world.people[-1] = type(world.people[0])(**{**vars(world.people[0]), "first": "Other"})
    with oneroster_server(world) as server:
        pulled = _pull(server, tmp_path)
    assert pulled is not None
    result = check_file(pulled.path, profile=Profile.STRICT)
    assert result.report.verdict is Verdict.ERROR


def test_links_to_another_server_are_not_followed(tmp_path: Path) -> None:
    first = told(
        {"users": [{"sourcedId": "u1"}]},
        X_Total_Count="2",
        Link='<https://example.org/users?offset=1>; rel="next"',
    )
    with oneroster_server(district()) as server:
        server.script("/users", [first])
        with pytest.raises(SourceFailed) as failed:
            _pull(server, tmp_path)
    assert failed.value.code == "lies"


def test_a_server_that_counts_otherwise_than_it_sends_lies(tmp_path: Path) -> None:
    page = told({"users": [{"sourcedId": "u1"}]}, X_Total_Count="3")
    empty = told({"users": []}, X_Total_Count="3")
    with oneroster_server(district()) as server:
        server.script("/users", [page, empty, page, empty])
        with pytest.raises(SourceFailed) as failed:
            _pull(server, tmp_path)
    assert failed.value.code == "lies"


@pytest.mark.parametrize("sign_in", ["basic", "body"])
def test_the_secret_goes_as_the_server_wants_it(sign_in: str, tmp_path: Path) -> None:
    with oneroster_server(district()) as server:
        assert _pull(server, tmp_path, sign_in=sign_in, scopes="a b") is not None
        form = server.seen[0].form
    assert form == {"grant_type": "client_credentials", "scope": "a b"} | (
        {"client_id": "client", "client_secret": "oneroster-secret"} if sign_in == "body" else {}
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_the_usual_path_is_added_to_a_bare_address(version: str, tmp_path: Path) -> None:
    with oneroster_server(district(), version=version) as server:
        assert _pull(server, tmp_path, base_url=f"{server.url}/") is not None


def test_the_connection_is_tried_step_by_step() -> None:
    with oneroster_server(district()) as server:
        connector = CONNECTORS[SourceKind.ONEROSTER_REST]
        report = connector.check_connection(server.settings, server.secrets, now=NOW)
        wrong = connector.check_connection(server.settings, {"client_secret": "no"}, now=NOW)
    assert [says for _, _, says in report.steps] == [
        "127.0.0.1 is known.",
        "127.0.0.1 is known.",
        "The server accepts the client id and secret.",
        "3 organizations seen.",
        "37 people seen.",
    ]
    assert wrong.steps[2:] == (
        (
            "Sign in",
            False,
            "The server does not accept the sign-in. Check the id and the secret.",
        ),
    )
