"""Where files go: targets saved, their secrets sealed, their keys watched, checked and closed."""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.extracts.actions.targets import (
    TargetIsIncomplete,
    check_target,
    close_target,
    remind_of_keys,
    save_target,
)
from rollbook.extracts.models import DeliveryTarget
from rollbook.extracts.queries.targets import TargetNotFound, get_target, link_of, target_list
from rollbook.extracts.types import TargetKind
from rollbook.messages.models import Mail, Message
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.roster.sources.setting_values import TYPED_AGAIN
from rollbook.shared.scope import Permission
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, reader_of, scope_with
from tests.factories.deliveries import quick_systems, saved_target
from tests.factories.places import SmallState, small_state
from tests.servers.import_api import import_server

pytestmark = pytest.mark.django_db
SECRET = "ZQ-secret-that-must-not-leak"
API = {
    "address": "https://api.example.org",
    "token_address": "https://sso.example.org/token",
    "username": "district@example.org",
}
KEY = {"secret": SECRET}


@pytest.fixture
def state() -> SmallState:
    return small_state()


def _saved(state: SmallState, **more: Any) -> DeliveryTarget:
    return saved_target(state.north, TargetKind.IMPORT_API, API, KEY, **more)


def _change(target: DeliveryTarget, **more: Any) -> DeliveryTarget:
    values = {**API, **more.pop("values", {})}
    fields = {
        "uuid": target.uuid,
        "organization_uuid": target.organization.uuid,
        "name": target.name,
        "kind": TargetKind(target.kind),
        "by": BY,
        "now": NOW,
    }
    save_target(EVERYTHING, values=values, **(fields | more))
    return DeliveryTarget.objects.get(pk=target.pk)


