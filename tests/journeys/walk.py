"""What a person does with a browser: enter, look, search, send a file, read a table."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, Response

ACCESSIBLE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
PHONE, DESK = {"width": 320, "height": 740}, {"width": 1280, "height": 900}
LARGEST_PICTURE_BYTES = 300_000
MOST_TABS = 80
_AXE = Axe()


@dataclass(frozen=True)
class Sandbox:
    """Name where the sample district is served, and what it was made from."""

    address: str
    home: Path

    @property
    def rosters(self) -> Path:
        return self.home / "state" / "rosters"

    @property
    def result_documents(self) -> list[Path]:
        return sorted((self.home / "state" / "results-xml").glob("*.xml"))


@dataclass(frozen=True)
class OwnSite:
    """Name where an installation without sandbox is served, and its first administrator."""

    address: str
    email: str
    password: str


@dataclass
class Walker:
    """Walk as one person; note whatever breaks on the way."""

    page: Page
    broken: list[str] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("response", self._heard)
        self.page.on("console", self._read)
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))
        self.page.on("request", lambda request: self.visited.add(request.url))

    def _heard(self, response: Response) -> None:
        if response.status >= 500:
            self.broken.append(f"{response.status} {response.url}")

    def _read(self, message: ConsoleMessage) -> None:
        # A page that is refused or missing is said so by the browser, too.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.broken.append(message.text)

    def enter(self, sandbox: Sandbox, role: str) -> None:
        """Choose a role on the sandbox page and go in."""
        self.page.goto(sandbox.address)
        self.page.get_by_text(role, exact=True).click()
        self.page.get_by_role("button", name="Enter Sandbox").click()
        self.page.wait_for_url(re.compile(r"/20\d\d/"))

    def go(self, *names: str) -> None:
        """Follow links of the main navigation or the page, one after the other."""
        for name in names:
            self.page.get_by_role("link", name=name, exact=True).first.click()

    def choose_year_before(self) -> None:
        """Open the same page in the school year before this one, whose tests are all in."""
        self.page.select_option("#year", index=1)
        self.page.get_by_role("button", name="Go", exact=True).click()

    def search_school(self, school: str, grade: str) -> None:
        """Search by school and grade from the home page."""
        self.page.select_option("#school", label=school)
        self.page.select_option("#grade", label=grade)
        self.page.get_by_role("button", name="Search by school and grade").click()

    def search_ssid(self, ssid: str) -> None:
        """Search by student from the home page."""
        self.page.fill("#ssid", ssid)
        self.page.get_by_role("button", name="Search by student").click()

    def send(self, field: str, name: str, content: bytes, button: str) -> None:
        """Send a file by a form of the page."""
        kind = "application/zip" if name.endswith("zip") else "text/xml"
        self.page.set_input_files(field, {"name": name, "mimeType": kind, "buffer": content})
        self.page.get_by_role("button", name=button).click()

    def press(self, name: str | re.Pattern[str], *, exact: bool = False) -> None:
        """Press a button that sends a form, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=exact).click()

    def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is on what is sought, as one does without a mouse."""
        for _press in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never came to {selector}")

    def table(self, caption: str) -> Locator:
        """Return the table with this caption."""
        return self.page.locator("table", has=self.page.locator("caption", has_text=caption)).first

    def rows(self, caption: str) -> list[list[str]]:
        """Return the body of a table as text, shown or folded away."""
        return self.table(caption).evaluate(
            "t => [...t.tBodies[0].rows].map(r => [...r.cells].map("
            "c => c.textContent.replace(/\\s+/g, ' ').trim()))"
        )

    def says(self) -> str:
        """Return what the page says."""
        return self.page.locator("main").inner_text()

    def look(self) -> None:
        """Look at the page as an auditor of accessibility does, and on the smallest phone."""
        found = _AXE.run(self.page, options=ACCESSIBLE).response["violations"]
        told = [(v["id"], node["html"][:200]) for v in found for node in v["nodes"]]
        assert told == [], self.page.url
        assert self.page.locator("h1").count() == 1, self.page.url
        self.page.set_viewport_size(PHONE)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size(DESK)
        assert width <= PHONE["width"], self.page.url

    def picture(self, name: str, *, is_whole: bool = False) -> None:
        """Keep a picture of the page where the documentation wants one."""
        folder = os.environ.get("ROLLBOOK_TEST_PICTURES")
        if folder:
            path = Path(folder) / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=path, full_page=is_whole)
            assert path.stat().st_size <= LARGEST_PICTURE_BYTES


def totp(secret: str) -> str:
    """Return what an authenticator app shows now for a secret (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"
