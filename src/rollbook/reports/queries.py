"""Run a report: find the places, ask the engine, hide what must be hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from rollbook.assessments.queries import assessments_by_id, levels_of, subject_of, type_of
from rollbook.assessments.types import AssessmentType, ScoreDefinition
from rollbook.orgs.queries import (
    OrganizationNotFound,
    find_by_natural_id,
    get_organization,
    organizations_in,
)
from rollbook.orgs.types import OrganizationKind, OrganizationRow
from rollbook.reports.compiler import compile_question
from rollbook.reports.layouts import LEVEL_COUNT, NOT_STATED
from rollbook.reports.rules import AssessmentKey, ReportedTest, assessment_keys, shape_rows
from rollbook.reports.suppression import CALIFORNIA, AnswerIsTooLarge, suppress
from rollbook.reports.types import MARKER, Answer, MayNotAsk, Place, Question, QuestionIsWrong, Row
from rollbook.results.layouts import RESULTS, SUBSCORES
from rollbook.results.queries.store import engine, lake
from rollbook.shared.scope import Permission, Scope
from rollbook.shared.years import SchoolYear

ASK = Permission.CUSTOM_AGGREGATE_READ
REPORTED_ON = (OrganizationKind.DISTRICT, OrganizationKind.SCHOOL)


def run_report(scope: Scope, question: Question) -> Answer:
    """Answer a question about aggregate results.

    Shape:  rows by organization, assessment, claim or composite, Overall and then subgroups, as
            docs/reference/questions.md says; hidden numbers are marked.
    Raises: MayNotAsk when the reader may not ask about one of the organizations, or about any;
            QuestionIsWrong when the answer would be too large to protect.
    """
    if not scope.may(ASK):
        raise MayNotAsk("You may not make aggregate reports.")
    places, left_out = _places(scope, question)
    is_yearly = question.report == "yearly"
    version = lake().version(RESULTS)
    subscores_version = None if is_yearly else lake().version(SUBSCORES)
    asks = compile_question(question, places, version=version, subscores_version=subscores_version)
    answered = [(ask, engine().run(ask.query)) for ask in asks]
    tests = _tests(scope, question, assessment_keys(frame for _, frame in answered))
    rows = _suppressed(scope, question, shape_rows(question, places, answered, tests))
    if question.empty_rows == "hide":
        rows = [row for row in rows if row.tested]
    return Answer(
        question=question,
        version=version,
        subscores_version=subscores_version,
        shown=tuple(rows),
        notes=tuple(_notes(question, rows, left_out, version, subscores_version)),
        attributes=_attributes(question, version),
    )


# Which organizations ------------------------------------------------------------------------------


def _places(scope: Scope, question: Question) -> tuple[list[Place], list[str]]:
    """Return the places in the order they are shown, and what was left out."""
    named = _named(scope, question)
    may = organizations_in(scope, ASK, kinds=REPORTED_ON)
    by_id = {row.id: row for row in may}
    chosen = {row.id: row for row in named}
    left_out: list[str] = []
    for row in named:
        if row.kind is OrganizationKind.DISTRICT and question.include.schools_of_districts:
            chosen |= {school.id: school for school in _schools_of(scope, row)}
        elif row.kind is OrganizationKind.SCHOOL and question.include.districts_of_schools:
            district = by_id.get(row.parent_id or 0)
            if district is not None and district.kind is OrganizationKind.DISTRICT:
                chosen[district.id] = district
            elif row.parent_id is not None:
                left_out.append(
                    f"The district of {row.name} is left out: it is not yours to ask about."
                )
    if question.include.all_districts:
        chosen |= {row.id: row for row in may if row.kind is OrganizationKind.DISTRICT}
    ordered = _in_order(chosen.values())
    if not question.include.state:
        return ordered, left_out
    state = _state(scope)
    below = [place if place.parent_id else replace(place, parent_id=state.id) for place in ordered]
    return [state, *below], left_out


def _named(scope: Scope, question: Question) -> list[OrganizationRow]:
    found = [(name, _find(scope, name)) for name in question.organizations]
    unseen = [name for name, row in found if row is None]
    if unseen:
        raise MayNotAsk(
            "These are not districts or schools that you may ask about: " + ", ".join(unseen)
        )
    return [row for _, row in found if row is not None]


def _find(scope: Scope, name: str) -> OrganizationRow | None:
    try:
        row: OrganizationRow | None = get_organization(scope, UUID(name), permission=ASK)
    except OrganizationNotFound:
        return None
    except ValueError:  # not a public id, so a state code
        row = find_by_natural_id(scope, name, permission=ASK)
    return row if row is not None and row.is_active and row.kind in REPORTED_ON else None


def _schools_of(scope: Scope, district: OrganizationRow) -> list[OrganizationRow]:
    return organizations_in(scope, ASK, kinds=[OrganizationKind.SCHOOL], under=district.id)


def _state(scope: Scope) -> Place:
    seen = organizations_in(scope, Permission.ORGANIZATION_READ, kinds=[OrganizationKind.STATE])
    if len(seen) == 1:
        return Place("state", seen[0].id, seen[0].name, seen[0].natural_id)
    return Place("state", 0, "State")


def _in_order(rows: Iterable[OrganizationRow]) -> list[Place]:
    """Put each district before its schools, by name."""
    listed = sorted(rows, key=lambda row: (row.name, row.id))
    ids = {row.id for row in listed if row.kind is OrganizationKind.DISTRICT}
    tops = [row for row in listed if row.parent_id not in ids or row.id in ids]
    return [
        _place(row, ids)
        for top in tops
        for row in (top, *(one for one in listed if one.parent_id == top.id and one.id not in ids))
    ]


def _place(row: OrganizationRow, districts: set[int]) -> Place:
    level = "district" if row.kind is OrganizationKind.DISTRICT else "school"
    parent = row.parent_id if row.parent_id in districts and level == "school" else None
    return Place(level, row.id, row.name, row.natural_id, parent)


# What the assessments are -------------------------------------------------------------------------


def _tests(
    scope: Scope, question: Question, keys: list[AssessmentKey]
) -> dict[AssessmentKey, ReportedTest]:
    named = assessments_by_id(scope, [key[2] for key in keys])
    tests: dict[AssessmentKey, ReportedTest] = {}
    for key in keys:
        known = named.get(key[2])
        drawn = _drawn(question, key[1])
        tests[key] = ReportedTest(
            name=(known.label or known.name) if known else key[2],
            level_count=drawn.level_count if drawn else LEVEL_COUNT,
            cutoff=drawn.standard_cutoff if drawn else None,
            scores=_scores(question, key[1]),
        )
    return tests


def _drawn(question: Question, subject: str) -> ScoreDefinition | None:
    """Return how the kind of score that is asked for is drawn in a subject."""
    kind: AssessmentType | None = type_of(subject, question.assessment_type)
    if kind is None:
        return None
    if question.report == "yearly":
        return kind.overall if levels_of(subject, question.assessment_type) else None
    return kind.claim if question.report == "claim" else kind.alternate


def _scores(question: Question, subject: str) -> tuple[tuple[str, str], ...]:
    known = subject_of(subject)
    if known is None or question.report == "yearly":
        return ()
    parts = known.scorable_claims if question.report == "claim" else known.alternates
    return tuple((part.code, part.name) for part in parts)


# What may be shown --------------------------------------------------------------------------------


def _suppressed(scope: Scope, question: Question, rows: list[Row]) -> list[Row]:
    """Hide small groups, except of organizations whose students the reader sees one by one.

    The operator at the server's shell sees everything, and most often asks in order to publish:
    there hiding is left out only if the question says so.
    """
    reach = scope.over(Permission.INDIVIDUAL_PII_READ)
    hide_all = question.suppress
    if hide_all is None:
        hide_all = scope.account_id is None

    def exempt(row: Row) -> bool:
        if hide_all:
            return False
        return reach.everything or (row.place.level != "state" and reach.includes(row.place.id))

    try:
        return suppress(rows, exempt=exempt, profile=CALIFORNIA)
    except AnswerIsTooLarge as refusal:
        raise QuestionIsWrong(
            [
                "The answer holds more small groups than can be protected together. "
                "Ask about fewer organizations, or take fewer subgroups."
            ]
        ) from refusal


def _notes(
    question: Question,
    rows: list[Row],
    left_out: list[str],
    version: int,
    subscores_version: int | None,
) -> list[str]:
    read = f"Read from version {version} of the results"
    if subscores_version is not None:
        read += f" and version {subscores_version} of the sub-scores"
    notes = [
        f"{read}.",
        "Each student counts once per assessment and school year: of the attempts asked for, a "
        "valid one before others, then the latest. Tested counts students with a result; means "
        "and levels are of those scored.",
        *left_out,
    ]
    if not rows:
        notes.append("No results fit this question.")
    hidden = sum(bool(row.hidden) for row in rows)
    if hidden:
        notes.append(
            f"{MARKER} marks numbers that are hidden in {hidden} of {len(rows)} rows: groups of "
            f"fewer than {CALIFORNIA.min_n} students, levels that everybody shares, "
            "and numbers from "
            "which those could be worked out."
        )
    if question.subgroups:
        notes.append(f'"{NOT_STATED}" is a value of its own; it is never counted as another.')
    return notes


def _attributes(question: Question, version: int) -> str:
    """Say in one cell what was asked and what was read."""
    years = ", ".join(SchoolYear(year).label for year in question.school_years)
    parts = [
        f"Results version: {version}",
        f"School years: {years}",
        f"Validity: {'|'.join(question.validity)}",
        f"Completeness: {'|'.join(question.completeness)}",
        *(f"{name}: {'|'.join(values)}" for name, values in question.filters.items()),
    ]
    return "; ".join(parts)
