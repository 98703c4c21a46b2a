"""A preflight on one page: what came, what changes, what is left out and why, what to do first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rollbook.roster.rules.root_causes import Repair, RootCause, counted
from rollbook.shared.findings import Severity

# One page holds so many causes; the rest is in root_causes.csv.
SHOWN_CAUSES: Final = 8
SHOWN_DOUBTS: Final = 4
# Files in the order in which a reader asks for them, in a reader's words.
_NAMES: Final = {
    "users": ("person", "people"),
    "roles": ("role", "roles"),
    "classes": ("class", "classes"),
    "enrollments": ("class enrollment", "class enrollments"),
    "demographics": ("set of demographics", "sets of demographics"),
    "orgs": ("school or district", "schools and districts"),
    "courses": ("course", "courses"),
    "academicSessions": ("school year or term", "school years and terms"),
    "categories": ("category", "categories"),
}


@dataclass(frozen=True, slots=True)
class PreflightSummary:
    """Hold what one page says about one roster.

    Shape: `records` counts the records that can be used by file; `changes` counts what the plan
           does by table and action, empty without a plan; `holds` say why the plan waits;
           `is_sent_alone` tells whether the rows left out, sent alone, remove nobody.
    """

    file_name: str
    status: str
    records: Mapping[str, int]
    causes: Sequence[RootCause] = ()
    repairs: Sequence[Repair] = ()
    changes: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    holds: Sequence[str] = ()
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    is_sent_alone: bool = True

    @property
    def blocking(self) -> list[RootCause]:
        """Return the causes that stop the file or leave rows out."""
        return [c for c in self.causes if c.severity in (Severity.FATAL, Severity.ERROR)]

    @property
    def doubtful(self) -> list[RootCause]:
        """Return the causes that leave no row out."""
        return [c for c in self.causes if c.severity is Severity.WARNING]

    @property
    def left_out_count(self) -> int:
        """Count the rows left out of all files."""
        return sum(self.left_out.values())

    @property
    def repair_count(self) -> int:
        """Count the cells repaired on the way in."""
        return sum(repair.count for repair in self.repairs)


def summary_text(summary: PreflightSummary, *, with_values: bool = True) -> str:
    """Write the page as plain text.

    Shape: without values no cell is quoted: that is the text for a mail.
    """
    parts = [
        "\n".join([title, *(f"- {line}" for line in lines)])
        for title, lines in summary_sections(summary, with_values=with_values)
        if lines
    ]
    return "\n\n".join(parts) + "\n"


def summary_sections(
    summary: PreflightSummary, *, with_values: bool = True
) -> list[tuple[str, list[str]]]:
    """Return the page as titles with their lines; a title without lines has nothing to say."""
    return [
        ("What came", [f"{summary.file_name}: {_records(summary)}."]),
        ("What will change", _changes(summary)),
        ("What is left out, and why", _left_out(summary, with_values)),
        ("Kept, and worth a look", _doubtful(summary, with_values)),
        ("Repaired on the way in", _repairs(summary)),
        ("What to do first", first_steps(summary, with_values=with_values)),
    ]


def first_steps(summary: PreflightSummary, *, with_values: bool = True) -> list[str]:
    """Say what to do, the heaviest first; at most three things."""
    # One cure may mend several causes: it is said once, with the rows of all of them.
    cures: dict[str, int] = {}
    for cause in summary.blocking:
        cure = f"{cause.fix} [{cause.code}]" if with_values else cause.mentions
        cures[cure] = cures.get(cure, 0) + cause.weight
    steps = [f"{cure} ({counted(rows, 'row')})" for cure, rows in list(cures.items())[:3]]
    if summary.left_out_count:
        steps.append(_SEND_ALONE if summary.is_sent_alone else _SEND_AGAIN)
    if summary.holds:
        steps.append("Look at the plan: it waits for somebody to approve it.")
    return steps or ["Nothing has to be done about this file."]


_SEND_ALONE: Final = (
    "Correct the rows in the file of excluded rows and send that file alone, or correct them in "
    "the source system and send the roster again."
)
# Every other layout says who is there, so a part of it would say that the others left.
_SEND_AGAIN: Final = (
    "Correct the rows in the source system and send the roster again. The file of excluded rows "
    "may be sent alone only where rosters add and change and never archive."
)


def _records(summary: PreflightSummary) -> str:
    counts: list[str] = []
    places = {file: place for place, file in enumerate(_NAMES)}
    told = sorted(summary.records.items(), key=lambda pair: places.get(pair[0], len(places)))
    for file, count in told:
        one, many = _NAMES.get(file, (file.removesuffix("s"), file))
        if count:
            counts.append(f"{count:,} {one if count == 1 else many}")
    return ", ".join(counts) or "nothing that can be used"


def _changes(summary: PreflightSummary) -> list[str]:
    lines = [
        f"{table}: "
        + ", ".join(f"{action} {count:,}" for action, count in actions.items() if count)
        for table, actions in summary.changes.items()
        if any(actions.values())
    ]
    return [*lines, *(f"Waits: {hold}" for hold in summary.holds)]


def _left_out(summary: PreflightSummary, with_values: bool) -> list[str]:
    if not summary.blocking:
        return ["Nothing is left out."]
    shown = [
        f"{cause.cause if with_values else cause.mentions}"
        f"{f' Touches {cause.touches}.' if cause.records else ''} [{cause.code}]"
        for cause in summary.blocking[:SHOWN_CAUSES]
    ]
    more = len(summary.blocking) - SHOWN_CAUSES
    return [*shown, f"And {more:,} more."] if more > 0 else shown


def _repairs(summary: PreflightSummary) -> list[str]:
    return [
        f"{repair.column or 'header'} of {repair.file}: {counted(repair.count, 'cell')} "
        f"[{repair.code}]"
        for repair in summary.repairs[:SHOWN_CAUSES]
    ]


def _doubtful(summary: PreflightSummary, with_values: bool) -> list[str]:
    causes = summary.doubtful
    shown = [
        f"{cause.cause} [{cause.code}]" if with_values else cause.mentions
        for cause in causes[:SHOWN_DOUBTS]
    ]
    more = len(causes) - SHOWN_DOUBTS
    return [*shown, f"And {more:,} more."] if more > 0 else shown
