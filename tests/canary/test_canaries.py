"""No student's data reaches whom the rules do not name: every route and reader is tried."""

from __future__ import annotations

import os
import random

import pytest
from django.core import serializers

from rollbook.audit.models import AuditEntry
from rollbook.jobs.models import Job, Schedule
from rollbook.messages.models import Mail, Message
from rollbook.people.models import Student
from tests.canary.asking import PAGES, Canary
from tests.canary.facts import FIELDS, TOKENLESS
from tests.canary.worlds import make_world

pytestmark = pytest.mark.django_db
# One world takes a minute and a half; a night's run takes hundreds.
WORLDS = range(1, 1 + int(os.environ.get("ROLLBOOK_CANARY_WORLDS", "2")))


def kept_traces() -> str:
    """Return every row of the tables that must never hold a student's data."""
    tables = (AuditEntry, Job, Schedule, Message, Mail)
    return serializers.serialize("json", [row for table in tables for row in table.objects.all()])


def test_every_field_of_a_student_holds_a_token_or_is_too_small_for_one() -> None:
    assert set(FIELDS.values()) | TOKENLESS | {"uuid", "birth_date"} == set(Student.personal_data)


@pytest.mark.parametrize("seed", WORLDS)
def test_nobody_sees_more_than_the_rules_allow(seed: int) -> None:
    world = make_world(seed)
    canary = Canary(world, random.Random(seed))
    for reader in [None, *world.readers]:
        canary.look_as(reader)
    assert [str(leak) for leak in canary.leaks] == []
    assert world.tokens_in(kept_traces()) == set()
    # There was data that could leak, and the pages that should show data do.
    assert {
        route: canary.shown.get(route, 0) > 0 for route in PAGES if route != "roster_decide"
    } == {route: True for route in PAGES if route != "roster_decide"}
