"""A server that speaks OneRoster REST, 1.1 or 1.2, about a made-up district.

    world = district()
    with oneroster_server(world, version="1.2") as server:
        OneRosterRest().pull({**server.settings, "page_size": "5"}, server.secrets, into=..., ...)

`server.settings` holds base_url, token_url, version, client_id and allow_private;
`server.secrets` holds client_secret. How servers differ is a flag each: `has_total`
(X-Total-Count), `has_links` (Link), `cap` (its own largest page), `filtering` ("works", "ignored"
or "refused"), `wraps_plural` (or under the singular), `repeats` (the first page for ever),
`has_demographics`. `server.token = "new"` lets the old token expire. What was taken away from the
world comes as `tobedeleted` when changes are asked for. Faults: see tests/servers/scripted.py.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from tests.servers.scripted import Reply, ScriptedServer, Seen, told
from tests.servers.world import CHANGED, START, Course, Person, Section, World

_SINGULAR = {
    "academicSessions": "academicSession", "orgs": "org", "courses": "course",
    "classes": "class", "users": "user", "enrollments": "enrollment",
    "demographics": "demographics",
}  # fmt: skip
_FILTER = re.compile(r"dateLastModified>'([^']*)'")
_RACES = {
    "Caucasian": "white",
    "Asian": "asian",
    "Black or African American": "blackOrAfricanAmerican",
    "Two or More Races": "demographicRaceTwoOrMoreRaces",
}
YEAR = "year-2027"


class OneRosterServer(ScriptedServer):
    def __init__(self, world: World, version: str) -> None:
        super().__init__()
        self.world = world
        self.version = version
        self.token = "oneroster-token-1"
        self.has_total = True
        self.has_links = False
        self.has_demographics = True
        self.cap = 10_000
        self.filtering = "works"
        self.wraps_plural = True
        self.repeats = False
        self._path = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}[version]

    @property
    def base_url(self) -> str:
        return self.url + self._path

    @property
    def settings(self) -> dict[str, str]:
        return {
            "base_url": self.base_url,
            "token_url": f"{self.url}/token",
            "version": self.version,
            "client_id": "client",
            "allow_private": "yes",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"client_secret": "oneroster-secret"}

    def answer(self, request: Seen) -> Reply:
        said = request.headers.get("authorization", "")
        if request.path == "/token":
            right = "Basic " + base64.b64encode(b"client:oneroster-secret").decode()
            if request.method != "POST" or request.form.get("grant_type") != "client_credentials":
                return told({"error": "invalid_request"}, 400)
            if said != right and request.form.get("client_secret") != "oneroster-secret":
                return told({"error": "invalid_client"}, 401)
            scope = request.form.get("scope", "")
            kind = {"token_type": "Bearer", "expires_in": 3600, "scope": scope}
            return told({"access_token": self.token, **kind})
        if said != f"Bearer {self.token}":
            return told(_status("unauthorisedrequest"), 401)
        name = request.path.removeprefix(self._path + "/")
        if name not in _SINGULAR or (name == "demographics" and not self.has_demographics):
            return told(_status("unknownobject"), 404)
        return self._page(name, request)

    def _page(self, name: str, request: Seen) -> Reply:
        records = records_of(self.world, name, self.version)
        asked = _FILTER.fullmatch(request.query.get("filter", ""))
        if asked and self.filtering == "refused":
            return told(_status("invalid_filter_field"), 400)
        if asked and self.filtering == "works":
            changed = [*records, *_gone(self.world, name)]
            records = [record for record in changed if record["dateLastModified"] > asked[1]]
        limit = min(int(request.query.get("limit", "100")), self.cap)
        offset = 0 if self.repeats else int(request.query.get("offset", "0"))
        page = records[offset : offset + limit]
        headers = {"X_Total_Count": str(len(records))} if self.has_total else {}
        if self.has_links and offset + limit < len(records):
            query = urlencode({**request.query, "limit": limit, "offset": offset + limit})
            headers["Link"] = f'<{self.url}{request.path}?{query}>; rel="next"'
        elif self.has_links:
            headers["Link"] = f'<{self.url}{request.path}?offset=0>; rel="first"'
        wrapper = name if self.wraps_plural else _SINGULAR[name]
        return told({wrapper: page}, **headers)


@contextmanager
def oneroster_server(world: World, *, version: str = "1.2") -> Generator[OneRosterServer]:
    """Serve a district as a OneRoster provider does, until the block ends."""
    server = OneRosterServer(world, version)
    with server:
        yield server


def records_of(world: World, name: str, version: str) -> list[dict[str, Any]]:
    """Return the objects of a collection."""
    every: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "academicSessions": lambda: [_year(), *(_term(world, term.id) for term in world.terms)],
        "orgs": lambda: _orgs(world),
        "courses": lambda: [_course(world, course) for course in world.courses],
        "classes": lambda: [_class(world, section) for section in world.sections],
        "users": lambda: [_user(world, person, version) for person in world.people],
        "enrollments": lambda: [
            each for section in world.sections for each in _enrollments(world, section)
        ],
        "demographics": lambda: [_demographics(world, person) for person in world.students],
    }
    return every[name]()


def _orgs(world: World) -> list[dict[str, Any]]:
    home = {"name": world.name, "type": "district", "identifier": "D1"}
    schools = [
        {**_start(world, school.id), "name": school.name, "type": "school",
         "identifier": school.state_id, "parent": _ref("org", world.id)}
        for school in world.schools
    ]  # fmt: skip
    return [{**_start(world, world.id), **home}, *schools]


def _course(world: World, course: Course) -> dict[str, Any]:
    return {
        **_start(world, course.id), "title": course.name, "courseCode": course.number,
        "grades": ["06"], "schoolYear": _ref("academicSession", YEAR),
        "org": _ref("org", world.id),
    }  # fmt: skip


def _gone(world: World, name: str) -> list[dict[str, Any]]:
    found = []
    for key in world.gone.get(name, []):
        start = {"sourcedId": key, "status": "tobedeleted", "dateLastModified": CHANGED}
        if name == "users":
            start |= {"enabledUser": "false", "username": key, "givenName": "Gone",
                      "familyName": "Student", "roles": []}  # fmt: skip
        if name == "enrollments":
            section, user = key.split("-")
            school = next(one.school for one in world.sections if one.id == section)
            start |= {"class": _ref("class", section), "user": _ref("user", user),
                      "school": _ref("org", school), "role": "student"}  # fmt: skip
        found.append(start)
    return found


def _start(world: World, key: str) -> dict[str, Any]:
    modified = world.modified.get(key, START)
    return {"sourcedId": key, "status": "active", "dateLastModified": modified}


def _ref(kind: str, key: str) -> dict[str, str]:
    return {"href": f"https://sis.example.org/{kind}/{key}", "sourcedId": key, "type": kind}


def _year() -> dict[str, Any]:
    return {
        "sourcedId": YEAR, "status": "active", "dateLastModified": START, "title": "2026-27",
        "type": "schoolYear", "startDate": "2026-08-17", "endDate": "2027-06-12",
        "schoolYear": "2027",
    }  # fmt: skip


def _term(world: World, key: str) -> dict[str, Any]:
    term = next(term for term in world.terms if term.id == key)
    return {
        **_start(world, key), "title": term.name, "type": "term", "startDate": term.starts,
        "endDate": term.ends, "schoolYear": "2027", "parent": _ref("academicSession", YEAR),
    }  # fmt: skip


def _class(world: World, section: Section) -> dict[str, Any]:
    return {
        **_start(world, section.id), "title": section.name, "classCode": section.number,
        "classType": "homeroom" if "Homeroom" in section.name else "scheduled",
        "grades": [section.grade], "subjects": [section.subject], "periods": [section.period],
        "course": _ref("course", section.course), "school": _ref("org", section.school),
        "terms": [_ref("academicSession", section.term)],
    }  # fmt: skip


def _user(world: World, person: Person, version: str) -> dict[str, Any]:
    word = "aide" if "staff" in person.kinds else person.kinds[0]
    user = {
        **_start(world, person.id), "enabledUser": "true", "username": person.email,
        "userIds": [{"type": "LDAP", "identifier": person.number}], "givenName": person.first,
        "familyName": person.last, "identifier": person.number, "email": person.email,
        "grades": [person.grade] if person.grade else [], "agents": [],
    }  # fmt: skip
    if version == "1.1":
        return {**user, "role": word, "orgs": [_ref("org", key) for key in person.schools]}
    roles = [
        {"roleType": "primary", "role": word, "org": _ref("org", key)} for key in person.schools
    ]
    names = {"preferredFirstName": person.first, "userMasterIdentifier": person.state_id}
    return {**user, **names, "roles": roles, "primaryOrg": _ref("org", person.schools[0])}


def _enrollments(world: World, section: Section) -> list[dict[str, Any]]:
    pairs = [(key, "student") for key in section.students]
    pairs += [(key, "teacher") for key in section.teachers]
    found = []
    for key, role in pairs:
        start = _start(world, f"{section.id}-{key}")
        if key in world.modified:
            start["dateLastModified"] = world.modified[key]
        primary = {"primary": "true"} if key == section.teachers[0] else {}
        found.append({
            **start, "user": _ref("user", key), "class": _ref("class", section.id),
            "school": _ref("org", section.school), "role": role, **primary,
        })  # fmt: skip
    return found


def _demographics(world: World, person: Person) -> dict[str, Any]:
    race = _RACES.get(person.race)
    return {
        **_start(world, person.id), "birthDate": person.born, "sex": person.sex,
        "hispanicOrLatinoEthnicity": "true" if person.is_hispanic else "false",
        **({race: "true"} if race else {}),
    }  # fmt: skip


def _status(minor: str) -> dict[str, Any]:
    field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
    return {
        "imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": minor,
        "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
    }  # fmt: skip
