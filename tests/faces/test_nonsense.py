"""Nothing that anybody types into a form or an address breaks a page."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from rollbook.access.models import Account
from tests.canary.doors import routes
from tests.faces.conftest import SignIn
from tests.factories.places import SmallState

WORDS = ("", "²", "-1", "0", "9" * 30, "nonsense", "a\x00b", "2026-13-45", "é" * 300, "'; --")
FIELDS = (
    "page", "school", "grade", "year", "subject", "a", "view", "display", "table", "action", "text",
    "ssid", "search", "entry", "choice", "digest", "approved_count", "email", "role",
    "organization", "grant", "starts_on", "ends_before",
)  # fmt: skip
SIGNS_OUT = {"leave"}


@pytest.fixture
def client(state: SmallState, sign_in: SignIn) -> Client:
    return sign_in()


def _path(name: str, parameters: tuple[str, ...], state: SmallState, *, year: int = 2027) -> str:
    known = {"school_year": year, "grade": "03", "school": state.north_high.uuid}
    known["account"] = Account.objects.get().uuid
    return reverse(name, kwargs={word: known.get(word, uuid4()) for word in parameters})


OWN = [route for route in routes() if not (route.is_api or route.pattern.startswith("accounts/"))]


@pytest.mark.parametrize("route", [r for r in OWN if r.name not in SIGNS_OUT], ids=lambda r: r.name)
def test_no_word_breaks_a_page(route: object, client: Client, state: SmallState) -> None:
    path = _path(route.name, route.parameters, state)  # type: ignore[attr-defined]
    broken = [
        (method, word)
        for word in WORDS
        for method in ("get", "post")
        if getattr(client, method)(path, dict.fromkeys(FIELDS, word)).status_code >= 500
    ]
    assert broken == []


CHOICES = {
    "person": ("grant", "end", "disable", "enable", "sign_out"),
    "people": ("add",),
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", CHOICES)
def test_no_word_breaks_a_choice(name: str, word: str, client: Client, state: SmallState) -> None:
    parameters = next(route.parameters for route in OWN if route.name == name)
    path = _path(name, parameters, state)
    for choice in CHOICES[name]:
        form = {**dict.fromkeys(FIELDS, word), "choice": choice}
        assert client.post(path, form).status_code < 500
        good = {
            "email": "new@example.org",
            "role": "teacher",
            "organization": state.north_high.uuid,
        }
        for field in ("starts_on", "ends_before", "organization", "role", "email"):
            sent = {**good, "choice": choice, field: word}
            assert client.post(path, sent).status_code < 500, (choice, field)


@pytest.mark.parametrize("year", [0, 1, 9999, 99_999_999])
def test_no_year_breaks_a_page(year: int, client: Client, state: SmallState) -> None:
    broken = [
        route.name
        for route in OWN
        if "school_year" in route.parameters
        and client.get(_path(route.name, route.parameters, state, year=year)).status_code >= 500
    ]
    assert broken == []
