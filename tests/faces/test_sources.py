"""The pages about roster sources: who may open them, what they say, what they never show."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rollbook.jobs.models import Job, Schedule
from rollbook.orgs.models import AcademicSession
from rollbook.roster.actions.runs import run_source
from rollbook.roster.models.sources import Blackout, Source
from rollbook.roster.queries.connections import connection_of
from rollbook.roster.sources.connecting import SourceFailed
from rollbook.shared.scope import NOWHERE, Scope
from tests.faces.conftest import SignIn
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import SmallState
from tests.factories.sources import SECRET, saved_source, scripted
from tests.spec.roster.given import spoilt

YEAR = 2027


@pytest.fixture(autouse=True)
def connector(monkeypatch: pytest.MonkeyPatch) -> Any:
    return scripted(monkeypatch, spoilt("1.2"))


def page(client: Client, name: str, *arguments: object, **query: str) -> str:
    response = client.get(reverse(name, args=[YEAR, *arguments]), query)
    assert response.status_code == 200
    return response.content.decode()


def do(client: Client, source: Source, choice: str, **form: object) -> Any:
    address = reverse("roster_source_do", args=[YEAR, source.uuid])
    return client.post(address, {"choice": choice, **form}, follow=True)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def form(state: SmallState, **more: object) -> dict[str, object]:
    """Return what the form of a new source sends."""
    return {
        "kind": "oneroster_rest",
        "district": str(state.north.uuid),
        "name": "Our SIS",
        "set_url": "https://sis.example.org/api",
        "set_client": "rollbook",
        "set_token": SECRET,
        "profile": "strict",
        "errors": "block_on_any_error",
        "largest_excluded_percent": "3,5",
        "second_person_from": "",
        "archive_percent": "12",
        "second_school": "ask",
        "requires_one_section": "1",
        "off": ["ROS-260", "ROS-000"],
        "every_minutes": "15",
        **more,
    }


def add(client: Client, sent: dict[str, object]) -> Any:
    return client.post(reverse("roster_source_add", args=[YEAR]), sent, follow=True)


def test_a_source_is_added_by_kind_and_form(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in("district_admin", state.north)
    assert "?kind=clever_api" in page(client, "roster_source_add")
    shown = page(client, "roster_source_add", kind="oneroster_rest")
    assert ('type="password" id="set_token"' in shown, "South District" in shown) == (True, False)
    response = add(client, form(state))
    source = Source.objects.get()
    assert response.redirect_chain[-1][0] == reverse("roster_source", args=[YEAR, source.uuid])
    assert (source.name, source.profile, source.switched_off) == ("Our SIS", "strict", ["ROS-260"])
    assert source.settings["every_minutes"] == 15
    policy = source.policy
    assert (policy["errors"], policy["largest_excluded_percent"]) == ("block_on_any_error", 3.5)
    assert (policy["second_person_from"], policy["second_school"]) == (None, "ask")
    assert (policy["thresholds"]["archive_share"], policy["requires_one_section"]) == (0.12, True)
    assert connection_of(EVERYTHING, source).secrets == {"token": SECRET}
    for name in ("roster_source", "roster_source_change"):
        shown = page(client, name, source.uuid)
        assert ("Our SIS" in shown, SECRET in shown) == (True, False)


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    state: SmallState, sign_in: SignIn
) -> None:
    client = sign_in("district_admin", state.north)
    wrong = form(state, set_url="sis", largest_excluded_percent="lots", archive_count="-1")
    shown = add(client, wrong).content.decode()
    assert 'value="sis"' in shown
    assert "Address is a whole address" in shown
    assert "Write a percentage from 0 to 100." in shown
    assert "Write limits as percentages" in shown
    assert (Source.objects.count(), SECRET in shown) == (0, False)


def test_a_source_is_added_only_within_reach(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in("district_admin", state.north)
    for district in (str(state.south.uuid), str(state.north_high.uuid), "nonsense", ""):
        response = add(client, form(state, district=district))
        assert response.status_code == 200
    assert Source.objects.count() == 0


def test_a_blank_secret_in_the_form_keeps_the_old_one(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    sent = form(state, name="Renamed", set_token="")
    client.post(reverse("roster_source_change", args=[YEAR, source.uuid]), sent)
    source.refresh_from_db()
    assert source.name == "Renamed"
    assert connection_of(EVERYTHING, source).secrets == {"token": SECRET}


def test_another_district_gets_the_answer_of_a_source_that_there_is_not(
    state: SmallState, sign_in: SignIn
) -> None:
    source = saved_source(state.south)
    client = sign_in("district_admin", state.north)
    assert "Our SIS" not in page(client, "roster_sources")
    for uuid in (source.uuid, "00000000-0000-0000-0000-000000000000"):
        for name in ("roster_source", "roster_source_change"):
            assert client.get(reverse(name, args=[YEAR, uuid])).status_code == 404
        address = reverse("roster_source_do", args=[YEAR, uuid])
        assert client.post(address, {"choice": "run"}).status_code == 404
    assert Job.objects.count() == 0


def test_who_only_reads_rosters_sees_a_source_and_no_button(
    state: SmallState, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    real = Scope.over
    monkeypatch.setattr(
        Scope,
        "over",
        lambda s, p: real(s, p) if p != "ROSTER_WRITE" else NOWHERE,
    )
    shown = page(client, "roster_source", source.uuid)
    assert ("Our SIS" in shown, 'name="choice"' in shown) == (True, False)
    address = reverse("roster_source_do", args=[YEAR, source.uuid])
    assert client.post(address, {"choice": "run"}).status_code == 403


@pytest.mark.parametrize("role", ["teacher", None])
def test_nobody_without_the_right_opens_a_source_page(
    state: SmallState, sign_in: SignIn, role: str | None
) -> None:
    source = saved_source(state.north)
    client = sign_in(role, state.north_high)
    for name, *arguments in (
        ("roster_sources",),
        ("roster_source_add",),
        ("roster_source", source.uuid),
        ("roster_source_change", source.uuid),
    ):
        assert client.get(reverse(name, args=[YEAR, *arguments])).status_code == 403


def test_a_failed_source_says_what_happened_and_the_one_next_step(
    state: SmallState, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, SourceFailed("refused", "The server no longer knows this client."))
    source = saved_source(state.north)
    run_source(EVERYTHING, source.uuid, is_scheduled=True, by=BY, now=NOW)
    client = sign_in("district_admin", state.north)
    shown = page(client, "roster_source", source.uuid)
    assert "The server no longer knows this client." in shown
    assert "Get a new token or password from the other system" in shown
    assert reverse("roster_source_change", args=[YEAR, source.uuid]) in shown
    assert "Get a new token or password" in page(client, "roster_sources")


def test_a_waiting_plan_is_one_click_away(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    run = run_source(EVERYTHING, source.uuid, is_scheduled=True, by=BY, now=NOW)
    shown = page(sign_in("district_admin", state.north), "roster_source", source.uuid)
    assert (
        f'href="{reverse("roster_plan", args=[YEAR, run.intake.uuid])}">Look at the plan' in shown
    )


def test_check_connection_shows_each_step(state: SmallState, sign_in: SignIn) -> None:
    client = sign_in("district_admin", state.north)
    for token, heading in ((SECRET, "The connection works"), ("x", "does not work yet")):
        source = saved_source(state.north, f"With {heading}", token=token)
        shown = do(client, source, "check").content.decode()
        assert (heading in shown, "Find the server" in shown, SECRET in shown) == (
            True,
            True,
            False,
        )


def test_run_now_queues_one_run(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    for _ in range(2):
        assert "The run was asked for" in said(do(client, source, "run"))
    job = Job.objects.get(name="roster.run_source")
    assert job.arguments == {"source": str(source.uuid), "is_scheduled": False}
    assert "Pending" in page(client, "roster_sources")


def test_pause_and_resume_by_button(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    shown = do(client, source, "pause", reason="New SIS").content.decode()
    assert ("New SIS" in shown, 'value="resume"' in shown, 'value="run"' in shown) == (
        True,
        True,
        False,
    )
    assert 'value="run"' in do(client, source, "resume").content.decode()


def test_a_schedule_is_kept_and_nonsense_is_not(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    good = {
        "days": ["1", "3"],
        "time_of_day": "03:30",
        "time_zone": "America/Chicago",
        "is_on": "1",
    }
    assert said(do(client, source, "schedule", **good)) == "The schedule was kept."
    for wrong in (
        {"days": []},
        {"time_of_day": "25:00"},
        {"time_of_day": ""},
        {"time_zone": "Mars"},
        {"time_zone": "../../etc/passwd"},
    ):
        assert "Nothing was done." in said(do(client, source, "schedule", **{**good, **wrong}))
    schedule = Schedule.objects.get()
    assert (schedule.days, schedule.time_zone, schedule.is_on) == ("13", "America/Chicago", True)


def test_blackout_days_are_added_and_removed(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    days = {"starts_on": "2026-12-20", "ends_on": "2027-01-03", "reason": "Winter"}
    shown = do(client, source, "blackout", **days).content.decode()
    assert "20 Dec 2026 – 3 Jan 2027 Winter" in shown
    for wrong in ({"ends_on": "2026-12-01"}, {"ends_on": "9999-12-31"}, {"starts_on": "x"}):
        assert "Nothing was done." in said(do(client, source, "blackout", **{**days, **wrong}))
    assert Blackout.objects.count() == 1
    do(client, source, "remove_blackout", blackout="2026-12-20/2027-01-04")
    assert Blackout.objects.count() == 0


def test_the_summer_is_one_click(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    assert 'value="summer"' not in page(client, "roster_source", source.uuid)
    today = NOW.date()
    for year in (2099, 2100):
        AcademicSession.objects.create(
            organization=state.north,
            kind="schoolYear",
            title=str(year),
            school_year=today.year,
            starts_on=today.replace(year=year - 1, month=8),
            ends_before=today.replace(year=year, month=6, day=11),
        )
    do(client, source, "summer")
    rest = Blackout.objects.get()
    assert (str(rest.starts_on), str(rest.ends_before)) == ("2099-06-08", "2099-08-01")
    assert 'value="summer"' not in page(client, "roster_source", source.uuid)


def test_a_source_put_away_is_gone_from_the_list(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    assert "put away" in said(do(client, source, "archive"))
    assert "Our SIS" not in page(client, "roster_sources")
    assert do(client, source, "run").status_code == 404


def test_a_choice_that_there_is_not_does_nothing(state: SmallState, sign_in: SignIn) -> None:
    source = saved_source(state.north)
    client = sign_in("district_admin", state.north)
    assert "Choose what to do" in said(do(client, source, "explode"))


def test_a_source_of_files_sent_by_hand_offers_no_schedule(
    state: SmallState, sign_in: SignIn
) -> None:
    client = sign_in("district_admin", state.north)
    assert 'name="every_minutes"' not in page(client, "roster_source_add", kind="upload")
    sent = {"kind": "upload", "district": str(state.north.uuid), "name": "Ours"}
    assert add(client, {**sent, "every_minutes": "5"}).status_code == 200
    assert Source.objects.count() == 0
    add(client, {**sent, "format": "clever_csv"})
    source = Source.objects.get()
    assert source.format == "clever_csv"
    shown = page(client, "roster_source", source.uuid)
    assert (
        "Send its first file." in shown,
        'value="schedule"' in shown,
        'value="run"' in shown,
    ) == (
        True,
        False,
        False,
    )
