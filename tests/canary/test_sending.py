"""What is sent in leaves no data in logs, audit, jobs, messages, addresses."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.core import serializers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rollbook.audit.models import AuditEntry
from rollbook.jobs.models import Job
from rollbook.messages.models import Mail, Message
from tests.canary.asking import Ask, Canary, signed_in
from tests.canary.facts import World
from tests.canary.worlds import YEAR, make_world
from tests.factories.result_files import RESULT, csv_text

pytestmark = pytest.mark.django_db


def _results(world: World) -> bytes:
    from rollbook.results.layouts import RESULTS_CSV

    schools = world.of_kind("school")
    codes = {place.id: f"{number:014}" for number, place in enumerate(world.places.values(), 1)}
    known = [pupil for pupil in world.pupils.values() if pupil.uuid][:4]
    rows = [
        RESULT
        | {
            "StudentIdentifier": pupil.token("s"),
            "LastOrSurname": pupil.token("l"),
            "FirstName": pupil.token("f"),
            "Birthdate": "not a date" if pupil is known[0] else pupil.birth_date.isoformat(),
            "SchoolIdentifier": codes[schools[0].id],
            "OpportunityIdentifier": str(pupil.number),
        }
        for pupil in known
    ]
    return csv_text(RESULTS_CSV, rows)


@pytest.mark.parametrize("role", ["state_admin", "integrator", "school_admin", "teacher"])
def test_files_that_are_sent_leave_no_data_in_the_traces(role: str) -> None:
    world = make_world(4)
    reader = next(r for r in world.readers if r.is_active and [h.role for h in r.held] == [role])
    canary = Canary(world, random.Random(4))
    for route, name, content in (
        ("result_intakes", "results", _results(world)),
        ("rosters", "bundle", b"ZQ100sX,ZQ100lX\n"),
    ):
        sent = SimpleUploadedFile("file.csv", content)
        ask = Ask(route, reverse(route, args=[YEAR]), {name: sent})  # type: ignore[dict-item]
        seen = canary.see(signed_in(reader), ask)
        assert seen.status in (302, 403)
        assert world.tokens_in(seen.text + seen.addresses + seen.logged) == set()
    tables: tuple[Any, ...] = (AuditEntry, Job, Message, Mail)
    rows = [row for table in tables for row in table.objects.all()]
    assert world.tokens_in(serializers.serialize("json", rows)) == set()
    assert AuditEntry.objects.filter(action="publish_results").exists() == (
        role in ("state_admin", "integrator")
    )
