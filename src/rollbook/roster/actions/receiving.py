"""Take a roster file in: keep its bytes, once, before anything is made of them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from rollbook.audit.actions import record
from rollbook.changes.state import is_current
from rollbook.changes.types import PlanStatus
from rollbook.files.digests import sha256_of
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source
from rollbook.roster.queries.intakes import intakes_in
from rollbook.roster.queries.mappings import known_mapping
from rollbook.roster.rules.reading import Reading
from rollbook.roster.sources.reading import format_of
from rollbook.roster.types import IntakeStatus, SourceFormat
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

# By its name a file is told to be a spreadsheet or text; everything else is taken for a zip.
_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx"})


class MayNotSendRoster(PermissionError):
    """Say that this person may not send rosters for this district."""


def receive_intake(
    scope: Scope,
    path: Path,
    *,
    file_name: str,
    reading: Reading,
    source: Source | None = None,
    by: Actor,
    now: datetime,
) -> Intake:
    """Keep a roster file and put it on record; nothing of it is read yet.

    Shape:  an Intake whose status is `received`; or the one of the same bytes, to be read in the
            same way, that is still to be checked or whose plan still waits.
    Raises: MayNotSendRoster.
    """
    if not scope.may(Permission.ROSTER_WRITE):
        raise MayNotSendRoster
    if source is not None and not scope.over(Permission.ROSTER_WRITE).includes(
        source.organization_id
    ):
        raise MayNotSendRoster
    digest = sha256_of(path)
    reading = _found_reading(scope, path, Path(file_name).name, reading, source)
    if (waiting := _waiting_intake(scope, digest, reading, source)) is not None:
        return waiting
    intake = Intake(
        organization_id=source.organization_id if source else None,
        source=source.key if source else "",
        saved_source=source,
        file_name=Path(file_name).name[:200],
        sha256=digest,
        byte_count=path.stat().st_size,
        profile=reading.profile.value,
        format=reading.format.value if reading.format else "",
        reading=reading.as_json(),
        status=IntakeStatus.RECEIVED.value,
        received_by=by.label,
        received_at=now,
    )
    _keep_file(path, kept_path(intake))
    with transaction.atomic():
        intake.save()
        record(
            action="receive_intake",
            subject_kind="intake",
            subject_uuid=str(intake.uuid),
            organization_id=intake.organization_id,
            detail={"sha256": digest, "bytes": intake.byte_count},
            by=by,
            now=now,
        )
    return intake


def _found_reading(
    scope: Scope, path: Path, file_name: str, reading: Reading, source: Source | None
) -> Reading:
    """Add the layout of a file that is no package, and the mapping that is known for its header."""
    if Path(file_name).suffix.lower() not in _SUFFIXES or reading.format is not None:
        layout = reading.format
    else:
        layout = format_of(path, file_name)
    if layout is not SourceFormat.MAPPED or reading.mapping is not None:
        return reading
    known = known_mapping(
        scope, path, file_name=file_name, source=source, encoding=reading.encoding
    )
    return replace(reading, format=layout, mapping=known)


def kept_path(intake: Intake) -> Path:
    """Return where the received bytes of an intake are kept, by their digest."""
    suffix = Path(intake.file_name).suffix.lower()
    suffix = suffix if suffix in _SUFFIXES else ".zip"
    return Path(settings.FILES_ROOT) / "intakes" / f"{intake.sha256}{suffix}"


def _waiting_intake(
    scope: Scope, digest: str, reading: Reading, source: Source | None
) -> Intake | None:
    """Find the intake of the same bytes that still waits, if this reader may see it."""
    is_open = Q(plan__status__in=[PlanStatus.PROPOSED, PlanStatus.HELD]) | Q(
        status=IntakeStatus.RECEIVED.value
    )
    read_so = reading.as_json()
    found = intakes_in(scope).filter(is_open, sha256=digest, saved_source=source)
    return next(
        (
            intake
            for intake in found
            if intake.reading == read_so and (intake.plan is None or is_current(intake.plan))
        ),
        None,
    )


def _keep_file(path: Path, kept: Path) -> None:
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}.part")
        shutil.copyfile(path, draft)
        draft.replace(kept)
