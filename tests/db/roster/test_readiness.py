"""The readiness board: what records prove, what people say, and when the mail may go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.audit.models import AuditEntry
from rollbook.jobs.actions import run_next
from rollbook.messages.models import Mail, Message
from rollbook.orgs.models import AcademicSession
from rollbook.orgs.queries import OrganizationNotFound
from rollbook.roster.actions.readiness import (
    MayNotPlanReadiness,
    NotReady,
    OwnerNotHere,
    StageIsProvedByFacts,
    StageNotOfMethod,
    WindowIsBackwards,
    choose_method,
    open_readiness,
    send_ready_mail,
    set_launch,
    set_owner,
    set_stage,
    set_window,
)
from rollbook.roster.models.readiness import Readiness
from rollbook.roster.queries.readiness import (
    BoardFilter,
    ReadinessRow,
    administration_team,
    colleagues,
    get_readiness,
    readiness_board,
)
from rollbook.roster.rules.readiness import Method, Stage, StageStatus
from rollbook.shared.scope import Permission, Scope
from tests.db.messages.test_mail import Server, _free_port
from tests.factories.accounts import (
    BY,
    EVERYTHING,
    NOW,
    ON,
    account,
    grant,
    reader_of,
    scope_with,
)
from tests.factories.places import SmallState, organization, small_state
from tests.factories.readiness import WINDOW, YEAR, classroom, intake, run, seat, section, student

pytestmark = pytest.mark.django_db
SAYS: dict[str, Any] = {"school_year": YEAR, "by": BY, "now": NOW}


@pytest.fixture
def state() -> SmallState:
    return small_state()


def north_high(state: SmallState, scope: Scope = EVERYTHING) -> ReadinessRow:
    return get_readiness(scope, state.north_high.uuid, school_year=YEAR)


def made_ready(state: SmallState) -> None:
    """Make North High ready for everything but the mail."""
    classroom(state.north_high, 3)
    intake(state.north)
    choose_method(EVERYTHING, state.north_high.uuid, Method.MANUAL, **SAYS)
    set_window(EVERYTHING, state.north_high.uuid, **WINDOW, **SAYS)
    grant(account("head@example.org"), "school_admin", state.north_high)


def done(row: ReadinessRow) -> list[str]:
    return [state.stage.value for state in row.states if state.is_done]


def test_nothing_is_proved_at_the_beginning(state: SmallState) -> None:
    row = north_high(state)
    assert done(row) == []
    assert row.status is StageStatus.UNPLANNED
    assert row.current is not None
    assert row.current.stage is Stage.KICK_OFF


def test_records_prove_their_stages(state: SmallState) -> None:
    made_ready(state)
    assert done(north_high(state)) == [
        "method_chosen", "one_section", "preflight_passed", "rostered", "launch_set",
    ]  # fmt: skip
    run(state.north)
    choose_method(EVERYTHING, state.north_high.uuid, Method.CLEVER, **SAYS)
    assert {"connected", "invited"} <= set(done(north_high(state)))


def test_a_failed_run_connects_nothing_and_one_of_elsewhere_neither(state: SmallState) -> None:
    run(state.north, "failed")
    run(state.south)
    choose_method(EVERYTHING, state.north.uuid, Method.CLEVER, **SAYS)
    assert done(north_high(state)) == ["method_chosen"]


@pytest.mark.parametrize(
    ("said", "is_passed"),
    [
        ({}, True),
        ({"verdict": "error"}, True),  # errors within the policy: the plan did not wait
        ({"verdict": "error", "plan_status": "proposed"}, True),
        ({"verdict": "error", "plan_status": "held"}, False),
        ({"verdict": "warning", "plan_status": "held"}, True),
        ({"status": "unchanged"}, True),
        ({"status": "refused", "verdict": "error"}, False),
        ({"plan_status": "discarded"}, False),
        ({"plan_status": "undone"}, False),
    ],
)
def test_the_latest_roster_decides_the_preflight(
    state: SmallState, said: dict[str, str], is_passed: bool
) -> None:
    intake(state.north, status="refused")
    intake(state.north, **said)
    intake(state.north, status="received")  # not checked yet: says nothing
    intake(state.south, status="refused")
    assert ("preflight_passed" in done(north_high(state))) is is_passed


def test_the_latest_roster_is_named_to_who_may_open_it(state: SmallState) -> None:
    latest = intake(state.north, status="refused")
    assert north_high(state).facts.intake_uuid == latest.uuid
    scope = scope_with("school_admin", state.north_high)
    assert north_high(state, scope).facts.intake_uuid is None
    district = scope_with("district_admin", state.north, "district@example.org")
    assert north_high(state, district).facts.intake_uuid == latest.uuid
    intake(None)
    assert north_high(state, district).facts.intake_uuid is None


def test_a_bundle_of_the_whole_state_counts_where_nothing_later_came(state: SmallState) -> None:
    classroom(state.north_high, 1)
    intake(None)
    assert done(north_high(state)) == ["one_section", "preflight_passed", "rostered"]
    intake(state.north, status="refused")
    assert done(north_high(state)) == ["one_section", "rostered"]


def test_students_are_counted_by_their_classes(state: SmallState) -> None:
    room, other = classroom(state.north_high, 2), section(state.north_high, "Math")
    student(state.north_high)  # in no class
    twice = student(state.north_high)
    seat(twice, room)
    seat(twice, other)
    gone = student(state.north_high)
    seat(gone, room, ends_before=ON)
    seat(gone, section(state.north_high, "Last year", school_year=YEAR - 1))
    seat(gone, section(state.north_high, "Archived", is_active=False))
    student(state.north_high, is_active=False)
    classroom(state.south_high, 4)
    for place in (state.north_high, state.north):
        facts = get_readiness(EVERYTHING, place.uuid, school_year=YEAR).facts
        counts = facts.student_count, facts.without_class_count, facts.in_several_count
        assert counts == (5, 2, 1)
    assert get_readiness(EVERYTHING, state.south.uuid, school_year=YEAR).facts.student_count == 4


def test_a_school_takes_over_what_its_district_planned(state: SmallState) -> None:
    set_window(EVERYTHING, state.north.uuid, **WINDOW, **SAYS)
    choose_method(EVERYTHING, state.north.uuid, Method.CLEVER, **SAYS)
    set_stage(EVERYTHING, state.north.uuid, Stage.KICK_OFF, is_done=True, **SAYS)
    row = north_high(state)
    assert (row.is_inherited, row.plan.method, row.plan.window.opens_on) == (
        True, "clever", WINDOW["opens_on"],
    )  # fmt: skip
    assert done(row) == ["kick_off", "method_chosen", "launch_set"]
    choose_method(EVERYTHING, state.north_high.uuid, Method.MANUAL, **SAYS)
    row = north_high(state)
    assert (row.is_inherited, row.plan.method) == (False, "manual")
    assert done(row) == ["kick_off", "method_chosen", "launch_set"]
    south = get_readiness(EVERYTHING, state.south_high.uuid, school_year=YEAR)
    assert done(south) == []


def test_breaks_between_terms_are_no_school_days(state: SmallState) -> None:
    spans = [("2026-08-17", "2026-11-06"), ("2026-11-11", "2027-06-12")]
    for starts_on, ends_before in spans:
        AcademicSession.objects.create(
            organization=state.north, kind="term", title="T", school_year=YEAR,
            starts_on=starts_on, ends_before=ends_before,
        )  # fmt: skip
    AcademicSession.objects.create(
        organization=state.north, kind="schoolYear", title="Y", school_year=YEAR,
        starts_on="2026-08-17", ends_before="2027-06-12",
    )  # fmt: skip
    set_window(EVERYTHING, state.north.uuid, opens_on=date(2026, 11, 13), **SAYS)
    row = north_high(state)
    assert row.plan.window.launch(row.days) == date(2026, 11, 5)


def test_a_stage_keeps_who_said_what_on_what_evidence(state: SmallState) -> None:
    owner = account("owen@example.org", first_name="Owen", last_name="Pier")
    grant(owner, "district_admin", state.north)
    set_stage(
        EVERYTHING, state.north_high.uuid, Stage.KICK_OFF, is_done=True, evidence=" Call of 1 Sep ",
        owner=owner.uuid, due_on=date(2026, 9, 20), **SAYS,
    )  # fmt: skip
    first = north_high(state).states[0]
    assert (first.is_done, first.said.evidence, first.said.owner, first.due_on) == (
        True, "Call of 1 Sep", "Owen Pier", date(2026, 9, 20),
    )  # fmt: skip
    set_stage(EVERYTHING, state.north_high.uuid, Stage.KICK_OFF, is_done=False, **SAYS)
    first = north_high(state).states[0]
    assert (first.is_done, first.said.evidence, first.said.owner) == (
        False, "Call of 1 Sep", "Owen Pier",
    )  # fmt: skip
    set_stage(EVERYTHING, state.north_high.uuid, Stage.KICK_OFF, owner=None, due_on=None, **SAYS)
    assert (north_high(state).states[0].said.owner, north_high(state).states[0].due_on) == (
        "",
        None,
    )
    assert [entry.action for entry in AuditEntry.objects.order_by("sequence")] == [
        "readiness.opened", *["readiness.stage_set"] * 3,
    ]  # fmt: skip


def test_a_word_does_not_prove_what_records_decide(state: SmallState) -> None:
    with pytest.raises(StageIsProvedByFacts):
        set_stage(EVERYTHING, state.north_high.uuid, Stage.ROSTERED, is_done=True, **SAYS)
    set_stage(EVERYTHING, state.north_high.uuid, Stage.ROSTERED, evidence="soon", **SAYS)
    assert done(north_high(state)) == []


def test_a_stage_of_another_method_is_refused(state: SmallState) -> None:
    choose_method(EVERYTHING, state.north_high.uuid, Method.MANUAL, **SAYS)
    with pytest.raises(StageNotOfMethod):
        set_stage(EVERYTHING, state.north_high.uuid, Stage.INVITED, is_done=True, **SAYS)


def test_an_owner_reads_the_roster_there(state: SmallState) -> None:
    near, far = account("near@example.org"), account("far@example.org")
    grant(near, "school_admin", state.north_high)
    grant(far, "school_admin", state.south_high)
    set_owner(EVERYTHING, state.north_high.uuid, near.uuid, **SAYS)
    assert north_high(state).owner == "near"
    with pytest.raises(OwnerNotHere):
        set_owner(EVERYTHING, state.north_high.uuid, far.uuid, **SAYS)
    seen = get_readiness(EVERYTHING, state.north_high.uuid, school_year=YEAR).organization
    assert colleagues(EVERYTHING, seen) == [(near.uuid, "near")]


def test_who_administers_no_accounts_is_offered_none_but_their_own_and_the_owners(
    state: SmallState,
) -> None:
    near, owner = account("near@example.org"), account("owner@example.org")
    grant(near, "school_admin", state.north_high)
    grant(owner, "test_coordinator", state.north_high)
    set_owner(EVERYTHING, state.north_high.uuid, owner.uuid, **SAYS)
    seen = north_high(state).organization
    integrator = scope_with("integrator", state.north, "sender@example.org")
    assert [name for _uuid, name in colleagues(integrator, seen)] == ["owner", "sender"]
    district = scope_with("district_admin", state.north, "admin@example.org")
    assert [name for _uuid, name in colleagues(district, seen)] == [
        "admin", "near", "owner", "sender",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("opens_on", "ends_before"),
    [
        (date(2026, 11, 16), date(2026, 11, 16)),
        (None, date(2026, 11, 16)),
        (date(2027, 11, 16), None),
    ],
)
def test_a_window_that_cannot_be_is_refused(
    state: SmallState, opens_on: date | None, ends_before: date | None
) -> None:
    with pytest.raises(WindowIsBackwards):
        set_window(EVERYTHING, state.north.uuid, opens_on=opens_on, ends_before=ends_before, **SAYS)
    assert Readiness.objects.count() == 0


def test_a_school_sets_its_own_launch_in_its_district_s_window(state: SmallState) -> None:
    set_window(EVERYTHING, state.north.uuid, **WINDOW, **SAYS)
    set_launch(EVERYTHING, state.north_high.uuid, date(2026, 11, 10), **SAYS)
    window = north_high(state).plan.window
    assert (window.opens_on, window.launch_on) == (WINDOW["opens_on"], date(2026, 11, 10))
    with pytest.raises(WindowIsBackwards):
        set_launch(EVERYTHING, state.north_high.uuid, WINDOW["ends_before"], **SAYS)


@pytest.mark.parametrize("role", ["school_admin", "test_coordinator"])
def test_who_may_only_read_rosters_plans_nothing(state: SmallState, role: str) -> None:
    scope = scope_with(role, state.north_high)
    here = state.north_high.uuid
    assert north_high(state, scope).organization.name == "North High"
    for refused in (
        lambda: open_readiness(scope, here, **SAYS),
        lambda: choose_method(scope, here, Method.CLEVER, **SAYS),
        lambda: set_window(scope, here, **WINDOW, **SAYS),
        lambda: set_launch(scope, here, date(2026, 11, 10), **SAYS),
        lambda: set_stage(scope, here, Stage.KICK_OFF, is_done=True, **SAYS),
        lambda: set_owner(scope, here, None, **SAYS),
        lambda: send_ready_mail(scope, here, **SAYS),
    ):
        with pytest.raises(MayNotPlanReadiness):
            refused()
    assert Readiness.objects.count() == 0


def test_what_is_out_of_sight_is_not_there(state: SmallState) -> None:
    scope = scope_with("district_admin", state.south)
    for ask in (
        lambda: get_readiness(scope, state.north_high.uuid, school_year=YEAR),
        lambda: set_window(scope, state.north_high.uuid, **WINDOW, **SAYS),
        lambda: send_ready_mail(scope, state.north_high.uuid, **SAYS),
        lambda: administration_team(scope, north_high(state).organization),
    ):
        with pytest.raises(OrganizationNotFound):
            ask()
    assert colleagues(scope, north_high(state).organization) == []
    names = [row.organization.name for row in readiness_board(scope, school_year=YEAR).page.items]
    assert names == ["South District", "South High", "South Middle"]
    assert readiness_board(Scope.nobody(on=ON), school_year=YEAR).page.items == []


def test_the_board_counts_schools_and_puts_late_ones_first(state: SmallState) -> None:
    made_ready(state)
    set_window(EVERYTHING, state.south.uuid, opens_on=date(2026, 9, 28), **SAYS)
    board = readiness_board(EVERYTHING, school_year=YEAR)
    assert (board.school_count, board.rostered_count, board.late_count) == (4, 1, 2)
    assert [(row.organization.name, row.status.value) for row in board.page.items] == [
        ("South District", "late"), ("South High", "late"), ("South Middle", "late"),
        ("North District", "unplanned"), ("North Middle", "unplanned"), ("North High", "on_time"),
    ]  # fmt: skip
    late = readiness_board(EVERYTHING, school_year=YEAR, chosen=BoardFilter(status="late"))
    assert (late.page.total_count, late.school_count) == (3, 4)
    schools = BoardFilter(kind="school", stage="kick_off", status="late")
    assert readiness_board(EVERYTHING, school_year=YEAR, chosen=schools).page.total_count == 2


def _queries(scope: Scope) -> int:
    with CaptureQueriesContext(connection) as asked:
        readiness_board(scope, school_year=YEAR)
    return len(asked)


def test_the_board_asks_as_many_questions_for_one_school_as_for_three(state: SmallState) -> None:
    one = reader_of(state.north_high, permission=Permission.ROSTER_READ)
    more = [organization("school", f"More {n}", state.north) for n in range(3)]
    many = reader_of(state.north, *more, state.south_high, permission=Permission.ROSTER_READ)
    for place in (state.north, state.north_high, *more):
        set_stage(EVERYTHING, place.uuid, Stage.KICK_OFF, is_done=True, **SAYS)
        if place != state.north:
            classroom(place, 2)
    assert _queries(one) == _queries(many)


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    server, port = Server(), _free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.BASE_URL = "https://rollbook.example"
    yield server
    controller.stop()


def test_the_mail_reaches_the_administration_team_once(state: SmallState, server: Server) -> None:
    made_ready(state)
    grant(account("state@example.org"), "state_admin", state.state)
    grant(account("district@example.org"), "district_admin", state.north)
    grant(account("south@example.org"), "district_admin", state.south)
    grant(account("teacher@example.org"), "teacher", state.north_high)
    grant(account("approver@example.org"), "approver", state.north)
    sent = send_ready_mail(EVERYTHING, state.north_high.uuid, **SAYS)
    assert (sent.recipient_count, sent.is_new) == (3, True)
    again = send_ready_mail(
        EVERYTHING, state.north_high.uuid, **{**SAYS, "now": NOW.replace(day=16)}
    )
    assert (again.sent_at, again.is_new) == (NOW, False)
    while run_next(now=NOW, worker="test"):
        pass
    team = ["approver@example.org", "district@example.org", "head@example.org"]
    assert sorted(letter["To"] for letter in server.letters) == team
    body = server.letters[0].get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "North High is ready to assess in 2026–27." in body
    assert "3 students are rostered, each in one class." in body
    assert "from Wednesday, 11 November 2026" in body
    assert "opens on Monday, 16 November 2026 and closes on Friday, 4 December 2026" in body
    assert f"https://rollbook.example/2027/rosters/readiness/{state.north_high.uuid}/" in body
    assert Message.objects.filter(kind="ready_to_assess").count() == 3
    assert AuditEntry.objects.filter(action="readiness.mail_sent").count() == 1
    assert done(north_high(state))[-1] == "mail_sent"


def test_a_state_s_administrators_are_told_where_nobody_is_nearer(state: SmallState) -> None:
    grant(account("state@example.org"), "state_admin", state.state)
    team = administration_team(EVERYTHING, north_high(state).organization)
    assert list(team.values()) == ["state@example.org"]


def _twice(state: SmallState) -> None:
    who = student(state.north_high)
    for title in ("One", "Other"):
        seat(who, section(state.north_high, title))


def _hold(state: SmallState) -> None:
    intake(state.north, plan_status="held")


def _refuse(state: SmallState) -> None:
    intake(state.north, status="refused", plan_status="discarded")


def _launch_passes(state: SmallState) -> None:
    set_launch(EVERYTHING, state.north_high.uuid, date(2026, 9, 14), **SAYS)


def _forget_the_window(state: SmallState) -> None:
    set_window(EVERYTHING, state.north_high.uuid, opens_on=None, **SAYS)


@pytest.mark.parametrize(
    ("spoil", "missing"),
    [
        (_hold, ["plan_waits"]),
        (_refuse, ["preflight_failed"]),
        (lambda s: student(s.north_high), ["students_without_class"]),
        (_twice, ["students_in_several"]),
        (_launch_passes, ["launch_passed"]),
        (_forget_the_window, ["window_unset", "launch_unset"]),
    ],
)
def test_the_mail_cannot_go_while_a_fact_does_not_hold(
    state: SmallState, spoil: Any, missing: list[str]
) -> None:
    made_ready(state)
    spoil(state)
    with pytest.raises(NotReady) as refused:
        send_ready_mail(EVERYTHING, state.north_high.uuid, **SAYS)
    assert [each.value for each in refused.value.missing] == missing
    assert (Mail.objects.count(), Message.objects.count()) == (0, 0)
    assert Readiness.objects.get(organization=state.north_high).ready_mail_at is None


def test_everything_that_is_missing_is_told_at_once(state: SmallState) -> None:
    with pytest.raises(NotReady) as refused:
        send_ready_mail(EVERYTHING, state.north_high.uuid, **SAYS)
    assert [each.value for each in refused.value.missing] == [
        "window_unset", "launch_unset", "preflight_failed", "not_rostered", "nobody_to_tell",
    ]  # fmt: skip
    assert Readiness.objects.count() == 0
