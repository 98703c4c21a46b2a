"""Shape the rows of an answer, and say which of its counts add up to which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from rollbook.reports.layouts import (
    DIMENSIONS,
    ETHNICITY,
    LEVEL_COUNT,
    NOT_STATED,
    OVERALL,
    PLACE_COLUMNS,
    SAME_STUDENTS,
    Dimension,
)
from rollbook.reports.types import Ask, Place, Question, Row

_LEVELS: Final = tuple(f"level_{number}" for number in range(1, LEVEL_COUNT + 1))


@dataclass(frozen=True, slots=True)
class ReportedTest:
    """Hold what an assessment is called and how its levels are drawn."""

    name: str
    level_count: int
    cutoff: int | None
    scores: tuple[tuple[str, str], ...] = ()  # codes and names of claims or composites, in order


AssessmentKey = tuple[int, str, str, str]  # school year, subject, assessment, grade
_NOBODY: Final[Mapping[str, Any]] = {
    "tested": 0, "scored": 0, "mean": None, "error": None, **dict.fromkeys(_LEVELS, 0),
}  # fmt: skip


def assessment_keys(frames: Iterable[pl.DataFrame]) -> list[AssessmentKey]:
    """List the assessments that the frames tell of, by year, subject, grade and id."""
    columns = ["school_year", "subject", "assessment_id", "assessment_grade"]
    found = {key for frame in frames for key in frame.select(columns).iter_rows()}
    return sorted(found, key=lambda key: (key[0], key[1], key[3] or "", key[2]))


def shape_rows(
    question: Question,
    places: Sequence[Place],
    answered: Iterable[tuple[Ask, pl.DataFrame]],
    tests: Mapping[AssessmentKey, ReportedTest],
) -> list[Row]:
    """Turn the engine's answers into rows, empty ones filled in.

    Shape: by place in the order given, assessment, claim or composite, then Overall and the
           dimensions in the order asked for; every value of a closed dimension has a row.
    """
    found: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    values: dict[str, set[str]] = {}
    codes: dict[AssessmentKey, set[str]] = {}
    for ask, frame in answered:
        for key, code, place_id, value, measures in _groups(ask, frame):
            subgroup = ask.dimension.name if ask.dimension else OVERALL
            if measures["tested"]:
                found[(ask.level, place_id, key, code, subgroup, value)] = measures
                values.setdefault(subgroup, set()).add(value)
                codes.setdefault(key, set()).add(code)
    subgroups = [(OVERALL, OVERALL), *_subgroups(question, values)]
    return [
        _row(
            place,
            key,
            test,
            score,
            pair,
            found.get((place.level, _id(place), key, score[0], *pair)),
        )
        for place in places
        for key, test in tests.items()
        for score in _scores(question, test, codes.get(key, set()))
        for pair in subgroups
    ]  # fmt: skip


def _id(place: Place) -> int | None:
    return None if place.level == "state" else place.id


def _groups(
    ask: Ask, frame: pl.DataFrame
) -> Iterator[tuple[AssessmentKey, str, int | None, str, Mapping[str, Any]]]:
    column = PLACE_COLUMNS[ask.level]
    for line in frame.iter_rows(named=True):
        key = (
            line["school_year"],
            line["subject"],
            line["assessment_id"],
            line["assessment_grade"] or "",
        )
        place_id = line[column] if column else None
        code = line.get("code", "")
        if ask.dimension is not None and ask.dimension.flags:
            for number, value in enumerate(ask.dimension.shown_values):
                measures = {name: line[f"{number}_{name}"] for name in _NOBODY}
                yield key, code, place_id, value, measures
        else:
            yield key, code, place_id, _shown(ask.dimension, line), line


def _shown(dimension: Dimension | None, line: Mapping[str, Any]) -> str:
    if dimension is None:
        return OVERALL
    stored = line[dimension.column]
    if stored is None or stored == "":
        return NOT_STATED
    return dict(dimension.values).get(stored, str(stored))


def _subgroups(question: Question, found: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    for name in question.subgroups:
        dimension = DIMENSIONS[name]
        seen = found.get(name, set())
        listed = () if dimension.is_open else dimension.shown_values[:-1]
        for value in (*listed, *sorted(seen - {*listed, NOT_STATED})):
            yield name, value
        if NOT_STATED in seen or not dimension.is_open:
            yield name, NOT_STATED


def _scores(question: Question, test: ReportedTest, found: set[str]) -> list[tuple[str, str]]:
    if question.report == "yearly":
        return [("", "")]
    named = [(code, name) for code, name in test.scores if code in found]
    return [*named, *((code, code) for code in sorted(found - {code for code, _ in named}))]


def _row(  # noqa: PLR0917 # from the outermost to the innermost
    place: Place,
    key: AssessmentKey,
    test: ReportedTest,
    score: tuple[str, str],
    pair: tuple[str, str],
    measures: Mapping[str, Any] | None,
) -> Row:
    year, subject, assessment_id, grade = key
    told = measures or _NOBODY
    return Row(
        place=place,
        subject=subject,
        grade=grade,
        school_year=year,
        assessment_id=assessment_id,
        assessment_name=test.name,
        score_code=score[0],
        score_name=score[1],
        subgroup=pair[0],
        value=pair[1],
        tested=told["tested"],
        scored=told["scored"],
        mean=told["mean"],
        standard_error=told["error"],
        levels=tuple(told[name] for name in _LEVELS[: test.level_count]),
        cutoff=test.cutoff,
    )


# What adds up to what -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """Hold the counts of one group of students that somebody may try to work out.

    Shape: `parts` are those without a score, then those at each level; `row` is the place of the
           group's row in the answer, None for a group that no row tells of: the rest of a total.
           `is_inseparable` says that no other question tells of it either.
    """

    tested: int
    parts: tuple[int, ...]
    row: int | None = None
    is_inseparable: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Say that `parts` add up to `total`, in every count; all are places in a list of groups.

    Shape: a loose line only nearly adds up (some students are in two parts), but whoever looks at
           it may guess, so it is protected the same way.
    """

    total: int
    parts: tuple[int, ...]
    is_loose: bool = False


