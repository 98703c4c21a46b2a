"""Programs that call the API: who lets them in, what they hold, and how each of it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings

from rollbook.access import actions, queries
from rollbook.access.jobs import remind
from rollbook.access.models import ApiClient, ApiSecret, ApiToken
from rollbook.audit.models import AuditEntry
from rollbook.jobs.types import JobContext
from rollbook.messages.models import Mail, Message
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, ON, account, grant, scope_with
from tests.factories.places import SmallState, small_state

pytestmark = pytest.mark.django_db
P = Permission
SENDS = (P.GROUP_READ, P.GROUP_WRITE)
CALLER = Actor(ActorKind.API, "program")


@pytest.fixture
def state() -> SmallState:
    return small_state()


def added(state: SmallState, scope: Scope = EVERYTHING, days: int = 365) -> tuple[UUID, str, str]:
    return actions.add_client(
        scope,
        name="North SIS",
        organization_uuid=state.north.uuid,
        permissions=SENDS,
        expires_on=ON + timedelta(days=days),
        by=BY,
        now=NOW,
    )


def token(username: str, secret: str, now: datetime = NOW) -> str:
    return actions.issue_token(username=username, secret=secret, by=CALLER, now=now)[0]


def test_a_program_signs_in_and_acts_where_it_was_let_in(state: SmallState) -> None:
    client, username, secret = added(state)
    shown, seconds, scope = actions.issue_token(
        username=username, secret=secret, by=CALLER, now=NOW
    )
    assert (seconds, scope) == (36_000, "GROUP_READ GROUP_WRITE")
    caller = queries.client_of_token(shown, now=NOW)
    assert caller is not None
    assert (caller.uuid, caller.username, caller.organization.name) == (
        client, username, "North District",
    )  # fmt: skip
    assert caller.actor == Actor(ActorKind.API, f"program {client}")
    assert caller.scope.program_id == caller.client_id == ApiClient.objects.get().pk
    assert set(caller.scope.reach) == set(SENDS)
    places = {state.north.pk, state.north_high.pk, state.north_middle.pk}
    assert caller.scope.over(P.GROUP_WRITE).organization_ids == places
    assert caller.scope.over(P.GROUP_WRITE).everything is False
    told = list(AuditEntry.objects.values_list("action", "actor_label"))
    assert told == [("add_client", BY.label), ("issue_token", f"program {client}")]


def test_nothing_that_opens_is_kept(state: SmallState) -> None:
    _client, username, secret = added(state)
    shown = token(username, secret)
    kept = [*ApiSecret.objects.values(), *ApiToken.objects.values(), *AuditEntry.objects.values()]
    assert secret not in str(kept)
    assert shown not in str(kept)
    assert len(secret) >= 43  # 256 bits in base 64
    assert ApiSecret.objects.get().hint == secret[-4:]


@pytest.mark.parametrize("wrong", ["secret", "username", "both", "nothing", "digest"])
def test_what_is_wrong_is_not_told(state: SmallState, wrong: str) -> None:
    _client, username, secret = added(state)
    sent = {
        "secret": (username, secret[:-1]),
        "username": ("other", secret),
        "both": ("other", "other"),
        "nothing": ("", ""),
        "digest": (username, ApiSecret.objects.get().digest),
    }[wrong]
    with pytest.raises(actions.SecretRefused) as refused:
        token(*sent)
    assert str(refused.value) == "This user name and secret open nothing."
    assert ApiToken.objects.count() == 0


def test_a_secret_of_one_program_does_not_open_another(state: SmallState) -> None:
    _one, username, _secret = added(state)
    _other, _username, secret = added(state)
    with pytest.raises(actions.SecretRefused):
        token(username, secret)


def test_renewing_does_not_break_what_runs(state: SmallState) -> None:
    client, username, first = added(state)
    running = token(username, first)
    second = actions.renew_secret(EVERYTHING, client, by=BY, now=NOW)
    assert queries.client_of_token(running, now=NOW) is not None
    assert token(username, first)
    assert token(username, second)
    with pytest.raises(actions.TwoSecretsHold):
        actions.renew_secret(EVERYTHING, client, by=BY, now=NOW)


def test_a_revoked_secret_ends_its_tokens_at_once_and_no_other(state: SmallState) -> None:
    client, username, first = added(state)
    second = actions.renew_secret(EVERYTHING, client, by=BY, now=NOW)
    one, two = token(username, first), token(username, second)
    revoked = ApiSecret.objects.get(hint=first[-4:])
    for _ in range(2):
        actions.revoke_secret(EVERYTHING, client, revoked.uuid, by=BY, now=NOW)
    assert queries.client_of_token(one, now=NOW) is None
    assert queries.client_of_token(two, now=NOW) is not None
    with pytest.raises(actions.SecretRefused):
        token(username, first)
    assert AuditEntry.objects.filter(action="revoke_secret").count() == 1
    assert actions.renew_secret(EVERYTHING, client, by=BY, now=NOW)
    with pytest.raises(queries.ClientNotFound):
        actions.revoke_secret(EVERYTHING, client, uuid4(), by=BY, now=NOW)


@pytest.mark.parametrize("end", ["close", "organization", "expiry", "revoked behind", "age"])
def test_a_token_hangs_on_all_that_it_came_from(state: SmallState, end: str) -> None:
    client, username, secret = added(state)
    shown, moment = token(username, secret), NOW
    if end == "close":
        actions.close_client(EVERYTHING, client, by=BY, now=NOW)
        assert ApiToken.objects.count() == 0
    elif end == "organization":
        state.north.is_active = False
        state.north.save()
    elif end == "expiry":
        ApiSecret.objects.update(expires_on=ON)
    elif end == "revoked behind":
        ApiSecret.objects.update(revoked_at=NOW)
    else:
        moment = NOW + timedelta(hours=10)
    assert queries.client_of_token(shown, now=moment) is None
    if end != "age":
        with pytest.raises(actions.SecretRefused):
            token(username, secret)


def test_a_token_never_outlives_its_secret(state: SmallState, settings: LazySettings) -> None:
    settings.API_TOKEN_SECONDS = 14 * 24 * 3600
    _client, username, secret = added(state, days=1)
    _token, seconds, _scope = actions.issue_token(
        username=username, secret=secret, by=CALLER, now=NOW
    )
    assert seconds == 13 * 3600  # NOW is 11 in the morning in California
    assert actions.remove_expired_tokens(by=BY, now=NOW + timedelta(days=1)) == 1
    assert ApiToken.objects.count() == 0


def test_a_closed_program_stays_closed(state: SmallState) -> None:
    client, _username, _secret = added(state)
    for _ in range(2):
        actions.close_client(EVERYTHING, client, by=BY, now=NOW)
    with pytest.raises(actions.ProgramRefused):
        actions.renew_secret(EVERYTHING, client, by=BY, now=NOW)
    pk = ApiClient.objects.get().pk
    assert not queries.scope_of_program(pk, on=ON).reach
    assert [row.is_active for row in queries.clients_in(EVERYTHING)] == [False]


def test_who_may_let_a_program_in(state: SmallState) -> None:
    north = scope_with("district_admin", state.north)
    assert added(state, north)
    with pytest.raises(OrganizationNotFound):
        added(state, scope_with("district_admin", state.south, "south@example.org"))
    school = scope_with("school_admin", state.north_high, "school@example.org")
    with pytest.raises(actions.ProgramRefused, match="more than you hold"):
        actions.add_client(
            school,
            name="Bell",
            organization_uuid=state.north_high.uuid,
            permissions=[P.GROUP_WRITE],
            by=BY,
            now=NOW,
        )
    with pytest.raises(actions.ProgramRefused, match="1 to 365 days"):
        added(state, north, days=366)


def test_a_program_of_another_district_is_not_there(state: SmallState) -> None:
    client, _username, _secret = added(state)
    south = scope_with("district_admin", state.south)
    assert queries.clients_in(south) == []
    secret = ApiSecret.objects.get()
    for refused in (
        lambda: queries.get_client(south, client),
        lambda: actions.renew_secret(south, client, by=BY, now=NOW),
        lambda: actions.close_client(south, client, by=BY, now=NOW),
        lambda: actions.revoke_secret(south, client, secret.uuid, by=BY, now=NOW),
    ):
        with pytest.raises(queries.ClientNotFound):
            refused()
    assert len(queries.clients_in(scope_with("district_admin", state.north, "n@example.org"))) == 1


def test_listing_asks_the_same_of_one_and_of_three(
    state: SmallState, django_assert_num_queries: Any
) -> None:
    added(state)
    with django_assert_num_queries(2):
        assert len(queries.clients_in(EVERYTHING)) == 1
    added(state), added(state)
    with django_assert_num_queries(2):
        assert [len(row.secrets) for row in queries.clients_in(EVERYTHING)] == [1, 1, 1]


def night(days: int) -> JobContext:
    return JobContext(
        now=NOW + timedelta(days=days),
        job_uuid="",
        actor=Actor.job("access.remind_of_secrets"),
        progress=lambda *_: None,
    )


def test_reminders_come_14_7_3_and_1_days_before_to_who_let_it_in(state: SmallState) -> None:
    for role, place, email in (
        ("district_admin", state.north, "north@example.org"),
        ("district_admin", state.south, "south@example.org"),
        ("teacher", state.north_high, "teacher@example.org"),
    ):
        grant(account(email), role, place)
    client, _username, _secret = added(state, days=30)
    told = {days: remind(night(30 - days))["reminders"] for days in range(20, -1, -1)}
    assert {days for days, count in told.items() if count} == {14, 7, 3, 1}
    assert set(Mail.objects.values_list("recipient", flat=True)) == {"north@example.org"}
    assert Mail.objects.count() == Message.objects.count() == 4
    first = Message.objects.order_by("created_at", "pk").first()
    assert first is not None
    assert first.title == "A program's secret ends in 14 days: North SIS"
    assert first.link.endswith(f"/administration/clients/{client}/")


def test_who_has_changed_to_the_later_secret_is_left_in_peace(state: SmallState) -> None:
    client, username, _first = added(state, days=14)
    second = actions.renew_secret(EVERYTHING, client, by=BY, now=NOW)
    assert queries.secrets_near_end(EVERYTHING).count() == 1
    token(username, second)
    assert queries.secrets_near_end(EVERYTHING).count() == 0
    assert remind(night(0)) == {"reminders": 0}
