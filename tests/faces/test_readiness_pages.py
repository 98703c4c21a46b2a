"""Pages of readiness and login cards: permission, parse, render."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from rollbook.messages.models import Mail
from rollbook.people.models import Class, SchoolEnrollment
from rollbook.roster.actions import cards as cards_actions
from rollbook.roster.models.readiness import LoginCard, Readiness, ReadinessStage
from rollbook.shared.years import SchoolYear
from tests.faces.conftest import SignIn
from tests.factories.places import SmallState
from tests.factories.readiness import classroom, intake

pytestmark = pytest.mark.django_db


@pytest.fixture
def year() -> int:
    """Return the school year of today, into which the factories' classes are moved."""
    return int(SchoolYear.containing(timezone.localdate()))


@pytest.fixture
def room(state: SmallState, year: int) -> Class:
    made = classroom(state.north_high, 3)
    Class.objects.update(school_year=year)
    SchoolEnrollment.objects.update(school_year=year)
    return made


def read(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


def told(client: Client, address: str, **sent: str) -> str:
    return read(client.post(address, sent, follow=True))


def test_the_board_answers_first_and_lists_each_place(
    sign_in: SignIn, state: SmallState, room: Class, year: int
) -> None:
    intake(state.north)
    page = read(sign_in().get(f"/{year}/rosters/readiness/"))
    assert "<h1>Who is ready to assess?</h1>" in page
    assert "<strong>1 of 4 schools are rostered</strong>" in page
    assert page.count('<th scope="row">') == 6
    late = read(sign_in_again(state, year, "?status=late"))
    assert "Nothing matches. Choose other filters." in late


def sign_in_again(state: SmallState, year: int, query: str) -> Any:
    from rollbook.access.models import Account  # the reader that the fixture made

    client = Client()
    reader = Account.objects.get(email="reader@example.org")
    client.force_login(reader, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.get(f"/{year}/rosters/readiness/{query}")


def test_the_board_is_a_file_too(sign_in: SignIn, state: SmallState, year: int) -> None:
    state.north_high.name = "=North"
    state.north_high.save()
    response = sign_in().get(f"/{year}/rosters/readiness/readiness.csv?kind=school")
    lines = response.content.decode().splitlines()
    assert lines[0].startswith("organization,kind,natural_id,status,stage,due_on,owner")
    assert lines[1].startswith("'=North,school,0101,unplanned,kick_off,")
    assert len(lines) == 5
    nothing = sign_in_again(state, year, "readiness.csv?status=late").content.decode()
    assert nothing == "organization\r\n"


def test_a_stage_is_ticked_with_evidence(sign_in: SignIn, state: SmallState, year: int) -> None:
    client, here = sign_in(), f"/{year}/rosters/readiness/{state.north_high.uuid}/"
    assert "Next: Kick-off held" in read(client.get(here))
    sent = {"choice": "stage", "stage": "kick_off", "is_done": "yes", "due_on": "2026-09-01"}
    page = told(client, here, **sent, evidence="Call <b>of</b> 1 Sep https://example.org/x")
    assert "Kick-off held: saved." in page
    assert "Call &lt;b&gt;of&lt;/b&gt; 1 Sep" in page
    assert 'href="https://example.org/x"' in page
    assert "Said by you on" in page
    stage = ReadinessStage.objects.get()
    assert (stage.stage, str(stage.due_on)) == ("kick_off", "2026-09-01")


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"choice": "what"}, "Choose what to do. Nothing was changed."),
        ({"choice": "stage", "stage": "rostered", "is_done": "yes"}, "Records decide this stage."),
        ({"choice": "stage", "stage": "invited", "is_done": "yes"}, "Records decide this stage."),
        ({"choice": "stage", "stage": "kick_off", "owner": "x"}, "Choose another owner."),
        ({"choice": "stage", "stage": "kick_off", "due_on": "soon"}, "Type dates as"),
        ({"choice": "window", "opens_on": "2026-02-31"}, "Type dates as"),
        ({"choice": "window", "opens_on": "1999-01-01"}, "These dates do not fit"),
        ({"choice": "method", "method": "pigeon"}, "Nothing was changed."),
        ({"choice": "mail"}, "The mail was not sent: what it waits for is listed below."),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    sign_in: SignIn, state: SmallState, year: int, sent: dict[str, str], says: str
) -> None:
    page = told(sign_in(), f"/{year}/rosters/readiness/{state.north_high.uuid}/", **sent)
    assert says in page
    assert (Readiness.objects.count(), Mail.objects.count()) == (0, 0)


