"""What profiles write is what import services take: by the state's rules, and by our own API."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rollbook.extracts.types import ProfileKind
from rollbook.groups.checks.state import state_verdict
from rollbook.groups.models import GroupImport, GroupMember, GroupUser, StudentGroup
from rollbook.groups.types import MOST_STUDENTS, GroupFileWorld
from rollbook.jobs.actions import run_until_empty
from rollbook.people.models import Enrollment, SchoolEnrollment, Student
from tests.factories.extracts import YEAR
from tests.factories.profiles import GROUPS, FiveRosters, five_rosters
from tests.factories.programs import calling, program, token

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at")]
ASKED = [pytest.param((kind,), id=kind.value) for kind in ProfileKind]
ASKED.append(pytest.param(tuple(ProfileKind), id="all five"))
STRICT = GroupFileWorld(
    school_ids=frozenset({"0101", "0102"}),
    subjects=("ELA", "Math"),
    years=frozenset({YEAR}),
)
# By school, year and name: subject, SSIDs and addresses.
Told = dict[tuple[str, int, str], tuple[str, frozenset[str], frozenset[str]]]


@pytest.fixture
def rosters() -> FiveRosters:
    return five_rosters()


@pytest.fixture
def sis(rosters: FiveRosters) -> Client:
    return calling(rosters.places.north)


def told_by(content: bytes) -> Told:
    """Read a file as a stranger would, who knows the six columns and nothing of Rollbook."""
    found: dict[tuple[str, int, str], tuple[str, set[str], set[str]]] = {}
    for row in csv.DictReader(io.StringIO(content.decode())):
        key = (row["school_natural_id"], int(row["school_year"]), row["group_name"])
        _subject, ssids, logins = found.setdefault(key, (row["subject_code"], set(), set()))
        ssids |= {row["student_ssid"]} - {""}
        logins |= {row["group_user_login"]} - {""}
    return {
        key: (subject, frozenset(ssids), frozenset(logins))
        for key, (subject, ssids, logins) in found.items()
    }


def kept() -> Told:
    """Read the groups that files made out of the database; a blank subject is all of them."""
    return {
        (group.school.natural_id, group.school_year, group.name): (
            group.subject or "All",
            frozenset(group.members.values_list("student__ssid", flat=True)),
            frozenset(group.users.values_list("login", flat=True)),
        )
        for group in StudentGroup.objects.filter(origin="file", is_active=True)
    }


def expected(kinds: Iterable[ProfileKind]) -> Told:
    """Say what the two students of each kind lead to."""
    made: Told = {}
    for kind in kinds:
        school, name, subject, logins = GROUPS[kind]
        place = list(ProfileKind).index(kind) + 1
        ssids = frozenset(f"{place}{number:09}" for number in (1, 2))
        made[school, YEAR, name] = (subject, ssids, logins)
    return made


def posted(client: Client, content: bytes, *, as_form: bool) -> dict[str, Any]:
    """Post a file and ask until something came of it."""
    if as_form:
        sent = SimpleUploadedFile("groups.csv", content, content_type="text/csv")
        answer = client.post("/groups/imports?batch=night", {"file": sent})
    else:
        answer = client.post("/groups/imports?batch=night", content, content_type="text/csv")
    assert (answer.status_code, answer.json()["status"]) == (202, "ACCEPTED")
    run_until_empty(now=timezone.now())
    return client.get(f"/imports/{answer.json()['id']}").json()


@pytest.mark.parametrize("kinds", ASKED)
def test_the_state_takes_it_word_by_word(
    rosters: FiveRosters, kinds: tuple[ProfileKind, ...]
) -> None:
    content = rosters.written(*kinds)
    verdict = state_verdict(content, STRICT)
    schools = [GROUPS[kind][0] for kind in kinds]
    counts = {school: schools.count(school) for school in sorted(set(schools))}
    says = [f"{n} group{'s' if n > 1 else ''} accepted for {s}." for s, n in counts.items()]
    assert verdict.accepted
    assert [message.says for message in verdict.messages] == says
    assert told_by(content) == expected(kinds)
    # A service that knows less refuses it: the verdict above is no blind one.
    for less in (
        GroupFileWorld(frozenset({"0201"}), STRICT.subjects, STRICT.years),
        GroupFileWorld(STRICT.school_ids, STRICT.subjects, frozenset({YEAR + 1})),
    ):
        assert not state_verdict(content, less).accepted


@pytest.mark.parametrize("as_form", [False, True], ids=["raw", "multipart"])
@pytest.mark.parametrize("kinds", ASKED)
def test_our_api_makes_the_groups_of_the_file(
    rosters: FiveRosters, sis: Client, kinds: tuple[ProfileKind, ...], as_form: bool
) -> None:
    content = rosters.written(*kinds)
    done = posted(sis, content, as_form=as_form)
    assert (done["status"], done["batch"]) == ("PROCESSED", "night")
    assert kept() == told_by(content) == expected(kinds)
    # The same again, by either way, is the import that there is.
    for form in (True, False):
        sent = {"file": SimpleUploadedFile("again.csv", content)} if form else content
        more = {} if form else {"content_type": "application/csv"}
        again = sis.post("/groups/imports", sent, **more)
        assert (again.status_code, again.json()) == (202, done)
    assert GroupImport.objects.count() == 1
    assert run_until_empty(now=timezone.now()) == 0


def _moved(model: Any) -> None:
    """Write all rows of a table anew, the last one first: other keys, another order on disk."""
    rows = list(model.objects.order_by("-pk"))
    model.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        row.pk = None
    model.objects.bulk_create(rows)


@pytest.mark.parametrize("count", [2, MOST_STUDENTS + 1])
@pytest.mark.parametrize("kinds", ASKED)
def test_the_same_data_give_the_same_bytes_in_any_order(
    rosters: FiveRosters, kinds: tuple[ProfileKind, ...], count: int
) -> None:
    for kind in kinds:
        rosters.join(kind, *range(3, count + 1))
    first = rosters.written(*kinds)
    assert rosters.written(*kinds) == first
    for model in (Enrollment, SchoolEnrollment, GroupMember, GroupUser):
        _moved(model)
    for student in Student.objects.order_by("-pk"):
        student.save()  # PostgreSQL puts what was written at the end
    assert rosters.written(*kinds) == first


# Two full blocks get a third, of one.
@pytest.mark.parametrize("count", [2, MOST_STUDENTS, MOST_STUDENTS + 1, 2 * MOST_STUDENTS])
@pytest.mark.parametrize("kind", ProfileKind)
def test_one_student_more_is_one_membership_more(
    rosters: FiveRosters, sis: Client, kind: ProfileKind, count: int
) -> None:
    # Known to the district before most others, so that by number nobody would keep a place.
    (new,) = rosters.join(kind, 0)
    stay = SchoolEnrollment.objects.filter(student=new)
    stay.update(is_active=False)
    rosters.join(kind, *range(3, count + 1))
    assert posted(sis, rosters.written(kind), as_form=False)["status"] == "PROCESSED"
    before = memberships()
    assert len(before) == count
    stay.update(is_active=True)
    content = rosters.written(kind)
    assert state_verdict(content, STRICT).accepted
    assert posted(sis, content, as_form=False)["status"] == "PROCESSED"
    added = memberships() - before
    assert (memberships() >= before, [ssid for _group, ssid in added]) == (True, [new.ssid])
    assert kept() == told_by(content)
    assert len(kept()) == -(-(count + 1) // MOST_STUDENTS)


def memberships() -> set[tuple[int, str]]:
    found = GroupMember.objects.filter(group__origin="file")
    return set(found.values_list("group_id", "student__ssid"))


@pytest.mark.django_db(transaction=True)
def test_all_five_go_in_by_http(rosters: FiveRosters, live_server: Any) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    bearer = {"Authorization": f"Bearer {token(*program(rosters.places.north))}"}
    content = rosters.written(*ProfileKind)
    client = httpx.Client(base_url=live_server.url, headers=bearer, trust_env=False, timeout=20)
    with client:
        raw = client.post(
            "/groups/imports", content=content, headers={"Content-Type": "application/csv"}
        )
        assert raw.status_code == 202
        run_until_empty(now=timezone.now())
        done = client.get(raw.json()["_links"]["self"]["href"]).json()
        assert done["status"] == "PROCESSED"
        assert done["message"] == "3 groups accepted for 0101.\n2 groups accepted for 0102."
        assert kept() == told_by(content) == expected(ProfileKind)
        form = client.post("/groups/imports", files={"file": ("g.csv", content, "text/csv")})
        assert form.json() == done
        assert client.get(done["_links"]["payload"]["href"]).content == content
    assert GroupImport.objects.count() == 1
    assert GroupUser.objects.filter(group__origin="file").count() == len(ProfileKind)
