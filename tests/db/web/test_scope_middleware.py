"""What every request carries: the reader, the reader's scope, and the session's limits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollbook.access.actions import disable_account
from rollbook.access.models import Account
from rollbook.groups.models import GroupUser, StudentGroup
from rollbook.shared.scope import Permission
from rollbook.web.middleware import SEEN_AT, SIGNED_IN_AT, ScopeMiddleware
from tests.factories.accounts import BY, EVERYTHING, account, grant
from tests.factories.places import SmallState, small_state

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.db.web.sign_in_urls")]
NOON = datetime(2026, 9, 15, 19, tzinfo=UTC)


@pytest.fixture
def state() -> SmallState:
    return small_state()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Hold the present in a list of one, for tests to move."""
    present = [NOON]
    monkeypatch.setattr(timezone, "now", lambda: present[0])
    return present


def ask(client: Client, holder: Account | None, path: str = "/x") -> tuple[Any, HttpResponse]:
    """Send one request through the middleware, with the client's session."""
    request: Any = RequestFactory().get(path)
    request.session = client.session
    is_in = holder is not None and SESSION_KEY in request.session
    request.user = holder if is_in else AnonymousUser()
    seen: list[HttpRequest] = []

    def page(asked: HttpRequest) -> HttpResponse:
        seen.append(asked)
        return HttpResponse("page")

    response = ScopeMiddleware(page)(request)
    if request.session.modified and request.session.session_key:
        request.session.save()
    return (seen[0] if seen else None), response


