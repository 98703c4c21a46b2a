"""A question about results, its answer, and how a question is read from JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, cast

import polars as pl

from rollbook.assessments.types import TYPE_CODES
from rollbook.files.csv_write import write_csv
from rollbook.lake.query import Query
from rollbook.reports.layouts import (
    COMPLETENESS,
    CSV_COUNTS,
    CSV_HEAD,
    DIMENSIONS,
    GROUPED,
    REPORTS,
    VALIDITIES,
    Dimension,
)
from rollbook.shared.grades import GRADE_CODES
from rollbook.shared.rounding import percents_to_100, round_half_up

MARKER: Final = "*"
# The state's system forbids these in a report's name, because it becomes a file's name.
_FORBIDDEN: Final = '<>:;,?"*|\\/'
_LONGEST_NAME: Final = 255


class QuestionIsWrong(ValueError):
    """Say everything that keeps a question from being asked."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons))


class MayNotAsk(PermissionError):
    """Say that this reader may not ask about an organization, whether or not it exists."""


@dataclass(frozen=True, slots=True)
class Include:
    """Say which organizations join those that are named."""

    state: bool = True
    districts_of_schools: bool = True
    schools_of_districts: bool = False
    all_districts: bool = False


def _no_filters() -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Ask for aggregate results. docs/reference/questions.md explains each part.

    Shape: `subjects` empty means all; `suppress` None leaves it to who asks.
    """

    report: str = "yearly"
    organizations: tuple[str, ...] = ()
    include: Include = Include()
    assessment_type: str = "sum"
    subjects: tuple[str, ...] = ()
    grades: tuple[str, ...]
    school_years: tuple[int, ...]
    subgroups: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=_no_filters)
    validity: tuple[str, ...] = ("Valid",)
    completeness: tuple[str, ...] = ("Complete",)
    achievement_levels: str = "all"
    values: str = "percent"
    empty_rows: str = "show"
    suppress: bool | None = None
    name: str = ""

    @property
    def title(self) -> str:
        """Return the report's name, or what it is when it has none."""
        return self.name or f"{self.report.capitalize()} report"


@dataclass(frozen=True, slots=True)
class Place:
    """Hold one organization that the answer has rows for. `level` is state, district or school."""

    level: str
    id: int
    name: str
    natural_id: str = ""
    parent_id: int | None = None  # the nearest other place of the answer that holds this one


@dataclass(frozen=True, slots=True)
class Ask:
    """Hold one query and what its answer is about.

    Shape: `dimension` None is Overall. A dimension of flags is answered in columns, named
           `0_tested`, `0_scored` …, one set per value of `shown_values`.
    """

    level: str
    dimension: Dimension | None
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold the results of one group of students: counts as they are, before suppression.

    Shape:  `levels` counts scored students from the lowest level up; `score_code` names the claim
            or composite. `hidden` is "" for a row shown whole, "levels" for one that shows only
            how many students were tested, "all" for one that shows nothing.
    Units:  `mean` and `standard_error` are scale-score points, unrounded; None where nobody was
            scored, and the error also where only one student was.
    """

    place: Place
    subject: str
    grade: str
    school_year: int
    assessment_id: str
    assessment_name: str
    score_code: str = ""
    score_name: str = ""
    subgroup: str
    value: str
    tested: int
    scored: int
    mean: float | None
    standard_error: float | None
    levels: tuple[int, ...]
    cutoff: int | None = None
    hidden: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold a report that may be shown: nothing hidden can be read from it.

    Shape: `version` is the version of the results that were read, `subscores_version` that of the
           claims and composites, None in a yearly report.
    """

    question: Question
    version: int
    subscores_version: int | None
    shown: tuple[Row, ...]
    notes: tuple[str, ...]
    attributes: str

    @property
    def title(self) -> str:
        """Return what the report is called."""
        return self.question.title

    @property
    def _level_columns(self) -> tuple[str, ...]:
        if self.question.achievement_levels == "grouped":
            return GROUPED
        count = max((len(row.levels) for row in self.shown), default=4)
        return tuple(f"Level{number}" for number in range(1, count + 1))

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the heads of `rows()`."""
        score = () if self.question.report == "yearly" else (self.question.report.capitalize(),)
        unit = " %" if self.question.values == "percent" else ""
        return (
            "Organization", "Assessment", "Year", *score, "Subgroup", "Value", "Tested", "Scored",
            "Mean", "± Error", *(f"{name}{unit}" for name in self._level_columns),
        )  # fmt: skip

    def rows(self) -> list[tuple[object, ...]]:
        """Return the rows as a person reads them."""
        width = len(self._level_columns)
        named = self.question.report != "yearly"
        return [
            (
                row.place.name, row.assessment_name, str(row.school_year),
                *((row.score_name,) if named else ()),
                row.subgroup, row.value, *_cells(row),
                *_padded(_levels(row, self.question), width),
            )
            for row in self.shown
        ]  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return the whole answer as plain values; a hidden number is the marker."""
        return {
            "title": self.title,
            "report": self.question.report,
            "results_version": self.version,
            "subscores_version": self.subscores_version,
            "notes": list(self.notes),
            "rows": [self._row_as_json(row) for row in self.shown],
        }

    def _row_as_json(self, row: Row) -> dict[str, Any]:
        tested, scored, mean, error = _cells(row)
        return {
            "organization": row.place.name,
            "organization_id": row.place.natural_id,
            "organization_level": row.place.level,
            "assessment": row.assessment_name,
            "assessment_id": row.assessment_id,
            "subject": row.subject,
            "grade": row.grade,
            "school_year": row.school_year,
            "score": row.score_name or None,
            "subgroup": row.subgroup,
            "value": row.value,
            "students_tested": tested,
            "students_scored": scored,
            "scale_score": None if mean == "" else mean,
            "standard_error": None if error == "" else error,
            "levels": list(_levels(row, self.question, values="number")),
            "level_percents": list(_levels(row, self.question, values="percent")),
        }

    def as_csv(self) -> bytes:
        """Write the answer for a spreadsheet: counts, never percents.

        Shape: `Attributes` in the first row says what was asked and which version was read.
        """
        head = list(CSV_HEAD)
        if self.question.report != "yearly":
            head.append(self.question.report.capitalize())
        columns = [*head, *CSV_COUNTS, *self._level_columns, "Attributes"]
        lines = [self._csv_row(row) for row in self.shown]
        for number, line in enumerate(lines):
            line.append(self.attributes if number == 0 else "")
        schema = dict.fromkeys(columns, pl.String())
        frame = pl.DataFrame([list(map(str, line)) for line in lines], schema=schema, orient="row")
        return write_csv(frame, columns=columns, formula_safe=True)

    def _csv_row(self, row: Row) -> list[object]:
        named = [row.score_name] if self.question.report != "yearly" else []
        dimension = DIMENSIONS.get(row.subgroup)
        return [
            row.place.name, row.place.natural_id, row.assessment_name,
            self.question.assessment_type, row.subject, row.grade, row.school_year, *named,
            dimension.code if dimension else row.subgroup, row.value, *_cells(row),
            *_padded(_levels(row, self.question, values="number"), len(self._level_columns)),
        ]  # fmt: skip


