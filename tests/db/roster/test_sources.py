"""Where rosters come from: sources added, changed, tested, paused, scheduled, put away."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.jobs.models import Job, Schedule
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.roster.actions.preflight import preflight_intake
from rollbook.roster.actions.resting import (
    DaysAreWrong,
    pause_source,
    resume_source,
    schedule_source,
    set_blackouts,
)
from rollbook.roster.actions.runs import ask_for_run, run_source
from rollbook.roster.actions.sharing import save_sharing
from rollbook.roster.actions.sources import (
    SourceDraft,
    SourceIsIncomplete,
    add_source,
    archive_source,
    change_source,
    check_source_connection,
)
from rollbook.roster.models.sources import Source, SyncRun
from rollbook.roster.queries.connections import connection_of
from rollbook.roster.queries.sources import (
    MayNotChangeSource,
    SourceNotFound,
    get_run,
    get_source,
    reading_of,
    runs_of,
    source_health,
    sources_health,
    sources_in,
)
from rollbook.roster.rules.policy import IntakePolicy
from rollbook.roster.rules.running import ClosedDays
from rollbook.roster.rules.sharing import Sharing
from rollbook.roster.sources.connecting import SettingField
from rollbook.roster.types import SourceFormat, SourceKind
from rollbook.shared.scope import Permission, Scope
from tests.factories.accounts import BY, EVERYTHING, NOW, reader_of, scope_with
from tests.factories.places import SmallState, small_state
from tests.factories.sources import SECRET, SETTINGS, draft, saved_source, scripted
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db


@pytest.fixture
def state() -> SmallState:
    return small_state()


@pytest.fixture(autouse=True)
def connector(monkeypatch: pytest.MonkeyPatch) -> Any:
    return scripted(monkeypatch, None)


def test_a_source_is_kept_with_its_secrets_sealed(state: SmallState) -> None:
    source = saved_source(state.north)
    assert source.settings == SETTINGS | {"size": "100", "part": "", "every_minutes": 0}
    assert SECRET not in source.sealed_secrets and source.sealed_secrets
    link = connection_of(EVERYTHING, source)
    assert (link.secrets, link.settings["url"]) == ({"token": SECRET}, SETTINGS["url"])
    assert SECRET not in repr(link)
    entry = AuditEntry.objects.get(action="add_source")
    assert entry.detail == {
        "kind": "oneroster_rest",
        "format": "oneroster_csv",
        "is_secret_new": True,
        "commits_itself": False,
        "second_person_from": 500,
    }
    assert entry.organization_id == state.north.pk


def test_no_secret_reaches_the_audit_log_or_the_log(
    state: SmallState, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = saved_source(state.north)
    check_source_connection(EVERYTHING, source.uuid, by=BY, now=NOW)
    change_source(EVERYTHING, source.uuid, draft(token=SECRET + "2"), by=BY, now=NOW)
    told = json.dumps(list(AuditEntry.objects.values("action", "detail", "actor_label")))
    kept = json.dumps(list(Source.objects.values("settings", "sealed_secrets", "cursor")))
    assert "add_source" in told and "client" in kept
    assert [SECRET in text for text in (told, kept, caplog.text)] == [False, False, False]


def test_a_blank_secret_stays_as_it_was(state: SmallState) -> None:
    source = saved_source(state.north)
    changed = change_source(
        EVERYTHING, source.uuid, draft("Renamed", token=" ", size="50"), by=BY, now=NOW
    )
    assert (changed.name, changed.settings["size"]) == ("Renamed", "50")
    assert connection_of(EVERYTHING, changed).secrets == {"token": SECRET}


def test_a_secret_is_not_sent_to_another_address_unless_it_is_typed_again(
    state: SmallState,
) -> None:
    source = saved_source(state.north)
    elsewhere = draft(token="", url="https://elsewhere.example.org/")
    with pytest.raises(SourceIsIncomplete) as refusal:
        change_source(EVERYTHING, source.uuid, elsewhere, by=BY, now=NOW)
    assert list(refusal.value.faults) == ["token"]
    Source.objects.update(cursor={"number": "7"})
    typed = draft(url="https://elsewhere.example.org/")
    change_source(EVERYTHING, source.uuid, typed, by=BY, now=NOW)
    source.refresh_from_db()
    assert (source.settings["url"], source.cursor) == ("https://elsewhere.example.org/", {})


def test_secrets_sealed_with_a_lost_key_must_be_typed_again(
    state: SmallState, settings: Any
) -> None:
    source = saved_source(state.north)
    settings.SECRET_KEY = "another"
    report = check_source_connection(EVERYTHING, source.uuid, by=BY, now=NOW)
    assert [worked for _, worked, _ in report.steps] == [False]
    with pytest.raises(SourceIsIncomplete) as refusal:
        change_source(EVERYTHING, source.uuid, draft(token=""), by=BY, now=NOW)
    assert list(refusal.value.faults) == ["token"]


@pytest.mark.parametrize(
    ("more", "faulty"),
    [
        ({"url": "ftp://sis.example.org"}, "url"),
        ({"url": "sis"}, "url"),
        ({"url": "https://me:secret@sis.example.org"}, "url"),
        ({"url": "https://[broken"}, "url"),
        ({"size": "many"}, "size"),
        ({"part": "b"}, "part"),
        ({"client": " "}, "client"),
        ({"client": "x" * 501}, "client"),
        ({"token": ""}, "token"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_field(
    state: SmallState, more: dict[str, str], faulty: str
) -> None:
    with pytest.raises(SourceIsIncomplete) as refusal:
        add_source(EVERYTHING, state.north.uuid, draft(**more), by=BY, now=NOW)
    assert list(refusal.value.faults) == [faulty]
    assert not any(value.strip() and value in str(refusal.value) for value in more.values())
    assert Source.objects.count() == 0


def test_a_draft_says_everything_that_is_wrong_at_once(state: SmallState) -> None:
    saved_source(state.north)
    wrong = replace(
        draft("Our SIS", policy=IntakePolicy(largest_excluded_percent=101, second_person_from=0)),
        every_minutes=7,
        format=SourceFormat.MAPPED,
    )
    with pytest.raises(SourceIsIncomplete) as refusal:
        add_source(EVERYTHING, state.north.uuid, wrong, by=BY, now=NOW)
    assert set(refusal.value.faults) == {
        "name",
        "every_minutes",
        "mapping",
        "largest_excluded_percent",
        "second_person_from",
    }
    assert saved_source(state.south, "Our SIS").name == "Our SIS"


def test_only_who_approves_rosters_lets_plans_go_in_alone(state: SmallState) -> None:
    sender = Scope(
        account_id=None,
        label="sender",
        on=NOW.date(),
        reach=reader_of(state.north, permission=Permission.ROSTER_READ).reach
        | reader_of(state.north, permission=Permission.ROSTER_WRITE).reach,  # type: ignore[operator]
    )
    alone = IntakePolicy(commits_itself=True)
    with pytest.raises(SourceIsIncomplete) as refusal:
        saved_source(state.north, scope=sender, policy=alone)
    assert list(refusal.value.faults) == ["commits_itself"]
    # Where it comes from, how it is read and what holds it was approved with it.
    agreed = saved_source(state.north, policy=alone)
    loose = IntakePolicy(commits_itself=True, largest_excluded_percent=100)
    for policy in (alone, loose):
        with pytest.raises(SourceIsIncomplete) as refusal:
            change_source(sender, agreed.uuid, draft(policy=policy), by=BY, now=NOW)
        assert list(refusal.value.faults) == ["commits_itself"]
    with pytest.raises(MayNotChangeSource):
        save_sharing(sender, agreed.uuid, Sharing(), by=BY, now=NOW)
    change_source(sender, agreed.uuid, draft(policy=IntakePolicy()), by=BY, now=NOW)
    save_sharing(sender, agreed.uuid, Sharing(), by=BY, now=NOW)


def test_only_who_approves_rosters_asks_fewer_plans_for_two_people(state: SmallState) -> None:
    sender = Scope(
        account_id=None,
        label="sender",
        on=NOW.date(),
        reach=reader_of(state.north, permission=Permission.ROSTER_READ).reach
        | reader_of(state.north, permission=Permission.ROSTER_WRITE).reach,  # type: ignore[operator]
    )
    source = saved_source(state.north, policy=IntakePolicy(second_person_from=50))
    for fewer in (None, 51):
        made = draft(policy=IntakePolicy(second_person_from=fewer))
        with pytest.raises(SourceIsIncomplete) as refusal:
            change_source(sender, source.uuid, made, by=BY, now=NOW)
        assert list(refusal.value.faults) == ["second_person_from"]
    more = draft(policy=IntakePolicy(second_person_from=49))
    change_source(sender, source.uuid, more, by=BY, now=NOW)
    assert AuditEntry.objects.latest("pk").detail["second_person_from"] == 49


@pytest.mark.parametrize("role", ["district_admin", "state_admin"])
def test_a_district_sees_its_own_sources_only(state: SmallState, role: str) -> None:
    north, south = saved_source(state.north), saved_source(state.south)
    place = state.north if role == "district_admin" else state.state
    scope = scope_with(role, place)
    expected = [north] if role == "district_admin" else [north, south]
    assert list(sources_in(scope)) == expected
    assert [health.source for health in sources_health(scope, now=NOW)] == expected


EVERY_ACTION: dict[str, Callable[[Scope, Source], object]] = {
    "change": lambda scope, s: change_source(scope, s.uuid, draft(), by=BY, now=NOW),
    "archive": lambda scope, s: archive_source(scope, s.uuid, by=BY, now=NOW),
    "check": lambda scope, s: check_source_connection(scope, s.uuid, by=BY, now=NOW),
    "pause": lambda scope, s: pause_source(scope, s.uuid, reason="", by=BY, now=NOW),
    "resume": lambda scope, s: resume_source(scope, s.uuid, by=BY, now=NOW),
    "blackouts": lambda scope, s: set_blackouts(scope, s.uuid, [], by=BY, now=NOW),
    "ask": lambda scope, s: ask_for_run(scope, s.uuid, by=BY, now=NOW),
    "run": lambda scope, s: run_source(scope, s.uuid, is_scheduled=False, by=BY, now=NOW),
    "schedule": lambda scope, s: schedule_source(
        scope,
        s.uuid,
        days="1",
        time_of_day=time(3),
        time_zone="America/Chicago",
        is_on=True,
        by=BY,
        now=NOW,
    ),
}


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_nobody_touches_a_source_without_the_right_at_its_district(
    state: SmallState, action: str
) -> None:
    source = saved_source(state.north)
    do = EVERY_ACTION[action]
    with pytest.raises(SourceNotFound):
        do(scope_with("district_admin", state.south), source)
    with pytest.raises(MayNotChangeSource):
        do(reader_of(state.north, permission=Permission.ROSTER_READ), source)
    with pytest.raises(SourceNotFound):
        do(Scope.nobody(on=NOW.date()), source)
    do(scope_with("district_admin", state.north, "north@example.org"), source)


def test_nobody_adds_a_source_to_a_district_out_of_reach(state: SmallState) -> None:
    outsider = scope_with("district_admin", state.south)
    with pytest.raises(OrganizationNotFound):
        add_source(outsider, state.north.uuid, draft(), by=BY, now=NOW)
    with pytest.raises(SourceIsIncomplete):
        add_source(EVERYTHING, state.north_high.uuid, draft(), by=BY, now=NOW)


def test_reads_keep_to_the_readers_district(state: SmallState) -> None:
    source = saved_source(state.north)
    run = run_source(EVERYTHING, source.uuid, is_scheduled=False, by=BY, now=NOW)
    outsider = scope_with("district_admin", state.south)
    for ask in (
        lambda: get_source(outsider, source.uuid),
        lambda: runs_of(outsider, source.uuid),
        lambda: get_run(outsider, run.uuid),
        lambda: source_health(outsider, source, now=NOW),
        lambda: connection_of(outsider, source),
    ):
        with pytest.raises(SourceNotFound):
            ask()
    insider = scope_with("district_admin", state.north, "north@example.org")
    assert get_run(insider, run.uuid) == run
    assert list(runs_of(insider, source.uuid).items) == [run]


def test_check_connection_says_how_far_it_went_and_takes_nothing_in(
    state: SmallState, connector: Any
) -> None:
    good, bad = saved_source(state.north), saved_source(state.south, token="other")
    assert check_source_connection(EVERYTHING, good.uuid, by=BY, now=NOW).is_good
    report = check_source_connection(EVERYTHING, bad.uuid, by=BY, now=NOW)
    assert report.steps[-1] == ("Sign in", False, "Ask for a new token.")
    details = [e.detail["is_good"] for e in AuditEntry.objects.filter(action__contains="check")]
    assert details == [True, False]
    assert (SyncRun.objects.count(), connector.asked) == (0, [])


def test_pause_and_resume_say_who_and_why(state: SmallState) -> None:
    source = saved_source(state.north)
    pause_source(EVERYTHING, source.uuid, reason=" New SIS in May ", by=BY, now=NOW)
    source.refresh_from_db()
    assert (source.is_paused, source.paused_because, source.paused_by) == (
        True,
        "New SIS in May",
        "test",
    )
    assert source_health(EVERYTHING, source, now=NOW).status == "paused"
    resume_source(EVERYTHING, source.uuid, by=BY, now=NOW)
    source.refresh_from_db()
    assert (source.is_paused, source.paused_because, source.paused_at) == (False, "", None)


def test_a_schedule_is_one_of_the_queue(state: SmallState) -> None:
    source = saved_source(state.north)
    first = schedule_source(
        EVERYTHING,
        source.uuid,
        days="531",
        time_of_day=time(2, 15),
        time_zone="America/Chicago",
        is_on=True,
        by=BY,
        now=NOW,
    )
    source.refresh_from_db()
    schedule = Schedule.objects.get()
    assert (source.schedule, schedule.days) == (schedule, "135")
    assert schedule.arguments == {"source": str(source.uuid)}
    assert source_health(EVERYTHING, source, now=NOW).next_run_at == first
    for days, zone in (("", "America/Chicago"), ("8", "America/Chicago"), ("1", "Mars/Base")):
        with pytest.raises(DaysAreWrong):
            schedule_source(
                EVERYTHING,
                source.uuid,
                days=days,
                time_of_day=time(3),
                time_zone=zone,
                is_on=True,
                by=BY,
                now=NOW,
            )
    assert Schedule.objects.get().days == "135"


def test_blackout_days_replace_those_before_and_move_the_next_run(state: SmallState) -> None:
    source = saved_source(state.north)
    schedule_source(
        EVERYTHING,
        source.uuid,
        days="1234567",
        time_of_day=time(3),
        time_zone=settings.TIME_ZONE,
        is_on=True,
        by=BY,
        now=NOW,
    )
    closed = ClosedDays(date(2026, 9, 10), date(2026, 9, 20), "testing")
    for days in ([ClosedDays(date(2027, 6, 1), date(2027, 8, 1))], [closed]):
        set_blackouts(EVERYTHING, source.uuid, days, by=BY, now=NOW)
    assert source.blackouts.count() == 1
    health = source_health(EVERYTHING, source, now=NOW)
    assert (health.closed, health.next_run_at and health.next_run_at.date()) == (
        closed,
        date(2026, 9, 20),
    )
    with pytest.raises(DaysAreWrong):
        set_blackouts(EVERYTHING, source.uuid, [ClosedDays(NOW.date(), NOW.date())], by=BY, now=NOW)
    assert source.blackouts.count() == 1


def test_an_archived_source_forgets_its_secrets_and_runs_no_more(state: SmallState) -> None:
    source = saved_source(state.north)
    EVERY_ACTION["schedule"](EVERYTHING, source)
    archive_source(EVERYTHING, source.uuid, by=BY, now=NOW)
    source.refresh_from_db()
    assert (source.is_archived, source.sealed_secrets) == (True, "")
    assert not Schedule.objects.get().is_on
    with pytest.raises(SourceNotFound):
        run_source(EVERYTHING, source.uuid, is_scheduled=True, by=BY, now=NOW)
    assert saved_source(state.north).name == source.name


def test_a_source_of_another_kind_is_another_source(state: SmallState) -> None:
    source = saved_source(state.north)
    with pytest.raises(SourceIsIncomplete):
        other = replace(draft(), kind=SourceKind.CLEVER_API)
        change_source(EVERYTHING, source.uuid, other, by=BY, now=NOW)


def test_a_folder_lies_where_the_installation_reads_and_in_the_districts_own(
    state: SmallState, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    fields = (SettingField("path", "Folder", "path"),)
    scripted(monkeypatch, None, kind=SourceKind.FOLDER, fields=fields)
    base, own, other = tmp_path / "in", tmp_path / "in" / "01", tmp_path / "in" / "02"
    for folder in (own, other, tmp_path / "out"):
        folder.mkdir(parents=True)
    (own / "link").symlink_to(other)
    settings.ROSTER_FOLDERS = (base,)
    watched = replace(draft(), kind=SourceKind.FOLDER)
    local = scope_with("district_admin", state.north)

    def refused(folder: Path | str, scope: Scope) -> bool:
        made = replace(watched, name=str(folder), values={"path": str(folder)})
        try:
            add_source(scope, state.north.uuid, made, by=BY, now=NOW)
        except SourceIsIncomplete as refusal:
            assert list(refusal.faults) == ["path"]
            return True
        return False

    asked = (own, other, own / "link", tmp_path / "out", own / ".." / ".." / "out", "../02", "/")
    assert [refused(folder, local) for folder in asked] == [False, *[True] * 6]
    assert not refused("new", local)
    assert Source.objects.get(name="new").settings["path"] == str(own / "new")
    assert [refused(folder, EVERYTHING) for folder in (other, tmp_path / "out")] == [False, True]
    source = Source.objects.get(name="new")
    (own / "new").symlink_to(other)  # as whoever delivers there can, after it was saved
    run = run_source(EVERYTHING, source.uuid, is_scheduled=False, by=BY, now=NOW)
    assert (run.outcome, run.code) == ("failed", "refused")
    state.south.natural_id = "01"
    state.south.save()
    assert refused(own / "newer", local)
    source = Source.objects.get(name=str(own))
    settings.ROSTER_FOLDERS = ()
    run = run_source(EVERYTHING, source.uuid, is_scheduled=False, by=BY, now=NOW)
    assert (run.outcome, run.code) == ("failed", "not_found")


def test_asking_for_a_run_again_before_it_is_over_is_asking_once(state: SmallState) -> None:
    source = saved_source(state.north)
    first = ask_for_run(EVERYTHING, source.uuid, by=BY, now=NOW)
    soon = NOW + timedelta(seconds=5)
    assert ask_for_run(EVERYTHING, source.uuid, by=BY, now=soon) == first
    assert Job.objects.filter(name="roster.run_source").count() == 1
    assert source_health(EVERYTHING, source, now=NOW).status == "pending"
    Job.objects.update(status="done")
    assert ask_for_run(EVERYTHING, source.uuid, by=BY, now=soon) != first
    Job.objects.update(status="queued", run_after=NOW + timedelta(hours=1))
    later = NOW + timedelta(seconds=10)
    ask_for_run(EVERYTHING, source.uuid, by=BY, now=later)
    assert Job.objects.filter(name="roster.run_source").count() == 3


def test_the_health_of_many_takes_as_many_statements_as_of_one(state: SmallState) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert sources_health(EVERYTHING, now=NOW)
        return len(asked)

    source = saved_source(state.north)
    run_source(EVERYTHING, source.uuid, is_scheduled=False, by=BY, now=NOW)
    one = cost()
    for name in ("b", "c"):
        other = saved_source(state.north, name)
        run_source(EVERYTHING, other.uuid, is_scheduled=False, by=BY, now=NOW)
    assert cost() == one


def test_a_source_of_files_sent_by_hand_is_told_by_the_latest_file(
    state: SmallState, tmp_path: Path
) -> None:
    by_hand = SourceDraft(name="Ours", kind=SourceKind.UPLOAD, format=SourceFormat.ONEROSTER_CSV)
    source = add_source(EVERYTHING, state.north.uuid, by_hand, by=BY, now=NOW)

    def told() -> tuple[str, str]:
        health = source_health(EVERYTHING, source, now=NOW)
        return health.status.value, health.step.value

    assert told() == ("never_run", "send")
    for content, expected in (
        (b"no zip", ("source_error", "read_findings")),
        (spoilt("1.2"), ("pending", "commit")),
    ):
        path = tmp_path / "sent.zip"
        path.write_bytes(content)
        intake = preflight_intake(
            EVERYTHING,
            path,
            file_name="sent.zip",
            reading=reading_of(source),
            source=source,
            by=BY,
            now=NOW,
        )
        assert (told(), source_health(EVERYTHING, source, now=NOW).intake) == (expected, intake)
    failed = run_source(EVERYTHING, source.uuid, is_scheduled=False, by=BY, now=NOW)
    assert (failed.outcome, failed.code) == ("failed", "not_found")
