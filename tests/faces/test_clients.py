"""Letting programs in, by page and by command: a secret is shown once, and ends when it is told."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rollbook.access.models import ApiClient, ApiSecret
from rollbook.cli.main import main
from tests.faces.conftest import SignIn
from tests.factories.places import SmallState
from tests.factories.programs import program, token

pytestmark = pytest.mark.django_db
PAGE = "/2027/administration/clients/"
SECRET = re.compile(r"<code>([\w-]{43})</code>")


def form_of(state: SmallState, **more: Any) -> dict[str, Any]:
    whole = {"name": "North SIS", "may": ["GROUP_READ", "GROUP_WRITE"], "expires_on": ""}
    return {**whole, "organization": str(state.north.uuid), **more}


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_a_secret_is_shown_once_and_works(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in()
    answer = client.post(PAGE, form_of(state))
    (secret,) = SECRET.findall(answer.content.decode())
    made = ApiClient.objects.get()
    assert made.username in answer.content.decode()
    assert token(made.username, secret)
    for page in (PAGE, reverse("client", args=[2027, made.uuid])):
        assert secret not in client.get(page).content.decode()
    assert answer["Cache-Control"] == "no-store, private"


def test_a_secret_is_renewed_and_the_first_revoked(state: SmallState, sign_in: SignIn) -> None:
    client, (username, first) = sign_in(), program(state.north)
    page = reverse("client", args=[2027, ApiClient.objects.get().uuid])
    answer = client.post(page, {"choice": "renew", "expires_on": ""})
    (second,) = SECRET.findall(answer.content.decode())
    assert token(username, first)
    assert token(username, second)
    again = client.post(page, {"choice": "renew", "expires_on": ""}, follow=True)
    assert told(again) == ["Two secrets of this program hold already. Revoke one first."]
    revoked = ApiSecret.objects.get(hint=first[-4:])
    answer = client.post(page, {"choice": "revoke", "secret": str(revoked.uuid)}, follow=True)
    assert told(answer) == ["The secret holds no more, nor does any token of it."]
    assert token(username, second)
    client.post(page, {"choice": "close"})
    assert ApiClient.objects.get().is_active is False
    text = client.get(page).content.decode()
    assert "shut out" in text
    assert "Make 1 new secret" not in text


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"name": "  "}, "Give the program a name"),
        ({"may": []}, "Choose what it may do"),
        ({"may": ["ACCOUNT_WRITE"]}, "Choose what it may do"),
        ({"organization": "nowhere"}, "Choose a place from the list"),
        ({"expires_on": "2026-02-31"}, "Choose a place from the list, and a day that there is."),
        ({"expires_on": "2020-01-01"}, "A secret holds for 1 to 365 days."),
    ],
)
def test_what_a_form_lacks_is_said(
    state: SmallState, sign_in: SignIn, more: dict[str, Any], says: str
) -> None:
    answer = sign_in().post(PAGE, form_of(state, **more), follow=True)
    assert says in told(answer)[0]
    assert ApiClient.objects.count() == 0


def test_a_program_of_another_district_is_not_there(state: SmallState, sign_in: SignIn) -> None:
    program(state.south, name="South SIS")
    page = reverse("client", args=[2027, ApiClient.objects.get().uuid])
    client = sign_in("district_admin", state.north)
    assert "South SIS" not in client.get(PAGE).content.decode()
    for form in (None, {"choice": "close"}, {"choice": "renew"}):
        answer = client.get(page) if form is None else client.post(page, form)
        assert answer.status_code == 404
    assert ApiClient.objects.get().is_active


def test_who_holds_less_gives_less(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in("school_admin", state.north_high)
    form = form_of(state, organization=str(state.north_high.uuid))
    assert "more than you hold here" in told(client.post(PAGE, form, follow=True))[0]
    assert ApiClient.objects.count() == 0


def test_a_secret_that_ends_soon_waits_on_the_home_page(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in()
    program(state.north, name="North SIS")
    assert "North SIS" not in client.get("/2027/").content.decode()
    ends = timezone.localdate() + timedelta(days=14)
    ApiSecret.objects.update(expires_on=ends)
    page = reverse("client", args=[2027, ApiClient.objects.get().uuid])
    text = client.get("/2027/").content.decode()
    assert "The secret of North SIS ends in 14 days." in text
    assert f'href="{page}"' in text
    assert "ends soon" in client.get(page).content.decode()


def test_pages_ask_the_same_of_one_and_of_three(state: SmallState, sign_in: SignIn) -> None:
    client, counts = sign_in(), []
    client.get(PAGE)  # the first one also writes the session
    for number in (1, 3):
        while ApiClient.objects.count() < number:
            program(state.north)
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGE)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.fixture
def installation(own_home: None, settings: Any) -> None:
    (Path(settings.HOME) / "run").mkdir()
    (Path(settings.HOME) / "secret_key").write_text("key")


def run(*words: object, ends: int = 0) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == ends, done.output
    return done


def test_a_program_by_command_from_its_making_to_its_end(
    state: SmallState, installation: None
) -> None:
    made = run("clients", "add", "North SIS", "--at", "01", "--format", "json")
    told = json.loads(made.stdout)
    assert token(told["username"], told["secret"])
    listed = json.loads(run("clients", "list", "--format", "json").stdout)
    assert [(row["name"], row["at"], row["permissions"]) for row in listed] == [
        ("North SIS", "North District", ["GROUP_READ", "GROUP_WRITE"])
    ]
    first = listed[0]["secrets"][0]
    assert (first["holds"], first["days_left"]) == (True, 365)
    assert told["secret"] not in json.dumps(listed)
    renewed = run("clients", "renew", told["client"]).output.rsplit(": ")[1].strip()
    assert token(told["username"], renewed)
    refused = run("clients", "renew", told["client"], ends=1)
    assert "Two secrets of this program hold already." in refused.output
    run("clients", "revoke", told["client"], first["secret"])
    run("clients", "close", told["client"])
    assert "shut out" in run("clients", "list").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("close", "00000000-0000-4000-8000-000000000000"), "There is no such program"),
        (("add", "SIS", "--at", "99"), "organizations are called"),
        (("add", "SIS", "--at", "01", "--until", "2020-01-01"), "1 to 365 days"),
    ],
)
def test_a_command_says_why_not(
    state: SmallState, installation: None, words: tuple[str, ...], says: str
) -> None:
    assert says in run("clients", *words, ends=1).output


def test_days_are_days_of_the_agency(state: SmallState, installation: None) -> None:
    until = timezone.localdate() + timedelta(days=30)
    run("clients", "add", "SIS", "--at", "01", "--until", until)
    assert ApiSecret.objects.get().expires_on == until
