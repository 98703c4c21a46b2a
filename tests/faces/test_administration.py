"""The administration pages: who may, what the form does, what is said when a rule says no."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rollbook.access.models import Account, Grant
from rollbook.assessments.models import Assessment
from rollbook.jobs.models import Job, Schedule
from rollbook.orgs.models import Organization
from tests.factories.accounts import account, grant
from tests.factories.places import SmallState, small_state

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at")]
YEAR = 2027
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def state() -> SmallState:
    return small_state()


def signed_in(role: str, place: Organization, email: str = "admin@example.org") -> Client:
    """Return the browser of a new account with one role and a second factor."""
    holder = account(email)
    grant(holder, role, place)
    Authenticator.objects.create(user=holder, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    client = Client()
    client.force_login(holder, backend=BACKEND)
    return client


@pytest.fixture
def admin(state: SmallState) -> Client:
    return signed_in("state_admin", state.state)


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def page(name: str, **more: Any) -> str:
    return reverse(name, kwargs={"school_year": YEAR, **more})


def failed_job(status: str = "failed") -> Job:
    now = timezone.now()
    return Job.objects.create(
        name="access.remove_expired_sessions",
        status=status,
        run_after=now,
        created_at=now,
        requested_by="test",
    )


def test_a_failed_job_is_queued_again(admin: Client) -> None:
    job = failed_job()
    answer = admin.post(page("system"), {"choice": "retry", "job": str(job.uuid)}, follow=True)
    assert told(answer) == ["Done."]
    job.refresh_from_db()
    assert job.status == "queued"


def test_a_job_that_is_over_is_not_cancelled(admin: Client) -> None:
    job = failed_job("done")
    answer = admin.post(page("system"), {"choice": "cancel", "job": str(job.uuid)}, follow=True)
    assert told(answer) == ["This job is over already."]
    assert admin.post(page("system"), {"choice": "cancel", "job": "junk"}).status_code == 302


def test_a_job_is_cancelled_on_its_own_page(admin: Client) -> None:
    job = failed_job("queued")
    answer = admin.post(reverse("job", args=[job.uuid]), {"choice": "cancel"}, follow=True)
    assert told(answer) == ["Done."]
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_nobody_cancels_the_job_of_another(state: SmallState) -> None:
    job = failed_job("queued")
    teacher = signed_in("teacher", state.north_high)
    assert teacher.post(reverse("job", args=[job.uuid]), {"choice": "cancel"}).status_code == 404
    assert teacher.post(page("system"), {"choice": "cancel"}).status_code == 403
    job.refresh_from_db()
    assert job.status == "queued"


def test_a_schedule_is_set_and_shown(admin: Client) -> None:
    name = "access.remove_expired_sessions"
    form = {"choice": "schedule", "name": name, "days": ["1", "5"], "time_of_day": "02:30"}
    answer = admin.post(page("system"), {**form, "is_on": "on"}, follow=True)
    assert told(answer) == ["Done."]
    kept = Schedule.objects.get()
    assert (kept.name, kept.days, kept.time_of_day, kept.is_on) == (name, "15", time(2, 30), True)
    assert name in answer.content.decode()
    answer = admin.post(page("system"), {**form, "name": "no.such"}, follow=True)
    assert told(answer) == ["Choose a job from the list."]
    answer = admin.post(page("system"), {**form, "time_of_day": "99:99"}, follow=True)
    assert told(answer) == ["Choose at least one day, and a time such as 02:30."]


def test_an_organization_is_added_where_the_reader_may(state: SmallState, admin: Client) -> None:
    form = {"name": "East", "kind": "district", "parent": str(state.state.uuid), "natural_id": "03"}
    answer = admin.post(page("organizations"), form, follow=True)
    assert told(answer) == ["The organization was added."]
    assert Organization.objects.get(name="East").parent == state.state
    answer = admin.post(page("organizations"), {**form, "name": "Other"}, follow=True)
    assert told(answer) == [
        'Another organization has the code "03". Use that one, or another code.'
    ]
    for wrong in ({"parent": "junk"}, {"kind": "junk"}, {"parent": ""}):
        answer = admin.post(page("organizations"), {**form, **wrong}, follow=True)
        assert told(answer) == ["Choose a level and a place from the lists."]


def test_a_district_adds_nothing_to_another_district(state: SmallState) -> None:
    north = signed_in("district_admin", state.north)
    form = {"name": "Mine", "kind": "school", "parent": str(state.south.uuid)}
    answer = north.post(page("organizations"), form, follow=True)
    assert told(answer) == ["Choose a level and a place from the lists."]
    assert not Organization.objects.filter(name="Mine").exists()


def test_a_new_password_is_shown_once_and_kept_in_no_cookie(
    state: SmallState, admin: Client
) -> None:
    holder = account("pat@example.org")
    grant(holder, "teacher", state.north_high)
    before = holder.password
    answer = admin.post(page("person", account=holder.uuid), {"choice": "password"})
    password = answer.context["password"]
    holder.refresh_from_db()
    assert holder.password != before
    assert holder.check_password(password)
    assert answer.content.decode().count(password) == 1
    assert password not in str(answer.cookies)
    assert password not in admin.get(page("person", account=holder.uuid)).content.decode()
    assert answer["Cache-Control"] == "no-store, private"


def test_a_new_password_for_a_superior_is_refused(state: SmallState, admin: Client) -> None:
    north = signed_in("district_admin", state.north, email="north@example.org")
    superior = Account.objects.get(email="admin@example.org")
    grant(superior, "teacher", state.north_high)
    answer = north.post(page("person", account=superior.uuid), {"choice": "password"})
    assert answer.context["password"] == ""
    assert told(answer) == ["This account holds a role that you could not give. Ask who could."]


def test_no_account_is_left_behind_without_its_first_role(state: SmallState) -> None:
    north = signed_in("district_admin", state.north)
    form = {"choice": "add", "email": "new@example.org", "role": "teacher"}
    for place in (str(state.south_high.uuid), "junk"):
        answer = north.post(page("people"), {**form, "organization": place}, follow=True)
        assert told(answer) == ["Choose a role and a place from the lists."]
    assert not Account.objects.filter(email="new@example.org").exists()
    form["organization"] = str(state.north_high.uuid)
    answer = north.post(page("people"), {**form, "email": "new@"}, follow=True)
    assert told(answer) == ["Write the e-mail address in full, such as name@example.org."]
    north.post(page("people"), form)
    assert Grant.objects.get(account__email="new@example.org").organization == state.north_high


def test_a_package_is_loaded_and_its_findings_name_the_sender_s_file(admin: Client) -> None:
    sent = SimpleUploadedFile("spring.csv", b"AssessmentId,nonsense\n1,2\n")
    answer = admin.post(page("assessments"), {"package": sent})
    assert answer.status_code == 200
    assert "spring.csv" in answer.content.decode()
    assert not Assessment.objects.exists()
    answer = admin.post(page("assessments"), follow=True)
    assert told(answer) == ["Choose an assessment package (CSV) first."]


def test_a_district_sees_the_assessments_and_loads_none(state: SmallState) -> None:
    north = signed_in("district_admin", state.north)
    sent = SimpleUploadedFile("spring.csv", b"AssessmentId\n1\n")
    answer = north.post(page("assessments"), {"package": sent}, follow=True)
    assert told(answer) == ["Only an administrator of the whole state loads assessments."]
    assert 'name="package"' not in answer.content.decode()
