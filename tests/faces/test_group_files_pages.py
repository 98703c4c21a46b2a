"""Pages of group files: send one, see what it would change, mend its rows, decide, undo."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from rollbook.access.models import Account
from rollbook.groups.models import GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.groups.types import ImportStatus
from rollbook.people.models import SchoolEnrollment, Staff, Student
from tests.faces.conftest import SignIn
from tests.factories.accounts import account, grant
from tests.factories.places import SmallState

YEAR = 2027
HEADER = "group_name,school_natural_id,school_year,subject_code,student_ssid,group_user_login\n"
GOOD = (
    "Reading,0101,2027,ELA,8000000001,pat@example.org\nReading,0101,2027,,8000000002,\n"
    "Sums,0101,2027,Math,8000000003,\n"
)


@pytest.fixture
def students(state: SmallState) -> list[Student]:
    Staff.objects.create(district=state.north, last_name="Ash", email="pat@example.org")
    grant(account("pat@example.org"), "teacher", state.north_high)
    made = [
        Student.objects.create(district=state.north, last_name=f"Oak{n}", ssid=f"800000000{n}")
        for n in (1, 2, 3, 4)
    ]
    for student in made:
        SchoolEnrollment.objects.create(student=student, school=state.north_high, school_year=YEAR)
    return made


@pytest.fixture
def coordinator(state: SmallState, sign_in: SignIn) -> Client:
    return sign_in("test_coordinator", state.north)


def send(client: Client, *files: str, **more: str) -> HttpResponse:
    sent = [
        SimpleUploadedFile(f"groups{n}.csv", (HEADER + text).encode(), "text/csv")
        for n, text in enumerate(files)
    ]
    return client.post(reverse("group_uploads", args=[YEAR]), {"files": sent, **more})


def decide(client: Client, of: GroupImport, choice: str, **more: object) -> HttpResponse:
    address = reverse("group_upload_decide", args=[YEAR, of.uuid])
    return client.post(address, {"choice": choice, **more})


def text_of(client: Client, of: GroupImport) -> str:
    answer = client.get(reverse("group_upload", args=[YEAR, of.uuid]))
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def latest() -> GroupImport:
    return GroupImport.objects.latest("pk")


def digest_of(client: Client, of: GroupImport) -> str:
    page = client.get(reverse("group_upload", args=[YEAR, of.uuid])).content.decode()
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found is not None
    return found.group(1)


def memberships() -> set[tuple[str, str]]:
    return set(GroupMember.objects.values_list("group__name", "student__ssid"))


def test_a_good_file_is_shown_first_and_changes_nothing_until_somebody_commits_it(
    coordinator: Client, students: list[Student]
) -> None:
    answer = send(coordinator, GOOD)
    sent = latest()
    assert answer["Location"] == reverse("group_upload", args=[YEAR, sent.uuid])
    says = text_of(coordinator, sent)
    assert "What would groups0.csv change?" in says
    assert "2 groups would change" in says
    assert "Commit 2 groups" in says
    assert not StudentGroup.objects.exists()
    home = reverse("home", args=[YEAR])
    assert b"Group file: groups0.csv. It waits" in coordinator.get(home).content

    decide(coordinator, sent, "commit", digest=digest_of(coordinator, sent))
    assert b"It waits" not in coordinator.get(home).content
    assert memberships() == {
        ("Reading", "8000000001"),
        ("Reading", "8000000002"),
        ("Sums", "8000000003"),
    }
    assert list(GroupUser.objects.values_list("login", flat=True)) == ["pat@example.org"]
    says = text_of(coordinator, sent)
    assert "What did groups0.csv change?" in says
    assert "Processed" in says

    decide(coordinator, sent, "undo")
    assert memberships() == set()
    says = text_of(coordinator, sent)
    assert "the groups are as they were before" in says
    assert "Nothing of this file has gone in" not in says


def test_a_file_with_errors_is_mended_in_the_grid_committed_and_its_groups_show(
    coordinator: Client, students: list[Student]
) -> None:
    send(coordinator, GOOD + "Sums,0101,,Math,8000000004,\n,0101,2027,Math,8000000004,\n")
    sent = latest()
    page = coordinator.get(reverse("group_upload", args=[YEAR, sent.uuid])).content.decode()
    assert sent.status == ImportStatus.BAD_DATA.value
    assert "Nothing of this file has gone in" in page
    assert re.findall(r'name="line" value="(\d+)"', page) == ["5", "6"]
    assert 'name="cell-5-student_ssid" value="8000000004"' in page
    assert memberships() == set()

    answer = decide(
        coordinator,
        sent,
        "correct",
        line=["5", "6"],
        drop=["6"],
        **{"cell-5-school_year": "2027"},
    )
    mended = latest()
    assert mended.pk != sent.pk
    assert answer["Location"] == reverse("group_upload", args=[YEAR, mended.uuid])
    assert "Commit 2 groups" in text_of(coordinator, mended)

    decide(coordinator, mended, "commit", digest=digest_of(coordinator, mended))
    assert ("Sums", "8000000004") in memberships()
    listed = coordinator.get(reverse("groups", args=[YEAR])).content.decode()
    group = StudentGroup.objects.get(name="Sums")
    assert reverse("group", args=[YEAR, group.uuid]) in listed
    shown = coordinator.get(reverse("group", args=[YEAR, group.uuid])).content.decode()
    assert "Oak3" in shown
    assert "Oak4" in shown
    assert "Oak1" not in shown


def test_good_groups_are_taken_and_the_others_kept_to_mend(
    coordinator: Client, students: list[Student]
) -> None:
    send(coordinator, GOOD + "Sums,0101,,Math,8000000004,\n")
    sent = latest()
    assert "Take 1 good group and keep the others to mend" in text_of(coordinator, sent)
    decide(coordinator, sent, "part")
    assert "Commit 1 group" in text_of(coordinator, sent)
    decide(coordinator, sent, "commit", digest=digest_of(coordinator, sent))
    assert {name for name, _ssid in memberships()} == {"Reading"}
    kept = coordinator.get(reverse("group_upload_left_out", args=[YEAR, sent.uuid]))
    assert kept["Content-Disposition"].startswith("attachment")
    assert [line.split(",")[0] for line in kept.content.decode().split()] == [
        "group_name",
        "Sums",
        "Sums",
    ]


def test_a_strict_file_gets_the_answer_of_the_states_system_as_it_gives_it(
    coordinator: Client, students: list[Student]
) -> None:
    send(coordinator, GOOD + "Reading,0101,2027,,8000000004,\n", strict="yes")
    sent = latest()
    says = text_of(coordinator, sent)
    assert "The answer of the state's system" in says.replace("&#x27;", "'")
    assert sent.message.splitlines()[0] in says.replace("&#x27;", "'").replace("&quot;", '"')
    assert "Rollbook itself takes this file" in says
    send(coordinator, GOOD + "Reading,0101,2027,,8000000004,\n")
    assert "Commit 2 groups" in text_of(coordinator, latest())


def test_a_group_that_would_lose_everybody_is_said_before_anything_else(
    coordinator: Client, students: list[Student]
) -> None:
    send(coordinator, GOOD)
    decide(coordinator, latest(), "commit", digest=digest_of(coordinator, latest()))
    send(coordinator, "Reading,0101,2027,ELA,,new@example.org\n")
    says = text_of(coordinator, latest())
    assert "1 group would lose all its students" in says
    assert "all of them" in says
    decide(coordinator, latest(), "discard")
    assert "Nothing has changed" in text_of(coordinator, latest())
    assert len(memberships()) == 3


def test_who_nobody_knows_is_listed_with_the_line(
    coordinator: Client, students: list[Student]
) -> None:
    send(coordinator, "Reading,0101,2027,ELA,8000000009,nobody@example.org\n")
    page = coordinator.get(reverse("group_upload", args=[YEAR, latest().uuid])).content.decode()
    assert re.findall(r'name="line" value="(\d+)"', page) == ["2"]
    assert "8000000009" in page
    assert "nobody@example.org" in page
    assert "1 row to look at" in page


def test_several_files_are_taken_at_once_and_listed_with_their_ids(
    coordinator: Client, students: list[Student]
) -> None:
    answer = send(coordinator, GOOD, "Third,0102,2027,All,,\n")
    assert answer["Location"] == reverse("group_uploads", args=[YEAR])
    page = coordinator.get(answer["Location"]).content.decode()
    numbers = GroupImport.objects.values_list("number", flat=True)
    assert [str(number) in page for number in numbers] == [True, True]
    assert "2 files came in" in page


def test_no_file_is_said_beside_the_field(coordinator: Client) -> None:
    answer = coordinator.post(reverse("group_uploads", args=[YEAR]), {})
    assert answer.status_code == 422
    assert b"Choose a file first" in answer.content


def test_the_list_shows_what_one_sent_oneself_unless_asked_for_all(
    coordinator: Client, state: SmallState, students: list[Student]
) -> None:
    other: Account = account("other@example.org")
    grant(other, "test_coordinator", state.north)
    client = Client()
    client.force_login(other, backend="allauth.account.auth_backends.AuthenticationBackend")
    send(client, GOOD)
    address = reverse("group_uploads", args=[YEAR])
    assert b"You have sent no group file yet" in coordinator.get(address).content
    assert b"groups0.csv" in coordinator.get(address, {"who": "all"}).content


def test_a_file_of_another_district_is_not_there(
    coordinator: Client, state: SmallState, students: list[Student]
) -> None:
    other: Account = account("south@example.org")
    grant(other, "test_coordinator", state.south)
    client = Client()
    client.force_login(other, backend="allauth.account.auth_backends.AuthenticationBackend")
    send(coordinator, GOOD)
    sent = latest()
    for name in ("group_upload", "group_upload_left_out"):
        assert client.get(reverse(name, args=[YEAR, sent.uuid])).status_code == 404
    assert decide(client, sent, "commit", digest="0" * 64).status_code == 404
    assert memberships() == set()


def test_groups_of_a_school_out_of_reach_are_refused_by_name(
    coordinator: Client, students: list[Student]
) -> None:
    send(coordinator, "Ours,0101,2027,All,,\nTheirs,0201,2027,All,,\n")
    sent = latest()
    assert sent.status < 0
    says = text_of(coordinator, sent)
    assert "0201" in says
    assert not StudentGroup.objects.exists()


def test_an_old_review_commits_nothing_and_shows_what_the_file_would_change_now(
    coordinator: Client, students: list[Student]
) -> None:
    send(coordinator, GOOD)
    first = latest()
    send(coordinator, GOOD + "Sums,0101,2027,,8000000004,\n")
    second = latest()
    digest = digest_of(coordinator, first)
    decide(coordinator, second, "commit", digest=digest_of(coordinator, second))
    answer = decide(coordinator, first, "commit", digest=digest)
    page = coordinator.get(answer["Location"]).content.decode()
    assert "have changed since this was checked" in page
    assert ("Sums", "8000000004") in memberships()
