"""A coordinator lets groups go to the state's service and a vendor's folder, by hand and by night.

The servers are real ones on loopback: one of HTTP, one of SFTP, one of mail.
"""

from __future__ import annotations

import csv
import io
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller

from rollbook.groups.layouts import GROUP_FILE
from tests.journeys.conftest import rollbook, rollbooks, served
from tests.journeys.test_clever_district import WAITS, Letters, until
from tests.journeys.walk import Walker, totp
from tests.servers.import_api import ImportServer, import_server
from tests.servers.sftp import SftpServer, sftp_server

COORDINATOR, HEARS = "toni.tests@sample.example", "office@sample.example"
SCHOOL = "Sample Middle School"
STATE, VENDOR, PROFILE = "The state's reporting system", "The vendor's folder", "Middle school ELA"
TIME_ZONE = ZoneInfo("America/Los_Angeles")
NEEDS_SECONDS = 8  # to fill in a schedule before its minute has come


@dataclass
class Place:
    """Hold a district's installation and what it talks to."""

    address: str
    password: str
    state: ImportServer
    vendor: SftpServer
    letters: Letters

    @property
    def arrived(self) -> list[Path]:
        return sorted(path for path in self.vendor.root.iterdir() if path.suffix == ".csv")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Serve a sample district, as no sandbox, beside servers of a state and a vendor."""
    home, root = tmp_path_factory.mktemp("extracts"), tmp_path_factory.mktemp("vendor")
    rollbook(home, "demo", "--home", str(home), "--students", "300", "--no-serve")
    told = rollbooks(
        home,
        [
            ["accounts", "add", COORDINATOR, "--first-name", "Toni", "--last-name", "Tests"],
            ["accounts", "grant", COORDINATOR, "test_coordinator", "--at", "99000010000000"],
            ["accounts", "reset-password", COORDINATOR],
        ],
    )
    letters = Letters()
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
        with (
            import_server() as state,
            sftp_server(root) as vendor,
            served(home, is_sandbox=False, **settings) as address,
        ):
            password = told[-1].strip().rsplit(": ", 1)[1]
            yield Place(address, password, state, vendor, letters)
    finally:
        mail.stop()


def test_a_profile_is_written_scheduled_and_delivered(place: Place, walker: Walker) -> None:
    enter(place, walker)
    add_state(place, walker)
    add_vendor(place, walker)
    make_profile(walker)
    schedule(walker)
    file = create_file(walker)
    send_to_state(place, walker, file)
    see_the_night(place, walker, file)
    hear(place)
    run_again(place, walker, file)
    be_refused(place, walker)


def enter(place: Place, walker: Walker) -> None:
    """Sign in for the first time, set up an authenticator app where the role asks for one."""
    page = walker.page
    page.goto(place.address)
    page.fill("#id_login", COORDINATOR)
    page.fill("#id_password", place.password)
    walker.press("Sign in", exact=True)
    if page.locator("#id_password").count():
        page.fill("#id_password", place.password)
        walker.press("Confirm")
        page.fill("#id_code", totp(page.locator("#authenticator_secret").input_value()))
        walker.press("Activate")
    page.goto(place.address)
    walker.go("Groups", "Deliveries")
    assert "Nothing was sent yet" in walker.says()
    walker.look()


def add_state(place: Place, walker: Walker) -> None:
    """Add the state's service, first without its key, and see the connection work."""
    page, settings = walker.page, place.state.settings
    walker.go("Add a target")
    walker.look()
    page.get_by_role("link", name=re.compile("^Choose .*import", re.I)).click()
    page.get_by_label("Name, as people here should know it").fill(STATE)
    page.get_by_label("Address of the import service").fill(settings["address"])
    page.get_by_label("Address where Rollbook signs in").fill(settings["token_address"])
    page.get_by_label("Realm").fill(settings["realm"])
    page.get_by_label("User name", exact=False).fill(settings["username"])
    walker.look()
    walker.press("Add 1 target")
    assert "Nothing was kept yet" in walker.says()
    walker.look()
    page.get_by_label("Secret key").fill(place.state.secrets["secret"])
    walker.press("Add 1 target")
    check(walker)


