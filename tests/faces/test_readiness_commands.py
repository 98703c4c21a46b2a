"""Readiness and cards at the command line: parse, refuse, print, a file for its owner alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.utils import timezone

from rollbook.cli.main import main
from rollbook.messages.models import Mail
from rollbook.people.models import Class, SchoolEnrollment
from rollbook.roster.models.readiness import LoginCard
from rollbook.shared.years import SchoolYear
from tests.factories.accounts import account, grant
from tests.factories.places import SmallState
from tests.factories.readiness import classroom, intake

pytestmark = pytest.mark.django_db
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command inside this test's database."""
    monkeypatch.setattr("rollbook.cli.terminal.start_django", lambda: None)

    def ran(*words: object, code: int = 0) -> Result:
        done = CliRunner().invoke(main, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done

    return ran


@pytest.fixture
def room(state: SmallState) -> Class:
    made = classroom(state.north_high, 3)
    Class.objects.update(school_year=YEAR)
    SchoolEnrollment.objects.update(school_year=YEAR)
    return made


# Commands look at the clock: the year is today's, and the window opens in two weeks or at its end.
TODAY = timezone.localdate()
YEAR = SchoolYear.containing(TODAY)
LAST = YEAR.ends_before - timedelta(days=1)
OPENS = min(TODAY + timedelta(days=14), LAST)
YEARLY = ("--year", int(YEAR))


def test_a_place_is_planned_shown_and_listed(run: Run, state: SmallState) -> None:
    dates = ("--opens", OPENS, "--last-day", LAST, "--launch", OPENS)
    assert run("readiness", "set", "01", "--method", "clever", *dates, *YEARLY).output == "Set.\n"
    run("readiness", "set", "01", "--stage", "kick_off", "--done", "--evidence", "Call", *YEARLY)
    said = json.loads(run("readiness", "show", "0101", *YEARLY, "--format", "json").output)
    assert (said["method"], said["launch_on"], said["window_ends_before"]) == (
        "clever", str(OPENS), str(YEAR.ends_before),
    )  # fmt: skip
    assert said["stages"][0]["evidence"] == "Call"
    assert said["stages"][0]["status"] == "done"
    assert said["mail_waits_for"] == ["preflight_failed", "not_rostered", "nobody_to_tell"]
    assert "kick_off" in run("readiness", "show", "0101", *YEARLY).output
    listed = json.loads(run("readiness", "list", *YEARLY, "--format", "json").output)
    assert len(listed) == 6
    told = run("readiness", "list", *YEARLY).output
    assert "0 of 4 schools are rostered" in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "01"), "Say what to set"),
        (("set", "01", "--last-day", "1999-02-12"), "--last-day goes with --opens"),
        (("set", "01", "--stage", "rostered", "--done"), "is decided by records"),
        (("set", "01", "--opens", "1999-02-12"), "not in the school year"),
        (("mail", "01"), "The mail waits for: window_unset, launch_unset"),
    ],
)
def test_what_cannot_be_ends_in_a_sentence(
    run: Run, state: SmallState, words: tuple[str, ...], says: str
) -> None:
    code = 2 if says.startswith(("Say", "--")) else 1
    assert says in run("readiness", *words, *YEARLY, code=code).output


def test_the_mail_goes_out_once(run: Run, state: SmallState, room: Class) -> None:
    intake(state.north)
    grant(account("head@example.org"), "school_admin", state.north_high)
    run("readiness", "set", "0101", "--opens", OPENS, "--launch", OPENS, *YEARLY)
    assert run("readiness", "mail", "0101", *YEARLY).output == "The mail goes to 1 people.\n"
    assert "was not sent again" in run("readiness", "mail", "0101", *YEARLY).output
    assert Mail.objects.count() == 1


def test_cards_go_into_a_new_file_of_its_owner_s(
    run: Run, state: SmallState, room: Class, tmp_path: Path
) -> None:
    out = tmp_path / "cards.pdf"
    told = run("cards", "issue", "--class", room.uuid, "--out", out, *YEARLY).output
    assert told == "3 cards for 1 classes; 0 former cards stopped working.\n"
    assert out.read_bytes().startswith(b"%PDF-")
    assert out.stat().st_mode & 0o777 == 0o600
    assert (
        "exists" in run("cards", "issue", "--school", "0101", "--out", out, *YEARLY, code=1).output
    )
    (listed,) = json.loads(run("cards", "list", *YEARLY, "--format", "json").output)
    assert (listed["students"], listed["open"], listed["needed"]) == (3, 3, 0)
    assert re.search(r"Room 12 .* 3 ", run("cards", "list", "--school", "0101", *YEARLY).output)
    other = tmp_path / "more.pdf"
    missing = ("--only-missing", "--out", other)
    assert (
        "no student" in run("cards", "issue", "--school", "0101", *missing, *YEARLY, code=1).output
    )
    assert not other.exists()
    told = run("cards", "void", "--school", "0101", *YEARLY).output
    assert told == "3 cards stopped working.\n"
    assert LoginCard.objects.filter(voided_at=None).count() == 0


def test_cards_are_for_one_choice(run: Run, state: SmallState) -> None:
    assert "Choose one of" in run("cards", "void", *YEARLY, code=2).output
