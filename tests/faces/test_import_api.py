"""Posting group files: who may, what is refused before it is read, what becomes of a file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from rollbook.access.models import ApiClient, ApiSecret
from rollbook.api import bodies
from rollbook.api.errors import Refused
from rollbook.audit.models import AuditEntry
from rollbook.groups.models import GroupImport, GroupMember, StudentGroup
from rollbook.jobs.actions import run_until_empty
from rollbook.jobs.models import Job
from rollbook.people.models import Student
from rollbook.shared.scope import Permission
from tests.factories.places import SmallState
from tests.factories.programs import calling

pytestmark = pytest.mark.django_db
POST = "/groups/imports"
HEADER = "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"


def file_of(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


FILE = file_of("Period 1,0101,2027,All,1000000001,pat@example.org")


@pytest.fixture
def sis(state: SmallState) -> Client:
    Student.objects.create(district=state.north, last_name="Oak", ssid="1000000001")
    return calling(state.north)


def post(client: Client, content: bytes = FILE, kind: str = "text/csv", query: str = "") -> Any:
    return client.post(f"{POST}{query}", content, content_type=kind)


def checked(client: Client, content: bytes) -> tuple[str, str]:
    """Post a file, run the queue, and return what became of it."""
    number = post(client, content).json()["id"]
    run_until_empty(now=timezone.now())
    told = client.get(f"/imports/{number}").json()
    return told["status"], told["message"]


def test_a_file_goes_in_under_the_programs_own_rights(state: SmallState, sis: Client) -> None:
    status, message = checked(sis, FILE)
    assert (status, message) == ("PROCESSED", "1 group accepted for 0101.")
    group = StudentGroup.objects.get()
    assert (group.name, group.school_id) == ("Period 1", state.north_high.pk)
    assert [member.student.ssid for member in GroupMember.objects.all()] == ["1000000001"]
    label = f"program {ApiClient.objects.get().uuid}"
    assert AuditEntry.objects.get(action="receive_import").actor_label == label


def test_a_school_of_another_district_is_not_found(state: SmallState, sis: Client) -> None:
    status, message = checked(sis, file_of("Theirs,0201,2027,All,,pat@example.org"))
    assert status == "UNKNOWN_SCHOOL"
    assert "School [0201] can not be found" in message
    assert StudentGroup.objects.count() == 0
    # The sender still finds and reads it; a program of that district does not.
    number = GroupImport.objects.get().number
    south = calling(state.south)
    assert sis.get(f"/imports/{number}").status_code == 200
    for path in ("", "/payload", "/payload/properties"):
        assert south.get(f"/imports/{number}{path}").status_code == 404
    assert south.get(POST).json()["page"]["total"] == 0


def test_the_message_is_the_state_services_own(sis: Client) -> None:
    status, message = checked(sis, b"name,school\nPeriod 1,0101\n")
    assert status == "BAD_FORMAT"
    assert message.startswith("Row: 0 Failure: Invalid headers.")


def test_the_same_content_again_is_the_earlier_import(sis: Client) -> None:
    first = post(sis).json()["id"]
    run_until_empty(now=timezone.now())
    again = post(sis, query="?filename=other.csv")
    assert (again.status_code, again.json()["id"]) == (202, first)
    assert again.json()["status"] == "PROCESSED"
    assert GroupImport.objects.count() == 1


def test_a_program_that_was_shut_out_meanwhile_changes_nothing(sis: Client) -> None:
    number = post(sis).json()["id"]
    ApiClient.objects.update(is_active=False)
    run_until_empty(now=timezone.now())
    assert GroupImport.objects.get(number=number).status == -4
    assert StudentGroup.objects.count() == 0
    assert sis.get(f"/imports/{number}").status_code == 401


def test_files_that_were_refused_are_checked_again_when_asked(
    state: SmallState, sis: Client
) -> None:
    content = file_of("New,0103,2027,All,,pat@example.org")
    assert checked(sis, content)[0] == "UNKNOWN_SCHOOL"
    type(state.north).objects.filter(pk=state.north_middle.pk).update(natural_id="0103")
    again = sis.post("/groups/imports/resubmit?status=UNKNOWN_SCHOOL&after=-PT1H&limit=5")
    assert (again.status_code, again.json()) == (200, 1)
    run_until_empty(now=timezone.now())
    assert [each.name for each in StudentGroup.objects.all()] == ["New"]
    for query in ("status=-6", "status=PROCESSED", "before=-PT1H", "batch=other", "creator=other"):
        assert sis.post(f"/groups/imports/resubmit?{query}").json() == 0
    assert calling(state.south).post("/groups/imports/resubmit?status=1").json() == 0


@pytest.mark.parametrize(
    "query",
    [
        "status=LOST", "status=9", "after=yesterday", "after=2026-13-01", "before=P99999999999D",
        "limit=0", "limit=x", "limit=1001", "limit=" + "9" * 50, "batch=" + "b" * 201,
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(sis: Client, query: str) -> None:
    answer = sis.post(f"/groups/imports/resubmit?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "illegal_argument")
    assert answer.json()["message"].split()[2] == query.partition("=")[0]


def test_a_sender_whose_reply_was_lost_finds_its_import(sis: Client) -> None:
    told = [
        post(sis, file_of(f"G{n},0101,2027,All,,a@example.org"), query=f"?filename={n}.csv&batch=B")
        for n in range(3)
    ]
    numbers = [each.json()["id"] for each in told]

    def listed(query: str) -> list[int]:
        return [each["id"] for each in sis.get(f"{POST}?{query}").json()["_embedded"]["imports"]]

    assert listed("") == numbers[::-1]
    assert listed("limit=1&offset=1") == [numbers[1]]
    assert listed("filename=2.csv") == [numbers[2]]
    assert listed(f"digest={told[0].json()['digest']}") == [numbers[0]]
    assert (listed("batch=B"), listed("batch=C")) == (numbers[::-1], [])
    assert (listed("status=ACCEPTED"), listed("status=1")) == (numbers[::-1], [])


def test_a_list_is_of_ones_own_files_and_a_file_is_of_the_district(
    state: SmallState, sis: Client
) -> None:
    checked(sis, FILE)
    number = GroupImport.objects.get().number
    other = calling(state.north, name="Other SIS")
    assert other.get(POST).json()["page"]["total"] == 0
    assert other.get(f"/imports/{number}").json()["status"] == "PROCESSED"
    school = calling(state.north_high, name="School SIS")
    assert school.get(f"/imports/{number}").status_code == 404


def test_listing_asks_the_same_of_one_and_of_three(
    sis: Client, django_assert_num_queries: Any
) -> None:
    for count in (1, 3):
        while GroupImport.objects.count() < count:
            post(sis, file_of(f"G{GroupImport.objects.count()},0101,2027,All,,a@example.org"))
        with django_assert_num_queries(5):
            assert sis.get(POST).json()["page"]["total"] == count


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Basic abc", "Bearer wrong", "x"])
def test_without_a_token_nothing_is_read(state: SmallState, header: str) -> None:
    client = Client(headers={"Authorization": header} if header else None)
    answer = client.post(POST, FILE, content_type="text/csv")
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    assert GroupImport.objects.count() == 0


def test_a_person_who_is_signed_in_is_no_program(sign_in: Any) -> None:
    client = sign_in()
    assert client.get("/imports/user").status_code == 401
    assert client.post(POST, FILE, content_type="text/csv").status_code == 401


def test_a_token_ends_with_its_secret_in_the_same_moment(sis: Client) -> None:
    assert sis.get("/imports/user").status_code == 200
    ApiSecret.objects.update(revoked_at=timezone.now())
    assert sis.get("/imports/user").status_code == 401


def test_who_may_only_read_sends_nothing(state: SmallState) -> None:
    client = calling(state.north, may=(Permission.GROUP_READ,))
    answer = post(client)
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert client.get("/imports/user").json()["authorities"] == ["GROUP_READ"]


class Unread(io.BytesIO):
    """Be a body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(("token", "length", "status"), [(False, 10, 401), (True, 10**9, 413)])
