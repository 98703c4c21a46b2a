"""Writes of assessments: load packages, register what only a result file knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from rollbook.assessments.models import Assessment as AssessmentRecord
from rollbook.assessments.models import Item as ItemRecord
from rollbook.assessments.sources.package_csv import read_package
from rollbook.assessments.types import Assessment, Item
from rollbook.audit.actions import record
from rollbook.shared.actor import Actor
from rollbook.shared.findings import FindingReport
from rollbook.shared.scope import Permission, Scope

_ASSESSMENT_FIELDS = [
    "subject", "assessment_type", "grade", "school_year", "name", "label", "version",
    "cut_scores", "minimum_score", "maximum_score", "is_provisional",
]  # fmt: skip
_ITEM_FIELDS = [
    "position", "kind", "claim", "target", "depth_of_knowledge", "difficulty", "max_points",
    "answer_key", "option_count", "standards", "is_field_test", "is_active",
]  # fmt: skip
BATCH = 500


class MayNotLoadAssessments(PermissionError):
    """Say that this person may not load assessment packages."""


@dataclass(frozen=True)
class LoadedPackages:
    """Say what became of assessment packages."""

    created_count: int
    updated_count: int
    item_count: int
    report: FindingReport


def load_packages(
    scope: Scope, paths: Sequence[Path], *, names: Sequence[str] = (), by: Actor, now: datetime
) -> LoadedPackages:
    """Load assessment packages; each assessment of a file is taken or refused by itself.

    Shape:  `names` are what the sender calls the files, where the disk calls them otherwise.
    Raises: MayNotLoadAssessments.
    """
    if not scope.over(Permission.DATA_WRITE).everything:
        raise MayNotLoadAssessments
    report = FindingReport()
    assessments: dict[str, Assessment] = {}
    for path, name in zip(paths, names or [path.name for path in paths], strict=True):
        reading = read_package(name, path.read_bytes())
        report.extend(reading.findings)
        assessments |= {assessment.id: assessment for assessment in reading.assessments}
    with transaction.atomic():
        created, updated = _save(assessments.values(), is_provisional=False)
        items = _save_items(assessments.values())
        record(
            action="load_packages",
            subject_kind="assessments",
            subject_uuid="",
            detail={"created": created, "updated": updated, "items": items},
            by=by,
            now=now,
        )
    return LoadedPackages(created, updated, items, report)


def register_provisional(assessments: Iterable[Assessment], *, by: Actor, now: datetime) -> int:
    """Register assessments known only from a result file; return how many.

    Source: docs/decisions/0008
    """
    listed = list(assessments)
    known = set(
        AssessmentRecord.objects.filter(natural_id__in=[a.id for a in listed]).values_list(
            "natural_id", flat=True
        )
    )
    fresh = [assessment for assessment in listed if assessment.id not in known]
    if not fresh:
        return 0
    with transaction.atomic():
        _save(fresh, is_provisional=True)
        record(
            action="register_provisional",
            subject_kind="assessments",
            subject_uuid="",
            detail={"created": len(fresh)},
            by=by,
            now=now,
        )
    return len(fresh)


def _save(assessments: Iterable[Assessment], *, is_provisional: bool) -> tuple[int, int]:
    rows = [_record(assessment, is_provisional=is_provisional) for assessment in assessments]
    known = set(
        AssessmentRecord.objects.filter(
            natural_id__in=[row.natural_id for row in rows]
        ).values_list("natural_id", flat=True)
    )
    AssessmentRecord.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["natural_id"],
        update_fields=_ASSESSMENT_FIELDS,
        batch_size=BATCH,
    )
    return len(rows) - len(known), len(known)


def _record(assessment: Assessment, *, is_provisional: bool) -> AssessmentRecord:
    return AssessmentRecord(
        natural_id=assessment.id,
        subject=assessment.subject,
        assessment_type=assessment.type,
        grade=assessment.grade,
        school_year=assessment.school_year or None,
        name=assessment.name[:250],
        label=assessment.label[:250],
        version=assessment.version[:40],
        cut_scores=list(assessment.cut_scores),
        minimum_score=assessment.min_score,
        maximum_score=assessment.max_score,
        is_provisional=is_provisional,
    )


def _save_items(assessments: Iterable[Assessment]) -> int:
    listed = [assessment for assessment in assessments if assessment.items]
    ids = dict(
        AssessmentRecord.objects.filter(natural_id__in=[a.id for a in listed]).values_list(
            "natural_id", "pk"
        )
    )
    rows = [_item(item, ids[assessment.id]) for assessment in listed for item in assessment.items]
    ItemRecord.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["assessment", "item_id"],
        update_fields=_ITEM_FIELDS,
        batch_size=BATCH,
    )
    return len(rows)


def _item(item: Item, assessment_id: int) -> ItemRecord:
    return ItemRecord(
        assessment_id=assessment_id,
        item_id=item.id[:60],
        position=item.position,
        kind=item.type[:20],
        claim=item.claim[:20],
        target=item.target[:40],
        depth_of_knowledge=item.depth_of_knowledge,
        difficulty=item.difficulty,
        max_points=item.max_points,
        answer_key=item.answer_key[:40],
        option_count=item.options_count,
        standards=";".join(item.standards)[:250],
        is_field_test=item.is_field_test,
        is_active=item.is_active,
    )
