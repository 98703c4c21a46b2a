"""Two processes never run one source at once, and a killed one lets go by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from rollbook.roster.actions.runs import SourceIsRunning, run_source
from rollbook.roster.models.sources import Source, SyncRun
from tests.factories.accounts import BY, EVERYTHING, NOW
from tests.factories.places import small_state
from tests.factories.sources import saved_source, scripted
from tests.spec.roster.given import spoilt

pytestmark = pytest.mark.django_db
_HOLD = """
import sys, django
django.setup()
from rollbook.roster.actions.runs import _alone
from rollbook.roster.models.sources import Source
with _alone(Source(pk=int(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def run(source: Source) -> SyncRun:
    return run_source(EVERYTHING, source.uuid, is_scheduled=False, by=BY, now=NOW)


@contextmanager
def run_elsewhere(source: Source) -> Iterator[subprocess.Popen[str]]:
    """Hold the right to run a source in another process, with a session of its own."""
    environment = {**os.environ, "ROLLBOOK_HOME": str(settings.HOME)}
    if connection.vendor == "postgresql":
        parts = urlsplit(os.environ["DATABASE_URL"])
        named = parts._replace(path=f"/{connection.settings_dict['NAME']}")
        environment["DATABASE_URL"] = urlunsplit(named)
    command = [sys.executable, "-c", _HOLD, str(source.pk)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as other:
        try:
            assert other.stdout is not None and other.stdout.readline() == "held\n"
            yield other
        finally:
            other.kill()


def runs_soon(source: Source) -> bool:
    """Tell whether a source may be run now: a database takes a moment to miss a session."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            return run(source).source == source
        except SourceIsRunning:
            time.sleep(0.05)
    return False


def test_a_run_in_another_process_keeps_this_one_out_until_it_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripted(monkeypatch, spoilt("1.2"))
    state = small_state()
    north, south = saved_source(state.north), saved_source(state.south)
    with run_elsewhere(north) as other:
        with pytest.raises(SourceIsRunning):
            run(north)
        assert SyncRun.objects.count() == 0
        assert run(south).source == south  # only that one source is taken
        with pytest.raises(SourceIsRunning):
            run(north)
        other.kill()
        other.wait()
        assert runs_soon(north)