def test_a_file_is_refused_before_it_is_read(
    sis: Client, token: bool, length: int, status: int
) -> None:
    client = sis if token else Client(headers={"Authorization": "Bearer wrong"})
    more: dict[str, Any] = {"CONTENT_LENGTH": str(length), "wsgi.input": Unread()}
    answer = client.generic("POST", POST, b"", content_type="text/csv", **more)
    assert answer.status_code == status


def test_the_limit_is_of_the_file_not_of_the_memory(sis: Client, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.UPLOAD_MAX_BYTES = 1_000, 5_000
    row = "Period 1,0101,2027,All,1000000001,pat@example.org"
    assert post(sis, file_of(*[row] * 60)).status_code == 202  # more than a page may send
    for kind in ("text/csv", "multipart/form-data"):
        content = file_of(*[row] * 110)
        if kind == "text/csv":
            answer = post(sis, content, kind)
        else:
            answer = sis.post(POST, {"file": SimpleUploadedFile("a.csv", content)})
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert GroupImport.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/csv", 202), ("text/csv", 202), ("text/csv; charset=utf-8", 202),
        ("application/octet-stream", 202), ("application/x-www-form-urlencoded", 418),
        ("application/json", 418), ("application/xml", 418), ("", 418),
    ],
)  # fmt: skip
def test_content_types(sis: Client, kind: str, status: int) -> None:
    answer = post(sis, kind=kind)
    assert answer.status_code == status
    if status == 202:
        assert answer.json()["contentType"] == kind


