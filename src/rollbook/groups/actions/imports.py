"""Take group files in, check them, and check again what was not taken then."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from rollbook.audit.actions import record
from rollbook.changes import actions as changes
from rollbook.changes.state import is_current
from rollbook.changes.types import PlanStatus
from rollbook.groups.actions.checking import Judged, judge_import
from rollbook.groups.actions.settling import (
    carry_out,
    keep_papers,
    lock_import,
    success_of,
)
from rollbook.groups.models import GroupImport
from rollbook.groups.queries.imports import ImportNotFound, imports_in, payload_path, sent_by
from rollbook.groups.types import ImportOrigin, ImportStatus
from rollbook.jobs.actions import enqueue
from rollbook.shared.actor import Actor, ActorKind
from rollbook.shared.scope import Permission, Scope

MOST_BYTES: Final = 500 * 1024 * 1024  # results-reporting 5.1
_ENDED: Final = (PlanStatus.DISCARDED.value, PlanStatus.UNDONE.value)
# The contract of the state's import service: nobody waits there for a person's decision.
_AT_ONCE: Final = (ImportOrigin.API.value, ImportOrigin.EXTRACT.value)
_UNCHECKED: Final = (ImportStatus.ACCEPTED.value, ImportStatus.PIPELINE_FAILURE.value)
_TRIES: Final = 3
_BROKEN: Final = "Rollbook could not finish checking this file. Nothing changed. Send it again."
_NO_RIGHT: Final = "The sender may not write student groups at any school."


class MayNotSendGroups(PermissionError):
    """Say that this person may write groups at no school, so may not send a group file."""


class GroupFileIsTooLarge(ValueError):
    """Say that a group file is larger than 500 MB."""


def receive_import(
    scope: Scope,
    content: bytes | Path,
    *,
    file_name: str,
    content_type: str,
    origin: ImportOrigin,
    batch: str = "",
    properties: Mapping[str, Any] | None = None,
    is_strict: bool = False,
    takes_part: bool = False,
    client_id: int | None = None,
    creator: str | None = None,
    organization_id: int | None = None,
    corrected_from: GroupImport | None = None,
    corrections: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> GroupImport:
    """Keep a group file and put it on record; nothing of it is read yet.

    Shape:  status ACCEPTED. By the API the same bytes again are the import that there is, if it
            waits or was processed. The check of what nobody decides on is queued with it.
            `organization_id` is the place that an extract is of; otherwise the check finds it.
    Raises: MayNotSendGroups, GroupFileIsTooLarge.
    """
    if not scope.may(Permission.GROUP_WRITE):
        raise MayNotSendGroups
    digest, sha256, size = _digests(content)
    if size > MOST_BYTES:
        raise GroupFileIsTooLarge
    earlier = _same_content(scope, digest, sha256) if origin is ImportOrigin.API else None
    if earlier is not None:
        return earlier
    made = GroupImport(
        number=_free_number(),
        organization_id=organization_id,
        origin=origin.value,
        content_type=_clean(content_type, 100),
        digest=digest,
        sha256=sha256,
        byte_count=size,
        status=ImportStatus.ACCEPTED.value,
        batch=_clean(batch, 200),
        file_name=_clean(Path(file_name.replace("\\", "/")).name, 255),
        properties=dict(properties or {}),
        creator=creator or by.label,
        account_id=scope.account_id,
        client_id=client_id,
        is_strict=is_strict,
        takes_part=takes_part,
        corrected_from=corrected_from,
        corrections=dict(corrections or {}),
        received_at=now,
        updated_at=now,
    )
    _keep_bytes(content, payload_path(made))
    with transaction.atomic():
        made.save()
        _record("receive_import", made, {"sha256": sha256, "bytes": size}, by=by, now=now)
        if made.origin in _AT_ONCE:
            _queue(made, f"import:{made.uuid}", by=by, now=now)
    return made


def check_import(import_uuid: UUID, *, scope: Scope, by: Actor, now: datetime) -> GroupImport:
    """Check a group file that came in: refuse it, plan what it changes, or carry that out.

    Shape:  a refused file has its status and message; one by the API, or an extract, is PROCESSED
            or NO_UPDATE; any other is ACCEPTED, with a plan that waits for a person, or NO_UPDATE.
            An import that was decided on, or whose plan is still true, comes back as it is.
    Raises: ImportNotFound.
    """
    found = _to_check(scope, import_uuid, by)
    for left in reversed(range(_TRIES)):
        if not _is_open(found):
            return found
        if not scope.may(Permission.GROUP_WRITE):
            return _refuse(found, ImportStatus.UNAUTHORIZED, _NO_RIGHT, by=by, now=now)
        judged = judge_import(found, scope=scope, by=by, now=now)
        try:
            return _settle(found, judged, by=by, now=now)
        except (changes.StateMovedOn, changes.PlanDoesNotFit):
            if not left:  # somebody else writes the same groups all the time: the queue tries again
                raise
            found.refresh_from_db()
    return found


def resubmit_imports(
    scope: Scope,
    *,
    status: ImportStatus | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    creator: str = "",
    batch: str = "",
    limit: int = 100,
    by: Actor,
    now: datetime,
) -> int:
    """Queue kept group files for another check, the earliest first; count them.

    Shape:  never one that was processed, put away, taken back, or that waits for a decision;
            `limit` is 100 at most.
    Source: results-reporting 6.1
    """
    asked = {
        "status": None if status is None else status.value,
        "received_at__gte": after,
        "received_at__lt": before,
        "creator": creator or None,
        "batch": batch or None,
    }
    found = (
        imports_in(scope)
        .filter(**{name: value for name, value in asked.items() if value is not None})
        .exclude(status__in=[ImportStatus.PROCESSED.value, ImportStatus.NO_UPDATE.value])
        .exclude(plan__status__in=[*_ENDED, PlanStatus.PROPOSED.value, PlanStatus.HELD.value])
        .order_by("received_at", "pk")[: max(0, min(limit, 100))]
    )
    count = 0
    with transaction.atomic():
        for each in found:
            each.status, each.message, each.updated_at = ImportStatus.ACCEPTED.value, "", now
            each.save(update_fields=["status", "message", "updated_at"])
            _queue(each, f"import:{each.uuid}:{now.isoformat()}", by=by, now=now)
            count += 1
        record(
            action="resubmit_imports",
            subject_kind="group_import",
            subject_uuid="",
            detail={"imports": count},
            by=by,
            now=now,
        )
    return count


def check_again(found: GroupImport, *, by: Actor, now: datetime) -> None:
    """Open a refused import for another check.

    The caller has asked whether the actor may, and checks it afterwards.
    """
    with transaction.atomic():
        found.status, found.message, found.updated_at = ImportStatus.ACCEPTED.value, "", now
        found.save()
        _record("check_import_again", found, {"takes_part": found.takes_part}, by=by, now=now)


def give_up_import(import_uuid: UUID | str, *, by: Actor, now: datetime) -> None:
    """Let nobody wait for a check that was tried as often as it may be.

    Shape: status PIPELINE_FAILURE: the same bytes may be sent again, or the job run again by hand.
           What was decided on meanwhile stays as it is.
    """
    found = GroupImport.objects.filter(uuid=import_uuid).first()
    if found is None:
        return
    with transaction.atomic():
        held = lock_import(found)
        if _is_open(held):
            _refuse(held, ImportStatus.PIPELINE_FAILURE, _BROKEN, by=by, now=now)


def _to_check(scope: Scope, import_uuid: UUID, by: Actor) -> GroupImport:
    every = GroupImport.objects.select_related("plan")
    found = every.filter(uuid=import_uuid).first()
    if found is None:
        raise ImportNotFound
    is_seen = imports_in(scope).filter(pk=found.pk).exists()
    is_own = GroupImport.objects.filter(sent_by(scope), pk=found.pk).exists()
    # The queue also finds what a person sent who has lost every right since: it is refused then.
    if not (is_seen or is_own or by.kind is ActorKind.JOB):
        raise ImportNotFound
    return found


def _is_open(found: GroupImport) -> bool:
    """Tell whether an import is still to be checked, or its plan was overtaken."""
    if found.status not in _UNCHECKED:
        return False
    if found.plan is None:
        return True
    is_waiting = found.plan.status in (PlanStatus.PROPOSED.value, PlanStatus.HELD.value)
    return is_waiting and not is_current(found.plan)


def _settle(found: GroupImport, judged: Judged, *, by: Actor, now: datetime) -> GroupImport:
    """Write down what a check found, and carry a plan out at once where nobody decides.

    Raises: StateMovedOn, PlanDoesNotFit; nothing is written then.
    """
    with transaction.atomic():
        held = lock_import(found)
        if not _is_open(held):  # another check was faster: the papers are its
            return held
        keep_papers(held, judged)
        held.organization_id = judged.organization_id or held.organization_id
        held.row_count = judged.reading.rows.height + judged.reading.faulty.height
        held.group_count = len(judged.plan.differences)
        held.finding_count = judged.reading.finding_count
        if judged.status is not ImportStatus.ACCEPTED:
            return _refuse(held, judged.status, judged.message, by=by, now=now)
        held.status, held.message = ImportStatus.ACCEPTED.value, ""
        _put_away(held, by=by, now=now)
        try:
            held.plan = changes.propose_plan(
                title=f"Groups: {held.file_name}",
                kind="groups",
                changes=judged.plan.changes,
                areas=judged.areas,
                organization_id=judged.organization_id,
                by=by,
                now=now,
            )
        except changes.PlanIsEmpty:
            held.plan = None
            message = success_of(held)
            return _refuse(held, ImportStatus.NO_UPDATE, message, by=by, now=now)
        if held.origin in _AT_ONCE and not held.takes_part:  # a part is taken by hand
            carry_out(held, held.plan.digest, by=by, now=now)
        held.updated_at = now
        held.save()
        _record("check_import", held, {"groups": held.group_count}, by=by, now=now)
    return held


def _refuse(
    found: GroupImport, status: ImportStatus, message: str, *, by: Actor, now: datetime
) -> GroupImport:
    """Give an import that leads to no plan its status and message."""
    with transaction.atomic():
        _put_away(found, by=by, now=now)
        found.plan = None
        found.status, found.message, found.updated_at = status.value, message, now
        found.save()
        detail = {"status": status.name, "findings": found.finding_count}
        _record("check_import", found, detail, by=by, now=now)
    return found


def _put_away(found: GroupImport, *, by: Actor, now: datetime) -> None:
    """Discard the plan of an earlier check."""
    if found.plan is not None:
        with contextlib.suppress(changes.PlanIsFinished):
            changes.discard_plan(found.plan.uuid, by=by, now=now)


def _same_content(scope: Scope, digest: str, sha256: str) -> GroupImport | None:
    """Find the same bytes among what the sender sent or sees, if nobody has to send them again."""
    lasting = [ImportStatus.ACCEPTED.value, ImportStatus.PROCESSED.value]
    found = imports_in(scope).filter(
        digest=digest, sha256=sha256, status__in=lasting, origin=ImportOrigin.API.value
    )
    return found.order_by("-received_at", "-pk").first()


def _digests(content: bytes | Path) -> tuple[str, str, int]:
    """Return the MD5 that the import API tells, the SHA-256 that bytes are kept by, the size."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    if isinstance(content, bytes):
        md5.update(content)
        sha256.update(content)
        return md5.hexdigest().upper(), sha256.hexdigest(), len(content)
    with content.open("rb") as file:
        while block := file.read(1024 * 1024):
            md5.update(block)
            sha256.update(block)
            size += len(block)
    return md5.hexdigest().upper(), sha256.hexdigest(), size


def _keep_bytes(content: bytes | Path, kept: Path) -> None:
    """Keep bytes so that they are whole or not there."""
    if kept.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = kept.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}.part")
    if isinstance(content, Path):
        shutil.copyfile(content, draft)
    else:
        draft.write_bytes(content)
    draft.replace(kept)


def _free_number() -> int:
    """Draw the number by which the API knows an import: a browser's script holds 53 bits."""
    while True:
        number = secrets.randbelow(2**53 - 1) + 1
        if not GroupImport.objects.filter(number=number).exists():
            return number


def _clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


def _queue(found: GroupImport, key: str, *, by: Actor, now: datetime) -> None:
    enqueue(
        "groups.check_import",
        arguments={"import": str(found.uuid)},
        dedupe_key=key,
        by=by,
        now=now,
        account_id=found.account_id,
    )


def _record(
    action: str, found: GroupImport, detail: Mapping[str, Any], *, by: Actor, now: datetime
) -> None:
    record(
        action=action,
        subject_kind="group_import",
        subject_uuid=str(found.uuid),
        organization_id=found.organization_id,
        detail=detail,
        by=by,
        now=now,
    )
