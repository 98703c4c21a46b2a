"""Reads of assessments: what a test is called, of which subject, with which levels."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Count, F, Q

from rollbook.assessments.layouts import shipped_subject
from rollbook.assessments.models import Assessment as AssessmentRecord
from rollbook.assessments.types import (
    Assessment,
    AssessmentCount,
    AssessmentType,
    Level,
    Subject,
)
from rollbook.shared.scope import Scope

# Assessments are public knowledge: every signed-in reader may know that a test exists and its cuts.
# Reads take the scope all the same, so that a later rule (embargoed forms) has its place.


class NotSignedIn(PermissionError):
    """Say that nobody in particular asked."""


def assessments_by_id(scope: Scope, natural_ids: Collection[str]) -> dict[str, Assessment]:
    """Return assessments by natural id, without their items.

    Shape:  only those that are known.
    Raises: NotSignedIn.
    """
    _require_reader(scope)
    found = AssessmentRecord.objects.filter(natural_id__in=list(natural_ids))
    return {record.natural_id: _assessment(record) for record in found}


def provisional_ids(scope: Scope, natural_ids: Collection[str]) -> frozenset[str]:
    """Return those of the assessments that only a result file has named so far.

    Raises: NotSignedIn.
    """
    _require_reader(scope)
    found = AssessmentRecord.objects.filter(natural_id__in=list(natural_ids), is_provisional=True)
    return frozenset(found.values_list("natural_id", flat=True))


def known_assessments(scope: Scope) -> Mapping[str, Assessment]:
    """Return every assessment that is not provisional, by natural id, for the checks of results.

    Raises: NotSignedIn.
    """
    _require_reader(scope)
    found = AssessmentRecord.objects.filter(is_provisional=False)
    return {record.natural_id: _assessment(record) for record in found}


def assessment_counts(scope: Scope) -> list[AssessmentCount]:
    """Count what is loaded by year, subject and type, the latest year first.

    Raises: NotSignedIn.
    """
    _require_reader(scope)
    provisional = Count("id", filter=Q(is_provisional=True))
    counted = AssessmentRecord.objects.values_list("school_year", "subject", "assessment_type")
    rows = counted.annotate(count=Count("id"), provisional=provisional).order_by(
        F("school_year").desc(nulls_last=True), "subject", "assessment_type"
    )
    return [AssessmentCount(year or 0, *rest) for year, *rest in rows]


def subject_of(code: str) -> Subject | None:
    """Return the definition of a subject, None for one that Rollbook does not ship."""
    return shipped_subject(code)


def levels_of(subject: str, assessment_type: str) -> tuple[Level, ...]:
    """Return the overall performance levels of a subject's type, lowest first.

    Shape: empty for a subject that Rollbook does not know; pages then show plain level numbers.
    """
    kind = type_of(subject, assessment_type)
    return kind.overall.levels if kind else ()


def type_of(subject: str, assessment_type: str) -> AssessmentType | None:
    """Return how a subject reports one type of assessment."""
    known = shipped_subject(subject)
    return known.find_type(assessment_type) if known else None


def _require_reader(scope: Scope) -> None:
    if not scope.reach and not scope.group_ids:
        raise NotSignedIn


def _assessment(record: AssessmentRecord) -> Assessment:
    return Assessment(
        id=record.natural_id,
        name=record.name,
        subject=record.subject,
        grade=record.grade,
        type=record.assessment_type,
        label=record.label or record.name,
        school_year=record.school_year or 0,
        version=record.version,
        min_score=record.minimum_score,
        max_score=record.maximum_score,
        cut_scores=tuple(record.cut_scores),
    )
