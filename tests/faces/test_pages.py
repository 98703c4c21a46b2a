"""Every page: who is sent away, who is refused, what it says, how often it asks the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rollbook.access.rules import ROLES
from rollbook.audit.actions import record
from rollbook.extracts.models import ExtractFile, ExtractProfile
from rollbook.extracts.types import ProfileKind, ProfileSettings
from rollbook.groups.models import GroupImport, StudentGroup
from rollbook.jobs.models import Job
from rollbook.messages.models import Message
from rollbook.people.models import SchoolEnrollment, Student
from rollbook.results.models import ResultIntake
from rollbook.roster.models.intakes import Intake
from tests.canary.asking import signed_in
from tests.canary.doors import Route, routes
from tests.canary.facts import World
from tests.canary.worlds import NOON, YEAR, make_world
from tests.faces.conftest import SignIn
from tests.factories.accounts import BY, account, grant
from tests.factories.places import SmallState

AT = datetime(2026, 9, 1, tzinfo=UTC)
OWN = [route for route in routes() if not (route.is_api or route.pattern.startswith("accounts/"))]
PUBLIC = {"start", "sandbox", "leave", "choose_year", "card"}
CLOSED = [route for route in OWN if route.name not in PUBLIC]


def _path(route: Route, world: World | None = None) -> str:
    nothing = "00000000-0000-4000-8000-000000000000"
    known: dict[str, Any] = {"school_year": YEAR, "grade": "03"}
    if world is not None:
        files = world.result_files if route.name.startswith("result_") else world.rosters
        pupil = next(number for number, p in world.pupils.items() if p.uuid)
        known |= {
            "school": world.of_kind("school")[0].uuid,
            "group": next(
                group.uuid
                for group in world.groups
                if group.is_active and group.school_year == YEAR
            ),
            "student": world.pupils[pupil].uuid,
            "intake": files[0].uuid,
            "account": world.readers[0].uuid,
            "client": world.programs[0].uuid,
            "job": next(iter(world.jobs)),
            "source": world.sources[0],
            "profile": world.extracts[0].profile,
            "file": world.extracts[0].uuid,
            "target": world.extracts[0].target,
            "delivery": world.extracts[0].delivery,
            "one": world.pupils[world.pairs[0][0]].uuid,
            "other": world.pupils[world.pairs[0][1]].uuid,
        }
    return reverse(route.name, kwargs={word: known.get(word, nothing) for word in route.parameters})


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: route.name)
def test_somebody_not_signed_in_is_sent_to_sign_in(
    route: Route, state: SmallState, client: Client
) -> None:
    for response in (client.get(_path(route)), client.post(_path(route))):
        if response.status_code != 405:
            assert (response.status_code, response["Location"]) == (302, reverse("start"))


GUARDED = [route for route in CLOSED if route.needs is not None]


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
def test_a_role_without_the_right_is_refused_in_words(
    route: Route, state: SmallState, sign_in: SignIn
) -> None:
    needs = route.needs
    places = {"school": state.north_high, "district": state.north, "state": state.state}
    role = next((role for role in reversed(ROLES) if needs not in role.permissions), None)
    if role is None:  # every role holds it: then somebody without a role is refused
        client = sign_in(None)
    else:
        place = next(places[level.value] for level in role.levels if level.value in places)
        client = sign_in(role.code, place)
    answers = [client.get(_path(route)), client.post(_path(route))]
    allowed = [answer for answer in answers if answer.status_code != 405]
    assert [answer.status_code for answer in allowed] == [403] * len(allowed)
    assert all(b"not part of your role" in answer.content for answer in allowed)


ONLY_POST = {
    "roster_decide", "roster_source_do", "roster_question_decide", "roster_source_download",
    "group_upload_decide", "delivery_target_do",
}  # fmt: skip
# About a record that the world does not hold; tried in test_plan_and_edits.py and, of groups, in
# test_group_files_pages.py.
OF_OTHER_RECORDS = {"edit_staff", "edit_class", "group_upload", "group_upload_left_out"}
SENDS_ON = {"find_student", "roster_excluded"}
SAYS = {
    "home": "Search by",
    "results": "Search by Student",
    "school_results": "Results by Student",
    "school_results_csv": "StudentIdentifier",
    "group_results": "School",
    "student_results": "SSID",
    "rosters": "Check this roster",
    "students": "SSID",
    "roster_plan": "Findings",
    "roster_rows": "Before → after",
    "edit_student": "Save these changes",
    "edits": "Edits that syncs leave alone",
    "readiness": "Late",
    "readiness_csv": "organization,kind",
    "readiness_of": "Kick-off held",
    "login_cards": "Login cards",
    "roster_sources": "SIS ",
    "roster_source": "Runs",
    "roster_source_add": "Clever",
    "roster_source_change": "Keep the changes",
    "roster_questions": "Records that may be one student",
    "duplicate_pair": "Two records side by side",
    "student_id": "New id in the source",
    "roster_mappings": "read by themselves",
    "roster_mapping": "Which column is what",
    "roster_sections": "Propose rules for",
    "roster_findings": "Root causes",
    "roster_findings_csv": "code,severity,file",
    "roster_findings_json": "root_causes",
    "roster_root_causes_csv": "code,severity,cause,weight",
    "roster_summary": "What to do first",
    "roster_summary_pdf": "%PDF",
    "groups": "How it came to be",
    "group": "Who reads this group",
    "group_make": "From classes",
    "my_groups": "Make a group of my own",
    "onlookers": "Why do I see this student?",
    "group_uploads": "Check these files",
    "extract_profiles": "Who wins",
    "extract_profile_add": "Name pattern",
    "extract_profile": "Save the changes",
    "extract_files": "Left out",
    "extract_file": "What changed",
    "extract_file_download": "group_name,school_natural_id",
    "extract_file_left_out": "student,ssid,school",
    "extract_schedule": "Days to run",
    "deliveries": "Where files go",
    "delivery": "What became of this delivery?",
    "delivery_target_add": "SFTP server",
    "delivery_target": "Does it hold what it should?",
    "delivery_target_change": "Keep the changes",
    "group_format": "Seven rules",
    "group_template": "group_name,school_natural_id",
    "result_intakes": "Send test results",
    "result_intake": "Findings",
    "administration": "Audit log",
    "people": "Make an account",
    "person": "Roles",
    "clients": "Let 1 program in",
    "client": "Make 1 new secret",
    "roles": "State Admin",
    "organizations": "Golden State",
    "audit": "changes.commit",
    "system": "groups.refresh_class_groups",
    "messages": "For reader 1",
    "job": "groups.refresh_class_groups",
    "assessments": "</h1>",
}


@pytest.mark.django_db
def test_every_page_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    world = make_world(1)
    client = signed_in(
        next(r for r in world.readers if [h.role for h in r.held] == ["state_admin"])
    )
    told: dict[str, tuple[int, bool]] = {}
    for route in CLOSED:
        if route.name in ONLY_POST | SENDS_ON | OF_OTHER_RECORDS:
            continue
        response = client.get(_path(route, world))
        text = response.content.decode(errors="replace")
        told[route.name] = (response.status_code, SAYS.get(route.name, "</h1>") in text)
    assert told == dict.fromkeys(told, (200, True))


def _students(state: SmallState, count: int) -> None:
    for _ in range(count):
        student = Student.objects.create(district=state.north, last_name="Oak", ssid="")
        SchoolEnrollment.objects.create(student=student, school=state.north_high, school_year=2027)


def _intakes(state: SmallState, count: int) -> None:
    Intake.objects.bulk_create(
        Intake(organization=state.north, sha256="a", byte_count=1, received_at=AT)
        for _ in range(count)
    )


def _result_files(state: SmallState, count: int) -> None:
    known = ResultIntake.objects.count()
    ResultIntake.objects.bulk_create(
        ResultIntake(sha256=str(known + place), byte_count=1, received_at=AT)
        for place in range(count)
    )


def _accounts(state: SmallState, count: int) -> None:
    from rollbook.access.models import Account

    known = Account.objects.count()
    for place in range(count):
        grant(account(f"reader-{known + place}@example.org"), "teacher", state.north_high)


def _messages(state: SmallState, count: int) -> None:
    from rollbook.access.models import Account

    reader = Account.objects.order_by("pk").first()
    assert reader is not None
    Message.objects.bulk_create(
        Message(account=reader, kind="test", title="Told", created_at=AT) for _ in range(count)
    )


def _jobs(state: SmallState, count: int) -> None:
    Job.objects.bulk_create(
        Job(name="groups.refresh_class_groups", run_after=AT, requested_by="test", created_at=AT)
        for _ in range(count)
    )


def _entries(state: SmallState, count: int) -> None:
    for _ in range(count):
        record(action="test", subject_kind="test", subject_uuid="", by=BY, now=AT)


def _groups(state: SmallState, count: int) -> None:
    known = StudentGroup.objects.count()
    StudentGroup.objects.bulk_create(
        StudentGroup(name=f"G{known + n}", school=state.north_high, school_year=YEAR, origin="file")
        for n in range(count)
    )


def _group_files(state: SmallState, count: int) -> None:
    from rollbook.access.models import Account

    known = GroupImport.objects.count()
    reader = Account.objects.get()
    GroupImport.objects.bulk_create(
        GroupImport(
            number=known + n + 1, origin="page", digest="a", sha256="a", byte_count=1, status=-2,
            creator="test", account_id=reader.pk, received_at=AT, updated_at=AT,
        )
        for n in range(count)
    )  # fmt: skip


def _profiles(state: SmallState, count: int) -> None:
    from rollbook.access.models import Account

    owner = Account.objects.order_by("pk").first()
    settings = ProfileSettings(ProfileKind.COUNSELOR, (str(state.north_high.uuid),), YEAR)
    ExtractProfile.objects.bulk_create(
        ExtractProfile(
            organization=state.north, name=f"P{place}", owner=owner, settings=settings.as_json(),
            school_year=YEAR, created_by="test", created_at=AT, updated_by="test", updated_at=AT,
        )
        for place in range(count)
    )  # fmt: skip


def _extract_files(state: SmallState, count: int) -> None:
    from rollbook.access.models import Account

    other, is_new = Account.objects.get_or_create(email="maker@example.org")
    if is_new:
        grant(other, "teacher", state.north_high)
    ExtractFile.objects.bulk_create(
        ExtractFile(
            organization=state.north, name="groups.csv", school_year=YEAR, extracted_on=AT,
            run=other.uuid, sha256="a", md5="A", byte_count=1, row_count=1, group_count=1,
            student_count=1, left_out_count=0, made_by=f"account {other.uuid}", made_at=AT,
        )
        for _ in range(count)
    )  # fmt: skip


LISTS: dict[str, Callable[[SmallState, int], None]] = {
    "students": _students,
    "groups": _groups,
    "group_uploads": _group_files,
    "rosters": _intakes,
    "result_intakes": _result_files,
    "people": _accounts,
    "messages": _messages,
    "system": _jobs,
    "audit": _entries,
    "extract_profiles": _profiles,
    "extract_files": _extract_files,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_three_asks_the_database_as_often_as_a_list_of_one(
    name: str, state: SmallState, sign_in: SignIn
) -> None:
    client = sign_in()
    route = next(route for route in OWN if route.name == name)
    client.get(_path(route))
    counts = []
    for more in (1, 2):
        LISTS[name](state, more)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(_path(route)).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
