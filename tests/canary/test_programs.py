"""What programs see by the API: their own group files, and their district's; nothing of another."""

from __future__ import annotations

import random

import pytest
from django.db.models import Q
from django.test import Client

from rollbook.api import imports
from rollbook.groups.models import GroupImport
from tests.canary.asking import Canary
from tests.canary.worlds import make_world

pytestmark = pytest.mark.django_db
SHOW = ("api_imports", "api_import", "api_payload")


@pytest.mark.parametrize("seed", [1, 2])
def test_no_program_sees_more_than_the_rules_allow(seed: int) -> None:
    world = make_world(seed)
    canary = Canary(world, random.Random(seed), breadth=20)
    leaks = [leak for program in world.programs for leak in canary.leaks_of_program(program)]
    assert [str(leak) for leak in leaks] == []
    # There was data that could leak, and the addresses that should show data do.
    assert [name for name in SHOW if not canary.shown.get(name)] == []


@pytest.mark.parametrize("route", SHOW)
def test_a_leak_planted_at_the_api_is_found(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(1)
    canary = Canary(world, random.Random(1), breadth=20)
    canary.routes = [each for each in canary.routes if each.name == route]
    monkeypatch.setattr(imports, "imports_in", lambda scope: GroupImport.objects.all())
    monkeypatch.setattr(imports, "sent_by", lambda scope: ~Q(pk__in=[]))
    found = (leak for program in world.programs for leak in canary.leaks_of_program(program))
    assert next(found, None) is not None


def test_what_is_hidden_looks_like_what_is_missing() -> None:
    world = make_world(1)
    mine, other = world.programs[:2]
    client = Client(headers={"Authorization": f"Bearer {mine.token}"})
    hidden = next(file.number for file in world.group_files if file.sent_by == other.id)
    for path in ("", "/payload", "/payload/properties"):
        answers = [client.get(f"/imports/{number}{path}") for number in (hidden, 5)]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].content == answers[1].content
        assert dict(answers[0].items()) == dict(answers[1].items())
