"""The words of the daily mail about a district's rosters: counts and links, nothing personal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rollbook.roster.types import RunOutcome

# After the nightly runs, before anybody is at work.
DIGEST_AT: Final = time(6, 30)

_CAME: Final[Mapping[RunOutcome, str]] = {
    RunOutcome.RUNNING: "still running",
    RunOutcome.NOTHING_NEW: "nothing new",
    RunOutcome.UNCHANGED: "everything is as it was",
    RunOutcome.PLANNED: "changes are ready to commit",
    RunOutcome.HELD: "changes wait for your decision",
    RunOutcome.COMMITTED: "changes were committed",
    RunOutcome.REFUSED: "what came cannot be used",
    RunOutcome.FAILED: "the source could not be read",
}
_CHANGES: Final = ("add", "update", "move", "reactivate", "archive")
_WORDS: Final = {
    "add": "added",
    "update": "changed",
    "move": "moved",
    "reactivate": "brought back",
    "archive": "archived",
}


@dataclass(frozen=True, slots=True)
class DigestRun:
    """Hold one run as the mail tells it.

    Shape: `counts` are those of its plan: {table: {action: count}}, empty without one.
    """

    outcome: RunOutcome
    says: str = ""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    is_waiting: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class DigestSource:
    """Hold what one source did in a day."""

    name: str
    link: str
    runs: Sequence[DigestRun]


def digest_window(now: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """Return the day that a digest tells of: up to the latest 6:30 in the morning, exclusive.

    Shape: the same for whoever asks until the next morning, so that each run is told once.
    """
    zone = ZoneInfo(time_zone)
    local = now.astimezone(zone)
    day = local.date() if local.time() >= DIGEST_AT else local.date() - timedelta(days=1)
    until = datetime.combine(day, DIGEST_AT, tzinfo=zone)
    return datetime.combine(day - timedelta(days=1), DIGEST_AT, tzinfo=zone), until


def digest_subject(sources: Sequence[DigestSource]) -> str:
    """Say in a line whether anybody must do something."""
    runs = [run for source in sources for run in source.runs[-1:]]
    waiting = sum(run.is_waiting for run in runs)
    failed = sum(run.outcome in {RunOutcome.FAILED, RunOutcome.REFUSED} for run in runs)
    parts = [
        f"{count} {word}"
        for count, word in ((waiting, "to decide"), (failed, "in trouble"))
        if count
    ]
    return "Your rosters: " + (", ".join(parts) if parts else "all is well")


def digest_body(district: str, sources: Sequence[DigestSource]) -> str:
    """Tell, source by source, what came, what it changes, what waits and what failed."""
    lines = [f"What the sources of {district} did in the last day.", ""]
    for source in sources:
        lines += [source.name, *(_line(run) for run in source.runs), f"  {source.link}", ""]
    lines.append("You get this because you may approve rosters there. No student is named in it.")
    return "\n".join(lines) + "\n"


def _line(run: DigestRun) -> str:
    told = f"  - {_CAME.get(run.outcome, run.outcome.value)}"
    if run.says:
        told += f": {run.says}"
    if changes := _counted(run.counts):
        told += f" ({changes})"
    if run.is_waiting and run.link:
        told += f"\n    {run.link}"
    return told


def _counted(counts: Mapping[str, Mapping[str, int]]) -> str:
    students = counts.get("students", {})
    told = [f"{students[a]:,} {_WORDS[a]}" for a in _CHANGES if students.get(a)]
    total = sum(sum(actions.values()) for actions in counts.values())
    if not total:
        return ""
    return (f"students: {', '.join(told)}; " if told else "") + f"{total:,} records in all"