def signed_in(holder: Account) -> Client:
    client = Client()
    client.force_login(holder, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_somebody_not_signed_in_sees_nothing(client: Client, clock: list[datetime]) -> None:
    asked, _ = ask(client, None)
    assert asked.scope.account_id is None
    assert dict(asked.scope.reach) == {}
    assert (asked.actor.label, asked.actor.account_id) == ("nobody", None)


def test_a_reader_carries_their_scope_groups_and_name(
    state: SmallState, clock: list[datetime]
) -> None:
    holder = account("Pat@example.org".lower())
    grant(holder, "teacher", state.north_high)
    group = StudentGroup.objects.create(
        name="6A", school=state.north_high, school_year=2027, origin="hand"
    )
    GroupUser.objects.create(group=group, login="pat@example.org")
    asked, _ = ask(signed_in(holder), holder)
    assert asked.scope.account_id == holder.pk
    assert asked.scope.on == date(2026, 9, 15)
    assert asked.scope.group_ids == {group.pk}
    assert asked.scope.over(Permission.GROUP_PII_READ).includes(state.north_high.pk)
    assert (asked.actor.label, asked.actor.account_id) == (f"account {holder.uuid}", holder.pk)


def test_the_scope_is_of_the_local_day(state: SmallState, clock: list[datetime]) -> None:
    holder = account()
    clock[0] = datetime(2026, 9, 16, 6, 59, tzinfo=UTC)  # a minute before midnight in California
    asked, _ = ask(signed_in(holder), holder)
    assert asked.scope.on == date(2026, 9, 15)


def test_a_session_ends_after_half_an_hour_of_silence(
    state: SmallState, clock: list[datetime], settings: Any
) -> None:
    holder = account()
    grant(holder, "teacher", state.north_high)
    client = signed_in(holder)
    begun = NOON.timestamp()
    for minutes, is_in in [(0, True), (29, True), (58, True), (89, False)]:
        clock[0] = datetime.fromtimestamp(begun + 60 * minutes, UTC)
        asked, _ = ask(client, holder)
        assert asked.scope.may(Permission.GROUP_READ) is is_in, minutes
    assert SESSION_KEY not in client.session


def test_a_session_ends_after_12_hours_however_busy(
    state: SmallState, clock: list[datetime]
) -> None:
    holder = account()
    client, begun = signed_in(holder), NOON.timestamp()
    for quarter in range(12 * 4 + 1):
        clock[0] = datetime.fromtimestamp(begun + 900 * quarter, UTC)
        asked, _ = ask(client, holder)
        assert asked.scope.account_id == holder.pk
    clock[0] = datetime.fromtimestamp(begun + 12 * 3600 + 1, UTC)
    asked, _ = ask(client, holder)
    assert asked.scope.account_id is None


def test_the_session_is_written_once_a_minute_at_most(clock: list[datetime]) -> None:
    holder = account()
    client, begun = signed_in(holder), int(NOON.timestamp())
    ask(client, holder)
    clock[0] = datetime.fromtimestamp(begun + 59, UTC)
    asked, _ = ask(client, holder)
    assert not asked.session.modified
    clock[0] = datetime.fromtimestamp(begun + 60, UTC)
    asked, _ = ask(client, holder)
    assert asked.session.modified
    assert (client.session[SIGNED_IN_AT], client.session[SEEN_AT]) == (begun, begun + 60)


def test_an_idle_visitor_leaves_the_sandbox(
    state: SmallState, clock: list[datetime], settings: LazySettings
) -> None:
    settings.SANDBOX = True
    visitor = account("sandbox-1@sandbox.invalid", is_sandbox=True)
    client = signed_in(visitor)
    ask(client, visitor)
    clock[0] = datetime.fromtimestamp(NOON.timestamp() + 1801, UTC)
    asked, _ = ask(client, visitor)
    assert asked.scope.account_id is None
    assert not Account.objects.exists()


def test_an_administrator_without_a_second_factor_may_only_set_one_up(
    state: SmallState, clock: list[datetime]
) -> None:
    holder = account()
    grant(holder, "district_admin", state.north)
    client = signed_in(holder)
    asked, response = ask(client, holder)
    assert asked is None
    assert response["Location"] == "/accounts/2fa/totp/activate/"
    asked, _ = ask(client, holder, "/accounts/2fa/totp/activate/")
    assert dict(asked.scope.reach) == {}
    assert asked.actor.account_id == holder.pk
    Authenticator.objects.create(user=holder, type=Authenticator.Type.TOTP, data={})
    asked, _ = ask(client, holder)
    assert asked.scope.may(Permission.ROSTER_WRITE)


def test_visitors_of_the_sandbox_need_no_second_factor(
    state: SmallState, clock: list[datetime], settings: LazySettings
) -> None:
    settings.SANDBOX = True
    visitor = account("sandbox-1@sandbox.invalid", is_sandbox=True)
    grant(visitor, "district_admin", state.north)
    asked, _ = ask(signed_in(visitor), visitor)
    assert asked.scope.may(Permission.ROSTER_READ)


def test_a_request_takes_as_many_queries_for_three_grants_as_for_one(
    state: SmallState, clock: list[datetime]
) -> None:
    holder, counts = account(), []
    client = signed_in(holder)
    for place in (state.north_high, state.north_middle, state.south_high):
        grant(holder, "teacher", place)
        ask(client, holder)
        with CaptureQueriesContext(connection) as captured:
            ask(client, holder)
        counts.append(sum("rollbook_" in query["sql"] for query in captured))
    assert counts == [5, 5, 5]


def test_a_disabled_account_is_signed_out_by_the_next_request(
    state: SmallState, settings: Any, tmp_path: Path
) -> None:
    """Through the whole stack: even a session that outlived the disabling finds no user."""
    settings.STATIC_ROOT = tmp_path
    holder = account()
    grant(holder, "teacher", state.north_high)
    client = signed_in(holder)
    kept = dict(client.session.items())
    disable_account(EVERYTHING, account=holder.uuid, by=BY, now=timezone.now())
    assert SESSION_KEY not in client.session
    session = client.session
    session.update(kept)
    session.save()
    client.cookies["sessionid"] = session.session_key
    response = client.get("/accounts/email/")
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_a_grant_ended_in_the_middle_of_a_session_ends_there(
    state: SmallState, clock: list[datetime]
) -> None:
    holder = account()
    held = grant(holder, "teacher", state.north_high)
    client = signed_in(holder)
    asked, _ = ask(client, holder)
    assert asked.scope.may(Permission.GROUP_READ)
    held.ends_before = date(2026, 9, 15)
    held.save()
    asked, _ = ask(client, holder)
    assert not asked.scope.may(Permission.GROUP_READ)
