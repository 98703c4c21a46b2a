"""The target for import services, against Rollbook's own: one side's contract is the other's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rollbook.access.actions.clients import add_client
from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.actions.targets import check_target
from rollbook.extracts.models import Delivery, DeliveryTarget
from rollbook.extracts.queries.deliveries import flagged_rows_of
from rollbook.extracts.types import TargetKind
from rollbook.groups.models import GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.jobs.actions import run_until_empty
from rollbook.shared.scope import Permission
from tests.factories.accounts import BY, EVERYTHING
from tests.factories.deliveries import (
    ROOM_1,
    ROOM_2,
    kept_file,
    quick_systems,
    saved_target,
    stepped,
)
from tests.factories.extracts import SchoolDay, school_day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="session", autouse=True)
def static_folder() -> None:
    """Make the folder that the server looks for as it starts."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def day() -> SchoolDay:
    return school_day()


@pytest.fixture
def settings_of_test(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("settings")


@pytest.fixture
def target(
    day: SchoolDay, live_server: Any, settings_of_test: Any, monkeypatch: pytest.MonkeyPatch
) -> DeliveryTarget:
    """Return a target whose other side is this installation's own API, by HTTP."""
    quick_systems(monkeypatch, settings_of_test)
    _uuid, username, secret = add_client(
        EVERYTHING,
        name="Another Rollbook",
        organization_uuid=day.places.north.uuid,
        permissions=[Permission.GROUP_WRITE],
        by=BY,
        now=_now(),
    )
    there = {
        "address": live_server.url,
        "token_address": f"{live_server.url}/auth/oauth2/access_token",
        "username": username,
    }
    return saved_target(
        day.places.north, TargetKind.IMPORT_API, there, {"secret": secret}, now=_now()
    )


def _now() -> datetime:
    return datetime.now(tz=UTC)  # the server looks at the clock


def _delivered(target: DeliveryTarget, *rows: tuple[str, str, str], **more: Any) -> Delivery:
    """Deliver a file, let the other side do its work, and ask what came of it."""
    file = kept_file(target.organization, *rows, now=_now(), **more)
    uuid = ask_delivery(EVERYTHING, file.uuid, target.uuid, by=BY, now=_now())
    stepped(uuid, now=_now())
    run_until_empty(now=_now())
    return stepped(uuid, now=_now())[1]


# One after the other in two tests: emptying all tables after each costs seconds.


def test_a_file_becomes_groups_on_the_other_side_once(target: DeliveryTarget) -> None:
    report = check_target(EVERYTHING, target.uuid, by=BY, now=_now())
    assert report.steps[-1][1:] == (True, "This user may write groups.")
    done = _delivered(target, *ROOM_1, *ROOM_2)
    assert (done.status, done.remote_status) == ("done", "PROCESSED")
    made = GroupImport.objects.get()
    assert (str(made.number), made.digest, made.batch) == (
        done.remote_id,
        done.file.md5,
        f"rollbook-{done.uuid}",
    )
    groups = StudentGroup.objects.filter(origin="file")
    members = GroupMember.objects.filter(group__in=groups)
    users = GroupUser.objects.filter(group__in=groups)
    assert (groups.count(), members.count(), users.count()) == (2, 2, 2)
    # As if the reply had been lost: the import is looked for, and found.
    Delivery.objects.update(status="waiting", remote_id="", remote_status="", finished_at=None)
    status, again = stepped(done.uuid, now=_now())
    assert (status, again.remote_id, GroupImport.objects.count()) == ("done", done.remote_id, 1)


def test_what_the_other_side_refuses_leads_to_our_groups(target: DeliveryTarget) -> None:
    refused = _delivered(target, *ROOM_1, school="9999")
    assert (refused.status, refused.remote_status) in {
        ("refused", "BAD_DATA"),
        ("refused", "UNKNOWN_SCHOOL"),
    }
    assert [(f.line, f.group_name) for f in flagged_rows_of(EVERYTHING, refused.uuid)] == [
        (2, "Room 1")
    ]
    assert StudentGroup.objects.filter(origin="file").count() == 0
