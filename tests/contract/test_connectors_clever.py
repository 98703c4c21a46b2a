"""The Clever connector against a server that speaks Clever's Data API 3.1."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from rollbook.remote.patience import Patience
from rollbook.roster.sources.clever_api import CleverApi
from rollbook.roster.sources.connecting import Pulled, SourceFailed
from rollbook.roster.sources.connectors import CONNECTORS
from rollbook.roster.sources.oneroster_csv import check_file
from rollbook.roster.types import Profile, SourceFormat, SourceKind
from rollbook.shared.findings import Verdict
from tests.servers.clever import CleverServer, clever_server
from tests.servers.world import World, district, ident

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def _pull(
    server: CleverServer,
    into: Path,
    cursor: dict[str, str] | None = None,
    now: datetime = NOW,
    **settings: str,
) -> Pulled | None:
    into.mkdir(exist_ok=True)
    told = {**server.settings, "page_size": "7", **settings}
    connector = CleverApi(patience=Patience(scale=0))
    return connector.pull(told, server.secrets, into=into, cursor=cursor or {}, now=now)


def _table(pulled: Pulled | None, file: str) -> pl.DataFrame:
    assert pulled is not None
    content = zipfile.ZipFile(pulled.path).read(f"{file}.csv")
    return pl.read_csv(io.BytesIO(content), infer_schema=False).fill_null("")


def _row(pulled: Pulled | None, file: str, key: str) -> dict[str, str]:
    rows = _table(pulled, file).filter(pl.col("sourcedId") == key).to_dicts()
    return {name: text for name, text in rows[0].items() if text} if rows else {}


@pytest.mark.parametrize("has_courses", [True, False])
@pytest.mark.parametrize("has_terms", [True, False])
def test_a_district_becomes_a_bundle_that_conforms(
    has_courses: bool, has_terms: bool, tmp_path: Path
) -> None:
    world = district(has_courses=has_courses, has_terms=has_terms)
    with clever_server(world) as server:
        pulled = _pull(server, tmp_path)
    assert pulled is not None
    result = check_file(pulled.path, profile=Profile.STRICT)
    assert (result.report.verdict, list(result.report)) == (Verdict.OK, [])
    assert pulled.format is SourceFormat.ONEROSTER_CSV
    assert dict(pulled.counts) == {
        "academicSessions": 3 if has_terms else 1,
        "classes": 12,
        "courses": 2 if has_courses else 12,
        "demographics": 24,
        "enrollments": 60,
        "orgs": 3,
        "roles": 37,
        "users": 37,
    }


def test_the_same_district_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    world = district()
    with clever_server(world) as server:
        first = _pull(server, tmp_path / "1")
        world.people.reverse()
        world.sections.reverse()
        second = _pull(server, tmp_path / "2", page_size="100")
    assert first and second
    assert first.path.read_bytes() == second.path.read_bytes()


def test_everything_known_of_a_student_comes_through(tmp_path: Path) -> None:
    world = district()
    ada = world.students[0]
    ada.first, ada.last, ada.grade, ada.sex = "Zoë", 'O"Brien, III', "07", "other"
    ada.race, ada.is_hispanic, ada.born = "Asian", True, "2014-03-09"
    with clever_server(world) as server:
        pulled = _pull(server, tmp_path)
    school = world.schools[0].id
    assert _row(pulled, "users", ada.id) == {
        "sourcedId": ada.id,
        "enabledUser": "true",
        "username": ada.email,
        "givenName": "Zoë",
        "familyName": 'O"Brien, III',
        "identifier": ada.number,
        "email": ada.email,
        "grades": "07",
        "userMasterIdentifier": ada.state_id,
        "primaryOrgSourcedId": school,
    }
    assert _row(pulled, "demographics", ada.id) == {
        "sourcedId": ada.id,
        "birthDate": "2014-03-09",
        "sex": "other",
        "asian": "true",
        "hispanicOrLatinoEthnicity": "true",
    }
    assert _row(pulled, "roles", f"{ada.id}_{school}_student") == {
        "sourcedId": f"{ada.id}_{school}_student",
        "userSourcedId": ada.id,
        "roleType": "primary",
        "role": "student",
        "orgSourcedId": school,
    }


def test_sections_become_classes_with_their_people(tmp_path: Path) -> None:
    world = district()
    section = world.sections[0]
    section.teachers.append(world.sections[1].teachers[0])
    with clever_server(world) as server:
        pulled = _pull(server, tmp_path)
    assert _row(pulled, "classes", section.id) == {
        "sourcedId": section.id,
        "title": "Homeroom 06",
        "grades": "06",
        "courseSourcedId": world.courses[0].id,
        "classCode": section.number,
        "classType": "homeroom",
        "schoolSourcedId": section.school,
        "termSourcedIds": world.terms[0].id,
        "subjects": "homeroom/advisory",
        "periods": "1",
    }
    mine = _table(pulled, "enrollments").filter(pl.col("classSourcedId") == section.id)
    teachers = mine.filter(pl.col("role") == "teacher")
    assert dict(teachers.select("userSourcedId", "primary").iter_rows()) == {
        section.teachers[0]: "true",
        section.teachers[1]: "false",
    }
    students = mine.filter(pl.col("role") == "student")["userSourcedId"]
    assert set(students) == set(section.students)
    kinds = _table(pulled, "classes").group_by("classType").len().rows()
    assert dict(kinds) == {"homeroom": 6, "scheduled": 6}


def test_terms_hang_under_a_school_year_made_of_them(tmp_path: Path) -> None:
    world = district()
    with clever_server(world) as server:
        pulled = _pull(server, tmp_path)
    year = f"{world.id}_year_2027"
    assert _row(pulled, "academicSessions", year) == {
        "sourcedId": year,
        "title": "2026–27",
        "type": "schoolYear",
        "startDate": "2026-08-17",
        "endDate": "2027-06-12",
        "schoolYear": "2027",
    }
    assert _row(pulled, "academicSessions", world.terms[0].id)["parentSourcedId"] == year


def test_one_person_may_be_a_student_and_a_teacher_and_staff(tmp_path: Path) -> None:
    world = district()
    both = world.students[0]
    both.kinds = ("student", "teacher", "staff")
    both.schools = [world.schools[0].id, world.schools[1].id]
    with clever_server(world) as server:
        pulled = _pull(server, tmp_path)
    users = _table(pulled, "users").filter(pl.col("sourcedId") == both.id)
    roles = _table(pulled, "roles").filter(pl.col("userSourcedId") == both.id)
    assert users.height == 1
    assert sorted(roles.select("orgSourcedId", "roleType", "role").rows()) == [
        (school.id, kind, role)
        for school in world.schools
        for kind, role in (("primary", "student"), ("secondary", "aide"), ("secondary", "teacher"))
    ]
    assert pulled is not None
    assert check_file(pulled.path, profile=Profile.STRICT).report.verdict is Verdict.OK


def test_contacts_are_not_imported(tmp_path: Path) -> None:
    world = district()
    world.people[-1].kinds = ()  # nobody of the roles that are asked for
    with clever_server(world) as server:
        pulled = _pull(server, tmp_path)
    assert _row(pulled, "users", world.people[-1].id) == {}


def test_what_cannot_be_read_is_passed_on_to_the_checks(tmp_path: Path) -> None:
    world = district()
    with clever_server(world) as server:
        odd = world.students[0]
        odd.sex, odd.race = "male", "Martian"
        original = server.answer

        def answer(request: object) -> object:
            reply = original(request)  # type: ignore[arg-type]
            body = reply.body.replace(b'"grade": "6"', b'"grade": "sixth"')
            return type(reply)(reply.status, body, reply.headers)

        server.answer = answer  # type: ignore[method-assign,assignment]
        pulled = _pull(server, tmp_path)
    assert _row(pulled, "users", odd.id)["grades"] == "sixth"
    assert pulled is not None
    found = list(check_file(pulled.path, profile=Profile.LENIENT).report)
    odd_race = [(f.code, f.file, f.value) for f in found if f.file == "demographics.csv"]
    assert odd_race == [("ROS-233", "demographics.csv", "race: Martian")]


def _cursor(pulled: Pulled | None) -> dict[str, str]:
    assert pulled is not None
    return dict(pulled.cursor)


def test_nothing_is_new_until_something_happens(tmp_path: Path) -> None:
    world = district()
    with clever_server(world) as server:
        cursor = _cursor(_pull(server, tmp_path))
        before = server.count("/users")
        assert _pull(server, tmp_path, cursor) is None
        assert server.count("/users") == before
        added = world.add_student(world.schools[0].id)
        second = _pull(server, tmp_path, cursor)
        assert _row(second, "users", added.id)["givenName"] == added.first
        assert _pull(server, tmp_path, _cursor(second)) is None


def test_what_happens_during_a_pull_is_seen_by_the_next(tmp_path: Path) -> None:
    world = district()
    with clever_server(world) as server:
        server.before("/sections", 1, lambda: world.changed("users", world.students[0].id))
        cursor = _cursor(_pull(server, tmp_path))
        assert _pull(server, tmp_path, cursor) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"district": "another"},
        {"event": ""},
        {"event": "never happened"},
        {"full_at": "not a moment"},
        {"full_at": (NOW - timedelta(days=31)).isoformat()},
        {"full_at": (NOW - timedelta(days=8)).isoformat()},
    ],
)
def test_everything_is_pulled_when_the_cursor_cannot_be_trusted(
    change: dict[str, str], tmp_path: Path
) -> None:
    with clever_server(district()) as server:
        cursor = {**_cursor(_pull(server, tmp_path)), **change}
        assert _pull(server, tmp_path, cursor) is not None


def test_a_district_without_events_is_pulled_each_time(tmp_path: Path) -> None:
    with clever_server(district()) as server:
        server.has_events = False
        cursor = _cursor(_pull(server, tmp_path))
        assert cursor["event"] == ""
        assert _pull(server, tmp_path, cursor) is not None


def test_a_district_in_the_middle_of_a_sync_is_moving(tmp_path: Path) -> None:
    world = district()
    world.state = "running"
    with clever_server(world) as server, pytest.raises(SourceFailed) as failed:
        _pull(server, tmp_path)
    assert (failed.value.code, failed.value.pauses) == ("moving", False)


@pytest.mark.parametrize(
    "secrets", [{"client_secret": "clever-secret"}, {"token": "clever-token-1"}]
)
def test_a_token_that_is_gone_pauses_and_removes_nobody(
    secrets: dict[str, str], tmp_path: Path
) -> None:
    world = district()
    world.is_connected = False
    with clever_server(world) as server, pytest.raises(SourceFailed) as failed:
        CleverApi(patience=Patience(scale=0)).pull(
            server.settings, secrets, into=tmp_path, cursor={}, now=NOW
        )
    assert (failed.value.code, failed.value.pauses) == ("refused", True)


def test_another_district_is_not_taken_for_ours(tmp_path: Path) -> None:
    with clever_server(district()) as server, pytest.raises(SourceFailed) as failed:
        _pull(server, tmp_path, district_id=ident("d", 99))
    assert (failed.value.code, failed.value.pauses) == ("refused", True)


def test_an_empty_district_is_nothing_there(tmp_path: Path) -> None:
    world = World(ident("d", 1), "Empty")
    with clever_server(world) as server, pytest.raises(SourceFailed) as failed:
        _pull(server, tmp_path)
    assert failed.value.code == "nothing_there"


def test_a_server_with_smaller_pages_is_read_in_smaller_pages(tmp_path: Path) -> None:
    with clever_server(district()) as server:
        server.largest = 100
        pulled = _pull(server, tmp_path, page_size="10000")
    assert pulled is not None
    assert pulled.counts["users"] == 37


def test_the_connection_is_tried_step_by_step() -> None:
    world = district()
    with clever_server(world) as server:
        connector = CONNECTORS[SourceKind.CLEVER_API]
        report = connector.check_connection(server.settings, server.secrets, now=NOW)
        wrong = connector.check_connection(server.settings, {"client_secret": "no"}, now=NOW)
    assert report.is_good
    assert [says for _, _, says in report.steps] == [
        "127.0.0.1 is known.",
        "Rollbook has a token for the district.",
        "Pinecrest Unified.",
        "2 schools seen.",
        "24 students seen.",
        "12 sections seen.",
    ]
    assert wrong.steps[1:] == (
        ("Sign in", False, "Clever does not accept the client id and secret."),
    )
