"""Rules worth trying: made of what the sections themselves say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from rollbook.roster.plan.seating import Bools, Seating
from rollbook.roster.rules.sharing import Condition, MatchField, MatchOperator, SharingRule

# Fields whose values a rule may name, the most lasting first: a rule should fit next year too.
EQUAL_FIELDS: Final = (
    MatchField.SUBJECT,
    MatchField.COURSE_NAME,
    MatchField.PERIOD,
    MatchField.TERM_NAME,
    MatchField.COURSE_NUMBER,
    MatchField.GRADE,
    MatchField.SECTION_NAME,
    MatchField.SECTION_TYPE,
)
WORD_FIELDS: Final = (MatchField.COURSE_NAME, MatchField.SECTION_NAME)
# What narrows another rule: the same class in one term, at one hour, of one kind.
SPLITTING_FIELDS: Final = (
    MatchField.TERM_NAME,
    MatchField.PERIOD,
    MatchField.SUBJECT,
    MatchField.SECTION_TYPE,
    MatchField.GRADE,
    MatchField.COURSE_NAME,
    MatchField.SECTION_NAME,
)
VALUES_PER_FIELD: Final = 60
WORDS_PER_FIELD: Final = 60
TRIED: Final = 3
KEPT_SINGLES: Final = 70
KEPT_PAIRS: Final = 70
SPLIT_RULES: Final = 12
SPLITTERS_PER_FIELD: Final = 8


@dataclass(frozen=True, eq=False)
class Candidate:
    """Hold one rule and the sections it matches."""

    rule: SharingRule
    sections: Bools

    @property
    def preference(self) -> tuple[object, ...]:
        """Order rules that do the same: fewer conditions, homerooms, lasting fields."""
        conditions = self.rule.conditions
        return (
            len(conditions),
            not any(_HOMEROOM.search(condition.value) for condition in conditions),
            [(_RANK[c.field], c.operator is MatchOperator.IS_NOT, c.value) for c in conditions],
            [c.operator.value for c in conditions],
        )


# Where a homeroom does as well as a subject, people expect the homeroom.
_HOMEROOM: Final = re.compile(r"(?i)home\s?room|advis|\bhr\b")
# A word in a name outlasts the whole name; a name outlasts a number.
_RANK: Final = {field: rank for rank, field in enumerate(EQUAL_FIELDS)} | {
    MatchField.SECTION_NUMBER: 8,
    MatchField.TEACHER: 9,
    MatchField.SCHOOL: 10,
}


def candidate_rules(sections: pl.DataFrame, seating: Seating) -> list[Candidate]:
    """List the rules worth trying in a district: single conditions, and pairs that narrow them.

    Shape: each matches another set of sections; those that reach most students, in an order that
           depends on nothing but the sections.
    """
    singles = distinct([*_equal_rules(sections, seating), *_word_rules(sections, seating)])
    kept = _worthwhile(singles, seating, KEPT_SINGLES)
    pairs = _worthwhile(_pairs(kept, singles, seating), seating, KEPT_PAIRS)
    return distinct([*kept, *pairs])


def school_rules(
    candidates: Iterable[Candidate], places: Mapping[str, tuple[str, Bools]], schools: Iterable[str]
) -> list[Candidate]:
    """Narrow rules to one school each: `places` maps a school to its name and its sections."""
    listed = list(candidates)
    return [
        candidate
        for school in schools
        for one in listed
        if (candidate := _and(one, *_at_school(places, school))).sections.any()
    ]


def rules_elsewhere(
    candidate: Candidate, places: Mapping[str, tuple[str, Bools]], schools: Iterable[str]
) -> Candidate:
    """Narrow a rule to all schools but some."""
    for school in schools:
        name, there = places[school]
        condition = Condition(MatchField.SCHOOL, MatchOperator.IS_NOT, name)
        candidate = _and(candidate, condition, ~there)
    return candidate


def _at_school(places: Mapping[str, tuple[str, Bools]], school: str) -> tuple[Condition, Bools]:
    name, there = places[school]
    return Condition(MatchField.SCHOOL, MatchOperator.IS, name), there


def places_of(sections: pl.DataFrame) -> dict[str, tuple[str, Bools]]:
    """Map each school to a name that only it has, and to its sections."""
    schools = sections["school_sourced_id"].fill_null("")
    names = sections.select("school_sourced_id", "school_name").unique()
    twice = set(
        names.filter(pl.col("school_name").str.to_lowercase().is_duplicated())["school_name"]
    )
    return {
        school: (school if name in twice or not name.strip() else name, _mask(schools == school))
        for school, name in names.drop_nulls().sort("school_sourced_id").iter_rows()
    }


def _and(candidate: Candidate, condition: Condition, sections: Bools) -> Candidate:
    conditions = (*candidate.rule.conditions, condition)
    return Candidate(SharingRule(conditions), candidate.sections & sections)


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Keep the preferred one of the rules that match the same sections; none that match none."""
    found: dict[bytes, Candidate] = {}
    for candidate in sorted(candidates, key=lambda one: one.preference):
        if candidate.sections.any():
            found.setdefault(np.packbits(candidate.sections).tobytes(), candidate)
    return list(found.values())


