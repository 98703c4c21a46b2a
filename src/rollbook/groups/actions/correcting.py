"""Mend a group file that was refused: correct its cells, or take only its good part."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rollbook.changes.actions import PlanIsFinished
from rollbook.groups.actions.imports import check_again, check_import, receive_import
from rollbook.groups.actions.settling import lock_import, put_away
from rollbook.groups.models import GroupImport
from rollbook.groups.plan.corrections import Corrections, corrected
from rollbook.groups.queries.imports import import_record, payload_of
from rollbook.groups.types import ImportOrigin, ImportStatus
from rollbook.shared.actor import Actor
from rollbook.shared.scope import Scope


class NothingToTakePart(ValueError):
    """Say that a group file was not refused for some of its rows: there is no part to take."""


def correct_import(
    scope: Scope,
    import_uuid: UUID,
    *,
    corrections: Corrections,
    drop_lines: Collection[int] = (),
    by: Actor,
    now: datetime,
) -> GroupImport:
    """Send a group file again with some cells changed and some rows dropped, and check it.

    Shape:  the new import, which knows the one it was made from; a plan of that one which waited is
            put away. The new one always waits for a person.
    Raises: ImportNotFound, MayNotSendGroups, CorrectionDoesNotFit.
    """
    before = import_record(scope, import_uuid)
    content = payload_of(scope, import_uuid).read_bytes()
    told = {str(line): dict(cells) for line, cells in corrections.items()}
    made = receive_import(
        scope,
        corrected(content, corrections, drop_lines),
        file_name=before.file_name,
        content_type=before.content_type,
        origin=_by_hand(before),
        batch=before.batch,
        properties=before.properties,
        is_strict=before.is_strict,
        corrected_from=before,
        corrections={**told, **{str(line): None for line in drop_lines}},
        by=by,
        now=now,
    )
    with transaction.atomic():
        held = lock_import(before)
        if held.status == ImportStatus.ACCEPTED.value and held.plan is not None:
            with contextlib.suppress(PlanIsFinished):
                put_away(held, by=by, now=now)
                held.save()
    return check_import(made.uuid, scope=scope, by=by, now=now)


def _by_hand(before: GroupImport) -> ImportOrigin:
    """Return the door of a correction: whoever corrects by hand also decides by hand."""
    is_command = before.origin == ImportOrigin.COMMAND.value
    return ImportOrigin.COMMAND if is_command else ImportOrigin.PAGE


def take_part(scope: Scope, import_uuid: UUID, *, by: Actor, now: datetime) -> GroupImport:
    """Plan the good groups of a refused file; groups with a wrong row stay out whole.

    Shape:  the same import, checked again: its plan waits, by whatever door it came. What stays
            out is `queries.imports.left_out_csv`. Our own reading judges it from now on, though it
            was strict: the state's system takes nothing in part.
    Raises: ImportNotFound, NothingToTakePart.
    """
    found = import_record(scope, import_uuid)
    if found.plan is not None or found.status not in (
        ImportStatus.BAD_DATA.value,
        ImportStatus.UNKNOWN_SCHOOL.value,
    ):
        raise NothingToTakePart
    found.takes_part, found.is_strict = True, False
    check_again(found, by=by, now=now)
    return check_import(found.uuid, scope=scope, by=by, now=now)
