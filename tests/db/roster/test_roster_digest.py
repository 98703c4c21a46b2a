"""The daily mail: to whom, when, once, and naming nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollbook.messages.models import Mail
from rollbook.people.models import Student
from rollbook.roster.actions.digest import send_roster_digests
from rollbook.roster.actions.resting import pause_source
from rollbook.roster.actions.runs import run_source
from rollbook.roster.models.sources import Source
from tests.db.roster.given import committed
from tests.factories.accounts import BY, EVERYTHING, NOW, account, grant
from tests.factories.places import SmallState, small_state
from tests.factories.sources import SECRET, away, saved_source, scripted
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db
MORNING = NOW + timedelta(days=1)


@pytest.fixture
def state() -> SmallState:
    made = small_state()
    for name, place in (("north", made.north), ("south", made.south)):
        holder = account(f"{name}@example.org")
        grant(holder, "district_admin", place)
    return made


def send(now: object = MORNING) -> int:
    return send_roster_digests(EVERYTHING, by=BY, now=now)  # type: ignore[arg-type]


def run(source: Source) -> object:
    return run_source(EVERYTHING, source.uuid, is_scheduled=True, by=BY, now=NOW).intake


def test_each_district_hears_of_its_own_sources_once(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, spoilt("1.2"), away())
    north, south = saved_source(state.north, "Clever"), saved_source(state.south, "SIS")
    committed(run(north))  # type: ignore[arg-type]
    run(south)
    before = Mail.objects.count()
    assert (send(), send()) == (2, 2)
    letters = list(Mail.objects.order_by("pk")[before:])
    assert [(letter.recipient, letter.subject) for letter in letters] == [
        ("north@example.org", "Your rosters: all is well"),
        ("south@example.org", "Your rosters: 1 in trouble"),
    ]
    assert ("Clever" in letters[0].body, "SIS" in letters[0].body) == (True, False)
    named = {name for row in Student.objects.values_list("last_name", "sourced_id") for name in row}
    assert named
    assert [name for name in named if name and name in letters[0].body] == []
    assert SECRET not in letters[0].body + letters[1].body


def test_a_day_without_a_run_has_no_letter(
    state: SmallState, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, None)
    source = saved_source(state.north)
    assert send() == 0
    pause_source(EVERYTHING, source.uuid, reason="", by=BY, now=NOW)
    run(source)
    assert send() == 0
    assert (send(NOW - timedelta(hours=8)), Mail.objects.count()) == (0, 0)
