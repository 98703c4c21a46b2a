"""Reads of result intakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from rollbook.files.kept_findings import kept_findings
from rollbook.results.models import ResultIntake
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope


class ResultIntakeNotFound(LookupError):
    """Say that there is no such intake, or none that this reader may see."""


def intakes_in(scope: Scope) -> QuerySet[ResultIntake]:
    """Return the result intakes this reader may see, latest first.

    Shape: an intake may hold students of many schools, so only who may send results for the
           whole installation, or for the intake's district, or who sent it, sees it.
    """
    reach = scope.over(Permission.DATA_WRITE)
    found = ResultIntake.objects.order_by("-received_at", "-pk")
    if reach.everything:
        return found
    own = Q(organization_id=None, received_by=scope.label)
    return (
        found.filter(Q(organization_id__in=reach.organization_ids) | own) if reach else found.none()
    )


def intake_page(scope: Scope, page: PageRequest) -> Page[ResultIntake]:
    """Return one page of the result intakes this reader may see, latest first."""
    found = intakes_in(scope)
    rows = list(found[page.offset : page.offset + page.size])
    return Page(items=rows, number=page.number, size=page.size, total_count=found.count())


def get_intake(scope: Scope, uuid: UUID) -> ResultIntake:
    """Return one result intake this reader may see.

    Raises: ResultIntakeNotFound.
    """
    intake = intakes_in(scope).filter(uuid=uuid).first()
    if intake is None:
        raise ResultIntakeNotFound
    return intake


def findings_of(scope: Scope, uuid: UUID, *, limit: int = 1000) -> list[dict[str, Any]]:
    """Return the findings of one intake in the order they were found.

    Raises: ResultIntakeNotFound.
    """
    intake = get_intake(scope, uuid)
    path = Path(settings.FILES_ROOT) / "results" / f"{intake.uuid}.findings.jsonl"
    return kept_findings(path, limit=limit)
