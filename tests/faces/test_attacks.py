"""What somebody with bad intentions tries on the pages, and what comes of it."""

from __future__ import annotations

import os
import re
import smtplib
from pathlib import Path

import pytest
from allauth.account import adapter
from click.testing import CliRunner
from django.conf import LazySettings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.utils import timezone

from rollbook.access.models import Account
from rollbook.cli.main import main
from rollbook.roster.models.intakes import Intake
from rollbook.web.door import typed
from tests.db.changes import given
from tests.faces.conftest import SignIn
from tests.factories.accounts import account, grant
from tests.factories.places import SmallState

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase 42"
YEAR = "/2027/"


def teacher(state: SmallState) -> Client:
    """Sign a teacher in with a password, as the page does."""
    holder = account("teacher@example.org")
    holder.set_password(PASSWORD)
    holder.save()
    grant(holder, "teacher", state.north_high)
    client = Client()
    client.post("/accounts/login/", {"login": holder.email, "password": PASSWORD})
    return client


def test_nobody_takes_the_address_that_groups_are_assigned_to(state: SmallState) -> None:
    client = teacher(state)
    for button in ("action_add", "action_primary"):
        form = {button: "", "email": "colleague@example.org"}
        assert client.post("/accounts/email/", form).status_code == 404
    assert list(Account.objects.values_list("email", flat=True)) == ["teacher@example.org"]
    assert client.get("/accounts/signup/").status_code == 404
    assert client.get("/accounts/confirm-email/x:y/").status_code == 404


def visitor(state: SmallState) -> Client:
    client = Client()
    client.post("/sandbox/", {"entry": f"district_admin@{state.north.uuid}"})
    assert client.get(f"{YEAR}rosters/").status_code == 200
    return client


def test_a_sandbox_that_closes_lets_nobody_stay(state: SmallState, settings: LazySettings) -> None:
    settings.SANDBOX = True
    client = visitor(state)
    settings.SANDBOX = False
    assert client.get(f"{YEAR}rosters/").headers["Location"] == "/"
    assert not Account.objects.exists()


def test_a_visit_to_the_sandbox_takes_no_password(
    state: SmallState, settings: LazySettings
) -> None:
    settings.SANDBOX = True
    client = visitor(state)
    form = {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/password/set/", form).headers["Location"] == "/"
    assert client.get("/accounts/2fa/").headers["Location"] == "/"
    assert not Account.objects.get().has_usable_password()


def test_no_answer_is_kept_by_a_browser(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in()
    asked = ["/accounts/2fa/", "/accounts/password/change/", f"{YEAR}nowhere/", YEAR]
    kept = [address for address in asked if "no-store" not in client.get(address)["Cache-Control"]]
    assert kept == []


def test_more_than_may_be_sent_is_refused_before_it_is_read(
    state: SmallState, sign_in: SignIn, settings: LazySettings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.UPLOAD_MAX_BYTES = 1_000, 5_000

    def sent(client: Client, size: int) -> int:
        form = {"bundle": SimpleUploadedFile("other.zip", b"x" * size)}
        return client.post(f"{YEAR}rosters/", form).status_code

    assert sent(Client(), 1_500) == 413
    client = sign_in()
    assert sent(client, 7_000) == 413
    assert sent(client, 1_500) == 302
    assert client.post(YEAR, CONTENT_LENGTH="-1").status_code == 413


@pytest.mark.parametrize("text", ["a\x00b", "a" * 100_000, "a " * 50_000])
def test_no_text_is_too_odd_to_search_for(sign_in: SignIn, text: str) -> None:
    client = sign_in()
    forms = [
        ("administration/people/", {"search": text}),
        ("rosters/students/", {"text": text}),
        ("results/student-search/", {"ssid": text}),
    ]
    answers = [client.post(f"{YEAR}{page}", form).status_code for page, form in forms]
    assert answers == [200, 200, 302]


def test_what_is_typed_is_cut(rf: RequestFactory) -> None:
    asked = rf.post("/", {"name": " ab cdef "})
    assert typed(asked, "name", 3) == "ab"
    assert typed(asked, "other", 3) == ""


def test_a_stranger_makes_no_mail_go_anywhere(state: SmallState) -> None:
    account("known@example.org")
    known = Client().post("/accounts/password/reset/", {"email": "known@example.org"})
    assert [message.to for message in mail.outbox] == [["known@example.org"]]
    unknown = Client().post("/accounts/password/reset/", {"email": "stranger@example.com"})
    assert len(mail.outbox) == 1
    assert known.headers["Location"] == unknown.headers["Location"]


def test_a_mail_server_that_is_away_tells_nobody_who_has_an_account(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_more: object) -> None:
        raise smtplib.SMTPServerDisconnected("away")

    monkeypatch.setattr(adapter.DefaultAccountAdapter, "send_mail", away)
    account("known@example.org")
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}).headers["Location"]
        for email in ("known@example.org", "stranger@example.com")
    ]
    assert answers == ["/accounts/password/reset/done/"] * 2