def add_vendor(place: Place, walker: Walker) -> None:
    """Add the vendor's folder, see its fingerprint, and say that it is the right one."""
    page, settings = walker.page, place.vendor.settings
    walker.go("Deliveries", "Add a target")
    page.get_by_role("link", name=re.compile("^Choose .*SFTP", re.I)).click()
    page.get_by_label("Name, as people here should know it").fill(VENDOR)
    page.get_by_label("Server", exact=True).fill(settings["host"])
    page.get_by_text("settings that seldom change").click()
    page.get_by_label("Port").fill(settings["port"])
    page.get_by_label("User", exact=True).fill(settings["username"])
    page.get_by_label("Password").fill(place.vendor.secrets["password"])
    page.get_by_label("Fingerprint of the server").fill(settings["host_key"])
    walker.look()
    walker.press("Add 1 target")
    check(walker)


def check(walker: Walker) -> None:
    page = walker.page
    walker.press("Check connection")
    assert "The connection works" in page.locator("main h2").all_inner_texts()
    walker.look()


def make_profile(walker: Walker) -> None:
    """Say which groups of which school go to the state, look at them, and save the profile."""
    page = walker.page
    walker.go("Extract profiles")
    walker.look()
    walker.go("Make a profile")
    walker.look()
    page.locator("#list-schools label", has_text=SCHOOL).click()
    walker.press("Show choices of this type")
    walker.look()
    page.get_by_text("English Language Arts 8", exact=True).click()
    page.get_by_text("English language arts (ELA)", exact=True).click()
    walker.press("Preview")
    walker.look()
    walker.press("Save 1 profile")
    assert "Nothing was kept yet" in walker.says()
    page.get_by_label("Name of the profile").fill(PROFILE)
    page.locator("label[for=in_schedule]").click()
    walker.press("Save 1 profile")
    assert [row[1].split(" in the")[0] for row in walker.rows("Extract profiles")] == [PROFILE]
    walker.look()


def schedule(walker: Walker) -> None:
    """Let the profile be written in the next minute, and go to both places."""
    page = walker.page
    walker.go("Schedule")
    assert "1 profile of this school year is in the scheduled process." in walker.says()
    walker.look()
    at = datetime.now(TIME_ZONE) + timedelta(seconds=60 + NEEDS_SECONDS)
    if page.locator("#day-7").is_checked() is False:
        for day in "67":
            page.locator(f"label[for=day-{day}]").click()
    page.fill("#time_of_day", f"{at:%H:%M}")
    page.fill("#mails", f"{HEARS}\n")
    for name in (STATE, VENDOR):
        page.get_by_text(f"Send it to {name}").click()
    page.get_by_text("The schedule is on").click()
    walker.press("Keep this schedule")
    assert f"Sample District: next on {at:%-d %b %Y, %H:%M}" in walker.says()
    walker.look()


def create_file(walker: Walker) -> bytes:
    """Write the file by hand meanwhile, read who is not in it and why, and download it."""
    choose_profile(walker)
    walker.press("Create files of 1 profile")
    assert "Yes: there is no warning" in walker.says()
    walker.look()
    walker.picture("extract-file")
    walker.go("Who is not in it")
    left = walker.rows("Students who are not in this file")
    assert {row[4] for row in left} == {"No class of a chosen course"}
    walker.look()
    with walker.page.expect_download() as started:
        walker.go("Download 1 file")
    return Path(started.value.path()).read_bytes()


def choose_profile(walker: Walker) -> None:
    walker.go("Extract profiles")
    walker.page.locator("tr", has_text=PROFILE).locator("td.drop label").click()


