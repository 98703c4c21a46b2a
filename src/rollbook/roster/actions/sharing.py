"""Decide which sections of a district's roster are used, and try it on what was received."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rollbook.roster.actions.preflight import read_kept
from rollbook.roster.actions.receiving import MayNotSendRoster, kept_path, receive_intake
from rollbook.roster.actions.sources import audit_source
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import Source
from rollbook.roster.plan.sections import SectionWorld, world_of
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.queries.sections import PARTS, find_section_world, section_path
from rollbook.roster.queries.sources import require_approver, source_to_change
from rollbook.roster.rules.reading import reading_from
from rollbook.roster.rules.sharing import Sharing
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope


class SectionsCannotBeRead(Exception):
    """Say that nothing of a file can be used, so that it has no sections."""


def section_world(scope: Scope, intake_uuid: UUID) -> SectionWorld:
    """Return the sections and students of a received roster, reading it again the first time.

    Shape:  before anything is left out by sharing; enrollments that had ended on the day on which
            the roster came in do not count.
    Raises: IntakeNotFound; SectionsCannotBeRead, then the findings of the intake say why.
    """
    if (kept := find_section_world(scope, intake_uuid)) is not None:
        return kept
    intake = get_intake(scope, intake_uuid)
    try:
        _, result = read_kept(scope, intake)
    except FileNotFoundError as missing:
        raise SectionsCannotBeRead from missing
    if result.frames is None:
        raise SectionsCannotBeRead
    world = world_of(result.frames, on=timezone.localdate(intake.received_at))
    _keep(intake, world)
    return world


def _keep(intake: Intake, world: SectionWorld) -> None:
    """Write the sections and students of an intake beside its bytes, each file whole or not."""
    for name in PARTS:
        path = section_path(intake, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.part")
        getattr(world, name).write_parquet(draft)
        draft.replace(path)


def save_sharing(
    scope: Scope, source_uuid: UUID | str, sharing: Sharing, *, by: Actor, now: datetime
) -> Source:
    """Use only what `sharing` matches of every roster that a source sends from now on.

    Raises: SourceNotFound; MayNotChangeSource.
    """
    source = source_to_change(scope, source_uuid)
    require_approver(scope, source)
    with transaction.atomic():
        source.sharing = sharing.as_json()
        source.save(update_fields=["sharing"])
        detail = {"mode": sharing.mode.value, "rules": len(sharing.rules)}
        audit_source("save_sharing", source, detail, by=by, now=now)
    return source


def use_sharing(
    scope: Scope, intake_uuid: UUID, sharing: Sharing, *, by: Actor, now: datetime
) -> Intake:
    """Take received bytes in again, of which only what `sharing` matches is to be used.

    Shape:  a new intake of the same bytes, still to be checked (`check_intake`), or the one that
            waits already; its plan shows what the choice does. Where the roster came by a source,
            the source keeps the choice.
    Raises: IntakeNotFound; MayNotSendRoster; MayNotChangeSource where the roster came by a source;
            SectionsCannotBeRead when the bytes are gone.
    """
    before = get_intake(scope, intake_uuid)
    if not scope.may(Permission.ROSTER_WRITE):
        raise MayNotSendRoster
    if not kept_path(before).exists():
        raise SectionsCannotBeRead
    with transaction.atomic():
        if before.saved_source is not None:
            save_sharing(scope, before.saved_source.uuid, sharing, by=by, now=now)
        return receive_intake(
            scope,
            kept_path(before),
            file_name=before.file_name,
            reading=replace(reading_from(before.reading), sharing=sharing),
            source=before.saved_source,
            by=by,
            now=now,
        )
