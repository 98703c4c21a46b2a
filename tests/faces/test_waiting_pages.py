"""Pages of what is still going on: they say so, show by themselves what comes of it, and end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rollbook.jobs.actions import run_next
from rollbook.jobs.models import Job
from rollbook.roster.actions.runs import ask_for_run
from rollbook.roster.models.intakes import Intake
from rollbook.web import receiving
from tests.faces.conftest import SignIn
from tests.factories.accounts import BY, EVERYTHING
from tests.factories.places import SmallState
from tests.factories.sources import saved_source, scripted
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db
YEAR = 2027
ASKS_AGAIN = 'hx-trigger="every 3s"'


def plan_page(client: Client, intake: Intake) -> str:
    return client.get(reverse("roster_plan", args=[YEAR, intake.uuid])).content.decode()


def test_a_large_roster_says_that_it_is_being_checked_until_it_is(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKED_AT_ONCE_BYTES", 1)
    client = sign_in()
    sent = SimpleUploadedFile("large.zip", spoilt("1.2"))
    client.post(reverse("rosters", args=[YEAR]), {"bundle": sent})
    intake = Intake.objects.get()
    shown = plan_page(client, intake)
    assert ("It is being checked" in shown, ASKS_AGAIN in shown) == (True, True)
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in shown
    assert "Check again" not in shown
    run_next("w", now=timezone.now())
    shown = plan_page(client, intake)
    assert ("changes would be made" in shown, ASKS_AGAIN in shown) == (True, False)


def test_a_roster_that_nobody_checks_may_be_checked_again(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "CHECKED_AT_ONCE_BYTES", 1)
    client = sign_in()
    sent = SimpleUploadedFile("large.zip", spoilt("1.2"))
    client.post(reverse("rosters", args=[YEAR]), {"bundle": sent})
    Job.objects.update(status="failed", dedupe_key="check:long ago")
    Intake.objects.update(received_at=timezone.now() - timedelta(minutes=11))
    intake = Intake.objects.get()
    assert "It takes longer than usual." in plan_page(client, intake)
    answer = client.post(
        reverse("roster_decide", args=[YEAR, intake.uuid]), {"choice": "again"}, follow=True
    )
    assert answer.redirect_chain[0][0] == reverse("roster_plan", args=[YEAR, intake.uuid])
    assert Job.objects.filter(name="roster.check_intake", status="queued").count() == 1
    run_next("w", now=timezone.now())
    assert "changes would be made" in plan_page(client, intake)


def test_bytes_that_are_gone_are_said_to_be_gone(sign_in: SignIn, tmp_path: Path) -> None:
    client = sign_in()
    sent = SimpleUploadedFile("small.zip", spoilt("1.2"))
    client.post(reverse("rosters", args=[YEAR]), {"bundle": sent})
    intake = Intake.objects.get()
    receiving.kept_path(intake).unlink()
    answer = client.post(
        reverse("roster_decide", args=[YEAR, intake.uuid]), {"choice": "again"}, follow=True
    )
    assert "The file is not kept here any more. Send the roster again." in answer.content.decode()


def test_an_undone_roster_is_offered_to_be_checked_again(sign_in: SignIn) -> None:
    client = sign_in()
    sent = SimpleUploadedFile("small.zip", spoilt("1.2"))
    client.post(reverse("rosters", args=[YEAR]), {"bundle": sent})
    intake = Intake.objects.get()
    decide = reverse("roster_decide", args=[YEAR, intake.uuid])
    discarded = client.post(decide, {"choice": "discard"}, follow=True).content.decode()
    assert "Check this roster again" in discarded
    client.post(decide, {"choice": "again"})
    assert [i.plan.status for i in Intake.objects.order_by("pk")] == ["discarded", "proposed"]


def test_the_pages_of_sources_ask_again_while_a_run_waits(
    state: SmallState, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, spoilt("1.2"))
    source = saved_source(state.north)
    client = sign_in()
    pages = [
        reverse("roster_source", args=[YEAR, source.uuid]), reverse("roster_sources", args=[YEAR])
    ]  # fmt: skip
    assert [ASKS_AGAIN in client.get(page).content.decode() for page in pages] == [False, False]
    ask_for_run(EVERYTHING, source.uuid, by=BY, now=timezone.now())
    assert [ASKS_AGAIN in client.get(page).content.decode() for page in pages] == [True, True]
    Job.objects.update(status="done")
    assert [ASKS_AGAIN in client.get(page).content.decode() for page in pages] == [False, False]
