"""An address tells nobody who exists: hidden and missing are one answer; a right ends at once."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rollbook.access.models import Account, Grant
from tests.canary.asking import CSRF, Canary, signed_in, unknown_id
from tests.canary.facts import Reader, World
from tests.canary.oracle import Oracle
from tests.canary.worlds import YEAR, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world(3)


def _reader(world: World, role: str) -> Reader:
    return next(r for r in world.readers if r.is_active and [h.role for h in r.held] == [role])


def _answer(client: Client, path: str, asked: str, form: dict[str, str] | None) -> Any:
    response = client.get(path) if form is None else client.post(path, form)
    text = CSRF.sub("", response.content.decode())
    told = {name: value.replace(asked, "ID") for name, value in response.items()}
    return response.status_code, text.replace(asked, "ID"), told


def _hidden_extracts(world: World, reader: Reader, oracle: Oracle) -> dict[str, list[str]]:
    hidden = [
        file for file in world.extracts if not oracle.holds(reader, "GROUP_WRITE", file.district_id)
    ]
    return {
        "file": [file.uuid for file in hidden],
        "profile": [file.profile for file in hidden]
        + [
            file.own_profile
            for file in world.extracts
            if file.owner != reader.number
            and not oracle.holds(reader, "GROUP_WRITE", file.district_id)
        ],
        "target": [file.target for file in hidden],
        "delivery": [file.delivery for file in hidden],
    }


@pytest.mark.parametrize("role", ["district_admin", "school_admin", "teacher", "integrator"])
def test_what_is_hidden_looks_like_what_is_missing(world: World, role: str) -> None:
    reader = _reader(world, role)
    canary = Canary(world, random.Random(1))
    client, oracle = signed_in(reader), canary.oracle
    seen = oracle.persons(reader) | oracle.named_by_results(reader)
    seen |= {r.pupil for r in world.results if r.score in oracle.scores(reader)}
    own_groups = {group.uuid for group in oracle.groups(reader)}
    hidden: dict[str, list[str]] = {
        "student": [p.uuid for p in world.pupils.values() if p.uuid and p.number not in seen],
        "school": [
            place.uuid
            for place in world.of_kind("school")
            if not oracle.holds(reader, "INDIVIDUAL_PII_READ", place.id)
        ],
        "group": [
            group.uuid
            for group in world.groups
            if group.uuid not in own_groups
            and group.owner != reader.number
            and not (
                group.owner is None
                and any(
                    oracle.holds(reader, right, group.school_id)
                    for right in ("INDIVIDUAL_PII_READ", "GROUP_WRITE")
                )
            )
        ],
        "intake": [
            file.uuid
            for file in (*world.rosters, *world.result_files)
            if not oracle.sees_file(reader, file)
        ],
        "account": [
            other.uuid for other in world.readers if other.number not in oracle.accounts(reader)
        ],
        "source": [
            source
            for district, source in zip(world.of_kind("district"), world.sources, strict=True)
            if not oracle.holds(reader, "ROSTER_READ", district.id)
        ],
        "other": [p.uuid for p in world.pupils.values() if p.uuid and p.number not in seen],
        **_hidden_extracts(world, reader, oracle),
        "job": [job for job, account in world.jobs.items() if account != reader.id],
    }
    shown = next((p.uuid for p in world.pupils.values() if p.number in seen), unknown_id())
    tried = 0
    for route in canary.routes:
        (word,) = set(hidden) & set(route.parameters) or ("",)
        tries = hidden.get(word, [])[:2]
        if word in ("group", "profile"):  # the latest are somebody's own
            tries += hidden[word][-2:]
        for own in tries:
            missing = unknown_id()
            more = {"school_year": YEAR, "grade": "03", "one": shown}
            more = {name: more[name] for name in route.parameters if name in more}
            for form in (None, {}, {"choice": "disable"}, {"choice": "discard"}):
                paths = [
                    reverse(route.name, kwargs={**more, word: each}) for each in (own, missing)
                ]
                answers = [
                    _answer(client, path, each, form)
                    for path, each in zip(paths, (own, missing), strict=True)
                ]
                assert answers[0] == answers[1], paths[0]
                tried += 1
    assert tried > 0


def test_a_search_tells_nothing_of_a_student_out_of_sight(world: World) -> None:
    reader = _reader(world, "school_admin")
    oracle = Canary(world, random.Random(1)).oracle
    seen = oracle.persons(reader) | oracle.named_by_results(reader)
    hidden = next(p for p in world.pupils.values() if p.uuid and p.number not in seen)
    client = signed_in(reader)
    for route, field in (("find_student", "ssid"), ("students", "text")):
        path = reverse(route, args=[YEAR])
        answers = []
        for word in (hidden.token("s"), "ZQ000sX"):
            response = client.post(path, {field: word}, follow=True)
            answers.append((response.status_code, CSRF.sub("", response.content.decode())))
        assert answers[0] == answers[1]


def test_a_right_that_ends_in_the_middle_of_a_session_ends_there(world: World) -> None:
    reader = _reader(world, "state_admin")
    client = signed_in(reader)
    path = reverse("students", args=[YEAR])
    assert re.search(r"ZQ\d+lX", client.get(path).content.decode())
    Grant.objects.filter(account_id=reader.id).delete()
    refused = client.get(path)
    assert refused.status_code == 403
    assert world.tokens_in(refused.content.decode()) == set()


def test_a_disabled_account_is_nobody_at_the_next_request(world: World) -> None:
    reader = _reader(world, "state_admin")
    client = signed_in(reader)
    path = reverse("students", args=[YEAR])
    assert client.get(path).status_code == 200
    Account.objects.filter(pk=reader.id).update(is_active=False)
    assert (client.get(path).status_code, client.get(path)["Location"]) == (302, reverse("start"))
