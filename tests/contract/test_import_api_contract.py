"""The import API answers as the state's import service does, so that a SIS changes the host alone.

Restated from results-reporting 5.6, 6.1 and 6.2, and certification-and-groups 2.5.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rollbook.groups.models import GroupImport
from rollbook.groups.types import ImportStatus
from rollbook.shared.scope import Permission
from tests.factories.places import SmallState, small_state
from tests.factories.programs import calling, program

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at")]
HEADER = "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
FILE = (HEADER + "Period 1,0101,2027,All,,pat@example.org\n").encode()
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
# results-reporting 6.2
STATUSES = {
    0: "ACCEPTED", 1: "PROCESSED", 2: "NO_UPDATE", -1: "INVALID", -2: "BAD_FORMAT", -3: "BAD_DATA",
    -4: "UNAUTHORIZED", -5: "UNKNOWN_ASMT", -6: "UNKNOWN_SCHOOL", -7: "PIPELINE_FAILURE",
}  # fmt: skip


@pytest.fixture
def state() -> SmallState:
    return small_state()


@pytest.fixture
def sis(state: SmallState) -> Client:
    return calling(state.north, name="North SIS")


def posted(client: Client, query: str = "?filename=groups.csv&batch=B7") -> Any:
    return client.post(f"/groups/imports{query}", FILE, content_type="application/csv")


def test_a_posted_file_is_answered_with_its_resource(sis: Client) -> None:
    answer = posted(sis)
    assert answer.status_code == 202
    told = dict(answer.json())
    number = told.pop("id")
    assert isinstance(number, int)
    assert 0 < number < 2**53
    assert all(MOMENT.fullmatch(told.pop(name)) for name in ("created", "updated"))
    creator = told.pop("creator")
    assert creator.startswith("north-sis-")
    base = f"http://testserver/imports/{number}"
    assert told == {
        "content": "GROUPS",
        "contentType": "application/csv",
        "digest": hashlib.md5(FILE).hexdigest().upper(),
        "status": "ACCEPTED",
        "batch": "B7",
        "message": None,
        "_links": {
            "self": {"href": base},
            "payload": {"href": f"{base}/payload"},
            "payload-properties": {"href": f"{base}/payload/properties"},
        },
    }
    assert sis.get(f"/imports/{number}").json() == answer.json()


def test_the_statuses_are_those_of_the_service(sis: Client) -> None:
    number = posted(sis).json()["id"]
    assert {status.value: status.name for status in ImportStatus} == STATUSES
    for value, name in STATUSES.items():
        GroupImport.objects.update(status=value, message="Row: 1 Failure: Invalid subject")
        told = sis.get(f"/imports/{number}").json()
        assert (told["status"], told["message"]) == (name, "Row: 1 Failure: Invalid subject")


def test_a_form_with_a_file_is_taken_like_the_file_itself(sis: Client) -> None:
    sent = SimpleUploadedFile("north groups.csv", FILE, content_type="text/csv")
    answer = sis.post("/groups/imports?batch=B8", {"file": sent, "sender": "night run"})
    told = answer.json()
    assert (answer.status_code, told["batch"], told["contentType"]) == (202, "B8", "text/csv")
    kept = sis.get(told["_links"]["payload-properties"]["href"]).json()
    assert kept == {
        "Content-Type": "text/csv",
        "batch": "B8",
        "filename": "north groups.csv",
        "organization": kept["organization"],
        "sender": "night run",
        "tenancy-chain": kept["tenancy-chain"],
        "username": told["creator"],
    }


def test_the_payload_comes_back_byte_for_byte(sis: Client) -> None:
    answer = sis.get(posted(sis).json()["_links"]["payload"]["href"])
    assert b"".join(answer) == FILE
    assert answer["Content-Type"] == "application/csv"
    assert answer["Content-Disposition"] == 'attachment; filename="groups.csv"'


def test_every_parameter_that_was_sent_is_kept(sis: Client) -> None:
    told = posted(sis, "?filename=g.csv&batch=B&run=7&run=8&access_token=leaked").json()
    kept = sis.get(f"/imports/{told['id']}/payload/properties").json()
    assert (kept["filename"], kept["batch"], kept["run"]) == ("g.csv", "B", "7,8")
    assert "access_token" not in kept
    assert kept["tenancy-chain"][-1] == "01"  # the district that let the program in, last


def test_a_program_asks_who_it_is(state: SmallState, sis: Client) -> None:
    told = sis.get("/imports/user").json()
    assert told.pop("username").startswith("north-sis-")
    north = {"kind": "district", "name": "North District", "natural_id": "01"}
    assert told == {
        "name": "North SIS",
        "authorities": ["GROUP_READ", "GROUP_WRITE"],
        "organization": north,
        "tenancyChain": [{"kind": "state", "name": "Golden State", "natural_id": "00"}, north],
    }


ERRORS = {
    "illegal argument": (400, "illegal_argument", "get", "/groups/imports?limit=many"),
    "no token": (401, "unauthorized", "get", "/groups/imports"),
    "no permission": (403, "forbidden", "get", "/groups/imports"),
    "nothing there": (404, "not_found", "get", "/imports/5"),
    "other method": (405, "method_not_allowed", "delete", "/groups/imports"),
    "content type": (418, "unsupported_content_type", "post", "/groups/imports"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_have_the_status_and_a_code_that_stays(state: SmallState, case: str) -> None:
    status, code, method, path = ERRORS[case]
    client = calling(state.north)
    if case == "no token":
        client = Client(headers={"Authorization": "Bearer nothing"})
    elif case == "no permission":
        client = calling(state.north, may=(Permission.GROUP_READ,))
    more = {"content_type": "application/json"} if method == "post" else {}
    answer = getattr(client, method)(path, **more)
    told = answer.json()
    assert (answer.status_code, told["status"], told["error"]) == (status, status, code)
    assert set(told) == {"status", "error", "message"}
    assert answer.get("WWW-Authenticate", "").startswith("Bearer") == (status in (401, 403))


def test_the_whole_way_of_a_sis_from_token_to_list(state: SmallState) -> None:
    username, secret = program(state.north)
    form = {"grant_type": "password", "username": username, "password": secret}
    body = "&".join(f"{name}={value}" for name, value in form.items())
    signed_in = Client().post(
        "/auth/oauth2/access_token?realm=/sbac",
        body,
        content_type="application/x-www-form-urlencoded",
    )
    client = Client(headers={"Authorization": f"Bearer {signed_in.json()['access_token']}"})
    first = posted(client).json()
    # The reply is lost; the digest finds the import.
    listed = client.get(f"/groups/imports?digest={first['digest'].lower()}").json()
    assert listed["_embedded"]["imports"] == [first]
    assert listed["page"] == {"limit": 100, "offset": 0, "total": 1}
    assert listed["_links"]["self"]["href"].endswith(f"digest={first['digest'].lower()}")
