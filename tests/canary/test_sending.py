"""What is sent in leaves no data in logs, audit, jobs, messages, addresses."""

from __future__ import annotations

import logging
import random
from typing import Any

import pytest
from django.core import serializers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rollbook.audit.models import AuditEntry
from rollbook.extracts.models import Delivery
from rollbook.groups.models import GroupImport
from rollbook.groups.types import ImportStatus
from rollbook.jobs.actions import enqueue, run_until_empty
from rollbook.jobs.models import Job
from rollbook.messages.models import Mail, Message
from tests.canary.asking import Ask, Canary, signed_in
from tests.canary.facts import World, accounts_in
from tests.canary.test_canaries import kept_traces
from tests.canary.worlds import BY, NOON, YEAR, make_world
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


def test_group_files_that_are_written_sent_and_checked_leave_no_data_in_the_traces(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    world = make_world(4)
    GroupImport.objects.update(status=ImportStatus.ACCEPTED)
    works: list[tuple[str, dict[str, Any]]] = [
        ("extracts.remind_of_keys", {}),
        ("groups.refresh_rule_groups", {}),
        *(("extracts.run_schedule", {"organization": file.district_id}) for file in world.extracts),
        *(("groups.check_import", {"import": file.uuid}) for file in world.group_files),
    ]
    for name, arguments in works:
        enqueue(name, arguments=arguments, by=BY, now=NOON)
    run_until_empty(now=NOON)
    # There was data that could leak: it was written, it arrived, and the other files were refused.
    assert Delivery.objects.exclude(status="refused").filter(file__student_count__gt=0).exists()
    assert not GroupImport.objects.filter(status=ImportStatus.ACCEPTED).exists()
    assert Mail.objects.count() > 0
    assert world.tokens_in(kept_traces() + caplog.text) == set()
    assert accounts_in(caplog.text) == set()
