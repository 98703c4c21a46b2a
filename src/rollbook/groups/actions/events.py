"""The history of groups: written beside every write of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rollbook.groups.models import GroupEvent
from rollbook.groups.types import GroupEventKind
from rollbook.shared.actor import Actor

BATCH = 2_000


def note_each(
    group_ids: Iterable[int],
    kind: GroupEventKind,
    details: Mapping[int, Mapping[str, Any]] | None = None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Write that one thing happened to each of some groups; `details` are by group."""
    told = details or {}
    _keep(
        GroupEvent(
            group_id=pk, kind=kind.value, at=now, by=by.label[:80], detail=dict(told.get(pk, {}))
        )
        for pk in group_ids
    )


def note_students(
    group_id: int,
    kind: GroupEventKind,
    student_ids: Iterable[int],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Write that students came to a group or left it."""
    _keep(
        GroupEvent(group_id=group_id, kind=kind.value, at=now, by=by.label[:80], student_number=pk)
        for pk in student_ids
    )


def note_users(
    group_id: int, kind: GroupEventKind, logins: Iterable[str], *, by: Actor, now: datetime
) -> None:
    """Write that a group was given to somebody or taken from them."""
    _keep(
        GroupEvent(group_id=group_id, kind=kind.value, at=now, by=by.label[:80], login=login)
        for login in logins
    )


def _keep(events: Iterable[GroupEvent]) -> None:
    GroupEvent.objects.bulk_create(events, batch_size=BATCH)