def test_the_mail_is_sent_by_its_button_when_the_facts_hold(
    sign_in: SignIn, state: SmallState, room: Class, year: int
) -> None:
    client, here = sign_in(), f"/{year}/rosters/readiness/{state.north_high.uuid}/"
    page = read(client.get(here))
    assert "What stops the Ready To Assess mail" in page
    assert (
        f'No roster with students is committed. <a class="usa-link" href="/{year}/rosters/">'
        in page
    )
    assert "Send Ready To Assess mail" not in page
    intake(state.north)
    opens = min(
        timezone.localdate() + timedelta(days=14), SchoolYear(year).ends_before - timedelta(1)
    )
    told(client, here, choice="window", opens_on=str(opens), launch_on=str(opens))
    page = read(client.get(here))
    assert "Send Ready To Assess mail to 1 person" in page
    assert "goes to 1 person." in told(client, here, choice="mail")
    assert Mail.objects.get().recipient == "reader@example.org"
    page = told(client, here, choice="mail")
    assert "it was not sent again" in page
    assert "The Ready To Assess mail went out on" in page
    assert Mail.objects.count() == 1


def test_who_may_only_read_sees_stages_and_changes_none(
    sign_in: SignIn, state: SmallState, year: int
) -> None:
    client = sign_in("school_admin", state.north_high)
    here = f"/{year}/rosters/readiness/{state.north_high.uuid}/"
    page = read(client.get(here))
    assert page.count("<form") == 2  # the year, and the way out
    page = told(client, here, choice="method", method="clever")
    assert "Your role may not plan for this place. Nothing was changed." in page
    assert client.get(f"/{year}/rosters/readiness/{state.south_high.uuid}/").status_code == 404
    assert Readiness.objects.count() == 0


def test_cards_are_printed_for_a_class_and_voided(sign_in: SignIn, room: Class, year: int) -> None:
    client, here = sign_in(), f"/{year}/rosters/cards/"
    page = read(client.get(here))
    assert "3 students have no card that works." in page
    assert "Print 3 cards" in page
    sent = {"choice": "missing", "class": str(room.uuid), "valid_days": "14"}
    response = client.post(here, sent)
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "no-store, private"
    assert response.content.startswith(b"%PDF-")
    assert "Nobody here needs a card." in told(client, here, **sent)
    assert "A card is valid for 1 to 120 days." in told(client, here, **{**sent, "valid_days": "x"})
    assert "3 cards stopped working." in told(client, here, **{**sent, "choice": "void"})
    assert LoginCard.objects.filter(voided_at__isnull=False).count() == 3
    assert client.post(here, {"choice": "all", "class": "x"}).status_code == 404
    assert client.post(here, {"choice": "all"}).status_code == 404


def test_whom_cards_are_not_for_is_told_so(sign_in: SignIn, room: Class, year: int) -> None:
    client = sign_in("teacher", room.school)
    assert client.get(f"/{year}/rosters/cards/").status_code == 403


def test_a_coordinator_sees_no_class_and_prints_none(
    sign_in: SignIn, room: Class, year: int
) -> None:
    client = sign_in("test_coordinator", room.school)
    assert "No class with students here." in read(client.get(f"/{year}/rosters/cards/"))
    sent = {"choice": "all", "class": str(room.uuid), "valid_days": "14"}
    assert client.post(f"/{year}/rosters/cards/", sent).status_code == 404
    assert LoginCard.objects.count() == 0


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    read_here: list[dict[str, str]] = []
    whole = cards_actions.render_pdf

    def reading(template: str, values: Any, **more: Any) -> bytes:
        read_here.extend(card for group in values["groups"] for card in group["cards"])
        return whole(template, values, **more)

    monkeypatch.setattr(cards_actions, "render_pdf", reading)
    return read_here


def test_a_student_tries_a_card_once(
    sign_in: SignIn, room: Class, year: int, codes: list[dict[str, str]]
) -> None:
    cache.clear()
    sent = {"choice": "all", "class": str(room.uuid), "valid_days": "14"}
    sign_in().post(f"/{year}/rosters/cards/", sent)
    student, card = Client(), codes[0]
    assert "Try your login card" in read(student.get("/card/"))
    page = read(student.post("/card/", {"login": card["login"], "code": card["code"]}))
    assert f"You are signed in as {card['name'].split()[0]}." in page
    assert "Your class: Room 12." in page
    assert card["name"].split()[1] not in page
    again = student.post("/card/", {"login": card["login"], "code": card["code"]})
    unknown = student.post("/card/", {"login": "nobody", "code": card["code"]})
    assert (again.status_code, unknown.status_code) == (403, 403)
    told_again, told_unknown = again.content.decode(), unknown.content.decode()
    assert told_again.partition("<form")[0] == told_unknown.partition("<form")[0]
    assert "sessionid" not in student.cookies


def test_a_login_is_not_tried_for_ever(db: None) -> None:
    cache.clear()
    statuses = [
        Client().post("/card/", {"login": "l1", "code": f"BBB-BBB-BB{n}"}).status_code
        for n in range(11)
    ]
    assert statuses == [403] * 10 + [429]
    assert Client().post("/card/", {"login": "other", "code": "B"}).status_code == 403
    cache.clear()