def send_to_state(place: Place, walker: Walker, file: bytes) -> None:
    """Send the file by hand, and see it taken under the number that it has over there."""
    page = walker.page
    walker.press(f"Send 1 file to {STATE}")
    page.get_by_role("heading", name="Taken", exact=True).wait_for(timeout=WAITS * 1000)
    walker.look()
    assert [made["payload"] for made in place.state.imports] == [file]
    facts = page.locator("dl.facts").inner_text().split("\n")
    assert facts[facts.index("Number over there") + 1] == str(place.state.imports[0]["id"])
    assert read(file)[0].keys() == dict.fromkeys(GROUP_FILE).keys()


def read(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode())))


def see_the_night(place: Place, walker: Walker, file: bytes) -> None:
    """See the scheduled file written and arrived at both places, at the state's but once."""
    until(lambda: len(place.arrived) == 1, seconds=60 + NEEDS_SECONDS + WAITS)
    assert place.arrived[0].read_bytes() == file
    walker.go("Files")
    written = walker.rows("Group files")
    assert ["by schedule" in row[3] for row in written] == [True, False]
    walker.look()
    assert deliveries(walker) == [(STATE, "Taken"), (STATE, "Taken"), (VENDOR, "Taken")]
    walker.look()
    assert len(place.state.imports) == 1
    walker.go("Schedule")
    assert "Last processed: never yet" not in walker.says()


def deliveries(walker: Walker) -> list[tuple[str, str]]:
    """Wait until nothing is on its way, and return where files went and what became of them."""

    def is_over() -> bool:
        walker.go("Deliveries")
        return all(row[3].startswith("Taken") for row in walker.rows("Deliveries"))

    until(is_over)
    return sorted((row[2], row[3].split()[0]) for row in walker.rows("Deliveries"))


def hear(place: Place) -> None:
    """Find the result of the night in the office's mail: counts, and no student."""
    until(lambda: bool(place.letters.about("Group files were written")))
    (letter,) = place.letters.about("Group files were written")
    text = letter.get_payload(decode=True).decode()
    assert letter["To"] == HEARS
    assert re.search(r"1 groups?, \d+ students, \d+ rows, \d+ students left out", text), text


def run_again(place: Place, walker: Walker, file: bytes) -> None:
    """Write and send once more: nothing changed, so the state holds it but once."""
    page = walker.page
    choose_profile(walker)
    for name in (STATE, VENDOR):
        page.get_by_text(f"Send to {name} at once").click()
    walker.press("Create files of 1 profile")
    walker.go("What changed")
    assert "1 group is the same" in walker.says()
    walker.look()
    assert deliveries(walker) == [(STATE, "Taken")] * 3 + [(VENDOR, "Taken")] * 2
    assert [made["payload"] for made in place.state.imports] == [file]
    assert {path.read_bytes() for path in place.arrived} == {file}


def be_refused(place: Place, walker: Walker) -> None:
    """Let the state refuse a row, read which and why, and send the file again once it takes it."""
    page, says = walker.page, "Row: 2 Failure: Unknown student"
    place.state.verdict, place.state.message = "BAD_DATA", says
    choose_profile(walker)
    walker.press("Create files of 1 profile")
    walker.press(f"Send 1 file to {STATE}")
    page.get_by_role("heading", name="Refused", exact=True).wait_for(timeout=WAITS * 1000)
    (row,) = walker.rows("Rows that the other side did not take")
    assert (row[0], "Unknown student" in row[3]) == ("3", True), row
    assert "write a new file and send that one" in walker.says()
    walker.look()
    walker.go("Deliveries")
    assert "1 delivery needs somebody" in walker.says()
    walker.look()
    place.state.verdict, place.state.message = "PROCESSED", ""
    page.get_by_role("link", name=re.compile("^See what to do")).click()
    walker.press("Send 1 file again")
    page.get_by_role("heading", name="Taken", exact=True).wait_for(timeout=WAITS * 1000)
    walker.go("Deliveries")
    assert "Nothing needs you" in walker.says()
    assert len(place.state.imports) == 1
