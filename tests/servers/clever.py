"""A server that speaks Clever's Data API 3.1 about a made-up district.

    world = district()
    with clever_server(world) as server:
        CleverApi().pull({**server.settings, "page_size": "5"}, server.secrets, into=..., ...)

`server.settings` holds base_url, token_url, client_id, district_id and allow_private;
`server.secrets` holds client_secret; `server.token` is the token in force (`server.token = "new"`
lets the old one expire). `server.repeats` sends the first page for ever. The district is changed
by changing the world. Faults: see tests/servers/scripted.py.
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from tests.servers.scripted import Reply, ScriptedServer, Seen, told
from tests.servers.world import Person, Section, World

_GRADES = {"KG": "Kindergarten", "PK": "PreKindergarten", "": ""}
LARGEST = 10_000


class CleverServer(ScriptedServer):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.token = "clever-token-1"
        self.largest = LARGEST
        self.repeats = False
        self.has_events = True

    @property
    def base_url(self) -> str:
        return f"{self.url}/v3.1"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "base_url": self.base_url,
            "token_url": f"{self.url}/oauth/tokens",
            "client_id": "client",
            "district_id": self.world.id,
            "allow_private": "yes",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"client_secret": "clever-secret"}

    def answer(self, request: Seen) -> Reply:
        said = request.headers.get("authorization", "")
        if request.path == "/oauth/tokens":
            if said != "Basic " + base64.b64encode(b"client:clever-secret").decode():
                return told({"error": "unauthorized"}, 401)
            owner = {"type": "district", "id": self.world.id}
            tokens = [{"owner": owner, "access_token": self.token, "scopes": ["read:users"]}]
            return told({"data": tokens if self.world.is_connected else []})
        if said != f"Bearer {self.token}" or not self.world.is_connected:
            return told({"error": "unauthorized"}, 401)
        if int(request.query.get("limit", "100")) > self.largest:
            return told({"error": "too large"}, 413)
        return self._collection(request)

    def _collection(self, request: Seen) -> Reply:
        name = request.path.removeprefix("/v3.1/")
        if name == "districts":
            return told(_wrapped(name, [_district(self.world)], has_next=False))
        if name == "events":
            return self._events(request)
        records = _records(self.world, name, request.query.get("role", ""))
        if records is None:
            return told({"error": "Resource not found"}, 404)
        return told(self._page(name, records, request))

    def _page(self, name: str, records: list[dict[str, Any]], request: Seen) -> dict[str, Any]:
        limit = int(request.query.get("limit", "100"))
        after = request.query.get("starting_after", "")
        ids = [record["id"] for record in records]
        start = ids.index(after) + 1 if after in ids and not self.repeats else 0
        page = records[start : start + limit]
        return _wrapped(name, page, has_next=self.repeats or start + limit < len(records))

    def _events(self, request: Seen) -> Reply:
        if not self.has_events:
            return told({"error": "Resource not found"}, 404)
        records = [
            {"id": key, "type": kind, "data": {"object": {"id": about}}}
            for key, kind, about in self.world.events
        ]
        if request.query.get("ending_before") == "last":
            limit = int(request.query.get("limit", "100"))
            return told(_wrapped("events", records[-limit:], has_next=False))
        after = request.query.get("starting_after", "")
        if after and after not in [record["id"] for record in records]:
            return told({"error": "Invalid starting_after"}, 400)
        return told(self._page("events", records, request))


@contextmanager
def clever_server(world: World) -> Generator[CleverServer]:
    """Serve a district as Clever does, until the block ends."""
    server = CleverServer(world)
    with server:
        yield server


def _wrapped(name: str, records: list[dict[str, Any]], *, has_next: bool) -> dict[str, Any]:
    links = [{"rel": "self", "uri": f"/v3.1/{name}"}]
    if has_next and records:
        uri = f"/v3.1/{name}?starting_after={records[-1]['id']}"
        links.append({"rel": "next", "uri": uri})
    data = [{"data": record, "uri": f"/v3.1/{name}/{record['id']}"} for record in records]
    return {"data": data, "links": links}


def _district(world: World) -> dict[str, Any]:
    return {
        "id": world.id,
        "name": world.name,
        "state": world.state,
        "last_sync": world.last_sync,
        "sis_type": "made up",
    }


def _records(world: World, name: str, role: str) -> list[dict[str, Any]] | None:
    if name == "schools":
        return [
            {
                "id": school.id,
                "district": world.id,
                "name": school.name,
                "school_number": school.number,
                "state_id": school.state_id,
            }
            for school in world.schools
        ]
    if name == "terms":
        return [
            {"id": t.id, "district": world.id, "name": t.name, "start_date": t.starts,
             "end_date": t.ends}
            for t in world.terms
        ]  # fmt: skip
    if name == "courses":
        return [
            {"id": c.id, "district": world.id, "name": c.name, "number": c.number}
            for c in world.courses
        ]
    if name == "sections":
        return [_section(world, section) for section in world.sections]
    if name == "users":
        return [_user(world, p) for p in world.people if not role or role in p.kinds]
    return None


def _section(world: World, section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "district": world.id,
        "school": section.school,
        "name": section.name,
        "section_number": section.number,
        "subject": section.subject,
        "period": section.period,
        "grade": _grade(section.grade),
        "course": section.course or None,
        "term_id": section.term or None,
        "teacher": section.teachers[0] if section.teachers else None,
        "teachers": section.teachers,
        "students": section.students,
    }


def _user(world: World, person: Person) -> dict[str, Any]:
    shared = {"school": person.schools[0], "schools": person.schools, "sis_id": person.number}
    year, month, day = person.born.split("-") if person.born else ("", "", "")
    student = {
        **shared,
        "student_number": person.number,
        "state_id": person.state_id,
        "grade": _grade(person.grade),
        "dob": f"{int(month)}/{int(day)}/{year}" if year else "",
        "gender": {"male": "M", "female": "F", "other": "X"}.get(person.sex, ""),
        "race": person.race,
        "hispanic_ethnicity": "Y" if person.is_hispanic else "N",
    }
    teacher = {**shared, "teacher_number": person.number, "state_id": person.state_id}
    staff = {"schools": person.schools, "staff_id": person.number, "title": "Staff"}
    every = {"student": student, "teacher": teacher, "staff": staff}
    return {
        "id": person.id,
        "district": world.id,
        "email": person.email,
        "name": {"first": person.first, "middle": "", "last": person.last},
        "roles": {kind: every[kind] for kind in person.kinds},
    }


def _grade(grade: str) -> str:
    return _GRADES.get(grade) if grade in _GRADES else str(int(grade))  # type: ignore[return-value]