Labels = dict[tuple[str, int, str, str], int]


def margins(rows: Sequence[Row]) -> tuple[list[Group], list[Line]]:
    """List the groups that rows of one assessment tell of, and the sums between them.

    Shape: values of a dimension add up to Overall; places add up to the place above, with the
           places that are not in the answer as one more group; English learners by either name
           are the same students. Ethnicities overlap: each one and everybody else add up.
    """
    groups = [_group(row, number) for number, row in enumerate(rows)]
    labels: Labels = {
        (row.place.level, row.place.id, row.subgroup, row.value): number
        for number, row in enumerate(rows)
    }
    lines = [*_sums_over_values(rows, labels, groups), *_sums_over_places(rows, labels, groups)]
    return groups, lines


def _group(row: Row, number: int) -> Group:
    levels = row.levels
    # A level beyond those that the subject names: counted with the students without a score.
    return Group(row.tested, (row.tested - sum(levels), *levels), number)


def _rest(total: Group, parts: Iterable[Group]) -> Group:
    listed = list(parts)
    counts = zip(total.parts, *(part.parts for part in listed), strict=True)
    return Group(
        total.tested - sum(part.tested for part in listed),
        tuple(whole - sum(others) for whole, *others in counts),
    )


def _sums_over_values(rows: Sequence[Row], labels: Labels, groups: list[Group]) -> Iterator[Line]:
    by_place: dict[tuple[str, int], dict[str, list[int]]] = {}
    for number, row in enumerate(rows):
        by_place.setdefault((row.place.level, row.place.id), {}).setdefault(
            row.subgroup, []
        ).append(number)
    for place, subgroups in by_place.items():
        total = labels[(*place, OVERALL, OVERALL)]
        for name, parts in subgroups.items():
            if name == ETHNICITY:
                yield Line(total, tuple(parts), is_loose=True)
                for part in parts:
                    rest = _rest(groups[total], [groups[part]])
                    groups.append(replace(rest, is_inseparable=True))
                    yield Line(total, (part, len(groups) - 1))
            elif name != OVERALL:
                yield Line(total, tuple(parts))
        yield from _same_students(place, labels, groups)


def _same_students(
    place: tuple[str, int], labels: Labels, groups: Sequence[Group]
) -> Iterator[Line]:
    for one, others in SAME_STUDENTS:
        total = labels.get((*place, *one))
        parts = tuple(labels[(*place, *other)] for other in others if (*place, *other) in labels)
        if total is None or not parts:
            continue
        if groups[total].tested == sum(groups[part].tested for part in parts):
            yield Line(total, parts)


def _sums_over_places(rows: Sequence[Row], labels: Labels, groups: list[Group]) -> Iterator[Line]:
    places = {(row.place.level, row.place.id): row.place for row in rows}
    below: dict[int, list[Place]] = {}
    for place in places.values():
        if place.parent_id is not None:
            below.setdefault(place.parent_id, []).append(place)
    pairs = dict.fromkeys((row.subgroup, row.value) for row in rows)
    for above in places.values():
        for pair in pairs if above.id in below else ():
            total = labels[(above.level, above.id, *pair)]
            parts = [labels[(place.level, place.id, *pair)] for place in below[above.id]]
            rest = _rest(groups[total], (groups[part] for part in parts))
            if rest.tested or any(rest.parts):
                groups.append(rest)
                parts.append(len(groups) - 1)
            yield Line(total, tuple(parts))
