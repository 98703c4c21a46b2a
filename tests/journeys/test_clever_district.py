"""A Clever district from its token to the Ready To Assess mail, as its registrars do it."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes
from email.message import Message as Letter
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser

from rollbook.shared.years import SchoolYear
from tests.journeys.conftest import rollbooks, served
from tests.journeys.test_sections import answered
from tests.journeys.walk import DESK, Walker, totp
from tests.servers.clever import CleverServer, clever_server
from tests.servers.world import Term, World, district, ident

FIRST, SECOND = "rosa.registrar@pinecrest.example", "dana.data@pinecrest.example"
STUDENTS, LEAVING = 40, 12
WAITS = 60


@dataclass
class Letters:
    """Take letters, as a district's mail server does."""

    taken: list[Letter] = field(default_factory=list[Letter])

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(message_from_bytes(envelope.content))
        return "250 OK"

    def about(self, subject: str) -> list[Letter]:
        return [letter for letter in self.taken if subject in str(letter["Subject"])]


@dataclass
class District:
    """Hold an installation with one district, which is empty, and what it talks to."""

    address: str
    passwords: dict[str, str]
    world: World
    clever: CleverServer
    letters: Letters


@pytest.fixture(scope="module")
def pinecrest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    """Serve an installation beside a Clever and a mail server; two people administer it."""
    home = tmp_path_factory.mktemp("pinecrest")
    passwords = _begun(home)
    world, letters = _this_year(district(schools=2, students=STUDENTS)), Letters()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mail = Controller(letters, hostname="127.0.0.1", port=port)
    mail.start()
    settings = {
        "ROLLBOOK_ALLOW_PRIVATE_ADDRESSES": "1",
        "ROLLBOOK_SMTP_HOST": "127.0.0.1",
        "ROLLBOOK_SMTP_PORT": str(port),
    }
    try:
        with clever_server(world) as clever, served(home, is_sandbox=False, **settings) as address:
            yield District(address, passwords, world, clever, letters)
    finally:
        mail.stop()


def _begun(home: Path) -> dict[str, str]:
    """Make an installation with a district, and return its administrators' first passwords."""
    commands = [
        ["init", "--state", "State of Samples", "--admin", "state@samples.example"],
        ["orgs", "add", "district", "Pinecrest Unified", "--code", "1900001"],
    ]
    for email in (FIRST, SECOND):
        first, last = (part.title() for part in email.split("@")[0].split("."))
        commands += [
            ["accounts", "add", email, "--first-name", first, "--last-name", last],
            ["accounts", "grant", email, "district_admin", "--at", "1900001"],
            ["accounts", "reset-password", email],
        ]
    told = rollbooks(home, commands)
    return {email: told[-at].strip().rsplit(": ", 1)[1] for email, at in ((FIRST, 4), (SECOND, 1))}


def _this_year(world: World) -> World:
    """Let all sections of a district last for the school year that it is now."""
    year = SchoolYear.containing(date.today())  # noqa: DTZ011
    world.terms[:] = [
        Term(ident("t", 1), "School year", str(year.starts_on), str(year.ends_before))
    ]
    for person in world.students:
        born = int(year) - 6 - int(person.grade)
        person.born = f"{born}{person.born[4:]}"
    return world


@pytest.fixture
def colleague(browser: Browser) -> Iterator[Walker]:
    """Hand out a second person, with a browser of their own."""
    context = browser.new_context(viewport=DESK, locale="en-US")
    walker = Walker(context.new_page())
    yield walker
    context.close()
    assert walker.broken == []


def test_a_clever_district_gets_ready_to_assess(
    pinecrest: District, walker: Walker, colleague: Walker
) -> None:
    enter(pinecrest, walker, FIRST)
    enter(pinecrest, colleague, SECOND)
    connect(pinecrest, walker)
    run(walker)
    share(walker)
    commit(walker)
    home(walker)
    lose(pinecrest, walker)
    number = approve(walker)
    second(walker, colleague, number)
    undo_and_redo(walker, colleague, number)
    get_ready(pinecrest, walker)


