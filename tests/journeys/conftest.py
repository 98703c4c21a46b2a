"""A live installation made through the real doors, and a real Chromium to walk through it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.walk import OwnSite, Sandbox, Walker

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
READY_WITHIN_SECONDS = 60


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = os.environ.get("ROLLBOOK_TEST_CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.skip("there is no Chromium; tools/chromium installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Serve a sample district of some 600 students, loaded as `make demo` loads it."""
    home = tmp_path_factory.mktemp("sandbox")
    rollbook(home, "demo", "--home", str(home), "--students", "600", "--no-serve")
    with served(home, is_sandbox=True) as address:
        yield Sandbox(address, home)


@pytest.fixture(scope="package")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnSite]:
    """Serve an empty installation that is no sandbox, with its first administrator."""
    home = tmp_path_factory.mktemp("own")
    email = "first.admin@sample.example"
    told = rollbook(home, "init", "--state", "State of Samples", "--admin", email)
    password = told.split("another: ")[1].split()[0]
    with served(home, is_sandbox=False) as address:
        yield OwnSite(address, email, password)


@pytest.fixture
def walker(browser: Browser) -> Iterator[Walker]:
    """Hand out a person with a browser of their own; nothing may break behind their back."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    walker = Walker(context.new_page())
    yield walker
    context.close()
    assert walker.broken == []


def rollbook(home: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "rollbook.cli", *arguments],
        env=_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rollbooks(home: Path, commands: list[list[str]]) -> list[str]:
    """Run several commands in one process, as a script of an operator does; say what each said."""
    script = (
        "import sys, json; from rollbook.cli.main import main\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    main(words, standalone_mode=False); print(end='\\0')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(commands)],
        env=_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\0")[:-1]


@contextmanager
def served(home: Path, *, is_sandbox: bool, **settings: str) -> Iterator[str]:
    """Run pages and the background worker, as `rollbook serve` does, on a free port.

    `settings` are settings of this installation as its environment says them.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {**_environment(home), "ROLLBOOK_BASE_URL": address}
    environment |= {"ROLLBOOK_SANDBOX": "1" if is_sandbox else "0", **settings}
    command = [sys.executable, "-m", "rollbook.cli", "serve", "--port", str(port), "--workers", "1"]
    with (home / "serve.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address + "/accounts/login/", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail("the server did not start")


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    source = str(Path(__file__).resolve().parents[2] / "src")
    return {**kept, "ROLLBOOK_HOME": str(home), "PYTHONPATH": source}
