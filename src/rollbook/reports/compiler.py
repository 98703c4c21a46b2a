"""Turn a question into queries of the lake: one per level of organization and per dimension.

Which attempt counts is decided before anything is split, over the whole installation: of the
attempts whose validity and completeness the question admits, valid ones come before invalid ones,
then the latest, one per student, assessment and school year. So a student is counted once, the
schools of a district add up to the district, and a filter never brings back an older attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rollbook.lake.query import (
    AllOf,
    AnyOf,
    Condition,
    Latest,
    Lookup,
    Measure,
    Predicate,
    Query,
    Sort,
    Within,
)
from rollbook.reports.layouts import (
    ASSESSMENT,
    DIMENSIONS,
    LEVEL_COUNT,
    NOT_STATED,
    PLACE_COLUMNS,
    Dimension,
)
from rollbook.reports.types import Ask, Place, Question
from rollbook.results.layouts import RESULTS, SUBSCORES

SCORE_TYPES: Final = {"claim": "claim", "composite": "alternate"}

COUNTED: Final = Latest(
    per=("student_id", "assessment_id", "school_year"),
    by=(
        Sort("administration_condition", descending=True),  # Valid > IN, SD > NS
        Sort("completed_at", descending=True),
    ),
)


def compile_question(
    question: Question,
    places: Iterable[Place],
    *,
    version: int | None = None,
    subscores_version: int | None = None,
) -> list[Ask]:
    """Turn a question into the queries that answer it.

    Shape: Overall first, then the dimensions in the order asked for, at each level that has
           places; none when there are no places.
    """
    ids: dict[str, set[int]] = {}
    for place in places:
        ids.setdefault(place.level, set()).add(place.id)
    dimensions = (None, *(DIMENSIONS[name] for name in question.subgroups))
    return [
        Ask(level, dimension, _query(question, level, found, dimension, version, subscores_version))
        for level, found in ids.items()
        for dimension in dimensions
    ]


def _query(  # noqa: PLR0917 # as the loop above names them
    question: Question,
    level: str,
    ids: set[int],
    dimension: Dimension | None,
    version: int | None,
    subscores_version: int | None,
) -> Query:
    column = PLACE_COLUMNS[level]
    is_yearly = question.report == "yearly"
    groups = (*ASSESSMENT, *(() if is_yearly else ("code",)), *((column,) if column else ()))
    if dimension is not None and dimension.is_partition:
        groups = (*groups, dimension.column)
    having = Condition(column, "in", frozenset(ids)) if column else None
    measures = tuple(_measures(question, dimension))
    if is_yearly:
        return Query(
            table=RESULTS.name, where=_admitted(question), latest=COUNTED, group_by=groups,
            measures=measures, having=having, version=version,
        )  # fmt: skip
    return Query(
        table=SUBSCORES.name,
        lookups=(_student_of_result(version),),
        where=AllOf((_of_tests(question), _equals("score_type", SCORE_TYPES[question.report]))),
        within=(Within(_ATTEMPT, _counted_attempts(question, version)),),
        group_by=groups,
        measures=measures,
        having=having,
        version=subscores_version,
    )


_ATTEMPT: Final = ("school_year", "subject", "assessment_id", "opportunity_id")


def _student_of_result(version: int | None) -> Lookup:
    """Add to a sub-score what only the result says: the grades, and who the student was."""
    named = {
        column
        for dimension in DIMENSIONS.values()
        for column in (dimension.column, *(flag for flag, _ in dimension.flags))
        if column
    }
    wanted = named | {"assessment_grade"}
    columns = tuple(column for column in RESULTS.columns if column in wanted)
    return Lookup(RESULTS.name, on=_ATTEMPT, columns=columns, version=version)


def _counted_attempts(question: Question, version: int | None) -> Query:
    return Query(
        table=RESULTS.name,
        where=_admitted(question),
        latest=COUNTED,
        select=_ATTEMPT,
        version=version,
    )


def _of_tests(question: Question) -> Predicate:
    parts = [
        Condition("school_year", "in", frozenset(question.school_years)),
        _equals("assessment_type", question.assessment_type),
    ]
    if question.subjects:
        parts.append(Condition("subject", "in", frozenset(question.subjects)))
    return AllOf(tuple(parts))


def _admitted(question: Question) -> Predicate:
    """Hold for the attempts among which one is counted."""
    return AllOf(
        (
            _of_tests(question),
            Condition("assessment_grade", "in", frozenset(question.grades)),
            Condition("administration_condition", "in", _conditions(question)),
            Condition("completeness", "in", frozenset(question.completeness)),
        )
    )


def _conditions(question: Question) -> frozenset[str]:
    """Return the conditions asked for; some systems call a standardized interim plainly valid."""
    also = {"Valid"} if "SD" in question.validity else set[str]()
    return frozenset(question.validity) | also


def _equals(column: str, value: str | bool | int) -> Condition:
    return Condition(column, "eq", value)


def _measures(question: Question, dimension: Dimension | None) -> Iterator[Measure]:
    fits = tuple(_filter(DIMENSIONS[name], chosen) for name, chosen in question.filters.items())
    if dimension is None or dimension.is_partition:
        yield from _measures_where(question, fits)
        return
    for place, value in enumerate(dimension.shown_values):
        only = (*fits, _filter(dimension, (value,)))
        yield from _measures_where(question, only, prefix=f"{place}_")


def _measures_where(
    question: Question, fits: tuple[Predicate, ...], prefix: str = ""
) -> Iterator[Measure]:
    has_level = Condition("performance_level", "not_null")
    # A claim may be reported by its level alone.
    needed = (has_level,) if question.report == "claim" else (_HAS_SCORE, has_level)
    scored = AllOf((*fits, *needed))
    yield Measure(f"{prefix}tested", "count", where=AllOf(fits))
    yield Measure(f"{prefix}scored", "count", where=scored)
    yield Measure(f"{prefix}mean", "mean", "scale_score", where=scored)
    yield Measure(f"{prefix}error", "standard_error", "scale_score", where=scored)
    for level in range(1, LEVEL_COUNT + 1):
        at = AllOf((scored, Condition("performance_level", "eq", level)))
        yield Measure(f"{prefix}level_{level}", "count", where=at)


_HAS_SCORE: Final = Condition("scale_score", "not_null")


def _filter(dimension: Dimension, chosen: tuple[str, ...]) -> Predicate:
    """Hold for students who have one of the chosen values; "Not stated" is one more value."""
    if dimension.flags:
        by_name = {shown: column for column, shown in dimension.flags}
        named: list[Predicate] = [
            _equals(by_name[value], True) for value in chosen if value in by_name
        ]
        if NOT_STATED in chosen:
            # A flag that nobody answered is not a yes, and "not" of unknown would stay unknown.
            none = (
                AnyOf((Condition(column, "is_null"), _equals(column, False)))
                for column in by_name.values()
            )
            named.append(AllOf(tuple(none)))
        return AnyOf(tuple(named))
    stored = {shown: value for value, shown in dimension.values}
    known = frozenset(stored.get(value, value) for value in chosen if value != NOT_STATED)
    parts: list[Predicate] = [Condition(dimension.column, "in", known)] if known else []
    if NOT_STATED in chosen:
        parts.append(Condition(dimension.column, "is_null"))
    return AnyOf(tuple(parts))
