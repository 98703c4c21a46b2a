"""Where programs sign in: the two addresses, the two grants, and what is said to who is wrong."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from rollbook.access.actions import add_client, close_client
from rollbook.access.models import ApiToken
from rollbook.shared.scope import Permission
from tests.factories.accounts import BY, EVERYTHING
from tests.factories.places import SmallState

pytestmark = pytest.mark.django_db
OPENAM = "/auth/oauth2/access_token?realm=/sbac"
OKTA = "/oauth2/aus1x2y3/v1/token"
Program = tuple[Any, str, str]


@pytest.fixture(autouse=True)
def nobody_has_tried_yet() -> None:
    cache.clear()


@pytest.fixture
def program(state: SmallState) -> Program:
    return add_client(
        EVERYTHING, name="North SIS", organization_uuid=state.north.uuid,
        permissions=[Permission.GROUP_READ, Permission.GROUP_WRITE], by=BY, now=timezone.now(),
    )  # fmt: skip


def asked(address: str = OPENAM, basic: tuple[str, str] | None = None, **form: str) -> Any:
    headers = {}
    if basic:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
    body = "&".join(f"{name}={value}" for name, value in form.items())
    kind = "application/x-www-form-urlencoded"
    return Client().post(address, body, content_type=kind, headers=headers)


def test_each_way_to_sign_in_gives_a_token(program: Program) -> None:
    _uuid, name, secret = program
    ways: list[dict[str, Any]] = [
        {"grant_type": "password", "username": name, "password": secret},
        # As whoever posts to the state's service does: with a client of another kind beside it.
        {
            "grant_type": "password", "username": name, "password": secret,
            "client_id": "rdw", "client_secret": "other",
        },
        {
            "grant_type": "password", "username": "user", "password": "other",
            "client_id": name, "client_secret": secret,
        },
        {"grant_type": "password", "client_id": name, "client_secret": secret},
        {"grant_type": "client_credentials", "client_id": name, "client_secret": secret},
        {"grant_type": "client_credentials", "basic": (name, secret)},
    ]  # fmt: skip
    for address in (OPENAM, OKTA):
        for way in ways:
            answer = asked(address, **way)
            assert answer.status_code == 200, way
            told = answer.json()
            token = told.pop("access_token")
            assert told == {
                "token_type": "Bearer", "expires_in": 36_000, "scope": "GROUP_READ GROUP_WRITE",
            }  # fmt: skip
            assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store, private", "no-cache")
            called = Client().get("/imports/user", headers={"Authorization": f"Bearer {token}"})
            assert called.status_code in (200, 404)
    assert ApiToken.objects.count() == 2 * len(ways)


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "username": "x", "password": "y"}, 400, "invalid_grant"),
        ({"grant_type": "password", "username": "x"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"username": "x", "password": "y"}, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        (
            {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"},
            401,
            "invalid_client",
        ),
        ({"grant_type": "client_credentials", "basic": ("x", "y")}, 401, "invalid_client"),
        ({"grant_type": "password", "username": "a%00b", "password": "y"}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "%C3", "password": "%FF"}, 400, "invalid_grant"),
    ],
)
def test_who_is_wrong_is_told_as_the_standard_says(
    program: Program, form: dict[str, Any], status: int, error: str
) -> None:
    answer = asked(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert set(answer.json()) == {"error", "error_description"}
    assert ("WWW-Authenticate" in answer) == (status == 401)
    assert answer["Cache-Control"] == "no-store, private"
    assert ApiToken.objects.count() == 0


def test_a_secret_never_travels_in_an_address(program: Program) -> None:
    _uuid, name, secret = program
    query = f"grant_type=password&username={name}&password={secret}"
    assert asked(f"/auth/oauth2/access_token?{query}").status_code == 400
    assert Client().get(f"/auth/oauth2/access_token?{query}").status_code == 405


def test_a_parameter_that_comes_twice_is_refused(program: Program) -> None:
    _uuid, name, secret = program
    body = f"grant_type=password&username={name}&password={secret}&password={secret}"
    kind = "application/x-www-form-urlencoded"
    answer = Client().post(OPENAM, body, content_type=kind)
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
def test_only_a_form_is_read(program: Program, kind: str) -> None:
    answer = Client().post(OPENAM, b"{}", content_type=kind)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_long_body_is_refused_before_it_is_read(program: Program) -> None:
    answer = asked(grant_type="password", username="x", password="y" * 70_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_guessing_is_slowed_and_shuts_nobody_out(program: Program) -> None:
    _uuid, name, secret = program
    wrong = {"grant_type": "password", "username": name, "password": "guess"}
    assert [asked(**wrong).status_code for _ in range(12)] == [400] * 10 + [429] * 2
    assert asked(**wrong).json()["error"] == "too_many_requests"
    assert asked(**{**wrong, "username": "another"}).status_code == 400
    assert asked(**{**wrong, "password": secret}).status_code == 200


def test_one_address_guesses_at_no_more_than_a_hundred(
    program: Program, settings: LazySettings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"api_token": "3/5m/ip,10/5m/key"}
    tries = [
        asked(grant_type="password", username=f"name{n}", password="x").status_code
        for n in range(5)
    ]
    assert tries == [400] * 3 + [429] * 2


def test_a_closed_program_gets_nothing(program: Program) -> None:
    uuid, name, secret = program
    close_client(EVERYTHING, uuid, by=BY, now=timezone.now())
    answer = asked(grant_type="password", username=name, password=secret)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "path", ["/auth/oauth2/nothing", "/oauth2/x/v2/token", "/imports/x", "/imports/1/nothing"]
)
def test_what_is_not_there_is_told_to_a_program(state: SmallState, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404
    assert answer.json() == {
        "status": 404,
        "error": "not_found",
        "message": "There is no such thing here, or not for this program.",
    }


def test_what_breaks_is_told_without_a_word_of_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_: object) -> None:
        raise RuntimeError("9876543210")

    monkeypatch.setattr("rollbook.api.tokens.issue_token", breaks)
    client = Client(raise_request_exception=False)
    answer = client.post(
        OPENAM,
        "grant_type=password&username=x&password=y",
        content_type="application/x-www-form-urlencoded",
    )
    told = answer.json()
    assert (answer.status_code, told["status"], told["error"]) == (500, 500, "broken")
    assert "9876543210" not in answer.content.decode()
    assert Client().post("/nowhere/").status_code == 404
