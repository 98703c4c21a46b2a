"""Say when the made-up school year begins, pauses and ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from rollbook.generator.places import District


@dataclass(frozen=True, slots=True)
class Term:
    """Describe one academic session. `ends_before` is the first day that no longer belongs."""

    code: str
    title: str
    kind: str
    starts_on: date
    ends_before: date
    parent: str = ""


def terms(school_year: int) -> tuple[Term, ...]:
    """List the sessions of a school year, the year itself first."""
    before = school_year - 1
    first, last = date(before, 8, 17), date(school_year, 6, 5)
    winter, spring = date(before, 12, 19), date(school_year, 1, 5)
    autumn, easter = date(before, 10, 17), date(school_year, 3, 20)
    return (
        Term("sy", f"{before}-{school_year}", "schoolYear", first, last),
        Term("s1", "Semester 1", "semester", first, winter, "sy"),
        Term("s2", "Semester 2", "semester", spring, last, "sy"),
        Term("q1", "Quarter 1", "gradingPeriod", first, autumn, "s1"),
        Term("q2", "Quarter 2", "gradingPeriod", autumn, winter, "s1"),
        Term("q3", "Quarter 3", "gradingPeriod", spring, easter, "s2"),
        Term("q4", "Quarter 4", "gradingPeriod", easter, last, "s2"),
    )


def session_id(district: District, term: str, school_year: int) -> str:
    """Spell the id of an academic session."""
    return f"{district.key}-{term}-{school_year}"


def course_spans(school_year: int) -> pl.DataFrame:
    """Say when a course of each kind of `terms` begins, and the first day after its end."""
    by_code = {term.code: term for term in terms(school_year)}
    kinds = {"year": by_code["sy"], "s1": by_code["s1"], "s2": by_code["s2"]}
    return pl.DataFrame(
        {
            "terms": list(kinds),
            "starts_on": [term.starts_on.isoformat() for term in kinds.values()],
            "ends_before": [term.ends_before.isoformat() for term in kinds.values()],
        }
    )
