"""The daily mail about rosters: its day, its subject, its words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rollbook.roster.rules.digest import (
    DigestRun,
    DigestSource,
    digest_body,
    digest_subject,
    digest_window,
)
from rollbook.roster.types import RunOutcome

PACIFIC = "America/Los_Angeles"


@pytest.mark.parametrize("minute", [0, 59])
@pytest.mark.parametrize("hour", [14, 23])
def test_a_day_ends_at_half_past_six_and_is_the_same_for_all_who_ask(
    hour: int, minute: int
) -> None:
    since, until = digest_window(datetime(2026, 9, 15, hour, minute, tzinfo=UTC), PACIFIC)
    assert until.astimezone(UTC) == datetime(2026, 9, 15, 13, 30, tzinfo=UTC)
    assert since.astimezone(UTC) == datetime(2026, 9, 14, 13, 30, tzinfo=UTC)


def test_days_join_without_a_gap_also_when_clocks_change() -> None:
    before = digest_window(datetime(2026, 11, 1, 13, 0, tzinfo=UTC), PACIFIC)
    after = digest_window(datetime(2026, 11, 1, 15, 0, tzinfo=UTC), PACIFIC)
    assert before[1] == after[0]
    assert after[1].astimezone(UTC) - after[0].astimezone(UTC) != before[1] - before[0]


def source(*runs: DigestRun) -> DigestSource:
    return DigestSource("Clever", "https://r.example.org/s/", runs)


HELD = DigestRun(
    RunOutcome.HELD,
    counts={"students": {"add": 1200, "archive": 3}, "classes": {"update": 2}},
    is_waiting=True,
    link="https://r.example.org/i/",
)


def test_the_subject_says_whether_anybody_must_do_something() -> None:
    quiet = source(HELD, DigestRun(RunOutcome.COMMITTED))
    failed = source(DigestRun(RunOutcome.FAILED))
    assert digest_subject([quiet]) == "Your rosters: all is well"
    assert digest_subject([source(HELD), failed, failed]) == (
        "Your rosters: 1 to decide, 2 in trouble"
    )


def test_the_mail_tells_counts_and_links() -> None:
    failed = DigestRun(RunOutcome.FAILED, "The server does not answer.", link="https://no/")
    assert digest_body("North District", [source(HELD, failed)]) == (
        "What the sources of North District did in the last day.\n\n"
        "Clever\n"
        "  - changes wait for your decision "
        "(students: 1,200 added, 3 archived; 1,205 records in all)\n"
        "    https://r.example.org/i/\n"
        "  - the source could not be read: The server does not answer.\n"
        "  https://r.example.org/s/\n\n"
        "You get this because you may approve rosters there. No student is named in it.\n"
    )