def _cells(row: Row) -> tuple[object, object, object, object]:
    """Return tested, scored, mean and error as they may be shown; "" where there is none."""
    if row.hidden == "all":
        return MARKER, MARKER, MARKER, MARKER
    if row.hidden:
        return row.tested, MARKER, MARKER, MARKER
    return row.tested, row.scored, _rounded(row.mean), _rounded(row.standard_error)


def _rounded(value: float | None) -> object:
    return "" if value is None else int(round_half_up(value))


def _levels(row: Row, question: Question, values: str = "") -> tuple[object, ...]:
    counts = row.levels
    if question.achievement_levels == "grouped":
        if row.cutoff is None:
            return ()
        below = sum(counts[: row.cutoff - 1])
        counts = (below, sum(counts) - below)
    if row.hidden:
        return (MARKER,) * len(counts)
    return tuple(percents_to_100(counts) if (values or question.values) == "percent" else counts)


def _padded(cells: tuple[object, ...], width: int) -> tuple[object, ...]:
    return (*cells, *("",) * (width - len(cells)))


def question_from(value: object) -> Question:
    """Read a question from JSON already parsed.

    Raises: QuestionIsWrong with every reason at once.
    """
    if not isinstance(value, dict):
        raise QuestionIsWrong(["A question is an object: {…}."])
    reading = _Reading(cast("dict[str, Any]", value))
    question = reading.question()
    if reading.reasons:
        raise QuestionIsWrong(reading.reasons)
    return question