def _worthwhile(candidates: list[Candidate], seating: Seating, most: int) -> list[Candidate]:
    """Keep the rules that match most students exactly once, as many as may be.

    Shape: the order stays. Rules with far too few or too many seats are not even tried.
    """
    seats, students = seating.seats(), seating.student_count
    likely: list[tuple[int, int]] = []
    for index, candidate in enumerate(candidates):
        sat = int(seats[candidate.sections].sum())
        likely.append((-min(sat, 3 * students - sat), index))
    ranked: list[tuple[int, int]] = []
    for _, index in sorted(likely)[: TRIED * most]:
        once = seating.counts(candidates[index].sections) == 1
        ranked.append((-int(seating.weight[once].sum()), index))
    return [candidates[index] for index in sorted(index for _, index in sorted(ranked)[:most])]


def _values(sections: pl.DataFrame, field: MatchField, seating: Seating) -> pl.DataFrame:
    """Return each value of a field with its sections and seats, the fullest first."""
    seats = pl.DataFrame(
        {"section": np.arange(seating.section_count, dtype=np.uint32), "seats": seating.seats()}
    )
    return (
        sections.select("section", value=field.value)
        .explode("value", empty_as_null=True)
        .drop_nulls()
        .with_columns(pl.col("value").str.strip_chars())
        .with_columns(folded=pl.col("value").str.to_lowercase())
        .join(seats, on="section")
        .group_by("folded")
        .agg(pl.col("value").min(), pl.col("section").unique().sort(), pl.col("seats").sum())
        .sort("seats", "folded", descending=[True, False])
    )


def _equal_rules(sections: pl.DataFrame, seating: Seating) -> list[Candidate]:
    return [
        _candidate(field, MatchOperator.IS, value, _among(found, seating.section_count))
        for field in EQUAL_FIELDS
        for value, found in _values(sections, field, seating)
        .head(VALUES_PER_FIELD)
        .select("value", "section")
        .iter_rows()
    ]


def _word_rules(sections: pl.DataFrame, seating: Seating) -> list[Candidate]:
    found: list[Candidate] = []
    for field in WORD_FIELDS:
        values = _values(sections, field, seating)
        for word, folded in _words(values):
            named = values.filter(pl.col("folded").str.contains(folded, literal=True))["section"]
            mask = _among(named.explode(empty_as_null=True).drop_nulls(), seating.section_count)
            found.append(_candidate(field, MatchOperator.CONTAINS, word, mask))
    return found


def _words(values: pl.DataFrame) -> list[tuple[str, str]]:
    """Return the words in names that most students meet, as written and folded."""
    words = (
        values.select("seats", word=pl.col("value").str.extract_all(r"[\p{L}][\p{L}\p{N}]+"))
        .explode("word", empty_as_null=True)
        .drop_nulls()
        .with_columns(folded=pl.col("word").str.to_lowercase())
        .group_by("folded")
        .agg(pl.col("word").min(), pl.col("seats").sum())
        .sort("seats", "folded", descending=[True, False])
        .head(WORDS_PER_FIELD)
    )
    return list(words.select("word", "folded").iter_rows())


def _pairs(bases: list[Candidate], singles: list[Candidate], seating: Seating) -> list[Candidate]:
    """Narrow the rules that reach most students by what splits them."""
    found: list[Candidate] = []
    splitters = _splitters(singles, seating)
    for base in _by_reach(bases, seating)[:SPLIT_RULES]:
        for other in splitters:
            if other is base or _contradict(base, other):
                continue
            both = base.sections & other.sections
            if both.any() and both.sum() < min(base.sections.sum(), other.sections.sum()):
                first, second = sorted((base, other), key=lambda one: one.preference)
                rule = SharingRule(first.rule.conditions + second.rule.conditions)
                found.append(Candidate(rule, both))
    return distinct(found)


def _by_reach(candidates: Iterable[Candidate], seating: Seating) -> list[Candidate]:
    """Sort rules by how many students they match at all, most first."""

    def reach(candidate: Candidate) -> int:
        return int(seating.weight[seating.counts(candidate.sections) > 0].sum())

    return sorted(candidates, key=lambda one: (-reach(one), one.preference))


def _splitters(singles: list[Candidate], seating: Seating) -> list[Candidate]:
    """Take the fullest values of each field that narrows other rules."""
    seats = seating.seats()
    fullest = sorted(singles, key=lambda one: (-int(seats[one.sections].sum()), one.preference))
    return [
        one
        for field in SPLITTING_FIELDS
        for one in [one for one in fullest if one.rule.conditions[0].field is field][
            :SPLITTERS_PER_FIELD
        ]
    ]


def _contradict(one: Candidate, other: Candidate) -> bool:
    """Tell whether two rules ask one field to be two things."""
    first, second = one.rule.conditions[0], other.rule.conditions[0]
    both_equal = first.operator is second.operator is MatchOperator.IS
    return both_equal and first.field is second.field


def _candidate(
    field: MatchField, operator: MatchOperator, value: str, sections: Bools
) -> Candidate:
    return Candidate(SharingRule((Condition(field, operator, value),)), sections)


def _among(sections: Iterable[int], count: int) -> Bools:
    mask = np.zeros(count, dtype=np.bool_)
    mask[np.asarray(list(sections), dtype=np.int64)] = True
    return mask


def _mask(column: pl.Series) -> Bools:
    return column.to_numpy().astype(np.bool_)
