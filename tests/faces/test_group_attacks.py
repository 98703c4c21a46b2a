"""What somebody with bad intentions tries with group files, the import API and deliveries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import timezone

from rollbook.access.actions import close_client
from rollbook.access.models import ApiClient
from rollbook.extracts.actions.deliveries import ask_delivery
from rollbook.extracts.actions.profiles import ProfileIsWrong
from rollbook.extracts.actions.targets import check_target, save_target
from rollbook.extracts.models import Delivery, DeliveryTarget
from rollbook.extracts.queries.targets import TargetNotFound
from rollbook.extracts.types import TargetKind
from rollbook.groups.actions.committing import commit_import
from rollbook.groups.actions.editing import create_group
from rollbook.groups.actions.imports import check_import, receive_import
from rollbook.groups.models import GroupImport, StudentGroup
from rollbook.groups.types import ImportOrigin
from rollbook.jobs.actions import run_until_empty
from rollbook.messages.actions import queue_mail
from rollbook.messages.models import Mail
from rollbook.people.models import Student
from rollbook.remote.failures import RemoteFailed
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.connections import connection_of
from rollbook.roster.sources.connecting import SourceFailed
from rollbook.shared.scope import Scope
from tests.db.extracts.given import saved
from tests.db.groups import given
from tests.faces.conftest import SignIn
from tests.factories.accounts import BY, EVERYTHING, NOW, scope_with
from tests.factories.deliveries import kept_file, saved_target
from tests.factories.extracts import settings_for
from tests.factories.places import SmallState
from tests.factories.programs import calling, program, token

pytestmark = pytest.mark.django_db
POST = "/groups/imports"
HEADER = "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
FILE = f"{HEADER}Period 1,0101,2027,All,1000000001,pat@example.org\n".encode()
YEAR = "/2027/"
API = {"address": "https://api.example.org", "token_address": "https://sso.example.org/token"}


@pytest.fixture(autouse=True)
def own_files(settings: LazySettings, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path


@pytest.fixture
def sis(state: SmallState) -> Client:
    Student.objects.create(district=state.north, last_name="Oak", ssid="1000000001")
    return calling(state.north)


def post(client: Client, content: bytes = FILE, kind: str = "text/csv", query: str = "") -> Any:
    return client.post(f"{POST}{query}", content, content_type=kind)


def test_a_file_never_runs_in_a_browser(sis: Client) -> None:
    page = b"<script>alert(1)</script>"
    for kind in ("text/html", "image/svg+xml", "text/csv\x00text/html", "application/xhtml+xml"):
        assert post(sis, page, kind).status_code == 418
    number = post(sis, page, 'text/csv; x="text/html"').json()["id"]
    shown = sis.get(f"/imports/{number}/payload")
    assert b"".join(shown.streaming_content) == page
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize(
    "name", ["a%0d%0aSet-Cookie:%20x=1.csv", "..%2f..%2fetc%2fpasswd", '"%22;x="', "%E2%80%AEvsc.g"]
)
def test_the_name_of_a_file_is_nothing_but_a_name(sis: Client, name: str) -> None:
    number = post(sis, query=f"?filename={name}&batch=..%2f..%2f").json()["id"]
    kept = GroupImport.objects.get().file_name
    assert kept.isprintable()
    assert "/" not in kept
    shown = sis.get(f"/imports/{number}/payload")
    assert (shown.status_code, b"".join(shown.streaming_content)) == (200, FILE)
    assert "Set-Cookie" not in shown.headers
    assert shown.headers["Content-Disposition"].startswith("attachment")


def test_a_token_is_shown_in_one_place_only(state: SmallState) -> None:
    shown = token(*program(state.north))
    client = Client()
    for query in (f"?access_token={shown}", f"?token={shown}"):
        assert client.get(f"{POST}{query}").status_code == 401
    assert client.post(POST, {"access_token": shown}).status_code == 401
    client.cookies["Authorization"] = f"Bearer {shown}"
    assert client.get(POST).status_code == 401
    for header in (
        f"bearer {shown}, Bearer {shown}", f"Basic {shown}", shown, f"Bearer{shown}", "Bearer ",
        f"Bearer {shown[:-1]}", f"Bearer {shown}x",
    ):  # fmt: skip
        assert client.get(POST, headers={"Authorization": header}).status_code == 401
    assert client.get(POST, headers={"Authorization": f"BEARER {shown}"}).status_code == 200


def test_a_session_opens_nothing_of_the_api(state: SmallState, sign_in: SignIn) -> None:
    assert sign_in().get(POST).status_code == 401
    assert Client().post(f"{POST}/resubmit").status_code == 401


def test_a_method_is_the_one_that_was_sent(sis: Client) -> None:
    sent = {"X-HTTP-Method-Override": "POST", "Origin": "https://evil.example.org"}
    answer = sis.get(f"{POST}/resubmit?_method=POST", headers=sent)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert sis.options(POST, headers=sent).status_code == 405


def test_a_program_of_a_closed_place_is_out_at_once(state: SmallState, sis: Client) -> None:
    assert sis.get(POST).status_code == 200
    post(sis)
    state.north.is_active = False
    state.north.save()
    assert sis.get(POST).status_code == 401
    run_until_empty(now=timezone.now())
    assert (GroupImport.objects.get().status, StudentGroup.objects.count()) == (-4, 0)


def test_what_a_program_sent_before_it_was_closed_goes_no_further(sis: Client) -> None:
    post(sis)
    close_client(EVERYTHING, ApiClient.objects.get().uuid, by=BY, now=timezone.now())
    run_until_empty(now=timezone.now())
    assert (GroupImport.objects.get().status, StudentGroup.objects.count()) == (-4, 0)


def test_a_form_of_a_thousand_parts_is_refused(sis: Client) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f%d.csv"\r\n\r\nx\r\n'
    body = b"".join(part % number for number in range(1_000)) + b"--b--\r\n"
    assert post(sis, body, "multipart/form-data; boundary=b").status_code == 400
    field = b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n'
    body = b"".join(field % number for number in range(5_000)) + b"--b--\r\n"
    assert post(sis, body, "multipart/form-data; boundary=b").status_code == 400
    long = b'--b\r\nContent-Disposition: form-data; name="' + b"x" * 200_000 + b'"\r\n\r\nx\r\n'
    assert post(sis, long + b"--b--\r\n", "multipart/form-data; boundary=b").status_code == 400
    assert GroupImport.objects.count() == 0


def test_a_packed_body_is_not_opened(sis: Client) -> None:
    for packing in ("gzip", "deflate", "br", "identity, gzip"):
        answer = sis.post(
            POST, FILE, content_type="text/csv", headers={"content-encoding": packing}
        )
        assert answer.status_code == 418


def test_no_other_districts_number_differs_from_one_that_nothing_has(
    state: SmallState, sis: Client
) -> None:
    number = post(sis).json()["id"]
    south = calling(state.south)
    for ending in ("", "/payload", "/payload/properties"):
        hidden = south.get(f"/imports/{number}{ending}")
        missing = south.get(f"/imports/{number - 1}{ending}")
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
    assert south.post(f"{POST}/resubmit").json() == 0


def test_a_sandbox_writes_to_nobody(settings: LazySettings) -> None:
    settings.SANDBOX = True
    queue_mail("stranger@example.com", subject="Hello", body="Buy", by=BY, now=timezone.now())
    run_until_empty(now=timezone.now())
    assert mail.outbox == []
    assert (Mail.objects.get().status, Mail.objects.get().error) == ("failed", "sandbox")


def test_a_sandbox_calls_nobody(
    state: SmallState, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def called(*_: object, **__: object) -> None:
        raise AssertionError("a sandbox called somebody")

    monkeypatch.setattr("socket.getaddrinfo", called)
    settings.SANDBOX = True
    values = {**API, "username": "visitor", "secret": "s"}
    target = saved_target(state.north, TargetKind.IMPORT_API, values)
    report = check_target(EVERYTHING, target.uuid, by=BY, now=NOW)
    assert (report.is_good, len(report.steps)) == (False, 1)
    file = kept_file(state.north)
    ask_delivery(EVERYTHING, file.uuid, target.uuid, by=BY, now=timezone.now())
    run_until_empty(now=timezone.now())
    assert "sandbox" in Delivery.objects.get().says
    source = Source(organization=state.north, name="Theirs", kind="oneroster_rest", settings={})
    with pytest.raises(SourceFailed, match="sandbox"):
        connection_of(EVERYTHING, source)


def test_a_visitor_of_a_sandbox_lets_no_program_in(
    state: SmallState, settings: LazySettings
) -> None:
    settings.SANDBOX = True
    client = Client()
    client.post("/sandbox/", {"entry": f"district_admin@{state.north.uuid}"})
    assert client.get(f"{YEAR}groups/").status_code == 200
    assert client.get(f"{YEAR}administration/clients/").status_code in {403, 404}
    form = {"name": "SIS", "place": str(state.north.uuid), "may": "GROUP_WRITE"}
    client.post(f"{YEAR}administration/clients/", form)
    assert not ApiClient.objects.exists()


@pytest.mark.parametrize("uuid", ["nonsense", "", "0" * 32, "x" * 40])
def test_a_target_that_was_typed_by_hand_is_not_found(state: SmallState, uuid: str) -> None:
    file = kept_file(state.north)
    with pytest.raises(TargetNotFound):
        ask_delivery(EVERYTHING, file.uuid, uuid, by=BY, now=NOW)


def test_a_file_goes_to_no_target_of_another_district(state: SmallState) -> None:
    file = kept_file(state.north)
    theirs = saved_target(state.south, TargetKind.ROLLBOOK)
    both = EVERYTHING
    with pytest.raises(TargetNotFound):
        ask_delivery(both, file.uuid, theirs.uuid, by=BY, now=NOW)


def test_a_profile_names_no_school_of_another_district(state: SmallState) -> None:
    scope = scope_with("test_coordinator", state.north)
    with pytest.raises(ProfileIsWrong) as wrong:
        saved(state.north, settings_for(state.north_high, state.south_high), scope=scope)
    assert "schools" in wrong.value.faults


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://localhost/",
        "https://0x7f000001/", "https://2130706433/", "https://[::ffff:10.0.0.1]/",
        "https://user:pass@example.org/", "file:///etc/passwd", "gopher://example.org/",
    ],
)  # fmt: skip
def test_no_target_leads_inside(state: SmallState, address: str, settings: LazySettings) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    values = {"address": address, "token_address": address, "username": "u", "secret": "s"}
    try:
        uuid = save_target(
            EVERYTHING, organization_uuid=state.north.uuid, name="Inside",
            kind=TargetKind.IMPORT_API, values=values, by=BY, now=NOW,
        )  # fmt: skip
    except (ValueError, RemoteFailed):
        assert not DeliveryTarget.objects.exists()
        return
    report = check_target(EVERYTHING, uuid, by=BY, now=NOW)
    assert not report.is_good
    assert not report.steps[-1][1]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(1)", "＝1"])
def test_no_name_of_a_group_runs_in_a_spreadsheet(
    state: SmallState, sign_in: SignIn, name: str
) -> None:
    one = given.student(state.north_high, "Oak")
    one.ssid = "1000000001"
    one.save()
    create_group(
        EVERYTHING, school_uuid=state.north_high.uuid, school_year=2027, name=name, subject="",
        student_uuids=[one.uuid], by=BY, now=NOW,
    )  # fmt: skip
    client = sign_in("district_admin", state.north)
    written = client.post(f"{YEAR}groups/", {"choice": "download"}).content.decode()
    assert f"'{name}," in written
    # What was taken out of here means the same group when it comes back.
    scope = scope_with("district_admin", state.north, "other@example.org")
    done = given_file(scope, written.encode())
    assert done.plan is not None
    commit_import(scope, done.uuid, digest=done.plan.digest, by=BY, now=NOW)
    assert StudentGroup.objects.get().name == name


def given_file(scope: Scope, content: bytes) -> GroupImport:
    made = receive_import(
        scope, content, file_name="g.csv", content_type="text/csv", origin=ImportOrigin.PAGE,
        by=BY, now=NOW,
    )  # fmt: skip
    return check_import(made.uuid, scope=scope, by=BY, now=NOW)