def test_a_target_is_kept_with_its_secrets_sealed(
    state: SmallState, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    target = _saved(state)
    link = link_of(EVERYTHING, target)
    assert (link.secrets, link.settings["address"]) == (KEY, API["address"])
    shown = get_target(EVERYTHING, target.uuid)
    told = json.dumps(list(AuditEntry.objects.values("action", "detail")), default=str)
    kept = json.dumps(target.settings) + target.sealed_secrets + repr(link) + repr(shown)
    assert "add_target" in told
    assert [SECRET in text for text in (told, kept, caplog.text)] == [False] * 3
    assert "secret" not in shown.settings


def test_a_key_lasts_a_year_where_nobody_says_otherwise(state: SmallState) -> None:
    target = _saved(state)
    assert target.key_expires_on == ON + timedelta(days=365)
    own = saved_target(state.north, TargetKind.ROLLBOOK, name="Ourselves")
    assert own.key_expires_on is None


def test_a_blank_secret_stays_and_a_new_one_lasts_anew(state: SmallState) -> None:
    target = _saved(state, key_expires_on=date(2026, 10, 1))
    DeliveryTarget.objects.update(reminded_days=14)
    same = _change(target)
    assert (same.key_expires_on, same.reminded_days) == (date(2026, 10, 1), 14)
    assert link_of(EVERYTHING, same).secrets == KEY
    fresh = _change(target, values={"secret": "another"})
    assert (fresh.key_expires_on, fresh.reminded_days) == (ON + timedelta(days=365), None)


def test_a_secret_goes_to_another_address_only_if_typed_again(state: SmallState) -> None:
    target = _saved(state)
    for changed in ("address", "token_address", "username"):
        with pytest.raises(TargetIsIncomplete) as refused:
            _change(target, values={changed: "https://elsewhere.example.org/"})
        assert refused.value.faults == {"secret": TYPED_AGAIN}
    moved = _change(target, values={"address": "https://elsewhere.example.org", **KEY})
    assert moved.settings["address"] == "https://elsewhere.example.org"


def test_what_is_wrong_is_said_by_field(state: SmallState) -> None:
    _saved(state)
    with pytest.raises(TargetIsIncomplete) as refused:
        saved_target(
            state.north,
            TargetKind.IMPORT_API,
            {"address": "api"},
            key_expires_on=date(2026, 9, 14),
        )
    assert set(refused.value.faults) == {
        "address",
        "token_address",
        "username",
        "secret",
        "name",
        "key_expires_on",
    }


def test_targets_are_shown_to_who_writes_groups_there(state: SmallState) -> None:
    target = _saved(state)
    saved_target(state.south, TargetKind.ROLLBOOK, name="South")
    north = reader_of(state.north, permission=Permission.GROUP_WRITE)
    assert [row.name for row in target_list(north)] == ["The state"]
    for scope in (
        reader_of(state.south, permission=Permission.GROUP_WRITE),
        reader_of(state.north, permission=Permission.GROUP_READ),
    ):
        with pytest.raises(TargetNotFound):
            get_target(scope, target.uuid)
        with pytest.raises(TargetNotFound):
            check_target(scope, target.uuid, by=BY, now=NOW)
        with pytest.raises(TargetNotFound):
            close_target(scope, target.uuid, by=BY, now=NOW)
        with pytest.raises(TargetNotFound):
            link_of(scope, target)
        with pytest.raises(OrganizationNotFound):
            save_target(
                scope,
                organization_uuid=state.north.uuid,
                name="Mine",
                kind=TargetKind.ROLLBOOK,
                values={},
                by=BY,
                now=NOW,
            )


def test_a_list_of_targets_costs_the_same_at_one_and_at_three(state: SmallState) -> None:
    counts: list[int] = []
    for number in (1, 2, 3):
        saved_target(state.north, TargetKind.ROLLBOOK, name=f"Target {number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(target_list(EVERYTHING)) == number
        counts.append(len(queries))
    assert counts == [1, 1, 1]


def test_a_connection_is_checked_in_steps(
    state: SmallState, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_systems(monkeypatch, settings)
    with import_server() as server:
        target = saved_target(state.north, TargetKind.IMPORT_API, server.settings, server.secrets)
        assert check_target(EVERYTHING, target.uuid, by=BY, now=NOW).is_good
        server.key = "another"
        assert not check_target(EVERYTHING, target.uuid, by=BY, now=NOW).is_good
    entries = AuditEntry.objects.filter(action="check_target").order_by("sequence")
    assert [entry.detail["is_good"] for entry in entries] == [True, False]


def test_secrets_sealed_with_a_key_that_is_gone_must_be_typed_again(
    state: SmallState, settings: Any
) -> None:
    target = _saved(state)
    settings.SECRET_KEY = "another key of this installation"
    report = check_target(EVERYTHING, target.uuid, by=BY, now=NOW)
    assert [worked for _, worked, _ in report.steps] == [False]
    with pytest.raises(TargetIsIncomplete) as refused:
        _change(target)
    assert set(refused.value.faults) == {"secret"}


def test_a_closed_target_forgets_its_secrets(state: SmallState) -> None:
    target = _saved(state)
    close_target(EVERYTHING, target.uuid, by=BY, now=NOW)
    target.refresh_from_db()
    assert (target.is_active, target.sealed_secrets) == (False, "")
    assert target_list(EVERYTHING) == []
    _saved(state)  # its name is free again


def test_people_are_reminded_14_7_3_and_1_days_before_once_each(state: SmallState) -> None:
    scope_with("district_admin", state.north, "north@example.org")
    scope_with("district_admin", state.south, "south@example.org")
    target = _saved(state, key_expires_on=ON + timedelta(days=20))
    told: list[tuple[int, int]] = []
    for left in range(20, -2, -1):
        moment = NOW + timedelta(days=20 - left)
        for _ in range(2):
            if count := remind_of_keys(EVERYTHING, by=BY, now=moment):
                told.append((left, count))
    assert told == [(14, 1), (7, 1), (3, 1), (1, 1)]
    assert Message.objects.filter(kind="key_ends").count() == 4
    letters = list(Mail.objects.values_list("recipient", "subject").order_by("pk"))
    assert letters == [
        ("north@example.org", f"A key ends in {days}: The state")
        for days in ("14 days", "7 days", "3 days", "1 day")
    ]
    renewed = _change(target, values={"secret": "new"}, key_expires_on=ON + timedelta(days=27))
    assert renewed.reminded_days is None
    assert remind_of_keys(EVERYTHING, by=BY, now=NOW + timedelta(days=13)) == 1


def test_days_that_were_missed_give_one_reminder(state: SmallState) -> None:
    _saved(state, key_expires_on=ON + timedelta(days=2))
    assert [remind_of_keys(EVERYTHING, by=BY, now=NOW) for _ in range(3)] == [1, 0, 0]
    assert DeliveryTarget.objects.get().reminded_days == 3
