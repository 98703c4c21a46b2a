"""Say which column is what: keep mappings, and read a waiting file by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError

from rollbook.audit.actions import record
from rollbook.roster.actions.preflight import check_intake
from rollbook.roster.actions.receiving import MayNotSendRoster, kept_path, receive_intake
from rollbook.roster.models.intakes import Intake
from rollbook.roster.models.sources import SavedMapping, Source
from rollbook.roster.queries.intakes import get_intake
from rollbook.roster.queries.mappings import get_mapping
from rollbook.roster.queries.sources import MayNotChangeSource, require_approver
from rollbook.roster.rules.import_fields import FIELDS
from rollbook.roster.rules.mapping import ColumnMapping, fingerprint
from rollbook.roster.rules.reading import reading_from
from rollbook.roster.sources.flat_file import header_of
from rollbook.roster.types import IntakeStatus, SourceFormat
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Permission, Scope

_LONGEST_NAME = 120


class MayNotSaveMapping(PermissionError):
    """Say that this person may not say how the files of this district are read."""


class MappingIsIncomplete(ValueError):
    """Say which needed fields a mapping does not feed."""

    def __init__(self, missing: Sequence[Sequence[str]]) -> None:
        labels = "; ".join(" or ".join(FIELDS[name].label for name in names) for names in missing)
        super().__init__(f"Choose the column for: {labels}.")
        self.missing = missing


class MappingIsUsed(Exception):
    """Say that a source reads its files by this mapping."""


def save_mapping(
    scope: Scope,
    *,
    organization_id: int | None,
    name: str,
    header: Sequence[str],
    mapping: ColumnMapping,
    by: Actor,
    now: datetime,
) -> SavedMapping:
    """Keep how files with this header are read, for the next file like it.

    Shape:  a mapping for the same header in the same district is replaced; without an organization
            it holds for every district.
    Raises: MayNotSaveMapping, also for who may not approve rosters where a source whose plans go in
            by themselves reads its files so; MappingIsIncomplete.
    """
    reach = scope.over(Permission.ROSTER_WRITE)
    allowed = reach.everything if organization_id is None else reach.includes(organization_id)
    if not allowed:
        raise MayNotSaveMapping("Your role does not say how this district's files are read.")
    if mapping.missing:
        raise MappingIsIncomplete(mapping.missing)
    digest = fingerprint(header)
    same = {"organization_id": organization_id, "fingerprint": digest}
    for source in Source.objects.filter(mapping__in=SavedMapping.objects.filter(**same)):
        try:
            require_approver(scope, source)
        except MayNotChangeSource as refused:
            raise MayNotSaveMapping(str(refused)) from None
    with transaction.atomic():
        saved, _ = SavedMapping.objects.update_or_create(
            **same,
            defaults={
                "name": name.strip()[:_LONGEST_NAME] or "Mapping",
                "header": list(header),
                "mapping": mapping.as_json(),
                "saved_by": by.label,
                "saved_at": now,
            },
        )
        record(
            action="save_mapping",
            subject_kind="mapping",
            subject_uuid=str(saved.uuid),
            organization_id=organization_id,
            detail={"fingerprint": digest, "fields": sorted(mapping.columns)},
            by=by,
            now=now,
        )
    return saved


def delete_mapping(scope: Scope, uuid: UUID | str, *, by: Actor, now: datetime) -> None:
    """Forget a saved mapping; files with its header are asked about again.

    Raises: MappingNotFound; MayNotSaveMapping; MappingIsUsed.
    """
    saved = get_mapping(scope, uuid)
    reach = scope.over(Permission.ROSTER_WRITE)
    own = saved.organization_id
    if not (reach.everything if own is None else reach.includes(own)):
        raise MayNotSaveMapping("Your role does not say how this district's files are read.")
    try:
        with transaction.atomic():
            record(
                action="delete_mapping",
                subject_kind="mapping",
                subject_uuid=str(saved.uuid),
                organization_id=own,
                detail={"fingerprint": saved.fingerprint},
                by=by,
                now=now,
            )
            saved.delete()
    except ProtectedError as used:
        raise MappingIsUsed("A source reads its files by this mapping. Change it first.") from used


def say_mapping(
    scope: Scope,
    intake_uuid: UUID,
    *,
    mapping: ColumnMapping,
    name: str,
    organization_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Intake:
    """Say how a received file is read, keep it under a name, and leave the file to be checked.

    Shape:  the intake, with status `received`; one that was checked before stays as it is, and
            its bytes are received again, to be read anew.
    Raises: IntakeNotFound; MayNotSendRoster; MayNotSaveMapping; MappingIsIncomplete.
    """
    if not scope.may(Permission.ROSTER_WRITE):
        raise MayNotSendRoster
    intake = get_intake(scope, intake_uuid)
    before = reading_from(intake.reading)
    path = kept_path(intake)
    home = intake.saved_source.organization_id if intake.saved_source else organization_id
    save_mapping(
        scope,
        organization_id=home,
        name=name or intake.file_name,
        header=header_of(path, name=intake.file_name, encoding=before.encoding),
        mapping=mapping,
        by=by,
        now=now,
    )
    reading = replace(before, mapping=mapping, format=SourceFormat.MAPPED)
    if intake.status != IntakeStatus.RECEIVED.value:
        return receive_intake(
            scope,
            path,
            file_name=intake.file_name,
            reading=reading,
            source=intake.saved_source,
            by=by,
            now=now,
        )
    intake.reading = reading.as_json()
    intake.format = SourceFormat.MAPPED.value
    intake.save(update_fields=["reading", "format"])
    return intake


def map_intake(
    scope: Scope,
    intake_uuid: UUID,
    *,
    mapping: ColumnMapping,
    name: str,
    organization_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Intake:
    """Say how a received file is read, and check it so.

    Shape:  as `check_intake`.
    Raises: as `say_mapping`.
    """
    intake = say_mapping(
        scope,
        intake_uuid,
        mapping=mapping,
        name=name,
        organization_id=organization_id,
        by=by,
        now=now,
    )
    return check_intake(intake.uuid, scope=scope, by=by, now=now)