class _Reading:
    """Read the parts of one question, collecting what is wrong."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.reasons: list[str] = []

    def question(self) -> Question:
        known = tuple(Question.__dataclass_fields__)
        self._refuse_unknown("", self.given, known)
        kind = self._one_of("assessment_type", TYPE_CODES, "sum")
        report = self._one_of("report", REPORTS, "yearly")
        if kind == "iab" and report != "yearly":
            self.reasons.append(f"report: blocks (iab) have no {report} scores; ask yearly.")
        include = self._include(kind)
        organizations = self._texts("organizations")
        if not organizations and not include.state and not include.all_districts:
            self.reasons.append("organizations: name a district or a school, or include the state.")
        validities = VALIDITIES.get(kind, ("Valid",))
        return Question(
            report=report,
            organizations=organizations,
            include=include,
            assessment_type=kind,
            subjects=self._texts("subjects"),
            grades=self._needed("grades", self._chosen("grades", GRADE_CODES), "grade"),
            school_years=self._needed("school_years", self._years(), "school year"),
            subgroups=self._chosen("subgroups", tuple(DIMENSIONS)),
            filters=self._filters(),
            validity=self._chosen("validity", validities) or validities[:1],
            completeness=self._chosen("completeness", COMPLETENESS) or COMPLETENESS[:1],
            achievement_levels=self._one_of("achievement_levels", ("all", "grouped"), "all"),
            values=self._one_of("values", ("percent", "number"), "percent"),
            empty_rows=self._one_of("empty_rows", ("show", "hide"), "show"),
            suppress=self._suppress(),
            name=self._name(),
        )

    def _refuse_unknown(self, where: str, given: Iterable[str], known: Iterable[str]) -> None:
        listed = tuple(known)
        for key in given:
            if key not in listed:
                self.reasons.append(
                    f'{where}"{key}" is not part of a question. Known: {", ".join(listed)}.'
                )

    def _one_of(self, key: str, among: tuple[str, ...], default: str) -> str:
        value = self.given.get(key, default)
        if value in among:
            return str(value)
        self.reasons.append(f'{key}: "{value}" is not supported. Choose {_or(among)}.')
        return default

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self.given.get(key, [])
        if isinstance(value, list) and all(isinstance(x, str) for x in cast("list[Any]", value)):
            return tuple(dict.fromkeys(cast("list[str]", value)))
        self.reasons.append(f'{key}: give a list of texts, such as ["…"].')
        return ()

    def _chosen(self, key: str, among: tuple[str, ...]) -> tuple[str, ...]:
        chosen = self._texts(key)
        for value in chosen:
            if value not in among:
                self.reasons.append(f'{key}: "{value}" is not one of {_or(among)}.')
        return chosen

    def _needed(self, key: str, chosen: tuple[Any, ...], what: str) -> tuple[Any, ...]:
        if not chosen and not self.given.get(key):
            self.reasons.append(f"{key}: choose at least one {what}.")
        return chosen

    def _years(self) -> tuple[int, ...]:
        value = self.given.get("school_years", [])
        years = cast("list[Any]", value) if isinstance(value, list) else [value]
        for year in years:
            if type(year) is not int or not 1990 <= year <= 2200:
                self.reasons.append(
                    f'school_years: "{year}" is not a school year; 2027 means 2026–27.'
                )
        return tuple(dict.fromkeys(year for year in years if type(year) is int))

    def _include(self, kind: str) -> Include:
        given = self.given.get("include", {})
        if not isinstance(given, dict):
            self.reasons.append('include: give an object, such as {"state": true}.')
            return Include()
        parts = cast("dict[str, Any]", given)
        self._refuse_unknown("include: ", parts, Include.__dataclass_fields__)
        for key, value in parts.items():
            if not isinstance(value, bool):
                self.reasons.append(f'include: {key} is true or false, not "{value}".')
        if kind != "sum" and parts.get("state") is True:
            self.reasons.append("include: the state has results of summatives (sum) only.")
        known = {key: bool(parts[key]) for key in parts if key in Include.__dataclass_fields__}
        return Include(**({"state": kind == "sum"} | known))

    def _filters(self) -> Mapping[str, tuple[str, ...]]:
        given = self.given.get("filters", {})
        if not isinstance(given, dict):
            self.reasons.append('filters: give an object, such as {"Gender": ["Female"]}.')
            return {}
        parts = cast("dict[str, Any]", given)
        can = tuple(name for name, dimension in DIMENSIONS.items() if dimension.may_filter)
        return MappingProxyType(
            {key: self._filter(key, values) for key, values in parts.items() if self._can(key, can)}
        )

    def _can(self, key: str, among: tuple[str, ...]) -> bool:
        if key not in among:
            self.reasons.append(f'filters: "{key}" is not one of {_or(among)}.')
        return key in among

    def _filter(self, key: str, values: object) -> tuple[str, ...]:
        dimension = DIMENSIONS[key]
        if not isinstance(values, list) or not values:
            self.reasons.append(f"filters: {key} takes a list of one value or more.")
            return ()
        chosen = tuple(str(value) for value in cast("list[Any]", values))
        if not dimension.is_open:
            for value in chosen:
                if value not in dimension.shown_values:
                    among = _or(dimension.shown_values)
                    self.reasons.append(f'filters: {key} has no value "{value}". Choose {among}.')
        return chosen

    def _suppress(self) -> bool | None:
        value = self.given.get("suppress")
        if value is None or isinstance(value, bool):
            return value
        self.reasons.append(f'suppress: true or false, not "{value}".')
        return None

    def _name(self) -> str:
        name = str(self.given.get("name", ""))
        if len(name) > _LONGEST_NAME:
            self.reasons.append(f"name: at most {_LONGEST_NAME} characters.")
        if set(name) & set(_FORBIDDEN):
            self.reasons.append(f"name: leave out these characters: {_FORBIDDEN}")
        return name


def _or(words: Iterable[str]) -> str:
    return ", ".join(words)