def test_a_compressed_file_is_not_taken_for_a_table(sis: Client) -> None:
    answer = sis.post(POST, FILE, content_type="text/csv", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 418


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"file": ("a.csv", "text/csv")}, 202),
        ({"file": ("a.csv", "application/vnd.ms-excel")}, 202),
        ({"file": ("a.csv", "application/pdf")}, 418),
        ({"other": ("a.csv", "text/csv")}, 400),
        ({}, 400),
    ],
)
def test_forms(sis: Client, form: dict[str, tuple[str, str]], status: int) -> None:
    sent = {
        field: SimpleUploadedFile(name, FILE, content_type=kind)
        for field, (name, kind) in form.items()
    }
    assert sis.post(POST, sent).status_code == status


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; b="]
)
def test_a_form_that_is_none_is_refused(sis: Client, kind: str) -> None:
    answer = post(sis, b"nothing of a form", kind)
    assert (answer.status_code, answer.json()["error"]) == (400, "illegal_argument")


@pytest.mark.parametrize("query", ["?batch=a%00b", "?x=" + "y" * 1_001, "?filename=" + "n" * 256])
def test_odd_parameters_are_refused(sis: Client, query: str) -> None:
    assert post(sis, query=query).status_code == 400
    assert post(sis, query="?" + "&".join(f"p{n}=1" for n in range(101))).status_code == 400
    assert GroupImport.objects.count() == 0


def test_a_files_name_is_a_name_and_no_path(sis: Client) -> None:
    sent = SimpleUploadedFile("x", FILE, content_type="text/csv")
    sent._name = "C:\\north\\..\\gr\x07oups.csv"  # type: ignore[attr-defined]
    number = sis.post(POST, {"file": sent}).json()["id"]
    assert "/" not in GroupImport.objects.get(number=number).file_name
    named = post(sis, file_of("G,0101,2027,All,,"), query='?filename=a"b%0Ac.csv').json()["id"]
    answer = sis.get(f"/imports/{named}/payload")
    assert "\n" not in answer["Content-Disposition"]
    answer.close()


def request_with(rf: RequestFactory, content: bytes, **meta: Any) -> HttpRequest:
    request = rf.post(POST, content, content_type="text/csv")
    for name in [name for name, value in meta.items() if value is None]:
        del request.META[name], meta[name]
    request.META.update(meta)
    return request


def test_a_file_that_was_cut_short_is_not_taken(rf: RequestFactory, own_home: None) -> None:
    request = request_with(rf, FILE)
    request._stream = io.BytesIO(FILE[:-9])  # type: ignore[attr-defined]
    with pytest.raises(Refused) as refused, bodies.sent_file(request):
        pass
    assert refused.value.code == "incomplete"


def test_a_file_in_chunks_is_read_to_the_end_that_the_server_tells(rf: RequestFactory) -> None:
    chunked: dict[str, Any] = {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}
    ends = {"wsgi.input": io.BytesIO(FILE), "wsgi.input_terminated": True}
    with bodies.sent_file(request_with(rf, FILE, **chunked, **ends)) as sent:
        assert sent.path.read_bytes() == FILE
    with (
        pytest.raises(Refused) as refused,
        bodies.sent_file(request_with(rf, FILE, **chunked)),
    ):
        pass
    assert refused.value.code == "length_required"


def test_nothing_is_left_behind_of_an_upload(sis: Client, settings: LazySettings) -> None:
    post(sis)
    post(sis, kind="application/json")
    assert list((Path(settings.HOME) / "run").glob("upload-*")) == []


def test_a_payload_that_is_not_kept_any_more_is_not_found(
    sis: Client, settings: LazySettings
) -> None:
    number = post(sis).json()["id"]
    for path in (Path(settings.FILES_ROOT) / "group-imports").glob("*.csv"):
        path.unlink()
    assert sis.get(f"/imports/{number}/payload").status_code == 404


@pytest.mark.parametrize("number", ["0", "9" * 30, "-1", "1.5", "abc", "1/payload/other"])
def test_numbers_that_nothing_has(sis: Client, number: str) -> None:
    answer = sis.get(f"/imports/{number}")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_what_breaks_says_nothing_of_the_file(sis: Client, monkeypatch: Any) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ValueError("1000000001")

    monkeypatch.setattr("rollbook.api.imports.receive_import", breaks)
    answer = post(sis)
    assert (answer.status_code, answer.json()["error"]) == (500, "broken")
    assert b"1000000001" not in answer.content


def test_one_job_checks_one_file(sis: Client) -> None:
    post(sis)
    post(sis)
    jobs = Job.objects.filter(name="groups.check_import")
    assert [set(job.arguments) for job in jobs] == [{"import"}]