def test_whose_password_changes_is_told(state: SmallState) -> None:
    client = teacher(state)
    other = "another long passphrase 7"
    form = {"oldpassword": PASSWORD, "password1": other, "password2": other}
    assert client.post("/accounts/password/change/", form).status_code == 302
    assert Account.objects.get().check_password(other)
    assert [message.to for message in mail.outbox] == [["teacher@example.org"]]
    assert other not in mail.outbox[0].body


HOSTILE = '<script>alert(1)</script>"><img src=x>{{ 7|add:7 }}'


def test_a_name_is_no_markup_and_no_template(state: SmallState, sign_in: SignIn) -> None:
    type(state.north).objects.update(name=HOSTILE)
    Account.objects.update(first_name=HOSTILE)
    client = sign_in()
    Account.objects.update(first_name=HOSTILE)
    pages = ["", "results/", "administration/people/", "administration/organizations/"]
    for page in pages:
        text = client.get(f"{YEAR}{page}").content.decode()
        assert re.findall(r"<script>|<img src=x|>14", text) == []
        assert "&lt;script&gt;" in text


def test_what_a_command_writes_is_for_its_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o022)
    try:
        monkeypatch.setenv("ROLLBOOK_HOME", str(tmp_path))
        CliRunner().invoke(main, ["doctor", "--help"])
        (tmp_path / "plain").write_text("a name")
    finally:
        os.umask(before)
    assert (tmp_path / "plain").stat().st_mode & 0o077 == 0


def proposed(state: SmallState) -> Intake:
    """Return a roster whose plan adds students and waits for nobody."""
    plan = given.plan(given.additions(state.north_high, 3))
    return Intake.objects.create(
        source="s", file_name="r.zip", sha256="d", byte_count=1, profile="lenient",
        plan=plan, organization=state.north,
        status="planned", received_at=timezone.now(), received_by="test",
    )  # fmt: skip


@pytest.mark.parametrize(
    "form",
    [
        {"choice": "commit"},
        {},
        {"choice": "all", "approved_count": "9" * 50},
        {"choice": "all", "approved_count": "-6"},
        {"choice": "all", "approved_count": "6", "digest": "0" * 64},
    ],
)
def test_no_nonsense_commits_a_plan(
    state: SmallState, sign_in: SignIn, form: dict[str, str]
) -> None:
    intake, client = proposed(state), sign_in()
    sent = {"digest": intake.plan.digest} | form
    answer = client.post(f"{YEAR}rosters/{intake.uuid}/decide/", sent, follow=True)
    assert re.search(r"nothing was done|Nothing was done", answer.content.decode())
    intake.plan.refresh_from_db()
    assert intake.plan.status == "proposed"
    client.post(f"{YEAR}rosters/{intake.uuid}/decide/", sent | {
        "choice": "all", "approved_count": "6", "digest": intake.plan.digest,
    })  # fmt: skip
    intake.plan.refresh_from_db()
    assert intake.plan.status == "committed"
