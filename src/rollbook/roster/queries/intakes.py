"""Reads of roster intakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from rollbook.files.kept_findings import kept_findings
from rollbook.roster.models.intakes import Intake
from rollbook.shared.page import Page, PageRequest
from rollbook.shared.scope import Permission, Scope


class IntakeNotFound(LookupError):
    """Say that there is no such intake, or none that this reader may see."""


def intakes_in(scope: Scope) -> QuerySet[Intake]:
    """Return the intakes this reader may see, latest first.

    Shape: those of the reader's districts, and what the reader sent that belongs to no district:
           a file too damaged to tell whose it is still owes its sender an answer.
    """
    reach = scope.over(Permission.ROSTER_READ)
    found = Intake.objects.select_related("organization", "plan").order_by("-received_at", "-pk")
    if reach.everything:
        return found
    own = Q(organization_id=None, received_by=scope.label)
    return (
        found.filter(Q(organization_id__in=reach.organization_ids) | own) if reach else found.none()
    )


def intake_page(scope: Scope, page: PageRequest) -> Page[Intake]:
    """Return one page of the intakes this reader may see, latest first."""
    found = intakes_in(scope)
    rows = list(found[page.offset : page.offset + page.size])
    return Page(items=rows, number=page.number, size=page.size, total_count=found.count())


def get_intake(scope: Scope, uuid: UUID) -> Intake:
    """Return one intake this reader may see.

    Raises: IntakeNotFound.
    """
    intake = intakes_in(scope).filter(uuid=uuid).first()
    if intake is None:
        raise IntakeNotFound
    return intake


def findings_of(scope: Scope, uuid: UUID, *, limit: int = 1000) -> list[dict[str, Any]]:
    """Return the findings of one intake in the order they were found.

    Shape:  dictionaries as `Finding.as_dict` makes them; at most `limit`.
    Raises: IntakeNotFound.
    """
    intake = get_intake(scope, uuid)
    path = Path(settings.FILES_ROOT) / "intakes" / f"{intake.uuid}.findings.jsonl"
    return kept_findings(path, limit=limit)