def enter(pinecrest: District, walker: Walker, email: str) -> None:
    """Sign in for the first time, and set up an authenticator app."""
    page, password = walker.page, pinecrest.passwords[email]
    page.goto(pinecrest.address)
    page.fill("#id_login", email)
    page.fill("#id_password", password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.fill("#id_password", password)  # again, before a second factor is set up
    page.get_by_role("button", name="Confirm").click()
    page.fill("#id_code", totp(page.locator("#authenticator_secret").input_value()))
    page.get_by_role("button", name="Activate").click()
    page.goto(pinecrest.address)
    assert re.search(r"/20\d\d/$", page.url) is not None


def connect(pinecrest: District, walker: Walker) -> None:
    """Add the district's Clever as a source, and see each step of the connection work."""
    page, settings = walker.page, pinecrest.clever.settings
    assert "No roster has come in yet." in walker.says()
    walker.look()
    page.get_by_role("link", name="Connect a source").click()
    walker.look()
    walker.go("Add a source", "Choose Clever")
    page.get_by_label("Name, as people here should know it").fill("Clever")
    page.get_by_label("Client id").fill(settings["client_id"])
    page.get_by_label("Client secret").fill(pinecrest.clever.secrets["client_secret"])
    page.get_by_text("4 settings that seldom change").click()
    page.get_by_label("Address of the Data API").fill(settings["base_url"])
    page.get_by_label("Address of the tokens").fill(settings["token_url"])
    page.get_by_label("Two people must approve").fill(str(LEAVING))
    walker.look()
    page.get_by_role("button", name="Add 1 source").click()
    assert "The source was added." in page.locator("body").inner_text()
    page.get_by_role("button", name="Check connection").click()
    assert page.get_by_role("heading", name="The connection works").count() == 1
    steps = page.locator("section:has(#connection) li").all_inner_texts()
    assert (len(steps) >= 3, [step for step in steps if not step.startswith("works")]) == (True, [])
    walker.look()


def run(walker: Walker) -> str:
    """Run the source, wait as the page says, and open what came."""
    page = walker.page
    page.get_by_role("button", name="Run now").click()
    walker.look()
    page.get_by_role("link", name="Look at the plan").wait_for(timeout=WAITS * 1000)
    walker.look()
    page.get_by_role("link", name="Look at the plan").click()
    return page.url


def share(walker: Walker) -> None:
    """See that students sit in two sections, and accept the rule that is proposed."""
    page = walker.page
    walker.look()
    walker.go("Is every student in exactly one section?")
    assert answered(walker) == (0, 0, 2 * STUDENTS)
    walker.look()
    page.get_by_role("button", name="Propose the smallest rules").click()
    assert answered(walker) == (2 * STUDENTS, 0, 0)
    walker.look()
    page.get_by_role("button", name=re.compile("^Use this 1 rule")).click()


def commit(walker: Walker) -> str:
    """Commit the plan at hand."""
    page = walker.page
    page.get_by_role("button", name=re.compile("^Commit")).click()
    assert re.search(r"\d+ changes were committed\.", walker.says()) is not None
    walker.look()
    return page.url


def home(walker: Walker) -> None:
    """See at home that nothing of all this waits any more."""
    walker.go("Home")
    assert "Nothing waits for you." in walker.says()
    walker.look()
    walker.go("Rosters")
    walker.look()
    assert [row[3] for row in walker.rows("Rosters that came in")] == ["Committed", "Discarded"]


def lose(pinecrest: District, walker: Walker) -> str:
    """Let the next run find many students of one school gone; read why it waits, and who goes."""
    page, world = walker.page, pinecrest.world
    school = world.schools[0]
    for person in [p for p in world.students if p.schools == [school.id]][:LEAVING]:
        world.remove_student(person.id)
    walker.go("Sources", "Clever")
    plan = run(walker)
    walker.look()
    waits = page.locator(".usa-alert:has-text('Why it waits')").inner_text()
    assert f"{LEAVING}" in waits and school.name in waits
    students = page.get_by_role("row", name=re.compile(r"^Students \d"))
    students.get_by_role("link", name=re.compile("Students: Archive")).click()
    walker.look()
    assert len(walker.rows("Records that change")) == LEAVING
    page.goto(plan)
    return plan


def approve(walker: Walker) -> str:
    """Approve as the first of two by typing the number; return it."""
    page = walker.page
    number = page.locator("label[for=approved]").inner_text().split("type ")[1]
    page.get_by_role("button", name=re.compile("as the first of two")).click()
    assert "Type the number of changes" in walker.says()
    page.fill("#approved", number)
    page.get_by_role("button", name=re.compile("as the first of two")).click()
    assert "A second person commits it; nothing has changed yet." in walker.says()
    assert page.locator("#approved").count() == 0
    walker.look()
    return number


def second(walker: Walker, colleague: Walker, number: str) -> None:
    """Let the other person look, type the number too, and commit."""
    colleague.page.goto(walker.page.url)
    colleague.look()
    colleague.page.fill("#approved", number)
    colleague.page.get_by_role("button", name=f"Approve all {number} changes").click()
    assert f"{number} changes were committed." in colleague.says()
    walker.page.reload()
    assert walker.page.locator("h1").inner_text() == "What did clever.zip change?"


def undo_and_redo(walker: Walker, colleague: Walker, number: str) -> None:
    """Take everything back, check the same roster again, and approve it again."""
    page = walker.page
    page.get_by_role("button", name="Undo these changes").click()
    assert "Undone." in walker.says()
    walker.look()
    page.get_by_role("button", name="Check this roster again").click()
    assert "This is what the roster would change now." in walker.says()
    walker.look()
    assert "another person has to approve everything" in walker.says()
    second(walker, colleague, number)


def get_ready(pinecrest: District, walker: Walker) -> None:
    """Plan the district's way to its window, and tell its administration team."""
    page = walker.page
    walker.go("Who is ready to assess?")
    walker.look()
    walker.go("Pinecrest Unified")
    walker.look()
    assert "What stops the Ready To Assess mail" in walker.says()
    waits_for = page.locator("section:has(#mail) li").all_inner_texts()
    assert [says.split(" Fix")[0] for says in waits_for] == [
        "No assessment window is set.", "No launch date is set.",
    ]  # fmt: skip
    assert page.get_by_role("button", name=re.compile("^Send Ready")).count() == 0
    today = date.today()  # noqa: DTZ011
    opens = min(today + timedelta(days=60), SchoolYear.containing(today).ends_before)
    page.fill("#opens_on", str(opens - timedelta(days=1)))
    page.get_by_role("button", name="Set these dates").click()
    assert "(three school days before)" in walker.says()
    page.get_by_label("Method", exact=True).select_option(label="Clever")
    page.get_by_role("button", name="Choose this method").click()
    said = {
        "kick_off": "Call with the district",
        "invited": "Mail of Monday",
        "sharing_requested": "Asked in Clever",
        "sharing_approved": "The rule is in Clever",
        "class_names_reviewed": "List sent back",
    }
    for stage, evidence in said.items():
        form = page.locator(f"details:has(input[name=stage][value={stage}])")
        form.locator("summary").click()
        form.get_by_label("Evidence").fill(evidence)
        form.locator(f"label[for=yes-{stage}]").click()
        form.get_by_role("button", name=re.compile("^Save 1 stage")).click()
    walker.look()
    assert pinecrest.letters.about("Ready") == []
    page.get_by_role("button", name="Send Ready To Assess mail to 2 people").click()
    walker.look()
    received = lambda: len(pinecrest.letters.about("Ready")) == 2  # noqa: E731
    until(received)
    assert sorted(letter["To"] for letter in pinecrest.letters.about("Ready")) == [SECOND, FIRST]


def until(is_so: Callable[[], bool], *, seconds: float = WAITS) -> None:
    """Wait for something that the background does."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.2)
