"""Group files whose check breaks: nobody waits for them, and nothing bars the next try."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from rollbook.config import reactions
from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.models import Delivery
from rollbook.extracts.types import TargetKind
from rollbook.groups.actions import imports
from rollbook.groups.models import GroupImport, StudentGroup
from rollbook.groups.types import ImportStatus
from rollbook.jobs.actions import retry_job, run_next
from rollbook.jobs.models import Job
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.deliveries import kept_file, saved_target
from tests.factories.group_files import bytes_of
from tests.factories.places import SmallState, small_state
from tests.factories.programs import calling

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at")]
FILE = bytes_of("Room 1,0101,2027,All,,pat@example.org")
DAY = timedelta(days=1)


@pytest.fixture
def places(settings: LazySettings, tmp_path: Path) -> SmallState:
    settings.FILES_ROOT = tmp_path
    reactions.connect()
    return small_state()


@pytest.fixture
def sis(places: SmallState) -> Client:
    return calling(places.north)


@pytest.fixture
def run_days(django_capture_on_commit_callbacks: Any) -> Callable[[], None]:
    """Run the queue until it gives up, a day later each time; leases are over by then."""

    def run() -> None:
        for day in range(7):
            with django_capture_on_commit_callbacks(execute=True):
                run_next("w", now=timezone.now() + day * DAY)

    return run


def posted(sis: Client) -> dict[str, Any]:
    answer = sis.post("/groups/imports", FILE, content_type="application/csv")
    return sis.get(f"/imports/{answer.json()['id']}").json()


def breaks(*_arguments: object, **_more: object) -> None:
    raise RuntimeError


def test_a_check_that_breaks_each_time_is_told_and_the_file_may_come_again(
    sis: Client, run_days: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = posted(sis)
    with monkeypatch.context() as patch:
        patch.setattr(imports, "judge_import", breaks)
        run_days()
    told = sis.get(f"/imports/{first['id']}").json()
    assert (first["status"], told["status"]) == ("ACCEPTED", "PIPELINE_FAILURE")
    assert told["message"] == (
        "Rollbook could not finish checking this file. Nothing changed. Send it again."
    )
    assert StudentGroup.objects.count() == 0
    second = posted(sis)
    assert second["id"] != first["id"]
    run_days()
    assert sis.get(f"/imports/{second['id']}").json()["status"] == "PROCESSED"


def test_a_worker_that_is_lost_each_time_is_told_too(
    sis: Client, run_days: Callable[[], None]
) -> None:
    posted(sis)
    lost = {"status": "running", "worker": "dead", "attempt_count": 5, "leased_until": NOW}
    Job.objects.update(**lost)
    run_days()
    assert GroupImport.objects.get().status == ImportStatus.PIPELINE_FAILURE.value


def test_the_job_run_again_by_hand_finishes_the_import(
    sis: Client, run_days: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    posted(sis)
    with monkeypatch.context() as patch:
        patch.setattr(imports, "judge_import", breaks)
        run_days()
    retry_job(EVERYTHING, job=Job.objects.get().uuid, by=BY, now=timezone.now())
    run_days()
    done = GroupImport.objects.get()
    assert (done.status, done.message) == (
        ImportStatus.PROCESSED.value,
        "1 group accepted for 0101.",
    )


def test_what_was_decided_on_is_not_given_up(sis: Client, run_days: Callable[[], None]) -> None:
    posted(sis)
    run_days()
    done = GroupImport.objects.get()
    imports.give_up_import(done.uuid, by=BY, now=NOW)
    imports.give_up_import("00000000-0000-0000-0000-000000000000", by=BY, now=NOW)
    done.refresh_from_db()
    assert done.status == ImportStatus.PROCESSED.value


def test_a_delivery_whose_worker_is_lost_each_time_is_given_up(
    places: SmallState, run_days: Callable[[], None]
) -> None:
    target = saved_target(places.north, TargetKind.ROLLBOOK)
    ask_delivery(EVERYTHING, kept_file(places.north).uuid, target.uuid, by=BY, now=NOW)
    lost = {"status": "running", "worker": "dead", "attempt_count": 99, "leased_until": NOW}
    Job.objects.filter(name="extracts.deliver").update(**lost)
    run_days()
    assert Delivery.objects.get().status == "failed"
